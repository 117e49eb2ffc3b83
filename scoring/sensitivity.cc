#include "scoring/sensitivity.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "scoring/cel/checker.h"
#include "scoring/cel/program.h"
#include "scoring/cel/time.h"
#include "scoring/measures_estimates.h"
#include "scoring/rule_set.h"

namespace portrisk::scoring {
namespace {

constexpr double kTimes[] = {0.5, 0.75, 1.5, 2};
constexpr int64_t kMinute = 60, kHour = 3'600;

bool IsOrder(absl::string_view name) {
  return name == "_<_" || name == "_<=_" || name == "_>_" || name == "_>=_";
}

bool IsArithmetic(absl::string_view name) {
  return name == "_+_" || name == "_-_" || name == "_*_" || name == "_/_" ||
         name == "-_";
}

// Where a constant stands that something is compared with.
struct Place {
  const cel::Expr* comparison;
  const cel::Expr* constant;  // A number, or the text of a duration.
  bool is_duration;
};

bool IsNumber(const cel::Expr& expr) {
  return expr.node == cel::Node::kLiteral &&
         (expr.literal.kind == cel::Kind::kInt ||
          expr.literal.kind == cel::Kind::kUint ||
          expr.literal.kind == cel::Kind::kDouble);
}

bool IsDuration(const cel::Expr& expr) {
  return expr.node == cel::Node::kCall && !expr.member &&
         expr.name == "duration" && expr.args.size() == 1 &&
         expr.args[0]->node == cel::Node::kLiteral &&
         expr.args[0]->literal.kind == cel::Kind::kString;
}

void FindConstants(const cel::Expr& side, const cel::Expr& comparison,
                   std::vector<Place>* out) {
  if (IsNumber(side)) return out->push_back({&comparison, &side, false});
  if (IsDuration(side)) {
    return out->push_back({&comparison, side.args[0], true});
  }
  if (side.node != cel::Node::kCall || !IsArithmetic(side.name)) return;
  for (const cel::Expr* arg : side.args) FindConstants(*arg, comparison, out);
}

void FindPlaces(const cel::Expr& expr, std::vector<Place>* out) {
  if (expr.node == cel::Node::kCall && IsOrder(expr.name)) {
    for (const cel::Expr* side : expr.args) FindConstants(*side, expr, out);
  }
  for (const cel::Expr* arg : expr.args) {
    if (arg != nullptr) FindPlaces(*arg, out);
  }
}

// Empty when there is no such duration.
std::string DurationTimes(absl::string_view text, double times) {
  cel::TimePoint duration;
  if (!cel::ParseDuration(text, &duration)) return "";
  const auto seconds = static_cast<int64_t>(
      std::llround((static_cast<double>(duration.seconds) +
                    static_cast<double>(duration.nanos) * 1e-9) *
                   times));
  if (seconds == 0) return "";
  if (seconds % kHour == 0) return absl::StrCat(seconds / kHour, "h");
  if (seconds % kMinute == 0) return absl::StrCat(seconds / kMinute, "m");
  return absl::StrCat(seconds, "s");
}

std::string NumberTimes(const cel::Value& value, double times) {
  switch (value.kind) {
    case cel::Kind::kInt: {
      const double product = static_cast<double>(value.i) * times;
      // What a double does not hold exactly is no threshold of anything.
      if (std::abs(product) > 9e15 || value.i == 0) return "";
      return absl::StrCat(std::llround(product));
    }
    case cel::Kind::kUint: {
      const double product = static_cast<double>(value.u) * times;
      if (product > 9e15 || value.u == 0) return "";
      return absl::StrCat(std::llround(product), "u");
    }
    default: {
      if (value.d == 0) return "";
      const std::string text = absl::StrCat(value.d * times);
      return text.find_first_of(".e") == std::string::npos
                 ? absl::StrCat(text, ".0")
                 : text;
    }
  }
}

std::string TextAt(absl::string_view source, const cel::Expr& expr) {
  return std::string(source.substr(expr.begin, expr.end - expr.begin));
}

// Rules like those of a set, one after the other.
class Planner {
 public:
  Planner(const RuleSet& from, size_t thresholds_max)
      : from_(from),
        thresholds_max_(thresholds_max),
        set_(std::make_shared<RuleSet>()),
        compiler_(from.environment) {
    set_->name = from.name;
    set_->layer = from.layer;
    set_->owner = from.owner;
    set_->aggregates = from.aggregates;
    set_->environment = from.environment;
    plan_.rule_set = from.name;
  }

