// What an erasure changes in states: names in events of a container and of its
// right. Keys are pseudonyms, and all other states hold no names.
#include "scoring/erased_names.h"
#include "service/entities.h"
#include "service/keys.h"

namespace portrisk::service {

Entities::NamedErased Entities::FindErased(const v1::ErasedRecord& record) {
  NamedErased named;
  if (record.names().empty()) return named;
  if (!record.container_number().empty()) {
    named.container = containers_.Find(ContainerKey(record.container_number()));
    named.right = rights_.Find(RightKey(record.container_number()));
  } else if (!record.right_id().empty()) {
    named.right = rights_.Find(RightKeyOfId(record.right_id()));
  }
  return named;
}

void Entities::EraseNames(const v1::ErasedRecord& record, bool everywhere,
                          const NamedErased& named) {
  const bool has_container =
      named.container != nullptr && named.container->known();
  const bool has_right = named.right != nullptr && named.right->known();
  v1::ContainerState container;
  v1::RightState right;
  if (has_container) container = named.container->state();
  if (has_right) right = named.right->state();
  if (!scoring::EraseNames(record, everywhere,
                           has_container ? &container : nullptr,
                           has_right ? &right : nullptr)) {
    return;
  }
  if (has_container) {
    *containers_.table.Mutable(named.container) = std::move(container);
  }
  if (has_right) *rights_.table.Mutable(named.right) = std::move(right);
  shows_erased_ = true;
}

void Entities::Recognise(const v1::Movement& movement, const Named& named) {
  if (!shows_erased_ || named.right == nullptr || !movement.has_pseudonyms() ||
      !scoring::NamesErased(movement, named.right->state())) {
    return;
  }
  scoring::Recognise(movement, rights_.table.Mutable(named.right));
}

}  // namespace portrisk::service
