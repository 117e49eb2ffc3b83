// ScoreMovement and BatchScoreMovements on the completion queue.
#include <atomic>
#include <memory>

#include "absl/strings/str_cat.h"
#include "google/protobuf/arena.h"
#include "service/errors.h"
#include "service/grpc_status.h"
#include "service/scoring_calls.h"

namespace portrisk::service {
namespace {

absl::Status Unparsable() {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_MOVEMENT",
               "the request is not a valid protobuf message of this method");
}

// Adds titles and explanations to a serialised assessment.
absl::Status ExplainBytes(const HistoryApi& history,
                          const std::string& language, std::string* bytes) {
  v1::Assessment assessment;
  if (!assessment.ParseFromString(*bytes)) {
    return absl::DataLossError("an assessment does not parse");
  }
  absl::Status status = history.Explain(language, &assessment);
  if (status.ok()) assessment.SerializeToString(bytes);
  return status;
}

class UnaryCall : public Tag, public MovementTask {
 public:
  explicit UnaryCall(const CallContext* context)
      : call_(context),
        writer_(&server_),
        request_(
            google::protobuf::Arena::CreateMessage<v1::ScoreMovementRequest>(
                &arena_)) {
    call_->service->RequestScoreMovement(&server_, &buffer_, &writer_,
                                         call_->queue, call_->queue, this);
  }

  void Proceed(bool ok) override {
    if (finishing_ || !ok) {
      delete this;
      return;
    }
    PostUnaryCall(call_);
    Start();
  }

  void Done() override {
    finishing_ = true;
    if (status.ok() && !sees_all_) {
      writer_.Finish(ToBuffer(Acknowledgement(assessment)), grpc::Status::OK,
                     this);
      return;
    }
    if (status.ok() && !request_->language().empty()) {
      std::string bytes(assessment);
      status = ExplainBytes(*call_->history, request_->language(), &bytes);
      if (status.ok()) {
        call_->Ended(HotMethod::kScore, status, *this);
        writer_.Finish(ToBuffer(bytes), grpc::Status::OK, this);
        return;
      }
    }
    call_->Ended(HotMethod::kScore, status, *this);
    if (status.ok()) {
      writer_.Finish(ToBuffer(assessment), grpc::Status::OK, this);
    } else {
      writer_.FinishWithError(ToGrpc(status), this);
    }
  }

 private:
  void Start() {
    accepted_ns = call_->Accepted();
    static const MethodRule& rule = ScoringRule("ScoreMovement");
    absl::StatusOr<Caller> entered = call_->gate->Enter(server_, rule);
    status = entered.status();
    if (status.ok() && !Parse(buffer_, request_)) status = Unparsable();
    if (!status.ok()) return Done();
    sees_all_ = entered->roles.HasAnyOf(kCustoms);
    caller = std::move(entered->name);
    purpose = std::move(entered->purpose);
    status = call_->engine->Prepare(request_->mutable_movement(), this);
    if (!status.ok()) return Done();
    Task* const tasks[] = {this};
    absl::Status submitted = call_->engine->Submit(tasks);
    // After a successful Submit this object may be gone.
    if (submitted.ok()) return;
    status = submitted;
    Done();
  }

  const CallContext* const call_;
  const LiveCalls::Hold hold_{call_->live};
  grpc::ServerContext server_;
  grpc::ByteBuffer buffer_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_;
  google::protobuf::Arena arena_;
  v1::ScoreMovementRequest* const request_;
  bool sees_all_ = false;
  bool finishing_ = false;
};

class BatchCall : public Tag {
 public:
  explicit BatchCall(const CallContext* context)
      : call_(context), writer_(&server_) {
    call_->service->RequestBatchScoreMovements(
        &server_, &buffer_, &writer_, call_->queue, call_->queue, this);
  }

  void Proceed(bool ok) override {
    if (finishing_ || !ok) {
      delete this;
      return;
    }
    PostBatchCall(call_);
    Start();
  }

 private:
  struct Item : MovementTask {
    BatchCall* call = nullptr;
    std::string result;

    void Done() override {
      std::string bytes = call->sees_all_ ? std::string(assessment)
                                          : Acknowledgement(assessment);
      if (status.ok() && call->sees_all_ &&
          !call->request_.language().empty()) {
        status = ExplainBytes(*call->call_->history, call->request_.language(),
                              &bytes);
      }
      result = ResultBytes(status, bytes);
      call->OneDone(*this);
    }
  };

  void Start() {
    accepted_ns_ = call_->Accepted();
    static const MethodRule& rule = ScoringRule("BatchScoreMovements");
    const absl::StatusOr<Caller> entered = call_->gate->Enter(server_, rule);
    absl::Status status = entered.status();
    if (status.ok()) status = Check();
    if (!status.ok()) return Fail(status);
    sees_all_ = entered->roles.HasAnyOf(kCustoms);
    items_ = std::vector<Item>(request_.movements_size());
    std::vector<Task*> admitted;
    for (int i = 0; i < request_.movements_size(); ++i) {
      Item& item = items_[i];
      item.call = this;
      item.caller = entered->name;
      item.purpose = entered->purpose;
      item.accepted_ns = accepted_ns_;
      item.status =
          call_->engine->Prepare(request_.mutable_movements(i), &item);
      if (item.status.ok()) {
        admitted.push_back(&item);
      } else {
        item.result = ResultBytes(item.status, "");
      }
    }
    if (admitted.empty()) return Finish(items_.back());
    waiting_ = admitted.size();
    status = call_->engine->Submit(admitted);
    if (!status.ok()) Fail(status);
  }

  absl::Status Check() {
    if (!Parse(buffer_, &request_)) return Unparsable();
    const int count = request_.movements_size();
    if (count >= 1 && count <= kBatchMovementsMax) return absl::OkStatus();
    return WithViolations(
        Error(absl::StatusCode::kInvalidArgument, "BAD_BATCH_SIZE",
              absl::StrCat("send 1 to ", kBatchMovementsMax,
                           " movements in one call, not ", count)),
        "", {{"movements", absl::StrCat("has ", count, " entries")}});
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
    finishing_ = true;
    writer_.Finish(ToBuffer(reply), grpc::Status::OK, this);
  }

  void Fail(const absl::Status& status) {
    Item nothing;
    nothing.accepted_ns = accepted_ns_;
    call_->Ended(HotMethod::kBatch, status, nothing);
    finishing_ = true;
    writer_.FinishWithError(ToGrpc(status), this);
  }

  const CallContext* const call_;
  const LiveCalls::Hold hold_{call_->live};
  grpc::ServerContext server_;
  grpc::ByteBuffer buffer_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_;
  v1::BatchScoreMovementsRequest request_;
  std::vector<Item> items_;
  std::atomic<size_t> waiting_{0};
  bool sees_all_ = false;
  int64_t accepted_ns_ = 0;
  bool finishing_ = false;
};

}  // namespace

void PostUnaryCall(const CallContext* context) { new UnaryCall(context); }
void PostBatchCall(const CallContext* context) { new BatchCall(context); }

}  // namespace portrisk::service
