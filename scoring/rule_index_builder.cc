// Builds a RuleIndex: what each rule demands (rule_index_atoms.h), which
// attributes are worth their bits, where their buckets begin, in which order
// the rows stand, and the bits.
#include <algorithm>
#include <numeric>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "scoring/rule_index.h"
#include "scoring/rule_index_keys.h"

namespace portrisk::scoring {
namespace {

// Bits are made for so many words at a time: one cache line.
constexpr size_t kStep = 8;
constexpr size_t kStepRows = 64 * kStep;
// Reading an attribute costs about as much as evaluating so few rules.
constexpr size_t kRowsPerAttributeMin = 6;
constexpr size_t kAttributesMax = 96;
// Of one attribute, and of all together: a bit a row each.
constexpr size_t kBucketsMax = 254;
constexpr size_t kBucketsAllMax = 2560;
// More values than these are not worth a row each.
constexpr size_t kSplitMax = 4;

// Buckets from `first` to `last`, counted from 0.
struct BucketRange {
  uint8_t first;
  uint8_t last;
};

}  // namespace

class RuleIndexBuilder {
 public:
  RuleIndexBuilder(const cel::Program& program,
                   absl::Span<const IndexedRule> rules,
                   const v1::Statistics& statistics, RuleIndex* index)
      : program_(program),
        analysis_(program),
        rules_(rules),
        statistics_(statistics),
        index_(index) {}

  void Build() {
    for (uint32_t i = 0; i < rules_.size(); ++i) {
      for (Demands& demands : analysis_.Alternatives(rules_[i].root)) {
        rows_.push_back({i, std::move(demands)});
      }
    }
    if (rows_.empty()) return;
    ChooseAttributes();
    for (size_t i = 0; i < chosen_.size(); ++i) {
      SetBounds(i);
      SetWeights(index_->attributes_.back());
    }
    SplitRows();
    SortRows();
    index_->words_ = (rows_.size() + kStepRows - 1) / kStepRows * kStep;
    index_->summary_ = (index_->words_ + 63) / 64;
    FillEvents();
    for (RuleIndex::Attribute& attribute : index_->attributes_) {
      FillBits(&attribute);
    }
    OrderAttributes();
    SetHints();
  }

 private:
  struct Row {
    uint32_t rule;
    Demands demands;
  };
  struct Choice {
    uint32_t instruction;
    size_t rows = 0;
    std::vector<KeyRange> ranges;
  };

  void ChooseAttributes() {
    absl::flat_hash_map<uint32_t, size_t> found;
    std::vector<Choice> all;
    for (const Row& row : rows_) {
      for (const Demand& demand : row.demands) {
        const auto [it, added] = found.emplace(demand.attribute, all.size());
        if (added) all.push_back({demand.attribute, 0, {}});
        ++all[it->second].rows;
      }
    }
    for (Choice& choice : all) {
      if (choice.rows >= kRowsPerAttributeMin) {
        chosen_.push_back(std::move(choice));
      }
    }
    std::sort(chosen_.begin(), chosen_.end(),
              [](const Choice& a, const Choice& b) {
                return a.rows != b.rows ? a.rows > b.rows
                                        : a.instruction < b.instruction;
              });
    if (chosen_.size() > kAttributesMax) chosen_.resize(kAttributesMax);
    for (size_t i = 0; i < chosen_.size(); ++i) {
      place_.emplace(chosen_[i].instruction, i);
      all_demands_ += chosen_[i].rows;
    }
    for (const Row& row : rows_) {
      for (const Demand& demand : row.demands) {
        const auto at = place_.find(demand.attribute);
        if (at == place_.end()) continue;
        std::vector<KeyRange>& ranges = chosen_[at->second].ranges;
        ranges.insert(ranges.end(), demand.keys.begin(), demand.keys.end());
      }
    }
  }

