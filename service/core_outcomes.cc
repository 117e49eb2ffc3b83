// The part of the core that takes outcomes, decisions and worklists: each is
// journaled with what it is about, so that folding it again reads nothing but
// the version that it corrects.
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "scoring/timestamps.h"
#include "service/core.h"
#include "service/errors.h"
#include "service/journal_reader.h"
#include "service/keys.h"
#include "service/same_content.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

absl::Status Damaged(uint64_t sequence) {
  return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
               absl::StrCat("journal record ", sequence,
                            " is not the outcome or decision it should be; run "
                            "`portrisk verify` and restore a backup"));
}

// What differs between the two kinds.
const v1::Outcome& ContentOf(const v1::OutcomeRecord& record) {
  return record.outcome();
}
const v1::Decision& ContentOf(const v1::DecisionRecord& record) {
  return record.decision();
}
const v1::OutcomeRecord* Part(const v1::JournalRecord& record,
                              const v1::OutcomeRecord*) {
  return record.has_outcome() ? &record.outcome() : nullptr;
}
const v1::DecisionRecord* Part(const v1::JournalRecord& record,
                               const v1::DecisionRecord*) {
  return record.has_decision() ? &record.decision() : nullptr;
}
void Put(v1::OutcomeRecord record, v1::JournalRecord* out) {
  *out->mutable_outcome() = std::move(record);
}
void Put(v1::DecisionRecord record, v1::JournalRecord* out) {
  *out->mutable_decision() = std::move(record);
}
Digest IdentityOf(const v1::Outcome& one) {
  return OutcomeIdentity(one.source(), one.id());
}
Digest IdentityOf(const v1::Decision& one) {
  return DecisionIdentity(one.source(), one.id());
}
constexpr const char* ReasonOf(const v1::Outcome&) {
  return "OUTCOME_CONFLICT";
}
constexpr const char* ReasonOf(const v1::Decision&) {
  return "DECISION_CONFLICT";
}

// With the version in force.
template <typename Content>
absl::Status Conflict(const Content& given, const Content& stored,
                      uint64_t position) {
  return Error(absl::StatusCode::kAlreadyExists, ReasonOf(given),
               absl::StrCat(given.id(), " of source ", given.source(),
                            " is stored at position ", position,
                            " with other content, ", UpdatedAt(stored),
                            ", and this one has no newer update_time; send a "
                            "correction with a later update_time "
                            "(--updated of portrisk), or another id"),
               {{"source", given.source()},
                {"id", given.id()},
                {"stored_sequence", absl::StrCat(position)}});
}

// What says the same is a repeat. But a decision is somebody's, about one
// version of an assessment: another person's, or about another one, is not.
bool IsSameDecision(const v1::DecisionRecord& given, const Caller& caller,
                    const v1::DecisionRecord& stored,
                    const v1::JournalRecord& record) {
  if (given.decision().retraction()) return true;
  return caller.name == record.caller() &&
         (!given.has_tie() || given.tie().assessment_sequence() ==
                                  stored.tie().assessment_sequence());
}

absl::Status OtherDecision(const v1::DecisionRecord& stored,
                           const v1::JournalRecord& record) {
  const v1::Decision& d = stored.decision();
  return Error(absl::StatusCode::kAlreadyExists, ReasonOf(d),
               absl::StrCat(d.id(), " of source ", d.source(), " is what ",
                            record.caller(),
                            " decided about the assessment at position ",
                            stored.tie().assessment_sequence(),
                            "; send yours with a later update_time (--updated "
                            "of portrisk), or another id"),
               {{"source", d.source()},
                {"id", d.id()},
                {"stored_sequence", absl::StrCat(record.sequence())}});
}

}  // namespace

absl::StatusOr<v1::JournalRecord> Core::ReadControl(uint64_t sequence) {
  v1::JournalRecord result;
  for (const Batch* batch : {static_cast<const Batch*>(batch_), in_flight_}) {
    if (batch == nullptr || sequence < batch->first_sequence ||
        sequence >= batch->first_sequence + batch->record_count) {
      continue;
    }
    const Batch::Record& kept =
        batch->records[sequence - batch->first_sequence];
    if (!result.ParseFromString(kept.control)) return Damaged(sequence);
    return result;
  }
  auto block = store_->ReadBlock(sequence);
  if (!block.ok()) return block.status();
  if (!ParseRecordOfBlock(*block, sequence, &result)) return Damaged(sequence);
  return result;
}

struct Core::ControlFold {
  v1::JournalRecord prior;  // Of the version it corrects.
  Entities::NamedControl before, now;
  std::vector<Entities::NamedControl> taken;  // Units of a worklist.
};

absl::StatusOr<Core::ControlFold> Core::PrepareControl(
    const v1::JournalRecord& record) {
  ControlFold fold;
  if (record.has_worklist()) {
    for (const v1::WorklistUnit& unit : record.worklist().units()) {
      fold.taken.push_back(entities_.FindControl(unit));
    }
    absl::Status status = entities_.Load();
    if (!status.ok()) return status;
    return fold;
  }
  const uint64_t corrects = record.has_outcome()
                                ? record.outcome().corrects_sequence()
                                : record.decision().corrects_sequence();
  if (corrects >= options_.folds_from) {
    auto prior = ReadControl(corrects);
    if (!prior.ok()) return prior.status();
    fold.prior = *std::move(prior);
    if (fold.prior.has_outcome()) {
      fold.before = entities_.FindControl(fold.prior.outcome().tie());
    }
  }
  fold.now = record.has_outcome()
                 ? entities_.FindControl(record.outcome().tie())
                 : entities_.FindControl(record.decision().tie());
  absl::Status status = entities_.Load();
  if (!status.ok()) return status;
  return fold;
}

