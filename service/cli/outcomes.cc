// portrisk outcomes: import, record, list.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "portrisk/v1/outcome_service.grpc.pb.h"
#include "service/cli/commands.h"
#include "service/cli/input.h"
#include "service/cli/progress.h"
#include "service/cli/table.h"
#include "service/errors.h"
#include "service/outcome_csv.h"
#include "service/outcome_words.h"
#include "service/times.h"
#include "service/wrong_usage.h"

namespace portrisk::service::cli {
namespace {

using Stub = v1::OutcomeService::Stub;

constexpr int kBatch = 500;

// It counts for no rule and no route.
bool IsUntied(const v1::RecordedOutcome& one) {
  return one.tie().unit().empty() && !one.outcome().retraction();
}
std::string Untied(const v1::RecordedOutcome& one) {
  const v1::Outcome& outcome = one.outcome();
  const std::string& name = outcome.container_number().empty()
                                ? outcome.unit()
                                : outcome.container_number();
  return absl::StrCat("tied to no visit: no movement of ", name,
                      " is known around that time; where the number or the "
                      "time is wrong, record it again, right, with a newer "
                      "time of update");
}

// Sends outcomes in batches and remembers the line of each.
class Sender {
 public:
  struct Counts {
    uint64_t recorded = 0;  // Repeats included.
    uint64_t tied = 0;      // To a visit.
    uint64_t routed = 0;
    uint64_t found = 0;
    uint64_t retracted = 0;
  };

  Sender(const Connection& connection, const std::string& file,
         std::istream* in, Rejects* rejects)
      : connection_(connection),
        stub_(v1::OutcomeService::NewStub(connection.channel())),
        file_(file),
        in_(in),
        rejects_(rejects) {}

  absl::Status Add(uint64_t line, v1::Outcome&& outcome) {
    *request_.add_outcomes() = std::move(outcome);
    lines_.push_back(line);
    return request_.outcomes_size() < kBatch ? absl::OkStatus() : Flush();
  }

  absl::Status Flush() {
    if (request_.outcomes().empty()) return absl::OkStatus();
    v1::BatchRecordOutcomesResponse response;
    absl::Status status = connection_.Call(*stub_, &Stub::BatchRecordOutcomes,
                                           request_, &response);
    if (!status.ok()) return status;
    for (int i = 0; i < response.results_size(); ++i) {
      const v1::OutcomeResult& result = response.results(i);
      if (result.has_error()) {
        Refuse(lines_[static_cast<size_t>(i)], request_.outcomes(i),
               result.error());
        continue;
      }
      const v1::RecordedOutcome& one = result.outcome();
      ++counts_.recorded;
      counts_.tied += !one.tie().unit().empty();
      if (IsUntied(one) && ++untied_ <= kUntiedShown) {
        std::cerr << file_ << ":" << lines_[static_cast<size_t>(i)] << ": "
                  << Untied(one) << "\n";
      }
      counts_.routed += !one.tie().from_locode().empty();
      counts_.retracted += one.outcome().retraction();
      counts_.found +=
          one.outcome().result() == v1::FOUND && !one.outcome().retraction();
    }
    request_.clear_outcomes();
    lines_.clear();
    progress_.Show([&]() -> ProgressPoint {
      return {counts_.recorded + rejects_->count(), ShareRead()};
    });
    return absl::OkStatus();
  }

  void EndProgress() { progress_.Finish(); }
  const Counts& counts() const { return counts_; }

 private:
  static constexpr uint64_t kUntiedShown = 20;

  // Of the file's bytes; nothing of standard input.
  std::optional<double> ShareRead() const {
    std::error_code error;
    const auto size = std::filesystem::file_size(file_, error);
    const auto at = in_->tellg();
    if (error || size == 0) return std::nullopt;
    return at < 0 ? 1 : static_cast<double>(at) / static_cast<double>(size);
  }
  void Refuse(uint64_t line, const v1::Outcome& outcome,
              const google::rpc::Status& error) {
    Reject reject;
    reject.file = file_;
    reject.line = line;
    reject.position = absl::StrCat("row ", outcome.id());
    reject.reason = ErrorReason(error);
    reject.message = Describe(error);
    reject.excerpt = outcome.container_number();
    rejects_->Add(reject);
  }

