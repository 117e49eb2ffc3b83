// Builds a RuleIndex: what each rule demands (rule_index_atoms.h), which
// attributes are worth their bits, what their buckets are, under which value
// each row is filed, in which order the rows stand, and the bits.
#include <algorithm>
#include <numeric>
#include <tuple>

#include "scoring/rule_index.h"
#include "scoring/rule_index_buckets.h"
#include "scoring/rule_index_shares.h"

namespace portrisk::scoring {
namespace {

// Bits are made for so many words at a time: one cache line.
constexpr size_t kStep = 8;
constexpr size_t kStepRows = 64 * kStep;
// Reading an attribute costs about as much as evaluating so few rules.
constexpr size_t kRowsPerAttributeMin = 6;
constexpr size_t kAttributesMax = 96;
// Of all attributes together: a bit a row each.
constexpr size_t kBucketsAllMax = 1024;
// More values than these are not worth a row each.
constexpr size_t kSplitMax = 4;
// A row that more movements than these would look at anyway is not filed.
constexpr double kFiledShareMax = 0.25;
constexpr uint8_t kUnfiled = UINT8_MAX;
constexpr uint8_t kNoPlace = UINT8_MAX;
static_assert(kAttributesMax < kUnfiled);

bool IsSingle(const KeyRange& range) { return range.low == range.high; }

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

  void Build(uint32_t first) {
    for (uint32_t i = first; i < rules_.size(); ++i) {
      for (Demands& demands : analysis_.Alternatives(rules_[i].root)) {
        rows_.push_back({i, std::move(demands)});
      }
    }
    if (rows_.empty()) return;
    ChooseAttributes();
    FileRows();
    SortRows();
    index_->words_ = (rows_.size() + kStepRows - 1) / kStepRows * kStep;
    index_->summary_ = (index_->words_ + 63) / 64;
    FillEvents();
    for (size_t i = 0; i < index_->attributes_.size(); ++i) {
      FillBits(i);
      if (ReadsHistory(i)) FillRows(i);
    }
    OrderAttributes();
    RenumberTests();
  }

 private:
  using Attribute = RuleIndex::Attribute;

  struct Row {
    uint32_t rule;
    Demands demands;  // Of the chosen attributes, by place in attributes_.
    uint8_t filed = kUnfiled;  // Place.
    uint64_t key = 0;          // Under which it is filed.
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
    std::vector<Choice> chosen;
    for (Choice& choice : all) {
      if (choice.rows >= kRowsPerAttributeMin) {
        chosen.push_back(std::move(choice));
      }
    }
    std::sort(chosen.begin(), chosen.end(),
              [](const Choice& a, const Choice& b) {
                return a.rows != b.rows ? a.rows > b.rows
                                        : a.instruction < b.instruction;
              });
    if (chosen.size() > kAttributesMax) chosen.resize(kAttributesMax);
    NameByPlace(&chosen);
    size_t demands = 0;
    for (const Choice& choice : chosen) demands += choice.rows;
    for (Choice& choice : chosen) {
      const size_t share = kBucketsAllMax * choice.rows / demands;
      AddAttribute(&choice,
                   std::clamp<size_t>(share, 8, RuleIndex::kBucketsMax));
    }
  }

  // Rows keep what they demand of chosen attributes, and name these by place.
  void NameByPlace(std::vector<Choice>* chosen) {
    absl::flat_hash_map<uint32_t, uint32_t> places;
    for (uint32_t i = 0; i < chosen->size(); ++i) {
      places.emplace((*chosen)[i].instruction, i);
    }
    for (Row& row : rows_) {
      size_t kept = 0;
      for (Demand& demand : row.demands) {
        const auto at = places.find(demand.attribute);
        if (at == places.end()) continue;
        std::vector<KeyRange>& ranges = (*chosen)[at->second].ranges;
        ranges.insert(ranges.end(), demand.keys.begin(), demand.keys.end());
        demand.attribute = at->second;
        if (&row.demands[kept] != &demand) {
          row.demands[kept] = std::move(demand);
        }
        ++kept;
      }
      row.demands.resize(kept);
    }
  }

  void AddAttribute(Choice* choice, size_t buckets_max) {
    Attribute& attribute = index_->attributes_.emplace_back();
    attribute.instruction = choice->instruction;
    const cel::Instruction& it = program_.instructions[choice->instruction];
    if (it.op == cel::Op::kSlot) attribute.slot = it.a;
    attribute.family = analysis_.family(choice->instruction);
    const std::string* const path =
        attribute.slot == RuleIndex::kNoSlot
            ? nullptr
            : &program_.paths[program_.slots[attribute.slot].path];
    const ValueShares& shares = shares_.emplace_back(
        attribute.family, choice->ranges, statistics_, path);
    RuleIndexBuckets::Set(shares, choice->ranges, buckets_max, &attribute);
    SetWeights(shares, attribute);
    choice->ranges = {};
  }

