// The states of every entity that movements name: found, read, folded and
// written behind together.
//
// One bounded cache for each kind of state (state_table.h), one batched read
// for all that a batch of movements misses. A new kind of state that movements
// name belongs here: a table, its key in Find, its part in Fold and Unfold.
//
// Threads: all methods belong to the owner, except TakeFrozen.
#ifndef PORTRISK_SERVICE_ENTITIES_H_
#define PORTRISK_SERVICE_ENTITIES_H_

#include <array>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/journal.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/usual.pb.h"
#include "scoring/assess.h"
#include "scoring/container_history.h"
#include "scoring/spans.h"
#include "scoring/spread.h"
#include "service/aggregates.h"
#include "service/entity_keys.h"
#include "service/state_kind.h"
#include "store/store.h"

namespace portrisk::service {

class Entities {
 public:
  template <typename State>
  using Kind = StateKind<State>;

  // What one movement names; null where it names none of a kind. Valid until
  // the next Trim.
  struct Named {
    Kind<v1::ContainerState>::Entry* container = nullptr;
    Kind<v1::RightState>::Entry* right = nullptr;
    Kind<v1::ConsignmentState>::Entry* consignment = nullptr;
    Kind<v1::VesselState>::Entry* vessel = nullptr;
    Kind<v1::FacilityState>::Entry* facility = nullptr;
    // By scoring::ProfileSlot.
    std::array<Kind<v1::ProfileState>::Entry*, scoring::kProfileSlots>
        profiles{};
    // By scoring::FindSlot; null unless asked for by FindRatesOf.
    std::array<Kind<v1::FindState>::Entry*, scoring::kFindSlots> finds{};
    // By scoring::SpreadSlot; null unless asked for by FindSpreads.
    std::array<Kind<v1::SpreadState>::Entry*, scoring::kSpreadSlots> spreads{};
    const scoring::Spans* spans = nullptr;
    Aggregates::Found aggregates;
  };

  // What an erasure renames in; null where the record names none.
  struct NamedErased {
    Kind<v1::ContainerState>::Entry* container = nullptr;
    Kind<v1::RightState>::Entry* right = nullptr;
  };

  // What an outcome or a decision is folded into; null where there is no key.
  struct NamedControl {
    std::array<Kind<v1::FindState>::Entry*, scoring::kFindSlots> finds{};
    Kind<v1::ControlLogState>::Entry* log = nullptr;
    // Of a worklist.
    Kind<v1::ContainerState>::Entry* container = nullptr;
    Kind<v1::ConsignmentState>::Entry* consignment = nullptr;
  };

  // Keeps about `capacity` states of each kind, and reads others `from` there.
  Entities(size_t capacity, StoredStates from)
      : from_(from),
        containers_(capacity),
        rights_(capacity),
        consignments_(capacity),
        vessels_(capacity),
        facilities_(capacity),
        profiles_(capacity),
        finds_(capacity),
        control_logs_(capacity),
        spreads_(capacity),
        aggregates_(capacity, from) {}

  // Gives up states that were not used lately. Between batches.
  void Trim();

  // Finds or makes the entries of what a movement names. New ones are empty
  // until Load.
  Named Find(const v1::Movement& movement) {
    return Find(movement, KeysOf(movement), {});
  }
  // The same, where keys have been made before: those of aggregates by one of
  // theirs, or none.
  Named Find(const v1::Movement& movement, const EntityKeys& keys,
             const CountedKeys& counted);
  // Fetches into the processor's cache what Find will look at, and what folding
  // will. For movements that come a few after the one at hand.
  void Prefetch(const EntityKeys& keys, const CountedKeys& counted,
                const SpreadKeys& spreads) const;
  static void Prefetch(const Named& named);
  // Reads everything Find has made, in one batched read. When that fails the
  // new entries are gone.
  absl::Status Load();

  // Finds and reads the aggregates anew when their tables have changed since
  // Find.
  absl::Status Renew(const v1::Movement& movement, Named* named);

  // --- Spans, in entities_spans.cc.

  // The spans that end with a movement: with those of its states that `named`
  // has found and loaded.
  void FindSpans(const scoring::JournaledMovement& input, const Named& named,
                 const scoring::Reference& reference, scoring::Spans* out);
  // Names what spans are read from and go into. As Find: to be loaded. The
  // spans outlive `named`.
  void FindSpreads(const v1::Movement& movement, const scoring::Spans& spans,
                   Named* named);
  // The same, where keys have been made before.
  void FindSpreads(const scoring::Spans& spans, const SpreadKeys& keys,
                   Named* named);
  // Parts of Fold and Unfold.
  void FoldSpreads(const v1::Movement& movement, uint64_t sequence,
                   const Named& named);
  void UnfoldSpreads(const v1::Movement& prior, uint64_t sequence,
                     const Named& named);
  absl::StatusOr<v1::SpreadState> ReadSpread(const EntityKey& key);

