// portriskd: the server. Flags and signals are read here and nowhere else.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "service/chain_checkpoints.h"
#include "service/engine.h"
#include "service/fold_version.h"
#include "service/hardening.h"
#include "service/log.h"
#include "service/metrics.h"
#include "service/monitor.h"
#include "service/secrets.h"
#include "service/server.h"
#include "service/steady_clock.h"
#include "service/store_secrets.h"
#include "service/tls.h"
#include "service/wrong_usage.h"

namespace {

namespace service = portrisk::service;

struct Flags {
  service::EngineOptions engine;
  service::QueueTimes queue;
  service::ServerOptions server;
  std::string secrets;
  std::string roles;
  std::string chain_checkpoints;
  double checkpoint_minutes = 10;
  std::string port_file;
  service::MonitorOptions monitor;
  double trace_slow_ms = 0;
  int drain_max_s = 10;
  double gate_wait_max_ms = 100;
  double gate_wait_standing_ms = 10;
  double bulk_wait_max_ms = 2000;
  double batch_time_max_ms = 5;
  double keepalive_s = 30;
  double idle_minutes = 15;
  bool no_sync = false;
  bool new_pseudonym_key = false;
};

// Against overload. Each default holds for two cores and a port of any size.
void DeclareLimits(CLI::App& app, Flags& f) {
  app.add_option("--queue-max", f.engine.queue_max,
                 "Waiting movements; more are refused (RESOURCE_EXHAUSTED, "
                 "QUEUE_FULL). One caller alone may have half of them")
      ->check(service::AboveZero())
      ->capture_default_str();
  app.add_option("--gate-wait-max-ms", f.gate_wait_max_ms,
                 "ScoreMovement is refused when it would wait longer, in a "
                 "burst")
      ->check(service::AboveZero())
      ->capture_default_str();
  app.add_option("--gate-wait-standing-ms", f.gate_wait_standing_ms,
                 "The same once overload lasts: what is accepted stays fast")
      ->check(service::AboveZero())
      ->capture_default_str();
  app.add_option("--bulk-wait-max-ms", f.bulk_wait_max_ms,
                 "The same for batches and streams, which yield to gates")
      ->check(service::AboveZero())
      ->capture_default_str();
  app.add_option("--batch-max", f.engine.batch_max, "Movements in one commit")
      ->check(CLI::Range(2, 100'000))
      ->capture_default_str();
  app.add_option("--batch-time-max-ms", f.batch_time_max_ms,
                 "Computing for one commit; a commit that takes longer is "
                 "waited for with more")
      ->check(service::AboveZero())
      ->capture_default_str();
  service::ConnectionLimits& connections = f.server.connections;
  app.add_option("--connection-calls-max", connections.calls_max,
                 "Calls under way on one connection; the client keeps more to "
                 "itself until some are answered")
      ->check(service::AboveZero())
      ->capture_default_str();
  app.add_option("--caller-streams-max", connections.caller_streams_max,
                 "Open StreamScoreMovements of one caller (TOO_MANY_STREAMS)")
      ->check(service::AboveZero())
      ->capture_default_str();
  app.add_option("--threads-max", connections.threads_max,
                 "Other calls at once; more are refused (RESOURCE_EXHAUSTED)")
      ->check(CLI::Range(4, 10'000))
      ->capture_default_str();
  app.add_option("--keepalive-s", f.keepalive_s,
                 "A connection silent for so long is asked whether it lives, "
                 "and closed after 10 s without an answer")
      ->check(service::AboveZero())
      ->capture_default_str();
  app.add_option("--idle-minutes", f.idle_minutes,
                 "A connection without a call for so long is closed; clients "
                 "come again by themselves")
      ->check(service::AboveZero())
      ->capture_default_str();
}

// Into the options that they are for.
void SetTimes(Flags* f) {
  service::QueueTimes& queue = f->queue;
  queue.gate_wait_max = absl::Milliseconds(f->gate_wait_max_ms);
  queue.gate_wait_standing = absl::Milliseconds(f->gate_wait_standing_ms);
  queue.bulk_wait_max = absl::Milliseconds(f->bulk_wait_max_ms);
  queue.batch_time_max = absl::Milliseconds(f->batch_time_max_ms);
  f->server.connections.keepalive_after = absl::Seconds(f->keepalive_s);
  f->server.connections.idle_max = absl::Minutes(f->idle_minutes);
  f->server.drain_max = absl::Seconds(f->drain_max_s);
  f->server.drain_notice = absl::Milliseconds(500);
}

void Declare(CLI::App& app, Flags& f) {
  app.description(
      "portriskd scores movements of containers over gRPC.\n"
      "Try it:  portriskd --store /tmp/portrisk --development\n"
      "then  :  portrisk rules load --activate deploy/rules/*.yaml\n"
      "         portrisk score --format edifact gate.edi");
  app.set_version_flag(
      "--version", absl::StrCat("portriskd " PORTRISK_VERSION ", store format ",
                                portrisk::store::kNewestFormatVersion,
                                ", fold ", service::kFoldVersion));
  app.set_config("--config", "", "Read flags from a file: `flag = value`");
  // A misspelt flag is an error there, too.
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.add_option("--store", f.engine.store.directory,
                 "Directory of the store; made when missing")
      ->required();
  app.add_option("--listen", f.server.listen, "Address; port 0 picks one")
      ->capture_default_str();
  app.add_option("--backups", f.engine.backups,
                 "Directory for `portrisk backup create`, on another disk; the "
                 "secrets are not in a backup");
  app.add_flag(
      "--new-pseudonym-key", f.new_pseudonym_key,
      "Start although the journal was written with another pseudonym "
      "key, which is lost or replaced: history of parties begins anew");
  app.add_option("--secrets", f.secrets,
                 "File with the keys for PIN hashes and draws [STORE.secrets]");
  app.add_option("--tls-cert", f.server.tls_cert,
                 "PEM of this server's certificate; read anew when it changes");
  app.add_option("--tls-key", f.server.tls_key, "PEM of its key");
  app.add_option("--tls-ca", f.server.tls_ca,
                 "PEM of who signs the certificates of callers");
  app.add_option("--roles", f.roles,
                 "YAML file that binds names in certificates to roles; read "
                 "anew at SIGHUP. For example\n"
                 "callers:\n"
                 "  - {name: gate.terminal-1.example, roles: [scorer]}\n"
                 "  - {name: ana.customs.example, roles: [analyst, officer]}");
  app.add_option("--chain-checkpoints", f.chain_checkpoints,
                 "File that signed heads of the journal's chain are added to; "
                 "copy it to where this server cannot write "
                 "[STORE.checkpoints]");
  app.add_option("--chain-checkpoint-minutes", f.checkpoint_minutes,
                 "Time between two of them")
      ->check(service::AboveZero())
      ->capture_default_str();
  app.add_flag("--development", f.server.development,
               "Serve this machine without TLS, let the identity `development` "
               "approve its own rules, make missing secrets, and leave a core "
               "file after a crash. Not for a port");
  app.add_option("--port-file", f.port_file,
                 "Write the address there once calls are taken");
  app.add_option("--metrics", f.monitor.listen,
                 "Serve /metrics, /livez and /readyz there over HTTP: "
                 "127.0.0.1:9464 [not at all]");
  app.add_flag("--metrics-anywhere", f.monitor.anywhere,
               "Let --metrics be another address than loopback. It knows no "
               "identities and tells which rules fire, as it happens");
  app.add_option("--trace-slow-ms", f.trace_slow_ms,
                 "Log calls slower than this with the time of each stage; 0: "
                 "none")
      ->check(service::NotNegative())
      ->capture_default_str();
  DeclareLimits(app, f);
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

void SignChain(service::Engine* engine, service::ChainSigner* signer) {
  auto store = engine->store();
  absl::Status status = store.status();
  if (status.ok()) {
    status = signer->Write((*store)->chain_head(), absl::Now());
  }
  if (!status.ok()) service::LogError("signing the chain", status);
}

absl::StatusOr<std::shared_ptr<const service::RoleBook>> LoadRoles(
    const std::string& path) {
  if (path.empty()) return nullptr;
  auto book = service::RoleBook::Load(path);
  if (!book.ok()) return book.status();
  return std::make_shared<const service::RoleBook>(*std::move(book));
}

// A wrong file changes nothing: who was let in stays so.
void ReloadRoles(const Flags& f, service::Server* server) {
  auto roles = LoadRoles(f.roles);
  if (!roles.ok()) {
    service::LogError("reading the roles anew; the old ones stay",
                      roles.status());
    return;
  }
  if (*roles == nullptr) return;
  const size_t callers = (*roles)->size();
  server->SetRoles(*std::move(roles));
  service::LogInfo("roles read anew", {{"callers", absl::StrCat(callers)}});
  server->Configured(absl::StrCat("roles of ", callers, " callers read anew"));
}

// Until a signal asks to stop. Returns it.
int Wait(const Flags& f, const sigset_t& signals, service::Engine* engine,
         service::Server* server, service::ChainSigner* signer) {
  const absl::Duration interval = absl::Minutes(f.checkpoint_minutes);
  absl::Time due = service::SteadyTime() + interval;
  while (true) {
    const timespec left = absl::ToTimespec(
        std::max(due - service::SteadyTime(), absl::ZeroDuration()));
    const int signal = sigtimedwait(&signals, nullptr, &left);
    if (signal == SIGHUP) {
      ReloadRoles(f, server);
      continue;
    }
    if (signer != nullptr) SignChain(engine, signer);
    if (signal > 0) return signal;
    due = service::SteadyTime() + interval;
  }
}

// What is asked for; both null where nothing is.
struct Watched {
  std::unique_ptr<service::Metrics> metrics;
  std::unique_ptr<service::Monitor> monitor;
};

absl::StatusOr<Watched> StartToWatch(const Flags& f) {
  Watched watched;
  if (f.monitor.listen.empty() && f.trace_slow_ms == 0) return watched;
  service::MetricsOptions options;
  if (f.trace_slow_ms > 0) {
    options.trace_slow = absl::Milliseconds(f.trace_slow_ms);
  }
  watched.metrics = std::make_unique<service::Metrics>(options);
  if (f.monitor.listen.empty()) return watched;
  auto monitor = service::Monitor::Start(watched.metrics.get(), f.monitor);
  if (!monitor.ok()) return monitor.status();
  watched.monitor = *std::move(monitor);
  service::LogInfo("metrics", {{"address", watched.monitor->address()}});
  return watched;
}

// Holds the store no longer than it looks: after a failure it is closed, and
// opened again only when nobody has it any more.
absl::Status CheckSecrets(const Flags& f, const service::Engine& engine) {
  const auto store = engine.store();
  if (!store.ok() || f.new_pseudonym_key) return absl::OkStatus();
  return service::CheckSecretsOf(**store, f.engine.secrets);
}

int Serve(Flags f, const sigset_t& signals) {
  // Before the store opens, which may take long: who waits sees that it lives.
  auto watched = StartToWatch(f);
  if (!watched.ok()) return Fail(watched.status());
  f.engine.metrics = f.server.metrics = watched->metrics.get();
  auto engine = service::Engine::Open(f.engine, f.queue);
  if (!engine.ok()) return Fail(engine.status());
  absl::Status status = CheckSecrets(f, **engine);
  if (status.ok()) status = service::KeepSecrets(f.secrets, f.engine.secrets);
  if (!status.ok()) return Fail(status);
  const auto& report = (*engine)->open_report();
  service::LogInfo("store open",
                   {{"directory", f.engine.store.directory},
                    {"last_sequence", absl::StrCat(report.last_sequence)},
                    {"refolded_records", absl::StrCat(report.folded_records)},
                    {"refold_time", absl::FormatDuration(report.fold_time)}});
  auto server = service::Server::Start(engine->get(), f.server);
  if (!server.ok()) return Fail(server.status());
  if (watched->monitor != nullptr) {
    watched->monitor->Watch(engine->get(),
                            [&] { return service::CheckTlsFiles(f.server); });
  }
  service::LogInfo("listening on " + (*server)->address());
  if (!f.port_file.empty()) {
    std::ofstream(f.port_file) << (*server)->address() << "\n";
  }
  const auto& key = f.engine.secrets.audit_key;
  std::optional<service::ChainSigner> signer;
  if (key) {
    const uint64_t checkpointed =
        service::LastCheckpointed(f.chain_checkpoints);
    if (checkpointed > report.last_sequence) {
      service::LogError(
          "the store is older than its signed heads",
          absl::DataLossError(absl::StrCat(
              f.chain_checkpoints, " goes up to position ", checkpointed,
              ", the store to ", report.last_sequence,
              ": an older copy is in its place; after restoring a backup, "
              "keep the file elsewhere and begin another")));
    }
    signer.emplace(*key, f.chain_checkpoints);
    service::LogInfo("signing the chain",
                     {{"file", f.chain_checkpoints},
                      {"public_key", service::ToHex(signer->public_key())}});
  } else {
    service::LogInfo(
        "the chain is not signed: the secrets file has no "
        "audit_key");
  }
  (*server)->Started(service::DescribeKeys(f.engine.secrets));
  const int signal = Wait(f, signals, engine->get(), server->get(),
                          signer ? &*signer : nullptr);
  service::LogInfo("draining", {{"signal", strsignal(signal)}});
  (*server)->Shutdown();
  (*engine)->Drain();
  if (signer) SignChain(engine->get(), &*signer);
  if (watched->monitor != nullptr) watched->monitor->Leave();
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
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // Inherited by every thread.

  CLI::App app;
  Flags flags;
  flags.server.listen = "127.0.0.1:50071";
  Declare(app, flags);
  service::RefuseNegative(&app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return service::EndUsage(app, wrong);
  }
  if (!flags.server.development) {
    const absl::Status status = service::KeepMemoryPrivate();
    if (!status.ok()) return Fail(status);
  }
  if (flags.secrets.empty()) {
    flags.secrets = service::DefaultSecretsPath(flags.engine.store.directory);
  }
  auto secrets = service::LoadSecrets(flags.secrets,
                                      flags.server.development
                                          ? service::MissingSecrets::kCreate
                                          : service::MissingSecrets::kRefuse);
  if (!secrets.ok()) return Fail(secrets.status());
  flags.engine.secrets = *secrets;
  auto roles = LoadRoles(flags.roles);
  if (!roles.ok()) return Fail(roles.status());
  flags.server.roles = *std::move(roles);
  if (flags.chain_checkpoints.empty()) {
    flags.chain_checkpoints = flags.engine.store.directory + ".checkpoints";
  }
  SetTimes(&flags);
  if (flags.no_sync) {
    flags.engine.store.durability =
        portrisk::store::Durability::kLoseOnPowerFailure;
  }
  return Serve(flags, signals);
}
