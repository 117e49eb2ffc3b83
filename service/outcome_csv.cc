#include "service/outcome_csv.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "scoring/list_policy.h"
#include "service/formats/csv_rows.h"
#include "service/formats/text.h"
#include "service/times.h"

namespace portrisk::service {

const char kOutcomeCsvHelp[] =
    "Columns, by name in the first line, in any order; , ; or tab between "
    "them:\n"
    "  container   number of the box\n"
    "  time        2026-03-01T12:00:00Z, 2026-03-01 12:00 (UTC) or 2026-03-01\n"
    "  found       yes, no or inconclusive\n"
    "These must be there. The others may:\n"
    "  locode, facility   where the control was\n"
    "  control     INSPECT, SCAN_IMAGE, DOCUMENT_CHECK ..., scan, inspection\n"
    "  kind        drugs, weapons, undeclared goods, weight, seal, documents,\n"
    "              fraud, tobacco ...; any other text is kept as your own "
    "code\n"
    "  quantity, quantity_unit   how much: 12.5, KGM\n"
    "  id          your reference of the control; without it one is made of\n"
    "              container, place, time and control, so that reading the "
    "file\n"
    "              again changes nothing\n"
    "  updated     when the row was last changed; a later time corrects\n"
    "  retracted   yes voids the row with this id\n"
    "  unit, movement_source, movement_id   the visit, or a movement of it\n"
    "  reference, note   kept with it; no names of persons\n";

namespace {

enum Column : size_t {
  kContainer,
  kTime,
  kFound,
  kLocode,
  kFacility,
  kControlColumn,
  kKind,
  kQuantity,
  kQuantityUnit,
  kId,
  kUpdated,
  kRetracted,
  kUnit,
  kMovementSource,
  kMovementId,
  kReference,
  kNote,
  kColumns
};
constexpr std::array<absl::string_view, kColumns> kNames = {
    "container", "time",      "found",    "locode",          "facility",
    "control",   "kind",      "quantity", "quantity_unit",   "id",
    "updated",   "retracted", "unit",     "movement_source", "movement_id",
    "reference", "note"};
constexpr size_t kAbsent = SIZE_MAX;

struct Word {
  absl::string_view text;
  int value;
};

constexpr Word kResults[] = {
    {"yes", v1::FOUND},
    {"y", v1::FOUND},
    {"true", v1::FOUND},
    {"1", v1::FOUND},
    {"found", v1::FOUND},
    {"no", v1::NOT_FOUND},
    {"n", v1::NOT_FOUND},
    {"false", v1::NOT_FOUND},
    {"0", v1::NOT_FOUND},
    {"not_found", v1::NOT_FOUND},
    {"nothing", v1::NOT_FOUND},
    {"inconclusive", v1::INCONCLUSIVE},
    {"unclear", v1::INCONCLUSIVE},
};
constexpr Word kControls[] = {
    {"scan", v1::SCAN_IMAGE},          {"x_ray", v1::SCAN_IMAGE},
    {"inspection", v1::INSPECT},       {"physical", v1::INSPECT},
    {"documents", v1::DOCUMENT_CHECK}, {"audit", v1::POST_CLEARANCE_AUDIT},
};
constexpr Word kKinds[] = {
    {"narcotics", v1::DRUGS},
    {"cocaine", v1::DRUGS},
    {"counterfeits", v1::COUNTERFEIT},
    {"cigarettes", v1::TOBACCO},
    {"arms", v1::WEAPONS},
    {"money", v1::CASH},
};

// Lower case, blanks and hyphens as underscores.
std::string Key(absl::string_view text) {
  return absl::StrReplaceAll(
      absl::AsciiStrToLower(absl::StripAsciiWhitespace(text)),
      {{" ", "_"}, {"-", "_"}});
}

template <size_t n>
bool Find(const Word (&words)[n], absl::string_view key, int* value) {
  for (const Word& word : words) {
    if (word.text != key) continue;
    *value = word.value;
    return true;
  }
  return false;
}

char DelimiterOf(absl::string_view head) {
  char best = ',';
  for (const char c : {';', '\t'}) {
    if (std::count(head.begin(), head.end(), c) >
        std::count(head.begin(), head.end(), best)) {
      best = c;
    }
  }
  return best;
}

class Reader {
 public:
  Reader(const OutcomeCsvOptions& options, const OutcomeCsvSink& sink)
      : options_(options), sink_(sink) {
    columns_.fill(kAbsent);
  }

