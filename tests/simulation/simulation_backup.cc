// Backups are made and a store goes on from one, as a whole or to a point.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/errors.h"
#include "service/restore.h"
#include "tests/simulation/simulation.h"
#include "tests/simulation/wrong.h"

namespace portrisk::simulation {

absl::Status Simulation::Backup() {
  const uint64_t known = model_.size();
  const auto made = world_.server().operators.CreateBackup({});
  Note(absl::StrCat("backup: ",
                    made.ok() ? "done" : service::ErrorReason(made.status())));
  if (!made.ok()) return CheckRefusal("a backup", made.status());
  if (made->last_sequence() < known) {
    return Wrong(absl::StrCat("a backup ends at ", made->last_sequence(),
                              " and ", known, " was durable"));
  }
  backups_[made->id()] = known;
  return absl::OkStatus();
}

// As a whole or to a point; then it is what the server goes on with, or not.
absl::Status Simulation::Restore() {
  if (backups_.empty() || is_faulty_) return Backup();
  absl::Status status = Catch();
  if (!status.ok()) return status;
  auto backup = backups_.begin();
  std::advance(backup, dice_.Below(static_cast<int>(backups_.size())));
  service::RestoreOptions options;
  options.backups = world_.backups();
  options.backup = backup->first;
  options.to = world_.NewDirectory("restored");
  if (dice_.OneIn(2) && backup->second > 0) {
    options.until_sequence =
        1 +
        static_cast<uint64_t>(dice_.Below(static_cast<int>(backup->second)));
  }
  const auto report = service::Restore(options, [](uint64_t, uint64_t) {});
  if (absl::IsOutOfRange(report.status()) && options.until_sequence &&
      (model_.removed_to() > 0 ||
       absl::StrContains(report.status().message(), "erased again"))) {
    Note("restore to a point that is gone");
    return absl::OkStatus();
  }
  if (!report.ok()) return report.status();
  Note(options.until_sequence ? "restored to a point" : "restored");
  const uint64_t least = options.until_sequence.value_or(backup->second);
  if (report->last_sequence < least ||
      (options.until_sequence && report->last_sequence != least)) {
    return Wrong(absl::StrCat("restored up to ", report->last_sequence,
                              " where ", least, " was asked for"));
  }
  if (report->last_sequence > model_.size()) return absl::OkStatus();
  return GoOnWith(options.to, report->last_sequence);
}

// What was recorded later has never been.
absl::Status Simulation::GoOnWith(const std::string& store, uint64_t sequence) {
  doing_ = absl::StrCat("restored to ", sequence);
  world_.MoveTo(store);
  backups_.clear();
  observed_.reset();
  model_.CutAt(sequence);
  const auto cut = [&](auto* list) {
    list->erase(std::remove_if(list->begin(), list->end(),
                               [&](const auto& one) {
                                 return one.second.sequence() > sequence;
                               }),
                list->end());
  };
  cut(&outcomes_);
  cut(&decisions_);
  erased_.clear();
  absl::Status status = world_.Open();
  return status.ok() ? CheckAfterOpening() : status;
}

}  // namespace portrisk::simulation
