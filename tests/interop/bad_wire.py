"""Kinds of bad input below the calls: other protocols on the port, frames of
HTTP/2 that are none, connections that say nothing, and TLS with the wrong
certificates."""

import concurrent.futures
import pathlib
import re
import signal
import socket
import ssl
import struct
import tempfile

import grpc

from bad_input import CALLER, damage, kind, movement, outcome_of
from certificates import Authority
from server import Server

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST, SETTINGS, PING, GOAWAY, WINDOW, MORE = (
    0, 1, 2, 3, 4, 6, 7, 8, 9)
END_STREAM, END_HEADERS = 1, 4
WAIT_S = 30  # For an end that has to come; a slow machine needs long.


def frame(what, flags, stream, payload=b""):
    return (struct.pack(">I", len(payload))[1:] + bytes([what, flags]) +
            struct.pack(">I", stream) + payload)


def _text(text):
    data = text.encode()
    if len(data) < 127:
        return bytes([len(data)]) + data
    size, out = len(data) - 127, b"\x7f"
    while size >= 128:
        out += bytes([size % 128 + 128])
        size //= 128
    return out + bytes([size]) + data


def header_block(fields):
    """Literal, without an index: any name and value."""
    return b"".join(b"\x00" + _text(n) + _text(v) for n, v in fields)


def request_headers(**changes):
    fields = {":method": "POST", ":scheme": "http",
              ":path": "/portrisk.v1.ScoringService/ScoreMovement",
              ":authority": "127.0.0.1", "te": "trailers",
              "content-type": "application/grpc",
              "portrisk-caller": "development"}
    for name, value in changes.items():
        name = name.replace("__", ":").replace("_", "-")
        if value is None:
            fields.pop(name, None)
        else:
            fields[name] = value
    return header_block(fields.items())


def grpc_message(data, compressed=0, size=None):
    return bytes([compressed]) + struct.pack(
        ">I", len(data) if size is None else size) + data


def connect(ground):
    host, _, port = ground.server.address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=WAIT_S)


def read_to_end(connection):
    """All that comes until the server closes; b"" too. None: it never did."""
    got = b""
    try:
        while True:
            some = connection.recv(65536)
            if not some:
                return got
            got += some
    except (ConnectionResetError, BrokenPipeError):
        return got
    except TimeoutError:
        return None


def read_answer(connection, wait_s):
    """What comes until there is a status, at most so long."""
    got = b""
    connection.settimeout(wait_s)
    try:
        while b"grpc-status" not in got:
            some = connection.recv(65536)
            if not some:
                break
            got += some
    except TimeoutError:
        pass
    connection.settimeout(WAIT_S)
    return got


def answer(got):
    """The strongest thing that frames in it say."""
    if got is None:
        return "held open"
    said = "closed"
    while len(got) >= 9:
        size = int.from_bytes(got[:3], "big")
        what, flags, payload = got[3], got[4], got[9:9 + size]
        if what == GOAWAY and len(payload) >= 8:
            code = int.from_bytes(payload[4:8], "big")
            if said == "closed" and code != 0:
                said = f"GOAWAY {code}"
        elif what == RST and said == "closed":
            said = "stream reset"
        elif what == HEADERS:
            status = re.search(rb"grpc-status.([0-9]+)", payload, re.DOTALL)
            if status is not None:
                code = next(c for c in grpc.StatusCode
                            if c.value[0] == int(status.group(1)))
                said = f"{code.name}"
            elif flags & END_STREAM and said == "closed":
                said = "refused by HTTP status"
        got = got[9 + size:]
    return said


def exchange(ground, data, wait_s=0):
    """Sends, says after a while that no more will come, reads to the end. What
    is not answered by then is told by the closing of the connection."""
    with connect(ground) as connection:
        got = b""
        try:
            connection.sendall(data)
            if wait_s:
                got = read_answer(connection, wait_s)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # It has closed already: what it said is still there.
        rest = read_to_end(connection)
        return answer(None if rest is None else got + rest)


def hello():
    return PREFACE + frame(SETTINGS, 0, 0)


ENDED = (r"closed|GOAWAY \d+|stream reset|refused by HTTP status|"
         r"[A-Z_]+")