  absl::StatusOr<OutcomeCsvSummary> Read(std::istream& in) {
    // The header tells the separator, and CsvRows has to know it first.
    std::string head;
    std::getline(in, head);
    const bool ended = in.eof();
    const char delimiter = DelimiterOf(head);
    CsvRows::Handler handler = {
        [&](const CsvRow& row) { return has_header_ ? Row(row) : Header(row); },
        [&](const CsvRow& row, absl::string_view reason,
            absl::string_view message) {
          AddReject(row, kAbsent, reason, std::string(message));
        }};
    absl::Status status = ReadHead(head + "\n", delimiter, handler);
    if (status.ok() && !has_header_) {
      return absl::InvalidArgumentError(
          absl::StrCat(options_.file,
                       ": the file is empty; its first line names the columns: "
                       "container,time,found,..."));
    }
    if (status.ok() && !ended) {
      CsvRows rows(delimiter, BelowHead(handler, head.size() + 1));
      status = rows.Read(in);
    }
    if (!status.ok()) return status;
    return summary_;
  }

 private:
  static absl::Status ReadHead(const std::string& text, char delimiter,
                               const CsvRows::Handler& handler) {
    std::istringstream in(text);
    CsvRows rows(delimiter, handler);
    return rows.Read(in);
  }

  // Lines and bytes are counted from the first of the file on.
  static CsvRows::Handler BelowHead(const CsvRows::Handler& handler,
                                    size_t bytes) {
    const auto shifted = [bytes](CsvRow row) {
      ++row.line;
      row.offset += bytes;
      return row;
    };
    return {[=](const CsvRow& row) { return handler.row(shifted(row)); },
            [=](const CsvRow& row, absl::string_view reason,
                absl::string_view message) {
              handler.broken(shifted(row), reason, message);
            }};
  }

  absl::Status Header(const CsvRow& row) {
    has_header_ = true;
    cells_ = row.cells.size();
    for (size_t i = 0; i < row.cells.size(); ++i) {
      std::string name = Key(row.cells[i]);
      if (name == "container_number" || name == "number") name = "container";
      if (name == "result") name = "found";
      if (scoring::NamesNationality(name)) {
        return absl::InvalidArgumentError(absl::StrCat(
            options_.file, ":1: ", scoring::NationalityRefusal(Excerpt(name))));
      }
      const auto known = std::find(kNames.begin(), kNames.end(), name);
      if (known == kNames.end()) {
        summary_.ignored_columns.push_back(Excerpt(row.cells[i]));
        continue;
      }
      size_t& at = columns_[known - kNames.begin()];
      if (at != kAbsent) {
        return absl::InvalidArgumentError(absl::StrCat(
            options_.file, ":1: the column ", name, " stands here twice"));
      }
      at = i;
    }
    const bool by_name =
        columns_[kUnit] != kAbsent || columns_[kMovementId] != kAbsent;
    for (const Column needed : {kContainer, kTime, kFound}) {
      if (columns_[needed] != kAbsent || (needed == kContainer && by_name)) {
        continue;
      }
      return absl::InvalidArgumentError(
          absl::StrCat(options_.file, ":1: the column ", kNames[needed],
                       " is missing; the first line names the columns: "
                       "container,locode,facility,time,control,found,kind"));
    }
    return absl::OkStatus();
  }

  std::string Cell(const CsvRow& row, Column column) const {
    const size_t at = columns_[column];
    return at == kAbsent
               ? ""
               : std::string(absl::StripAsciiWhitespace(row.cells[at]));
  }

