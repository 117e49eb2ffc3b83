// Files of movements as commands read them.
#ifndef PORTRISK_SERVICE_CLI_INPUT_H_
#define PORTRISK_SERVICE_CLI_INPUT_H_

#include <CLI/CLI.hpp>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "service/cli/connection.h"
#include "service/formats/reader.h"

namespace portrisk::service::cli {

struct InputFlags {
  std::vector<std::string> files;
  std::string format;
  std::string source;
  std::string mapping;
  std::string rejects;
  int utc_offset_min = 0;
  bool strict = false;
};

void DeclareInput(CLI::App& app, InputFlags* flags);
// For a command that may go without: the files are those of `option`.
void DeclareInput(CLI::App& app, const std::string& option, InputFlags* flags);

// Where rejected records go: the file of --rejects, else one line each on
// standard error, of each reason the first few.
class Rejects {
 public:
  absl::Status Open(const InputFlags& flags);
  void Add(const Reject& reject);
  uint64_t count() const { return count_; }
  // What is wrong with the file, where something is.
  const absl::Status& status() const { return status_; }
  // The exit code of a command that did the rest; says when they are lost.
  int Finish();

 private:
  // A file in another format than was said is wrong in every line.
  static constexpr uint64_t kShownOfReason = 20;

  void Check();

  std::string path_;
  std::ofstream file_;
  absl::Status status_;
  uint64_t count_ = 0;
  std::map<std::string, uint64_t> of_reason_;
};

// Reads every file in turn ("-" is standard input). A file that cannot be
// opened is an error; a record that cannot be read goes to `rejects`. Shows
// the progress of `command`.
absl::StatusOr<ReadSummary> ReadAll(
    const std::string& command, const InputFlags& flags, Rejects* rejects,
    const std::function<absl::Status(v1::Movement&&)>& movement,
    const MovementCheck& check = nullptr);

// Brings a movement to normal form, and refuses what a server would. A PIN is
// not shown in any form.
MovementCheck AdmissionCheck();

// Scores what they hold and says how many there were. Returns the exit code.
int ScoreQuietly(const InputFlags& input, const GlobalFlags& global);

// "12 records, 11 movements, 1 rejected, tolerated: WRONG_COUNT 2".
std::string Summarise(const ReadSummary& summary, uint64_t rejects);

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_INPUT_H_
