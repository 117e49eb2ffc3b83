// The fast evaluator against the plain one: on all small expressions, and on
// large ones drawn from a printed seed. Many expressions share one program, so
// what they share is computed once and must be right for each of them.
#include "tests/cel/agreement.h"

#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace portrisk::scoring::cel {
namespace {

class Batch {
 public:
  explicit Batch(const Environment& environment)
      : environment_(environment), compiler_(environment) {}

  void Add(const std::string& source) {
    Diagnostics diagnostics;
    Checked checked = CheckExpression(source, environment_, &diagnostics);
    ASSERT_NE(checked.expr, nullptr)
        << source << ": " << diagnostics[0].message;
    roots_.push_back(compiler_.Add(*checked.expr));
    sources_.push_back(source);
    checked_.push_back(std::move(checked));
  }

  // Number of values compared; stops at the first disagreement.
  int Compare(const std::vector<Bindings>& all) {
    const auto program = compiler_.Finish();
    EvalState state;
    int compared = 0;
    for (const Bindings& bindings : all) {
      state.Begin(*program, bindings.roots().data());
      for (size_t i = 0; i < roots_.size(); ++i) {
        const Value fast = state.Evaluate(roots_[i]);
        const NaiveValue naive = EvaluateNaively(
            *checked_[i].expr, environment_, bindings.roots().data());
        const bool* plain = naive.As<bool>();
        if (plain == nullptr || fast.kind != Kind::kBool || fast.b != *plain) {
          const std::string text = DebugText(ToNaive(fast, program->paths));
          EXPECT_EQ(text, DebugText(naive))
              << sources_[i] << "\nmovement "
              << bindings.movement.ShortDebugString() << "\ncontainer "
              << bindings.container.ShortDebugString();
          if (text != DebugText(naive)) return compared;
        }
        ++compared;
      }
    }
    return compared;
  }

  size_t size() const { return roots_.size(); }

