#include "store/erasure_proof.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "portrisk/v1/journal.pb.h"
#include "store/block.h"
#include "store/rewrite.h"

namespace portrisk::store {
namespace {

// Calls `visit` with each entry of an erasure in the block, until it returns
// false. False where that was, or one does not parse.
template <typename Visit>
bool WalkEntries(const Block& block, const Visit& visit) {
  uint64_t sequence = block.first_sequence;
  return WalkFields(block.bytes, [&](int field, absl::string_view record) {
    if (field != v1::JournalBlock::kRecordsFieldNumber) return true;
    const uint64_t at = sequence++;
    v1::AuditEntry entry;
    return WalkFields(record, [&](int part, absl::string_view bytes) {
      if (part != v1::JournalRecord::kAuditFieldNumber) return true;
      return entry.ParseFromArray(bytes.data(),
                                  static_cast<int>(bytes.size())) &&
             (!entry.has_erasure() || visit(at, entry));
    });
  });
}

struct Found {
  Chain digest = {};
  bool is_removed = false;
};
absl::StatusOr<Found> FindRecord(const Store& store, uint64_t sequence) {
  auto block = store.ReadBlock(sequence);
  if (!block.ok()) return block.status();
  Found found;
  uint64_t at = block->first_sequence;
  WalkFields(block->bytes, [&](int field, absl::string_view record) {
    if (field != v1::JournalBlock::kRecordsFieldNumber) return true;
    if (at == sequence) {
      found.digest = DigestOf(record);
      const auto form = FormOf(record);
      found.is_removed = form && form->is_removed;
    }
    return at++ < sequence;
  });
  return found;
}

absl::Status Forged(uint64_t sequence, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("the record at sequence ", sequence,
                                          " ", what,
                                          ". Compare with a backup"));
}

}  // namespace

bool ErasureProof::Take(const Block& block, const SealedBlock& sealed) {
  std::set<uint64_t> removed, others;
  uint64_t at = block.first_sequence;
  const bool whole =
      WalkFields(block.bytes, [&](int field, absl::string_view record) {
        if (field != v1::JournalBlock::kRecordsFieldNumber) return true;
        const auto form = FormOf(record);
        if (!form) return false;
        if (form->is_removed) {
          removed.insert(at);
          removed_.Add(at);
        } else if (!form->is_movement && !form->is_audit) {
          others.insert(at);
        }
        if (form->is_movement) first_kept_ = std::min(first_kept_, at);
        ++at;
        return true;
      });
  if (!whole) return false;
  for (const SealedBlock::Replaced& one : sealed.replaced) {
    const uint64_t sequence = block.first_sequence + one.index;
    if (removed.count(sequence) == 0) rewritten_[sequence] = one.digest;
    if (others.count(sequence) > 0) others_.insert(sequence);
  }
  return WalkEntries(
      block, [&](uint64_t sequence, const v1::AuditEntry& entry) {
        const v1::ErasureStep& step = entry.erasure();
        for (const v1::ErasedRecord& record : step.records()) {
          Named named{step.erasure(), sequence, {}};
          if (record.digest().size() != named.digest.size()) return false;
          std::copy_n(record.digest().begin(), named.digest.size(),
                      named.digest.begin());
          named_[record.sequence()].push_back(named);
        }
        if (step.finished()) finished_.insert(step.erasure());
        if (!step.removed_digest().empty()) {
          Ended& ended = ended_[step.erasure()];
          ended.movements = step.removed_movements();
          if (step.removed_digest().size() != ended.digest.size()) return false;
          std::copy_n(step.removed_digest().begin(), ended.digest.size(),
                      ended.digest.begin());
        }
        if (step.begun().removed_sequence() > 0) {
          removals_[step.erasure()] = step.begun().removed_sequence();
        }
        return true;
      });
}

absl::Status ErasureProof::ProveRemovals(ChainReport* report) const {
  uint64_t may_be_removed = 0;
  uint64_t must_be_removed = 0;
  for (const auto& [erasure, last] : removals_) {
    const uint64_t first = may_be_removed + 1;
    may_be_removed = std::max(may_be_removed, last);
    if (finished_.count(erasure) == 0) continue;
    must_be_removed = std::max(must_be_removed, last);
    const auto ended = ended_.find(erasure);
    if (ended == ended_.end()) continue;  // By a program that did not say.
    const PositionRuns removed = removed_.Within(first, last);
    if (removed.Digest() != ended->second.digest) {
      return absl::DataLossError(absl::StrCat(
          "from sequence ", first, " to ", last, " ", removed.size(),
          " records are removed, and not the ", ended->second.movements,
          " movements that were, by the removal's last entry. Compare with a "
          "backup"));
    }
  }
  if (removed_.last() > may_be_removed) {
    return Forged(removed_.last(),
                  "was removed, and no entry of the journal says so");
  }
  if (first_kept_ <= must_be_removed) {
    return Forged(first_kept_,
                  "should have been removed by its age, which has ended");
  }
  report->removed = removed_.size();
  return absl::OkStatus();
}

absl::Status ErasureProof::Prove(const Store& store,
                                 ChainReport* report) const {
  absl::Status removed = ProveRemovals(report);
  if (!removed.ok()) return removed;
  if (!others_.empty()) {
    return Forged(*others_.begin(),
                  "was rewritten, and is of a kind that no erasure touches");
  }
  for (const auto& [sequence, digest] : rewritten_) {
    if (named_.count(sequence) == 0) {
      return Forged(sequence,
                    "was rewritten, and no erasure in the journal names it");
    }
  }
  for (const auto& [sequence, names] : named_) {
    absl::Status status = ProveNamed(store, sequence, names, report);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ErasureProof::ProveNamed(const Store& store, uint64_t sequence,
                                      const std::vector<Named>& names,
                                      ChainReport* report) const {
  const auto found = rewritten_.find(sequence);
  Chain now;
  if (found != rewritten_.end()) {
    now = found->second;
  } else {
    auto stored = FindRecord(store, sequence);
    if (!stored.ok()) return stored.status();
    if (stored->is_removed) return absl::OkStatus();
    now = stored->digest;
  }
  const bool as_named =
      std::any_of(names.begin(), names.end(), [&](const Named& one) {
        return one.entry > sequence && one.digest == now;
      });
  const bool must_be = std::any_of(
      names.begin(), names.end(),
      [&](const Named& one) { return finished_.count(one.erasure) > 0; });
  if (as_named) {
    ++report->erased;
  } else if (found != rewritten_.end()) {
    return Forged(sequence, "was rewritten, but not to what the erasure names");
  } else if (must_be) {
    return Forged(sequence,
                  "should have been rewritten by an erasure that has ended");
  } else {
    ++report->to_erase;
  }
  return absl::OkStatus();
}

}  // namespace portrisk::store
