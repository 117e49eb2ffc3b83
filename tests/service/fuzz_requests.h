// What must hold for any bytes sent to any method of a server: a message of
// the reply's type, or an error whose code and reason say whose fault it is.
// The server is a real one, with its gate, queue, engine and store; only the
// socket is left out. Used by the fuzzer and, with seeded mutations, by an
// ordinary test.
#ifndef PORTRISK_TESTS_SERVICE_FUZZ_REQUESTS_H_
#define PORTRISK_TESTS_SERVICE_FUZZ_REQUESTS_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/support/sync_stream.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/dynamic_message.h"
#include "google/rpc/error_details.pb.h"
#include "portrisk/v1/scoring_service.pb.h"
#include "service/completion.h"
#include "service/server.h"
#include "tests/formats/fuzz_formats.h"
#include "tests/service/engine_fixture.h"

namespace portrisk::service {

class FuzzedServer {
 public:
  FuzzedServer() {
    EngineOptions options = TestOptions(directory_.path() + "/store");
    options.store.durability = store::Durability::kLoseOnPowerFailure;
    options.store.block_cache_bytes = 1 << 20;
    options.cache_states_max = 10'000;
    options.checkpoint_records = 2'000;
    auto engine = Engine::Open(options);
    Require(engine.ok(), "an engine opens");
    engine_ = *std::move(engine);
    auto server = Server::Start(engine_.get(), {});
    Require(server.ok(), "a server starts");
    server_ = *std::move(server);
    channel_ = server_->InProcessChannel();
    for (const MethodRule& rule : MethodRules()) {
      const std::string full =
          absl::StrReplaceAll(rule.method + 1, {{"/", "."}});
      methods_.push_back(
          {rule.method,
           google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
               full)});
    }
  }

  struct Method {
    std::string path;
    const google::protobuf::MethodDescriptor* type;
  };
  const std::vector<Method>& methods() const { return methods_; }

