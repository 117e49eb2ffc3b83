// Reading rule sets: what is accepted, and where mistakes are shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "scoring/cel/utf8.h"
#include "scoring/limits.h"
#include "scoring/programme.h"
#include "scoring/rule_set_yaml.h"

namespace portrisk::scoring {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr absl::string_view kGood = R"(rule_set: test.set
layer: national
owner: NL
categories: {gate: 500}
lists:
  ports: {type: locode, entries: [nlrtm, BE ANR]}
  goods: {type: hs_prefix, entries: ['0803', '84.12']}
  boxes: {type: container_number, entries: [msku 123456-5]}
  names: {type: text, entries: [Some words]}
  people: {type: party_id, entries: [NL1]}
rules:
  - id: first
    title: {en: T, es: T, pt: T}
    tags: [a, b]
    applies_to: [GATE_OUT]
    when: movement.location.locode in ports
    category: gate
    score: 100
    lane_at_least: ORANGE
    control: SCAN_IMAGE
    explain: {en: E, es: E, pt: E}
    task: {en: Do, es: Haga, pt: Faça}
    status: shadow
    valid: {from: 2026-01-01, until: 2026-12-31, review: 2026-07-01}
    sensitivity: restricted
    tests:
      - given: {movement: {event: GATE_OUT, location: {locode: NLRTM}}}
        expect: hit
)";

std::string Replaced(absl::string_view from, absl::string_view to) {
  EXPECT_THAT(std::string(kGood), HasSubstr(std::string(from)));
  return absl::StrReplaceAll(kGood, {{from, to}});
}

// "ERROR UNKNOWN_KEY 13:5 message [suggestion]" for each issue.
std::vector<std::string> Lines(const std::string& yaml) {
  std::vector<std::string> lines;
  for (const v1::Issue& issue : CheckRuleSet(yaml, "f.yaml").issues) {
    lines.push_back(absl::StrCat(
        v1::Severity_Name(issue.severity()), " ", issue.code(), " ",
        issue.line(), ":", issue.column(), " ", issue.message(),
        issue.suggestion().empty() ? "" : " [", issue.suggestion(),
        issue.suggestion().empty() ? "" : "]"));
  }
  return lines;
}

std::string First(const std::string& yaml) {
  const auto lines = Lines(yaml);
  return lines.empty() ? "" : lines[0];
}

// Whether a line is that issue; without a suggestion in `wanted`, whatever is
// suggested. Issues.OfEveryCode... looks at suggestions.
bool Shows(const std::string& line, const std::string& wanted) {
  return line == wanted ||
         (!wanted.empty() && absl::StartsWith(line, wanted + " ["));
}

TEST(RuleSet, WithEveryKeyIsAccepted) {
  const CheckResult result = CheckRuleSet(kGood, "f.yaml");
  EXPECT_THAT(Lines(std::string(kGood)), IsEmpty());
  ASSERT_NE(result.rule_set, nullptr);
  EXPECT_EQ(RuleSetName(*result.rule_set), "test.set");
  EXPECT_EQ(RuleSetOwner(*result.rule_set), "NL");
  EXPECT_EQ(RuleSetLayer(*result.rule_set), v1::NATIONAL);
  EXPECT_EQ(RuleCount(*result.rule_set), 1);
  ASSERT_THAT(result.tests, SizeIs(1));
  EXPECT_TRUE(result.tests[0].passed());
  EXPECT_EQ(result.tests[0].detail(), "expected hit, came out hit");
}

TEST(RuleSet, AsJsonIsTheSameThing) {
  EXPECT_THAT(Lines(R"({"rule_set": "a", "layer": "port", "owner": "P",
    "rules": [{"id": "r", "title": {"en": "T", "es": "T", "pt": "T"},
    "explain": {"en": "E", "es": "E", "pt": "E"}, "score": 5,
    "when": "movement.id == \"x\"",
    "tests": [{"given": {"movement": {"id": "x"}}, "expect": "hit"}]}]})"),
              IsEmpty());
}

TEST(RuleSet, UnknownKeysAreErrorsWithTheNearestName) {
  EXPECT_PRED2(Shows, First(Replaced("owner: NL", "ownr: NL\nowner: NL")),
               "ERROR UNKNOWN_KEY 3:1 a rule set has no key ownr [owner]");
  EXPECT_PRED2(Shows, First(Replaced("    score: 100", "    scores: 100")),
               "ERROR UNKNOWN_KEY 18:5 a rule has no key scores [score]");
  EXPECT_PRED2(Shows, First(Replaced("es: Haga", "fr: Faites")),
               "WARNING MISSING_TRANSLATION 22:11 task is missing in es "
               "[es: ...]");
}

