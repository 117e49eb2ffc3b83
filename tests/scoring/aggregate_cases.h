// The aggregates that are compared with brute force: each as it is declared and
// as a question to the oracle.
#ifndef PORTRISK_TESTS_SCORING_AGGREGATE_CASES_H_
#define PORTRISK_TESTS_SCORING_AGGREGATE_CASES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/scoring/aggregate_oracle.h"

namespace portrisk::scoring::cases {

using oracle::Fact;
using oracle::Question;

using Text = std::optional<std::string>;
using MaybeFact = std::optional<Fact>;

inline Text Given(const std::string& text) {
  return text.empty() ? Text() : Text(text);
}
inline Text Account(const v1::Movement& m) {
  return Given(m.pickup_right().actor().account());
}
inline Text Haulier(const v1::Movement& m) { return Given(m.haulier().id()); }
inline Text Place(const v1::Movement& m) {
  return Given(m.location().locode());
}
inline Text HaulierAndPlace(const v1::Movement& m) {
  if (!Haulier(m) || !Place(m)) return std::nullopt;
  return *Haulier(m) + " at " + *Place(m);
}

inline MaybeFact Something(const v1::Movement&) { return Fact(); }
inline MaybeFact Queried(const v1::Movement& m) {
  return m.event() == v1::PICKUP_RIGHT_QUERIED ? MaybeFact(Fact())
                                               : std::nullopt;
}
inline MaybeFact TextFact(const std::string& text) {
  if (text.empty()) return std::nullopt;
  Fact fact;
  fact.text = text;
  return fact;
}
inline MaybeFact NumberFact(double number) {
  Fact fact;
  fact.number = number;
  return fact;
}
inline MaybeFact Box(const v1::Movement& m) {
  return TextFact(m.container().number());
}
inline MaybeFact Locode(const v1::Movement& m) {
  return TextFact(m.location().locode());
}
inline MaybeFact Weight(const v1::Movement& m) {
  return m.weights().has_vgm_kg() ? NumberFact(m.weights().vgm_kg())
                                  : std::nullopt;
}
inline MaybeFact Latitude(const v1::Movement& m) {
  return m.location().has_latitude() ? NumberFact(m.location().latitude())
                                     : std::nullopt;
}
inline MaybeFact Truth(const v1::Movement& m) {
  return m.consignment().has_consolidated()
             ? NumberFact(m.consignment().consolidated())
             : std::nullopt;
}
inline MaybeFact EventNumber(const v1::Movement& m) {
  return NumberFact(m.event());
}
inline MaybeFact Gate(const v1::Movement& m) {
  if (m.event() != v1::GATE_IN && m.event() != v1::GATE_OUT)
    return std::nullopt;
  return Weight(m);
}

struct Case {
  Question question;
  const char* declared;
};

constexpr int64_t kMinute = 60;
constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 86400;

inline std::vector<Case> Cases() {
  return {
      {{"a", "count", Account, Queried, kMinute, 1},
       "key: movement.pickup_right.actor.account, count: true, window: 1m, "
       "where: movement.event == PICKUP_RIGHT_QUERIED"},
      {{"b", "count", Account, Queried, kHour, kMinute},
       "key: movement.pickup_right.actor.account, count: true, window: 1h, "
       "where: movement.event == PICKUP_RIGHT_QUERIED"},
      {{"c", "distinct", Account, Box, kHour, kMinute},
       "key: movement.pickup_right.actor.account, window: 1h, resolution: 1m, "
       "distinct: movement.container.number"},
      {{"d", "distinct", Haulier, Box, 365 * kDay, 7 * kDay},
       "key: movement.haulier.id, window: 1y, distinct: "
       "movement.container.number"},
      {{"e", "sum", Haulier, Weight, kDay, 1800},
       "key: movement.haulier.id, window: 1d, sum: movement.weights.vgm_kg"},
      {{"f", "sum", Haulier, Weight, 1825 * kDay, 5 * kDay},
       "key: movement.haulier.id, window: 5y, resolution: 5d, "
       "sum: movement.weights.vgm_kg"},
      {{"g", "mean", Haulier, Weight, 30 * kDay, 12 * kHour},
       "key: movement.haulier.id, window: 30d, mean: movement.weights.vgm_kg"},
      {{"h", "min", Haulier, Weight, 30 * kDay, 12 * kHour},
       "key: movement.haulier.id, window: 30d, min: movement.weights.vgm_kg"},
      {{"i", "max", Haulier, Gate, 7 * kDay, 3 * kHour},
       "key: movement.haulier.id, window: 7d, max: movement.weights.vgm_kg, "
       "where: 'movement.event in [GATE_IN, GATE_OUT]'"},
      {{"j", "first", Haulier, Locode, 7 * kDay, kDay},
       "key: movement.haulier.id, window: 7d, resolution: 1d, "
       "first: movement.location.locode"},
      {{"k", "last", Haulier, Locode, 90 * kDay, 2 * kDay},
       "key: movement.haulier.id, window: 90d, last: movement.location.locode"},
      {{"l", "time_since", HaulierAndPlace, Something, 30 * kDay, 12 * kHour},
       "key: [movement.haulier.id, movement.location.locode], window: 30d, "
       "time_since: true"},
      {{"m", "quantile", Haulier, Weight, 365 * kDay, 7 * kDay, 0, 0.5},
       "key: movement.haulier.id, window: 1y, q: 0.5, "
       "quantile: movement.weights.vgm_kg"},
      {{"n", "quantile", HaulierAndPlace, Weight, 2 * kHour, 2 * kMinute, 0,
        0.99},
       "key: [movement.haulier.id, movement.location.locode], window: 2h, "
       "q: 0.99, quantile: movement.weights.vgm_kg"},
      {{"o", "count", Place, Something, 1825 * kDay, 5 * kDay, 180.0 * kDay},
       "key: movement.location.locode, window: 5y, half_life: 180d, "
       "count: true"},
      {{"p", "mean", Place, Weight, 720 * kDay, 2 * kDay, 30.0 * kDay},
       "key: movement.location.locode, window: 720d, half_life: 30d, "
       "resolution: 2d, mean: movement.weights.vgm_kg"},
      {{"q", "sum", Place, Latitude, 6 * kHour, 10 * kMinute, 0, 0, true},
       "key: movement.location.locode, window: 6h, resolution: 10m, "
       "sum: movement.location.latitude"},
      {{"r", "min", Place, Latitude, 6 * kHour, 10 * kMinute, 0, 0, true},
       "key: movement.location.locode, window: 6h, resolution: 10m, "
       "min: movement.location.latitude"},
      {{"s", "last", Haulier, Truth, kDay, 1800},
       "key: movement.haulier.id, window: 1d, "
       "last: movement.consignment.consolidated"},
      {{"t", "first", Haulier, EventNumber, 90 * kMinute, 2 * kMinute},
       "key: movement.haulier.id, window: 90m, first: movement.event"},
  };
}

inline std::string Declared(const std::vector<Case>& cases) {
  std::string yaml;
  for (const Case& one : cases) {
    absl::StrAppend(&yaml, "  ", one.question.name, ": {", one.declared, "}\n");
  }
  return yaml;
}

inline std::vector<std::string> NamesOf(const std::vector<Case>& cases) {
  std::vector<std::string> names;
  for (const Case& one : cases) names.push_back(one.question.name);
  return names;
}

}  // namespace portrisk::scoring::cases

#endif  // PORTRISK_TESTS_SCORING_AGGREGATE_CASES_H_