  // A bucket for every stretch of keys that the conditions tell apart, or
  // where those are too many, stretches that equally many conditions bound.
  void SetBounds(size_t place) {
    Choice& choice = chosen_[place];
    std::vector<uint64_t> ends;
    ends.reserve(2 * choice.ranges.size());
    for (const KeyRange& range : choice.ranges) {
      if (range.low > 0) ends.push_back(range.low);
      if (range.high < UINT64_MAX) ends.push_back(range.high + 1);
    }
    choice.ranges = {};
    std::sort(ends.begin(), ends.end());
    const size_t share = kBucketsAllMax * choice.rows / all_demands_;
    const size_t most = std::clamp<size_t>(share, 8, kBucketsMax);
    RuleIndex::Attribute& attribute = index_->attributes_.emplace_back();
    attribute.instruction = choice.instruction;
    const cel::Instruction& it = program_.instructions[choice.instruction];
    if (it.op == cel::Op::kSlot) attribute.slot = it.a;
    attribute.family = analysis_.family(choice.instruction);
    std::vector<uint64_t>& bounds = attribute.bounds;
    std::unique_copy(ends.begin(), ends.end(), std::back_inserter(bounds));
    if (bounds.size() < most) return;
    bounds.clear();
    for (size_t i = 1; i < most; ++i) {
      const uint64_t at = ends[ends.size() * i / most];
      if (bounds.empty() || bounds.back() != at) bounds.push_back(at);
    }
  }

  // How often a value falls into each bucket, as far as movements have shown;
  // what they have not shown is spread evenly.
  void SetWeights(const RuleIndex::Attribute& attribute) {
    const size_t buckets = attribute.bounds.size() + 1;
    std::vector<double> weights(buckets, 0);
    const v1::FieldSample* sample = SampleOf(attribute);
    const double present =
        sample == nullptr
            ? 0
            : static_cast<double>(statistics_.movements() - sample->absent());
    double shown = 0;
    for (int i = 0; present > 0 && i < sample->values_size(); ++i) {
      uint64_t key;
      if (!KeyOfText(attribute.family, sample->values(i), &key)) continue;
      const double share = sample->counts(i) / present;
      weights[attribute.BucketOf(key) - 1] += share;
      shown += share;
    }
    const double rest = std::max(0.0, 1 - shown);
    for (double& weight : weights) {
      weight += rest / static_cast<double>(buckets);
    }
    weights_.push_back(std::move(weights));
  }

  const v1::FieldSample* SampleOf(const RuleIndex::Attribute& attribute) {
    if (attribute.slot == RuleIndex::kNoSlot) return nullptr;
    const std::string& path =
        program_.paths[program_.slots[attribute.slot].path];
    for (const v1::FieldSample& sample : statistics_.fields()) {
      if (sample.field() == path) return &sample;
    }
    return nullptr;
  }

