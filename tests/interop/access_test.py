#!/usr/bin/python3
"""Certificates, roles and the audit log from the command line, as in README.md.

    tests/interop/access_test.py PORTRISKD PORTRISK
"""

import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from certificates import Authority
from server import Server

PORTRISKD, PORTRISK = sys.argv[1:3] if len(sys.argv) > 2 else sys.exit(__doc__)
del sys.argv[1:3]
ROOT = pathlib.Path(__file__).resolve().parents[2]
CALLERS = {
    "gate.example": "[scorer]",
    "customs.example": "[scorer, officer]",
    "auditor.example": "[auditor]",
    "new.example": None,
}


class Access(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory()))
        authority = Authority(self.folder)
        authority.sign("server", "IP:127.0.0.1")
        for name in CALLERS:
            authority.sign(name, f"DNS:{name}")
        self.write_roles({n: r for n, r in CALLERS.items() if r})
        secrets = self.folder / "secrets"
        secrets.touch(0o600)
        secrets.write_text("".join(
            f"{key}: {digit * 64}\n" for key, digit in
            (("pin_key", "1"), ("draw_key", "2"), ("audit_key", "3"))) +
            "key_id: test\n")
        self.checkpoints = self.folder / "checkpoints"
        self.flags = ["--secrets", self.folder / "secrets",
                      "--tls-cert", self.folder / "server.crt",
                      "--tls-key", self.folder / "server.key",
                      "--tls-ca", self.folder / "ca.crt",
                      "--roles", self.folder / "roles.yaml",
                      "--chain-checkpoints", self.checkpoints]

    def write_roles(self, callers):
        (self.folder / "roles.yaml").write_text("callers:\n" + "".join(
            f"  - {{name: {name}, roles: {roles}}}\n"
            for name, roles in callers.items()))

    def run_as(self, name, *words):
        return subprocess.run(
            [PORTRISK, "--server", self.server.address, "--tls-ca",
             self.folder / "ca.crt", "--tls-cert", self.folder / f"{name}.crt",
             "--tls-key", self.folder / f"{name}.key", *map(str, words)],
            capture_output=True, text=True, timeout=60, check=False)

    def score(self, name):
        return self.run_as(name, "score", "--format", "edifact", "--output",
                           "json", ROOT / "deploy/sample/day.codeco.edi")

    def verify(self, store, *more):
        return subprocess.run([PORTRISK, "audit", "verify", store, *more],
                              capture_output=True, text=True, timeout=60,
                              check=False)

    def test_the_story_of_the_page(self):
        with Server(PORTRISKD, *self.flags) as self.server:
            store = pathlib.Path(self.server.folder.name) / "store"
            self.scored_by_a_terminal_and_by_customs()
            self.looked_up_for_a_purpose()
            self.turned_away_and_let_in()
            log = self.listed_by_the_auditor()
            key = re.search(r'"public_key":"([0-9a-f]{64})"',
                            self.server.log.read_text())[1]
            # While it serves: the journal as it is on disk.
            done = self.verify(store)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.server.process.send_signal(signal.SIGTERM)
            self.assertEqual(self.server.process.wait(timeout=30), 0)
            self.proven(store, key, len(log))

    def scored_by_a_terminal_and_by_customs(self):
        done = self.score("gate.example")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertGreater(len(lines), 50)
        for line in lines:
            self.assertLessEqual(
                line.keys(), {"sequence", "source", "movementId",
                              "recordedTime", "containerNumber"}, line)
        done = self.score("customs.example")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('"lane"', done.stdout)

    def looked_up_for_a_purpose(self):
        done = self.run_as("customs.example", "container", "QZDU2630157")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--purpose", done.stderr)
        done = self.run_as("customs.example", "--purpose", "case 12",
                           "container", "QZDU2630157")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.run_as("gate.example", "--purpose", "curious",
                           "container", "QZDU2630157")
        self.assertEqual(done.returncode, 1)
        self.assertIn("needs one of analyst officer", done.stderr)

    def turned_away_and_let_in(self):
        done = self.score("new.example")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no roles are bound to its name new.example",
                      done.stderr)
        (self.folder / "roles.yaml").write_text("callers: nonsense")
        self.server.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        self.assertEqual(self.score("gate.example").returncode, 0,
                         "a wrong file changes nothing")
        self.assertIn("the old ones stay", self.server.log.read_text())
        self.write_roles({**CALLERS, "new.example": "[scorer]"})
        self.server.process.send_signal(signal.SIGHUP)
        for _ in range(50):
            if self.score("new.example").returncode == 0:
                return
            time.sleep(0.1)
        self.fail("SIGHUP did not let new.example in")

    def listed_by_the_auditor(self):
        done = self.run_as("auditor.example", "--purpose", "audit 2026",
                           "audit", "list", "--output", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        log = [json.loads(line) for line in done.stdout.splitlines()]
        kinds = [one["entry"]["kind"] for one in log if "entry" in one]
        for kind in ("CONFIGURATION", "CONSULTATION", "ACCESS_DENIED",
                     "LOGIN_FAILURE"):
            self.assertIn(kind, kinds)
        looked = next(one for one in log
                      if one.get("entry", {}).get("kind") == "CONSULTATION")
        self.assertEqual(looked["caller"], "customs.example")
        self.assertEqual(looked["purpose"], "case 12")
        self.assertEqual(looked["entry"]["subject"], "number=QZDU2630157")
        done = self.run_as("auditor.example", "--purpose", "audit 2026",
                           "audit", "list", "--kind", "ACCESS_DENIED")
        self.assertIn("gate.example", done.stdout)
        return log

    def proven(self, store, key, entries):
        done = self.verify(store, "--checkpoints", self.checkpoints,
                           "--public-key", key)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1 signed checkpoints: all match", done.stdout)
        self.assertGreater(entries, 3)
        other = ("0" if key[0] != "0" else "1") + key[1:]
        # Two keys, and the store behind them.
        done = subprocess.run(
            [PORTRISK, "audit", "verify", "--checkpoints", self.checkpoints,
             "--public-key", other, "--public-key", key, store],
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1 signed checkpoints: all match", done.stdout)
        done = self.verify(store, "--checkpoints", self.checkpoints)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--public-key", done.stderr)
        done = self.verify(store, "--checkpoints", self.checkpoints,
                           "--public-key", other)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is by no key that was given", done.stderr)
        # Half a line, as a crash leaves it, is no line; none prove nothing.
        with open(self.checkpoints, "a") as out:
            out.write('{"sequence":"9')
        done = self.verify(store, "--checkpoints", self.checkpoints,
                           "--public-key", key)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("the last line breaks off", done.stderr)
        done = self.verify(store, "--checkpoints", "/dev/null",
                           "--public-key", key)
        self.assertEqual(done.returncode, 1)
        self.assertIn("holds no signed checkpoint", done.stderr)
        # Another, shorter store under the checkpoints of this one.
        shorter = self.folder / "shorter"
        subprocess.run(
            [PORTRISK, "--store", shorter, "--secrets", self.folder / "secrets",
             "score", "--format", "edifact",
             ROOT / "deploy/sample/day.codeco.edi"],
            capture_output=True, check=True, timeout=60)
        done = self.verify(shorter, "--checkpoints", self.checkpoints,
                           "--public-key", key)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "its end is missing|were rewritten")
        shutil.rmtree(shorter)

    def test_says_what_is_missing_before_it_serves(self):
        def start(*flags):
            return subprocess.run(
                [PORTRISKD, "--store", self.folder / "s", "--listen",
                 "127.0.0.1:0", "--secrets", self.folder / "secrets",
                 *flags], capture_output=True, text=True, timeout=30,
                check=False)
        done = start()
        self.assertEqual(done.returncode, 1)
        self.assertIn("--tls-cert", done.stderr)
        self.assertIn("--development", done.stderr)
        (self.folder / "roles.yaml").write_text(
            "callers:\n  - {name: a, roles: [boss]}\n")
        done = start("--roles", self.folder / "roles.yaml")
        self.assertEqual(done.returncode, 1)
        self.assertIn("roles.yaml:2:23", done.stderr)
        self.assertIn("scorer analyst approver", done.stderr)


if __name__ == "__main__":
    unittest.main()
