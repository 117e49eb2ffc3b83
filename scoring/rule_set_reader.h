// Reads YAML maps strictly: every key must be known, every value of its kind,
// and what is wrong is reported where it stands.
#ifndef PORTRISK_SCORING_RULE_SET_READER_H_
#define PORTRISK_SCORING_RULE_SET_READER_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/descriptor.h"
#include "scoring/rule_set_issues.h"
#include "scoring/rule_set_yaml.h"

namespace portrisk::scoring {

class MapReader {
 public:
  // `what` names the map in messages: "a rule". Reports keys not in `keys`,
  // and a node that is no map; then every getter finds nothing.
  MapReader(const YamlNode& node, absl::string_view what,
            std::initializer_list<absl::string_view> keys, Issues* issues);

  bool is_map() const { return node_.kind == YamlNode::Kind::kMap; }

  // Null when the key is missing or its value is null. The Required form
  // reports that.
  const YamlNode* Get(absl::string_view key) const;
  const YamlNode* Required(absl::string_view key) const;

  // False when missing or of another kind; the latter is reported.
  bool Text(absl::string_view key, std::string* out) const;
  bool Integer(absl::string_view key, int64_t min, int64_t max,
               int64_t* out) const;
  // "2026-01-31", as Unix seconds of its midnight.
  bool Date(absl::string_view key, int64_t* out) const;
  // A value of an enum by its name; not its unspecified one.
  bool Enum(absl::string_view key, const google::protobuf::EnumDescriptor& type,
            int* out) const;
  // One of `choices`, by index.
  bool Choice(absl::string_view key,
              absl::Span<const absl::string_view> choices, size_t* out) const;
  // The items of a list of texts.
  bool Texts(absl::string_view key, std::vector<const YamlNode*>* out) const;

 private:
  const YamlNode& node_;
  const std::string what_;
  Issues* const issues_;
};

// As MapReader::Enum, for one scalar.
bool ReadEnum(const YamlNode& node,
              const google::protobuf::EnumDescriptor& type, Issues* issues,
              int* out);

bool ReadInteger(const YamlNode& node, int64_t min, int64_t max, Issues* issues,
                 int64_t* out);

// Letters, digits, '.', '-' and '_', of at most kNameBytesMax.
bool IsName(absl::string_view text);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_SET_READER_H_
