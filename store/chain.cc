#include "store/chain.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <sodium.h>

#include <algorithm>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "portrisk/v1/journal.pb.h"

namespace portrisk::store {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr uint32_t Tag(int field) {
  return WireFormatLite::MakeTag(field,
                                 WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
}

Chain Hash(absl::string_view bytes) {
  Chain hash;
  crypto_generichash(hash.data(), hash.size(),
                     reinterpret_cast<const uint8_t*>(bytes.data()),
                     bytes.size(), nullptr, 0);
  return hash;
}

absl::string_view View(const Chain& chain) {
  return {reinterpret_cast<const char*>(chain.data()), chain.size()};
}

absl::Status Broken(uint64_t first, uint64_t last, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(
      "the chain breaks in the block of sequences ", first, " to ", last, ": ",
      what, ". Nothing from there on is proven. Compare with a backup"));
}

}  // namespace

Chain ChainStart() { return Hash("portrisk journal"); }

std::optional<SealedBlock> Seal(const Chain& before, absl::string_view block) {
  // Where protobuf's own arithmetic ends.
  if (block.size() > std::numeric_limits<int>::max()) return std::nullopt;
  constexpr uint32_t kRecord = Tag(v1::JournalBlock::kRecordsFieldNumber);
  constexpr uint32_t kChain = Tag(v1::JournalBlock::kChainFieldNumber);
  SealedBlock sealed;
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, sealed.chain.size());
  crypto_generichash_update(&state, before.data(), before.size());
  CodedInputStream input(reinterpret_cast<const uint8_t*>(block.data()),
                         static_cast<int>(block.size()));
  while (const uint32_t tag = input.ReadTag()) {
    if (tag != kRecord && tag != kChain) {
      sealed.has_others = true;
      if (!WireFormatLite::SkipField(&input, tag)) return std::nullopt;
      continue;
    }
    uint32_t size = 0;
    if (!input.ReadVarint32(&size)) return std::nullopt;
    const auto begin = static_cast<size_t>(input.CurrentPosition());
    if (size > block.size() - begin || !input.Skip(static_cast<int>(size))) {
      return std::nullopt;
    }
    const absl::string_view bytes = block.substr(begin, size);
    if (tag == kChain) {
      sealed.stored = bytes;
      continue;
    }
    // Behind the chain nothing counts.
    if (!sealed.stored.empty()) sealed.has_others = true;
    const Chain digest = Hash(bytes);
    crypto_generichash_update(&state, digest.data(), digest.size());
    ++sealed.records;
  }
  if (!input.ConsumedEntireMessage()) return std::nullopt;
  crypto_generichash_final(&state, sealed.chain.data(), sealed.chain.size());
  return sealed;
}

absl::string_view Unsealed(absl::string_view block) {
  CodedInputStream input(reinterpret_cast<const uint8_t*>(block.data()),
                         static_cast<int>(block.size()));
  while (true) {
    const auto end = static_cast<size_t>(input.CurrentPosition());
    const uint32_t tag = input.ReadTag();
    if (tag == Tag(v1::JournalBlock::kChainFieldNumber)) {
      return block.substr(0, end);
    }
    if (tag == 0 || !WireFormatLite::SkipField(&input, tag)) return block;
  }
}

std::string ChainField(const Chain& chain) {
  static_assert(Tag(v1::JournalBlock::kChainFieldNumber) < 0x80);
  std::string field;
  field.push_back(static_cast<char>(Tag(v1::JournalBlock::kChainFieldNumber)));
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
  return report;
}

}  // namespace portrisk::store
