#include "service/library_logs.h"

#include <grpc/support/log.h>

#include <cstdint>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/stubs/logging.h"
#include "service/log.h"
#include "service/steady_clock.h"

namespace portrisk::service {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int kEntriesPerSecond = 10;

// Any thread. How many were left out since the last that may be written, or -1:
// this one may not.
int64_t Admit() {
  static std::mutex mutex;
  static int64_t begun_ns = 0;
  static int written = 0;
  static int64_t left_out = 0;
  const std::lock_guard<std::mutex> lock(mutex);
  const int64_t now = SteadyNow();
  if (now - begun_ns >= kSecondNs) {
    begun_ns = now;
    written = 0;
  }
  if (++written > kEntriesPerSecond) {
    ++left_out;
    return -1;
  }
  const int64_t before = left_out;
  left_out = 0;
  return before;
}

struct Held {
  std::mutex mutex;
  bool is_held = false;
  std::string text;
};

Held& TheHeld() {
  static auto* const held = new Held();
  return *held;
}

void Hold(bool is_held) {
  Held& held = TheHeld();
  const std::lock_guard<std::mutex> lock(held.mutex);
  held.is_held = is_held;
  held.text.clear();
}

void Log(gpr_log_func_args* entry) {
  if (entry->severity < GPR_LOG_SEVERITY_ERROR) return;
  {
    Held& held = TheHeld();
    const std::lock_guard<std::mutex> lock(held.mutex);
    if (held.is_held) {
      held.text += entry->message;
      return;
    }
  }
  const int64_t left_out = Admit();
  if (left_out < 0) return;
  LogError(left_out == 0
               ? "gRPC"
               : absl::StrCat("gRPC, ", left_out, " such entries left out"),
           absl::UnknownError(entry->message));
}

}  // namespace

void TameLibraryLogs() {
  google::protobuf::SetLogHandler(nullptr);
  gpr_set_log_function(Log);
}

HeldLibraryLogs::HeldLibraryLogs() { Hold(true); }
HeldLibraryLogs::~HeldLibraryLogs() { Hold(false); }

std::string HeldLibraryLogs::SystemError() {
  constexpr absl::string_view kBefore = "os_error:\"";
  Held& held = TheHeld();
  const std::lock_guard<std::mutex> lock(held.mutex);
  absl::string_view text = held.text;
  const size_t at = text.find(kBefore);
  if (at == absl::string_view::npos) return "";
  text.remove_prefix(at + kBefore.size());
  return std::string(text.substr(0, text.find('"')));
}

}  // namespace portrisk::service
