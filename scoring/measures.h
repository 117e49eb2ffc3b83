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

namespace portrisk::scoring {

// k of n with the 95 % interval of Wilson; n may be 0.
v1::ShareEstimate Estimate(uint64_t count, uint64_t of);

// The units of a history, and what is known of them whatever the rules.
class UnitTable {
 public:
  struct Unit {
    std::string id;
    uint32_t facility = 0;
    int64_t first_seconds = 0;
    uint32_t selection_ppm = 0;  // As recorded last.
    v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
    bool controlled = false;
    bool found = false;
  };

  // The unit of a movement, by the assessment that was recorded; its number.
  uint32_t Add(const v1::Movement& movement, const v1::Assessment& recorded);
  // What a control of a unit found; of several one find is enough. `channel`
  // and `selection_ppm` as they stood then. Unknown units count for nothing.
  void SetOutcome(absl::string_view unit, bool found, v1::Channel channel,
                  uint32_t selection_ppm);

  const std::vector<Unit>& units() const { return units_; }
  const std::string& facility(uint32_t number) const {
    return facility_names_[number];
  }
  // 1 / p of a controlled unit; 0: it has none.
  static double WeightOf(const Unit& unit);
  void Report(v1::EvaluationReport* out) const;

 private:
  std::vector<Unit> units_;
  absl::flat_hash_map<std::string, uint32_t> numbers_;
  std::vector<std::string> facility_names_;
  absl::flat_hash_map<std::string, uint32_t> facilities_;
};

// What one programme makes of them.
class Selection {
 public:
  // `seconds`: when the movement occurred.
  void Add(uint32_t unit, int64_t seconds, const v1::Assessment& assessment);

  // Everything but names and `change`.
  void Report(const UnitTable& table, absl::Span<const double> rates,
              v1::VariantReport* out);
  // Against another one of the same units.
  void Compare(const UnitTable& table, const Selection& baseline,
               v1::SelectionChange* out) const;

 private:
  struct Standing {
    int32_t score = 0;  // The best of its movements.
    v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
    int64_t selected_seconds = 0;
  };
  struct Rule {
    std::string rule_set;
    std::string id;
    bool shadow = false;
    uint64_t hits = 0;
    uint64_t not_evaluated = 0;
  };

  uint32_t RuleOf(const std::string& rule_set, const std::string& rule);
  bool IsSelected(uint32_t unit) const {
    return standings_[unit].channel != v1::CHANNEL_UNSPECIFIED;
  }
  void ReportScores(const UnitTable& table, v1::VariantReport* out) const;
  void ReportRates(const UnitTable& table, absl::Span<const double> rates,
                   v1::VariantReport* out) const;
  void ReportRules(const UnitTable& table, v1::VariantReport* out);
  void ReportWorkload(const UnitTable& table, v1::VariantReport* out) const;
  void ReportMonths(const UnitTable& table, v1::VariantReport* out) const;

  std::vector<Standing> standings_;  // By unit.
  std::vector<Rule> rules_;
  std::map<std::pair<std::string, std::string>, uint32_t> rule_numbers_;
  // Unit and rule; each pair once after ReportRules.
  std::vector<std::pair<uint32_t, uint32_t>> hits_;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_MEASURES_H_
