#!/usr/bin/python3
"""A store and the secrets of another one.

    tests/interop/secrets_test.py PORTRISKD PORTRISK
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAMS = sys.argv[1:3] if len(sys.argv) > 2 else sys.exit(__doc__)
del sys.argv[1:3]
PORTRISKD, PORTRISK = PROGRAMS
SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "deploy/sample"


class SecretsTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="portrisk-secrets-")
        self.addCleanup(folder.cleanup)
        self.store = pathlib.Path(folder.name) / "store"
        self.other = pathlib.Path(folder.name) / "other"
        subprocess.run([PORTRISK, "--store", self.store, "score", "--format",
                        "edifact", SAMPLE / "day.codeco.edi"],
                       check=True, capture_output=True)
        subprocess.run([PORTRISK, "secrets", "new", self.other], check=True,
                       capture_output=True)

    def start(self, *flags):
        """Its log once it listens; or how it ended, and what it said."""
        server = subprocess.Popen(
            [PORTRISKD, "--store", self.store, "--development", "--listen",
             "127.0.0.1:0", *flags], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        said = ""
        for line in server.stdout:
            said += line
            if "listening on" in line:
                server.terminate()
        return server.wait(timeout=60), said

    def test_a_store_is_not_served_with_the_keys_of_another(self):
        code, said = self.start("--secrets", self.other)
        self.assertEqual(code, 1, said)
        self.assertIn("all parties would be strangers", said)
        self.assertNotIn("listening on", said)
        asked = subprocess.run(
            [PORTRISK, "--store", self.store, "--secrets", self.other, "party",
             "haulier", "SNELLE-JONGENS"], text=True, capture_output=True)
        self.assertEqual(asked.returncode, 1, asked.stdout)
        self.assertIn("all parties would be strangers", asked.stderr)
        code, said = self.start()
        self.assertEqual(code, 0, said)

    def test_unless_one_says_that_history_of_parties_begins_anew(self):
        code, said = self.start("--secrets", self.other, "--new-pseudonym-key")
        self.assertEqual(code, 0, said)
        self.assertIn("listening on", said)


if __name__ == "__main__":
    unittest.main()
