#!/usr/bin/python3
"""The common rules on a small simulated world, and on real files where there
are any, through the programs that measure them.

    tests/interop/criteria_test.py PORTRISK
"""

import os
import pathlib
import re
import subprocess
import sys
import unittest

PORTRISK = sys.argv.pop(1) if len(sys.argv) > 1 else sys.exit(__doc__)
BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"


def run(*command):
    return subprocess.run([sys.executable, *map(str, command)], text=True,
                          capture_output=True, check=False, timeout=280)


class Criteria(unittest.TestCase):

    def test_hard_patterns_are_found_and_little_else_is_stopped(self):
        done = run(BENCH / "criteria", "--portrisk", PORTRISK, "--seed", 5,
                   "--days", 120, "--containers", 1200, "--cases", 0.08,
                   "--missing", 5, "--check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        found = re.search(r"^\| \*\*9\*\* \| (\d+), (\d+), ([\d.]+),",
                          done.stdout, re.M)
        self.assertIsNotNone(found, done.stdout)
        self.assertGreater(int(found[2]), 0)
        self.assertEqual(float(found[3]), 1)

    def test_real_files_are_hardly_hit(self):
        if not os.environ.get("PORTRISK_REAL_DATA"):
            self.skipTest("PORTRISK_REAL_DATA names no folder of real files")
        done = run(BENCH / "criteria_real", "--portrisk", PORTRISK)
        self.assertEqual(done.returncode, 0, done.stderr)
        rules = dict(re.findall(r"^\| `([\w.-]+)` \| \d+ \| \d+ \| ([\d.]+)",
                                done.stdout, re.M))
        self.assertEqual(done.stdout.count("movements, "), 3)
        self.assertTrue(all(float(v) < 10 for v in rules.values()), rules)
        self.assertNotIn("MANDATORY_RULE", done.stdout)
        self.assertNotIn("SCORE", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
