#include "scoring/rule_set_diff.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scoring/rule_set_issues.h"
#include "scoring/rule_set_yaml.h"

namespace portrisk::scoring {
namespace {

// One line, the same for equal values.
std::string Text(const YamlNode& node) {
  std::vector<std::string> parts;
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "";
    case YamlNode::Kind::kScalar: {
      std::string text(node.text);
      std::replace(text.begin(), text.end(), '\n', ' ');
      absl::StripAsciiWhitespace(&text);
      return text;
    }
    case YamlNode::Kind::kList:
      for (const auto& child : node.children) parts.push_back(Text(*child));
      return absl::StrCat("[", absl::StrJoin(parts, ", "), "]");
    case YamlNode::Kind::kMap:
      for (size_t i = 0; i + 1 < node.children.size(); i += 2) {
        parts.push_back(absl::StrCat(node.children[i]->text, ": ",
                                     Text(*node.children[i + 1])));
      }
      std::sort(parts.begin(), parts.end());
      return absl::StrCat("{", absl::StrJoin(parts, ", "), "}");
  }
  return "";
}

using Fields = std::vector<std::pair<std::string, std::string>>;

// In the order of the document.
Fields FieldsOf(const YamlNode* node, absl::string_view without) {
  Fields fields;
  for (size_t i = 0; node != nullptr && i + 1 < node->children.size(); i += 2) {
    const absl::string_view key = node->children[i]->text;
    if (key != without) fields.emplace_back(key, Text(*node->children[i + 1]));
  }
  return fields;
}

const std::string* Find(const Fields& fields, const std::string& key) {
  for (const auto& [name, text] : fields) {
    if (name == key) return &text;
  }
  return nullptr;
}

template <typename Out>
void Compare(const Fields& before, const Fields& after, Out* out) {
  for (const auto& [key, text] : before) {
    const std::string* now = Find(after, key);
    if (now != nullptr && *now == text) continue;
    v1::FieldDiff* field = out->add_fields();
    field->set_field(key);
    field->set_before(text);
    if (now != nullptr) field->set_after(*now);
  }
  for (const auto& [key, text] : after) {
    if (Find(before, key) != nullptr) continue;
    v1::FieldDiff* field = out->add_fields();
    field->set_field(key);
    field->set_after(text);
  }
}

// Rules by id, in order.
std::vector<std::pair<std::string, const YamlNode*>> RulesOf(
    const YamlNode* document) {
  std::vector<std::pair<std::string, const YamlNode*>> rules;
  const YamlNode* list =
      document == nullptr ? nullptr : document->Find("rules");
  if (list == nullptr) return rules;
  for (const auto& rule : list->children) {
    const YamlNode* id = rule->Find("id");
    rules.emplace_back(id == nullptr ? "" : id->text, rule);
  }
  return rules;
}

}  // namespace

v1::DiffRevisionsResponse DiffRuleSets(absl::string_view before,
                                       absl::string_view after) {
  v1::DiffRevisionsResponse response;
  Issues ignored(before, ""), ignored_too(after, "");
  const auto old_document = ParseYaml(before, &ignored);
  const auto new_document = ParseYaml(after, &ignored_too);
  Compare(FieldsOf(old_document.get(), "rules"),
          FieldsOf(new_document.get(), "rules"), &response);
  const auto old_rules = RulesOf(old_document.get());
  const auto new_rules = RulesOf(new_document.get());
  absl::flat_hash_map<std::string, const YamlNode*> old_by_id(old_rules.begin(),
                                                              old_rules.end());
  absl::flat_hash_map<std::string, const YamlNode*> new_by_id(new_rules.begin(),
                                                              new_rules.end());
  for (const auto& [id, rule] : old_rules) {
    const auto found = new_by_id.find(id);
    v1::RuleDiff diff;
    diff.set_rule(id);
    diff.set_removed(found == new_by_id.end());
    Compare(FieldsOf(rule, "id"),
            FieldsOf(diff.removed() ? nullptr : found->second, "id"), &diff);
    if (!diff.removed() && diff.fields().empty()) {
      response.set_unchanged_rules(response.unchanged_rules() + 1);
      continue;
    }
    *response.add_rules() = std::move(diff);
  }
  for (const auto& [id, rule] : new_rules) {
    if (old_by_id.contains(id)) continue;
    v1::RuleDiff* diff = response.add_rules();
    diff->set_rule(id);
    diff->set_added(true);
    Compare({}, FieldsOf(rule, "id"), diff);
  }
  return response;
}

}  // namespace portrisk::scoring
