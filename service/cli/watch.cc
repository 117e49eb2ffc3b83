// portrisk watch: new selections as they come.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "portrisk/v1/selection_service.grpc.pb.h"
#include "service/cli/commands.h"
#include "service/cli/places.h"
#include "service/times.h"

namespace portrisk::service::cli {
namespace {

constexpr auto kPauseMin = std::chrono::milliseconds(500);
constexpr auto kPauseMax = std::chrono::milliseconds(5'000);

constexpr uint32_t kQuietHours = 24;

struct Flags {
  std::string facility;
  std::string lane = "YELLOW";
  std::optional<uint64_t> from;
  uint64_t limit = 0;
  std::string output = "text";
};

void Print(const v1::WatchedSelection& one, const std::string& output) {
  if (output == "jsonl") {
    std::cout << ToJson(one) << std::endl;
    return;
  }
  const v1::Assessment& a = one.assessment();
  std::cout << FormatTime(a.recorded_time()) << "  " << one.position() << "  "
            << a.unit().id() << "  " << v1::Lane_Name(a.unit().lane_before())
            << " -> " << v1::Lane_Name(a.unit().lane()) << "  score "
            << a.score() << "  " << v1::Control_Name(a.control()) << "  "
            << v1::Event_Name(one.movement().event()) << " of " << a.source()
            << "/" << a.movement_id();
  if (one.elsewhere()) std::cout << "  ELSEWHERE, was here before";
  for (const v1::Hit& hit : a.hits()) {
    if (hit.shadow() || !hit.suppressed_by().empty()) continue;
    std::cout << "\n    " << hit.title() << " (+" << hit.contribution()
              << "): " << Indented(hit.explanation(), 6);
  }
  if (a.channel() == v1::RANDOM) std::cout << "\n    Drawn by chance";
  std::cout << std::endl;
}

// Whether another try may go on where this one ended.
bool MayPass(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE ||
         status.error_code() == grpc::StatusCode::INTERNAL ||
         status.error_code() == grpc::StatusCode::OK;
}

class Watch {
 public:
  Watch(const Connection& connection, const Flags& flags,
        v1::WatchAssessmentsRequest request)
      : connection_(connection),
        flags_(flags),
        stub_(v1::SelectionService::NewStub(connection.channel())),
        request_(std::move(request)) {}

  int Run() {
    auto pause = kPauseMin;
    while (true) {
      const uint64_t before = heard_;
      const grpc::Status status = Listen();
      if (flags_.limit > 0 && shown_ >= flags_.limit) return kExitOk;
      if (!MayPass(status) || (heard_ == 0 && !status.ok())) {
        return Fail(connection_.Explain(status));
      }
      if (heard_ > before || pause == kPauseMin) {
        std::cerr << "the connection ended; trying on from position "
                  << request_.after_position() << "\n";
      }
      if (heard_ > before) pause = kPauseMin;
      std::this_thread::sleep_for(pause);
      pause = std::min(2 * pause, kPauseMax);
    }
  }

 private:
  // Until the stream ends.
  grpc::Status Listen() {
    grpc::ClientContext context;
    connection_.Identify(&context);
    auto stream = stub_->WatchAssessments(&context, request_);
    v1::WatchAssessmentsResponse response;
    while (stream->Read(&response)) {
      if (heard_++ == 0) {
        std::cerr << "watching from position " << response.position() << "\n";
      }
      for (const v1::WatchedSelection& one : response.selections()) {
        Print(one, flags_.output);
        if (++shown_ == flags_.limit) {
          context.TryCancel();
          return stream->Finish();
        }
      }
      request_.set_after_position(response.position());
    }
    return stream->Finish();
  }

  const Connection& connection_;
  const Flags& flags_;
  const std::unique_ptr<v1::SelectionService::Stub> stub_;
  v1::WatchAssessmentsRequest request_;
  uint64_t heard_ = 0;  // Messages.
  uint64_t shown_ = 0;  // Selections.
};

// The place's worklist of the hours
// around now tells; where it cannot be had, nothing is said.
void WarnOfSilence(const Connection& connection, const std::string& facility) {
  v1::ListWorklistRequest request;
  if (!SetPlace(facility, &request).ok()) return;
  request.set_hours(kQuietHours);
  request.set_capacity(1);
  auto stub = v1::SelectionService::NewStub(connection.channel());
  v1::Worklist list;
  if (!connection
           .Call(*stub, &v1::SelectionService::Stub::ListWorklist, request,
                 &list)
           .ok()) {
    return;
  }
  if (list.place_unknown()) {
    WarnUnknown(facility);
  } else if (list.units() == 0) {
    std::cerr << "nothing has been reported of " << facility << " within "
              << kQuietHours << " hours of now; is it spelt as movements do?\n";
  }
}

int Run(const GlobalFlags& flags, const Flags& own) {
  v1::WatchAssessmentsRequest request;
  if (!own.facility.empty()) {
    const absl::Status status = SetPlace(own.facility, &request);
    if (!status.ok()) return Fail(status);
  }
  v1::Lane lane = v1::YELLOW;
  v1::Lane_Parse(own.lane, &lane);
  request.set_lane_at_least(lane);
  if (own.from) request.set_after_position(*own.from);
  request.set_language(flags.language);
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  if (!own.facility.empty()) WarnOfSilence(**connection, own.facility);
  return Watch(**connection, own, std::move(request)).Run();
}

}  // namespace

void AddWatch(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto own = std::make_shared<Flags>();
  auto* command = app.add_subcommand(
      "watch",
      "Show new selections as they come: each movement that raised the lane of "
      "its unit\n"
      "Example: portrisk watch --facility NLRTM/ECTDELTA --lane ORANGE\n"
      "Shows what happens elsewhere, too, to a container that was at the "
      "facility in the\n72 hours before: the second half of a contradiction "
      "often comes from another\nsender. Goes on where it was when the server "
      "comes back; Ctrl-C ends it. To go on\nlater, give the last position "
      "with --from.");
  command->add_option("--facility", own->facility,
                      "UN/LOCODE and facility code: NLRTM/ECTDELTA; or NLRTM "
                      "[everywhere]");
  command->add_option("--lane", own->lane, "The weakest lane that is shown")
      ->check(CLI::IsMember({"BLUE", "YELLOW", "ORANGE", "RED"}))
      ->capture_default_str();
  command->add_option("--from", own->from,
                      "After this journal position; 0: from the beginning "
                      "[the end, as it stands]");
  command->add_option("--limit", own->limit, "End after so many selections");
  command
      ->add_option("--output", own->output, "text, or jsonl: one JSON a line")
      ->check(CLI::IsMember({"text", "jsonl"}))
      ->capture_default_str();
  command->callback(
      [=, &flags] { *action = [=, &flags] { return Run(flags, *own); }; });
}

}  // namespace portrisk::service::cli
