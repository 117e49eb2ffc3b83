// What passes through the apply loop.
#ifndef PORTRISK_SERVICE_TASK_H_
#define PORTRISK_SERVICE_TASK_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "portrisk/v1/movement.pb.h"

namespace portrisk::service {

class Core;
struct BatchTimes;
struct Caller;

// Hash of (source, id): the identity of a movement.
using Digest = std::array<uint8_t, 16>;

Digest IdentityOf(absl::string_view source, absl::string_view id);
// Its first 8 bytes, as states carry it.
uint64_t MovementKey(const Digest& identity);

// Who waits for whom (admission_queue.h).
enum class Priority : uint8_t {
  kOwn,   // Commands, and what the server does itself: no limit in time.
  kGate,  // Somebody stands at a gate.
  kBulk,  // Batches and streams: they yield.
};

// One piece of work. Owned by whoever submits it, alive until Done.
class Task {
 public:
  enum class Kind { kMovement, kCommand };

  virtual ~Task() = default;
  // Called exactly once, from any thread, when what the task did is durable or
  // has failed. Must not block for long: it holds up the next commit.
  virtual void Done() = 0;

  const Kind kind;
  absl::Status status;

  // On a steady clock (steady_clock.h), in nanoseconds.
  int64_t accepted_ns = 0;   // Set by the caller where somebody measures.
  int64_t submitted_ns = 0;  // Set by Engine::Submit.
  // Set by the engine, valid inside Done: of the batch that it was part of.
  const BatchTimes* times = nullptr;

 protected:
  explicit Task(Kind k) : kind(k) {}
};

// A movement to be scored.
class MovementTask : public Task {
 public:
  MovementTask() : Task(Kind::kMovement) {}
  // Nobody waits for the answer any more. Any thread; under the lock of the
  // queue.
  virtual bool IsAbandoned() const { return false; }

  // Set by the caller.
  const v1::Movement* movement = nullptr;  // Admitted: in normal form.
  std::string caller;
  std::string purpose;
  // Who it is where not everything may be corrected and taken back, else null.
  std::shared_ptr<const Caller> bound;

  // Set by Engine::Prepare.
  std::string bytes;  // The movement, serialised.
  Digest identity;

  size_t gathered = 0;  // Set by Core: where its entities are.
  size_t record = 0;    // Set by Core: its place in the batch, from 1.

  // The answer, valid inside Done when status is OK: a serialised Assessment.
  absl::string_view assessment;

  // Set by the caller.
  Priority priority = Priority::kOwn;
  int64_t deadline_ns = 0;  // Too late from then on; 0: never.
};

// Something else that needs its place in the one order: a change of rules, or
// a look at the states.
class CommandTask : public Task {
 public:
  CommandTask() : Task(Kind::kCommand) {}
  // Runs on the apply thread; its status becomes the task's.
  std::function<absl::Status(Core&)> run;
  // Changes nothing: runs while the store takes no write, too.
  bool only_looks = false;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_TASK_H_
