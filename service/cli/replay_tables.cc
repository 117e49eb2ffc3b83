#include "service/cli/replay_tables.h"

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "service/cli/figures.h"
#include "service/cli/table.h"
#include "service/evaluation_page.h"
#include "service/evaluation_sections.h"

namespace portrisk::service::cli {
namespace {

constexpr uint64_t kCapacityMax = 1'000'000;

// What was left there is not known, though it may look like nothing.
constexpr char kNotKnown[] = "-";

// Precision, weighted precision, recall, lift, normalised precision.
std::vector<std::string> FigureTexts(const v1::RateFigures& figures,
                                     uint64_t units) {
  std::vector<std::string> texts = {
      ShareText(figures.precision()),
      FigureText(figures.has_weighted_precision(), figures.weighted_precision(),
                 figures.weighted_precision_interval())};
  if (!KnowsOfOthers(figures, units)) {
    texts.insert(texts.end(), 3, kNotKnown);
    return texts;
  }
  texts.push_back(FigureText(figures.has_recall(), figures.recall(),
                             figures.recall_interval()));
  texts.push_back(
      FigureText(figures.has_lift(), figures.lift(), figures.lift_interval()));
  texts.push_back(FigureText(figures.has_normalised_precision(),
                             figures.normalised_precision(),
                             figures.normalised_precision_interval()));
  return texts;
}

void PrintNotes(const v1::EvaluationReport& report, bool all_known) {
  if (report.unweighted() > 0) {
    std::cout << "recall, lift, normalised: no fewer finds are counted than "
                 "are known, those without a weight too\n";
  }
  if (all_known) return;
  std::cout << kNotKnown
            << ": nothing beyond these inspections was controlled with a known "
               "chance, so what was left there is not known\n";
}

void PrintRates(const v1::EvaluationReport& report) {
  Table table({"RULES", "RATE", "UNITS", "SCORE FROM",
               "FINDS OF CONTROLLED (95 %)", "PRECISION, WEIGHTED", "RECALL",
               "LIFT", "NORMALISED"});
  bool all_known = true;
  for (const v1::VariantReport& variant : report.variants()) {
    for (const v1::RateFigures& one : variant.rates()) {
      std::vector<std::string> row = {
          variant.name(), Percent(one.rate()), absl::StrCat(one.k()),
          one.least_score() > 0 ? absl::StrCat(one.least_score())
                                : "0, by name"};
      for (std::string& text : FigureTexts(one, report.units())) {
        row.push_back(std::move(text));
      }
      table.Add(std::move(row));
      all_known = all_known && KnowsOfOthers(one, report.units());
    }
  }
  table.Print(std::cout);
  PrintNotes(report, all_known);
}

void PrintMore(int rows) {
  if (rows > 0) std::cout << "... and " << rows << " more (--top)\n";
}

void PrintRules(const v1::VariantReport& variant, int top) {
  std::vector<v1::RuleFigures> rules(variant.rules().begin(),
                                     variant.rules().end());
  std::stable_sort(
      rules.begin(), rules.end(),
      [](const auto& a, const auto& b) { return a.units() > b.units(); });
  std::cout << "\n" << variant.name() << ", rules by units they hit\n";
  Table table({"RULE", "HITS", "UNITS", "ALONE", "SHARE OF ALERTS",
               "FINDS OF CONTROLLED (95 %)", "MARGINAL", "DAYS SINCE A FIND",
               "NOT EVALUATED", "LOOKED AT", "SHARE OF COST"});
  int shown = 0;
  for (const v1::RuleFigures& rule : rules) {
    if (rule.units() == 0 || ++shown > top) continue;
    table.Add({absl::StrCat(rule.rule(), rule.shadow() ? " (shadow)" : ""),
               absl::StrCat(rule.hits()), absl::StrCat(rule.units()),
               absl::StrCat(rule.alone()), Percent(rule.alert_share()),
               ShareText(rule.precision()), absl::StrCat(rule.marginal_finds()),
               rule.has_days_since_last_find()
                   ? absl::StrFormat("%.0f", rule.days_since_last_find())
                   : "",
               absl::StrCat(rule.not_evaluated()),
               Percent(static_cast<double>(rule.evaluated()) /
                       static_cast<double>(
                           std::max<uint64_t>(variant.replayed(), 1))),
               Percent(rule.cost_share())});
  }
  table.Print(std::cout);
  PrintMore(shown - top);
  const std::vector<std::string> undecided = UndecidedRules(variant);
  if (!undecided.empty()) {
    std::cout
        << "Without a hit, and undecided in so many of the movements they "
           "were looked at,\nfor want of a field, a list or history: "
        << absl::StrJoin(undecided, ", ") << "\n";
  }
}

void PrintChange(const v1::VariantReport& variant) {
  const v1::SelectionChange& change = variant.change();
  std::cout << "\n"
            << variant.name() << " against the baseline: " << change.kept()
            << " kept, " << change.gained() << " gained, " << change.lost()
            << " lost\n";
  const auto print = [](const char* what, const v1::ShareEstimate& finds,
                        const auto& examples) {
    if (examples.empty()) return;
    std::cout << what;
    if (finds.has_share()) std::cout << ", finds " << ShareText(finds);
    std::cout << ":";
    for (const std::string& unit : examples) std::cout << " " << unit;
    std::cout << "\n";
  };
  print("gained", change.gained_finds(), change.gained_examples());
  print("lost", change.lost_finds(), change.lost_examples());
}

void PrintWorkload(const v1::EvaluationReport& report, int top) {
  std::cout << "\nWorkload by facility\n";
  Table table({"RULES", "FACILITY", "UNITS", "SELECTED", "A DAY", "BUSIEST DAY",
               "BUSIEST HOUR"});
  int more = 0;
  for (const v1::VariantReport& variant : report.variants()) {
    int shown = 0;
    for (const v1::FacilityWorkload& one : variant.workload()) {
      if (one.selected() == 0) break;
      if (++shown > top) {
        ++more;
        continue;
      }
      table.Add(
          {variant.name(), one.facility(), absl::StrCat(one.units()),
           absl::StrCat(one.selected()), absl::StrFormat("%.2f", one.per_day()),
           absl::StrCat(one.busiest_day()), absl::StrCat(one.busiest_hour())});
    }
  }
  table.Print(std::cout);
  PrintMore(more);
}

}  // namespace

absl::StatusOr<std::vector<v1::EvaluationCapacity>> ParseCapacities(
    const std::vector<std::string>& texts) {
  std::set<uint64_t> everywhere;
  std::map<std::string, uint64_t> facilities;
  for (const std::string& text : texts) {
    const size_t sign = text.rfind('=');
    uint64_t count;
    if (!absl::SimpleAtoi(
            sign == std::string::npos ? text : text.substr(sign + 1), &count) ||
        count > kCapacityMax || sign == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", text,
                       "\" is no capacity; write 5 for all facilities, or "
                       "NLRTM/ECTDELTA=20 for one"));
    }
    if (sign == std::string::npos) {
      everywhere.insert(count);
    } else if (!facilities.emplace(text.substr(0, sign), count).second) {
      return absl::InvalidArgumentError(absl::StrCat(
          text.substr(0, sign), " has two capacities; leave one out"));
    }
  }
  if (everywhere.empty() && !facilities.empty()) everywhere.insert(0);
  std::vector<v1::EvaluationCapacity> capacities;
  for (const uint64_t count : everywhere) {
    v1::EvaluationCapacity& capacity = capacities.emplace_back();
    capacity.set_everywhere(count);
    for (const auto& [facility, units] : facilities) {
      v1::FacilityCapacity* const one = capacity.add_facilities();
      one->set_facility(facility);
      one->set_units(units);
    }
  }
  return capacities;
}

