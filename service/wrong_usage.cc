#include "service/wrong_usage.h"

#include <cmath>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "scoring/cel/suggest.h"

namespace portrisk::service {
namespace {

// From the program to the command that was being read.
std::vector<const CLI::App*> Chain(const CLI::App& app) {
  std::vector<const CLI::App*> chain{&app};
  while (!chain.back()->get_subcommands().empty()) {
    chain.push_back(chain.back()->get_subcommands().front());
  }
  return chain;
}

std::vector<std::string> Flags(const std::vector<const CLI::App*>& chain,
                               absl::string_view before) {
  std::vector<std::string> names;
  for (const CLI::App* app : chain) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        names.push_back(absl::StrCat(before, name));
      }
    }
  }
  return names;
}

std::vector<std::string> Commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command :
       app.get_subcommands([](auto*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::string DidYouMean(absl::string_view word,
                       const std::vector<std::string>& names) {
  const std::string near = scoring::cel::NearestName(word, names);
  return near.empty() ? "" : absl::StrCat("; did you mean ", near, "?");
}

std::string OfWord(const CLI::App& app, const std::string& word) {
  const std::vector<const CLI::App*> chain = Chain(app);
  if (absl::StartsWith(word, "-")) {
    const std::string flag = word.substr(0, word.find('='));
    return absl::StrCat("There is no flag ", flag,
                        DidYouMean(flag, Flags(chain, "--")));
  }
  const std::vector<std::string> commands = Commands(*chain.back());
  if (commands.empty()) {
    return absl::StrCat("\"", word, "\" is one word more than is understood");
  }
  return absl::StrCat("There is no command ", word, DidYouMean(word, commands));
}

// CLI11 says only what it did not understand: a name, or a whole line without
// "=".
std::string OfConfig(const CLI::App& app, absl::string_view said) {
  const bool unknown = absl::ConsumePrefix(&said, "INI was not able to parse ");
  const std::string what(said);
  if (!unknown) return what;
  const std::string file = app.get_config_ptr()->as<std::string>();
  if (what.find_first_of(" :\t") != std::string::npos) {
    return absl::StrCat(file, ": \"", what,
                        "\" is not of the form `flag = value`");
  }
  return absl::StrCat(file, ": there is no flag ", what,
                      DidYouMean(what, Flags({&app}, "")));
}

CLI::Validator NumberThat(bool (*fits)(double), const char* why,
                          const char* type) {
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        double number = 0;
        // No number: what reads it says so.
        if (!absl::SimpleAtod(text, &number) ||
            (std::isfinite(number) && fits(number))) {
          return "";
        }
        return absl::StrCat(text, why);
      },
      type);
}

}  // namespace

CLI::Validator AboveZero() {
  return NumberThat([](double n) { return n > 0; }, " is not above 0",
                    "POSITIVE");
}

CLI::Validator NotNegative() {
  return NumberThat([](double n) { return n >= 0; }, " is below 0",
                    "NONNEGATIVE");
}

CLI::Validator PercentAboveZero() {
  return NumberThat([](double n) { return n > 0 && n <= 100; },
                    " is not above 0 and at most 100 %", "PERCENT");
}

void RefuseNegative(CLI::App* app) {
  for (CLI::Option* option : app->get_options()) {
    if (option->get_type_name().rfind("UINT", 0) == 0) {
      option->check(NotNegative());
    }
  }
  for (CLI::App* command :
       app->get_subcommands([](CLI::App*) { return true; })) {
    RefuseNegative(command);
  }
}

int EndUsage(const CLI::App& app, const CLI::ParseError& wrong) {
  if (wrong.get_exit_code() == 0) return app.exit(wrong);
  const std::vector<std::string> unknown = app.remaining(true);
  std::string said = wrong.what();
  if (dynamic_cast<const CLI::ConfigError*>(&wrong) != nullptr) {
    said = OfConfig(app, said);
  } else if (!unknown.empty()) {
    // Before what is missing: it may be missing because it is misspelt.
    said = OfWord(app, unknown.front());
  }
  std::cerr << said << "\nRun with --help for more information.\n";
  return 1;
}

}  // namespace portrisk::service