  SensitivityPlan Take() {
    for (const Rule& rule : from_.rules) {
      if (rule.status != RuleStatus::kDraft) AddRule(rule);
    }
    if (plan_.points.empty()) return std::move(plan_);
    set_->program = compiler_.Finish();
    plan_.variants = set_;
    return std::move(plan_);
  }

 private:
  void AddRule(const Rule& rule) {
    cel::Diagnostics ignored;
    const cel::Checked checked =
        cel::CheckCondition(rule.source, from_.environment, &ignored);
    if (checked.expr == nullptr) return;
    std::vector<Place> places;
    FindPlaces(*checked.expr, &places);
    for (const Place& place : places) {
      if (plan_.thresholds.size() == thresholds_max_) {
        ++plan_.left_out;
        continue;
      }
      AddThreshold(rule, place);
    }
  }

  void AddThreshold(const Rule& rule, const Place& place) {
    const auto number = static_cast<uint32_t>(plan_.thresholds.size());
    const std::string written = place.is_duration
                                    ? std::string(place.constant->text)
                                    : TextAt(rule.source, *place.constant);
    const size_t points = plan_.points.size();
    std::string before;
    for (const double times : kTimes) {
      const std::string changed =
          place.is_duration ? DurationTimes(place.constant->text, times)
                            : NumberTimes(place.constant->literal, times);
      const std::string same = place.is_duration
                                   ? DurationTimes(place.constant->text, 1)
                                   : NumberTimes(place.constant->literal, 1);
      if (changed.empty() || changed == same || changed == before) continue;
      before = changed;
      if (AddVariant(rule, place, changed)) {
        plan_.points.push_back({number, changed, times < 1});
      }
    }
    if (plan_.points.size() == points) return;
    plan_.thresholds.push_back({rule.id, TextAt(rule.source, *place.comparison),
                                written, place.constant->begin});
  }

  bool AddVariant(const Rule& rule, const Place& place,
                  const std::string& changed) {
    const absl::string_view source = rule.source;
    const std::string text = absl::StrCat(
        source.substr(0, place.constant->begin), place.is_duration ? "'" : "",
        changed, place.is_duration ? "'" : "",
        source.substr(place.constant->end));
    cel::Diagnostics ignored;
    cel::Checked checked =
        cel::CheckCondition(text, set_->environment, &ignored);
    if (checked.expr == nullptr) return false;
    Rule variant;
    variant.id = absl::StrCat(set_->rules.size());
    variant.status = RuleStatus::kShadow;
    variant.applies_to = rule.applies_to;
    variant.valid = rule.valid;
    variant.source = text;
    variant.root = compiler_.Add(*checked.expr);
    // What it reads has to be derived.
    variant.evidence = std::move(checked.fields);
    variant.condition_fields = static_cast<uint32_t>(variant.evidence.size());
    set_->rule_index.emplace(variant.id, set_->rules.size());
    set_->rules.push_back(std::move(variant));
    return true;
  }

