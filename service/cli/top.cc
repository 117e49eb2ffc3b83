// portrisk top: what a server does now, refreshed each second.
#include "service/cli/top.h"

#include <httplib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <sstream>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "service/cli/commands.h"
#include "service/cli/scrape.h"
#include "service/cli/table.h"
#include "service/metric_names.h"

namespace portrisk::service::cli {
namespace {

constexpr int kTimeoutSeconds = 3;

struct Flags {
  std::string metrics = "127.0.0.1:9464";
  double interval_s = 1;
  size_t rows = 8;
  bool once = false;
};

std::string Time(std::optional<double> seconds) {
  if (!seconds) return "-";
  if (*seconds < 1e-3) return absl::StrFormat("%.0f us", *seconds * 1e6);
  if (*seconds < 1) return absl::StrFormat("%.1f ms", *seconds * 1e3);
  if (*seconds < 120) return absl::StrFormat("%.1f s", *seconds);
  return absl::FormatDuration(absl::Seconds(static_cast<int64_t>(*seconds)));
}

std::string Bytes(double bytes) {
  for (const char* unit : {"B", "KiB", "MiB", "GiB"}) {
    if (bytes < 1024) return absl::StrFormat("%.0f %s", bytes, unit);
    bytes /= 1024;
  }
  return absl::StrFormat("%.1f TiB", bytes);
}

std::string PerSecond(double rate) {
  return absl::StrFormat("%.*f", rate < 10 ? 1 : 0, rate);
}

}  // namespace

std::string TopScreen::Health() const {
  if (after_.Sum(metric::kReady.name) == 0) return "NOT READY";
  std::string wrong;
  for (const Scrape::Sample& one : after_.Of(metric::kDegraded.name)) {
    if (one.value != 0) absl::StrAppend(&wrong, " ", one.labels.at("reason"));
  }
  return wrong.empty() ? "ready" : "ready, DEGRADED:" + wrong;
}

double TopScreen::Rate(const Metric& metric,
                       const Scrape::Labels& labels) const {
  return Rise(before_, after_, metric.name, labels) / seconds_;
}

void TopScreen::PrintHead(std::ostream& out) const {
  const double batches =
      Rise(before_, after_, absl::StrCat(metric::kBatch.name, "_count"));
  const double tasks =
      Rise(before_, after_, absl::StrCat(metric::kBatch.name, "_sum"));
  out << "movements " << PerSecond(Rate(metric::kMovements)) << "/s  refused "
      << PerSecond(Rate(metric::kRefused)) << "/s  queue "
      << after_.Sum(metric::kQueue.name) << " of "
      << after_.Sum(metric::kQueueMax.name) << "  batch "
      << (batches > 0 ? absl::StrFormat("%.1f", tasks / batches) : "-")
      << "  memory " << Bytes(after_.Sum(metric::kMemory.name)) << "\nlanes";
  for (const char* lane : {"GREEN", "BLUE", "YELLOW", "ORANGE", "RED"}) {
    out << "  " << lane << " "
        << PerSecond(Rate(metric::kAssessments, {{"lane", lane}})) << "/s";
  }
  out << "\n";
}

void TopScreen::PrintStages(std::ostream& out) const {
  Table table({"stage", "a second", "p50", "p99"});
  const std::string name = metric::kStage.name;
  for (const char* stage : {"admit", "queue", "gather", "apply", "assess",
                            "await", "commit", "reply"}) {
    const Scrape::Labels labels = {{"stage", stage}};
    table.Add(
        {stage,
         PerSecond(Rise(before_, after_, name + "_count", labels) / seconds_),
         Time(QuantileBetween(before_, after_, name, labels, 0.5)),
         Time(QuantileBetween(before_, after_, name, labels, 0.99))});
  }
  table.Print(out);
}

void TopScreen::PrintRules(std::ostream& out, const Metric& metric,
                           const std::string& title) const {
  struct Row {
    double rate;
    double total;
    std::string name;
  };
  std::vector<Row> rows;
  for (const Scrape::Sample& one : after_.Of(metric.name)) {
    const auto& labels = one.labels;
    rows.push_back(
        {Rate(metric, labels), one.value,
         absl::StrCat(labels.at("rule_set"), "/", labels.at("rule"),
                      labels.at("shadow") == "true" ? " (shadow)" : "")});
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::make_pair(a.rate, a.total) > std::make_pair(b.rate, b.total);
  });
  rows.resize(std::min(rows.size(), rows_));
  if (rows.empty()) return;
  Table table({title, "a second", "since start"});
  for (const Row& row : rows) {
    table.Add(
        {row.name, PerSecond(row.rate), absl::StrFormat("%.0f", row.total)});
  }
  out << "\n";
  table.Print(out);
}

