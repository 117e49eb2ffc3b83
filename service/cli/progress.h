// How far a long command is, on standard error: a bar where that is a terminal,
// else lines of JSON for whoever watches the command.
#ifndef PORTRISK_SERVICE_CLI_PROGRESS_H_
#define PORTRISK_SERVICE_CLI_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace portrisk::service::cli {

struct ProgressPoint {
  uint64_t done = 0;
  // Of the whole; nothing where its size is not known.
  std::optional<double> share;
};

struct ProgressFigures {
  std::string command;  // "replay".
  std::string unit;     // What is counted: "records".
  ProgressPoint point;
  double seconds = 0;        // Since the beginning; above 0.
  uint64_t resident_mb = 0;  // Memory; 0 where it is not known.
};

// "replay [#######.............]  35 %  52,000 records, 17,000 a second, 6 s
// left, 210 MB".
std::string ProgressBar(const ProgressFigures& figures);
// {"progress":"replay","unit":"records","done":52000,"per_second":17000,
//  "seconds":3.1,"share":0.35,"seconds_left":6,"resident_mb":210}; what is not
// known is left out.
std::string ProgressJson(const ProgressFigures& figures);

// One thread.
class Progress {
 public:
  Progress(std::string command, std::string unit);
  ~Progress() { Finish(); }

  // Shows `point`, which is asked only then: once two seconds are over, a
  // second apart.
  void Show(const std::function<ProgressPoint()>& point);
  // `done` of `of`; 0: not known.
  void Show(uint64_t done, uint64_t of);
  // Ends the line; returns the seconds since the beginning.
  double Finish();

 private:
  using Clock = std::chrono::steady_clock;
  const std::string command_;
  const std::string unit_;
  const bool terminal_;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point last_ = begin_;
  size_t width_ = 0;  // Of the line that is shown.
};

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_PROGRESS_H_
