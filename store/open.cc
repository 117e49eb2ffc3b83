// Opening a directory: what is it, may we have it, is it whole.
//
// A directory is ours when RocksDB's list of column families in it is ours and
// table "meta" holds the format record. Creating takes several steps, so a
// marker file is laid down first and removed last: a directory with the marker
// is one whose creation was cut short, and creation simply goes on. Without
// it, a directory that holds anything else is left untouched.
//
// RocksDB's LOCK file keeps a second process out; what this file removes or
// writes, it does only behind that lock, except the marker, which is harmless.
#include <fcntl.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/iterator.h>
#include <rocksdb/write_batch.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "store/block.h"
#include "store/chain.h"
#include "store/rep.h"
#include "store/rewrite.h"
#include "store/store.h"

namespace portrisk::store {
namespace {

namespace fs = std::filesystem;

constexpr char kMarkerFile[] = "PORTRISK_CREATING";
constexpr char kLogEnding[] = ".log";
constexpr char kMagic[] = "portrisk";

struct Format {
  bool ours = false;
  uint64_t version = 0;
};

std::string FormatRecord(uint32_t version) {
  return absl::StrCat(kMagic, BigEndian64(version));
}

std::string AnchorRecord(const ChainHead& anchor) {
  return BigEndian64(anchor.sequence) +
         std::string(anchor.chain.begin(), anchor.chain.end());
}

Format ParseFormat(absl::string_view record) {
  constexpr size_t kMagicBytes = sizeof(kMagic) - 1;
  if (record.size() != kMagicBytes + 8) return {};
  if (record.substr(0, kMagicBytes) != kMagic) return {};
  return {true, FromBigEndian64(record.substr(kMagicBytes))};
}

absl::Status Foreign(const Options& options) {
  return absl::FailedPreconditionError(
      absl::StrCat(options.directory,
                   " holds the database of another program; name a "
                   "directory of its own for the store"));
}

absl::Status NoStore(const Options& options) {
  return absl::NotFoundError(absl::StrCat("there is no store in ",
                                          options.directory,
                                          "; name the directory of one"));
}

// What opening the database came to.
absl::Status FromOpening(const rocksdb::Status& status,
                         const Options& options) {
  const std::string doing =
      absl::StrCat("opening the store in ", options.directory);
  if (!status.IsPathNotFound()) return FromRocks(status, doing);
  return absl::DataLossError(absl::StrCat(
      doing, ": a file of it is missing: ", status.ToString(), "; ", kRemedy));
}

// Without CURRENT nothing says which of the files count.
absl::Status CheckNothingLeft(const Options& options) {
  std::vector<std::string> files;
  EnvOf(options)->GetChildren(options.directory, &files).PermitUncheckedError();
  for (const std::string& file : files) {
    if (!absl::StartsWith(file, "MANIFEST-")) continue;
    return absl::DataLossError(absl::StrCat(
        "opening the store in ", options.directory,
        ": its file CURRENT is missing, of a database that is there; ",
        kRemedy));
  }
  return absl::OkStatus();
}

absl::Status CheckFormat(const Options& options, absl::string_view record) {
  const Format format = ParseFormat(record);
  if (!format.ours) return Foreign(options);
  if (format.version > kNewestFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store in ", options.directory, " has format ", format.version,
        ", this program knows formats up to ", kNewestFormatVersion,
        "; use the version of the program that wrote it, or a later one"));
  }
  return absl::OkStatus();
}

// A new entry in a directory is durable when the directory is synced. Of the
// directories above, best effort: one that may not be read belongs to somebody
// who does that.
rocksdb::Status SyncDirectoryAndParents(const Options& options) {
  std::unique_ptr<rocksdb::Directory> directory;
  rocksdb::Status status =
      EnvOf(options)->NewDirectory(options.directory, &directory);
  if (status.ok()) status = directory->Fsync();
  fs::path path = fs::absolute(options.directory);
  while (path.has_relative_path()) {
    path = path.parent_path();
    const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
      fsync(fd);
      close(fd);
    }
  }
  return status;
}

std::vector<rocksdb::ColumnFamilyDescriptor> Columns(const Options& options) {
  rocksdb::LRUCacheOptions cache_options;
  cache_options.capacity = options.block_cache_bytes;
  const auto cache = rocksdb::NewLRUCache(cache_options);
  std::vector<rocksdb::ColumnFamilyDescriptor> columns;
  for (size_t i = 0; i < kTableCount; ++i) {
    const Table table = static_cast<Table>(i);
    columns.emplace_back(ColumnName(table), TableOptions(table, cache));
  }
  return columns;
}

