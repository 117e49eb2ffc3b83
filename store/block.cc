#include "store/block.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "portrisk/v1/journal.pb.h"
#include "store/store.h"

namespace portrisk::store {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// Where protobuf's own arithmetic ends.
constexpr size_t kBytesMax = std::numeric_limits<int>::max();

}  // namespace

std::optional<uint64_t> CountRecords(absl::string_view bytes) {
  if (bytes.size() > kBytesMax) return std::nullopt;
  constexpr uint32_t kRecordTag =
      WireFormatLite::MakeTag(v1::JournalBlock::kRecordsFieldNumber,
                              WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                         static_cast<int>(bytes.size()));
  uint64_t count = 0;
  while (const uint32_t tag = input.ReadTag()) {
    if (!WireFormatLite::SkipField(&input, tag)) return std::nullopt;
    if (tag == kRecordTag) ++count;
  }
  if (!input.ConsumedEntireMessage()) return std::nullopt;
  return count;
}

absl::Status CheckBlock(uint64_t first_sequence, absl::string_view bytes) {
  v1::JournalBlock block;
  if (bytes.size() > kBytesMax ||
      !block.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      block.records().empty()) {
    return absl::DataLossError(absl::StrCat("the journal block at sequence ",
                                            first_sequence, " does not parse; ",
                                            kRemedy));
  }
  uint64_t expected = first_sequence;
  for (const v1::JournalRecord& record : block.records()) {
    if (record.sequence() != expected) {
      return absl::DataLossError(absl::StrCat(
          "the journal block at sequence ", first_sequence, " holds record ",
          record.sequence(), " in the place of ", expected, "; ", kRemedy));
    }
    ++expected;
  }
  return absl::OkStatus();
}

bool WalkFields(absl::string_view message,
                absl::FunctionRef<bool(int, absl::string_view)> visit) {
  if (message.size() > kBytesMax) return false;
  CodedInputStream input(reinterpret_cast<const uint8_t*>(message.data()),
                         static_cast<int>(message.size()));
  while (const uint32_t tag = input.ReadTag()) {
    const int field = WireFormatLite::GetTagFieldNumber(tag);
    if (field == 0) return false;  // As protobuf has it.
    if (WireFormatLite::GetTagWireType(tag) !=
        WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&input, tag)) return false;
      if (!visit(field, absl::string_view())) return false;
      continue;
    }
    uint32_t size = 0;
    if (!input.ReadVarint32(&size)) return false;
    const auto begin = static_cast<size_t>(input.CurrentPosition());
    if (size > message.size() - begin || !input.Skip(static_cast<int>(size))) {
      return false;
    }
    if (!visit(field, message.substr(begin, size))) return false;
  }
  return input.ConsumedEntireMessage();
}

}  // namespace portrisk::store
