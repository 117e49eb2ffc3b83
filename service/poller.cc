#include "service/poller.h"

#include <utility>

namespace portrisk::service {
void Poller::Run() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) static_cast<Tag*>(tag)->Proceed(ok);
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
