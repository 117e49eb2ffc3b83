#include "service/poller.h"

#include <utility>

namespace portrisk::service {

void Poller::Run() {
  bool ok = false;
  while (Tag* const tag = TakeBack(queue_, &ok)) tag->Proceed(ok);
}

void Poller::Post(Answer* answer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  posted_.push_back(answer);
  if (std::exchange(is_told_, true)) return;
  HandOver(this, [this] {
    alarm_.Set(queue_, gpr_time_0(GPR_CLOCK_MONOTONIC), this);
  });
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