  // How often a value falls into each bucket.
  void SetWeights(const ValueShares& shares, const Attribute& attribute) {
    std::vector<double> weights(attribute.buckets, 0);
    double rest = 1;
    for (const auto& [key, share] : shares.Shown()) {
      weights[attribute.BucketOf(key)] += share;
      rest -= share;
    }
    for (double& weight : weights) {
      weight += std::max(0.0, rest) / static_cast<double>(attribute.buckets);
    }
    weights_.push_back(std::move(weights));
  }

  bool ReadsHistory(size_t place) const {
    return analysis_.reads_history(index_->attributes_[place].instruction);
  }

  // How many movements have one of a demand's values; more than all where it
  // is not about a few single values that the movement itself says.
  double FilingCost(const Demand& demand) const {
    constexpr double kNever = 2;
    if (demand.keys.empty() || demand.keys.size() > kSplitMax ||
        ReadsHistory(demand.attribute)) {
      return kNever;
    }
    double cost = 0;
    for (const KeyRange& range : demand.keys) {
      if (!IsSingle(range)) return kNever;
      cost += shares_[demand.attribute].Of(range.low);
    }
    return cost;
  }

  // A row for each value it is filed under.
  void FileRows() {
    const size_t before = rows_.size();
    for (size_t i = 0; i < before; ++i) {
      Demand* best = nullptr;
      double least = kFiledShareMax;
      for (Demand& demand : rows_[i].demands) {
        const double cost = FilingCost(demand);
        if (cost > least) continue;
        least = cost;
        best = &demand;
      }
      if (best == nullptr) continue;
      const uint32_t place = best->attribute;
      const KeySet keys = best->keys;
      for (size_t k = 0; k < keys.size(); ++k) {
        if (k > 0) rows_.push_back(rows_[i]);
        Row& row = k == 0 ? rows_[i] : rows_.back();
        row.filed = static_cast<uint8_t>(place);
        row.key = keys[k].low;
        Find(&row, place)->keys = {keys[k]};
      }
    }
  }

  // What a row says of the attributes it is not filed under, choosiest first.
  void Choices(const Row& row) {
    choices_.clear();
    for (const Demand& demand : row.demands) {
      if (demand.attribute == row.filed) continue;
      RuleIndexBuckets::Of(index_->attributes_[demand.attribute], demand.keys,
                           &buckets_);
      const std::vector<double>& weights = weights_[demand.attribute];
      double share = 0;
      for (const BucketRange& range : buckets_) {
        for (size_t b = range.first; b <= range.last; ++b) share += weights[b];
      }
      const uint8_t first = buckets_.empty() ? 0 : buckets_.front().first;
      const uint8_t last = buckets_.empty() ? 0 : buckets_.back().last;
      choices_.push_back(
          {share, static_cast<uint8_t>(demand.attribute), first, last});
    }
    std::sort(
        choices_.begin(), choices_.end(), [](const auto& a, const auto& b) {
          return a.share != b.share ? a.share < b.share : a.place < b.place;
        });
  }

  // Neighbours shall agree in event and in what they are most choosy about.
  uint64_t SortKey(const Row& row) {
    const std::vector<v1::Event>& events = rules_[row.rule].events;
    uint64_t key = events.size() == 1 ? static_cast<uint64_t>(events[0]) : 255;
    choices_.resize(4, {1, kNoPlace, 0, 255});
    for (size_t i = 0; i < 2; ++i) {
      key = key << 24 | uint64_t{choices_[i].place} << 16 |
            uint64_t{choices_[i].first} << 8 | choices_[i].last;
    }
    return key << 8 | choices_[2].place;
  }

  void SortRows() {
    struct Position {
      uint8_t filed;
      uint64_t key;
      uint64_t sort_key;
      uint32_t at;
      RuleIndex::RowTests tests;
      bool operator<(const Position& b) const {
        return std::tie(filed, key, sort_key, at) <
               std::tie(b.filed, b.key, b.sort_key, b.at);
      }
    };
    std::vector<Position> order;
    order.reserve(rows_.size());
    for (uint32_t i = 0; i < rows_.size(); ++i) {
      Choices(rows_[i]);
      const uint64_t sort_key = SortKey(rows_[i]);
      Position& position = order.emplace_back(
          Position{rows_[i].filed, rows_[i].key, sort_key, i, {}});
      for (size_t k = 0; k < position.tests.size(); ++k) {
        const RowChoice& choice = choices_[k];
        position.tests[k] = {choice.place, choice.first, choice.last};
      }
    }
    std::sort(order.begin(), order.end());
    std::vector<Row> sorted;
    sorted.reserve(rows_.size());
    for (const Position& position : order) {
      Extend(position.filed, position.key,
             static_cast<uint32_t>(sorted.size()));
      sorted.push_back(std::move(rows_[position.at]));
      index_->tests_.push_back(position.tests);
    }
    rows_ = std::move(sorted);
    index_->rows_.reserve(rows_.size());
    for (const Row& row : rows_) index_->rows_.push_back(row.rule);
  }

