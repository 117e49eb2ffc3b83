#include "scoring/rule_set_cases.h"

#include "absl/strings/str_cat.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/cel/eval.h"
#include "scoring/cel/program.h"
#include "scoring/rule_set_reader.h"

namespace portrisk::scoring {
namespace {

enum class Outcome : uint8_t { kHit, kMiss, kUnknown };
const std::vector<std::string>& OutcomeNames() {
  static const auto* const names =
      new std::vector<std::string>{"hit", "miss", "unknown"};
  return *names;
}

struct Given {
  v1::Movement movement;
  v1::ContainerView container;
  v1::RightView right;
};

class Runner {
 public:
  Runner(const ParsedRuleSet& parsed, Issues* issues)
      : parsed_(parsed), set_(*parsed.rule_set), issues_(issues) {
    cel::Compiler compiler(set_.environment);
    for (const Rule& rule : set_.rules) {
      roots_.push_back(rule.condition.expr == nullptr
                           ? cel::kNoOperand
                           : compiler.Add(*rule.condition.expr));
    }
    program_ = compiler.Finish();
  }

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
      map.Choice("expect", OutcomeNames(), &expected);
    }
    if (issues_->error_count() != errors || roots_[rule] == cel::kNoOperand) {
      result->set_detail("the test cannot be read");
      return;
    }
    std::string why;
    const Outcome outcome =
        Evaluate(set_.rules[rule], roots_[rule], given, &why);
    const std::string& name = OutcomeNames()[static_cast<size_t>(outcome)];
    result->set_passed(static_cast<size_t>(outcome) == expected);
    result->set_detail(absl::StrCat("expected ", OutcomeNames()[expected],
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
    const MapReader map(node, "given", {"movement", "container", "right"},
                        issues_);
    const auto read = [&](absl::string_view key,
                          google::protobuf::Message* message) {
      const YamlNode* value = map.Get(key);
      if (value != nullptr) ReadMessage(*value, issues_, message);
    };
    read("movement", &given->movement);
    read("container", &given->container);
    read("right", &given->right);
  }

  // `why` tells what decided, where that is not the condition's being false.
  Outcome Evaluate(const Rule& rule, uint32_t root, const Given& given,
                   std::string* why) {
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
    const google::protobuf::Message* roots[] = {&movement, &given.container,
                                                &given.right};
    state_.Begin(*program_, roots);
    const cel::Value value = state_.Evaluate(root);
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
  std::vector<uint32_t> roots_;
  std::shared_ptr<const cel::Program> program_;
  cel::EvalState state_;
};

}  // namespace

std::vector<v1::RuleTestResult> RunTests(const ParsedRuleSet& parsed,
                                         Issues* issues) {
  return Runner(parsed, issues).Run();
}

}  // namespace portrisk::scoring
