// portriskd: the server. Flags and signals are read here and nowhere else.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "service/engine.h"
#include "service/log.h"
#include "service/secrets.h"
#include "service/server.h"

namespace {

namespace service = portrisk::service;

struct Flags {
  service::EngineOptions engine;
  service::ServerOptions server;
  std::string secrets;
  std::string port_file;
  int drain_max_s = 10;
  bool no_sync = false;
};

void Declare(CLI::App& app, Flags& f) {
  app.description(
      "portriskd scores movements of containers over gRPC.\n"
      "Try it:  portriskd --store /tmp/portrisk --development\n"
      "then  :  portrisk rules load --activate deploy/rules/*.yaml\n"
      "         portrisk score --format edifact gate.edi");
  app.set_config("--config", "", "Read flags from a file: `flag = value`");
  app.add_option("--store", f.engine.store.directory,
                 "Directory of the store; made when missing")
      ->required();
  app.add_option("--listen", f.server.listen, "Address; port 0 picks one")
      ->capture_default_str();
  app.add_option("--backups", f.engine.backups,
                 "Directory for `portrisk backup create`, on another disk; the "
                 "secrets are not in a backup");
  app.add_option("--secrets", f.secrets,
                 "File with the keys for PIN hashes and draws [STORE.secrets]");
  app.add_flag("--development", f.server.development,
               "Let the identity `development` approve its own rules, and make "
               "missing secrets. Not for a port");
  app.add_option("--port-file", f.port_file,
                 "Write the address there once calls are taken");
  app.add_option("--queue-max", f.engine.queue_max,
                 "Waiting movements; more are refused (RESOURCE_EXHAUSTED)")
      ->capture_default_str();
  app.add_option("--batch-max", f.engine.batch_max, "Movements in one commit")
      ->capture_default_str();
  app.add_option("--checkpoint-records", f.engine.checkpoint_records,
                 "Records between checkpoints: more means fewer writes and a "
                 "longer start after a crash")
      ->capture_default_str();
  app.add_option("--cache-states-max", f.engine.cache_states_max,
                 "Entity states of each kind kept decoded in memory")
      ->capture_default_str();
  app.add_option("--drain-max-s", f.drain_max_s,
                 "Seconds that calls under way may take at shutdown")
      ->capture_default_str();
  app.add_flag("--lose-on-power-failure", f.no_sync,
               "Answer before the disk has it: a power failure loses "
               "acknowledged movements");
}

int Fail(const absl::Status& status) {
  std::cerr << "portriskd: " << status.message() << "\n";
  return 1;
}

int Serve(const Flags& f, const sigset_t& signals) {
  auto engine = service::Engine::Open(f.engine);
  if (!engine.ok()) return Fail(engine.status());
  const auto& report = (*engine)->open_report();
  service::LogInfo("store open",
                   {{"directory", f.engine.store.directory},
                    {"last_sequence", absl::StrCat(report.last_sequence)},
                    {"refolded_records", absl::StrCat(report.folded_records)},
                    {"refold_time", absl::FormatDuration(report.fold_time)}});
  auto server = service::Server::Start(engine->get(), f.server);
  if (!server.ok()) return Fail(server.status());
  service::LogInfo("listening on " + (*server)->address());
  if (!f.port_file.empty()) {
    std::ofstream(f.port_file) << (*server)->address() << "\n";
  }
  int signal = 0;
  sigwait(&signals, &signal);
  service::LogInfo("draining", {{"signal", strsignal(signal)}});
  (*server)->Shutdown();
  (*engine)->Drain();
  service::LogInfo("stopped");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // Its cycle check costs on every lock and aborts in production.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // Inherited by every thread.

  CLI::App app;
  Flags flags;
  flags.server.listen = "127.0.0.1:50071";
  Declare(app, flags);
  CLI11_PARSE(app, argc, argv);
  const std::string path =
      flags.secrets.empty()
          ? service::DefaultSecretsPath(flags.engine.store.directory)
          : flags.secrets;
  auto secrets = service::LoadSecrets(
      path, flags.server.development ? service::MissingSecrets::kCreate
                                     : service::MissingSecrets::kRefuse);
  if (!secrets.ok()) return Fail(secrets.status());
  flags.engine.secrets = *secrets;
  flags.server.drain_max = absl::Seconds(flags.drain_max_s);
  if (flags.no_sync) {
    flags.engine.store.durability =
        portrisk::store::Durability::kLoseOnPowerFailure;
  }
  return Serve(flags, signals);
}