void Core::FoldPrepared(const v1::JournalRecord& record,
                        const ControlFold& fold) {
  const uint64_t sequence = record.sequence();
  if (record.has_worklist()) {
    for (size_t i = 0; i < fold.taken.size(); ++i) {
      entities_.FoldTaken(record.worklist().units(static_cast<int>(i)),
                          sequence, fold.taken[i]);
    }
    return;
  }
  if (fold.prior.has_outcome()) {
    entities_.UnfoldOutcome(fold.prior.outcome(), sequence, fold.before);
  }
  if (record.has_outcome()) {
    entities_.FoldOutcome(record.outcome(), sequence, fold.now);
  }
  entities_.FoldLog(sequence, fold.now,
                    record.has_outcome()
                        ? &v1::ControlLogState::mutable_outcomes
                        : &v1::ControlLogState::mutable_decisions);
  const Digest identity = record.has_outcome()
                              ? IdentityOf(record.outcome().outcome())
                              : IdentityOf(record.decision().decision());
  pending_->identity[identity] = sequence;
}

absl::Status Core::FoldControl(const v1::JournalRecord& record) {
  auto fold = PrepareControl(record);
  if (fold.ok()) FoldPrepared(record, *fold);
  return fold.status();
}

template <typename Kept, typename Shown>
absl::Status Core::RecordControl(Kept record, const Caller& caller,
                                 Shown* out) {
  auto latest = LatestSequence(IdentityOf(ContentOf(record)));
  if (!latest.ok() && !absl::IsNotFound(latest.status())) {
    return latest.status();
  }
  // Versions, newest first: a repeat of any is answered with that one.
  const std::string bytes = ContentOf(record).SerializeAsString();
  size_t searched = 0;
  v1::JournalRecord in_force;
  const auto conflict = [&] {
    return Conflict(ContentOf(record),
                    ContentOf(*Part(in_force, static_cast<Kept*>(nullptr))),
                    *latest);
  };
  for (uint64_t version = latest.value_or(0); version != 0;) {
    if (++searched > kVersionsSearchedMax) return conflict();
    auto stored = ReadControl(version);
    if (!stored.ok()) return stored.status();
    const Kept* prior = Part(*stored, static_cast<const Kept*>(nullptr));
    if (prior == nullptr) return Damaged(version);
    if (version == *latest) in_force = *stored;
    if (ContentOf(*prior).SerializeAsString() == bytes) {
      if constexpr (std::is_same_v<Kept, v1::DecisionRecord>) {
        if (!IsSameDecision(record, caller, *prior, *stored)) {
          return OtherDecision(*prior, *stored);
        }
      }
      Show(*stored, out);
      return absl::OkStatus();
    }
    if (Newer(ContentOf(record), ContentOf(*prior))) {
      if (version != *latest) return conflict();
      record.set_corrects_sequence(version);
      // What voids it is about the same, and so is what cannot be tied anew
      // since the movement was removed.
      if (ContentOf(record).retraction() || !record.has_tie()) {
        *record.mutable_tie() = prior->tie();
      }
      break;
    }
    version = prior->corrects_sequence();
    if (version == 0) return conflict();
  }
  v1::JournalRecord made;
  caller.Sign(&made);
  Put(std::move(record), &made);
  auto fold = PrepareControl(made);
  if (!fold.ok()) return fold.status();
  AppendRecord(&made);
  made.SerializeToString(&batch_->records[batch_->record_count - 1].control);
  FoldPrepared(made, *fold);
  Show(made, out);
  return absl::OkStatus();
}

absl::Status Core::Record(v1::OutcomeRecord record, const Caller& caller,
                          v1::RecordedOutcome* out) {
  return RecordControl(std::move(record), caller, out);
}

absl::Status Core::Record(v1::DecisionRecord record, const Caller& caller,
                          v1::RecordedDecision* out) {
  return RecordControl(std::move(record), caller, out);
}

absl::Status Core::Record(v1::WorklistRecord record, const Caller& caller,
                          v1::RecordedWorklist* out) {
  v1::JournalRecord made;
  caller.Sign(&made);
  *made.mutable_worklist() = std::move(record);
  auto fold = PrepareControl(made);
  if (!fold.ok()) return fold.status();
  AppendRecord(&made);
  FoldPrepared(made, *fold);
  Show(made, out);
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Core::LastSequenceOf(absl::string_view number) {
  // A copy, on the rare read.
  auto state = ReadContainer(number);
  if (!state.ok()) return state.status();
  return state->last_sequence();
}

void Core::AddPending(
    absl::flat_hash_map<EntityKey, std::vector<uint64_t>>* keys) const {
  for (const PendingIndex* index :
       {frozen_.get(), static_cast<const PendingIndex*>(pending_.get())}) {
    if (index == nullptr) continue;
    // A walk, on the rare read, is what keeps each movement's write cheap.
    for (const auto& [container, sequence] : index->containers) {
      auto found = keys->find(container);
      if (found != keys->end()) found->second.push_back(sequence);
    }
  }
}

}  // namespace portrisk::service
