// A call with one request and one reply, on the completion queue.
//
// It lives until its finish is done and gRPC has told how it ended; both come
// from the thread that polls. In between, whoever has gone is known: gRPC tells
// when the caller cancels, its connection breaks or its deadline passes.
//
// What there is no room for is refused before it is parsed, with an error that
// was made once.
#ifndef PORTRISK_SERVICE_ONE_CALL_H_
#define PORTRISK_SERVICE_ONE_CALL_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <string>

#include "service/grpc_status.h"
#include "service/scoring_calls.h"

namespace portrisk::service {

// When a call's deadline passes, on the steady clock; 0: it has none.
inline int64_t DeadlineOf(const grpc::ServerContext& context) {
  const auto at = context.deadline();
  if (at == std::chrono::system_clock::time_point::max()) return 0;
  const auto left = at - std::chrono::system_clock::now();
  return std::max<int64_t>(
      1,
      SteadyNow() +
          std::chrono::duration_cast<std::chrono::nanoseconds>(left).count());
}

// RefusalOf as gRPC has it.
inline const grpc::Status& GrpcRefusalOf(Verdict verdict, Priority priority) {
  using Row = std::array<grpc::Status, kVerdicts>;
  // Under overload this is what the server says most.
  static const auto* const kMade = [] {
    auto* made = new std::array<Row, 3>;
    for (size_t p = 0; p < made->size(); ++p) {
      for (size_t v = 1; v < kVerdicts; ++v) {
        (*made)[p][v] = ToGrpc(
            RefusalOf(static_cast<Verdict>(v), static_cast<Priority>(p)));
      }
    }
    return made;
  }();
  return (*kMade)[static_cast<size_t>(priority)][static_cast<size_t>(verdict)];
}

class OneCall : public Tag, protected Poller::Answer {
 public:
  void Proceed(bool ok) final {
    if (!begun_) {
      if (!ok) return delete this;  // No call came, and no end will be told.
      begun_ = true;
      PostNext();
    }
    if (!ended_) return Continue();
    left_ = true;
    if (told_) delete this;
  }

 protected:
  explicit OneCall(const CallContext* context)
      : call_(context), writer_(&server_) {
    server_.AsyncNotifyWhenDone(&end_);
  }

  virtual void PostNext() = 0;
  // The request is there, or what the call asked the queue for.
  virtual void Continue() = 0;

  // May it come in, and is there room? Before anything is parsed.
  absl::StatusOr<Entrant> Enter(const MethodRule& rule, Arrival* arrival) {
    if (buffer_.Length() > rule.request_bytes_max) {
      return RequestTooLarge(rule.request_bytes_max);
    }
    absl::StatusOr<Entrant> entrant = call_->gate->Admit(server_, rule);
    if (!entrant.ok()) return entrant;
    arrival->caller = entrant->caller->name;
    arrival->bytes = buffer_.Length();
    const Verdict verdict = call_->engine->Judge(*arrival);
    if (verdict == Verdict::kTaken) return entrant;
    refusal_ = &GrpcRefusalOf(verdict, arrival->priority);
    return RefusalOf(verdict, arrival->priority);
  }

  // Any thread.
  bool is_gone() const { return gone_.load(std::memory_order_relaxed); }

  // About to be submitted, and answered by whoever commits: perhaps together
  // with others.
  void BeginWait() {
    waits_ = true;
    call_->poller->Begin();
  }

  // The caller of these is done with this object.
  void Reply(absl::string_view bytes) {
    reply_ = ToBuffer(bytes);
    Send();
  }
  void ReplyError(const absl::Status& status) {
    // At once, although others wait: deferred they held up all else.
    if (refusal_ != nullptr) return Leave();
    error_ = ToGrpc(status);
    Send();
  }

  const CallContext* const call_;
  grpc::ServerContext server_;
  grpc::ByteBuffer buffer_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_;

 private:
  void Send() {
    if (waits_ && !call_->poller->HasFew()) return call_->poller->Post(this);
    Leave();
  }

  void Leave() final {
    ended_ = true;
    if (waits_) call_->poller->End();
    HandOver(this, [this] {
      if (refusal_ != nullptr) return writer_.FinishWithError(*refusal_, this);
      if (!error_.ok()) return writer_.FinishWithError(error_, this);
      writer_.Finish(reply_, grpc::Status::OK, this);
    });
  }

  class End : public Tag {
   public:
    explicit End(OneCall* call) : call_(call) {}
    void Proceed(bool) override {
      if (call_->server_.IsCancelled()) call_->gone_ = true;
      call_->told_ = true;
      if (call_->left_) delete call_;
    }

   private:
    OneCall* const call_;
  };

  const LiveCalls::Hold hold_{call_->live};
  grpc::ByteBuffer reply_;
  grpc::Status error_;
  const grpc::Status* refusal_ = nullptr;  // Null: there is room.
  End end_{this};
  std::atomic<bool> gone_{false};
  bool waits_ = false;  // Set before it is submitted.
  bool begun_ = false;  // The thread that polls, like the next two.
  bool told_ = false;   // How it ended.
  bool left_ = false;   // Its finish is done.
  bool ended_ = false;  // Whoever answers, before the finish is begun.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_ONE_CALL_H_
