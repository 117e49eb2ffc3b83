// The commands of portrisk. Each declares its flags on the given app and sets
// `*action` to what must run when it was chosen; the action returns the exit
// code: 0 done, 1 failed, 2 done but some records were rejected.
#ifndef PORTRISK_SERVICE_CLI_COMMANDS_H_
#define PORTRISK_SERVICE_CLI_COMMANDS_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "service/cli/connection.h"

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
void AddAssessment(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddReference(CLI::App& app, const GlobalFlags& flags, Action* action);
void AddVerify(CLI::App& app, Action* action);
void AddExpr(CLI::App& app, Action* action);

// Prints "portrisk: ..." to standard error; returns kExitFailed.
int Fail(const absl::Status& status);

// One line of JSON, or of several lines when `pretty`.
std::string ToJson(const google::protobuf::Message& message,
                   bool pretty = false);

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_COMMANDS_H_
