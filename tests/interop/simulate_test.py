#!/usr/bin/env python3
"""portrisk simulate as an operator uses it: write a world, score it in a store
of its own, compare it with real files where there are any.

    simulate_test.py PORTRISK PORTRISKD
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from server import Server

PORTRISK = PORTRISKD = None
ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command):
    return subprocess.run([str(part) for part in command], text=True,
                          capture_output=True, check=False, timeout=240)


class SimulateTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def simulate(self, name, *flags):
        done = run(PORTRISK, "simulate", "--days", 100, "--containers", 300,
                   "--out", self.path / name, *flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_a_world_can_be_scored(self):
        done = self.simulate("world", "--seed", 5)
        self.assertEqual(done.stdout.strip(),
                         str(self.path / "world/movements.jsonl"))
        world = json.loads((self.path / "world/world.json").read_text())
        self.assertEqual(world["seed"], 5)
        self.assertEqual(world["cases"] + world["casesLeft"], 33)
        self.assertGreaterEqual(world["cases"], 31)
        store = self.path / "store"
        rules = run(PORTRISK, "--store", store, "rules", "load", "--activate",
                    ROOT / "deploy/rules/common.pickup-right.yaml")
        self.assertEqual(rules.returncode, 0, rules.stderr)
        done = run(PORTRISK, "--store", store, "score", "--format", "jsonl",
                   "--selected", self.path / "world/movements.jsonl")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"{world['movements']} movements, 0 rejected",
                      done.stderr)
        self.assertIn("GATE_OUT", done.stdout)

    def test_nothing_is_lost_at_a_server_that_refuses(self):
        self.simulate("world", "--seed", 5)
        world = json.loads((self.path / "world/world.json").read_text())
        # Nothing may wait there for another of its caller.
        with Server(PORTRISKD, "--development", "--bulk-wait-max-ms",
                    "0.0001") as server:
            done = run(PORTRISK, "--server", server.address, "--caller",
                       "development", "score", "--format", "jsonl",
                       "--output", "json",
                       self.path / "world/movements.jsonl")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"{world['movements']} movements, 0 rejected",
                      done.stderr)
        self.assertIn("is sent again", done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), world["movements"])

    def test_a_replay_that_is_stopped_leaves_nothing_behind(self):
        self.simulate("world", "--seed", 5)
        scratch = self.path / "scratch"
        scratch.mkdir()
        for how in (signal.SIGINT, signal.SIGTERM):
            replay = subprocess.Popen(
                [PORTRISK, "replay",
                 ROOT / "deploy/rules/common.pickup-right.yaml", "--format",
                 "jsonl", "--movements", self.path / "world/movements.jsonl"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env={**os.environ, "TMPDIR": str(scratch)})
            end = time.monotonic() + 60
            while not any(scratch.glob("*/store/CURRENT")):
                self.assertIsNone(replay.poll())
                self.assertLess(time.monotonic(), end)
                time.sleep(0.01)
            replay.send_signal(how)
            self.assertEqual(replay.wait(timeout=60), -how)
            self.assertEqual(list(scratch.iterdir()), [])

    def test_what_cannot_be_done_is_said(self):
        done = run(PORTRISK, "simulate", "--start", "yesterday", "--out",
                   self.path / "x")
        self.assertEqual(done.returncode, 1)
        self.assertIn("2025-01-01", done.stderr)
        self.path.joinpath("movements.jsonl").write_text("of somebody\n")
        done = run(PORTRISK, "simulate", "--out", self.path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--force", done.stderr)
        rules = ROOT / "deploy/rules/common.timeline.yaml"
        done = run(PORTRISK, "--store", self.path, "replay", rules,
                   "--verify")
        self.assertEqual(done.returncode, 1)
        self.assertIn("leave out rule sets", done.stderr)
        again = self.path / "again.yaml"
        again.write_text(rules.read_text())
        done = run(PORTRISK, "--store", self.path, "replay", rules, again)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--separate", done.stderr)
        done = run(PORTRISK, "simulate")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--out", done.stderr)

    def test_careful_sources_repeat_and_correct_nothing(self):
        self.simulate("careful", "--careful-sources", "--missing", 0)
        world = json.loads((self.path / "careful/world.json").read_text())
        for count in ("missing", "misspelt", "repeated", "corrected",
                      "retracted", "anHourOff", "withoutFacility"):
            self.assertEqual(world[count], 0, count)

    def test_it_is_compared_with_real_files(self):
        real = os.environ.get("PORTRISK_REAL_DATA", "")
        if not pathlib.Path(real, "tracking").is_dir():
            self.skipTest("PORTRISK_REAL_DATA names no folder of real files")
        self.simulate("world")
        done = run(sys.executable, ROOT / "bench/world_compare",
                   self.path / "world", real)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("\n  real "),
                         done.stdout.count("\n  simulated "))
        self.assertNotIn("none", done.stdout)


if __name__ == "__main__":
    PORTRISK, PORTRISKD = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()
