#!/usr/bin/python3
"""Lists, the life of rules and explanations through the command line.

    tests/interop/rule_life_test.py PORTRISKD PORTRISK
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from server import Server

PROGRAMS = sys.argv[1:3] if len(sys.argv) > 2 else sys.exit(__doc__)
del sys.argv[1:3]
PORTRISKD, PORTRISK = PROGRAMS

RULES = """\
rule_set: nl.port
layer: port
owner: NL
lists:
  boxes: {type: container_number, source: watched}
rules:
  - id: watched
    title: {en: A watched box, es: x, pt: x}
    explain: {en: "{movement.container.number} is watched", es: x, pt: x}
    when: movement.container.number in boxes &&
      movement.container.load_status == FULL
    score: SCORE
    tests:
      - given: {movement: {container: {number: MSKU1234565}},
                lists: {boxes: [TCLU4265783]}}
        expect: miss
  - id: noisy
    title: {en: Any gate, es: x, pt: x}
    explain: {en: x, es: x, pt: x}
    applies_to: [GATE_IN]
    when: movement.location.locode == 'NLRTM'
    score: 10
    breaker: {share: 0.1, window: 20}
"""


def movement(number, load, index):
    return json.dumps({
        "source": "t1", "id": f"m{index}", "event": "GATE_IN",
        "classifier": "ACTUAL",
        "occurrence_time": f"2026-11-20T{index:02d}:00:00Z",
        "container": {"number": number, "load_status": load},
        "location": {"locode": "NLRTM", "facility": "ECT"}}) + "\n"


class RuleLife(unittest.TestCase):

    def setUp(self):
        server = self.enterContext(Server(PORTRISKD))
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.address, self.folder = server.address, pathlib.Path(folder)

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def run_it(self, *arguments, code=0):
        done = subprocess.run(
            [PORTRISK, "--server", self.address, *map(str, arguments)],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done.stdout + done.stderr

    def score(self, *lines):
        path = self.file("m.jsonl", "".join(lines))
        out = self.run_it("score", "--output", "json", "--format", "jsonl",
                          path)
        return [json.loads(line) for line in out.splitlines()
                if line.startswith("{")]

    def test_from_a_list_to_an_explanation(self):
        first = self.file("1.yaml", RULES.replace("SCORE", "300"))
        second = self.file("2.yaml", RULES.replace("SCORE", "350"))
        self.run_it("rules", "check", first)
        self.run_it("rules", "load", "--activate", first)

        bad = self.file("bad.csv", "value,reason\nMSKU1234565,\n")
        out = self.run_it("lists", "load", "watched", bad, "--type",
                          "container_number", "--owner", "desk", code=1)
        self.assertIn("bad.csv:2:13: error BAD_VALUE", out)
        self.assertIn("nothing was loaded", out)
        good = self.file("good.csv",
                         "value,reason,expires\nmsku1234565,tip,2026-12-31\n")
        out = self.run_it("lists", "load", "watched", good, "--type",
                          "container_number", "--owner", "desk")
        self.assertIn("watched version 1, container_number, 1 entries", out)
        self.assertRegex(self.run_it("lists", "lookup", "MSKU 123456-5"),
                         r"watched +1 +yes +MSKU1234565 +2027-01-01.* tip")
        self.assertIn("desk", self.run_it("lists", "show", "watched"))
        self.assertIn("watched", self.run_it("lists", "list"))

        hit, miss = self.score(movement("MSKU1234565", "FULL", 1),
                               movement("MSKU1234565", "EMPTY", 2))
        self.assertEqual(hit["score"], 310)
        self.assertEqual(miss["score"], 10)
        out = self.run_it("explain", "t1/m2", "watched")
        self.assertRegex(
            out, r"\n> no +movement.container.load_status == FULL\n")
        self.assertRegex(out, r"\n  yes +movement.container.number in boxes")
        tree = json.loads(self.run_it("explain", "t1/m2", "watched", "--json"))
        self.assertEqual(tree["condition"]["truth"], "FAILS")

        # The third hit is more than a tenth of twenty.
        self.score(movement("TCLU4265783", "FULL", 3))
        after = self.score(movement("TCLU4265783", "FULL", 4))
        self.assertEqual(after[0].get("score", 0), 0)
        self.assertIn("BREAKER TRIPPED: rule noisy",
                      self.run_it("rules", "show", "1"))
        self.assertIn("breaker had tripped",
                      self.run_it("explain", "t1/m4", "noisy"))
        self.run_it("rules", "reset-breaker", "1", "noisy", "--note", "looked")
        after = self.score(movement("TCLU4265783", "FULL", 5))
        self.assertEqual(after[0]["score"], 10)

        self.run_it("rules", "load", second)
        self.run_it("rules", "approve", "2", "--note", "seen", code=1)
        out = self.run_it("evaluations", "start", "2")
        self.assertIn("FINISHED, started by development", out)
        self.assertRegex(out, r"nl.port 2 against the baseline: \d+ kept")
        self.run_it("rules", "approve", "2", "--note", "seen")
        self.assertRegex(self.run_it("rules", "show", "2"),
                         r"seen \(evaluation 2: \d+ movements from 2")
        out = self.run_it("rules", "activate", "2", "--share", "10%")
        self.assertRegex(out, r"ACTIVE for 10% of units .* position \d+")
        out = self.run_it("rules", "diff", "1", "2")
        self.assertIn("- score: 300\n    + score: 350", out)
        self.assertIn("1 changed, 1 unchanged", out)
        self.run_it("rules", "share", "2", "120%", code=1)
        self.run_it("rules", "share", "2", "50%")
        out = self.run_it("rules", "rollback", "nl.port")
        self.assertIn("nl.port revision 1 ACTIVE since", out)
        states = re.findall(r"nl.port +(\w+)", self.run_it("rules", "list"))
        self.assertEqual(states, ["ACTIVE", "RETIRED"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
