// The states of aggregates that movements are counted in: one table for each
// key expression, found, read, folded and written behind like other entities.
//
// A table (v1::AggregateTable) has a fixed set of aggregates and is the fold of
// all movements up to one journal position, whenever it was made. Which tables
// there are is the catalogue's business; which aggregates rules read is the
// programme's, and those are a part of what the tables hold.
//
// Threads: all methods belong to the owner, except TakeFrozen.
#ifndef PORTRISK_SERVICE_AGGREGATES_H_
#define PORTRISK_SERVICE_AGGREGATES_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "portrisk/v1/aggregates.pb.h"
#include "portrisk/v1/journal.pb.h"
#include "portrisk/v1/rules.pb.h"
#include "scoring/aggregate_plan.h"
#include "scoring/aggregate_view.h"
#include "scoring/container_history.h"
#include "service/bucket_rebuild.h"
#include "service/counted_keys.h"
#include "service/field_selection.h"
#include "service/occurrence_index.h"
#include "service/state_kind.h"

namespace portrisk::service {

class Aggregates {
 public:
  using Plan = std::shared_ptr<const scoring::AggregatePlan>;
  using Entry = StateTable<v1::AggregateState>::Entry;

  struct Table : StateKind<v1::AggregateState> {
    Table(size_t capacity, const v1::AggregateTable& of)
        : StateKind(capacity), number(of.number()), group(of.group()) {}

    // The stored states hold all movements up to there.
    void StartAt(uint64_t sequence) {
      folded_to = sequence;
      is_stored = sequence > 0;
    }

    uint32_t number;
    uint64_t group;
    // Movements up to here are in its states already.
    uint64_t folded_to = 0;
  };

  // What one movement names. Of no use after the next Trim, nor after the
  // tables have changed.
  struct Found {
    uint32_t begin = 0;
    uint32_t change = 0;  // 0: it is no fact, and names nothing.
  };

  // Keeps about `capacity` states of each table, reads others `from` there.
  Aggregates(size_t capacity, StoredStates from)
      : capacity_(capacity), from_(from) {}

  // Begins with these tables, whose aggregates `plan` has, and nothing else.
  void Begin(Plan plan, const std::vector<v1::AggregateTable>& tables);
  // Begins with a table for each group of `plan`, numbered from 1.
  void BeginAll(Plan plan);
  // From now on has the tables with these numbers, which `plan` has the
  // aggregates of: its own, and those that `filled` (may be null) gives up,
  // which are at the same journal position. Others are retired.
  void Change(Plan plan, const std::vector<uint32_t>& numbers,
              Aggregates* filled);
  // What retired, to be destroyed where that takes nobody's time. While nothing
  // is frozen.
  std::vector<std::unique_ptr<Table>> TakeRetired();

  // Which aggregates rules read. The plan outlives this or the next Bind.
  void Bind(const scoring::AggregatePlan* read);

  bool empty() const { return tables_.empty(); }
  const std::vector<std::unique_ptr<Table>>& tables() const { return tables_; }
  const Plan& plan() const { return plan_; }
  // Of the tables, the lowest position up to which all is folded in; beyond any
  // when there are none.
  uint64_t FoldedTo() const;
  size_t dirty_count() const;

  void Trim();
  // HOT PATH. Finds or makes what a fact names. New ones are empty until Load.
  Found Find(const v1::Movement& movement);
  // The same, where its keys have been made by one of MakeKeyMaker's.
  Found Find(const v1::Movement& movement, const CountedKeys& made);
  // Of the tables as they are now.
  CountedKeyMaker MakeKeyMaker() const { return CountedKeyMaker(keyed_); }
  void Prefetch(const CountedKeys& made) const;
  bool IsCurrent(const Found& found) const {
    return found.change == 0 || found.change == change_;
  }
  template <typename Visit>
  void EachKind(const Visit& visit) {
    for (const auto& table : tables_) visit(table.get());
  }
  absl::Status Load();

