// kill_many: kills a server with SIGKILL at random moments, a thousand times,
// under load, and counts what was lost.
//
//   build/release/tests/kill_many [KILLS [MINUTES [SEED]]]
//
// Clients call one by one and on a stream and remember every answer; now and
// then somebody loads rules that bring aggregates, or makes a backup. Each time
// the server is started again (sometimes killed while it recovers), every
// movement acknowledged since the kill before is sent again and must come back
// byte for byte. At the end this is done for all, the journal is read for
// repeats, and `verify` folds it from zero and compares every state. Prints
// a table; exit code 1 when anything was lost, 2 when time was up before the
// kills were done. Not part of the tests, since it takes a quarter of an hour.
#include <iostream>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "service/log.h"
#include "service/verify.h"
#include "store/backup.h"
#include "tests/system/kill_load.h"

namespace portrisk::service {
namespace {

struct Counts {
  int under_load = 0;
  int with_rules = 0;
  int with_backup = 0;
  int in_recovery = 0;
  double slowest_start_s = 0;

  int all() const { return under_load + in_recovery; }
};

int Lost(const std::string& what) {
  std::cout << "FAILED: " << what << std::endl;
  return 1;
}

class KillMany {
 public:
  KillMany(int kills, absl::Duration most, uint32_t seed)
      : kills_(kills), until_(absl::Now() + most), random_(seed) {}

  int Run() {
    int first = 0;
    while (counts_.all() < kills_ && absl::Now() < until_) {
      if (random_() % 5 == 0) KillInRecovery();
      if (!Start()) return Lost(server_.Log());
      absl::Status kept = load_.CheckAcknowledged(first);
      if (!kept.ok()) return Lost(kept.ToString());
      first = load_.sent();
      LoadOnce();
      if (counts_.all() % 50 == 0) {
        std::cerr << counts_.all() << " kills, " << load_.acknowledged()
                  << " acknowledged" << std::endl;
      }
    }
    return Finish();
  }

 private:
  // While it opens the store, folds or warms.
  void KillInRecovery() {
    server_.StartWithoutWaiting(Flags());
    absl::SleepFor(absl::Milliseconds(random_() % 120));
    server_.Stop(SIGKILL);
    ++counts_.in_recovery;
  }

  bool Start() {
    const absl::Time start = absl::Now();
    const bool started = server_.Start(Flags());
    counts_.slowest_start_s = std::max(
        counts_.slowest_start_s, absl::ToDoubleSeconds(absl::Now() - start));
    return started;
  }

  void LoadOnce() {
    KillLoad::Load load;
    // Few: the catalogue holds every revision that ever was.
    load.rules = random_() % 20 == 0;
    load.backups = random_() % 8 == 0;
    // Long enough with backups that some end before it, some do not.
    const int most = load.backups ? 4000 : 250;
    load_.LoadUntilKilled(absl::Milliseconds(5 + random_() % most), load);
    ++counts_.under_load;
    counts_.with_rules += load.rules ? 1 : 0;
    counts_.with_backup += load.backups ? 1 : 0;
  }

  int Finish() {
    if (!Start()) return Lost(server_.Log());
    absl::Status kept = load_.CheckAcknowledged(0);
    if (!kept.ok()) return Lost(kept.ToString());
    const auto there = load_.CheckNothingTwice();
    if (!there.ok()) return Lost(there.status().ToString());
    load_.WarmedStates();
    server_.Stop(SIGTERM);
    store::Options options;
    options.directory = server_.store();
    options.read_only = true;
    auto store = store::Store::Open(options);
    if (!store.ok()) return Lost(store.status().ToString());
    const auto report = VerifyStore(**store, [](uint64_t) {});
    if (!report.ok()) return Lost(report.status().ToString());
    if (report->difference_count > 0) return Lost(report->differences[0]);
    absl::Status backups = CheckBackups();
    if (!backups.ok()) return Lost(backups.ToString());
    Print(*there, *report);
    return counts_.all() < kills_ ? 2 : 0;
  }

  // Those that are kept must fold to the states that they hold.
  absl::Status CheckBackups() const {
    const auto backups = store::ListBackups(Backups());
    if (absl::IsNotFound(backups.status()) && load_.backups() == 0) {
      return absl::OkStatus();
    }
    if (!backups.ok()) return backups.status();
    if (backups->empty() && load_.backups() > 0) {
      return absl::DataLossError("backups were acknowledged; none is there");
    }
    for (const store::Backup& one : *backups) {
      absl::Status checked = store::CheckBackup(Backups(), one.id);
      if (!checked.ok()) return checked;
      const auto store = store::OpenBackup(Backups(), one.id);
      if (!store.ok()) return store.status();
      const auto report = VerifyStore(**store, [](uint64_t) {});
      if (!report.ok()) return report.status();
      if (report->last_sequence != one.last_sequence) {
        return absl::DataLossError(
            absl::StrCat("backup ", one.id, " says ", one.last_sequence,
                         " and ends at ", report->last_sequence));
      }
      if (report->difference_count > 0) {
        return absl::DataLossError(report->differences[0]);
      }
    }
    return absl::OkStatus();
  }

  void Print(size_t there, const VerifyReport& report) const {
    std::cout << "| what | count |\n|---|---|\n| kills | " << counts_.all()
              << " |\n| of these under load | " << counts_.under_load
              << " |\n| ... while rules were loaded | " << counts_.with_rules
              << " |\n| ... while a backup was made | " << counts_.with_backup
              << " |\n| of these while the server recovered | "
              << counts_.in_recovery << " |\n| movements sent | "
              << load_.sent() << " |\n| acknowledged | " << load_.acknowledged()
              << " |\n| acknowledged and lost or other | 0 |\n| in the "
                 "journal twice | 0 |\n| in the journal without an "
                 "acknowledgement that arrived | "
              << there - load_.acknowledged()
              << " |\n| states that differ from a fold from zero | "
              << report.difference_count << " of " << report.states_compared
              << " |\n| backups that ended before their kill | "
              << load_.backups() << " |\n| slowest start, seconds | "
              << counts_.slowest_start_s << " |" << std::endl;
  }

  std::string Backups() const { return directory_.path() + "/backups"; }
  std::vector<std::string> Flags() const {
    // Small checkpoints, so that kills hit them too.
    return {"--checkpoint-records", "900", "--backups", Backups()};
  }

  const int kills_;
  const absl::Time until_;
  std::mt19937 random_;
  TemporaryDirectory directory_;
  KillLoad load_{directory_.path()};
  ServerProcess& server_ = load_.server();
  Counts counts_;
};

}  // namespace
}  // namespace portrisk::service

int main(int argc, char** argv) {
  int kills = 1000;
  int minutes = 25;
  uint32_t seed = std::random_device()();
  if ((argc > 1 && !absl::SimpleAtoi(argv[1], &kills)) ||
      (argc > 2 && !absl::SimpleAtoi(argv[2], &minutes)) ||
      (argc > 3 && !absl::SimpleAtoi(argv[3], &seed))) {
    std::cerr << "kill_many [KILLS [MINUTES [SEED]]]\n";
    return 1;
  }
  std::cerr << "seed " << seed << std::endl;
  portrisk::service::QuietLogs();
  return portrisk::service::KillMany(kills, absl::Minutes(minutes), seed).Run();
}
