// Durable ScoreMovement over loopback beside its limits: budget rows B and C.
//
//   rpc_bench [--seconds S] [--rounds R] [--json FILE]
//   rpc_bench --beside "--metrics 127.0.0.1:0"
//
//   B   64 calls in flight         a do-nothing method of the same sizes
//   C1  one call in flight         do-nothing, one append and fdatasync
//   C2  open loop at half B's rate p99 of 5 ms
//
// Servers are processes of their own; the client shares their two cores.
// Subject and limit take turns, R times; medians over the rounds are compared.
// --beside measures row B of a server with these flags beside one without.
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "bench/child.h"
#include "bench/compare.h"
#include "bench/echo_server.h"
#include "bench/load_client.h"
#include "service/tls.h"
#include "tests/service/certificates.h"

namespace portrisk::bench {
namespace {

constexpr int kInFlight = 64;

struct Side {
  std::vector<double> rates;
  std::vector<double> cpu_us;
  std::vector<double> p50_us;
  std::vector<double> p99_us;
};

void Measure(const Child& server, LoadClient* client, int in_flight,
             double seconds, Side* side) {
  const double cpu = server.CpuSeconds();
  const LoadResult result = client->Closed(in_flight, seconds);
  if (result.failures > 0) {
    std::fprintf(stderr, "%lu of %lu calls failed\n", result.failures,
                 result.calls);
    std::exit(1);
  }
  const double calls = static_cast<double>(result.calls);
  side->rates.push_back(calls / result.seconds);
  side->cpu_us.push_back((server.CpuSeconds() - cpu) * 1e6 / calls);
  side->p50_us.push_back(Percentile(result.latencies_us, 0.5));
  side->p99_us.push_back(Percentile(result.latencies_us, 0.99));
}

double Median(const std::vector<double>& values) {
  return Percentile(values, 0.5);
}

struct Figures {
  Side echo, scored, synced, single;
  double open_rate = 0;
  double open_p50_us = 0;
  double open_p99_us = 0;
};

Figures Run(double seconds, int rounds) {
  char name[] = "/tmp/rpc_bench-XXXXXX";
  const std::string directory = mkdtemp(name);
  Figures figures;
  {
    const std::string self = std::filesystem::read_symlink("/proc/self/exe");
    const std::string daemon = PORTRISK_BINARY_DIR "/portriskd";
    const Child ours(directory + "/ours",
                     {daemon, "--store", directory + "/store", "--development",
                      "--listen", "127.0.0.1:0"});
    const Child echo(directory + "/echo", {self, "--echo"});
    const Child synced(directory + "/synced",
                       {self, "--echo", "--log", directory + "/raw"});
    LoadRules(ours.address());
    LoadClient to_ours(ours.address());
    LoadClient to_echo(echo.address());
    LoadClient to_synced(synced.address());
    to_ours.Closed(kInFlight, seconds);  // Warm history.
    to_echo.Closed(kInFlight, seconds / 2);
    for (int i = 0; i < rounds; ++i) {
      Measure(echo, &to_echo, kInFlight, seconds, &figures.echo);
      Measure(ours, &to_ours, kInFlight, seconds, &figures.scored);
    }
    for (int i = 0; i < rounds; ++i) {
      Measure(synced, &to_synced, 1, seconds, &figures.synced);
      Measure(ours, &to_ours, 1, seconds, &figures.single);
    }
    figures.open_rate = Median(figures.scored.rates) / 2;
    const LoadResult open = to_ours.Open(figures.open_rate, seconds * rounds);
    figures.open_p50_us = Percentile(open.latencies_us, 0.5);
    figures.open_p99_us = Percentile(open.latencies_us, 0.99);
  }
  std::filesystem::remove_all(directory);
  return figures;
}

std::vector<std::string> ServerWords(const std::string& store,
                                     const std::string& flags) {
  std::vector<std::string> words = {PORTRISK_BINARY_DIR "/portriskd",
                                    "--store",
                                    store,
                                    "--development",
                                    "--listen",
                                    "127.0.0.1:0"};
  std::istringstream more(flags);
  for (std::string word; more >> word;) words.push_back(word);
  return words;
}

// Certificates of an authority, a server and a client, and roles, in
// `directory`. Returns the server's flags; the command line finds its own in
// the environment.
std::string MakeCertificates(const std::string& directory) {
  const service::Authority authority(directory);
  authority.Sign("server");
  authority.Sign("development");
  const std::string roles = directory + "/roles.yaml";
  std::ofstream(roles) << "callers: [{name: development, roles: [scorer, "
                          "analyst, approver, officer, operator]}]\n";
  setenv("PORTRISK_TLS_CA", authority.Pem("ca").c_str(), 1);
  setenv("PORTRISK_TLS_CERT", authority.Pem("development").c_str(), 1);
  setenv("PORTRISK_TLS_KEY", authority.Key("development").c_str(), 1);
  setenv("PORTRISK_PURPOSE", "a benchmark", 1);
  return "--tls-cert " + authority.Pem("server") + " --tls-key " +
         authority.Key("server") + " --tls-ca " + authority.Pem("ca") +
         " --roles " + roles;
}

// Row B of two servers that differ in flags alone, or in mutual TLS.
void RunBeside(double seconds, int rounds, std::string flags, bool tls) {
  char name[] = "/tmp/rpc_bench-XXXXXX";
  const std::string directory = mkdtemp(name);
  {
    Side with, without;
    std::shared_ptr<grpc::ChannelCredentials> credentials;
    if (tls) {
      flags += " " + MakeCertificates(directory);
      const auto made = service::ClientCredentials(
          directory + "/ca.pem", directory + "/development.pem",
          directory + "/development.key");
      if (made.ok()) credentials = *made;
    }
    const Child one(directory + "/one", ServerWords(directory + "/a", flags));
    const Child other(directory + "/other", ServerWords(directory + "/b", ""));
    LoadRules(one.address());
    for (const char* name :
         {"PORTRISK_TLS_CA", "PORTRISK_TLS_CERT", "PORTRISK_TLS_KEY"}) {
      unsetenv(name);
    }
    LoadRules(other.address());
    LoadClient to_one(one.address(), "", credentials);
    LoadClient to_other(other.address());
    to_one.Closed(kInFlight, seconds);  // Warm history.
    to_other.Closed(kInFlight, seconds);
    for (int i = 0; i < rounds; ++i) {
      Measure(one, &to_one, kInFlight, seconds, &with);
      Measure(other, &to_other, kInFlight, seconds, &without);
    }
    const auto print = [](const char* what, double ours, double theirs) {
      std::printf("%-16s %8.1f  without %8.1f  ratio %.3f\n", what, ours,
                  theirs, ours / theirs);
    };
    std::printf("with %s\n", tls ? "mutual TLS" : flags.c_str());
    print("calls a second", Median(with.rates), Median(without.rates));
    print("server CPU us", Median(with.cpu_us), Median(without.cpu_us));
    print("p50 us", Median(with.p50_us), Median(without.p50_us));
    print("p99 us", Median(with.p99_us), Median(without.p99_us));
  }
  std::filesystem::remove_all(directory);
}

void Print(const Figures& f, std::FILE* json) {
  const double rate = Median(f.scored.rates);
  const double limit_rate = Median(f.echo.rates);
  const double cpu = Median(f.scored.cpu_us);
  const double limit_cpu = Median(f.echo.cpu_us);
  const double p50 = Median(f.single.p50_us);
  const double limit_p50 = Median(f.synced.p50_us);
  const double p99 = Median(f.single.p99_us);
  const double limit_p99 = Median(f.synced.p99_us);
  std::printf("B   calls a second  %8.0f  limit %8.0f  ratio %.2f\n", rate,
              limit_rate, rate / limit_rate);
  std::printf("B   server CPU us   %8.1f  limit %8.1f  difference %.1f\n", cpu,
              limit_cpu, cpu - limit_cpu);
  std::printf("C1  p50 us          %8.0f  limit %8.0f  ratio %.2f\n", p50,
              limit_p50, p50 / limit_p50);
  std::printf("C1  p99 us          %8.0f  limit %8.0f  ratio %.2f\n", p99,
              limit_p99, p99 / limit_p99);
  std::printf(
      "C2  p99 us          %8.0f  limit     5000  at %.0f a second "
      "(p50 %.0f)\n",
      f.open_p99_us, f.open_rate, f.open_p50_us);
  if (json == nullptr) return;
  std::fprintf(json,
               "{\"rate\": %f, \"limit_rate\": %f, \"cpu_us\": %f, "
               "\"limit_cpu_us\": %f, \"p50_us\": %f, \"limit_p50_us\": %f, "
               "\"p99_us\": %f, \"limit_p99_us\": %f, \"open_rate\": %f, "
               "\"open_p99_us\": %f}\n",
               rate, limit_rate, cpu, limit_cpu, p50, limit_p50, p99, limit_p99,
               f.open_rate, f.open_p99_us);
}

}  // namespace
}  // namespace portrisk::bench

