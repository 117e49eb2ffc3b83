#!/usr/bin/env python3
"""What a running server exports, beside what deploy/ says of it.

    telemetry_test.py PORTRISKD PORTRISK

Every metric and label that the dashboard and the alert rules name must come
out of a server that has had something to do; promtool, where it is installed,
checks rules, their unit tests and the exposition.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

import server

ROOT = pathlib.Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "deploy" / "grafana" / "portrisk.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
ALERT_TESTS = pathlib.Path(__file__).resolve().parent / "alerts_test.yaml"
NAME = re.compile(r"\b((?:portrisk|process)_[a-z0-9_]+)\s*(\{[^}]*\})?")
MATCHER = re.compile(r'([a-z_]+)(=~|!=|!~|=)"([^"]*)"')
SAMPLE = re.compile(r'([a-z_]+)(\{.*\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
# Of the scrape, not of the server.
OUTSIDE = {"job", "instance"}
# Only there while something runs.
PASSING = {"portrisk_warming_progress_ratio",
           "portrisk_evaluation_progress_ratio"}


def expressions_of_dashboard():
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield f'{panel["title"]}', target["expr"]


def expressions_of_alerts():
    text = ALERTS.read_text(encoding="utf-8")
    for part in re.split(r"\n\s*- alert: ", text)[1:]:
        name = part.split("\n", 1)[0]
        expr = part.split("expr:", 1)[1].split("labels:", 1)[0]
        yield name, expr.replace(">-", "", 1)


def fetch(address, path):
    with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as r:
        return r.status, r.read().decode()


class Telemetry(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.server = server.Server(
            PORTRISKD, "--development", "--metrics", "127.0.0.1:0",
            "--trace-slow-ms", "0.001")
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)
        entry = next(json.loads(line) for line in
                     cls.server.log.read_text().splitlines()
                     if '"message":"metrics"' in line)
        cls.metrics = entry["address"]
        cls.run_cli("rules", "load", "--activate",
                    *sorted(map(str, (ROOT / "deploy/rules").glob("*.yaml"))))
        time.sleep(1.1)  # Another second, with lines for slow calls.
        cls.run_cli("score", "--format", "edifact",
                    str(ROOT / "deploy/sample/day.codeco.edi"))
        cls.status, cls.text = fetch(cls.metrics, "/metrics")
        cls.samples = {}
        for line in cls.text.splitlines():
            if line.startswith("#"):
                continue
            name, labels, value = SAMPLE.match(line).groups()
            cls.samples.setdefault(name, []).append(
                (dict(LABEL.findall(labels or "")), float(value)))

    @classmethod
    def run_cli(cls, *words):
        return subprocess.run(
            [PORTRISK, "--server", cls.server.address, *words], check=True,
            capture_output=True, text=True, timeout=120).stdout

    def value(self, name, **labels):
        return sum(value for found, value in self.samples.get(name, [])
                   if labels.items() <= found.items())

    def faults(self, where, expression):
        """What of `expression` the server does not export."""
        names = [match.groups() for match in NAME.finditer(expression)]
        if not names:
            yield f"{where} names no metric: {expression}"
        for name, matchers in names:
            if name in PASSING:
                continue
            if name not in self.samples:
                yield f"{where}: the server exports no {name}"
                continue
            for label, operator, value in MATCHER.findall(matchers or ""):
                values = {found.get(label) for found, _ in self.samples[name]}
                if label in OUTSIDE:
                    continue
                if None in values:
                    yield f"{where}: {name} has no label {label}"
                elif operator == "=" and value not in values:
                    yield f"{where}: {name} has no {label}={value}"
        known = OUTSIDE.union(*(found for name, _ in names
                                for found, _ in self.samples.get(name, [])))
        for by in re.findall(r"\bby \(([^)]*)\)", expression):
            for label in set(re.split(r",\s*", by)) - known:
                yield f"{where}: nothing has the label {label}"

    def check(self, expressions, least):
        found = list(expressions)
        self.assertGreater(len(found), least)
        self.assertEqual([], [fault for where, expression in found
                              for fault in self.faults(where, expression)])

    def test_the_dashboard_names_what_is_exported(self):
        self.check(expressions_of_dashboard(), 30)

    def test_the_alerts_name_what_is_exported(self):
        # `up` is Prometheus' own.
        self.check((one for one in expressions_of_alerts()
                    if one[0] != "PortriskDown"), 10)

    def test_wrong_names_are_found(self):
        for wrong in ("rate(portrisk_movments_total[5m])",
                      'portrisk_assessments_total{lain="RED"}',
                      'portrisk_assessments_total{lane="PURPLE"}',
                      "sum by (lain) (portrisk_assessments_total)", "1 > 0"):
            self.assertEqual(len(list(self.faults("here", wrong))), 1, wrong)

    def test_the_dashboard_holds_every_metric(self):
        shown = " ".join(e for _, e in expressions_of_dashboard())
        for name in self.samples:
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            self.assertIn(base, shown, f"no panel shows {name}")

    def test_panels_do_not_overlap(self):
        board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
        cells = {}
        for panel in board["panels"]:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            for x in range(at["x"], at["x"] + at["w"]):
                for y in range(at["y"], at["y"] + at["h"]):
                    self.assertNotIn((x, y), cells, panel["title"])
                    cells[x, y] = panel["title"]
        ids = [panel["id"] for panel in board["panels"]]
        self.assertEqual(len(ids), len(set(ids)))

    def test_every_metric_has_help_and_kind(self):
        for name in self.samples:
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            known = (f"# HELP {name} " in self.text or
                     f"# HELP {base} " in self.text)
            self.assertTrue(known, name)
        kinds = re.findall(r"# TYPE (\S+) ", self.text)
        self.assertEqual(len(kinds), len(set(kinds)), "a name comes twice")

    def test_counts_are_those_of_what_was_sent(self):
        new = self.value("portrisk_movements_total", kind="new")
        self.assertGreater(new, 100)
        scored = new + self.value("portrisk_movements_total",
                                  kind="correction")
        self.assertEqual(scored, self.value("portrisk_assessments_total"))
        self.assertEqual(
            scored, self.value("portrisk_source_lag_seconds_count"))
        self.assertGreater(self.value("portrisk_rule_hits_total"), 0)
        self.assertGreater(self.value("portrisk_rule_not_evaluated_total"), 0)
        self.assertGreaterEqual(self.value("portrisk_journal_sequence"), new)

    def test_methods_off_the_hot_path_are_seen(self):
        calls = self.samples["portrisk_call_duration_seconds_count"]
        methods = {found["method"] for found, _ in calls}
        self.assertIn("RuleService/ActivateRevision", methods)
        self.assertNotIn("unknown", methods)

    def test_probes_answer(self):
        self.assertEqual(fetch(self.metrics, "/livez"), (200, "live\n"))
        status, body = fetch(self.metrics, "/readyz")
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body),
                         {"ready": True, "not_ready": [], "degraded": []})
        with self.assertRaises(urllib.error.HTTPError):
            fetch(self.metrics, "/store")

    def test_slow_calls_are_logged_with_their_stages(self):
        lines = [json.loads(line) for line in
                 self.server.log.read_text().splitlines()
                 if '"message":"slow call"' in line]
        scored = [line for line in lines if "commit_ms" in line]
        self.assertTrue(scored)
        for key in ("method", "code", "ms", "source", "movement_id",
                    "admit_ms", "gather_ms", "apply_ms", "await_ms"):
            self.assertIn(key, scored[0])
        self.assertGreater(self.value("portrisk_slow_calls_total"), 0)

    def test_top_shows_it_once_where_nobody_looks(self):
        screen = subprocess.run(
            [PORTRISK, "top", "--metrics", self.metrics, "--interval", "0.2"],
            check=True, capture_output=True, text=True, timeout=30).stdout
        self.assertTrue(screen.startswith("ready\n"), screen)
        for word in ("movements", "commit", "not evaluated", "hits of rule",
                     "store writable", "journal"):
            self.assertIn(word, screen)
        self.assertNotIn("\x1b", screen)

    def test_top_says_what_to_do_where_there_is_nothing(self):
        done = subprocess.run([PORTRISK, "top", "--metrics", "127.0.0.1:1"],
                              capture_output=True, text=True, timeout=30,
                              check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--metrics 127.0.0.1:1", done.stderr)

    def test_top_says_what_to_name_where_there_can_be_nothing(self):
        for words, said in (
                (["--metrics", self.server.address], "serves no metrics"),
                (["--metrics", "foo"], "foo is no address and port"),
                (["--store", "a"], "leave --store out")):
            done = subprocess.run([PORTRISK, "top", *words],
                                  capture_output=True, text=True, timeout=30,
                                  check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(said, done.stderr)
            self.assertNotIn("start portriskd", done.stderr)

    @unittest.skipUnless(shutil.which("promtool"), "no promtool: "
                         "the Debian package prometheus has it")
    def test_promtool_agrees(self):
        for words, given in [(["check", "rules", str(ALERTS)], None),
                             (["test", "rules", str(ALERT_TESTS)], None),
                             (["check", "metrics"], self.text)]:
            done = subprocess.run(["promtool", *words], input=given,
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0,
                             f"{words}: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    PORTRISKD, PORTRISK = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
