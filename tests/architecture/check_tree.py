#!/usr/bin/env python3
"""Checks the source tree against the rules that no compiler knows.

    check_tree.py includes|sizes|format ROOT

Prints one line for each fault, with file and line, and what to do. Exit code
0: none; 1: some; 77: the check cannot run here and says why.
"""

import pathlib
import re
import shutil
import subprocess
import sys

SKIPPED = 77
FOLDERS = ("scoring", "store", "service")
HEADER_LINES_MAX = 250
SOURCE_LINES_MAX = 500

# What a folder may include of the project's own.
MAY_INCLUDE = {
    "scoring": ("scoring/", "portrisk/", "google/rpc/"),
    "store": ("store/", "portrisk/", "google/rpc/"),
    "service": ("service/", "scoring/", "store/", "portrisk/", "google/rpc/"),
}
OWN = ("scoring/", "store/", "service/", "tests/", "bench/")
INCLUDE = re.compile(r'\s*#\s*include\s*[<"]([^">]+)[">]')
IMPORT = re.compile(r'\s*import\s+(?:public\s+)?"([^"]+)"')


def sources(root, folders, suffixes=(".h", ".cc")):
    """Paths below root's folders, in a fixed order, relative to root."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                yield path.relative_to(root)


def code_lines(path):
    """(line number, line without // comment and without string contents)."""
    text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        if not INCLUDE.match(line):
            line = re.sub(r'"(?:\\.|[^"\\])*"', '""', line)
        yield number, line.split("//")[0]


def fault_of_include(path, included):
    folder = path.parts[0]
    if included.startswith(OWN) and not included.startswith(
            MAY_INCLUDE[folder]):
        return f"{folder}/ may not include {included}"
    if folder != "service" and (included.startswith(("grpc/", "grpcpp/"))
                                or included.endswith(".grpc.pb.h")):
        return f"gRPC ({included}) belongs to service/"
    if included.startswith("rocksdb/") and folder != "store":
        return f"RocksDB ({included}) belongs to store/*.cc"
    return None


def fault_of_line(path, line):
    match = INCLUDE.match(line)
    if match:
        return fault_of_include(path, match.group(1))
    folder = path.parts[0]
    if re.search(r"\bgrpc::", line) and folder != "service":
        return "grpc:: belongs to service/"
    if re.search(r"\brocksdb\b", line) and folder != "store":
        return "rocksdb:: belongs to store/*.cc"
    return None


def faults_of_reach(root):
    """Headers of store/ that use RocksDB are private: store/*.cc alone may
    reach them, by whatever chain of includes."""
    includes, private = {}, set()
    for path in sources(root, FOLDERS):
        own = includes.setdefault(str(path), [])
        for number, line in code_lines(root / path):
            match = INCLUDE.match(line)
            if match and match.group(1).startswith(OWN):
                own.append((number, match.group(1)))
            elif (path.suffix == ".h" and path.parts[0] == "store" and
                  "rocksdb" in line):
                private.add(str(path))

    def reaches(path, seen):
        if path in private:
            return True
        seen.add(path)
        return any(reaches(included, seen)
                   for _, included in includes.get(path, [])
                   if included not in seen)

    for path, own in includes.items():
        if path.startswith("store/"):
            continue
        for number, included in own:
            if reaches(included, set()):
                yield (f"{path}:{number}: {included} brings RocksDB in; only "
                       f"store/*.cc may include such a header")


def check_includes(root):
    yield from faults_of_reach(root)
    for path in sources(root, FOLDERS):
        for number, line in code_lines(root / path):
            fault = fault_of_line(path, line)
            if fault:
                yield f"{path}:{number}: {fault}"
    for path in sources(root, ("proto",), (".proto",)):
        text = (root / path).read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            match = IMPORT.match(line)
            if match and not match.group(1).startswith(
                ("google/", "portrisk/")):
                yield (f"{path}:{number}: proto/ may import google/ and "
                       f"portrisk/ only, not {match.group(1)}")


def check_sizes(root):
    # Not tests/: a test is a table of claims; its length hurts nobody.
    for path in sources(root, FOLDERS + ("bench",)):
        limit = HEADER_LINES_MAX if path.suffix == ".h" else SOURCE_LINES_MAX
        lines = (root / path).read_bytes().count(b"\n")
        if lines > limit:
            yield f"{path}: {lines} lines; split it by idea, at most {limit}"


def check_format(root):
    tool = shutil.which("clang-format")
    if tool is None:
        print("skipped: clang-format is not installed (deploy/install)")
        sys.exit(SKIPPED)
    paths = [str(p) for p in sources(root, FOLDERS + ("tests", "bench"))]
    if not paths:
        return
    done = subprocess.run([tool, "--dry-run", "--Werror", *paths], cwd=root,
                          capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    seen = set()
    for line in done.stderr.splitlines():
        match = re.match(r"(\S+?):(\d+):\d+: error:", line)
        if match and match.group(1) not in seen:
            seen.add(match.group(1))
            yield (f"{match.group(1)}:{match.group(2)}: not formatted; run "
                   f"clang-format -i {match.group(1)}")
    if not seen:
        yield done.stderr.strip()


CHECKS = {"includes": check_includes, "sizes": check_sizes,
          "format": check_format}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    root = pathlib.Path(sys.argv[2])
    if not any(sources(root, FOLDERS)):
        sys.exit(f"{root} holds no sources in {', '.join(FOLDERS)}")
    faults = list(CHECKS[sys.argv[1]](root))
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
