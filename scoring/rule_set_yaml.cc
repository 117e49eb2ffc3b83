// The library parses; its events build our tree, so that duplicate keys are
// seen and aliases never expand.
//
// ScalarOffsets re-reads a scalar in its source. It needs no YAML grammar:
// text and source agree character by character except for white space (which
// folding changes) and escapes, so it walks both, takes runs of white space on
// either side as equal, and decodes escapes where the style has them.
#include "scoring/rule_set_yaml.h"

#include <yaml.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "scoring/cel/arena.h"
#include "scoring/cel/utf8.h"
#include "scoring/limits.h"

namespace portrisk::scoring {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";
// Keys of one map that are looked through; hashing pays from here on.
constexpr size_t kKeysFew = 16;

// Bytes of the character that begins with `lead`, in text known to be UTF-8.
size_t LengthAfter(char lead) {
  const auto byte = static_cast<uint8_t>(lead);
  return size_t{1} + (byte >= 0xC0) + (byte >= 0xE0) + (byte >= 0xF0);
}

// The library counts characters and no byte-order mark, issues count bytes.
size_t OffsetOf(absl::string_view source, const yaml_mark_t& mark,
                const Issues& issues) {
  size_t at = issues.OffsetOf(mark.line, 0);
  if (at == 0 && absl::StartsWith(source, kByteOrderMark)) {
    at = kByteOrderMark.size();
  }
  for (size_t i = 0; i < mark.column && at < source.size(); ++i) {
    at += LengthAfter(source[at]);
  }
  return std::min(at, source.size());
}

// The nodes of a document, their texts and lists of children.
struct Document {
  cel::Arena arena;
  YamlNode* root = nullptr;
};

class Builder {
 public:
  Builder(absl::string_view source, Issues* issues)
      : source_(source),
        issues_(issues),
        document_(std::make_shared<Document>()) {}

  // Null when there was nothing.
  std::shared_ptr<const YamlNode> Take() {
    return std::shared_ptr<const YamlNode>(document_, document_->root);
  }

  // False when the document is refused; the issue is reported.
  bool Take(const yaml_event_t& event) {
    const yaml_mark_t& mark = event.start_mark;
    switch (event.type) {
      case YAML_ALIAS_EVENT:
        return Refuse(mark, "aliases are not allowed", "write the value out");
      case YAML_SCALAR_EVENT:
        return Scalar(event);
      case YAML_SEQUENCE_START_EVENT:
        return Open(YamlNode::Kind::kList, mark, event.data.sequence_start);
      case YAML_MAPPING_START_EVENT:
        return Open(YamlNode::Kind::kMap, mark, event.data.mapping_start);
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        Close();
        return true;
      case YAML_DOCUMENT_START_EVENT:
        if (document_->root == nullptr) return true;
        issues_->Error("YAML", OffsetOf(source_, mark, *issues_),
                       "more than one document", "one file for each rule set");
        return false;
      default:
        return true;
    }
  }

 private:
  // A list or map whose end has not come, and its first child in `children_`.
  struct Frame {
    YamlNode* node;
    size_t begin;
    absl::flat_hash_set<absl::string_view> keys;  // When they are not few.
  };

  bool Refuse(const yaml_mark_t& mark, std::string message,
              std::string suggestion = "") {
    issues_->Error("YAML", OffsetOf(source_, mark, *issues_),
                   std::move(message), std::move(suggestion));
    return false;
  }

  static bool IsNull(absl::string_view text) {
    return text.empty() || text == "~" || text == "null" || text == "Null" ||
           text == "NULL";
  }

  bool Scalar(const yaml_event_t& event) {
    const auto& scalar = event.data.scalar;
    const absl::string_view text(reinterpret_cast<const char*>(scalar.value),
                                 scalar.length);
    const bool plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
    const bool null = plain && IsNull(text);
    const bool is_key = ExpectsKey();
    YamlNode* node = Add(null ? YamlNode::Kind::kNull : YamlNode::Kind::kScalar,
                         event.start_mark, scalar);
    if (node == nullptr) return false;
    node->plain = plain;
    if (!null) node->text = Keep(text);
    return !is_key || CheckKey(event.start_mark, *node);
  }

