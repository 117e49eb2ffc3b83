// The fast evaluator against the plain one where every type is found at
// evaluation: on all small expressions, and on large ones from a printed seed.
// Nearly all of them are nonsense, and must be the same nonsense for both.
#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "tests/fuzz/expression_fuzz.h"

namespace portrisk::scoring::cel {
namespace {

const std::vector<std::string>& Leaves() {
  static const auto* const leaves =
      new std::vector<std::string>{"1",
                                   "-1",
                                   "0",
                                   "2u",
                                   "1.5",
                                   "0.0",
                                   "'a'",
                                   "''",
                                   "b'a'",
                                   "true",
                                   "false",
                                   "null",
                                   "[]",
                                   "l",
                                   "{}",
                                   "m",
                                   "optional.of(1)",
                                   "optional.none()",
                                   "optional.of([1])",
                                   "int",
                                   "timestamp(5)",
                                   "duration('90s')",
                                   "msg",
                                   "s",
                                   "(1 / 0)",
                                   "nobody",
                                   "msg.seals",
                                   "Party{id: s}"};
  return *leaves;
}

const std::vector<std::string>& BinaryForms() {
  static const auto* const forms =
      new std::vector<std::string>{"($a + $b)",
                                   "($a - $b)",
                                   "($a * $b)",
                                   "($a / $b)",
                                   "($a % $b)",
                                   "($a == $b)",
                                   "($a != $b)",
                                   "($a < $b)",
                                   "($a >= $b)",
                                   "($a && $b)",
                                   "($a || $b)",
                                   "($a in $b)",
                                   "$a[$b]",
                                   "$a[?$b]",
                                   "$a.or($b)",
                                   "$a.orValue($b)",
                                   "[$a, $b]",
                                   "{$a: $b}",
                                   "[?$a, $b]",
                                   "{'k': $a, ?'o': $b}",
                                   "math.greatest($a, $b)",
                                   "math.bitAnd($a, $b)",
                                   "math.bitShiftLeft($a, $b)",
                                   "$a.split($b)",
                                   "$a.join($b)",
                                   "$a.indexOf($b)",
                                   "$a.charAt($b)",
                                   "$a.substring($b)",
                                   "$a.contains($b)",
                                   "$a.matches($b)",
                                   "'%s|%s'.format([$a, $b])",
                                   "'%d|%x'.format([$a, $b])",
                                   "'%f|%e'.format([$a, $b])",
                                   "cel.bind(v, $a, v == $b)",
                                   "$a.filter(v, v == $b)",
                                   "$a.exists(v, $b)",
                                   "$a.map(v, [v, $b])",
                                   "$a.optMap(v, [v, $b])",
                                   "$a.optFlatMap(v, $b)",
                                   "$a.transformList(k, v, [k, v, $b])",
                                   "$a.transformMap(k, v, $b)",
                                   "$a.transformMapEntry(k, v, {$b: k})",
                                   "$a.all(k, v, v == $b)",
                                   "$a.existsOne(k, v, v == $b)",
                                   "($a ? $b : 7)",
                                   "$a.getHours($b)",
                                   "Movement{id: $a, seals: $b}"};
  return *forms;
}

const std::vector<std::string>& UnaryForms() {
  static const auto* const forms =
      new std::vector<std::string>{"!$a",
                                   "-$a",
                                   "size($a)",
                                   "$a.size()",
                                   "type($a)",
                                   "dyn($a)",
                                   "int($a)",
                                   "uint($a)",
                                   "double($a)",
                                   "string($a)",
                                   "bytes($a)",
                                   "bool($a)",
                                   "timestamp($a)",
                                   "duration($a)",
                                   "$a.a",
                                   "$a.?a",
                                   "$a.id",
                                   "$a.?id",
                                   "$a.?a.b",
                                   "has($a.a)",
                                   "has($a.id)",
                                   "has($a.?a.b)",
                                   "$a.hasValue()",
                                   "$a.value()",
                                   "optional.of($a)",
                                   "optional.ofNonZeroValue($a)",
                                   "math.abs($a)",
                                   "math.sign($a)",
                                   "math.ceil($a)",
                                   "math.round($a)",
                                   "math.sqrt($a)",
                                   "math.isNaN($a)",
                                   "math.least($a)",
                                   "math.bitNot($a)",
                                   "$a.lowerAscii()",
                                   "$a.upperAscii()",
                                   "$a.trim()",
                                   "$a.reverse()",
                                   "$a.join()",
                                   "strings.quote($a)",
                                   "base64.encode($a)",
                                   "base64.decode($a)",
                                   "$a.getHours()",
                                   "$a.getFullYear()",
                                   "$a.getMilliseconds()",
                                   "'%s'.format([$a])",
                                   "'%X'.format([$a])",
                                   "'%b'.format([$a])",
                                   "'%o'.format([$a])",
                                   "'%.2f'.format([$a])",
                                   "$a.all(v, v)",
                                   "$a.exists_one(v, v == 1)",
                                   "$a.map(v, v)",
                                   "nobody($a)",
                                   "google.protobuf.Int32Value{value: $a}",
                                   "google.protobuf.Value{}",
                                   "Movement{haulier: $a}",
                                   "Movement{occurrence_time: $a}",
                                   "google.protobuf.Any{type_url: $a}"};
  return *forms;
}

std::string Put(const std::string& form, const std::string& a,
                const std::string& b) {
  return absl::StrReplaceAll(form, {{"$a", a}, {"$b", b}});
}

class Agreement {
 public:
  // False at a disagreement.
  bool Holds(const std::string& text) {
    ++count_;
    Diagnostics diagnostics;
    const auto expr = expressions_.Check(text, &diagnostics);
    if (expr == nullptr) return true;
    ++evaluated_;
    const std::string fast = expressions_.Fast(*expr);
    const std::string plain = expressions_.Plain(*expr);
    if (fast.substr(0, 5) != "error") ++values_;
    EXPECT_EQ(fast, plain) << text;
    return fast == plain || ++faults_ < 10;
  }

