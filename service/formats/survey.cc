#include "service/formats/survey.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "service/formats/csv_mapping.h"
#include "service/formats/csv_rows.h"
#include "service/formats/reader.h"
#include "service/formats/sniff.h"
#include "service/formats/wrapped_input.h"

namespace portrisk::service {
namespace {

namespace fs = std::filesystem;
using Counts = std::map<std::string, uint64_t>;

constexpr size_t kHeadBytes = 64 * 1024;
constexpr size_t kReasonsShown = 3;

struct KnownMapping {
  std::string file;
  CsvMapping mapping;
};

// One file's line of the table.
struct Line {
  std::string file;
  std::string format;
  bool read = false;
  ReadSummary summary;
  Counts reasons;
  std::string note;
};

class Survey {
 public:
  Survey(const fs::path& dir, const SurveyOptions& options)
      : dir_(dir), check_(options.check) {
    LoadMappings(options.mappings);
  }

  void Run();
  void Print(std::ostream& out) const;

 private:
  void LoadMappings(const std::string& dir);
  Line Examine(const fs::path& file) const;
  void Read(const fs::path& file, ReaderOptions options, Line* line) const;
  const KnownMapping* MappingFor(const fs::path& file) const;
  const KnownMapping* MappingByName(const fs::path& file) const;