  absl::string_view Keep(absl::string_view text) {
    if (text.empty()) return "";
    char* const copy = document_->arena.Allocate(text.size());
    std::copy(text.begin(), text.end(), copy);
    return {copy, text.size()};
  }

  bool ExpectsKey() const {
    return !open_.empty() && open_.back().node->kind == YamlNode::Kind::kMap &&
           (children_.size() - open_.back().begin) % 2 == 0;
  }

  // Of the key that was added last.
  bool CheckKey(const yaml_mark_t& mark, const YamlNode& node) {
    Frame& frame = open_.back();
    const size_t count = (children_.size() - frame.begin + 1) / 2;
    bool twice = false;
    if (count <= kKeysFew) {
      for (size_t i = 0; i + 1 < count; ++i) {
        twice |= children_[frame.begin + 2 * i]->text == node.text;
      }
    } else {
      for (size_t i = frame.keys.size(); i + 1 < count; ++i) {
        frame.keys.insert(children_[frame.begin + 2 * i]->text);
      }
      twice = !frame.keys.insert(node.text).second;
    }
    if (twice) {
      return Refuse(mark, absl::StrCat(node.text, " is given twice"),
                    "keep one of them");
    }
    return count <= kYamlKeysMax ||
           Refuse(mark, "more keys in one map than any rule set needs",
                  "split the map");
  }

  // Of any event that starts a node. Null when it is refused.
  template <typename Start>
  YamlNode* Add(YamlNode::Kind kind, const yaml_mark_t& mark,
                const Start& start) {
    if (start.anchor != nullptr) {
      Refuse(mark, "anchors are not allowed", "write the value out");
      return nullptr;
    }
    if (start.tag != nullptr) {
      Refuse(mark, "tags are not allowed", "leave it out");
      return nullptr;
    }
    if (kind != YamlNode::Kind::kScalar && ExpectsKey()) {
      Refuse(mark, "a key must be text", "key: value");
      return nullptr;
    }
    auto* const node =
        new (document_->arena.Allocate(sizeof(YamlNode))) YamlNode;
    node->kind = kind;
    node->offset = OffsetOf(source_, mark, *issues_);
    if (open_.empty()) {
      document_->root = node;
    } else {
      children_.push_back(node);
    }
    return node;
  }

  template <typename Start>
  bool Open(YamlNode::Kind kind, const yaml_mark_t& mark, const Start& start) {
    YamlNode* node = Add(kind, mark, start);
    if (node == nullptr) return false;
    open_.push_back({node, children_.size(), {}});
    return open_.size() <= kYamlDepthMax ||
           Refuse(mark, "nested too deeply",
                  "fewer brackets inside one another");
  }

  void Close() {
    const Frame& frame = open_.back();
    const size_t count = children_.size() - frame.begin;
    if (count > 0) {
      auto* const kept = reinterpret_cast<const YamlNode**>(
          document_->arena.Allocate(count * sizeof(const YamlNode*)));
      std::copy(children_.begin() + static_cast<ptrdiff_t>(frame.begin),
                children_.end(), kept);
      frame.node->children = {kept, count};
    }
    children_.resize(frame.begin);
    open_.pop_back();
  }

  const absl::string_view source_;
  Issues* const issues_;
  const std::shared_ptr<Document> document_;
  std::vector<Frame> open_;
  std::vector<const YamlNode*> children_;  // Of what is open.
};

static_assert(std::is_trivially_destructible_v<YamlNode>,
              "the arena does not destroy what it holds");

bool Precheck(absl::string_view source, Issues* issues) {
  if (source.size() > kRuleSetBytesMax) {
    issues->Error("TOO_LONG", kRuleSetBytesMax,
                  absl::StrCat("longer than ", kRuleSetBytesMax, " bytes"),
                  "split it into several rule sets");
    return false;
  }
  for (size_t i = 0; i < source.size();) {
    // Most of it is ASCII: eight bytes at once.
    uint64_t eight;
    if (i + sizeof(eight) <= source.size()) {
      std::memcpy(&eight, source.data() + i, sizeof(eight));
      // A byte's highest bit is set when it is not ASCII, and after the
      // subtraction also when it was zero.
      if (((eight | (eight - kOnes)) & (kOnes << 7)) == 0) {
        i += sizeof(eight);
        continue;
      }
    }
    const size_t length = cel::Utf8Length(source.substr(i));
    if (length == 0 || source[i] == '\0') {
      issues->Error("YAML", i, "this byte is not UTF-8 text",
                    "save the file as UTF-8");
      return false;
    }
    i += length;
  }
  return true;
}

// Bytes of a double-quoted escape at `at` (a backslash), and whether it stands
// for text; a backslash before a line end stands for nothing.
size_t EscapeLength(absl::string_view source, size_t at, bool* is_text) {
  *is_text = true;
  if (at + 1 >= source.size()) return 1;
  switch (source[at + 1]) {
    case 'x':
      return 4;
    case 'u':
      return 6;
    case 'U':
      return 10;
    case '\r':
    case '\n': {
      *is_text = false;
      size_t end = at + 1;
      while (end < source.size() && absl::ascii_isspace(source[end])) ++end;
      return end - at;
    }
    default:
      return 2;
  }
}

size_t SkipSpace(absl::string_view text, size_t at) {
  while (at < text.size() && absl::ascii_isspace(text[at])) ++at;
  return at;
}

}  // namespace

