// What can be said of a rule alone has been found when its condition was
// brought to a form (rule_form.h), and is worded here; rule_set_overlap.cc
// compares rules with one another. Positions are looked up only for what is
// reported.
#include "scoring/rule_set_lint.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scoring/cel/normal_form.h"
#include "scoring/cel/time.h"
#include "scoring/rule_form.h"
#include "scoring/rule_set_overlap.h"

namespace portrisk::scoring {
namespace {

using cel::Alternative;
using cel::Range;
using cel::Statement;

// Parts of a condition and field names quoted in messages.
constexpr size_t kQuoteBytesMax = 60;
constexpr size_t kFieldsNamedMax = 4;

class Linter {
 public:
  Linter(const ParsedRuleSet& parsed, const CheckOptions& options,
         Issues* issues)
      : parsed_(parsed),
        set_(*parsed.rule_set),
        options_(options),
        issues_(*issues) {}

  void Run() {
    const YamlNode* rules = parsed_.document->Find("rules");
    if (rules == nullptr || rules->children.size() != set_.rules.size()) return;
    rules_ = rules;
    for (size_t i = 0; i < set_.rules.size(); ++i) {
      issues_.set_rule(set_.rules[i].id);
      Conditions(i);
      Events(i);
      Life(i);
      Reach(i);
    }
    Overlaps();
    Fields();
    issues_.set_rule("");
    Unused();
  }

 private:
  const YamlNode& NodeOf(size_t rule) const { return *rules_->children[rule]; }

  absl::string_view SourceOf(size_t rule) const {
    return NodeOf(rule).Find("when")->text;
  }

  // Where a byte of the rule's condition was written.
  size_t OffsetOf(size_t rule, size_t byte) const {
    const YamlNode& when = *NodeOf(rule).Find("when");
    const auto offsets = ScalarOffsets(issues_.source(), when);
    return offsets[std::min(byte, offsets.size() - 1)];
  }

  std::string Quote(size_t rule, Range range) const {
    std::string text(
        SourceOf(rule).substr(range.begin, range.end - range.begin));
    std::replace(text.begin(), text.end(), '\n', ' ');
    if (text.size() <= kQuoteBytesMax) return absl::StrCat("`", text, "`");
    size_t end = kQuoteBytesMax;
    while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
    return absl::StrCat("`", text.substr(0, end), "...`");
  }

  void Conditions(size_t i) {
    const RuleForm& form = parsed_.forms[i];
    if (form.verdict == RuleForm::Verdict::kNeverFires) NeverFires(i, form);
    if (form.verdict == RuleForm::Verdict::kAlwaysFires) AlwaysFires(i);
  }

  void NeverFires(size_t i, const RuleForm& one) {
    if (issues_.CountOnly()) return;
    const Rule& rule = set_.rules[i];
    const size_t offset = OffsetOf(i, one.second.begin);
    const absl::string_view lead =
        !one.has_choice ? "the rule can never fire: "
                        : "the rule can never fire, whichever side of || "
                          "holds: ";
    if (one.first.empty()) {
      std::vector<std::string> events;
      for (const v1::Event event : rule.applies_to) {
        events.push_back(v1::Event_Name(event));
      }
      issues_.Warning(
          "NEVER_FIRES", offset,
          absl::StrCat(lead, "it applies to ", absl::StrJoin(events, ", "),
                       ", and ", Quote(i, one.second), " asks for another"),
          "correct applies_to or the condition");
      return;
    }
    if (one.first.begin == one.second.begin) {
      issues_.Warning(
          "NEVER_FIRES", offset,
          absl::StrCat(lead, "no value makes ", Quote(i, one.second), " true"),
          "correct the condition");
      return;
    }
    issues_.Warning("NEVER_FIRES", offset,
                    absl::StrCat(lead, Quote(i, one.second), " contradicts ",
                                 Quote(i, one.first)),
                    "correct one of them, or write || where either will do");
  }

