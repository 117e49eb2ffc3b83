#include "service/past_states.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "scoring/container_history.h"
#include "scoring/pickup_right.h"
#include "service/errors.h"
#include "service/keys.h"

namespace portrisk::service {
namespace {

absl::Status Damaged(uint64_t sequence) {
  return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
               absl::StrCat("journal record ", sequence,
                            " does not parse; run `portrisk verify` and "
                            "restore a backup"));
}

// The entities of one movement.
struct Target {
  explicit Target(const v1::Movement& movement)
      : number(movement.container().number()),
        right_id(movement.pickup_right().id()) {}

  bool HasContainer(const v1::Movement& m) const {
    return !number.empty() && m.container().number() == number;
  }
  // Rights go by the container where there is one.
  bool HasRight(const v1::Movement& m) const {
    if (!number.empty()) return m.container().number() == number;
    return m.container().number().empty() && !right_id.empty() &&
           m.pickup_right().id() == right_id;
  }

  const std::string number;
  const std::string right_id;
};

// One journaled movement, as Core folds it.
absl::Status FoldOne(const store::Store& store, const Target& target,
                     const JournaledAssessment& one, PastStates* states) {
  const v1::Movement& m = one.movement;
  const uint64_t corrected = one.assessment.corrects_sequence();
  const scoring::JournaledMovement input{
      &m, MovementKeyOf(m), one.assessment.sequence(), corrected > 0};
  bool concerns_right = scoring::ConcernsRight(m);
  if (corrected > 0) {
    auto prior = ReadJournaled(store, corrected);
    if (!prior.ok()) return prior.status();
    concerns_right |= scoring::ConcernsRight(prior->movement);
    if (target.HasContainer(prior->movement) && !target.HasContainer(m)) {
      scoring::UnfoldContainer(input, &states->container);
    }
    if (concerns_right && target.HasRight(prior->movement) &&
        !target.HasRight(m)) {
      scoring::UnfoldRight(input, &states->right);
    }
  }
  if (target.HasContainer(m)) {
    scoring::FoldContainer(input,
                           m.retraction() ? nullptr : &one.assessment.unit(),
                           &states->container);
  }
  if (concerns_right && target.HasRight(m)) {
    scoring::FoldRight(input, &states->right);
  }
  return absl::OkStatus();
}

// Sequences below `end` of versions that name the container, and of those that
// correct such a version into another one.
absl::StatusOr<std::set<uint64_t>> SequencesOf(Engine* engine,
                                               const store::Store& store,
                                               const std::string& number,
                                               uint64_t end) {
  std::vector<uint64_t> pending;
  absl::Status status = engine->Run([&](Core& core) {
    pending = core.PendingSequences(number);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  std::set<uint64_t> sequences(pending.begin(), pending.end());
  status = store.ScanPrefix(
      store::Table::kContainerIndex, ContainerIndexPrefix(number), "",
      [&](absl::string_view key, absl::string_view) {
        sequences.insert(store::FromBigEndian64(key.substr(number.size() + 1)));
        return true;
      });
  if (!status.ok()) return status;
  sequences.erase(sequences.lower_bound(end), sequences.end());
  std::set<uint64_t> moved;
  for (const uint64_t sequence : sequences) {
    auto one = ReadJournaled(store, sequence);
    if (!one.ok()) return one.status();
    const Digest identity =
        IdentityOf(one->movement.source(), one->movement.id());
    uint64_t version = 0;
    status = engine->Run([&](Core& core) {
      auto latest = core.LatestSequence(identity);
      if (latest.ok()) version = *latest;
      return latest.status();
    });
    if (!status.ok()) return status;
    // Later versions, down to the one that is known.
    while (version > sequence) {
      if (version < end) moved.insert(version);
      auto later = ReadJournaled(store, version);
      if (!later.ok()) return later.status();
      version = later->assessment.corrects_sequence();
    }
  }
  sequences.insert(moved.begin(), moved.end());
  return sequences;
}

absl::Status WalkJournal(const store::Store& store, const Target& target,
                         uint64_t end, PastStates* states) {
  return store.ScanJournal(1, [&](const store::Block& block) {
    if (block.first_sequence >= end) return absl::CancelledError();
    v1::JournalBlock parsed;
    if (!parsed.ParseFromString(block.bytes)) {
      return Damaged(block.first_sequence);
    }
    for (const v1::JournalRecord& record : parsed.records()) {
      if (record.sequence() >= end || !record.has_movement()) continue;
      JournaledAssessment one;
      if (!one.movement.ParseFromString(record.movement().movement()) ||
          !one.assessment.ParseFromString(record.movement().assessment())) {
        return Damaged(record.sequence());
      }
      absl::Status status = FoldOne(store, target, one, states);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

}  // namespace

uint64_t MovementKeyOf(const v1::Movement& movement) {
  const Digest identity = IdentityOf(movement.source(), movement.id());
  uint64_t key = 0;
  for (int i = 0; i < 8; ++i) key = key << 8 | identity[i];
  return key;
}

absl::StatusOr<JournaledAssessment> ReadJournaled(const store::Store& store,
                                                  uint64_t sequence) {
  auto block = store.ReadBlock(sequence);
  if (absl::IsNotFound(block.status())) {
    return Error(
        absl::StatusCode::kNotFound, "NOT_FOUND",
        absl::StrCat("the journal holds no position ", sequence, " yet"));
  }
  if (!block.ok()) return block.status();
  v1::JournalBlock parsed;
  if (!parsed.ParseFromString(block->bytes)) return Damaged(sequence);
  for (const v1::JournalRecord& record : parsed.records()) {
    if (record.sequence() != sequence) continue;
    if (!record.has_movement()) break;
    JournaledAssessment result;
    if (!result.movement.ParseFromString(record.movement().movement()) ||
        !result.assessment.ParseFromString(record.movement().assessment())) {
      return Damaged(sequence);
    }
    return result;
  }
  return Error(absl::StatusCode::kNotFound, "NOT_FOUND",
               absl::StrCat("journal position ", sequence,
                            " is no movement but a change of rules, lists or "
                            "reference data"));
}

absl::StatusOr<PastStates> StatesBefore(Engine* engine,
                                        const v1::Movement& movement,
                                        uint64_t sequence) {
  PastStates states;
  const Target target(movement);
  if (target.number.empty() && target.right_id.empty()) return states;
  auto store = engine->store();
  if (!store.ok()) return store.status();
  if (target.number.empty()) {
    absl::Status status = WalkJournal(**store, target, sequence, &states);
    if (!status.ok() && !absl::IsCancelled(status)) return status;
    return states;
  }
  auto sequences = SequencesOf(engine, **store, target.number, sequence);
  if (!sequences.ok()) return sequences.status();
  for (const uint64_t at : *sequences) {
    auto one = ReadJournaled(**store, at);
    if (!one.ok()) return one.status();
    absl::Status status = FoldOne(**store, target, *one, &states);
    if (!status.ok()) return status;
  }
  return states;
}

}  // namespace portrisk::service
