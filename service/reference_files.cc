// Every file is read row by row with libcsv; a row becomes a place, an owner,
// or nothing. Which columns hold what is settled on the first row: by name
// where it is a header, by position where the publisher leaves headers out.
#include "service/reference_files.h"

#include <cmath>
#include <cstdint>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "service/formats/csv_rows.h"
#include "service/keys.h"
#include "service/text_checks.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

using Row = std::vector<std::string>;
using RowVisitor = std::function<absl::Status(const CsvRow&)>;

absl::Status BadRow(const std::string& path, uint64_t line,
                    absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat(path, ", line ", line, ": ", why));
}

// Visits rows until one is refused or cannot be read.
absl::Status ForEachRow(const std::string& path, char delimiter,
                        const RowVisitor& visit) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return absl::NotFoundError(
        absl::StrCat(path, " cannot be opened; check the path"));
  }
  absl::Status broken;
  CsvRows rows(
      delimiter,
      {[&](const CsvRow& row) { return broken.ok() ? visit(row) : broken; },
       [&](const CsvRow& row, absl::string_view, absl::string_view message) {
         if (broken.ok()) broken = BadRow(path, row.line, message);
       }});
  const absl::Status read = rows.Read(in);
  return broken.ok() ? read : broken;
}

std::string BaseName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == absl::string_view::npos ? path
                                                      : path.substr(slash + 1));
}

// Column positions by name; -1 where there is none.
class Header {
 public:
  explicit Header(const Row& row) {
    for (size_t i = 0; i < row.size(); ++i) {
      absl::string_view name = row[i];
      absl::ConsumePrefix(&name, "\xEF\xBB\xBF");
      columns_.emplace(absl::AsciiStrToLower(absl::StripAsciiWhitespace(name)),
                       static_cast<int>(i));
    }
  }
  int Find(const char* name) const {
    const auto it = columns_.find(name);
    return it == columns_.end() ? -1 : it->second;
  }
  bool Has(std::initializer_list<const char*> names) const {
    for (const char* name : names) {
      if (Find(name) < 0) return false;
    }
    return true;
  }

 private:
  std::map<std::string, int> columns_;
};

absl::string_view Cell(const Row& row, int column) {
  if (column < 0 || static_cast<size_t>(column) >= row.size()) return "";
  return absl::StripAsciiWhitespace(row[static_cast<size_t>(column)]);
}

std::string ToUtf8(absl::string_view text) {
  if (IsUtf8(text)) return std::string(text);
  std::string utf8;
  for (unsigned char c : text) {
    if (c >= 0x80) utf8.push_back(static_cast<char>(0xC0 | c >> 6));
    utf8.push_back(static_cast<char>(c >= 0x80 ? 0x80 | (c & 0x3F) : c));
  }
  return utf8;
}

// Absent when the text is not a finite number within the limit.
std::optional<double> Degrees(absl::string_view text, double limit) {
  double value = 0;
  if (!absl::SimpleAtod(text, &value) || !std::isfinite(value)) return {};
  if (std::abs(value) > limit) return {};
  return value;
}

// "5155N" or "00430E": degrees, two digits of minutes, a hemisphere.
std::optional<double> DegreesAndMinutes(absl::string_view text,
                                        absl::string_view hemispheres,
                                        size_t digits, double limit) {
  if (text.size() != digits + 1) return {};
  const size_t side = hemispheres.find(
      absl::ascii_toupper(static_cast<unsigned char>(text.back())));
  int degrees = 0, minutes = 0;
  const absl::string_view number = text.substr(0, digits);
  if (side == absl::string_view::npos || CharClasses(number) != kDigitChar ||
      !absl::SimpleAtoi(number.substr(0, digits - 2), &degrees) ||
      !absl::SimpleAtoi(number.substr(digits - 2), &minutes) || minutes > 59) {
    return {};
  }
  const double value = degrees + minutes / 60.0;
  if (value > limit) return {};
  return side == 0 ? value : -value;
}

struct Position {
  double latitude;
  double longitude;
};

std::optional<Position> ParsePosition(absl::string_view text) {
  const size_t blank = text.find(' ');
  if (blank == absl::string_view::npos) return {};
  const auto latitude = DegreesAndMinutes(text.substr(0, blank), "NS", 4, 90.0);
  const auto longitude = DegreesAndMinutes(
      absl::StripAsciiWhitespace(text.substr(blank)), "EW", 5, 180.0);
  if (!latitude || !longitude) return {};
  return Position{*latitude, *longitude};
}

void AddPlace(absl::string_view locode, absl::string_view name,
              const Position& at, v1::ReferenceTable* table) {
  v1::Place* place = table->add_places();
  place->set_locode(std::string(locode));
  place->set_name(ToUtf8(name));
  place->set_latitude(at.latitude);
  place->set_longitude(at.longitude);
}

