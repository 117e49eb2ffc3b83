"""Kinds of bad input that come as documents and files: rule sets, profiles,
lists, messages on the command line, flags, configuration, damaged stores."""

import re
import shutil
import subprocess

import grpc

from bad_input import CALLER, damage, kind, outcome_of
from client import ROOT, messages

VALIDATE = "/portrisk.v1.RuleService/ValidateRuleSet"
RULES = """rule_set: hostile
layer: port
owner: TEST
rules:
  - id: gate.one
    title: {en: One}
    applies_to: [GATE_OUT]
    when: WHEN
    score: 100
    explain: {en: "Number {movement.container.number}."}
"""
WITH_ISSUES = "issues with line and column|taken"
RUN_S_MAX = 240  # A slow machine needs long; what hangs needs for ever.


def _validate(ground, yaml, path=VALIDATE):
    """Taken, or refused with issues that say where."""
    service = path.split("/")[1].rpartition(".")[2]
    file = {"RuleService": "rule_service",
            "SelectionService": "selection_service"}[service]
    method = path.rpartition("/")[2]
    module = messages(file)
    request = getattr(module, method + "Request")()
    request.yaml = yaml
    try:
        reply = getattr(module, method + "Response").FromString(
            ground.channel.unary_unary(path)(
                request.SerializeToString(), metadata=CALLER,
                timeout=RUN_S_MAX))
    except grpc.RpcError as error:
        return outcome_of(error)
    errors = [i for i in reply.issues if i.severity == 3 or
              i.DESCRIPTOR.fields_by_name["severity"].enum_type.values_by_number
              [i.severity].name == "ERROR"]
    if not errors:
        return "taken"
    assert all(i.message and i.code for i in errors), errors
    return "issues with line and column" if all(
        i.line > 0 and i.column > 0 for i in errors) else "issues"


def _nested(depth):
    lines = range(1, min(depth, 2000))  # They grow with the square of it.
    return ["[" * depth, "{a: " * depth,
            "a:\n" + "".join(" " * i + "a:\n" for i in lines), "- " * depth]


@kind("rule sets that are YAML bombs: aliases of aliases, deep nesting, cycles",
      "issues with line and column|issues", scale=0)
def yaml_bombs(ground, _):
    laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{i}: &a{i} [" + ",".join([f"*a{i-1}"] * 9) + "]\n"
        for i in range(1, 12))
    for yaml in (laughs + RULES, laughs + "rules: *a11\n",
                 "&a [*a]", "rules: &r\n  - *r\n", "a: &a\n  b: *a\n",
                 *_nested(300), *_nested(30_000)):
        yield _validate(ground, yaml)


@kind("conditions that are deep, long or heavy", "issues with line and column|"
      "taken", scale=0)
def conditions(ground, _):
    for when in ("(" * 5000 + "true" + ")" * 5000, "!" * 100_000 + "true",
                 " && ".join(["movement.event == GATE_OUT"] * 20_000),
                 "[" * 3000 + "]" * 3000, "a." * 50_000 + "b",
                 'movement.id.matches("' + "(a+)+" * 200 + '$")',
                 'movement.id.matches("(a{1000}){1000}")',
                 'movement.id.matches("(")', '"' + "x" * 500_000 + '" == "a"',
                 "1 " + "+ 1" * 50_000 + " == 2", "9" * 5000 + " == 1",
                 "[1,2,3].all(a, [1,2].all(b, [1,2].all(c, a + b == c)))",
                 "true ? " * 5000 + "true" + " : false" * 5000):
        yield _validate(ground, RULES.replace("WHEN", "'" + when.replace(
            "'", "''") + "'"))


@kind("a damaged rule set", WITH_ISSUES + "|issues|INVALID_ARGUMENT "
      "UNPARSABLE_REQUEST", scale=4)
def damaged_rule_sets(ground, n):
    dice = ground.dice("rules")
    whole = (ROOT / "deploy/rules/common.yard.yaml").read_text()
    for _ in range(n):
        at = dice.randrange(len(whole))
        yaml = damage(whole[:at].encode()[-3000:] + b"\n" +
                      RULES.replace("WHEN", "true").encode(), dice)
        yield _validate(ground, yaml.decode(errors="replace"))


@kind("selection profiles that are none",
      "issues with line and column|issues|taken|INVALID_ARGUMENT "
      "REQUEST_TOO_LARGE", scale=4)
def profiles(ground, n):
    dice = ground.dice("profiles")
    good = ("profile: nl\nowner: NL\nscores: {yellow: 100, orange: 300, red: "
            "600}\nrandom: {rate: 1%, lane: ORANGE}\ncapacity: 40\n")
    for yaml in ("", "a", "&a [*a]", "profile: [1]", *_nested(5000)):
        yield _validate(ground, yaml,
                        "/portrisk.v1.SelectionService/ValidateProfile")
    for _ in range(n):
        yield _validate(ground, damage(good.encode(), dice).decode(
            errors="replace"), "/portrisk.v1.SelectionService/ValidateProfile")


