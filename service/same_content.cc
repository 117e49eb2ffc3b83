#include "service/same_content.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "scoring/pin_hash.h"
#include "service/journal_walk.h"
#include "service/redaction.h"

namespace portrisk::service {
namespace {

struct Pin {
  explicit Pin(const v1::PickupRight& right)
      : now(right.pin_hash().empty()
                ? ""
                : absl::StrCat(right.pin_hash(), right.pin_key_id())),
        before(right.previous_pin_hash()) {}

  scoring::PinHashes hashes() const { return {now, before}; }

  const std::string now;
  const std::string before;
};

std::string WithoutHashes(v1::Movement movement) {
  v1::PickupRight* right = movement.mutable_pickup_right();
  right->clear_pin_hash();
  right->clear_pin_key_id();
  right->clear_previous_pin_hash();
  return movement.SerializeAsString();
}

}  // namespace

bool SameContent(absl::string_view stored, absl::string_view bytes) {
  if (stored == bytes) return true;
  v1::Movement was, is;
  if (!ParseView(stored, &was) || !ParseView(bytes, &is)) return false;
  const Pin old_pin(was.pickup_right()), new_pin(is.pickup_right());
  if (old_pin.now.empty() || new_pin.now.empty()) return false;
  return Compare(old_pin.hashes(), new_pin.hashes()) != scoring::SamePin::kNo &&
         WithoutHashes(std::move(was)) == WithoutHashes(std::move(is));
}

bool SameContent(absl::string_view stored, const MovementTask& task,
                 const Pseudonyms* pseudonyms) {
  if (SameContent(stored, task.bytes)) return true;
  v1::Movement was;
  if (pseudonyms == nullptr || !HoldsErased(stored) ||
      !ParseView(stored, &was)) {
    return false;
  }
  return SameContent(
      stored,
      ErasedAlike(was, *task.movement, *pseudonyms).SerializeAsString());
}

}  // namespace portrisk::service
