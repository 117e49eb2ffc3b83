// The library parses; its events build our tree, because its own tree loses
// duplicate keys and expands aliases without bound. The library throws, and so
// does the builder to stop it; nothing leaves this file as an exception.
//
// ScalarOffsets re-reads a scalar in its source. It needs no YAML grammar:
// text and source agree character by character except for white space (which
// folding changes) and escapes, so it walks both, takes runs of white space on
// either side as equal, and decodes escapes where the style has them.
#include "scoring/rule_set_yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "scoring/cel/utf8.h"
#include "scoring/limits.h"

namespace portrisk::scoring {
namespace {

// Thrown by the builder after it has reported why.
struct Stop {};

class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Issues* issues) : issues_(issues) {}

  std::unique_ptr<YamlNode> Take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(YamlNode::Kind::kNull, mark, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Refuse(mark, "aliases are not allowed", "write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    YamlNode* node = Add(YamlNode::Kind::kScalar, mark, anchor);
    node->plain = tag == "?";
    node->text = value;
    CheckTag(mark, tag);
    CheckKey(mark, *node);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kMap, mark, tag, anchor);
    keys_.emplace_back();
  }
  void OnMapEnd() override {
    open_.pop_back();
    keys_.pop_back();
  }

 private:
  size_t Offset(const YAML::Mark& mark) const {
    return issues_->OffsetOf(mark.line, mark.column);
  }

  void Refuse(const YAML::Mark& mark, std::string message,
              std::string suggestion = "") {
    issues_->Error("YAML", Offset(mark), std::move(message),
                   std::move(suggestion));
    throw Stop();
  }

  void CheckTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    Refuse(mark, "tags are not allowed", "leave it out");
  }

  bool ExpectsKey() const {
    return !open_.empty() && open_.back()->kind == YamlNode::Kind::kMap &&
           open_.back()->children.size() % 2 == 0;
  }

  // Called after the node was added: an odd number of children ends in a key.
  void CheckKey(const YAML::Mark& mark, const YamlNode& node) {
    if (open_.empty() || open_.back()->kind != YamlNode::Kind::kMap ||
        open_.back()->children.size() % 2 == 0) {
      return;
    }
    if (!keys_.back().insert(node.text).second) {
      Refuse(mark, absl::StrCat(node.text, " is given twice"),
             "keep one of them");
    }
  }

  YamlNode* Add(YamlNode::Kind kind, const YAML::Mark& mark,
                YAML::anchor_t anchor) {
    if (anchor != 0) {
      Refuse(mark, "anchors are not allowed", "write the value out");
    }
    if (kind != YamlNode::Kind::kScalar && ExpectsKey()) {
      Refuse(mark, "a key must be text", "key: value");
    }
    auto node = std::make_unique<YamlNode>();
    YamlNode* added = node.get();
    node->kind = kind;
    node->offset = Offset(mark);
    if (open_.empty()) {
      root_ = std::move(node);
    } else {
      open_.back()->children.push_back(std::move(node));
    }
    return added;
  }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    YamlNode* node = Add(kind, mark, anchor);
    CheckTag(mark, tag);
    open_.push_back(node);
    if (open_.size() > kYamlDepthMax) {
      Refuse(mark, "nested too deeply", "fewer brackets inside one another");
    }
  }

  Issues* const issues_;
  std::unique_ptr<YamlNode> root_;
  std::vector<YamlNode*> open_;
  std::vector<absl::flat_hash_set<std::string>> keys_;  // Of the open maps.
};

bool Precheck(absl::string_view source, Issues* issues) {
  if (source.size() > kRuleSetBytesMax) {
    issues->Error("TOO_LONG", kRuleSetBytesMax,
                  absl::StrCat("longer than ", kRuleSetBytesMax, " bytes"),
                  "split it into several rule sets");
    return false;
  }
  for (size_t i = 0; i < source.size();) {
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
    if (children[i]->text == key) return children[i + 1].get();
  }
  return nullptr;
}

std::unique_ptr<YamlNode> ParseYaml(absl::string_view source, Issues* issues) {
  if (!Precheck(source, issues)) return nullptr;
  Builder builder(issues);
  try {
    std::istringstream stream{std::string(source)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    std::unique_ptr<YamlNode> root = builder.Take();
    if (root == nullptr || root->kind != YamlNode::Kind::kMap) {
      issues->Error("YAML", 0, "the document is not a map", "rule_set: name");
      return nullptr;
    }
    Builder rest(issues);
    if (parser.HandleNextDocument(rest)) {
      const size_t at = source.find("\n---", root->offset);
      issues->Error("YAML", at == source.npos ? source.size() : at + 1,
                    "more than one document", "one file for each rule set");
      return nullptr;
    }
    return root;
  } catch (const Stop&) {
    return nullptr;
  } catch (const YAML::Exception& error) {
    const size_t offset =
        error.mark.is_null()
            ? 0
            : issues->OffsetOf(error.mark.line, error.mark.column);
    issues->Error("YAML", offset, error.msg, "check quotes and indentation");
    return nullptr;
  } catch (const std::exception& error) {
    issues->Error("YAML", 0, error.what());
    return nullptr;
  }
}

std::vector<size_t> ScalarOffsets(absl::string_view source,
                                  const YamlNode& scalar) {
  const std::string& text = scalar.text;
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
      const size_t length = std::max<size_t>(
          1, cel::Utf8Length(absl::string_view(text).substr(i)));
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