  absl::Status Row(const CsvRow& row) {
    if (row.cells.size() == 1 && row.cells[0].empty()) return absl::OkStatus();
    ++summary_.rows;
    if (row.cells.size() != cells_) {
      AddReject(
          row, kAbsent, "BAD_ROW",
          absl::StrCat("the row has ", row.cells.size(), " cells, the header ",
                       cells_, "; quote a cell that holds the separator"));
      return absl::OkStatus();
    }
    for (size_t i = 0; i < row.cells.size(); ++i) {
      if (IsValidUtf8(row.cells[i])) continue;
      AddReject(row, i, "BAD_ENCODING",
                "this is not UTF-8; save the file as UTF-8");
      return absl::OkStatus();
    }
    v1::Outcome outcome;
    if (!Parse(row, &outcome)) return absl::OkStatus();
    return sink_.outcome(row.line, std::move(outcome));
  }

  // False when the row has been rejected.
  bool Parse(const CsvRow& row, v1::Outcome* out) {
    out->set_source(options_.source);
    out->set_container_number(Cell(row, kContainer));
    out->set_unit(Cell(row, kUnit));
    out->set_locode(Cell(row, kLocode));
    out->set_facility(Cell(row, kFacility));
    out->set_quantity_unit(Cell(row, kQuantityUnit));
    out->set_reference(Cell(row, kReference));
    out->set_note(FoldControls(Cell(row, kNote)));
    if (const std::string id = Cell(row, kMovementId); !id.empty()) {
      out->mutable_assessment()->set_source(Cell(row, kMovementSource));
      out->mutable_assessment()->set_movement_id(id);
    }
    if (!ParseRetracted(row, out) || !ParseTimes(row, out)) return false;
    if (!ParseFind(row, out)) return false;
    out->set_id(Cell(row, kId));
    if (out->id().empty()) out->set_id(MakeId(*out));
    return true;
  }

  bool ParseRetracted(const CsvRow& row, v1::Outcome* out) {
    const std::string text = Cell(row, kRetracted);
    v1::ControlResult yes = v1::NOT_FOUND;
    if (!text.empty() &&
        (!ParseControlResult(text, &yes) || yes == v1::INCONCLUSIVE)) {
      AddReject(row, columns_[kRetracted], "BAD_VALUE",
                absl::StrCat("\"", Excerpt(text), "\" is neither yes nor no"));
      return false;
    }
    out->set_retraction(yes == v1::FOUND);
    return true;
  }

  bool ParseTimes(const CsvRow& row, v1::Outcome* out) {
    const std::string time = Cell(row, kTime);
    const std::string updated = Cell(row, kUpdated);
    if (!ParseControlTime(time, out->mutable_time())) {
      AddReject(row, columns_[kTime], "BAD_TIME",
                absl::StrCat("\"", Excerpt(time),
                             "\" is no time; write 2026-03-01T12:00:00Z"));
      return false;
    }
    if (!updated.empty() &&
        !ParseControlTime(updated, out->mutable_update_time())) {
      AddReject(row, columns_[kUpdated], "BAD_TIME",
                absl::StrCat("\"", Excerpt(updated),
                             "\" is no time; write 2026-03-01T12:00:00Z"));
      return false;
    }
    return true;
  }

  bool ParseFind(const CsvRow& row, v1::Outcome* out) {
    const std::string found = Cell(row, kFound);
    v1::ControlResult result = v1::CONTROL_RESULT_UNSPECIFIED;
    if (!ParseControlResult(found, &result)) {
      AddReject(row, columns_[kFound], "BAD_VALUE",
                absl::StrCat("\"", Excerpt(found),
                             "\" does not say; write yes, no or inconclusive"));
      return false;
    }
    out->set_result(result);
    const std::string control = Cell(row, kControlColumn);
    v1::Control value = v1::CONTROL_UNSPECIFIED;
    if (!control.empty() && !ParseControl(control, &value)) {
      AddReject(row, columns_[kControlColumn], "BAD_VALUE",
                absl::StrCat("\"", Excerpt(control),
                             "\" is no control; write INSPECT, SCAN_IMAGE, "
                             "DOCUMENT_CHECK, HOLD_AND_INSPECT or "
                             "POST_CLEARANCE_AUDIT"));
      return false;
    }
    out->set_control(value);
    SetKind(Cell(row, kKind), out);
    const std::string quantity = Cell(row, kQuantity);
    double much = 0;
    if (quantity.empty()) return true;
    if (!absl::SimpleAtod(quantity, &much) || !(much >= 0)) {
      AddReject(row, columns_[kQuantity], "BAD_VALUE",
                absl::StrCat("\"", Excerpt(quantity),
                             "\" is no quantity; write 12.5"));
      return false;
    }
    out->set_quantity(much);
    return true;
  }

