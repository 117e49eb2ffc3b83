"""What the tests of bad input share: a server to throw things at, a count of
what the caller saw of each kind, and the proof after each kind that nothing
else has changed.

A kind is a function that yields an outcome for each thing it tried, as the
caller saw it: "OK", "INVALID_ARGUMENT INVALID_MOVEMENT", "closed". What may be
seen is declared with it; anything else fails the test.
"""

import collections
import pathlib
import random
import re
import time

import grpc

from client import error_details, messages

CALLER = (("portrisk-caller", "development"), ("portrisk-purpose", "a test"))
# What the server may grow by, whatever it is sent: messages on their way in
# may take 512 MiB together (service/server.cc).
GROWTH_MIB_MAX = 512
GOLD = 12
TRIES = 100

KINDS = []


def kind(name, expect, scale=1):
    """Registers a kind. `scale` is how many it tries of each unit of --count;
    0: it is tried once, whatever the count."""
    def register(function):
        KINDS.append((name, re.compile(expect), scale, function))
        return function
    return register


def methods():
    """(path, request class, client streams, server streams) of all methods."""
    from client import PROTO, Service, _class_of
    for file in sorted((PROTO / "portrisk/v1").glob("*_service.proto")):
        module = messages(file.stem)
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                yield (f"/{service.full_name}/{method.name}",
                       _class_of(method.input_type),
                       *Service._streams(service, method))


def outcome_of(error):
    """An RpcError in a few words."""
    code = error.code().name
    info = error_details(error).get("ErrorInfo")
    if info is not None:
        return f"{code} {info.reason}"
    # gRPC itself, before anything of ours. Numbers and places differ.
    words = re.sub(r"[0-9].*", "", error.details() or "").strip(" :(.,")
    return f"{code} ({words[:40]})"


def movement(movement_id, source="hostile", number="QZAU5014757",
             seconds=1773144000):
    made = messages("scoring_service").ScoreMovementRequest()
    made.movement.source, made.movement.id = source, movement_id
    made.movement.event = messages("movement").GATE_OUT
    made.movement.occurrence_time.seconds = seconds
    made.movement.container.number = number
    made.movement.location.locode = "NLRTM"
    made.movement.location.facility = "ECTDELTA"
    made.movement.haulier.id = "NL-100"
    made.movement.seals.add(number="S1")
    made.movement.weights.vgm_kg = 20000
    return made


def damage(data, dice):
    """As tests/fuzz/damage.h does it, often in one place alone."""
    data = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        at = dice.randint(0, len(data))
        what = dice.randrange(6)
        if what == 0 and at < len(data):
            data[at] ^= 1 << dice.randrange(8)
        elif what == 1 and at < len(data):
            data[at] = dice.randrange(256)
        elif what == 2:
            del data[at:at + dice.randrange(9)]
        elif what == 3:
            data[at:at] = data[at:at + dice.randrange(24)]
        elif what == 4 and dice.randrange(8) == 0:
            del data[at:]
        elif what == 5:
            data[at:at] = b"\xff" * 9 + b"\x01"
    return bytes(data)