  static bool KeyOfText(KeyFamily family, const std::string& text,
                        uint64_t* key) {
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

  // The buckets of a demand, ascending and apart.
  static void BucketsOf(const RuleIndex::Attribute& attribute,
                        const KeySet& keys, std::vector<BucketRange>* out) {
    out->clear();
    for (const KeyRange& range : keys) {
      const auto first =
          static_cast<uint8_t>(attribute.BucketOf(range.low) - 1);
      const auto last =
          static_cast<uint8_t>(attribute.BucketOf(range.high) - 1);
      if (!out->empty() && first <= out->back().last) {
        out->back().last = std::max(out->back().last, last);
      } else {
        out->push_back({first, last});
      }
    }
  }

  // What a row says of the attributes, choosiest first.
  void Choices(const Row& row) {
    choices_.clear();
    for (const Demand& demand : row.demands) {
      const auto at = place_.find(demand.attribute);
      if (at == place_.end()) continue;
      const RuleIndex::Attribute& attribute = index_->attributes_[at->second];
      BucketsOf(attribute, demand.keys, &buckets_);
      const std::vector<double>& weights = weights_[at->second];
      double share = 0;
      for (const BucketRange& range : buckets_) {
        for (size_t b = range.first; b <= range.last; ++b) share += weights[b];
      }
      const uint8_t first = buckets_.empty() ? 0 : buckets_.front().first;
      const uint8_t last = buckets_.empty() ? 0 : buckets_.back().last;
      choices_.push_back(
          {share, static_cast<uint8_t>(at->second), first, last});
    }
    std::sort(
        choices_.begin(), choices_.end(), [](const auto& a, const auto& b) {
          return a.share != b.share ? a.share < b.share : a.place < b.place;
        });
  }

  // A row that is choosiest about a few single values becomes one for each,
  // so that rows can stand beside others of the same value.
  void SplitRows() {
    const size_t before = rows_.size();
    for (size_t i = 0; i < before; ++i) {
      Choices(rows_[i]);
      if (choices_.empty()) continue;
      const uint32_t attribute =
          index_->attributes_[choices_[0].place].instruction;
      Demand* demand = Find(&rows_[i], attribute);
      if (demand->keys.size() < 2 || demand->keys.size() > kSplitMax) continue;
      const KeySet keys = demand->keys;
      demand->keys.resize(1);
      for (size_t k = 1; k < keys.size(); ++k) {
        rows_.push_back(rows_[i]);
        Find(&rows_.back(), attribute)->keys = {keys[k]};
      }
    }
  }

  // Neighbours shall agree in event and in what they are most choosy about.
  uint64_t SortKey(const Row& row) {
    const std::vector<v1::Event>& events = rules_[row.rule].events;
    uint64_t key = events.size() == 1 ? static_cast<uint64_t>(events[0]) : 255;
    Choices(row);
    choices_.resize(3, {1, 255, 255, 255});
    for (size_t i = 0; i < 2; ++i) {
      key = key << 24 | uint64_t{choices_[i].place} << 16 |
            uint64_t{choices_[i].first} << 8 | choices_[i].last;
    }
    return key << 8 | choices_[2].place;
  }

  void SortRows() {
    std::vector<std::pair<uint64_t, uint32_t>> order;
    order.reserve(rows_.size());
    for (uint32_t i = 0; i < rows_.size(); ++i) {
      order.emplace_back(SortKey(rows_[i]), i);
    }
    std::sort(order.begin(), order.end());
    std::vector<Row> sorted;
    sorted.reserve(rows_.size());
    for (const auto& [key, at] : order) {
      if (sorted.size() % 64 == 0) {
        word_places_.push_back({static_cast<uint8_t>(key >> 48 & 255),
                                static_cast<uint8_t>(key >> 24 & 255)});
      }
      sorted.push_back(std::move(rows_[at]));
    }
    rows_ = std::move(sorted);
    index_->rows_.reserve(rows_.size());
    for (const Row& row : rows_) index_->rows_.push_back(row.rule);
  }

  void FillEvents() {
    const size_t words = index_->words_;
    index_->event_bits_.assign((RuleIndex::kEventCount + 1) * words, 0);
    index_->event_any_.assign((RuleIndex::kEventCount + 1) * index_->summary_,
                              0);
    const auto set = [&](size_t event, size_t row) {
      const size_t word = row / 64;
      index_->event_bits_[event * words + word] |= uint64_t{1} << row % 64;
      index_->event_any_[event * index_->summary_ + word / 64] |= uint64_t{1}
                                                                  << word % 64;
    };
    for (size_t row = 0; row < rows_.size(); ++row) {
      const std::vector<v1::Event>& events = rules_[rows_[row].rule].events;
      for (const v1::Event event : events) set(event, row);
      for (size_t event = 0; events.empty() && event <= RuleIndex::kEventCount;
           ++event) {
        set(event, row);
      }
    }
  }

  // A row changes a bit where its buckets begin and where they end; the
  // running XOR over the buckets is the row's bit in each.
  void FillBits(RuleIndex::Attribute* attribute) {
    const size_t buckets = attribute->bounds.size() + 1;
    const size_t words = index_->words_;
    attribute->bits.assign(buckets * words, 0);
    attribute->any.assign(buckets * index_->summary_, 0);
    std::vector<uint64_t> changes((buckets + 1) * kStep);
    for (size_t first = 0; first < words; first += kStep) {
      std::fill(changes.begin(), changes.end(), 0);
      const size_t end = std::min(rows_.size(), first * 64 + kStepRows);
      for (size_t row = first * 64; row < end; ++row) {
        const uint64_t bit = uint64_t{1} << row % 64;
        const size_t word = row / 64 - first;
        const Demand* demand = Find(&rows_[row], attribute->instruction);
        if (demand == nullptr) {
          changes[word] ^= bit;
          continue;
        }
        BucketsOf(*attribute, demand->keys, &buckets_);
        for (const BucketRange& range : buckets_) {
          changes[range.first * kStep + word] ^= bit;
          changes[(range.last + size_t{1}) * kStep + word] ^= bit;
        }
      }
      Store(attribute, first, changes);
    }
  }

  void Store(RuleIndex::Attribute* attribute, size_t first,
             const std::vector<uint64_t>& changes) {
    uint64_t state[kStep] = {};
    for (size_t b = 0; b <= attribute->bounds.size(); ++b) {
      uint64_t alive = 0;
      uint64_t* out = attribute->bits.data() + b * index_->words_ + first;
      for (size_t w = 0; w < kStep; ++w) {
        out[w] = state[w] ^= changes[b * kStep + w];
        alive |= uint64_t{state[w] != 0} << w;
      }
      attribute->any[b * index_->summary_ + first / 64] |= alive << first % 64;
    }
  }

  static Demand* Find(Row* row, uint32_t instruction) {
    for (Demand& demand : row->demands) {
      if (demand.attribute == instruction) return &demand;
    }
    return nullptr;
  }

  // Those that read only the movement first; in each part the choosiest.
  void OrderAttributes() {
    std::vector<RuleIndex::Attribute>& all = index_->attributes_;
    std::vector<double> passed(all.size());
    for (size_t i = 0; i < all.size(); ++i) {
      for (size_t b = 0; b < weights_[i].size(); ++b) {
        uint64_t ones = 0;
        for (size_t w = 0; w < index_->words_; ++w) {
          ones += static_cast<uint64_t>(
              __builtin_popcountll(all[i].bits[b * index_->words_ + w]));
        }
        passed[i] += weights_[i][b] * static_cast<double>(ones);
      }
    }
    std::vector<size_t> order(all.size());
    std::iota(order.begin(), order.end(), size_t{0});
    const auto history = [&](size_t i) {
      return (analysis_.roots_read(all[i].instruction) & ~1) != 0;
    };
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      if (history(a) != history(b)) return history(b);
      return passed[a] != passed[b] ? passed[a] < passed[b] : a < b;
    });
    std::vector<RuleIndex::Attribute> sorted;
    index_->history_begin_ = 0;
    at_.resize(all.size());
    for (const size_t i : order) {
      at_[i] = sorted.size();
      const uint8_t roots = analysis_.roots_read(all[i].instruction);
      if (history(i)) index_->roots_refined_ |= roots & ~1;
      if (!history(i)) ++index_->history_begin_;
      sorted.push_back(std::move(all[i]));
    }
    all = std::move(sorted);
  }