@kind("lists with broken rows", r"OK|issues with line and column|issues|"
      r"INVALID_ARGUMENT \w+", scale=4)
def lists(ground, n):
    dice = ground.dice("lists")
    rules = messages("rule_service")
    good = b"value,reason,expires\nMSCU1234566,seen,2027-01-01\n" + b"".join(
        b"MSKU%07d,\"a, b\",\n" % i for i in range(20))
    tried = [b"", b"value\n", b"value,reason\n\xff\xfe,a\n",
             b"value,reason\n" + b'"' * 9999, b"\x00" * 999,
             b"value,reason\n" + b"a," * 9999]
    tried += [damage(good, dice) for _ in range(n)]
    for csv in tried:
        request = rules.LoadListRequest(name="hostile", owner="TEST", csv=csv)
        request.type = 2
        try:
            reply = rules.LoadListResponse.FromString(
                ground.channel.unary_unary(
                    "/portrisk.v1.RuleService/LoadList")(
                        request.SerializeToString(), metadata=CALLER,
                        timeout=60))
        except grpc.RpcError as error:
            yield outcome_of(error)
            continue
        yield ("OK" if not reply.issues else "issues with line and column" if
               all(i.line > 0 for i in reply.issues) else "issues")


# ---------------------------------------------------- On the command line.


def _run(program, *words, stdin=b""):
    """How a command ends, which must be one of the three codes it documents;
    with a reason when it does not end well."""
    done = subprocess.run([program, *map(str, words)], input=stdin,
                          capture_output=True, timeout=RUN_S_MAX)
    assert done.returncode >= 0, f"{words} died of signal {-done.returncode}"
    if done.returncode != 0:
        said = (done.stderr + done.stdout).strip()
        assert said, f"{words} ended with {done.returncode} and no word"
    return {0: "done", 1: "failed, says why",
            2: "done, rejects told"}[done.returncode]


SAMPLES = {
    "edifact": ROOT / "deploy/sample/day.codeco.edi",
    "jsonl": ROOT / "deploy/sample/rights.jsonl",
}
CSV = b"""id,event,occurrence_time,container.number,location.locode
1,GATE_OUT,2026-01-31T08:15:00Z,MSKU1234565,NLRTM
2,GATE_IN,2026-01-31T09:15:00Z,"CSQU3054383",NLRTM
"""
X12 = (b"ISA*00*          *00*          *ZZ*A              *ZZ*B              "
       b"*260131*0815*U*00401*000000001*0*P*>~GS*GO*A*B*20260131*0815*1*X*"
       b"004010~ST*322*0001~Q5*OA*20260131*0815*LT*****NLRTM~N7*MSKU*1234565~"
       b"SE*4*0001~GE*1*1~IEA*1*000000001~")


@kind("damaged files to `portrisk convert`: EDIFACT, X12, CSV, JSON lines",
      "done|failed, says why|done, rejects told", scale=2)
def damaged_messages(ground, n):
    dice = ground.dice("files")
    good = {"edifact": SAMPLES["edifact"].read_bytes()[:4000],
            "jsonl": SAMPLES["jsonl"].read_bytes()[:3000], "csv": CSV,
            "x12": X12}
    for i in range(n):
        file = ground.folder / "damaged"
        form = list(good)[i % len(good)]
        file.write_bytes(damage(good[form], dice))
        yield _run(ground.portrisk, "convert", "--format", form, "--source",
                   "a", file)


@kind("files that cannot be read: absent, a folder, empty, cut off, packed "
      "badly, of another format", "failed, says why|done, rejects told|done",
      scale=0)
def unreadable(ground, _):
    edi = SAMPLES["edifact"].read_bytes()
    file = ground.folder / "unreadable"
    yield _run(ground.portrisk, "convert", "--format", "edifact",
               ground.folder / "absent")
    yield _run(ground.portrisk, "convert", "--format", "edifact",
               ground.folder)
    yield _run(ground.portrisk, "convert", "--format", "csv", "--mapping",
               ground.folder, "/dev/null")
    yield _run(ground.portrisk, "rules", "check", ground.folder)
    yield _run(ground.portrisk, "outcomes", "import", "--source", "a",
               ground.folder)
    for data in (b"", edi[:777], b"\x1f\x8b\x08\x00" + edi[:300],
                 b"\x28\xb5\x2f\xfd" + b"\xff" * 300, b"PK\x03\x04" + edi[:99],
                 edi.replace(b"'", b""), b"\x00" * 5000):
        file.write_bytes(data)
        for form in ("edifact", "csv", "jsonl"):
            yield _run(ground.portrisk, "convert", "--format", form,
                       "--source", "a", file)


@kind("flags and commands that do not exist, or lack their value",
      "failed, says why", scale=0)
