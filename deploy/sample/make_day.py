#!/usr/bin/env python3
"""Makes the sample day: a made-up terminal in Rotterdam on 10 March 2026.

    deploy/sample/make_day.py [FOLDER]

Writes into FOLDER (this folder when left out):

    rights.jsonl     steps of the pick-up rights, one movement a line
    day.coarri.edi   what was discharged and loaded
    day.codeco.edi   what passed the gates, with one report from Algeciras
    cases.tsv        what was hidden in the day: container, case, what is odd

The same bytes each time. Containers, parties, vessels and plates are invented;
the owner prefixes QZAU to QZDU are held by nobody. Check digits are right
unless the case says otherwise. All times are UTC.
"""

import datetime
import json
import pathlib
import random
import sys

DAY = datetime.datetime(2026, 3, 10)
PORT, FACILITY = "NLRTM", "VELD"
SENDER = "VELDHAVEN"
HAULIERS = ["KRUIMEL TRANSPORT", "DUIN EN DIJK", "ZEEMEEUW WEGVERVOER",
            "NOORDKADE LOGISTIEK", "HAVENVOS"]
FORWARDERS = ["KOMPAS EXPEDITIE", "BAKEN FORWARDING", "TIJLOOS CARGO"]
ORIGINS = ["CNSHA", "CNNGB", "SGSIN", "USNYC", "ZADUR", "BRSSZ", "ECGYE",
           "COCTG", "INNSA", "KRPUS"]
GOODS = {"ECGYE": "BANANAS IN BOXES", "BRSSZ": "GREEN COFFEE IN BAGS",
         "COCTG": "CUT FLOWERS AND FRUIT", "ZADUR": "CITRUS FRUIT"}
IMPORTS, EXPORTS, EMPTIES = 72, 36, 12


def party_id(name):
    return name.replace(" ", "-")


def check_digit(ten):
    values = {}
    value = 10
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        if value % 11 == 0:
            value += 1
        values[letter] = value
        value += 1
    total = sum((values[c] if c.isalpha() else int(c)) << i
                for i, c in enumerate(ten))
    return total % 11 % 10


class Box:
    """A container with what stays the same all day."""

    def __init__(self, rng, serial):
        prefix = "QZ" + "ABCD"[serial % 4] + "U"
        ten = f"{prefix}{rng.randrange(100000, 999999):06d}"
        self.number = f"{ten}{check_digit(ten)}"
        self.type = rng.choice(["22G1", "45G1", "45G1", "45R1"])
        self.vgm = rng.randrange(9000, 27000, 10)
        self.seal = f"QS{rng.randrange(100000, 999999)}"
        self.bill = f"QZL{rng.randrange(10**8, 10**9)}"
        self.origin = rng.choice(ORIGINS)
        self.haulier = rng.choice(HAULIERS)
        self.forwarder = rng.choice(FORWARDERS)
        self.plate = (f"{rng.randrange(10, 99)}-B{rng.choice('DFGHJ')}"
                      f"{rng.choice('KLNPR')}-{rng.randrange(1, 9)}")
        self.pin = f"{rng.randrange(0, 10**6):06d}"
        self.right = f"RT{serial:05d}"


def stamp(time):
    return time.strftime("%Y%m%d%H%M")


def at(hours):
    return DAY + datetime.timedelta(minutes=round(hours * 60))


class Edifact:
    """One interchange."""

    def __init__(self, sender, reference):
        self.reference = reference
        self.segments = [
            f"UNB+UNOA:2+{sender}+CUSTOMS+260310:2355+{reference}"]
        self.messages = 0

    def message(self, kind, body):
        self.messages += 1
        number = f"{self.messages:05d}"
        self.segments.append(f"UNH+{number}+{kind}:D:95B:UN:SMDG16")
        self.segments += body
        self.segments.append(f"UNT+{len(body) + 2}+{number}")

    def text(self):
        end = f"UNZ+{self.messages}+{self.reference}"
        return "".join(f"{s}'\n" for s in self.segments + [end])


