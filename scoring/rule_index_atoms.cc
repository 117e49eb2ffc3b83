// Every answer errs on the safe side: a range that is too wide costs time, one
// that is too narrow would lose a hit. Bounds are therefore closed unless the
// map to keys is known to keep strict order.
#include "scoring/rule_index_atoms.h"

#include <algorithm>
#include <cmath>

#include "scoring/rule_index_keys.h"

namespace portrisk::scoring {
namespace {

using cel::Instruction;
using cel::Kind;
using cel::kNoOperand;
using cel::Op;
using cel::Value;

// Larger literal sets are not worth their ranges.
constexpr size_t kMembersMax = 256;
// Up to here every integer has a double of its own.
constexpr double kExactMax = 9007199254740992.0;

KeyFamily FamilyOf(const Value& constant) {
  switch (constant.kind) {
    case Kind::kBool:
      return KeyFamily::kBool;
    case Kind::kInt:
    case Kind::kUint:
      return KeyFamily::kNumber;
    case Kind::kDouble:
      return std::isnan(constant.d) ? KeyFamily::kNone : KeyFamily::kNumber;
    case Kind::kTimestamp:
    case Kind::kDuration:
      return KeyFamily::kTime;
    case Kind::kString:
      return KeyFamily::kHash;
    default:
      return KeyFamily::kNone;
  }
}

double AsDouble(const Value& v) {
  if (v.kind == Kind::kInt) return static_cast<double>(v.i);
  return v.kind == Kind::kUint ? static_cast<double>(v.u) : v.d;
}

Op Mirrored(Op op) {
  switch (op) {
    case Op::kLess:
      return Op::kGreater;
    case Op::kLessEqual:
      return Op::kGreaterEqual;
    case Op::kGreater:
      return Op::kLess;
    case Op::kGreaterEqual:
      return Op::kLessEqual;
    default:
      return op;
  }
}

bool IsComparison(Op op) { return op >= Op::kEqual && op <= Op::kGreaterEqual; }
bool IsOrdering(Op op) { return op >= Op::kLess && op <= Op::kGreaterEqual; }

KeySet Everything() { return {KeyRange()}; }

KeySet From(uint64_t low) { return {{low, UINT64_MAX}}; }
KeySet UpTo(uint64_t high) { return {{0, high}}; }

// Everything but one range; everything when the range is inexact.
KeySet Outside(const KeyRange& range) {
  KeySet set;
  if (range.low > 0) set.push_back({0, range.low - 1});
  if (range.high < UINT64_MAX) set.push_back({range.high + 1, UINT64_MAX});
  return set;
}

KeySet Intersection(const KeySet& a, const KeySet& b) {
  KeySet both;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const uint64_t low = std::max(a[i].low, b[j].low);
    const uint64_t high = std::min(a[i].high, b[j].high);
    if (low <= high) both.push_back({low, high});
    if (a[i].high < b[j].high) {
      ++i;
    } else {
      ++j;
    }
  }
  return both;
}

void Normalise(KeySet* set) {
  std::sort(set->begin(), set->end(),
            [](const KeyRange& a, const KeyRange& b) { return a.low < b.low; });
  size_t kept = 0;
  for (const KeyRange& range : *set) {
    if (kept > 0 && range.low <= (*set)[kept - 1].high) {
      (*set)[kept - 1].high = std::max((*set)[kept - 1].high, range.high);
    } else {
      (*set)[kept++] = range;
    }
  }
  set->resize(kept);
}

KeySet Union(KeySet a, const KeySet& b) {
  a.insert(a.end(), b.begin(), b.end());
  Normalise(&a);
  return a;
}

// Both demands.
Demands Both(const Demands& a, const Demands& b) {
  Demands result;
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (j == b.size() || (i < a.size() && a[i].attribute < b[j].attribute)) {
      result.push_back(a[i++]);
    } else if (i == a.size() || b[j].attribute < a[i].attribute) {
      result.push_back(b[j++]);
    } else {
      result.push_back({a[i].attribute, Intersection(a[i].keys, b[j].keys)});
      ++i;
      ++j;
    }
  }
  return result;
}

// What either of them leaves: only what both speak of.
Demands Either(const Demands& a, const Demands& b) {
  Demands result;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i].attribute < b[j].attribute) {
      ++i;
    } else if (b[j].attribute < a[i].attribute) {
      ++j;
    } else {
      result.push_back({a[i].attribute, Union(a[i].keys, b[j].keys)});
      ++i;
      ++j;
    }
  }
  return result;
}

}  // namespace

DemandAnalysis::DemandAnalysis(const cel::Program& program)
    : program_(program) {
  FindHistory();
  FindFamilies();
}

const Value* DemandAnalysis::ConstantOf(uint32_t index) const {
  if (index == kNoOperand) return nullptr;
  const Instruction& it = program_.instructions[index];
  return it.op == Op::kConstant ? &program_.constants[it.a] : nullptr;
}

