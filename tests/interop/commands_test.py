#!/usr/bin/python3
"""What commands say where there is nothing to show, and to what is mistyped.

    tests/interop/commands_test.py PORTRISKD PORTRISK
"""

import json
import pathlib
import shutil
import subprocess
import sys
import unittest

from server import Server

PORTRISKD, PORTRISK = sys.argv[1:3] if len(sys.argv) > 2 else sys.exit(__doc__)
del sys.argv[1:3]
MOVEMENT = {
    "source": "terminal-1", "id": "M-1", "event": "GATE_IN",
    "occurrenceTime": "2025-01-20T10:00:00Z",
    "container": {"number": "MSKU1234565"},
    "location": {"locode": "NLRTM", "facility": "ECTDELTA"}}


def portrisk(*words):
    return subprocess.run([PORTRISK, *map(str, words)], text=True,
                          capture_output=True, timeout=120, check=False)


class Commands(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.server = Server(PORTRISKD)
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)
        cls.folder = pathlib.Path(cls.server.folder.name)
        cls.store = cls.folder / "store"
        lines = cls.folder / "lines.jsonl"
        lines.write_text(json.dumps(MOVEMENT) + "\n")
        done = cls.call("score", "--format", "jsonl", lines)
        assert done.returncode == 0, done.stderr

    @classmethod
    def call(cls, *words):
        return portrisk("--server", cls.server.address, *words)

    def worklist(self, facility, *words):
        return self.call("worklist", "--facility", facility, "--capacity", 3,
                         "--at", "2025-01-20T12:00:00Z", *words)

    def test_an_open_store_is_not_verified(self):
        done = portrisk("verify", self.store)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is open: stop its server first", done.stderr)

    def test_nothing_written_is_not_equal(self):
        copy = self.folder / "copy"
        shutil.copytree(self.store, copy)
        done = portrisk("verify", copy)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("nothing to compare yet", done.stdout)
        self.assertNotIn("all equal", done.stdout)

    def test_a_month_without_movements_has_no_shares(self):
        done = portrisk("--store", self.store, "report", "displacement",
                        "--from", "2025-01-01", "--to", "2025-03-01")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"NLRTM +1>0 +100.0 ?% +- +-")
        self.assertIn("No movements of these in the month of 2025-02-01",
                      done.stdout)
        self.assertNotIn("month of 2025-01-01\nNo", done.stdout)

    def test_an_empty_worklist_says_why(self):
        done = self.worklist("NLRTM/ECTDELTA")
        # One in a hundred is drawn by chance.
        self.assertRegex(done.stdout, "[23] places stay free")
        self.assertIn("profile default.1 tops up, 1\n", done.stdout)
        self.assertEqual(done.stderr, "")

    def test_a_place_that_nobody_reported_is_named(self):
        done = self.worklist("NLRTM/NOSUCH")
        self.assertIn("no movement at NLRTM/NOSUCH has ever", done.stderr)
        for facility, told in (("NLRTM/NOSUCH", "no movement at NLRTM/NOSUCH"),
                               ("XXXXX", "nothing has been reported of XXXXX")):
            with subprocess.Popen(
                    [PORTRISK, "--server", self.server.address, "watch",
                     "--facility", facility], text=True,
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as watch:
                said = watch.stderr.readline()
                watch.kill()
            self.assertIn(told, said)

    def test_a_note_needs_a_list_that_is_taken(self):
        done = self.worklist("NLRTM/ECTDELTA", "--note", "x")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--take", done.stderr)

    def test_what_is_no_locode_is_said_once_with_the_remedy(self):
        for facility in ("nlrtm", "Rotterdam"):
            for command in ("worklist", "watch"):
                done = self.call(command, "--facility", facility)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(
                    done.stderr, f"portrisk: --facility {facility} is no "
                    "UN/LOCODE in capitals, such as NLRTM or NLRTM/ECTDELTA\n")


if __name__ == "__main__":
    unittest.main()