def equipment(box, event_time, status, full, qualifier, vgm=None, seal=None,
              number=None):
    lines = [f"EQD+CN+{number or box.number}+{box.type}:102:5++{status}+"
             f"{5 if full else 4}"]
    if full:
        lines.append(f"RFF+BM:{box.bill}")
    lines.append(f"DTM+{qualifier}:{stamp(event_time)}:203")
    if full:
        lines.append(f"MEA+AAE+VGM+KGM:{vgm or box.vgm}")
        lines.append(f"SEL+{seal or box.seal}+SH")
    return lines


def vessel_message(document, code, boxes, voyage):
    """boxes: (box, time). Code 44 discharges, 46 loads."""
    discharge = code == 44
    body = [f"BGM+{code}+{document}+9",
            f"TDT+20+{voyage}+1+13+QZL:172:ZZZ+++QZZZ7:103::QUIET ZEBRA",
            f"LOC+{11 if discharge else 9}+{PORT}:139:6+{FACILITY}:TER:ZZZ",
            "NAD+CF+QZL:172:ZZZ"]
    for slot, (box, time) in enumerate(boxes):
        lines = equipment(box, time, 3 if discharge else 2, True, 203)
        other = 9 if discharge else 11
        lines.insert(3, f"LOC+{other}+{box.origin}:139:6")
        lines.insert(4, f"LOC+147+{120282 + slot * 2:07d}::5")
        if discharge and box.origin in GOODS:
            lines.append(f"FTX+AAA+++{GOODS[box.origin]}")
        body += lines
    body.append(f"CNT+16:{len(boxes)}")
    return body


def gate_message(document, code, visits, place=PORT, facility=FACILITY):
    """visits: dicts with box, time and what differs from the box."""
    body = [f"BGM+{code}+{document}+9", "NAD+CF+QZL:172:ZZZ"]
    for visit in visits:
        box = visit["box"]
        lines = equipment(box, visit["time"], 3 if code == 36 else 2,
                          visit.get("full", True), 7, visit.get("vgm"),
                          visit.get("seal"), visit.get("number"))
        lines.append(f"LOC+165+{place}:139:6+{facility}:TER:ZZZ")
        haulier = party_id(visit.get("haulier", box.haulier))
        lines.append(f"TDT+1++3+31+{haulier}:172:ZZZ+++{box.plate}:146")
        body += lines
    body.append(f"CNT+16:{len(visits)}")
    return body


def right_step(box, event, time, step, **right):
    return {
        "source": "pcs.veldhaven", "id": f"{box.right}-{step}",
        "event": event, "classifier": "ACTUAL",
        "occurrence_time": time.strftime("%Y-%m-%dT%H:%M:00Z"),
        "container": {"number": box.number},
        "location": {"locode": PORT, "facility": FACILITY},
        "pickup_right": {"id": box.right, "kind": "PIN", **right},
    }


def rights_of(box, rng):
    """Issued the day before, accepted, and a haulier nominated."""
    issued = at(rng.uniform(-20, -8))
    accepted = issued + datetime.timedelta(minutes=rng.randrange(20, 300))
    nominated = at(rng.uniform(-2, 4))
    forwarder = {"id": party_id(box.forwarder), "name": box.forwarder,
                 "country": "NL", "account": party_id(box.forwarder) + "/desk"}
    carrier = {"id": "QZL", "name": "QUIET ZEBRA LINE"}
    nominee = {"id": party_id(box.haulier), "name": box.haulier,
               "country": "NL"}
    yield right_step(box, "PICKUP_RIGHT_ISSUED", issued, 1, pin=box.pin,
                     actor=carrier, recipient=forwarder)
    yield right_step(box, "PICKUP_RIGHT_ACCEPTED", accepted, 2,
                     actor=forwarder)
    yield right_step(box, "PICKUP_RIGHT_NOMINATED", nominated, 3,
                     actor=forwarder, nominee=nominee)