// Reads the format record of a database whose tables are not the ones we know.
absl::Status CheckUnknownTables(const Options& options,
                                const std::set<std::string>& names) {
  const std::string meta = TableName(Table::kMeta);
  if (names.count(meta) == 0) return Foreign(options);
  Options reading = options;
  reading.read_only = true;
  rocksdb::DB* opened = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(
      DatabaseOptions(reading), options.directory,
      {{rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions()},
       {meta, rocksdb::ColumnFamilyOptions()}},
      &handles, &opened);
  if (!status.ok()) return FromOpening(status, options);
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::string record;
  const rocksdb::Status found = db->Get({}, handles[1], kFormatKey, &record);
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
  if (!found.ok()) return Foreign(options);
  const absl::Status newer = CheckFormat(options, record);
  return newer.ok() ? Foreign(options) : newer;
}

// A database is there: is it ours?
absl::Status CheckTables(const Options& options) {
  std::vector<std::string> listed;
  rocksdb::DBOptions quiet;
  quiet.env = EnvOf(options);
  const rocksdb::Status status =
      rocksdb::DB::ListColumnFamilies(quiet, options.directory, &listed);
  if (!status.ok()) return FromOpening(status, options);
  const std::set<std::string> names(listed.begin(), listed.end());
  std::set<std::string> known;
  for (size_t i = 0; i < kTableCount; ++i) {
    known.insert(ColumnName(static_cast<Table>(i)));
  }
  return names == known ? absl::OkStatus() : CheckUnknownTables(options, names);
}

// Prepares an absent or empty directory for a new store.
absl::Status BeginCreation(const Options& options) {
  const auto failed = [&](absl::string_view what, absl::string_view remedy) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot create a store in ", options.directory, ": ", what,
                     "; name ", remedy));
  };
  constexpr char kWritable[] = "a directory that can be made and written";
  std::error_code error;
  fs::create_directories(options.directory, error);
  if (error) return failed(error.message(), kWritable);
  for (fs::directory_iterator it(options.directory, error), end;
       !error && it != end; it.increment(error)) {
    if (it->path().filename() != "lost+found") {
      return failed("it is not empty", "an empty directory");
    }
  }
  if (error) return failed(error.message(), kWritable);
  rocksdb::Status marked = rocksdb::WriteStringToFile(
      EnvOf(options), "A store is being created here.\n",
      absl::StrCat(options.directory, "/", kMarkerFile), /*should_sync=*/true);
  if (marked.ok()) marked = SyncDirectoryAndParents(options);
  return FromRocks(marked,
                   absl::StrCat("creating a store in ", options.directory));
}

// Decides what is in the directory before anything is opened. Returns whether
// a store is to be created, or its creation to be completed.
absl::StatusOr<bool> Inspect(const Options& options) {
  // What cannot be seen is treated as absent.
  const auto has = [&](absl::string_view name) {
    return EnvOf(options)
        ->FileExists(absl::StrCat(options.directory, "/", name))
        .ok();
  };
  const bool may_create = options.create_if_missing && !options.read_only;
  if (has(kMarkerFile)) {
    if (!may_create) return NoStore(options);
    return true;
  }
  if (has("CURRENT")) {
    absl::Status status = CheckTables(options);
    if (!status.ok()) return status;
    return false;
  }
  absl::Status status = CheckNothingLeft(options);
  if (!status.ok()) return status;
  if (!may_create) return NoStore(options);
  status = BeginCreation(options);
  if (!status.ok()) return status;
  return true;
}

// Whether the journal goes on where the states end. It does not when files
// were lost or copied from two moments.
absl::Status CheckCheckpoint(const Store& store) {
  const auto checkpoint = store.ReadCheckpoint();
  if (!checkpoint.ok()) return checkpoint.status();
  const uint64_t last = store.last_sequence_at_open();
  if (checkpoint->sequence() == last) return absl::OkStatus();
  if (checkpoint->sequence() < last) {
    const auto next = store.ReadBlock(checkpoint->sequence() + 1);
    if (next.ok() || next.status().code() != absl::StatusCode::kNotFound) {
      return next.status();
    }
  }
  return absl::DataLossError(absl::StrCat(
      "the states are complete up to sequence ", checkpoint->sequence(),
      ", but the journal that should go on from there ",
      checkpoint->sequence() > last ? absl::StrCat("ends at ", last)
                                    : std::string("has a gap"),
      "; ", kRemedy));
}

}  // namespace

Store::Store() = default;
Store::~Store() = default;

