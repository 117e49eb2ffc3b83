// Durability: one RocksDB directory, its layout and its promises.
//
// store/FORMAT.md specifies every key and value. Values are opaque here except
// for the journal, whose blocks are portrisk.v1.JournalBlock.
//
// Thread safety: reads may run in any thread beside one writer of the journal
// (AppendBlock) and writers behind it (Ingest, IngestAside, DropStates,
// ForgetStates), which wait for one another.
#ifndef PORTRISK_STORE_STORE_H_
#define PORTRISK_STORE_STORE_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "portrisk/v1/journal.pb.h"
#include "store/figures.h"

namespace portrisk::store {

// One column family per kind of record.
enum class Table {
  kJournal,         // First sequence (8 bytes, big endian) -> JournalBlock.
  kStates,          // Kind byte and entity key -> serialised state.
  kIdentity,        // 16-byte hash of (source, id) -> sequence of the latest
                    // version (8 bytes, big endian).
  kContainerIndex,  // Container number, 0, sequence -> "".
  kRuleSets,        // Revision (8 bytes, big endian) -> Revision with YAML;
                    // "catalogue" -> Catalogue.
  kReference,       // Content hash -> ReferenceTable; content hash, 0, last
                    // value -> ListChunk.
  kMeta,            // "format", "checkpoint", "anchor".
  kBase,            // Sequence (8 bytes, big endian), key of a state -> the
                    // state as it was there.
};

// What a block carries of everything up to it (chain.h).
using Chain = std::array<uint8_t, 32>;
struct ChainHead {
  uint64_t sequence = 0;  // Of the last record it covers.
  Chain chain = {};
};

// The format of a new store, and the newest that this code reads and writes:
// that of a store which movements have been removed from.
inline constexpr uint32_t kFormatVersion = 2;
inline constexpr uint32_t kNewestFormatVersion = 3;
// Part of what Open says then.
inline constexpr char kInUse[] = "it is in use by a running process";

// What to do about damaged data.
inline constexpr char kRemedy[] =
    "stop the server, restore a backup into a new directory (`portrisk restore "
    "--backups DIR --to NEW`) and start it on that";

// The worth of a commit that has been acknowledged.
enum class Durability {
  kSync,                // On disk.
  kLoseOnPowerFailure,  // In the kernel: survives a crash of the process.
};

struct Backup;
struct TableRange;
// What files are reached through: of a backup, and of tests that inject faults.
struct Environment;

struct Options {
  std::string directory;
  bool create_if_missing = true;
  bool read_only = false;  // For verification; still refuses a foreign store.
  Durability durability = Durability::kSync;
  size_t block_cache_bytes = size_t{256} << 20;
  // Tests only: called before each synced write; an error is taken as a
  // failed sync.
  std::function<absl::Status()> commit_fault;
  // Null: the machine's.
  std::shared_ptr<const Environment> environment;
};

struct Put {
  Table table;
  std::string key;
  std::string value;
};

// Entries of one table with strictly ascending keys.
struct SortedEntries {
  Table table;
  std::vector<std::pair<std::string, std::string>> entries;
};

struct Block {
  uint64_t first_sequence;
  std::string bytes;  // Serialised JournalBlock.
};

// A record of the journal as it is to be from now on.
struct Replacement {
  uint64_t sequence;
  std::string bytes;  // Serialised JournalRecord of that sequence.
};

class Store {
 public:
  // Opens or creates. FAILED_PRECONDITION with a sentence that says what to do
  // when the directory holds another program's database or other files, or a
  // store of a newer format, or is in use by another process. NOT_FOUND when
  // there is no store and none may be created. DATA_LOSS when the log, the last
  // block or the checkpoint is damaged. RESOURCE_EXHAUSTED when the disk is
  // full: recovery writes.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const Options& options);
  // Brings what the log holds to disk, so that a read-only store shows nothing
  // that a power failure could still take away. Writes nothing new.
  static absl::Status SyncLog(const Options& options);
  ~Store();

  // OK while nothing has failed: after an error in one place RocksDB accepts no
  // write in any. Any thread.
  absl::Status CheckWritable() const;

  // Appends one block and, in the same atomic write, `with`, which may go to
  // any table but kJournal and kMeta. Durable on return. FAILED_PRECONDITION
  // when first_sequence does not follow the last record. After any error the
  // store accepts no further write (UNAVAILABLE): close it and open it again.
  absl::Status AppendBlock(uint64_t first_sequence, absl::string_view block,
                           absl::Span<const Put> with);

  // Writes content under its own hash, ahead of the block that will refer to
  // it: what is big must not hold up a commit. Any thread; only kReference.
  // Durable on return; nothing may refer to it but a later AppendBlock.
  absl::Status PutContent(Table table, absl::string_view key,
                          absl::string_view value);

