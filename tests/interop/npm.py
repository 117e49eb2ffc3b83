"""Programs of the test suite in Node: finds node, installs what they pin."""

import pathlib
import re
import shutil
import subprocess
import sys

SKIPPED = 77
NODE_MAJOR_MIN = 18
# What npm says when nothing answers; anything else is a fault of ours.
UNREACHABLE = re.compile(r"\b(ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ENETUNREACH"
                         r"|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b")


class Missing(Exception):
    """It cannot be had here; the text says why."""


def node_program():
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        raise Missing("node and npm are not installed")
    version = subprocess.run([node, "--version"], capture_output=True,
                             text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < NODE_MAJOR_MIN:
        raise Missing(f"node {version} is older than {NODE_MAJOR_MIN}")
    return node


def install(source, work):
    """The files of `source` in `work`, what its lock file pins beside them."""
    work = pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    for file in pathlib.Path(source).iterdir():
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
        raise Missing("npm could not install the packages within three "
                      "minutes") from None
    unreachable = UNREACHABLE.search(done.stderr)
    if done.returncode != 0 and unreachable:
        raise Missing(f"npm cannot reach its registry: {unreachable[0]}")
    if done.returncode != 0:
        sys.exit(f"npm could not install the packages:\n{done.stderr}")
    marker.write_bytes(lock)


def node_with(source, work):
    """The node program, with `source` installed in `work`; or ends the test,
    skipped, with the reason."""
    try:
        node = node_program()
        install(source, work)
        return node
    except Missing as why:
        print(f"skipped: {why}")
        sys.exit(SKIPPED)