Store::Rep::Rep(const Options& given)
    : options(given),
      journal_filter(JournalFilter(removed_to)),
      index_filter(IndexFilter(removed_to)) {}

Store::Rep::~Rep() {
  if (db == nullptr) return;
  for (auto* column : columns) db->DestroyColumnFamilyHandle(column);
  // A clean end is worth a sync even where commits are not synced. There is
  // nobody left to tell if it fails. Not after a failed write: a RocksDB built
  // with assertions ends the process when the log is touched again.
  if (!options.read_only && !stopped) db->SyncWAL().PermitUncheckedError();
  db->Close().PermitUncheckedError();
}

rocksdb::Status Store::Rep::TryOpen(bool create) {
  rocksdb::DBOptions how = DatabaseOptions(options);
  how.create_if_missing = create;
  how.create_missing_column_families = create;
  auto descriptors = Columns(options);
  descriptors[static_cast<size_t>(Table::kJournal)].options.compaction_filter =
      journal_filter.get();
  descriptors[static_cast<size_t>(Table::kContainerIndex)]
      .options.compaction_filter = index_filter.get();
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      options.read_only
          ? rocksdb::DB::OpenForReadOnly(how, options.directory, descriptors,
                                         &handles, &opened)
          : rocksdb::DB::Open(how, options.directory, descriptors, &handles,
                              &opened);
  if (!status.ok()) return status;
  db.reset(opened);
  std::copy_n(handles.begin(), kTableCount, columns.begin());
  return status;
}

absl::Status Store::Rep::OpenDatabase(bool create) {
  rocksdb::Status status = TryOpen(create);
  if (status.IsCorruption() && !options.read_only) status = Reattach(status);
  return FromOpening(status, options);
}

absl::Status Store::Rep::FinishCreation() {
  rocksdb::Status status = db->Put(Synced(), column(Table::kMeta), kFormatKey,
                                   FormatRecord(kFormatVersion));
  // Out of the memtable, where it would keep the log of its day alive.
  if (status.ok()) status = db->Flush({}, column(Table::kMeta));
  return FromRocks(status,
                   absl::StrCat("creating the store in ", options.directory));
}

absl::Status Store::Rep::RemoveLeftovers() {
  rocksdb::Env* const env = EnvOf(options);
  const std::string marker = absl::StrCat(options.directory, "/", kMarkerFile);
  rocksdb::Status status = rocksdb::Status::OK();
  if (env->FileExists(marker).ok()) status = env->DeleteFile(marker);
  if (status.ok()) status = env->CreateDirIfMissing(ingest_directory());
  std::vector<std::string> left;
  if (status.ok()) status = env->GetChildren(ingest_directory(), &left);
  for (const std::string& file : left) {
    if (!status.ok()) break;
    status = env->DeleteFile(absl::StrCat(ingest_directory(), "/", file));
  }
  return FromRocks(status, absl::StrCat("clearing ", ingest_directory()));
}

