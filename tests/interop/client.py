"""A client of portrisk in Python, with nothing but grpcio and protobuf.

The message classes are made by protoc at start, the methods from the service
descriptors, so that there is no generated code to keep in step:

    client = Client("127.0.0.1:50071")
    request = messages("scoring_service").ScoreMovementRequest()
    assessment = client.scoring.ScoreMovement(request)

Debian: apt install python3-grpcio protobuf-compiler
"""

import importlib
import pathlib
import subprocess
import sys
import tempfile

import google
import grpc

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"
ERROR_DETAILS = "grpc-status-details-bin"

_generated = tempfile.TemporaryDirectory(prefix="portrisk-proto-")


def _compile_protos():
    protos = [str(p.relative_to(PROTO)) for p in sorted(PROTO.rglob("*.proto"))]
    subprocess.run(["protoc", f"-I{PROTO}", f"--python_out={_generated.name}",
                    *protos], cwd=PROTO, check=True)
    sys.path.insert(0, _generated.name)
    # The package `google` is the installed protobuf's; ours adds google.rpc.
    google.__path__.append(str(pathlib.Path(_generated.name) / "google"))


_compile_protos()


def messages(file):
    """The generated module of portrisk/v1/<file>.proto."""
    return importlib.import_module(f"portrisk.v1.{file}_pb2")


def _class_of(descriptor):
    # Importing the file's module registers its classes.
    module = descriptor.file.name.removesuffix(".proto").replace("/", ".")
    scope = importlib.import_module(module + "_pb2")
    return getattr(scope, descriptor.name)


class Service:
    """The methods of one service as attributes."""

    def __init__(self, channel, descriptor):
        kinds = {(False, False): channel.unary_unary,
                 (False, True): channel.unary_stream,
                 (True, False): channel.stream_unary,
                 (True, True): channel.stream_stream}
        for method in descriptor.methods:
            streams = self._streams(descriptor, method)
            setattr(self, method.name, kinds[streams](
                f"/{descriptor.full_name}/{method.name}",
                request_serializer=_class_of(
                    method.input_type).SerializeToString,
                response_deserializer=_class_of(
                    method.output_type).FromString))

    @staticmethod
    def _streams(descriptor, method):
        from google.protobuf import descriptor_pb2
        proto = descriptor_pb2.ServiceDescriptorProto()
        descriptor.CopyToProto(proto)
        found = next(m for m in proto.method if m.name == method.name)
        return found.client_streaming, found.server_streaming


class Client:
    """One channel and the services on it."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        self.scoring = self._service("scoring_service", "ScoringService")
        self.rules = self._service("rule_service", "RuleService")
        self.history = self._service("history_service", "HistoryService")
        self.evaluations = self._service("evaluation_service",
                                         "EvaluationService")
        self.selection = self._service("selection_service", "SelectionService")

    def _service(self, file, name):
        return Service(self.channel,
                       messages(file).DESCRIPTOR.services_by_name[name])

    def close(self):
        self.channel.close()


def error_details(error):
    """The details of an RpcError by type name: {"ErrorInfo": message, ...}."""
    status_pb2 = importlib.import_module("google.rpc.status_pb2")
    details_pb2 = importlib.import_module("google.rpc.error_details_pb2")
    found = {}
    for key, value in error.trailing_metadata() or ():
        if key != ERROR_DETAILS:
            continue
        for detail in status_pb2.Status.FromString(value).details:
            name = detail.type_url.rpartition(".")[2]
            found[name] = getattr(details_pb2, name).FromString(detail.value)
    return found
