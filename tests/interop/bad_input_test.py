#!/usr/bin/python3
"""Everything bad that a caller, an analyst or an operator can send, thrown at
a real server; what they see of it, as a table.

    tests/interop/bad_input_test.py PORTRISKD PORTRISK [--count N] [--seed N]
                                    [--only WORDS]

--count multiplies what is tried of the kinds that are damaged anew each time.
After each kind the server lives, answers what it had acknowledged byte for
byte, and is no larger than it may be.
"""

import argparse
import sys

try:
    import grpc  # noqa: F401
except ImportError:
    print("skipped: python3-grpcio is not installed (deploy/install)")
    sys.exit(77)

import bad_calls  # noqa: F401
import bad_files  # noqa: F401
import bad_wire  # noqa: F401
from bad_input import Ground, Table
from server import Server


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("portriskd")
    parser.add_argument("portrisk")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="")
    flags = parser.parse_args()
    table = Table()
    print(f"seed {flags.seed}, count {flags.count}")
    with Server(flags.portriskd) as server:
        ground = Ground(server, flags.seed, (flags.portriskd, flags.portrisk))
        try:
            table.run(ground, flags.count, flags.only)
        finally:
            print(table.text(), flush=True)
        for name, _, seconds, _ in table.rows:
            if seconds > 5:
                print(f"{seconds:6.1f} s {name}", file=sys.stderr)
        ground.channel.close()


if __name__ == "__main__":
    main()
