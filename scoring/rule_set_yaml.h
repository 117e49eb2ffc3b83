// YAML as a tree that knows where everything stood. Only what a rule set
// needs: one document, no anchors, aliases or tags, text keys, each key once.
#ifndef PORTRISK_SCORING_RULE_SET_YAML_H_
#define PORTRISK_SCORING_RULE_SET_YAML_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "scoring/rule_set_issues.h"

namespace portrisk::scoring {

struct YamlNode {
  enum class Kind : uint8_t { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  bool plain = false;      // A scalar without quotes and not a block.
  size_t offset = 0;       // Of its first byte in the document.
  absl::string_view text;  // kScalar
  // kList: the items. kMap: key, value, key, value ...
  absl::Span<const YamlNode* const> children;

  // Null when there is none, or this is no map.
  const YamlNode* Find(absl::string_view key) const;
};

// Null, with an ERROR, when the document is not of that kind. All nodes live
// as long as what is returned; the source may go before.
std::shared_ptr<const YamlNode> ParseYaml(absl::string_view source,
                                          Issues* issues);

// For every byte of a scalar's text, and one past it, the offset in the
// document where it was written: through quotes, escapes and folded lines.
std::vector<size_t> ScalarOffsets(absl::string_view source,
                                  const YamlNode& scalar);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_SET_YAML_H_
