// Why not: the tree, the reasons around it, and the past as it was.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "service/explain_api.h"
#include "service/list_api.h"
#include "service/rule_api.h"
#include "tests/service/engine_fixture.h"

namespace portrisk::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kBox[] = "MSKU1234565";
constexpr char kOther[] = "TCLU4265783";
constexpr char kCaller[] = "development";

std::string Rules(absl::string_view condition, absl::string_view lines = "") {
  return absl::StrCat(
      "rule_set: s\nlayer: port\nowner: EU\n"
      "lists: {boxes: {type: container_number, source: watched}}\n"
      "rules:\n  - id: r\n    title: {en: A title, es: T, pt: T}\n"
      "    explain: {en: E, es: E, pt: E}\n    score: 100\n    when: >\n      ",
      condition, "\n", lines);
}

// "text=mark" of a node and its parts, ">" before what decided.
void Flatten(const v1::ExplainNode& node, std::vector<std::string>* out) {
  const char* marks[] = {"", "yes", "no", "?", "!", "."};
  out->push_back(absl::StrCat(node.decided() ? ">" : "", node.element(),
                              node.element().empty() ? "" : ": ", node.text(),
                              " = ", marks[node.truth()]));
  for (const auto& part : node.parts()) Flatten(part, out);
}

class ExplainTest : public EngineTest {
 protected:
  void SetUp() override { Open(); }

