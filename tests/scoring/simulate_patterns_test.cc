// Whether what was injected is there to be found, and whether the background
// is free of it. Judged by plain readings of the patterns, not by rules.
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/scoring/simulate_fixture.h"

namespace portrisk::scoring::simulate {
namespace {

using Timeline = std::vector<v1::Movement>;

bool FullGateOut(const v1::Movement& m) {
  return m.event() == v1::GATE_OUT && m.container().load_status() == v1::FULL;
}

// 1: out with another haulier than the one nominated last.
bool HaulierMismatch(const Timeline& timeline) {
  std::string nominee;
  for (const v1::Movement& m : timeline) {
    const v1::PickupRight& right = m.pickup_right();
    if (m.event() == v1::PICKUP_RIGHT_ISSUED) nominee.clear();
    if (m.event() == v1::PICKUP_RIGHT_NOMINATED) nominee = right.nominee().id();
    if (FullGateOut(m) && !nominee.empty() && m.haulier().id() != nominee) {
      return true;
    }
  }
  return false;
}

// 2: a step by somebody who does not hold the right, a use after its end, or
// a transfer that nobody accepted.
bool BrokenChain(const Timeline& timeline) {
  std::string holder;
  bool accepted = true;
  bool revoked = false;
  int64_t expires = 0;
  for (const v1::Movement& m : timeline) {
    const v1::PickupRight& right = m.pickup_right();
    const int64_t now = m.occurrence_time().seconds();
    switch (m.event()) {
      case v1::PICKUP_RIGHT_ISSUED:
        holder = right.recipient().id();
        revoked = false;
        accepted = true;
        expires = right.expire_time().seconds();
        break;
      case v1::PICKUP_RIGHT_TRANSFERRED:
        if (!holder.empty() && right.actor().id() != holder) return true;
        holder = right.recipient().id();
        accepted = false;
        break;
      case v1::PICKUP_RIGHT_ACCEPTED:
        if (right.actor().id() == holder) accepted = true;
        break;
      case v1::PICKUP_RIGHT_NOMINATED:
        if (!holder.empty() && right.actor().id() != holder) return true;
        break;
      case v1::PICKUP_RIGHT_REVOKED:
        revoked = true;
        break;
      case v1::GATE_OUT:
        if (!FullGateOut(m) || holder.empty()) break;
        if (revoked || !accepted || (expires > 0 && now > expires)) return true;
        holder.clear();
        break;
      default:
        break;
    }
  }
  return false;
}

bool IsHandling(const v1::Movement& m) {
  // Carriers repeat what terminals told.
  if (m.source().rfind("carrier", 0) == 0) return false;
  return m.event() == v1::GATE_IN || m.event() == v1::GATE_OUT ||
         m.event() == v1::LOAD || m.event() == v1::DISCHARGE;
}

// 9: full out and full in again at one facility within 72 hours.
bool Boomerang(const Timeline& timeline) {
  const v1::Movement* before = nullptr;
  for (const v1::Movement& m : timeline) {
    if (!IsHandling(m)) continue;
    if (before != nullptr && FullGateOut(*before) && m.event() == v1::GATE_IN &&
        m.container().load_status() == v1::FULL &&
        m.location().facility() == before->location().facility() &&
        m.occurrence_time().seconds() - before->occurrence_time().seconds() <
            72 * kHour) {
      return true;
    }
    before = &m;
  }
  return false;
}

// 14: a stay at one facility begins and ends within a stay at another.
bool TwoPlaces(const Timeline& timeline) {
  std::string inside;
  std::string also;
  for (const v1::Movement& m : timeline) {
    if (!IsHandling(m)) continue;
    const std::string& here = m.location().facility();
    const bool arrives = m.event() == v1::DISCHARGE || m.event() == v1::GATE_IN;
    if (arrives) {
      if (!inside.empty() && inside != here) also = here;
      if (inside.empty()) inside = here;
      continue;
    }
    if (here == also) return true;
    if (here == inside) inside.clear();
    also.clear();
  }
  return false;
}

// 19: other seals than before within one load, and nobody opened the box.
bool SealBreak(const Timeline& timeline) {
  std::set<std::string> seals;
  bool opened = false;
  for (const v1::Movement& m : timeline) {
    if (m.event() == v1::INSPECTION || m.event() == v1::SEAL_CHANGE ||
        m.event() == v1::STUFFING) {
      opened = true;
    }
    if (m.container().load_status() == v1::EMPTY) seals.clear();
    if (m.seals().empty()) continue;
    std::set<std::string> now;
    for (const v1::Seal& seal : m.seals()) now.insert(seal.number());
    if (!seals.empty() && now != seals && !opened) return true;
    seals = now;
    opened = false;
  }
  return false;
}

// 13: faster than anything goes, with two hours of slack.
bool ImpossibleTravel(const Timeline& timeline) {
  static const Geography* const geography = new Geography;
  const v1::Movement* before = nullptr;
  for (const v1::Movement& m : timeline) {
    if (!IsHandling(m)) continue;
    if (before != nullptr) {
      const int km =
          geography->AirKm(geography->Find(before->location().locode()),
                           geography->Find(m.location().locode()));
      const double hours =
          static_cast<double>(m.occurrence_time().seconds() -
                              before->occurrence_time().seconds()) /
          kHour;
      if (km > (std::abs(hours) + 2) * 90) return true;
    }
    before = &m;
  }
  return false;
}

const std::map<int, std::function<bool(const Timeline&)>>& Readings() {
  static const auto* const readings =
      new std::map<int, std::function<bool(const Timeline&)>>{
          {1, HaulierMismatch},   {2, BrokenChain}, {9, Boomerang},
          {13, ImpossibleTravel}, {14, TwoPlaces},  {19, SealBreak}};
  return *readings;
}

class SimulatePatterns : public testing::Test {
 protected:
  static Options Quiet() {
    Options options = Small(5);
    options.days = 150;
    options.containers = 2000;
    options.missing_percent = 0;
    options.careful_sources = true;
    return options;
  }
};

TEST_F(SimulatePatterns, TheBackgroundIsFreeOfThem) {
  Options options = Quiet();
  options.cases_ppm = 0;
  Collector world = RunWorld(options);
  ASSERT_GT(world.movements.size(), 50'000u);
  for (const auto& [number, timeline] : Timelines(world)) {
    for (const auto& [pattern, holds] : Readings()) {
      EXPECT_FALSE(holds(timeline)) << pattern << " " << number;
    }
  }
}

TEST_F(SimulatePatterns, EachInjectedCaseOfThemIsThere) {
  Options options = Quiet();
  options.cases_ppm = 100'000;
  Collector world = RunWorld(options);
  const auto timelines = Timelines(world);
  std::map<int, int> count;
  for (const CaseRecord& one : world.cases) {
    const auto reading = Readings().find(one.pattern);
    if (reading == Readings().end() || !one.arrived()) continue;
    const auto timeline = timelines.find(one.container);
    ASSERT_NE(timeline, timelines.end()) << one.container;
    EXPECT_TRUE(reading->second(timeline->second))
        << one.pattern << " " << one.variant << " " << one.container;
    ++count[one.pattern];
  }
  for (const auto& [pattern, holds] : Readings()) {
    EXPECT_GE(count[pattern], 3) << pattern;
  }
}

}  // namespace
}  // namespace portrisk::scoring::simulate
