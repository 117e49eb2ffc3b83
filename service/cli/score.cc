// portrisk score, portrisk convert, portrisk survey.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "portrisk/v1/scoring_service.grpc.pb.h"
#include "service/cli/commands.h"
#include "service/cli/input.h"
#include "service/cli/table.h"
#include "service/errors.h"
#include "service/formats/survey.h"

namespace portrisk::service::cli {
namespace {

struct ScoreFlags {
  InputFlags input;
  std::string output = "table";
  bool selected_only = false;
};

// So many wait for their results at once: enough for full batches, and few
// enough that a slow server need not refuse any for the time it would wait.
constexpr size_t kInFlightMax = 256;
// After so many results one more may wait, where a refusal had made it fewer.
constexpr size_t kResultsPerPlace = 4096;

// What was sent and waits for its result: results come in order.
struct Sent {
  v1::ScoreMovementRequest request;
  Reject at;  // Where it was read.
};

// Sends movements over one stream and shows each result as it comes.
class ScoreRun {
 public:
  ScoreRun(const ScoreFlags& flags, const GlobalFlags& global)
      : flags_(flags),
        global_(global),
        table_(
            {"CONTAINER", "EVENT", "SCORE", "LANE", "CHANNEL", "TOP REASON"}) {}

  int Run() {
    auto connection = Connection::OpenOrMake(global_);
    if (!connection.ok()) return Fail(connection.status());
    absl::Status status = rejects_.Open(flags_.input);
    if (!status.ok()) return Fail(status);
    grpc::ClientContext context;
    (*connection)->Identify(&context);
    auto stub = v1::ScoringService::NewStub((*connection)->channel());
    auto stream = stub->StreamScoreMovements(&context);
    std::thread receiver([&] {
      v1::ScoreResult result;
      while (stream->Read(&result)) Receive(result);
      std::lock_guard<std::mutex> lock(mutex_);
      over_ = true;
      answered_.notify_one();
    });
    auto read = ReadAll(
        "score", flags_.input, &rejects_,
        [&](v1::Movement&& m) { return Send(std::move(m), stream.get()); },
        [&](v1::Movement*, Reject at) -> std::optional<Reject> {
          at_ = std::move(at);
          return std::nullopt;  // The server knows what is wrong.
        });
    SendRest(stream.get());
    stream->WritesDone();
    receiver.join();
    status = (*connection)->Explain(stream->Finish());
    if (!status.ok()) {
      std::cerr << "stopped behind " << results_
                << " results; run the command again: what was recorded is "
                   "recognised\n";
      return Fail(status);
    }
    if (!read.ok()) return Fail(read.status());
    return Report(*read);
  }

 private:
  using Stream =
      grpc::ClientReaderWriter<v1::ScoreMovementRequest, v1::ScoreResult>;

  absl::Status Send(v1::Movement&& movement, Stream* stream) {
    Sent sent;
    *sent.request.mutable_movement() = std::move(movement);
    sent.request.set_language(global_.language);
    sent.at = std::move(at_);
    std::unique_lock<std::mutex> lock(mutex_);
    const std::string identity = IdentityOf(sent);
    for (;;) {
      answered_.wait(lock, [&] {
        return over_ || (sent_.size() < places_ &&
                         (!again_.empty() || !under_way_.contains(identity)));
      });
      if (over_ || again_.empty()) break;
      WriteAgain(&lock, stream);
    }
    under_way_.insert(identity);
    return Write(std::move(sent), &lock, stream);
  }

  // After the last: waits for results, as long as anything may have to be sent
  // again.
  void SendRest(Stream* stream) {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      answered_.wait(lock, [&] {
        return over_ || sent_.empty() ||
               (!again_.empty() && sent_.size() < places_);
      });
      if (over_ || again_.empty()) return;
      WriteAgain(&lock, stream);
    }
  }

