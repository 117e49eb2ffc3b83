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
  // A state that nothing is renamed in is left alone: it need not be written.
  const auto erase = [&](auto* entry, auto* kind) {
    if (entry == nullptr || !entry->known()) return;
    auto renamed = entry->state();
    if (scoring::EraseNames(record, everywhere, &renamed)) {
      *kind->table.Mutable(entry) = std::move(renamed);
    }
  };
  erase(named.container, &containers_);
  erase(named.right, &rights_);
}

void Entities::Recognise(const v1::Movement& movement, const Named& named) {
  if (named.right == nullptr || !movement.has_pseudonyms() ||
      !scoring::ShowsErased(movement, named.right->state())) {
    return;
  }
  scoring::Recognise(movement, rights_.table.Mutable(named.right));
}

}  // namespace portrisk::service
