// HOT PATH, under the rules of core.cc.
#include "scoring/spread.h"
#include "service/entities.h"
#include "service/keys.h"

namespace portrisk::service {

void Entities::FindSpans(const scoring::JournaledMovement& input,
                         const Named& named,
                         const scoring::Reference& reference,
                         scoring::Spans* out) {
  span_finder_.Find(named.container ? &named.container->state() : nullptr,
                    named.right ? &named.right->state() : nullptr, input,
                    reference, out);
}

void Entities::FindSpreads(const v1::Movement& movement,
                           const scoring::Spans& spans, Named* named) {
  SpreadKeysOf(movement, spans, &spread_keys_);
  FindSpreads(spans, spread_keys_, named);
}

void Entities::FindSpreads(const scoring::Spans& spans, const SpreadKeys& keys,
                           Named* named) {
  named->spans = &spans;
  for (const auto& [slot, key] : keys) {
    named->spreads[static_cast<size_t>(slot)] = spreads_.Find(key);
  }
}

void Entities::ChangeSpreads(const v1::Movement& movement, uint64_t sequence,
                             const Named& named,
                             decltype(&scoring::FoldSpread) change) {
  if (named.spans == nullptr) return;
  for (const scoring::SpreadUse& use :
       scoring::SpreadsOf(movement, *named.spans)) {
    auto* const entry = named.spreads[static_cast<size_t>(use.slot)];
    if (use.times == 0 || entry == nullptr) continue;
    v1::SpreadState* const state = spreads_.table.Mutable(entry);
    change(movement.occurrence_time(), use.minutes, use.times, state);
    state->set_last_sequence(sequence);
  }
}

void Entities::FoldSpreads(const v1::Movement& movement, uint64_t sequence,
                           const Named& named) {
  ChangeSpreads(movement, sequence, named, scoring::FoldSpread);
}

void Entities::UnfoldSpreads(const v1::Movement& prior, uint64_t sequence,
                             const Named& named) {
  ChangeSpreads(prior, sequence, named, scoring::UnfoldSpread);
}

absl::StatusOr<v1::SpreadState> Entities::ReadSpread(const EntityKey& key) {
  auto* const entry = spreads_.Find(key);
  absl::Status status = Load();
  if (!status.ok()) return status;
  return entry->state();
}

}  // namespace portrisk::service