  const Connection& connection_;
  const std::unique_ptr<Stub> stub_;
  const std::string file_;
  std::istream* const in_;
  Rejects* const rejects_;
  v1::BatchRecordOutcomesRequest request_;
  std::vector<uint64_t> lines_;
  uint64_t untied_ = 0;
  Counts counts_;
  Progress progress_{"outcomes import", "rows"};
};

}  // namespace

int ImportOutcomes(const GlobalFlags& flags, const OutcomesFile& import,
                   std::ostream& out) {
  std::ifstream file;
  if (import.file != "-") {
    file.open(import.file, std::ios::binary);
    if (!file) {
      return Fail(
          absl::NotFoundError(absl::StrCat("cannot read ", import.file)));
    }
  }
  Rejects rejects;
  InputFlags where;
  where.rejects = import.rejects;
  absl::Status status = rejects.Open(where);
  if (!status.ok()) return Fail(status);
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  std::istream& in = import.file == "-" ? std::cin : file;
  Sender sender(**connection, import.file, &in, &rejects);
  auto summary =
      ReadOutcomesCsv(in, {import.file, import.source},
                      {[&](uint64_t line, v1::Outcome&& outcome) {
                         return sender.Add(line, std::move(outcome));
                       },
                       [&](const Reject& reject) { rejects.Add(reject); }});
  if (summary.ok()) status = sender.Flush();
  sender.EndProgress();
  if (!summary.ok()) return Fail(summary.status());
  if (!status.ok()) return Fail(status);
  if (!summary->ignored_columns.empty()) {
    std::cerr << "not read: columns "
              << absl::StrJoin(summary->ignored_columns, ", ") << "\n";
  }
  const Sender::Counts& counts = sender.counts();
  out << summary->rows << " rows, " << counts.recorded << " recorded ("
      << counts.found << " with a find"
      << (counts.retracted > 0
              ? absl::StrCat(", ", counts.retracted, " retracted")
              : "")
      << "), " << counts.tied << " tied to a visit, " << counts.routed
      << " to a route, " << rejects.count() << " rejected\n";
  return rejects.Finish();
}

namespace {

struct RecordFlags {
  std::string container, locode, facility, time, control, found, kind;
  std::string quantity_unit, reference, note, id, updated;
  std::string source = "outcomes";
  std::string unit, movement_source, movement_id;
  double quantity = -1;
  bool retract = false;
};

absl::StatusOr<v1::Outcome> MakeOutcome(const RecordFlags& flags) {
  v1::Outcome outcome;
  outcome.set_source(flags.source);
  outcome.set_id(flags.id);
  outcome.set_retraction(flags.retract);
  outcome.set_container_number(flags.container);
  outcome.set_unit(flags.unit);
  if (!flags.movement_id.empty()) {
    outcome.mutable_assessment()->set_source(flags.movement_source);
    outcome.mutable_assessment()->set_movement_id(flags.movement_id);
  }
  outcome.set_locode(flags.locode);
  outcome.set_facility(flags.facility);
  const std::pair<const std::string*, google::protobuf::Timestamp*> times[] = {
      {&flags.time, flags.time.empty() ? nullptr : outcome.mutable_time()},
      {&flags.updated,
       flags.updated.empty() ? nullptr : outcome.mutable_update_time()}};
  for (const auto& [text, time] : times) {
    if (time == nullptr || ParseControlTime(*text, time)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(*text, " is no time; write 2026-03-01T12:00:00Z"));
  }
  v1::ControlResult result = v1::CONTROL_RESULT_UNSPECIFIED;
  if (!flags.found.empty() && !ParseControlResult(flags.found, &result)) {
    return absl::InvalidArgumentError("--found is yes, no or inconclusive");
  }
  v1::Control control = v1::CONTROL_UNSPECIFIED;
  if (!flags.control.empty() && !ParseControl(flags.control, &control)) {
    return absl::InvalidArgumentError(
        "--control is INSPECT, SCAN_IMAGE, DOCUMENT_CHECK, HOLD_AND_INSPECT or "
        "POST_CLEARANCE_AUDIT");
  }
  outcome.set_result(result);
  outcome.set_control(control);
  SetKind(flags.kind, &outcome);
  if (flags.quantity >= 0) outcome.set_quantity(flags.quantity);
  outcome.set_quantity_unit(flags.quantity_unit);
  outcome.set_reference(flags.reference);
  outcome.set_note(flags.note);
  return outcome;
}

int Record(const GlobalFlags& flags, const RecordFlags& record) {
  auto outcome = MakeOutcome(record);
  if (!outcome.ok()) return Fail(outcome.status());
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::OutcomeService::NewStub((*connection)->channel());
  v1::RecordOutcomeRequest request;
  *request.mutable_outcome() = *std::move(outcome);
  v1::RecordedOutcome reply;
  absl::Status status =
      (*connection)->Call(*stub, &Stub::RecordOutcome, request, &reply);
  if (!status.ok()) return Fail(status);
  std::cout << ToJson(reply, /*pretty=*/true);
  if (IsUntied(reply)) std::cerr << Untied(reply) << "\n";
  return kExitOk;
}

std::string KindOf(const v1::Outcome& outcome) {
  if (outcome.kind() == v1::FIND_KIND_UNSPECIFIED) return outcome.kind_code();
  std::string text = v1::FindKind_Name(outcome.kind());
  if (!outcome.kind_code().empty()) {
    absl::StrAppend(&text, " (", outcome.kind_code(), ")");
  }
  return text;
}

void AddRow(const v1::RecordedOutcome& one, Table* table) {
  const v1::Outcome& o = one.outcome();
  const v1::OutcomeTie& tie = one.tie();
  std::vector<std::string> rules;
  for (const v1::HitRef& hit : tie.hits()) rules.push_back(hit.rule());
  table->Add({absl::StrCat(one.sequence()),
              o.has_time() ? FormatTime(o.time()) : "",
              tie.unit().empty() ? tie.container_number() : tie.unit(),
              o.control() ? v1::Control_Name(o.control()) : "",
              o.retraction() ? "retracted" : v1::ControlResult_Name(o.result()),
              KindOf(o),
              tie.from_locode().empty() && tie.to_locode().empty()
                  ? ""
                  : absl::StrCat(tie.from_locode(), ">", tie.to_locode()),
              tie.chapter(), absl::StrJoin(rules, " "), one.caller()});
}

int List(const GlobalFlags& flags, const std::string& container, bool all,
         bool json, uint64_t limit) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::OutcomeService::NewStub((*connection)->channel());
  v1::ListOutcomesRequest request;
  const bool is_unit = absl::StrContains(container, '@') ||
                       absl::StartsWith(container, "consignment:");
  if (is_unit) {
    request.set_unit(container);
  } else {
    request.set_container_number(container);
  }
  request.set_superseded(all);
  Table table({"SEQUENCE", "TIME", "UNIT", "CONTROL", "RESULT", "KIND", "ROUTE",
               "CHAPTER", "RULES THAT HIT", "BY"});
  v1::ListOutcomesResponse response;
  uint64_t left = limit;
  do {
    request.set_page_token(response.next_page_token());
    request.set_page_size(static_cast<int>(std::min<uint64_t>(left, 1000)));
    absl::Status status =
        (*connection)->Call(*stub, &Stub::ListOutcomes, request, &response);
    if (!status.ok()) return Fail(status);
    for (const v1::RecordedOutcome& one : response.outcomes()) {
      if (json) {
        std::cout << ToJson(one) << "\n";
      } else {
        AddRow(one, &table);
      }
    }
    left -= std::min<uint64_t>(left, response.outcomes_size());
  } while (!response.next_page_token().empty() && left > 0);
  if (!json) table.Print(std::cout);
  return kExitOk;
}

void DeclareRecord(CLI::App* outcomes, const GlobalFlags& flags,
                   Action* action) {
  auto record = std::make_shared<RecordFlags>();
  auto* command = outcomes->add_subcommand(
      "record",
      "Record what one control found\n"
      "Example: portrisk outcomes record C-17 MSKU1234565 --time "
      "2026-03-01T12:00:00Z --locode NLRTM --control INSPECT --found yes "
      "--kind drugs");
  command->add_option("id", record->id, "Your reference of the control")
      ->required();
  command->add_option("container", record->container, "Container number");
  command->add_option("--time", record->time, "When the control ended");
  command->add_option("--found", record->found, "yes, no or inconclusive");
  command->add_option("--locode", record->locode, "Where it was");
  command->add_option("--facility", record->facility, "Where it was");
  command->add_option("--control", record->control, "What was done");
  command->add_option("--kind", record->kind, "Of what was found");
  command->add_option("--quantity", record->quantity, "How much")
      ->check(NotNegative());
  command->add_option("--quantity-unit", record->quantity_unit, "KGM, NIU ...");
  command->add_option("--unit", record->unit, "The visit, by name");
  command->add_option("--movement-source", record->movement_source,
                      "A movement of the visit");
  command->add_option("--movement-id", record->movement_id,
                      "A movement of the visit");
  command->add_option("--reference", record->reference, "Of your file");
  command->add_option("--note", record->note, "Without names of persons");
  command->add_option("--source", record->source, "Name of your system")
      ->capture_default_str();
  command->add_option("--updated", record->updated,
                      "When it was last changed; a later one corrects");
  command->add_flag("--retract", record->retract,
                    "Void what was recorded under this id; needs --updated");
  command->callback([=, &flags] {
    *action = [=, &flags] { return Record(flags, *record); };
  });
}

}  // namespace

