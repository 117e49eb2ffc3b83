#include "service/cli/scratch_store.h"

#include <stdlib.h>

#include <filesystem>
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

}  // namespace

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

ScratchStore::~ScratchStore() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

}  // namespace portrisk::service::cli
