// Capacities, drift, burden and routes of random histories beside a plain count
// of the same; intervals beside the truth that a simulation knows.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "scoring/measures.h"
#include "scoring/measures_estimates.h"

namespace portrisk::scoring {
namespace {

constexpr int64_t kBegin = 1'767'225'600;  // 2026-01-01.
constexpr int64_t kDay = 86'400;

// A unit as the oracle keeps it: everything in one line.
struct Line {
  std::string id, facility, consignee, country, from, to, month;
  int64_t day = 0;
  int score = 0;
  bool selected = false, hit = false, controlled = false, found = false;
  double weight = 0;
};

struct History {
  std::vector<Line> lines;
  UnitTable table;
  Selection selection;
};

std::string Pick(std::mt19937* random, std::vector<std::string> of) {
  return of[(*random)() % of.size()];
}

// Each unit has one movement or two, of which the first may not say who it is
// for.
void Make(uint32_t seed, History* out) {
  std::mt19937 random(seed);
  const char* const months[] = {"2026-01", "2026-02", "2026-03"};
  const int count = 20 + random() % 80;
  for (int i = 0; i < count; ++i) {
    Line line;
    line.id = absl::StrCat("u", random() % 1000, "-", i);
    line.facility = Pick(&random, {"A", "B", "C"});
    line.consignee = Pick(&random, {"", "C1", "C2", "C2", "C3", "C3", "C3"});
    line.country =
        line.consignee.empty() ? "" : Pick(&random, {"", "NL", "BE"});
    line.from = Pick(&random, {"", "BRSSZ", "ECGYE"});
    line.to = Pick(&random, {"NLRTM", "BEANR"});
    line.day = random() % 85;
    line.month = months[line.day < 31 ? 0 : line.day < 59 ? 1 : 2];
    line.score = random() % 3 == 0 ? 0 : random() % 1001;
    line.hit = random() % 2;
    line.selected = random() % 4 == 0;
    line.controlled = random() % 3 != 0;
    line.found = line.controlled && random() % 3 == 0;
    const uint32_t ppm = random() % 2 ? 1'000'000 : 50'000;
    line.weight = line.controlled ? 1e6 / ppm : 0;
    for (const bool last : {false, true}) {
      if (!last && random() % 2) continue;
      v1::Movement m;
      m.mutable_location()->set_locode("NLRTM");
      m.mutable_location()->set_facility(line.facility);
      m.mutable_occurrence_time()->set_seconds(kBegin + line.day * kDay +
                                               (last ? 7200 : 3600));
      if (last) {
        m.mutable_consignee()->set_id(line.consignee);
        m.mutable_consignee()->set_country(line.country);
        m.mutable_consignment()->set_loading_locode(line.from);
        m.mutable_consignment()->set_discharge_locode(line.to);
      }
      v1::Assessment a;
      a.mutable_unit()->set_id(line.id);
      a.set_score(last ? line.score : 0);
      if (line.selected) a.set_channel(v1::SCORE);
      if (line.hit || last) {
        v1::Hit* const hit = a.add_hits();
        hit->set_rule("r");
        hit->set_shadow(!line.hit);
      }
      out->selection.Add(out->table.Add(m, a), m.occurrence_time().seconds(),
                         a);
    }
    if (line.controlled) {
      out->table.SetOutcome(line.id, line.found, v1::SCORE, ppm,
                            kBegin + line.day * kDay + 9000);
    }
    out->lines.push_back(line);
  }
}

struct Tally {
  uint64_t units = 0, selected = 0, hit = 0, controlled = 0, found = 0;
  std::set<std::string> consignees;
  void Add(const Line& line) {
    ++units;
    selected += line.selected;
    hit += line.hit;
    if (!line.consignee.empty()) consignees.insert(line.consignee);
    if (line.selected) controlled += line.controlled, found += line.found;
  }
};

void ExpectShare(const v1::ShareEstimate& is, uint64_t count, uint64_t of) {
  EXPECT_EQ(is.count(), count);
  EXPECT_EQ(is.of(), of);
}

class MeasuresOracleTest : public testing::TestWithParam<uint32_t> {
 protected:
  void SetUp() override {
    Make(GetParam(), &history_);
    history_.selection.Report(history_.table, {}, &report_);
  }
  const std::vector<Line>& lines() const { return history_.lines; }