// Operands come before what uses them, so one pass does.
void DemandAnalysis::FindHistory() {
  std::vector<bool> of_slot(program_.slots.size());
  for (size_t i = 1; i < of_slot.size(); ++i) {
    of_slot[i] = i < program_.root_count || of_slot[program_.slots[i].parent];
  }
  history_.resize(program_.instructions.size());
  for (size_t i = 0; i < history_.size(); ++i) {
    const Instruction& it = program_.instructions[i];
    bool reads = (it.op == Op::kSlot || it.op == Op::kHasSlot ||
                  it.op == Op::kOptionalSlot) &&
                 of_slot[it.a];
    cel::ForEachOperand(program_, it,
                        [&](uint32_t child) { reads |= history_[child]; });
    history_[i] = reads;
  }
}

void DemandAnalysis::Observe(uint32_t attribute, const Value& constant,
                             bool ordered) {
  KeyFamily family = FamilyOf(constant);
  if (family == KeyFamily::kHash && ordered) family = KeyFamily::kText;
  KeyFamily& known = families_[attribute];
  // Text that is compared for order anywhere keeps its order everywhere.
  if (known == KeyFamily::kNone || family == KeyFamily::kText) known = family;
}

void DemandAnalysis::FindFamilies() {
  families_.assign(program_.instructions.size(), KeyFamily::kNone);
  for (const Instruction& it : program_.instructions) {
    const Value* right = ConstantOf(it.b);
    if (IsComparison(it.op)) {
      const Value* left = ConstantOf(it.a);
      if (right != nullptr) Observe(it.a, *right, IsOrdering(it.op));
      if (left != nullptr) Observe(it.b, *left, IsOrdering(it.op));
    } else if (it.op == Op::kStartsWith && right != nullptr) {
      Observe(it.a, *right, true);
    } else if (it.op == Op::kIn && right != nullptr && right->aux > 0 &&
               right->kind == Kind::kList && right->field == nullptr) {
      Observe(it.a, right->items[0], false);
    }
  }
  for (size_t i = 0; i < families_.size(); ++i) {
    // What is not compared may still be true or false itself.
    if (families_[i] == KeyFamily::kNone) families_[i] = KeyFamily::kBool;
  }
}

bool DemandAnalysis::KeyRangeOf(uint32_t attribute, const Value& constant,
                                KeyRange* range) const {
  const KeyFamily family = families_[attribute];
  KeyFamily of_constant = FamilyOf(constant);
  if (of_constant == KeyFamily::kHash && family == KeyFamily::kText) {
    of_constant = KeyFamily::kText;
  }
  if (of_constant != family) return false;
  uint64_t key = 0;
  switch (family) {
    case KeyFamily::kBool:
      key = constant.b ? 1 : 0;
      break;
    case KeyFamily::kNumber:
      key = NumberKey(AsDouble(constant));
      break;
    case KeyFamily::kTime:
      key = SecondsKey(constant.i);
      break;
    case KeyFamily::kText:
      key = TextKey(constant.text());
      break;
    case KeyFamily::kHash:
      key = HashKey(constant.text());
      break;
    case KeyFamily::kNone:
      return false;
  }
  *range = {key, key};
  return true;
}

bool DemandAnalysis::Comparison(const Instruction& it, Atom* atom) const {
  const Value* constant = ConstantOf(it.b);
  Op op = it.op;
  atom->attribute = it.a;
  if (constant == nullptr) {
    constant = ConstantOf(it.a);
    atom->attribute = it.b;
    op = Mirrored(op);
  }
  KeyRange at;
  if (constant == nullptr || !KeyRangeOf(atom->attribute, *constant, &at)) {
    return false;
  }
  const KeyFamily family = families_[atom->attribute];
  // Whether no other value shares the constant's key.
  const bool alone = family == KeyFamily::kBool ||
                     (family == KeyFamily::kNumber &&
                      std::fabs(AsDouble(*constant)) < kExactMax);
  if (op == Op::kEqual || op == Op::kNotEqual) {
    atom->when_true = {at};
    atom->when_false = alone ? Outside(at) : Everything();
    if (op == Op::kNotEqual) std::swap(atom->when_true, atom->when_false);
    return true;
  }
  if (family == KeyFamily::kBool || family == KeyFamily::kHash) return false;
  // Times of the constant's own second lie on both sides, unless it is whole.
  const bool nothing_below =
      alone || (family == KeyFamily::kTime && constant->aux == 0);
  const KeySet below =
      nothing_below && at.low > 0 ? UpTo(at.low - 1) : UpTo(at.low);
  const KeySet above =
      alone && at.high < UINT64_MAX ? From(at.high + 1) : From(at.high);
  const bool less = op == Op::kLess || op == Op::kLessEqual;
  const bool strict = op == Op::kLess || op == Op::kGreater;
  if (less) {
    atom->when_true = strict ? below : UpTo(at.high);
    atom->when_false = strict ? From(at.low) : above;
  } else {
    atom->when_true = strict ? above : From(at.low);
    atom->when_false = strict ? UpTo(at.high) : below;
  }
  return true;
}