void TopScreen::PrintSources(std::ostream& out) const {
  struct Row {
    std::optional<double> lag;
    std::vector<std::string> cells;
  };
  std::vector<Row> rows;
  const std::string name = metric::kSourceLag.name;
  for (const Scrape::Sample& one : after_.Of(metric::kSourceLast.name)) {
    const double count = Rise(before_, after_, name + "_count", one.labels);
    std::optional<double> lag;
    if (count > 0) {
      lag = Rise(before_, after_, name + "_sum", one.labels) / count;
    }
    const double silent_s = std::max(0.0, now_s_ - one.value);
    rows.push_back({lag,
                    {one.labels.at("source"), PerSecond(count / seconds_),
                     Time(lag), Time(silent_s)}});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.lag.value_or(-1) > b.lag.value_or(-1);
  });
  rows.resize(std::min(rows.size(), rows_));
  if (rows.empty()) return;
  Table table({"source", "a second", "mean lag", "last one ago"});
  for (Row& row : rows) table.Add(std::move(row.cells));
  out << "\n";
  table.Print(out);
}

void TopScreen::PrintStore(std::ostream& out) const {
  out << "\nstore "
      << (after_.Sum(metric::kWritable.name) != 0 ? "writable" : "NOT WRITABLE")
      << "  journal "
      << absl::StrFormat("%.0f", after_.Sum(metric::kJournalEnd.name))
      << "  behind the checkpoint "
      << absl::StrFormat("%.0f", after_.Sum(metric::kJournalEnd.name) -
                                     after_.Sum(metric::kCheckpointAt.name))
      << "  breakers tripped " << after_.Sum(metric::kBreakersOpen.name)
      << "  disk free " << Bytes(after_.Sum(metric::kDiskFree.name)) << "\n";
  for (const auto& [what, metric] :
       {std::make_pair("warming", &metric::kWarming),
        std::make_pair("evaluation", &metric::kEvaluation)}) {
    if (after_.Of(metric->name).empty()) continue;
    out << what << " "
        << absl::StrFormat("%.0f%%", 100 * after_.Sum(metric->name)) << "\n";
  }
  Table table({"table", "files", "bytes", "to compact", "in memory"});
  for (const Scrape::Sample& one : after_.Of(metric::kTableFiles.name)) {
    if (after_.Sum(metric::kTableBytes.name, one.labels) +
            after_.Sum(metric::kTableMemory.name, one.labels) ==
        0) {
      continue;
    }
    table.Add({one.labels.at("table"), absl::StrFormat("%.0f", one.value),
               Bytes(after_.Sum(metric::kTableBytes.name, one.labels)),
               Bytes(after_.Sum(metric::kTablePending.name, one.labels)),
               Bytes(after_.Sum(metric::kTableMemory.name, one.labels))});
  }
  table.Print(out);
}

void TopScreen::Print(std::ostream& out) const {
  out << Health() << "\n";
  PrintHead(out);
  out << "\n";
  PrintStages(out);
  PrintRules(out, metric::kRuleHits, "hits of rule");
  PrintRules(out, metric::kRuleNotEvaluated, "not evaluated");
  PrintSources(out);
  PrintStore(out);
}

