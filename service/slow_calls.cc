#include "service/slow_calls.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "service/batch.h"
#include "service/steady_clock.h"

namespace portrisk::service {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr uint64_t kLinesMask = 0xFFFF;

std::string Millis(int64_t duration_ns) {
  return absl::StrFormat("%.3f", static_cast<double>(duration_ns) / 1e6);
}

}  // namespace

LogFields SlowCallFields(const std::string& method, const std::string& code,
                         int64_t duration_ns, const MovementTask* task) {
  LogFields fields = {
      {"method", method}, {"code", code}, {"ms", Millis(duration_ns)}};
  if (task == nullptr) return fields;
  if (task->movement != nullptr) {
    fields.emplace_back("source", task->movement->source());
    fields.emplace_back("movement_id", task->movement->id());
  }
  if (task->submitted_ns == 0) return fields;
  const int64_t admit_ns = task->submitted_ns - task->accepted_ns;
  fields.emplace_back("admit_ms", Millis(admit_ns));
  if (task->times == nullptr) return fields;
  const BatchTimes& batch = *task->times;
  const int64_t shared_ns =
      batch.gather_ns + batch.apply_ns + batch.await_ns + batch.commit_ns;
  fields.emplace_back("gather_ms", Millis(batch.gather_ns));
  fields.emplace_back("apply_ms", Millis(batch.apply_ns));
  fields.emplace_back("await_ms", Millis(batch.await_ns));
  fields.emplace_back("commit_ms", Millis(batch.commit_ns));
  // Waiting before the batch, and for the answers before this one.
  fields.emplace_back("other_ms", Millis(std::max<int64_t>(
                                      duration_ns - admit_ns - shared_ns, 0)));
  return fields;
}

// One word holds both, so that nobody counts into the next second.
bool SlowCalls::TakeLine() {
  const uint64_t second = static_cast<uint64_t>(SteadyNow() / kSecondNs) << 16;
  uint64_t told = told_.load(std::memory_order_relaxed);
  while (true) {
    const bool same = (told & ~kLinesMask) == second;
    if (same && (told & kLinesMask) >= kLinesPerSecond) return false;
    const uint64_t next = same ? told + 1 : second + 1;
    if (told_.compare_exchange_weak(told, next, std::memory_order_relaxed)) {
      return true;
    }
  }
}

void SlowCalls::Tell(const std::string& method, const std::string& code,
                     int64_t duration_ns, const MovementTask* task) {
  ++slow_;
  if (!TakeLine()) {
    ++untold_;
    return;
  }
  LogInfo("slow call", SlowCallFields(method, code, duration_ns, task));
}

}  // namespace portrisk::service