TEST(RuleSet, MissingKeysAreNamed) {
  EXPECT_THAT(Lines("{}"),
              ::testing::UnorderedElementsAre(
                  "ERROR MISSING_KEY 1:1 a rule set needs rule_set "
                  "[rule_set: ...]",
                  "ERROR MISSING_KEY 1:1 a rule set needs layer [layer: ...]",
                  "ERROR MISSING_KEY 1:1 a rule set needs owner [owner: ...]",
                  "ERROR MISSING_KEY 1:1 a rule set needs rules "
                  "[rules: ...]"));
  EXPECT_PRED2(
      Shows,
      First(Replaced("    when: movement.location.locode in ports\n", "")),
      "ERROR MISSING_KEY 12:5 a rule needs when [when: ...]");
}

TEST(RuleSet, BadValuesAreShownWhereTheyStand) {
  const struct {
    const char* from;
    const char* to;
    const char* issue;
  } kCases[] = {
      {"layer: national", "layer: nation",
       "ERROR UNKNOWN_VALUE 2:8 layer cannot be nation [national]"},
      {"rule_set: test.set", "rule_set: test set",
       "ERROR BAD_VALUE 1:11 rule_set consists of letters, digits, '.', '-' "
       "and '_', at most 128"},
      {"{gate: 500}", "{gate: 2000}",
       "ERROR BAD_VALUE 4:20 a whole number from 0 to 1000 is expected here"},
      {"[nlrtm, ", "[nlrt, ", "ERROR BAD_VALUE 6:35 this is no locode"},
      {"type: hs_prefix", "type: hs",
       "ERROR UNKNOWN_VALUE 7:17 type cannot be "
       "hs [text, locode, container_number, "
       "party_id, hs_prefix]"},
      {"'0803'", "'080x'", "ERROR BAD_VALUE 7:38 this is no hs_prefix"},
      {"  names:", "  movement:",
       "ERROR BAD_VALUE 9:3 movement already has a meaning"},
      {"  names:", "  na-mes:",
       "ERROR BAD_VALUE 9:3 a list's name consists of letters, digits and "
       "'_'"},
      {"[GATE_OUT]", "[GATEOUT]",
       "ERROR UNKNOWN_VALUE 15:18 no Event is called GATEOUT [GATE_OUT]"},
      {"[GATE_OUT]", "[EVENT_UNSPECIFIED]",
       "ERROR UNKNOWN_VALUE 15:18 no Event is called EVENT_UNSPECIFIED"},
      {"[GATE_OUT]", "GATE_OUT",
       "ERROR BAD_VALUE 15:17 applies_to is a list of texts [[one, two]]"},
      {"score: 100", "score: 1001",
       "ERROR BAD_VALUE 18:12 a whole number from 0 to 1000 is expected here"},
      {"score: 100", "score: '100'",
       "ERROR BAD_VALUE 18:12 a whole number from 0 to 1000 is expected here"},
      {"ORANGE", "PINK",
       "ERROR UNKNOWN_VALUE 19:20 no Lane is called PINK [GREEN, BLUE, YELLOW, "
       "ORANGE, RED]"},
      {"SCAN_IMAGE", "SCAN_IMAGES",
       "ERROR UNKNOWN_VALUE 20:14 no Control is called SCAN_IMAGES "
       "[SCAN_IMAGE]"},
      {"status: shadow", "status: live",
       "ERROR UNKNOWN_VALUE 23:13 status cannot be live [draft, shadow, "
       "active]"},
      {"from: 2026-01-01", "from: 2026-13-01",
       "ERROR BAD_VALUE 24:19 from is a date [2026-01-31]"},
      {"from: 2026-01-01", "from: 2027-01-01",
       "ERROR BAD_VALUE 24:12 the rule ends before it begins"},
      {"review: 2026-07-01", "review: 2027-07-01",
       "WARNING BAD_VALUE 24:58 the review lies outside of the rule's time"},
      {"restricted", "secret",
       "ERROR UNKNOWN_VALUE 25:18 sensitivity cannot be secret [open, "
       "restricted]"},
      {"expect: hit", "expect: yes",
       "ERROR UNKNOWN_VALUE 28:17 expect cannot be yes [hit, miss, unknown]"},
      {"category: gate", "category: gates",
       "WARNING UNKNOWN_CATEGORY 17:15 no category gates is declared, so "
       "nothing caps it [categories: {gates: 500}]"},
      {"score: 100\n    lane_at_least: ORANGE", "score: 0",
       "WARNING NO_EFFECT 12:5 the rule adds no points and asks for no lane "
       "[score: 100]"},
      {"movement.location.locode in ports", "true",
       "WARNING CONSTANT_CONDITION 16:11 this condition always holds"},
  };
  for (const auto& one : kCases) {
    const auto lines = Lines(Replaced(one.from, one.to));
    EXPECT_TRUE(std::any_of(
        lines.begin(), lines.end(),
        [&](const std::string& line) { return Shows(line, one.issue); }))
        << one.to << "\n"
        << absl::StrJoin(lines, "\n");
  }
}

