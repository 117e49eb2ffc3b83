// Replay: the journal of a store assessed again, by the rules that were in
// force then or by others, each with its own state. Reads the store, never
// writes it; what the engine has live is untouched.
//
// Journal order is the order in which things became known: a movement meets the
// lists, reference data, outcomes and history that had been recorded before it,
// and nothing else. The evaluator is the live one.
#ifndef PORTRISK_SERVICE_REPLAY_H_
#define PORTRISK_SERVICE_REPLAY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "portrisk/v1/evaluation.pb.h"
#include "portrisk/v1/journal.pb.h"
#include "scoring/decision.h"
#include "scoring/measures.h"
#include "scoring/programme.h"
#include "store/store.h"

namespace portrisk::service {

// What one variant has in force. Without members it follows the journal: the
// rules of each moment, as they were.
struct ReplayVariant {
  std::string name;
  bool as_recorded = false;
  std::vector<scoring::Programme::Member> members;
  // Revisions of those that are tried in place of others (Replace).
  std::vector<uint64_t> tried;
  // Of the members, rules that tripped breakers keep in shadow.
  std::vector<scoring::Programme::Override> overrides;
  // By which it selects. Null: by what is in force at the journal's end, or,
  // as recorded, by what was in force at each moment.
  std::shared_ptr<const scoring::SelectionProfiles> profiles;
};

struct ReplayOptions {
  scoring::SelectionProfile profile;  // Where the journal has none.
  scoring::DrawKey draw_key;
  // Movements that occurred in [from, until) are measured, Unix seconds. All
  // that were recorded from `history_from` on are replayed: they are the
  // history of those. What was recorded before is as if it had never been.
  int64_t from = INT64_MIN;
  int64_t until = INT64_MAX;
  int64_t history_from = INT64_MIN;
  uint64_t last_sequence = UINT64_MAX;  // Later positions are not read.
  // Records that all variants take together, at most.
  size_t chunk_records = 256;
  std::vector<double> rates = {0.01, 0.02, 0.05, 0.1};
  std::vector<scoring::Capacity> capacities;
  // Tries other thresholds of the rule sets that take the place of those in
  // force. Changes nothing else of the report, and takes longer.
  bool sensitivity = false;
  // The process ends with the report: what was folded is left to that, since
  // to give it back piece by piece takes a tenth of the time.
  bool leaves_memory = false;
  // Called now and then with the journal position reached; an error ends the
  // replay and is returned.
  std::function<absl::Status(uint64_t sequence)> progress = [](uint64_t) {
    return absl::OkStatus();
  };
};

// `variant` with these in place of the rule sets of their names.
void Replace(std::vector<scoring::Programme::Member> candidates,
             ReplayVariant* variant);

// The rule sets in force at the end of the journal.
absl::StatusOr<ReplayVariant> InForce(const store::Store& store,
                                      std::string name);
// Revisions of rule sets that the store does not know.
inline constexpr uint64_t kReplayRevisions = uint64_t{1} << 40;

// Measures the variants, the first of which is the baseline.
absl::StatusOr<v1::EvaluationReport> ReplayHistory(
    const store::Store& store, const std::vector<ReplayVariant>& variants,
    const ReplayOptions& options);

struct ReplayVerification {
  uint64_t movements = 0;
  uint64_t equal = 0;
  // Not the same, and no difference: it was given by a name that has been
  // erased since, which a rule looked for letter by letter.
  uint64_t erased = 0;
  // "position 12, movement terminal-1/M-1: ...", the first hundred.
  std::vector<std::string> differences;
};

// Assesses everything again as it was and compares each answer with the stored
// one, byte for byte.
absl::StatusOr<ReplayVerification> VerifyAssessments(
    const store::Store& store, const ReplayOptions& options);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_REPLAY_H_
