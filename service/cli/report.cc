// portrisk report.
#include <algorithm>
#include <iostream>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "service/cli/commands.h"
#include "service/cli/figures.h"
#include "service/cli/progress.h"
#include "service/cli/stored.h"
#include "service/cli/table.h"
#include "service/displacement_report.h"
#include "service/wrong_usage.h"

namespace portrisk::service::cli {
namespace {

// Of z: by chance once in 20, 100, 1000.
constexpr double kWeak = 1.96, kClear = 2.58, kStrong = 3.29;

struct Flags {
  std::string from, to, by = "month", dimension = "all", output = "table";
  int top = 10;
};

const std::map<std::string, scoring::ReportPeriod> kPeriods = {
    {"week", scoring::ReportPeriod::kWeek},
    {"month", scoring::ReportPeriod::kMonth},
    {"quarter", scoring::ReportPeriod::kQuarter}};
const std::map<std::string, v1::DisplacementDimension> kDimensions = {
    {"all", v1::DISPLACEMENT_DIMENSION_UNSPECIFIED},
    {"port", v1::BY_PORT},
    {"route", v1::BY_ROUTE},
    {"commodity", v1::BY_COMMODITY}};

std::string Day(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

std::string Stars(bool known, double z) {
  if (!known) return "";
  const double size = z < 0 ? -z : z;
  return absl::StrFormat("%+.1f%s", z,
                         size >= kStrong  ? " ***"
                         : size >= kClear ? " **"
                         : size >= kWeak  ? " *"
                                          : "");
}

std::string Finds(const v1::DisplacementFigures& one) {
  if (!one.has_find_rate()) return "";
  return absl::StrCat(one.finds(), "/", one.controls(), " ",
                      Percent(one.find_rate_low()), " to ",
                      Percent(one.find_rate_high()));
}

std::string Title(const std::string& period, const v1::DisplacementRow& row) {
  static constexpr const char* kTitles[] = {"", "Ports", "Routes",
                                            "Commodity chapters"};
  return absl::StrCat("\n", kTitles[row.dimension()], ": the ", period, " of ",
                      Day(row.then_start()), " and that of ",
                      Day(row.now_start()), "\n");
}

// A part of a period differs from a whole one for that reason alone.
void WarnOfParts(const v1::DisplacementReport& report,
                 scoring::ReportPeriod period) {
  const int64_t from = report.from().seconds(), to = report.to().seconds();
  for (const int64_t edge : {from, to}) {
    if (scoring::PeriodStart(period, scoring::PeriodOf(period, edge)) == edge) {
      continue;
    }
    std::cout << (edge == from ? "The first " : "The last ") << report.period()
              << " is cut by " << (edge == from ? "--from" : "--to")
              << ": what is compared with it differs for that reason, too\n";
  }
}

bool SameTable(const v1::DisplacementRow& a, const v1::DisplacementRow& b) {
  return a.dimension() == b.dimension() &&
         a.now_start().seconds() == b.now_start().seconds();
}

// Of all values of a table in one of its periods.
struct Totals {
  uint64_t volume = 0;
  uint64_t finds = 0;

  void Add(const v1::DisplacementFigures& one) {
    volume += one.volume();
    finds += one.finds();
  }
};

// Of nothing there is no share, rather than one of 0.
std::string Share(double share, uint64_t of) {
  return of > 0 ? Percent(share) : "-";
}

void PrintTables(const v1::DisplacementReport& report, int top) {
  for (int i = 0; i < report.rows_size();) {
    std::cout << Title(report.period(), report.rows(i));
    Totals then, now;
    for (int j = i;
         j < report.rows_size() && SameTable(report.rows(i), report.rows(j));
         ++j) {
      then.Add(report.rows(j).then());
      now.Add(report.rows(j).now());
    }
    Table table({"VALUE", "VOLUME", "SHARE THEN", "NOW", "CHANGE", "Z",
                 "FINDS/CONTROLS THEN (95 %)", "NOW", "Z",
                 "SHARE OF FINDS THEN", "NOW", "Z"});
    const v1::DisplacementRow& first = report.rows(i);
    int shown = 0;
    for (; i < report.rows_size() && SameTable(first, report.rows(i)); ++i) {
      if (++shown > top) continue;
      const v1::DisplacementRow& row = report.rows(i);
      const bool found = row.then().finds() + row.now().finds() > 0;
      table.Add({row.value(),
                 absl::StrCat(row.then().volume(), ">", row.now().volume()),
                 Share(row.then().volume_share(), then.volume),
                 Share(row.now().volume_share(), now.volume),
                 then.volume > 0 && now.volume > 0
                     ? absl::StrFormat("%+.1f", 100 * row.volume_change())
                     : "-",
                 Stars(row.has_volume_z(), row.volume_z()), Finds(row.then()),
                 Finds(row.now()), Stars(row.has_rate_z(), row.rate_z()),
                 found ? Share(row.then().find_share(), then.finds) : "",
                 found ? Share(row.now().find_share(), now.finds) : "",
                 Stars(found && row.has_find_z(), row.find_z())});
    }
    table.Print(std::cout);
    if (shown > top) {
      std::cout << "... and " << shown - top << " more (--top)\n";
    }
    for (const auto& [total, start] :
         {std::make_pair(then, first.then_start()),
          std::make_pair(now, first.now_start())}) {
      if (total.volume > 0) continue;
      std::cout << "No movements of these in the " << report.period() << " of "
                << Day(start) << "\n";
    }
  }
}

void KeepDimension(v1::DisplacementDimension dimension,
                   v1::DisplacementReport* report) {
  if (dimension == v1::DISPLACEMENT_DIMENSION_UNSPECIFIED) return;
  auto* rows = report->mutable_rows();
  rows->erase(std::remove_if(rows->begin(), rows->end(),
                             [&](const v1::DisplacementRow& row) {
                               return row.dimension() != dimension;
                             }),
              rows->end());
}

int Report(const GlobalFlags& global, const Flags& flags) {
  if (global.store.empty()) {
    return Fail(absl::InvalidArgumentError(
        "name the store: portrisk --store DIR report displacement ...; it is "
        "only read"));
  }
  scoring::Displacement::Options options;
  for (const auto& [text, time] : {std::make_pair(&flags.from, &options.from),
                                   std::make_pair(&flags.to, &options.to)}) {
    auto day = ParseDay(*text);
    if (!day.ok()) return Fail(day.status());
    *time = *day;
  }
  if (options.from >= options.to) {
    return Fail(absl::InvalidArgumentError("--from is not before --to"));
  }
  options.period = kPeriods.at(flags.by);
  auto store = OpenToRead(global.store);
  if (!store.ok()) return Fail(store.status());
  Progress progress("report", "records");
  const uint64_t last = (*store)->last_sequence_at_open();
  auto report = ReportDisplacement(
      **store, options, [&](uint64_t read) { progress.Show(read, last); });
  progress.Finish();
  if (!report.ok()) return Fail(report.status());
  KeepDimension(kDimensions.at(flags.dimension), &*report);
  if (flags.output == "json") {
    std::cout << ToJson(*report, /*pretty=*/true);
    return kExitOk;
  }
  std::cout << report->movements() << " movements, " << report->outcomes()
            << " outcomes read; each " << report->period()
            << " beside the one before, the clearest changes first.\n"
            << "Volume: different containers. Z: two proportions, pooled; * "
               "by chance once in 20, ** in 100, *** in 1000.\n";
  if (report->approximate()) {
    std::cout << "Volumes are approximate: more containers than are "
                 "remembered.\n";
  }
  WarnOfParts(*report, options.period);
  if (report->rows().empty()) {
    std::cout << "Nothing to compare: it takes two " << report->period()
              << "s, of which one holds movements or controls.\n";
  }
  PrintTables(*report, flags.top);
  return kExitOk;
}

}  // namespace

void AddReport(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto* report = app.add_subcommand("report", "Reports over a store");
  report->require_subcommand(1);
  report->fallthrough();
  auto own = std::make_shared<Flags>();
  auto* command = report->add_subcommand(
      "displacement",
      "Shifts of volume and of finds between ports, routes and commodities\n"
      "Example: portrisk --store DIR report displacement --from 2026-01-01 "
      "--to "
      "2026-07-01 --by month");
  command->add_option("--from", own->from, "First day")->required();
  command->add_option("--to", own->to, "Day after the last")->required();
  command->add_option("--by", own->by, "week, month or quarter")
      ->check(CLI::IsMember({"week", "month", "quarter"}))
      ->capture_default_str();
  command
      ->add_option("--dimension", own->dimension,
                   "port, route, commodity or all")
      ->check(CLI::IsMember({"port", "route", "commodity", "all"}))
      ->capture_default_str();
  command->add_option("--top", own->top, "Rows of each table")
      ->check(AboveZero())
      ->capture_default_str();
  command->add_option("--output", own->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  command->callback(
      [=, &flags] { *action = [=, &flags] { return Report(flags, *own); }; });
}

}  // namespace portrisk::service::cli