  uint64_t Activate(const std::string& yaml, uint32_t share_ppm = 0) {
    RuleApi rules(engine_.get(), true);
    v1::CreateRevisionRequest create;
    create.set_yaml(yaml);
    auto made = rules.Create(create, kCaller);
    EXPECT_TRUE(made.ok()) << made.status();
    v1::ChangeRevisionRequest change;
    change.set_revision(made->revision());
    change.set_without_replay("a test");
    EXPECT_TRUE(rules.Approve(change, kCaller).ok());
    change.set_share_ppm(share_ppm);
    auto active = rules.Activate(change, kCaller);
    EXPECT_TRUE(active.ok()) << active.status();
    return made->revision();
  }
  v1::ExplainResponse Explain(const std::string& id, uint64_t revision = 0) {
    v1::ExplainRequest request;
    request.set_source("terminal-1");
    request.set_movement_id(id);
    request.set_rule("r");
    request.set_revision(revision);
    auto response = ExplainApi(engine_.get()).Explain(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::ExplainResponse();
  }
  std::vector<std::string> Tree(const std::string& id) {
    std::vector<std::string> lines;
    Flatten(Explain(id).condition(), &lines);
    return lines;
  }
  static std::vector<std::string> CodesOf(const v1::ExplainResponse& response) {
    std::vector<std::string> codes;
    for (const auto& reason : response.reasons()) {
      codes.push_back(reason.code());
    }
    return codes;
  }
};

TEST_F(ExplainTest, MarksThePartThatDecided) {
  Activate(
      Rules("movement.event == GATE_IN && "
            "movement.container.load_status == EMPTY"));
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  EXPECT_THAT(
      Tree("1"),
      ElementsAre(">movement.event == GATE_IN && "
                  "movement.container.load_status == EMPTY = no",
                  "movement.event == GATE_IN = yes", "movement.event = .",
                  ">movement.container.load_status == EMPTY = no",
                  ">movement.container.load_status = ."));
  const v1::ExplainResponse response = Explain("1");
  EXPECT_EQ(response.recorded(), "no hit");
  EXPECT_EQ(response.title(), "A title");
  EXPECT_THAT(response.reasons(), IsEmpty());
  EXPECT_EQ(response.condition().parts(1).parts(0).value(), "FULL");
}

TEST_F(ExplainTest, NamesTheMissingFieldAndTheList) {
  Activate(
      Rules("movement.haulier.id == 'H1' || "
            "movement.container.number in boxes"));
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  v1::ExplainResponse response = Explain("1");
  EXPECT_EQ(response.recorded(), "not evaluated");
  EXPECT_EQ(response.condition().missing_field(), "movement.haulier.id");
  EXPECT_TRUE(response.condition().parts(0).decided());
  EXPECT_EQ(response.condition().parts(1).missing_field(), "watched");
  // The list came later; the movement is explained without it.
  ListApi lists(engine_.get());
  v1::LoadListRequest load;
  load.set_name("watched");
  load.set_type(v1::LIST_CONTAINER_NUMBER);
  load.set_owner("NL");
  load.set_csv(absl::StrCat("value,reason\n", kBox, ",seen\n"));
  ASSERT_TRUE(lists.Load(load, kCaller).ok());
  EXPECT_EQ(Explain("1").condition().parts(1).missing_field(), "watched");
  Score(engine_.get(), MakeMovement("2", v1::GATE_IN, kBox, 60));
  response = Explain("2");
  EXPECT_EQ(response.recorded(), "hit");
  EXPECT_THAT(response.condition().parts(1).value(),
              HasSubstr("list watched version 1"));
}

TEST_F(ExplainTest, ShowsElementsOfAMacro) {
  Activate(Rules("movement.seals.exists(s, s.number == 'S3')"));
  v1::Movement m = MakeMovement("1", v1::GATE_IN, kBox, 0);
  for (int i = 1; i <= 12; ++i) {
    m.add_seals()->set_number(absl::StrCat("S", i));
  }
  ASSERT_TRUE(Score(engine_.get(), m).status.ok());
  const v1::ExplainNode tree = Explain("1").condition();
  EXPECT_EQ(tree.truth(), v1::HOLDS);
  ASSERT_THAT(tree.parts(), SizeIs(1 + 8));
  EXPECT_EQ(tree.more_elements(), 4u);
  EXPECT_EQ(tree.parts(1).truth(), v1::FAILS);
  EXPECT_FALSE(tree.parts(1).decided());
  EXPECT_EQ(tree.parts(3).truth(), v1::HOLDS);
  EXPECT_TRUE(tree.parts(3).decided());
  EXPECT_EQ(tree.parts(3).parts(0).value(), "'S3'");
}

TEST_F(ExplainTest, ThePastIsAsItWasEvenWhenCorrectedSince) {
  Activate(Rules("container.previous.event == GATE_IN"));
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  Score(engine_.get(), MakeMovement("2", v1::GATE_OUT, kBox, 60));
  EXPECT_EQ(Explain("2").recorded(), "hit");
  // The first was of another box: a later movement no longer sees it.
  v1::Movement fixed = MakeMovement("1", v1::GATE_IN, kOther, 0);
  fixed.mutable_update_time()->set_seconds(1'790'000'500);
  ASSERT_TRUE(Score(engine_.get(), fixed).status.ok());
  EXPECT_EQ(Explain("2").condition().truth(), v1::HOLDS);
  Score(engine_.get(), MakeMovement("3", v1::GATE_IN, kBox, 30));
  const v1::ExplainResponse third = Explain("3");
  EXPECT_EQ(third.recorded(), "not evaluated");
  EXPECT_EQ(third.condition().truth(), v1::UNKNOWN_TRUTH);
  // After a restart, from the index instead of memory.
  Open();
  EXPECT_EQ(Explain("2").condition().truth(), v1::HOLDS);
  EXPECT_EQ(Explain("3").condition().truth(), v1::UNKNOWN_TRUTH);
}

// What is explained is what was answered, over a mixed history.
TEST_F(ExplainTest, AgreesWithEveryRecordedAnswer) {
  Activate(
      Rules("container.leg_in.elapsed_h < 2.0 && "
            "container.previous.facility != ''"));
  int hits = 0;
  for (int i = 0; i < 60; ++i) {
    const Answer answer = Score(
        engine_.get(),
        MakeMovement(absl::StrCat(i), i % 3 == 0 ? v1::GATE_IN : v1::GATE_OUT,
                     i % 2 == 0 ? kBox : kOther, (i * 7919) % 50 * 1800));
    ASSERT_TRUE(answer.status.ok());
    hits += answer.assessment().hits_size();
  }
  EXPECT_GT(hits, 5);
  for (int i = 0; i < 60; ++i) {
    const v1::ExplainResponse response = Explain(absl::StrCat(i));
    const v1::Truth truth = response.condition().truth();
    EXPECT_EQ(response.recorded(), truth == v1::HOLDS   ? "hit"
                                   : truth == v1::FAILS ? "no hit"
                                                        : "not evaluated")
        << i;
  }
}

TEST_F(ExplainTest, ACopyInADraftIsNotMeant) {
  Activate(Rules("movement.container.load_status == FULL"));
  ASSERT_TRUE(Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0))
                  .status.ok());
  std::string copy = Rules("true");
  copy.replace(copy.find("rule_set: s"), 11, "rule_set: t");
  v1::CreateRevisionRequest create;
  create.set_yaml(copy);
  RuleApi rules(engine_.get(), true);
  ASSERT_TRUE(rules.Create(create, kCaller).ok());
  EXPECT_EQ(Explain("1").rule_set(), "s");
  // Two in force that both judged it are told apart by their name alone.
  Activate(copy);
  ASSERT_TRUE(Score(engine_.get(), MakeMovement("2", v1::GATE_IN, kBox, 9))
                  .status.ok());
  v1::ExplainRequest request;
  request.set_source("terminal-1");
  request.set_movement_id("2");
  request.set_rule("r");
  const auto either = ExplainApi(engine_.get()).Explain(request);
  EXPECT_THAT(std::string(either.status().message()),
              HasSubstr("in s and in t"));
  request.set_rule_set("t");
  request.set_language("es");
  const auto one = ExplainApi(engine_.get()).Explain(request);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->title(), "T");
}

