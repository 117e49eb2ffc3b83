// HOT PATH (Select). Budget: 1 us with 10,000 rules. Forbidden: the
// heap once warm, locks, clocks, logs.
#include "scoring/rule_index.h"

#include <algorithm>
#include <cmath>

namespace portrisk::scoring {

namespace {

// Shorter runs are scanned without looking at summaries.
constexpr size_t kSummarisedWordsMin = 16;
// Of so few rows each is tried by its own tests. They lie together, while each
// mask that a word is tried by has to come from memory.
constexpr size_t kFewRows = 16;

// The bits of a word from row `begin` up to `end`, both of that word.
uint64_t Between(size_t begin, size_t end) {
  return ~uint64_t{0} << begin & ~uint64_t{0} >> (64 - end);
}

// The part of a run that lies in a word.
uint64_t RowsOf(RowRun run, size_t word) {
  return Between(word == run.begin / 64 ? run.begin % 64 : 0,
                 word == (run.end - 1) / 64 ? (run.end - 1) % 64 + 1 : 64);
}

}  // namespace

// How many bounds are not above the key; without branches to guess wrong.
size_t RuleIndex::Attribute::BucketOf(uint64_t key) const {
  if (family == KeyFamily::kHash) {
    return known.empty() ? 0 : known.At(key).bucket;
  }
  const uint64_t* at = bounds.data();
  size_t left = bounds.size();
  while (left > 1) {
    const size_t half = left / 2;
    at = at[half - 1] <= key ? at + half : at;
    left -= half;
  }
  const size_t below = static_cast<size_t>(at - bounds.data());
  return below + (left == 1 && *at <= key ? 1 : 0);
}

// In steps, so that what one of them waits for from memory comes for all
// attributes at once: their values, their places in the tables, their rows.
void RuleIndex::LookUp(cel::EvalState* state, Candidates* out) const {
  for (size_t i = 0; i < history_begin_; ++i) {
    const Attribute& attribute = attributes_[i];
    if (!attribute.KeyIn(state, &out->keys_[i])) continue;
    out->buckets_[i] = 0;
    if (!attribute.known.empty()) attribute.known.Prefetch(out->keys_[i]);
  }
  const auto add = [&](RowRun run) {
    __builtin_prefetch(tests_.data() + run.begin);
    out->runs_[out->run_count_] = run;
    out->run_count_ += run.begin != run.end ? 1 : 0;
  };
  for (size_t i = 0; i < history_begin_; ++i) {
    const Attribute& attribute = attributes_[i];
    if (out->buckets_[i] == kNoBucket) {
      add(attribute.filed);
      continue;
    }
    size_t bucket = 0;
    if (!attribute.known.empty()) {
      const Known& known = attribute.known.At(out->keys_[i]);
      add(known.rows);
      bucket = known.bucket;
    }
    if (attribute.family != KeyFamily::kHash) {
      bucket = attribute.BucketOf(out->keys_[i]);
    }
    out->buckets_[i] = static_cast<uint8_t>(bucket);
    out->masks_[i] = attribute.bits.data() + bucket * words_;
  }
}

void RuleIndex::Select(v1::Event event, cel::EvalState* state,
                       Candidates* out) const {
  out->words_.clear();
  out->rules_.clear();
  if (words_ == 0) return;
  const size_t group = std::min(static_cast<size_t>(event), kEventCount);
  // An attribute without a value excludes nothing that the event does not.
  out->masks_.assign(history_begin_ + 1, event_bits_.data() + group * words_);
  out->buckets_.assign(history_begin_ + 1, kNoBucket);
  out->keys_.resize(history_begin_);
  out->runs_.resize(history_begin_ + 2);
  out->runs_[0] = unfiled_;
  out->run_count_ = 1;
  LookUp(state, out);
  for (size_t i = 0; i < out->run_count_; ++i) {
    Scan(out->runs_[i], group, out);
  }
  Refine(state, out);
  List(out);
}

void RuleIndex::Scan(RowRun run, size_t event, Candidates* out) const {
  if (run.begin == run.end) return;
  const size_t first = run.begin / 64;
  const size_t last = (run.end - 1) / 64;
  if (last - first >= kSummarisedWordsMin) {
    return ScanSummaries(run, event, out);
  }
  if (first == last) {
    return Try(first, Between(run.begin % 64, (run.end - 1) % 64 + 1),
               run.end - run.begin, out);
  }
  for (size_t word = first; word <= last; ++word) {
    Try(word, RowsOf(run, word), 64, out);
  }
}

void RuleIndex::ScanSummaries(RowRun run, size_t event, Candidates* out) const {
  const size_t first = run.begin / 64;
  const size_t last = (run.end - 1) / 64;
  out->summaries_.assign(1, event_any_.data() + event * summary_);
  for (size_t i = 0; i < history_begin_; ++i) {
    if (out->buckets_[i] == kNoBucket) continue;
    out->summaries_.push_back(attributes_[i].any.data() +
                              out->buckets_[i] * summary_);
  }
  for (size_t i = first / 64; i <= last / 64; ++i) {
    uint64_t alive = Between(i == first / 64 ? first % 64 : 0,
                             i == last / 64 ? last % 64 + 1 : 64);
    for (const uint64_t* summary : out->summaries_) alive &= summary[i];
    for (; alive != 0; alive &= alive - 1) {
      const size_t word = i * 64 + static_cast<size_t>(__builtin_ctzll(alive));
      Try(word, RowsOf(run, word), 64, out);
    }
  }
}

bool RuleIndex::Passes(RowTest test, const Candidates& looked_up) {
  const uint8_t bucket = looked_up.buckets_[test.place];
  return (bucket == kNoBucket) |
         ((bucket >= test.first) & (bucket <= test.last));
}

uint64_t RuleIndex::TryRows(size_t word, uint64_t bits,
                            const Candidates& looked_up) const {
  const RowTests* const tests = tests_.data() + word * 64;
  for (size_t n = 0; n < tests->size() && bits != 0; ++n) {
    uint64_t kept = 0;  // Nearly no row passes its first test.
    for (uint64_t left = bits; left != 0; left &= left - 1) {
      const int row = __builtin_ctzll(left);
      kept |= uint64_t{Passes(tests[row][n], looked_up)} << row;
    }
    bits = kept;
  }
  return bits;
}

uint64_t RuleIndex::TryMasks(size_t word, uint64_t bits,
                             const Candidates& looked_up) const {
  const uint64_t* const* const masks = looked_up.masks_.data();
  // What the first row is choosy about, its neighbours mostly are, too.
  const RowTests& first = tests_[word * 64 + __builtin_ctzll(bits)];
  bits &= masks[first[0].place][word] & masks[first[1].place][word];
  for (size_t i = 0; i < history_begin_ && bits != 0; ++i) {
    bits &= masks[i][word];
  }
  return bits;
}

void RuleIndex::Try(size_t word, uint64_t bits, size_t rows,
                    Candidates* out) const {
  bits =
      rows > kFewRows ? TryMasks(word, bits, *out) : TryRows(word, bits, *out);
  if (bits == 0) return;
  bits &= out->masks_[history_begin_][word];
  if (bits != 0) out->words_.push_back({static_cast<uint32_t>(word), bits});
}

void RuleIndex::Refine(cel::EvalState* state, Candidates* candidates) const {
  if (candidates->words_.empty()) return;
  for (size_t i = history_begin_; i < attributes_.size(); ++i) {
    const Attribute& attribute = attributes_[i];
    uint64_t demanding = 0;
    for (const Candidates::Word& word : candidates->words_) {
      demanding |= word.bits & attribute.rows[word.index];
    }
    uint64_t key;
    if (demanding == 0 || !attribute.KeyIn(state, &key)) continue;
    const uint64_t* mask =
        attribute.bits.data() + attribute.BucketOf(key) * words_;
    for (Candidates::Word& word : candidates->words_) {
      word.bits &= mask[word.index];
    }
  }
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

bool RuleIndex::RareKeyOf(KeyFamily family, const cel::Value& value,
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
      *key = TextKey(value.text());
      return family == KeyFamily::kText;
    default:
      return false;
  }
}

size_t RuleIndex::SpaceUsed() const {
  size_t bytes = (event_bits_.capacity() + event_any_.capacity()) * 8 +
                 rows_.capacity() * sizeof(uint32_t) +
                 tests_.capacity() * sizeof(RowTests);
  for (const Attribute& attribute : attributes_) {
    bytes += sizeof(attribute) + attribute.bounds.capacity() * 8 +
             attribute.bits.capacity() * 8 + attribute.any.capacity() * 8 +
             attribute.rows.capacity() * 8 + attribute.known.SpaceUsed();
  }
  return bytes;
}

}  // namespace portrisk::scoring
