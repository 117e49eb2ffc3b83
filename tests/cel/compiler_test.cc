// Programs joined into one, and the memory of what makes their trees.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "scoring/cel/checker.h"
#include "scoring/cel/environment.h"
#include "scoring/cel/program.h"

namespace portrisk::scoring::cel {
namespace {

const std::vector<std::string>& Conditions() {
  static const auto* const conditions = new std::vector<std::string>{
      "movement.haulier.id == 'H1' && movement.weights.vgm_kg > 5",
      "movement.haulier.id != 'H2' || has(movement.container.number)",
      "movement.seals.exists(s, s.number == 'A' && s.number != 'B')",
      "movement.seals.map(s, s.number)[0] + 'x' == movement.haulier.id",
      "size([movement.haulier.id, 'x']) == 2",
      "movement.occurrence_time > timestamp('2026-01-31T12:00:00Z')",
      "movement.haulier.id.substring(1) == 'H'.lowerAscii()",
      "movement.weights.vgm_kg > 5 && movement.haulier.id == 'H1'",
  };
  return *conditions;
}

class CompilerTest : public ::testing::Test {
 protected:
  // Of the conditions from `begin` to `end`.
  std::shared_ptr<const Program> Compiled(size_t begin, size_t end) {
    Compiler compiler(environment_);
    for (size_t i = begin; i < end; ++i) {
      Diagnostics diagnostics;
      const Checked checked =
          CheckCondition(Conditions()[i], environment_, &diagnostics);
      EXPECT_NE(checked.expr, nullptr) << diagnostics[0].message;
      if (checked.expr != nullptr) compiler.Add(*checked.expr);
    }
    return compiler.Finish();
  }

  const Environment environment_ = RuleEnvironment();
};

// In whatever parts and order programs are joined, equal instructions are one;
// only lists written out are kept apart.
TEST_F(CompilerTest, JoinedProgramsShareWhatIsEqual) {
  const size_t count = Conditions().size();
  const auto whole = Compiled(0, count);
  for (size_t cut = 0; cut <= count; ++cut) {
    for (const bool turned : {false, true}) {
      std::vector<std::shared_ptr<const Program>> parts = {
          Compiled(0, cut), Compiled(cut, count), Compiled(0, count)};
      if (turned) std::swap(parts[0], parts[1]);
      Compiler compiler(environment_);
      for (const auto& part : parts) {
        const std::vector<uint32_t> at = compiler.AddAll(*part);
        ASSERT_EQ(at.size(), part->instructions.size());
      }
      const auto joined = compiler.Finish();
      EXPECT_EQ(joined->instructions.size(), whole->instructions.size());
      EXPECT_EQ(joined->operands.size(), whole->operands.size());
      EXPECT_EQ(joined->constants.size(), whole->constants.size());
      EXPECT_EQ(joined->slots.size(), whole->slots.size());
      EXPECT_EQ(joined->selections.size(), whole->selections.size());
      EXPECT_EQ(joined->paths.size(), whole->paths.size()) << cut;
    }
  }
}

// What a set becomes in a programme of its own is what it was.
TEST_F(CompilerTest, TheFirstProgramKeepsItsNumbers) {
  const auto part = Compiled(0, Conditions().size());
  Compiler compiler(environment_);
  const std::vector<uint32_t> at = compiler.AddAll(*part);
  for (uint32_t i = 0; i < at.size(); ++i) ASSERT_EQ(at[i], i);
  const auto joined = compiler.Finish();
  ASSERT_EQ(joined->instructions.size(), part->instructions.size());
  for (size_t i = 0; i < at.size(); ++i) {
    const Instruction& a = joined->instructions[i];
    const Instruction& b = part->instructions[i];
    EXPECT_EQ(a.op, b.op);
    EXPECT_EQ(a.a, b.a);
    EXPECT_EQ(a.b, b.b);
    EXPECT_EQ(a.c, b.c);
  }
}

TEST_F(CompilerTest, ManyInstructionsAreFoundAgain) {
  Compiler compiler(environment_);
  std::vector<uint32_t> roots;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5000; ++i) {
      Diagnostics diagnostics;
      const Checked checked =
          CheckCondition(absl::StrCat("movement.weights.vgm_kg > ", i,
                                      " && "
                                      "movement.haulier.id != 'H",
                                      i % 7, "'"),
                         environment_, &diagnostics);
      const uint32_t root = compiler.Add(*checked.expr);
      if (round == 0) {
        roots.push_back(root);
      } else {
        ASSERT_EQ(root, roots[i]);
      }
    }
  }
}

TEST_F(CompilerTest, TreesThatAreLookedAtStayWhenTheCheckerGoesOn) {
  ConditionChecker checker(environment_);
  Diagnostics diagnostics;
  std::vector<Checked> kept;
  for (int i = 0; i < 20; ++i) {
    Checked one = checker.CheckCondition(
        absl::StrCat("movement.haulier.id == 'H\\x41", i, "'"), &diagnostics);
    ASSERT_NE(one.expr, nullptr);
    if (i % 3 == 0) kept.push_back(std::move(one));
  }
  for (size_t i = 0; i < kept.size(); ++i) {
    const Expr& expr = *kept[i].expr;
    EXPECT_EQ(expr.name, "_==_");
    EXPECT_EQ(expr.args[0]->name, "id");
    EXPECT_EQ(expr.args[1]->text, absl::StrCat("HA", 3 * i));
    EXPECT_EQ(environment_.PathName(PathOf(*expr.args[0])),
              "movement.haulier.id");
  }
}

// A mistake leaves nothing behind for the next.
TEST_F(CompilerTest, ACheckerGoesOnAfterMistakes) {
  ConditionChecker checker(environment_);
  for (const char* bad :
       {"", "movement.", "'\\q'", "movement.nothing == 1", "1 + 'a' == 2",
        "movement.seals.exists(s, s.x == 1)"}) {
    Diagnostics diagnostics;
    EXPECT_EQ(checker.CheckCondition(bad, &diagnostics).expr, nullptr) << bad;
    EXPECT_FALSE(diagnostics.empty()) << bad;
    diagnostics.clear();
    const Checked good =
        checker.CheckCondition("movement.haulier.id == 'H'", &diagnostics);
    ASSERT_NE(good.expr, nullptr) << bad;
    EXPECT_TRUE(diagnostics.empty());
    ASSERT_EQ(good.fields.size(), 1);
  }
}

}  // namespace
}  // namespace portrisk::scoring::cel
