// portrisk replay.
#include "service/replay.h"

#include <algorithm>
#include <iostream>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "scoring/selection_profile_parser.h"
#include "service/cli/commands.h"
#include "service/cli/evaluation_table.h"
#include "service/cli/figures.h"
#include "service/cli/input.h"
#include "service/cli/progress.h"
#include "service/cli/scratch_store.h"
#include "service/cli/stored.h"
#include "service/cli/table.h"
#include "service/evaluation_page.h"
#include "service/secrets.h"

namespace portrisk::service::cli {
namespace {

struct Flags {
  std::vector<std::string> files;
  std::string baseline = "in-force";
  std::string from, until, history_from;
  std::string output = "table";
  std::vector<double> percents = {1, 2, 5, 10};
  InputFlags movements;
  std::string outcomes;
  std::string profile;
  bool separate = false;
  bool verify = false;
  int top = 25;
};

std::string Share(const v1::ShareEstimate& one) {
  if (!one.has_share()) return "";
  return absl::StrFormat("%d/%d %s (%s to %s)", one.count(), one.of(),
                         Percent(one.share()), Percent(one.low()),
                         Percent(one.high()));
}

std::string Figure(bool known, double value) {
  return known ? absl::StrFormat("%.3f", value) : "";
}

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

// Each set with the file it came from, to be tried together.
absl::StatusOr<ReplayVariant> Candidate(const ReplayVariant& in_force,
                                        const std::vector<std::string>& files) {
  ReplayVariant variant = in_force;
  variant.name = absl::StrJoin(files, " + ");
  std::vector<scoring::Programme::Member> members;
  for (const std::string& file : files) {
    auto set = ReadRuleSet(file);
    if (!set.ok()) return set.status();
    members.push_back({kReplayRevisions + members.size(), *std::move(set)});
  }
  Replace(std::move(members), &variant);
  return variant;
}

// A profile that is tried: named as a version 0 of its own.
absl::StatusOr<std::shared_ptr<const scoring::SelectionProfiles>> ReadProfile(
    const std::string& path) {
  auto text = ReadFile(path);
  if (!text.ok()) return text.status();
  const scoring::ParsedProfile parsed =
      scoring::ParseSelectionProfile(*text, path);
  for (const v1::Issue& issue : parsed.issues) PrintIssue(issue);
  if (!parsed.profile) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " has errors; correct what is shown above"));
  }
  return std::make_shared<const scoring::SelectionProfiles>(*parsed.profile);
}

// Tries the profile with every candidate, or alone.
absl::Status AddProfile(const store::Store& store, const Flags& flags,
                        std::vector<ReplayVariant>* variants) {
  if (flags.profile.empty()) return absl::OkStatus();
  auto profiles = ReadProfile(flags.profile);
  if (!profiles.ok()) return profiles.status();
  if (variants->size() == 1) {
    auto in_force = InForce(store, "");
    if (!in_force.ok()) return in_force.status();
    variants->push_back(*std::move(in_force));
  }
  for (size_t i = 1; i < variants->size(); ++i) {
    ReplayVariant& variant = (*variants)[i];
    absl::StrAppend(&variant.name, variant.name.empty() ? "" : " + ",
                    flags.profile);
    variant.profiles = *profiles;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ReplayVariant>> VariantsOf(const store::Store& store,
                                                      const Flags& flags) {
  auto in_force = InForce(store, flags.baseline);
  if (!in_force.ok()) return in_force.status();
  std::vector<ReplayVariant> variants;
  ReplayVariant& baseline = variants.emplace_back();
  baseline.name = flags.baseline;
  baseline.as_recorded = flags.baseline == "recorded";
  if (flags.baseline == "in-force") baseline = *in_force;
  std::vector<std::vector<std::string>> candidates;
  for (const std::string& file : flags.files) {
    if (candidates.empty() || flags.separate) candidates.emplace_back();
    candidates.back().push_back(file);
  }
  for (const auto& files : candidates) {
    auto variant = Candidate(*in_force, files);
    if (!variant.ok()) return variant.status();
    variants.push_back(*std::move(variant));
  }
  absl::Status status = AddProfile(store, flags, &variants);
  if (!status.ok()) return status;
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
           absl::StrCat(one.least_score()), Share(one.precision()),
           Figure(one.has_weighted_precision(), one.weighted_precision()),
           Figure(one.has_recall(), one.recall()),
           Figure(one.has_lift(), one.lift()),
           Figure(one.has_normalised_precision(), one.normalised_precision())});
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
               "FINDS OF CONTROLLED (95 %)", "MARGINAL", "NOT EVALUATED"});
  int shown = 0;
  for (const v1::RuleFigures& rule : rules) {
    if (rule.units() == 0 || ++shown > top) continue;
    table.Add({absl::StrCat(rule.rule(), rule.shadow() ? " (shadow)" : ""),
               absl::StrCat(rule.hits()), absl::StrCat(rule.units()),
               absl::StrCat(rule.alone()), Percent(rule.alert_share()),
               Share(rule.precision()), absl::StrCat(rule.marginal_finds()),
               absl::StrCat(rule.not_evaluated())});
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
    if (finds.has_share()) std::cout << ", finds " << Share(finds);
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

}  // namespace

