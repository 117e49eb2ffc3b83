// The index changes cost and nothing else: what a programme answers is what a
// plain walk over every rule answers, hits, missing fields and errors alike.
#include "scoring/rule_index.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scoring/cel/naive.h"
#include "scoring/programme.h"
#include "scoring/rule_set.h"
#include "scoring/statistics.h"

namespace portrisk::scoring {
namespace {

using google::protobuf::Message;

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  int Below(int n) {
    return std::uniform_int_distribution<int>(0, n - 1)(random_);
  }
  std::string Pick(const std::vector<std::string>& from) {
    return from[Below(static_cast<int>(from.size()))];
  }

  std::string Text() {
    return Pick({"", "A", "AB", "NLRTM", "NLAMS", "NLRTMX99", "NLRTMX99A",
                 "NLRTMX99B", "Z", "\xC3\xA9"});
  }
  std::string Number() {
    return Pick({"-1", "0", "1", "2", "19999", "20000", "20001", "2147483647"});
  }
  std::string Time() {
    return Pick({"2026-05-01T00:00:00Z", "2026-05-01T00:00:00.5Z",
                 "2026-05-01T00:00:01Z", "2026-07-01T12:00:00Z"});
  }
  std::string Compare() { return Pick({"<", "<=", ">", ">=", "==", "!="}); }

  std::string Atom() {
    const std::string text =
        Pick({"movement.location.locode", "movement.transport.carrier_code",
              "movement.haulier.id", "container.previous.locode"});
    const std::string number =
        Pick({"movement.weights.gross_kg", "movement.consignment.packages",
              "(movement.weights.vgm_kg - movement.weights.gross_kg)",
              "double(movement.weights.gross_kg)"});
    const std::string time = "movement.occurrence_time";
    switch (Below(14)) {
      case 0:
        return absl::StrCat(text, " ", Compare(), " '", Text(), "'");
      case 1:
        return absl::StrCat("'", Text(), "' ", Compare(), " ", text);
      case 2:
        return absl::StrCat(text, " in ['", Text(), "', '", Text(), "']");
      case 3:
        return absl::StrCat(text, ".startsWith('", Text(), "')");
      case 4:
      case 5:
        return absl::StrCat(number, " ", Compare(), " ", Number(),
                            number[0] == 'd' ? ".0" : "");
      case 6:
        return absl::StrCat(Number(), " ", Compare(),
                            " movement.weights.gross_kg");
      case 7:
        return absl::StrCat(time, " ", Compare(), " timestamp('", Time(), "')");
      case 8:
        return absl::StrCat("movement.weights.gross_kg in [", Number(), ", ",
                            Number(), "]");
      case 9:
        return absl::StrCat("movement.event ", Pick({"==", "!="}), " ",
                            Pick({"GATE_IN", "GATE_OUT", "LOAD"}));
      case 10:
        return Pick({"movement.consignment.consolidated",
                     "movement.consignment.consolidated == false",
                     "has(movement.haulier.id)", "has(container.previous)"});
      case 11:
        return absl::StrCat(text, " in listed");
      case 12:
        return absl::StrCat("100 / movement.consignment.packages ", Compare(),
                            " 50");
      default:
        return absl::StrCat("movement.haulier.id ", Compare(),
                            " movement.transport.carrier_code");
    }
  }

  std::string Condition(int depth) {
    if (depth == 0) return Atom();
    switch (Below(6)) {
      case 0:
        return absl::StrCat("!(", Condition(depth - 1), ")");
      case 1:
      case 2:
        return absl::StrCat("(", Condition(depth - 1), " || ",
                            Condition(Below(depth)), ")");
      case 3:
        return absl::StrCat("(", Atom(), " ? ", Condition(Below(depth)), " : ",
                            Condition(depth - 1), ")");
      default:
        return absl::StrCat("(", Condition(depth - 1), " && ",
                            Condition(depth - 1), ")");
    }
  }

