// Rules that read every view give the same assessments, byte for byte, from the
// smallest cache and the largest, across crashes; a fold from nothing agrees;
// and an explanation sees the past as the movement did.
#include <random>

#include "service/explain_api.h"
#include "tests/service/rule_life_fixture.h"

namespace portrisk::service {
namespace {

// Nearly always hits; its evidence shows what each view said.
constexpr char kReadsAll[] = R"(
    when: >
      movement.event in [GATE_IN, GATE_OUT, LOAD, DISCHARGE] ||
      container.whereabouts == OUTSIDE || container.open_voyages > 1 ||
      container.declared.discharge_locode == 'X' || container.dwell_h > 1.0 ||
      right.use.haulier.id == right.use.nominated.id ||
      right.use.orphan_queries > 0 || right.queries > 0 || right.changes > 0 ||
      party.haulier.movements > 0 || party.haulier.gap_h > 0.0 ||
      party.consignee.age_h > 0.0 || party.trade.movements > 0 ||
      party.haulier_plate.movements > 0 || party.account.movements > 0 ||
      party.actor_device.movements > 0 || party.consignee_port.movements > 0 ||
      vessel.profile.movements > 0 || vessel.voyage_loaded > 0 ||
      vessel.last_call_elsewhere.locode == 'X' ||
      route.pair.movements > 0 || route.commodity.gap_h > 0.0 ||
      facility.profile.movements > 0 || facility.risky_boxes > 0 ||
      facility.near_twin == 'X'
    score: 10
)";

class EntityRulesTest : public RuleLifeTest {
 protected:
  static std::vector<v1::Movement> History(uint32_t seed) {
    std::mt19937 random(seed);
    const auto pick = [&](uint32_t n) { return random() % n; };
    const v1::Event events[] = {v1::GATE_IN,    v1::GATE_OUT,
                                v1::LOAD,       v1::DISCHARGE,
                                v1::YARD_MOVE,  v1::MANIFEST_LODGED,
                                v1::STOW_PLAN,  v1::CUSTOMS_SELECTED,
                                v1::BOOKING,    v1::PICKUP_RIGHT_ISSUED,
                                v1::DISPOSAL,   v1::PICKUP_RIGHT_NOMINATED,
                                v1::INSPECTION, v1::PICKUP_RIGHT_QUERIED};
    const char* places[] = {"NLRTM", "BEANR", "BRSSZ"};
    std::vector<v1::Movement> history;
    for (int i = 0; i < 1200; ++i) {
      v1::Movement m =
          MakeMovement(absl::StrCat("m", pick(1000)), events[pick(14)],
                       Number(pick(60)), pick(9'000'000));
      m.mutable_location()->set_locode(places[pick(3)]);
      m.mutable_location()->set_yard_position(absl::StrCat("A", pick(20)));
      m.mutable_haulier()->set_id(absl::StrCat("H", pick(9)));
      m.mutable_consignee()->set_id(absl::StrCat("C", pick(60)));
      m.mutable_shipper()->set_name(absl::StrCat("Shipper ", pick(9)));
      m.mutable_transport()->set_vessel_imo(absl::StrCat(9'000'000 + pick(5)));
      m.mutable_transport()->set_voyage(absl::StrCat("V", pick(3)));
      m.mutable_transport()->set_plate(absl::StrCat("P", pick(30)));
      m.mutable_consignment()->set_loading_locode(places[pick(3)]);
      m.mutable_consignment()->set_discharge_locode(places[pick(3)]);
      m.mutable_consignment()->set_commodity(pick(2) ? "0803" : "2009");
      v1::PickupRight& right = *m.mutable_pickup_right();
      right.mutable_actor()->set_id(absl::StrCat("F", pick(6)));
      right.mutable_actor()->set_account(absl::StrCat("A", pick(20)));
      right.mutable_actor()->set_device(absl::StrCat("D", pick(20)));
      right.mutable_nominee()->set_id(absl::StrCat("H", pick(9)));
      m.mutable_update_time()->set_seconds(1'790'000'000 + i);
      m.set_retraction(pick(20) == 0);
      history.push_back(std::move(m));
    }
    return history;
  }

  enum class End { kOrderly, kCrash };

  std::vector<std::string> Live(size_t cache, size_t end_every, End end) {
    lives_ += 1000;  // A store of its own.
    StartWith(cache);
    Activate(Document("all", "common", "", kReadsAll));
    std::vector<std::string> answers;
    const std::vector<v1::Movement> history = History(20261125);
    for (size_t i = 0; i < history.size(); i += 20) {
      if (end_every > 0 && i > 0 && i % end_every == 0) {
        if (end == End::kOrderly) {
          engine_.reset();
        } else {
          // A copy is only that of one moment while nothing is written behind,
          // so lives that crash checkpoint at their end alone.
          CopyToNextLife();
        }
        StartWith(cache);
      }
      for (const Answer& answer :
           ScoreAll(engine_.get(),
                    {history.begin() + i, history.begin() + i + 20})) {
        EXPECT_TRUE(answer.status.ok()) << answer.status;
        answers.push_back(answer.bytes);
        evidence_ += answer.assessment().hits_size() > 0
                         ? answer.assessment().hits(0).evidence_size()
                         : 0;
      }
    }
    ExpectVerified();
    return answers;
  }

  int evidence_ = 0;
};

TEST_F(EntityRulesTest, CachesAndCrashesChangeNoAnswer) {
  const auto steady = Live(1'000'000, 0, End::kOrderly);
  EXPECT_GT(evidence_, 15'000) << "the views must have something to say";
  EXPECT_TRUE(Live(1, 0, End::kOrderly) == steady);
  EXPECT_TRUE(Live(1, 240, End::kOrderly) == steady);
  EXPECT_TRUE(Live(1'000'000, 300, End::kCrash) == steady);
}

TEST_F(EntityRulesTest, AnExplanationSeesThePastOfEveryKind) {
  Activate(Document("s", "common", "",
                    "    when: party.haulier.movements == 1 && "
                    "facility.profile.movements == 2\n    score: 10\n"));
  const auto movement = [](const char* id, const char* number, int64_t time) {
    v1::Movement m = MakeMovement(id, v1::GATE_OUT, number, time);
    m.mutable_haulier()->set_id("NL-100");
    return m;
  };
  v1::Movement other = movement("0", "MSKU0000001", 0);
  other.mutable_haulier()->set_id("NL-999");
  Score(engine_.get(), other);
  Score(engine_.get(), movement("1", "MSKU1234565", 10));
  v1::Movement second = movement("2", "TEMU7777777", 20);
  EXPECT_EQ(Score(engine_.get(), second).assessment().hits_size(), 1);
  // A correction is compared with the others, not with what it corrects.
  second.mutable_update_time()->set_seconds(5);
  EXPECT_EQ(Score(engine_.get(), second).assessment().hits_size(), 1);
  Score(engine_.get(), movement("3", "MSKU1234565", 15));
  v1::ExplainRequest request;
  request.set_source("terminal-1");
  request.set_movement_id("2");
  request.set_rule("r");
  auto response = ExplainApi(engine_.get()).Explain(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->recorded(), "hit");
  EXPECT_EQ(response->condition().truth(), v1::HOLDS)
      << response->DebugString();
}

}  // namespace
}  // namespace portrisk::service