bool DemandAnalysis::Membership(const Instruction& it, Atom* atom) const {
  const Value* list = ConstantOf(it.b);
  if (list == nullptr || list->kind != Kind::kList || list->field != nullptr ||
      list->aux > kMembersMax) {
    return false;
  }
  atom->attribute = it.a;
  for (uint32_t i = 0; i < list->aux; ++i) {
    KeyRange at;
    if (!KeyRangeOf(it.a, list->items[i], &at)) return false;
    atom->when_true.push_back(at);
  }
  Normalise(&atom->when_true);
  atom->when_false = Everything();
  return true;
}

bool DemandAnalysis::AtomOf(uint32_t index, Atom* atom) const {
  const Instruction& it = program_.instructions[index];
  if (it.op == Op::kConstant || it.uses_variable) return false;
  if (IsComparison(it.op) && Comparison(it, atom)) return true;
  if (it.op == Op::kIn && Membership(it, atom)) return true;
  if (it.op == Op::kStartsWith && ConstantOf(it.b) != nullptr &&
      families_[it.a] == KeyFamily::kText) {
    const absl::string_view prefix = ConstantOf(it.b)->text();
    atom->attribute = it.a;
    const uint64_t low = TextKey(prefix);
    const uint64_t rest =
        prefix.size() >= 8 ? 0 : UINT64_MAX >> (8 * prefix.size());
    atom->when_true = {{low, low | rest}};
    atom->when_false = Everything();
    return true;
  }
  if (families_[index] != KeyFamily::kBool) return false;
  *atom = {index, {{1, 1}}, {{0, 0}}};
  return true;
}

// What holds of the attributes when the expression may be other than
// `!wanted`.
Demands DemandAnalysis::Walk(uint32_t index, bool wanted) const {
  const Instruction& it = program_.instructions[index];
  switch (it.op) {
    case Op::kNot:
      return Walk(it.a, !wanted);
    case Op::kAnd:
    case Op::kOr: {
      const Demands left = Walk(it.a, wanted);
      const Demands right = Walk(it.b, wanted);
      return (it.op == Op::kAnd) == wanted ? Both(left, right)
                                           : Either(left, right);
    }
    case Op::kConditional:
      return {};
    default:
      break;
  }
  Atom atom;
  if (!AtomOf(index, &atom)) return {};
  return {
      {atom.attribute, std::move(wanted ? atom.when_true : atom.when_false)}};
}

std::vector<Demands> DemandAnalysis::Alternatives(uint32_t root) const {
  Demands all;
  if (AddParts(root, &all)) {
    std::vector<Demands> one;
    one.push_back(std::move(all));
    return one;
  }
  Counts counts;
  Count(root, &counts);
  return Expand(root, counts);
}

bool DemandAnalysis::AddParts(uint32_t index, Demands* out) const {
  const Instruction& it = program_.instructions[index];
  if (it.op == Op::kOr) return false;
  if (it.op == Op::kAnd) return AddParts(it.a, out) && AddParts(it.b, out);
  for (Demand& demand : Walk(index, true)) {
    const auto at = std::lower_bound(out->begin(), out->end(), demand.attribute,
                                     [](const Demand& a, uint32_t attribute) {
                                       return a.attribute < attribute;
                                     });
    if (at != out->end() && at->attribute == demand.attribute) {
      at->keys = Intersection(at->keys, demand.keys);
    } else {
      out->insert(at, std::move(demand));
    }
  }
  return true;
}

// Every part is counted once, so that a long chain costs its length.
size_t DemandAnalysis::Count(uint32_t index, Counts* counts) const {
  const auto known = counts->find(index);
  if (known != counts->end()) return known->second;
  const Instruction& it = program_.instructions[index];
  size_t count = 1;
  if (it.op == Op::kOr || it.op == Op::kAnd) {
    const size_t left = Count(it.a, counts);
    const size_t right = Count(it.b, counts);
    count = it.op == Op::kOr ? left + right : left * right;
    if (count > kAlternativesMax) count = 1;
  }
  (*counts)[index] = count;
  return count;
}

std::vector<Demands> DemandAnalysis::Expand(uint32_t index,
                                            const Counts& counts) const {
  const Instruction& it = program_.instructions[index];
  // One alternative is what the whole part demands.
  if (counts.at(index) == 1) return {Walk(index, true)};
  std::vector<Demands> rows = Expand(it.a, counts);
  const std::vector<Demands> right = Expand(it.b, counts);
  if (it.op == Op::kOr) {
    rows.insert(rows.end(), right.begin(), right.end());
    return rows;
  }
  std::vector<Demands> both;
  for (const Demands& a : rows) {
    for (const Demands& b : right) both.push_back(Both(a, b));
  }
  return both;
}

}  // namespace portrisk::scoring
