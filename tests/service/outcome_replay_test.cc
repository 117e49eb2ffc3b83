// Movements, outcomes and decisions in one order give the same answers, byte
// for byte, from the smallest cache and the largest, across restarts and
// crashes; a fold from nothing agrees.
#include <algorithm>
#include <random>
#include <variant>

#include "absl/strings/escaping.h"
#include "tests/service/outcome_fixture.h"

namespace portrisk::service {
namespace {

// Its evidence shows what each rate said.
constexpr char kReadsAllFinds[] = R"(
    when: >
      movement.event in [GATE_IN, GATE_OUT, LOAD, DISCHARGE] ||
      route.finds.controls > 0 || route.finds.rate > 0.0 ||
      route.origin_finds.finds > 0 || route.origin_finds.lift > 0.0 ||
      route.commodity_finds.recent_controls > 0.0 ||
      route.chapter_finds.recent_finds > 0.0 ||
      facility.finds.rate > 0.0 || party.consignee_finds.lift > 0.0
    score: 10
)";

using Step = std::variant<v1::Movement, v1::Outcome, v1::Decision>;

class OutcomeReplayTest : public OutcomeTest {
 protected:
  // A little of everything: repeats, corrections, retractions, conflicts,
  // late controls and controls of boxes that nobody knows.
  static std::vector<Step> History(uint32_t seed) {
    std::mt19937 random(seed);
    const auto pick = [&](uint32_t n) { return random() % n; };
    const v1::Event events[] = {v1::GATE_IN, v1::GATE_OUT, v1::LOAD,
                                v1::DISCHARGE, v1::MANIFEST_LODGED};
    const char* places[] = {"NLRTM", "BEANR", "BRSSZ"};
    std::vector<Step> history;
    for (int i = 0; i < 1500; ++i) {
      const uint32_t kind = pick(5);
      if (kind == 0) {
        v1::Outcome outcome = MakeOutcome(
            absl::StrCat("o", pick(200)), Number(pick(60)), pick(9'000'000),
            static_cast<v1::ControlResult>(1 + pick(3)));
        outcome.set_locode(places[pick(3)]);
        if (pick(3) == 0) outcome.clear_facility();
        if (pick(6) == 0) {
          outcome.mutable_assessment()->set_source("terminal-1");
          outcome.mutable_assessment()->set_movement_id(
              absl::StrCat("m", pick(900)));
          outcome.clear_container_number();
        }
        outcome.set_retraction(pick(12) == 0);
        history.push_back(UpdatedAt(outcome, i));
      } else if (kind == 1) {
        v1::Decision decision = MakeDecision(
            absl::StrCat("d", pick(200)), absl::StrCat("m", pick(900)),
            pick(2) ? v1::ACCEPT : v1::OVERRIDE);
        decision.set_retraction(pick(12) == 0);
        history.push_back(UpdatedAt(decision, i));
      } else {
        v1::Movement m =
            MakeMovement(absl::StrCat("m", pick(900)), events[pick(5)],
                         Number(pick(60)), pick(9'000'000));
        m.mutable_location()->set_locode(places[pick(3)]);
        m.mutable_consignee()->set_id(absl::StrCat("C", pick(9)));
        m.mutable_consignment()->set_loading_locode(places[pick(3)]);
        m.mutable_consignment()->set_discharge_locode(places[pick(3)]);
        m.mutable_consignment()->set_commodity(pick(2) ? "0803" : "2009");
        m.set_retraction(pick(20) == 0);
        history.push_back(UpdatedAt(m, i));
      }
      if (pick(15) == 0) history.push_back(history[pick(history.size())]);
    }
    return history;
  }

  template <typename Recorded>
  std::string Kept(const absl::StatusOr<Recorded>& recorded) {
    if (!recorded.ok()) return std::string(recorded.status().message());
    ++kept_;
    return recorded->SerializeAsString();
  }
  std::string Play(const Step& step) {
    if (const auto* outcome = std::get_if<v1::Outcome>(&step)) {
      return Kept(Record(*outcome));
    }
    if (const auto* decision = std::get_if<v1::Decision>(&step)) {
      return Kept(Record(*decision));
    }
    const Answer answer = Score(engine_.get(), std::get<v1::Movement>(step));
    if (!answer.status.ok()) return std::string(answer.status.message());
    const v1::Assessment assessment = answer.assessment();
    for (const v1::Hit& hit : assessment.hits()) {
      evidence_ += hit.evidence_size();
    }
    return answer.bytes;
  }

  enum class End { kOrderly, kCrash };

  std::vector<std::string> Live(size_t cache, size_t end_every, End end) {
    lives_ += 1000;  // A store of its own.
    StartWith(cache);
    Activate(Document("all", "common", "", kReadsAllFinds));
    std::vector<std::string> answers;
    const std::vector<Step> history = History(20261125);
    for (size_t i = 0; i < history.size(); ++i) {
      if (end_every > 0 && i > 0 && i % end_every == 0) {
        if (end == End::kOrderly) {
          engine_.reset();
        } else {
          // Lives that crash checkpoint at their end alone, so that a copy is
          // one of a single moment.
          CopyToNextLife();
        }
        StartWith(cache);
      }
      answers.push_back(Play(history[i]));
    }
    ExpectVerified();
    return answers;
  }

  // The first step whose answer differs; empty when none does.
  static std::string Difference(const std::vector<std::string>& a,
                                const std::vector<std::string>& b) {
    EXPECT_EQ(a.size(), b.size());
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      if (a[i] != b[i]) {
        return absl::StrCat("step ", i, ":\n", absl::CHexEscape(a[i]), "\n",
                            absl::CHexEscape(b[i]));
      }
    }
    return "";
  }

  int kept_ = 0;
  int evidence_ = 0;
};

TEST_F(OutcomeReplayTest, CachesRestartsAndCrashesChangeNoAnswer) {
  const auto steady = Live(1'000'000, 0, End::kOrderly);
  EXPECT_GT(kept_, 400) << "most outcomes and decisions must be admitted";
  EXPECT_GT(evidence_, 4'000) << "the rates must have something to say";
  EXPECT_EQ(Difference(Live(1, 0, End::kOrderly), steady), "");
  EXPECT_EQ(Difference(Live(1, 240, End::kOrderly), steady), "");
  EXPECT_EQ(Difference(Live(1'000'000, 400, End::kCrash), steady), "");
}

}  // namespace
}  // namespace portrisk::service
