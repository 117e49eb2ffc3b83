// Somebody is erased, or everybody after a time, and movements are removed
// after a longer one, beside all else.
#include "absl/strings/str_cat.h"
#include "tests/simulation/simulation.h"
#include "tests/simulation/wrong.h"

namespace portrisk::simulation {
void Simulation::MayErase() {
  may_erase_ = true;
  model_.DoubtAnswers(true);
}

absl::Status Simulation::Erase() {
  v1::EraseSubjectRequest request;
  *request.mutable_subject() = workload_.NextSubject();
  request.set_reason("asked for");
  const auto begun = world_.server().operators.Erase(request, As("operator"));
  MayErase();
  if (begun.ok()) {
    const v1::ErasureSubject& who = request.subject();
    erased_[begun->erasure().erasure()] =
        absl::StrCat(who.party(), who.account(), who.plate());
  }
  return Came("erasure", begun.status(), {});
}

absl::Status Simulation::Retain() {
  v1::SetRetentionRequest request;
  request.mutable_retention()->set_party_days(dice_.OneIn(3) ? 0 : 30);
  request.mutable_retention()->set_movement_days(
      dice_.OneIn(3) ? 0 : 30 + static_cast<uint32_t>(dice_.Below(20)));
  request.set_reason("simulated");
  const auto set =
      world_.server().operators.SetRetention(request, As("operator"));
  MayErase();
  return Came("retention", set.status(), {});
}

absl::Status Simulation::AwaitErasures() {
  if (!may_erase_ || is_faulty_) return absl::OkStatus();
  absl::Status status = world_.WaitForErasures();
  if (!status.ok()) return status;
  const auto records = world_.ReadJournal(0);
  if (!records.ok()) return records.status();
  status = model_.CheckAll(*records);
  if (!status.ok()) return status;
  may_erase_ = false;
  model_.DoubtAnswers(false);
  return CheckErased();
}

absl::Status Simulation::CheckErased() {
  const auto erasures = world_.server().operators.ListErasures({});
  if (!erasures.ok()) return erasures.status();
  for (const v1::Erasure& one : erasures->erasures()) {
    const auto who = erased_.find(one.erasure());
    if (who == erased_.end()) continue;
    Note("erasure checked");
    if (model_.removed_to() > 0) Note("erasure checked beside a removal");
    for (uint64_t i = 0; i < one.searched_sequence(); ++i) {
      if (model_.journal()[i].find(who->second) == std::string::npos) continue;
      return Wrong(absl::StrCat("record ", i + 1, " names ", who->second,
                                " behind erasure ", one.erasure()));
    }
  }
  return absl::OkStatus();
}

}  // namespace portrisk::simulation
