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

// Draws expressions that mostly make sense, so that deep ones have a value:
// now and then an operand of any shape stands where another is wanted.
class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  std::string Any(int depth) {
    switch (Below(7)) {
      case 0:
        return Number(depth);
      case 1:
        return Text(depth);
      case 2:
        return List(depth);
      case 3:
        return Map(depth);
      case 4:
        return Optional(depth);
      case 5:
        return Bool(depth);
      default:
        return Leaves()[Below(Leaves().size())];
    }
  }

 private:
  using Shape = std::string (Generator::*)(int);

  size_t Below(size_t n) { return random_() % n; }
  std::string Pick(std::vector<std::string> all) {
    return all[Below(all.size())];
  }

  // An operand of a shape, seldom of any.
  std::string Operand(Shape shape, int depth) {
    return Below(40) == 0 ? Any(depth - 1) : (this->*shape)(depth - 1);
  }
  // $n, $t, $l, $m, $o, $b and $x become operands of these shapes.
  std::string Fill(std::string form, int depth) {
    std::string text;
    for (size_t i = 0; i < form.size(); ++i) {
      if (form[i] != '$') {
        text += form[i];
        continue;
      }
      switch (form[++i]) {
        case 'n':
          text += Operand(&Generator::Number, depth);
          break;
        case 't':
          text += Operand(&Generator::Text, depth);
          break;
        case 'l':
          text += Operand(&Generator::List, depth);
          break;
        case 'm':
          text += Operand(&Generator::Map, depth);
          break;
        case 'o':
          text += Operand(&Generator::Optional, depth);
          break;
        case 'b':
          text += Operand(&Generator::Bool, depth);
          break;
        default:
          text += Any(depth - 1);
      }
    }
    return text;
  }

  std::string Number(int depth) {
    if (depth <= 0) return Pick({"0", "1", "2", "7", "2u", "1.5", "-3", "i"});
    return Fill(Pick({"($n + $n)",
                      "($n - $n)",
                      "($n * $n)",
                      "($n / $n)",
                      "($n % $n)",
                      "-$n",
                      "size($l)",
                      "$t.size()",
                      "size($m)",
                      "$l[0]",
                      "math.greatest($n, $n, $n)",
                      "math.least($l)",
                      "math.abs($n)",
                      "math.sign($n)",
                      "math.ceil(double($n))",
                      "int($n)",
                      "double($n)",
                      "$t.indexOf($t)",
                      "$t.lastIndexOf($t)",
                      "$o.orValue($n)",
                      "($b ? $n : $n)",
                      "cel.bind(v, $n, v + v)",
                      "math.bitXor($n, $n)",
                      "math.bitShiftRight($n, 3)",
                      "duration('90s').getSeconds()",
                      "timestamp($n).getDayOfWeek()"}),
                depth);
  }

  std::string Text(int depth) {
    if (depth <= 0) return Pick({"'a'", "''", "s", "'b,c'", "'é⚓'", "msg.id"});
    return Fill(Pick({"($t + $t)",
                      "$t.replace($t, $t)",
                      "$t.replace($t, $t, 1)",
                      "$t.upperAscii()",
                      "$t.reverse()",
                      "$t.trim()",
                      "$t.substring(1)",
                      "$t.charAt(1)",
                      "$l.join('-')",
                      "$t.split($t).join()",
                      "strings.quote($t)",
                      "string($n)",
                      "'%s/%s'.format([$x, $x])",
                      "'%d %x'.format([$n, $t])",
                      "'%.2f'.format([$n])",
                      "base64.encode(bytes($t))",
                      "string(base64.decode(base64.encode(bytes($t))))",
                      "string(type($x))",
                      "$m.a",
                      "$o.orValue($t)",
                      "($b ? $t : $t)"}),
                depth);
  }

  std::string List(int depth) {
    if (depth <= 0)
      return Pick({"[]", "l", "[1, 2]", "['a', 's']", "msg.seals"});
    return Fill(
        Pick({"[$x, $x]", "[$n, $n, $n]", "($l + $l)", "[?$o, $x]",
              "$l.filter(v, v != $x)", "$l.map(v, [v, v])",
              "$l.map(v, v == $x, v)", "$m.map(v, v)", "$m.filter(v, $b)",
              "$l.transformList(k, v, v)", "$m.transformList(k, v, [k, v])",
              "$l.transformList(k, v, k > 0, v)", "$t.split($t)",
              "$t.split('', 3)", "$o.orValue($l)"}),
        depth);
  }

  std::string Map(int depth) {
    if (depth <= 0) return Pick({"{}", "m", "{'a': 1}", "{1: 'x', true: 2u}"});
    return Fill(
        Pick({"{$t: $x}", "{'a': $x, 'b': $x}", "{?'a': $o, 'c': $x}",
              "{$n: $x, $t: $x}", "$m.transformMap(k, v, [v])",
              "$l.transformMap(k, v, v)", "$m.transformMap(k, v, $b, v)",
              "$m.transformMapEntry(k, v, {string(k): v})", "$o.orValue($m)",
              "$l.transformMapEntry(k, v, {k: v})"}),
        depth);
  }

  std::string Optional(int depth) {
    if (depth <= 0) return Pick({"optional.none()", "optional.of(1)", "m.?a"});
    return Fill(
        Pick({"optional.of($x)", "optional.ofNonZeroValue($x)", "$m.?a",
              "$m[?$t]", "$l[?$n]", "$m.?a.?b", "$o.or($o)",
              "$o.optMap(v, [v])", "$o.optFlatMap(v, optional.of(v))",
              "$o.optFlatMap(v, $o)", "msg.?haulier.?id", "msg.?carrier.?id"}),
        depth);
  }

  std::string Bool(int depth) {
    if (depth <= 0) return Pick({"true", "false"});
    return Fill(Pick({"($x == $x)",
                      "($x != $x)",
                      "($n < $n)",
                      "($t <= $t)",
                      "($n >= $n)",
                      "($b && $b)",
                      "($b || $b)",
                      "!$b",
                      "($x in $l)",
                      "($x in $m)",
                      "has($m.a)",
                      "has($m.?a.b)",
                      "$o.hasValue()",
                      "$l.all(v, $b)",
                      "$l.exists(v, v == $x)",
                      "$m.all(v, v != $x)",
                      "$l.exists_one(v, v == $n)",
                      "$l.all(k, v, v != k)",
                      "$m.exists(k, v, v == $x)",
                      "$t.contains($t)",
                      "$t.startsWith($t)",
                      "$t.matches('a+')",
                      "math.isNaN(double($n))",
                      "(type($x) == type($x))",
                      "($b ? $b : $b)"}),
                depth);
  }

  std::mt19937_64 random_;
};

TEST(DynamicAgreement, OnRandomExpressions) {
  constexpr uint64_t kSeed = 20260502;
  std::cout << "seed " << kSeed << "\n";
  Generator generator(kSeed);
  Agreement agreement;
  for (int i = 0; i < 40'000; ++i) {
    ASSERT_TRUE(agreement.Holds(generator.Any(2 + i % 4)));
  }
  EXPECT_GT(agreement.evaluated(), agreement.count() * 9 / 10);
  EXPECT_GT(agreement.values(), agreement.count() / 4);
}

}  // namespace
}  // namespace portrisk::scoring::cel
