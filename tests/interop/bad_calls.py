"""Kinds of bad input that come as calls: bytes that are no message, messages
that are no movement, and calls that end badly."""

import itertools
import threading
import time

import grpc

from bad_input import (CALLER, damage, kind, methods, movement, outcome_of)
from client import error_details, messages

SCORE = "/portrisk.v1.ScoringService/ScoreMovement"
BATCH = "/portrisk.v1.ScoringService/BatchScoreMovements"
REFUSED = r"INVALID_ARGUMENT \w+"
# A caller's bytes may ask for what is not there, or not yet possible.
FULL = r"|RESOURCE_EXHAUSTED QUEUE_FULL"  # Of what yields to gates.
ANSWERED = (r"OK|(INVALID_ARGUMENT|NOT_FOUND|ALREADY_EXISTS|ABORTED|"
            r"FAILED_PRECONDITION|OUT_OF_RANGE|UNIMPLEMENTED) [A-Z_]+")
# The server has closed the connection while the client was still sending.
HUNG_UP = (r"UNAVAILABLE \((Broken pipe|Connection reset by peer|"
           r"Socket closed)\)")


def _repeat(ground, bytes_):
    """What was taken is answered the same again."""
    assert ground.score(bytes_) == ground.score(bytes_), bytes_


@kind("no protobuf: random bytes to each method",
      ANSWERED + r"|DEADLINE_EXCEEDED .*" + FULL, scale=2)
def random_bytes(ground, n):
    dice = ground.dice("random")
    for i in range(n):
        for path, _, client_streams, server_streams in methods():
            bytes_ = dice.randbytes(dice.randrange(1, 300))
            if client_streams:
                yield from ground.stream([bytes_])
            elif server_streams:
                if i == 0:
                    yield ground.watch(path, bytes_, 0.3)
            else:
                yield ground.call(path, bytes_)


@kind("a damaged movement, alone", f"OK|{REFUSED}|ALREADY_EXISTS "
      "MOVEMENT_CONFLICT", scale=40)
def damaged_movements(ground, n):
    dice = ground.dice("movement")
    for i in range(n):
        bytes_ = damage(movement(f"d-{i}").SerializeToString(), dice)
        outcome = ground.call(SCORE, bytes_)
        if outcome == "OK" and i % 8 == 0:
            _repeat(ground, bytes_)
        yield outcome


@kind("damaged movements in a batch", f"OK|{REFUSED}|ALREADY_EXISTS "
      "MOVEMENT_CONFLICT" + FULL, scale=4)
def damaged_batches(ground, n):
    dice = ground.dice("batch")
    scoring = messages("scoring_service")
    for i in range(n):
        batch = scoring.BatchScoreMovementsRequest()
        for k in range(10):
            batch.movements.add().CopyFrom(movement(f"b-{i}-{k}").movement)
        bytes_ = damage(batch.SerializeToString(), dice)
        try:
            reply = ground.channel.unary_unary(BATCH)(
                bytes_, metadata=CALLER, timeout=60)
        except grpc.RpcError as error:
            yield outcome_of(error)
            continue
        for result in scoring.BatchScoreMovementsResponse.FromString(
                reply).results:
            yield ground.result(result)


@kind("damaged movements on a stream", f"OK|{REFUSED}|ALREADY_EXISTS "
      "MOVEMENT_CONFLICT" + FULL, scale=4)
def damaged_streams(ground, n):
    dice = ground.dice("stream")
    for i in range(n):
        pieces = [damage(movement(f"s-{i}-{k}").SerializeToString(), dice)
                  for k in range(10)]
        seen = ground.stream(pieces)
        assert len(seen) == len(pieces), "each piece has its result"
        yield from seen


@kind("damaged requests of the other methods", ANSWERED, scale=2)
def damaged_requests(ground, n):
    dice = ground.dice("requests")
    for _ in range(n):
        for path, request, client_streams, server_streams in methods():
            if client_streams or server_streams or "Score" in path:
                continue
            made = request()
            for field in made.DESCRIPTOR.fields:
                if field.label == field.LABEL_REPEATED:
                    continue
                if field.cpp_type == field.CPPTYPE_STRING:
                    setattr(made, field.name, b"NLRTM" if field.type ==
                            field.TYPE_BYTES else "NLRTM")
                elif field.cpp_type in (field.CPPTYPE_INT32,
                                        field.CPPTYPE_INT64,
                                        field.CPPTYPE_UINT32,
                                        field.CPPTYPE_UINT64):
                    setattr(made, field.name, dice.randrange(1, 9))
            yield ground.call(path, damage(made.SerializeToString(), dice))


