// What the tests of the store share: a directory that goes away, blocks made
// of a few words, and a second process.
#ifndef PORTRISK_TESTS_STORE_STORE_FIXTURE_H_
#define PORTRISK_TESTS_STORE_STORE_FIXTURE_H_

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "portrisk/v1/journal.pb.h"
#include "store/store.h"

namespace portrisk::store {

using Values = std::map<std::string, std::string>;
using KeyValues = std::vector<std::pair<std::string, std::string>>;

inline std::string Message(const absl::Status& status) {
  return std::string(status.message());
}

// A block of `count` records from `first`, each with a payload that nobody
// else writes.
inline std::string MakeBlock(uint64_t first, int count,
                             size_t payload_bytes = 40) {
  v1::JournalBlock block;
  for (int i = 0; i < count; ++i) {
    v1::JournalRecord& record = *block.add_records();
    record.set_sequence(first + i);
    record.set_caller("test");
    std::string payload = absl::StrCat("movement ", first + i, " ");
    payload.resize(payload_bytes, 'x');
    record.mutable_movement()->set_movement(payload);
  }
  return block.SerializeAsString();
}

// A block as it was before the store sealed it with 34 bytes of chain.
inline std::string Unsealed(const std::string& block) {
  return block.size() < 34 ? block : block.substr(0, block.size() - 34);
}

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

inline void WriteFile(const std::filesystem::path& path,
                      const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    std::string path =
        (std::filesystem::temp_directory_path() / "portrisk-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) abort();
    base_ = path;
    options_.directory = (base_ / "store").string();
  }
  ~StoreTest() override {
    store_.reset();
    std::filesystem::remove_all(base_);
  }

  absl::Status TryOpen() {
    store_.reset();
    auto store = Store::Open(options_);
    if (store.ok()) store_ = *std::move(store);
    return store.status();
  }
  void Open() {
    const absl::Status status = TryOpen();
    ASSERT_TRUE(status.ok()) << status;
  }
  void Append(uint64_t first, int count, std::vector<Put> with = {}) {
    const absl::Status status =
        store_->AppendBlock(first, MakeBlock(first, count), with);
    ASSERT_TRUE(status.ok()) << status;
  }
  absl::Status Ingest(std::vector<SortedEntries> tables, uint64_t sequence) {
    v1::Checkpoint checkpoint;
    checkpoint.set_sequence(sequence);
    return store_->Ingest(std::move(tables), checkpoint);
  }
  // "" when absent.
  std::string Value(Table table, absl::string_view key) {
    auto value = store_->Get(table, key);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.ok() && *value ? **value : "";
  }
  uint64_t CheckpointSequence() {
    auto checkpoint = store_->ReadCheckpoint();
    EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
    return checkpoint.ok() ? checkpoint->sequence() : 0;
  }
  // First sequences of the blocks that a scan visits.
  std::vector<uint64_t> Scan(uint64_t from) {
    std::vector<uint64_t> firsts;
    const absl::Status status =
        store_->ScanJournal(from, [&](const Block& block) {
          firsts.push_back(block.first_sequence);
          return absl::OkStatus();
        });
    EXPECT_TRUE(status.ok()) << status;
    return firsts;
  }
  // Every file under the store's directory with its bytes.
  Values Files() {
    Values files;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(options_.directory)) {
      if (!entry.is_regular_file()) continue;
      files[entry.path().string()] = ReadFile(entry.path());
    }
    return files;
  }
  std::vector<std::filesystem::path> FilesEndingIn(absl::string_view ending) {
    std::vector<std::filesystem::path> found;
    for (const auto& entry :
         std::filesystem::directory_iterator(options_.directory)) {
      if (entry.path().extension() == std::string(ending)) {
        found.push_back(entry.path());
      }
    }
    return found;
  }

  std::filesystem::path base_;
  Options options_;
  std::unique_ptr<Store> store_;
};

// This program again, running the disabled test `name` with the directory in
// its environment. A plain fork would lack the threads of RocksDB.
class ChildProcess {
 public:
  ChildProcess(const std::string& name, const std::string& directory) {
    int ends[2];
    if (pipe(ends) != 0) abort();
    const std::string filter = "--gtest_filter=" + name;
    pid_ = fork();
    if (pid_ == 0) {
      close(ends[0]);
      setenv("PORTRISK_CHILD_DIRECTORY", directory.c_str(), 1);
      setenv("PORTRISK_CHILD_PIPE", std::to_string(ends[1]).c_str(), 1);
      execl("/proc/self/exe", "store_tests", filter.c_str(),
            "--gtest_also_run_disabled_tests", "--gtest_brief=1", nullptr);
      _exit(127);
    }
    close(ends[1]);
    pipe_ = ends[0];
  }
  ~ChildProcess() {
    Kill();
    close(pipe_);
  }
  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  // The next number the child has told; false when it is gone.
  bool Hear(uint64_t* number) {
    return read(pipe_, number, sizeof(*number)) == sizeof(*number);
  }

  // In the child.
  static std::string Directory() { return getenv("PORTRISK_CHILD_DIRECTORY"); }
  static void Tell(uint64_t number) {
    const int pipe = atoi(getenv("PORTRISK_CHILD_PIPE"));
    if (write(pipe, &number, sizeof(number)) != sizeof(number)) _exit(1);
  }

 private:
  pid_t pid_ = 0;
  int pipe_ = -1;
};

}  // namespace portrisk::store

#endif  // PORTRISK_TESTS_STORE_STORE_FIXTURE_H_
