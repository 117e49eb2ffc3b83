#include "scoring/spans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "scoring/container_history.h"
#include "scoring/spread.h"
#include "scoring/usual_view.h"

namespace portrisk::scoring {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kHour = 3600;
constexpr int64_t kBegin = 1'700'000'000;

class SpansTest : public testing::Test {
 protected:
  static v1::Movement At(v1::Event event, int64_t hour,
                         const std::string& locode = "NLRTM",
                         const std::string& facility = "ECT") {
    v1::Movement m;
    m.set_source("terminal");
    m.set_event(event);
    m.mutable_occurrence_time()->set_seconds(kBegin + hour * kHour);
    m.mutable_container()->set_number("MSKU1234565");
    m.mutable_container()->set_load_status(v1::FULL);
    m.mutable_location()->set_locode(locode);
    m.mutable_location()->set_facility(facility);
    return m;
  }
  static v1::Movement Right(v1::Event event, int64_t hour,
                            const std::string& actor) {
    v1::Movement m = At(event, hour, "", "");
    m.mutable_pickup_right()->set_id("R1");
    m.mutable_pickup_right()->mutable_actor()->set_id(actor);
    return m;
  }

  void Fold(const v1::Movement& m) {
    ++key_;
    FoldContainer({&m, key_, key_}, nullptr, &container_);
    if (ConcernsRight(m)) FoldRight({&m, key_, key_}, &right_);
  }
  const Spans& Find(const v1::Movement& m) {
    finder_.Find(&container_, &right_, {&m, 999, 999}, reference_, &spans_);
    return spans_;
  }
  static std::multiset<SpreadFamily> Families(const SpreadUses& uses) {
    std::multiset<SpreadFamily> families;
    for (const SpreadUse& use : uses) families.insert(use.name.family);
    return families;
  }

