#include "bench/echo_server.h"

#include <grpcpp/grpcpp.h>

#include <fstream>
#include <memory>

#include "bench/raw_log.h"
#include "google/protobuf/arena.h"
#include "portrisk/v1/scoring_service.grpc.pb.h"
#include "service/completion.h"

namespace portrisk::bench {
namespace {

struct Context {
  v1::ScoringService::WithRawMethod_ScoreMovement<v1::ScoringService::Service>
      service;
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  std::string reply;
  std::unique_ptr<RawLog> log;
};

class EchoCall : public service::Tag {
 public:
  explicit EchoCall(Context* context) : context_(context), writer_(&server_) {
    context->service.RequestScoreMovement(&server_, &buffer_, &writer_,
                                          context->queue.get(),
                                          context->queue.get(), this);
  }

  void Proceed(bool ok) override {
    if (finishing_ || !ok) {
      delete this;
      return;
    }
    new EchoCall(context_);
    google::protobuf::Arena arena;
    auto* request =
        google::protobuf::Arena::CreateMessage<v1::ScoreMovementRequest>(
            &arena);
    service::Parse(buffer_, request);
    if (context_->log) {
      static const std::string record(700, 'x');
      context_->log->Append(record);
      context_->log->Sync();
    }
    finishing_ = true;
    writer_.Finish(service::ToBuffer(context_->reply), grpc::Status::OK, this);
  }

 private:
  Context* const context_;
  grpc::ServerContext server_;
  grpc::ByteBuffer buffer_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_;
  bool finishing_ = false;
};

}  // namespace

void ServeEcho(const EchoOptions& options) {
  Context context;
  // A valid Assessment of that size: source is a string of nothing.
  v1::Assessment reply;
  reply.set_source(std::string(options.reply_bytes - 3, 'x'));
  context.reply = reply.SerializeAsString();
  if (!options.log.empty()) {
    context.log = std::make_unique<RawLog>(options.log);
  }
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(&context.service);
  context.queue = builder.AddCompletionQueue();
  const auto server = builder.BuildAndStart();
  if (server == nullptr) std::abort();
  new EchoCall(&context);
  std::ofstream(options.port_file) << "127.0.0.1:" << port << "\n";
  void* tag = nullptr;
  bool ok = false;
  while (context.queue->Next(&tag, &ok)) {
    static_cast<service::Tag*>(tag)->Proceed(ok);
  }
  std::abort();  // Nobody shuts the queue down.
}

}  // namespace portrisk::bench
