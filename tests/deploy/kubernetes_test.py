#!/usr/bin/python3
"""deploy/kubernetes against the schemas of Kubernetes, the Pod Security level
"restricted", and the programs' own flags.

    tests/deploy/kubernetes_test.py PORTRISKD PORTRISK WORK

Installs the schemas with npm into WORK, once. Exit code 77, with the reason,
where they cannot be had.
"""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))

import npm  # noqa: E402


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    work = pathlib.Path(sys.argv[3])
    node = npm.node_with(HERE / "kubernetes", work)
    helps = []
    for program in sys.argv[1:3]:
        helps.append(work / f"{pathlib.Path(program).name}.help")
        helps[-1].write_text(subprocess.run(
            [program, "--help"], capture_output=True, text=True,
            check=True).stdout)
    done = subprocess.run(
        [node, "check.mjs", HERE.parents[1] / "deploy/kubernetes", *helps],
        cwd=work, check=False, timeout=120)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
