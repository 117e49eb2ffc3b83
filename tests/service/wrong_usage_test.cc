#include "service/wrong_usage.h"

#include <gmock/gmock.h>

#include <fstream>
#include <string>
#include <vector>

#include "tests/service/engine_fixture.h"

namespace portrisk::service {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// What is said to these words, and what main returns.
class WrongUsageTest : public ::testing::Test {
 protected:
  std::string Say(std::vector<std::string> words, int code = 1) {
    std::string store;
    std::string file;
    bool strict = false;
    uint64_t revision = 0;
    int top = 1;
    CLI::App app("about it");
    app.require_subcommand(1);
    app.set_config("--config");
    app.allow_config_extras(CLI::config_extras_mode::error);
    app.add_option("--store", store)->required();
    app.fallthrough();
    CLI::App* score = app.add_subcommand("score");
    score->add_option("--format", file)->required();
    score->add_flag("--strict", strict);
    CLI::App* rules = app.add_subcommand("rules");
    rules->add_option("--revision", revision);
    rules->add_option("--top", top)->check(AboveZero());
    RefuseNegative(&app);
    words.insert(words.begin(), "program");
    std::vector<const char*> pointers;
    for (const std::string& word : words) pointers.push_back(word.c_str());
    try {
      app.parse(static_cast<int>(pointers.size()), pointers.data());
    } catch (const CLI::ParseError& wrong) {
      ::testing::internal::CaptureStderr();
      ::testing::internal::CaptureStdout();
      EXPECT_EQ(EndUsage(app, wrong), code);
      return ::testing::internal::GetCapturedStderr() +
             ::testing::internal::GetCapturedStdout();
    }
    return "nothing";
  }
  std::string SayOfConfig(const std::string& text) {
    const std::string path = directory_.path() + "/flags";
    std::ofstream(path) << text;
    const std::string said = Say({"--config", path});
    EXPECT_THAT(said, StartsWith(path));
    return said.substr(path.size());
  }

  TemporaryDirectory directory_;
};

TEST_F(WrongUsageTest, AMisspeltFlagIsNamedBeforeWhatIsMissing) {
  EXPECT_THAT(Say({"--stroe", "x", "score", "--format", "csv"}),
              StartsWith("There is no flag --stroe; did you mean --store?"));
  EXPECT_THAT(Say({"--store", "x", "score", "--fromat=csv"}),
              StartsWith("There is no flag --fromat; did you mean --format?"));
  // Of the program, behind the command.
  EXPECT_THAT(Say({"score", "--format", "csv", "--stoer", "x"}),
              StartsWith("There is no flag --stoer; did you mean --store?"));
  const std::string far = Say({"--store", "x", "score", "--zebra", "y"});
  EXPECT_THAT(far, StartsWith("There is no flag --zebra\n"));
  EXPECT_THAT(far, HasSubstr("--help"));
}

TEST_F(WrongUsageTest, AMisspeltCommandIsNamed) {
  EXPECT_THAT(Say({"--store", "x", "scoer"}),
              StartsWith("There is no command scoer; did you mean score?"));
  EXPECT_THAT(Say({"--store", "x", "rules", "more"}),
              StartsWith("\"more\" is one word more than is understood"));
}

TEST_F(WrongUsageTest, WhatIsMissingIsSaidWhereNothingIsMisspelt) {
  EXPECT_THAT(Say({"--store", "x", "score"}),
              StartsWith("--format is required"));
  EXPECT_THAT(Say({"--store", "x"}), StartsWith("A subcommand is required"));
}

TEST_F(WrongUsageTest, AFileOfFlagsIsNamedWithWhatIsWrongInIt) {
  EXPECT_THAT(SayOfConfig("stoer = x\n"),
              StartsWith(": there is no flag stoer; did you mean store?"));
  EXPECT_THAT(SayOfConfig("store: x\n"),
              StartsWith(": \"store: x\" is not of the form `flag = value`"));
}

TEST_F(WrongUsageTest, ANumberBelowWhatItCountsIsRefused) {
  EXPECT_THAT(Say({"--store", "x", "rules", "--revision", "-1"}),
              StartsWith("--revision: -1 is below 0\n"));
  EXPECT_THAT(Say({"--store", "x", "rules", "--top", "0"}),
              StartsWith("--top: 0 is not above 0\n"));
  EXPECT_THAT(Say({"--store", "x", "rules", "--top", "inf"}),
              StartsWith("--top: inf is not above 0\n"));
  EXPECT_EQ(Say({"--store", "x", "rules", "--top", "1", "--revision", "0"}),
            "nothing");
}

TEST_F(WrongUsageTest, HelpIsNoError) {
  const std::string help = Say({"--help"}, 0);
  EXPECT_THAT(help, HasSubstr("about it"));
  EXPECT_THAT(help, Not(HasSubstr("Run with")));
}

}  // namespace
}  // namespace portrisk::service