  static std::string MakeId(const v1::Outcome& one) {
    return BoundedId(absl::StrJoin(
        {one.container_number(), one.unit(), one.assessment().movement_id(),
         one.locode(), one.facility(), FormatTime(one.time()),
         std::string(v1::Control_Name(one.control()))},
        "|"));
  }

  void AddReject(const CsvRow& row, size_t cell, absl::string_view reason,
                 std::string message) {
    ++summary_.rejects;
    Reject reject;
    reject.file = options_.file;
    reject.line = row.line;
    reject.offset = row.offset;
    reject.position = "row";
    if (cell != kAbsent) {
      reject.position = absl::StrCat("column ", cell + 1);
      for (size_t i = 0; i < kColumns; ++i) {
        if (columns_[i] == cell) {
          absl::StrAppend(&reject.position, " (", kNames[i], ")");
        }
      }
    }
    reject.reason = std::string(reason);
    reject.message = std::move(message);
    reject.excerpt = Excerpt(absl::StrJoin(row.cells, ","));
    sink_.reject(reject);
  }

  const OutcomeCsvOptions& options_;
  const OutcomeCsvSink& sink_;
  std::array<size_t, kColumns> columns_;
  size_t cells_ = 0;
  bool has_header_ = false;
  OutcomeCsvSummary summary_;
};

}  // namespace

absl::StatusOr<OutcomeCsvSummary> ReadOutcomesCsv(
    std::istream& in, const OutcomeCsvOptions& options,
    const OutcomeCsvSink& sink) {
  return Reader(options, sink).Read(in);
}

bool ParseControlResult(absl::string_view text, v1::ControlResult* result) {
  int value = 0;
  if (!Find(kResults, Key(text), &value)) return false;
  *result = static_cast<v1::ControlResult>(value);
  return true;
}

bool ParseControl(absl::string_view text, v1::Control* control) {
  const std::string key = Key(text);
  int value = 0;
  if (v1::Control_Parse(absl::AsciiStrToUpper(key), control)) {
    return *control > v1::NO_CONTROL;
  }
  if (!Find(kControls, key, &value)) return false;
  *control = static_cast<v1::Control>(value);
  return true;
}

void SetKind(absl::string_view text, v1::Outcome* outcome) {
  const std::string key = Key(text);
  if (key.empty()) return;
  v1::FindKind kind = v1::FIND_KIND_UNSPECIFIED;
  if (v1::FindKind_Parse(absl::AsciiStrToUpper(key), &kind) &&
      kind != v1::FIND_KIND_UNSPECIFIED) {
    outcome->set_kind(kind);
    return;
  }
  int value = v1::KIND_OTHER;
  Find(kKinds, key, &value);
  outcome->set_kind(static_cast<v1::FindKind>(value));
  outcome->set_kind_code(std::string(absl::StripAsciiWhitespace(text)));
}

bool ParseControlTime(const std::string& text,
                      google::protobuf::Timestamp* time) {
  absl::Time parsed;
  std::string ignored;
  const auto read = [&](const char* format) {
    return absl::ParseTime(format, text, absl::UTCTimeZone(), &parsed,
                           &ignored);
  };
  if (read("%Y-%m-%d")) {
    parsed += absl::Hours(24) - absl::Seconds(1);
  } else if (!read(absl::RFC3339_full) && !read("%Y-%m-%d %H:%M:%S") &&
             !read("%Y-%m-%d %H:%M") && !read("%Y-%m-%dT%H:%M:%S")) {
    return false;
  }
  const int64_t seconds = absl::ToUnixSeconds(parsed);
  // What a Timestamp may hold.
  if (seconds < -62135596800 || seconds > 253402300799) return false;
  time->set_seconds(seconds);
  return true;
}

}  // namespace portrisk::service
