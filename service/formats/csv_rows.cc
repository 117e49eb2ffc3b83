// libcsv is pushed one physical line at a time, so that the line a row began
// on is known without looking into its state. Strict mode makes it stop at a
// quote that is neither at the edge of a field nor doubled; we then give up
// the row and begin afresh on the next line.
#include "service/formats/csv_rows.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/formats/lines.h"

namespace portrisk::service {
namespace {

constexpr size_t kChunkBytes = 64 * 1024;
constexpr absl::string_view kLineEnds = "\r\n";
constexpr int kRowNotBegun = 0;  // csv_parser::pstate as csv_init leaves it.

bool IsLineEnd(char c) { return c == '\n' || c == '\r'; }

}  // namespace

char DetectDelimiter(absl::string_view text) {
  const absl::string_view line = text.substr(0, text.find_first_of(kLineEnds));
  char best = ',';
  for (const char c : {';', '\t'}) {
    if (std::count(line.begin(), line.end(), c) >
        std::count(line.begin(), line.end(), best)) {
      best = c;
    }
  }
  return best;
}

std::string LinesTaken(const CsvRow& row) {
  if (row.last_line <= row.line) return "";
  return absl::StrCat("; passed over with it: lines ", row.line + 1, " to ",
                      row.last_line);
}

CsvRows::CsvRows(char delimiter, Handler handler)
    : delimiter_(delimiter), handler_(std::move(handler)) {
  Start();
}

CsvRows::~CsvRows() { csv_free(&parser_); }

void CsvRows::Start() {
  // Fails for unknown options only.
  (void)csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI);
  csv_set_delim(&parser_, static_cast<unsigned char>(delimiter_));
  row_.cells.clear();
  row_bytes_ = 0;
}

void CsvRows::OnCell(void* text, size_t size, void* self) {
  auto* rows = static_cast<CsvRows*>(self);
  rows->row_bytes_ += size + 1;
  // Beyond the bound the cells are counted but not kept; Feed breaks the row.
  if (rows->row_bytes_ > kCsvRowBytesMax) return;
  rows->row_.cells.emplace_back(static_cast<const char*>(text), size);
}

void CsvRows::OnRow(int, void* self) {
  auto* rows = static_cast<CsvRows*>(self);
  const bool whole = rows->row_bytes_ <= kCsvRowBytesMax;
  rows->row_.last_line = rows->line_;
  if (rows->status_.ok() && whole) {
    rows->status_ = rows->handler_.row(rows->row_);
  } else if (!whole) {
    rows->Tell("ROW_TOO_LONG",
               "the row is longer than 1 MiB; is a quote missing?");
  }
  rows->row_.cells.clear();
  rows->row_bytes_ = 0;
}

void CsvRows::Tell(absl::string_view reason, absl::string_view message) {
  row_.last_line = line_;
  handler_.broken(row_, reason, absl::StrCat(message, LinesTaken(row_)));
}

void CsvRows::Break(absl::string_view reason, absl::string_view message) {
  Tell(reason, message);
  csv_free(&parser_);
  Start();
}

void CsvRows::Feed(absl::string_view piece) {
  const bool line_goes_on = piece == "\n" && last_ == '\r';
  if (IsLineEnd(last_) && !line_goes_on) ++line_;
  last_ = piece.back();
  if (parser_.pstate == kRowNotBegun) {
    row_.line = line_;
    row_.offset = offset_;
  }
  if (!skipping_) {
    const size_t parsed =
        csv_parse(&parser_, piece.data(), piece.size(), OnCell, OnRow, this);
    if (parsed != piece.size()) {
      Break("BAD_QUOTE",
            "a quote stands inside a field; double it and quote the field");
      skipping_ = true;
    } else if (row_bytes_ + parser_.entry_pos > kCsvRowBytesMax) {
      Break("ROW_TOO_LONG",
            "the row is longer than 1 MiB; is a quote missing?");
      skipping_ = true;
    }
  }
  offset_ += piece.size();
  if (IsLineEnd(last_)) skipping_ = false;
}

void CsvRows::Finish() {
  unterminated_ = parser_.pstate != kRowNotBegun;
  if (csv_fini(&parser_, OnCell, OnRow, this) != 0) {
    Break("UNCLOSED_QUOTE",
          "the file ends inside a quoted field that began in this row; close "
          "the quote or send the rest");
  }
}

absl::Status CsvRows::Read(std::istream& in) {
  std::string chunk(kChunkBytes, '\0');
  while (in && status_.ok()) {
    in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    absl::string_view rest(chunk.data(), static_cast<size_t>(in.gcount()));
    if (offset_ == 0 && absl::ConsumePrefix(&rest, kByteOrderMark)) {
      byte_order_mark_ = true;
      offset_ = kByteOrderMark.size();
    }
    if (delimiter_ == kDetect) {
      delimiter_ = DetectDelimiter(rest);
      csv_set_delim(&parser_, static_cast<unsigned char>(delimiter_));
    }
    while (!rest.empty() && status_.ok()) {
      const size_t end = rest.find_first_of(kLineEnds);
      const size_t size =
          end == absl::string_view::npos ? rest.size() : end + 1;
      Feed(rest.substr(0, size));
      rest.remove_prefix(size);
    }
  }
  if (in.bad() && status_.ok()) {
    status_ = absl::DataLossError(
        "reading failed before the end; is it a folder, or the disk bad?");
  }
  if (status_.ok()) Finish();
  return status_;
}

}  // namespace portrisk::service