std::string ShareText(const v1::ShareEstimate& share) {
  if (!share.has_share()) return "";
  return absl::StrFormat("%d/%d %s (%s to %s)", share.count(), share.of(),
                         Percent(share.share()), Percent(share.low()),
                         Percent(share.high()));
}

std::string FigureText(bool is_known, double value,
                       const v1::Interval& interval) {
  if (!is_known) return "";
  return absl::StrFormat("%.3f (%.3f to %.3f)", value, interval.low(),
                         interval.high());
}

void PrintCapacities(const v1::EvaluationReport& report) {
  if (report.variants().empty() || report.variants(0).capacities().empty()) {
    return;
  }
  std::cout << "\nThe best units of each facility and day, by score alone and "
               "as a worklist takes them\n";
  Table table({"RULES", "A DAY", "HOW", "UNITS", "LEFT OUT", "FULL DAYS",
               "FINDS OF CONTROLLED (95 %)", "PRECISION, WEIGHTED", "RECALL",
               "LIFT", "NORMALISED"});
  bool all_known = true;
  for (const v1::VariantReport& variant : report.variants()) {
    for (const v1::CapacityFigures& one : variant.capacities()) {
      for (const v1::RateFigures* figures : {&one.figures(), &one.worklist()}) {
        const bool by_score = figures == &one.figures();
        std::vector<std::string> row = {
            variant.name(),
            one.capacity(),
            by_score ? "score" : "worklist",
            absl::StrCat(figures->k()),
            by_score ? "" : absl::StrCat(one.worklist_left_out()),
            by_score ? absl::StrCat(one.full_days(), "/", one.facility_days())
                     : ""};
        for (std::string& text : FigureTexts(*figures, report.units())) {
          row.push_back(std::move(text));
        }
        table.Add(std::move(row));
        all_known = all_known && KnowsOfOthers(*figures, report.units());
      }
    }
  }
  table.Print(std::cout);
  PrintNotes(report, all_known);
  for (const v1::CapacityFigures& one : report.variants(0).capacities()) {
    for (const v1::CapacityFacility& facility : one.facilities()) {
      if (facility.units() > 0) continue;
      std::cout << "nothing came to " << facility.facility()
                << " in that time; is it spelt as movements name it?\n";
    }
  }
}

