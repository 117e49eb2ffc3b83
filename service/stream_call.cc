// StreamScoreMovements on the completion queue.
//
// Up to kStreamWindow movements of a stream are in the engine at once; results
// leave in the order of requests, one write at a time. Who does not read is not
// read from: it holds that window, and nothing else. Nor is a stream read from
// for what could not be served soon: instead of being refused that waits at its
// sender. When the server ends, so does the stream, behind what it could
// answer: whoever sends again what has no result yet loses nothing. The object
// lives until Finish and the read under way have completed and gRPC has told
// how the call ended: by then no write or task of it is under way.
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "google/protobuf/arena.h"
#include "service/errors.h"
#include "service/grpc_status.h"
#include "service/one_call.h"
#include "service/scoring_calls.h"

namespace portrisk::service {
namespace {

// Under way so many, a stream is read from whoever else waits.
constexpr size_t kReadFreely = 8;

absl::Status TooManyStreams(size_t most) {
  return WithRetry(
      Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS",
            absl::StrCat("this caller has ", most,
                         " streams open, and may not have more; a stream takes "
                         "any number of movements"),
            {{"caller_streams_max", absl::StrCat(most)}}),
      absl::Seconds(5));
}

class StreamCall final : public OpenStream {
 public:
  explicit StreamCall(const CallContext* context)
      : call_(context), stream_(&server_) {
    server_.AsyncNotifyWhenDone(&gone_);
    call_->service->RequestStreamScoreMovements(&server_, &stream_,
                                                call_->queue, &connected_);
  }

  void End() override {
    std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
    Advance();
  }

 private:
  // Calls a member when its operation completes.
  class Step : public Tag {
   public:
    Step(StreamCall* call, void (StreamCall::*member)(bool))
        : call_(call), member_(member) {}
    void Proceed(bool ok) override { (call_->*member_)(ok); }

   private:
    StreamCall* const call_;
    void (StreamCall::*const member_)(bool);
  };

  struct Item : MovementTask {
    StreamCall* call = nullptr;
    google::protobuf::Arena arena;
    v1::ScoreMovementRequest* request = nullptr;
    bool sees_all = false;
    std::string result;
    bool ready = false;
    bool unanswered = false;  // The server ended before.

    bool IsAbandoned() const override { return call->is_gone_; }
    void Done() override { call->ItemDone(this); }
  };

  static const MethodRule& Rule() {
    static const MethodRule& rule = ScoringRule("StreamScoreMovements");
    return rule;
  }

  void Connected(bool ok) {
    if (!ok) {
      delete this;
      return;
    }
    PostStreamCall(call_);
    absl::StatusOr<Entrant> entered = call_->gate->Admit(server_, Rule());
    absl::Status status = entered.status();
    if (status.ok() && !call_->streams->Enter(entered->caller->name, this)) {
      status = TooManyStreams(call_->streams->caller_max());
    }
    // Not under mutex_: who ends all streams holds theirs first.
    const bool ended = call_->streams->ended();
    std::lock_guard<std::mutex> lock(mutex_);
    if (!status.ok()) {
      Item nothing;
      nothing.accepted_ns = call_->Accepted();
      call_->Ended(HotMethod::kStream, status, nothing);
      finishing_ = true;
      return HandOver(&finished_,
                      [&] { stream_.Finish(ToGrpc(status), &finished_); });
    }
    is_counted_ = true;
    deadline_ns_ = DeadlineOf(server_);
    who_ = *std::move(entered);
    if (ended) ending_ = true;
    MaybeRead();
    Advance();
  }

  void ReadDone(bool ok) {
    std::unique_lock<std::mutex> lock(mutex_);
    reading_ = false;
    if (!ok || ending_) {
      if (!ok && !ending_) sender_ended_ = true;
      reads_ended_ = true;
      Advance();
      lock.unlock();
      return MaybeLeave();
    }
    items_.push_back(std::make_unique<Item>());
    Item* item = items_.back().get();
    lock.unlock();
    Start(item);  // May complete at once, in this thread.
    lock.lock();
    MaybeRead();
    Advance();
  }

  void Start(Item* item) {
    item->call = this;
    item->accepted_ns = call_->Accepted();
    item->caller = who_.caller->name;
    item->purpose = who_.purpose;
    item->priority = Priority::kBulk;
    item->deadline_ns = deadline_ns_;
    item->request =
        google::protobuf::Arena::CreateMessage<v1::ScoreMovementRequest>(
            &item->arena);
    const Arrival arrival{item->caller, Priority::kBulk, 1, buffer_.Length(),
                          deadline_ns_};
    const Verdict verdict = call_->engine->Judge(arrival);
    item->status =
        call_->gate->StillMay(*who_.caller, Rule(), &book_, &who_.caller);
    item->sees_all = who_.caller->roles.HasAnyOf(kCustoms);
    if (item->status.ok()) item->status = RefusalOf(verdict, Priority::kBulk);
    if (buffer_.Length() > Rule().request_bytes_max) {
      item->status = RequestTooLarge(Rule().request_bytes_max);
    }
    if (!item->status.ok()) return ItemDone(item);
    if (!Parse(buffer_, item->request)) {
      item->status =
          Error(absl::StatusCode::kInvalidArgument, "INVALID_MOVEMENT",
                "the request is not a valid protobuf message");
      return ItemDone(item);
    }
    item->status = call_->Admit(server_, who_.caller, Rule(),
                                item->request->mutable_movement(), item);
    if (!item->status.ok()) return ItemDone(item);
    Task* const tasks[] = {item};
    absl::Status submitted = call_->engine->Submit(tasks);
    if (submitted.ok()) return;
    item->status = submitted;
    ItemDone(item);
  }

