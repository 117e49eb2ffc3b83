// A row becomes one movement for each movement of the mapping. What a cell
// means is the mapping's business, how text becomes a field is SetField's; here
// the two meet, and a cell that does not fit rejects the movement it belongs
// to, with row and column.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "service/formats/csv_mapping.h"
#include "service/formats/csv_rows.h"
#include "service/formats/field_path.h"
#include "service/formats/lines.h"
#include "service/formats/output.h"
#include "service/formats/text.h"

namespace portrisk::service {
namespace {

constexpr uint32_t kColumnsMax = 10'000;

// `count` characters of valid UTF-8, from the one at `start`, counted from 0.
absl::string_view Characters(absl::string_view text, size_t start,
                             size_t count) {
  const auto skip = [](absl::string_view* rest, size_t characters) {
    size_t bytes = 0;
    while (bytes < rest->size()) {
      const bool begins =
          (static_cast<unsigned char>((*rest)[bytes]) & 0xC0) != 0x80;
      if (begins && characters-- == 0) break;
      ++bytes;
    }
    const absl::string_view skipped = rest->substr(0, bytes);
    rest->remove_prefix(bytes);
    return skipped;
  };
  skip(&text, start);
  return skip(&text, count);
}

class CsvReader {
 public:
  CsvReader(CsvMapping mapping, bool mapped, Output* output)
      : mapping_(std::move(mapping)), mapped_(mapped), output_(output) {
    const int minutes = mapping_.has_utc_offset
                            ? mapping_.utc_offset_min
                            : output->options().default_utc_offset_min;
    zone_ = absl::FixedTimeZone(minutes * 60);
  }

  absl::Status Read(std::istream& in) {
    output_->SetWhere([this] { return At(row_, ""); });
    std::vector<std::string> header = mapping_.header;
    for (const FixedColumn& column : mapping_.fixed) {
      header.push_back(column.name);
    }
    if (header.empty() && mapping_.ragged) header.push_back("#1");
    if (!header.empty()) {
      if (absl::Status begun = Begin(header); !begun.ok()) return begun;
    }
    if (!mapping_.fixed.empty()) return ReadFixed(in);
    CsvRows::Handler handler;
    handler.row = [this](const CsvRow& row) {
      row_ = row;
      return ReadRow();
    };
    handler.broken = [this](const CsvRow& row, absl::string_view reason,
                            absl::string_view message) {
      output_->CountRecord();
      Refuse(row, "", reason, std::string(message));
    };
    CsvRows rows(mapping_.delimiter, std::move(handler));
    absl::Status read = rows.Read(in);
    if (rows.byte_order_mark()) output_->Tolerate("BYTE_ORDER_MARK");
    if (rows.unterminated()) output_->Tolerate("LAST_ROW_UNTERMINATED");
    return read;
  }

 private:
  absl::Status Begin(const std::vector<std::string>& header);
  absl::Status ReadFixed(std::istream& in);
  absl::Status ReadRow();
  bool Fulfils(const CsvRow& row, const CellConditions& where) const;
  absl::Status ReadMovement(const CsvRow& row, size_t index);
  absl::Status Fill(const CsvRow& row, const ColumnRule& rule,
                    v1::Movement* movement) const;
  std::string Identity(const CsvRow& row, size_t index) const;
  absl::string_view Cell(const CsvRow& row, const std::string& column) const;
  std::string Clean(const std::string& cell);
  bool HoldsPin(size_t index) const;
  std::string ExcerptOf(const CsvRow& row) const;
  Reject At(const CsvRow& row, absl::string_view column) const;
  void Refuse(const CsvRow& row, absl::string_view column,
              absl::string_view reason, std::string message);

