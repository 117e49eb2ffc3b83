// Runs language.tsv through both evaluators.
#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "scoring/rule_set_cases.h"
#include "scoring/rule_set_yaml.h"
#include "tests/cel/agreement.h"

namespace portrisk::scoring::cel {
namespace {

struct Case {
  int line = 0;
  std::string expression, bindings, result;
};

std::vector<Case> ReadCases() {
  std::ifstream file(PORTRISK_SOURCE_DIR "/tests/cel/language.tsv");
  std::vector<Case> cases;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || absl::StartsWith(line, "# ")) continue;
    // The expression may hold a tab itself: results and bindings cannot.
    std::vector<std::string> parts = absl::StrSplit(line, '\t');
    Case one;
    one.line = number;
    one.result = parts.back();
    one.bindings = parts.size() < 3 ? "" : parts[parts.size() - 2];
    const size_t tail = one.result.size() + one.bindings.size() + 2;
    one.expression =
        line.size() > tail ? line.substr(0, line.size() - tail) : "";
    cases.push_back(one);
  }
  return cases;
}

Bindings ReadBindings(const std::string& text) {
  Bindings bindings;
  if (text.empty()) return bindings;
  Issues issues(text, "bindings");
  const auto root = ParseYaml(text, &issues);
  const auto read = [&](const char* key, google::protobuf::Message* message) {
    const YamlNode* node = root == nullptr ? nullptr : root->Find(key);
    if (node != nullptr) ReadMessage(*node, &issues, message);
  };
  read("movement", &bindings.movement);
  read("container", &bindings.container);
  read("right", &bindings.right);
  for (const v1::Issue& issue : issues.Take()) {
    ADD_FAILURE() << issue.ShortDebugString();
  }
  return bindings;
}

std::string IssueText(const Diagnostics& diagnostics) {
  if (diagnostics.empty()) return "no issue";
  const Diagnostic& first = diagnostics[0];
  return absl::StrCat("issue ", first.code, first.suggestion.empty() ? "" : "/",
                      first.suggestion);
}

TEST(Language, BehavesAsTheTableSays) {
  const Environment environment = TestEnvironment();
  const std::vector<Case> cases = ReadCases();
  ASSERT_GT(cases.size(), 300);
  for (const Case& one : cases) {
    SCOPED_TRACE(absl::StrCat("language.tsv:", one.line, ": ", one.expression));
    Diagnostics diagnostics;
    const Checked checked =
        CheckExpression(one.expression, environment, &diagnostics);
    if (absl::StartsWith(one.result, "issue") || !diagnostics.empty()) {
      // A suggestion is compared where the table gives one.
      const bool bare = one.result.find('/') == std::string::npos;
      const std::string got = IssueText(diagnostics);
      EXPECT_EQ(bare ? got.substr(0, got.find('/')) : got, one.result)
          << (diagnostics.empty() ? "" : diagnostics[0].message);
      continue;
    }
    ASSERT_NE(checked.expr, nullptr);
    const Bindings bindings = ReadBindings(one.bindings);
    EXPECT_EQ(Naively(*checked.expr, environment, bindings), one.result);
    Compiler compiler(environment);
    const uint32_t root = compiler.Add(*checked.expr);
    const auto program = compiler.Finish();
    EvalState state;
    // Twice: the second time with everything warm.
    for (int i = 0; i < 2; ++i) {
      state.Begin(*program, bindings.roots().data());
      EXPECT_EQ(DebugText(ToNaive(state.Evaluate(root), program->paths)),
                one.result);
    }
  }
}

}  // namespace
}  // namespace portrisk::scoring::cel
