// Lists: the compact set against a plain map, expiry, and lists that are
// loaded apart, by both evaluators.
#include "scoring/cel/entry_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/cel/agreement.h"

namespace portrisk::scoring::cel {
namespace {

TEST(EntrySet, AgreesWithAPlainMap) {
  const uint32_t seed = 20260501;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::map<std::string, int64_t> plain;
  EntrySetBuilder builder("s", EntryType::kText, 10, 0);
  const auto text = [&] {
    return std::string(1 + random() % 3, static_cast<char>('a' + random() % 4));
  };
  for (int i = 0; i < 3000; ++i) {
    std::string entry = absl::StrCat(text(), text(), random() % 500);
    const int64_t until =
        random() % 3 == 0 ? static_cast<int64_t>(random()) : EntrySet::kForever;
    EXPECT_EQ(builder.Add(entry, until), plain.emplace(entry, until).second);
  }
  const auto set = builder.Build();
  EXPECT_EQ(set->size(), plain.size());
  for (int i = 0; i < 20000; ++i) {
    const std::string asked = absl::StrCat(text(), text(), random() % 500);
    const auto found = plain.find(asked);
    EXPECT_EQ(set->MemberUntil(asked),
              found == plain.end() ? EntrySet::kNotMember : found->second);
  }
  EXPECT_EQ(set->entries().size(), plain.size());
}

TEST(EntrySet, TheLongestLivedPrefixCounts) {
  EntrySetBuilder builder("goods", EntryType::kHsPrefix, 3, 0);
  builder.Add("08", 100);
  builder.Add("0803", 300);
  builder.Add("080390", 200);
  const auto set = builder.Build();
  EXPECT_EQ(set->MemberUntil("0803901000"), 300);
  EXPECT_EQ(set->MemberUntil("0804"), 100);
  EXPECT_EQ(set->MemberUntil("09"), EntrySet::kNotMember);
  EXPECT_EQ(set->MemberUntil("0"), EntrySet::kNotMember);
}

// What a million watched boxes cost; the header states it.
TEST(EntrySet, AMillionContainerNumbersCostAtMostThirtyFiveBytesEach) {
  EntrySetBuilder builder("boxes", EntryType::kContainerNumber, 1'000'000, 0);
  for (int i = 0; i < 1'000'000; ++i) {
    builder.Add(absl::StrCat("MSKU", 1'000'000 + i), EntrySet::kForever);
  }
  const auto set = builder.Build();
  EXPECT_EQ(set->size(), 1'000'000u);
  EXPECT_LE(set->memory_bytes() / set->size(), 35u);
  EXPECT_TRUE(set->Contains("MSKU1999999"));
  EXPECT_FALSE(set->Contains("MSKU2000000"));
}

struct Case {
  std::string expression;
  int64_t now;
  bool loaded;
  std::string expected;
};

TEST(EntrySet, BothEvaluatorsAgreeOnExpiryAndOnListsNotLoaded) {
  Environment environment = RuleEnvironment();
  environment.AddSet(EntrySet::StandIn("boxes", EntryType::kText, "watched"));
  EntrySetBuilder builder("watched", EntryType::kText, 2, 0);
  builder.Add("OLD", 1000);
  builder.Add("NEW", EntrySet::kForever);
  const auto list = builder.Build();
  const int64_t none = ListContext::kNoTime;
  for (const Case& one : std::vector<Case>{
           {"'OLD' in boxes", 999, true, "true"},
           {"'OLD' in boxes", 1000, true, "false"},
           {"'OLD' in boxes", none, true, "unknown movement.occurrence_time"},
           {"'NEW' in boxes", none, true, "true"},
           {"'ELSE' in boxes", none, true, "false"},
           {"'ELSE' in boxes", 1, false, "unknown watched"},
           {"false && 'ELSE' in boxes", 1, false, "false"},
           {"true || 'ELSE' in boxes", 1, false, "true"}}) {
    SCOPED_TRACE(absl::StrCat(one.expression, " at ", one.now));
    Diagnostics diagnostics;
    const Checked checked =
        CheckExpression(one.expression, environment, &diagnostics);
    ASSERT_NE(checked.expr, nullptr);
    Compiler compiler(environment);
    const uint32_t root = compiler.Add(*checked.expr);
    const auto program = compiler.Finish();
    const Bindings bindings;
    const std::vector<const EntrySet*> sets(program->sets.size(),
                                            one.loaded ? list.get() : nullptr);
    EvalState state;
    state.Begin(*program, bindings.roots().data(), {one.now, sets.data()});
    EXPECT_EQ(DebugText(ToNaive(state.Evaluate(root), program->paths)),
              one.expected);
    const NaiveLists lists{one.now, [&](const EntrySet&) {
                             return one.loaded ? list.get() : nullptr;
                           }};
    EXPECT_EQ(DebugText(EvaluateNaively(*checked.expr, environment,
                                        bindings.roots().data(), lists)),
              one.expected);
  }
}

}  // namespace
}  // namespace portrisk::scoring::cel
