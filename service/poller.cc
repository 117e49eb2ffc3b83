#include "service/poller.h"

#include <utility>

namespace portrisk::service {
namespace {

// More than the three that a refusal brings (its finish, its end, the call that
// takes its place): else refusals alone would be events enough for refusals.
constexpr int kEventsPerRefusal = 6;
// When nothing else is there: each look for that has its price, too.
constexpr int kRefusalsPerLook = 4;

}  // namespace

void Poller::Run() {
  void* tag = nullptr;
  bool ok = false;
  int events = 0;  // Since the last refusal left.
  while (true) {
    if (deferred_.empty()) {
      if (!queue_->Next(&tag, &ok)) return;
      static_cast<Tag*>(tag)->Proceed(ok);
      events = 0;
      continue;
    }
    const auto next =
        queue_->AsyncNext(&tag, &ok, gpr_inf_past(GPR_CLOCK_MONOTONIC));
    if (next == grpc::CompletionQueue::SHUTDOWN) return;
    int leaving = kRefusalsPerLook;
    if (next == grpc::CompletionQueue::GOT_EVENT) {
      static_cast<Tag*>(tag)->Proceed(ok);
      leaving = ++events < kEventsPerRefusal ? 0 : 1;
    }
    for (; leaving > 0 && !deferred_.empty(); --leaving) {
      events = 0;
      Answer* const refusal = deferred_.front();
      deferred_.pop_front();
      refusal->Leave();
    }
  }
}

void Poller::Post(Answer* answer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  posted_.push_back(answer);
  if (std::exchange(is_told_, true)) return;
  alarm_.Set(queue_, gpr_time_0(GPR_CLOCK_MONOTONIC), this);
}

void Poller::Proceed(bool) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_told_ = false;
    leaving_.swap(posted_);
  }
  for (Answer* answer : leaving_) answer->Leave();
  leaving_.clear();
}

}  // namespace portrisk::service