TEST(RuleSet, DuplicatesAreErrors) {
  const std::string yaml = absl::StrCat(kGood, R"(  - id: first
    title: {en: T, es: T, pt: T}
    explain: {en: T, es: T, pt: T}
    when: has(movement.id)
    score: 1
    tests: [{given: {}, expect: miss}]
)");
  EXPECT_THAT(Lines(yaml),
              ::testing::ElementsAre("ERROR DUPLICATE_RULE 29:9 another rule "
                                     "is called first [first-2]"));
  EXPECT_PRED2(Shows, First(Replaced("owner: NL", "owner: NL\nowner: BE")),
               "ERROR YAML 4:1 owner is given twice");
}

TEST(RuleSet, YamlBeyondWhatIsNeededIsRefused) {
  EXPECT_PRED2(Shows, First("a: &x 1\nb: *x\n"),
               "ERROR YAML 1:4 anchors are not allowed");
  EXPECT_PRED2(Shows, First("a: !!int 1\n"),
               "ERROR YAML 1:4 tags are not allowed");
  EXPECT_PRED2(Shows, First("? [a]\n: 1\n"),
               "ERROR YAML 1:3 a key must be text");
  EXPECT_PRED2(Shows, First("a: [1\n").substr(0, 10), "ERROR YAML");
  EXPECT_PRED2(Shows, First("a: 1\n---\nb: 2\n"),
               "ERROR YAML 2:1 more than one document");
  EXPECT_PRED2(Shows, First(""),
               "ERROR YAML 1:1 the document is not a map "
               "[key: value]");
  EXPECT_PRED2(Shows, First("a: \xff\n"),
               "ERROR YAML 1:4 this byte is not UTF-8 text");
  EXPECT_THAT(First("a: " + std::string(200, '[') + std::string(200, ']')),
              HasSubstr("nested too deeply"));
  EXPECT_THAT(First(std::string(100000, '[')), HasSubstr("ERROR YAML"));
}

TEST(RuleSet, ConditionsAreShownInPlainQuotedAndBlockScalars) {
  const auto at = [](absl::string_view when) {
    return First(Replaced("movement.location.locode in ports", when));
  };
  EXPECT_PRED2(Shows, at("movement.id == movement.idd"),
               "ERROR UNKNOWN_FIELD 16:35 Movement has no field idd [id]");
  EXPECT_PRED2(Shows, at("'movement.id == ''a'' && movement.idd == ''b'''"),
               "ERROR UNKNOWN_FIELD 16:45 Movement has no field idd [id]");
  EXPECT_PRED2(Shows,
               at(R"("movement.id == \"\u0041\" && movement.idd == 'b'")"),
               "ERROR UNKNOWN_FIELD 16:50 Movement has no field idd [id]");
  EXPECT_PRED2(
      Shows,
      at(">\n      movement.id == 'a' &&\n\n        movement.idd == 'b'"),
      "ERROR UNKNOWN_FIELD 19:18 Movement has no field idd [id]");
  EXPECT_PRED2(Shows,
               at("|-\n      movement.id == 'é' &&\n      movement.idd == 'b'"),
               "ERROR UNKNOWN_FIELD 18:16 Movement has no field idd [id]");
  EXPECT_PRED2(Shows, at("movement.id == 'a' &&\n      movement.idd == 'b'"),
               "ERROR UNKNOWN_FIELD 17:16 Movement has no field idd [id]");
  EXPECT_PRED2(Shows,
               at("\"movement.id == 'a' &&\\\n      \\ movement.idd == 'b'\""),
               "ERROR UNKNOWN_FIELD 17:18 Movement has no field idd [id]");
  EXPECT_PRED2(Shows, at("movement.id == 'é' && movement.idd == 'b'"),
               "ERROR UNKNOWN_FIELD 16:42 Movement has no field idd [id]");
}

TEST(RuleSet, ExcerptHasACaretBelowTheMistake) {
  const CheckResult result = CheckRuleSet(
      Replaced("movement.location.locode in ports", "movement.idd == 'é'"),
      "f.yaml");
  ASSERT_THAT(result.issues, ::testing::Not(IsEmpty()));
  EXPECT_EQ(result.issues[0].excerpt(),
            "    when: movement.idd == 'é'\n                   ^");
  EXPECT_EQ(result.issues[0].file(), "f.yaml");
  EXPECT_EQ(result.issues[0].rule(), "first");
}

