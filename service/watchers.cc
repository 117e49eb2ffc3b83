#include "service/watchers.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "service/background.h"
#include "service/completion.h"
#include "service/errors.h"
#include "service/grpc_status.h"
#include "service/selection_feed.h"

namespace portrisk::service {
namespace {

// What is committed meanwhile is read together.
constexpr auto kGathered = std::chrono::milliseconds(10);
// How long a stream that is being written to may take to end by itself.
constexpr auto kLastWrite = std::chrono::milliseconds(300);
// Positions without a selection after which a caller is told how far it is.
constexpr uint64_t kToldAfter = 4096;

absl::Status CallerGone() {
  return Error(absl::StatusCode::kCancelled, "CALLER_GONE",
               "the caller is gone");
}

}  // namespace

// Lives until both Finish has completed and the call is known to be over.
class Watchers::Call {
 public:
  explicit Call(Watchers* watchers)
      : watchers_(watchers), hold_(watchers->live_), writer_(&server_) {
    server_.AsyncNotifyWhenDone(&over_);
    watchers->service_->RequestWatchAssessments(&server_, &buffer_, &writer_,
                                                watchers->queue_, &connected_);
  }

  // The rest of what is public runs under the watchers' mutex.

  bool IsReady() const {
    return feed_ && !writing_ && !finishing_ &&
           (!told_ ||
            feed_->position() < watchers_->engine_->durable_sequence());
  }
  bool IsWriting() const { return writing_; }
  const std::string& caller() const { return caller_.name; }
  void TryCancel() { server_.TryCancel(); }

  // Between two messages: what was found, or that nothing was.
  void Take(const absl::Status& status, v1::WatchAssessmentsResponse response) {
    reading_ = false;
    if (over_seen_) return Finish(CallerGone());
    if (watchers_->stopping_) return Finish(ShuttingDown());
    if (!status.ok()) return Finish(status);
    const bool due = !told_ || feed_->position() - *told_ >= kToldAfter;
    if (response.selections().empty() && !due) return;
    const absl::Status still =
        watchers_->gate_->StillMay(caller_, Rule(), &book_);
    if (!still.ok()) return Finish(still);
    told_ = feed_->position();
    response.set_position(*told_);
    writing_ = true;
    HandOver(&written_, [&] {
      writer_.Write(ToBuffer(response.SerializeAsString()), &written_);
    });
  }
  // Nothing more is to be sent.
  void End(const absl::Status& status) {
    if (!reading_ && !writing_ && !finishing_) Finish(status);
  }
  void BeginRead() { reading_ = true; }
  // Not under the mutex: only the thread that reads uses it meanwhile.
  absl::Status Read(v1::WatchAssessmentsResponse* response) {
    if (told_) return feed_->ReadOn(response);
    // The first message says where the watch begins, whatever follows.
    return watchers_->gate_->Consulted(caller_, Rule(), request_,
                                       absl::OkStatus());
  }

 private:
  class Step : public Tag {
   public:
    Step(Call* call, void (Call::*member)(bool))
        : call_(call), member_(member) {}
    void Proceed(bool ok) override { (call_->*member_)(ok); }

   private:
    Call* const call_;
    void (Call::*const member_)(bool);
  };

  static const MethodRule& Rule() {
    return Gate::RuleOf(v1::SelectionService::service_full_name(),
                        "WatchAssessments");
  }

  void Connected(bool ok) {
    if (!ok) {
      delete this;
      return;
    }
    watchers_->Post();
    absl::StatusOr<Caller> caller = watchers_->gate_->Enter(server_, Rule());
    absl::Status status = caller.status();
    if (status.ok()) status = TakeRequest();
    const std::lock_guard<std::mutex> lock(watchers_->mutex_);
    watchers_->calls_.push_back(this);
    if (!status.ok()) return Finish(status);
    if (watchers_->stopping_) return Finish(ShuttingDown());
    caller_ = *std::move(caller);
    status = watchers_->CheckRoom(caller_.name);
    if (!status.ok()) return Finish(status);
    feed_.emplace(watchers_->engine_, watchers_->history_, request_);
    watchers_->ready_.notify_one();
  }

  absl::Status TakeRequest() {
    const absl::Status read =
        ReadRequest(buffer_, Rule().request_bytes_max, &request_);
    if (!read.ok()) return read;
    buffer_.Clear();
    return SelectionFeed::Check(request_,
                                watchers_->engine_->durable_sequence());
  }