  void AlwaysFires(size_t i) {
    if (issues_.CountOnly()) return;
    const Rule& rule = set_.rules[i];
    std::vector<std::string> names;
    const auto* event = v1::Movement::descriptor()->FindFieldByName("event");
    const cel::Path event_path{0, {event}};
    for (size_t n = 0; n < rule.condition_fields; ++n) {
      const cel::Path& path = rule.evidence[n];
      if (path.fields.empty()) continue;
      if (path == event_path && !rule.applies_to.empty()) continue;
      if (names.size() == kFieldsNamedMax) {
        names.emplace_back("...");
        break;
      }
      names.push_back(set_.environment.PathName(path));
    }
    issues_.Warning(
        "ALWAYS_FIRES", OffsetOf(i, 0),
        names.empty()
            ? std::string("the condition holds at every event the rule "
                          "applies to")
            : absl::StrCat("the condition is never false: it always fires "
                           "when ",
                           absl::StrJoin(names, ", "),
                           names.size() == 1 ? " is present" : " are present"),
        "compare with what sets a case apart");
  }

  void Events(size_t i) {
    const YamlNode* applies_to = NodeOf(i).Find("applies_to");
    if (applies_to == nullptr || !set_.rules[i].applies_to.empty()) return;
    issues_.Warning("NO_EVENTS", applies_to->offset,
                    "applies_to names no event, so the rule looks at every one",
                    "name events, or leave it out");
  }

  void Life(size_t i) {
    if (!options_.today) return;
    const Rule& rule = set_.rules[i];
    const YamlNode* valid = NodeOf(i).Find("valid");
    if (valid == nullptr || rule.status == RuleStatus::kDraft) return;
    if (rule.valid.until <= *options_.today) {
      issues_.Warning("RULE_EXPIRED", valid->Find("until")->offset,
                      "the rule has run out and no longer fires",
                      "give it a later date, or remove it");
      return;
    }
    const YamlNode* review = valid->Find("review");
    cel::TimePoint date;
    if (review != nullptr && cel::ParseDate(review->text, &date) &&
        date.seconds <= *options_.today) {
      issues_.Warning("REVIEW_DUE", review->offset,
                      "the day on which the rule was to be reviewed has come",
                      "look at its hits and finds, then set the next date");
    }
  }

  void Reach(size_t i) {
    const Rule& rule = set_.rules[i];
    if (rule.category.empty()) return;
    const auto found = std::find_if(
        set_.categories.begin(), set_.categories.end(),
        [&](const auto& one) { return one.first == rule.category; });
    if (found == set_.categories.end()) return;
    used_categories_.insert(rule.category);
    if (rule.score <= found->second) return;
    const YamlNode* score = NodeOf(i).Find("score");
    issues_.Warning(
        "SCORE_BEYOND_CAP", score->offset,
        found->second == 0
            ? absl::StrCat("the rule adds nothing: the cap of ", rule.category,
                           " is 0")
            : absl::StrCat("only ", found->second, " of the ", rule.score,
                           " points can count: that is the cap of ",
                           rule.category),
        absl::StrCat("categories: {", rule.category, ": ", rule.score, "}"));
  }

  void Overlaps() {
    for (const Overlap& one :
         FindOverlaps(set_, parsed_.terms, parsed_.forms)) {
      if (issues_.CountOnly()) continue;
      const Rule& rule = set_.rules[one.rule];
      const Rule& other = set_.rules[one.other];
      issues_.set_rule(rule.id);
      if (one.is_equal) {
        issues_.Warning(
            "DUPLICATE_CONDITION", OffsetOf(one.rule, 0),
            absl::StrCat("says the same as rule ", other.id,
                         " for the same events, so both fire together"),
            absl::StrCat("keep one, or make ", rule.id, " narrower"));
      } else {
        issues_.Warning(
            "CONTAINED_RULE", OffsetOf(one.rule, 0),
            absl::StrCat("whenever this fires, rule ", other.id, " does too",
                         AddsNothing(rule, other)
                             ? ", and this adds nothing to it"
                             : ": both count"),
            "keep it if that is meant; otherwise narrow the other or remove "
            "this");
      }
    }
  }

