// The engine's own readers, whose first look for work is a command like any
// other: it waits in the queue, and makes a store that failed open again.
#ifndef PORTRISK_TESTS_SERVICE_READERS_H_
#define PORTRISK_TESTS_SERVICE_READERS_H_

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "service/engine.h"

namespace portrisk::service {

// Until warming, evaluations and erasures of an engine that was just opened
// have looked, some more than once: nobody asks for a tenth of a second.
inline void WaitForReaders(Engine* engine) {
  constexpr uint64_t kReaders = 3;
  constexpr int kQuiet = 100;
  const size_t taken = static_cast<size_t>(Verdict::kTaken);
  uint64_t last = 0;
  for (int quiet = 0; quiet < kQuiet || last < kReaders; ++quiet) {
    absl::SleepFor(absl::Milliseconds(1));
    const uint64_t now = engine->queue_figures().verdicts[taken];
    if (now != last) quiet = 0;
    last = now;
  }
  // Behind theirs in the queue.
  ASSERT_TRUE(engine->ReadCatalogue().ok());
}

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_READERS_H_
