#include "scoring/rule_set_cases.h"

#include "absl/strings/str_cat.h"
#include "scoring/cel/declared_values.h"
#include "scoring/cel/eval.h"
#include "scoring/cel/fields.h"
#include "scoring/cel/program.h"
#include "scoring/given.h"
#include "scoring/rule_set_reader.h"

namespace portrisk::scoring {
namespace {

enum class Outcome : uint8_t { kHit, kMiss, kUnknown };
constexpr absl::string_view kOutcomes[] = {"hit", "miss", "unknown"};

// Aggregates as a test gives them.
class GivenValues final : public cel::DeclaredValues {
 public:
  explicit GivenValues(const google::protobuf::Message* message)
      : message_(message) {}

  bool Read(const google::protobuf::FieldDescriptor& field,
            cel::Value* value) override {
    return message_ != nullptr &&
           cel::ReadField(*message_, {&field, message_->GetReflection()},
                          value);
  }

 private:
  const google::protobuf::Message* const message_;
};

struct Given : GivenViews {
  std::unique_ptr<google::protobuf::Message> aggregates;  // Null: unknown.
  // What the lists that are loaded apart hold in this test; by name in the set.
  std::vector<std::shared_ptr<const cel::EntrySet>> lists;
};

class Runner {
 public:
  Runner(const ParsedRuleSet& parsed, Issues* issues)
      : parsed_(parsed),
        set_(*parsed.rule_set),
        issues_(issues),
        program_(set_.program) {}

  std::vector<v1::RuleTestResult> Run() {
    std::vector<v1::RuleTestResult> results;
    for (const RuleTests& of_rule : parsed_.tests) {
      const Rule& rule = set_.rules[of_rule.rule];
      issues_->set_rule(rule.id);
      for (size_t i = 0; i < of_rule.tests.size(); ++i) {
        v1::RuleTestResult& result = results.emplace_back();
        result.set_rule(rule.id);
        result.set_index(static_cast<int32_t>(i));
        Test(*of_rule.tests[i], of_rule.rule, &result);
      }
    }
    issues_->set_rule("");
    return results;
  }

 private:
  void Test(const YamlNode& node, size_t rule, v1::RuleTestResult* result) {
    const size_t errors = issues_->error_count();
    const MapReader map(node, "a test", {"given", "expect"}, issues_);
    Given given;
    size_t expected = 0;
    if (const YamlNode* scope = map.Required("given"))
      ReadGiven(*scope, &given);
    if (map.Required("expect") != nullptr) {
      map.Choice("expect", kOutcomes, &expected);
    }
    if (issues_->error_count() != errors ||
        set_.rules[rule].root == cel::kNoOperand) {
      result->set_detail("the test cannot be read");
      return;
    }
    std::string why;
    const Outcome outcome = Evaluate(set_.rules[rule], given, &why);
    const absl::string_view name = kOutcomes[static_cast<size_t>(outcome)];
    result->set_passed(static_cast<size_t>(outcome) == expected);
    result->set_detail(absl::StrCat("expected ", kOutcomes[expected],
                                    ", came out ", name,
                                    why.empty() ? "" : ": ", why));
    if (!result->passed()) {
      issues_->Error(
          "TEST_FAILED", map.Get("expect")->offset,
          absl::StrCat("test ", result->index() + 1, ": ", result->detail()),
          absl::StrCat("correct the condition or what is given; or expect: ",
                       name));
    }
  }