 private:
  const Environment& environment_;
  Compiler compiler_;
  std::vector<Checked> checked_;
  std::vector<std::string> sources_;
  std::vector<uint32_t> roots_;
};

// Every state of the four fields the small expressions read.
std::vector<Bindings> SmallBindings() {
  std::vector<Bindings> all;
  for (int haulier = 0; haulier < 2; ++haulier) {
    for (int consolidated = 0; consolidated < 3; ++consolidated) {
      for (int vgm = 0; vgm < 3; ++vgm) {
        for (int seals = 0; seals < 3; ++seals) {
          Bindings& b = all.emplace_back();
          if (haulier > 0) {
            b.movement.mutable_haulier()->set_id("A");
          }
          if (consolidated > 0) {
            b.movement.mutable_consignment()->set_consolidated(consolidated ==
                                                               1);
          }
          if (vgm > 0) b.movement.mutable_weights()->set_vgm_kg(vgm - 1);
          if (seals > 0) b.movement.add_seals()->set_number("A");
          if (seals > 1) b.movement.add_seals()->set_source("CUS");
        }
      }
    }
  }
  return all;
}

std::vector<std::string> Operators(const std::vector<std::string>& left,
                                   const std::vector<std::string>& right) {
  std::vector<std::string> all;
  for (const std::string& a : left) {
    for (const std::string& b : right) {
      for (const char* op : {" && ", " || ", " == "}) {
        all.push_back(absl::StrCat("(", a, op, b, ")"));
      }
    }
  }
  return all;
}

TEST(Agreement, OnAllSmallConditions) {
  const std::vector<std::string> leaves = {
      "true",
      "movement.consignment.consolidated",
      "has(movement.haulier.id)",
      "(movement.haulier.id == 'A')",
      "(1 / movement.weights.vgm_kg == 1)",
      "(1 / 0 == 1)",
      "movement.seals.exists(s, s.number == 'A')",
      "movement.seals.all(s, s.source != 'CUS')"};
  std::vector<std::string> small = leaves;
  for (const std::string& leaf : leaves) small.push_back("!" + leaf);
  const std::vector<std::string> pairs = Operators(leaves, leaves);
  small.insert(small.end(), pairs.begin(), pairs.end());

  std::vector<std::string> all = small;
  const std::vector<std::string> larger = Operators(small, leaves);
  const std::vector<std::string> mirrored = Operators(leaves, small);
  all.insert(all.end(), larger.begin(), larger.end());
  all.insert(all.end(), mirrored.begin(), mirrored.end());
  for (const std::string& a : leaves) {
    for (const std::string& b : leaves) {
      for (const std::string& c : leaves) {
        all.push_back(absl::StrCat("(", a, " ? ", b, " : ", c, ")"));
      }
    }
  }

  const Environment environment = TestEnvironment();
  const std::vector<Bindings> bindings = SmallBindings();
  constexpr size_t kBatch = 1000;
  size_t compared = 0;
  for (size_t begin = 0; begin < all.size(); begin += kBatch) {
    Batch batch(environment);
    for (size_t i = begin; i < std::min(all.size(), begin + kBatch); ++i) {
      batch.Add(all[i]);
    }
    compared += batch.Compare(bindings);
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_EQ(compared, all.size() * bindings.size());
  EXPECT_GT(all.size(), 10'000);
}

// Draws well-typed expressions of every type.
class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  std::string Bool(int depth) {
    if (depth <= 0) {
      return Pick({"true", "false", "movement.consignment.consolidated",
                   "movement.retraction", "has(movement.haulier.id)",
                   "has(container.previous)", "has(movement.weights.vgm_kg)",
                   "container.seals_accounted_for"});
    }
    const int d = depth - 1;
    switch (Below(13)) {
      case 0:
        return "!" + Bool(d);
      case 1:
      case 2:
        return Join(Bool(d), Pick({"&&", "||"}), Bool(d));
      case 3:
        return Join(Int(d), Comparison(), Number(d));
      case 4:
        return Join(Double(d), Comparison(), Number(d));
      case 5:
        return Join(String(d), Comparison(), String(d));
      case 6:
        return Join(Time(d), Comparison(), Time(d));
      case 7:
        return Join(Duration(d), Comparison(), Duration(d));
      case 8:
        return absl::StrCat(String(d),
                            Pick({".startsWith(", ".endsWith(", ".contains("}),
                            String(d), ")");
      case 9:
        return Join(String(d), "in", Below(3) == 0 ? "ports" : List(d));
      case 10:
        return Macro(d, Pick({"all", "exists", "exists_one"}));
      case 11:
        return Join(List(d), Pick({"==", "!="}), List(d));
      default:
        return Choice(d, Bool(d), Bool(d));
    }
  }

 private:
  int Below(int n) { return static_cast<int>(random_() % n); }
  std::string Pick(std::vector<std::string> choices) {
    return choices[Below(static_cast<int>(choices.size()))];
  }
  static std::string Join(const std::string& a, const std::string& op,
                          const std::string& b) {
    return absl::StrCat("(", a, " ", op, " ", b, ")");
  }
  std::string Choice(int d, const std::string& a, const std::string& b) {
    return absl::StrCat("(", Bool(d), " ? ", a, " : ", b, ")");
  }
  std::string Comparison() { return Pick({"==", "!=", "<", "<=", ">", ">="}); }
  std::string Number(int d) {
    return Below(3) == 0 ? Double(d) : Below(4) == 0 ? Uint(d) : Int(d);
  }

  std::string Int(int depth) {
    if (depth <= 0) {
      return Pick({"0", "1", "-7", "9223372036854775807",
                   "movement.weights.vgm_kg", "movement.weights.crane_kg",
                   "int(movement.event)", "container.events_known"});
    }
    const int d = depth - 1;
    switch (Below(8)) {
      case 0:
        return absl::StrCat("-", Int(d));
      case 1:
        return absl::StrCat("size(", String(d), ")");
      case 2:
        return absl::StrCat(List(d), ".size()");
      case 3:
        return absl::StrCat("int(", Number(d), ")");
      case 4:
        return absl::StrCat(
            Time(d), Pick({".getHours()", ".getFullYear()", ".getDayOfYear()",
                           ".getDayOfWeek('+05:30')", ".getMinutes('-00:30')",
                           ".getDate()", ".getMonth()", ".getMilliseconds()"}));
      case 5:
        return absl::StrCat(
            Duration(d), Pick({".getHours()", ".getMinutes()", ".getSeconds()",
                               ".getMilliseconds()"}));
      case 6:
        return Choice(d, Int(d), Int(d));
      default:
        return Join(Int(d), Pick({"+", "-", "*", "/", "%"}), Int(d));
    }
  }

  std::string Uint(int depth) {
    if (depth <= 0) {
      return Pick({"0u", "3u", "18446744073709551615u",
                   "container.previous.movement_key"});
    }
    return Join(Uint(depth - 1), Pick({"+", "-", "*", "/", "%"}),
                Uint(depth - 1));
  }

  std::string Double(int depth) {
    if (depth <= 0) {
      return Pick({"0.0", "1.5", "-2e300", "container.weight_change",
                   "container.leg_in.speed_kmh"});
    }
    const int d = depth - 1;
    if (Below(4) == 0) return absl::StrCat("double(", Number(d), ")");
    if (Below(4) == 0) return Choice(d, Double(d), Double(d));
    return Join(Double(d), Pick({"+", "-", "*", "/"}), Double(d));
  }

  std::string String(int depth) {
    if (depth <= 0 && variables_ > 0 && Below(2) == 0) {
      return absl::StrCat("v", Below(variables_));
    }
    if (depth <= 0) {
      return Pick({"'A'", "''", "'NLRTM'", "'é⚓'", "movement.haulier.id",
                   "movement.location.locode", "right.nominated.id"});
    }
    const int d = depth - 1;
    switch (Below(5)) {
      case 0:
        return Join(String(d), "+", String(d));
      case 1:
        return absl::StrCat("string(",
                            Below(2) == 0   ? Number(d)
                            : Below(2) == 0 ? Time(d)
                                            : Duration(d),
                            ")");
      case 2:
        return absl::StrCat(List(d), "[", Int(0), "]");
      case 3:
        return Choice(d, String(d), String(d));
      default:
        return String(0);
    }
  }

  std::string Time(int depth) {
    if (depth <= 0) {
      return Pick({"timestamp('2026-01-31T23:59:59.75Z')",
                   "timestamp('1969-07-20T20:17:40Z')",
                   "movement.occurrence_time", "container.first_seen"});
    }
    const int d = depth - 1;
    if (Below(3) == 0) return Choice(d, Time(d), Time(d));
    return Join(Time(d), Pick({"+", "-"}), Duration(d));
  }

  std::string Duration(int depth) {
    if (depth <= 0) {
      return Pick(
          {"duration('90m')", "duration('-1.25s')", "duration('80000000h')"});
    }
    const int d = depth - 1;
    if (Below(2) == 0) return Join(Time(d), "-", Time(d));
    return Join(Duration(d), Pick({"+", "-"}), Duration(d));
  }

  std::string List(int depth) {
    if (depth <= 0) {
      return Pick({"container.seals", "container.last_seals", "['A', 'B']",
                   "movement.seals.map(s, s.number)"});
    }
    const int d = depth - 1;
    switch (Below(4)) {
      case 0:
        return absl::StrCat("[", String(d), ", ", String(d), "]");
      case 1:
        return Join(List(d), "+", List(d));
      case 2:
        return Macro(d, "filter");
      default:
        return List(0);
    }
  }

  std::string Macro(int depth, const std::string& name) {
    const std::string range = List(std::min(depth, 1));
    if (variables_ == 3) return name == "filter" ? range : "true";
    const std::string variable = absl::StrCat("v", variables_++);
    const std::string body = Bool(depth);
    --variables_;
    return absl::StrCat(range, ".", name, "(", variable, ", ", body, ")");
  }

  std::mt19937_64 random_;
  int variables_ = 0;
};

Bindings RandomBindings(std::mt19937_64* random) {
  Bindings b;
  const auto flip = [&] { return (*random)() % 2 == 0; };
  const auto text = [&]() -> std::string {
    const std::vector<std::string> texts = {"A", "B", "NLRTM", "é⚓x"};
    return texts[(*random)() % texts.size()];
  };
  v1::Movement& m = b.movement;
  if (flip()) m.mutable_haulier()->set_id(text());
  if (flip()) m.mutable_location()->set_locode(text());
  if (flip()) m.mutable_consignment()->set_consolidated(flip());
  if (flip()) m.set_retraction(true);
  if (flip()) m.set_event(v1::GATE_OUT);
  if (flip()) m.mutable_weights()->set_vgm_kg(flip() ? 0 : 21000);
  if (flip()) m.mutable_weights()->set_crane_kg(flip() ? 1 : -5);
  if (flip()) m.mutable_occurrence_time()->set_seconds(1'767'225'600);
  if (flip()) m.mutable_occurrence_time()->set_nanos(999'999'999);
  while (flip()) m.add_seals()->set_number(flip() ? text() : "");
  v1::ContainerView& c = b.container;
  if (flip()) c.mutable_previous()->set_movement_key(flip() ? 0 : ~0ull);
  if (flip()) c.set_events_known(flip() ? INT64_MAX : 3);
  if (flip()) c.set_weight_change(flip() ? 0.05 : 1e300);
  if (flip()) c.mutable_leg_in()->set_speed_kmh(flip() ? 0 : 120.25);
  if (flip()) c.mutable_first_seen()->set_seconds(flip() ? -1 : 5);
  if (flip()) c.set_seals_accounted_for(flip());
  while (flip()) c.add_seals(text());
  while (flip()) c.add_last_seals(text());
  if (flip()) b.right.mutable_nominated()->set_id(text());
  return b;
}

TEST(Agreement, OnRandomConditions) {
  constexpr uint64_t kSeed = 20260501;
  std::cout << "seed " << kSeed << "\n";
  const Environment environment = TestEnvironment();
  std::mt19937_64 random(kSeed);
  int compared = 0;
  for (int round = 0; round < 60; ++round) {
    Generator generator(random());
    Batch batch(environment);
    for (int i = 0; i < 100; ++i) {
      std::string source = generator.Bool(2 + i % 4);
      if (source.size() <= kExpressionBytesMax) batch.Add(source);
      ASSERT_FALSE(HasFatalFailure());
    }
    std::vector<Bindings> bindings;
    for (int i = 0; i < 12; ++i) bindings.push_back(RandomBindings(&random));
    compared += batch.Compare(bindings);
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(compared, 60'000);
}

}  // namespace
}  // namespace portrisk::scoring::cel