  // The first of those that had no place, when there may be one.
  void WriteAgain(std::unique_lock<std::mutex>* lock, Stream* stream) {
    answered_.wait_until(*lock, absl::ToChronoTime(again_at_),
                         [&] { return over_; });
    Sent sent = std::move(again_.front());
    again_.pop_front();
    // A broken stream tells why when it finishes.
    Write(std::move(sent), lock, stream).IgnoreError();
  }

  static std::string IdentityOf(const Sent& sent) {
    const v1::Movement& movement = sent.request.movement();
    return absl::StrCat(movement.source(), "\n", movement.id());
  }

  absl::Status Write(Sent sent, std::unique_lock<std::mutex>* lock,
                     Stream* stream) {
    sent_.push_back(std::move(sent));
    const v1::ScoreMovementRequest& request = sent_.back().request;
    lock->unlock();
    // It stays where it is until it is answered.
    const bool written = stream->Write(request);
    lock->lock();
    return written ? absl::OkStatus() : absl::CancelledError("stream broken");
  }

  // Whether it was refused for want of a place, and is to be sent again.
  bool Postpone(const v1::ScoreResult& result, Sent* sent) {
    if (!result.has_error() || ErrorReason(result.error()) != "QUEUE_FULL") {
      return false;
    }
    const std::optional<absl::Duration> delay = RetryDelayOf(result.error());
    if (!delay) return false;
    if (!told_busy_) {
      std::cerr << "the server has no place for more just now; what it refuses "
                   "is sent again\n";
    }
    told_busy_ = true;
    // Once for those that were under way together.
    if (const absl::Time now = absl::Now(); again_at_ <= now) {
      places_ = std::max<size_t>(1, places_ / 4);
      again_at_ = now + *delay;
    }
    again_.push_back(std::move(*sent));
    return true;
  }

  void Receive(const v1::ScoreResult& result) {
    Sent sent;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      sent = std::move(sent_.front());
      sent_.pop_front();
      const bool postponed = Postpone(result, &sent);
      if (!postponed) under_way_.erase(IdentityOf(sent));
      if (++results_ % kResultsPerPlace == 0) {
        places_ = std::min(kInFlightMax, places_ + 1);
      }
      answered_.notify_one();
      if (postponed) return;
    }
    if (result.has_error()) {
      Refused(std::move(sent.at), result.error());
      return;
    }
    const v1::Assessment& assessment = result.assessment();
    ++scored_;
    const bool is_told = assessment.lane() != v1::LANE_UNSPECIFIED;
    if (is_told) ++told_;
    const bool selected = assessment.lane() > v1::GREEN;
    if (selected) ++selected_;
    if (flags_.selected_only && !selected) return;
    if (flags_.output == "none") return;
    if (flags_.output == "json") {
      std::cout << ToJson(assessment) << "\n";
      return;
    }
    // A retraction need not name one.
    const v1::Event event = sent.request.movement().event();
    table_.Add({assessment.container_number(),
                event == v1::EVENT_UNSPECIFIED ? "-" : v1::Event_Name(event),
                is_told ? absl::StrCat(assessment.score()) : "-",
                is_told ? v1::Lane_Name(assessment.lane()) : "-",
                ChannelOf(assessment), TopReason(assessment)});
  }

  static std::string ChannelOf(const v1::Assessment& assessment) {
    if (assessment.channel() == v1::CHANNEL_UNSPECIFIED) return "-";
    return v1::Channel_Name(assessment.channel());
  }

  static std::string TopReason(const v1::Assessment& assessment) {
    if (assessment.retraction()) return "(retraction)";
    if (assessment.not_actual()) return "(not a fact: planned or estimated)";
    for (const v1::Hit& hit : assessment.hits()) {
      if (!hit.shadow()) return hit.title();
    }
    return assessment.channel() == v1::RANDOM ? "(random check)" : "-";
  }

  void Refused(Reject reject, const google::rpc::Status& error) {
    reject.reason = ErrorReason(error);
    reject.message = OneLineOf(error);
    std::lock_guard<std::mutex> lock(rejects_mutex_);
    refused_.push_back(std::move(reject));
  }

