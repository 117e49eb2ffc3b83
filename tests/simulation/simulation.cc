#include "tests/simulation/simulation.h"

#include <algorithm>
#include <iostream>

#include "absl/strings/str_cat.h"

namespace portrisk::simulation {

Simulation::Simulation(uint64_t seed, SimulationOptions options)
    : seed_(seed), options_(options), dice_(seed), world_(seed, &dice_) {
  calm_ = options.calm.value_or(seed % 2 == 0);
}

void Simulation::Note(const std::string& what) {
  ++tally_[what];
  if (!options_.trace) return;
  std::cerr << step_ << " " << what << ", journal " << model_.size()
            << ", disk " << world_.disk().steps << std::endl;
}

absl::Status Simulation::Run() {
  absl::Status status = world_.Open();
  for (step_ = 0; status.ok() && step_ < options_.steps; ++step_) {
    // Each step by itself, so that one that ends otherwise does not change what
    // is sent in the next.
    dice_.Seed(seed_ * 1'000'003 + static_cast<uint64_t>(step_));
    status = Step();
  }
  doing_ = status.ok() ? "the end" : doing_;
  if (status.ok()) status = Finish();
  if (status.ok()) return status;
  return absl::DataLossError(absl::StrCat("step ", step_, ", ", doing_, " (",
                                          token_, "): ", status.ToString()));
}

absl::Status Simulation::Step() {
  if (dice_.OneIn(25)) {
    Note("clock jumps");
    world_.Advance(absl::Hours(dice_.Below(24 * 60) - 24 * 20));
  } else {
    world_.Advance(absl::Seconds(dice_.Below(600)));
  }
  if (options_.faults) MayBreak();
  absl::Status status = Act();
  return status.ok() ? EndStep() : status;
}

absl::Status Simulation::EndStep() {
  store::FaultFileSystem& disk = world_.disk();
  absl::Status status;
  if (heals_at_ > 0 && step_ >= heals_at_ && !disk.power_is_off()) {
    status = Heal();
  }
  // What is done behind calls waits itself until files can be opened, hold
  // more and are synced.
  const bool has_room = disk.space_left > int64_t{1} << 50;
  if (status.ok() && calm_ && !disk.power_is_off() && !disk.opens_fail &&
      !disk.syncs_fail && has_room) {
    status = world_.WaitForQuiet();
  }
  // Else it goes on beside the next.
  if (status.ok() && !disk.power_is_off() && (calm_ || dice_.OneIn(3))) {
    status = AwaitErasures();
  }
  if (disk.power_is_off()) return Crash();
  if (status.ok() && world_.engine().write_status().ok()) status = Catch();
  if (status.ok() && !is_faulty_) status = Remember();
  return status;
}

absl::Status Simulation::Finish() {
  heals_at_ = 1;
  world_.disk().end_at_step = store::FaultFileSystem::kNever;
  if (world_.disk().power_is_off()) {
    absl::Status status = Crash();
    if (!status.ok()) return status;
  }
  absl::Status status = Heal();
  if (status.ok()) status = world_.WaitForQuiet();
  if (status.ok()) status = Catch();
  if (status.ok()) status = CheckAcknowledged();
  if (status.ok()) status = CheckBackups();
  if (status.ok()) status = Remember();
  return status.ok() ? Prove() : status;
}

}  // namespace portrisk::simulation
