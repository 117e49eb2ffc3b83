// The pace of compaction.
//
// Merging runs at full speed takes a third of a processor for some seconds
// every minute, from whoever is being scored meanwhile. Spread over the minute
// it is not felt. So it gets what it needs to keep up and little more: RocksDB
// finds that rate by itself between two bounds. Flushes are let through, and so
// is merging that writers already wait for, to which RocksDB gives another
// priority.
#include <rocksdb/env.h>
#include <rocksdb/rate_limiter.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "store/rep.h"

namespace portrisk::store {
namespace {

using rocksdb::Env;

// The least is a twentieth of it: what 4,000 movements a second need.
constexpr int64_t kBytesPerSecondMax = int64_t{32} << 20;
constexpr int64_t kRefillMicroseconds = 10'000;
constexpr int32_t kFairness = 10;  // RocksDB's; one priority comes here.

class CompactionPace final : public rocksdb::RateLimiter {
 public:
  CompactionPace()
      : limiter_(rocksdb::NewGenericRateLimiter(
            kBytesPerSecondMax, kRefillMicroseconds, kFairness,
            Mode::kWritesOnly, /*auto_tuned=*/true)) {}

  void Request(int64_t bytes, Env::IOPriority priority,
               rocksdb::Statistics* statistics) override {
    if (priority == Env::IO_LOW) limiter_->Request(bytes, priority, statistics);
  }
  size_t RequestToken(size_t bytes, size_t alignment, Env::IOPriority priority,
                      rocksdb::Statistics* statistics, OpType type) override {
    return priority == Env::IO_LOW
               ? limiter_->RequestToken(bytes, alignment, priority, statistics,
                                        type)
               : bytes;
  }
  void SetBytesPerSecond(int64_t rate) override {
    limiter_->SetBytesPerSecond(rate);
  }
  int64_t GetSingleBurstBytes() const override {
    return limiter_->GetSingleBurstBytes();
  }
  int64_t GetTotalBytesThrough(Env::IOPriority priority) const override {
    return limiter_->GetTotalBytesThrough(priority);
  }
  int64_t GetTotalRequests(Env::IOPriority priority) const override {
    return limiter_->GetTotalRequests(priority);
  }
  int64_t GetBytesPerSecond() const override {
    return limiter_->GetBytesPerSecond();
  }

 private:
  const std::unique_ptr<rocksdb::RateLimiter> limiter_;
};

}  // namespace

std::shared_ptr<rocksdb::RateLimiter> NewCompactionPace() {
  return std::make_shared<CompactionPace>();
}

}  // namespace portrisk::store