def _changed(change):
    made = movement("changed")
    change(made.movement)
    return made.SerializeToString()


def _set_time(seconds, nanos=0):
    def change(m):
        m.occurrence_time.seconds, m.occurrence_time.nanos = seconds, nanos
    return change


def _fields(**fields):
    def change(m):
        for name, value in fields.items():
            *path, last = name.split("__")
            at = m
            for step in path:
                at = getattr(at, step)
            setattr(at, last, value)
    return change


MEANINGLESS = {
    "a field is missing": [
        _fields(source=""), _fields(id=""), _fields(event=0),
        lambda m: m.ClearField("occurrence_time"),
        lambda m: m.ClearField("container"), lambda m: m.Clear()],
    "an event or code that does not exist": [
        _fields(event=9999), _fields(event=-1), _fields(classifier=77),
        _fields(container__load_status=99), _fields(transport__mode=123456)],
    "a time that cannot be": [
        _set_time(-10**15), _set_time(2**62), _set_time(253402300800),
        _set_time(1773144000, -1), _set_time(1773144000, 10**9),
        _set_time(-2**63), _set_time(2**63 - 1, 2**31 - 1)],
    "a time in the future": [_set_time(4102444800), _set_time(253402300799)],
    "a code of the wrong form": [
        _fields(location__locode="ROTTERDAM"), _fields(location__locode="N1"),
        _fields(transport__vessel_imo="12"),
        _fields(container__number="X" * 18)],
    "control bytes in a text": [
        _fields(id="a\x00b"), _fields(id="a\nb"), _fields(source="\x1b[2J"),
        _fields(haulier__id="\x07"), _fields(location__facility="A\x00")],
    "a text beyond its length": [
        _fields(id="x" * 129), _fields(source="y" * 65),
        _fields(haulier__id="z" * 513), _fields(haulier__name="\U0001F6A2" *
                                                 2000)],
    "a number beyond its range": [
        _fields(weights__vgm_kg=-1), _fields(weights__vgm_kg=2**31 - 1),
        _fields(container__tare_kg=-5),
        _fields(location__latitude=float("nan")),
        _fields(location__latitude=91.0),
        _fields(location__longitude=float("inf"))],
    "too many of a list": [
        lambda m: [m.seals.add(number=f"S{i}") for i in range(5000)]],
}


def _field_of(ground, bytes_):
    """The field that a refused movement is told is wrong."""
    try:
        ground.score(bytes_)
        return "OK"
    except grpc.RpcError as error:
        fields = [v.field for v in error_details(error)["BadRequest"]
                  .field_violations]
        return f"{outcome_of(error)}: {fields[0]}"


def _register_meaningless(name, changes):
    @kind(name, REFUSED + r": movement\.\S+", scale=0)
    def run(ground, _):
        for change in changes:
            yield _field_of(ground, _changed(change))


for _name, _changes in MEANINGLESS.items():
    _register_meaningless(_name, _changes)


@kind("a broken check digit, a number that is none", "OK", scale=0)
def broken_check_digits(ground, _):
    """Facts, not errors: rules weigh them."""
    for i, number in enumerate(("QZAU5014750", "ZZZZ0000000", "12345678901",
                                "MSCU123456", "A")):
        yield ground.call(SCORE, movement(
            f"digit-{i}", number=number).SerializeToString())


@kind("text that is not UTF-8", "INVALID_ARGUMENT INVALID_MOVEMENT", scale=2)
def not_utf8(ground, n):
    good = movement("utf8-xxxx").SerializeToString()
    bad = (b"\xff\xfe\x00\x80", b"\xc0\xafaa", b"\xed\xa0\x80a", b"\xf8aaa")
    for i in range(n):
        yield ground.call(SCORE, good.replace(b"xxxx", bad[i % len(bad)]))


