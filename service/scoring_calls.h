// The hot calls, on one completion queue.
//
// One thread polls the queue (poller.h): it parses and admits, submits to the
// engine and goes on. The engine answers from its commit thread, which hands
// the answers over where there are many. Measured on the machine this was
// written on, the queue costs about half the server CPU of the callback API
// (bench/README, "Choice of gRPC API").
#ifndef PORTRISK_SERVICE_SCORING_CALLS_H_
#define PORTRISK_SERVICE_SCORING_CALLS_H_

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "portrisk/v1/scoring_service.grpc.pb.h"
#include "service/completion.h"
#include "service/engine.h"
#include "service/history_api.h"
#include "service/methods.h"
#include "service/metrics.h"
#include "service/poller.h"

namespace portrisk::service {

// How many calls there are. The queue may only be shut down after the last: a
// call that still has to begin its finish on it would end the process.
class LiveCalls {
 public:
  // Part of every call.
  class Hold {
   public:
    explicit Hold(LiveCalls* calls) : calls_(calls) {
      std::lock_guard<std::mutex> lock(calls_->mutex_);
      ++calls_->count_;
    }
    ~Hold() {
      std::lock_guard<std::mutex> lock(calls_->mutex_);
      if (--calls_->count_ == 0) calls_->none_.notify_all();
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    LiveCalls* const calls_;
  };

  void WaitForNone() {
    std::unique_lock<std::mutex> lock(mutex_);
    none_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  size_t count_ = 0;
};

// A stream of movements that is open.
class OpenStream {
 public:
  virtual ~OpenStream() = default;
  // The server ends: so does the stream, once what it has submitted is
  // answered.
  virtual void End() = 0;
};

// Open streams of each caller.
class OpenStreams {
 public:
  explicit OpenStreams(size_t caller_max) : caller_max_(caller_max) {}
  // False: it has as many as it may have.
  bool Enter(const std::string& caller, OpenStream* stream) {
    std::lock_guard<std::mutex> lock(mutex_);
    std::set<OpenStream*>& open = open_[caller];
    if (open.size() >= caller_max_) return false;
    open.insert(stream);
    return true;
  }
  void Leave(const std::string& caller, OpenStream* stream) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = open_.find(caller);
    if (found == open_.end()) return;
    found->second.erase(stream);
    if (found->second.empty()) open_.erase(found);
  }
  // They would stay open for ever, and keep the server from its end.
  void EndAll() {
    std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
    for (const auto& [caller, streams] : open_) {
      for (OpenStream* const stream : streams) stream->End();
    }
  }
  bool ended() {
    std::lock_guard<std::mutex> lock(mutex_);
    return ended_;
  }
  size_t caller_max() const { return caller_max_; }

 private:
  const size_t caller_max_;
  std::mutex mutex_;
  std::map<std::string, std::set<OpenStream*>> open_;
  bool ended_ = false;
};

// Hot methods take and give bytes, so that a stored assessment is answered as
// it is.
class ScoringServiceImpl final : public Methods {
 public:
  // Both outlive this.
  ScoringServiceImpl(Gate* gate, const HistoryApi* api)
      : Methods(gate, v1::ScoringService::service_full_name()) {
    Unary("GetAssessment",
          [api](const v1::GetAssessmentRequest& request, const Caller&) {
            return api->GetAssessment(request);
          });
  }

  using Reply = grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>;
  using Results =
      grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>;
  void RequestScoreMovement(grpc::ServerContext* context,
                            grpc::ByteBuffer* request, Reply* reply,
                            grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncUnary(score_, context, request, reply, queue, queue, tag);
  }
  void RequestBatchScoreMovements(grpc::ServerContext* context,
                                  grpc::ByteBuffer* request, Reply* reply,
                                  grpc::ServerCompletionQueue* queue,
                                  void* tag) {
    RequestAsyncUnary(batch_, context, request, reply, queue, queue, tag);
  }
  void RequestStreamScoreMovements(grpc::ServerContext* context,
                                   Results* results,
                                   grpc::ServerCompletionQueue* queue,
                                   void* tag) {
    RequestAsyncBidiStreaming(stream_, context, results, queue, queue, tag);
  }

 private:
  using Type = grpc::internal::RpcMethod;
  const int score_ = Raw("ScoreMovement", Type::NORMAL_RPC);
  const int batch_ = Raw("BatchScoreMovements", Type::NORMAL_RPC);
  const int stream_ = Raw("StreamScoreMovements", Type::BIDI_STREAMING);
};

struct CallContext {
  ScoringServiceImpl* service;
  grpc::ServerCompletionQueue* queue;
  Engine* engine;
  Gate* gate;
  const HistoryApi* history;  // Explains in the caller's language.
  LiveCalls* live;
  Metrics* metrics;  // Null: nobody measures.
  OpenStreams* streams;
  Poller* poller;

  // Whether `who` may send the movement, which is put into normal form for
  // `task`.
  absl::Status Admit(const grpc::ServerContext& server,
                     const std::shared_ptr<const Caller>& who,
                     const MethodRule& rule, v1::Movement* movement,
                     MovementTask* task) const {
    if (who->IsBound()) task->bound = who;
    absl::Status status = gate->MaySend(server, *who, rule, movement->source());
    if (status.ok()) status = engine->Prepare(movement, task);
    if (status.ok()) status = gate->MayReport(server, *who, rule, *movement);
    return status;
  }

  // The task is done; the door has audited what it refused itself.
  void Audit(const grpc::ServerContext& server, const MethodRule& rule,
             const MovementTask& task) const {
    if (task.bound == nullptr || task.submitted_ns == 0) return;
    gate->Answered(server, *task.bound, rule, task.status);
  }

  // The work of a call, or of one movement of a stream, begins.
  int64_t Accepted() const { return metrics == nullptr ? 0 : SteadyNow(); }
  // Its answer is about to leave.
  void Ended(HotMethod method, const absl::Status& status,
             const MovementTask& task) const {
    if (metrics != nullptr) metrics->Ended(method, status, task);
  }
};

// The rule of a method of ScoringService.
inline const MethodRule& ScoringRule(const char* method) {
  return Gate::RuleOf(v1::ScoringService::service_full_name(), method);
}

// Begin to accept calls; each accepted call posts its successor, and frees
// itself in the end. The context outlives the queue.
void PostUnaryCall(const CallContext* context);
void PostBatchCall(const CallContext* context);
void PostStreamCall(const CallContext* context);

// Most movements in one BatchScoreMovements.
inline constexpr int kBatchMovementsMax = 1000;
// Most results one stream may wait for; reading pauses beyond.
inline constexpr size_t kStreamWindow = 512;

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_SCORING_CALLS_H_