  void ReadGiven(const YamlNode& node, Given* given) {
    const MapReader map(
        node, "given",
        {"movement", "container", "right", "party", "vessel", "route",
         "facility", "source", "usual", "lists", "aggregates"},
        issues_);
    const auto read = [&](absl::string_view key,
                          google::protobuf::Message* message) {
      const YamlNode* value = map.Get(key);
      if (value != nullptr) ReadMessage(*value, issues_, message);
    };
    read("movement", &given->movement);
    read("container", &given->container);
    read("right", &given->right);
    read("party", &given->party);
    read("vessel", &given->vessel);
    read("route", &given->route);
    read("facility", &given->facility);
    read("source", &given->source);
    read("usual", &given->usual);
    if (map.Get("aggregates") != nullptr) {
      static const auto* const none = new AggregateNames({});
      const AggregateNames* names =
          set_.aggregates == nullptr ? none : set_.aggregates.get();
      given->aggregates = names->NewValues();
      read("aggregates", given->aggregates.get());
    }
    const YamlNode* lists = map.Get("lists");
    if (lists == nullptr) return;
    for (size_t i = 0; i + 1 < lists->children.size(); i += 2) {
      ReadList(*lists, *lists->children[i], *lists->children[i + 1], given);
    }
  }

  void ReadList(const YamlNode& lists, const YamlNode& name,
                const YamlNode& entries, Given* given) {
    const auto stand_in = set_.environment.FindSet(name.text);
    if (lists.kind != YamlNode::Kind::kMap || stand_in == nullptr ||
        stand_in->source().empty() || entries.kind != YamlNode::Kind::kList) {
      issues_->Error("BAD_VALUE", name.offset,
                     "a test may give entries to the set's lists that have a "
                     "source",
                     "lists: {watched_boxes: [MSKU1234565]}");
      return;
    }
    std::vector<std::string> texts;
    for (const auto& entry : entries.children) {
      texts.emplace_back(entry->text);
      if (cel::NormaliseEntry(stand_in->type(), &texts.back())) continue;
      issues_->Error(
          "BAD_VALUE", entry->offset,
          absl::StrCat(
              "this is no ",
              cel::EntryTypeNames()[static_cast<size_t>(stand_in->type())]));
    }
    given->lists.push_back(std::make_shared<const cel::EntrySet>(
        stand_in->source(), stand_in->type(), texts));
  }

  // The sets of the program as a test has them; null where not given.
  std::vector<const cel::EntrySet*> SetsOf(const Given& given) const {
    std::vector<const cel::EntrySet*> sets;
    for (const auto& set : program_->sets) {
      sets.push_back(set->source().empty() ? set.get() : nullptr);
      for (const auto& list : given.lists) {
        if (list->name() == set->source() && list->type() == set->type()) {
          sets.back() = list.get();
        }
      }
    }
    return sets;
  }

  // `why` tells what decided, where that is not the condition's being false.
  Outcome Evaluate(const Rule& rule, const Given& given, std::string* why) {
    const v1::Movement& movement = given.movement;
    if (!rule.AppliesTo(movement.event())) {
      *why = absl::StrCat("the rule does not apply to ",
                          v1::Event_Name(movement.event()));
      return Outcome::kMiss;
    }
    if (movement.has_occurrence_time() &&
        !rule.valid.Covers(movement.occurrence_time().seconds())) {
      *why = "the rule is not valid at that time";
      return Outcome::kMiss;
    }
    GivenValues aggregates(given.aggregates.get());
    const std::vector<const cel::EntrySet*> sets = SetsOf(given);
    cel::ListContext lists;
    lists.sets = sets.data();
    lists.declared = &aggregates;
    if (movement.has_occurrence_time()) {
      lists.now_seconds = movement.occurrence_time().seconds();
    }
    state_.Begin(*program_, given.roots().data(), lists);
    const cel::Value value = state_.Evaluate(rule.root);
    if (value.is_unknown()) {
      *why = absl::StrCat(program_->paths[value.aux], " is missing");
    } else if (value.is_error()) {
      *why = value.s;
    }
    if (!value.is_decided()) return Outcome::kUnknown;
    return value.b ? Outcome::kHit : Outcome::kMiss;
  }

  const ParsedRuleSet& parsed_;
  const RuleSet& set_;
  Issues* const issues_;
  const std::shared_ptr<const cel::Program> program_;
  cel::EvalState state_;
};

}  // namespace

std::vector<v1::RuleTestResult> RunTests(const ParsedRuleSet& parsed,
                                         Issues* issues) {
  return Runner(parsed, issues).Run();
}

}  // namespace portrisk::scoring
