// Restoring to a point cannot cut files: what is written behind the journal
// (states, indexes, the catalogue) knows what came after the point. So the
// journal up to the point is appended to a new store, and with it what a fold
// of just that part gives as the catalogue; states follow when it is opened. A
// commit that the point divides becomes a shorter one.
//
// Where movements were removed by their age, a fold cannot begin with the first
// record: the states of the base, and what the indexes had up to there, are
// copied, and opening folds what comes after.
#include "service/restore.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/catalogue.h"
#include "service/errors.h"
#include "service/keys.h"
#include "service/restore_base.h"
#include "service/rule_sets.h"
#include "service/times.h"
#include "store/backup.h"
#include "store/chain.h"
#include "store/store.h"

namespace portrisk::service {
namespace {

namespace fs = std::filesystem;
using Progress = std::function<void(uint64_t, uint64_t)>;

constexpr char kStaging[] = "restoring";

absl::Status CannotRestore(const std::string& to, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot restore into ", to, ": ", why));
}

absl::Status CheckTarget(const std::string& to) {
  std::error_code error;
  if (!fs::exists(to, error) && !error) return absl::OkStatus();
  for (fs::directory_iterator it(to, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().filename() == "lost+found") continue;
    if (it->path().filename() == kStaging) {
      return CannotRestore(
          to, absl::StrCat("a restore that failed has left ", kStaging,
                           " in it for a look; remove that, or name another "
                           "directory"));
    }
    return CannotRestore(
        to, "it is not empty; name a directory that is empty or not there");
  }
  return error ? CannotRestore(to, error.message()) : absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<store::Store>> OpenToRead(
    const std::string& directory) {
  store::Options options;
  options.directory = directory;
  options.create_if_missing = false;
  options.read_only = true;
  return store::Store::Open(options);
}

// The newest when none is named.
absl::StatusOr<uint32_t> ChooseBackup(const RestoreOptions& options) {
  if (options.backup > 0) return options.backup;
  const auto damaged = store::DamagedBackups(options.backups);
  if (!damaged.ok()) return damaged.status();
  const auto all = store::ListBackups(options.backups);
  if (!all.ok()) return all.status();
  const bool any = !all->empty();
  if (!damaged->empty() && (!any || damaged->back() > all->back().id)) {
    return absl::DataLossError(absl::StrCat(
        "the newest backup in ", options.backups, ", ", damaged->back(),
        ", is damaged: files of it are missing or cannot be read",
        any ? absl::StrCat("; --id ", all->back().id,
                           " restores the newest that can be read, which ends "
                           "at position ",
                           all->back().last_sequence)
            : "; look for another copy of the backups"));
  }
  if (!any) {
    return absl::NotFoundError(
        absl::StrCat("there are no verified backups in ", options.backups));
  }
  return all->back().id;
}

// Whether the record lies behind the point.
bool IsBehind(const RestoreOptions& options, const v1::JournalRecord& record) {
  return (options.until_sequence &&
          record.sequence() > *options.until_sequence) ||
         (options.until_time &&
          FromProto(record.recorded_time()) > *options.until_time);
}

absl::StatusOr<v1::JournalBlock> Parse(const store::Block& block) {
  v1::JournalBlock parsed;
  if (!parsed.ParseFromString(block.bytes)) {
    return StoreDamaged(
        absl::StrCat("the journal block at ", block.first_sequence));
  }
  uint64_t expected = block.first_sequence;
  for (const v1::JournalRecord& record : parsed.records()) {
    if (record.sequence() == expected++) continue;
    return absl::DataLossError(
        absl::StrCat("the journal block at ", block.first_sequence,
                     " holds record ", record.sequence(), " in the place of ",
                     expected - 1, "; ", store::kRemedy));
  }
  return parsed;
}

// Parses all of the journal; `visit` sees each block.
absl::Status Walk(const store::Store& store, const Progress& progress,
                  const std::function<absl::Status(const store::Block&,
                                                   v1::JournalBlock*)>& visit) {
  uint64_t expected = 1;
  return store.ScanJournal(1, [&](const store::Block& block) {
    if (block.first_sequence != expected) {
      return absl::DataLossError(absl::StrCat(
          "the journal begins at ", block.first_sequence, ", not at 1"));
    }
    auto parsed = Parse(block);
    if (!parsed.ok()) return parsed.status();
    expected += static_cast<uint64_t>(parsed->records_size());
    progress(expected - 1, store.last_sequence_at_open());
    return visit(block, &*parsed);
  });
}

// The catalogue as it was at the point, and where that is.
struct Point {
  v1::Catalogue catalogue;
  uint64_t sequence = 0;
  // By sequence: the digests that erasures up to there have named, and the last
  // entry behind it that names the record again.
  std::map<uint64_t, std::set<std::string>> erased;
  std::map<uint64_t, uint64_t> erased_again;
};
absl::StatusOr<Point> FindPoint(const RestoreOptions& options,
                                const store::Store& from) {
  Point point;
  bool behind = false;
  absl::Status status = Walk(
      from, [](uint64_t, uint64_t) {},
      [&](const store::Block&, v1::JournalBlock* block) {
        for (const v1::JournalRecord& record : block->records()) {
          behind |= IsBehind(options, record);
          if (behind) {
            for (const auto& one : record.audit().erasure().records()) {
              point.erased_again[one.sequence()] = record.sequence();
            }
            continue;
          }
          point.sequence = record.sequence();
          if (!record.has_movement()) {
            FoldIntoCatalogue(record, &point.catalogue);
          }
          for (const auto& one : record.audit().erasure().records()) {
            point.erased[one.sequence()].insert(one.digest());
          }
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  if (options.until_sequence && *options.until_sequence > point.sequence &&
      !behind) {
    return absl::OutOfRangeError(absl::StrCat("the journal ends at ",
                                              point.sequence, ", before ",
                                              *options.until_sequence));
  }
  if (point.sequence == 0) {
    return absl::OutOfRangeError("the journal holds nothing up to that point");
  }
  return point;
}

// Whether a fold up to the point can begin: with the first record, or with the
// base, which must have been the same at the point.
absl::Status CheckPast(const store::Store& from, const Point& point) {
  const auto now = ReadCatalogue(from);
  if (!now.ok()) return now.status();
  if (now->base().sequence() == point.catalogue.base().sequence()) {
    return absl::OkStatus();
  }
  return absl::OutOfRangeError(absl::StrCat(
      "movements up to position ", now->removed_sequence(),
      " have been removed by their age since, and the states of before are "
      "those of position ",
      now->base().sequence(),
      " and later; use a backup that was made before, or a later point"));
}

// What stands beside the journal, with the first block.
absl::StatusOr<std::vector<store::Put>> PutsOf(const store::Store& from,
                                               const Point& point) {
  std::vector<store::Put> puts;
  absl::Status status =
      from.ScanPrefix(store::Table::kRuleSets, "", "",
                      [&](absl::string_view key, absl::string_view value) {
                        if (key == kCatalogueKey) return true;
                        puts.push_back({store::Table::kRuleSets,
                                        std::string(key), std::string(value)});
                        return true;
                      });
  if (!status.ok()) return status;
  const std::string catalogue = point.catalogue.SerializeAsString();
  if (!catalogue.empty()) {
    puts.push_back({store::Table::kRuleSets, kCatalogueKey, catalogue});
  }
  return puts;
}

absl::Status CopyReference(const store::Store& from, store::Store* to) {
  absl::Status kept;
  absl::Status read = from.ScanPrefix(
      store::Table::kReference, "", "",
      [&](absl::string_view key, absl::string_view value) {
        kept = to->PutContent(store::Table::kReference, key, value);
        return kept.ok();
      });
  return kept.ok() ? read : kept;
}

// A record that an erasure behind the point has rewritten is copied as it is
// now, and counts as that. False when the block has none.
bool DropUnproven(uint64_t first_sequence, const Point& point,
                  v1::JournalBlock* block) {
  auto* const replaced = block->mutable_replaced();
  const auto end = std::remove_if(
      replaced->begin(), replaced->end(), [&](const v1::ReplacedRecord& one) {
        const uint64_t sequence = first_sequence + one.index();
        return sequence > point.sequence ||
               (point.erased.count(sequence) == 0 &&
                sequence > point.catalogue.removed_sequence());
      });
  if (end == replaced->end()) return false;
  replaced->erase(end, replaced->end());
  return true;
}

// What was erased by an entry that the copy has, and by another behind it, is
// not what the first one names.
absl::Status CheckProven(const v1::JournalBlock& block, const Point& point) {
  for (const v1::JournalRecord& record : block.records()) {
    const auto named = point.erased.find(record.sequence());
    const auto again = point.erased_again.find(record.sequence());
    if (named == point.erased.end() || again == point.erased_again.end() ||
        record.removed()) {
      continue;
    }
    const store::Chain digest = store::DigestOf(record.SerializeAsString());
    if (named->second.count(std::string(digest.begin(), digest.end())) > 0) {
      continue;
    }
    return absl::OutOfRangeError(absl::StrCat(
        "the record at position ", record.sequence(),
        " was erased before that point and erased again at position ",
        again->second,
        ": what it was in between is gone, and what it is now "
        "would pass for a forgery; restore to ",
        again->second, " or later, or from a backup made in between"));
  }
  return absl::OkStatus();
}

// `chain_new_from` as in RestoreReport.
absl::Status CopyJournal(const store::Store& from, const Point& point,
                         store::Store* to, const Progress& progress,
                         uint64_t* chain_new_from) {
  auto puts = PutsOf(from, point);
  if (!puts.ok()) return puts.status();
  return Walk(
      from,
      [&](uint64_t done, uint64_t) {
        progress(std::min(done, point.sequence), point.sequence);
      },
      [&](const store::Block& block, v1::JournalBlock* parsed) {
        if (block.first_sequence > point.sequence) return absl::OkStatus();
        absl::Status proven = CheckProven(*parsed, point);
        if (!proven.ok()) return proven;
        const uint64_t kept = point.sequence - block.first_sequence + 1;
        std::string shorter;
        bool changed = DropUnproven(block.first_sequence, point, parsed);
        if (changed && *chain_new_from == 0) {
          *chain_new_from = block.first_sequence;
        }
        if (kept < static_cast<uint64_t>(parsed->records_size())) {
          parsed->mutable_records()->DeleteSubrange(
              static_cast<int>(kept),
              parsed->records_size() - static_cast<int>(kept));
          changed = true;
        }
        if (changed) {
          parsed->clear_chain();  // Of all its records.
          shorter = parsed->SerializeAsString();
        }
        absl::Status status = to->AppendBlock(
            block.first_sequence,
            shorter.empty() ? store::Unsealed(block.bytes) : shorter, *puts);
        puts->clear();
        return status;
      });
}

absl::Status RestoreToPoint(const RestoreOptions& options,
                            const store::Store& from, const std::string& to,
                            const Progress& progress,
                            uint64_t* chain_new_from) {
  auto point = FindPoint(options, from);
  if (!point.ok()) return point.status();
  absl::Status status = CheckPast(from, *point);
  if (!status.ok()) return status;
  // The copy gets seals of its own, which prove nothing of where it is from.
  const auto whole = store::VerifyChain(from, nullptr, nullptr);
  if (!whole.ok()) return whole.status();
  store::Options target;
  target.directory = to;
  // Synced when it is closed, and nobody has been told anything before.
  target.durability = store::Durability::kLoseOnPowerFailure;
  auto opened = store::Store::Open(target);
  if (!opened.ok()) return opened.status();
  status = CopyReference(from, opened->get());
  if (status.ok()) {
    status = CopyJournal(from, *point, opened->get(), progress, chain_new_from);
  }
  if (!status.ok() || !point->catalogue.has_base()) return status;
  return CopyBase(from, point->catalogue.base(), opened->get());
}

// A store counts once it has its CURRENT, so that comes last.
absl::Status MoveUp(const std::string& from, const std::string& to) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator it(from, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().filename() != "CURRENT") files.push_back(it->path());
  }
  files.push_back(fs::path(from) / "CURRENT");
  for (const fs::path& file : files) {
    if (!error) fs::rename(file, fs::path(to) / file.filename(), error);
  }
  if (!error) fs::remove(from, error);
  if (error) return CannotRestore(to, error.message());
  const int fd = open(to.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) close(fd);
  return synced ? absl::OkStatus() : CannotRestore(to, "it cannot be synced");
}

}  // namespace

absl::StatusOr<RestoreReport> Restore(const RestoreOptions& options,
                                      const Progress& progress) {
  absl::Status status = CheckTarget(options.to);
  if (!status.ok()) return status;
  RestoreReport report;
  const bool to_point = options.until_sequence || options.until_time;
  const std::string staging = absl::StrCat(options.to, "/", kStaging);
  std::unique_ptr<store::Store> from;
  if (options.store.empty()) {
    auto id = ChooseBackup(options);
    if (!id.ok()) return id.status();
    report.backup = *id;
    if (to_point) status = store::CheckBackup(options.backups, *id);
    if (!status.ok()) return status;
  }
  if (to_point || !options.store.empty()) {
    auto opened = options.store.empty()
                      ? store::OpenBackup(options.backups, report.backup)
                      : OpenToRead(options.store);
    if (!opened.ok()) return opened.status();
    from = *std::move(opened);
    status = RestoreToPoint(options, *from, staging, progress,
                            &report.chain_new_from);
  } else {
    status = store::RestoreFiles(options.backups, report.backup, staging);
  }
  if (!status.ok()) return status;

  auto restored = OpenToRead(staging);
  if (!restored.ok()) return restored.status();
  report.last_sequence = (*restored)->last_sequence_at_open();
  if (from != nullptr) {
    report.left_out = from->last_sequence_at_open() - report.last_sequence;
  }
  status =
      Walk(**restored, progress, [&](const store::Block&, v1::JournalBlock*) {
        ++report.blocks;
        return absl::OkStatus();
      });
  if (status.ok()) {
    status = store::VerifyChain(**restored, nullptr, nullptr).status();
  }
  restored->reset();
  if (status.ok()) status = MoveUp(staging, options.to);
  if (!status.ok()) return status;
  return report;
}

}  // namespace portrisk::service
