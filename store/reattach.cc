// Putting back what a failed ingestion has taken away.
//
// An entry of the manifest may be on the disk though its sync failed, and
// RocksDB has removed the table files it names. Ingestion leaves them under
// ingest/ then. Their numbers follow one another in the order in which they
// were written; the manifest knows each by an id that RocksDB compares, so that
// a wrong guess of the first number does not open.
#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "store/rep.h"

namespace portrisk::store {
namespace {

// The number of the table file that opening did not find; 0: it failed in
// another way. RocksDB has no code for it, only a text with the path, which
// ends as the names of LevelDB do: that is where it looks last.
uint64_t MissingTable(const rocksdb::Status& failure) {
  const std::string text = failure.ToString();
  const size_t end = text.find(".ldb: No such file");
  if (end == std::string::npos) return 0;
  const size_t slash = text.rfind('/', end);
  uint64_t number = 0;
  if (slash == std::string::npos ||
      !absl::SimpleAtoi(text.substr(slash + 1, end - slash - 1), &number)) {
    return 0;
  }
  return number;
}

// In the order in which they were written.
std::vector<std::string> LeftUnder(rocksdb::Env* env,
                                   const std::string& directory) {
  std::vector<std::string> names;
  if (!env->GetChildren(directory, &names).ok()) return {};
  std::vector<std::pair<uint64_t, std::string>> numbered;
  for (const std::string& name : names) {
    uint64_t number = 0;
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(name, absl::MaxSplits('-', 1));
    if (absl::SimpleAtoi(parts.first, &number)) {
      numbered.emplace_back(number, absl::StrCat(directory, "/", name));
    }
  }
  std::sort(numbered.begin(), numbered.end());
  std::vector<std::string> paths;
  for (auto& [number, path] : numbered) paths.push_back(std::move(path));
  return paths;
}

}  // namespace

rocksdb::Status Store::Rep::Reattach(const rocksdb::Status& failure) {
  rocksdb::Env* const env = EnvOf(options);
  const uint64_t missing = MissingTable(failure);
  const std::vector<std::string> left = LeftUnder(env, ingest_directory());
  if (missing < left.size()) return failure;
  for (size_t before = 0; missing > 0 && before < left.size(); ++before) {
    std::vector<std::string> linked;
    for (size_t i = 0; i < left.size(); ++i) {
      const std::string table = absl::StrFormat(
          "%s/%06d.sst", options.directory, missing - before + i);
      if (env->FileExists(table).ok()) continue;
      if (env->LinkFile(left[i], table).ok()) linked.push_back(table);
    }
    const rocksdb::Status opened = TryOpen(/*create=*/false);
    if (opened.ok()) return opened;
    for (const std::string& table : linked) {
      env->DeleteFile(table).PermitUncheckedError();
    }
    // The guess may be right, and the disk still fails: nothing is damaged, and
    // another attempt finds the files where they are.
    if (!opened.IsCorruption()) return opened;
  }
  return failure;
}

}  // namespace portrisk::store