  // In numbers of the attributes as they are ordered now. What is known of
  // history comes too late for Select; any other attribute is then no worse.
  void SetHints() {
    const auto known = [&](uint8_t place) {
      const size_t at = place < at_.size() ? at_[place] : 0;
      return static_cast<uint8_t>(at < index_->history_begin_ ? at : 0);
    };
    index_->hints_.resize(index_->words_);
    for (size_t i = 0; i < word_places_.size(); ++i) {
      index_->hints_[i] = {known(word_places_[i].first),
                           known(word_places_[i].second)};
    }
  }

  struct RowChoice {
    double share;
    uint8_t place, first, last;
  };

  const cel::Program& program_;
  const DemandAnalysis analysis_;
  const absl::Span<const IndexedRule> rules_;
  const v1::Statistics& statistics_;
  RuleIndex* const index_;
  std::vector<Row> rows_;
  std::vector<Choice> chosen_;
  absl::flat_hash_map<uint32_t, size_t> place_;  // In attributes_, unordered.
  size_t all_demands_ = 0;
  std::vector<BucketRange> buckets_;
  std::vector<std::vector<double>> weights_;  // Of each attribute's buckets.
  std::vector<RowChoice> choices_;
  std::vector<std::pair<uint8_t, uint8_t>> word_places_;  // Of each word.
  std::vector<size_t> at_;  // Where each attribute went.
};

RuleIndex::RuleIndex(const cel::Program& program,
                     absl::Span<const IndexedRule> rules,
                     const v1::Statistics& statistics) {
  RuleIndexBuilder(program, rules, statistics, this).Build();
}

}  // namespace portrisk::scoring
