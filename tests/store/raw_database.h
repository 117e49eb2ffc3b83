// A store's database as RocksDB sees it, for tests that change what lies there
// behind the store's back.
#ifndef PORTRISK_TESTS_STORE_RAW_DATABASE_H_
#define PORTRISK_TESTS_STORE_RAW_DATABASE_H_

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

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

}  // namespace portrisk::store

#endif  // PORTRISK_TESTS_STORE_RAW_DATABASE_H_
