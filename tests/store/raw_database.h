// A store's database as RocksDB sees it, for tests that change what lies there
// behind the store's back.
#ifndef PORTRISK_TESTS_STORE_RAW_DATABASE_H_
#define PORTRISK_TESTS_STORE_RAW_DATABASE_H_

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/sst_file_reader.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"

namespace portrisk::store {

using RocksChange = std::function<void(rocksdb::DB*, const std::string&,
                                       rocksdb::ColumnFamilyHandle*)>;

// Calls `change` for each column family of the database, which is made when
// there is none.
inline void ChangeRaw(const std::string& directory, const RocksChange& change) {
  rocksdb::Options options;
  options.create_if_missing = true;
  std::vector<std::string> names;
  if (!rocksdb::DB::ListColumnFamilies(options, directory, &names).ok()) {
    names = {rocksdb::kDefaultColumnFamilyName};
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> columns;
  for (const auto& name : names) columns.emplace_back(name, options);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(
      rocksdb::DB::Open(options, directory, columns, &handles, &opened).ok());
  const std::unique_ptr<rocksdb::DB> db(opened);
  for (size_t i = 0; i < names.size(); ++i) {
    change(db.get(), names[i], handles[i]);
  }
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
}

// Which of these files (path, bytes) hold the text: as bytes, or as a value of
// a table, which is compressed.
inline std::vector<std::string> FilesWith(
    const std::map<std::string, std::string>& files, const std::string& text) {
  std::vector<std::string> found;
  for (const auto& [path, bytes] : files) {
    bool has = absl::StrContains(bytes, text);
    rocksdb::SstFileReader reader{rocksdb::Options()};
    if (absl::EndsWith(path, ".sst") && reader.Open(path).ok()) {
      const std::unique_ptr<rocksdb::Iterator> it(reader.NewIterator({}));
      for (it->SeekToFirst(); it->Valid(); it->Next()) {
        has |= absl::StrContains(it->value().ToString(), text);
      }
    }
    if (has) found.push_back(path);
  }
  return found;
}

}  // namespace portrisk::store

#endif  // PORTRISK_TESTS_STORE_RAW_DATABASE_H_