  CsvRow row_;  // That is being read.
  CsvMapping mapping_;
  const bool mapped_;
  Output* output_;
  absl::TimeZone zone_;
  std::vector<std::string> header_;
  std::map<std::string, size_t> column_;  // Name to index.
  std::map<std::string, std::string> carried_;
  // Cells of PINs: never shown, and part of no id, which is stored.
  std::set<size_t> pins_;
};

absl::Status CsvReader::Begin(const std::vector<std::string>& header) {
  header_ = header;
  for (size_t i = 0; i < header_.size(); ++i) column_.emplace(header_[i], i);
  if (!mapped_) {
    absl::StatusOr<CsvMapping> mapping = MappingFromHeader(header_);
    if (!mapping.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          output_->options().file, ": ", mapping.status().message()));
    }
    mapping_.movements = std::move(mapping->movements);
  }
  for (const std::string& column : ColumnsUsed(mapping_)) {
    if (std::count(header_.begin(), header_.end(), column) > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(output_->options().file, ": the column \"", column,
                       "\" stands twice in the header; keep one"));
    }
    if (column_.count(column) != 0) continue;
    uint32_t number = 0;
    if (column[0] == '#' && absl::SimpleAtoi(column.substr(1), &number) &&
        number >= 1 && number <= kColumnsMax) {
      column_[column] = number - 1;  // "#3": the third cell.
      continue;
    }
    return absl::InvalidArgumentError(absl::StrCat(
        output_->options().file, ": the mapping reads a column \"", column,
        "\" that the header lacks; it has: ", absl::StrJoin(header_, ", ")));
  }
  for (const MovementRule& rule : mapping_.movements) {
    for (const ColumnRule& column : rule.columns) {
      const auto at = column_.find(column.column);
      if (column.path == "pickup_right.pin" && at != column_.end()) {
        pins_.insert(at->second);
      }
    }
  }
  return absl::OkStatus();
}

std::string CsvReader::Clean(const std::string& cell) {
  if (IsPlainAscii(cell)) return cell;
  if (mapping_.latin1) return FoldControls(Latin1ToUtf8(cell));
  if (IsValidUtf8(cell)) return FoldControls(cell);
  output_->Tolerate("LATIN1");
  return FoldControls(Latin1ToUtf8(cell));
}

absl::Status CsvReader::ReadRow() {
  for (std::string& cell : row_.cells) cell = Clean(cell);
  const CsvRow& row = row_;
  if (header_.empty()) return Begin(row.cells);
  output_->CountRecord();
  for (const CarriedColumn& carried : mapping_.carry) {
    if (!Fulfils(row, carried.where)) continue;
    carried_[carried.name] = std::string(Cell(row, carried.column));
  }
  if (!mapping_.ragged && row.cells.size() > header_.size()) {
    Refuse(row, "", "TOO_MANY_CELLS",
           absl::StrCat("the row has ", row.cells.size(), " cells, the header ",
                        header_.size(), "; quote cells that hold the delimiter",
                        LinesTaken(row)));
    return absl::OkStatus();
  }
  if (!mapping_.ragged && row.cells.size() < header_.size()) {
    output_->Tolerate("SHORT_ROW");
  }
  bool mapped = false;
  for (size_t i = 0; i < mapping_.movements.size(); ++i) {
    if (!Fulfils(row, mapping_.movements[i].where)) continue;
    mapped = true;
    if (absl::Status read = ReadMovement(row, i); !read.ok()) return read;
  }
  if (!mapped) output_->Tolerate("ROW_NOT_MAPPED");
  return absl::OkStatus();
}

bool CsvReader::Fulfils(const CsvRow& row, const CellConditions& where) const {
  for (const auto& [column, text] : where) {
    const bool holds = column == "cells"
                           ? absl::StrCat(row.cells.size()) == text
                           : Cell(row, column) == text;
    if (!holds) return false;
  }
  return true;
}

// Lines cut at fixed places; blanks around a value are padding.
absl::Status CsvReader::ReadFixed(std::istream& in) {
  LineReader lines(in, kCsvRowBytesMax);
  while (lines.Next()) {
    CsvRow row;
    row.line = lines.number();
    row.offset = lines.offset();
    absl::string_view line = lines.line();
    if (row.line == 1 && absl::ConsumePrefix(&line, kByteOrderMark)) {
      output_->Tolerate("BYTE_ORDER_MARK");
    }
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    if (lines.too_long()) {
      output_->CountRecord();
      row.cells.emplace_back(line);
      Refuse(row, "", "ROW_TOO_LONG", "the line is longer than 1 MiB");
      continue;
    }
    const bool utf8 =
        !mapping_.latin1 && !IsPlainAscii(line) && IsValidUtf8(line);
    for (const FixedColumn& column : mapping_.fixed) {
      row.cells.emplace_back(absl::StripAsciiWhitespace(
          utf8 ? Characters(line, column.start - 1, column.length)
               : line.substr(std::min(column.start - 1, line.size()),
                             column.length)));
    }
    row_ = std::move(row);
    if (absl::Status read = ReadRow(); !read.ok()) return read;
  }
  if (lines.unterminated()) output_->Tolerate("LAST_ROW_UNTERMINATED");
  return absl::OkStatus();
}

