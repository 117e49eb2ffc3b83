// What a store takes, for who watches it.
#ifndef PORTRISK_STORE_FIGURES_H_
#define PORTRISK_STORE_FIGURES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace portrisk::store {

struct TableFigures {
  std::string name;
  uint64_t files = 0;
  uint64_t file_bytes = 0;
  uint64_t pending_compaction_bytes = 0;  // Estimated.
  uint64_t memtable_bytes = 0;
};

struct Figures {
  std::vector<TableFigures> tables;
  uint64_t block_cache_bytes = 0;
  uint64_t block_cache_bytes_max = 0;
  uint64_t disk_free_bytes = 0;  // For this process; 0 when not known.
};

}  // namespace portrisk::store

#endif  // PORTRISK_STORE_FIGURES_H_
