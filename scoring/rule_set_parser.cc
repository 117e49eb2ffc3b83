// Top down: the document, its categories and lists, then rule by rule. A
// mistake never stops the reading, so that an author sees all of them at once;
// what could not be read keeps its default and the set is refused at the end.
#include "scoring/rule_set_parser.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "scoring/aggregate_parser.h"
#include "scoring/cel/parser.h"
#include "scoring/cel/program.h"
#include "scoring/cel/terms.h"
#include "scoring/limits.h"
#include "scoring/list_policy.h"
#include "scoring/rule_set_effects.h"
#include "scoring/rule_set_reader.h"

namespace portrisk::scoring {
namespace {

constexpr int64_t kDaySeconds = 86400;
// An entry of each type, in the order of cel::EntryType.
constexpr absl::string_view kEntryExamples[] = {
    "Some text", "NLRTM", "MSKU1234565", "NL-100200", "'0803'"};

constexpr absl::string_view kLayers[] = {"common", "national", "port"};
constexpr absl::string_view kStatuses[] = {"draft", "shadow", "active"};
constexpr absl::string_view kSensitivities[] = {"open", "restricted"};
constexpr absl::string_view kBools[] = {"false", "true"};

std::vector<absl::string_view> Views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

class Parser {
 public:
  Parser(absl::string_view yaml, Issues* issues)
      : yaml_(yaml),
        issues_(issues),
        set_(std::make_shared<RuleSet>()),
        checker_(set_->environment),
        former_(&parsed_.terms),
        compiler_(set_->environment) {}

  ParsedRuleSet Run() {
    parsed_.document = ParseYaml(yaml_, issues_);
    if (parsed_.document == nullptr) return std::move(parsed_);
    Document(*parsed_.document);
    set_->program = compiler_.Finish();
    parsed_.rule_set = set_;
    return std::move(parsed_);
  }

 private:
  void Document(const YamlNode& node) {
    const MapReader map(node, "a rule set",
                        {"rule_set", "layer", "owner", "categories", "lists",
                         "aggregates", "suppressions", "rules"},
                        issues_);
    Name(map, "rule_set", &set_->name);
    size_t layer = 0;
    if (map.Required("layer") != nullptr &&
        map.Choice("layer", kLayers, &layer)) {
      set_->layer = static_cast<v1::Layer>(layer + 1);
    }
    if (map.Required("owner") != nullptr) map.Text("owner", &set_->owner);
    if (const YamlNode* categories = map.Get("categories")) {
      Categories(*categories);
    }
    if (const YamlNode* lists = map.Get("lists")) Lists(*lists);
    const YamlNode* const aggregates = map.Get("aggregates");
    if (aggregates != nullptr) ReadAggregates(*aggregates, issues_, set_.get());
    if (const YamlNode* node = map.Get("suppressions")) {
      ReadSuppressions(*node, issues_, set_.get());
    }
    if (const YamlNode* rules = map.Required("rules")) Rules(*rules);
    if (aggregates != nullptr) {
      WarnOfUnusedAggregates(*aggregates, *set_, issues_);
    }
  }

  void Name(const MapReader& map, absl::string_view key, std::string* out) {
    const YamlNode* node = map.Required(key);
    if (node == nullptr || !map.Text(key, out) || IsName(*out)) return;
    issues_->Error("BAD_VALUE", node->offset,
                   absl::StrCat(key,
                                " consists of letters, digits, '.', '-' and "
                                "'_', at most ",
                                kNameBytesMax),
                   "nl.port.night-gate");
  }

  void Categories(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kMap) {
      issues_->Error("BAD_VALUE", node.offset,
                     "categories are names with the most they may add",
                     "categories: {timeline: 500}");
      return;
    }
    for (size_t i = 0; i < node.children.size(); i += 2) {
      int64_t cap;
      if (ReadInteger(*node.children[i + 1], 0, kContributionMax, issues_,
                      &cap)) {
        set_->categories.emplace_back(node.children[i]->text,
                                      static_cast<int32_t>(cap));
      }
    }
  }

  void Lists(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kMap ||
        node.children.size() / 2 > kListsPerSetMax) {
      issues_->Error("BAD_VALUE", node.offset,
                     absl::StrCat("lists are at most ", kListsPerSetMax,
                                  " names, each with type and entries"),
                     "lists: {ports: {type: locode, entries: [NLRTM]}}");
      return;
    }
    for (size_t i = 0; i < node.children.size(); i += 2) {
      List(*node.children[i], *node.children[i + 1]);
    }
  }