TEST_F(ExplainTest, TellsWhatOtherRevisionsDidToTheHit) {
  const std::string all = "movement.container.load_status == FULL";
  const uint64_t first =
      Activate(Rules(all,
                     "    suppressible: true\n"
                     "    breaker: {share: 0.05, window: 20}\n"));
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  Score(engine_.get(), MakeMovement("2", v1::GATE_IN, kOther, 0));
  Score(engine_.get(), MakeMovement("3", v1::GATE_OUT, kOther, 60));
  EXPECT_EQ(Explain("1").recorded(), "hit");
  EXPECT_THAT(CodesOf(Explain("3")), ElementsAre("BREAKER_TRIPPED"));
  EXPECT_EQ(Explain("3").recorded(), "hit in shadow");
  // The next revision concerns all units but a handful, or the other way.
  const uint64_t second = Activate(Rules(all), 999'999);
  Score(engine_.get(), MakeMovement("4", v1::GATE_IN, kBox, 120));
  EXPECT_EQ(Explain("4").revision(), second);
  EXPECT_THAT(CodesOf(Explain("4", first)), ElementsAre("OUTSIDE_THE_SHARE"));
}

TEST_F(ExplainTest, TellsReasonsOutsideOfTheCondition) {
  const uint64_t revision =
      Activate(Rules("movement.container.load_status == FULL",
                     "    applies_to: [GATE_OUT]\n"
                     "    valid: {until: 2026-01-01}\n"));
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  EXPECT_THAT(CodesOf(Explain("1")),
              ElementsAre("NOT_FOR_THIS_EVENT", "NOT_VALID_THEN"));
  v1::Movement planned = MakeMovement("2", v1::GATE_OUT, kBox, 0);
  planned.set_classifier(v1::PLANNED);
  ASSERT_TRUE(Score(engine_.get(), planned).status.ok());
  EXPECT_THAT(CodesOf(Explain("2")), testing::Contains("NOT_ACTUAL"));
  // A revision that came later.
  const uint64_t later =
      Activate(Rules("movement.container.load_status == FULL"));
  EXPECT_THAT(CodesOf(Explain("1", later)), ElementsAre("NOT_IN_FORCE"));
  EXPECT_THAT(Explain("1", later).reasons(0).text(),
              HasSubstr("was written after that movement and is ACTIVE now"));
  EXPECT_EQ(Explain("1").revision(), revision);
  // One that had gone.
  Score(engine_.get(), MakeMovement("3", v1::GATE_IN, kBox, 60));
  EXPECT_THAT(Explain("3", revision).reasons(),
              testing::Contains(testing::Property(
                  &v1::ExplainReason::text,
                  HasSubstr("was RETIRED at that movement and is RETIRED "
                            "now"))));
}

}  // namespace
}  // namespace portrisk::service