TEST(RuleSet, PlaceholdersAreCheckedLikeConditions) {
  const auto at = [](absl::string_view text) {
    return First(Replaced("explain: {en: E,",
                          absl::StrCat("explain: {en: \"", text, "\",")));
  };
  EXPECT_PRED2(Shows, at("A {movement.id} and {{braces}}"), "");
  EXPECT_PRED2(Shows, at("A {movement.idd}"),
               "ERROR UNKNOWN_FIELD 21:32 Movement has no field idd [id]");
  EXPECT_PRED2(
      Shows, at("A {movement.id == 'x'}"),
      "ERROR BAD_TEXT 21:23 braces hold the path of a field and nothing "
      "else [{movement.container.number}]");
  EXPECT_PRED2(
      Shows, at("A {movement.id"),
      "ERROR BAD_TEXT 21:22 this brace has no partner [double it: {{ or "
      "}}]");
  EXPECT_PRED2(
      Shows, at("A } b"),
      "ERROR BAD_TEXT 21:22 this brace has no partner [double it: {{ or "
      "}}]");
}

TEST(RuleSet, FailedTestsSayWhatCameOutAndWhy) {
  const auto with = [](absl::string_view given, absl::string_view expect) {
    return First(Replaced(
        "given: {movement: {event: GATE_OUT, location: {locode: NLRTM}}}\n"
        "        expect: hit",
        absl::StrCat("given: ", given, "\n        expect: ", expect)));
  };
  EXPECT_PRED2(
      Shows, with("{movement: {event: GATE_OUT}}", "hit"),
      "ERROR TEST_FAILED 28:17 test 1: expected hit, came out unknown: "
      "movement.location.locode is missing");
  EXPECT_PRED2(
      Shows,
      with("{movement: {event: GATE_OUT, location: {locode: NLRTM}}}", "miss"),
      "ERROR TEST_FAILED 28:17 test 1: expected miss, came out hit");
  EXPECT_PRED2(
      Shows,
      with("{movement: {event: LOAD, location: {locode: NLRTM}}}", "hit"),
      "ERROR TEST_FAILED 28:17 test 1: expected hit, came out miss: the "
      "rule does not apply to LOAD");
  EXPECT_PRED2(
      Shows,
      with("{movement: {event: GATE_OUT, location: {locode: NLRTM}, "
           "occurrence_time: '2027-01-01T00:00:00Z'}}",
           "hit"),
      "ERROR TEST_FAILED 28:17 test 1: expected hit, came out miss: the "
      "rule is not valid at that time");
}

TEST(RuleSet, GivenIsReadStrictly) {
  const auto with = [](absl::string_view given) {
    return First(
        Replaced("{movement: {event: GATE_OUT, location: {locode: "
                 "NLRTM}}}",
                 given));
  };
  EXPECT_PRED2(Shows, with("{movment: {}}"),
               "ERROR UNKNOWN_KEY 27:17 given has no key movment [movement]");
  EXPECT_PRED2(Shows, with("{movement: {evnt: LOAD}}"),
               "ERROR UNKNOWN_FIELD 27:28 Movement has no field evnt [event]");
  EXPECT_PRED2(Shows, with("{movement: {event: LOADED}}"),
               "ERROR UNKNOWN_VALUE 27:35 no Event is called LOADED [LOAD]");
  EXPECT_PRED2(Shows, with("{movement: {weights: {vgm_kg: heavy}}}"),
               "ERROR BAD_VALUE 27:46 vgm_kg needs a whole number from "
               "-2147483648 to 2147483647");
  EXPECT_PRED2(Shows, with("{movement: {seals: {number: x}}}"),
               "ERROR BAD_VALUE 27:35 seals needs a list");
  EXPECT_PRED2(Shows, with("{movement: {occurrence_time: today}}"),
               "ERROR BAD_VALUE 27:45 occurrence_time needs a time such as "
               "2026-01-31T12:00:00Z");
  EXPECT_PRED2(Shows, with("{movement: {retraction: maybe}}"),
               "ERROR BAD_VALUE 27:40 retraction needs true or false");
  EXPECT_PRED2(Shows, with("{movement: {pickup_right: {pin_hash: '*'}}}"),
               "ERROR BAD_VALUE 27:53 pin_hash needs bytes in base64");
  EXPECT_PRED2(Shows,
               with("{movement: {event: GATE_OUT, location: {locode: NLRTM}, "
                    "updateTime: 2026-01-31T12:00:00Z}}"),
               "");
}