  const fs::path dir_;
  const MovementCheck check_;
  std::vector<KnownMapping> mappings_;
  std::vector<Line> lines_;
  std::vector<std::string> notes_;
};

std::vector<fs::path> RegularFiles(const fs::path& dir) {
  std::vector<fs::path> files;
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (auto it = fs::recursive_directory_iterator(dir, options, error);
       !error && it != fs::recursive_directory_iterator();
       it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored) && !it->is_symlink(ignored)) {
      files.push_back(it->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string Head(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  WrappedInput plain(in, true);
  std::string head(kHeadBytes, '\0');
  plain.stream().read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(plain.stream().gcount()));
  return head;
}

std::vector<std::string> HeaderOf(const fs::path& file, char delimiter) {
  std::vector<std::string> header;
  CsvRows::Handler handler;
  handler.row = [&header](const CsvRow& row) {
    header = row.cells;
    return absl::CancelledError();  // The first row is all we want.
  };
  handler.broken = [](const CsvRow&, absl::string_view, absl::string_view) {};
  std::ifstream in(file, std::ios::binary);
  WrappedInput plain(in, false);
  CsvRows(delimiter, std::move(handler)).Read(plain.stream()).IgnoreError();
  return header;
}

bool MeantFor(const CsvMapping& mapping, const std::string& name) {
  return std::any_of(mapping.files.begin(), mapping.files.end(),
                     [&name](const std::string& glob) {
                       return fnmatch(glob.c_str(), name.c_str(), 0) == 0;
                     });
}

void Survey::LoadMappings(const std::string& dir) {
  std::error_code error;
  if (!fs::is_directory(dir, error)) {
    notes_.push_back(absl::StrCat("no folder ", dir,
                                  " of column mappings, so CSV is read by its "
                                  "header alone; name one with --mappings"));
  }
  for (const fs::path& file : RegularFiles(dir)) {
    if (file.extension() != ".yaml") continue;
    absl::StatusOr<CsvMapping> mapping = LoadCsvMapping(file.string());
    if (mapping.ok()) {
      mappings_.push_back({file.string(), *std::move(mapping)});
    } else {
      notes_.emplace_back(mapping.status().message());
    }
  }
}

// The mapping that reads the most of the file's columns and none that it
// lacks; one that names the file comes before all others.
const KnownMapping* Survey::MappingFor(const fs::path& file) const {
  constexpr size_t kNamed = 1000;
  const KnownMapping* best = nullptr;
  size_t best_worth = 0;
  for (const KnownMapping& known : mappings_) {
    const bool named = MeantFor(known.mapping, file.filename().string());
    if (!named && !known.mapping.files.empty()) continue;
    const std::vector<std::string> header =
        HeaderOf(file, known.mapping.delimiter);
    const std::set<std::string> has(header.begin(), header.end());
    const std::vector<std::string> used = ColumnsUsed(known.mapping);
    if (!std::includes(has.begin(), has.end(), used.begin(), used.end())) {
      continue;
    }
    const size_t worth = used.size() + (named ? kNamed : 0);
    if (worth <= best_worth) continue;
    best = &known;
    best_worth = worth;
  }
  return best;
}

// A mapping that brings its own columns and names the file needs no header to
// tell that it fits.
const KnownMapping* Survey::MappingByName(const fs::path& file) const {
  for (const KnownMapping& known : mappings_) {
    const CsvMapping& mapping = known.mapping;
    if ((mapping.ragged || !mapping.fixed.empty() || !mapping.header.empty()) &&
        MeantFor(mapping, file.filename().string())) {
      return &known;
    }
  }
  return nullptr;
}

void Survey::Read(const fs::path& file, ReaderOptions options,
                  Line* line) const {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    line->note = "cannot be opened";
    return;
  }
  ReaderSink sink;
  sink.check = check_;
  sink.movement = [](v1::Movement&&) { return absl::OkStatus(); };
  sink.reject = [line](const Reject& reject) {
    ++line->reasons[reject.reason];
  };
  absl::StatusOr<ReadSummary> summary = ReadMovements(in, options, sink);
  if (!summary.ok()) {
    line->note = std::string(summary.status().message());
    return;
  }
  line->read = true;
  line->summary = *std::move(summary);
}

Line Survey::Examine(const fs::path& file) const {
  Line line;
  line.file = file.lexically_relative(dir_).string();
  ReaderOptions options;
  options.file = line.file;
  if (const KnownMapping* known = MappingByName(file)) {
    line.format = "csv";
    options.format = Format::kCsv;
    options.csv_mapping = known->file;
    Read(file, options, &line);
    return line;
  }
  const Sniffed sniffed = SniffFormat(file.filename().string(), Head(file));
  if (!sniffed.format.has_value()) {
    line.note = absl::StrCat("no reader: ", sniffed.why);
    return line;
  }
  options.format = *sniffed.format;
  switch (*sniffed.format) {
    case Format::kEdifact:
      line.format = "edifact";
      break;
    case Format::kX12:
      line.format = "x12";
      break;
    case Format::kDcsa:
      line.format = "dcsa";
      break;
    case Format::kEpcis:
      line.format = "epcis";
      break;
    case Format::kJsonl:
      line.format = "jsonl";
      break;
    case Format::kCsv:
      line.format = "csv";
      if (const KnownMapping* known = MappingFor(file)) {
        options.csv_mapping = known->file;
      } else if (!MappingFromHeader(HeaderOf(file, ',')).ok()) {
        line.format.clear();
        line.note = "no reader: CSV whose columns no mapping names";
        return line;
      }
      break;
  }
  Read(file, options, &line);
  return line;
}

void Survey::Run() {
  for (const fs::path& file : RegularFiles(dir_)) {
    lines_.push_back(Examine(file));
  }
}

// "UNKNOWN_MESSAGE 3, BAD_TIME 1", most frequent first.
std::string Top(const Counts& counts) {
  std::vector<std::pair<uint64_t, std::string>> sorted;
  for (const auto& [reason, count] : counts) sorted.emplace_back(count, reason);
  std::stable_sort(
      sorted.begin(), sorted.end(),
      [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> shown;
  for (const auto& [count, reason] : sorted) {
    if (shown.size() == kReasonsShown) {
      shown.push_back("...");
      break;
    }
    shown.push_back(absl::StrCat(reason, " ", count));
  }
  return absl::StrJoin(shown, ", ");
}

uint64_t Sum(const Counts& counts) {
  uint64_t sum = 0;
  for (const auto& [reason, count] : counts) sum += count;
  return sum;
}

void PrintRow(std::ostream& out, size_t width, const std::string& file,
              const std::string& format,
              const std::vector<std::string>& numbers,
              const std::string& note) {
  out << std::left << std::setw(static_cast<int>(width)) << file << "  "
      << std::setw(8) << format << std::right;
  for (const std::string& number : numbers) out << std::setw(11) << number;
  out << (note.empty() ? "" : "  ") << note << "\n";
}

std::vector<std::string> Numbers(const ReadSummary& summary) {
  return {absl::StrCat(summary.records), absl::StrCat(summary.movements),
          absl::StrCat(summary.rejects), absl::StrCat(Sum(summary.tolerated))};
}

void Survey::Print(std::ostream& out) const {
  size_t width = 4;
  for (const Line& line : lines_) width = std::max(width, line.file.size());
  PrintRow(out, width, "file", "format",
           {"records", "movements", "rejects", "tolerated"}, "reasons");
  ReadSummary total;
  Counts reasons;
  size_t unread = 0;
  const std::vector<std::string> dashes(4, "-");
  for (const Line& line : lines_) {
    if (!line.read) {
      ++unread;
      PrintRow(out, width, line.file, line.format.empty() ? "-" : line.format,
               dashes, line.note);
      continue;
    }
    std::string note = Top(line.reasons);
    if (!line.summary.tolerated.empty()) {
      absl::StrAppend(&note, note.empty() ? "" : "; ", "tolerated ",
                      Top(line.summary.tolerated));
    }
    PrintRow(out, width, line.file, line.format, Numbers(line.summary), note);
    total.records += line.summary.records;
    total.movements += line.summary.movements;
    total.rejects += line.summary.rejects;
    for (const auto& [reason, count] : line.summary.tolerated) {
      total.tolerated[reason] += count;
    }
    for (const auto& [reason, count] : line.reasons) reasons[reason] += count;
  }
  PrintRow(out, width, absl::StrCat("total: ", lines_.size(), " files"),
           absl::StrCat(lines_.size() - unread, " read"), Numbers(total),
           Top(reasons));
  for (const std::string& note : notes_)
    out << "mapping left out: " << note << "\n";
}

}  // namespace

absl::Status SurveyFolder(const std::string& dir, std::ostream& out,
                          const SurveyOptions& options) {
  std::error_code error;
  if (!fs::is_directory(dir, error)) {
    return absl::NotFoundError(absl::StrCat(dir, " is no folder"));
  }
  Survey survey(dir, options);
  survey.Run();
  survey.Print(out);
  return absl::OkStatus();
}

}  // namespace portrisk::service