  // HOT PATH. What rules read of it; valid until the next call.
  absl::Span<const scoring::AggregateGroupState> States(const Found& found);
  // HOT PATH. Puts a fact in.
  void Fold(const scoring::JournaledMovement& input, const Found& found);
  // Takes an earlier version of it out. Buckets that cannot undo that are made
  // anew from what `read` gives; when that fails they are wrong.
  absl::Status Unfold(const scoring::JournaledMovement& input,
                      const v1::Movement& prior, const Found& found,
                      ReadOccurred read);

  // Forgets what it has read of the journal to make buckets anew.
  void ForgetRead();

  // HOT PATH of filling. Adds a journaled movement by itself, of which only the
  // fields are parsed that aggregates read. It is folded in together with those
  // that follow, whose states are then read at once: FoldAdded has to come
  // before anything else looks at the states. `read` gives the record of an
  // earlier sequence, for what it corrects.
  using ReadRecord =
      absl::FunctionRef<absl::StatusOr<v1::MovementRecord>(uint64_t)>;
  absl::Status AddRecord(uint64_t sequence, const StoredMovement& record,
                         ReadRecord read, ReadOccurred read_occurred);
  absl::Status FoldAdded();

  // The keys of the states a fact is counted in.
  void AppendKeys(const v1::Movement& movement, std::vector<EntityKey>* keys);
  // --- Writing behind, as in StateTable. `sequence` is the position the states
  // are at, and is written with them.

  void Freeze(uint64_t sequence);
  void TakeFrozen(KeyValues* out);
  void Thaw();

  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (const auto& table : tables_) table->table.ForEach(visit);
  }

 private:
  // Contributions, into `found`; and `contributions_` out of it: then `lost_`
  // are the buckets to be made anew.
  using Contributions = absl::Span<const scoring::AggregateContribution>;
  void PutIn(uint64_t sequence, Contributions contributions,
             const Found& found);
  void TakeOut(uint64_t sequence, const Found& found);
  // Asks the processor for the states of the two movements found behind.
  void PrefetchBehind(const Found& found);
  // The state that a contribution changes; null when it has that already.
  v1::AggregateState* StateFor(const scoring::AggregateContribution& one,
                               uint64_t sequence, const Found& found);
  // Folds the version out that a record takes the place of.
  absl::Status TakeOutCorrected(uint64_t sequence, uint64_t corrected,
                                ReadRecord read, ReadOccurred read_occurred);
  // Adds what `contributions_` go to, each group once.
  void AddContributedKeys();

  const size_t capacity_;
  const StoredStates from_;
  Plan plan_;
  std::shared_ptr<const CountedTables> keyed_ =
      std::make_shared<CountedTables>();
  CountedKeyMaker key_maker_{keyed_};
  FieldSelection fields_;  // That the plan reads of a movement.
  std::vector<std::unique_ptr<Table>> tables_;  // By group of the plan.
  uint32_t change_ = 1;

  const scoring::AggregatePlan* read_ = nullptr;
  // By group of `read_`: the group of the plan, or kUnbound.
  static constexpr uint32_t kUnbound = UINT32_MAX;
  std::vector<uint32_t> bound_;

  std::vector<Table*> frozen_;
  uint64_t frozen_at_ = 0;
  std::vector<std::unique_ptr<Table>> retired_;

  // By group, for each movement found since the last Trim; null: it has no key.
  std::vector<Entry*> found_;

  // A journaled movement that waits for FoldAdded: what it adds, and the states
  // that goes to. Each ends where the next one's begin.
  struct Added {
    uint64_t sequence;
    size_t contributions_end;
    size_t keys_end;
  };
  std::vector<Added> added_;
  std::vector<scoring::AggregateContribution> added_contributions_;
  std::vector<std::pair<uint32_t, EntityKey>> added_keys_;  // With its group.
  std::deque<std::string> added_texts_;  // That contributions point into.

  BucketRebuilder rebuilder_;

  // Reused.
  scoring::AggregateInput input_;
  std::vector<scoring::AggregateContribution> contributions_;
  std::vector<LostBucket> lost_;
  std::vector<scoring::AggregateGroupState> states_;
  CountedKeys keys_;
  std::string key_;
  v1::Movement movement_;
  v1::Movement prior_;
  std::string selected_;
  LoadBuffers buffers_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_AGGREGATES_H_
