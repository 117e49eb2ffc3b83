// The commands of portrisk. Each declares its flags on the given app and sets
// `*action` to what must run when it was chosen; the action returns the exit
// code: 0 done, 1 failed, 2 done but some records were rejected.
#ifndef PORTRISK_SERVICE_CLI_COMMANDS_H_
#define PORTRISK_SERVICE_CLI_COMMANDS_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "portrisk/v1/history_service.pb.h"
#include "portrisk/v1/rules.pb.h"
#include "portrisk/v1/selection.pb.h"
#include "service/cli/connection.h"

namespace portrisk::scoring {
class RuleSet;
}

namespace portrisk::service::cli {

using Action = std::function<int()>;

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitRejects = 2;

void AddScore(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddConvert(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddSurvey(CLI::App& app, Action* action);
void AddRules(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddContainer(CLI::App& app, const GlobalFlags& flags, Action* action);
// party, account, device, vessel, facility, route and right.
void AddEntities(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddAssessment(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddReference(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddVerify(CLI::App& app, Action* action);
void AddAudit(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddBackup(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddRestore(CLI::App& app, Action* action);
void AddSecrets(CLI::App& app, Action* action);
void AddExport(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddLists(CLI::App& app, const GlobalFlags& flags, Action* action);
struct OutcomesFile {
  std::string file;  // "-" is standard input.
  std::string source = "outcomes";
  std::string rejects;
};
// Records the outcomes of a CSV file; how many goes to `counts`. Returns the
// exit code.
int ImportOutcomes(const GlobalFlags& flags, const OutcomesFile& import,
                   std::ostream& counts);
void AddOutcomes(CLI::App& app, const GlobalFlags& flags, Action* action);
// decide and decisions.
void AddDecisions(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddEvaluations(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddReplay(CLI::App& app, const GlobalFlags& flags, Action* action);
// erase, erasures, retention.
void AddErasures(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddProfiles(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddWorklist(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddWatch(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddReport(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddExplain(CLI::App& app, const GlobalFlags& flags, Action* action);
// The parts of `rules` about whole sets: rollback, reset-breaker, diff.
void AddRuleLife(CLI::App* rules, const GlobalFlags& flags, Action* action);

// An option that reads "10%" or "0.1" into parts per million.
CLI::Option* AddShareOption(CLI::App* command, const std::string& name,
                            uint32_t* ppm);

// "40%, 120000 movements/s, 7 s left", "waiting".
std::string WarmingText(const v1::WarmingProgress& progress);

// Aggregates of an entity as a table; nothing when there are none.
void PrintAggregates(
    const google::protobuf::RepeatedPtrField<v1::AggregateReading>& readings);

// "nl.port revision 3 ACTIVE since ..., journal position 12".
void PrintStep(const v1::Revision& revision);

// "file:line:column: error CODE: message" and the place.
void PrintIssue(const v1::Issue& issue, std::ostream& out);
void PrintIssue(const v1::Issue& issue);  // To standard output.
// Checks the rule set of a file; its errors are shown on standard error. Its
// text goes to `yaml` unless that is null.
absl::StatusOr<std::shared_ptr<const scoring::RuleSet>> ReadRuleSet(
    const std::string& path, std::string* yaml);

// A selection profile's document and what it says. Its issues go to standard
// error; an error when there are any that keep it from being used.
struct ProfileDocument {
  std::string yaml;
  v1::SelectionProfile profile;
};
absl::StatusOr<ProfileDocument> ReadProfile(const std::string& path);

// The whole file; "-" is standard input.
absl::StatusOr<std::string> ReadFile(const std::string& path);
void AddExpr(CLI::App& app, Action* action);
void AddSimulate(CLI::App& app, Action* action);
void AddTop(CLI::App& app, Action* action);

// Prints "portrisk: ..." to standard error; returns kExitFailed.
int Fail(const absl::Status& status);

// One line of JSON, or of several lines when `pretty`.
std::string ToJson(const google::protobuf::Message& message,
                   bool pretty = false);

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_COMMANDS_H_
