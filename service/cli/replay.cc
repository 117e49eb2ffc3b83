// portrisk replay.
#include "service/replay.h"

#include <algorithm>
#include <iostream>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "service/cli/commands.h"
#include "service/cli/figures.h"
#include "service/cli/progress.h"
#include "service/cli/replay_tables.h"
#include "service/cli/stored.h"
#include "service/cli/table.h"
#include "service/evaluation_csv.h"
#include "service/evaluation_page.h"
#include "service/secrets.h"

namespace portrisk::service::cli {
namespace {

struct Flags {
  std::vector<std::string> files;
  std::string baseline = "in-force";
  std::string from, until;
  std::string output = "table";
  std::vector<double> percents = {1, 2, 5, 10};
  std::vector<std::string> capacities;
  std::string csv;
  bool separate = false;
  bool sensitivity = false;
  bool verify = false;
  int top = 25;
};

absl::StatusOr<std::shared_ptr<const scoring::RuleSet>> ReadRuleSet(
    const std::string& path) {
  auto text = ReadFile(path);
  if (!text.ok()) return text.status();
  const scoring::CheckResult checked = scoring::CheckRuleSet(*text, path);
  for (const v1::Issue& issue : checked.issues) {
    if (issue.severity() == v1::ERROR) PrintIssue(issue);
  }
  if (checked.rule_set == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " has errors; correct what is shown above"));
  }
  return checked.rule_set;
}

absl::StatusOr<std::vector<ReplayVariant>> VariantsOf(const store::Store& store,
                                                      const Flags& flags) {
  std::vector<ReplayVariant> variants;
  ReplayVariant& baseline = variants.emplace_back();
  baseline.name = flags.baseline;
  if (flags.baseline == "recorded") {
    baseline.as_recorded = true;
  } else if (flags.baseline == "in-force") {
    auto members = MembersWith(store, {});
    if (!members.ok()) return members.status();
    baseline.members = *std::move(members);
  }
  std::vector<std::vector<std::string>> candidates;
  for (const std::string& file : flags.files) {
    if (candidates.empty() || flags.separate) candidates.emplace_back();
    candidates.back().push_back(file);
  }
  for (const auto& files : candidates) {
    std::vector<std::shared_ptr<const scoring::RuleSet>> sets;
    ReplayVariant& variant = variants.emplace_back();
    for (const std::string& file : files) {
      auto set = ReadRuleSet(file);
      if (!set.ok()) return set.status();
      sets.push_back(*std::move(set));
      absl::StrAppend(&variant.name, variant.name.empty() ? "" : " + ", file);
    }
    auto members = MembersWith(store, sets);
    if (!members.ok()) return members.status();
    variant.members = *std::move(members);
  }
  return variants;
}

void PrintRates(const v1::EvaluationReport& report) {
  Table table({"RULES", "RATE", "UNITS", "SCORE FROM",
               "FINDS OF CONTROLLED (95 %)", "PRECISION, WEIGHTED", "RECALL",
               "LIFT", "NORMALISED"});
  for (const v1::VariantReport& variant : report.variants()) {
    for (const v1::RateFigures& one : variant.rates()) {
      table.Add(
          {variant.name(), Percent(one.rate()), absl::StrCat(one.k()),
           absl::StrCat(one.least_score()), ShareText(one.precision()),
           FigureText(one.has_weighted_precision(), one.weighted_precision(),
                      one.weighted_precision_interval()),
           FigureText(one.has_recall(), one.recall(), one.recall_interval()),
           FigureText(one.has_lift(), one.lift(), one.lift_interval()),
           FigureText(one.has_normalised_precision(),
                      one.normalised_precision(),
                      one.normalised_precision_interval())});
    }
  }
  table.Print(std::cout);
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
  if (shown > top) std::cout << "... and " << shown - top << " more (--top)\n";
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
  for (const v1::VariantReport& variant : report.variants()) {
    int shown = 0;
    for (const v1::FacilityWorkload& one : variant.workload()) {
      if (one.selected() == 0 || ++shown > top) break;
      table.Add(
          {variant.name(), one.facility(), absl::StrCat(one.units()),
           absl::StrCat(one.selected()), absl::StrFormat("%.2f", one.per_day()),
           absl::StrCat(one.busiest_day()), absl::StrCat(one.busiest_hour())});
    }
  }
  table.Print(std::cout);
}

void PrintReport(const v1::EvaluationReport& report, int top) {
  std::cout << report.movements() << " movements, " << report.units()
            << " units, of which " << report.controlled()
            << " were controlled and " << report.finds()
            << " held something.\nBase rate, from the random stream alone: "
            << (report.base_rate().has_share() ? ShareText(report.base_rate())
                                               : "no unit was controlled")
            << "\n";
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
  PrintBurden(report, std::min(top, 10));
  PrintWorkload(report, std::min(top, 10));
}

