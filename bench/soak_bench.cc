// A durable server under lasting load: does anything grow or slow down?
//
//   soak_bench [--minutes M] [--share S] [--store DIR]
//
// First the histories of the boxes are filled, then the peak is looked for: the
// highest rate that an open loop holds, whose latency counts from when a call
// was due. Then comes one at share S of it. Each line is a turn of a minute. At
// the end the last quarter of the turns stands beside the second: in the first
// the histories still grow to their bound. What was acknowledged must be in the
// journal: with --store it is kept, and
//
//   portrisk verify --store DIR
//   portrisk audit verify --store DIR
//
// prove it. The server has one processor and the client another, so that
// neither takes the other's time.
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/child.h"
#include "bench/compare.h"
#include "bench/load_client.h"
#include "bench/workload.h"

namespace portrisk::bench {
namespace {

constexpr int kInFlight = 64;
// Long enough for checkpoints and compactions to be part of it.
constexpr double kPeakSeconds = 30;
constexpr double kPeakStep = 0.95;
constexpr double kBehindUs = 250e3;  // More than that, and calls pile up.

struct Options {
  double minutes = 60;
  double warm_minutes = 2;
  double turn_seconds = 60;
  double share = 0.7;
  double rate = 0;  // Calls a second; 0: the share of the peak.
  uint64_t boxes = 50'000;
  std::string store;
};

// Boxes move every hour, so that even a long soak ends before today.
v1::Movement HourlyMovement(uint64_t number, uint64_t boxes) {
  constexpr int64_t kDay = 86'400;
  constexpr int64_t kHour = 3'600;
  v1::Movement movement = MovementOf(number, boxes);
  auto* const time = movement.mutable_occurrence_time();
  const auto round = static_cast<int64_t>(number / boxes);
  time->set_seconds(time->seconds() - round * (kDay - kHour));
  return movement;
}

struct Turn {
  double rate = 0;  // Answered a second.
  double failures = 0;
  double p50_us = 0;
  double p99_us = 0;
  double cpu_us = 0;  // Of the server, a call.
  double memory_mb = 0;
  double store_mb = 0;
};

double MegabytesOf(const std::string& directory) {
  uintmax_t bytes = 0;
  std::error_code gone;  // Files go while they are counted.
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(directory, gone)) {
    const uintmax_t size = entry.file_size(gone);
    if (!gone) bytes += size;
  }
  return static_cast<double>(bytes) / 1e6;
}

// The highest rate that is held: an open loop, like the load that follows, in
// which no call fails and none waits long. A closed loop shows more, since what
// waits for it is answered together.
double PeakOf(LoadClient* client, double seconds) {
  const LoadResult closed = client->Closed(kInFlight, seconds);
  double rate = static_cast<double>(closed.calls) / closed.seconds;
  std::printf("%.0f calls a second in a closed loop with %d in flight\n", rate,
              kInFlight);
  while (true) {
    const LoadResult open = client->Open(rate, seconds);
    const double p99 = Percentile(open.latencies_us, 0.99);
    const bool held = open.failures == 0 && p99 < kBehindUs;
    std::printf("%.0f in an open loop: p99 %.1f ms, %s\n", rate, p99 / 1e3,
                held ? "held" : "not held");
    std::fflush(stdout);
    if (held) return rate;
    rate *= kPeakStep;
  }
}

Turn Take(const Child& server, LoadClient* client, double rate,
          const Options& options) {
  const double cpu = server.CpuSeconds();
  const LoadResult result = client->Open(rate, options.turn_seconds);
  const double calls = static_cast<double>(result.calls);
  Turn turn;
  turn.rate = (calls - static_cast<double>(result.failures)) / result.seconds;
  turn.failures = static_cast<double>(result.failures);
  turn.p50_us = Percentile(result.latencies_us, 0.5);
  turn.p99_us = Percentile(result.latencies_us, 0.99);
  turn.cpu_us = (server.CpuSeconds() - cpu) * 1e6 / calls;
  turn.memory_mb = server.Megabytes();
  turn.store_mb = MegabytesOf(options.store);
  return turn;
}

// Medians of the turns [first, last).
Turn Middle(const std::vector<Turn>& turns, size_t first, size_t last) {
  Turn middle;
  for (double Turn::*field :
       {&Turn::rate, &Turn::failures, &Turn::p50_us, &Turn::p99_us,
        &Turn::cpu_us, &Turn::memory_mb, &Turn::store_mb}) {
    std::vector<double> values;
    for (size_t i = first; i < last; ++i) values.push_back(turns[i].*field);
    middle.*field = Percentile(values, 0.5);
  }
  return middle;
}

void Print(const std::string& what, const Turn& turn) {
  std::printf("%-10s %9.0f %8.0f %9.2f %9.2f %8.1f %9.0f %9.0f\n", what.c_str(),
              turn.rate, turn.failures, turn.p50_us / 1e3, turn.p99_us / 1e3,
              turn.cpu_us, turn.memory_mb, turn.store_mb);
  std::fflush(stdout);
}

// Whether every call was answered.
bool Run(const Options& options, const std::string& log) {
  StayOn(0);
  const Child server(log, {PORTRISK_BINARY_DIR "/portriskd", "--store",
                           options.store, "--development", "--listen",
                           "127.0.0.1:0", "--metrics", "127.0.0.1:0"});
  StayOn(1);
  LoadRules(server.address());
  LoadClient client(server.address());
  client.Send([&options](uint64_t number) {
    return HourlyMovement(number, options.boxes);
  });
  client.Closed(kInFlight, options.warm_minutes * 60);
  double rate = options.rate;
  if (rate == 0) {
    const double peak =
        PeakOf(&client, std::min(kPeakSeconds, options.turn_seconds));
    rate = options.share * peak;
    std::printf("peak %.0f calls a second; load %.0f\n", peak, rate);
  }
  std::printf("%-10s %9s %8s %9s %9s %8s %9s %9s\n", "TURN", "CALLS/S",
              "FAILED", "P50_MS", "P99_MS", "CPU_US", "MEMORY_MB", "STORE_MB");
  std::vector<Turn> turns;
  double failures = 0;
  const auto count = static_cast<size_t>(
      std::max(4.0, options.minutes * 60 / options.turn_seconds));
  for (size_t i = 0; i < count; ++i) {
    turns.push_back(Take(server, &client, rate, options));
    failures += turns.back().failures;
    Print(absl::StrCat(i + 1), turns.back());
  }
  const Turn second = Middle(turns, count / 4, count / 2);
  const Turn last = Middle(turns, 3 * count / 4, count);
  Print("2nd fourth", second);
  Print("last", last);
  std::printf(
      "last beside second: p50 x%.2f, p99 x%.2f, CPU x%.2f, memory "
      "x%.3f; failed %.0f\n",
      last.p50_us / second.p50_us, last.p99_us / second.p99_us,
      last.cpu_us / second.cpu_us, last.memory_mb / second.memory_mb, failures);
  return failures == 0;
}

}  // namespace
}  // namespace portrisk::bench

int main(int argc, char** argv) {
  namespace bench = portrisk::bench;
  CLI::App app("Memory and latency of a server under lasting load");
  bench::Options options;
  app.add_option("--minutes", options.minutes, "Of load after the peak")
      ->capture_default_str();
  app.add_option("--warm-minutes", options.warm_minutes,
                 "Of load before the peak")
      ->capture_default_str();
  app.add_option("--turn-seconds", options.turn_seconds, "Of each line")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--share", options.share, "Of the peak")
      ->check(CLI::Range(0.01, 1.0))
      ->capture_default_str();
  app.add_option("--rate", options.rate,
                 "Calls a second, in the place of a share of the peak")
      ->check(CLI::PositiveNumber);
  app.add_option("--boxes", options.boxes, "That go round, one move an hour")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--store", options.store,
                 "A directory that is not there yet and is kept");
  CLI11_PARSE(app, argc, argv);
  char name[] = "/tmp/soak_bench-XXXXXX";
  const std::string directory = mkdtemp(name);
  if (options.store.empty()) options.store = directory + "/store";
  const bool ok = bench::Run(options, directory + "/server");
  std::filesystem::remove_all(directory);
  return ok ? 0 : 1;
}