int main(int argc, char** argv) {
  namespace bench = portrisk::bench;
  CLI::App app("Rows B and C: durable ScoreMovement beside its limits");
  double seconds = 2;
  int rounds = 3;
  std::string json;
  std::string beside;
  bool tls = false;
  bool echo = false;
  bench::EchoOptions options;
  app.add_option("--seconds", seconds, "Of each turn")->capture_default_str();
  app.add_option("--rounds", rounds, "Turns of each")->capture_default_str();
  app.add_option("--json", json, "Write the figures there, too");
  app.add_option("--beside", beside,
                 "Measure a server with these flags beside one without");
  app.add_flag("--tls", tls,
               "Measure a server with mutual TLS beside one without");
  app.add_flag("--echo", echo, "Be the limit (used by this program)");
  app.add_option("--log", options.log, "The limit's file");
  app.add_option("--port-file", options.port_file, "The limit's address");
  CLI11_PARSE(app, argc, argv);
  if (echo) bench::ServeEcho(options);
  if (tls || !beside.empty()) {
    bench::RunBeside(seconds, rounds, beside, tls);
    return 0;
  }
  const bench::Figures figures = bench::Run(seconds, rounds);
  std::FILE* file = json.empty() ? nullptr : std::fopen(json.c_str(), "w");
  bench::Print(figures, file);
  if (file != nullptr) std::fclose(file);
  return 0;
}
