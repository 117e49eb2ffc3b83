#include "scoring/rule_index_shares.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "scoring/rule_index_keys.h"

namespace portrisk::scoring {
namespace {

bool KeyOfText(KeyFamily family, const std::string& text, uint64_t* key) {
  double number = 0;
  switch (family) {
    case KeyFamily::kHash:
      *key = HashKey(text);
      return true;
    case KeyFamily::kText:
      *key = TextKey(text);
      return true;
    case KeyFamily::kBool:
      *key = text == "1" ? 1 : 0;
      return true;
    case KeyFamily::kNumber:
      if (!absl::SimpleAtod(text, &number)) return false;
      *key = NumberKey(number);
      return true;
    default:
      return false;
  }
}

}  // namespace

ValueShares::ValueShares(KeyFamily family, const std::vector<KeyRange>& ranges,
                         const v1::Statistics& statistics,
                         const std::string* path) {
  for (const KeyRange& range : ranges) {
    if (range.low != range.high) continue;
    ++uses_[range.low];
    ++all_uses_;
  }
  if (path == nullptr) return;
  for (const v1::FieldSample& sample : statistics.fields()) {
    if (sample.field() == *path && sample.values_size() > 0) {
      Learn(family, statistics, sample);
    }
  }
}

void ValueShares::Learn(KeyFamily family, const v1::Statistics& statistics,
                        const v1::FieldSample& sample) {
  const auto present =
      static_cast<double>(statistics.movements() - sample.absent());
  double rest = 1;
  for (int i = 0; i < sample.values_size(); ++i) {
    uint64_t key;
    if (!KeyOfText(family, sample.values(i), &key)) continue;
    const double share = sample.counts(i) / present;
    shown_.emplace_back(key, share);
    rest -= share;
  }
  std::sort(shown_.begin(), shown_.end());
  // At least as often as once in what was seen.
  unshown_ =
      std::max(rest, 1 / present) / static_cast<double>(uses_.size() + 1);
  learned_ = true;
}

double ValueShares::Of(uint64_t key) const {
  if (!learned_) {
    const auto found = uses_.find(key);
    const uint32_t uses = found == uses_.end() ? 0 : found->second;
    return uses / static_cast<double>(std::max<uint64_t>(1, all_uses_));
  }
  const auto at =
      std::lower_bound(shown_.begin(), shown_.end(), std::make_pair(key, 0.0));
  return at != shown_.end() && at->first == key ? at->second : unshown_;
}

std::vector<uint64_t> ValueShares::KeysByUse() const {
  std::vector<std::pair<uint32_t, uint64_t>> order;
  order.reserve(uses_.size());
  for (const auto& [key, uses] : uses_) order.emplace_back(uses, key);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<uint64_t> keys;
  keys.reserve(order.size());
  for (const auto& [uses, key] : order) keys.push_back(key);
  return keys;
}

}  // namespace portrisk::scoring