  // --- Finds and logs, in entities_outcomes.cc. As Find: to be loaded.

  // Names what the find rates of a movement are read from.
  void FindRatesOf(const v1::Movement& movement, Named* named);
  NamedControl FindControl(const v1::OutcomeTie& tie);
  NamedControl FindControl(const v1::DecisionTie& tie);
  NamedControl FindControl(const v1::WorklistUnit& unit);
  // Only the finds that `movement` reads, too.
  NamedControl FindShared(const v1::OutcomeTie& tie,
                          const v1::Movement& movement);
  // Into and out of the finds; what is no control with a result changes none.
  void FoldOutcome(const v1::OutcomeRecord& record, uint64_t sequence,
                   const NamedControl& named);
  void UnfoldOutcome(const v1::OutcomeRecord& prior, uint64_t sequence,
                     const NamedControl& named);
  // A unit of a taken worklist, into the log and into what stands of it.
  void FoldTaken(const v1::WorklistUnit& unit, uint64_t sequence,
                 const NamedControl& named);
  // Which list of a ControlLogState.
  using LogList =
      google::protobuf::RepeatedField<uint64_t>* (v1::ControlLogState::*)();
  void FoldLog(uint64_t sequence, const NamedControl& named, LogList list);
  absl::StatusOr<v1::ControlLogState> ReadLog(const EntityKey& key);

  // --- Erasure, in entities_erasure.cc. As Find: to be loaded.

  NamedErased FindErased(const v1::ErasedRecord& record);
  void EraseNames(const v1::ErasedRecord& record, bool everywhere,
                  const NamedErased& named);
  // HOT PATH. Lets a party that was erased go by the name that the movement
  // gives it.
  void Recognise(const v1::Movement& movement, const Named& named);

  // The states as the pure steps take them. Valid until the next call.
  scoring::EntityStates States(const Named& named);

  // Takes an earlier version of a movement out of what it named, before the
  // new one is assessed: a movement is not part of its own past. `read` is for
  // aggregates that cannot undo it; after a failure of it the states are wrong.
  absl::Status Unfold(const scoring::JournaledMovement& input,
                      const v1::Movement& prior, const Named& named,
                      ReadOccurred read);
  // `unit` as its assessment decided.
  void Fold(const scoring::JournaledMovement& input, const v1::Unit& unit,
            const Named& named);

  // --- Copies, for answers. Empty when nothing is known.

  absl::StatusOr<v1::ContainerState> ReadContainer(const EntityKey& key);
  absl::StatusOr<v1::RightState> ReadRight(const EntityKey& key);
  absl::StatusOr<v1::VesselState> ReadVessel(const EntityKey& key);
  absl::StatusOr<v1::FacilityState> ReadFacility(const EntityKey& key);
  absl::StatusOr<v1::ProfileState> ReadProfile(const EntityKey& key);

  Aggregates& aggregates() { return aggregates_; }
  const Aggregates& aggregates() const { return aggregates_; }

  // The keys of everything a movement names.
  void AppendKeys(const v1::Movement& movement, std::vector<EntityKey>* keys);

  // --- Writing behind, as in StateTable. `sequence` is the position the states
  // are at.

  void Freeze(uint64_t sequence);
  void TakeFrozen(KeyValues* out);
  void Thaw();

  // Every state as it is stored; for verification.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    containers_.table.ForEach(visit);
    rights_.table.ForEach(visit);
    consignments_.table.ForEach(visit);
    vessels_.table.ForEach(visit);
    facilities_.table.ForEach(visit);
    profiles_.table.ForEach(visit);
    finds_.table.ForEach(visit);
    control_logs_.table.ForEach(visit);
    spreads_.table.ForEach(visit);
    aggregates_.ForEach(visit);
  }

 private:
  void ChangeSpreads(const v1::Movement& movement, uint64_t sequence,
                     const Named& named, decltype(&scoring::FoldSpread) change);
  // Calls `visit` with each kind but the aggregates', whose tables change.
  template <typename Visit>
  void EachFixedKind(const Visit& visit);
  template <typename State>
  absl::StatusOr<State> Read(const EntityKey& key, Kind<State>* kind);

  const StoredStates from_;
  Kind<v1::ContainerState> containers_;
  Kind<v1::RightState> rights_;
  Kind<v1::ConsignmentState> consignments_;
  Kind<v1::VesselState> vessels_;
  Kind<v1::FacilityState> facilities_;
  Kind<v1::ProfileState> profiles_;
  Kind<v1::FindState> finds_;
  Kind<v1::ControlLogState> control_logs_;
  Kind<v1::SpreadState> spreads_;
  scoring::SpanFinder span_finder_;
  Aggregates aggregates_;
  // False: no right in memory shows the token of an erased name. Mostly nobody
  // is erased, and looking through every right took 4 % of a replay.
  bool shows_erased_ = false;

  // Reused.
  SpreadKeys spread_keys_;
  LoadBuffers buffers_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_ENTITIES_H_
