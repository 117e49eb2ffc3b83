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
// nothing is expanded. Rows are sorted so that similar ones share a word of 64
// bits, and a summary bit per word lets most words be skipped.
//
// The index changes cost and nothing else: a candidate is evaluated like any
// rule, and a rule that is left out would have been false.
#ifndef PORTRISK_SCORING_RULE_INDEX_H_
#define PORTRISK_SCORING_RULE_INDEX_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/rules.pb.h"
#include "scoring/cel/eval.h"
#include "scoring/cel/program.h"
#include "scoring/rule_index_atoms.h"

namespace portrisk::scoring {

// A condition to be indexed.
struct IndexedRule {
  uint32_t root = 0;              // Instruction of the condition.
  std::vector<v1::Event> events;  // Empty: every one.
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
  std::vector<const uint64_t*> masks_;  // Of the attributes' buckets.
  std::vector<const uint64_t*> summaries_;
};

class RuleIndex {
 public:
  RuleIndex() = default;
  // `program` must outlive the index. Roots above 0 (history) are only read by
  // Refine. The index is laid out for movements like those of `statistics`.
  RuleIndex(const cel::Program& program, absl::Span<const IndexedRule> rules,
            const v1::Statistics& statistics = {});

  // Candidates by event and by what the movement itself says. `state` has
  // begun with the movement; its other roots are not read.
  void Select(v1::Event event, cel::EvalState* state, Candidates* out) const;

  // Fewer of them, by what history says.
  void Refine(cel::EvalState* state, Candidates* candidates) const;
  // The roots that Refine reads: bit n for root n.
  uint8_t roots_refined() const { return roots_refined_; }

  size_t attribute_count() const { return attributes_.size(); }
  size_t SpaceUsed() const;  // Bytes.

 private:
  friend class RuleIndexBuilder;

  static constexpr uint32_t kNoSlot = UINT32_MAX;
  // Groups of event_bits_; one more is for events not known here.
  static constexpr size_t kEventCount = v1::Event_MAX + 1;

  struct Attribute {
    uint32_t instruction = 0;
    uint32_t slot = kNoSlot;  // When it is no more than a field.
    KeyFamily family = KeyFamily::kNone;
    std::vector<uint64_t> bounds;  // Where buckets 2, 3 ... begin.
    std::vector<uint64_t> bits;    // Of bucket 1, bucket 2 ...: words_ each.
    std::vector<uint64_t> any;     // The same, a bit a word.

    size_t BucketOf(uint64_t key) const;  // From 1.
    cel::Value Read(cel::EvalState* state) const {
      return slot != kNoSlot ? state->ReadSlot(slot)
                             : state->Evaluate(instruction);
    }
  };

  // The attributes by which the rows of a word were put together: the ones
  // most likely to rule all of them out. Numbers in attributes_.
  struct Hint {
    uint8_t first = 0;
    uint8_t second = 0;
  };

  // False for what no bucket but "anything" covers: unknown, errors, NaN.
  static bool KeyOf(KeyFamily family, const cel::Value& value, uint64_t* key);
  void List(Candidates* out) const;

  size_t words_ = 0;                  // Of 64 rows.
  size_t summary_ = 0;                // Words of 64 words.
  std::vector<uint64_t> event_bits_;  // Rows of each event.
  std::vector<uint64_t> event_any_;
  std::vector<Hint> hints_;            // Of each word.
  std::vector<Attribute> attributes_;  // Most selective first in each part.
  size_t history_begin_ = 0;           // From here on they read history.
  uint8_t roots_refined_ = 0;
  std::vector<uint32_t> rows_;  // The rule of each row.
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_INDEX_H_
