// The deterministic state machine: the same admitted sequence gives the same
// states and the same assessments, live and when re-folded.
//
// Owned by one thread. Reads the store, never writes it: what a batch changes
// goes into a Batch, which the engine commits.
#ifndef PORTRISK_SERVICE_CORE_H_
#define PORTRISK_SERVICE_CORE_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "portrisk/v1/journal.pb.h"
#include "scoring/assess.h"
#include "service/batch.h"
#include "service/caller.h"
#include "service/core_options.h"
#include "service/entities.h"
#include "service/journal_reader.h"
#include "service/journaled_batch.h"
#include "service/occurrence_index.h"
#include "service/rule_tallies.h"
#include "service/ruling.h"
#include "service/task.h"
#include "store/store.h"

namespace portrisk::service {

class Core {
 public:
  Core(const CoreOptions& options, std::shared_ptr<const store::Store> store);

  // Reads the checkpoint and folds what comes after it: how many records.
  absl::StatusOr<uint64_t> Recover();

  // --- The steps of a batch, in this order. `in_flight` is the batch before
  // it when that is not durable yet, else null.

  void Begin(absl::Time now, const Batch* in_flight, Batch* batch);
  // States are half changed by a failed read: back to what is durable.
  bool is_broken() const { return is_broken_; }
  // Reads everything the tasks name, in one batched read per table. May come
  // again, for more tasks, after these were applied.
  absl::Status Gather(const std::vector<Task*>& tasks);
  // Scores one movement or recognises a repeat; sets the task's status and,
  // when OK, its assessment.
  void Apply(MovementTask* task);
  void Apply(CommandTask* task);
  // Joins the batch without effect: the engine will fail it.
  void Refuse(Task* task) { batch_->tasks.push_back(task); }
  void Finish();

  // --- For commands.

  // Appends and folds a record that is no movement, with what it stores beside
  // the journal. Stamps sequence and time, also inside; returns the sequence.
  uint64_t Append(v1::JournalRecord record, std::vector<store::Put> puts);
  void AppendAudit(v1::JournalRecord record) { AppendRecord(&record); }
  const v1::Catalogue& catalogue() const { return catalogue_; }
  const RuleTallies& tallies() const { return tallies_; }
  // What was compiled; the core adds lists, shares and overrides as they are.
  void SetProgramme(std::shared_ptr<const scoring::Programme> programme);
  const std::vector<scoring::Programme::List>& lists() const { return lists_; }
  // Replaces the list of that name. No rule is compiled.
  void SetList(scoring::Programme::List list);
  void Restand();  // After shares or overrides in the catalogue have changed.
  // Journals that a person ended an override, and ends it.
  void ResetBreaker(v1::JournalRecord record);
  void Watch(const v1::Revision& revision);  // The breakers of a new one.
  void SetReference(std::shared_ptr<const scoring::Reference> reference);
  // Brings what is being filled to the end of the journal, this batch included,
  // with a look-up of each movement since.
  absl::Status CatchUp(Aggregates* filling);
  // When everything folded so far occurred.
  const OccurrenceIndex& occurrences() const { return occurrences_; }
  // From now on the tables with these numbers are in use; see Aggregates.
  void ChangeAggregates(Aggregates::Plan plan,
                        const std::vector<uint32_t>& numbers,
                        Aggregates* filled);
  // Of these, which the catalogue has no more, states leave the store.
  void DropTables(const std::vector<uint32_t>& numbers);
  const std::shared_ptr<const scoring::Programme>& programme() const {
    return programme_;
  }
  void SetProfiles(std::shared_ptr<const scoring::SelectionProfiles> profiles);
  const std::shared_ptr<const scoring::SelectionProfiles>& profiles() const {
    return profiles_;
  }

  // --- Outcomes, decisions and taken worklists, in core_outcomes.cc.

  // Journals one and folds it in; `record` is in normal form and tied. A repeat
  // changes nothing. `out` is what is stored.
  absl::Status Record(v1::OutcomeRecord record, const Caller& caller,
                      v1::RecordedOutcome* out);
  absl::Status Record(v1::DecisionRecord record, const Caller& caller,
                      v1::RecordedDecision* out);
  // The same, but nothing repeats a worklist.
  absl::Status Record(v1::WorklistRecord record, const Caller& caller,
                      v1::RecordedWorklist* out);
  // The last position folded into a container; 0: none.
  absl::StatusOr<uint64_t> LastSequenceOf(absl::string_view number);
  // Adds, for each key, the positions not yet in the store's index.
  void AddPending(
      absl::flat_hash_map<EntityKey, std::vector<uint64_t>>* keys) const;

  // Copies, for answers. Empty states when nothing is known.
  absl::StatusOr<v1::ContainerState> ReadContainer(absl::string_view number);
  absl::StatusOr<v1::RightState> ReadRight(absl::string_view number);
  Entities& mutable_entities() { return entities_; }  // For other copies.
  absl::StatusOr<uint64_t> LatestSequence(const Digest& identity);
  absl::StatusOr<v1::MovementRecord> ReadRecord(uint64_t sequence);

  // --- Writing behind.

  uint64_t last_sequence() const { return next_sequence_ - 1; }
  uint64_t records_since_freeze() const { return since_freeze_; }
  // Marks everything changed so far. Every batch so far is durable.
  void Freeze();
  // The marked entries, sorted. Background thread.
  std::vector<store::SortedEntries> TakeFrozen();
  const v1::Checkpoint& frozen_checkpoint() const { return frozen_at_; }
  // After they are in the store.
  void Thaw();