  const RuleSet& from_;
  const size_t thresholds_max_;
  const std::shared_ptr<RuleSet> set_;
  cel::Compiler compiler_;
  SensitivityPlan plan_;
};

template <typename Repeated>
void EraseOf(uint64_t revision, Repeated* all) {
  all->erase(std::remove_if(
                 all->begin(), all->end(),
                 [&](const auto& one) { return one.revision() == revision; }),
             all->end());
}

}  // namespace

SensitivityPlan PlanSensitivity(const RuleSet& rule_set,
                                size_t thresholds_max) {
  return Planner(rule_set, thresholds_max).Take();
}

int64_t ConditionCost(const RuleSet& rule_set, const std::string& rule) {
  const auto found = rule_set.rule_index.find(rule);
  if (found == rule_set.rule_index.end()) return 0;
  cel::Diagnostics ignored;
  return cel::CheckCondition(rule_set.rules[found->second].source,
                             rule_set.environment, &ignored)
      .cost;
}

void Sensitivity::TakeOut(v1::Assessment* answer,
                          std::vector<uint32_t>* points) const {
  for (const v1::Hit& hit : answer->hits()) {
    uint32_t point;
    if (hit.revision() == revision_ && absl::SimpleAtoi(hit.rule(), &point)) {
      points->push_back(point);
    }
  }
  EraseOf(revision_, answer->mutable_hits());
  EraseOf(revision_, answer->mutable_not_evaluated());
  EraseOf(revision_, answer->mutable_revisions());
}

void Sensitivity::Add(uint32_t unit, uint32_t point) {
  std::vector<uint32_t>& units = units_[point];
  if (units.empty() || units.back() != unit) units.push_back(unit);
}

void Sensitivity::FillPoint(const UnitTable& table,
                            const std::vector<uint32_t>& written,
                            const std::vector<uint32_t>& units,
                            v1::SensitivityPoint* out) const {
  const auto counted = [&](const std::vector<uint32_t>& some) {
    Counted all;
    for (const uint32_t unit : some) all.Add(table.units()[unit]);
    return all.estimate();
  };
  std::vector<uint32_t> gained, lost;
  std::set_difference(units.begin(), units.end(), written.begin(),
                      written.end(), std::back_inserter(gained));
  std::set_difference(written.begin(), written.end(), units.begin(),
                      units.end(), std::back_inserter(lost));
  out->set_units(units.size());
  out->set_gained(gained.size());
  out->set_lost(lost.size());
  *out->mutable_precision() = counted(units);
  *out->mutable_gained_finds() = counted(gained);
  *out->mutable_lost_finds() = counted(lost);
}

void Sensitivity::Report(const UnitTable& table, const Selection& selection,
                         v1::VariantReport* out) {
  for (size_t at = 0; at < plan_.points.size();) {
    const uint32_t number = plan_.points[at].threshold;
    const Threshold& threshold = plan_.thresholds[number];
    const std::vector<uint32_t> written =
        selection.UnitsOf(plan_.rule_set, threshold.rule);
    v1::SensitivityFigures* const figures = out->add_sensitivity();
    figures->set_rule_set(plan_.rule_set);
    figures->set_rule(threshold.rule);
    figures->set_condition(threshold.condition);
    figures->set_constant(threshold.constant);
    figures->set_offset(threshold.offset);
    const auto add_written = [&] {
      v1::SensitivityPoint* const point = figures->add_points();
      point->set_constant(threshold.constant);
      point->set_as_written(true);
      FillPoint(table, written, written, point);
    };
    bool is_written = false;
    for (; at < plan_.points.size() && plan_.points[at].threshold == number;
         ++at) {
      if (!plan_.points[at].below && !is_written) {
        add_written();
        is_written = true;
      }
      std::vector<uint32_t>& units = units_[at];
      std::sort(units.begin(), units.end());
      units.erase(std::unique(units.begin(), units.end()), units.end());
      v1::SensitivityPoint* const point = figures->add_points();
      point->set_constant(plan_.points[at].constant);
      FillPoint(table, written, units, point);
    }
    if (!is_written) add_written();
  }
}

}  // namespace portrisk::scoring