class Ground:
    """The server under test, spoken to in bytes."""

    def __init__(self, server, seed, programs):
        self.server = server
        self.portriskd, self.portrisk = programs
        self.seed = seed
        self.folder = pathlib.Path(server.folder.name)
        self.channel = self.open_channel()
        self.gold = {}
        for i in range(GOLD):
            bytes_ = movement(f"gold-{i}", "gold", seconds=1773144000 + i
                              ).SerializeToString()
            self.gold[bytes_] = self.score(bytes_)
        self.rss_mib_begin = self.rss_mib()

    def open_channel(self):
        return grpc.insecure_channel(self.server.address, options=(
            ("grpc.max_send_message_length", -1),
            ("grpc.max_receive_message_length", -1),
            ("grpc.use_local_subchannel_pool", 1)))

    def dice(self, name):
        return random.Random(f"{self.seed} {name}")

    def _answer(self, path, bytes_, metadata, timeout):
        """As a client has to: what is refused for want of room comes again. On
        a slow machine one call at a time can be too many."""
        for attempt in range(TRIES):
            try:
                return self.channel.unary_unary(path)(
                    bytes_, metadata=metadata, timeout=timeout)
            except grpc.RpcError as error:
                if "RetryInfo" not in error_details(error) or \
                        attempt == TRIES - 1:
                    raise
                time.sleep(0.1)

    def score(self, bytes_):
        return self._answer("/portrisk.v1.ScoringService/ScoreMovement",
                            bytes_, CALLER, 60)

    def call(self, path, bytes_, metadata=CALLER, timeout=60):
        """The outcome of a unary call."""
        try:
            self._answer(path, bytes_, metadata, timeout)
            return "OK"
        except grpc.RpcError as error:
            return outcome_of(error)

    def watch(self, path, bytes_, timeout):
        try:
            for _ in self.channel.unary_stream(path)(
                    bytes_, metadata=CALLER, timeout=timeout):
                pass
            return "OK"
        except grpc.RpcError as error:
            return outcome_of(error)

    def stream(self, pieces, timeout=60):
        """Outcomes of the pieces of a stream, and of the stream itself."""
        result = messages("scoring_service").ScoreResult
        seen = []
        call = self.channel.stream_stream(
            "/portrisk.v1.ScoringService/StreamScoreMovements")(
                iter(pieces), metadata=CALLER, timeout=timeout)
        try:
            for reply in call:
                seen.append(self.result(result.FromString(reply)))
        except grpc.RpcError as error:
            seen.append("stream: " + outcome_of(error))
        return seen

    @staticmethod
    def result(result):
        if result.HasField("assessment"):
            return "OK"
        from google.rpc import error_details_pb2
        info = error_details_pb2.ErrorInfo()
        for any_ in result.error.details:
            if any_.Unpack(info):
                break
        code = next(c for c in grpc.StatusCode
                    if c.value[0] == result.error.code)
        return f"{code.name} {info.reason}"

    def rss_mib(self):
        status = pathlib.Path(f"/proc/{self.server.process.pid}/status")
        found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text())
        return int(found.group(1)) / 1024

    def prove_nothing_changed(self, name):
        """Alive, answering as before, no larger than it may be."""
        if self.server.process.poll() is not None:
            raise AssertionError(
                f"the server died of {name}: " +
                self.server.log.read_text(errors="replace")[-2000:])
        for bytes_, answer in self.gold.items():
            if self.score(bytes_) != answer:
                raise AssertionError(f"{name} changed what was acknowledged")
        strange = [line for line in self.server.log.read_text(
            errors="replace").splitlines() if not line.startswith("{")]
        if strange:
            raise AssertionError(f"{name} wrote into the server's log what is "
                                 f"no entry of it: {strange[:3]}")
        growth = self.rss_mib() - self.rss_mib_begin
        if growth > GROWTH_MIB_MAX:
            raise AssertionError(f"{name} left the server {growth:.0f} MiB "
                                 "larger")


class Table:
    """Kind, how many, what the caller saw."""

    def __init__(self):
        self.rows = []

    def run(self, ground, count, only=""):
        for name, expect, scale, function in KINDS:
            if only and only not in name:
                continue
            begun = time.monotonic()
            seen = collections.Counter(function(ground, max(1, count * scale)))
            strange = [o for o in seen if not expect.fullmatch(o)]
            assert seen, f"{name} tried nothing"
            assert not strange, f"{name}: unexpected {strange} in {seen}"
            ground.prove_nothing_changed(name)
            self.rows.append((name, seen, time.monotonic() - begun,
                              ground.rss_mib() - ground.rss_mib_begin))

    def text(self):
        lines = ["| kind | tried | what the caller saw | MiB |",
                 "|---|---|---|---|"]
        for name, seen, _, growth in self.rows:
            outcomes = ", ".join(
                f"{outcome} {number:,}" if len(seen) > 1 else outcome
                for outcome, number in seen.most_common())
            lines.append(f"| {name} | {sum(seen.values()):,} | {outcomes} | "
                         f"{growth:+.0f} |")
        return "\n".join(lines)
