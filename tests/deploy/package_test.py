#!/usr/bin/python3
"""The Debian package, the unit in it, and how secrets may be handed over.

    tests/deploy/package_test.py BUILD

Packs what is built in BUILD. What only a Debian of its own can show (install,
upgrade, remove, purge, a real systemd) is tried by deploy/package/test.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else sys.exit(__doc__))
ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy/systemd/portriskd.service"
SCRIPTS = ("postinst", "prerm", "postrm")
EXPOSURE_MAX = 1.5
NOBODY = 65534


def run(*command, **options):
    return subprocess.run([str(part) for part in command], text=True,
                          capture_output=True, check=False, timeout=240,
                          **options)


class Package(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        for tool in ("cpack", "dpkg-shlibdeps", "dpkg-deb"):
            if shutil.which(tool) is None:
                raise unittest.SkipTest(f"{tool} is not installed")
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        # Little compressed: nobody keeps it.
        done = run("cpack", "-G", "DEB", "-B", cls.folder, "-D",
                   "CPACK_DEBIAN_COMPRESSION_TYPE=gzip", cwd=BUILD)
        assert done.returncode == 0, done.stdout + done.stderr
        cls.deb, = pathlib.Path(cls.folder).glob("*.deb")
        cls.tree = pathlib.Path(cls.folder) / "tree"
        assert run("dpkg-deb", "-R", cls.deb, cls.tree).returncode == 0

    def test_its_version_is_that_of_the_programs(self):
        version = run("dpkg-deb", "-f", self.deb, "Version").stdout.strip()
        for program in ("portrisk", "portriskd"):
            self.assertRegex(
                run(self.tree / "usr/bin" / program, "--version").stdout,
                rf"^{program} {re.escape(version)}, store format \d+, fold \d+\n$")

    def test_it_holds_what_an_installation_needs(self):
        for path in ("usr/lib/systemd/system/portriskd.service",
                     "usr/lib/portrisk/probe",
                     "etc/portrisk/portriskd.conf", "etc/portrisk/roles.yaml",
                     "usr/share/portrisk/reference/places.csv",
                     "usr/share/portrisk/proto/portrisk/v1/movement.proto",
                     "usr/share/doc/portrisk/RUNBOOK.md",
                     "usr/share/doc/portrisk/INTEGRATORS.md",
                     "usr/share/doc/portrisk/copyright"):
            self.assertTrue((self.tree / path).is_file(), path)
        rules = sorted(p.name for p in
                       (self.tree / "usr/share/portrisk/rules").iterdir())
        self.assertEqual(rules, sorted(
            p.name for p in (ROOT / "deploy/rules").glob("*.yaml")))

    def test_it_holds_no_key_and_nothing_that_others_may_write(self):
        for path in self.tree.rglob("*"):
            if "DEBIAN" in path.parts:
                continue
            self.assertEqual(path.lstat().st_mode & 0o022, 0, path)
            self.assertNotIn("secret", path.name)

    def test_its_configuration_is_configuration(self):
        listed = (self.tree / "DEBIAN/conffiles").read_text().split()
        there = ["/" + str(p.relative_to(self.tree))
                 for p in (self.tree / "etc").rglob("*") if p.is_file()]
        self.assertEqual(sorted(listed), sorted(there))

    def test_its_scripts_are_shell_and_fail_when_something_fails(self):
        for name in SCRIPTS:
            script = self.tree / "DEBIAN" / name
            self.assertEqual(run("sh", "-n", script).returncode, 0, name)
            self.assertIn("\nset -e\n", script.read_text())
            self.assertTrue(os.access(script, os.X_OK), name)
            self.assertNotEqual(run(script, "nonsense").returncode, 0, name)

    def test_the_server_reads_the_configuration_that_it_brings(self):
        conf = (self.tree / "etc/portrisk/portriskd.conf").read_text()
        known = run(BUILD / "portriskd", "--help").stdout
        for flag in re.findall(r"^([a-z-]+) =", conf, re.M):
            self.assertIn(f"--{flag}", known)
        wrong = pathlib.Path(self.folder) / "wrong.conf"
        wrong.write_text(conf + '\nlisen = "x"\n')
        done = run(BUILD / "portriskd", "--config", wrong)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("lisen", done.stderr)


class Unit(unittest.TestCase):

    def test_it_is_confined(self):
        tool = shutil.which("systemd-analyze")
        if tool is None:
            self.skipTest("systemd-analyze is not installed")
        done = run(tool, "security", "--offline=true", "--no-pager", UNIT)
        found = re.search(r"exposure level for portriskd.service: ([\d.]+)",
                          done.stdout)
        self.assertIsNotNone(found, done.stdout + done.stderr)
        self.assertLessEqual(float(found[1]), EXPOSURE_MAX)
        print(f"\nexposure {found[1]} of 10")


class Secrets(unittest.TestCase):
    """Who may read the file that a server takes its keys from."""

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("files of other owners need root")
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory()))
        self.secrets = self.folder / "secrets"
        self.secrets.write_text(f"key_id: t\npin_key: {'0' * 64}\n"
                                f"draw_key: {'1' * 64}\n")

    def starts(self, owner, mode):
        os.chown(self.secrets, owner, 0)
        self.secrets.chmod(mode)
        server = subprocess.Popen(
            [BUILD / "portriskd", "--store", self.folder / "store",
             "--development", "--listen", "127.0.0.1:0", "--secrets",
             self.secrets], stderr=subprocess.PIPE, text=True)
        with server:
            for line in server.stderr:
                if "listening on" in line:
                    server.send_signal(signal.SIGTERM)
                    server.communicate(timeout=60)
                    return True
                if "others can read it" in line:
                    server.communicate(timeout=60)
                    return False
        raise AssertionError(f"it ended with {server.returncode}")

    def test_roots_file_may_be_read_by_its_group(self):
        self.assertTrue(self.starts(0, 0o400))
        self.assertTrue(self.starts(0, 0o440))
        self.assertFalse(self.starts(0, 0o444))
        self.assertFalse(self.starts(0, 0o460))

    def test_anybody_elses_file_by_nobody_else(self):
        self.assertTrue(self.starts(NOBODY, 0o600))
        self.assertFalse(self.starts(NOBODY, 0o440))


if __name__ == "__main__":
    unittest.main(verbosity=2)