void AddOutcomes(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto* outcomes =
      app.add_subcommand("outcomes", "Record and list what controls found");
  outcomes->require_subcommand(1);
  outcomes->fallthrough();
  auto import = std::make_shared<OutcomesFile>();
  auto* command = outcomes->add_subcommand(
      "import",
      absl::StrCat("Record what controls found from CSV; good rows are kept, "
                   "bad ones named\n"
                   "Example: portrisk outcomes import outcomes.csv --source "
                   "nl-customs\n",
                   kOutcomeCsvHelp));
  command->add_option("file", import->file, "CSV file, - for standard input")
      ->required();
  command->add_option("--source", import->source, "Name of the sending system")
      ->capture_default_str();
  command->add_option("--rejects", import->rejects,
                      "Write rejected rows there, one JSON object a line");
  command->callback([=, &flags] {
    *action = [=, &flags] { return ImportOutcomes(flags, *import, std::cout); };
  });
  DeclareRecord(outcomes, flags, action);
  auto container = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  auto json = std::make_shared<bool>(false);
  auto limit = std::make_shared<uint64_t>(1000);
  auto* list = outcomes->add_subcommand(
      "list", "List outcomes of a container or a unit, or of the whole store");
  list->add_option("container", *container,
                   "Container number, or a unit as an assessment shows it");
  list->add_flag("--all-versions", *all, "Corrected and retracted ones, too");
  list->add_flag("--json", *json, "One JSON object a line");
  list->add_option("--limit", *limit, "Outcomes at most")
      ->check(AboveZero())
      ->capture_default_str();
  list->callback([=, &flags] {
    *action = [=, &flags] {
      return List(flags, *container, *all, *json, *limit);
    };
  });
}

}  // namespace portrisk::service::cli
