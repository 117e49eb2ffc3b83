// What goes wrong, and what must hold afterwards.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "service/errors.h"
#include "store/backup.h"
#include "tests/simulation/simulation.h"
#include "tests/simulation/wrong.h"

namespace portrisk::simulation {
namespace {

constexpr int64_t kPlenty = int64_t{1} << 60;

}  // namespace

// One fault at a time that ends by itself; the end of the server, at a step of
// the disk to come, beside it.
void Simulation::MayBreak() {
  store::FaultFileSystem& disk = world_.disk();
  if (disk.end_at_step == store::FaultFileSystem::kNever && dice_.OneIn(8)) {
    const int most = dice_.OneIn(2) ? 12 : 150;
    disk.end_at_step =
        disk.steps + 1 + static_cast<uint64_t>(dice_.Below(most));
    is_faulty_ = true;
    dies_ = dice_.OneIn(3);
    Note(dies_ ? "the process will die" : "the power will go");
  }
  if (heals_at_ > 0 || !dice_.OneIn(14)) return;
  heals_at_ = step_ + dice_.Below(4);
  is_faulty_ = true;
  switch (dice_.Below(3)) {
    case 0:
      disk.syncs_fail = true;
      Note("syncs fail");
      break;
    case 1:
      disk.space_left = dice_.Below(30'000);
      Note("the disk is nearly full");
      break;
    default:
      disk.opens_fail = true;
      Note("no file can be opened");
  }
}

absl::Status Simulation::Heal() {
  store::FaultFileSystem& disk = world_.disk();
  disk.syncs_fail = false;
  disk.opens_fail = false;
  disk.space_left = kPlenty;
  heals_at_ = 0;
  MayErase();
  // What was begun beside the fault may fail behind its end, and a call with
  // it: it is over when that has ended.
  absl::Status status = world_.Resume();
  if (status.ok()) status = world_.WaitForErasures();
  if (status.ok()) status = world_.WaitForQuiet();
  if (status.ok()) status = world_.Resume();
  if (disk.power_is_off()) return absl::OkStatus();
  if (!status.ok()) return status;
  status = Catch();
  is_faulty_ = disk.end_at_step != store::FaultFileSystem::kNever;
  return status;
}

absl::Status Simulation::Crash() {
  doing_ = absl::StrCat(doing_, dies_ ? ", death" : ", power loss");
  Note(dies_ ? "process died" : "power lost");
  world_.disk().syncs_fail = false;
  world_.disk().opens_fail = false;
  world_.disk().space_left = kPlenty;
  heals_at_ = 0;
  dies_ ? world_.Die() : world_.LosePower();
  absl::Status status = OpenAfterCrash();
  if (status.ok()) status = CheckAfterOpening();
  if (status.ok() && dice_.OneIn(3)) status = Prove();
  return status;
}

// Now and then it does not come up before it goes down again.
absl::Status Simulation::OpenAfterCrash() {
  store::FaultFileSystem& disk = world_.disk();
  while (true) {
    const bool again = dice_.OneIn(4);
    if (again) disk.end_at_step = 1 + static_cast<uint64_t>(dice_.Below(80));
    const absl::Status opened = world_.Open();
    if (disk.power_is_off()) {
      Note("again while it opened");
      dice_.OneIn(3) ? world_.Die() : world_.LosePower();
      continue;
    }
    disk.end_at_step = store::FaultFileSystem::kNever;
    if (!opened.ok()) {
      return Wrong(absl::StrCat("it does not open: ", opened.ToString()));
    }
    if (disk.power_is_off()) continue;
    is_faulty_ = false;
    return world_.Resume();
  }
}

absl::Status Simulation::CheckAfterOpening() {
  MayErase();
  const auto records = world_.ReadJournal(0);
  if (!records.ok()) return records.status();
  absl::Status status = model_.CheckAll(*records);
  if (!status.ok()) return status;
  model_.ForgetLate();
  const auto now = world_.Observe();
  if (!now.ok()) return now.status();
  if (observed_ && observed_->sequence == now->sequence) {
    Note("states compared");
    for (size_t i = 0; i < now->values.size(); ++i) {
      if (now->values[i] == observed_->values[i]) continue;
      return Wrong(absl::StrCat("at position ", now->sequence, ", ",
                                i == 0 ? "the catalogue" : "a container",
                                " is not what it was there before"));
    }
  }
  status = CheckAcknowledged();
  if (status.ok() && dice_.OneIn(3)) status = CheckBackups();
  return status;
}

// What is taken must be taken now.
absl::Status Simulation::Restart() {
  if (is_faulty_) return absl::OkStatus();
  Note("restart");
  doing_ = "restart";
  absl::Status status = Catch();
  if (!status.ok()) return status;
  world_.Close();
  status = world_.Open();
  return status.ok() ? CheckAfterOpening() : status;
}

absl::Status Simulation::Prove() {
  if (is_faulty_) return absl::OkStatus();
  Note("store proved");
  doing_ = absl::StrCat(doing_, ", proof");
  absl::Status status = Catch();
  if (status.ok()) status = world_.CloseAndProve();
  if (status.ok()) status = world_.Open();
  return status.ok() ? CheckAfterOpening() : status;
}

absl::Status Simulation::CheckBackups() {
  for (const auto& [id, end] : backups_) {
    absl::Status status = store::CheckBackup(world_.backups(), id);
    if (!status.ok()) return status;
    Note("backup checked");
  }
  return absl::OkStatus();
}

absl::Status Simulation::Catch() {
  const auto records = world_.ReadJournal(model_.size());
  if (records.ok()) return model_.Absorb(*records);
  return is_faulty_ ? absl::OkStatus() : records.status();
}

// What a crash must bring back, if it loses nothing.
absl::Status Simulation::Remember() {
  auto now = world_.Observe();
  if (!now.ok()) return now.status();
  observed_ = *std::move(now);
  return absl::OkStatus();
}

}  // namespace portrisk::simulation