void PrintReport(const v1::EvaluationReport& report, int top) {
  std::cout << report.movements() << " movements, " << report.units()
            << " units, of which " << report.controlled()
            << " were controlled and " << report.finds()
            << " held something.\nBase rate, from the random stream alone: "
            << (report.base_rate().has_share() ? Share(report.base_rate())
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
  for (const v1::VariantReport& variant : report.variants()) {
    PrintRules(variant, top);
    if (variant.has_change()) PrintChange(variant);
  }
  PrintWorkload(report, std::min(top, 10));
}

int ShowReport(const v1::EvaluationReport& report, const std::string& output,
               const std::string& language, int top) {
  if (output == "json") {
    std::cout << ToJson(report, /*pretty=*/true);
  } else if (output == "html") {
    std::cout << EvaluationPage(report, language);
  } else {
    PrintReport(report, top);
  }
  return kExitOk;
}

namespace {

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
        std::make_pair(&flags.until, &options.until),
        std::make_pair(&flags.history_from, &options.history_from)}) {
    if (text->empty()) continue;
    auto day = ParseDay(*text);
    if (!day.ok()) return day.status();
    *time = *day;
  }
  if (options.from >= options.until) {
    return absl::InvalidArgumentError("--from is not before --until");
  }
  if (flags.verify && !flags.history_from.empty()) {
    return absl::InvalidArgumentError(
        "--verify needs all of the history: leave --history-from out");
  }
  options.rates.clear();
  for (const double percent : flags.percents) {
    options.rates.push_back(percent / 100);
  }
  return options;
}

// A store of its own with the movements and outcomes of files, behind the
// history of the store where one is given.
absl::StatusOr<std::unique_ptr<ScratchStore>> TakeFiles(GlobalFlags global,
                                                        const Flags& flags) {
  if (flags.movements.format.empty()) {
    return absl::InvalidArgumentError("say what the files are: --format");
  }
  std::unique_ptr<store::Store> history;
  if (!global.store.empty()) {
    auto opened = OpenToRead(global.store);
    if (!opened.ok()) return opened.status();
    history = *std::move(opened);
    if (global.secrets.empty()) {
      global.secrets = DefaultSecretsPath(global.store);
    }
  }
  auto scratch = ScratchStore::Make(history.get());
  if (!scratch.ok()) return scratch.status();
  global.store = (*scratch)->directory();
  if (ScoreQuietly(flags.movements, global) == kExitFailed ||
      (!flags.outcomes.empty() &&
       ImportOutcomes(global, {flags.outcomes}) == kExitFailed)) {
    return absl::InvalidArgumentError("the files could not be read");
  }
  return scratch;
}

int Replay(GlobalFlags global, const Flags& flags) {
  std::unique_ptr<ScratchStore> scratch;
  if (!flags.movements.files.empty()) {
    auto taken = TakeFiles(global, flags);
    if (!taken.ok()) return Fail(taken.status());
    scratch = *std::move(taken);
    if (global.secrets.empty() && !global.store.empty()) {
      global.secrets = DefaultSecretsPath(global.store);
    }
    global.store = scratch->directory();
  }
  if (global.store.empty()) {
    return Fail(absl::InvalidArgumentError(
        "name the store, which is only read: portrisk --store DIR replay ...; "
        "or files: portrisk replay my-port.yaml --movements gate.edi --format "
        "edifact"));
  }
  auto store = OpenToRead(global.store);
  if (!store.ok()) return Fail(store.status());
  auto options = OptionsOf(global, flags);
  if (!options.ok()) return Fail(options.status());
  const uint64_t last = (*store)->last_sequence_at_open();
  ProgressLine progress;
  options->progress = [&](uint64_t at) {
    progress.Show([&](double seconds) {
      const double done = static_cast<double>(at) / static_cast<double>(last);
      return absl::StrFormat("%.0f%%, %.0f records a second, %.0f s left",
                             100 * done, static_cast<double>(at) / seconds,
                             seconds * (1 - done) / done);
    });
    return absl::OkStatus();
  };
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
  return ShowReport(*report, flags.output, global.language, flags.top);
}

}  // namespace

void AddReplay(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto own = std::make_shared<Flags>();
  auto* command = app.add_subcommand(
      "replay",
      "What rule sets would have selected of stored history, beside those in "
      "force\n"
      "Example: portrisk --store DIR replay my-port.yaml --from 2026-01-01\n"
      "Reads the store, which a server may have open, or files (--movements), "
      "or both,\nthe files behind the store. Everything is met in the "
      "order\nin which it was recorded, with the lists, outcomes and history "
      "known by then.");
  command->add_option("files", own->files,
                      "Rule sets to try, in place of those with their names");
  command->add_option("--profile", own->profile,
                      "A selection profile to try, with the files or alone");
  command
      ->add_option("--baseline", own->baseline,
                   "in-force (what is now in force, all along), recorded (what "
                   "was in force then) or empty")
      ->check(CLI::IsMember({"in-force", "recorded", "empty"}))
      ->capture_default_str();
  command->add_flag("--separate", own->separate,
                    "Each file by itself, not all together");
  DeclareInput(*command, "--movements", &own->movements);
  command->add_option("--outcomes", own->outcomes,
                      "CSV file of what controls found, recorded behind "
                      "--movements");
  command->add_option("--from", own->from, "First day that is measured");
  command->add_option("--until", own->until, "Day after the last");
  command->add_option("--history-from", own->history_from,
                      "First day of recording that is history to them: with "
                      "none, everything is");
  command->add_option("--rates", own->percents, "Inspected, in % of units: 1,5")
      ->delimiter(',')
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
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
