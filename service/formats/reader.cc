#include "service/formats/reader.h"

#include <ios>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "service/formats/output.h"
#include "service/formats/text.h"
#include "service/formats/wrapped_input.h"

namespace portrisk::service {
namespace {

absl::Status Read(std::istream& in, Output* output) {
  switch (output->options().format) {
    case Format::kEdifact:
      return ReadEdifact(in, output);
    case Format::kX12:
      return ReadX12(in, output);
    case Format::kDcsa:
      return ReadDcsa(in, output);
    case Format::kEpcis:
      return ReadEpcis(in, output);
    case Format::kCsv:
      return ReadCsv(in, output);
    case Format::kJsonl:
      return ReadJsonl(in, output);
  }
  return absl::InternalError("unknown format");
}

// As a JSON string. A file name or an excerpt may hold any bytes; JSON may not.
std::string Quoted(const std::string& text) {
  google::protobuf::Value value;
  value.set_string_value(IsValidUtf8(text) ? text : Latin1ToUtf8(text));
  std::string quoted;
  // A string of valid UTF-8 always has a JSON form.
  (void)google::protobuf::util::MessageToJsonString(value, &quoted);
  return quoted;
}

}  // namespace

absl::StatusOr<Format> ParseFormat(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name);
  if (lower == "edifact") return Format::kEdifact;
  if (lower == "x12") return Format::kX12;
  if (lower == "dcsa") return Format::kDcsa;
  if (lower == "epcis") return Format::kEpcis;
  if (lower == "csv") return Format::kCsv;
  if (lower == "jsonl") return Format::kJsonl;
  return absl::InvalidArgumentError(
      absl::StrCat("no format \"", name,
                   "\"; choose edifact, x12, dcsa, epcis, csv or "
                   "jsonl"));
}

absl::StatusOr<ReadSummary> ReadMovements(std::istream& in,
                                          const ReaderOptions& options,
                                          const ReaderSink& sink) {
  Output output(options, sink);
  absl::Status read;
  std::string damage;
  try {
    WrappedInput input(in, options.format == Format::kEdifact);
    read = Read(input.stream(), &output);
    damage = input.damage();
  } catch (const std::ios_base::failure&) {
    // What reads its buffer directly is told of a folder or a bad disk so.
    in.setstate(std::ios::badbit);
  }
  if (!read.ok()) return read;
  if (!damage.empty()) {
    Reject reject;
    reject.position = "compressed data";
    reject.reason = "BAD_COMPRESSION";
    reject.message = absl::StrCat(
        damage, "; what stood before it was read, send the file again");
    output.Rejected(std::move(reject));
  }
  if (in.bad()) {
    return absl::DataLossError(
        absl::StrCat(options.file,
                     ": reading failed before the end; is it a folder, or the "
                     "disk bad?"));
  }
  return output.summary();
}

std::string RejectToJson(const Reject& reject) {
  std::string json = "{";
  const auto add = [&json](absl::string_view key, absl::string_view value) {
    absl::StrAppend(&json, json.size() > 1 ? "," : "", "\"", key, "\":", value);
  };
  add("reason", Quoted(reject.reason));
  add("file", Quoted(reject.file));
  if (reject.line != 0) add("line", absl::StrCat(reject.line));
  add("offset", absl::StrCat(reject.offset));
  add("position", Quoted(reject.position));
  add("message", Quoted(reject.message));
  add("excerpt", Quoted(reject.excerpt));
  json.push_back('}');
  return json;
}

}  // namespace portrisk::service