  void List(const YamlNode& name, const YamlNode& node) {
    const MapReader map(node, "a list", {"type", "entries", "source"}, issues_);
    if (!map.is_map() || !CheckListName(name)) return;
    RefuseNationality(name);
    size_t type_index = 0;
    if (map.Required("type") == nullptr ||
        !map.Choice("type", Views(cel::EntryTypeNames()), &type_index)) {
      return;
    }
    const auto type = static_cast<cel::EntryType>(type_index);
    if (map.Get("source") != nullptr) {
      return LoadedList(name, map, type);
    }
    std::vector<const YamlNode*> nodes;
    if (map.Required("entries") == nullptr || !map.Texts("entries", &nodes)) {
      return;
    }
    if (nodes.size() > kListEntriesMax) {
      issues_->Error("TOO_LONG", node.offset,
                     absl::StrCat("more than ", kListEntriesMax, " entries"),
                     "split it into several lists");
      return;
    }
    std::vector<std::string> entries;
    for (const YamlNode* entry : nodes) {
      std::string text(entry->text);
      if (text.size() > kListEntryBytesMax ||
          !cel::NormaliseEntry(type, &text)) {
        issues_->Error(
            "BAD_VALUE", entry->offset,
            absl::StrCat("this is no ", cel::EntryTypeNames()[type_index]),
            std::string(kEntryExamples[type_index]));
      }
      entries.push_back(std::move(text));
    }
    set_->environment.AddSet(std::make_shared<const cel::EntrySet>(
        std::string(name.text), type, std::move(entries)));
  }

  // A list that is loaded apart, with versions of its own.
  void LoadedList(const YamlNode& name, const MapReader& map,
                  cel::EntryType type) {
    if (const YamlNode* entries = map.Get("entries")) {
      issues_->Error("BAD_VALUE", entries->offset,
                     "a list has entries here or a source, not both",
                     "source: the name given to `portrisk lists load`");
    }
    std::string source;
    Name(map, "source", &source);
    RefuseNationality(*map.Get("source"));
    set_->environment.AddSet(cel::EntrySet::StandIn(std::string(name.text),
                                                    type, std::move(source)));
  }

  void RefuseNationality(const YamlNode& name) {
    if (!NamesNationality(name.text)) return;
    issues_->Error("NATIONALITY", name.offset, NationalityRefusal(name.text));
  }

  // A list must not hide anything else a condition can name.
  bool CheckListName(const YamlNode& name) {
    const std::vector<std::string> names = set_->environment.Names();
    const bool taken =
        std::find(names.begin(), names.end(), name.text) != names.end();
    cel::Diagnostics ignored;
    cel::TreeParser parser;
    cel::Tree tree;
    const cel::Expr* expr = parser.Parse(name.text, &tree, &ignored);
    if (expr != nullptr && expr->node == cel::Node::kIdentifier && !taken) {
      return true;
    }
    issues_->Error("BAD_VALUE", name.offset,
                   taken ? absl::StrCat(name.text, " already has a meaning")
                         : "a list's name consists of letters, digits and "
                           "'_'",
                   taken ? absl::StrCat("my_", name.text) : "watched_ports");
    return false;
  }