int Verify(const store::Store& store, const ReplayOptions& options) {
  const auto result = VerifyAssessments(store, options);
  if (!result.ok()) return Fail(result.status());
  std::cout << "assessed " << result->movements << " movements again: "
            << (result->equal == result->movements
                    ? "all equal, byte for byte"
                    : absl::StrCat(result->movements - result->equal,
                                   " differ"))
            << "\n";
  for (const std::string& difference : result->differences) {
    std::cout << "  " << difference << "\n";
  }
  return result->equal == result->movements ? kExitOk : kExitFailed;
}

absl::StatusOr<ReplayOptions> OptionsOf(const GlobalFlags& global,
                                        const Flags& flags) {
  ReplayOptions options;
  auto secrets =
      LoadSecrets(global.secrets.empty() ? DefaultSecretsPath(global.store)
                                         : global.secrets,
                  MissingSecrets::kRefuse);
  if (!secrets.ok()) return secrets.status();
  options.draw_key = DrawKeyOf(*secrets);
  for (const auto& [text, time] :
       {std::make_pair(&flags.from, &options.from),
        std::make_pair(&flags.until, &options.until)}) {
    if (text->empty()) continue;
    auto day = ParseDay(*text);
    if (!day.ok()) return day.status();
    *time = *day;
  }
  if (options.from >= options.until) {
    return absl::InvalidArgumentError("--from is not before --until");
  }
  options.rates.clear();
  for (const double percent : flags.percents) {
    options.rates.push_back(percent / 100);
  }
  auto capacities = ParseCapacities(flags.capacities);
  if (!capacities.ok()) return capacities.status();
  options.capacities = *std::move(capacities);
  options.sensitivity = flags.sensitivity;
  return options;
}

int Replay(const GlobalFlags& global, const Flags& flags) {
  if (global.store.empty()) {
    return Fail(absl::InvalidArgumentError(
        "name the store: portrisk --store DIR replay ...; it is only read"));
  }
  auto store = OpenToRead(global.store);
  if (!store.ok()) return Fail(store.status());
  auto options = OptionsOf(global, flags);
  if (!options.ok()) return Fail(options.status());
  const uint64_t last = (*store)->last_sequence_at_open();
  Progress progress("replay", "records");
  options->progress = [&](uint64_t at) { progress.Show(at, last); };
  if (flags.verify) {
    const int code = Verify(**store, *options);
    progress.Finish();
    return code;
  }
  auto variants = VariantsOf(**store, flags);
  if (!variants.ok()) return Fail(variants.status());
  auto report = ReplayHistory(**store, *variants, *options);
  progress.Finish();
  if (!report.ok()) return Fail(report.status());
  if (!flags.csv.empty()) {
    absl::Status written = WriteEvaluationCsv(*report, flags.csv);
    if (!written.ok()) return Fail(written);
  }
  if (flags.output == "json") {
    std::cout << ToJson(*report, /*pretty=*/true);
  } else if (flags.output == "html") {
    std::cout << EvaluationPage(*report, global.language);
  } else {
    PrintReport(*report, flags.top);
  }
  return kExitOk;
}

}  // namespace

void AddReplay(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto own = std::make_shared<Flags>();
  auto* command = app.add_subcommand(
      "replay",
      "What rule sets would have selected of stored history, beside those in "
      "force\n"
      "Example: portrisk --store DIR replay my-port.yaml --from 2026-01-01\n"
      "Reads the store, which a server may have open. Everything is met in the "
      "order\nin which it was recorded, with the lists, outcomes and history "
      "known by then.");
  command->add_option("files", own->files,
                      "Rule sets to try, in place of those with their names");
  command
      ->add_option("--baseline", own->baseline,
                   "in-force (what is now in force, all along), recorded (what "
                   "was in force then) or empty")
      ->check(CLI::IsMember({"in-force", "recorded", "empty"}))
      ->capture_default_str();
  command->add_flag("--separate", own->separate,
                    "Each file by itself, not all together");
  command->add_option("--from", own->from, "First day that is measured");
  command->add_option("--until", own->until, "Day after the last");
  command->add_option("--rates", own->percents, "Inspected, in % of units: 1,5")
      ->delimiter(',')
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  command->add_option(
      "--capacity", own->capacities,
      "Units that each facility can inspect a day, such as 5; with "
      "NLRTM/ECTDELTA=20 that one; may be repeated");
  command->add_flag("--sensitivity", own->sensitivity,
                    "Also try half, three quarters, one and a half times and "
                    "twice each threshold of the files' rules; takes longer");
  command->add_option("--csv", own->csv,
                      "Also write every table into this folder, as CSV");
  command->add_option("--top", own->top, "Rows of each table")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      ->add_option("--output", own->output,
                   "table, json, or html: a page with plots, in --language")
      ->check(CLI::IsMember({"table", "json", "html"}))
      ->capture_default_str();
  command->add_flag("--verify", own->verify,
                    "Assess everything again as it was, and compare with the "
                    "stored answers byte for byte");
  command->callback(
      [=, &flags] { *action = [=, &flags] { return Replay(flags, *own); }; });
}

}  // namespace portrisk::service::cli
