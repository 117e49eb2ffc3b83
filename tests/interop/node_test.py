#!/usr/bin/python3
"""The client in Node against a real server.

    tests/interop/node_test.py PORTRISKD WORK

Copies node/ into WORK, installs there what its lock file pins, once, and runs
its tests. Exit code 77, with the reason, where node or its packages cannot be
had.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from server import Server

SKIPPED = 77
# What npm says when nothing answers; anything else is a fault of ours.
UNREACHABLE = re.compile(r"\b(ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ENETUNREACH"
                         r"|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b")
NODE_MAJOR_MIN = 18
HERE = pathlib.Path(__file__).resolve().parent
PROTO = HERE.parents[1] / "proto"


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def node_program():
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        skip("node and npm are not installed")
    version = subprocess.run([node, "--version"], capture_output=True,
                             text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < NODE_MAJOR_MIN:
        skip(f"node {version} is older than {NODE_MAJOR_MIN}")
    return node


def install(work):
    """The client in `work` with the packages it pins beside it."""
    work.mkdir(parents=True, exist_ok=True)
    for file in (HERE / "node").iterdir():
        shutil.copy(file, work)
    lock = (work / "package-lock.json").read_bytes()
    marker = work / "node_modules" / ".installed"
    if marker.exists() and marker.read_bytes() == lock:
        return
    try:
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=work, capture_output=True, text=True, check=False, timeout=180)
    except subprocess.TimeoutExpired:
        skip("npm could not install the packages within three minutes")
    unreachable = UNREACHABLE.search(done.stderr)
    if done.returncode != 0 and unreachable:
        skip(f"npm cannot reach its registry: {unreachable[0]}")
    if done.returncode != 0:
        sys.exit(f"npm could not install the packages:\n{done.stderr}")
    marker.write_bytes(lock)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    portriskd, work = sys.argv[1], pathlib.Path(sys.argv[2])
    node = node_program()
    install(work)
    with Server(portriskd) as server:
        done = subprocess.run(
            [node, "--test", "--test-reporter=spec", "client_test.mjs"],
            cwd=work, check=False, timeout=200,
            env={**os.environ, "PORTRISK_ADDRESS": server.address,
                 "PORTRISK_PROTO": str(PROTO)})
    sys.exit(1 if done.returncode else 0)


if __name__ == "__main__":
    main()