@kind("other protocols on the port: HTTP/1.1, TLS, SSH, SMTP", ENDED, scale=0)
def other_protocols(ground, _):
    for data in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                 b"POST /portrisk.v1.ScoringService/ScoreMovement HTTP/1.1\r\n"
                 b"Content-Length: 99999999\r\n\r\n",
                 b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 500,
                 b"SSH-2.0-OpenSSH_9.2\r\n", b"EHLO a\r\n", b"\x00" * 1000,
                 b"PRI * HTTP/2.0\r\n\r\nSM\r\n", PREFACE[:5]):
        yield exchange(ground, data)


@kind("random bytes to the port", ENDED, scale=4)
def random_bytes(ground, n):
    dice = ground.dice("port")
    for _ in range(n):
        yield exchange(ground, dice.randbytes(dice.randrange(1, 2000)))


@kind("random frames behind a good beginning", ENDED, scale=20)
def random_frames(ground, n):
    dice = ground.dice("frames")
    for _ in range(n):
        data = hello()
        for _ in range(dice.randrange(1, 8)):
            payload = dice.choice((b"", dice.randbytes(dice.randrange(60)),
                                   request_headers()))
            data += frame(dice.randrange(11), dice.randrange(256),
                          dice.choice((0, 1, 1, 3, 2, 2**31 - 1)), payload)
        yield exchange(ground, data)


@kind("damaged bytes of a good call", ENDED, scale=20)
def damaged_calls(ground, n):
    dice = ground.dice("wire")
    message = movement("wire").SerializeToString()
    good = hello() + frame(HEADERS, END_HEADERS, 1, request_headers()) + frame(
        DATA, END_STREAM, 1, grpc_message(message))
    for _ in range(n):
        yield exchange(ground, damage(good, dice))


@kind("a call with wrong headers", ENDED, scale=0)
def wrong_headers(ground, _):
    message = grpc_message(movement("headers").SerializeToString())
    for changes in ({"__method": "GET"}, {"__path": None}, {"__path": ""},
                    {"te": None}, {"content_type": "text/html"},
                    {"content_type": None}, {"grpc_encoding": "brotli"},
                    {"grpc_timeout": "abc"}, {"grpc_timeout": "-5S"},
                    {"grpc_timeout": "99999999999999H"},
                    {"x_big": "a" * 15000}, {"x_big": "a" * 60000},
                    {"portrisk_caller": "\x00"}, {"X_UPPER": "a"},
                    {"grpc_trace_bin": "!!!"}):
        yield exchange(ground, hello() + frame(
            HEADERS, END_HEADERS, 1, request_headers(**changes)) +
            frame(DATA, END_STREAM, 1, message), wait_s=1)


@kind("a message whose length is wrong, or that claims to be compressed",
      ENDED, scale=0)
def wrong_lengths(ground, _):
    data = movement("length").SerializeToString()
    for message in (grpc_message(data, size=len(data) + 1),
                    grpc_message(data, size=0), grpc_message(data, size=3),
                    grpc_message(data, size=2**32 - 1),
                    grpc_message(data, size=2**31),
                    grpc_message(data, compressed=1),
                    grpc_message(data, compressed=77), b"", b"\x00",
                    grpc_message(data) * 2):
        for encoding in (None, "gzip"):
            yield exchange(ground, hello() + frame(
                HEADERS, END_HEADERS, 1,
                request_headers(grpc_encoding=encoding)) +
                frame(DATA, END_STREAM, 1, message), wait_s=1)


@kind("floods of frames: settings, pings, resets, continuations, empty data",
      ENDED, scale=0)
def floods(ground, _):
    some = 20_000
    reset = b"".join(
        frame(HEADERS, END_HEADERS, i, request_headers()) +
        frame(RST, 0, i, b"\x00\x00\x00\x08") for i in range(1, 2001, 2))
    for data in (frame(SETTINGS, 0, 0) * some,
                 frame(PING, 0, 0, b"12345678") * some, reset,
                 frame(HEADERS, 0, 1, request_headers()) +
                 frame(MORE, 0, 1, header_block([("a", "b" * 1000)])) * 2000,
                 frame(HEADERS, END_HEADERS, 1, request_headers()) +
                 frame(DATA, 0, 1) * some,
                 frame(WINDOW, 0, 0, b"\x7f\xff\xff\xff") * 3,
                 frame(PRIORITY, 0, 1, b"\x00\x00\x00\x01\x00") * some):
        yield exchange(ground, hello() + data)