  int Report(ReadSummary read) {
    read.movements -= refused_.size();
    for (const Reject& reject : refused_) rejects_.Add(reject);
    if (flags_.output == "table") table_.Print(std::cout);
    std::cerr << Summarise(read, rejects_.count()) << "; ";
    if (scored_ > 0 && told_ == 0) {
      std::cerr << scored_ << " recorded; score and lane are told to customs "
                << "roles alone\n";
    } else {
      std::cerr << scored_ << " scored, " << selected_ << " selected\n";
    }
    return rejects_.Finish();
  }

  const ScoreFlags& flags_;
  const GlobalFlags& global_;
  Rejects rejects_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::deque<Sent> sent_;
  std::deque<Sent> again_;  // Refused for want of a place.
  absl::Time again_at_;     // Not before.
  // Of both. What corrects one of them waits: sent again behind its correction
  // a movement would be refused as older.
  absl::flat_hash_set<std::string> under_way_;
  size_t places_ = kInFlightMax;
  size_t results_ = 0;
  bool told_busy_ = false;
  Reject at_;          // Of the movement that is sent next.
  bool over_ = false;  // No result comes any more.
  std::mutex rejects_mutex_;
  std::vector<Reject> refused_;
  // Receiver thread, then Report.
  Table table_;
  uint64_t scored_ = 0;
  uint64_t told_ = 0;  // Those of which the lane came.
  uint64_t selected_ = 0;
};

}  // namespace

int ScoreQuietly(const InputFlags& input, const GlobalFlags& global) {
  ScoreFlags flags;
  flags.input = input;
  flags.output = "none";
  return ScoreRun(flags, global).Run();
}

namespace {

int Convert(const InputFlags& flags) {
  Rejects rejects;
  absl::Status status = rejects.Open(flags);
  if (!status.ok()) return Fail(status);
  auto read = ReadAll(
      "convert", flags, &rejects,
      [](v1::Movement&& movement) {
        std::cout << ToJson(movement) << "\n";
        return absl::OkStatus();
      },
      AdmissionCheck());
  if (!read.ok()) return Fail(read.status());
  std::cerr << Summarise(*read, rejects.count()) << "\n";
  return rejects.Finish();
}

}  // namespace

void AddScore(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto* command = app.add_subcommand(
      "score",
      "Score the movements of files and show each assessment.\n"
      "Example: portrisk score --format edifact gate.edi");
  auto options = std::make_shared<ScoreFlags>();
  DeclareInput(*command, &options->input);
  command
      ->add_option("--output", options->output,
                   "table, or json: one "
                   "assessment a line")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  command->add_flag("--selected", options->selected_only,
                    "Show only what was selected (lane above GREEN)");
  command->callback([=, &flags] {
    *action = [=, &flags] { return ScoreRun(*options, flags).Run(); };
  });
}

void AddConvert(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto* command = app.add_subcommand(
      "convert",
      "Print the movements of files in normal form, one JSON object a line.\n"
      "Example: portrisk convert --format edifact gate.edi --rejects "
      "bad.jsonl");
  auto options = std::make_shared<InputFlags>();
  DeclareInput(*command, options.get());
  command->callback([=] { *action = [=] { return Convert(*options); }; });
}

void AddSurvey(CLI::App& app, Action* action) {
  auto* command = app.add_subcommand(
      "survey",
      "Read every file below a folder with the reader that fits and print a "
      "table of what was read, converted and rejected.");
  auto folder = std::make_shared<std::string>();
  command->add_option("folder", *folder, "Folder of real files")
      ->envname("PORTRISK_REAL_DATA")
      ->required();
  auto mappings = std::make_shared<std::string>(SurveyOptions().mappings);
  command
      ->add_option("--mappings", *mappings,
                   "Folder of column mappings for CSV and fixed files")
      ->capture_default_str();
  command->callback([=] {
    *action = [=] {
      SurveyOptions options;
      options.mappings = *mappings;
      options.check = AdmissionCheck();
      absl::Status status = SurveyFolder(*folder, std::cout, options);
      return status.ok() ? kExitOk : Fail(status);
    };
  });
}

}  // namespace portrisk::service::cli