  void Written(bool ok) {
    const std::lock_guard<std::mutex> lock(watchers_->mutex_);
    writing_ = false;
    if (!ok || over_seen_) {
      return Finish(CallerGone());
    }
    if (watchers_->stopping_) return Finish(ShuttingDown());
    watchers_->ready_.notify_one();
  }

  // The caller has cancelled, or all is done.
  void Over(bool) {
    std::unique_lock<std::mutex> lock(watchers_->mutex_);
    over_seen_ = true;
    End(CallerGone());
    MaybeGo(std::move(lock));
  }

  void Finished(bool) {
    std::unique_lock<std::mutex> lock(watchers_->mutex_);
    finished_seen_ = true;
    MaybeGo(std::move(lock));
  }

  void Finish(const absl::Status& status) {
    finishing_ = true;
    HandOver(&finished_, [&] { writer_.Finish(ToGrpc(status), &finished_); });
  }

  void MaybeGo(std::unique_lock<std::mutex> lock) {
    if (!over_seen_ || !finished_seen_) return;
    watchers_->calls_.remove(this);
    watchers_->changed_.notify_all();
    lock.unlock();
    delete this;
  }

  Watchers* const watchers_;
  const LiveCalls::Hold hold_;
  grpc::ServerContext server_;
  grpc::ByteBuffer buffer_;
  v1::WatchAssessmentsRequest request_;
  Caller caller_;
  uint64_t book_ = 0;  // The last that would let it in (Gate::StillMay).
  grpc::ServerAsyncWriter<grpc::ByteBuffer> writer_;
  Step connected_{this, &Call::Connected};
  Step written_{this, &Call::Written};
  Step over_{this, &Call::Over};
  Step finished_{this, &Call::Finished};

  // Guarded by the watchers' mutex.
  std::optional<SelectionFeed> feed_;
  std::optional<uint64_t> told_;  // The position of the last message.
  bool reading_ = false;
  bool writing_ = false;
  bool finishing_ = false;
  bool over_seen_ = false;
  bool finished_seen_ = false;
};

absl::Status Watchers::CheckRoom(const std::string& caller) const {
  const size_t of_caller =
      std::count_if(calls_.begin(), calls_.end(),
                    [&](const Call* call) { return call->caller() == caller; });
  if (calls_.size() <= kMax && of_caller <= kCallerMax) {
    return absl::OkStatus();
  }
  return WithRetry(
      Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_WATCHERS",
            absl::StrCat("a server has at most ", kMax,
                         " watchers, of one caller ", kCallerMax,
                         "; end one of them")),
      absl::Seconds(5));
}

void Watchers::Start(SelectionBase* service, grpc::ServerCompletionQueue* queue,
                     LiveCalls* live) {
  service_ = service;
  queue_ = queue;
  live_ = live;
  engine_->ListenToCommits([this] {
    if (!idle_) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_ = false;
    ready_.notify_one();
  });
  thread_ = std::thread([this] { Loop(); });
  Post();
}

void Watchers::Post() { new Call(this); }

Watchers::Call* Watchers::NextReady() {
  const auto found = std::find_if(calls_.begin(), calls_.end(),
                                  [](Call* one) { return one->IsReady(); });
  if (found == calls_.end()) return nullptr;
  Call* const call = *found;
  calls_.splice(calls_.end(), calls_, found);  // The others come first now.
  return call;
}

void Watchers::Loop() {
  StepBehind();
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    // Before it looks: what is committed after that wakes it.
    idle_ = !calls_.empty();
    Call* const call = NextReady();
    if (call == nullptr) {
      ready_.wait(lock);
      ready_.wait_for(lock, kGathered, [this] { return stopping_; });
      continue;
    }
    idle_ = false;
    call->BeginRead();
    lock.unlock();
    v1::WatchAssessmentsResponse response;
    const absl::Status status = call->Read(&response);
    lock.lock();
    call->Take(status, std::move(response));
  }
}

void Watchers::Stop() {
  if (!thread_.joinable()) return;
  engine_->ListenToCommits(nullptr);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_one();
  thread_.join();
  std::unique_lock<std::mutex> lock(mutex_);
  for (Call* call : calls_) call->End(ShuttingDown());
  const auto none_writes = [this] {
    return std::none_of(calls_.begin(), calls_.end(),
                        [](Call* one) { return one->IsWriting(); });
  };
  if (!changed_.wait_for(lock, kLastWrite, none_writes)) {
    for (Call* call : calls_) {
      if (call->IsWriting()) call->TryCancel();
    }
  }
}

}  // namespace portrisk::service
