// HOT PATH (Select, Refine). Budget: 1 us with 10,000 rules. Forbidden: the
// heap once warm, locks, clocks, logs.
#include "scoring/rule_index.h"

#include <algorithm>
#include <cmath>

#include "scoring/rule_index_keys.h"

namespace portrisk::scoring {

// How many bounds are not above the key; without branches to guess wrong.
size_t RuleIndex::Attribute::BucketOf(uint64_t key) const {
  const uint64_t* at = bounds.data();
  size_t left = bounds.size();
  while (left > 1) {
    const size_t half = left / 2;
    at = at[half - 1] <= key ? at + half : at;
    left -= half;
  }
  const size_t below = static_cast<size_t>(at - bounds.data());
  return below + (left == 1 && *at <= key ? 1 : 0) + 1;
}

void RuleIndex::Select(v1::Event event, cel::EvalState* state,
                       Candidates* out) const {
  out->words_.clear();
  out->rules_.clear();
  if (words_ == 0) return;
  const size_t group = std::min(static_cast<size_t>(event), kEventCount);
  const uint64_t* const of_event = event_bits_.data() + group * words_;
  // An attribute without a value excludes nothing that the event does not.
  out->masks_.assign(history_begin_, of_event);
  out->summaries_.assign(1, event_any_.data() + group * summary_);
  for (size_t i = 0; i < history_begin_; ++i) {
    const Attribute& attribute = attributes_[i];
    uint64_t key;
    if (!KeyOf(attribute.family, attribute.Read(state), &key)) continue;
    const size_t bucket = attribute.BucketOf(key) - 1;
    out->masks_[i] = attribute.bits.data() + bucket * words_;
    out->summaries_.push_back(attribute.any.data() + bucket * summary_);
  }
  for (size_t i = 0; i < summary_; ++i) {
    uint64_t alive = ~uint64_t{0};
    for (const uint64_t* summary : out->summaries_) alive &= summary[i];
    for (; alive != 0; alive &= alive - 1) {
      const size_t word = i * 64 + static_cast<size_t>(__builtin_ctzll(alive));
      uint64_t bits = of_event[word];
      if (history_begin_ != 0) {
        const Hint hint = hints_[word];
        bits &= out->masks_[hint.first][word] & out->masks_[hint.second][word];
        if (bits == 0) continue;
        for (const uint64_t* mask : out->masks_) {
          bits &= mask[word];
          if (bits == 0) break;
        }
      }
      if (bits != 0) out->words_.push_back({static_cast<uint32_t>(word), bits});
    }
  }
  List(out);
}

void RuleIndex::Refine(cel::EvalState* state, Candidates* candidates) const {
  if (candidates->words_.empty() || roots_refined_ == 0) return;
  for (size_t i = history_begin_; i < attributes_.size(); ++i) {
    const Attribute& attribute = attributes_[i];
    uint64_t key;
    if (!KeyOf(attribute.family, attribute.Read(state), &key)) continue;
    const uint64_t* mask =
        attribute.bits.data() + (attribute.BucketOf(key) - 1) * words_;
    for (Candidates::Word& word : candidates->words_) {
      word.bits &= mask[word.index];
    }
  }
  List(candidates);
}

void RuleIndex::List(Candidates* out) const {
  out->rules_.clear();
  for (const Candidates::Word& word : out->words_) {
    for (uint64_t bits = word.bits; bits != 0; bits &= bits - 1) {
      out->rules_.push_back(rows_[size_t{word.index} * 64 +
                                  static_cast<size_t>(__builtin_ctzll(bits))]);
    }
  }
  std::sort(out->rules_.begin(), out->rules_.end());
  out->rules_.erase(std::unique(out->rules_.begin(), out->rules_.end()),
                    out->rules_.end());
}

bool RuleIndex::KeyOf(KeyFamily family, const cel::Value& value,
                      uint64_t* key) {
  switch (value.kind) {
    case cel::Kind::kBool:
      *key = value.b ? 1 : 0;
      return family == KeyFamily::kBool;
    case cel::Kind::kInt:
      *key = NumberKey(static_cast<double>(value.i));
      return family == KeyFamily::kNumber;
    case cel::Kind::kUint:
      *key = NumberKey(static_cast<double>(value.u));
      return family == KeyFamily::kNumber;
    case cel::Kind::kDouble:
      *key = NumberKey(value.d);
      return family == KeyFamily::kNumber && !std::isnan(value.d);
    case cel::Kind::kTimestamp:
    case cel::Kind::kDuration:
      *key = SecondsKey(value.i);
      return family == KeyFamily::kTime;
    case cel::Kind::kString:
      *key = family == KeyFamily::kHash ? HashKey(value.text())
                                        : TextKey(value.text());
      return family == KeyFamily::kHash || family == KeyFamily::kText;
    default:
      return false;
  }
}

size_t RuleIndex::SpaceUsed() const {
  size_t bytes = (event_bits_.capacity() + event_any_.capacity()) * 8 +
                 rows_.capacity() * sizeof(uint32_t) +
                 hints_.capacity() * sizeof(Hint);
  for (const Attribute& attribute : attributes_) {
    bytes += sizeof(attribute) + attribute.bounds.capacity() * 8 +
             attribute.bits.capacity() * 8 + attribute.any.capacity() * 8;
  }
  return bytes;
}

}  // namespace portrisk::scoring
