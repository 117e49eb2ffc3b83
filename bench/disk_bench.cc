// Row H: what a movement takes on disk, table by table, after compaction.
//
//   disk_bench STORE     compacts a store that no server has open
//
// bench/disk makes a store of simulated movements, scored by the common rules,
// and runs this. Of the journal it also says what its movements and assessments
// are made of before they are compressed.
#include <rocksdb/db.h>
#include <rocksdb/utilities/options_util.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/journal.pb.h"

namespace portrisk::bench {
namespace {

// Bytes a movement with its assessment may take.
constexpr double kBudget = 350;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "disk_bench: %s\n", what.c_str());
  std::exit(1);
}

void Check(const rocksdb::Status& status) {
  if (!status.ok()) Die(status.ToString());
}

struct Contents {
  uint64_t movements = 0;
  uint64_t movement_bytes = 0;
  uint64_t assessment_bytes = 0;
  uint64_t not_evaluated_bytes = 0;
  uint64_t hit_bytes = 0;
};

void Add(const v1::MovementRecord& record, Contents* contents) {
  v1::Assessment assessment;
  if (!assessment.ParseFromString(record.assessment())) {
    Die("an assessment does not parse");
  }
  ++contents->movements;
  contents->movement_bytes += record.movement().size();
  contents->assessment_bytes += record.assessment().size();
  for (const auto& one : assessment.not_evaluated()) {
    contents->not_evaluated_bytes += one.ByteSizeLong();
  }
  for (const auto& hit : assessment.hits()) {
    contents->hit_bytes += hit.ByteSizeLong();
  }
}

// A store as RocksDB sees it, with the options it was written with.
class Tables {
 public:
  explicit Tables(const std::string& directory) {
    rocksdb::DBOptions options;
    std::vector<rocksdb::ColumnFamilyDescriptor> tables;
    Check(rocksdb::LoadLatestOptions(rocksdb::ConfigOptions(), directory,
                                     &options, &tables));
    rocksdb::DB* db = nullptr;
    Check(rocksdb::DB::Open(options, directory, tables, &handles_, &db));
    db_.reset(db);
  }
  ~Tables() {
    for (auto* handle : handles_) {
      db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    }
  }

  const std::vector<rocksdb::ColumnFamilyHandle*>& all() const {
    return handles_;
  }

  // Its files, once all is in them and nothing twice.
  uint64_t Compacted(rocksdb::ColumnFamilyHandle* table) {
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction =
        rocksdb::BottommostLevelCompaction::kForce;
    Check(db_->Flush(rocksdb::FlushOptions(), table));
    Check(db_->CompactRange(options, table, nullptr, nullptr));
    uint64_t bytes = 0;
    if (!db_->GetIntProperty(table, "rocksdb.total-sst-files-size", &bytes)) {
      Die("RocksDB does not say how large a table is");
    }
    return bytes;
  }

  Contents JournalContents(rocksdb::ColumnFamilyHandle* journal) {
    Contents contents;
    const std::unique_ptr<rocksdb::Iterator> it(
        db_->NewIterator(rocksdb::ReadOptions(), journal));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      v1::JournalBlock block;
      if (!block.ParseFromString(it->value().ToString())) {
        Die("a block does not parse");
      }
      for (const v1::JournalRecord& record : block.records()) {
        if (record.has_movement()) Add(record.movement(), &contents);
      }
    }
    Check(it->status());
    return contents;
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

void Run(const std::string& directory) {
  Tables tables(directory);
  Contents contents;
  for (auto* table : tables.all()) {
    if (table->GetName() == "journal") {
      contents = tables.JournalContents(table);
    }
  }
  if (contents.movements == 0) Die("the journal has no movement");
  const auto each = [&](uint64_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(contents.movements);
  };
  std::printf("%lu movements; bytes a movement\n", contents.movements);
  uint64_t all = 0;
  uint64_t journal = 0;
  for (auto* table : tables.all()) {
    const uint64_t bytes = tables.Compacted(table);
    all += bytes;
    if (table->GetName() == "journal") journal = bytes;
    std::printf("  %-18s %8.1f\n", table->GetName().c_str(), each(bytes));
  }
  std::printf("  %-18s %8.1f\n", "together", each(all));
  std::printf("in the journal, before it is compressed\n");
  std::printf("  %-18s %8.1f\n", "movement", each(contents.movement_bytes));
  std::printf("  %-18s %8.1f\n", "assessment", each(contents.assessment_bytes));
  std::printf("  %-18s %8.1f\n", "  not evaluated",
              each(contents.not_evaluated_bytes));
  std::printf("  %-18s %8.1f\n", "  hits", each(contents.hit_bytes));
  std::printf("H  movement with assessment %.0f, budget %.0f: %s\n",
              each(journal), kBudget,
              each(journal) <= kBudget ? "met" : "NOT MET");
}

}  // namespace
}  // namespace portrisk::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: disk_bench STORE\n");
    return 1;
  }
  portrisk::bench::Run(argv[1]);
}
