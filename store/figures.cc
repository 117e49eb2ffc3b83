#include "store/figures.h"

#include <rocksdb/db.h>

#include <filesystem>
#include <system_error>

#include "store/rep.h"

namespace portrisk::store {
namespace {

// 0 where RocksDB does not know.
uint64_t PropertyOf(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* column,
                    const std::string& name) {
  uint64_t value = 0;
  if (!db->GetIntProperty(column, name, &value)) return 0;
  return value;
}

}  // namespace

Figures Store::ReadFigures() const {
  using Properties = rocksdb::DB::Properties;
  rocksdb::DB* const db = rep_->db.get();
  Figures figures;
  for (size_t i = 0; i < kTableCount; ++i) {
    rocksdb::ColumnFamilyHandle* const column = rep_->columns[i];
    rocksdb::ColumnFamilyMetaData files;
    db->GetColumnFamilyMetaData(column, &files);
    TableFigures& table = figures.tables.emplace_back();
    table.name = TableName(static_cast<Table>(i));
    table.files = files.file_count;
    table.file_bytes = files.size;
    table.pending_compaction_bytes =
        PropertyOf(db, column, Properties::kEstimatePendingCompactionBytes);
    table.memtable_bytes =
        PropertyOf(db, column, Properties::kCurSizeAllMemTables);
  }
  // All tables share one.
  rocksdb::ColumnFamilyHandle* const any = rep_->column(Table::kJournal);
  figures.block_cache_bytes = PropertyOf(db, any, Properties::kBlockCacheUsage);
  figures.block_cache_bytes_max =
      PropertyOf(db, any, Properties::kBlockCacheCapacity);
  std::error_code error;
  const auto space = std::filesystem::space(rep_->options.directory, error);
  if (!error) figures.disk_free_bytes = space.available;
  return figures;
}

}  // namespace portrisk::store
