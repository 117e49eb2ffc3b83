// Rows of a CSV file, by libcsv: quoted fields, doubled quotes, line breaks
// inside quotes. Adds what a reader of other people's files needs: where a row
// began, a bound on its size, and going on after a broken one. Lines end with
// "\n", "\r\n" or "\r".
#ifndef PORTRISK_SERVICE_FORMATS_CSV_ROWS_H_
#define PORTRISK_SERVICE_FORMATS_CSV_ROWS_H_

#include <csv.h>

#include <cstdint>
#include <functional>
#include <istream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace portrisk::service {

inline constexpr size_t kCsvRowBytesMax = size_t{1} << 20;

// The comma, semicolon or tab that the first line of `text` has most of; a
// comma where it has none.
char DetectDelimiter(absl::string_view text);

struct CsvRow {
  uint64_t line = 0;    // Where it begins, from 1.
  uint64_t offset = 0;  // Of that line's first byte.
  std::vector<std::string> cells;
  uint64_t last_line = 0;  // Where it ends.
};

// What to add to a complaint about a row: "; passed over with it: lines 3 to 4"
// where a quote that was left open took more than its own. Else empty.
std::string LinesTaken(const CsvRow& row);

// Not thread safe.
class CsvRows {
 public:
  struct Handler {
    // An error ends reading.
    std::function<absl::Status(const CsvRow&)> row;
    // A row that cannot be read: reason in capitals, and what to do. The row
    // holds the cells before the damage.
    std::function<void(const CsvRow&, absl::string_view reason,
                       absl::string_view message)>
        broken;
  };

  // Asks DetectDelimiter, of the beginning of the stream.
  static constexpr char kDetect = '\0';

  CsvRows(char delimiter, Handler handler);
  ~CsvRows();
  CsvRows(const CsvRows&) = delete;
  CsvRows& operator=(const CsvRows&) = delete;

  // Reads to the end of the stream.
  absl::Status Read(std::istream& in);

  // The stream began with one; it is no part of the first cell.
  bool byte_order_mark() const { return byte_order_mark_; }
  // The last row ended with the file, not with a line end: complete, or cut.
  bool unterminated() const { return unterminated_; }

 private:
  static void OnCell(void* text, size_t size, void* self);
  static void OnRow(int end, void* self);
  void Start();
  void Feed(absl::string_view piece);
  void Tell(absl::string_view reason, absl::string_view message);
  void Break(absl::string_view reason, absl::string_view message);
  void Finish();

  char delimiter_;
  Handler handler_;
  csv_parser parser_;
  CsvRow row_;
  size_t row_bytes_ = 0;
  uint64_t offset_ = 0;
  uint64_t line_ = 0;  // That of the last byte, from 1.
  char last_ = '\n';   // That byte; at first as if a line had ended.
  bool byte_order_mark_ = false;
  bool unterminated_ = false;
  bool skipping_ = false;  // To the next line end, after damage.
  absl::Status status_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_CSV_ROWS_H_
