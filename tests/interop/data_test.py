#!/usr/bin/python3
"""What leaves the house, and what must not: exports, PINs and keys.

    tests/interop/data_test.py PORTRISKD PORTRISK

Uses the two programs as an operator would, with files of every format in which
a PIN can come.
"""

import collections
import csv
import io
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.request

from client import Client, messages
from server import Server

PROGRAMS = sys.argv[1:3] if len(sys.argv) > 2 else sys.exit(__doc__)
del sys.argv[1:3]
PORTRISKD, PORTRISK = PROGRAMS
ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SAMPLE = DEPLOY / "sample"
DAY = (("jsonl", "rights.jsonl"), ("edifact", "day.coarri.edi"),
       ("edifact", "day.codeco.edi"))
BOX = "MSKU1234565"


def run(*words, code=0):
    done = subprocess.run([str(word) for word in words], capture_output=True,
                          timeout=120, check=False)
    if code is not None and done.returncode != code:
        raise AssertionError(f"{words}: {done.returncode}\n{done.stderr}")
    return done


def portrisk(server, *words, code=0):
    return run(PORTRISK, "--server", server.address, "--caller", "development",
               *words, code=code)


def put_rules_in_force(server):
    portrisk(server, "rules", "load", "--activate",
             *sorted((DEPLOY / "rules").glob("*.yaml")))
    portrisk(server, "reference", "load", DEPLOY / "reference" / "places.csv")


def scored(server, kind, *files):
    out = portrisk(server, "score", "--output", "json", "--format", kind,
                   *files).stdout
    return [json.loads(line) for line in out.splitlines()]


def field(message, name, otherwise):
    """Of proto JSON in either spelling."""
    words = name.split("_")
    camel = words[0] + "".join(word.title() for word in words[1:])
    return message.get(name, message.get(camel, otherwise))


def said(assessment):
    """What rules made of a movement, without what names differ in."""
    hits = sorted((field(hit, "rule_set", ""), hit["rule"],
                   hit.get("contribution", 0))
                  for hit in assessment.get("hits", []))
    missing = sorted((field(one, "rule_set", ""), one["rule"],
                      field(one, "missing_field", ""))
                     for one in field(assessment, "not_evaluated", []))
    return assessment.get("score", 0), hits, missing


class Rejects(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory()))

    def convert(self, name, text, *words):
        path = self.folder / name
        path.write_text(text)
        return subprocess.run(
            [PORTRISK, "convert", *words, path], capture_output=True,
            text=True, timeout=60, check=False)

    def test_what_admission_refuses_says_file_and_line(self):
        whole = ('{"source":"t","id":"%s","event":"GATE_IN","occurrenceTime":'
                 '"2026-03-10T12:00:00Z","container":{"number":"MSKU1234565"},'
                 '"location":{"locode":"%s"}}\n')
        rejects = self.folder / "rejects"
        done = self.convert("m.jsonl", whole % ("1", "NLRTM") + whole % (
            "2", "ROTTERDAM") + "{}\n", "--format", "jsonl", "--rejects",
            rejects)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 1)
        self.assertIn("3 records, 1 movements, 2 rejected", done.stderr)
        first, second = map(json.loads, rejects.read_text().splitlines())
        self.assertEqual(first["file"], str(self.folder / "m.jsonl"))
        self.assertEqual((first["line"], second["line"]), (2, 3))
        self.assertEqual(first["position"], "movement 2, line 2")
        self.assertEqual(second["position"],
                         "movement without an id, line 3")
        self.assertIn("location.locode", first["message"])
        self.assertIn("ROTTERDAM", first["excerpt"])

    def test_a_file_of_another_format_is_named_once(self):
        text = (ROOT / "deploy/sample/day.codeco.edi").read_text()
        for said in ("x12", "jsonl", "dcsa", "epcis"):
            done = self.convert("day.edi", text, "--format", said)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("give --format edifact", done.stderr)
            self.assertEqual(done.stderr.count("rejected:"), 1)

    def test_no_zone_is_a_day_away(self):
        done = self.convert("m.jsonl", "", "--format", "jsonl",
                            "--utc-offset-min", "1441")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("--utc-offset-min", done.stderr)


