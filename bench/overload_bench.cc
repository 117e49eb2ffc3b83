// What overload does to a durable server: goodput beside its peak, and the
// latency of what it accepts beside that of a quiet day.
//
//   overload_bench [--seconds S] [--rounds R] [--rules N] [--times T]
//
//   quiet     one caller, one ScoreMovement in flight
//   peak      one caller, 64 in flight
//   overload  three callers, together T times the peak, in an open loop with a
//             deadline; beside them the caller of the quiet turn
//   bulk      two callers that keep batches of 500 under way; beside them the
//             caller of the quiet turn
//
// The turns are taken R times; medians are compared. Server and clients share
// two cores, so N made rules make a movement dear: else the clients would be
// the limit, and T times the peak could not be sent. What was sent is printed.
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/child.h"
#include "bench/compare.h"
#include "bench/load_client.h"
#include "bench/workload.h"
#include "portrisk/v1/scoring_service.grpc.pb.h"

namespace portrisk::bench {
namespace {

constexpr int kInFlight = 64;
constexpr int kFlooders = 3;
constexpr int kBulkCallers = 2;
constexpr int kBulkMovements = 500;
constexpr size_t kRulesPerSet = 2000;
constexpr double kDeadlineSeconds = 1;

struct Options {
  double seconds = 3;
  int rounds = 3;
  size_t rules = 10'000;
  double times = 10;
};

double Median(const std::vector<double>& values) {
  return values.empty() ? 0 : Percentile(values, 0.5);
}

struct Latency {
  std::vector<double> p50_us, p99_us;
  void Add(const std::vector<double>& us) {
    if (us.empty()) return;
    p50_us.push_back(Percentile(us, 0.5));
    p99_us.push_back(Percentile(us, 0.99));
  }
};

struct Figures {
  std::vector<double> peak, offered, goodput, gentle_refused, refused, late;
  std::vector<double> bulk_alone, bulk_beside;
  Latency quiet, at_peak, flooders, gentle, beside_bulk;
};

double Rate(const LoadResult& result) {
  return static_cast<double>(result.calls - result.failures) / result.seconds;
}

// Rule sets that make a movement dear and its assessment no longer: nothing is
// missing, nothing is alike, and hardly anything hits.
std::vector<std::string> WriteRules(const std::string& directory,
                                    size_t count) {
  std::vector<std::string> files;
  std::ofstream out;
  for (size_t n = 0; n < count; ++n) {
    if (n % kRulesPerSet == 0) {
      files.push_back(absl::StrCat(directory, "/rules-", n, ".yaml"));
      out.close();
      out.open(files.back());
      out << "rule_set: overload." << n
          << "\nlayer: common\nowner: bench\nrules:\n";
    }
    out << "  - id: \"" << n << "\"\n    title: {en: Made criterion}\n"
        << "    applies_to: [DISCHARGE, WEIGHING, PICKUP_RIGHT_NOMINATED,"
        << " GATE_OUT, GATE_IN, LOAD]\n"
        << "    when: movement.weights.vgm_kg * movement.weights.vgm_kg % "
        << 10'007 + n << " == " << n
        << "\n    score: 1\n    explain: {en: Made.}\n";
  }
  return files;
}

// Batches one after the other until `stop`; the movements scored a second.
double SendBatches(const std::string& address, const std::string& caller,
                   const std::atomic<bool>* stop) {
  auto stub = v1::ScoringService::NewStub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  uint64_t scored = 0;
  const auto start = std::chrono::steady_clock::now();
  while (!*stop) {
    v1::BatchScoreMovementsRequest request;
    for (int i = 0; i < kBulkMovements; ++i) {
      *request.add_movements() = MovementOf(LoadClient::TakeNumber(), 20'000);
    }
    grpc::ClientContext context;
    context.AddMetadata("portrisk-caller", caller);
    v1::BatchScoreMovementsResponse reply;
    if (!stub->BatchScoreMovements(&context, request, &reply).ok()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      continue;
    }
    for (const auto& result : reply.results())
      scored += result.has_assessment();
  }
  return static_cast<double>(scored) /
         std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
             .count();
}

// Bulk for so long, and a caller at a gate beside it where there is one.
double Bulk(const std::string& address, double seconds, LoadClient* gentle,
            Latency* latency) {
  std::atomic<bool> stop{false};
  std::vector<double> rates(kBulkCallers);
  std::vector<std::thread> threads;
  for (int i = 0; i < kBulkCallers; ++i) {
    threads.emplace_back([&, i] {
      rates[i] = SendBatches(address, absl::StrCat("bulk-", i), &stop);
    });
  }
  if (gentle != nullptr) {
    latency->Add(gentle->Closed(1, seconds).answered_us);
  } else {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  double sum = 0;
  for (const double rate : rates) sum += rate;
  return sum;
}

void Overload(const std::string& address, const Options& options, double rate,
              LoadClient* gentle, Figures* figures) {
  std::vector<LoadResult> results(kFlooders);
  std::vector<uint64_t> offered(kFlooders);
  std::vector<std::thread> threads;
  for (int i = 0; i < kFlooders; ++i) {
    threads.emplace_back([&, i] {
      LoadClient client(address, absl::StrCat("flood-", i));
      results[i] = client.Flood(rate / kFlooders, options.seconds,
                                kDeadlineSeconds, &offered[i]);
    });
  }
  const LoadResult beside = gentle->Closed(1, options.seconds);
  for (std::thread& thread : threads) thread.join();
  double sent = static_cast<double>(beside.calls);
  double good = static_cast<double>(beside.calls - beside.failures);
  double refused = 0;
  double late = 0;
  std::vector<double> answered_us;
  for (int i = 0; i < kFlooders; ++i) {
    sent += static_cast<double>(offered[i]);
    good += static_cast<double>(results[i].calls - results[i].failures);
    refused += static_cast<double>(results[i].refused);
    late += static_cast<double>(results[i].late);
    answered_us.insert(answered_us.end(), results[i].answered_us.begin(),
                       results[i].answered_us.end());
  }
  const double seconds = results[0].seconds;
  figures->offered.push_back(sent / seconds);
  figures->goodput.push_back(good / seconds);
  figures->refused.push_back(refused / seconds);
  figures->late.push_back(late / seconds);
  figures->gentle_refused.push_back(static_cast<double>(beside.failures));
  figures->flooders.Add(answered_us);
  figures->gentle.Add(beside.answered_us);
}

Figures Run(const Options& options) {
  char name[] = "/tmp/overload_bench-XXXXXX";
  const std::string directory = mkdtemp(name);
  Figures figures;
  {
    StayOn(0);
    const Child server(
        directory + "/server",
        {PORTRISK_BINARY_DIR "/portriskd", "--store", directory + "/store",
         "--development", "--listen", "127.0.0.1:0"});
    StayOn(1);
    LoadRules(server.address(), WriteRules(directory, options.rules));
    LoadClient gentle(server.address(), "gentle");
    LoadClient client(server.address(), "peak");
    client.Closed(kInFlight, options.seconds);  // Warm history.
    for (int i = 0; i < options.rounds; ++i) {
      figures.quiet.Add(gentle.Closed(1, options.seconds).answered_us);
      const LoadResult peak = client.Closed(kInFlight, options.seconds);
      figures.peak.push_back(Rate(peak));
      figures.at_peak.Add(peak.answered_us);
      Overload(server.address(), options, options.times * Rate(peak), &gentle,
               &figures);
      figures.bulk_alone.push_back(
          Bulk(server.address(), options.seconds, nullptr, nullptr));
      figures.bulk_beside.push_back(Bulk(server.address(), options.seconds,
                                         &gentle, &figures.beside_bulk));
    }
  }
  std::filesystem::remove_all(directory);
  return figures;
}

void PrintLatency(const char* what, const Latency& latency,
                  const Latency& quiet) {
  std::printf(
      "%-28s p50 %9.0f us (x%.1f)  p99 %9.0f us (x%.1f)\n", what,
      Median(latency.p50_us), Median(latency.p50_us) / Median(quiet.p50_us),
      Median(latency.p99_us), Median(latency.p99_us) / Median(quiet.p99_us));
}

void Print(const Figures& f) {
  const double peak = Median(f.peak);
  std::printf("peak, 64 in flight   %8.0f a second\n", peak);
  std::printf("offered              %8.0f a second, %.1f times the peak\n",
              Median(f.offered), Median(f.offered) / peak);
  std::printf("goodput              %8.0f a second, %.2f of the peak\n",
              Median(f.goodput), Median(f.goodput) / peak);
  std::printf("refused              %8.0f a second, late %.0f\n",
              Median(f.refused), Median(f.late));
  std::printf("bulk alone           %8.0f a second; beside a gate %.0f\n",
              Median(f.bulk_alone), Median(f.bulk_beside));
  PrintLatency("quiet gate", f.quiet, f.quiet);
  PrintLatency("at the peak", f.at_peak, f.quiet);
  PrintLatency("accepted of the flood", f.flooders, f.quiet);
  PrintLatency("gate beside the flood", f.gentle, f.quiet);
  PrintLatency("gate beside bulk", f.beside_bulk, f.quiet);
  std::printf("gate calls refused beside the flood: %.0f\n",
              Median(f.gentle_refused));
}

}  // namespace
}  // namespace portrisk::bench

int main(int argc, char** argv) {
  namespace bench = portrisk::bench;
  CLI::App app("Goodput and latency at many times what the server can do");
  bench::Options options;
  app.add_option("--seconds", options.seconds, "Of each turn, at most 20")
      ->check(CLI::Range(0.1, 20.0))
      ->capture_default_str();
  app.add_option("--rounds", options.rounds, "Turns of each")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--rules", options.rules, "Made rules")->capture_default_str();
  app.add_option("--times", options.times, "The peak, in the overload")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const bench::Figures figures = bench::Run(options);
  bench::Print(figures);
  // The least that must hold wherever it runs: work is done, and whoever sends
  // little is served.
  const bool ok = bench::Median(figures.goodput) > 0 &&
                  bench::Median(figures.bulk_alone) > 0 &&
                  bench::Median(figures.bulk_beside) > 0 &&
                  bench::Median(figures.gentle_refused) == 0;
  return ok ? 0 : 1;
}
