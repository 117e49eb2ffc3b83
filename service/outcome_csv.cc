#include "service/outcome_csv.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scoring/iso6346.h"
#include "scoring/list_policy.h"
#include "service/formats/csv_rows.h"
#include "service/formats/text.h"
#include "service/outcome_words.h"
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
constexpr char kFirstLine[] =
    "the first line names the columns: "
    "container,locode,facility,time,control,found,kind";

class Reader {
 public:
  Reader(const OutcomeCsvOptions& options, const OutcomeCsvSink& sink)
      : options_(options), sink_(sink) {
    columns_.fill(kAbsent);
  }

  absl::StatusOr<OutcomeCsvSummary> Read(std::istream& in) {
    CsvRows rows(CsvRows::kDetect,
                 {[&](const CsvRow& row) {
                    return has_header_ ? Row(row) : Header(row);
                  },
                  [&](const CsvRow& row, absl::string_view reason,
                      absl::string_view message) {
                    ++summary_.rows;
                    AddReject(row, kAbsent, reason, std::string(message));
                  }});
    absl::Status status = rows.Read(in);
    if (!status.ok()) return status;
    if (!has_header_) {
      return absl::InvalidArgumentError(
          absl::StrCat(options_.file, ": the file is empty; ", kFirstLine));
    }
    return summary_;
  }

 private:
  absl::Status Header(const CsvRow& row) {
    has_header_ = true;
    cells_ = row.cells.size();
    for (size_t i = 0; i < row.cells.size(); ++i) {
      std::string name = WordKey(row.cells[i]);
      if (name == "container_number" || name == "number") name = "container";
      if (name == "result") name = "found";
      if (scoring::NamesNationality(name)) {
        return Unusable(row, scoring::NationalityRefusal(Excerpt(name)));
      }
      const auto known = std::find(kNames.begin(), kNames.end(), name);
      if (known == kNames.end()) {
        summary_.ignored_columns.push_back(Excerpt(row.cells[i]));
        continue;
      }
      size_t& at = columns_[known - kNames.begin()];
      if (at != kAbsent) {
        return Unusable(row, absl::StrCat("the column ", name,
                                          " stands here twice; keep one"));
      }
      at = i;
    }
    const bool by_name =
        columns_[kUnit] != kAbsent || columns_[kMovementId] != kAbsent;
    for (const Column needed : {kContainer, kTime, kFound}) {
      if (columns_[needed] != kAbsent || (needed == kContainer && by_name)) {
        continue;
      }
      return Unusable(row, absl::StrCat("the column ", kNames[needed],
                                        " is missing; ", kFirstLine));
    }
    return absl::OkStatus();
  }

  absl::Status Unusable(const CsvRow& row, absl::string_view why) const {
    return absl::InvalidArgumentError(
        absl::StrCat(options_.file, ":", row.line, ": ", why));
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
                       cells_, "; quote a cell that holds the separator",
                       LinesTaken(row)));
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
    if (!ParseRetracted(row, out) || !ParseTimes(row, out) ||
        !ParseWhat(row, out) || !ParseFind(row, out)) {
      return false;
    }
    out->set_id(Cell(row, kId));
    if (out->id().empty()) out->set_id(MakeId(*out));
    return true;
  }

  bool ParseRetracted(const CsvRow& row, v1::Outcome* out) {
    const std::string text = Cell(row, kRetracted);
    v1::ControlResult yes = v1::NOT_FOUND;
    if (!text.empty() &&
        (!ParseControlResult(text, &yes) || yes == v1::INCONCLUSIVE)) {
      return Refuse(row, kRetracted, "BAD_VALUE", "is neither yes nor no");
    }
    out->set_retraction(yes == v1::FOUND);
    return true;
  }

  // What voids a row need not repeat it.
  bool IsLeftOut(const CsvRow& row, Column column, const v1::Outcome& out) {
    return out.retraction() && Cell(row, column).empty();
  }

  bool ParseTimes(const CsvRow& row, v1::Outcome* out) {
    const auto parse = [&](Column column, google::protobuf::Timestamp* time) {
      return ParseControlTime(Cell(row, column), time) ||
             Refuse(row, column, "BAD_TIME",
                    "is no time; write 2026-03-01T12:00:00Z");
    };
    if (!IsLeftOut(row, kTime, *out) && !parse(kTime, out->mutable_time())) {
      return false;
    }
    return Cell(row, kUpdated).empty() ||
           parse(kUpdated, out->mutable_update_time());
  }

  bool ParseWhat(const CsvRow& row, v1::Outcome* out) {
    const std::string text = Cell(row, kControlColumn);
    v1::Control control = v1::CONTROL_UNSPECIFIED;
    if (!text.empty() && !ParseControl(text, &control)) {
      return Refuse(row, kControlColumn, "BAD_VALUE",
                    "is no control; write INSPECT, SCAN_IMAGE, DOCUMENT_CHECK, "
                    "HOLD_AND_INSPECT or POST_CLEARANCE_AUDIT");
    }
    out->set_control(control);
    v1::ControlResult result = v1::CONTROL_RESULT_UNSPECIFIED;
    if (!IsLeftOut(row, kFound, *out) &&
        !ParseControlResult(Cell(row, kFound), &result)) {
      return Refuse(row, kFound, "BAD_VALUE",
                    "does not say; write yes, no or inconclusive");
    }
    out->set_result(result);
    return true;
  }

  bool ParseFind(const CsvRow& row, v1::Outcome* out) {
    SetKind(Cell(row, kKind), out);
    const std::string text = Cell(row, kQuantity);
    double quantity = 0;
    if (text.empty()) return true;
    if (!ParseDecimal(text, &quantity) || !(quantity >= 0)) {
      return Refuse(row, kQuantity, "BAD_VALUE", "is no quantity; write 12.5");
    }
    out->set_quantity(quantity);
    return true;
  }

  static std::string MakeId(const v1::Outcome& one) {
    return BoundedId(absl::StrJoin(
        {scoring::NormaliseContainerNumber(one.container_number()), one.unit(),
         one.assessment().movement_id(), one.locode(), one.facility(),
         FormatTime(one.time()), std::string(v1::Control_Name(one.control()))},
        "|"));
  }

  // Always false.
  bool Refuse(const CsvRow& row, Column column, absl::string_view reason,
              absl::string_view what) {
    AddReject(row, columns_[column], reason,
              absl::StrCat("\"", Excerpt(Cell(row, column)), "\" ", what));
    return false;
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

}  // namespace portrisk::service
