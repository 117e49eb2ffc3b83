// WatchAssessments on the completion queue.
//
// One thread reads the journal for all streams, in turns, a bounded piece for
// one of them at a time; a stream has at most one message on its way. So a slow
// reader holds one message of at most 64 selections and a position: it is read
// for again when it has taken that. Nothing is queued anywhere, and scoring
// never waits for a watcher.
//
// A stream ends when its caller cancels it, with an error of the store, or, at
// Stop, with SHUTTING_DOWN.
#ifndef PORTRISK_SERVICE_WATCHERS_H_
#define PORTRISK_SERVICE_WATCHERS_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "portrisk/v1/selection_service.grpc.pb.h"
#include "service/engine.h"
#include "service/history_api.h"
#include "service/methods.h"
#include "service/scoring_calls.h"

namespace portrisk::service {

// The method on the completion queue; all others are synchronous.
class SelectionBase : public Methods {
 public:
  explicit SelectionBase(Gate* gate)
      : Methods(gate, v1::SelectionService::service_full_name()),
        watch_(Raw("WatchAssessments",
                   grpc::internal::RpcMethod::SERVER_STREAMING)) {}

  void RequestWatchAssessments(
      grpc::ServerContext* context, grpc::ByteBuffer* request,
      grpc::ServerAsyncWriter<grpc::ByteBuffer>* writer,
      grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncServerStreaming(watch_, context, request, writer, queue, queue,
                                tag);
  }

 private:
  const int watch_;
};

// Lifecycle: construct, Start once the server runs, Stop before it shuts down.
class Watchers {
 public:
  // Most streams at once, of all callers and of each; more are refused.
  static constexpr size_t kMax = 256;
  static constexpr size_t kCallerMax = 64;

  // All outlive this.
  Watchers(Gate* gate, Engine* engine, const HistoryApi* history)
      : gate_(gate), engine_(engine), history_(history) {}
  ~Watchers() { Stop(); }

  // Begins to accept calls on `queue`, which is polled by somebody else.
  void Start(SelectionBase* service, grpc::ServerCompletionQueue* queue,
             LiveCalls* live);
  // Ends every stream, those to come included. Idempotent.
  void Stop();

 private:
  class Call;

  void Post();
  void Loop();
  Call* NextReady();  // Under mutex_; null when none is.
  // Under mutex_: RESOURCE_EXHAUSTED (TOO_MANY_WATCHERS).
  absl::Status CheckRoom(const std::string& caller) const;

  Gate* const gate_;
  Engine* const engine_;
  const HistoryApi* const history_;
  SelectionBase* service_ = nullptr;
  grpc::ServerCompletionQueue* queue_ = nullptr;
  LiveCalls* live_ = nullptr;
  std::thread thread_;

  // True while the thread waits for a commit and somebody for it: only then is
  // it woken.
  std::atomic<bool> idle_{false};

  // Guarded by mutex_, as is all of a call that says so.
  std::mutex mutex_;
  std::condition_variable ready_;    // For the thread.
  std::condition_variable changed_;  // A stream is gone.
  std::list<Call*> calls_;           // Whose turn is next first.
  bool stopping_ = false;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_WATCHERS_H_
