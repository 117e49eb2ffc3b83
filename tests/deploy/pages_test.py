#!/usr/bin/python3
"""Every `portrisk` command that a page shows is one that exists, with the flags
it shows; every link leads somewhere.

    tests/deploy/pages_test.py PORTRISK
"""

import functools
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

PORTRISK = sys.argv.pop(1) if len(sys.argv) > 1 else sys.exit(__doc__)
ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ("README.md", "deploy/RUNBOOK.md", "deploy/INTEGRATORS.md",
         "deploy/ANALYSTS.md", "deploy/OFFICERS.md", "deploy/ACCESS.md",
         "deploy/PRIVACY.md", "deploy/README.md", "bench/README.md",
         "deploy/package/README.Debian")
COMMANDS_MIN = 30


@functools.lru_cache(None)
def help_of(*words):
    done = subprocess.run([PORTRISK, *words, "--help"], capture_output=True,
                          text=True, check=False, timeout=60)
    return done.stdout if done.returncode == 0 else ""


def subcommands(*words):
    _, _, rest = help_of(*words).partition("\nSubcommands:\n")
    return set(re.findall(r"^  ([a-z][a-z-]*) ", rest, re.M))


def flags(*words):
    return set(re.findall(r"--[a-z-]+", help_of(*words)))


def commands(text):
    """What stands on lines of code, and between backquotes, after the name."""
    text = text.replace("\\\n", " ")
    code = "\n".join(re.findall(r"^```\w*\n(.*?)^```$", text, re.M | re.S))
    inline = re.findall(r"`(portrisk [^`]*)`", text)
    shown = re.findall(r"^ *(?:runuser -u portrisk -- )?(portrisk .*)$",
                       code, re.M)
    if not code:  # A page without code signs.
        shown = re.findall(r"^ +(portrisk .*)$", text, re.M)
    for line in shown + inline:
        yield shlex.split(line.split(" > ")[0].split(" | ")[0],
                          comments=True)[1:]


def prose(page):
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"),
                  flags=re.M | re.S)


def anchors(page):
    """What headings of a page can be linked to as."""
    return {re.sub(r"[^a-z0-9_ -]", "", title.lower()).replace(" ", "-")
            for title in re.findall(r"^#+ (.*)$", prose(page), re.M)}


def broken_links(page):
    for link in re.findall(r"\]\(([^)]+)\)", prose(page)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists():
            yield link
        elif anchor and anchor not in anchors(target):
            yield link


def fault(words):
    """What is wrong with a command, or nothing."""
    known = flags()
    path, rest, skip = [], list(words), False
    for word in words:
        rest.pop(0)
        if word.startswith("-"):
            skip = True  # Its value may follow.
            if path == [] and word.split("=")[0] not in known:
                return f"no flag {word}"
            continue
        if word in subcommands(*path):
            path.append(word)
            skip = False
            if subcommands(*path):
                continue
            break
        if not skip:
            break
        skip = False
    if words[-1:] in (("--help",), ("...",)):
        return None  # Of whatever was named up to there.
    if not path:
        return "no such command"
    if subcommands(*path):
        return f"{' '.join(path)} needs a further word"
    known |= flags(*path)
    for word in rest:
        if word.startswith("--") and word.split("=")[0] not in known:
            return f"{' '.join(path)} has no flag {word}"
    return None


class Pages(unittest.TestCase):

    def test_they_show_commands_that_exist(self):
        count, faults = 0, []
        for page in PAGES:
            for words in commands((ROOT / page).read_text(encoding="utf-8")):
                count += 1
                wrong = fault(tuple(words))
                if wrong:
                    faults.append(f"{page}: portrisk {' '.join(words)}: {wrong}")
        self.assertEqual(faults, [], "\n".join(faults))
        self.assertGreaterEqual(count, COMMANDS_MIN)

    def test_every_link_leads_somewhere(self):
        pages = [page for page in ROOT.rglob("*.md")
                 if "build" not in page.relative_to(ROOT).parts]
        self.assertGreater(len(pages), 20)
        self.assertEqual(
            [f"{page.relative_to(ROOT)}: {link}"
             for page in pages for link in broken_links(page)], [])

    def test_every_alert_leads_to_an_incident(self):
        alerts = re.findall(r"^ *- alert: (\w+)", (
            ROOT / "deploy/prometheus/alerts.yaml").read_text(), re.M)
        page = (ROOT / "deploy/RUNBOOK.md").read_text(encoding="utf-8")
        self.assertEqual(sorted(alerts),
                         sorted(set(re.findall(r"`(Portrisk\w+)`", page))))

    def test_wrong_ones_are_found(self):
        self.assertIsNone(fault(("rules", "show", "7")))
        for wrong in (("rulez", "list"), ("rules",), ("rules", "shew", "7"),
                      ("rules", "approve", "7", "--nota", "x"),
                      ("--sever", "x", "rules", "list")):
            self.assertIsNotNone(fault(wrong), wrong)


if __name__ == "__main__":
    unittest.main(verbosity=2)