  // Row number `at` joins the run it is filed in.
  void Extend(uint8_t filed, uint64_t key, uint32_t at) {
    const auto extend = [at](RowRun* run) {
      if (run->end == run->begin) run->begin = at;
      run->end = at + 1;
    };
    if (filed == kUnfiled) return extend(&index_->unfiled_);
    Attribute& attribute = index_->attributes_[filed];
    extend(&attribute.filed);
    extend(&attribute.known[key].rows);
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
  void FillBits(size_t place) {
    Attribute* const attribute = &index_->attributes_[place];
    const size_t buckets = attribute->buckets;
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
        const Demand* demand = Find(&rows_[row], place);
        if (demand == nullptr) {
          changes[word] ^= bit;
          continue;
        }
        RuleIndexBuckets::Of(*attribute, demand->keys, &buckets_);
        for (const BucketRange& range : buckets_) {
          changes[range.first * kStep + word] ^= bit;
          changes[(range.last + size_t{1}) * kStep + word] ^= bit;
        }
      }
      Store(attribute, first, changes);
    }
  }

  void Store(Attribute* attribute, size_t first,
             const std::vector<uint64_t>& changes) {
    uint64_t state[kStep] = {};
    for (size_t b = 0; b < attribute->buckets; ++b) {
      uint64_t alive = 0;
      uint64_t* out = attribute->bits.data() + b * index_->words_ + first;
      for (size_t w = 0; w < kStep; ++w) {
        out[w] = state[w] ^= changes[b * kStep + w];
        alive |= uint64_t{state[w] != 0} << w;
      }
      attribute->any[b * index_->summary_ + first / 64] |= alive << first % 64;
    }
  }

  void FillRows(size_t place) {
    std::vector<uint64_t>& rows = index_->attributes_[place].rows;
    rows.assign(index_->words_, 0);
    for (size_t row = 0; row < rows_.size(); ++row) {
      if (Find(&rows_[row], place) == nullptr) continue;
      rows[row / 64] |= uint64_t{1} << row % 64;
    }
  }

  static Demand* Find(Row* row, size_t place) {
    for (Demand& demand : row->demands) {
      if (demand.attribute == place) return &demand;
    }
    return nullptr;
  }

  // Those that read only the movement first; in each part the choosiest.
  void OrderAttributes() {
    std::vector<Attribute>& all = index_->attributes_;
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
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      if (ReadsHistory(a) != ReadsHistory(b)) return ReadsHistory(b);
      return passed[a] != passed[b] ? passed[a] < passed[b] : a < b;
    });
    std::vector<Attribute> sorted;
    index_->history_begin_ = 0;
    at_.resize(all.size());
    for (const size_t i : order) {
      if (!ReadsHistory(i)) ++index_->history_begin_;
    }
    for (const size_t i : order) {
      at_[i] = sorted.size();
      sorted.push_back(std::move(all[i]));
    }
    all = std::move(sorted);
  }

  // In numbers of the attributes as they are ordered now. What is known of
  // history comes too late for Select.
  void RenumberTests() {
    const RuleIndex::RowTest none{static_cast<uint8_t>(index_->history_begin_),
                                  0, UINT8_MAX};
    for (RuleIndex::RowTests& tests : index_->tests_) {
      for (RuleIndex::RowTest& test : tests) {
        const size_t at = test.place == kNoPlace ? none.place : at_[test.place];
        if (at >= none.place) {
          test = none;
        } else {
          test.place = static_cast<uint8_t>(at);
        }
      }
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
  // By place in attributes_ before they are ordered.
  std::vector<ValueShares> shares_;
  std::vector<BucketRange> buckets_;
  std::vector<std::vector<double>> weights_;  // Of each attribute's buckets.
  std::vector<RowChoice> choices_;
  std::vector<size_t> at_;  // Where each attribute went.
};

RuleIndex::RuleIndex(const cel::Program& program,
                     absl::Span<const IndexedRule> rules,
                     const v1::Statistics& statistics, uint32_t first) {
  RuleIndexBuilder(program, rules, statistics, this).Build(first);
}

}  // namespace portrisk::scoring
