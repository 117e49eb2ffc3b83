#!/usr/bin/python3
"""The sample day of deploy/sample, from its files to what is found in it.

    tests/interop/sample_day_test.py PORTRISKD PORTRISK

Uses the two programs as an operator would; what quickstart shows is true.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from server import Server

PROGRAMS = sys.argv[1:3] if len(sys.argv) > 2 else sys.exit(__doc__)
del sys.argv[1:3]
PORTRISKD, PORTRISK = PROGRAMS
ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SAMPLE = DEPLOY / "sample"

# What finds each case, by the beginning of the rule's name.
FOUND_BY = {
    "pin-fraud": "right.haulier-mismatch",
    "boomerang": "timeline.boomerang",
    "clone": "timeline.impossible-travel",
    "weight-change": "container.weight-change",
    "broken-seal": "container.seal-chain-break",
    "bad-check-digit": "container.bad-check-digit",
}


class SampleDay(unittest.TestCase):

    def test_the_files_are_what_the_script_makes(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, SAMPLE / "make_day.py", folder],
                           check=True)
            for made in sorted(pathlib.Path(folder).iterdir()):
                self.assertEqual(
                    made.read_bytes(), (SAMPLE / made.name).read_bytes(),
                    f"run deploy/sample/make_day.py: {made.name} is stale")

    def test_what_was_hidden_is_found_and_little_else(self):
        with Server(PORTRISKD) as server:
            def portrisk(*arguments):
                done = subprocess.run(
                    [PORTRISK, "--server", server.address, "--caller",
                     "development", *map(str, arguments)],
                    capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                return done.stdout

            portrisk("rules", "load", "--activate",
                     *sorted((DEPLOY / "rules").glob("*.yaml")))
            portrisk("reference", "load",
                     DEPLOY / "reference" / "places.csv")
            scored = []
            for kind, name in (("jsonl", "rights.jsonl"),
                               ("edifact", "day.coarri.edi"),
                               ("edifact", "day.codeco.edi")):
                out = portrisk("score", "--output", "json", "--format", kind,
                               SAMPLE / name)
                scored += [json.loads(line) for line in out.splitlines()]
        self.assertGreater(len(scored), 400)
        hits = {}
        for one in scored:
            # Proto JSON names; either spelling is proto JSON.
            number = one.get("container_number") or one["containerNumber"]
            for hit in one.get("hits", []):
                hits.setdefault(number, set()).add(hit["rule"])
        cases = [line.split("\t") for line in
                 (SAMPLE / "cases.tsv").read_text().splitlines()]
        for number, case, what in cases:
            found = hits.get(number, set())
            print(f"{number} {case:16} {', '.join(sorted(found))}")
            self.assertTrue(any(rule.startswith(FOUND_BY[case])
                                for rule in found), (number, case, what))
        hidden = {number for number, _, _ in cases}
        others = {n: sorted(r) for n, r in hits.items() if n not in hidden}
        self.assertEqual(others, {}, "containers in order were hit")


if __name__ == "__main__":
    unittest.main(verbosity=2)
