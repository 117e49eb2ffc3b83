#include "service/store_reader.h"

#include "absl/time/time.h"
#include "service/background.h"
#include "service/log.h"

namespace portrisk::service {
namespace {

constexpr absl::Duration kRetryAfter = absl::Seconds(1);

}  // namespace

void StoreReader::Start(std::function<absl::StatusOr<Work>()> step,
                        absl::Duration idle) {
  thread_ =
      std::thread([this, step = std::move(step), idle] { Run(step, idle); });
}

void StoreReader::Stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void StoreReader::Wake() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    woken_ = true;
  }
  wake_.notify_all();
}

void StoreReader::LetGo() {
  let_go_ = true;
  while (holding_) std::this_thread::yield();
}

void StoreReader::GoOn() {
  let_go_ = false;
  Wake();
}

void StoreReader::Run(const std::function<absl::StatusOr<Work>()>& step,
                      absl::Duration idle) {
  StepBehind();
  absl::Status told;  // By the last step: it stands in the log.
  while (!stop_) {
    const auto work = step();
    if (!absl::IsAborted(work.status()) && work.status() != told && !stop_) {
      told = work.status();
      if (!told.ok()) LogError(name_, told);
    }
    if (work.ok() && *work == Work::kDone) continue;
    std::unique_lock<std::mutex> lock(mutex_);
    const auto woken = [this] { return woken_ || stop_; };
    const absl::Duration most = work.ok() ? idle : kRetryAfter;
    if (most == absl::InfiniteDuration()) {
      wake_.wait(lock, woken);
    } else {
      wake_.wait_for(lock, absl::ToChronoMilliseconds(most), woken);
    }
    woken_ = false;
  }
}

}  // namespace portrisk::service
