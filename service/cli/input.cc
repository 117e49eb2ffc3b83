#include "service/cli/input.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/admission.h"
#include "service/cli/commands.h"
#include "service/cli/progress.h"
#include "service/errors.h"
#include "service/formats/sniff.h"

namespace portrisk::service::cli {
namespace {

// 0 when one of them is no file.
uint64_t BytesOf(const std::vector<std::string>& files) {
  uint64_t bytes = 0;
  for (const std::string& file : files) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (error) return 0;
    bytes += size;
  }
  return bytes;
}

}  // namespace

void DeclareInput(CLI::App& app, InputFlags* flags) {
  DeclareInput(app, "files", flags);
  app.get_option("files")->required();
  app.get_option("--format")->required();
}

void DeclareInput(CLI::App& app, const std::string& option, InputFlags* flags) {
  app.add_option(option, flags->files,
                 "Files of movements; - is standard input");
  app.add_option(
         "--format", flags->format,
         "edifact, x12, dcsa, epcis, csv, jsonl (proto JSON lines), each plain "
         "or compressed (gzip, zstd); `portrisk "
         "formats` says what is read of each")
      ->check(
          CLI::IsMember({"edifact", "x12", "dcsa", "epcis", "csv", "jsonl"}));
  app.add_option("--source", flags->source,
                 "Name of the sending system, instead of the message's own");
  app.add_option("--mapping", flags->mapping,
                 "CSV: which column is which field (service/formats/CSV.md)");
  app.add_option("--utc-offset-min", flags->utc_offset_min,
                 "Minutes east of UTC of local times without a zone")
      ->check(CLI::Range(-kUtcOffsetMinMax, kUtcOffsetMinMax))
      ->capture_default_str();
  app.add_flag("--strict", flags->strict,
               "Reject what is tolerated otherwise: wrong counts, decimal "
               "commas, blanks in numbers ...");
  app.add_option("--rejects", flags->rejects,
                 "Write rejected records there, one JSON object a line");
}

absl::Status Rejects::Open(const InputFlags& flags) {
  if (flags.rejects.empty()) return absl::OkStatus();
  path_ = flags.rejects;
  file_.open(path_);
  Check();
  return status_;
}

void Rejects::Check() {
  if (file_ || !status_.ok()) return;
  status_ = absl::PermissionDeniedError(
      absl::StrCat("cannot write ", path_, ": ", std::strerror(errno)));
}

int Rejects::Finish() {
  if (file_.is_open()) file_.flush();
  Check();
  if (!status_.ok()) return Fail(status_);
  return count_ > 0 ? kExitRejects : kExitOk;
}

void Rejects::Add(const Reject& reject) {
  ++count_;
  if (file_.is_open()) {
    file_ << RejectToJson(reject) << "\n";
    Check();
    return;
  }
  const uint64_t of_reason = ++of_reason_[reject.reason];
  if (of_reason > kShownOfReason) {
    if (of_reason == kShownOfReason + 1) {
      std::cerr << "rejected: further records with " << reject.reason
                << " are only counted; --rejects FILE writes each down\n";
    }
    return;
  }
  std::cerr << "rejected: " << reject.file;
  if (reject.line > 0) std::cerr << ":" << reject.line;
  std::cerr << ": " << reject.position << ": " << reject.reason << ": "
            << reject.message << "\n";
}

namespace {

constexpr size_t kHeadBytes = 512;

// Readers name what is wrong at a place, which is no help where all of the file
// is something else.
std::optional<Reject> OtherFormat(const std::string& name, Format format,
                                  std::ifstream* file) {
  // What is no file cannot be read twice.
  if (!std::filesystem::is_regular_file(name)) return std::nullopt;
  std::string head(kHeadBytes, '\0');
  file->read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(file->gcount()));
  file->clear();
  file->seekg(0);
  // By its bytes alone; of these two they leave no doubt.
  const auto is = SniffFormat("", head).format;
  if (!is || *is == format ||
      (*is != Format::kEdifact && *is != Format::kX12)) {
    return std::nullopt;
  }
  const bool edifact = *is == Format::kEdifact;
  Reject reject;
  reject.file = name;
  reject.position = "its beginning";
  reject.reason = "OTHER_FORMAT";
  reject.message =
      absl::StrCat("begins as ", edifact ? "EDIFACT" : "X12",
                   " does; give --format ", edifact ? "edifact" : "x12");
  return reject;
}

}  // namespace