TEST(RuleSet, TooManyIssuesAreCounted) {
  std::string yaml = "rule_set: a\nlayer: port\nowner: P\nrules:\n";
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&yaml, "  - {id: r", i, "}\n");
  const CheckResult result = CheckRuleSet(yaml, "f");
  EXPECT_EQ(result.rule_set, nullptr);
  EXPECT_LE(result.issues.size(), kIssuesMax + kIssuesMax + 1);
  EXPECT_EQ(result.issues.back().code(), "TOO_MANY_ISSUES");
}

TEST(RuleSet, WarningsDoNotHideAnErrorAfterThem) {
  std::string yaml = "rule_set: a\nlayer: port\nowner: P\nrules:\n";
  for (int i = 0; i < 300; ++i) {
    absl::StrAppend(&yaml, "  - {id: r", i,
                    ", when: movement.retraction, score: 1, title: {en: T}, "
                    "explain: {en: T}}\n");
  }
  EXPECT_NE(CheckRuleSet(yaml, "f").rule_set, nullptr);
  absl::StrAppend(&yaml,
                  "  - {id: r7, when: movement.retraction, score: 1, "
                  "title: {en: T}, explain: {en: T}}\n");
  const CheckResult result = CheckRuleSet(yaml, "f");
  EXPECT_EQ(result.rule_set, nullptr);
  EXPECT_THAT(Lines(yaml),
              ::testing::Contains(HasSubstr("ERROR DUPLICATE_RULE")));
}

TEST(RuleSet, LimitsAreEnforced) {
  const auto when = [](const std::string& text) {
    return First(Replaced("movement.location.locode in ports",
                          absl::StrCat("\"", text, "\"")));
  };
  EXPECT_THAT(when(std::string(kExpressionBytesMax + 1, ' ') + "true"),
              HasSubstr("TOO_LONG"));
  EXPECT_THAT(when(std::string(kNestingMax + 1, '(') + "true" +
                   std::string(kNestingMax + 1, ')')),
              HasSubstr("TOO_COMPLEX"));
  EXPECT_THAT(when(std::string(kNestingMax + 1, '!') + "true"),
              HasSubstr("TOO_COMPLEX"));
  std::string chain = "movement.retraction";
  for (int i = 0; i < kTreeHeightMax; ++i) chain += "||true";
  EXPECT_THAT(when(chain), HasSubstr("TOO_COMPLEX"));
}

TEST(RuleSet, WhatCostsTooMuchIsRefusedWithTheEstimate) {
  const auto when = [](const std::string& text) {
    return First(Replaced("movement.location.locode in ports",
                          absl::StrCat("\"", text, "\"")));
  };
  // Macros inside one another over repeated fields.
  EXPECT_PRED2(
      Shows,
      when("movement.seals.all(a, movement.seals.all(b, "
           "movement.seals.all(c, movement.seals.all(d, a.number == d.number "
           "&& b.number == c.number))))"),
      "ERROR TOO_COSTLY 16:93 the condition costs about 870,000 operations, "
      "the limit is 100,000; most of it is `all` here [fewer macros inside one "
      "another, or a declared list]");
  // A text that doubles with every step.
  std::string doubling = "['abcdefgh']";
  for (int i = 0; i < 40; ++i) doubling += ".map(x, x + x)";
  EXPECT_PRED2(
      Shows, when(doubling + "[0] == movement.id"),
      "ERROR TOO_COSTLY 16:580 the value of `+` can grow to about "
      "8,700,000,000,000 bytes, the limit is 1,000,000 [compare the parts "
      "instead of joining them]");
  // A list that doubles.
  std::string growing = "[container.seals]";
  for (int i = 0; i < 40; ++i) growing += ".map(x, x + x)";
  EXPECT_THAT(when(growing + "[0] == container.seals"),
              AllOf(HasSubstr("ERROR TOO_COSTLY"), HasSubstr("can grow to")));
  // || multiplied out of &&.
  std::string nested = "(movement.id == 'A' || movement.source == 'B')";
  for (int i = 0; i < 20; ++i) {
    nested += absl::StrCat(" && (movement.id == '", i,
                           "' || movement.source == '", i, "')");
  }
  EXPECT_PRED2(
      Shows, when(nested),
      "ERROR TOO_COSTLY 16:663 multiplied out, the condition has about "
      "2,000,000 alternatives, the limit is 10,000 [use `in` for several "
      "values, or split the rule]");
  // A list that belongs under lists:.
  std::string literals = "movement.id in ['x'";
  for (int i = 0; i < 100; ++i) absl::StrAppend(&literals, ",'", i, "'");
  EXPECT_PRED2(
      Shows, when(literals + "]"),
      "ERROR TOO_LONG 16:27 a list of 101 entries in a condition, the "
      "limit is 100 [declare it under lists: and write `in its_name`]");
  // A regular expression.
  EXPECT_THAT(when("movement.id.matches('(a+)+b')"),
              HasSubstr("ERROR NOT_SUPPORTED 16:24"));
  // What is large and in order.
  for (const std::string& fine :
       {std::string("movement.seals.all(a, movement.seals.exists(b, a.number "
                    "== b.number && a.source != 'CUS'))"),
        literals.substr(0, literals.rfind(',')) + "]"}) {
    EXPECT_EQ(when(fine).find("ERROR TOO"), std::string::npos) << when(fine);
  }
}

