#include "service/process_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace portrisk::service {
namespace {

uint64_t PageBytes() { return static_cast<uint64_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

uint64_t ResidentBytes() {
  std::ifstream in("/proc/self/statm");
  uint64_t all = 0, resident = 0;
  if (!(in >> all >> resident)) return 0;
  return resident * PageBytes();
}

uint64_t GroupMemoryMaxBytes(const std::string& root, std::string path) {
  uint64_t least = UINT64_MAX;
  while (true) {
    uint64_t bytes = 0;  // Or the word "max".
    if (std::ifstream(absl::StrCat(root, path, "/memory.max")) >> bytes) {
      least = std::min(least, bytes);
    }
    if (path.empty()) return least;
    path.erase(path.rfind('/'));
  }
}

uint64_t MemoryMaxBytes() {
  constexpr char kVersion2[] = "0::";
  uint64_t most = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * PageBytes();
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (!absl::StartsWith(line, kVersion2)) continue;
    const std::string path = line.substr(sizeof(kVersion2) - 1);
    most = std::min(most, GroupMemoryMaxBytes("/sys/fs/cgroup", path));
  }
  return most;
}

}  // namespace portrisk::service
