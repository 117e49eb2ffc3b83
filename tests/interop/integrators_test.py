#!/usr/bin/python3
"""Runs the code of deploy/INTEGRATORS.md as it stands there.

    tests/interop/integrators_test.py PORTRISKD WORK

Once against a server in development mode, once with certificates. WORK is the
folder that node_test.py installs into; the part in Node is skipped where its
packages cannot be had.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import grpc  # noqa: F401
except ImportError:
    print("skipped: python3-grpcio is not installed (deploy/install)")
    sys.exit(77)

import npm
from certificates import Authority
from server import Server

PORTRISKD, WORK = sys.argv[1:3] if len(sys.argv) > 2 else sys.exit(__doc__)
del sys.argv[1:3]
ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "deploy/INTEGRATORS.md").read_text(encoding="utf-8")
SAYS = r"""recorded {0}-17 as \d+
(?:-?\d+ .*\n)*the same answer: {1}
INVALID_ARGUMENT INVALID_MOVEMENT
  \S*location.locode - .+
"""


def code(language):
    """All blocks of a language, one after the other."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)
    return "\n".join(blocks)


class Page(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory()))
        server = self.enterContext(Server(PORTRISKD, *self.server_flags()))
        self.environment = {**os.environ, "PROTO": str(ROOT / "proto"),
                            "PORTRISK_SERVER": server.address,
                            **self.client_environment()}

    def server_flags(self):
        return ()

    def client_environment(self):
        return {}

    def run_it(self, *command, cwd=None):
        done = subprocess.run(command, cwd=cwd or self.folder, text=True,
                              env=self.environment, capture_output=True,
                              check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_the_python_on_the_page_runs(self):
        self.run_it("sh", "-e", "-c", code("sh"))
        (self.folder / "page.py").write_text(code("python"), encoding="utf-8")
        said = self.run_it(sys.executable, "page.py")
        self.assertRegex(said, SAYS.format("gate", "True"))
        self.assertIn("recorded batch-0\nrefused: the movement cannot be "
                      "admitted", said)
        self.assertTrue(said.endswith("recorded batch-2\nstreamed 1000\n"),
                        said)

    def test_the_node_on_the_page_runs(self):
        try:
            node = npm.node_program()
            npm.install(ROOT / "tests/interop/node", WORK)
        except npm.Missing as why:
            self.skipTest(str(why))
        page = pathlib.Path(WORK) / "page.mjs"
        page.write_text(code("js"), encoding="utf-8")
        said = self.run_it(node, page.name, cwd=WORK)
        self.assertRegex(said, SAYS.format("node", "true"))
        self.assertTrue(said.endswith("streamed 1000\n"), said)


class PageWithCertificates(Page):
    """The same, as a terminal that a server knows by its certificate."""

    NAME = "gate.terminal-1.example"

    def server_flags(self):
        authority = Authority(self.folder)
        authority.sign("server", "DNS:localhost,IP:127.0.0.1")
        authority.sign("client", f"DNS:{self.NAME}")
        (self.folder / "roles.yaml").write_text(
            f"callers:\n  - {{name: {self.NAME}, roles: [scorer]}}\n")
        secrets = self.folder / "secrets"
        secrets.touch(0o600)
        secrets.write_text(f"key_id: test\npin_key: {'0' * 64}\n"
                           f"draw_key: {'1' * 64}\n")
        return [word for flag, file in (
            ("--secrets", "secrets"), ("--tls-cert", "server.crt"),
            ("--tls-key", "server.key"), ("--tls-ca", "ca.crt"),
            ("--roles", "roles.yaml")) for word in (flag, self.folder / file)]

    def client_environment(self):
        return {f"PORTRISK_TLS_{name}": str(self.folder / file)
                for name, file in (("CA", "ca.crt"), ("CERT", "client.crt"),
                                   ("KEY", "client.key"))}


if __name__ == "__main__":
    unittest.main(verbosity=2)
