// Conditions laid out to be tried one after another: each is a run of tests of
// which all must hold. Most conditions of a large rule set are ANDs of
// comparisons of a field with a constant, and walking their instructions
// touches a score of scattered places; a run touches one.
//
// A run is a shortcut and never a second meaning: it says true or false only
// where the condition's instruction would, and leaves everything else (an
// absent field, an error) to the instruction.
#ifndef PORTRISK_SCORING_CEL_CONJUNCTIONS_H_
#define PORTRISK_SCORING_CEL_CONJUNCTIONS_H_

#include <cstdint>
#include <vector>

#include "scoring/cel/eval.h"
#include "scoring/cel/program.h"

namespace portrisk::scoring::cel {

class Conjunctions {
 public:
  Conjunctions() = default;
  // Run n is the condition of the instruction roots[n]. `program` must outlive
  // the runs.
  Conjunctions(const Program& program, const std::vector<uint32_t>& roots);

  // HOT PATH. The value of condition n for the movement `state` has begun.
  Value Evaluate(uint32_t n, EvalState* state) const;
  // Asks memory for what Evaluate(n) reads: first where its run lies, and when
  // that has come, the run.
  void PrefetchPlace(uint32_t n) const { __builtin_prefetch(&begins_[n]); }
  void PrefetchRun(uint32_t n) const {
    const Test* const run = tests_.data() + begins_[n];
    __builtin_prefetch(run);
    __builtin_prefetch(run + 2);  // Runs of four or five reach the next line.
  }

  size_t SpaceUsed() const;  // Bytes.

 private:
  friend class ConjunctionBuilder;

  // Cheapest first: that is the order within a run.
  enum class Kind : uint8_t {
    kBetween,      // An int, from `low` to `high`.
    kShortText,    // A text, equal to the first `size` bytes of `bytes`.
    kShortPrefix,  // A text that begins with them.
    kText,         // The same for longer ones: `text`.
    kPrefix,
    kTextIn,  // A text among `items`, all of them texts.
    kOther,   // The instruction `operand`, a bool.
  };
  struct Test {
    struct Text {
      const char* data;
      size_t size;
    };
    struct Items {
      const Value* data;
      size_t size;
    };
    struct Range {
      int64_t low;
      int64_t high;
    };

    Kind kind;
    bool is_slot;      // What `operand` is.
    uint8_t size;      // kShortText, kShortPrefix
    uint32_t operand;  // Slot or instruction.
    union {
      Range range;
      Text text;
      char bytes[16];  // Most codes fit, and need no look elsewhere.
      Items items;
    };
  };
  static_assert(sizeof(Test) == 24);

  enum class Verdict : uint8_t { kFalse, kTrue, kUnsure };
  static Verdict Try(const Test& test, EvalState* state);

  std::vector<uint32_t> roots_;
  std::vector<uint32_t> begins_;  // Of each run in tests_, and the last's end.
  std::vector<Test> tests_;
};

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_CONJUNCTIONS_H_
