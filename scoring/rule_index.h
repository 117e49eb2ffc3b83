// Which rules can matter for a movement, without looking at all of them.
//
// An attribute is something that many conditions compare with constants: a
// field, a computed value, a membership in a list. Its values fall into at
// most 255 buckets. For every bucket one bit per row says whether the row's
// condition may still be true, or undecided, when the attribute lies in that
// bucket. The rows that remain when the bits of all attributes are ANDed are
// the candidates; whoever is not among them is certainly false.
//
// A rule is one row, or a few where its condition is an OR: each alternative
// then has its own. AND, OR and NOT are otherwise taken as they stand, so
// nothing is expanded.
//
// Rows that can only be met by single values of an attribute (an equality, a
// short list) are filed under one of these values, the one that movements have
// least often. All rows of a value lie together, so a movement looks at the
// run of each of its own values and passes over all other filed rows; of an
// attribute it lacks it looks at every row filed there, for they are undecided.
// The rest is not filed. Within a run rows are sorted so that similar ones
// share a word of 64 bits, and a summary bit per word lets most words of a
// long run be skipped.
//
// The index changes cost and nothing else: a candidate is evaluated like any
// rule, and a rule that is left out would have been false.
#ifndef PORTRISK_SCORING_RULE_INDEX_H_
#define PORTRISK_SCORING_RULE_INDEX_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/rules.pb.h"
#include "scoring/cel/eval.h"
#include "scoring/cel/program.h"
#include "scoring/key_table.h"
#include "scoring/rule_index_atoms.h"
#include "scoring/rule_index_keys.h"

namespace portrisk::scoring {

// A condition to be indexed.
struct IndexedRule {
  uint32_t root = 0;              // Instruction of the condition.
  std::vector<v1::Event> events;  // Empty: every one.
};

// Rows from `begin` up to `end`.
struct RowRun {
  uint32_t begin = 0;
  uint32_t end = 0;
};

// What remains of the rows. Reused from movement to movement.
class Candidates {
 public:
  // Numbers of rules, ascending, each once. Valid until the next Select.
  absl::Span<const uint32_t> rules() const { return rules_; }

 private:
  friend class RuleIndex;
  struct Word {
    uint32_t index;  // Rows 64 * index and following.
    uint64_t bits;
  };
  std::vector<Word> words_;
  std::vector<uint32_t> rules_;
  std::vector<RowRun> runs_;  // The first run_count_ of them.
  size_t run_count_ = 0;
  std::vector<uint64_t> keys_;  // Of the attributes.
  // Of the attributes, and 0 for no attribute.
  std::vector<uint8_t> buckets_;
  // Of the attributes' buckets, and of the event.
  std::vector<const uint64_t*> masks_;
  std::vector<const uint64_t*> summaries_;
};

class RuleIndex {
 public:
  RuleIndex() = default;
  // `program` must outlive the index. Roots above 0 are history, read last. The
  // index is laid out for movements like those of `statistics`. Rules before
  // `first` are in none of it.
  RuleIndex(const cel::Program& program, absl::Span<const IndexedRule> rules,
            const v1::Statistics& statistics = {}, uint32_t first = 0);

  // Candidates by event, by what the movement itself says, and by what history
  // says of it, of which only what those that are left demand is read. `state`
  // has begun with the movement.
  void Select(v1::Event event, cel::EvalState* state, Candidates* out) const;

  size_t attribute_count() const { return attributes_.size(); }
  size_t SpaceUsed() const;  // Bytes.

 private:
  friend class RuleIndexBuckets;
  friend class RuleIndexBuilder;

  static constexpr uint32_t kNoSlot = UINT32_MAX;
  static constexpr size_t kBucketsMax = 254;       // Of one attribute.
  static constexpr uint8_t kNoBucket = UINT8_MAX;  // Unknown: any.
  // Groups of event_bits_; one more is for events not known here.
  static constexpr size_t kEventCount = v1::Event_MAX + 1;

  // A value that conditions name.
  struct Known {
    RowRun rows;          // Filed under it.
    uint32_t bucket = 0;  // Of kHash.
  };

  struct Attribute {
    uint32_t instruction = 0;
    uint32_t slot = kNoSlot;  // When it is no more than a field.
    KeyFamily family = KeyFamily::kNone;
    size_t buckets = 1;
    // Where buckets 1, 2 ... begin; not of kHash, where known values have
    // theirs and bucket 0 is for all others.
    std::vector<uint64_t> bounds;
    std::vector<uint64_t> bits;  // Of bucket 0, bucket 1 ...: words_ each.
    std::vector<uint64_t> any;   // The same, a bit a word.
    // Of those that read history, the rows that demand something of it.
    std::vector<uint64_t> rows;
    // Of kHash every value that conditions name, else those with rows.
    KeyTable<Known> known;
    RowRun filed;  // Under any of its values.

    size_t BucketOf(uint64_t key) const;
    // False when no bucket excludes anything: unknown, an error, NaN.
    bool KeyIn(cel::EvalState* state, uint64_t* key) const {
      return slot != kNoSlot ? KeyOf(family, state->ReadSlot(slot), key)
                             : KeyOf(family, state->Evaluate(instruction), key);
    }
  };

  // In which buckets of an attribute a row may be met.
  struct RowTest {
    uint8_t place;  // In attributes_, or history_begin_ for no test.
    uint8_t first;
    uint8_t last;
  };
  // Of the attributes a row is choosiest about, besides the one it is filed
  // under.
  using RowTests = std::array<RowTest, 4>;

  static bool KeyOf(KeyFamily family, const cel::Value& value, uint64_t* key) {
    if (family != KeyFamily::kHash || value.kind != cel::Kind::kString) {
      return RareKeyOf(family, value, key);
    }
    *key = HashKey(value.text());  // Most values are codes.
    return true;
  }
  static bool RareKeyOf(KeyFamily family, const cel::Value& value,
                        uint64_t* key);
  // Looks values up: buckets, masks and runs of `out`.
  void LookUp(cel::EvalState* state, Candidates* out) const;
  void Scan(RowRun run, size_t event, Candidates* out) const;
  void ScanSummaries(RowRun run, size_t event, Candidates* out) const;
  // Those of the rows `bits` of a word that may be met; `rows` is about how
  // many they are, and at least one.
  void Try(size_t word, uint64_t bits, size_t rows, Candidates* out) const;
  uint64_t TryRows(size_t word, uint64_t bits,
                   const Candidates& looked_up) const;
  uint64_t TryMasks(size_t word, uint64_t bits,
                    const Candidates& looked_up) const;
  static bool Passes(RowTest test, const Candidates& looked_up);
  // Fewer of them, by what history says.
  void Refine(cel::EvalState* state, Candidates* candidates) const;
  void List(Candidates* out) const;

  size_t words_ = 0;                  // Of 64 rows.
  size_t summary_ = 0;                // Words of 64 words.
  std::vector<uint64_t> event_bits_;  // Rows of each event.
  std::vector<uint64_t> event_any_;
  std::vector<Attribute> attributes_;  // Most selective first in each part.
  size_t history_begin_ = 0;           // From here on they read history.
  std::vector<uint32_t> rows_;         // The rule of each row.
  std::vector<RowTests> tests_;        // Of each row.
  RowRun unfiled_;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_INDEX_H_
