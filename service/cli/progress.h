// A line on standard error that says how far a long command is.
#ifndef PORTRISK_SERVICE_CLI_PROGRESS_H_
#define PORTRISK_SERVICE_CLI_PROGRESS_H_

#include <unistd.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <string>

namespace portrisk::service::cli {

// Once two seconds are over, a second apart; on a terminal over itself.
class ProgressLine {
 public:
  // `text` is asked only when it is shown.
  void Show(const std::function<std::string(double seconds)>& text) {
    const Clock::time_point time = Clock::now();
    if (time - begin_ < std::chrono::seconds(2) ||
        time - last_ < std::chrono::seconds(1)) {
      return;
    }
    last_ = time;
    shown_ = true;
    const double seconds = std::chrono::duration<double>(time - begin_).count();
    std::cerr << (terminal_ ? "\r" : "") << text(seconds)
              << (terminal_ ? "   " : "\n") << std::flush;
  }
  // Ends the line; returns the seconds since the beginning.
  double Finish() {
    if (shown_ && terminal_) std::cerr << "\n";
    shown_ = false;
    return std::chrono::duration<double>(Clock::now() - begin_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  const bool terminal_ = isatty(STDERR_FILENO) != 0;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point last_ = begin_;
  bool shown_ = false;
};

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_PROGRESS_H_
