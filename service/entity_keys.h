// The keys of what a movement names, but of aggregates (counted_keys.h): made
// once, by whichever thread, to fetch it ahead and to find it.
#ifndef PORTRISK_SERVICE_ENTITY_KEYS_H_
#define PORTRISK_SERVICE_ENTITY_KEYS_H_

#include <optional>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/party_history.h"
#include "scoring/spans.h"
#include "service/entity_key.h"

namespace portrisk::service {

struct EntityKeys {
  std::optional<EntityKey> container;
  std::optional<EntityKey> right;
  std::optional<EntityKey> consignment;
  // Of facts alone.
  std::optional<EntityKey> vessel;
  std::optional<EntityKey> facility;
  absl::InlinedVector<std::pair<scoring::ProfileSlot, EntityKey>,
                      scoring::kProfileSlots>
      profiles;

  void Append(std::vector<EntityKey>* keys) const;
};

// HOT PATH.
EntityKeys KeysOf(const v1::Movement& movement);

// HOT PATH. Of what the spans that end with a movement are read from and go
// into; nothing of what is no fact.
using SpreadKeys = std::vector<std::pair<scoring::SpreadSlot, EntityKey>>;
void SpreadKeysOf(const v1::Movement& movement, const scoring::Spans& spans,
                  SpreadKeys* out);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_ENTITY_KEYS_H_
