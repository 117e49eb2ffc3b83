#include "scoring/rule_set_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scoring/cel/suggest.h"
#include "scoring/cel/time.h"
#include "scoring/limits.h"

namespace portrisk::scoring {
namespace {

using google::protobuf::EnumDescriptor;

// The nearest choice, or all of them when they are few.
std::string Suggest(absl::string_view text,
                    const std::vector<std::string>& choices) {
  std::string nearest = cel::NearestName(text, choices);
  if (!nearest.empty() || choices.size() > 8) return nearest;
  return absl::StrJoin(choices, ", ");
}

}  // namespace

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
         });
}

bool ReadEnum(const YamlNode& node, const EnumDescriptor& type, Issues* issues,
              int* out) {
  const auto* value = node.kind == YamlNode::Kind::kScalar
                          ? type.FindValueByName(std::string(node.text))
                          : nullptr;
  if (value != nullptr && value->number() != 0) {
    *out = value->number();
    return true;
  }
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(type.value(i)->name());
  }
  issues->Error("UNKNOWN_VALUE", node.offset,
                absl::StrCat("no ", type.name(), " is called ", node.text),
                Suggest(node.text, names));
  return false;
}

bool ReadInteger(const YamlNode& node, int64_t min, int64_t max, Issues* issues,
                 int64_t* out) {
  if (node.kind == YamlNode::Kind::kScalar && node.plain &&
      absl::SimpleAtoi(node.text, out) && *out >= min && *out <= max) {
    return true;
  }
  issues->Error("BAD_VALUE", node.offset,
                absl::StrCat("a whole number from ", min, " to ", max,
                             " is expected here"),
                absl::StrCat(min > 0 ? min : max));
  return false;
}

MapReader::MapReader(const YamlNode& node, absl::string_view what,
                     std::initializer_list<absl::string_view> keys,
                     Issues* issues)
    : node_(node), what_(what), issues_(issues) {
  if (!is_map()) {
    issues_->Error("BAD_VALUE", node.offset, absl::StrCat(what, " is a map"),
                   "key: value");
    return;
  }
  for (size_t i = 0; i < node.children.size(); i += 2) {
    const YamlNode& key = *node.children[i];
    if (std::find(keys.begin(), keys.end(), key.text) != keys.end()) continue;
    issues_->Error("UNKNOWN_KEY", key.offset,
                   absl::StrCat(what, " has no key ", key.text),
                   cel::NearestName(key.text, {keys.begin(), keys.end()}));
  }
}

const YamlNode* MapReader::Get(absl::string_view key) const {
  const YamlNode* value = node_.Find(key);
  if (value == nullptr || value->kind == YamlNode::Kind::kNull) return nullptr;
  return value;
}

const YamlNode* MapReader::Required(absl::string_view key) const {
  const YamlNode* value = Get(key);
  if (value == nullptr && is_map()) {
    issues_->Error("MISSING_KEY", node_.offset,
                   absl::StrCat(what_, " needs ", key),
                   absl::StrCat(key, ": ..."));
  }
  return value;
}

bool MapReader::Text(absl::string_view key, std::string* out) const {
  const YamlNode* value = Get(key);
  if (value == nullptr) return false;
  if (value->kind != YamlNode::Kind::kScalar ||
      value->text.size() > kTextBytesMax) {
    issues_->Error(
        "BAD_VALUE", value->offset,
        absl::StrCat(key, " is text of at most ", kTextBytesMax, " bytes"),
        absl::StrCat(key, ": some text"));
    return false;
  }
  out->assign(value->text.data(), value->text.size());
  return true;
}

bool MapReader::Integer(absl::string_view key, int64_t min, int64_t max,
                        int64_t* out) const {
  const YamlNode* value = Get(key);
  return value != nullptr && ReadInteger(*value, min, max, issues_, out);
}

bool MapReader::Date(absl::string_view key, int64_t* out) const {
  const YamlNode* value = Get(key);
  if (value == nullptr) return false;
  cel::TimePoint time;
  if (value->kind != YamlNode::Kind::kScalar ||
      !cel::ParseDate(value->text, &time)) {
    issues_->Error("BAD_VALUE", value->offset, absl::StrCat(key, " is a date"),
                   "2026-01-31");
    return false;
  }
  *out = time.seconds;
  return true;
}

bool MapReader::Enum(absl::string_view key, const EnumDescriptor& type,
                     int* out) const {
  const YamlNode* value = Get(key);
  return value != nullptr && ReadEnum(*value, type, issues_, out);
}

bool MapReader::Choice(absl::string_view key,
                       absl::Span<const absl::string_view> choices,
                       size_t* out) const {
  const YamlNode* value = Get(key);
  if (value == nullptr) return false;
  const auto found = std::find(choices.begin(), choices.end(), value->text);
  if (value->kind == YamlNode::Kind::kScalar && found != choices.end()) {
    *out = found - choices.begin();
    return true;
  }
  issues_->Error("UNKNOWN_VALUE", value->offset,
                 absl::StrCat(key, " cannot be ", value->text),
                 Suggest(value->text, {choices.begin(), choices.end()}));
  return false;
}

bool MapReader::Texts(absl::string_view key,
                      std::vector<const YamlNode*>* out) const {
  const YamlNode* value = Get(key);
  if (value == nullptr) return false;
  bool good = value->kind == YamlNode::Kind::kList;
  for (size_t i = 0; good && i < value->children.size(); ++i) {
    good = value->children[i]->kind == YamlNode::Kind::kScalar;
    out->push_back(value->children[i]);
  }
  if (!good) {
    issues_->Error("BAD_VALUE", value->offset,
                   absl::StrCat(key, " is a list of texts"), "[one, two]");
    out->clear();
  }
  return good;
}

}  // namespace portrisk::scoring