void PrintSensitivity(const v1::VariantReport& variant, int top) {
  if (variant.sensitivity().empty()) return;
  std::cout << "\n"
            << variant.name()
            << ", what if a threshold were another (*: as written)\n";
  Table table({"RULE", "COMPARED", "THRESHOLD", "UNITS",
               "FINDS OF CONTROLLED (95 %)", "GAINED (FINDS)", "LOST (FINDS)"});
  int shown = 0, changing = 0;
  for (const v1::SensitivityFigures& one : variant.sensitivity()) {
    if (!ChangesSomething(one) || ++changing > top) continue;
    ++shown;
    for (const v1::SensitivityPoint& point : one.points()) {
      table.Add({one.rule(), one.condition(),
                 absl::StrCat(point.constant(), point.as_written() ? " *" : ""),
                 absl::StrCat(point.units()), ShareText(point.precision()),
                 UnitsAndFinds(point.gained(), point.gained_finds()),
                 UnitsAndFinds(point.lost(), point.lost_finds())});
    }
  }
  table.Print(std::cout);
  std::cout << "with " << variant.sensitivity_size() - changing
            << " more thresholds nothing changes";
  if (changing > shown) {
    std::cout << "; " << changing - shown << " more are not shown (--top)";
  }
  if (variant.thresholds_left_out() > 0) {
    std::cout << "; " << variant.thresholds_left_out()
              << " were not tried, which one pass has no room for";
  }
  std::cout << "\n";
}

