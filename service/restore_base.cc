#include "service/restore_base.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "portrisk/v1/aggregates.pb.h"
#include "portrisk/v1/assessment.pb.h"
#include "service/errors.h"
#include "service/fold_version.h"
#include "service/journal_reader.h"
#include "service/keys.h"
#include "store/base.h"

namespace portrisk::service {
namespace {

// Of an entry that is copied; none where it is left out.
using Value = absl::StatusOr<std::optional<std::string>>;

// Entries of one table, which come in the order of their keys, in bulk.
class BulkWriter {
 public:
  BulkWriter(store::Table table, store::Store* to) : table_(table), to_(*to) {}

  absl::Status Add(absl::string_view key, absl::string_view value) {
    entries_.emplace_back(std::string(key), std::string(value));
    return entries_.size() < kEntriesMax ? absl::OkStatus() : Write();
  }
  absl::Status Write() {
    if (entries_.empty()) return absl::OkStatus();
    std::vector<store::SortedEntries> tables;
    tables.push_back({table_, std::exchange(entries_, {})});
    return to_.IngestAside(std::move(tables));
  }

 private:
  static constexpr size_t kEntriesMax = 100'000;
  const store::Table table_;
  store::Store& to_;
  std::vector<std::pair<std::string, std::string>> entries_;
};

// Copies the entries for which `value_of` says a value.
absl::Status CopyTable(
    const store::Store& from, store::Table source, absl::string_view prefix,
    store::Table target, store::Store* to,
    const std::function<Value(absl::string_view key, absl::string_view value)>&
        value_of) {
  BulkWriter writer(target, to);
  absl::Status status;
  absl::Status read = from.ScanPrefix(
      source, prefix, "", [&](absl::string_view key, absl::string_view value) {
        auto copied = value_of(key, value);
        status = copied.status();
        if (status.ok() && *copied) {
          key.remove_prefix(prefix.size());
          status = writer.Add(key, **copied);
        }
        return status.ok();
      });
  if (!read.ok()) return read;
  return status.ok() ? writer.Write() : status;
}

// The version of what stands at `sequence` that was the latest at `last`; 0:
// there was none.
absl::StatusOr<uint64_t> VersionAt(const store::Store& store, uint64_t sequence,
                                   uint64_t last) {
  while (sequence > last) {
    const auto record = ReadJournalRecord(store, sequence);
    if (!record.ok()) return record.status();
    v1::Assessment assessment;
    if (!assessment.ParseFromString(record->movement().assessment())) {
      return StoreDamaged(absl::StrCat("the assessment at ", sequence));
    }
    sequence = std::max({assessment.corrects_sequence(),
                         record->outcome().corrects_sequence(),
                         record->decision().corrects_sequence()});
  }
  return sequence;
}

// That the tables of aggregates are complete up to there, which is no state of
// the base.
absl::Status WriteProgress(const v1::Base& base, store::Store* to) {
  v1::AggregateProgress progress;
  progress.set_sequence(base.sequence());
  BulkWriter writer(store::Table::kStates, to);
  std::vector<uint32_t> tables(base.tables().begin(), base.tables().end());
  std::sort(tables.begin(), tables.end());
  for (const uint32_t table : tables) {
    absl::Status status = writer.Add(AggregateProgressKey(table).view(),
                                     progress.SerializeAsString());
    if (!status.ok()) return status;
  }
  return writer.Write();
}

}  // namespace

absl::Status TakeUpBase(const store::Store& from, const v1::Base& base,
                        store::Store* to) {
  const uint64_t last = base.sequence();
  const auto at_base = ReadJournalRecord(from, last);
  if (!at_base.ok()) return at_base.status();
  store::StatesDigest digest;
  absl::Status status =
      CopyTable(from, store::Table::kBase, store::BigEndian64(last),
                store::Table::kStates, to,
                [&](absl::string_view key, absl::string_view value) -> Value {
                  digest.Add(key.substr(sizeof(last)), value);
                  return std::optional<std::string>(value);
                });
  if (!status.ok()) return status;
  if (digest.Finish() != base.digest()) {
    return absl::DataLossError(absl::StrCat(
        "the states kept as of position ", last,
        " are not those that the journal has the digest of; restore "
        "an earlier backup"));
  }
  status = WriteProgress(base, to);
  if (!status.ok()) return status;
  v1::Checkpoint checkpoint;
  checkpoint.set_sequence(last);
  *checkpoint.mutable_last_recorded_time() = at_base->recorded_time();
  checkpoint.set_fold_version(kFoldVersion);
  return to->Ingest({}, checkpoint);
}

absl::Status CopyBase(const store::Store& from, const v1::Base& base,
                      store::Store* to) {
  const uint64_t last = base.sequence();
  absl::Status status = CopyTable(
      from, store::Table::kIdentity, "", store::Table::kIdentity, to,
      [&](absl::string_view, absl::string_view value) -> Value {
        if (value.size() != 8) return StoreDamaged("an entry of identities");
        auto version = VersionAt(from, store::FromBigEndian64(value), last);
        if (!version.ok()) return version.status();
        if (*version == 0) return std::nullopt;
        return std::optional<std::string>(store::BigEndian64(*version));
      });
  if (status.ok()) {
    status = CopyTable(
        from, store::Table::kContainerIndex, "", store::Table::kContainerIndex,
        to, [&](absl::string_view key, absl::string_view value) -> Value {
          if (key.size() < 8) return StoreDamaged("an entry of containers");
          const absl::string_view position = key.substr(key.size() - 8);
          if (store::FromBigEndian64(position) > last) return std::nullopt;
          return std::optional<std::string>(value);
        });
  }
  if (status.ok()) status = TakeUpBase(from, base, to);
  if (!status.ok()) return status;
  return to
      ->KeepBase([](absl::string_view key) {
        return key.empty() || key[0] != kAggregateProgressKind;
      })
      .status();
}

}  // namespace portrisk::service