@kind("connections that are opened and say nothing, or half a beginning",
      "the others are answered", scale=0)
def silent(ground, _):
    held = []
    for i in range(300):
        connection = connect(ground)
        if i % 3 == 1:
            connection.sendall(PREFACE[:10])
        elif i % 3 == 2:
            connection.sendall(hello() + frame(HEADERS, 0, 1, b"\x00"))
        held.append(connection)
    for bytes_, gold in ground.gold.items():
        assert ground.score(bytes_) == gold
        yield "the others are answered"
    for connection in held:
        connection.close()


@kind("connections that are opened and cut off, at once", "cut off", scale=20)
def cut_off(ground, n):
    for i in range(n):
        connection = connect(ground)
        # Not closed but reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              struct.pack("ii", 1, 0))
        if i % 2:
            connection.sendall(hello() + frame(
                HEADERS, END_HEADERS, 1, request_headers()))
        connection.close()
        yield "cut off"


class _Tls:
    """A server that asks for certificates, and some to show it."""

    def __init__(self, ground):
        self.ground = ground

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory()
        folder = self.folder = pathlib.Path(self.temporary.name)
        good = Authority(folder)
        good.sign("server", "DNS:localhost,IP:127.0.0.1")
        good.sign("gate", "DNS:gate")
        good.sign("stranger", "DNS:stranger")
        (folder / "other").mkdir()
        other = Authority(folder / "other")
        other.sign("gate", "DNS:gate")
        roles = folder / "roles.yaml"
        roles.write_text("callers:\n- {name: gate, roles: [scorer], "
                         "sources: [hostile]}\n")
        secrets = folder / "secrets"
        secrets.write_text("key_id: a\npin_key: " + "ab" * 32 +
                           "\ndraw_key: " + "cd" * 32 + "\n")
        secrets.chmod(0o600)
        self.server = Server(
            self.ground.portriskd, "--tls-cert", folder / "server.crt",
            "--tls-key", folder / "server.key", "--tls-ca", folder / "ca.crt",
            "--roles", roles, "--secrets", secrets)
        self.server.__enter__()
        return self

    def __exit__(self, *error):
        self.server.__exit__(*error)
        self.temporary.cleanup()

    def call(self, bytes_, certificate=None, path="ScoringService/ScoreMovement"
             ):
        ca = (self.folder / "ca.crt").read_bytes()
        shown = [] if certificate is None else [
            (self.folder / f"{certificate}.{end}").read_bytes()
            for end in ("key", "crt")]
        credentials = grpc.ssl_channel_credentials(ca, *shown)
        with grpc.secure_channel(self.server.address, credentials) as channel:
            try:
                channel.unary_unary("/portrisk.v1." + path)(
                    bytes_, metadata=CALLER, timeout=WAIT_S)
                return "OK"
            except grpc.RpcError as error:
                return outcome_of(error)


@kind("to a server with certificates: none, of another authority, of a "
      "stranger, without the role, for another's movements",
      r"UNAVAILABLE .*|UNAUTHENTICATED UNKNOWN_CALLER|"
      r"PERMISSION_DENIED (ROLE_MISSING|SOURCE_NOT_YOURS)|closed|OK", scale=0)
def certificates(ground, _):
    good = movement("tls").SerializeToString()
    with _Tls(ground) as tls:
        yield tls.call(good)
        yield tls.call(good, "other/gate")
        yield tls.call(good, "stranger")
        yield tls.call(b"\x0a\x01a", "gate", "HistoryService/GetContainer")
        yield tls.call(movement("tls", "gold").SerializeToString(), "gate")
        plain = type("plain", (), {"server": tls.server})
        for data in (hello(), b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" * 99):
            yield exchange(plain, data)
        # A new roles file that cannot be read lets in whom the old one did.
        (tls.folder / "roles.yaml").unlink()
        (tls.folder / "roles.yaml").mkdir()
        tls.server.process.send_signal(signal.SIGHUP)
        yield tls.call(good, "gate")
