#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "tests/scoring/simulate_fixture.h"

namespace portrisk::scoring::simulate {
namespace {

// FNV-1a over everything a world yields, in the order it does.
uint64_t Fingerprint(const Collector& collector) {
  uint64_t hash = 0xCBF29CE484222325u;
  const auto add = [&hash](const std::string& text) {
    for (char c : text) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
    }
  };
  for (const Collector::Reported& one : collector.movements) {
    add(absl::StrCat(one.recorded, ";"));
    add(one.movement.SerializeAsString());
  }
  for (const CaseRecord& one : collector.cases) {
    add(absl::StrCat(one.pattern, one.variant, one.container, one.enough));
    for (const Needed& needed : one.needed) {
      add(absl::StrCat(needed.source, needed.id, needed.recorded));
    }
  }
  for (const OutcomeRecord& one : collector.outcomes) {
    add(absl::StrCat(one.container, one.time, one.found));
  }
  return hash;
}

TEST(Simulate, EqualSeedsGiveEqualWorldsAndOthersDiffer) {
  const uint64_t one = Fingerprint(RunWorld(Small(1)));
  EXPECT_EQ(one, Fingerprint(RunWorld(Small(1))));
  EXPECT_NE(one, Fingerprint(RunWorld(Small(2))));
}

// Changes when the world changes, and must not change for any other reason:
// another compiler, another machine. Put the new value in when the world was
// meant to change.
TEST(Simulate, ThisWorldIsTheSameEverywhere) {
  EXPECT_EQ(Fingerprint(RunWorld(Small(7))), 1257406324421878140u);
}

TEST(Simulate, EachPatternHasItsTruth) {
  Options options = Small();
  options.containers = 3000;
  options.cases_ppm = 100'000;
  const Collector world = RunWorld(options);
  std::map<int, int> count;
  std::map<int, std::set<std::string>> ports;
  std::set<uint64_t> numbers;
  for (const CaseRecord& one : world.cases) {
    ++count[one.pattern];
    ports[one.pattern].insert(one.locode);
    EXPECT_TRUE(numbers.insert(one.number).second);
    EXPECT_FALSE(one.needed.empty()) << one.pattern;
    EXPECT_GE(one.needed.size(), one.enough) << one.pattern;
    EXPECT_GT(one.enough, 0u) << one.pattern;
    EXPECT_NE(*one.variant, '\0');
  }
  for (int pattern = 1; pattern <= kPatterns; ++pattern) {
    EXPECT_GE(count[pattern], 3) << "pattern " << pattern;
    EXPECT_GE(ports[pattern].size(), 2u) << "pattern " << pattern;
  }
}

TEST(Simulate, WhatACaseNeedsIsReportedOrItsLossIsTold) {
  Options options = Small();
  options.missing_percent = 20;
  options.cases_ppm = 100'000;
  const Collector world = RunWorld(options);
  std::set<std::pair<std::string, std::string>> reported;
  for (const auto& one : world.movements) {
    reported.insert({one.movement.source(), one.movement.id()});
  }
  int lost = 0;
  for (const CaseRecord& one : world.cases) {
    for (const Needed& needed : one.needed) {
      if (needed.recorded > 0) {
        EXPECT_TRUE(reported.count({needed.source, needed.id}))
            << one.pattern << " " << needed.id;
        EXPECT_STREQ(needed.lost, "");
      } else {
        EXPECT_STRNE(needed.lost, "") << one.pattern;
        ++lost;
      }
    }
    if (one.decidable() != nullptr) {
      EXPECT_GT(one.decidable()->recorded, 0);
    }
  }
  EXPECT_GT(lost, 0);
}

TEST(Simulate, AWorldWithoutCasesHasNone) {
  Options options = Small();
  options.cases_ppm = 0;
  EXPECT_TRUE(RunWorld(options).cases.empty());
}

// The same trips happen whatever is lost, so what differs is the loss.
TEST(Simulate, ACompleteSourceLosesNothing) {
  Options options = Small();
  options.missing_percent = 0;
  const Collector all = RunWorld(options);
  options.missing_percent = 40;
  const Collector some = RunWorld(options);
  const World world(options);
  std::map<std::string, const Source*> sources;
  for (const Source& source : world.sources.all()) {
    sources[source.name] = &source;
  }
  std::set<std::pair<std::string, std::string>> arrived;
  for (const auto& one : some.movements) {
    arrived.insert({one.movement.source(), one.movement.id()});
  }
  int declared = 0;
  int other = 0;
  int lost = 0;
  for (const auto& one : all.movements) {
    const v1::Movement& m = one.movement;
    // Near the end another delay can push it out; a new id comes of a
    // retraction.
    if (m.retraction() || m.id().back() == 'r' ||
        one.recorded > options.end() - 15 * kDay) {
      continue;
    }
    const bool there = arrived.count({m.source(), m.id()}) > 0;
    if (sources.at(m.source())->Declares(m.event())) {
      EXPECT_TRUE(there) << m.source() << " " << m.id();
      ++declared;
    } else {
      lost += !there;
      ++other;
    }
  }
  EXPECT_GT(declared, 1000);
  EXPECT_NEAR(static_cast<double>(lost) / other, 0.40, 0.03);
}

TEST(Simulate, IdentitiesAreUniqueButForVersions) {
  const Collector world = RunWorld(Small());
  std::map<std::pair<std::string, std::string>, std::string> seen;
  for (const auto& one : world.movements) {
    const v1::Movement& m = one.movement;
    if (m.has_update_time()) continue;  // A correction or a retraction.
    v1::Movement content = m;
    const auto [at, fresh] =
        seen.insert({{m.source(), m.id()}, content.SerializeAsString()});
    if (fresh) continue;
    // A repeat has the same content.
    EXPECT_EQ(at->second, content.SerializeAsString()) << m.id();
  }
}

TEST(Simulate, NumbersCheckButForTypingErrorsAndCases) {
  Options options = Small();
  options.cases_ppm = 0;
  Collector world = RunWorld(options);
  int valid = 0;
  int ten = 0;
  int wrong = 0;
  for (const auto& one : world.movements) {
    const std::string number =
        NormaliseContainerNumber(one.movement.container().number());
    if (number.empty()) continue;
    const v1::NumberStatus status = CheckContainerNumber(number);
    valid += status == v1::NUMBER_VALID;
    ten += status == v1::NUMBER_REMAINDER_TEN;
    wrong += status == v1::NUMBER_BAD_CHECK_DIGIT;
  }
  EXPECT_GT(ten, 0);
  EXPECT_GT(wrong, 0);
  EXPECT_LT(wrong, valid / 500);
  EXPECT_LT(ten, valid / 15);
}

TEST(Simulate, FleetNumbersAreDifferentAndValid) {
  const World world(Small());
  const Fleet fleet(1, 50'000, world.geography, world.trade);
  std::set<std::string> numbers;
  int ten = 0;
  for (const Box& box : fleet.boxes()) {
    const std::string number = NumberOf(box);
    EXPECT_TRUE(numbers.insert(number).second) << number;
    const v1::NumberStatus status = CheckContainerNumber(number);
    EXPECT_TRUE(status == v1::NUMBER_VALID ||
                status == v1::NUMBER_REMAINDER_TEN)
        << number;
    ten += IsRemainderTen(number);
  }
  EXPECT_GT(ten, 50'000 / 100);
  EXPECT_LT(ten, 50'000 / 25);
}

TEST(Simulate, ImoNumbersCheck) {
  // Of a real ship: 907472 and its check digit 9.
  EXPECT_EQ(ImoCheckDigit(907472), 9);
  const World world(Small());
  std::set<std::string> seen;
  for (const Vessel& vessel : world.liner.vessels()) {
    uint32_t six = 0;
    ASSERT_EQ(vessel.imo.size(), 7u);
    ASSERT_TRUE(absl::SimpleAtoi(vessel.imo.substr(0, 6), &six));
    EXPECT_EQ(vessel.imo[6] - '0', ImoCheckDigit(six));
    EXPECT_TRUE(seen.insert(vessel.imo).second);
  }
}

TEST(Simulate, ServicesCallEverywhereAndTakeTheirTime) {
  const World world(Small());
  std::set<int> called;
  for (const Service& service : world.liner.services()) {
    EXPECT_GE(service.calls.size(), 6u);
    EXPECT_LE(service.calls.size(), 14u);
    for (size_t i = 0; i < service.calls.size(); ++i) {
      const Call& call = service.calls[i];
      called.insert(call.port);
      EXPECT_GE(call.depart - call.arrive, 12 * kHour);
      if (i == 0) continue;
      const Call& before = service.calls[i - 1];
      const int32_t km = world.geography.SeaKm(before.port, call.port);
      const int64_t hours = (call.arrive - before.depart) / kHour;
      EXPECT_LE(km, hours * 40) << service.code;
    }
    EXPECT_LE(service.calls.back().depart, service.weeks * kWeek);
  }
  EXPECT_EQ(called.size(), world.geography.ports().size());
}

TEST(Simulate, PortsLieWhereTheReferenceHasThem) {
  std::ifstream file(std::string(PORTRISK_SOURCE_DIR) +
                     "/deploy/reference/places.csv");
  std::map<std::string, Coordinates> places;
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> cells = absl::StrSplit(line, ',');
    if (cells.size() < 4) continue;
    Coordinates place;
    if (absl::SimpleAtod(cells[cells.size() - 2], &place.latitude) &&
        absl::SimpleAtod(cells.back(), &place.longitude)) {
      places[cells[0]] = place;
    }
  }
  const Geography geography;
  for (const Port& port : geography.ports()) {
    ASSERT_TRUE(places.count(port.locode)) << port.locode;
    EXPECT_LT(DistanceKm(places[port.locode], port.place), 2) << port.locode;
  }
}

TEST(Simulate, TheSeaIsNeverShorterThanTheAir) {
  const Geography geography;
  const int size = static_cast<int>(geography.ports().size());
  for (int a = 0; a < size; ++a) {
    for (int b = 0; b < size; ++b) {
      EXPECT_GE(geography.SeaKm(a, b) + 1, geography.AirKm(a, b));
      EXPECT_LT(geography.SeaKm(a, b), 32'000)
          << geography.port(a).locode << " " << geography.port(b).locode;
    }
  }
  const auto km = [&](const char* a, const char* b) {
    return geography.SeaKm(geography.Find(a), geography.Find(b));
  };
  // Through Suez, through Panama, through neither: as tables of distances
  // have it, within a tenth.
  EXPECT_NEAR(km("CNSHA", "NLRTM"), 19'400, 1'940);
  EXPECT_NEAR(km("ECGYE", "NLRTM"), 10'600, 1'060);
  EXPECT_NEAR(km("BRSSZ", "ESALG"), 8'100, 810);
}

TEST(Simulate, PinsStandInTheirFieldAlone) {
  const Collector world = RunWorld(Small());
  int pins = 0;
  for (const auto& one : world.movements) {
    v1::Movement m = one.movement;
    const std::string pin = m.pickup_right().pin();
    EXPECT_TRUE(m.pickup_right().pin_hash().empty());
    if (pin.empty()) continue;
    ++pins;
    EXPECT_EQ(m.pickup_right().kind(), v1::PIN);
    m.mutable_pickup_right()->clear_pin();
    EXPECT_EQ(m.SerializeAsString().find(pin), std::string::npos) << m.id();
  }
  EXPECT_GT(pins, 100);
}

TEST(Simulate, GatesHaveRushHoursAndWeekends) {
  Options options = Small();
  options.containers = 1500;
  const Collector world = RunWorld(options);
  const Geography geography;
  int hours[24] = {};
  int days[7] = {};
  int all = 0;
  for (const auto& one : world.movements) {
    const v1::Movement& m = one.movement;
    if (m.event() != v1::GATE_OUT || m.source().substr(0, 3) != "tos") continue;
    std::string locode = absl::AsciiStrToUpper(m.location().locode());
    locode = NormaliseContainerNumber(locode);
    const Port& port = geography.port(geography.Find(locode));
    const int64_t local =
        m.occurrence_time().seconds() + port.utc_offset_h * kHour;
    ++hours[local / kHour % 24];
    ++days[(local / kDay + 3) % 7];
    ++all;
  }
  ASSERT_GT(all, 1000);
  EXPECT_GT(hours[7] + hours[8] + hours[9], all * 17 / 100);
  EXPECT_LT(hours[0] + hours[1] + hours[2] + hours[3], all * 8 / 100);
  EXPECT_LT(days[6], all / 20);        // Sunday.
  EXPECT_LT(days[5], all / 10);        // Saturday.
  EXPECT_GT(days[2], all * 13 / 100);  // Wednesday.
}

TEST(Simulate, RatesAreAsDeclared) {
  Options options = Small();
  options.containers = 3000;
  const Counts counts = RunWorld(options).counts;
  const auto share = [](uint64_t part, uint64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  const uint64_t full = counts.trips - counts.empty_trips;
  EXPECT_NEAR(share(counts.empty_trips, counts.trips), 0.24, 0.06);
  EXPECT_NEAR(share(counts.consolidated_trips, full - counts.joined_trips),
              0.06, 0.01);
  EXPECT_GT(share(counts.joined_trips, full), 0.1);
  EXPECT_LT(share(counts.joined_trips, full), 0.62);
  EXPECT_NEAR(share(counts.repeated, counts.movements), 0.006, 0.001);
  EXPECT_NEAR(share(counts.corrected, counts.movements), 0.004, 0.001);
  EXPECT_GT(share(counts.late, counts.movements), 0.005);
  EXPECT_LT(share(counts.late, counts.movements), 0.05);
  EXPECT_GT(counts.an_hour_off, 0u);
  EXPECT_GT(counts.misspelt, 0u);
  EXPECT_GT(counts.retracted, 0u);
  EXPECT_GT(counts.outcomes, 0u);
  EXPECT_GT(counts.finds, 0u);
  EXPECT_LT(counts.finds, counts.outcomes / 5);
}

TEST(Simulate, EachTrapIsThere) {
  Options options = Small();
  options.containers = 1500;
  const Collector world = RunWorld(options);
  std::map<std::string, int> count;
  for (const TrapRecord& trap : world.traps) ++count[trap.name];
  for (const char* name :
       {"legal consolidation", "remainder ten", "nominated again in time",
        "empty repositioned", "sealed again by customs"}) {
    EXPECT_GT(count[name], 0) << name;
  }
}

}  // namespace
}  // namespace portrisk::scoring::simulate