  const Reference reference_{v1::ReferenceTable(), "test"};
  uint64_t key_ = 0;
  v1::ContainerState container_;
  v1::RightState right_;
  SpanFinder finder_;
  Spans spans_;
};

TEST_F(SpansTest, NothingEndsWithTheFirstThatIsHeardOfABox) {
  EXPECT_THAT(Find(At(v1::GATE_OUT, 0)), IsEmpty());
  EXPECT_THAT(Find(At(v1::DISCHARGE, 0)), IsEmpty());
}

TEST_F(SpansTest, ADwellEndsWithTheDepartureFromThePlaceOfArrival) {
  v1::Movement paper = At(v1::MANIFEST_LODGED, 1, "", "");
  paper.mutable_consignment()->set_commodity("080390");
  Fold(paper);
  Fold(At(v1::DISCHARGE, 10));
  Fold(At(v1::YARD_MOVE, 20));
  const Spans& spans = Find(At(v1::GATE_OUT, 100));
  ASSERT_THAT(spans, SizeIs(1));
  EXPECT_EQ(spans[0].kind(), v1::SPAN_DWELL);
  EXPECT_EQ(spans[0].minutes(), 90u * 60);
  EXPECT_EQ(spans[0].from_event(), v1::DISCHARGE);
  EXPECT_EQ(spans[0].chapter(), "08");
  EXPECT_THAT(Find(At(v1::GATE_OUT, 100, "BEANR")), IsEmpty());
  EXPECT_THAT(Find(At(v1::GATE_OUT, 100, "NLRTM", "APM")), IsEmpty());
  EXPECT_THAT(Find(At(v1::YARD_MOVE, 100)), IsEmpty());
}

TEST_F(SpansTest, OnlyFactsEndSpans) {
  Fold(At(v1::DISCHARGE, 10));
  v1::Movement m = At(v1::GATE_OUT, 100);
  m.set_classifier(v1::ESTIMATED);
  EXPECT_THAT(Find(m), IsEmpty());
  m = At(v1::GATE_OUT, 100);
  m.set_retraction(true);
  EXPECT_THAT(Find(m), IsEmpty());
}

TEST_F(SpansTest, ALateMovementEndsWhatBeganBeforeIt) {
  Fold(At(v1::DISCHARGE, 10));
  Fold(At(v1::GATE_OUT, 100));
  Fold(At(v1::GATE_IN, 150));
  const Spans& late = Find(At(v1::STRIPPING, 120, "NLRTM", "SHED"));
  ASSERT_THAT(late, SizeIs(1));
  EXPECT_EQ(late[0].kind(), v1::SPAN_ABSENCE);
  EXPECT_EQ(late[0].minutes(), 20u * 60);
}

TEST_F(SpansTest, AnAbsenceBeginsFullAndEndsWithTheNextReport) {
  Fold(At(v1::GATE_OUT, 0));
  EXPECT_THAT(Find(At(v1::GATE_OUT, 1)), IsEmpty()) << "told twice";
  const Spans& spans = Find(At(v1::SCAN, 1, "NLRTM", "SCANNER"));
  ASSERT_THAT(spans, SizeIs(2));
  EXPECT_EQ(spans[0].kind(), v1::SPAN_ABSENCE);
  EXPECT_EQ(spans[1].kind(), v1::SPAN_SCAN_DETOUR);
  EXPECT_EQ(spans[1].from_facility(), "ECT");
  Fold(At(v1::SCAN, 1, "NLRTM", "SCANNER"));
  EXPECT_THAT(Find(At(v1::GATE_IN, 50)), IsEmpty()) << "heard of meanwhile";
  v1::Movement empty = At(v1::GATE_OUT, 60);
  empty.mutable_container()->set_load_status(v1::EMPTY);
  Fold(empty);
  EXPECT_THAT(Find(At(v1::GATE_IN, 70)), IsEmpty());
}

TEST_F(SpansTest, ATravelKnowsThePortBefore) {
  Fold(At(v1::LOAD, 0, "ECGYE"));
  Fold(At(v1::DISCHARGE, 100, "PABLB"));
  Fold(At(v1::LOAD, 150, "PABLB"));
  const Spans& spans = Find(At(v1::DISCHARGE, 450, "NLRTM"));
  ASSERT_THAT(spans, SizeIs(1));
  EXPECT_EQ(spans[0].kind(), v1::SPAN_TRAVEL);
  EXPECT_EQ(spans[0].minutes(), 300u * 60);
  EXPECT_EQ(spans[0].from_locode(), "PABLB");
  EXPECT_EQ(spans[0].before_locode(), "ECGYE");
  EXPECT_EQ(spans[0].mode(), v1::SEA);
  EXPECT_EQ(Find(At(v1::DISCHARGE, 450, "ECGYE"))[0].before_locode(), "")
      << "a way back is no way on";
  Fold(At(v1::STRIPPING, 149, "PABLB"));
  EXPECT_EQ(Find(At(v1::DISCHARGE, 450, "NLRTM"))[0].before_locode(), "")
      << "another load";
}

TEST_F(SpansTest, ACollectionBeginsWithTheIssueAndWithTheLastLook) {
  v1::Movement issue = Right(v1::PICKUP_RIGHT_ISSUED, 0, "MAEU");
  issue.mutable_pickup_right()->mutable_recipient()->set_id("F1");
  Fold(issue);
  Fold(Right(v1::PICKUP_RIGHT_QUERIED, 20, "F1"));
  Fold(Right(v1::PICKUP_RIGHT_QUERIED, 23, "F1"));
  v1::Movement gate = At(v1::GATE_OUT, 24);
  const Spans& spans = Find(gate);
  ASSERT_THAT(spans, SizeIs(2));
  EXPECT_EQ(spans[0].kind(), v1::SPAN_COLLECTION);
  EXPECT_EQ(spans[0].minutes(), 24u * 60);
  EXPECT_EQ(spans[0].issuer().size(), 16u)
      << "a hash: the journal names nobody";
  EXPECT_EQ(spans[0].issuer().find("MAEU"), std::string::npos);
  EXPECT_EQ(spans[1].kind(), v1::SPAN_LOOK_UP);
  EXPECT_EQ(spans[1].minutes(), 60u);
  EXPECT_EQ(Families(SpreadsOf(gate, spans)),
            (std::multiset<SpreadFamily>{SpreadFamily::kCollection,
                                         SpreadFamily::kCollectionOfIssuer,
                                         SpreadFamily::kLookUp}));
  gate.mutable_container()->set_load_status(v1::EMPTY);
  EXPECT_THAT(Find(gate), IsEmpty());
}

v1::Movement Manifest(const std::string& loading, const std::string& via,
                      const std::string& discharge) {
  v1::Movement m;
  m.set_event(v1::MANIFEST_LODGED);
  m.mutable_occurrence_time()->set_seconds(kBegin);
  m.mutable_consignment()->set_loading_locode(loading);
  m.mutable_consignment()->set_transhipment_locode(via);
  m.mutable_consignment()->set_discharge_locode(discharge);
  return m;
}

// All spreads there are, by what the name says.
class World {
 public:
  void Fold(const v1::Movement& m, const Spans& spans = {}) {
    for (const SpreadUse& use : SpreadsOf(m, spans)) {
      if (use.times == 0) continue;
      FoldSpread(m.occurrence_time(), use.minutes, use.times,
                 &states_[KeyOf(use.name)]);
    }
  }
  v1::UsualView Read(const v1::Movement& m, const Spans& spans = {}) {
    SpreadStates states{};
    for (const SpreadUse& use : SpreadsOf(m, spans)) {
      states[static_cast<size_t>(use.slot)] = &states_[KeyOf(use.name)];
    }
    UsualViewBuffer buffer;
    buffer.Derive(states, m, spans);
    return buffer.view();
  }