  void ItemDone(Item* item) {
    call_->Audit(server_, Rule(), *item);
    item->unanswered =
        !item->status.ok() && ErrorReason(item->status) == "SHUTTING_DOWN";
    item->result = ResultBytes(
        item->status, item->sees_all
                          ? call_->history->ExplainAtOnce(
                                item->request->language(), item->assessment)
                          : Acknowledgement(item->assessment));
    call_->Ended(HotMethod::kStream, item->status, *item);
    // Whoever does not read holds results, not requests: these are many times
    // as large in memory as they were sent.
    item->movement = nullptr;
    item->request = nullptr;
    item->arena.Reset();
    item->bytes = std::string();
    std::lock_guard<std::mutex> lock(mutex_);
    item->ready = true;
    if (item->unanswered) ending_ = true;
    Advance();
  }

  void WriteDone(bool ok) {
    std::lock_guard<std::mutex> lock(mutex_);
    writing_ = false;
    if (!ok) broken_ = true;
    MaybeRead();
    Advance();
  }

  void Finished(bool) {
    // Whoever called Finish may still be about to release the mutex.
    { std::lock_guard<std::mutex> lock(mutex_); }
    has_finished_ = true;
    MaybeLeave();
  }

  // gRPC tells how the call ended.
  void Gone(bool) {
    if (server_.IsCancelled()) is_gone_ = true;
    is_told_ = true;
    MaybeLeave();
  }

  void MaybeLeave() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!has_finished_ || !is_told_ || reading_) return;
    }
    if (is_counted_) call_->streams->Leave(who_.caller->name, this);
    delete this;
  }

  // The rest runs under mutex_.

  void MaybeRead() {
    if (reading_ || reads_ended_ || ending_ || items_.size() >= kStreamWindow) {
      return;
    }
    // The next result that leaves asks again.
    if (items_.size() >= kReadFreely &&
        !call_->engine->WouldServeSoon(
            {who_.caller->name, Priority::kBulk, 1, 0, deadline_ns_})) {
      return;
    }
    reading_ = true;
    HandOver(&read_, [this] { stream_.Read(&buffer_, &read_); });
  }

  // Writes the next result, or finishes when there will be none.
  void Advance() {
    if (broken_) {
      // Nobody listens: let what was submitted finish, then go.
      while (!items_.empty() && items_.front()->ready) items_.pop_front();
      if (!reading_) reads_ended_ = true;
    }
    if (ending_) {
      reads_ended_ = true;
      // Results come in the order of requests: behind one without there is
      // none.
      is_cut_ = is_cut_ || (!items_.empty() && items_.front()->unanswered);
      while (is_cut_ && !items_.empty() && items_.front()->ready) {
        items_.pop_front();
      }
    }
    if (!writing_ && !items_.empty() && items_.front()->ready) {
      const std::string result = std::move(items_.front()->result);
      items_.pop_front();
      writing_ = true;
      grpc::WriteOptions options;
      // Never the first: it carries the initial metadata, which a hint would
      // hold back, and with it the completion that this waits for.
      if (wrote_ && !items_.empty() && items_.front()->ready) {
        options.set_buffer_hint();
      }
      wrote_ = true;
      HandOver(&written_,
               [&] { stream_.Write(ToBuffer(result), options, &written_); });
      return;
    }
    if (reads_ended_ && items_.empty() && !writing_ && !finishing_) {
      finishing_ = true;
      const bool whole = !ending_ || (sender_ended_ && !is_cut_);
      HandOver(&finished_, [&] {
        stream_.Finish(whole ? grpc::Status::OK : ToGrpc(ShuttingDown()),
                       &finished_);
      });
    }
  }

  const CallContext* const call_;
  const LiveCalls::Hold hold_{call_->live};
  grpc::ServerContext server_;
  grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer> stream_;
  Step connected_{this, &StreamCall::Connected};
  Step read_{this, &StreamCall::ReadDone};
  Step written_{this, &StreamCall::WriteDone};
  Step finished_{this, &StreamCall::Finished};
  Step gone_{this, &StreamCall::Gone};
  std::atomic<bool> is_gone_{false};
  bool is_told_ = false;  // The thread that polls, like the next two.
  bool has_finished_ = false;
  bool is_counted_ = false;
  int64_t deadline_ns_ = 0;
  Entrant who_;
  uint64_t book_ = 0;        // The last that would let it in (Gate::StillMay).
  grpc::ByteBuffer buffer_;  // Of the read under way.

  std::mutex mutex_;
  std::deque<std::unique_ptr<Item>> items_;
  bool reading_ = false;
  bool writing_ = false;
  bool wrote_ = false;
  bool reads_ended_ = false;
  bool broken_ = false;
  bool sender_ended_ = false;  // It has said all it had to say.
  bool ending_ = false;        // The server ends.
  bool is_cut_ = false;        // Something will have no result.
  bool finishing_ = false;
};

}  // namespace

void PostStreamCall(const CallContext* context) { new StreamCall(context); }

}  // namespace portrisk::service
