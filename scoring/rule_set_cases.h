// Runs the tests that a rule set carries.
#ifndef PORTRISK_SCORING_RULE_SET_CASES_H_
#define PORTRISK_SCORING_RULE_SET_CASES_H_

#include <vector>

#include "google/protobuf/message.h"
#include "portrisk/v1/rules.pb.h"
#include "scoring/rule_set_issues.h"
#include "scoring/rule_set_parser.h"
#include "scoring/rule_set_yaml.h"

namespace portrisk::scoring {

// Fills a message from a YAML map whose keys are its fields, in the way of
// protobuf's JSON: enums by name, times in RFC 3339, bytes in base64. Unknown
// fields and values that do not fit are issues. Returns false when there were.
bool ReadMessage(const YamlNode& node, Issues* issues,
                 google::protobuf::Message* message);

// Every test of every rule. A test that fails, or cannot be read, is an ERROR.
// A rule is tried whatever its status; whether it is valid at the time is
// judged when the test gives a time.
std::vector<v1::RuleTestResult> RunTests(const ParsedRuleSet& parsed,
                                         Issues* issues);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_SET_CASES_H_