absl::StatusOr<ReadSummary> ReadAll(
    const std::string& command, const InputFlags& flags, Rejects* rejects,
    const std::function<absl::Status(v1::Movement&&)>& movement,
    const MovementCheck& check) {
  auto format = ParseFormat(flags.format);
  if (!format.ok()) return format.status();
  if (!flags.mapping.empty() && *format != Format::kCsv) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--mapping says which column is which field: it goes with --format "
        "csv, not ",
        flags.format));
  }
  ReaderOptions options;
  options.format = *format;
  options.source = flags.source;
  options.csv_mapping = flags.mapping;
  options.default_utc_offset_min = flags.utc_offset_min;
  options.strict = flags.strict;
  ReaderSink sink;
  sink.check = check;
  sink.reject = [&](const Reject& reject) { rejects->Add(reject); };
  ReadSummary total;
  Progress progress(command, "movements");
  uint64_t movements = 0, bytes_before = 0;
  const uint64_t bytes = BytesOf(flags.files);
  const auto open = [](const std::string& name, std::ifstream* file) {
    file->open(name, std::ios::binary);
    return *file ? absl::OkStatus()
                 : absl::NotFoundError(absl::StrCat("cannot read ", name));
  };
  // Before anything of the others is taken.
  for (const std::string& name : flags.files) {
    std::ifstream file;
    absl::Status status = name == "-" ? absl::OkStatus() : open(name, &file);
    if (!status.ok()) return status;
  }
  for (const std::string& name : flags.files) {
    std::ifstream file;
    if (name != "-") {
      absl::Status status = open(name, &file);
      if (!status.ok()) return status;
      if (const auto other = OtherFormat(name, options.format, &file)) {
        rejects->Add(*other);
        ++total.rejects;
        bytes_before += BytesOf({name});
        continue;
      }
    }
    sink.movement = [&](v1::Movement&& one) {
      if (!rejects->status().ok()) return rejects->status();
      ++movements;
      progress.Show([&]() -> ProgressPoint {
        if (bytes == 0) return {movements, std::nullopt};
        const auto at = std::max<int64_t>(0, file.tellg());
        return {movements, static_cast<double>(bytes_before + at) /
                               static_cast<double>(bytes)};
      });
      return movement(std::move(one));
    };
    options.file = name;
    auto read = ReadMovements(name == "-" ? std::cin : file, options, sink);
    if (!read.ok()) return read.status();
    bytes_before += BytesOf({name});
    total.records += read->records;
    total.movements += read->movements;
    total.rejects += read->rejects;
    for (const auto& [reason, count] : read->tolerated) {
      total.tolerated[reason] += count;
    }
  }
  return total;
}

MovementCheck AdmissionCheck() {
  // Its keys do not matter here.
  const auto admission = std::make_shared<const Admission>(Secrets());
  return
      [admission](v1::Movement* movement, Reject at) -> std::optional<Reject> {
        const std::vector<Violation> violations =
            admission->Admit(absl::Now(), movement);
        if (!movement->pickup_right().pin_hash().empty()) {
          movement->mutable_pickup_right()->clear_pin_hash();
          movement->mutable_pickup_right()->clear_pin_key_id();
        }
        if (violations.empty()) return std::nullopt;
        at.reason = "INVALID_MOVEMENT";
        at.message = OneLineOf(violations);
        return at;
      };
}

std::string Summarise(const ReadSummary& summary, uint64_t rejects) {
  std::string text =
      absl::StrCat(summary.records, " records, ", summary.movements,
                   " movements, ", rejects, " rejected");
  const char* lead = "; tolerated: ";
  for (const auto& [reason, count] : summary.tolerated) {
    absl::StrAppend(&text, lead, reason, " ", count);
    lead = ", ";
  }
  return text;
}

}  // namespace portrisk::service::cli
