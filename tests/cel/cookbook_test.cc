// The rule-language page cannot go stale: what it shows is tried here.
//
//   yaml     a whole rule set; or, beginning with a rule, one of the cookbook,
//            to be added to the last set before it that ends in `rules:`
//   cel      an expression a line; behind // the issue it has to raise
//   cel-full the same, skipped as a whole where the first does not check
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "scoring/programme.h"
#include "tests/cel/agreement.h"

namespace portrisk::scoring {
namespace {

struct Block {
  std::string language;
  std::string text;
  int line = 0;
};

std::string Page() {
  std::ifstream file(PORTRISK_SOURCE_DIR "/scoring/RULES.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<Block> Blocks(absl::string_view language) {
  std::vector<Block> blocks;
  bool inside = false;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(Page(), '\n')) {
    ++number;
    if (absl::StartsWith(line, "```")) {
      inside = !inside;
      if (inside) blocks.push_back({std::string(line.substr(3)), "", number});
    } else if (inside) {
      absl::StrAppend(&blocks.back().text, line, "\n");
    }
  }
  EXPECT_FALSE(inside) << "a fence is open at the end";
  std::vector<Block> wanted;
  for (Block& one : blocks) {
    if (one.language == language) wanted.push_back(std::move(one));
  }
  return wanted;
}

bool IsCookbookRule(const Block& block) {
  return absl::StartsWith(block.text, "  - id:");
}

// Nothing but a missing test where the tutorial has none yet.
void ExpectGood(const std::string& yaml, const Block& block,
                const std::set<std::string>& allowed) {
  const CheckResult result = CheckRuleSet(yaml, "RULES.md");
  for (const v1::Issue& issue : result.issues) {
    if (allowed.contains(issue.code())) continue;
    ADD_FAILURE() << "block of line " << block.line << "\n"
                  << issue.DebugString() << issue.excerpt();
  }
  EXPECT_NE(result.rule_set, nullptr) << "block of line " << block.line;
}

TEST(RulesPage, EveryRuleSetChecksAndItsTestsPass) {
  int sets = 0;
  std::string cookbook;
  Block last;
  for (const Block& block : Blocks("yaml")) {
    if (IsCookbookRule(block)) {
      ASSERT_NE(cookbook, "") << "block of line " << block.line;
      absl::StrAppend(&cookbook, block.text);
      last = block;
    } else if (absl::EndsWith(block.text, "rules:\n")) {
      cookbook = block.text;
    } else {
      ++sets;
      ExpectGood(block.text, block, {"NO_TESTS"});
    }
  }
  EXPECT_GE(sets, 2);
  ExpectGood(cookbook, last, {});
}

TEST(RulesPage, CookbookHasTwentyCriteriaTriedForHitMissAndUnknown) {
  std::string yaml;
  for (const Block& block : Blocks("yaml")) {
    if (IsCookbookRule(block) || absl::EndsWith(block.text, "rules:\n")) {
      yaml += block.text;
    }
  }
  const CheckResult result = CheckRuleSet(yaml, "RULES.md");
  ASSERT_NE(result.rule_set, nullptr);
  EXPECT_EQ(RuleCount(*result.rule_set), 20);
  std::map<std::string, std::set<std::string>> outcomes;
  for (const v1::RuleTestResult& test : result.tests) {
    EXPECT_TRUE(test.passed()) << test.ShortDebugString();
    const std::string rest = test.detail().substr(sizeof("expected ") - 1);
    outcomes[test.rule()].insert(rest.substr(0, rest.find(',')));
  }
  EXPECT_EQ(outcomes.size(), 20);
  for (const auto& [rule, seen] : outcomes) {
    EXPECT_EQ(seen, (std::set<std::string>{"hit", "miss", "unknown"})) << rule;
  }
}

// The code of the first issue, or "".
std::string CodeOf(const std::string& source) {
  const cel::Environment environment = cel::RuleEnvironment();
  cel::Diagnostics diagnostics;
  const cel::Checked checked =
      cel::CheckCondition(source, environment, &diagnostics);
  if (checked.expr != nullptr) return "";
  return diagnostics.empty() ? "nothing" : diagnostics[0].code;
}

void TryLines(const Block& block) {
  for (absl::string_view line :
       absl::StrSplit(block.text, '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(line, absl::MaxSplits("  // ", 1));
    EXPECT_EQ(CodeOf(parts.first), parts.second) << line;
  }
}

TEST(RulesPage, EveryConditionChecksOrGivesTheIssueItNames) {
  const std::vector<Block> blocks = Blocks("cel");
  EXPECT_GE(blocks.size(), 3);
  for (const Block& block : blocks) TryLines(block);
}

TEST(RulesPage, ConditionsOfTheWholeLanguageCheckWhereItIsThere) {
  for (const Block& block : Blocks("cel-full")) {
    const std::string first = block.text.substr(0, block.text.find('\n'));
    if (CodeOf(first) != "") GTEST_SKIP() << "not in this version";
    TryLines(block);
  }
}

TEST(RulesPage, ListsEveryIssue) {
  const std::string page = Page();
  for (const char* code : {"ALWAYS_FIRES",    "BAD_AGGREGATE",
                           "BAD_LITERAL",     "BAD_TEXT",
                           "BAD_VALUE",       "CONSTANT_CONDITION",
                           "CONTAINED_RULE",  "DUPLICATE_CONDITION",
                           "DUPLICATE_RULE",  "FIELD_NEVER_FILLED",
                           "MISSING_KEY",     "MISSING_TRANSLATION",
                           "NEVER_EQUAL",     "NEVER_FIRES",
                           "NOT_SUPPORTED",   "NO_EFFECT",
                           "NO_EVENTS",       "NO_TESTS",
                           "OUT_OF_RANGE",    "REVIEW_DUE",
                           "RULE_EXPIRED",    "SCORE_BEYOND_CAP",
                           "SYNTAX",          "TEST_FAILED",
                           "TOO_COMPLEX",     "TOO_COSTLY",
                           "TOO_LONG",        "TOO_MANY_ISSUES",
                           "TYPE_MISMATCH",   "UNKNOWN_CATEGORY",
                           "UNKNOWN_FIELD",   "UNKNOWN_FUNCTION",
                           "UNKNOWN_KEY",     "UNKNOWN_NAME",
                           "UNKNOWN_VALUE",   "UNUSED_AGGREGATE",
                           "UNUSED_CATEGORY", "YAML"}) {
    EXPECT_TRUE(absl::StrContains(page, absl::StrCat("| `", code, "` |")))
        << code;
  }
}

}  // namespace
}  // namespace portrisk::scoring
