// The states that outcomes and decisions are folded into. FindRatesOf is in the
// hot path, under the rules of core.cc, where a rule reads find rates.
#include "absl/strings/strip.h"
#include "scoring/consignment.h"
#include "scoring/finds.h"
#include "service/entities.h"
#include "service/keys.h"

namespace portrisk::service {
namespace {

using scoring::FindSlot;

constexpr int kLogMax = 64;

// Each slot that the names have a key for.
template <typename Visit>
void VisitFinds(const scoring::FindNames& names, const Visit& visit) {
  for (size_t i = 0; i < scoring::kFindSlots; ++i) {
    const auto key = FindKey(static_cast<FindSlot>(i), names);
    if (key) visit(i, *key);
  }
}

}  // namespace

void Entities::FindRatesOf(const v1::Movement& movement, Named* named) {
  VisitFinds(scoring::FindNamesOf(movement),
             [&](size_t slot, const EntityKey& key) {
               named->finds[slot] = finds_.Find(key);
             });
}

Entities::NamedControl Entities::FindControl(const v1::OutcomeTie& tie) {
  NamedControl named;
  VisitFinds(scoring::FindNamesOf(tie), [&](size_t slot, const EntityKey& key) {
    named.finds[slot] = finds_.Find(key);
  });
  const auto key = ControlLogKey(tie.container_number(), tie.unit());
  if (key) named.log = control_logs_.Find(*key);
  return named;
}

Entities::NamedControl Entities::FindControl(const v1::DecisionTie& tie) {
  NamedControl named;
  const auto key = ControlLogKey(tie.container_number(), tie.unit());
  if (key) named.log = control_logs_.Find(*key);
  return named;
}

Entities::NamedControl Entities::FindControl(const v1::WorklistUnit& unit) {
  NamedControl named;
  const auto key = ControlLogKey(unit.container_number(), unit.unit());
  if (key) named.log = control_logs_.Find(*key);
  if (!unit.container_number().empty()) {
    named.container = containers_.Find(ContainerKey(unit.container_number()));
  }
  absl::string_view reference = unit.unit();
  if (absl::ConsumePrefix(&reference, scoring::kConsignmentPrefix)) {
    named.consignment = consignments_.Find(ConsignmentKey(reference));
  }
  return named;
}

void Entities::FoldTaken(const v1::WorklistUnit& unit, uint64_t sequence,
                         const NamedControl& named) {
  if (!unit.within_capacity()) return;  // Left out: nothing became of it.
  FoldLog(sequence, named, &v1::ControlLogState::mutable_worklists);
  if (named.container != nullptr &&
      scoring::IsToppedUpBy(unit, named.container->state())) {
    scoring::TopUp(unit, sequence, containers_.table.Mutable(named.container));
  }
  if (named.consignment != nullptr &&
      scoring::IsToppedUpBy(unit, named.consignment->state())) {
    scoring::TopUp(unit, sequence,
                   consignments_.table.Mutable(named.consignment));
  }
}

Entities::NamedControl Entities::FindShared(const v1::OutcomeTie& tie,
                                            const v1::Movement& movement) {
  NamedControl named;
  const scoring::FindNames own = scoring::FindNamesOf(movement);
  VisitFinds(scoring::FindNamesOf(tie), [&](size_t slot, const EntityKey& key) {
    const auto read = FindKey(static_cast<FindSlot>(slot), own);
    if (read && *read == key) named.finds[slot] = finds_.Find(key);
  });
  return named;
}

void Entities::FoldOutcome(const v1::OutcomeRecord& record, uint64_t sequence,
                           const NamedControl& named) {
  if (!scoring::CountsAsControl(record.outcome())) return;
  for (auto* const entry : named.finds) {
    if (entry == nullptr) continue;
    v1::FindState* state = finds_.table.Mutable(entry);
    scoring::FoldFind(record.outcome(), state);
    state->set_last_sequence(sequence);
  }
}

void Entities::UnfoldOutcome(const v1::OutcomeRecord& prior, uint64_t sequence,
                             const NamedControl& named) {
  if (!scoring::CountsAsControl(prior.outcome())) return;
  for (auto* const entry : named.finds) {
    if (entry == nullptr) continue;
    v1::FindState* state = finds_.table.Mutable(entry);
    scoring::UnfoldFind(prior.outcome(), state);
    state->set_last_sequence(sequence);
  }
}

void Entities::FoldLog(uint64_t sequence, const NamedControl& named,
                       LogList list) {
  if (named.log == nullptr) return;
  v1::ControlLogState* state = control_logs_.table.Mutable(named.log);
  auto* const sequences = (state->*list)();
  sequences->Add(sequence);
  if (sequences->size() > kLogMax) sequences->erase(sequences->begin());
  state->set_last_sequence(sequence);
}

absl::StatusOr<v1::ControlLogState> Entities::ReadLog(const EntityKey& key) {
  auto* const entry = control_logs_.Find(key);
  absl::Status status = Load();
  if (!status.ok()) return status;
  return entry->state();
}

}  // namespace portrisk::service