  // Whether the hit of `rule` changes nothing beside a hit of `other`.
  bool AddsNothing(const Rule& rule, const Rule& other) const {
    if (rule.lane_at_least > other.lane_at_least) return false;
    if (rule.score == 0) return true;
    if (rule.category.empty() || rule.category != other.category) return false;
    return std::any_of(
        set_.categories.begin(), set_.categories.end(), [&](const auto& one) {
          return one.first == rule.category && other.score >= one.second;
        });
  }

  void Fields() {
    if (options_.field_use.empty()) return;
    for (const UnfilledField& one : LintFields(set_, options_.field_use)) {
      const Rule& rule = set_.rules[one.rule];
      issues_.set_rule(rule.id);
      const size_t at = SourceOf(one.rule).find(one.path);
      issues_.Warning(
          "FIELD_NEVER_FILLED",
          OffsetOf(one.rule, at == absl::string_view::npos ? 0 : at),
          absl::StrCat("no movement received here ever had ", one.path,
                       one.is_needed ? ", without which the rule cannot fire"
                                     : ": that part decides nothing"),
          "ask the source for it, or use a field that is reported");
    }
  }

  void Unused() {
    if (const YamlNode* categories = parsed_.document->Find("categories")) {
      for (size_t i = 0; i < categories->children.size(); i += 2) {
        const YamlNode& key = *categories->children[i];
        if (used_categories_.contains(key.text)) continue;
        issues_.Warning("UNUSED_CATEGORY", key.offset,
                        absl::StrCat("no rule is of category ", key.text),
                        absl::StrCat("category: ", key.text));
      }
    }
  }

  const ParsedRuleSet& parsed_;
  const RuleSet& set_;
  const CheckOptions& options_;
  Issues& issues_;
  const YamlNode* rules_ = nullptr;
  absl::flat_hash_set<std::string> used_categories_;
};

// Fields no movement had, by their names, with the messages that hold them.
bool IsUnfilled(const cel::Environment& environment, cel::Path path,
                const absl::flat_hash_set<std::string>& unfilled) {
  while (!path.fields.empty()) {
    if (unfilled.contains(environment.PathName(path))) return true;
    path.fields.pop_back();
  }
  return false;
}

}  // namespace

void LintRuleSet(const ParsedRuleSet& parsed, const CheckOptions& options,
                 Issues* issues) {
  Linter(parsed, options, issues).Run();
}

std::vector<UnfilledField> LintFields(const RuleSet& rule_set,
                                      const std::vector<FieldUse>& field_use) {
  absl::flat_hash_set<std::string> unfilled;
  for (const FieldUse& one : field_use) {
    if (one.movements >= kFieldUseMovementsMin && one.absent >= one.movements) {
      unfilled.insert(one.path);
    }
  }
  std::vector<UnfilledField> found;
  if (unfilled.empty()) return found;
  cel::Terms terms;
  RuleFormer former(&terms);
  cel::ConditionChecker checker(rule_set.environment);
  cel::Diagnostics ignored;
  std::vector<Alternative> form;
  for (size_t i = 0; i < rule_set.rules.size(); ++i) {
    const Rule& rule = rule_set.rules[i];
    bool formed = false;
    for (size_t n = 0; n < rule.condition_fields; ++n) {
      const cel::Path& path = rule.evidence[n];
      if (!IsUnfilled(rule_set.environment, path, unfilled)) continue;
      if (!formed) {
        const cel::Checked checked =
            checker.CheckCondition(rule.source, &ignored);
        if (!former.Alternatives(rule, *checked.expr, rule.source, true,
                                 &form)) {
          form.clear();
        }
      }
      formed = true;
      const bool needed =
          !form.empty() &&
          std::all_of(form.begin(), form.end(), [&](const Alternative& one) {
            return one.contradictory ||
                   std::any_of(one.statements.begin(), one.statements.end(),
                               [&](const Statement& statement) {
                                 return cel::Needs(terms, statement, path);
                               });
          });
      found.push_back({i, rule_set.environment.PathName(path), needed});
    }
  }
  return found;
}

}  // namespace portrisk::scoring