namespace {

absl::Status NoMetrics(const std::string& address, httplib::Error error) {
  constexpr char kRemedy[] =
      "name with --metrics the address that portriskd was started with by its "
      "own --metrics, such as 127.0.0.1:9464";
  if (!absl::StrContains(address, ':')) {
    return absl::InvalidArgumentError(
        absl::StrCat(address, " is no address and port; ", kRemedy));
  }
  if (error == httplib::Error::Read) {
    return absl::UnavailableError(
        absl::StrCat("what listens on ", address,
                     " serves no metrics (its calls, as --server names them, "
                     "have another port); ",
                     kRemedy));
  }
  return absl::UnavailableError(absl::StrCat(
      "no metrics on ", address, " (", httplib::to_string(error),
      "); start portriskd with --metrics ", address, ", or ", kRemedy));
}

absl::StatusOr<Scrape> Look(const std::string& address) {
  httplib::Client client("http://" + address);
  client.set_connection_timeout(kTimeoutSeconds);
  client.set_read_timeout(kTimeoutSeconds);
  const auto reply = client.Get("/metrics");
  if (!reply) return NoMetrics(address, reply.error());
  if (reply->status != 200) {
    return absl::UnavailableError(
        absl::StrCat(address, " answers /metrics with ", reply->status,
                     "; is that the address of --metrics?"));
  }
  return Scrape::Parse(reply->body);
}

int Run(const Flags& flags) {
  const bool once = flags.once || isatty(STDOUT_FILENO) == 0;
  auto before = Look(flags.metrics);
  if (!before.ok()) return Fail(before.status());
  absl::Time then = absl::Now();
  while (true) {
    absl::SleepFor(absl::Seconds(flags.interval_s));
    auto after = Look(flags.metrics);
    if (!after.ok()) return Fail(after.status());
    const absl::Time now = absl::Now();
    std::ostringstream screen;
    TopScreen(*before, *after, absl::ToDoubleSeconds(now - then),
              absl::ToDoubleSeconds(now - absl::UnixEpoch()), flags.rows)
        .Print(screen);
    // To the corner, and what was below away: without a flicker.
    if (!once) std::cout << "\x1b[H\x1b[J";
    std::cout << screen.str() << std::flush;
    if (once) return kExitOk;
    before = std::move(after);
    then = now;
  }
}

}  // namespace

void AddTop(CLI::App& app, Action* action) {
  auto own = std::make_shared<Flags>();
  auto* command = app.add_subcommand(
      "top",
      "Show what a server does now: movements a second, the time of each "
      "stage, queue,\nlanes, rules that hit or cannot be evaluated most, "
      "sources that lag, the store\n"
      "Example: portriskd --store /tmp/portrisk --development --metrics "
      "127.0.0.1:9464\n"
      "         portrisk top\n"
      "Refreshed until Ctrl-C on a terminal; elsewhere once, of one interval: "
      "`portrisk\ntop >now.txt`. p50 and p99 are of the interval, interpolated "
      "within buckets.\n"
      "Stages: a batch is queued, gathered, applied, awaits the commit before "
      "it, is\ncommitted and replied to; assess is of one movement in each "
      "batch.");
  command
      ->add_option("--metrics", own->metrics,
                   "The address that portriskd was given with --metrics")
      ->envname("PORTRISK_METRICS")
      ->capture_default_str();
  command->add_option("--interval", own->interval_s, "Seconds between looks")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->add_option("--rows", own->rows, "Rules and sources shown, at most")
      ->capture_default_str();
  command->add_flag("--once", own->once, "Show once, on a terminal, too");
  command->callback([=, &app] {
    if (app.get_option("--store")->count() > 0) {
      throw CLI::ValidationError(
          "top shows what a running server does; leave --store out");
    }
    *action = [=] { return Run(*own); };
  });
}

}  // namespace portrisk::service::cli