  // Sends `bytes`; a stream gets them in pieces, each behind its length in one
  // byte. Returns whether the call ended well.
  bool Send(const Method& method, absl::string_view bytes) {
    grpc::ClientContext context;
    context.AddMetadata("portrisk-caller", "development");
    context.AddMetadata("portrisk-purpose", "fuzz");
    const bool streams = method.type->server_streaming();
    if (streams) {
      context.set_deadline(std::chrono::system_clock::now() +
                           std::chrono::milliseconds(
                               method.type->client_streaming() ? 5'000 : 20));
    }
    const grpc::Status status = streams ? Stream(method, bytes, &context)
                                        : Call(method, bytes, &context);
    if (!status.ok()) RequireReason(method, status);
    return status.ok();
  }

 private:
  grpc::Status Call(const Method& method, absl::string_view bytes,
                    grpc::ClientContext* context) {
    const grpc::internal::RpcMethod rpc(method.path.c_str(),
                                        grpc::internal::RpcMethod::NORMAL_RPC);
    grpc::ByteBuffer reply;
    const grpc::Status status =
        grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
            channel_.get(), rpc, context, ToBuffer(bytes), &reply);
    if (status.ok()) RequireReply(method, reply);
    return status;
  }

  grpc::Status Stream(const Method& method, absl::string_view bytes,
                      grpc::ClientContext* context) {
    using Calls = grpc::internal::ClientReaderWriterFactory<grpc::ByteBuffer,
                                                            grpc::ByteBuffer>;
    const grpc::internal::RpcMethod rpc(
        method.path.c_str(), grpc::internal::RpcMethod::BIDI_STREAMING);
    const std::unique_ptr<
        grpc::ClientReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>>
        stream(Calls::Create(channel_.get(), rpc, context));
    bool more = true;
    if (!method.type->client_streaming()) {
      more = stream->Write(ToBuffer(bytes));
      bytes = {};
    }
    while (more && !bytes.empty()) {
      const size_t size =
          std::min<size_t>(static_cast<uint8_t>(bytes[0]), bytes.size() - 1);
      more = stream->Write(ToBuffer(bytes.substr(1, size)));
      bytes.remove_prefix(1 + size);
    }
    stream->WritesDone();
    grpc::ByteBuffer reply;
    while (stream->Read(&reply)) RequireReply(method, reply);
    return stream->Finish();
  }

  void RequireReply(const Method& method, const grpc::ByteBuffer& reply) {
    const auto& type = *method.type->output_type();
    const std::unique_ptr<google::protobuf::Message> message(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(&type)
            ->New());
    Require(Parse(reply, message.get()), "a reply is a message of its type");
    if (type.full_name() == v1::ScoreResult::descriptor()->full_name()) {
      RequireResult(static_cast<const v1::ScoreResult&>(*message));
    }
    if (type.full_name() ==
        v1::BatchScoreMovementsResponse::descriptor()->full_name()) {
      for (const v1::ScoreResult& result :
           static_cast<const v1::BatchScoreMovementsResponse&>(*message)
               .results()) {
        RequireResult(result);
      }
    }
  }

  void RequireResult(const v1::ScoreResult& result) {
    Require(result.has_assessment() != result.has_error(),
            "a result is an assessment or an error");
    if (result.has_error()) RequireRpcReason(result.error());
  }

  void RequireReason(const Method& method, const grpc::Status& status) {
    // A watch that goes on is ended by its deadline.
    if (method.type->server_streaming() &&
        status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      return;
    }
    google::rpc::Status rpc;
    const bool has_details =
        rpc.ParseFromString(status.error_details()) && rpc.details_size() > 0;
    if (!has_details) {
      std::cerr << method.path << ": " << status.error_code() << " "
                << status.error_message() << "\n";
    }
    Require(has_details, "every error has details");
    Require(status.error_code() == rpc.code(), "both codes are the same");
    RequireRpcReason(rpc);
  }

  void RequireRpcReason(const google::rpc::Status& rpc) {
    google::rpc::ErrorInfo info;
    Require(rpc.details_size() > 0 && rpc.details(0).UnpackTo(&info),
            "every error has an ErrorInfo");
    Require(info.domain() == "portrisk" && !info.reason().empty() &&
                !rpc.message().empty(),
            "every error says what");
    for (const char c : info.reason()) {
      Require(absl::ascii_isupper(static_cast<unsigned char>(c)) ||
                  absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
                  c == '_',
              "a reason is a word of its own");
    }
    const auto code = static_cast<grpc::StatusCode>(rpc.code());
    if (code == grpc::StatusCode::INTERNAL ||
        code == grpc::StatusCode::UNKNOWN ||
        code == grpc::StatusCode::DATA_LOSS) {
      std::cerr << info.reason() << ": " << rpc.message() << "\n";
    }
    Require(code != grpc::StatusCode::INTERNAL &&
                code != grpc::StatusCode::UNKNOWN &&
                code != grpc::StatusCode::DATA_LOSS,
            "a caller's bytes are not the server's fault");
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::vector<Method> methods_;
};

// The first byte chooses the method. Returns whether the call ended well.
inline bool FuzzRequest(FuzzedServer* server, absl::string_view bytes) {
  if (bytes.empty()) return false;
  const auto& methods = server->methods();
  const size_t at = static_cast<uint8_t>(bytes[0]) % methods.size();
  return server->Send(methods[at], bytes.substr(1));
}

// For each method a request with some field of each kind set; for the methods
// that score, movements that are admitted.
inline std::vector<std::string> RequestSeeds(const FuzzedServer& server) {
  v1::ScoreMovementRequest one;
  *one.mutable_movement() = MakeMovement("M-1", v1::GATE_OUT, "MSCU1234566", 9);
  one.mutable_movement()->mutable_haulier()->set_id("NL-100");
  one.mutable_movement()->mutable_weights()->set_vgm_kg(20'000);
  one.mutable_movement()->add_seals()->set_number("S1");
  one.mutable_movement()->mutable_pickup_right()->set_pin("4711");
  v1::BatchScoreMovementsRequest batch;
  *batch.add_movements() = one.movement();
  *batch.add_movements() = MakeMovement("M-2", v1::GATE_IN, "CSQU3054383", 90);
  batch.set_language("es");
  const std::string unary = one.SerializeAsString();
  const std::string piece = static_cast<char>(unary.size()) + unary;
  Require(unary.size() < 256, "a movement is a piece");
  std::vector<std::string> seeds;
  for (size_t i = 0; i < server.methods().size(); ++i) {
    const auto& type = *server.methods()[i].type;
    const std::string begin(1, static_cast<char>(i));
    if (type.name() == "ScoreMovement") {
      seeds.push_back(begin + unary);
    } else if (type.name() == "BatchScoreMovements") {
      seeds.push_back(begin + batch.SerializeAsString());
    } else if (type.name() == "StreamScoreMovements") {
      seeds.push_back(begin + piece + piece);
    } else {
      seeds.push_back(begin);
      // Field 1 as a text, and as a number.
      seeds.push_back(begin + "\x0a\x05NLRTM");
      seeds.push_back(begin + "\x08\x01");
    }
  }
  return seeds;
}

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_FUZZ_REQUESTS_H_
