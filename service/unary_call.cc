// ScoreMovement and BatchScoreMovements on the completion queue.
//
// What is refused is refused before it is parsed. A batch is prepared in
// pieces, between which the queue's other events have their turn: one thread
// polls, and gates wait for it.
#include <grpcpp/alarm.h>

#include <atomic>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "google/protobuf/arena.h"
#include "service/errors.h"
#include "service/grpc_status.h"
#include "service/one_call.h"
#include "service/request_reader.h"
#include "service/scoring_calls.h"
#include "service/wire_reader.h"

namespace portrisk::service {
namespace {

absl::Status Unparsable() {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_MOVEMENT",
               "the request is not a valid protobuf message of this method");
}

absl::string_view ToView(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

// Prepared at a time: about a tenth of a millisecond.
constexpr int kPieceMovements = 16;

// Of a batch, without parsing them: what may not fit is not parsed, since two
// bytes of a request become hundreds in memory. Nothing where it is damaged.
std::optional<size_t> CountMovements(absl::string_view batch) {
  size_t count = 0;
  WireReader in(batch);
  while (in.Next()) {
    if (in.IsBytes(v1::BatchScoreMovementsRequest::kMovementsFieldNumber)) {
      ++count;
    }
  }
  if (!in.ok()) return std::nullopt;
  return count;
}

absl::Status BadBatchSize(size_t count) {
  return WithViolations(
      Error(absl::StatusCode::kInvalidArgument, "BAD_BATCH_SIZE",
            absl::StrCat("send 1 to ", kBatchMovementsMax,
                         " movements in one call, not ", count)),
      "", {{"movements", absl::StrCat("has ", count, " entries")}});
}

class UnaryCall : public OneCall, public MovementTask {
 public:
  explicit UnaryCall(const CallContext* context)
      : OneCall(context),
        request_(
            google::protobuf::Arena::CreateMessage<v1::ScoreMovementRequest>(
                &arena_)) {
    priority = Priority::kGate;
    call_->service->RequestScoreMovement(&server_, &buffer_, &writer_,
                                         call_->queue, this);
  }

  bool IsAbandoned() const override { return is_gone(); }

  void Done() override {
    call_->Audit(server_, Rule(), *this);
    if (status.ok() && !sees_all_) {
      call_->Ended(HotMethod::kScore, status, *this);
      return Reply(Acknowledgement(assessment));
    }
    if (status.ok() && !request_->language().empty()) {
      const std::string bytes =
          call_->history->ExplainAtOnce(request_->language(), assessment);
      call_->Ended(HotMethod::kScore, status, *this);
      return Reply(bytes);
    }
    call_->Ended(HotMethod::kScore, status, *this);
    if (status.ok()) return Reply(assessment);
    ReplyError(status);
  }

 private:
  static const MethodRule& Rule() {
    static const MethodRule& rule = ScoringRule("ScoreMovement");
    return rule;
  }

  void PostNext() override { PostUnaryCall(call_); }

  void Continue() override {
    accepted_ns = call_->Accepted();
    deadline_ns = DeadlineOf(server_);
    Arrival arrival{"", priority, 1, 0, deadline_ns};
    absl::StatusOr<Entrant> entered = Enter(Rule(), &arrival);
    status = entered.status();
    if (status.ok() && !Parse(buffer_, request_)) status = Unparsable();
    if (!status.ok()) return Done();
    const Caller& who = *entered->caller;
    sees_all_ = who.roles.HasAnyOf(kCustoms);
    caller = who.name;
    purpose = std::move(entered->purpose);
    status = call_->Admit(server_, entered->caller, Rule(),
                          request_->mutable_movement(), this);
    if (!status.ok()) return Done();
    Task* const tasks[] = {this};
    BeginWait();
    absl::Status submitted = call_->engine->Submit(tasks);
    // After a successful Submit this object may be gone.
    if (submitted.ok()) return;
    status = submitted;
    Done();
  }

  google::protobuf::Arena arena_;
  v1::ScoreMovementRequest* const request_;
  bool sees_all_ = false;
};

class BatchCall : public OneCall {
 public:
  explicit BatchCall(const CallContext* context) : OneCall(context) {
    call_->service->RequestBatchScoreMovements(&server_, &buffer_, &writer_,
                                               call_->queue, this);
  }

 private:
  struct Item : MovementTask {
    BatchCall* call = nullptr;
    std::string result;

    bool IsAbandoned() const override { return call->is_gone(); }

    void Done() override {
      call->call_->Audit(call->server_, Rule(), *this);
      const bool sees_all = call->who_.caller->roles.HasAnyOf(kCustoms);
      result = ResultBytes(status,
                           sees_all ? call->call_->history->ExplainAtOnce(
                                          call->request_.language(), assessment)
                                    : Acknowledgement(assessment));
      call->OneDone(*this);
    }
  };

  static const MethodRule& Rule() {
    static const MethodRule& rule = ScoringRule("BatchScoreMovements");
    return rule;
  }

  void PostNext() override { PostBatchCall(call_); }

  void Continue() override {
    if (items_.empty()) {
      const absl::Status status = Start();
      if (!status.ok()) return Fail(status);
    }
    const int end =
        std::min(prepared_ + kPieceMovements, request_.movements_size());
    while (prepared_ < end) PrepareOne(prepared_++);
    if (is_gone()) return Fail(AbandonedStatus(items_[0], SteadyNow()));
    if (prepared_ == request_.movements_size()) return Submit();
    others_first_.Set(call_->queue, gpr_time_0(GPR_CLOCK_MONOTONIC), this);
  }

  absl::Status Start() {
    accepted_ns_ = call_->Accepted();
    deadline_ns_ = DeadlineOf(server_);
    grpc::Slice slice;
    std::optional<size_t> count;
    if (buffer_.Length() <= Rule().request_bytes_max &&
        buffer_.DumpToSingleSlice(&slice).ok()) {
      count = CountMovements(ToView(slice));
    }
    const bool fits = count && *count >= 1 && *count <= kBatchMovementsMax;
    // Else nobody may ever send so many, and is to know why.
    Arrival arrival{"", Priority::kBulk, fits ? *count : 1, 0, deadline_ns_};
    absl::StatusOr<Entrant> entered = Enter(Rule(), &arrival);
    if (!entered.ok()) return entered.status();
    if (!count) return Unparsable();
    if (!fits) return BadBatchSize(*count);
    const absl::Status status =
        CheckFields(ToView(slice), *request_.GetDescriptor());
    if (!status.ok()) return status;
    if (!Parse(buffer_, &request_) ||
        request_.movements_size() != static_cast<int>(*count)) {
      return Unparsable();
    }
    buffer_.Clear();
    who_ = *std::move(entered);
    items_ = std::vector<Item>(request_.movements_size());
    return absl::OkStatus();
  }

  void PrepareOne(int i) {
    Item& item = items_[i];
    item.call = this;
    item.priority = Priority::kBulk;
    item.caller = who_.caller->name;
    item.purpose = who_.purpose;
    item.accepted_ns = accepted_ns_;
    item.deadline_ns = deadline_ns_;
    item.status = call_->Admit(server_, who_.caller, Rule(),
                               request_.mutable_movements(i), &item);
    if (item.status.ok()) {
      admitted_.push_back(&item);
    } else {
      item.result = ResultBytes(item.status, "");
    }
  }

  void Submit() {
    if (admitted_.empty()) return Finish(items_.back());
    waiting_ = admitted_.size();
    const absl::Status status = call_->engine->Submit(admitted_);
    // After a successful Submit this object may be gone.
    if (!status.ok()) Fail(status);
  }

  void OneDone(const Item& item) {
    if (--waiting_ == 0) Finish(item);
  }

  void Finish(const Item& last) {
    std::string reply;
    for (const Item& item : items_) {
      if (call_->metrics != nullptr && !item.status.ok()) {
        call_->metrics->Refused(item.status);
      }
      AppendField(v1::BatchScoreMovementsResponse::kResultsFieldNumber,
                  item.result, &reply);
    }
    call_->Ended(HotMethod::kBatch, absl::OkStatus(), last);
    Reply(reply);
  }

  void Fail(const absl::Status& status) {
    Item nothing;
    nothing.accepted_ns = accepted_ns_;
    call_->Ended(HotMethod::kBatch, status, nothing);
    ReplyError(status);
  }

  grpc::Alarm others_first_;
  Entrant who_;
  v1::BatchScoreMovementsRequest request_;
  std::vector<Item> items_;
  std::vector<Task*> admitted_;
  int prepared_ = 0;
  std::atomic<size_t> waiting_{0};
  int64_t accepted_ns_ = 0;
  int64_t deadline_ns_ = 0;
};

}  // namespace

void PostUnaryCall(const CallContext* context) { new UnaryCall(context); }
void PostBatchCall(const CallContext* context) { new BatchCall(context); }

}  // namespace portrisk::service
