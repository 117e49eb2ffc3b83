#include "service/formats/csv_mapping.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "portrisk/v1/movement.pb.h"
#include "service/formats/field_path.h"
#include "service/formats/reader.h"
#include "service/text_file.h"
#include "yaml-cpp/yaml.h"

namespace portrisk::service {
namespace {

// A mistake in the document; caught in ParseCsvMapping and never seen outside.
struct Mistake {
  YAML::Mark mark;
  std::string message;
};

[[noreturn]] void Fail(const YAML::Node& node, std::string message) {
  throw Mistake{node.Mark(), std::move(message)};
}

std::string Scalar(const YAML::Node& node, absl::string_view what) {
  if (!node.IsScalar()) Fail(node, absl::StrCat(what, " must be plain text"));
  return node.Scalar();
}

std::vector<std::string> Strings(const YAML::Node& node,
                                 absl::string_view what) {
  if (!node.IsSequence()) {
    Fail(node, absl::StrCat(what, " must be a list, such as [a, b]"));
  }
  std::vector<std::string> strings;
  for (const YAML::Node& entry : node) strings.push_back(Scalar(entry, what));
  return strings;
}

void RequireMap(const YAML::Node& node, absl::string_view what) {
  if (!node.IsMap()) Fail(node, absl::StrCat(what, " must be a mapping"));
  std::set<std::string> keys;
  for (const auto& entry : node) {
    const std::string key = Scalar(entry.first, "a key");
    if (keys.insert(key).second) continue;
    Fail(entry.first, absl::StrCat("\"", key, "\" stands here twice"));
  }
}

std::string Path(const YAML::Node& node) {
  const std::string path = Scalar(node, "a field path");
  const absl::Status known = CheckPath(v1::Movement::descriptor(), path);
  if (!known.ok()) Fail(node, std::string(known.message()));
  return path;
}

// What the field `path` is set to.
std::string Value(const YAML::Node& node, const std::string& path,
                  const std::string& format) {
  std::string text = Scalar(node, path);
  v1::Movement any;
  const absl::Status fits =
      SetField(&any, path, text, {format, absl::UTCTimeZone()});
  if (!fits.ok()) Fail(node, absl::StrCat(path, ": ", fits.message()));
  return text;
}

ColumnRule ParseColumn(const YAML::Node& path, const YAML::Node& column) {
  ColumnRule rule;
  rule.path = Path(path);
  if (column.IsScalar()) {
    rule.column = column.Scalar();
    return rule;
  }
  RequireMap(column, "a column");
  for (const auto& entry : column) {
    const std::string key = Scalar(entry.first, "a key");
    if (key == "column") {
      rule.column = Scalar(entry.second, key);
    } else if (key == "format") {
      rule.format = Scalar(entry.second, key);
    } else {
      Fail(entry.first, absl::StrCat("no key \"", key,
                                     "\" here; a column has column and "
                                     "format"));
    }
  }
  if (rule.column.empty()) Fail(column, "the column's name is missing");
  return rule;
}

void ParseValues(const YAML::Node& node, MovementRule* rule) {
  RequireMap(node, "values");
  for (const auto& field : node) {
    const std::string path = Path(field.first);
    RequireMap(field.second, path);
    ColumnRule* column = nullptr;
    for (ColumnRule& candidate : rule->columns) {
      if (candidate.path == path) column = &candidate;
    }
    if (column == nullptr) {
      Fail(field.first, absl::StrCat(path, " has values but no column"));
    }
    for (const auto& value : field.second) {
      column->values[Scalar(value.first, "a value")] =
          Value(value.second, path, column->format);
    }
  }
}

CellConditions ParseWhere(const YAML::Node& node) {
  RequireMap(node, "where");
  CellConditions where;
  for (const auto& entry : node) {
    where.emplace_back(Scalar(entry.first, "a column"),
                       Scalar(entry.second, "what the column says"));
  }
  return where;
}

std::vector<CarriedColumn> ParseCarry(const YAML::Node& node) {
  RequireMap(node, "carry");
  std::vector<CarriedColumn> carry;
  for (const auto& entry : node) {
    RequireMap(entry.second, "a carried column");
    CarriedColumn carried;
    carried.name = Scalar(entry.first, "a name");
    const YAML::Node where = entry.second["where"];
    const YAML::Node column = entry.second["column"];
    if (!where || !column || entry.second.size() != 2) {
      Fail(entry.second, "a carried column has where and column");
    }
    carried.where = ParseWhere(where);
    carried.column = Scalar(column, "column");
    carry.push_back(std::move(carried));
  }
  return carry;
}

std::vector<FixedColumn> ParseFixed(const YAML::Node& node) {
  constexpr size_t kEndMax = 100'000;
  RequireMap(node, "fixed");
  std::vector<FixedColumn> fixed;
  for (const auto& entry : node) {
    if (!entry.second.IsSequence() || entry.second.size() != 2) {
      Fail(entry.second, "a fixed column is [start, length], from 1");
    }
    FixedColumn column;
    column.name = Scalar(entry.first, "a name");
    column.start = entry.second[0].as<size_t>();
    column.length = entry.second[1].as<size_t>();
    if (column.start < 1 || column.length < 1 || column.start > kEndMax ||
        column.length > kEndMax) {
      Fail(entry.second, "start and length count from 1");
    }
    fixed.push_back(std::move(column));
  }
  return fixed;
}

// The keys of a movement. Returns false for a key that is none of them.
bool ParseMovementKey(const std::string& key, const YAML::Node& node,
                      MovementRule* rule) {
  if (key == "columns") {
    RequireMap(node, key);
    for (const auto& entry : node) {
      rule->columns.push_back(ParseColumn(entry.first, entry.second));
    }
  } else if (key == "constants") {
    RequireMap(node, key);
    for (const auto& entry : node) {
      const std::string path = Path(entry.first);
      rule->constants.emplace_back(path, Value(entry.second, path, ""));
    }
  } else if (key == "where") {
    rule->where = ParseWhere(node);
  } else if (key == "id") {
    rule->id = Strings(node, key);
  } else {
    return key == "values";  // After the columns, whatever their order.
  }
  return true;
}

MovementRule ParseMovement(const YAML::Node& node) {
  RequireMap(node, "a movement");
  MovementRule rule;
  for (const auto& entry : node) {
    const std::string key = Scalar(entry.first, "a key");
    if (!ParseMovementKey(key, entry.second, &rule)) {
      Fail(entry.first, absl::StrCat("no key \"", key,
                                     "\" here; a movement has where, "
                                     "columns, constants, values and id; "
                                     "the file itself delimiter, encoding, "
                                     "ragged, header, fixed, carry, files, "
                                     "utc_offset_min and movements"));
    }
  }
  if (node["values"]) ParseValues(node["values"], &rule);
  if (rule.columns.empty()) Fail(node, "the movement maps no columns");
  return rule;
}

char ParseDelimiter(const YAML::Node& node) {
  const std::string text = Scalar(node, "delimiter");
  if (text == "tab") return '\t';
  if (text.size() != 1 || text == "\"" || text == "\n" || text == "\r") {
    Fail(node,
         "the delimiter must be one character other than a quote, or "
         "the word tab");
  }
  return text[0];
}

bool ParseLatin1(const YAML::Node& node) {
  const std::string name = absl::AsciiStrToLower(Scalar(node, "encoding"));
  if (name == "latin1" || name == "iso-8859-1") return true;
  if (name != "utf-8" && name != "utf8") {
    Fail(node,
         absl::StrCat("no encoding \"", name, "\"; choose utf-8 or latin1"));
  }
  return false;
}

int ParseOffset(const YAML::Node& node) {
  const int minutes = node.as<int>();
  if (minutes < -kUtcOffsetMinMax || minutes > kUtcOffsetMinMax) {
    Fail(node, "utc_offset_min must lie within a day");
  }
  return minutes;
}

// The keys of the file as a whole. Returns false for a key that is none.
bool ParseFileKey(const std::string& key, const YAML::Node& node,
                  CsvMapping* mapping) {
  if (key == "delimiter") {
    mapping->delimiter = ParseDelimiter(node);
  } else if (key == "encoding") {
    mapping->latin1 = ParseLatin1(node);
  } else if (key == "header") {
    mapping->header = Strings(node, key);
  } else if (key == "ragged") {
    mapping->ragged = node.as<bool>();
  } else if (key == "fixed") {
    mapping->fixed = ParseFixed(node);
  } else if (key == "carry") {
    mapping->carry = ParseCarry(node);
  } else if (key == "files") {
    mapping->files = Strings(node, key);
  } else if (key == "utc_offset_min") {
    mapping->utc_offset_min = ParseOffset(node);
    mapping->has_utc_offset = true;
  } else if (key == "movements") {
    if (!node.IsSequence()) Fail(node, "movements must be a list");
    for (const YAML::Node& movement : node) {
      mapping->movements.push_back(ParseMovement(movement));
    }
  } else {
    return false;
  }
  return true;
}

CsvMapping ParseDocument(const YAML::Node& document) {
  RequireMap(document, "the document");
  CsvMapping mapping;
  YAML::Node single(YAML::NodeType::Map);
  for (const auto& entry : document) {
    const std::string key = Scalar(entry.first, "a key");
    if (ParseFileKey(key, entry.second, &mapping)) continue;
    single[entry.first] = entry.second;
  }
  if (single.size() != 0 && !mapping.movements.empty()) {
    Fail(single.begin()->first,
         absl::StrCat("\"", single.begin()->first.Scalar(),
                      "\" stands beside movements; move it into one of them"));
  }
  if (mapping.movements.empty()) {
    mapping.movements.push_back(ParseMovement(single));
  }
  if (!mapping.fixed.empty() && !mapping.header.empty()) {
    Fail(document, "fixed columns are a header already; leave header out");
  }
  return mapping;
}

}  // namespace

absl::StatusOr<CsvMapping> ParseCsvMapping(absl::string_view yaml,
                                           const std::string& file) {
  YAML::Mark mark;
  std::string message;
  try {
    return ParseDocument(YAML::Load(std::string(yaml)));
  } catch (const Mistake& mistake) {
    mark = mistake.mark;
    message = mistake.message;
  } catch (const YAML::BadConversion& error) {
    mark = error.mark;
    message = "this is no value of its kind: a number, or true or false";
  } catch (const YAML::Exception& error) {
    mark = error.mark;
    message = error.msg;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(file, ":", std::max(mark.line, 0) + 1, ":",
                   std::max(mark.column, 0) + 1, ": ", message));
}

absl::StatusOr<CsvMapping> LoadCsvMapping(const std::string& file) {
  const auto yaml = ReadTextFile(file);
  if (absl::IsNotFound(yaml.status())) {
    return absl::NotFoundError(
        absl::StrCat("no column mapping ", file, "; CSV.md shows one"));
  }
  if (!yaml.ok()) return yaml.status();
  return ParseCsvMapping(*yaml, file);
}

absl::StatusOr<CsvMapping> MappingFromHeader(
    const std::vector<std::string>& header) {
  MovementRule rule;
  std::vector<std::string> unknown;
  for (const std::string& column : header) {
    if (!CheckPath(v1::Movement::descriptor(), column).ok()) {
      unknown.push_back(absl::StrCat("\"", column, "\""));
      continue;
    }
    rule.columns.push_back({column, column, "", {}});
  }
  if (!unknown.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "these columns name no field of a movement: ",
        absl::StrJoin(unknown, ", "),
        "; name them by path (container.number) or give a mapping",
        header.size() == 1 ? ", which also says what separates the columns"
                           : ""));
  }
  CsvMapping mapping;
  mapping.movements.push_back(std::move(rule));
  return mapping;
}

std::vector<std::string> ColumnsUsed(const CsvMapping& mapping) {
  std::set<std::string> used;
  for (const MovementRule& rule : mapping.movements) {
    for (const ColumnRule& column : rule.columns) used.insert(column.column);
    used.insert(rule.id.begin(), rule.id.end());
    for (const auto& [column, text] : rule.where) used.insert(column);
  }
  for (const CarriedColumn& carried : mapping.carry) {
    used.insert(carried.column);
    for (const auto& [column, text] : carried.where) used.insert(column);
  }
  for (const CarriedColumn& carried : mapping.carry) used.erase(carried.name);
  used.erase("cells");
  return {used.begin(), used.end()};
}

}  // namespace portrisk::service
