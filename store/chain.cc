#include "store/chain.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <sodium.h>

#include <algorithm>
#include <limits>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "portrisk/v1/journal.pb.h"
#include "store/block.h"
#include "store/erasure_proof.h"

namespace portrisk::store {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr int kRecords = v1::JournalBlock::kRecordsFieldNumber;
constexpr int kChain = v1::JournalBlock::kChainFieldNumber;
constexpr int kReplaced = v1::JournalBlock::kReplacedFieldNumber;
constexpr uint32_t kChainTag =
    WireFormatLite::MakeTag(kChain, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);

absl::string_view View(const Chain& chain) {
  return {reinterpret_cast<const char*>(chain.data()), chain.size()};
}

absl::Status Broken(uint64_t first, uint64_t last, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(
      "the chain breaks in the block of sequences ", first, " to ", last, ": ",
      what, ". Nothing from there on is proven. Compare with a backup"));
}

// What the block says records were before they were rewritten, by index. False
// where that is no list of digests in ascending order.
bool ReadReplaced(absl::string_view block,
                  std::vector<v1::ReplacedRecord>* replaced) {
  return WalkFields(block, [&](int field, absl::string_view bytes) {
    if (field != kReplaced) return true;
    v1::ReplacedRecord one;
    if (!one.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
        one.digest().size() != std::tuple_size<Chain>::value ||
        one.SerializeAsString() != bytes ||
        (!replaced->empty() && one.index() <= replaced->back().index())) {
      return false;
    }
    replaced->push_back(std::move(one));
    return true;
  });
}

}  // namespace

Chain DigestOf(absl::string_view bytes) {
  Chain digest;
  crypto_generichash(digest.data(), digest.size(),
                     reinterpret_cast<const uint8_t*>(bytes.data()),
                     bytes.size(), nullptr, 0);
  return digest;
}

Chain ChainStart() { return DigestOf("portrisk journal"); }

std::optional<SealedBlock> Seal(const Chain& before, absl::string_view block) {
  std::vector<v1::ReplacedRecord> was;
  if (!ReadReplaced(block, &was)) return std::nullopt;
  SealedBlock sealed;
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, sealed.chain.size());
  crypto_generichash_update(&state, before.data(), before.size());
  bool behind_records = false;
  const bool whole = WalkFields(block, [&](int field, absl::string_view bytes) {
    // Behind the chain nothing counts.
    if (!sealed.stored.empty()) sealed.has_others = true;
    if (bytes.data() == nullptr) {
      sealed.has_others = true;  // Of another wire type.
    } else if (field == kChain) {
      sealed.stored = bytes;
    } else if (field == kReplaced) {
      behind_records = true;
    } else if (field == kRecords) {
      sealed.has_others |= behind_records;
      Chain digest = DigestOf(bytes);
      const size_t met = sealed.replaced.size();
      if (met < was.size() && was[met].index() == sealed.records) {
        sealed.replaced.push_back({sealed.records, digest});
        std::copy_n(was[met].digest().begin(), digest.size(), digest.begin());
      }
      crypto_generichash_update(&state, digest.data(), digest.size());
      ++sealed.records;
    } else {
      sealed.has_others = true;
    }
    return true;
  });
  if (!whole) return std::nullopt;
  sealed.has_others |= sealed.replaced.size() != was.size();
  crypto_generichash_final(&state, sealed.chain.data(), sealed.chain.size());
  return sealed;
}

absl::string_view Unsealed(absl::string_view block) {
  CodedInputStream input(reinterpret_cast<const uint8_t*>(block.data()),
                         static_cast<int>(block.size()));
  while (true) {
    const auto end = static_cast<size_t>(input.CurrentPosition());
    const uint32_t tag = input.ReadTag();
    if (tag == kChainTag) return block.substr(0, end);
    if (tag == 0 || !WireFormatLite::SkipField(&input, tag)) return block;
  }
}

std::string ChainField(const Chain& chain) {
  static_assert(kChainTag < 0x80);
  std::string field;
  field.push_back(static_cast<char>(kChainTag));
  field.push_back(static_cast<char>(chain.size()));
  field.append(chain.begin(), chain.end());
  return field;
}

absl::StatusOr<ChainReport> VerifyChain(
    const Store& store, const std::function<void(uint64_t)>& progress,
    const std::function<absl::Status(const ChainHead&)>& visit) {
  constexpr uint64_t kProgressEvery = 10'000;
  const auto anchor = store.ReadChainAnchor();
  if (!anchor.ok()) return anchor.status();
  ChainReport report;
  report.head.chain = ChainStart();
  report.unsealed_to = anchor->sequence;
  uint64_t told = 0;
  bool anchored = anchor->sequence == 0;
  ErasureProof proof;
  absl::Status status = store.ScanJournal(1, [&](const Block& block) {
    const auto sealed = Seal(report.head.chain, block.bytes);
    const uint64_t first = block.first_sequence;
    if (!sealed || sealed->records == 0) {
      return Broken(first, first, "it does not parse");
    }
    const uint64_t last = first + sealed->records - 1;
    if (first != report.head.sequence + 1) {
      return Broken(first, last,
                    absl::StrCat("sequence ", report.head.sequence + 1,
                                 " should come first"));
    }
    if (sealed->has_others) return Broken(first, last, "it has bytes too many");
    const bool old = last <= anchor->sequence;
    if (old ? !sealed->stored.empty() : sealed->stored != View(sealed->chain)) {
      return Broken(first, last, "its records are not those it was made of");
    }
    if (!proof.Take(block, *sealed)) {
      return Broken(first, last, "an entry of an erasure does not parse");
    }
    report.head = {last, sealed->chain};
    if (last == anchor->sequence) {
      if (sealed->chain != anchor->chain) {
        return Broken(1, last, "this is not what the upgrade of the store met");
      }
      anchored = true;
    }
    ++report.blocks;
    report.records += sealed->records;
    if (progress && last >= told + kProgressEvery) progress(told = last);
    return visit ? visit(report.head) : absl::OkStatus();
  });
  if (!status.ok()) return status;
  if (!anchored) {
    return Broken(1, anchor->sequence,
                  "no block ends where the upgrade of the store met one");
  }
  status = proof.Prove(store, &report);
  if (!status.ok()) return status;
  return report;
}

}  // namespace portrisk::store