  v1::Movement Movement() {
    v1::Movement m;
    const auto some = [&] { return Below(3) != 0; };
    if (some()) {
      m.set_event(std::vector{v1::GATE_IN, v1::GATE_OUT, v1::LOAD}[Below(3)]);
    }
    if (some()) m.mutable_location()->set_locode(Text());
    if (some()) m.mutable_transport()->set_carrier_code(Text());
    if (some()) m.mutable_haulier()->set_id(Text());
    if (some()) m.mutable_weights()->set_gross_kg(std::stoi(Number()));
    if (some()) m.mutable_weights()->set_vgm_kg(std::stoi(Number()));
    if (some()) m.mutable_consignment()->set_packages(std::stoi(Number()));
    if (some()) m.mutable_consignment()->set_consolidated(Below(2) == 0);
    if (some()) {
      m.mutable_occurrence_time()->set_seconds(1777593600 + Below(3));
      m.mutable_occurrence_time()->set_nanos(Below(2) * 500'000'000);
    }
    return m;
  }

  v1::ContainerView View() {
    v1::ContainerView view;
    if (Below(2) == 0) {
      view.mutable_previous()->set_locode(Text());
    }
    return view;
  }

 private:
  std::mt19937_64 random_;
};

// "hit r1", "r2 lacks movement.haulier.id", "r3 fails: divide by zero".
std::vector<std::string> Plainly(const RuleSet& set, const v1::Movement& m,
                                 const Message* const* roots) {
  std::vector<std::string> answers;
  for (const Rule& rule : set.rules) {
    if (!rule.AppliesTo(m.event())) continue;
    cel::Diagnostics ignored;
    const cel::Checked checked =
        cel::CheckCondition(rule.source, set.environment, &ignored);
    const cel::NaiveValue value =
        cel::EvaluateNaively(*checked.expr, set.environment, roots);
    if (const auto* unknown = value.As<cel::NaiveValue::Unknown>()) {
      answers.push_back(absl::StrCat(rule.id, " lacks ", unknown->path));
    } else if (const auto* error = value.As<cel::NaiveValue::Error>()) {
      answers.push_back(absl::StrCat(rule.id, " fails: ", error->text));
    } else if (*value.As<bool>()) {
      answers.push_back(absl::StrCat("hit ", rule.id));
    }
  }
  std::sort(answers.begin(), answers.end());
  return answers;
}

std::vector<std::string> Answers(const v1::Assessment& assessment) {
  std::vector<std::string> answers;
  for (const v1::Hit& hit : assessment.hits()) {
    answers.push_back(absl::StrCat("hit ", hit.rule()));
  }
  for (const v1::NotEvaluated& one : assessment.not_evaluated()) {
    answers.push_back(
        one.error().empty()
            ? absl::StrCat(one.rule(), " lacks ", one.missing_field())
            : absl::StrCat(one.rule(), " fails: ", one.error()));
  }
  std::sort(answers.begin(), answers.end());
  return answers;
}

std::string RuleSetOf(Generator* generator, int rules,
                      absl::string_view listed = "NLRTM, A") {
  std::string yaml = absl::StrCat(
      "rule_set: made\nlayer: common\nowner: test\n",
      "lists: {listed: {type: text, entries: [", listed, "]}}\nrules:\n");
  for (int i = 0; i < rules; ++i) {
    const std::string events =
        generator->Pick({"", "", "[GATE_IN]", "[GATE_OUT, LOAD]"});
    absl::StrAppend(&yaml, "  - {id: r", i, ", title: {en: t}, score: 1",
                    events.empty() ? "" : ", applies_to: ", events,
                    ", explain: {en: e}, when: \"",
                    generator->Condition(generator->Below(4)), "\"}\n");
  }
  return yaml;
}

class RuleIndexTest : public testing::TestWithParam<int> {};

TEST_P(RuleIndexTest, AnswersLikeAPlainWalk) {
  const int seed = GetParam();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  Generator generator(static_cast<uint64_t>(seed));
  const std::string yaml = RuleSetOf(&generator, seed % 3 == 0 ? 3 : 1500);
  const CheckResult checked = CheckRuleSet(yaml, "made.yaml");
  ASSERT_NE(checked.rule_set, nullptr)
      << (checked.issues.empty() ? "" : checked.issues[0].DebugString());
  // Half of the seeds lay the index out for what movements look like.
  StatisticsBuilder seen;
  for (int i = 0; i < 500; ++i) seen.Add(generator.Movement());
  const v1::Statistics statistics = seen.Take(500);
  const v1::Statistics known = seed % 2 == 0 ? statistics : v1::Statistics();
  const auto programme = *Programme::Compile({{1, checked.rule_set}}, known);
  // Behind another one, with which it has much in common.
  const CheckResult other = CheckRuleSet(
      RuleSetOf(&generator, seed % 2 == 0 ? 20 : 1600, "BEANR"), "other.yaml");
  ASSERT_NE(other.rule_set, nullptr);
  const auto together = *Programme::CompileTogether(
      {{{2, other.rule_set}}, {{1, checked.rule_set}}}, known);
  EvalScratch scratch;
  EvalScratch shared;
  size_t hits = 0;
  for (int i = 0; i < 120; ++i) {
    const v1::Movement movement = generator.Movement();
    const v1::ContainerView container = generator.View();
    const v1::RightView right;
    v1::Assessment assessment;
    programme->Evaluate({&movement, &container, &right}, &scratch, &assessment);
    const Message* roots[cel::kRuleRoots] = {&movement, &container, &right};
    ASSERT_EQ(Answers(assessment), Plainly(*checked.rule_set, movement, roots))
        << movement.DebugString();
    hits += static_cast<size_t>(assessment.hits_size());
    v1::Assessment first;
    v1::Assessment second;
    together[0]->Evaluate({&movement, &container, &right}, &shared, &first);
    ASSERT_EQ(Answers(first), Plainly(*other.rule_set, movement, roots));
    together[1]->EvaluateAlso({&movement, &container, &right}, &shared,
                              &second);
    ASSERT_EQ(second.SerializeAsString(), assessment.SerializeAsString());
  }
  EXPECT_GT(hits, 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RuleIndexTest, testing::Range(1, 13));

// 20,000 rules, of which a movement concerns a handful.
TEST(RuleIndexTest, LeavesMostRulesAlone) {
  std::string yaml = "rule_set: made\nlayer: common\nowner: test\nrules:\n";
  for (int i = 0; i < 20'000; ++i) {
    absl::StrAppend(&yaml, "  - {id: r", i,
                    ", title: {en: t}, score: 1, explain: {en: e}, when: \"",
                    "movement.weights.gross_kg > ", i % 200 * 100,
                    " && movement.weights.gross_kg <= ", i % 200 * 100 + 100,
                    " && movement.location.locode == 'L", i / 200, "'\"}\n");
  }
  const CheckResult checked = CheckRuleSet(yaml, "made.yaml");
  ASSERT_NE(checked.rule_set, nullptr);
  std::vector<IndexedRule> rules;
  for (const Rule& rule : checked.rule_set->rules) {
    rules.push_back({rule.root, {}});
  }
  const auto& program = checked.rule_set->program;
  const RuleIndex index(*program, rules);
  EXPECT_EQ(index.attribute_count(), 2u);
  v1::Movement movement;
  movement.mutable_location()->set_locode("L7");
  movement.mutable_weights()->set_gross_kg(5'050);
  const v1::ContainerView container;
  const v1::RightView right;
  const Message* roots[cel::kRuleRoots] = {&movement, &container, &right};
  cel::EvalState state;
  state.Begin(*program, roots);
  Candidates candidates;
  index.Select(v1::GATE_IN, &state, &candidates);
  EXPECT_EQ(candidates.rules().size(), 1u);
  ASSERT_FALSE(candidates.rules().empty());
  EXPECT_EQ(candidates.rules()[0], 7u * 200 + 50);
}

}  // namespace
}  // namespace portrisk::scoring
