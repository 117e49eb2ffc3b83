// portrisk explain: why a rule did or did not hit a movement.
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "portrisk/v1/rule_service.grpc.pb.h"
#include "service/cli/commands.h"
#include "service/times.h"

namespace portrisk::service::cli {
namespace {

constexpr size_t kTextShown = 100;

// Marks a tired eye finds: yes, no, ? and !.
const char* MarkOf(v1::Truth truth) {
  switch (truth) {
    case v1::HOLDS:
      return "yes";
    case v1::FAILS:
      return "no ";
    case v1::UNKNOWN_TRUTH:
      return " ? ";
    case v1::FAILED:
      return " ! ";
    default:
      return " . ";
  }
}

std::string Shortened(const std::string& text) {
  if (text.size() <= kTextShown) return text;
  size_t end = kTextShown;
  // Not in the middle of a character.
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + " ...";
}

void PrintNode(const v1::ExplainNode& node, int depth) {
  std::cout << (node.decided() ? "> " : "  ") << MarkOf(node.truth()) << " "
            << std::string(static_cast<size_t>(depth) * 2, ' ');
  if (!node.element().empty()) std::cout << node.element() << ": ";
  std::cout << Shortened(node.text());
  if (node.truth() == v1::NOT_A_TRUTH) {
    std::cout << " is " << Shortened(node.value());
  } else if (node.truth() == v1::UNKNOWN_TRUTH) {
    std::cout << "   (unknown: " << node.missing_field() << " is missing)";
  } else if (node.truth() == v1::FAILED) {
    std::cout << "   (failed: " << node.error() << ")";
  } else if (node.value() != "true" && node.value() != "false") {
    std::cout << "   (" << node.value() << ")";
  }
  std::cout << "\n";
  for (const v1::ExplainNode& part : node.parts()) PrintNode(part, depth + 1);
  if (node.more_elements() > 0) {
    std::cout << std::string(static_cast<size_t>(depth) * 2 + 8, ' ')
              << "... and " << node.more_elements() << " more elements\n";
  }
}

const char* ResultOf(v1::Truth truth) {
  switch (truth) {
    case v1::HOLDS:
      return "the condition holds";
    case v1::FAILS:
      return "the condition does not hold";
    case v1::UNKNOWN_TRUTH:
      return "the condition is not known";
    default:
      return "the condition failed";
  }
}

int Explain(const GlobalFlags& flags, const std::string& movement,
            const std::string& rule, uint64_t revision, bool json) {
  v1::ExplainRequest request;
  uint64_t sequence = 0;
  const size_t slash = movement.find('/');
  if (slash != std::string::npos) {
    request.set_source(movement.substr(0, slash));
    request.set_movement_id(movement.substr(slash + 1));
  } else if (absl::SimpleAtoi(movement, &sequence) && sequence > 0) {
    request.set_sequence(sequence);
  } else {
    return Fail(absl::InvalidArgumentError(
        "name the movement as SOURCE/ID or by its journal position, such as "
        "terminal-1/M-17 or 42"));
  }
  const size_t split = rule.find('/');
  if (split != std::string::npos) request.set_rule_set(rule.substr(0, split));
  request.set_rule(split == std::string::npos ? rule : rule.substr(split + 1));
  request.set_revision(revision);
  request.set_language(flags.language);
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  v1::ExplainResponse response;
  absl::Status status =
      (*connection)
          ->Call(*stub, &v1::RuleService::Stub::Explain, request, &response);
  if (!status.ok()) return Fail(status);
  if (json) {
    std::cout << ToJson(response, /*pretty=*/true);
    return kExitOk;
  }
  std::cout << "Movement " << response.source() << "/" << response.movement_id()
            << ", " << response.event();
  if (response.has_occurrence_time()) {
    std::cout << " at " << FormatTime(response.occurrence_time());
  }
  std::cout << ", journal position " << response.sequence() << "\nRule "
            << response.rule_set() << "/" << response.rule() << ", revision "
            << response.revision() << ": " << response.title() << "\n";
  if (!response.recorded().empty()) {
    std::cout << "Recorded then: " << response.recorded() << "\n";
  }
  for (const v1::ExplainReason& reason : response.reasons()) {
    std::cout << "Note: " << reason.text() << "\n";
  }
  std::cout << "\nAs things stood at the movement "
            << ResultOf(response.condition().truth())
            << ". Lines marked > are why.\n\n";
  PrintNode(response.condition(), 0);
  return kExitOk;
}

}  // namespace

void AddExplain(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto* command = app.add_subcommand(
      "explain",
      "Say why a rule did or did not hit a movement\n"
      "Example: portrisk explain terminal-1/M-17 night.watched-haulier");
  auto movement = std::make_shared<std::string>();
  auto rule = std::make_shared<std::string>();
  auto revision = std::make_shared<uint64_t>(0);
  auto json = std::make_shared<bool>(false);
  command->add_option("movement", *movement, "SOURCE/ID or journal position")
      ->required();
  command->add_option("rule", *rule, "[RULE_SET/]RULE_ID")->required();
  command->add_option("--revision", *revision,
                      "[the one that judged the movement]");
  command->add_flag("--json", *json, "The tree as JSON");
  command->callback([=, &flags] {
    *action = [=, &flags] {
      return Explain(flags, *movement, *rule, *revision, *json);
    };
  });
}

}  // namespace portrisk::service::cli