// What stands above the caret.
std::string AtCaret(const v1::Issue& issue) {
  const std::vector<std::string> lines = absl::StrSplit(issue.excerpt(), '\n');
  if (lines.size() != 2 || lines[1].empty() || lines[1].back() != '^') {
    return absl::StrCat("no caret: ", issue.excerpt());
  }
  size_t at = 0;
  for (size_t i = 0; i + 1 < lines[1].size(); ++i) {
    EXPECT_EQ(lines[1][i] == '\t', lines[0][at] == '\t');
    at += cel::Utf8Length(absl::string_view(lines[0]).substr(at));
  }
  return lines[0].substr(at);
}

// One edit of kGood for each code, and what the caret has to stand under.
struct CodeCase {
  const char* code;
  const char* from;
  const char* to;
  const char* at_caret;
};

constexpr CodeCase kCodeCases[] = {
    {"ALWAYS_FIRES", "movement.location.locode in ports",
     "movement.id == 'A' || movement.id != 'A'", "movement.id == 'A' ||"},
    {"BAD_AGGREGATE", "rules:",
     "aggregates: {n: {key: container.previous.locode, count: true, window: "
     "1h}}\nrules:",
     "container.previous"},
    {"BAD_LITERAL", "movement.location.locode in ports",
     "movement.occurrence_time > timestamp('today')", "'today'"},
    {"BAD_TEXT", "{en: E,", "{en: 'é {movement.id',", "{movement.id"},
    {"BAD_VALUE", "score: 100", "score: many", "many"},
    {"CONSTANT_CONDITION", "movement.location.locode in ports", "1 < 2",
     "1 < 2"},
    {"COUNTS_FALSE", "rules:",
     "aggregates: {n: {key: movement.id, count: false, window: 1h}}\nrules:",
     "false"},
    {"DUPLICATE_RULE", "rules:",
     "rules:\n  - {id: first, when: movement.retraction, score: 1, title: {en: "
     "T}, explain: {en: T}}",
     "first"},
    {"MISSING_KEY", "owner: NL", "", "rule_set: test.set"},
    {"MISSING_TRANSLATION", "es: Haga, ", "", "{en: Do"},
    {"NEVER_EQUAL", "movement.location.locode in ports",
     "movement.event == EVENT_UNSPECIFIED", "EVENT_UNSPECIFIED"},
    {"NEVER_FIRES", "movement.location.locode in ports",
     "movement.id == 'é' && movement.id == 'B'", "movement.id == 'B'"},
    {"NOT_SUPPORTED", "movement.location.locode in ports",
     "movement.id.matches('é')", "matches"},
    {"NO_EFFECT", "score: 100\n    lane_at_least: ORANGE", "score: 0",
     "id: first"},
    {"NO_EVENTS", "applies_to: [GATE_OUT]", "applies_to: []", "[]"},
    {"NO_TESTS",
     "    tests:\n      - given: {movement: {event: GATE_OUT, location: "
     "{locode: "
     "NLRTM}}}\n        expect: hit\n",
     "", "id: first"},
    {"OUT_OF_RANGE", "movement.location.locode in ports",
     "movement.weights.vgm_kg > 9223372036854775808", "9223372036854775808"},
    {"SCORE_BEYOND_CAP", "{gate: 500}", "{gate: 50}", "100"},
    {"SYNTAX", "movement.location.locode in ports", "movement.id = 'é'",
     "= 'é'"},
    {"TEST_FAILED", "expect: hit", "expect: miss", "miss"},
    {"TOO_COMPLEX", "movement.location.locode in ports",
     "(((((((((((((((((((((((((((((((((((((((((((((((((true))))))))))))))))))))"
     ")"
     "))))))))))))))))))))))))))))",
     "(true"},
    {"TOO_COSTLY", "movement.location.locode in ports",
     "movement.seals.all(a, movement.seals.all(b, movement.seals.all(c, "
     "movement.seals.all(d, a.number == d.number && b.number == c.number))))",
     "all(d"},
    {"TYPE_MISMATCH", "movement.location.locode in ports",
     "movement.event == 'GATE_OUT'", "== 'GATE_OUT'"},
    {"UNKNOWN_CATEGORY", "category: gate", "category: gates", "gates"},
    {"UNKNOWN_FIELD", "movement.location.locode in ports",
     "movement.hauler.id == 'X'", "hauler.id"},
    {"UNKNOWN_FUNCTION", "movement.location.locode in ports",
     "movement.id.startWith('X')", "startWith"},
    {"UNKNOWN_KEY", "    score: 100", "    scores: 100", "scores"},
    {"UNKNOWN_NAME", "movement.location.locode in ports", "movment.id == 'X'",
     "movment.id"},
    {"UNKNOWN_VALUE", "status: shadow", "status: live", "live"},
    {"UNUSED_AGGREGATE", "rules:",
     "aggregates: {n: {key: movement.id, count: true, window: 1h}}\nrules:",
     "n:"},
    {"UNUSED_CATEGORY", "{gate: 500}", "{gate: 500, dusk: 20}", "dusk"},
    {"YAML", "owner: NL", "owner: NL\nowner: BE", "owner: BE"},
};

