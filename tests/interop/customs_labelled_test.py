#!/usr/bin/python3
"""The labelled declarations: mapping, rule set, selection, and a slice of the
measured run where the files are.

    tests/interop/customs_labelled_test.py PORTRISK
"""

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unittest

PORTRISK = sys.argv.pop(1) if len(sys.argv) > 1 else sys.exit(__doc__)
BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench/customs_labelled"
HEADER = (
    "Declaration ID,Date,Office ID,Process Type,Import Type,Import Use,"
    "Payment Type,Mode of Transport,Declarant ID,Importer ID,Seller ID,"
    "Courier ID,HS6 Code,Country of Departure,Country of Origin,Tax Rate,"
    "Tax Type,Country of Origin Indicator,Net Mass,Item Price")
ROWS = ("17,2020-01-01,30,B,11,21,11,40,D1,I1,S1,C1,090121,DE,CO,8.0,A,G,108.0,"
        "372254.4\n"
        "18,2020-01-02,30,B,11,21,11,90,D1,I1,,,090121,CO,CO,0.0,FCO1,G,0.5,"
        "0.0\n")


def load_run():
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("run", str(BENCH / "run"))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("run", loader))
    loader.exec_module(module)
    return module


RUN = load_run()


def portrisk(*arguments):
    return subprocess.run([PORTRISK, *map(str, arguments)], text=True,
                          capture_output=True, check=False, timeout=120)


class Parts(unittest.TestCase):

    def test_a_row_becomes_a_documentary_movement(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "rows.csv"
            file.write_text(f"{HEADER}\n{ROWS}")
            done = portrisk("convert", "--format", "csv", "--mapping",
                            BENCH / "mapping.yaml", file)
        self.assertEqual(done.returncode, 0, done.stderr)
        first, second = map(json.loads, done.stdout.splitlines())
        self.assertEqual(first["event"], "DECLARATION")
        self.assertEqual(first["id"], "17")
        self.assertEqual(first["occurrenceTime"], "2020-01-01T00:00:00Z")
        self.assertEqual(first["consignment"],
                         {"commodity": "090121", "declaration": "17"})
        self.assertEqual(first["location"]["facility"], "30")
        self.assertEqual(first["transport"], {"mode": "AIR"})
        self.assertEqual([first[role]["id"] for role in (
            "consignee", "shipper", "declarant", "carrier")],
            ["I1", "S1", "D1", "C1"])
        self.assertEqual(first["declared"], {
            "procedure": "11", "originCountry": "CO", "departureCountry": "DE",
            "dutyType": "A", "dutyPercent": 8, "netKg": 108,
            "value": 372254.4, "currency": "KRW"})
        self.assertNotIn("shipper", second, "an empty cell is not reported")
        self.assertNotIn("transport", second)
        self.assertEqual(second["declared"]["value"], 0, "zero is reported")

    def test_the_rule_set_is_what_the_scorecard_writes_and_passes(self):
        text = (BENCH / "rules.yaml").read_text()
        card = RUN.scorecard
        self.assertEqual(text, card.rule_set(card.neutral()))
        weights = {group: [1.0 + 0.1 * i for i in range(len(classes))]
                   for group, classes in card.CLASSES.items()}
        with tempfile.TemporaryDirectory() as folder:
            weighted = pathlib.Path(folder) / "weighted.yaml"
            weighted.write_text(card.rule_set(weights))
            for file in (BENCH / "rules.yaml", weighted):
                done = portrisk("rules", "check", file)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertNotIn("error", done.stdout)
                passed = re.search(r"(\d+) of (\d+) tests passed", done.stdout)
                self.assertEqual(passed[1], passed[2])
                self.assertGreater(int(passed[1]), 70)

    def test_weights_follow_what_was_found_and_stay_near_one_on_thin_evidence(
            self):
        card = RUN.scorecard
        row = {"Net Mass": "0.5", "Tax Rate": "8", "Country of Departure": "CN",
               "Country of Origin": "CN"}
        heavy = dict(row, **{"Net Mass": "20000"})
        many = ([(row, 0.2, True)] * 100 + [(heavy, 0.2, False)] * 100)
        weights = card.fit(card.neutral(), many)
        self.assertGreater(weights["mass"][0], 1.5)
        self.assertLess(weights["mass"][3], 0.5)
        self.assertEqual(weights["way"][2], 1.0, "nothing was seen of it")
        thin = card.fit(card.neutral(),
                        [(row, 0.2, True), (heavy, 0.2, False)])
        self.assertLess(abs(thin["mass"][0] - 1), 0.25)
        self.assertEqual(card.fit(card.neutral(), []), card.neutral())

    def test_a_tenth_of_the_inspections_is_drawn_from_the_others(self):
        class Scored:
            def __init__(self, score):
                self.score = score

        answers = {f"{i:04d}": Scored(i // 2) for i in range(1000)}
        best, chance = RUN.select(answers, 0.1, random.Random(3))
        self.assertEqual(len(best), 90)
        self.assertEqual(best[:3], ["0998", "0999", "0996"])
        self.assertEqual(len(chance), 10)
        self.assertFalse(set(best) & set(chance))
        self.assertEqual((best, chance),
                         RUN.select(answers, 0.1, random.Random(3)))

    def test_labels_do_not_reach_the_program(self):
        office = RUN.Office(PORTRISK, tempfile.mkdtemp())
        with self.assertRaises(SystemExit):
            office.score([{"Declaration ID": "1", "Fraud": "1"}])
        labels = RUN.Labels()
        row = {"Declaration ID": "1", "Fraud": "1", "Critical Fraud": "2"}
        labels.keep(row)
        self.assertEqual(row, {"Declaration ID": "1"})
        self.assertEqual(labels.told, set())
        self.assertEqual(labels.inspect(["1"]), {"1": True})
        self.assertEqual(labels.told, {"1"})


class Slice(unittest.TestCase):

    def test_three_weeks_of_each_period(self):
        if not os.environ.get("PORTRISK_REAL_DATA"):
            self.skipTest("PORTRISK_REAL_DATA names no folder of real files")
        done = subprocess.run(
            [sys.executable, BENCH / "run", "--portrisk", PORTRISK, "--weeks",
             "3", "--rates", "0.1", "--seeds", "1", "--refit", "2", "--parts",
             "partial,once,watched"], text=True, capture_output=True,
            check=False, timeout=280)
        if done.returncode == 77:
            self.skipTest("no labelled declarations there")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        rows = re.findall(r"^\| (training year|valid), .* 10% \| (\d+) \| "
                          r"([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$",
                          done.stdout, re.M)
        self.assertEqual([r[0] for r in rows], ["training year", "valid"],
                         done.stdout)
        for row in rows:
            self.assertGreater(int(row[1]), 150)
        whole = re.search(r"^\| all outcomes of the training year \| ([\d.]+)",
                          done.stdout, re.M)
        self.assertGreater(float(whole[1]), 0.25, done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