 private:
  using Key = std::tuple<int, int, std::string, std::string, std::string,
                         std::string, std::string, std::string>;
  static Key KeyOf(const SpreadName& name) {
    return {static_cast<int>(name.family),   name.detail,
            std::string(name.locode),        std::string(name.facility),
            std::string(name.to_locode),     std::string(name.to_facility),
            std::string(name.before_locode), std::string(name.other)};
  }
  std::map<Key, v1::SpreadState> states_;
};

TEST(ItineraryTest, AProbabilityIsTheShareOfThoseThatWentThatWay) {
  World world;
  EXPECT_FALSE(
      world.Read(Manifest("ECGYE", "", "NLRTM")).itinerary().has_probability());
  for (int i = 0; i < 900; ++i) world.Fold(Manifest("ECGYE", "", "NLRTM"));
  for (int i = 0; i < 100; ++i) world.Fold(Manifest("ECGYE", "", "BEANR"));
  const v1::UsualView usual = world.Read(Manifest("ECGYE", "", "BEANR"));
  EXPECT_TRUE(usual.itinerary().declared());
  EXPECT_EQ(usual.itinerary().count(), 1000);
  // (100 + 50 * 101/1001) / (1000 + 50).
  EXPECT_NEAR(usual.itinerary().probability(), 0.1, 0.001);
  const v1::UsualView never = world.Read(Manifest("ECGYE", "", "SEGOT"));
  EXPECT_LT(never.itinerary().probability(), 0.0001);
  EXPECT_GT(never.itinerary().probability(), 0);
  const v1::UsualView unknown = world.Read(Manifest("BRSSZ", "", "NLRTM"));
  EXPECT_EQ(unknown.itinerary().count(), 0);
  EXPECT_NEAR(unknown.itinerary().probability(), 0.9, 0.01)
      << "nothing is known of who leaves there: they go as all do";
}

TEST(ItineraryTest, AWayOnIsJudgedByWhereTheBoxCameFrom) {
  World world;
  // The hub sends bananas north and copper east.
  for (int i = 0; i < 500; ++i) {
    world.Fold(Manifest("ECGYE", "PABLB", "NLRTM"));
    world.Fold(Manifest("CLSAI", "PABLB", "CNSHA"));
  }
  const v1::Itinerary usual =
      world.Read(Manifest("ECGYE", "PABLB", "NLRTM")).itinerary();
  const v1::Itinerary odd =
      world.Read(Manifest("ECGYE", "PABLB", "CNSHA")).itinerary();
  EXPECT_GT(usual.least(), 0.95);
  EXPECT_LT(odd.least(), 0.05);
  EXPECT_LT(odd.probability(), odd.least());
  EXPECT_EQ(odd.count(), 1000);
}

TEST(ItineraryTest, PapersAndShipsAreCountedApart) {
  World world;
  for (int i = 0; i < 50; ++i) world.Fold(Manifest("ECGYE", "", "NLRTM"));
  v1::Movement m = Manifest("", "", "");
  m.set_event(v1::DISCHARGE);
  m.mutable_location()->set_locode("NLRTM");
  Spans spans;
  v1::Span* span = spans.Add();
  span->set_kind(v1::SPAN_TRAVEL);
  span->set_from_event(v1::LOAD);
  span->set_from_locode("ECGYE");
  span->set_mode(v1::SEA);
  span->set_minutes(20'000);
  EXPECT_FALSE(world.Read(m, spans).itinerary().has_probability());
  world.Fold(m, spans);
  const v1::UsualView usual = world.Read(m, spans);
  EXPECT_EQ(usual.itinerary().count(), 1);
  EXPECT_FALSE(usual.itinerary().declared());
  EXPECT_EQ(usual.travel().count(), 1);
}

TEST(ItineraryTest, AnAmendmentIsReadAndNotCountedAgain) {
  World world;
  world.Fold(Manifest("ECGYE", "", "NLRTM"));
  v1::Movement amended = Manifest("ECGYE", "", "NLRTM");
  amended.set_event(v1::MANIFEST_AMENDED);
  world.Fold(amended);
  EXPECT_EQ(world.Read(amended).itinerary().count(), 1);
}

}  // namespace
}  // namespace portrisk::scoring
