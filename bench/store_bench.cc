// The store beside what it stands on.
//
//   Commit          a synced block          append and fdatasync on a bare file
//   CommitUnsynced  a block in the kernel   write on a bare file
//   Get, MultiGet   states, all cached      the same keys in a flat_hash_map
//   GetAbsent       keys never seen         the same
//   Ingest          64k entries a call      a put with log for each of them
//
// Block sizes run from one movement to a batch of 64: the ratio falls as the
// bytes outgrow the fixed cost. Key counts run from what fits every cache to
// what fits memory only.
#include <benchmark/benchmark.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "bench/compare.h"
#include "bench/raw_log.h"
#include "portrisk/v1/journal.pb.h"
#include "store/chain.h"
#include "store/store.h"

namespace portrisk::bench {
namespace {

using store::Durability;
using store::Store;
using store::Table;

constexpr uint32_t kSeed = 20240611;
constexpr size_t kKeyBytes = 18;
constexpr size_t kStateBytes = 300;
constexpr size_t kRecordBytes = 600;  // A movement with its assessment.
constexpr int64_t kLookups = 1000;
constexpr int64_t kIngested = 64 << 10;

void Check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "wrong answer: %s\n", what);
  std::exit(1);
}

void Check(const absl::Status& status) {
  Check(status.ok(), status.ToString().c_str());
}