const YamlNode* YamlNode::Find(absl::string_view key) const {
  if (kind != Kind::kMap) return nullptr;
  for (size_t i = 0; i + 1 < children.size(); i += 2) {
    if (children[i]->text == key) return children[i + 1];
  }
  return nullptr;
}

std::shared_ptr<const YamlNode> ParseYaml(absl::string_view source,
                                          Issues* issues) {
  if (!Precheck(source, issues)) return nullptr;
  Builder builder(source, issues);
  yaml_parser_t parser;
  if (yaml_parser_initialize(&parser) == 0) {
    issues->Error("YAML", Issues::kNowhere, "no memory to parse");
    return nullptr;
  }
  const absl::Cleanup release = [&parser] { yaml_parser_delete(&parser); };
  yaml_parser_set_input_string(
      &parser, reinterpret_cast<const unsigned char*>(source.data()),
      source.size());
  for (bool done = false; !done;) {
    yaml_event_t event;
    if (yaml_parser_parse(&parser, &event) == 0) {
      issues->Error(
          "YAML", OffsetOf(source, parser.problem_mark, *issues),
          parser.problem == nullptr ? "this is not YAML" : parser.problem,
          "check quotes and indentation");
      return nullptr;
    }
    done = event.type == YAML_STREAM_END_EVENT;
    const bool taken = builder.Take(event);
    yaml_event_delete(&event);
    if (!taken) return nullptr;
  }
  std::shared_ptr<const YamlNode> root = builder.Take();
  if (root == nullptr || root->kind != YamlNode::Kind::kMap) {
    issues->Error("YAML", 0, "the document is not a map", "key: value");
    return nullptr;
  }
  return root;
}

std::vector<size_t> ScalarOffsets(absl::string_view source,
                                  const YamlNode& scalar) {
  const absl::string_view text = scalar.text;
  std::vector<size_t> offsets;
  offsets.reserve(text.size() + 1);
  size_t at = std::min(scalar.offset, source.size());
  char style = at < source.size() && !scalar.plain ? source[at] : ' ';
  if (style == '|' || style == '>') {
    at = std::min(source.find('\n', at), source.size());
  } else if (style == '"' || style == '\'') {
    ++at;
  }
  for (size_t i = 0; i < text.size();) {
    bool escaped_text = false;
    size_t width = 1;
    if (style == '"' && at < source.size() && source[at] == '\\') {
      width = EscapeLength(source, at, &escaped_text);
      if (!escaped_text) {
        at += width;
        continue;
      }
    }
    if (escaped_text) {
      const size_t length =
          std::max<size_t>(1, cel::Utf8Length(text.substr(i)));
      offsets.insert(offsets.end(), length, at);
      i += length;
    } else if (absl::ascii_isspace(text[i])) {
      const size_t end = SkipSpace(text, i);
      offsets.insert(offsets.end(), end - i, at);
      i = end;
      width = SkipSpace(source, at) - at;
    } else {
      // Indentation of a block or of a continued line.
      at = SkipSpace(source, at);
      offsets.push_back(at);
      if (style == '\'' && text[i] == '\'') width = 2;
      ++i;
    }
    at = std::min(source.size(), at + width);
  }
  offsets.push_back(at);
  return offsets;
}

}  // namespace portrisk::scoring