class Day:

    def __init__(self, rng):
        self.rng = rng
        self.imports = [Box(rng, i) for i in range(IMPORTS)]
        self.exports = [Box(rng, 1000 + i) for i in range(EXPORTS)]
        self.empties = [Box(rng, 2000 + i) for i in range(EMPTIES)]
        self.cases = []
        self.rights = [r for box in self.imports for r in rights_of(box, rng)]
        self.discharges = [(box, at(rng.uniform(-9, -3)))
                           for box in self.imports]
        # The last eight stay in the yard.
        self.outs = [{"box": box, "time": at(rng.uniform(6, 21))}
                     for box in self.imports[:-8]]
        self.ins = [{"box": box, "time": at(rng.uniform(5, 14))}
                    for box in self.exports]
        self.ins += [{"box": box, "time": at(rng.uniform(6, 22)),
                      "full": False} for box in self.empties]
        self.loads = [(box, at(rng.uniform(15, 23)))
                      for box in self.exports[:-4]]
        self.elsewhere = []
        self.hide_cases()

    def case(self, box, name, what):
        self.cases.append((box.number, name, what))

    def hide_cases(self):
        outs = self.outs
        for i, stranger in ((3, "SNELLE JONGENS"), (17, "VAN GRIJS")):
            box = outs[i]["box"]
            outs[i]["haulier"] = stranger
            self.case(box, "pin-fraud", f"nominated {party_id(box.haulier)}, "
                      f"collected by {party_id(stranger)}")
        for i in (9, 40):
            visit = outs[i]
            visit["time"] = at(7)
            self.ins.append({"box": visit["box"], "time": at(10.5)})
            self.case(visit["box"], "boomerang",
                      "left full at 07:00 and came back full at 10:30")
        for i in (12, 33):
            box = outs[i]["box"]
            outs[i]["time"] = at(13)
            self.elsewhere.append({"box": box, "time": at(11)})
            self.case(box, "clone", "through the gate of ESALG at 11:00 and "
                      "of NLRTM at 13:00")
        for i in (21, 52):
            box = outs[i]["box"]
            outs[i]["vgm"] = box.vgm + 2800
            self.case(box, "weight-change", f"discharged with {box.vgm} kg, "
                      f"left with {box.vgm + 2800} kg")
        for i in (26, 47):
            box = outs[i]["box"]
            outs[i]["seal"] = "ZZ" + box.seal[2:]
            self.case(box, "broken-seal", f"discharged under {box.seal}, "
                      f"left under {outs[i]['seal']}")
        box = self.ins[5]["box"]
        wrong = box.number[:-1] + str((int(box.number[-1]) + 3) % 10)
        self.ins[5]["number"] = wrong
        self.cases.append((wrong, "bad-check-digit",
                           f"announced as {box.number}"))

    def coarri(self):
        interchange = Edifact(SENDER, "2603100001")
        for n, chunk in enumerate(chunks(by_time(self.discharges), 24)):
            interchange.message("COARRI", vessel_message(
                f"VELD2603D{n:04d}", 44, chunk, "031W"))
        for n, chunk in enumerate(chunks(by_time(self.loads), 24)):
            interchange.message("COARRI", vessel_message(
                f"VELD2603L{n:04d}", 46, chunk, "032E"))
        return interchange.text()

    def codeco(self):
        gates = Edifact(SENDER, "2603100002")
        visits = sorted([(v["time"], 36, v) for v in self.outs] +
                        [(v["time"], 34, v) for v in self.ins],
                        key=lambda v: (v[0], v[1], v[2]["box"].number))
        for n, (_, code, visit) in enumerate(visits):
            gates.message("CODECO", gate_message(f"VELD2603G{n:04d}", code,
                                                 [visit]))
        far = Edifact("BAHIASUR", "2603100003")
        far.message("CODECO", gate_message("BAHIA26030077", 34, self.elsewhere,
                                           "ESALG", "BSUR"))
        return gates.text() + far.text()


def by_time(pairs):
    return sorted(pairs, key=lambda pair: (pair[1], pair[0].number))


def chunks(items, size):
    return [items[i:i + size] for i in range(0, len(items), size)]


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                          pathlib.Path(__file__).parent)
    day = Day(random.Random(20260310))
    day.rights.sort(key=lambda step: (step["occurrence_time"], step["id"]))
    lines = [json.dumps(step, separators=(",", ":")) for step in day.rights]
    cases = ["\t".join(case) for case in day.cases]
    for name, text in (
            ("rights.jsonl", "\n".join(lines) + "\n"),
            ("day.coarri.edi", day.coarri()),
            ("day.codeco.edi", day.codeco()),
            ("cases.tsv", "\n".join(cases) + "\n")):
        (folder / name).write_bytes(text.encode("ascii"))


if __name__ == "__main__":
    main()