def wrong_flags(ground, _):
    absent = ground.folder / "absent"
    for words in (["nonsense"], ["score", "--nonsense"], ["score", "--format"],
                  ["convert", "--format", "doc", "/dev/null"], ["rules"],
                  ["rules", "activate", "seven"], ["audit", "verify", absent],
                  ["replay", "--from", "yesterday"], ["restore"],
                  ["worklist", "--hours", "-3"], ["expr", "eval", "(("],
                  ["--store"], ["--store", absent, "container", "A"],
                  ["--address", "nowhere:1", "rules", "list"],
                  ["outcomes", "import", absent],
                  ["decide", "a"], ["party", "nobody", "a"]):
        yield _run(ground.portrisk, *words)
    for words in (["--nonsense"], [], ["--store"], ["--store", "/proc/x"],
                  ["--listen", "1.2.3.4.5:6", "--store", absent],
                  ["--queue-max", "-1", "--store", absent]):
        yield _run(ground.portriskd, *words)
    made = list(ground.folder.glob("absent*"))
    assert not made, f"a misspelt name has made {made}"


@kind("configuration, roles and secrets of the server that are damaged",
      "failed, says why", scale=0)
def configuration(ground, _):
    folder = ground.folder / "configuration"
    folder.mkdir(exist_ok=True)
    secrets = ("key_id: a\npin_key: " + "ab" * 32 + "\ndraw_key: " + "cd" * 32 +
               "\n")
    roles = "callers:\n- {name: gate, roles: [scorer]}\n"
    bombs = ["", "\x00", "a: [", "&a [*a]", "[" * 9000, "- " * 9000, "a: *b"]
    tried = [("--secrets", text) for text in (
        *bombs, secrets[:40], secrets.replace("ab", "xy"),
        secrets + "pin_kye: a\n")]
    tried += [("--roles", text) for text in (
        *bombs, roles.replace("scorer", "king"), roles.replace("name", "nmae"),
        roles + roles[9:])]
    tried += [("--config", text) for text in ("nonsense = 1\n", "queue-max=-1",
                                              "[" * 9000)]
    for flag in ("--secrets", "--roles", "--config", "--tls-cert"):
        yield _run(ground.portriskd, "--store", folder / "store", "--listen",
                   "127.0.0.1:0", flag, folder)
    for flag, text in tried:
        file = folder / "file"
        file.write_text(text)
        file.chmod(0o600)
        good = folder / "secrets"
        good.write_text(secrets)
        good.chmod(0o600)
        words = ["--store", folder / "store", "--listen", "127.0.0.1:0", flag,
                 file]
        if flag != "--secrets":
            words += ["--secrets", good]
        yield _run(ground.portriskd, *words)


def _damage_file(path, dice):
    data = bytearray(path.read_bytes())
    if not data:
        data = bytearray(b"\xff")
    what = dice.randrange(4)
    at = dice.randrange(len(data))
    if what == 0:
        data[at] ^= 1 << dice.randrange(8)
    elif what == 1:
        data[at:at + 64] = dice.randbytes(64)
    elif what == 2:
        del data[at:]
    else:
        data[at:at + 4096] = bytes(len(data[at:at + 4096]))
    path.write_bytes(data)


@kind("a store with one damaged file, opened and verified",
      "refused, says why|nothing lost|ends earlier, as after a crash", scale=1)
def damaged_stores(ground, n):
    """A store answers what it answered, or refuses; one whose log is damaged at
    its end may have lost that (store/README.md). One of ten: each takes long."""
    n = max(1, n // 10)
    dice = ground.dice("stores")
    whole = ground.folder / "whole"
    if not whole.exists():
        lines = ground.folder / "lines.jsonl"
        lines.write_bytes(SAMPLES["jsonl"].read_bytes())
        done = subprocess.run(
            [ground.portrisk, "--store", whole, "score", "--format", "jsonl",
             lines], capture_output=True, timeout=RUN_S_MAX)
        assert done.returncode in (0, 2), done.stderr
    expected = _positions(ground, whole)
    assert isinstance(expected, int) and expected > 0, expected
    for _ in range(n):
        copy = ground.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(whole, copy)
        for extra in ground.folder.glob("whole.*"):
            shutil.copy(extra, ground.folder / extra.name.replace("whole",
                                                                  "copy"))
        files = sorted(p for p in copy.rglob("*") if p.is_file() and
                       p.name not in ("LOCK", "LOG"))
        file = files[dice.randrange(len(files))]
        _damage_file(file, dice)
        got = _positions(ground, copy)
        if isinstance(got, str):
            yield "refused, says why"
        elif got == expected:
            yield "nothing lost"
        else:
            assert file.suffix == ".log" and got < expected, (
                f"{file.name}: {got} of {expected} records")
            yield "ends earlier, as after a crash"


def _positions(ground, store):
    """How many records a store proves to have, or why it does not."""
    done = subprocess.run([ground.portrisk, "verify", store],
                          capture_output=True, timeout=RUN_S_MAX, text=True)
    assert done.returncode >= 0, f"died of signal {-done.returncode}"
    if done.returncode != 0:
        said = (done.stderr + done.stdout).strip()
        assert said, "refused without a word"
        return said
    found = re.search(r"(\d[\d,]*)", done.stdout)
    return int(found.group(1).replace(",", "")) if found else 0