void PrintBurden(const v1::EvaluationReport& report, int top) {
  const auto print = [&](v1::BurdenGroup group, const char* name) {
    Table table({"RULES", name, "CONSIGNEES", "SELECTED OF UNITS (95 %)",
                 "HIT BY A RULE", "FINDS OF SELECTED"});
    bool is_empty = true;
    int more = 0;
    for (const v1::VariantReport& variant : report.variants()) {
      std::vector<const v1::BurdenFigures*> rows;
      for (const v1::BurdenFigures& one : variant.burden()) {
        if (one.group() == group) rows.push_back(&one);
      }
      if (group == v1::COUNTRY_OF_CONSIGNEE) {
        std::stable_sort(rows.begin(), rows.end(), [](auto* a, auto* b) {
          return a->selected().of() > b->selected().of();
        });
      }
      if (rows.size() > static_cast<size_t>(top)) {
        more += static_cast<int>(rows.size()) - top;
        rows.resize(static_cast<size_t>(top));
      }
      for (const v1::BurdenFigures* one : rows) {
        is_empty = false;
        std::string value = one->value().empty() ? "not known" : one->value();
        if (one->size_max() > 0) {
          absl::StrAppend(&value, " (", one->size_min(), " to ",
                          one->size_max(), " units)");
        }
        table.Add({variant.name(), value, absl::StrCat(one->consignees()),
                   ShareText(one->selected()), Percent(one->hit().share()),
                   ShareText(one->precision())});
      }
    }
    if (is_empty) return;
    std::cout << "\n";
    table.Print(std::cout);
    PrintMore(more);
  };
  print(v1::COUNTRY_OF_CONSIGNEE, "COUNTRY OF CONSIGNEE");
  print(v1::SIZE_OF_CONSIGNEE, "SIZE OF CONSIGNEE, IN QUARTERS");
}

void PrintDrift(const v1::EvaluationReport& report) {
  if (report.variants().empty() || report.variants(0).drift_size() < 2) return;
  std::cout << "\nScores of each month against the first (population stability "
               "index; 0.1 is little, 0.25 a shift)\n";
  std::vector<std::string> head = {"RULES"};
  for (const v1::ScoreDrift& month : report.variants(0).drift()) {
    head.push_back(month.month());
  }
  head.push_back("AGAINST THE BASELINE");
  Table table(head);
  for (const v1::VariantReport& variant : report.variants()) {
    std::vector<std::string> row = {variant.name()};
    for (const v1::ScoreDrift& month : variant.drift()) {
      row.push_back(absl::StrFormat("%.3f", month.stability_index()));
    }
    row.push_back(variant.has_drift_from_baseline()
                      ? absl::StrFormat("%.3f", variant.drift_from_baseline())
                      : "");
    table.Add(row);
  }
  table.Print(std::cout);
}

void PrintReport(const v1::EvaluationReport& report, int top) {
  if (report.movements() == 0) {
    std::cout << "No movement lies in what was asked for: see --from, --until "
                 "and --history-from.\n";
  }
  std::cout << report.movements() << " movements, " << report.units()
            << " units, of which " << report.controlled()
            << " were controlled and " << report.finds()
            << " held something.\nBase rate, from the random stream alone: "
            << (report.base_rate().has_share() ? ShareText(report.base_rate())
                                               : "no unit was controlled")
            << "\n";
  if (report.controlled_by_box() > 0) {
    std::cout << "Besides, " << report.controlled_by_box()
              << " units are papers whose box was controlled: what it held "
                 "counts for the rules that hit them.\n";
  }
  if (report.unweighted() > 0) {
    std::cout << report.unweighted()
              << " were controlled although nothing had selected them: not in "
                 "weighted figures.\n";
  }
  std::cout << "\n";
  for (const v1::VariantReport& variant : report.variants()) {
    std::cout << variant.name() << ": " << variant.selected()
              << " units selected, " << variant.by_rule() << " by a rule, "
              << variant.by_score() << " by score, " << variant.by_chance()
              << " by chance; " << variant.selected_finds() << " finds\n";
  }
  std::cout << "\nUnits ranked by score\n";
  PrintRates(report);
  PrintCapacities(report);
  for (const v1::VariantReport& variant : report.variants()) {
    PrintRules(variant, top);
    if (variant.has_change()) PrintChange(variant);
    PrintSensitivity(variant, top);
  }
  PrintDrift(report);
  PrintBurden(report, top);
  PrintWorkload(report, top);
}

}  // namespace portrisk::service::cli
