// The same history of movements and changes gives the same assessments, byte
// for byte, whether the engine lived through it or crashed and folded its
// journal again and again; and a fold from nothing agrees.
#include <random>
#include <set>

#include "absl/strings/str_replace.h"
#include "tests/service/selection_fixture.h"

namespace portrisk::service {
namespace {

class RuleReplayTest : public SelectionTest,
                       public testing::WithParamInterface<uint32_t> {
 protected:
  // One step of a history, decided by the generator alone.
  void Step(std::mt19937* random) {
    const uint32_t choice = (*random)() % 40;
    const uint32_t value = (*random)();
    switch (choice) {
      case 0:
        return ChangeRules(value);
      case 1:
        (void)Rollback();  // There may be nothing to roll back.
        return;
      case 2:
        return LoadList(value);
      case 3:
        return ChangeShare(value);
      case 4:
        return ResetBreakers();
      case 5:
      case 6:
        return ChangeProfile(value);
      case 7:
      case 8:
      case 9:
        // There may be nothing to take.
        taken_ += TakeWorklist(Around(movements_ * 20, value % 40 + 1)).ok();
        return;
      default:
        ScoreSome(value);
    }
  }

  std::string Rules(uint32_t value) const {
    return absl::StrCat("rule_set: s\nlayer: common\nowner: EU\n", kWatched,
                        "rules:\n"
                        "  - id: listed\n    title: {en: T, es: T, pt: T}\n"
                        "    explain: {en: E, es: E, pt: E}\n    score: ",
                        10 + value % 50,
                        "\n    when: movement.container.number in boxes\n"
                        "    suppressible: true\n"
                        "  - id: noisy\n    title: {en: T, es: T, pt: T}\n"
                        "    explain: {en: E, es: E, pt: E}\n    score: 1\n"
                        "    when: movement.container.load_status == FULL\n"
                        "    applies_to: [GATE_IN]\n    breaker: {share: 0.",
                        1 + value % 9, ", window: 20}\n");
  }

  void ChangeRules(uint32_t value) {
    const uint64_t revision = Approve(Rules(value));
    const uint32_t share = value % 3 == 0 ? 100'000 + value % 800'000 : 0;
    // Refused while another roll-out is under way: in every life alike.
    auto active = value % 7 == 0
                      ? rules_->Shadow(Change(revision), kCaller)
                      : rules_->Activate(Change(revision, share), kCaller);
    if (active.ok()) latest_ = revision;
  }

  void ChangeProfile(uint32_t value) {
    PutInForce(Profile(absl::StrCat(
        "scores: {yellow: ", 1 + value % 40, "}\nrandom: {rate: ", value % 50,
        "%}\ntop_up: {score_min: 0}\n",
        value % 2 == 0 ? "places: [{place: NLRTM/ECTDELTA, scores: {orange: "
                         "45}}]\n"
                       : "")));
  }

  void ChangeShare(uint32_t value) {
    if (latest_ == 0) return;
    (void)rules_->Share(Change(latest_, 1 + value % 1'000'000), kCaller);
  }

  void LoadList(uint32_t value) {
    std::string csv = "value,reason,expires\n";
    for (uint32_t i = value % 5; i < 40; i += 1 + value % 3) {
      absl::StrAppend(&csv, Number(static_cast<int>(i)), ",r,",
                      i % 2 == 0 ? "" : "2026-09-21T14:33:20Z", "\n");
    }
    ASSERT_TRUE(Load(csv).ok());
  }

  void ResetBreakers() {
    if (latest_ == 0) return;
    v1::ResetBreakerRequest reset;
    reset.set_revision(latest_);
    reset.set_rule("noisy");
    reset.set_note("looked at");
    (void)rules_->ResetBreaker(reset, kCaller);  // It may not have tripped.
  }

  void ScoreSome(uint32_t value) {
    std::vector<v1::Movement> movements;
    for (uint32_t i = 0; i <= value % 4; ++i) {
      ++movements_;
      movements.push_back(MakeMovement(
          absl::StrCat("m", movements_),
          (value >> i) % 3 == 0 ? v1::GATE_OUT : v1::GATE_IN,
          Number(static_cast<int>((value / 7 + i) % 40)), movements_ * 20));
    }
    for (const Answer& answer : ScoreAll(engine_.get(), movements)) {
      ASSERT_TRUE(answer.status.ok()) << answer.status;
      answers_.push_back(answer.bytes);
      const v1::Assessment assessment = answer.assessment();
      hits_ += assessment.hits_size();
      topped_up_ += assessment.unit().channel() == v1::CAPACITY;
      profiles_.insert(assessment.profile());
      for (const v1::Hit& hit : assessment.hits()) {
        suppressed_ += hit.suppressed_by_size();
      }
    }
  }

  // Lives through the history; crashes before every n-th step, never for 0.
  std::vector<std::string> Live(uint32_t seed, int crash_every) {
    answers_.clear();
    movements_ = 0;
    latest_ = 0;
    lives_ += 1000;  // A store of its own.
    Start();
    std::mt19937 random(seed);
    latest_ = Activate(Rules(1));
    LoadList(1);
    Activate(Document("p", "port",
                      "suppressions: [{rule_set: s, rule: listed, reason: a, "
                      "until: 2030-01-01, when: \"movement.event == "
                      "GATE_OUT\"}]\n",
                      "    when: movement.id == 'none'\n    score: 1\n"));
    for (int step = 0; step < 150; ++step) {
      if (crash_every > 0 && step % crash_every == crash_every - 1) Restart();
      Step(&random);
    }
    trips_ += engine_->breaker_trips();
    ExpectVerified();
    return answers_;
  }

  uint64_t latest_ = 0;
  int hits_ = 0;
  int suppressed_ = 0;
  uint64_t trips_ = 0;
  int taken_ = 0;
  int topped_up_ = 0;
  std::set<std::string> profiles_;
  std::vector<std::string> answers_;
};

TEST_P(RuleReplayTest, CrashesChangeNoAnswer) {
  SCOPED_TRACE(absl::StrCat("seed ", GetParam()));
  const std::vector<std::string> steady = Live(GetParam(), 0);
  EXPECT_GT(steady.size(), 100u);
  EXPECT_GT(hits_, 100) << "the history must be a rich one";
  EXPECT_GT(suppressed_, 0);
  EXPECT_GT(trips_, 0u);
  EXPECT_GT(taken_, 0);
  EXPECT_GT(topped_up_, 0);
  EXPECT_GT(profiles_.size(), 2u);
  EXPECT_EQ(Live(GetParam(), 20), steady);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RuleReplayTest, testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace portrisk::service
