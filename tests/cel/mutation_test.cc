// The fuzz targets on seeded mutations of good inputs.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

#include "absl/strings/str_split.h"
#include "tests/fuzz/cel_fuzz.h"
#include "tests/fuzz/expression_fuzz.h"
#include "tests/fuzz/rule_set_fuzz.h"

namespace portrisk::scoring {
namespace {

constexpr uint64_t kSeed = 7;

std::string Read(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// A few bytes removed, doubled, replaced, or spliced in from `other`.
std::string Mutate(std::string text, const std::string& other,
                   std::mt19937_64* random) {
  const auto below = [&](size_t n) { return n == 0 ? 0 : (*random)() % n; };
  for (size_t i = 0; i <= below(4); ++i) {
    const size_t at = below(text.size() + 1);
    const size_t length = below(12);
    switch (below(4)) {
      case 0:
        text.erase(std::min(at, text.size()), length);
        break;
      case 1:
        text.insert(at, text.substr(at, length));
        break;
      case 2:
        text.insert(at, 1, "'\"(){}[].,:!&|<>=\\\n \t-#%*x0\xff"[below(29)]);
        break;
      default:
        text.insert(at, other.substr(below(other.size()), length));
    }
  }
  return text;
}

constexpr int kRounds = 6000;

// How many mutants of the language table's expressions `fuzz` accepts.
template <typename Fuzz>
int AcceptedMutants(Fuzz fuzz) {
  std::cout << "seed " << kSeed << "\n";
  std::mt19937_64 random(kSeed);
  std::vector<std::string> corpus;
  const std::string table = Read(PORTRISK_SOURCE_DIR "/tests/cel/language.tsv");
  for (absl::string_view line : absl::StrSplit(table, '\n')) {
    corpus.emplace_back(line.substr(0, line.find('\t')));
  }
  int accepted = 0;
  for (int i = 0; i < kRounds; ++i) {
    const std::string& one = corpus[random() % corpus.size()];
    const std::string& other = corpus[random() % corpus.size()];
    accepted += fuzz(Mutate(one, other, &random)) ? 1 : 0;
  }
  return accepted;
}

// Some survive and some do not, or these try nothing.
TEST(Mutation, OfConditionsBreaksNoPromise) {
  const int accepted = AcceptedMutants(cel::FuzzCondition);
  EXPECT_GT(accepted, kRounds / 50);
  EXPECT_LT(accepted, kRounds * 9 / 10);
}

TEST(Mutation, OfExpressionsBreaksNoPromise) {
  const int accepted = AcceptedMutants(cel::FuzzExpression);
  EXPECT_GT(accepted, kRounds / 20);
  EXPECT_LT(accepted, kRounds * 9 / 10);
}

TEST(Mutation, OfRuleSetsBreaksNoPromise) {
  std::cout << "seed " << kSeed << "\n";
  std::mt19937_64 random(kSeed);
  const std::string rules =
      Read(PORTRISK_SOURCE_DIR "/deploy/rules/common.pickup-right.yaml");
  ASSERT_FALSE(rules.empty());
  int rule_sets = 0;
  constexpr int kRounds = 1500;
  for (int i = 0; i < kRounds; ++i) {
    rule_sets += FuzzRuleSet(Mutate(rules, rules, &random)) ? 1 : 0;
  }
  EXPECT_GT(rule_sets, kRounds / 50);
  EXPECT_LT(rule_sets, kRounds * 9 / 10);
}

}  // namespace
}  // namespace portrisk::scoring