// The columns of a UN/LOCODE file.
struct UnlocodeColumns {
  // The release has no header; this is its order.
  int country = 1, location = 2, name = 4, coordinates = 10;
  int latitude = -1, longitude = -1, geocoded = -1;

  static bool IsHeader(const Row& row) {
    return Header(row).Has({"country", "location"});
  }
  static UnlocodeColumns FromHeader(const Row& row) {
    const Header header(row);
    UnlocodeColumns columns;
    columns.country = header.Find("country");
    columns.location = header.Find("location");
    columns.name = header.Find("namewodiacritics");
    if (columns.name < 0) columns.name = header.Find("name");
    columns.coordinates = header.Find("coordinates");
    columns.latitude = header.Find("lat");
    columns.longitude = header.Find("lon");
    columns.geocoded = header.Find("geocoded");
    return columns;
  }

  std::optional<Position> PositionOf(const Row& row) const {
    if (coordinates >= 0) return ParsePosition(Cell(row, coordinates));
    if (absl::EqualsIgnoreCase(Cell(row, geocoded), "true")) return {};
    const auto north = Degrees(Cell(row, latitude), 90.0);
    const auto east = Degrees(Cell(row, longitude), 180.0);
    if (!north || !east) return {};
    return Position{*north, *east};
  }
};

// The columns of an owner register.
struct OwnerColumns {
  char delimiter = ';';
  int code = 0, name = 1;
  bool has_header = false;
};

std::optional<OwnerColumns> OwnersByHeader(const Row& row) {
  const Header header(row);
  int code = header.Find("prefix");
  if (code < 0) code = header.Find("code");
  if (code < 0) return {};
  return OwnerColumns{',', code, header.Find("name"), true};
}

bool IsOwnerCode(absl::string_view code) {
  return (code.size() == 3 || code.size() == 4) &&
         CharClasses(code) == kUpperChar;
}

// The first row, split by `delimiter`; empty for an empty file.
absl::StatusOr<Row> FirstRow(const std::string& path, char delimiter) {
  Row first;
  const absl::Status stopped =
      ForEachRow(path, delimiter, [&](const CsvRow& row) {
        first = row.cells;
        return absl::CancelledError();
      });
  if (!stopped.ok() && !absl::IsCancelled(stopped)) return stopped;
  return first;
}

template <typename Entry, typename Key>
void SortOnce(google::protobuf::RepeatedPtrField<Entry>* entries, Key key) {
  std::map<std::string, Entry> sorted;
  for (Entry& entry : *entries) {
    std::string of = key(entry);
    sorted[std::move(of)] = std::move(entry);
  }
  entries->Clear();
  for (auto& [unused, entry] : sorted) *entries->Add() = std::move(entry);
}

// Sorted, each key once, the last one winning.
void Canonicalise(v1::ReferenceTable* table) {
  SortOnce(table->mutable_places(),
           [](const v1::Place& place) { return place.locode(); });
  SortOnce(table->mutable_owners(),
           [](const v1::Owner& owner) { return owner.prefix(); });
  SortOnce(table->mutable_sources(),
           [](const v1::Source& source) { return source.id(); });
  for (v1::Source& source : *table->mutable_sources()) {
    const std::set<int> events(source.complete().begin(),
                               source.complete().end());
    source.clear_complete();
    for (const int event : events) {
      source.add_complete(static_cast<v1::Event>(event));
    }
  }
  const std::set<std::string> origins(table->origins().begin(),
                                      table->origins().end());
  table->clear_origins();
  for (const std::string& origin : origins) table->add_origins(origin);
}

}  // namespace