// A directory that goes away.
class Directory {
 public:
  Directory() {
    path_ = (std::filesystem::temp_directory_path() / "portrisk-bench-XXXXXX")
                .string();
    Check(mkdtemp(path_.data()) != nullptr, "no temporary directory");
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string operator/(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::unique_ptr<Store> OpenStore(const Directory& directory,
                                 Durability durability) {
  store::Options options;
  options.directory = directory / "store";
  options.durability = durability;
  auto store = Store::Open(options);
  Check(store.status());
  return *std::move(store);
}

std::string RandomBytes(std::mt19937_64& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::vector<std::pair<std::string, std::string>> RandomEntries(
    std::mt19937_64& random, int64_t count) {
  std::vector<std::pair<std::string, std::string>> entries;
  entries.reserve(count);
  for (int64_t i = 0; i < count; ++i) {
    entries.emplace_back(RandomBytes(random, kKeyBytes),
                         RandomBytes(random, kStateBytes));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::string BlockOf(std::mt19937_64& random, uint64_t first, int64_t records) {
  v1::JournalBlock block;
  for (int64_t i = 0; i < records; ++i) {
    v1::JournalRecord& record = *block.add_records();
    record.set_sequence(first + i);
    record.mutable_movement()->set_movement(RandomBytes(random, kRecordBytes));
  }
  return block.SerializeAsString();
}

// --- Committing.

void CompareCommit(benchmark::State& state, Durability durability) {
  const int64_t records = state.range(0);
  const bool synced = durability == Durability::kSync;
  const Directory directory;
  const auto store = OpenStore(directory, durability);
  RawLog raw(directory / "raw");
  std::mt19937_64 random(kSeed);
  uint64_t first = 1;
  std::string block;
  const auto append = [&] {
    Check(store->AppendBlock(first, block, {}));
    first += records;
  };
  const auto append_raw = [&] {
    raw.Append(block);
    if (synced) raw.Sync();
  };
  const auto prepare = [&] { block = BlockOf(random, first, records); };

  prepare();
  append();
  const auto read = store->ReadBlock(records);
  Check(read.status());
  Check(store::Unsealed(read->bytes) == block,
        "the block read is not the one appended");
  Compare(state, {.prepare = prepare, .subject = append, .limit = append_raw});
  Check(store->ReadBlock(first - 1).status());
}

void BM_Commit(benchmark::State& state) {
  CompareCommit(state, Durability::kSync);
}
BENCHMARK(BM_Commit)
    ->ArgName("records")
    ->Arg(1)
    ->Arg(8)
    ->Arg(64)
    ->UseManualTime();

void BM_CommitUnsynced(benchmark::State& state) {
  CompareCommit(state, Durability::kLoseOnPowerFailure);
}
BENCHMARK(BM_CommitUnsynced)
    ->ArgName("records")
    ->Arg(1)
    ->Arg(8)
    ->Arg(64)
    ->UseManualTime();

// The chain of a block, a part of each commit above, beside a copy of its
// bytes.
void BM_Seal(benchmark::State& state) {
  std::mt19937_64 random(kSeed);
  std::string block, copy;
  store::Chain chain = store::ChainStart();
  Compare(state,
          {.prepare = [&] { block = BlockOf(random, 1, state.range(0)); },
           .subject = [&] { chain = store::Seal(chain, block)->chain; },
           .limit =
               [&] {
                 copy.assign(block);
                 benchmark::DoNotOptimize(copy.data());
               }});
}
BENCHMARK(BM_Seal)
    ->ArgName("records")
    ->Arg(1)
    ->Arg(8)
    ->Arg(64)
    ->UseManualTime();

// --- Reading.

// A store and a map with the same states, and keys to look up in both.
class Filled {
 public:
  explicit Filled(int64_t keys)
      : store_(OpenStore(directory_, Durability::kLoseOnPowerFailure)) {
    std::mt19937_64 random(kSeed);
    for (int64_t left = keys; left > 0; left -= kIngested) {
      auto entries = RandomEntries(random, std::min(left, kIngested));
      for (const auto& entry : entries) map_.insert(entry);
      Check(store_->Ingest({{Table::kStates, std::move(entries)}}, {}));
    }
    std::vector<std::string> all;
    for (const auto& [key, value] : map_) all.push_back(key);
    std::sort(all.begin(), all.end());
    for (int64_t i = 0; i < kLookups; ++i) {
      present_.push_back(all[random() % all.size()]);
      absent_.push_back(RandomBytes(random, kKeyBytes));
    }
    for (const std::string& key : present_) Check(Same(key), "another state");
    for (const std::string& key : absent_) Check(Same(key), "a state");
  }

  Store& store() { return *store_; }
  const std::vector<std::string>& present() const { return present_; }
  const std::vector<std::string>& absent() const { return absent_; }

  // Looks every key up, one by one.
  void GetAll(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
      benchmark::DoNotOptimize(store_->Get(Table::kStates, key));
    }
  }
  // The same, with the copy of the value that the store's answer is.
  void FindAll(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
      const auto found = map_.find(key);
      if (found != map_.end()) {
        benchmark::DoNotOptimize(std::string(found->second));
      }
    }
  }

 private:
  bool Same(const std::string& key) {
    const auto value = store_->Get(Table::kStates, key);
    const auto found = map_.find(key);
    if (!value.ok()) return false;
    return found == map_.end() ? !value->has_value() : *value == found->second;
  }

  const Directory directory_;
  std::unique_ptr<Store> store_;
  absl::flat_hash_map<std::string, std::string> map_;
  std::vector<std::string> present_;
  std::vector<std::string> absent_;
};

void BM_Get(benchmark::State& state) {
  Filled filled(state.range(0));
  Compare(state, {.subject = [&] { filled.GetAll(filled.present()); },
                  .limit = [&] { filled.FindAll(filled.present()); },
                  .items_per_call = kLookups});
}
BENCHMARK(BM_Get)->ArgName("keys")->Arg(10000)->Arg(500000)->UseManualTime();

void BM_GetAbsent(benchmark::State& state) {
  Filled filled(state.range(0));
  Compare(state, {.subject = [&] { filled.GetAll(filled.absent()); },
                  .limit = [&] { filled.FindAll(filled.absent()); },
                  .items_per_call = kLookups});
}
BENCHMARK(BM_GetAbsent)
    ->ArgName("keys")
    ->Arg(10000)
    ->Arg(500000)
    ->UseManualTime();

void BM_MultiGet(benchmark::State& state) {
  Filled filled(state.range(0));
  const std::vector<absl::string_view> keys(filled.present().begin(),
                                            filled.present().end());
  std::vector<std::optional<std::string>> values;
  Check(filled.store().MultiGet(Table::kStates, keys, &values));
  for (size_t i = 0; i < keys.size(); ++i) {
    Check(values[i] == *filled.store().Get(Table::kStates, keys[i]),
          "MultiGet and Get differ");
  }
  Compare(state,
          {.subject =
               [&] {
                 Check(filled.store().MultiGet(Table::kStates, keys, &values));
               },
           .limit = [&] { filled.FindAll(filled.present()); },
           .items_per_call = kLookups});
}
BENCHMARK(BM_MultiGet)
    ->ArgName("keys")
    ->Arg(10000)
    ->Arg(500000)
    ->UseManualTime();

// --- Writing behind.

void BM_Ingest(benchmark::State& state) {
  const int64_t count = state.range(0);
  const Directory directory;
  const auto store = OpenStore(directory, Durability::kLoseOnPowerFailure);
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  Check(rocksdb::DB::Open(options, directory / "puts", &opened).ok(), "open");
  const std::unique_ptr<rocksdb::DB> puts(opened);

  std::mt19937_64 random(kSeed);
  std::vector<std::pair<std::string, std::string>> entries, given;
  const auto prepare = [&] {
    entries = RandomEntries(random, count);
    given = entries;
  };
  const auto ingest = [&] {
    std::vector<store::SortedEntries> tables(1);
    tables[0] = {Table::kStates, std::move(given)};
    Check(store->Ingest(std::move(tables), {}));
  };
  const auto put_each = [&] {
    for (const auto& [key, value] : entries) {
      Check(puts->Put({}, key, value).ok(), "put");
    }
  };
  prepare();
  ingest();
  for (const auto& [key, value] : entries) {
    Check(*store->Get(Table::kStates, key) == value, "another state");
  }
  Compare(state, {.prepare = prepare,
                  .subject = ingest,
                  .limit = put_each,
                  .items_per_call = count});
}
BENCHMARK(BM_Ingest)
    ->ArgName("entries")
    ->Arg(1024)
    ->Arg(kIngested)
    ->UseManualTime();

}  // namespace
}  // namespace portrisk::bench

BENCHMARK_MAIN();
