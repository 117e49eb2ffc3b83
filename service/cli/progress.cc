#include "service/cli/progress.h"

#include <algorithm>
#include <cmath>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "service/process_memory.h"

namespace portrisk::service::cli {
namespace {

constexpr int kBarWidth = 20;
constexpr std::chrono::seconds kFirst(2), kApart(1);

std::string Thousands(double value) {
  std::string text = absl::StrFormat("%.0f", value);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

double PerSecond(const ProgressFigures& figures) {
  return static_cast<double>(figures.point.done) / figures.seconds;
}

std::optional<double> SecondsLeft(const ProgressFigures& figures) {
  const std::optional<double>& share = figures.point.share;
  if (!share || *share <= 0) return std::nullopt;
  return figures.seconds * (1 - std::min(*share, 1.0)) / *share;
}

std::string TimeLeft(double seconds) {
  if (seconds < 120) return absl::StrFormat("%.0f s left", seconds);
  if (seconds < 7200) return absl::StrFormat("%.0f min left", seconds / 60);
  return absl::StrFormat("%.1f h left", seconds / 3600);
}

}  // namespace

std::string ProgressBar(const ProgressFigures& figures) {
  std::string text = figures.command;
  if (figures.point.share) {
    const double share = std::clamp(*figures.point.share, 0.0, 1.0);
    const auto full = static_cast<size_t>(share * kBarWidth);
    absl::StrAppendFormat(&text, " [%s%s] %3.0f %%", std::string(full, '#'),
                          std::string(kBarWidth - full, '.'),
                          std::floor(100 * share));
  }
  absl::StrAppend(
      &text, "  ", Thousands(static_cast<double>(figures.point.done)), " ",
      figures.unit, ", ", Thousands(PerSecond(figures)), " a second");
  if (const auto left = SecondsLeft(figures)) {
    absl::StrAppend(&text, ", ", TimeLeft(*left));
  }
  if (figures.resident_mb > 0) {
    absl::StrAppend(&text, ", ", figures.resident_mb, " MB");
  }
  return text;
}

std::string ProgressJson(const ProgressFigures& figures) {
  std::string text = absl::StrFormat(
      R"({"progress":"%s","unit":"%s","done":%d,"per_second":%.0f,"seconds":%.1f)",
      figures.command, figures.unit, figures.point.done, PerSecond(figures),
      figures.seconds);
  if (figures.point.share) {
    absl::StrAppendFormat(&text, R"(,"share":%.4f)", *figures.point.share);
  }
  if (const auto left = SecondsLeft(figures)) {
    absl::StrAppendFormat(&text, R"(,"seconds_left":%.0f)", *left);
  }
  if (figures.resident_mb > 0) {
    absl::StrAppendFormat(&text, R"(,"resident_mb":%d)", figures.resident_mb);
  }
  return text + "}";
}

Progress::Progress(std::string command, std::string unit)
    : command_(std::move(command)),
      unit_(std::move(unit)),
      terminal_(isatty(STDERR_FILENO) != 0) {}

void Progress::Show(const std::function<ProgressPoint()>& point) {
  const Clock::time_point time = Clock::now();
  if (time - begin_ < kFirst || time - last_ < kApart) return;
  last_ = time;
  const ProgressFigures figures{
      command_, unit_, point(),
      std::chrono::duration<double>(time - begin_).count(),
      ResidentBytes() >> 20};
  if (!terminal_) {
    std::cerr << ProgressJson(figures) << std::endl;
    return;
  }
  const std::string line = ProgressBar(figures);
  std::cerr << "\r" << line
            << std::string(width_ > line.size() ? width_ - line.size() : 0, ' ')
            << std::flush;
  width_ = line.size();
}

void Progress::Show(uint64_t done, uint64_t of) {
  Show([&] {
    ProgressPoint point{done, std::nullopt};
    if (of > 0) {
      point.share = static_cast<double>(done) / static_cast<double>(of);
    }
    return point;
  });
}

double Progress::Finish() {
  if (width_ > 0) std::cerr << "\n";
  width_ = 0;
  return std::chrono::duration<double>(Clock::now() - begin_).count();
}

}  // namespace portrisk::service::cli
