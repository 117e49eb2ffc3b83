#include "store/rewrite.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "portrisk/v1/journal.pb.h"
#include "store/block.h"
#include "store/chain.h"
#include "store/rep.h"

namespace portrisk::store {
namespace {

absl::Status Unfit(uint64_t sequence) {
  return absl::InvalidArgumentError(absl::StrCat(
      "what is to replace the record at sequence ", sequence,
      " is none of that sequence, or no such record lies in one block with the "
      "others"));
}

bool IsOf(const Replacement& one) {
  v1::JournalRecord record;
  return record.ParseFromString(one.bytes) && record.sequence() == one.sequence;
}

std::string Field(int field, absl::string_view bytes) {
  std::string out;
  out.push_back(static_cast<char>(field << 3 | 2));
  for (size_t left = bytes.size();; left >>= 7) {
    if (left < 0x80) {
      out.push_back(static_cast<char>(left));
      break;
    }
    out.push_back(static_cast<char>(0x80 | (left & 0x7f)));
  }
  out.append(bytes.data(), bytes.size());
  return out;
}

absl::StatusOr<std::string> Rewrite(const Block& block,
                                    absl::Span<const Replacement> records) {
  std::string out;
  std::string chain;
  std::map<uint32_t, v1::ReplacedRecord> was;  // By index.
  uint64_t at = block.first_sequence;
  const Replacement* next = records.begin();
  const bool whole = WalkFields(block.bytes, [&](int field,
                                                 absl::string_view bytes) {
    if (field == v1::JournalBlock::kReplacedFieldNumber) {
      v1::ReplacedRecord one;
      if (!one.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return false;
      }
      was[one.index()] = std::move(one);  // What it was first.
    } else if (field == v1::JournalBlock::kChainFieldNumber) {
      chain.assign(bytes.data(), bytes.size());
    } else if (field == v1::JournalBlock::kRecordsFieldNumber) {
      if (next != records.end() && next->sequence == at) {
        const auto index = static_cast<uint32_t>(at - block.first_sequence);
        const Chain digest = DigestOf(bytes);
        was[index].set_index(index);
        was[index].mutable_digest()->assign(digest.begin(), digest.end());
        bytes = next++->bytes;
      }
      out += Field(field, bytes);
      ++at;
    }
    return true;
  });
  if (!whole || next != records.end()) return Unfit(records[0].sequence);
  for (const auto& [index, one] : was) {
    out +=
        Field(v1::JournalBlock::kReplacedFieldNumber, one.SerializeAsString());
  }
  if (!chain.empty()) out += Field(v1::JournalBlock::kChainFieldNumber, chain);
  return out;
}

class MovementsFilter : public rocksdb::CompactionFilter {
 public:
  explicit MovementsFilter(Position removed_to)
      : removed_to_(std::move(removed_to)) {}
  const char* Name() const override { return "portrisk.movements"; }
  Decision FilterV2(int, const rocksdb::Slice& key, ValueType type,
                    const rocksdb::Slice& value, std::string* changed,
                    std::string*) const override {
    const uint64_t last = removed_to_->load(std::memory_order_acquire);
    if (type != ValueType::kValue || key.size() != 8 || last == 0) {
      return Decision::kKeep;
    }
    const uint64_t first = FromBigEndian64(ToView(key));
    if (first > last) return Decision::kKeep;
    auto without = WithoutMovements({first, value.ToString()}, last);
    if (!without) return Decision::kKeep;
    *changed = *std::move(without);
    return Decision::kChangeValue;
  }

 private:
  const Position removed_to_;
};

// A key ends with a position.
class EntriesFilter : public rocksdb::CompactionFilter {
 public:
  explicit EntriesFilter(Position removed_to)
      : removed_to_(std::move(removed_to)) {}
  const char* Name() const override { return "portrisk.container_index"; }
  Decision FilterV2(int, const rocksdb::Slice& key, ValueType type,
                    const rocksdb::Slice&, std::string*,
                    std::string*) const override {
    const uint64_t last = removed_to_->load(std::memory_order_acquire);
    if (type != ValueType::kValue || key.size() < 8) return Decision::kKeep;
    const absl::string_view position = ToView(key).substr(key.size() - 8);
    return FromBigEndian64(position) <= last ? Decision::kRemove
                                             : Decision::kKeep;
  }

 private:
  const Position removed_to_;
};

// What is left of a movement that is removed.
std::string RemovedForm(const v1::JournalRecord& record) {
  v1::JournalRecord removed;
  removed.set_sequence(record.sequence());
  *removed.mutable_recorded_time() = record.recorded_time();
  removed.set_removed(true);
  return removed.SerializeAsString();
}

}  // namespace

absl::StatusOr<std::string> Rewritten(const Block& block,
                                      absl::Span<const Replacement> records) {
  for (const Replacement& one : records) {
    if (!IsOf(one)) return Unfit(one.sequence);
  }
  auto rewritten = Rewrite(block, records);
  if (!rewritten.ok()) return rewritten;
  const auto before = Seal(ChainStart(), block.bytes);
  const auto after = Seal(ChainStart(), *rewritten);
  if (!before || !after || before->chain != after->chain ||
      before->has_others || after->has_others) {
    return absl::InternalError(
        absl::StrCat("the chain of the journal block at sequence ",
                     block.first_sequence, " would not stand"));
  }
  return rewritten;
}

std::optional<RecordForm> FormOf(absl::string_view record) {
  RecordForm form;
  bool is_removed = false;
  const bool whole = WalkFields(record, [&](int field, absl::string_view) {
    form.is_movement |= field == v1::JournalRecord::kMovementFieldNumber;
    form.is_audit |= field == v1::JournalRecord::kAuditFieldNumber;
    is_removed |= field == v1::JournalRecord::kRemovedFieldNumber;
    return true;
  });
  if (!whole) return std::nullopt;
  if (is_removed) {
    v1::JournalRecord parsed;
    form.is_removed =
        parsed.ParseFromArray(record.data(), static_cast<int>(record.size())) &&
        RemovedForm(parsed) == record;
  }
  return form;
}

std::optional<std::string> WithoutMovements(const Block& block, uint64_t last) {
  std::vector<Replacement> replaced;
  uint64_t at = block.first_sequence;
  const bool whole = WalkFields(block.bytes, [&](int field,
                                                 absl::string_view bytes) {
    if (field != v1::JournalBlock::kRecordsFieldNumber) return true;
    const uint64_t sequence = at++;
    if (sequence > last) return true;
    const auto form = FormOf(bytes);
    if (!form) return false;
    if (!form->is_movement) return true;
    v1::JournalRecord record;
    if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return false;
    }
    replaced.push_back({sequence, RemovedForm(record)});
    return true;
  });
  if (!whole || replaced.empty()) return std::nullopt;
  auto rewritten = Rewritten(block, replaced);
  if (!rewritten.ok()) return std::nullopt;
  return *std::move(rewritten);
}

std::unique_ptr<rocksdb::CompactionFilter> JournalFilter(Position removed_to) {
  return std::make_unique<MovementsFilter>(std::move(removed_to));
}

std::unique_ptr<rocksdb::CompactionFilter> IndexFilter(Position removed_to) {
  return std::make_unique<EntriesFilter>(std::move(removed_to));
}

}  // namespace portrisk::store
