#include "service/cli/evaluation_flags.h"

#include <filesystem>
#include <iostream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "service/cli/commands.h"
#include "service/cli/figures.h"
#include "service/cli/replay_tables.h"
#include "service/evaluation_csv.h"
#include "service/evaluation_page.h"
#include "service/wrong_usage.h"

namespace portrisk::service::cli {
namespace {

absl::Status SetDay(const std::string& text,
                    google::protobuf::Timestamp* (v1::EvaluationPlan::*time)(),
                    v1::EvaluationPlan* plan) {
  if (text.empty()) return absl::OkStatus();
  auto day = ParseDay(text);
  if (day.ok()) (plan->*time)()->set_seconds(*day);
  return day.status();
}

}  // namespace

void AddPlanFlags(CLI::App* command, const std::string& what,
                  PlanFlags* flags) {
  command
      ->add_option("--baseline", flags->baseline,
                   "in-force (what is now in force, all along), recorded (what "
                   "was in force then) or empty")
      ->check(CLI::IsMember({"in-force", "recorded", "empty"}))
      ->capture_default_str();
  command->add_flag(
      "--separate", flags->separate,
      absl::StrCat("Each ", what, " by itself, not all together"));
  command->add_option("--from", flags->from, "First day that is measured");
  command->add_option("--until", flags->until, "Day after the last");
  command->add_option("--history-from", flags->history_from,
                      "First day of recording that is history to them: with "
                      "none, everything is");
  command
      ->add_option("--rates", flags->percents, "Inspected, in % of units: 1,5")
      ->delimiter(',')
      ->check(PercentAboveZero())
      ->capture_default_str();
  command->add_option(
      "--capacity", flags->capacities,
      "Units that each facility can inspect a day, such as 5; with "
      "NLRTM/ECTDELTA=20 that one; may be repeated");
  command->add_flag("--sensitivity", flags->sensitivity,
                    absl::StrCat("Also try half, three quarters, one and a "
                                 "half times and twice each threshold of the ",
                                 what, "s' rules; takes longer"));
}

absl::StatusOr<v1::EvaluationPlan> PlanOf(const PlanFlags& flags) {
  v1::EvaluationPlan plan;
  plan.set_baseline(flags.baseline == "recorded" ? v1::BASELINE_RECORDED
                    : flags.baseline == "empty"  ? v1::BASELINE_EMPTY
                                                 : v1::BASELINE_IN_FORCE);
  using Plan = v1::EvaluationPlan;
  absl::Status status = SetDay(flags.from, &Plan::mutable_begin_time, &plan);
  status.Update(SetDay(flags.until, &Plan::mutable_end_time, &plan));
  status.Update(
      SetDay(flags.history_from, &Plan::mutable_history_begin_time, &plan));
  if (!status.ok()) return status;
  if (plan.has_begin_time() && plan.has_end_time() &&
      plan.begin_time().seconds() >= plan.end_time().seconds()) {
    return absl::InvalidArgumentError("--from is not before --until");
  }
  for (const double percent : flags.percents) plan.add_rates(percent / 100);
  auto capacities = ParseCapacities(flags.capacities);
  if (!capacities.ok()) return capacities.status();
  for (v1::EvaluationCapacity& one : *capacities) {
    *plan.add_capacities() = std::move(one);
  }
  plan.set_sensitivity(flags.sensitivity);
  return plan;
}

void AddReportFlags(CLI::App* command, ReportFlags* flags) {
  command
      ->add_option("--output", flags->output,
                   "table, json, or html: a page with plots, in --language")
      ->check(CLI::IsMember({"table", "json", "html"}))
      ->capture_default_str();
  command->add_option("--csv", flags->csv,
                      "Also write every table into this folder, as CSV");
  command->add_option("--top", flags->top, "Rows of each table")
      ->check(AboveZero())
      ->capture_default_str();
}

absl::Status CheckReport(const ReportFlags& flags) {
  if (flags.csv.empty()) return absl::OkStatus();
  std::error_code error;
  if (!std::filesystem::exists(flags.csv, error) ||
      std::filesystem::is_directory(flags.csv, error)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      flags.csv, " (--csv) is a file; name a folder, which is made"));
}

int ShowReport(const v1::EvaluationReport& report,
               const v1::Evaluation* evaluation, const ReportFlags& flags,
               const std::string& language) {
  if (!flags.csv.empty()) {
    absl::Status written = WriteEvaluationCsv(report, flags.csv);
    if (!written.ok()) return Fail(written);
  }
  if (flags.output == "json") {
    std::cout << ToJson(report, /*pretty=*/true);
  } else if (flags.output == "html") {
    std::cout << EvaluationPage(report, language, evaluation);
  } else {
    PrintReport(report, flags.top);
  }
  return kExitOk;
}

}  // namespace portrisk::service::cli
