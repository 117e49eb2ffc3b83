#include "service/health.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "service/engine.h"
#include "service/metrics.h"

namespace portrisk::service {
namespace {

// All that can be, so that each has a series from the start.
constexpr char kWritesRefused[] = "WRITES_REFUSED";
constexpr char kCheckpointOld[] = "CHECKPOINT_OLD";
constexpr char kBreakerTripped[] = "BREAKER_TRIPPED";
constexpr char kQueueFull[] = "QUEUE_NEARLY_FULL";

void AddConditions(const std::vector<Condition>& conditions,
                   google::protobuf::Value* value) {
  for (const Condition& one : conditions) {
    auto& fields = *value->mutable_list_value()
                        ->add_values()
                        ->mutable_struct_value()
                        ->mutable_fields();
    fields["reason"].set_string_value(one.reason);
    fields["detail"].set_string_value(one.detail);
  }
}

void AddDegraded(Engine& engine, std::vector<Condition>* degraded) {
  const EngineOptions& options = engine.options();
  if (!engine.is_writable()) {
    const bool is_full = absl::IsResourceExhausted(engine.write_status());
    degraded->push_back(
        {kWritesRefused,
         absl::StrCat(is_full ? "the disk of the store is full, make room"
                              : "a write failed, look at the log and the disk",
                      ": reads go on, movements are refused until the store "
                      "could be opened again, which the server tries by "
                      "itself, at the latest every ",
                      absl::FormatDuration(options.reopen_after_max))});
  }
  const uint64_t end = engine.durable_sequence();
  const uint64_t behind = end - std::min(end, engine.checkpoint_sequence());
  if (behind > kCheckpointsBehindMax * options.checkpoint_records) {
    degraded->push_back(
        {kCheckpointOld,
         absl::StrCat("a crash now would fold ", behind,
                      " records again before calls are taken; checkpoints "
                      "should come every ",
                      options.checkpoint_records, ": look at the disk")});
  }
  const size_t tripped = engine.breakers_tripped();
  if (tripped > 0) {
    degraded->push_back(
        {kBreakerTripped,
         absl::StrCat(tripped,
                      " rules fired too often and are in shadow; see `portrisk "
                      "rules list`, then `portrisk rules reset-breaker`")});
  }
  const size_t depth = engine.queue_depth();
  if (static_cast<double>(depth) >=
      kQueueNearlyFull * static_cast<double>(options.queue_max)) {
    degraded->push_back(
        {kQueueFull, absl::StrCat(depth, " of at most ", options.queue_max,
                                  " tasks wait; more are refused")});
  }
}

}  // namespace

Health Examine(Engine* engine, const absl::Status& door) {
  Health health;
  if (engine->is_draining()) {
    health.not_ready.push_back({"DRAINING", "the server shuts down"});
  }
  if (!engine->store().ok()) {
    health.not_ready.push_back({"STORE_CLOSED",
                                "the store is being opened again after a "
                                "failure, or could not be; see the log"});
  }
  if (!door.ok()) {
    health.not_ready.push_back(
        {"NOBODY_GETS_IN",
         absl::StrCat("calls on open connections go on, new ones are refused: ",
                      door.message())});
  }
  if (health.is_ready()) AddDegraded(*engine, &health.degraded);
  return health;
}

Health ExamineStart(const OpeningProgress& opening) {
  std::string detail =
      opening.is_renewed
          ? "another version of the program made the states of the store: they "
            "are made anew from the journal, which ends by itself"
          : "the store is being opened; what came after its last checkpoint is "
            "folded again";
  if (opening.folded_to > 0) {
    absl::StrAppend(&detail, "; folded up to position ", opening.folded_to,
                    " of ", opening.last);
  }
  Health health;
  health.not_ready.push_back({"STARTING", std::move(detail)});
  return health;
}

std::string HealthJson(const Health& health) {
  google::protobuf::Struct object;
  auto& fields = *object.mutable_fields();
  fields["ready"].set_bool_value(health.is_ready());
  fields["not_ready"].mutable_list_value();
  fields["degraded"].mutable_list_value();
  AddConditions(health.not_ready, &fields["not_ready"]);
  AddConditions(health.degraded, &fields["degraded"]);
  std::string json;
  // Our own constants and numbers are valid UTF-8.
  (void)google::protobuf::util::MessageToJsonString(object, &json);
  return json;
}

void ShowHealth(const Health& health, Exposition* out) {
  out->Add(metric::kReady, health.is_ready() ? 1 : 0);
  for (const char* reason :
       {kWritesRefused, kCheckpointOld, kBreakerTripped, kQueueFull}) {
    const bool is_so =
        std::any_of(health.degraded.begin(), health.degraded.end(),
                    [&](const Condition& one) { return one.reason == reason; });
    out->Add(metric::kDegraded, is_so ? 1 : 0, {{"reason", reason}});
  }
}

}  // namespace portrisk::service