  History history_;
  v1::VariantReport report_;
};

TEST_P(MeasuresOracleTest, CapacitiesTakeTheBestOfEachFacilityAndDay) {
  Capacity capacity;
  capacity.everywhere = 1 + GetParam() % 2;
  capacity.facilities["NLRTM/B"] = 3;
  capacity.facilities["NLRTM/C"] = 0;
  history_.selection.ReportCapacities(history_.table, {capacity}, &report_);
  std::map<std::pair<std::string, int64_t>, std::vector<Line>> days;
  for (const Line& line : lines()) {
    if (line.facility != "C") days[{line.facility, line.day}].push_back(line);
  }
  uint64_t k = 0, full = 0, controlled = 0, finds = 0;
  double best = 0, best_found = 0, all_found = 0;
  std::map<std::string, uint64_t> taken;
  for (auto& [where, of] : days) {
    std::sort(of.begin(), of.end(), [](const Line& a, const Line& b) {
      return std::make_tuple(-a.score, a.id) < std::make_tuple(-b.score, b.id);
    });
    const size_t most = where.first == "B" ? 3 : capacity.everywhere;
    full += of.size() > most;
    of.resize(std::min(of.size(), most));
    for (const Line& line : of) {
      ++k;
      ++taken[absl::StrCat("NLRTM/", where.first)];
      controlled += line.controlled;
      finds += line.found;
      best += line.weight;
      if (line.found) best_found += line.weight;
    }
  }
  for (const Line& line : lines()) all_found += line.found ? line.weight : 0;
  ASSERT_EQ(report_.capacities_size(), 1);
  const v1::CapacityFigures& is = report_.capacities(0);
  EXPECT_EQ(is.capacity(),
            absl::StrCat(capacity.everywhere, ", NLRTM/B=3, NLRTM/C=0"));
  EXPECT_EQ(is.facility_days(), days.size());
  EXPECT_EQ(is.full_days(), full);
  EXPECT_EQ(is.figures().k(), k);
  ExpectShare(is.figures().precision(), finds, controlled);
  ASSERT_EQ(is.figures().has_weighted_precision(), best > 0);
  if (best > 0) {
    EXPECT_NEAR(is.figures().weighted_precision(), best_found / best, 1e-12);
    const v1::Interval& limits = is.figures().weighted_precision_interval();
    EXPECT_LE(limits.low(), best_found / best + 1e-12);
    EXPECT_GE(limits.high(), best_found / best - 1e-12);
  }
  ASSERT_EQ(is.figures().has_recall(), all_found > 0);
  if (all_found > 0) {
    EXPECT_NEAR(is.figures().recall(), best_found / all_found, 1e-12);
    EXPECT_LE(is.figures().recall_interval().low(),
              is.figures().recall() + 1e-9);
    EXPECT_GE(is.figures().recall_interval().high(),
              is.figures().recall() - 1e-9);
  }
  for (const v1::CapacityFacility& one : is.facilities()) {
    EXPECT_EQ(one.taken(), taken[one.facility()]) << one.facility();
  }
}

TEST_P(MeasuresOracleTest, DriftIsOfTheScoresOfEachMonth) {
  std::map<std::string, std::vector<double>> bands;
  for (const Line& line : lines()) {
    auto& month = bands[line.month];
    month.resize(12, 0.0);
    month[line.score == 0 ? 0 : line.score / 100 + 1] += 1;
  }
  ASSERT_EQ(report_.drift_size(), static_cast<int>(bands.size()));
  const std::vector<double>& first = bands.begin()->second;
  double first_all = 0;
  for (const double one : first) first_all += one;
  int at = 0;
  for (const auto& [month, counts] : bands) {
    const v1::ScoreDrift& is = report_.drift(at++);
    EXPECT_EQ(is.month(), month);
    double all = 0, sum = 0;
    for (const double one : counts) all += one;
    for (int i = 0; i < 12; ++i) {
      EXPECT_EQ(is.by_band(i), counts[i]);
      const double p = (counts[i] + 0.5) / (all + 6);
      const double q = (first[i] + 0.5) / (first_all + 6);
      sum += (p - q) * std::log(p / q);
    }
    EXPECT_EQ(is.units(), all);
    EXPECT_NEAR(is.stability_index(), sum, 1e-12);
  }
  EXPECT_EQ(history_.selection.DriftFrom(history_.selection), 0);
}

TEST_P(MeasuresOracleTest, BurdenIsByCountryAndSizeOfTheConsignee) {
  std::map<std::string, Tally> countries, sizes;
  std::map<std::string, double> count;
  double known = 0;
  for (const Line& line : lines()) {
    countries[line.country].Add(line);
    if (line.consignee.empty()) continue;
    ++count[line.consignee];
    ++known;
  }
  for (const Line& line : lines()) {
    std::string quarter;
    if (!line.consignee.empty()) {
      double rank = 0;
      for (const auto& [other, size] : count) {
        if (size < count[line.consignee]) rank += size;
        if (size == count[line.consignee]) rank += size / 2;
      }
      quarter = absl::StrCat(1 + std::floor(4 * rank / known));
    }
    sizes[quarter].Add(line);
  }
  size_t seen = 0;
  for (const v1::BurdenFigures& is : report_.burden()) {
    const bool by_country = is.group() == v1::COUNTRY_OF_CONSIGNEE;
    SCOPED_TRACE(absl::StrCat(by_country ? "country " : "size ", is.value()));
    const Tally& tally = (by_country ? countries : sizes)[is.value()];
    ++seen;
    EXPECT_EQ(is.consignees(), tally.consignees.size());
    ExpectShare(is.selected(), tally.selected, tally.units);
    ExpectShare(is.hit(), tally.hit, tally.units);
    ExpectShare(is.precision(), tally.found, tally.controlled);
    if (by_country || is.value().empty()) continue;
    for (const std::string& consignee : tally.consignees) {
      EXPECT_LE(is.size_min(), count[consignee]);
      EXPECT_GE(is.size_max(), count[consignee]);
    }
  }
  EXPECT_EQ(seen, countries.size() + sizes.size());
}

TEST_P(MeasuresOracleTest, RoutesAreCountedWithWhatWasSelectedOfThem) {
  std::map<std::pair<std::string, std::string>, Tally> routes;
  std::map<std::pair<std::string, std::string>, uint64_t> finds;
  for (const Line& line : lines()) {
    if (line.from.empty()) continue;
    routes[{line.from, line.to}].Add(line);
    finds[{line.from, line.to}] += line.found;
  }
  v1::EvaluationReport report;
  ReportRoutes(history_.table, {&history_.selection, 1}, &report);
  ASSERT_EQ(report.routes_size(), static_cast<int>(routes.size()));
  uint64_t before = UINT64_MAX;
  for (const v1::RouteFigures& is : report.routes()) {
    const auto key = std::make_pair(is.from_locode(), is.to_locode());
    EXPECT_EQ(is.units(), routes[key].units);
    EXPECT_EQ(is.precision().count(), finds[key]);
    ASSERT_EQ(is.selected_size(), 1);
    EXPECT_EQ(is.selected(0), routes[key].selected);
    EXPECT_LE(is.units(), before);
    before = is.units();
  }
}

TEST_P(MeasuresOracleTest, OtherScoresSelectWhatReachesThem) {
  history_.selection.ReportScoreThresholds(history_.table, {{"score", 300}},
                                           &report_);
  ASSERT_EQ(report_.sensitivity_size(), 1);
  ASSERT_EQ(report_.sensitivity(0).points_size(), 5);
  const int scores[] = {150, 225, 300, 450, 600};
  for (int i = 0; i < 5; ++i) {
    const v1::SensitivityPoint& is = report_.sensitivity(0).points(i);
    uint64_t units = 0, gained = 0, lost_finds = 0;
    for (const Line& line : lines()) {
      units += line.score >= scores[i];
      gained += line.score >= scores[i] && line.score < 300;
      lost_finds += line.score < scores[i] && line.score >= 300 && line.found;
    }
    EXPECT_EQ(is.constant(), absl::StrCat(scores[i]));
    EXPECT_EQ(is.as_written(), i == 2);
    EXPECT_EQ(is.units(), units);
    EXPECT_EQ(is.gained(), gained);
    EXPECT_EQ(is.lost_finds().count(), lost_finds);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MeasuresOracleTest, testing::Range(1u, 21u));

TEST(MeasuresIntervals, WorkedByHand) {
  // Two finds of four controls for certain, one of two that stand for 50 each.
  Weighed best, beyond;
  UnitTable::Unit unit;
  unit.controlled = true;
  unit.channel = v1::SCORE;
  unit.selection_ppm = 1'000'000;
  for (const bool found : {true, true, false, false}) {
    unit.found = found;
    best.Add(unit);
  }
  unit.selection_ppm = 20'000;
  for (const bool found : {true, false}) {
    unit.found = found;
    beyond.Add(unit);
  }
  EXPECT_DOUBLE_EQ(best.effective(), 4);
  EXPECT_DOUBLE_EQ(beyond.effective(), 2);
  v1::RateFigures figures;
  figures.set_k(4);
  FillFigures(best, {4, 2}, beyond, 100, &figures);
  // Wilson of 2 in 4.
  EXPECT_NEAR(figures.weighted_precision_interval().low(), 0.1500, 1e-4);
  EXPECT_NEAR(figures.weighted_precision_interval().high(), 0.8500, 1e-4);
  // 2 finds (0.60 to 3.40) beside 50 (9.45 to 90.55).
  EXPECT_NEAR(figures.recall(), 2.0 / 52, 1e-12);
  const double low = figures.recall_interval().low();
  EXPECT_NEAR((1 - low) * 2 - low * 50,
              std::hypot((1 - low) * 1.39999, low * 40.5463), 1e-3);
  EXPECT_NEAR(figures.lift(), 0.5 / (52.0 / 104), 1e-12);
  EXPECT_NEAR(figures.lift_interval().low(), low * 104 / 4, 1e-9);
  // More finds than four, so the four bound it.
  EXPECT_NEAR(figures.normalised_precision(), 0.5, 1e-12);
  EXPECT_NEAR(figures.normalised_precision_interval().low(), 0.1500, 1e-4);
}

TEST(MeasuresIntervals, NothingFoundBeyondDoesNotMeanNothingThere) {
  UnitTable::Unit unit;
  unit.controlled = true;
  unit.channel = v1::RANDOM;
  unit.selection_ppm = 1'000'000;
  unit.found = true;
  Weighed best, beyond;
  for (int i = 0; i < 10; ++i) best.Add(unit);
  unit.found = false;
  unit.selection_ppm = 10'000;
  for (int i = 0; i < 20; ++i) beyond.Add(unit);
  v1::RateFigures figures;
  figures.set_k(10);
  FillFigures(best, {10, 10}, beyond, 2000, &figures);
  EXPECT_DOUBLE_EQ(figures.recall(), 1);
  EXPECT_DOUBLE_EQ(figures.recall_interval().high(), 1);
  // Up to a sixth of 2000 units may hold something.
  EXPECT_LT(figures.recall_interval().low(), 0.05);
  // Nobody looked at all: anything may be there.
  FillFigures(best, {10, 10}, {}, 2000, &figures);
  EXPECT_LT(figures.recall_interval().low(), 0.01);
}

// Of a world whose every find is known, and of which a selection sees a part:
// the best by another score for certain, one in ten of the others by chance.
TEST(MeasuresIntervals, CoverTheTruthAsOftenAsTheySay) {
  int worlds = 0, recall = 0, precision = 0, normalised = 0, lift = 0;
  for (uint32_t seed = 1; seed <= 400; ++seed) {
    std::mt19937 random(seed);
    const auto uniform = [&] { return random() / 4294967296.0; };
    Weighed best, beyond;
    double found_best = 0, found = 0;
    Counted counted;
    constexpr int kUnits = 3000, kTaken = 150;
    for (int i = 0; i < kUnits; ++i) {
      UnitTable::Unit unit;
      unit.found = uniform() < (i < kTaken ? 0.3 : 0.03);
      found += unit.found;
      if (i < kTaken) found_best += unit.found;
      const bool certain = uniform() < (i < kTaken ? 0.5 : 0.02);
      unit.controlled = certain || uniform() < 0.1;
      if (!unit.controlled) continue;
      unit.channel = certain ? v1::SCORE : v1::RANDOM;
      unit.selection_ppm = certain ? 1'000'000 : 100'000;
      (i < kTaken ? best : beyond).Add(unit);
      if (i < kTaken) counted.Add(unit);
    }
    v1::RateFigures figures;
    figures.set_k(kTaken);
    FillFigures(best, counted, beyond, kUnits - kTaken, &figures);
    if (!figures.has_lift()) continue;
    ++worlds;
    const auto covers = [](const v1::Interval& limits, double truth) {
      return limits.low() <= truth && truth <= limits.high();
    };
    recall += covers(figures.recall_interval(), found_best / found);
    precision +=
        covers(figures.weighted_precision_interval(), found_best / kTaken);
    normalised += covers(figures.normalised_precision_interval(),
                         found_best / std::min<double>(kTaken, found));
    lift += covers(figures.lift_interval(),
                   (found_best / kTaken) / (found / kUnits));
  }
  ASSERT_GT(worlds, 390);
  RecordProperty("recall", recall);
  RecordProperty("precision", precision);
  RecordProperty("normalised", normalised);
  RecordProperty("lift", lift);
  EXPECT_GE(recall, worlds * 90 / 100);
  EXPECT_GE(precision, worlds * 90 / 100);
  EXPECT_GE(normalised, worlds * 85 / 100);
  EXPECT_GE(lift, worlds * 85 / 100);
  // An interval of everything would cover as well.
  EXPECT_LT(recall + precision + normalised + lift, 4 * worlds);
}

}  // namespace
}  // namespace portrisk::scoring