@kind("fields that this version does not know", "OK", scale=0)
def unknown_fields(ground, _):
    for i, extra in enumerate((b"\xf8\xff\x03\x01", b"\xfa\xff\x03\x03abc",
                               b"\xfd\xff\x03abcd")):
        bytes_ = movement(f"unknown-{i}").SerializeToString() + extra
        outcome = ground.call(SCORE, bytes_)
        _repeat(ground, bytes_)
        yield outcome


@kind("an id used again for other content",
      "OK|ALREADY_EXISTS MOVEMENT_CONFLICT", scale=0)
def conflicts(ground, _):
    first = movement("conflict")
    yield ground.call(SCORE, first.SerializeToString())
    for kg in range(20001, 20011):
        first.movement.weights.vgm_kg = kg
        yield ground.call(SCORE, first.SerializeToString())


@kind("a correction older than what it corrects",
      "OK|ALREADY_EXISTS MOVEMENT_CONFLICT", scale=0)
def older_corrections(ground, _):
    made = movement("travel")
    made.movement.update_time.seconds = 1773145000
    yield ground.call(SCORE, made.SerializeToString())
    for i in range(1, 6):
        made.movement.update_time.seconds = 1773145000 - i * 100
        made.movement.weights.vgm_kg = 20000 + i
        yield ground.call(SCORE, made.SerializeToString())


@kind("an empty batch, one of 1,001, one of 200,000",
      "INVALID_ARGUMENT BAD_BATCH_SIZE", scale=0)
def batch_sizes(ground, _):
    scoring = messages("scoring_service")
    for size in (0, 1001, 200_000):
        batch = scoring.BatchScoreMovementsRequest()
        one = movement("m").movement if size < 2000 else None
        for _ in range(size):
            if one is None:
                batch.movements.add()
            else:
                batch.movements.add().CopyFrom(one)
        yield ground.call(BATCH, batch.SerializeToString())


@kind("a request too large for its method, one for any",
      r"INVALID_ARGUMENT "
      r"(REQUEST_TOO_LARGE|INVALID_MOVEMENT|UNPARSABLE_REQUEST)|"
      r"RESOURCE_EXHAUSTED \(Received message larger.*|" + HUNG_UP, scale=0)
def too_large(ground, _):
    huge = movement("huge")
    huge.movement.haulier.name = "x" * 200_000
    yield ground.call(SCORE, huge.SerializeToString())
    for size in (300 << 10, 17 << 20, 70 << 20):
        zeros = bytes(size)
        yield ground.call(SCORE, zeros)
        yield ground.call(BATCH, zeros)
        yield ground.call("/portrisk.v1.HistoryService/GetContainer", zeros)


@kind("two million empty elements, to methods that take many",
      "INVALID_ARGUMENT TOO_MANY_FIELDS", scale=0)
def empty_elements(ground, _):
    # One movement with nothing but seals, 4,000,000 bytes of them.
    yield ground.call(BATCH,
                      b"\x0a\x80\x92\xf4\x01" + b"\x62\x00" * 2_000_000)
    for method in ("OutcomeService/BatchRecordOutcomes",
                   "OutcomeService/BatchRecordDecisions",
                   "EvaluationService/StartEvaluation",
                   "RuleService/CreateRevision"):
        yield ground.call("/portrisk.v1." + method, b"\x0a\x00" * 2_000_000)


@kind("too much metadata, and metadata of the wrong form",
      r"OK|RESOURCE_EXHAUSTED \(received \w* ?metadata.*|INVALID_ARGUMENT \w+|"
      r"UNAUTHENTICATED \w+|" + HUNG_UP, scale=0)
def metadata(ground, _):
    request = movement("metadata").SerializeToString()
    for extra in ((("x-big", "a" * 100_000),),
                  tuple((f"x-{i}", "a" * 50) for i in range(2000)),
                  (("x-some-bin", b"\x00\xff" * 100),)):
        yield ground.call(SCORE, request, CALLER + extra)
    for name, value in (("portrisk-caller", ""), ("portrisk-caller", "a" * 999),
                        ("portrisk-purpose", ""), ("portrisk-purpose",
                                                   "a" * 5000)):
        yield ground.call("/portrisk.v1.HistoryService/GetContainer",
                          b"\x0a\x0bQZAU5014757", ((name, value),))