absl::StatusOr<v1::ReferenceTable> ReadPlacesCsv(const std::string& path) {
  static constexpr char kExpected[] =
      "expected a header with locode, name, latitude and longitude";
  v1::ReferenceTable table;
  std::optional<Header> header;
  const absl::Status read = ForEachRow(path, ',', [&](const CsvRow& csv) {
    const Row& row = csv.cells;
    const uint64_t line = csv.line;
    if (!header) {
      header.emplace(row);
      return header->Has({"locode", "name", "latitude", "longitude"})
                 ? absl::OkStatus()
                 : BadRow(path, line, kExpected);
    }
    const absl::string_view locode = Cell(row, header->Find("locode"));
    if (!IsLocode(locode)) {
      return BadRow(path, line,
                    "locode is not two letters and three of A-Z or 2-9");
    }
    const auto latitude = Degrees(Cell(row, header->Find("latitude")), 90.0);
    const auto longitude = Degrees(Cell(row, header->Find("longitude")), 180.0);
    if (!latitude || !longitude) {
      return BadRow(path, line,
                    "latitude and longitude are not degrees on earth; "
                    "leave out places whose position is unknown");
    }
    AddPlace(locode, Cell(row, header->Find("name")), {*latitude, *longitude},
             &table);
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  if (table.places().empty()) return BadRow(path, 1, kExpected);
  table.add_origins(BaseName(path));
  Canonicalise(&table);
  return table;
}

absl::StatusOr<v1::ReferenceTable> ReadUnlocodeCsv(const std::string& path) {
  v1::ReferenceTable table;
  UnlocodeColumns columns;
  const absl::Status read = ForEachRow(path, ',', [&](const CsvRow& csv) {
    const Row& row = csv.cells;
    if (csv.line == 1 && UnlocodeColumns::IsHeader(row)) {
      columns = UnlocodeColumns::FromHeader(row);
      return absl::OkStatus();
    }
    const std::string locode =
        absl::StrCat(Cell(row, columns.country), Cell(row, columns.location));
    const auto position = columns.PositionOf(row);
    if (!IsLocode(locode) || !position) return absl::OkStatus();
    AddPlace(locode, Cell(row, columns.name), *position, &table);
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  if (table.places().empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        path,
        " holds no place with coordinates; expected a UN/LOCODE release as "
        "published, or a header with country, location and coordinates"));
  }
  table.add_origins(BaseName(path));
  Canonicalise(&table);
  return table;
}

absl::StatusOr<v1::ReferenceTable> ReadOwnersCsv(const std::string& path) {
  absl::StatusOr<Row> first = FirstRow(path, ',');
  if (!first.ok()) return first.status();
  const OwnerColumns columns = OwnersByHeader(*first).value_or(OwnerColumns{});
  v1::ReferenceTable table;
  const absl::Status read =
      ForEachRow(path, columns.delimiter, [&](const CsvRow& csv) {
        const Row& row = csv.cells;
        if (csv.line == 1 && columns.has_header) return absl::OkStatus();
        const absl::string_view code = Cell(row, columns.code);
        if (!IsOwnerCode(code)) {
          return BadRow(path, csv.line,
                        "expected an owner code of three or four capital "
                        "letters first, then semicolon and name");
        }
        v1::Owner* owner = table.add_owners();
        owner->set_prefix(absl::StrCat(code, code.size() == 3 ? "U" : ""));
        owner->set_name(ToUtf8(Cell(row, columns.name)));
        return absl::OkStatus();
      });
  if (!read.ok()) return read;
  if (table.owners().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " holds no owner code"));
  }
  table.add_origins(BaseName(path));
  Canonicalise(&table);
  return table;
}

absl::StatusOr<v1::ReferenceTable> ReadSourcesCsv(const std::string& path) {
  v1::ReferenceTable table;
  std::optional<Header> header;
  const absl::Status read = ForEachRow(path, ',', [&](const CsvRow& csv) {
    const Row& row = csv.cells;
    if (!header) {
      header.emplace(row);
      return header->Has({"source", "complete"})
                 ? absl::OkStatus()
                 : BadRow(path, csv.line,
                          "expected a header with source, complete and since");
    }
    v1::Source* source = table.add_sources();
    source->set_id(ToUtf8(Cell(row, header->Find("source"))));
    if (source->id().empty()) {
      return BadRow(path, csv.line, "expected the name of a source");
    }
    for (absl::string_view name : absl::StrSplit(
             Cell(row, header->Find("complete")), ' ', absl::SkipEmpty())) {
      v1::Event event = v1::EVENT_UNSPECIFIED;
      if (!v1::Event_Parse(std::string(name), &event) ||
          event == v1::EVENT_UNSPECIFIED) {
        return BadRow(path, csv.line,
                      absl::StrCat("expected names of events, such as GATE_OUT "
                                   "DISCHARGE, and not ",
                                   name));
      }
      source->add_complete(event);
    }
    const absl::string_view since = Cell(row, header->Find("since"));
    if (since.empty()) return absl::OkStatus();
    absl::Time time;
    if (!absl::ParseTime(absl::RFC3339_full, since, &time, nullptr)) {
      return BadRow(path, csv.line,
                    "expected a time such as 2026-01-01T00:00:00Z");
    }
    *source->mutable_complete_since() = ToProto(time);
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  if (table.sources().empty()) {
    return absl::InvalidArgumentError(absl::StrCat(path, " holds no source"));
  }
  table.add_origins(BaseName(path));
  Canonicalise(&table);
  return table;
}

v1::ReferenceTable MergeReference(const v1::ReferenceTable& base,
                                  const v1::ReferenceTable& over) {
  v1::ReferenceTable merged = base;
  merged.MergeFrom(over);  // Appends, and the last of a key wins.
  Canonicalise(&merged);
  return merged;
}

SerialisedReference SerialiseReference(const v1::ReferenceTable& table) {
  v1::ReferenceTable sorted = table;
  Canonicalise(&sorted);
  SerialisedReference result;
  sorted.SerializeToString(&result.bytes);
  result.content_hash = ContentHash(result.bytes);
  return result;
}

}  // namespace portrisk::service