  void Rules(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kList ||
        node.children.size() > kRulesPerSetMax) {
      issues_->Error(
          "BAD_VALUE", node.offset,
          absl::StrCat("rules are a list of at most ", kRulesPerSetMax),
          "rules: [{id: ..., when: ...}]");
      return;
    }
    set_->rules.reserve(node.children.size());
    parsed_.forms.reserve(node.children.size());
    for (const auto& child : node.children) {
      RuleOf(*child);
      issues_->set_rule("");
    }
  }

  void RuleOf(const YamlNode& node) {
    if (const YamlNode* id = node.Find("id")) issues_->set_rule(id->text);
    const MapReader map(
        node, "a rule",
        {"id", "title", "tags", "applies_to", "when", "category", "score",
         "lane_at_least", "control", "explain", "task", "status", "valid",
         "sensitivity", "suppressible", "breaker", "tests"},
        issues_);
    if (!map.is_map()) return;
    Rule& rule = set_->rules.emplace_back();
    parsed_.forms.emplace_back();
    Id(map, &rule);
    Head(map, &rule);
    Condition(map, &rule);
    Effect(node, map, &rule);
    Texts(map, &rule);
    Life(map, &rule);
    if (rule.status == RuleStatus::kDraft) {
      parsed_.forms.back().is_known = false;
    }
    Tests(node, map);
    if (rule.evidence.size() > kEvidenceFieldsMax) {
      issues_->Error("TOO_COMPLEX", node.offset,
                     absl::StrCat("the rule reads more than ",
                                  kEvidenceFieldsMax, " fields"),
                     "split the rule");
    }
  }

  void Id(const MapReader& map, Rule* rule) {
    Name(map, "id", &rule->id);
    const size_t index = set_->rules.size() - 1;
    if (!rule->id.empty() &&
        !set_->rule_index.emplace(rule->id, index).second) {
      issues_->Error("DUPLICATE_RULE", map.Get("id")->offset,
                     absl::StrCat("another rule is called ", rule->id),
                     absl::StrCat(rule->id, "-2"));
    }
  }

  void Head(const MapReader& map, Rule* rule) {
    std::vector<const YamlNode*> nodes;
    map.Texts("tags", &nodes);
    for (const YamlNode* tag : nodes) rule->tags.emplace_back(tag->text);
    nodes.clear();
    map.Texts("applies_to", &nodes);
    for (const YamlNode* event : nodes) {
      int number;
      if (ReadEnum(*event, *v1::Event_descriptor(), issues_, &number)) {
        rule->applies_to.push_back(static_cast<v1::Event>(number));
      }
    }
  }

  void Report(const YamlNode& scalar, const cel::Diagnostics& diagnostics) {
    if (diagnostics.empty()) return;
    const std::vector<size_t> offsets = ScalarOffsets(yaml_, scalar);
    for (const cel::Diagnostic& one : diagnostics) {
      const size_t at = std::min<size_t>(one.begin, offsets.size() - 1);
      issues_->Add(one.is_error ? v1::ERROR : v1::WARNING, one.code,
                   offsets[at], one.message, one.suggestion);
    }
  }

  void Condition(const MapReader& map, Rule* rule) {
    const YamlNode* when = map.Required("when");
    if (when == nullptr) return;
    if (when->kind != YamlNode::Kind::kScalar) {
      issues_->Error("BAD_VALUE", when->offset, "when is a condition in CEL",
                     "when: >");
      return;
    }
    rule->source = std::string(when->text);
    cel::Diagnostics diagnostics;
    cel::Checked checked = checker_.CheckCondition(when->text, &diagnostics);
    Report(*when, diagnostics);
    if (checked.expr == nullptr) return;
    rule->evidence = std::move(checked.fields);
    rule->condition_fields = static_cast<uint32_t>(rule->evidence.size());
    rule->root = compiler_.Add(*checked.expr);
    parsed_.forms.back() = former_.Form(*rule, *checked.expr, rule->source);
    LintConstant(*when, compiler_.ConstantAt(rule->root));
  }

  void LintConstant(const YamlNode& when, const cel::Value* value) {
    if (value == nullptr) return;
    issues_->Warning("CONSTANT_CONDITION", when.offset,
                     value->is_true()    ? "this condition always holds"
                     : value->is_false() ? "this condition never holds"
                                         : "this condition always fails",
                     "compare a field, such as movement.event");
  }

  void Effect(const YamlNode& node, const MapReader& map, Rule* rule) {
    int64_t score = 0;
    if (map.Integer("score", 0, kContributionMax, &score)) {
      rule->score = static_cast<int32_t>(score);
    }
    int number;
    if (map.Enum("lane_at_least", *v1::Lane_descriptor(), &number)) {
      rule->lane_at_least = static_cast<v1::Lane>(number);
    }
    if (map.Enum("control", *v1::Control_descriptor(), &number)) {
      rule->control = static_cast<v1::Control>(number);
    }
    if (score == 0 && map.Get("lane_at_least") == nullptr) {
      issues_->Warning("NO_EFFECT", node.offset,
                       "the rule adds no points and asks for no lane",
                       "score: 100");
    }
    if (!map.Text("category", &rule->category)) return;
    const auto& known = set_->categories;
    if (std::none_of(known.begin(), known.end(), [&](const auto& one) {
          return one.first == rule->category;
        })) {
      issues_->Warning("UNKNOWN_CATEGORY", map.Get("category")->offset,
                       absl::StrCat("no category ", rule->category,
                                    " is declared, so nothing caps it"),
                       absl::StrCat("categories: {", rule->category, ": 500}"));
    }
  }

  void Texts(const MapReader& map, Rule* rule) {
    if (const YamlNode* title = map.Required("title")) {
      Translate(*title, "title", rule, &rule->title);
    }
    if (const YamlNode* explain = map.Required("explain")) {
      Translate(*explain, "explain", rule, &rule->explain);
    }
    if (const YamlNode* task = map.Get("task")) {
      Translate(*task, "task", rule, &rule->task);
    }
  }

  void Translate(const YamlNode& node, absl::string_view key, Rule* rule,
                 Translations* out) {
    const MapReader map(node, key, {"en", "es", "pt"}, issues_);
    if (!map.is_map() || map.Required("en") == nullptr) return;
    for (size_t i = 0; i < kLanguages.size(); ++i) {
      std::string text;
      const YamlNode* scalar = map.Get(kLanguages[i]);
      if (scalar == nullptr) {
        if (issues_->CountOnly()) continue;
        issues_->Warning("MISSING_TRANSLATION", node.offset,
                         absl::StrCat(key, " is missing in ", kLanguages[i]),
                         absl::StrCat(kLanguages[i], ": ..."));
      } else if (map.Text(kLanguages[i], &text)) {
        Template(*scalar, rule, &(*out)[i]);
      }
    }
  }

  void Template(const YamlNode& scalar, Rule* rule, TextTemplate* out) {
    size_t brace = 0;
    if (!ParseTemplate(scalar.text, out, &brace)) {
      issues_->Error("BAD_TEXT", ScalarOffsets(yaml_, scalar)[brace],
                     "this brace has no partner", "double it: {{ or }}");
      return;
    }
    for (TextTemplate::Piece& piece : out->pieces) {
      if (piece.is_field) Placeholder(scalar, rule, &piece);
    }
  }

  // A placeholder is checked like a condition: it is a field's path.
  void Placeholder(const YamlNode& scalar, Rule* rule,
                   TextTemplate::Piece* piece) {
    cel::Diagnostics diagnostics;
    const cel::Checked checked =
        checker_.CheckExpression(piece->text, &diagnostics);
    const bool path =
        checked.expr != nullptr && IsField(*checked.expr) &&
        set_->environment.PathName(cel::PathOf(*checked.expr)) == piece->text;
    if (diagnostics.empty() && !path) {
      diagnostics.push_back({"BAD_TEXT", true, 0, 1,
                             "braces hold the path of a field and nothing else",
                             "{movement.container.number}"});
    }
    for (cel::Diagnostic& one : diagnostics) one.begin += piece->offset;
    Report(scalar, diagnostics);
    if (!path) return;
    piece->is_decimal = checked.expr->type.kind == cel::Kind::kDouble;
    const cel::Path field = cel::PathOf(*checked.expr);
    if (std::find(rule->evidence.begin(), rule->evidence.end(), field) ==
        rule->evidence.end()) {
      rule->evidence.push_back(field);
    }
  }

  void Life(const MapReader& map, Rule* rule) {
    size_t choice = 0;
    if (map.Choice("status", kStatuses, &choice)) {
      rule->status = static_cast<RuleStatus>(choice);
    }
    if (map.Choice("sensitivity", kSensitivities, &choice)) {
      rule->restricted = choice == 1;
    }
    if (map.Choice("suppressible", kBools, &choice)) {
      rule->suppressible = choice == 1;
    }
    if (const YamlNode* breaker = map.Get("breaker")) {
      ReadBreaker(*breaker, issues_, &rule->breaker);
    }
    const YamlNode* node = map.Get("valid");
    if (node == nullptr) return;
    const MapReader valid(*node, "valid", {"from", "until", "review"}, issues_);
    int64_t date;
    if (valid.Date("from", &date)) rule->valid.from = date;
    // The last day belongs to it.
    if (valid.Date("until", &date)) rule->valid.until = date + kDaySeconds;
    if (rule->valid.from >= rule->valid.until) {
      issues_->Error("BAD_VALUE", node->offset,
                     "the rule ends before it begins",
                     "{from: 2026-01-01, until: 2026-12-31}");
    } else if (valid.Date("review", &date) && !rule->valid.Covers(date)) {
      issues_->Warning("BAD_VALUE", valid.Get("review")->offset,
                       "the review lies outside of the rule's time",
                       "a day between from and until");
    }
  }

  void Tests(const YamlNode& node, const MapReader& map) {
    const YamlNode* tests = map.Get("tests");
    if (tests == nullptr || tests->children.empty()) {
      if (issues_->CountOnly()) return;
      issues_->Warning("NO_TESTS", node.offset, "the rule has no tests",
                       "tests: [{given: {movement: {...}}, expect: hit}]");
      return;
    }
    if (tests->kind != YamlNode::Kind::kList ||
        tests->children.size() > kTestsPerRuleMax) {
      issues_->Error(
          "BAD_VALUE", tests->offset,
          absl::StrCat("tests are a list of at most ", kTestsPerRuleMax),
          "tests: [{given: {movement: {...}}, expect: hit}]");
      return;
    }
    RuleTests& entry = parsed_.tests.emplace_back();
    entry.rule = set_->rules.size() - 1;
    for (const auto& test : tests->children) entry.tests.push_back(test);
  }

  const absl::string_view yaml_;
  Issues* const issues_;
  const std::shared_ptr<RuleSet> set_;
  cel::ConditionChecker checker_;
  ParsedRuleSet parsed_;
  RuleFormer former_;
  cel::Compiler compiler_;
};

}  // namespace

ParsedRuleSet ParseRuleSet(absl::string_view yaml, Issues* issues) {
  return Parser(yaml, issues).Run();
}

}  // namespace portrisk::scoring
