#!/usr/bin/env python3
"""The expression language against the public conformance suite of CEL.

    conformance_test.py PORTRISK WORK

Installs the suite with npm into WORK, once, and runs it by node (run.mjs).
Exit code 77, with the reason, where node, npm or the suite cannot be had.
"""

import pathlib
import shutil
import subprocess
import sys

SKIPPED = 77
SUITE = "@bufbuild/cel-spec@0.6.1"
NODE_MAJOR_MIN = 18


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def install(npm, work):
    """Puts the suite below work/node_modules."""
    marker = work / "node_modules" / "@bufbuild" / "cel-spec" / "package.json"
    if marker.exists():
        return
    # Without a package of its own here, npm would look for one further up.
    (work / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    try:
        done = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts",
             SUITE], cwd=work, capture_output=True, text=True, check=False,
            timeout=120)
    except subprocess.TimeoutExpired:
        skip(f"npm could not install {SUITE} within two minutes")
    if done.returncode != 0 or not marker.exists():
        said = (done.stderr.strip().splitlines() or ["nothing"])[0]
        skip(f"npm could not install {SUITE}; it said: {said}")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    portrisk, work = sys.argv[1], pathlib.Path(sys.argv[2])
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        skip("node and npm are not installed; the suite comes from npm")
    version = subprocess.run([node, "--version"], capture_output=True,
                             text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < NODE_MAJOR_MIN:
        skip(f"node {version} is older than {NODE_MAJOR_MIN}")
    work.mkdir(parents=True, exist_ok=True)
    install(npm, work)
    script = pathlib.Path(__file__).with_name("run.mjs")
    done = subprocess.run([node, str(script), str(work / "node_modules"),
                           portrisk, str(work)], check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
