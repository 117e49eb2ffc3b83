// What conditions demand of attributes: the analysis half of building a rule
// index.
#ifndef PORTRISK_SCORING_RULE_INDEX_ATOMS_H_
#define PORTRISK_SCORING_RULE_INDEX_ATOMS_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "scoring/cel/program.h"

namespace portrisk::scoring {

// How an attribute's values become keys (rule_index_keys.h).
enum class KeyFamily : uint8_t { kNone, kBool, kNumber, kTime, kText, kHash };

// Keys from `low` to `high`, both included.
struct KeyRange {
  uint64_t low = 0;
  uint64_t high = UINT64_MAX;
};

// Ascending, apart from each other.
using KeySet = absl::InlinedVector<KeyRange, 2>;

struct Demand {
  uint32_t attribute = 0;  // Instruction.
  KeySet keys;             // Outside of them the condition is false.
};

// All of them at once; ascending by attribute, each once. Empty: no demand.
using Demands = absl::InlinedVector<Demand, 6>;

class DemandAnalysis {
 public:
  explicit DemandAnalysis(const cel::Program& program);

  // Alternatives of which at least one is met whenever the condition is not
  // false. At most kAlternativesMax.
  std::vector<Demands> Alternatives(uint32_t root) const;

  KeyFamily family(uint32_t attribute) const { return families_[attribute]; }
  // Whether it reads another root than the first.
  bool reads_history(uint32_t instruction) const {
    return history_[instruction];
  }

  static constexpr size_t kAlternativesMax = 8;

 private:
  // A comparison with a constant, or any other truth value.
  struct Atom {
    uint32_t attribute = 0;
    KeySet when_true;   // Keys for which it may be true ...
    KeySet when_false;  // ... and false.
  };

  void FindHistory();
  void FindFamilies();
  void Observe(uint32_t attribute, const cel::Value& constant, bool ordered);
  bool AtomOf(uint32_t index, Atom* atom) const;
  bool Comparison(const cel::Instruction& it, Atom* atom) const;
  bool Membership(const cel::Instruction& it, Atom* atom) const;
  const cel::Value* ConstantOf(uint32_t index) const;
  // The keys of the values equal to a constant; false when the constant is of
  // another family.
  bool KeyRangeOf(uint32_t attribute, const cel::Value& constant,
                  KeyRange* range) const;
  Demands Walk(uint32_t index, bool wanted) const;
  // Adds what each part of a conjunction demands; false where a part is an OR.
  bool AddParts(uint32_t index, Demands* out) const;
  // How many alternatives each part of a condition comes to; 1 where they
  // would be too many and the part is taken as a whole.
  using Counts = absl::flat_hash_map<uint32_t, size_t>;
  size_t Count(uint32_t index, Counts* counts) const;
  std::vector<Demands> Expand(uint32_t index, const Counts& counts) const;

  const cel::Program& program_;
  std::vector<bool> history_;        // By instruction.
  std::vector<KeyFamily> families_;  // By instruction.
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_INDEX_ATOMS_H_