  // What goes with the next checkpoint, while nothing is frozen.
  struct Leftovers {  // Of states to be dropped; memory to be given back.
    std::vector<std::string> prefixes;
    std::vector<std::unique_ptr<Aggregates::Table>> tables;
  };
  Leftovers TakeLeftovers();

  // For verification, before the first Fold: the tables in use at `checkpoint`.
  absl::Status VerifyAggregates(const v1::Catalogue& catalogue,
                                uint64_t checkpoint);
  absl::Status RecoverBase();  // After FoldRules of all that is before it.

  // Folds one journaled record: recovery and verification.
  absl::Status Fold(const v1::JournalRecord& record);
  // The same of journaled movements: all that they name is found before any of
  // them is folded in. For a replay they are assessed anew, by what is in force
  // here, which need not be what was then, and folded by the first answer.
  absl::Status FoldTogether(absl::Span<const ParsedMovement> movements,
                            Rescoring* rescoring);
  void AssessAlsoBy(Ruling ruling);  // Before the first Fold.
  const std::vector<Ruling>& also() const { return also_; }
  // Counts all aggregates of the plan from here on. Before the first Fold.
  void CountAll(Aggregates::Plan plan);
  // The part of Fold for records that are not movements.
  void FoldRules(const v1::JournalRecord& record);

  const Entities& entities() const { return entities_; }
  const PendingIndex& pending() const { return *pending_; }

 private:
  friend class CoreErasure;  // core_erasure.h
  // What an earlier version named, of which the new one takes the place.
  absl::Status UnfoldPrior(const scoring::JournaledMovement& input,
                           const JournaledVersion& prior);
  // Reads what Gather could not know that a movement names.
  absl::Status FindLate(const scoring::JournaledMovement& input,
                        Entities::Named* named);
  void Index(const v1::Movement& movement, const v1::Assessment& assessment,
             const Digest& identity, uint64_t sequence);
  absl::Status Score(MovementTask* task, uint64_t corrects,
                     const JournaledVersion* prior);
  void ApplyTrips();  // Journaled; in shadow from the next movement on.
  absl::StatusOr<uint64_t> FoldJournal();
  absl::Status FoldMovement(const ParsedMovement& parsed, size_t i,
                            Rescoring* rescoring);
  const v1::Unit& Rescore(const scoring::JournaledMovement& input, size_t i,
                          const ParsedMovement& parsed, Rescoring* rescoring);
  absl::Status RecoverTallies(const StoredStates& from);
  absl::Status RecoverAggregates();
  absl::Status RecoverOccurrences(const StoredStates& from);
  absl::Status ReadPeriod(const Period& period, const Positions& where,
                          VisitRecord visit);
  absl::Status AddToAggregates(uint64_t sequence, const StoredMovement& record,
                               Aggregates* aggregates);
  // Adds a record to the batch: stamps it, writes it into the block.
  void AppendRecord(v1::JournalRecord* record);
  // An outcome or decision, of the batches under way included.
  absl::StatusOr<v1::JournalRecord> ReadControl(uint64_t sequence);
  template <typename Kept, typename Shown>
  absl::Status RecordControl(Kept record, const Caller& caller, Shown* out);
  // Reads all that folding `record` touches, so that FoldPrepared cannot fail.
  struct ControlFold;
  absl::StatusOr<ControlFold> PrepareControl(const v1::JournalRecord& record);
  void FoldPrepared(const v1::JournalRecord& record, const ControlFold& fold);
  absl::Status FoldControl(const v1::JournalRecord& record);
  // Decides what a movement with a known identity is.
  absl::Status ResolveKnown(MovementTask* task, uint64_t stored_sequence);

  const CoreOptions options_;
  const std::shared_ptr<const store::Store> store_;

  // The state machine.
  Entities entities_;
  v1::Catalogue catalogue_;
  RuleTallies tallies_;
  OccurrenceIndex occurrences_;
  bool is_broken_ = false;
  uint64_t next_sequence_ = 1;
  google::protobuf::Timestamp last_recorded_time_;
  uint64_t recovered_to_ = 0;  // By the checkpoint, all but aggregates.
  uint64_t removed_to_ = 0;    // What has been folded says so.
  std::shared_ptr<const scoring::Programme> programme_;
  std::vector<scoring::Programme::List> lists_;
  std::shared_ptr<const scoring::Reference> reference_;
  std::shared_ptr<const scoring::SelectionProfiles> profiles_;
  std::vector<Ruling> also_;

  // Not yet written behind.
  std::shared_ptr<PendingIndex> pending_;
  std::shared_ptr<const PendingIndex> frozen_;
  v1::Checkpoint frozen_at_;
  std::string frozen_tallies_;
  KeyValues frozen_occurrences_;
  uint64_t since_freeze_ = 0;
  std::vector<std::string> dropped_;  // Prefixes of states.

  // Of the batch in the making.
  Batch* batch_ = nullptr;
  const Batch* in_flight_ = nullptr;
  // Of each movement of the batch, or of those that are folded together.
  std::vector<Entities::Named> gathered_;
  absl::flat_hash_map<Digest, uint64_t> stored_identities_;
  std::vector<Digest> unknown_identities_;

  // Reused.
  scoring::Assessor assessor_;
  v1::Assessment assessment_;
  JournaledBatch folded_;
  v1::JournalRecord record_;
  std::vector<Trip> trips_;
  v1::JournalBlock cached_block_;  // Of the last ReadRecord.
  std::deque<std::string> repeats_;
  std::vector<absl::string_view> keys_;
  std::vector<std::optional<std::string>> values_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_CORE_H_