// Those that take more than one edit are tried in lint_test.cc or above.
constexpr absl::string_view kCodesElsewhere[] = {
    "CONTAINED_RULE", "DUPLICATE_CONDITION", "FIELD_NEVER_FILLED",
    "REVIEW_DUE",     "RULE_EXPIRED",        "TOO_LONG",
    "TOO_MANY_ISSUES"};

TEST(Issues, OfEveryCodeHavePlaceCaretAndSuggestion) {
  for (const CodeCase& one : kCodeCases) {
    const CheckResult result = CheckRuleSet(Replaced(one.from, one.to), "f");
    const auto found = std::find_if(
        result.issues.begin(), result.issues.end(),
        [&](const v1::Issue& issue) { return issue.code() == one.code; });
    ASSERT_NE(found, result.issues.end()) << one.code;
    EXPECT_NE(found->severity(), v1::SEVERITY_UNSPECIFIED) << one.code;
    EXPECT_GT(found->line(), 0) << one.code;
    EXPECT_GT(found->column(), 0) << one.code;
    EXPECT_NE(found->message(), "") << one.code;
    EXPECT_TRUE(absl::StartsWith(AtCaret(*found), one.at_caret))
        << one.code << "\n"
        << found->excerpt();
    // Three have no remedy that is shorter than the message.
    EXPECT_EQ(found->suggestion().empty(), found->code() == "OUT_OF_RANGE" ||
                                               found->code() == "TOO_COMPLEX" ||
                                               found->code() == "NOT_SUPPORTED")
        << one.code;
  }
}

TEST(Issues, CaretStandsUnderTheRightCharacterInEveryStyle) {
  const struct {
    const char* when;
    const char* at_caret;
  } kCases[] = {
      {">\n      movement.id == 'é' &&\n\n        movement.idd == 'b'", "idd"},
      {"|\n      movement.id == '⚓' &&\n      movement.idd == 'b'", "idd"},
      {">-\n      movement.id == 'a' // é\n      && movement.id == 'ñ' &&"
       " movement.idd == 'b'",
       "// é"},
      {"|\n      movement.id == 'a' && // comment, é\n      movement.idd == "
       "'b'",
       "idd"},
      {"|\n      movement.id == 'a' &&\t\t movement.idd == 'b'", "idd"},
      {"movement.id == '日本' && movement.idd == 'b'", "idd"},
      {"\"movement.id == 'a' &&\\tmovement.idd == 'b'\"", "idd"},
      {"\"movement.id == '\\u65e5' && movement.idd == 'b'\"", "idd"},
  };
  for (const auto& one : kCases) {
    for (const bool windows : {false, true}) {
      std::string yaml =
          Replaced("movement.location.locode in ports", one.when);
      if (windows) yaml = absl::StrReplaceAll(yaml, {{"\n", "\r\n"}});
      const CheckResult result = CheckRuleSet(yaml, "f");
      ASSERT_FALSE(result.issues.empty()) << one.when;
      if (absl::StartsWith(one.at_caret, "//")) continue;
      EXPECT_EQ(result.issues[0].code(), "UNKNOWN_FIELD") << one.when;
      EXPECT_TRUE(absl::StartsWith(AtCaret(result.issues[0]), one.at_caret))
          << one.when << "\n"
          << result.issues[0].excerpt();
    }
  }
  // After a byte-order mark, and in a flow map behind other letters.
  for (const std::string& yaml :
       {"\xEF\xBB\xBFrule_sett: x\n" + std::string(kGood),
        Replaced("{en: Do, es: Haga,", "{en: ⚓, ess: Haga,")}) {
    const CheckResult result = CheckRuleSet(yaml, "f");
    ASSERT_FALSE(result.issues.empty());
    const auto found = std::find_if(
        result.issues.begin(), result.issues.end(),
        [](const v1::Issue& one) { return one.code() == "UNKNOWN_KEY"; });
    ASSERT_NE(found, result.issues.end());
    EXPECT_TRUE(absl::StartsWith(AtCaret(*found), "rule_sett") ||
                absl::StartsWith(AtCaret(*found), "ess"))
        << found->excerpt();
  }
}