@kind("a method, service or path that does not exist",
      r"UNIMPLEMENTED .*", scale=0)
def wrong_methods(ground, _):
    for path in ("/portrisk.v1.ScoringService/Nothing",
                 "/portrisk.v2.ScoringService/ScoreMovement", "/", "/a",
                 "/portrisk.v1.ScoringService/ScoreMovement/more",
                 "/" + "a" * 8000, "/../../etc/passwd"):
        yield ground.call(path, b"")


@kind("pages and positions that are none", ANSWERED, scale=0)
def pages(ground, _):
    rules, history = messages("rule_service"), messages("history_service")
    for token in ("x", "-1", "99999999999999999999", "\U0001F6A2", "0" * 9999):
        for path, made in (
                ("RuleService/ListRevisions",
                 rules.ListRevisionsRequest(page_token=token)),
                ("RuleService/ListLists",
                 rules.ListListsRequest(page_token=token)),
                ("HistoryService/ListMovements",
                 history.ListMovementsRequest(page_token=token))):
            yield ground.call("/portrisk.v1." + path, made.SerializeToString())
    for size in (-1, 2**31 - 1, -2**31):
        yield ground.call("/portrisk.v1.RuleService/ListRevisions",
                          rules.ListRevisionsRequest(
                              page_size=size).SerializeToString())


@kind("a deadline that has passed or nearly",
      r"OK|DEADLINE_EXCEEDED .*", scale=4)
def deadlines(ground, n):
    for i in range(n):
        yield ground.call(SCORE, movement(f"late-{i}").SerializeToString(),
                          timeout=0.0001 * (i % 5))


@kind("a call that its caller cancels", "CANCELLED .*|OK", scale=4)
def cancelled(ground, n):
    for i in range(n):
        call = ground.channel.unary_unary(SCORE).future(
            movement(f"gone-{i}").SerializeToString(), metadata=CALLER)
        call.cancel()
        try:
            call.result(timeout=60)
            yield "OK"
        except grpc.FutureCancelledError:
            yield "CANCELLED by itself"
        except grpc.RpcError as error:
            yield outcome_of(error)


@kind("a stream that is abandoned in the middle", "abandoned", scale=2)
def abandoned_streams(ground, n):
    for i in range(n):
        stop = threading.Event()

        def requests(i=i, stop=stop):
            for k in range(20):
                yield movement(f"half-{i}-{k}").SerializeToString()
            stop.wait(30)

        call = ground.channel.stream_stream(
            "/portrisk.v1.ScoringService/StreamScoreMovements")(
                requests(), metadata=CALLER, timeout=60)
        next(call)
        call.cancel()
        stop.set()
        yield "abandoned"


@kind("a stream whose results nobody reads", "the others are answered",
      scale=0)
def slow_reader(ground, _):
    stop = threading.Event()
    sent = itertools.count()
    channel = ground.open_channel()

    def requests():
        for i in range(3000):
            if stop.is_set():
                return
            next(sent)
            yield movement(f"slow-{i}").SerializeToString()

    call = channel.stream_stream(
        "/portrisk.v1.ScoringService/StreamScoreMovements")(
            requests(), metadata=CALLER, timeout=60)
    time.sleep(0.2)
    for answer in ground.gold:
        assert ground.score(answer) == ground.gold[answer]
        yield "the others are answered"
    stop.set()
    call.cancel()
    channel.close()


@kind("more streams of a caller than it may have",
      "taken|RESOURCE_EXHAUSTED TOO_MANY_STREAMS", scale=0)
def many_streams(ground, _):
    stop = threading.Event()
    calls = []
    for i in range(24):
        def requests(i=i):
            yield movement(f"many-{i}").SerializeToString()
            stop.wait(60)

        calls.append(ground.channel.stream_stream(
            "/portrisk.v1.ScoringService/StreamScoreMovements")(
                requests(), metadata=CALLER, timeout=60))
    for call in calls:
        try:
            next(call)
            yield "taken"
        except grpc.RpcError as error:
            yield outcome_of(error)
    stop.set()
    for call in calls:
        call.cancel()