// A chain over all blocks, kept apart, since rewriting them would need the room
// of a second journal.
absl::Status Store::Rep::Upgrade(const Store& store, absl::string_view format) {
  if (ParseFormat(format).version >= 2) return absl::OkStatus();
  if (options.read_only) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store in ", options.directory,
        " has format 1; start the server "
        "on it once, which upgrades it to format ",
        kFormatVersion, ". Make a backup first: there is no way back"));
  }
  ChainHead anchor{0, ChainStart()};
  absl::Status status = store.ScanJournal(1, [&](const Block& block) {
    const auto sealed = Seal(anchor.chain, block.bytes);
    if (!sealed || sealed->has_others || !sealed->stored.empty()) {
      return absl::DataLossError(
          absl::StrCat("the journal block at sequence ", block.first_sequence,
                       " is none of format 1; restore a backup"));
    }
    anchor = {block.first_sequence + sealed->records - 1, sealed->chain};
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  rocksdb::WriteBatch upgrade;
  rocksdb::ColumnFamilyHandle* const meta = column(Table::kMeta);
  rocksdb::Status written = upgrade.Put(meta, kAnchorKey, AnchorRecord(anchor));
  if (written.ok())
    written = upgrade.Put(meta, kFormatKey, FormatRecord(kFormatVersion));
  if (written.ok()) written = db->Write(Synced(), &upgrade);
  if (written.ok()) written = db->Flush({}, meta);
  return FromRocks(written,
                   absl::StrCat("upgrading the store in ", options.directory));
}

absl::Status Store::Rep::RaiseFormat() {
  rocksdb::ColumnFamilyHandle* const meta = column(Table::kMeta);
  const std::string newest = FormatRecord(kNewestFormatVersion);
  std::string record;
  rocksdb::Status status = db->Get({}, meta, kFormatKey, &record);
  if (status.ok() && record == newest) return absl::OkStatus();
  if (status.ok()) status = db->Put(Synced(), meta, kFormatKey, newest);
  if (status.ok()) status = db->Flush({}, meta);
  const absl::Status raised = FromRocks(
      status,
      absl::StrCat("raising the format of the store in ", options.directory));
  if (!raised.ok()) StopWriting(raised);
  return raised;
}

absl::StatusOr<ChainHead> Store::ReadChainAnchor() const {
  const auto record = Get(Table::kMeta, kAnchorKey);
  if (!record.ok()) return record.status();
  ChainHead anchor;
  if (!*record) return anchor;
  if ((*record)->size() != 8 + anchor.chain.size()) {
    return absl::DataLossError(
        "the anchor of the chain is damaged; restore a "
        "backup");
  }
  anchor.sequence = FromBigEndian64((*record)->substr(0, 8));
  std::copy_n((*record)->begin() + 8, anchor.chain.size(),
              anchor.chain.begin());
  return anchor;
}

ChainHead Store::chain_head() const {
  const std::lock_guard<std::mutex> lock(rep_->mutex);
  return rep_->head;
}

absl::Status Store::Rep::ReadEnd(const Store& store) {
  const std::unique_ptr<rocksdb::Iterator> it(
      db->NewIterator({}, column(Table::kJournal)));
  it->SeekToLast();
  if (!it->status().ok()) {
    return FromRocks(it->status(), "reading the end of the journal");
  }
  head.chain = ChainStart();
  if (!it->Valid()) return absl::OkStatus();
  if (it->key().size() != 8) {
    return absl::DataLossError(absl::StrCat(
        "the last key of the journal is not 8 bytes long; ", kRemedy));
  }
  const uint64_t first = FromBigEndian64(ToView(it->key()));
  absl::Status status = CheckBlock(first, ToView(it->value()));
  if (!status.ok()) return status;
  const auto sealed = Seal(head.chain, ToView(it->value()));
  last_sequence_at_open = first + sealed->records - 1;
  last_sequence = last_sequence_at_open;
  head.sequence = last_sequence_at_open;
  if (sealed->stored.size() == head.chain.size()) {
    std::copy_n(sealed->stored.begin(), head.chain.size(), head.chain.begin());
    return absl::OkStatus();
  }
  const auto anchor = store.ReadChainAnchor();
  if (!anchor.ok()) return anchor.status();
  if (anchor->sequence == head.sequence) {
    head = *anchor;
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat("the last block of the journal, from sequence ", first,
                   ", carries no chain; restore a backup"));
}

// Syncing a file that was opened again brings to disk what any process has
// written to it.
absl::Status Store::SyncLog(const Options& options) {
  rocksdb::Env* const env = EnvOf(options);
  std::vector<std::string> files;
  rocksdb::Status status = env->GetChildren(options.directory, &files);
  for (const std::string& file : files) {
    if (!status.ok()) break;
    if (!absl::EndsWith(file, kLogEnding)) continue;
    std::unique_ptr<rocksdb::WritableFile> log;
    status = env->ReopenWritableFile(absl::StrCat(options.directory, "/", file),
                                     &log, {});
    if (status.ok()) status = log->Sync();
    if (status.ok()) status = log->Close();
  }
  return FromRocks(status,
                   absl::StrCat("syncing the log in ", options.directory));
}

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const Options& options) {
  const auto create = Inspect(options);
  if (!create.ok()) return create.status();
  std::unique_ptr<Store> store(new Store);
  store->rep_ = std::make_unique<Rep>(options);
  absl::Status status = store->rep_->OpenDatabase(*create);
  if (!status.ok()) return status;

  auto record = store->Get(Table::kMeta, kFormatKey);
  if (!record.ok()) return record.status();
  if (*record) {
    status = CheckFormat(options, **record);
    if (status.ok()) status = store->rep_->Upgrade(*store, **record);
  } else {
    status = *create ? store->rep_->FinishCreation() : Foreign(options);
  }
  if (status.ok() && !options.read_only) {
    status = store->rep_->RemoveLeftovers();
  }
  if (status.ok()) status = store->rep_->ReadEnd(*store);
  if (status.ok()) status = CheckCheckpoint(*store);
  if (status.ok()) return store;
  store->rep_->StopWriting(status);
  return status;
}

}  // namespace portrisk::store