absl::Status CsvReader::ReadMovement(const CsvRow& row, size_t index) {
  const MovementRule& rule = mapping_.movements[index];
  v1::Movement movement;
  for (const auto& [path, text] : rule.constants) {
    // That they fit was seen when the mapping was read.
    absl::Status set = SetField(&movement, path, text, {"", zone_});
    if (!set.ok()) return set;
  }
  for (const ColumnRule& column : rule.columns) {
    const absl::Status set = Fill(row, column, &movement);
    if (set.ok()) continue;
    // SetField's messages begin with the reason.
    const std::string message(set.message());
    const size_t colon = message.find(": ");
    Refuse(row, column.column, message.substr(0, colon),
           message.substr(colon + 2));
    return absl::OkStatus();
  }
  if (movement.id().empty()) movement.set_id(Identity(row, index));
  movement.set_origin(absl::StrCat("line ", row.line));
  return output_->Emit(std::move(movement));
}

absl::Status CsvReader::Fill(const CsvRow& row, const ColumnRule& rule,
                             v1::Movement* movement) const {
  absl::string_view text = Cell(row, rule.column);
  auto value = rule.values.find(std::string(text));
  if (value == rule.values.end() && !text.empty()) {
    value = rule.values.find("*");
  }
  if (value != rule.values.end()) text = value->second;
  bool decimal_comma = false;
  absl::Status set =
      SetField(movement, rule.path, text, {rule.format, zone_}, &decimal_comma);
  if (set.ok() && decimal_comma) output_->Tolerate("DECIMAL_COMMA");
  return set;
}

std::string CsvReader::Identity(const CsvRow& row, size_t index) const {
  const MovementRule& rule = mapping_.movements[index];
  std::vector<std::string> parts;
  for (const std::string& column : rule.id) {
    const auto at = column_.find(column);
    if (at != column_.end() && HoldsPin(at->second)) continue;
    parts.emplace_back(Cell(row, column));
  }
  if (!parts.empty()) {
    // Where a cell holds the bar, it cannot tell them apart.
    const bool barred = std::any_of(
        parts.begin(), parts.end(),
        [](const std::string& part) { return absl::StrContains(part, '|'); });
    return BoundedId(absl::StrJoin(parts, barred ? "\x1F" : "|"));
  }
  // The row's own content identifies it: cells in order, told apart by a
  // separator that no cleaned cell holds. Always hashed, so that its form does
  // not depend on its length.
  std::string whole = absl::StrCat(index);
  for (size_t i = 0; i < row.cells.size(); ++i) {
    absl::StrAppend(&whole, "\x1F", HoldsPin(i) ? "" : row.cells[i]);
  }
  return BoundedId(whole);
}

absl::string_view CsvReader::Cell(const CsvRow& row,
                                  const std::string& column) const {
  const auto carried = carried_.find(column);
  if (carried != carried_.end()) return carried->second;
  const auto at = column_.find(column);
  if (at == column_.end()) return "";  // Carried, and not seen yet.
  const size_t index = at->second;
  if (index >= row.cells.size()) return "";
  return row.cells[index];
}

bool CsvReader::HoldsPin(size_t index) const { return pins_.count(index) > 0; }

// Where there are PINs and the row has not the form of the others, nobody
// knows which cell holds one.
std::string CsvReader::ExcerptOf(const CsvRow& row) const {
  if (pins_.empty()) return Excerpt(absl::StrJoin(row.cells, ","));
  if (row.cells.size() != header_.size()) return "";
  std::vector<std::string> cells = row.cells;
  for (const size_t index : pins_) {
    if (index < cells.size()) cells[index].clear();
  }
  return Excerpt(absl::StrJoin(cells, ","));
}

Reject CsvReader::At(const CsvRow& row, absl::string_view column) const {
  Reject reject;
  reject.line = row.line;
  reject.offset = row.offset;
  reject.position = absl::StrCat("line ", row.line);
  if (!column.empty()) {
    absl::StrAppend(&reject.position, ", column \"", column, "\"");
  }
  reject.excerpt = ExcerptOf(row);
  return reject;
}

void CsvReader::Refuse(const CsvRow& row, absl::string_view column,
                       absl::string_view reason, std::string message) {
  Reject reject = At(row, column);
  reject.reason = std::string(reason);
  reject.message = std::move(message);
  output_->Rejected(std::move(reject));
}

}  // namespace

absl::Status ReadCsv(std::istream& in, Output* output) {
  const std::string& file = output->options().csv_mapping;
  CsvMapping mapping;
  if (!file.empty()) {
    absl::StatusOr<CsvMapping> loaded = LoadCsvMapping(file);
    if (!loaded.ok()) return loaded.status();
    mapping = *std::move(loaded);
  }
  return CsvReader(std::move(mapping), !file.empty(), output).Read(in);
}

}  // namespace portrisk::service