  // Sequence of the last record in the journal; 0 when empty. As of Open.
  uint64_t last_sequence_at_open() const;

  // The block that holds `sequence`. NOT_FOUND when there is none.
  absl::StatusOr<Block> ReadBlock(uint64_t sequence) const;

  // The end of the chain: of the last block that is durable. Any thread.
  ChainHead chain_head() const;
  // Where the chain stood when a store of format 1, whose blocks carry none,
  // was upgraded; sequence 0 for one that never was.
  absl::StatusOr<ChainHead> ReadChainAnchor() const;

  // Calls `visit` for each block that holds a sequence >= from, in order,
  // until it returns an error, which is returned. DATA_LOSS where records are
  // missing between two blocks.
  absl::Status ScanJournal(
      uint64_t from,
      const std::function<absl::Status(const Block&)>& visit) const;

  // Absent is nullopt.
  absl::StatusOr<std::optional<std::string>> Get(Table table,
                                                 absl::string_view key) const;
  // values[i] belongs to keys[i]; absent is nullopt.
  absl::Status MultiGet(Table table, absl::Span<const absl::string_view> keys,
                        std::vector<std::optional<std::string>>* values) const;
  // Visits entries with `prefix` whose key is >= from, in key order, until
  // `visit` returns false.
  absl::Status ScanPrefix(
      Table table, absl::string_view prefix, absl::string_view from,
      const std::function<bool(absl::string_view, absl::string_view)>& visit)
      const;

  // Writes entries behind the journal in bulk, with the checkpoint, all or
  // nothing: sorted files written aside and ingested. Each table once, and
  // neither kJournal nor kMeta. FAILED_PRECONDITION when the checkpoint is
  // ahead of the journal.
  absl::Status Ingest(std::vector<SortedEntries> tables,
                      const v1::Checkpoint& checkpoint);

  // The same, leaving the checkpoint where it is: what is complete up to a
  // position of its own and says so itself.
  absl::Status IngestAside(std::vector<SortedEntries> tables);

  // Removes all entries of kStates with this prefix, in bulk: without reading
  // them, whatever their number. Any thread.
  absl::Status DropStates(absl::string_view prefix);

  // Removes all states and the checkpoint, in one write.
  absl::Status ForgetStates();

  // --- Erasure, in erase.cc.

  // Rewrites records of one block of the journal, which keeps the digests of
  // what they were, so that the chain stands. Durable on return; the old bytes
  // are still about until Purge. The entry of the erasure that names the new
  // ones must be durable before. Any thread; ascending sequences.
  absl::Status ReplaceRecords(absl::Span<const Replacement> records);
  // Ends when what ReplaceRecords and Ingest have replaced up to now is in no
  // file any more: of the journal the blocks from `first` to `last`, of kStates
  // these keys. Writes those parts anew, which takes as long as copying them.
  // CANCELLED after AbandonPurge. Any thread.
  absl::Status Purge(uint64_t first, uint64_t last,
                     std::vector<std::string> state_keys);
  // Ends a Purge under way, and those to come; KeepBase and RemoveMovements,
  // too.
  void AbandonPurge() const;

  // --- Removal of movements by their age, in base.cc and erase.cc.

  // Copies the states that the last Ingest has completed, those whose keys
  // `is_kept` takes, to kBase. Any thread, beside all else; takes as long as
  // writing them. The answer's `tables` are the caller's to fill in.
  absl::StatusOr<v1::Base> KeepBase(
      const std::function<bool(absl::string_view)>& is_kept);
  // Removes what kBase has of other positions.
  absl::Status DropBases(uint64_t but_sequence);
  // Takes movements from `first` to `last` out of the journal, in whose blocks
  // digests and times of them are left, and entries of theirs and of earlier
  // ones out of kContainerIndex: by compaction, which leaves no file with the
  // old bytes. The entry that says so must be durable before. Any thread.
  absl::Status RemoveMovements(uint64_t first, uint64_t last);

  // What the last Ingest completed; sequence 0 when there was none.
  absl::StatusOr<v1::Checkpoint> ReadCheckpoint() const;

  // Ends a backup under way (backup.h), which then fails with UNAVAILABLE.
  void AbandonBackup() const;
  // What it takes, on disk and in memory. Reads no file's content.
  Figures ReadFigures() const;

 private:
  friend absl::StatusOr<Backup> CreateBackup(const Store& store,
                                             const std::string& directory);
  Store();
  absl::StatusOr<TableRange> JournalRange(uint64_t first, uint64_t last) const;
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// Order-preserving key parts.
std::string BigEndian64(uint64_t value);
uint64_t FromBigEndian64(absl::string_view bytes);  // Precondition: 8 bytes.

}  // namespace portrisk::store

#endif  // PORTRISK_STORE_STORE_H_
