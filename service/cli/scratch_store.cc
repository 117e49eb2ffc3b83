#include "service/cli/scratch_store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "store/chain.h"

namespace portrisk::service::cli {
namespace {

using store::Table;

// Its states follow when an engine opens it: a fold of the journal.
absl::Status Copy(const store::Store& from, store::Store* to) {
  absl::Status status;
  absl::Status read =
      from.ScanPrefix(Table::kReference, "", "",
                      [&](absl::string_view key, absl::string_view value) {
                        status = to->PutContent(Table::kReference, key, value);
                        return status.ok();
                      });
  status.Update(read);
  if (!status.ok()) return status;
  std::vector<store::Put> with;
  status = from.ScanPrefix(Table::kRuleSets, "", "",
                           [&](absl::string_view key, absl::string_view value) {
                             with.push_back({Table::kRuleSets, std::string(key),
                                             std::string(value)});
                             return true;
                           });
  if (!status.ok()) return status;
  return from.ScanJournal(1, [&](const store::Block& block) {
    absl::Status copied = to->AppendBlock(block.first_sequence,
                                          store::Unsealed(block.bytes), with);
    with.clear();
    return copied;
  });
}

// Of what tells a thread which signal came; a handler may do little more.
int told_signals = -1;

void Tell(int signal) {
  const int8_t byte = static_cast<int8_t>(signal);
  [[maybe_unused]] const ssize_t written = write(told_signals, &byte, 1);
}

constexpr std::array<int, 4> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
// What is being written while it is removed needs another round.
constexpr int kRemovalsMax = 100;

void Remove(const std::string& root) {
  std::error_code ignored;
  for (int i = 0; i < kRemovalsMax; ++i) {
    std::filesystem::remove_all(root, ignored);
    if (!std::filesystem::exists(root, ignored)) break;
  }
}

// What is there while nothing is unwound: std::quick_exit (cli_main.cc).
const std::string* left_at_exit = nullptr;

void RemoveLeft() {
  if (left_at_exit != nullptr) Remove(*left_at_exit);
}

}  // namespace

// Waits for a signal that would end the process and leave the directory behind.
class ScratchStore::Guard {
 public:
  explicit Guard(std::string root) : root_(std::move(root)) {
    left_at_exit = &root_;
    std::at_quick_exit(RemoveLeft);
    if (pipe2(pipe_.data(), O_CLOEXEC) != 0) return;
    told_signals = pipe_[1];
    struct sigaction action = {};
    action.sa_handler = Tell;
    for (size_t i = 0; i < kSignals.size(); ++i) {
      sigaction(kSignals[i], &action, &before_[i]);
    }
    waits_ = std::thread([this] { Wait(); });
  }
  ~Guard() {
    left_at_exit = nullptr;
    if (!waits_.joinable()) return;
    for (size_t i = 0; i < kSignals.size(); ++i) {
      sigaction(kSignals[i], &before_[i], nullptr);
    }
    Tell(0);
    waits_.join();
    for (const int end : pipe_) close(end);
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

 private:
  void Wait() const {
    int8_t told = 0;
    while (read(pipe_[0], &told, 1) < 0 && errno == EINTR) {
    }
    if (told == 0) return;
    Remove(root_);
    signal(told, SIG_DFL);
    raise(told);
  }

  const std::string root_;
  std::array<int, 2> pipe_ = {-1, -1};
  std::array<struct sigaction, kSignals.size()> before_ = {};
  std::thread waits_;
};

absl::StatusOr<std::unique_ptr<ScratchStore>> ScratchStore::Make(
    const store::Store* from) {
  std::string root =
      (std::filesystem::temp_directory_path() / "portrisk-replay-XXXXXX")
          .string();
  if (mkdtemp(root.data()) == nullptr) {
    return absl::UnavailableError(absl::StrCat(
        "cannot make a directory like ", root,
        "; set TMPDIR to one that can be written and has room for the copy"));
  }
  auto scratch = std::unique_ptr<ScratchStore>(new ScratchStore());
  scratch->root_ = root;
  scratch->guard_ = std::make_unique<Guard>(root);
  scratch->store_ = root + "/store";
  store::Options options;
  options.directory = scratch->store_;
  options.durability = store::Durability::kLoseOnPowerFailure;
  auto store = store::Store::Open(options);
  if (!store.ok()) return store.status();
  if (from != nullptr) {
    absl::Status status = Copy(*from, store->get());
    if (!status.ok()) return status;
  }
  return scratch;
}

ScratchStore::ScratchStore() = default;

ScratchStore::~ScratchStore() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

}  // namespace portrisk::service::cli
