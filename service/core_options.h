// What a core is made with.
#ifndef PORTRISK_SERVICE_CORE_OPTIONS_H_
#define PORTRISK_SERVICE_CORE_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "portrisk/v1/rules.pb.h"
#include "scoring/decision.h"
#include "scoring/programme.h"

namespace portrisk::service {

class Core;
class MovementCounts;
class Pseudonyms;
class RuleSets;

// Who journals what nobody asked for.
inline constexpr char kEngineCaller[] = "engine";

// Versions of one movement, outcome or decision, newest first, that a repeat is
// looked for among: everybody waits meanwhile, and a sender makes as many as it
// likes.
inline constexpr size_t kVersionsSearchedMax = 64;

struct CoreOptions {
  size_t cache_states_max = 1'000'000;
  // Declare the aggregates of tables; outlive the core. Null: there are none.
  const RuleSets* rule_sets = nullptr;
  scoring::SelectionProfile profile;  // Until one is activated.
  scoring::DrawKey draw_key;
  // Verification and replay: take no state from the store, only the journal.
  bool from_zero = false;
  // Verification, with from_zero: begins with the base of that position, of
  // which Core::RecoverBase takes what is not read when it is named. 0: with
  // nothing.
  uint64_t base = 0;
  // Replay: what identity and container indexes are told is of no use, and
  // shares and overrides of the journal are not those of the rules in force.
  bool keeps_indexes = true;
  bool follows_catalogue = true;
  std::vector<scoring::Programme::Override> overrides;  // Where it does not.
  // The journal before this position is not folded in: what corrects a record
  // of that part is a record of its own.
  uint64_t folds_from = 1;
  // A breaker has tripped; called on the apply thread, before it is durable.
  std::function<void(const v1::Revision&, const v1::RuleOverride&)> on_trip;
  // Opening: called after every so many records that were folded, to write
  // them behind (Freeze, TakeFrozen, Thaw), since what is not written stays in
  // memory. Null: all does.
  std::function<absl::Status(Core&)> write_behind;
  uint64_t write_behind_records = 1'000'000;
  // Opening: called again and again with the position folded to.
  std::function<void(uint64_t)> on_folded;
  // Counts what is scored; outlives the core. Null: nobody counts.
  MovementCounts* counts = nullptr;
  // With which a repeat of what has been erased is recognised; outlives the
  // core. Null: it takes no movements.
  const Pseudonyms* pseudonyms = nullptr;
  // Replay: sees each answer beside the one that was given, as stored, before
  // it is folded in.
  std::function<void(const v1::Movement&, const std::string& was,
                     v1::Assessment* answer)>
      amend_answer;
  // How many rules breakers hold in shadow, whenever that may have changed.
  std::function<void(size_t)> on_overrides;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_CORE_OPTIONS_H_
