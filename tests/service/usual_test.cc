// What is usual, through the engine: counted as movements come, taken out again
// by corrections, the same bytes whatever the cache and the crashes.
#include <algorithm>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "service/history_api.h"
#include "tests/service/rule_life_fixture.h"

namespace portrisk::service {
namespace {

constexpr int64_t kHour = 3600;

constexpr char kReadsAll[] = R"(
    when: >
      movement.event in [GATE_IN, GATE_OUT, LOAD, DISCHARGE, SCAN, MANIFEST_LODGED] ||
      usual.dwell.as_long < 0.0 || usual.dwell_of_commodity.robust_z > 99.0 ||
      usual.collection.median_h < 0.0 || usual.collection_of_issuer.p01_h < 0.0 ||
      usual.after_look_up.p05_h < 0.0 || usual.absence.p99_h < 0.0 ||
      usual.scan_detour.count < 0 || usual.travel.as_short < 0.0 ||
      usual.itinerary.probability < 0.0 || usual.itinerary.least < 0.0
    score: 10
)";

class UsualTest : public RuleLifeTest {
 protected:
  v1::GetEntityResponse Facility() {
    v1::GetEntityRequest request;
    request.mutable_facility()->set_locode("nlrtm");
    request.mutable_facility()->set_facility("ECTDELTA");
    return *HistoryApi(engine_.get()).GetEntity(request);
  }
  static const v1::Spread* Find(const v1::GetEntityResponse& response,
                                const std::string& name) {
    for (const v1::SpreadReading& reading : response.spreads()) {
      if (reading.name() == name) return &reading.spread();
    }
    return nullptr;
  }
  // The span of a box that stays for `hours`; answers for its gate-out.
  v1::Movement Stay(int box, int64_t begin, int64_t hours) {
    v1::Movement in = MakeMovement(absl::StrCat("in", box), v1::DISCHARGE,
                                   Number(box), begin * kHour);
    EXPECT_TRUE(Score(engine_.get(), in).status.ok());
    return MakeMovement(absl::StrCat("out", box), v1::GATE_OUT, Number(box),
                        (begin + hours) * kHour);
  }
};

constexpr char kDwell[] = "dwell, DISCHARGE to GATE_OUT, full";

TEST_F(UsualTest, ADwellIsComparedWithThoseBeforeAndThenCounted) {
  Activate(Document("u", "common", "", R"(
    when: usual.dwell.count >= 100 && usual.dwell.as_long < 0.01
    score: 10
)"));
  for (int i = 0; i < 120; ++i) {
    const Answer answer = Score(engine_.get(), Stay(i, i * 2, 40 + i % 10));
    ASSERT_TRUE(answer.status.ok());
    EXPECT_EQ(answer.assessment().score(), 0) << i;
  }
  v1::Movement late = Stay(500, 300, 400);
  EXPECT_EQ(Score(engine_.get(), late).assessment().score(), 10);
  const v1::GetEntityResponse facility = Facility();
  const v1::Spread* dwell = Find(facility, kDwell);
  ASSERT_NE(dwell, nullptr) << facility.DebugString();
  EXPECT_EQ(dwell->count(), 121);
  EXPECT_NEAR(dwell->median_h(), 44, 44 / 32.0 + 1);
  EXPECT_NEAR(dwell->p99_h(), 49, 49 / 32.0 + 1);
}

TEST_F(UsualTest, CorrectionsReplaceAndRetractionsTakeOut) {
  ASSERT_TRUE(Score(engine_.get(), Stay(1, 0, 40)).status.ok());
  v1::Movement out = Stay(2, 0, 50);
  ASSERT_TRUE(Score(engine_.get(), out).status.ok());
  EXPECT_EQ(Find(Facility(), kDwell)->count(), 2);
  // It left at another hour.
  out.mutable_update_time()->set_seconds(1);
  out.mutable_occurrence_time()->set_seconds(out.occurrence_time().seconds() +
                                             150 * kHour);
  ASSERT_TRUE(Score(engine_.get(), out).status.ok());
  EXPECT_EQ(Find(Facility(), kDwell)->count(), 2);
  EXPECT_NEAR(Find(Facility(), kDwell)->p99_h(), 200, 200 / 32.0);
  // The arrival is corrected: what was counted of the departure stays.
  v1::Movement in = MakeMovement("in2", v1::DISCHARGE, Number(2), 100 * kHour);
  in.mutable_update_time()->set_seconds(1);
  ASSERT_TRUE(Score(engine_.get(), in).status.ok());
  EXPECT_NEAR(Find(Facility(), kDwell)->p99_h(), 200, 200 / 32.0);
  out.mutable_update_time()->set_seconds(2);
  out.set_retraction(true);
  ASSERT_TRUE(Score(engine_.get(), out).status.ok());
  EXPECT_EQ(Find(Facility(), kDwell)->count(), 1);
  EXPECT_NEAR(Find(Facility(), kDwell)->p99_h(), 40, 40 / 32.0);
}

TEST_F(UsualTest, ARouteShowsHowLongItTakesAndHowProbableItIs) {
  for (int i = 0; i < 30; ++i) {
    v1::Movement load =
        MakeMovement(absl::StrCat("l", i), v1::LOAD, Number(i), i * kHour);
    load.mutable_location()->set_locode("BRSSZ");
    ASSERT_TRUE(Score(engine_.get(), load).status.ok());
    ASSERT_TRUE(
        Score(engine_.get(), MakeMovement(absl::StrCat("d", i), v1::DISCHARGE,
                                          Number(i), (i + 300) * kHour))
            .status.ok());
  }
  v1::GetEntityRequest request;
  request.mutable_route()->set_from_locode("BRSSZ");
  request.mutable_route()->set_to_locode("NLRTM");
  const auto route = HistoryApi(engine_.get()).GetEntity(request);
  ASSERT_TRUE(route.ok()) << route.status();
  const v1::Spread* sea = Find(*route, "travel, SEA");
  ASSERT_NE(sea, nullptr) << route->DebugString();
  EXPECT_EQ(sea->count(), 30);
  EXPECT_NEAR(sea->median_h(), 300, 300 / 32.0);
  ASSERT_EQ(route->spreads_size(), 2);
  EXPECT_GT(route->spreads(1).probability(), 0.9);
}

class UsualReplayTest : public RuleLifeTest {
 protected:
  // Trips in some order, with late, corrected and retracted reports.
  static std::vector<v1::Movement> History(uint32_t seed) {
    std::mt19937 random(seed);
    const auto pick = [&](uint32_t n) { return random() % n; };
    const v1::Event events[] = {v1::GATE_IN,
                                v1::GATE_OUT,
                                v1::LOAD,
                                v1::DISCHARGE,
                                v1::SCAN,
                                v1::YARD_MOVE,
                                v1::MANIFEST_LODGED,
                                v1::PICKUP_RIGHT_ISSUED,
                                v1::PICKUP_RIGHT_QUERIED};
    const char* places[] = {"NLRTM", "BEANR", "BRSSZ"};
    std::vector<v1::Movement> history;
    for (int i = 0; i < 1500; ++i) {
      v1::Movement m = MakeMovement(
          absl::StrCat("m", pick(1800)), events[pick(9)], Number(pick(25)),
          // Mostly forward, over more than a period.
          i * 3600 + pick(900'000) - (pick(9) == 0 ? 20'000'000 : 0));
      m.mutable_location()->set_locode(places[pick(3)]);
      m.mutable_location()->set_facility(pick(2) ? "A" : "B");
      m.mutable_consignment()->set_loading_locode(places[pick(3)]);
      m.mutable_consignment()->set_discharge_locode(places[pick(3)]);
      if (pick(2)) {
        m.mutable_consignment()->set_transhipment_locode(places[pick(3)]);
      }
      m.mutable_consignment()->set_commodity(pick(2) ? "0803" : "2009");
      m.mutable_pickup_right()->mutable_actor()->set_id(
          absl::StrCat("F", pick(3)));
      m.set_retraction(pick(20) == 0);
      m.mutable_update_time()->set_seconds(i);
      history.push_back(m);
    }
    return history;
  }

  std::vector<std::string> Live(size_t cache, size_t crash_every,
                                size_t together) {
    lives_ += 1000;  // A store of its own.
    StartWith(cache);
    Activate(Document("all", "common", "", kReadsAll));
    std::vector<std::string> answers;
    const std::vector<v1::Movement> history = History(20261126);
    for (size_t i = 0; i < history.size(); i += together) {
      if (crash_every > 0 && i > 0 && i % crash_every == 0) {
        CopyToNextLife();
        StartWith(cache);
      }
      const size_t end = std::min(i + together, history.size());
      for (const Answer& answer : ScoreAll(
               engine_.get(), {history.begin() + i, history.begin() + end})) {
        answers.push_back(answer.status.ok()
                              ? answer.bytes
                              : std::string(answer.status.message()));
        const v1::Assessment assessment = answer.assessment();
        for (const v1::Hit& hit : assessment.hits()) {
          for (const v1::Evidence& one : hit.evidence()) {
            seen_ += absl::StartsWith(one.field(), "usual.");
          }
        }
      }
    }
    ExpectVerified();
    return answers;
  }

  int seen_ = 0;
};

TEST_F(UsualReplayTest, CachesBatchesAndCrashesChangeNoAnswer) {
  const auto steady = Live(1'000'000, 0, 1);
  EXPECT_GT(seen_, 500) << "there must be something to say";
  const auto expect_equal = [&](const std::vector<std::string>& other) {
    ASSERT_EQ(other.size(), steady.size());
    for (size_t i = 0; i < steady.size(); ++i) {
      ASSERT_EQ(absl::CHexEscape(other[i]), absl::CHexEscape(steady[i])) << i;
    }
  };
  expect_equal(Live(1, 0, 1));
  expect_equal(Live(1'000'000, 0, 50));
  expect_equal(Live(1'000'000, 500, 1));
}

}  // namespace
}  // namespace portrisk::service