// The message of the only issue, with its position.
std::string OnlyIssue(const std::string& source) {
  Issues issues(source, "f");
  EXPECT_EQ(ParseYaml(source, &issues), nullptr);
  const auto all = issues.Take();
  EXPECT_THAT(all, SizeIs(1));
  return absl::StrCat(all[0].line(), ":", all[0].column(), " ",
                      all[0].message());
}

TEST(Yaml, KeysGivenTwiceAreFoundInMapsOfEverySize) {
  for (const int size : {2, 15, 16, 17, 18, 40, 500}) {
    for (const int first : {0, size / 2, size - 2}) {
      std::string source;
      for (int i = 0; i < size; ++i) absl::StrAppend(&source, "k", i, ": 1\n");
      Issues issues(source, "f");
      const auto root = ParseYaml(source, &issues);
      ASSERT_NE(root, nullptr) << size;
      EXPECT_EQ(root->children.size(), size_t{2} * size);
      absl::StrAppend(&source, "k", first, ": 2\n");
      EXPECT_EQ(OnlyIssue(source),
                absl::StrCat(size + 1, ":1 k", first, " is given twice"));
    }
  }
}

TEST(Yaml, KeysOfMapsInsideOneAnotherAreApart) {
  const std::string source = "a: {b: 1, a: {b: 2, a: 3}}\nb: [{a: 1}, {a: 1}]";
  Issues issues(source, "f");
  const auto root = ParseYaml(source, &issues);
  ASSERT_NE(root, nullptr);
  EXPECT_EQ(root->Find("a")->Find("a")->Find("b")->text, "2");
  EXPECT_EQ(root->Find("b")->children[1]->Find("a")->text, "1");
}

TEST(Yaml, BytesThatAreNoTextAreFoundWhereverTheyStand) {
  for (const absl::string_view bad :
       {absl::string_view("\0", 1), absl::string_view("\x80"),
        absl::string_view("\xFF"), absl::string_view("\xC3\x28"),
        absl::string_view("\xED\xA0\x80")}) {
    for (size_t at = 0; at < 24; ++at) {
      const std::string source =
          absl::StrCat("a: ", std::string(at, 'x'), bad, "y\nb: 1\n");
      EXPECT_EQ(OnlyIssue(source),
                absl::StrCat("1:", 4 + at, " this byte is not UTF-8 text"));
    }
  }
  for (size_t at = 0; at < 24; ++at) {
    const std::string source =
        absl::StrCat("a: ", std::string(at, 'x'), "é€😀\nb: 1\n");
    Issues issues(source, "f");
    EXPECT_NE(ParseYaml(source, &issues), nullptr) << at;
  }
}

TEST(ScalarOffsets, FollowTheTextThroughEveryStyle) {
  const struct {
    const char* yaml;
    const char* find;
  } kCases[] = {
      {"a: one two", "two"},
      {"a: one\n  two\n\n  three", "three"},
      {"a: 'it''s two'", "two"},
      {"a: \"x\\ty \\u00e9 two\"", "two"},
      {"a: \"one \\\n   two\"", "two"},
      {"a: >\n  one\n  two\n\n    three\n  four\n", "four"},
      {"a: |+\n  one\n\n\n  two\n", "two"},
      {"a: >2-\n    one\n   two", "two"},
      {"a: é two", "two"},
      {"a: \"\"", ""},
  };
  for (const auto& one : kCases) {
    const absl::string_view source = one.yaml;
    Issues issues(source, "f");
    const auto root = ParseYaml(source, &issues);
    ASSERT_NE(root, nullptr) << source;
    const YamlNode* node = root->Find("a");
    ASSERT_NE(node, nullptr);
    const auto offsets = ScalarOffsets(source, *node);
    ASSERT_EQ(offsets.size(), node->text.size() + 1) << source;
    EXPECT_TRUE(std::is_sorted(offsets.begin(), offsets.end())) << source;
    EXPECT_LE(offsets.back(), source.size());
    const size_t at = node->text.find(one.find);
    ASSERT_NE(at, std::string::npos);
    EXPECT_TRUE(absl::StartsWith(source.substr(offsets[at]), one.find))
        << source;
  }
}

}  // namespace
}  // namespace portrisk::scoring