  int count() const { return count_; }
  int evaluated() const { return evaluated_; }
  int values() const { return values_; }

 private:
  Expressions expressions_;
  int count_ = 0;
  int evaluated_ = 0;
  int values_ = 0;  // What is no error.
  int faults_ = 0;
};

TEST(DynamicAgreement, OnAllSmallExpressions) {
  Agreement agreement;
  for (const std::string& a : Leaves()) {
    ASSERT_TRUE(agreement.Holds(a));
    for (const std::string& form : UnaryForms()) {
      ASSERT_TRUE(agreement.Holds(Put(form, a, "")));
    }
    for (const std::string& b : Leaves()) {
      for (const std::string& form : BinaryForms()) {
        ASSERT_TRUE(agreement.Holds(Put(form, a, b)));
      }
    }
  }
  // Two levels, with every form at the bottom once.
  const std::vector<std::string> some = {
      "1", "'a'", "l", "m", "optional.of(m)", "msg", "true"};
  for (const std::string& outer : UnaryForms()) {
    for (const std::string& inner : BinaryForms()) {
      for (const std::string& a : some) {
        ASSERT_TRUE(agreement.Holds(Put(outer, Put(inner, a, "1"), "")));
        ASSERT_TRUE(agreement.Holds(Put(outer, Put(inner, a, "s"), "")));
      }
    }
  }
  EXPECT_GT(agreement.evaluated(), 50'000);
  EXPECT_GT(agreement.values(), agreement.evaluated() / 10);
}

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  std::string Any(int depth) {
    if (depth <= 0) {
      // Variables of the macros around it, in every form named so.
      const int extra = static_cast<int>(Leaves().size()) + 2;
      const int i = Below(extra);
      if (i >= static_cast<int>(Leaves().size())) return i % 2 == 0 ? "v" : "k";
      return Leaves()[i];
    }
    if (Below(3) == 0) {
      return Put(UnaryForms()[Below(UnaryForms().size())], Any(depth - 1), "");
    }
    return Put(BinaryForms()[Below(BinaryForms().size())], Any(depth - 1),
               Any(Below(depth)));
  }

 private:
  int Below(size_t n) { return static_cast<int>(random_() % n); }

  std::mt19937_64 random_;
};

TEST(DynamicAgreement, OnRandomExpressions) {
  constexpr uint64_t kSeed = 20260502;
  std::cout << "seed " << kSeed << "\n";
  Generator generator(kSeed);
  Agreement agreement;
  for (int i = 0; i < 60'000; ++i) {
    ASSERT_TRUE(agreement.Holds(generator.Any(2 + i % 3)));
  }
  EXPECT_GT(agreement.evaluated(), agreement.count() * 9 / 10);
  EXPECT_GT(agreement.values(), agreement.count() / 20);
}

}  // namespace
}  // namespace portrisk::scoring::cel
