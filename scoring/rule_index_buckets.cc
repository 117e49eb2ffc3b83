#include "scoring/rule_index_buckets.h"

#include <algorithm>
#include <iterator>

namespace portrisk::scoring {

void RuleIndexBuckets::Set(const ValueShares& shares,
                           const std::vector<KeyRange>& ranges, size_t most,
                           Attribute* attribute) {
  if (attribute->family == KeyFamily::kHash) {
    SetHashBuckets(shares, most, attribute);
  } else {
    SetBounds(ranges, most, attribute);
  }
}

// A bucket for every stretch of keys that the conditions tell apart, or where
// those are too many, stretches that equally many conditions bound.
void RuleIndexBuckets::SetBounds(const std::vector<KeyRange>& ranges,
                                 size_t most, Attribute* attribute) {
  std::vector<uint64_t> ends;
  ends.reserve(2 * ranges.size());
  for (const KeyRange& range : ranges) {
    if (range.low > 0) ends.push_back(range.low);
    if (range.high < UINT64_MAX) ends.push_back(range.high + 1);
  }
  std::sort(ends.begin(), ends.end());
  std::vector<uint64_t>& bounds = attribute->bounds;
  std::unique_copy(ends.begin(), ends.end(), std::back_inserter(bounds));
  if (bounds.size() >= most) {
    bounds.clear();
    for (size_t i = 1; i < most; ++i) {
      const uint64_t at = ends[ends.size() * i / most];
      if (bounds.empty() || bounds.back() != at) bounds.push_back(at);
    }
  }
  attribute->buckets = bounds.size() + 1;
}

// A bucket for each value, or where those are too many, for each of the ones
// that conditions name most; the others share what is left. Bucket 0 is for
// values that no condition names.
void RuleIndexBuckets::SetHashBuckets(const ValueShares& shares, size_t most,
                                      Attribute* attribute) {
  const std::vector<uint64_t> keys = shares.KeysByUse();
  const size_t all = std::min(keys.size(), most - 1);
  const size_t own = keys.size() == all ? all : all / 2;
  for (size_t i = 0; i < keys.size(); ++i) {
    const size_t bucket = i < own ? i : own + (i - own) % (all - own);
    attribute->known[keys[i]].bucket = static_cast<uint32_t>(bucket + 1);
  }
  attribute->buckets = all + 1;
}

void RuleIndexBuckets::Of(const Attribute& attribute, const KeySet& keys,
                          std::vector<BucketRange>* out) {
  out->clear();
  const bool ordered = attribute.family != KeyFamily::kHash;
  for (const KeyRange& range : keys) {
    if (!ordered && range.low != range.high) {
      *out = {{0, static_cast<uint8_t>(attribute.buckets - 1)}};
      return;
    }
    const auto first = static_cast<uint8_t>(attribute.BucketOf(range.low));
    out->push_back(
        {first, ordered ? static_cast<uint8_t>(attribute.BucketOf(range.high))
                        : first});
  }
  std::sort(out->begin(), out->end(),
            [](const BucketRange& a, const BucketRange& b) {
              return a.first < b.first;
            });
  size_t kept = 0;
  for (const BucketRange& range : *out) {
    if (kept > 0 && range.first <= (*out)[kept - 1].last) {
      (*out)[kept - 1].last = std::max((*out)[kept - 1].last, range.last);
    } else {
      (*out)[kept++] = range;
    }
  }
  out->resize(kept);
}

}  // namespace portrisk::scoring
