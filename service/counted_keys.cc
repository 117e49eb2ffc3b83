// HOT PATH, under the rules of core.cc.
#include "service/counted_keys.h"

#include "scoring/container_history.h"
#include "service/keys.h"

namespace portrisk::service {

void CountedKeyMaker::Make(const v1::Movement& movement, CountedKeys* out) {
  const size_t groups = tables_->numbers.size();
  out->of = tables_.get();
  out->keys.assign(groups, std::nullopt);
  if (groups == 0 || !scoring::IsFact(movement)) return;
  input_.Begin(*tables_->plan, movement);
  for (uint32_t group = 0; group < groups; ++group) {
    if (input_.StateKeyOf(group, &key_)) {
      out->keys[group] = AggregateKey(tables_->numbers[group], key_);
    }
  }
}

}  // namespace portrisk::service
