#!/usr/bin/python3
"""The client in Node against a real server.

    tests/interop/node_test.py PORTRISKD WORK

Copies node/ into WORK, installs there what its lock file pins, once, and runs
its tests. Exit code 77, with the reason, where node or its packages cannot be
had.
"""

import os
import pathlib
import subprocess
import sys

import npm
from server import Server

HERE = pathlib.Path(__file__).resolve().parent


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    portriskd, work = sys.argv[1:]
    node = npm.node_with(HERE / "node", work)
    with Server(portriskd) as server, Server(
            portriskd, "--development", "--queue-max", "1") as full:
        done = subprocess.run(
            [node, "--test", "--test-reporter=spec", "client_test.mjs"],
            cwd=work, check=False, timeout=200,
            env={**os.environ, "PORTRISK_ADDRESS": server.address,
                 "PORTRISK_FULL_ADDRESS": full.address,
                 "PORTRISK_PROTO": str(HERE.parents[1] / "proto")})
    sys.exit(1 if done.returncode else 0)


if __name__ == "__main__":
    main()
