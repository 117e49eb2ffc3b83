// HOT PATH (Evaluate). Budget: about 5 ns a test. Forbidden: the heap, locks,
// clocks, logs.
//
// && is false as soon as either side is, whatever the other is, so the tests
// of a run may be tried in any order: the cheap ones come first. Two bounds of
// one number become one test.
#include "scoring/cel/conjunctions.h"

#include <algorithm>
#include <cstring>

namespace portrisk::scoring::cel {

class ConjunctionBuilder {
 public:
  ConjunctionBuilder(const Program& program, Conjunctions* out)
      : program_(program), out_(out) {}

  void Add(uint32_t root) {
    out_->roots_.push_back(root);
    first_ = out_->tests_.size();
    Part(root);
    std::stable_sort(
        out_->tests_.begin() + static_cast<int64_t>(first_), out_->tests_.end(),
        [](const Test& a, const Test& b) { return a.kind < b.kind; });
    out_->begins_.push_back(static_cast<uint32_t>(out_->tests_.size()));
  }

 private:
  using Test = Conjunctions::Test;
  using Kind = Conjunctions::Kind;

  void Part(uint32_t index) {
    const Instruction& it = program_.instructions[index];
    if (it.op == Op::kAnd) {
      Part(it.a);
      Part(it.b);
      return;
    }
    Test test{};
    if (!Simple(it, &test)) {
      test.kind = Kind::kOther;
      test.is_slot = false;
      test.operand = index;
    } else if (test.kind == Kind::kBetween && Narrow(test)) {
      return;
    }
    out_->tests_.push_back(test);
  }

  const Value* ConstantOf(uint32_t index) const {
    if (index == kNoOperand) return nullptr;
    const Instruction& it = program_.instructions[index];
    return it.op == Op::kConstant ? &program_.constants[it.a] : nullptr;
  }

  // A comparison of something with a constant, the constant on the right.
  bool Simple(const Instruction& it, Test* test) const {
    const Value* constant = ConstantOf(it.b);
    if (constant == nullptr) return false;
    const Instruction& left = program_.instructions[it.a];
    test->is_slot = left.op == Op::kSlot;
    test->operand = test->is_slot ? left.a : it.a;
    if (constant->kind == cel::Kind::kInt)
      return Range(it.op, constant->i, test);
    if (constant->kind == cel::Kind::kString) {
      if (it.op != Op::kEqual && it.op != Op::kStartsWith) return false;
      SetText(it.op == Op::kEqual, constant->text(), test);
      return true;
    }
    if (it.op != Op::kIn || constant->kind != cel::Kind::kList ||
        constant->field != nullptr) {
      return false;
    }
    test->kind = Kind::kTextIn;
    test->items = {constant->items, constant->aux};
    return std::all_of(
        constant->items, constant->items + constant->aux,
        [](const Value& item) { return item.kind == cel::Kind::kString; });
  }

  static void SetText(bool equal, absl::string_view text, Test* test) {
    if (text.size() > sizeof(test->bytes)) {
      test->kind = equal ? Kind::kText : Kind::kPrefix;
      test->text = {text.data(), text.size()};
      return;
    }
    test->kind = equal ? Kind::kShortText : Kind::kShortPrefix;
    test->size = static_cast<uint8_t>(text.size());
    std::memcpy(test->bytes, text.data(), text.size());
  }

  static bool Range(Op op, int64_t bound, Test* test) {
    test->kind = Kind::kBetween;
    test->range = {INT64_MIN, INT64_MAX};
    switch (op) {
      case Op::kEqual:
        test->range = {bound, bound};
        return true;
      case Op::kLess:
        if (bound == INT64_MIN) return false;
        test->range.high = bound - 1;
        return true;
      case Op::kLessEqual:
        test->range.high = bound;
        return true;
      case Op::kGreater:
        if (bound == INT64_MAX) return false;
        test->range.low = bound + 1;
        return true;
      case Op::kGreaterEqual:
        test->range.low = bound;
        return true;
      default:
        return false;
    }
  }

  // Joins the range with an earlier one of the same operand.
  bool Narrow(const Test& test) {
    for (size_t i = first_; i < out_->tests_.size(); ++i) {
      Test& known = out_->tests_[i];
      if (known.kind != Kind::kBetween || known.is_slot != test.is_slot ||
          known.operand != test.operand) {
        continue;
      }
      known.range.low = std::max(known.range.low, test.range.low);
      known.range.high = std::min(known.range.high, test.range.high);
      return true;
    }
    return false;
  }

  const Program& program_;
  Conjunctions* const out_;
  size_t first_ = 0;  // Of the run in the making.
};

Conjunctions::Conjunctions(const Program& program,
                           const std::vector<uint32_t>& roots) {
  ConjunctionBuilder builder(program, this);
  begins_.reserve(roots.size() + 1);
  roots_.reserve(roots.size());
  begins_.push_back(0);
  for (const uint32_t root : roots) builder.Add(root);
  tests_.shrink_to_fit();
}

Conjunctions::Verdict Conjunctions::Try(const Test& test, EvalState* state) {
  const auto verdict = [](bool holds) {
    return holds ? Verdict::kTrue : Verdict::kFalse;
  };
  Value computed;
  if (!test.is_slot) computed = state->Evaluate(test.operand);
  const Value& value = test.is_slot ? state->ReadSlot(test.operand) : computed;
  if (test.kind == Kind::kBetween) {
    if (value.kind != cel::Kind::kInt) return Verdict::kUnsure;
    return verdict(value.i >= test.range.low && value.i <= test.range.high);
  }
  if (test.kind == Kind::kOther) {
    if (value.kind != cel::Kind::kBool) return Verdict::kUnsure;
    return verdict(value.b);
  }
  if (value.kind != cel::Kind::kString) return Verdict::kUnsure;
  switch (test.kind) {
    case Kind::kShortText:
      return verdict(value.aux == test.size &&
                     std::memcmp(value.s, test.bytes, test.size) == 0);
    case Kind::kShortPrefix:
      return verdict(value.aux >= test.size &&
                     std::memcmp(value.s, test.bytes, test.size) == 0);
    case Kind::kText:
      return verdict(value.text() ==
                     absl::string_view(test.text.data, test.text.size));
    case Kind::kPrefix:
      return verdict(value.text().substr(0, test.text.size) ==
                     absl::string_view(test.text.data, test.text.size));
    default:
      return verdict(std::any_of(
          test.items.data, test.items.data + test.items.size,
          [&](const Value& item) { return item.text() == value.text(); }));
  }
}

Value Conjunctions::Evaluate(uint32_t n, EvalState* state) const {
  bool unsure = false;
  const Test* const end = tests_.data() + begins_[n + 1];
  for (const Test* test = tests_.data() + begins_[n]; test != end; ++test) {
    const Verdict verdict = Try(*test, state);
    if (verdict == Verdict::kFalse) return Value::Bool(false);
    unsure |= verdict == Verdict::kUnsure;
  }
  return unsure ? state->Evaluate(roots_[n]) : Value::Bool(true);
}

size_t Conjunctions::SpaceUsed() const {
  return (roots_.capacity() + begins_.capacity()) * sizeof(uint32_t) +
         tests_.capacity() * sizeof(Test);
}

}  // namespace portrisk::scoring::cel