class Export(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory()))
        self.key = self.folder / "lab.key"
        run(PORTRISK, "secrets", "export-key", self.key)

    def export(self, store, *words, key=None):
        return run(PORTRISK, "--store", store, "export", "--key",
                   key or self.key, *words)

    def test_a_day_gives_the_same_hits_elsewhere(self):
        with Server(PORTRISKD) as server:
            put_rules_in_force(server)
            here = [one for kind, name in DAY
                    for one in scored(server, kind, SAMPLE / name)]
            self.record_outcomes(server)
            store = pathlib.Path(server.folder.name) / "store"
            self.there_is_the_same(store, here)
            self.two_exports_agree_and_two_keys_do_not(store)
            self.files_are_what_their_names_say(store)
            self.outcomes_go_along(store)
            self.a_server_gives_the_same_and_keeps_who_asked(server, store)

    def record_outcomes(self, server):
        rows = self.folder / "found.csv"
        number = (SAMPLE / "cases.tsv").read_text().split("\t")[0]
        rows.write_text(
            "container,locode,facility,time,control,found,kind,id,note\n"
            f"{number},NLRTM,VELD,2026-03-10T12:00:00Z,INSPECT,yes,drugs,"
            "case-77,seen by J. Doe\n")
        portrisk(server, "outcomes", "import", rows, "--source", "customs")
        self.found_in = number

    def there_is_the_same(self, store, here):
        for more in ((), ("--containers",)):
            with self.subTest(more), Server(PORTRISKD) as other:
                put_rules_in_force(other)
                lines = self.export(store, *more).stdout
                self.holds_no_name(lines, bool(more))
                movements = self.folder / f"movements{len(more)}.jsonl"
                movements.write_bytes(lines)
                there = scored(other, "jsonl", movements)
            self.assertGreater(len(there), 400)
            self.assertEqual(len(there), len(here))
            differ = [(said(a), said(b)) for a, b in zip(here, there)
                      if said(a) != said(b)]
            self.assertEqual(differ, [])
            self.assertGreater(sum(bool(one.get("hits")) for one in there), 5)

    def holds_no_name(self, lines, containers):
        text = lines.decode()
        names = collections.Counter()
        for line in (SAMPLE / "rights.jsonl").read_text().splitlines():
            movement = json.loads(line)
            right = movement["pickup_right"]
            names[right["id"]] += 1
            names[right.get("pin", right["id"])] += 1
            names[movement["id"]] += 1
            if containers:
                names[movement["container"]["number"]] += 1
            for role in ("actor", "recipient", "nominee"):
                for field in ("id", "name", "account", "device"):
                    names[right.get(role, {}).get(field, right["id"])] += 1
        self.assertGreater(len(names), 100)
        for name in names:
            # The code of a carrier stands in other fields, too, which stay.
            if len(name) > 4:
                self.assertNotIn(f'"{name}"', text)

    def two_exports_agree_and_two_keys_do_not(self, store):
        first = self.export(store, "--containers").stdout
        self.assertEqual(self.export(store, "--containers").stdout, first)
        other = self.folder / "other.key"
        run(PORTRISK, "secrets", "export-key", other)
        second = self.export(store, "--containers", key=other).stdout

        def names(lines):
            found = set()
            for line in lines.splitlines():
                one = json.loads(line)
                found.update((one["id"], one["container"]["number"]))
                for role in ("haulier", "consignee", "carrier"):
                    found.add(one.get(role, {}).get("id"))
            return found - {None}
        self.assertEqual(names(first) & names(second), set())
        # Nobody runs it with a key that others can read, or over a file.
        other.chmod(0o644)
        done = run(PORTRISK, "--store", store, "export", "--key", other,
                   code=1)
        self.assertIn(b"chmod 600", done.stderr)

    def files_are_what_their_names_say(self, store):
        plain = self.export(store).stdout
        for name, unpack in (("m.jsonl.zst", ("zstd", "-dc")),
                             ("m.jsonl.gz", ("gzip", "-dc")),
                             ("m.jsonl", ("cat",))):
            path = self.folder / name
            self.export(store, "--output", path)
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            if shutil.which(unpack[0]):
                self.assertEqual(run(*unpack, path).stdout, plain)
            done = run(PORTRISK, "--store", store, "export", "--key", self.key,
                       "--output", path, code=1)
            self.assertIn(b"cannot make", done.stderr)
        # Recorded today: nothing of before.
        self.assertEqual(self.export(store, "--until", "2026-01-01").stdout,
                         b"")
        self.assertEqual(self.export(store, "--from", "2026-01-01").stdout,
                         plain)

    def outcomes_go_along(self, store):
        path = self.folder / "outcomes.csv"
        done = self.export(store, "--containers", "--outcomes", path)
        self.assertIn(b"1 outcomes", done.stderr)
        self.assertIn(b"no entry in the audit log", done.stderr)
        rows = list(csv.DictReader(io.StringIO(path.read_text())))
        self.assertEqual(len(rows), 1)
        self.assertEqual((rows[0]["found"], rows[0]["kind"], rows[0]["locode"]),
                         ("yes", "DRUGS", "NLRTM"))
        self.assertNotEqual(rows[0]["container"], self.found_in)
        self.assertEqual(rows[0]["container"][:4], self.found_in[:4])
        self.assertNotIn("Doe", path.read_text())
        self.assertNotIn("case-77", path.read_text())
        # It fits the movements, which are tried with it.
        movements = self.folder / "with-outcomes.jsonl.zst"
        self.export(store, "--containers", "--output", movements)
        profile = self.folder / "half.yaml"
        profile.write_text(
            "profile: nl\nowner: NL\n"
            "scores: {yellow: 100, orange: 300, red: 600}\n"
            "random: {rate: 50%, lane: ORANGE}\n")
        words = (PORTRISK, "replay", DEPLOY / "rules" / "common.timeline.yaml",
                 "--movements", movements, "--format", "jsonl", "--outcomes",
                 path, "--profile", profile, "--output", "json")
        out = run(*words).stdout
        report = json.loads(out)
        self.assertEqual((str(report["controlled"]), str(report["finds"])),
                         ("1", "1"))
        # Whoever tries it again sees the same, chance draws included.
        self.assertGreater(int(report["variants"][1]["byChance"]), 9)
        self.assertEqual(run(*words).stdout, out)


    def a_server_gives_the_same_and_keeps_who_asked(self, server, store):
        files = self.folder / "of-files.csv", self.folder / "of-server.csv"
        words = ("--containers", "--from", "2026-01-01", "--outcomes")
        here = self.export(store, *words, files[0]).stdout
        done = portrisk(server, "--purpose", "for the lab", "export", "--key",
                        self.key, *words, files[1])
        self.assertGreater(here.count(b"\n"), 400)
        self.assertEqual(done.stdout, here)
        self.assertEqual(files[1].read_bytes(), files[0].read_bytes())
        self.assertNotIn(b"no entry", done.stderr)
        entries = portrisk(server, "audit", "list", "--kind", "EXPORT",
                           "--output", "json").stdout.splitlines()
        self.assertEqual(len(entries), 1)
        entry = json.loads(entries[0])
        self.assertIn("movements and outcomes from 2026-01-01", str(entry))
        self.assertIn("for the lab", str(entry))
        key = self.key.read_text().strip()
        log = pathlib.Path(server.folder.name) / "store"
        for path in log.rglob("*"):
            if path.is_file():
                self.assertNotIn(bytes.fromhex(key), path.read_bytes())


