// What the common rule sets owe to whoever relies on them: every pattern of the
// catalogue has a rule, every rule speaks three languages, tells the officer
// what to do, and shows in its own tests when it hits, when it does not and
// when it cannot tell. Whether those tests pass is checked by loading them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "scoring/programme.h"
#include "scoring/rule_set_parser.h"

namespace portrisk::scoring {
namespace {

constexpr int kPatterns = 33;
// Those that say by themselves that a box must be held.
const std::set<int> kHardPatterns = {1, 2, 9, 14, 19};

struct Document {
  std::string file;
  std::string yaml;
  ParsedRuleSet parsed;
};

std::string Read(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<Document> ReadDocuments() {
  std::vector<Document> documents;
  for (const auto& entry : std::filesystem::directory_iterator(
           PORTRISK_SOURCE_DIR "/deploy/rules")) {
    if (entry.path().extension() != ".yaml") continue;
    Document document{entry.path().filename().string(), Read(entry.path()), {}};
    Issues issues(document.yaml, document.file);
    document.parsed = ParseRuleSet(document.yaml, &issues);
    EXPECT_FALSE(issues.has_errors()) << document.file;
    documents.push_back(std::move(document));
  }
  return documents;
}

const std::vector<Document>& Documents() {
  static const auto* const documents =
      new std::vector<Document>(ReadDocuments());
  return *documents;
}

template <typename Function>
void ForEachRule(Function function) {
  for (const Document& document : Documents()) {
    if (document.parsed.rule_set == nullptr) continue;
    const std::vector<Rule>& rules = document.parsed.rule_set->rules;
    for (size_t i = 0; i < rules.size(); ++i) function(document, rules[i], i);
  }
}

std::vector<int> PatternsOf(const Rule& rule) {
  std::vector<int> patterns;
  for (absl::string_view tag : rule.tags) {
    int number = 0;
    if (absl::ConsumePrefix(&tag, "pattern.") &&
        absl::SimpleAtoi(tag, &number)) {
      patterns.push_back(number);
    }
  }
  return patterns;
}

bool IsHard(const Rule& rule) { return rule.lane_at_least >= v1::ORANGE; }

TEST(CommonRules, AreAHandfulAndEachPassesItsOwnTests) {
  ASSERT_GE(Documents().size(), 3u);
  ASSERT_LE(Documents().size(), 8u);
  for (const Document& document : Documents()) {
    const CheckResult checked = CheckRuleSet(document.yaml, document.file);
    EXPECT_NE(checked.rule_set, nullptr);
    for (const v1::Issue& issue : checked.issues) {
      ADD_FAILURE() << issue.file() << ":" << issue.line() << ": "
                    << issue.message() << " " << issue.suggestion();
    }
    EXPECT_FALSE(checked.tests.empty()) << document.file;
  }
}

TEST(CommonRules, CoverEveryPattern) {
  std::map<int, int> rules;
  ForEachRule([&](const Document&, const Rule& rule, size_t) {
    EXPECT_FALSE(PatternsOf(rule).empty()) << rule.id;
    if (rule.status != RuleStatus::kActive) return;
    for (int pattern : PatternsOf(rule)) ++rules[pattern];
  });
  for (int pattern = 1; pattern <= kPatterns; ++pattern) {
    EXPECT_GT(rules[pattern], 0) << "pattern." << pattern;
  }
  EXPECT_EQ(rules.size(), static_cast<size_t>(kPatterns))
      << "a tag names a pattern that does not exist";
}

// Nobody is stopped by weight of evidence that was meant to add weight only.
TEST(CommonRules, OnlyHardPatternsCarryAMandatoryLane) {
  std::set<int> mandatory;
  ForEachRule([&](const Document&, const Rule& rule, size_t) {
    if (!IsHard(rule)) return;
    for (int pattern : PatternsOf(rule)) {
      EXPECT_EQ(kHardPatterns.count(pattern), 1u) << rule.id;
      mandatory.insert(pattern);
    }
    EXPECT_GE(rule.control, v1::SCAN_IMAGE) << rule.id;
  });
  EXPECT_EQ(mandatory, kHardPatterns);
}

TEST(CommonRules, SpeakThreeLanguagesAndTellTheOfficerWhatToDo) {
  ForEachRule([](const Document&, const Rule& rule, size_t) {
    for (size_t i = 0; i < kLanguages.size(); ++i) {
      EXPECT_FALSE(rule.title[i].empty()) << rule.id << " " << kLanguages[i];
      EXPECT_FALSE(rule.explain[i].empty()) << rule.id << " " << kLanguages[i];
      EXPECT_FALSE(rule.task[i].empty()) << rule.id << " " << kLanguages[i];
    }
  });
}

std::vector<std::string> FieldsOf(const TextTemplate& text) {
  std::vector<std::string> fields;
  for (const TextTemplate::Piece& piece : text.pieces) {
    if (piece.is_field) fields.push_back(piece.text);
  }
  std::sort(fields.begin(), fields.end());
  return fields;
}

// A translation that leaves a value out tells its reader less than the others.
TEST(CommonRules, ShowTheSameValuesInEveryLanguage) {
  ForEachRule([](const Document&, const Rule& rule, size_t) {
    for (size_t i = 1; i < kLanguages.size(); ++i) {
      EXPECT_EQ(FieldsOf(rule.explain[i]), FieldsOf(rule.explain[0]))
          << rule.id << " " << kLanguages[i];
    }
  });
}

TEST(CommonRules, AreTestedForHitMissAndUnknown) {
  ForEachRule([](const Document& document, const Rule& rule, size_t index) {
    std::set<std::string> expected;
    for (const RuleTests& tests : document.parsed.tests) {
      if (tests.rule != index) continue;
      for (const YamlNode* test : tests.tests) {
        const YamlNode* const expect = test->Find("expect");
        ASSERT_NE(expect, nullptr) << rule.id;
        expected.insert(std::string(expect->text));
      }
    }
    EXPECT_EQ(expected, (std::set<std::string>{"hit", "miss", "unknown"}))
        << rule.id;
  });
}

}  // namespace
}  // namespace portrisk::scoring
