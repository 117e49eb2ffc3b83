#include "service/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace portrisk::service {
namespace {

spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>(
        "portrisk", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    // The message is a JSON object; time and level join it.
    made->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})",
                      spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *logger;
}

std::atomic<bool> in_words = false;

// The inside of a JSON object, properly escaped.
std::string Render(absl::string_view message, const LogFields& fields) {
  google::protobuf::Struct object;
  auto& map = *object.mutable_fields();
  map["message"].set_string_value(std::string(message));
  for (const auto& [key, value] : fields) map[key].set_string_value(value);
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(object, &json).ok()) {
    return R"("message":"a log entry was not valid UTF-8")";
  }
  return json.substr(1, json.size() - 2);
}

}  // namespace

void LogInfo(absl::string_view message, const LogFields& fields) {
  Logger().info("{}", Render(message, fields));
}

void LogError(absl::string_view action, const absl::Status& status) {
  if (in_words) {
    Logger().error("portrisk: {}: {}", std::string(action),
                   std::string(status.message()));
    return;
  }
  Logger().error("{}", Render(absl::string_view("failed"),
                              {{"action", std::string(action)},
                               {"error", std::string(status.message())}}));
}

void QuietLogs() { Logger().set_level(spdlog::level::warn); }

void LogInWords() {
  QuietLogs();
  Logger().set_pattern("%v");
  in_words = true;
}

}  // namespace portrisk::service