# PINs in the way each format brings them; none may be found anywhere.
def jsonl(pin, number):
    return json.dumps({
        "source": "terminal", "id": f"j{number}", "event": "GATE_OUT",
        "occurrence_time": "2026-03-09T04:06:00Z",
        "container": {"number": BOX},
        "pickup_right": {"kind": "PIN", "pin": pin}})


class Secrets(unittest.TestCase):

    PINS = {name: f"8271{i}6053" for i, name in enumerate(
        ("unary", "batch", "stream", "jsonl", "csv", "mapped", "broken-json",
         "number", "late-json", "bad-row", "bad-event", "free-text"))}

    def setUp(self):
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory()))
        self.secrets = self.folder / "secrets"
        run(PORTRISK, "secrets", "new", self.secrets)
        run(PORTRISK, "secrets", "rotate", self.secrets)
        self.shown = []

    def forbidden(self):
        """Bytes that may stand nowhere: PINs, and keys as text and as such."""
        keys = re.findall(r"[0-9a-f]{32,64}", self.secrets.read_text())
        self.assertEqual(len(keys), 5)
        words = [pin.encode() for pin in self.PINS.values()]
        for key in keys:
            words += [key.encode(), key.upper().encode(), bytes.fromhex(key)]
        return words

    def keep(self, done):
        self.shown += [done.stdout, done.stderr]

    def files(self):
        """By format: what is read without complaint, then what is not."""
        def write(name, text):
            path = self.folder / name
            path.write_text(text)
            return path
        pins = self.PINS
        yield "jsonl", write("good.jsonl", jsonl(pins["jsonl"], 1)), ()
        yield "jsonl", write("bad.jsonl", "\n".join((
            jsonl(pins["broken-json"], 2)[:-9],
            jsonl(pins["number"], 3).replace(f'"{pins["number"]}"',
                                             pins["number"]),
            jsonl(pins["late-json"], 4) + "}",
            jsonl(pins["bad-event"], 5).replace("GATE_OUT", "GATE_OFF")))), ()
        header = ("source,event,occurrence_time,container.number,location.locode,"
                  "pickup_right.pin\n")
        row = "depot,GATE_OUT,2026-03-09T04:06:00Z," + BOX + ",NLRTM,"
        yield "csv", write("good.csv", header + row + pins["csv"]), ()
        yield "csv", write("bad.csv", header + row.replace("T04", "Q04") +
                           pins["bad-row"] + "\n" + row + pins["bad-row"] +
                           ",one too many\n"), ()
        mapping = write("mapping.yaml", "columns:\n"
                        "  container.number: Box\n  pickup_right.pin: Code\n"
                        "  occurrence_time: When\n  event: What\n"
                        "constants: {source: depot}\nid: [Box, Code]\n")
        yield "csv", write("mapped.csv", "Box,Code,When,What\n" + BOX + "," +
                           pins["mapped"] +
                           ",2026-03-09T04:06:00Z,GATE_OUT\n"), (
                               "--mapping", mapping)
        edifact = (SAMPLE / "day.codeco.edi").read_text(errors="replace")
        # Of descriptions of goods alone is free text taken, as it stands.
        edifact = re.sub(r"(EQD\+[^']*')", r"\1FTX+ZZZ+++PIN " +
                         pins["free-text"] + "'", edifact, count=1)
        yield "edifact", write("day.edi", edifact), ()

    def call(self, server):
        """The three calls that bring movements, in order and out of it."""
        client = Client(server.address)
        pins = self.PINS
        scoring = messages("scoring_service")
        movement = messages("movement")

        def request(pin, event):
            one = scoring.ScoreMovementRequest()
            m = one.movement
            m.source, m.id, m.event = "terminal", pin[-5:] + str(event), event
            m.occurrence_time.FromJsonString("2026-03-09T04:06:00Z")
            m.container.number = BOX
            m.pickup_right.pin = pin
            m.pickup_right.kind = movement.PIN
            return one
        for event in (movement.GATE_OUT, 0):
            try:
                reply = client.scoring.ScoreMovement(
                    request(pins["unary"], event))
                self.shown.append(reply.SerializeToString())
            except Exception as error:  # pylint: disable=broad-except
                self.shown.append(repr(error).encode())
                self.shown.append(str(getattr(
                    error, "trailing_metadata", lambda: "")()).encode())
        batch = scoring.BatchScoreMovementsRequest()
        for event in (movement.GATE_OUT, 0):
            batch.movements.append(request(pins["batch"], event).movement)
        self.shown.append(
            client.scoring.BatchScoreMovements(batch).SerializeToString())
        replies = client.scoring.StreamScoreMovements(iter(
            [request(pins["stream"], event)
             for event in (movement.GATE_OUT, 0)]))
        self.shown += [one.SerializeToString() for one in replies]

    def test_no_pin_or_key_is_found_anywhere(self):
        with Server(PORTRISKD, "--development", "--secrets", self.secrets,
                    "--metrics", "127.0.0.1:0", "--trace-slow-ms",
                    "0.001") as server:
            put_rules_in_force(server)
            self.call(server)
            rejected = 0
            for kind, path, more in self.files():
                done = portrisk(server, "score", "--format", kind, *more, path,
                                code=None)
                self.keep(done)
                rejected += done.returncode == 2
                rejects = self.folder / "rejects"
                self.keep(portrisk(server, "score", "--format", kind, *more,
                                   "--rejects", rejects, path, code=None))
                if rejects.exists():
                    self.shown.append(rejects.read_bytes())
                self.keep(run(PORTRISK, "convert", "--format", kind, *more,
                              path, code=None))
            self.assertGreaterEqual(rejected, 2)
            for words in (("container", BOX), ("right", BOX),
                          ("audit", "list", "--output", "json"),
                          ("assessment", "terminal", "j1")):
                self.keep(portrisk(server, *words, code=None))
            self.keep(run(PORTRISK, "secrets", "show", self.secrets))
            self.shown.append(pathlib.Path(
                f"/proc/{server.process.pid}/cmdline").read_bytes())
            address = re.search(r'"address":"([0-9.:]+)"',
                                server.log.read_text())[1]
            with urllib.request.urlopen(f"http://{address}/metrics") as reply:
                self.shown.append(reply.read())
            # What is in the write-ahead log, and what is written into tables.
            self.nothing_in_files(server)
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(timeout=30)
            self.nothing_in_files(server)
        whole = b"\n".join(self.shown)
        self.assertIn(BOX.encode(), whole)
        for word in self.forbidden():
            self.assertNotIn(word, whole)

    def nothing_in_files(self, server):
        words = self.forbidden()
        looked = 0
        for path in pathlib.Path(server.folder.name).rglob("*"):
            if not path.is_file():
                continue
            data = path.read_bytes()
            looked += len(data)
            for word in words:
                self.assertNotIn(word, data, path)
        self.assertGreater(looked, 10_000)

    def test_the_memory_of_a_server_is_its_own(self):
        # Outside of development it needs TLS; it says so after it has closed.
        done = run(PORTRISKD, "--store", self.folder / "store", "--secrets",
                   self.secrets, "--listen", "127.0.0.1:0", code=1)
        self.assertNotIn(b"key:", done.stderr)
        certificate = self.folder / "server.pem"
        key = self.folder / "server.key"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=s", "-days", "2",
            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
            certificate)
        roles = self.folder / "roles.yaml"
        roles.write_text("callers:\n  - {name: a, roles: [scorer]}\n")
        with Server(PORTRISKD, "--secrets", self.secrets, "--tls-cert",
                    certificate, "--tls-key", key, "--tls-ca", certificate,
                    "--roles", roles) as server:
            about = pathlib.Path(f"/proc/{server.process.pid}")
            limits = (about / "limits").read_text()
            self.assertRegex(limits, r"Max core file size +0 +0 ")
            # What belongs to root though the process may not be is not
            # dumpable; for root's own processes the kernel shows no difference.
            if os.geteuid() != 0:
                self.assertEqual((about / "mem").stat().st_uid, 0)

    def test_the_file_is_rotated_and_never_shown(self):
        secrets = self.secrets.read_text()
        done = run(PORTRISK, "secrets", "rotate", self.secrets, code=1)
        self.assertIn(b"drop-previous", done.stderr)
        self.assertEqual(self.secrets.read_text(), secrets)
        for words in (("show",), ("drop-previous",), ("rotate",), ("show",)):
            done = run(PORTRISK, "secrets", *words, self.secrets)
            keys = re.findall(r": ([0-9a-f]{32,64})$",
                              secrets + self.secrets.read_text(), re.M)
            for key in keys:
                self.assertNotIn(key.encode(), done.stdout + done.stderr)
        self.assertEqual(self.secrets.stat().st_mode & 0o777, 0o600)
        self.assertEqual(
            run(PORTRISK, "secrets", "new", self.secrets, code=1).stdout, b"")

    def test_the_audit_log_says_which_key_is_in_force(self):
        ids = re.findall(r'key_id: "([0-9a-f]{8})"', self.secrets.read_text())
        with Server(PORTRISKD, "--development", "--secrets",
                    self.secrets) as server:
            log = portrisk(server, "audit", "list", "--kind",
                           "CONFIGURATION").stdout.decode()
        self.assertIn(f"started; PIN key {ids[0]}, previous {ids[1]}", log)


if __name__ == "__main__":
    unittest.main(verbosity=2)
