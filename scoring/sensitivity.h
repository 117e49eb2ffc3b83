// What if a threshold were another: rules like those of a set, each with one of
// its constants changed, to be evaluated in shadow beside them in the same
// pass.
//
// A threshold is a number or duration written out on one side of <, <=, > or
// >=, by itself or as a part of a sum, difference or product. The condition's
// checked tree says where it stands; its text is changed there and checked
// again, so that a variant means what an author would have written. Pure.
#ifndef PORTRISK_SCORING_SENSITIVITY_H_
#define PORTRISK_SCORING_SENSITIVITY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/evaluation.pb.h"
#include "scoring/measures.h"
#include "scoring/programme.h"

namespace portrisk::scoring {

struct Threshold {
  std::string rule;
  std::string condition;  // The comparison, as written.
  std::string constant;   // As written.
  uint32_t offset = 0;    // Where that begins in the rule's condition.
};

// The thresholds of a set, and variants of its rules: half, three quarters,
// one and a half times and double, as far as they differ from each other.
struct SensitivityPlan {
  struct Point {
    uint32_t threshold = 0;
    std::string constant;
    bool below = false;  // Less than what is written.
  };
  std::string rule_set;
  std::vector<Threshold> thresholds;
  std::vector<Point> points;  // By rule of `variants`.
  // A set whose rules are called "0", "1" ...; it reads the lists and
  // aggregates of the other, and has no breaker, score, lane or suppression.
  // Null when there are no points.
  std::shared_ptr<const RuleSet> variants;
  uint32_t left_out = 0;  // Thresholds beyond `thresholds_max`.
};
SensitivityPlan PlanSensitivity(const RuleSet& rule_set, size_t thresholds_max);

// Estimated operations of one evaluation of a rule's condition; 0 when there is
// no such rule. Checks the condition again: not for the hot path.
int64_t ConditionCost(const RuleSet& rule_set, const std::string& rule);

// What the variants of a plan hit.
class Sensitivity {
 public:
  // The variants are in a programme with this revision.
  Sensitivity(SensitivityPlan plan, uint64_t revision)
      : plan_(std::move(plan)),
        revision_(revision),
        units_(plan_.points.size()) {}

  uint64_t revision() const { return revision_; }
  const SensitivityPlan& plan() const { return plan_; }
  // Adds what the variants hit to `points`, and takes every trace of them out
  // of the answer: what remains is what it would be without them.
  void TakeOut(v1::Assessment* answer, std::vector<uint32_t>* points) const;
  void Add(uint32_t unit, uint32_t point);
  // Against the rules as written, by what they hit in `selection`.
  void Report(const UnitTable& table, const Selection& selection,
              v1::VariantReport* out);

 private:
  void FillPoint(const UnitTable& table, const std::vector<uint32_t>& written,
                 const std::vector<uint32_t>& units,
                 v1::SensitivityPoint* out) const;

  const SensitivityPlan plan_;
  const uint64_t revision_;
  std::vector<std::vector<uint32_t>> units_;  // By point.
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_SENSITIVITY_H_
