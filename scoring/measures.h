// Measures of a selection (evaluation.proto says what each is): of one history
// assessed by several programmes. Pure.
#ifndef PORTRISK_SCORING_MEASURES_H_
#define PORTRISK_SCORING_MEASURES_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/evaluation.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/selection_profile.h"

namespace portrisk::scoring {

// k of n with the 95 % interval of Wilson; n may be 0.
v1::ShareEstimate Estimate(uint64_t count, uint64_t of);

// The units of a history, and what is known of them whatever the rules.
class UnitTable {
 public:
  // Of what is not known of a unit.
  static constexpr uint32_t kUnknown = UINT32_MAX;

  struct Unit {
    std::string id;
    uint32_t facility = 0;
    // As its movements said first: numbers of names().
    uint32_t consignee = kUnknown;
    uint32_t country = kUnknown;  // Of the consignee.
    uint32_t from = kUnknown;     // Ports of loading and discharge; SetRoute.
    uint32_t to = kUnknown;
    int64_t first_seconds = 0;
    int64_t found_seconds = INT64_MIN;  // Of the last control with a find.
    uint32_t selection_ppm = 0;         // As recorded last.
    v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
    bool drawn = false;  // By the random stream, whatever else selected it.
    bool controlled = false;
    bool by_box = false;  // Papers: their box was, and they were not.
    bool found = false;
  };

  // The unit of a movement, by the assessment that was recorded; its number.
  // `random_rate_ppm`: of the terms in force then.
  uint32_t Add(const v1::Movement& movement, const v1::Assessment& recorded,
               uint32_t random_rate_ppm = 0);
  // What a control of a unit found; of several one find is enough. `channel`
  // and `selection_ppm` as they stood then; `seconds`: when the control was.
  // Unknown units count for nothing.
  void SetOutcome(absl::string_view unit, bool found, v1::Channel channel,
                  uint32_t selection_ppm, int64_t seconds = 0);
  // The same of papers whose box, a unit of its own, was controlled: a rule
  // that hits them led there. A control of their own goes before it in
  // everything but the find.
  void SetOutcomeOfBox(absl::string_view papers, absl::string_view box,
                       bool found, v1::Channel channel, uint32_t selection_ppm,
                       int64_t seconds);
  // Such papers and their box, by number: one control, however many of the two
  // are selected. Papers may be those of several boxes.
  const std::vector<std::pair<uint32_t, uint32_t>>& papers() const {
    return papers_;
  }
  // From where to where it goes by other movements of the same load, as an
  // outcome is tied; what its own movements said stays. Empty: not known.
  void SetRoute(absl::string_view unit, const std::string& from,
                const std::string& to);

  const std::vector<Unit>& units() const { return units_; }
  const std::string& facility(uint32_t number) const {
    return facility_names_[number];
  }
  // Of consignees, countries and ports.
  const std::string& name(uint32_t number) const { return names_[number]; }
  size_t name_count() const { return names_.size(); }
  // When the last of the movements occurred.
  int64_t last_seconds() const { return last_seconds_; }
  // 1 / p of a controlled unit; 0: it has none.
  static double WeightOf(const Unit& unit);
  void Report(v1::EvaluationReport* out) const;

 private:
  void SetOnce(const std::string& name, uint32_t* number);

  int64_t last_seconds_ = INT64_MIN;
  std::vector<Unit> units_;
  std::vector<std::pair<uint32_t, uint32_t>> papers_;
  absl::flat_hash_map<std::string, uint32_t> numbers_;
  std::vector<std::string> facility_names_;
  absl::flat_hash_map<std::string, uint32_t> facilities_;
  std::vector<std::string> names_;
  absl::flat_hash_map<std::string, uint32_t> name_numbers_;
};

// How many units a day each facility can inspect.
struct Capacity {
  uint64_t everywhere = 0;
  std::map<std::string, uint64_t> facilities;  // Those with another number.

