#!/usr/bin/python3
"""Places that cannot be written, or are not what was meant: what is said.

    tests/interop/disk_test.py PORTRISKD PORTRISK
"""

import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import unittest

from server import Server

PROGRAMS = sys.argv[1:3] if len(sys.argv) > 2 else sys.exit(__doc__)
del sys.argv[1:3]
PORTRISKD, PORTRISK = PROGRAMS
ROOT = pathlib.Path(__file__).resolve().parents[2]
DAY = ["--format", "edifact", ROOT / "deploy/sample/day.codeco.edi"]
FULL = "No space left on device"
RUN_S_MAX = 120


def portrisk(*words, **how):
    return subprocess.run(
        [PORTRISK, *map(str, words)], text=True, timeout=RUN_S_MAX,
        **{"capture_output": True, **how})


class DiskTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="portrisk-disk-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.store = self.folder / "store"

    def make_store(self):
        rules = sorted((ROOT / "deploy/rules").glob("*.yaml"))
        for words in (["rules", "load", "--activate", *rules],
                      ["score", *DAY]):
            done = portrisk("--store", self.store, *words)
            self.assertEqual(done.returncode, 0, done.stderr)


class StandardOutput(DiskTest):

    def to_full(self, *words, **how):
        with open("/dev/full", "w") as full:
            return portrisk(*words, stdout=full, stderr=subprocess.PIPE,
                            capture_output=False, **how)

    def assert_said(self, done):
        self.assertEqual(done.returncode, 1, f"{done.args}: {done.stderr}")
        self.assertIn(f"portrisk: cannot write: {FULL}\n", done.stderr)
        self.assertEqual(done.stderr.count("cannot write"), 1, done.stderr)

    def test_what_is_lost_is_said(self):
        self.make_store()
        for words in (["--version"], ["--help"], ["formats"],
                      ["convert", *DAY]):
            self.assert_said(self.to_full(*words))
        worklist = ["worklist", "--facility", "NLRTM/ECTDELTA", "--capacity",
                    "5"]
        for words in (["score", "--output", "json", *DAY], ["score", *DAY],
                      [*worklist], [*worklist, "--output", "json"],
                      ["decisions"], ["audit", "list", "--output", "json"],
                      ["watch", "--from", "0", "--lane", "BLUE", "--output",
                       "jsonl"],
                      ["replay", "--output", "json"],
                      ["replay", "--output", "html"]):
            with self.subTest(words):
                self.assert_said(self.to_full("--store", self.store, *words))
        # Nothing of it has harmed the store.
        self.assertEqual(portrisk("verify", self.store).returncode, 0)

    def test_a_long_command_ends_there(self):
        line = portrisk("convert", *DAY).stdout.splitlines()[0]
        endless = subprocess.Popen(["yes", line], stdout=subprocess.PIPE)
        self.addCleanup(endless.wait)
        self.addCleanup(endless.kill)
        self.addCleanup(endless.stdout.close)
        self.assert_said(self.to_full("convert", "--format", "jsonl", "-",
                                      stdin=endless.stdout))

    def test_a_copy_of_files_is_not_left_behind(self):
        done = self.to_full("replay", "--movements", DAY[2], "--format",
                            "edifact",
                            env={**os.environ, "TMPDIR": str(self.folder)})
        self.assert_said(done)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_reader_that_has_gone_is_no_error(self):
        for ignored in (True, False):
            reads, writes = os.pipe()
            os.close(reads)
            before = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
            done = portrisk("formats", stdout=writes, stderr=subprocess.PIPE,
                            capture_output=False, restore_signals=not ignored)
            signal.signal(signal.SIGPIPE, before)
            os.close(writes)
            self.assertEqual(done.returncode,
                             0 if ignored else -signal.SIGPIPE)
            self.assertEqual(done.stderr, "")


class Rejected(DiskTest):

    def test_lost_records_are_said(self):
        bad = self.folder / "bad.jsonl"
        for lines in (1, 10_000):  # At the end, or on the way.
            bad.write_text("{\n" * lines)
            for words in (["convert"], ["--store", self.store, "score"]):
                done = portrisk(*words, "--format", "jsonl", bad, "--rejects",
                                "/dev/full")
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(f"portrisk: cannot write /dev/full: {FULL}",
                              done.stderr)

    def test_a_file_that_cannot_be_made_is_said_with_the_reason(self):
        done = portrisk("convert", *DAY, "--rejects", self.folder / "no/file")
        self.assertEqual(done.returncode, 1)
        self.assertIn("No such file or directory", done.stderr)


class Export(DiskTest):

    def test_the_file_that_cannot_be_written_is_named(self):
        self.make_store()
        key, out = self.folder / "key", self.folder / "out.jsonl"
        portrisk("secrets", "export-key", key)

        def no_room():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

        done = portrisk("--store", self.store, "export", "--key", key,
                        "--output", out, preexec_fn=no_room)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(f"cannot write {out}: File too large", done.stderr)
        self.assertFalse(out.exists())


class Stores(DiskTest):

    def serve(self, store, *flags):
        return subprocess.run(
            [PORTRISKD, "--development", "--listen", "127.0.0.1:0", "--store",
             store, *flags], text=True, capture_output=True, timeout=RUN_S_MAX)

    def assert_refused(self, done, *said):
        self.assertEqual(done.returncode, 1, done.stderr)
        for text in said:
            self.assertIn(text, done.stderr)

    def test_of_a_store_that_is_held_the_server_can_be_asked(self):
        with Server(PORTRISKD) as server:
            store = server.log.parent / "store"
            done = portrisk("--store", store, "container", "QZDU2630157")
            self.assert_refused(done, str(store), "leave --store out",
                                "in use by a running process")

    def test_a_refused_start_leaves_no_keys(self):
        file = self.folder / "file"
        file.touch()
        other = self.folder / "other"
        other.mkdir()
        (other / "something").touch()
        before = sorted(self.folder.iterdir())
        for place, said in ((file, "; name a directory that can be made"),
                            (other, "it is not empty")):
            self.assert_refused(self.serve(place), str(place), said)
            self.assert_refused(portrisk("--store", place, "score", *DAY),
                                str(place), said)
        self.assert_refused(portrisk("--store", file, "decisions"),
                            "there is no store in")
        self.assertEqual(sorted(self.folder.iterdir()), before)

    def test_keys_that_do_not_fit_a_store_are_not_made(self):
        self.make_store()
        absent = self.folder / "absent"
        self.assert_refused(self.serve(self.store, "--secrets", absent),
                            "all parties would be strangers")
        self.assertFalse(absent.exists())

    def test_a_store_is_made_with_the_folders_above_it(self):
        self.store = self.folder / "no" / "folder"
        self.make_store()
        self.assertTrue((self.folder / "no" / "folder.secrets").exists())
        self.assertEqual(
            portrisk("--store", self.store, "decisions").returncode, 0)


if __name__ == "__main__":
    unittest.main()
