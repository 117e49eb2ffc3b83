#!/usr/bin/python3
"""A subject is erased on a server that scores, from the command line.

    tests/interop/erase_test.py PORTRISKD PORTRISK
"""

import json
import pathlib
import subprocess
import sys
import unittest

from server import Server

PORTRISKD, PORTRISK = sys.argv[1:3] if len(sys.argv) > 2 else sys.exit(__doc__)
del sys.argv[1:3]
WHO = "NL-SOMEBODY-0815-WHO-ASKED"


def movement(number, who):
    return json.dumps({
        "source": "terminal-1", "id": f"M-{number}", "event": "GATE_OUT",
        "occurrenceTime": f"2026-11-20T10:{number % 60:02}:00Z",
        "container": {"number": f"MSKU{1000000 + number}"},
        "location": {"locode": "NLRTM", "facility": "ECTDELTA"},
        "haulier": {"id": who, "name": "Erika Vergessen Transporte"}})


class Erase(unittest.TestCase):

    def run_portrisk(self, *words, **more):
        done = subprocess.run([PORTRISK, *self.where, *words], text=True,
                              capture_output=True, timeout=300, **more)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def files_with(self, text):
        return [path for path in self.store.rglob("*")
                if path.is_file() and text.encode() in path.read_bytes()]

    def test_a_name_leaves_every_file_and_all_proofs_hold(self):
        with Server(PORTRISKD) as server:
            self.where = ["--server", server.address]
            folder = pathlib.Path(server.folder.name)
            self.store = folder / "store"
            lines = folder / "lines.jsonl"
            lines.write_text("".join(
                movement(i, WHO if i % 3 == 0 else "NL-OTHER-2000") + "\n"
                for i in range(60)))
            self.run_portrisk("score", "--format", "jsonl", str(lines))
            self.assertTrue(self.files_with(WHO))
            counted = self.run_portrisk("erase", "party", WHO, "--dry-run")
            self.assertIn("named by 20 movements", counted)
            told = self.run_portrisk(
                "erase", "party", "-", "--reason", "article 17",
                "--reference", "CASE-7", input=WHO + "\n")
            self.assertIn("20 records of the journal were rewritten", told)
            self.assertEqual(self.files_with(WHO), [])
            self.assertNotIn(WHO, server.log.read_text())
            table = self.run_portrisk("erasures")
            self.assertIn("CASE-7", table)
            self.assertIn("ended", table)
            audit = self.run_portrisk("audit", "list", "--kind", "ERASURE")
            self.assertIn("article 17", audit)
            self.assertNotIn(WHO, audit)
            # Sent again it is a repeat, and nothing of it is kept.
            self.run_portrisk("score", "--format", "jsonl", str(lines))
            self.assertEqual(self.files_with(WHO), [])
            self.run_portrisk("retention", "set", "--party-days", "180",
                              "--reason", "decided")
            # What is not named stays as it is.
            self.run_portrisk("retention", "set", "--movement-days", "365",
                              "--reason", "decided")
            kept = self.run_portrisk("retention", "show")
            self.assertIn("180 days", kept)
            self.assertIn("365 days", kept)
            proof = self.run_portrisk("audit", "verify", str(self.store))
            self.assertIn("20 records were rewritten by erasures", proof)
            server.process.terminate()
            server.process.wait(timeout=60)
            self.assertIn("all equal", self.run_portrisk(
                "--store", str(self.store), "verify"))


if __name__ == "__main__":
    unittest.main()