  uint64_t Of(const std::string& facility) const {
    const auto found = facilities.find(facility);
    return found == facilities.end() ? everywhere : found->second;
  }
  // "5, NLRTM/ECTDELTA=20".
  std::string ToString() const;
};

// What one programme makes of them.
class Selection {
 public:
  // `seconds`: when the movement occurred. `terms`: of selection, at its place.
  void Add(uint32_t unit, int64_t seconds, const v1::Assessment& assessment,
           const SelectionProfile& terms = SelectionProfile());
  // That there is such a unit, by a movement that is not measured.
  void AddNothing(uint32_t unit);
  // That a rule's condition was evaluated so often, and takes so many
  // operations each time. Also of rules that never hit.
  void AddCost(const std::string& rule_set, const std::string& rule,
               uint64_t evaluated, uint64_t operations);

  // Everything but names, `change`, costs that were not added and what the
  // functions below give.
  void Report(const UnitTable& table, absl::Span<const double> rates,
              v1::VariantReport* out);
  // After Report.
  void ReportCapacities(const UnitTable& table,
                        absl::Span<const Capacity> capacities,
                        v1::VariantReport* out) const;
  // What if units were selected from other scores on: of each name and score.
  void ReportScoreThresholds(
      const UnitTable& table,
      absl::Span<const std::pair<std::string, int32_t>> thresholds,
      v1::VariantReport* out) const;
  // The population stability index of all scores, the other's expected.
  double DriftFrom(const Selection& other) const;
  // The units that a rule hit, ascending. After Report.
  std::vector<uint32_t> UnitsOf(const std::string& rule_set,
                                const std::string& rule) const;
  bool IsSelected(uint32_t unit) const {
    return standings_[unit].channel != v1::CHANNEL_UNSPECIFIED;
  }
  // Against another one of the same units.
  void Compare(const UnitTable& table, const Selection& baseline,
               v1::SelectionChange* out) const;

 private:
  struct Standing {
    int32_t score = 0;  // The best of its movements.
    v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
    int64_t selected_seconds = 0;
    bool hit = false;  // By a rule that is not in shadow.
    // For worklists: of all movements the strongest, and the last terms.
    v1::Channel urgent = v1::CHANNEL_UNSPECIFIED;
    v1::Lane lane = v1::GREEN;
    uint32_t draw_ppm = 0;
    bool drawn = false;
    int32_t top_up_score_min = 1;
  };
  struct Rule {
    std::string rule_set;
    std::string id;
    bool shadow = false;
    uint64_t hits = 0;
    uint64_t not_evaluated = 0;
    uint64_t evaluated = 0;
    uint64_t operations = 0;
  };
  struct RuleUnits;

  // By unit: whether it, or papers of which it is the box, is selected.
  std::vector<bool> Caught(const UnitTable& table) const;
  uint32_t RuleOf(const std::string& rule_set, const std::string& rule);
  // By score, ties by unit.
  std::vector<uint32_t> Ranked(const UnitTable& table) const;
  void ReportWorklists(const UnitTable& table, const Capacity& capacity,
                       v1::CapacityFigures* out) const;
  void ReportScores(const UnitTable& table, v1::VariantReport* out) const;
  void ReportRates(const UnitTable& table, absl::Span<const double> rates,
                   v1::VariantReport* out) const;
  void ReportRules(const UnitTable& table, v1::VariantReport* out);
  void AddRuleFigures(const UnitTable& table,
                      const std::vector<RuleUnits>& units, uint64_t alerts,
                      v1::VariantReport* out) const;
  void ReportWorkload(const UnitTable& table, v1::VariantReport* out) const;
  void ReportMonths(const UnitTable& table, v1::VariantReport* out) const;
  void ReportDrift(const UnitTable& table, v1::VariantReport* out) const;
  void ReportCountries(const UnitTable& table, v1::VariantReport* out) const;
  void ReportSizes(const UnitTable& table, v1::VariantReport* out) const;
  struct Burden;
  void AddBurden(const UnitTable& table, uint32_t unit, Burden* burden) const;

  std::vector<Standing> standings_;  // By unit.
  std::vector<Rule> rules_;
  std::map<std::pair<std::string, std::string>, uint32_t> rule_numbers_;
  // Unit and rule; each pair once after ReportRules.
  std::vector<std::pair<uint32_t, uint32_t>> hits_;
};

// The ways of the goods, and how many units of each every selection has.
void ReportRoutes(const UnitTable& table,
                  absl::Span<const Selection> selections,
                  v1::EvaluationReport* out);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_MEASURES_H_
