// portrisk evaluations.
#include "service/cli/evaluations.h"

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "portrisk/v1/evaluation_service.grpc.pb.h"
#include "service/cli/commands.h"
#include "service/cli/evaluation_flags.h"
#include "service/cli/progress.h"
#include "service/cli/table.h"
#include "service/times.h"

namespace portrisk::service::cli {
namespace {

// How long who waits for an evaluation waits for a server that went away.
constexpr absl::Duration kServerAwayMax = absl::Minutes(2);

using Stub = v1::EvaluationService::Stub;

struct StartFlags {
  std::vector<uint64_t> revisions;
  PlanFlags plan;
  ReportFlags report;
  bool no_wait = false;
};

std::string StateOf(const v1::Evaluation& one) {
  return std::string(
      absl::StripPrefix(v1::EvaluationState_Name(one.state()), "EVALUATION_"));
}

std::string ProgressText(const v1::Evaluation& one) {
  const v1::EvaluationProgress& progress = one.progress();
  if (one.state() != v1::EVALUATION_RUNNING || progress.read_sequence() == 0) {
    return StateOf(one);
  }
  const double done = static_cast<double>(progress.read_sequence()) /
                      static_cast<double>(one.last_sequence());
  return absl::StrFormat(
      "%.0f%%, %d records a second, %d s left, %.1f GB of memory", 100 * done,
      progress.records_per_second(), progress.seconds_left(),
      static_cast<double>(progress.resident_bytes()) / 1e9);
}

std::string CandidatesOf(const v1::Evaluation& one) {
  return absl::StrJoin(
      one.candidates(), " ", [](std::string* out, const auto& candidate) {
        absl::StrAppend(out, candidate.rule_set(), ":", candidate.revision());
      });
}

// With the revisions as candidates.
absl::StatusOr<v1::EvaluationPlan> PlanOf(const StartFlags& flags) {
  auto plan = PlanOf(flags.plan);
  if (!plan.ok()) return plan.status();
  for (const uint64_t revision : flags.revisions) {
    if (plan->candidates().empty() || flags.plan.separate) {
      plan->add_candidates();
    }
    plan->mutable_candidates(plan->candidates_size() - 1)
        ->add_revisions(revision);
  }
  return plan;
}

int ShowOf(const Connection& connection, const GlobalFlags& global,
           uint64_t number, const ReportFlags& flags) {
  auto stub = v1::EvaluationService::NewStub(connection.channel());
  v1::GetEvaluationRequest request;
  request.set_evaluation(number);
  v1::GetEvaluationResponse response;
  absl::Status status =
      connection.Call(*stub, &Stub::GetEvaluation, request, &response);
  if (!status.ok()) return Fail(status);
  const v1::Evaluation& one = response.evaluation();
  if (flags.output != "table") {
    if (!response.has_report()) {
      return Fail(absl::FailedPreconditionError(
          absl::StrCat("evaluation ", number, " is ", StateOf(one),
                       " and has no report yet")));
    }
    return ShowReport(response.report(), &one, flags, global.language);
  }
  std::cout << "Evaluation " << number << " of " << CandidatesOf(one) << ", "
            << StateOf(one) << ", started by " << one.caller() << " "
            << FormatTime(one.create_time()) << " at journal position "
            << one.last_sequence() << "\n";
  if (one.state() == v1::EVALUATION_RUNNING) {
    std::cout << ProgressText(one) << "\n";
  }
  if (!one.ended_by().empty()) {
    std::cout << "Cancelled by " << one.ended_by() << "\n";
  }
  if (!one.failure().empty()) std::cout << "Failed: " << one.failure() << "\n";
  if (!response.has_report()) return kExitOk;
  std::cout << "Report " << one.report_hash() << "\n\n";
  return ShowReport(response.report(), &one, flags, global.language);
}

int Start(const GlobalFlags& global, const StartFlags& flags) {
  auto plan = PlanOf(flags);
  if (!plan.ok()) return Fail(plan.status());
  auto connection = Connection::Open(global);
  if (!connection.ok()) return Fail(connection.status());
  auto started = StartEvaluation(**connection, *plan);
  if (!started.ok()) return Fail(started.status());
  std::cerr << "evaluation " << started->evaluation() << " of "
            << started->last_sequence()
            << " journal positions; it goes on if this command is stopped\n";
  if (flags.no_wait) return kExitOk;
  auto ended = WaitForEvaluation(**connection, started->evaluation());
  if (!ended.ok()) return Fail(ended.status());
  return ShowOf(**connection, global, ended->evaluation(), flags.report);
}

int Watch(const GlobalFlags& global, uint64_t number) {
  auto connection = Connection::Open(global);
  if (!connection.ok()) return Fail(connection.status());
  auto ended = WaitForEvaluation(**connection, number);
  if (!ended.ok()) return Fail(ended.status());
  std::cout << "evaluation " << number << " is FINISHED; `portrisk evaluations "
            << "show " << number << "` shows its report\n";
  return kExitOk;
}

int Cancel(const GlobalFlags& global, uint64_t number) {
  auto connection = Connection::Open(global);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::EvaluationService::NewStub((*connection)->channel());
  v1::CancelEvaluationRequest request;
  request.set_evaluation(number);
  v1::Evaluation cancelled;
  absl::Status status =
      (*connection)->Call(*stub, &Stub::CancelEvaluation, request, &cancelled);
  if (!status.ok()) return Fail(status);
  std::cout << "evaluation " << number << " is " << StateOf(cancelled) << "\n";
  return kExitOk;
}

int List(const GlobalFlags& global) {
  auto connection = Connection::Open(global);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::EvaluationService::NewStub((*connection)->channel());
  Table table({"EVALUATION", "STATE", "CANDIDATES", "MOVEMENTS", "STARTED",
               "BY", "POSITION"});
  v1::ListEvaluationsRequest request;
  v1::ListEvaluationsResponse response;
  do {
    request.set_page_token(response.next_page_token());
    absl::Status status =
        (*connection)->Call(*stub, &Stub::ListEvaluations, request, &response);
    if (!status.ok()) return Fail(status);
    for (const v1::Evaluation& one : response.evaluations()) {
      table.Add({absl::StrCat(one.evaluation()), ProgressText(one),
                 CandidatesOf(one), absl::StrCat(one.movements()),
                 FormatTime(one.create_time()), one.caller(),
                 absl::StrCat(one.last_sequence())});
    }
  } while (!response.next_page_token().empty());
  table.Print(std::cout);
  return kExitOk;
}

void AddStart(CLI::App* evaluations, const GlobalFlags& global,
              Action* action) {
  auto flags = std::make_shared<StartFlags>();
  auto* command = evaluations->add_subcommand(
      "start",
      "Try revisions on the stored history, beside what is in force; what an "
      "approval needs\n"
      "Example: portrisk evaluations start 7 --from 2026-01-01\n"
      "The server runs it behind scoring, and goes on after a crash.");
  command->add_option("revisions", flags->revisions, "Numbers of revisions")
      ->required();
  AddPlanFlags(command, "revision", &flags->plan);
  AddReportFlags(command, &flags->report);
  command->add_flag("--no-wait", flags->no_wait, "Return at once");
  command->callback([=, &global] {
    *action = [=, &global] { return Start(global, *flags); };
  });
}

}  // namespace

absl::StatusOr<v1::Evaluation> StartEvaluation(const Connection& connection,
                                               const v1::EvaluationPlan& plan) {
  auto stub = v1::EvaluationService::NewStub(connection.channel());
  v1::StartEvaluationRequest request;
  *request.mutable_plan() = plan;
  v1::Evaluation started;
  absl::Status status =
      connection.Call(*stub, &Stub::StartEvaluation, request, &started);
  if (!status.ok()) return status;
  return started;
}

absl::StatusOr<v1::Evaluation> WaitForEvaluation(const Connection& connection,
                                                 uint64_t evaluation) {
  auto stub = v1::EvaluationService::NewStub(connection.channel());
  v1::GetEvaluationRequest request;
  request.set_evaluation(evaluation);
  Progress progress("evaluation", "records");
  v1::Evaluation one;
  absl::Time heard = absl::Now();
  // It goes on where it was when the server comes back.
  while (true) {
    grpc::ClientContext context;
    connection.Identify(&context);
    auto stream = stub->WatchEvaluation(&context, request);
    while (stream->Read(&one)) {
      progress.Show(one.progress().read_sequence(), one.last_sequence());
      heard = absl::Now();
    }
    const grpc::Status status = stream->Finish();
    if (status.ok()) break;
    const bool may_pass =
        one.evaluation() > 0 &&
        (status.error_code() == grpc::StatusCode::UNAVAILABLE ||
         status.error_code() == grpc::StatusCode::CANCELLED);
    if (!may_pass || absl::Now() - heard > kServerAwayMax) {
      return connection.Explain(status);
    }
    absl::SleepFor(absl::Seconds(1));
  }
  progress.Finish();
  if (one.state() != v1::EVALUATION_FINISHED) {
    return absl::FailedPreconditionError(
        absl::StrCat("evaluation ", evaluation, " is ", StateOf(one),
                     one.failure().empty() ? "" : ": ", one.failure()));
  }
  return one;
}

void AddEvaluations(CLI::App& app, const GlobalFlags& global, Action* action) {
  auto* evaluations = app.add_subcommand(
      "evaluations",
      "Try revisions on the server's history before they go live");
  evaluations->require_subcommand(1);
  evaluations->fallthrough();
  AddStart(evaluations, global, action);
  evaluations->add_subcommand("list", "List evaluations and how far each is")
      ->callback(
          [=, &global] { *action = [&global] { return List(global); }; });
  auto number = std::make_shared<uint64_t>();
  auto flags = std::make_shared<ReportFlags>();
  const auto add = [&](const char* name, const char* help, auto run) {
    auto* command = evaluations->add_subcommand(name, help);
    command->add_option("evaluation", *number, "Its number")->required();
    command->callback([=, &global] {
      *action = [=, &global] { return run(global, *number); };
    });
    return command;
  };
  auto* show = add("show", "Show an evaluation with its report",
                   [flags](const GlobalFlags& use, uint64_t evaluation) {
                     auto connection = Connection::Open(use);
                     if (!connection.ok()) return Fail(connection.status());
                     return ShowOf(**connection, use, evaluation, *flags);
                   });
  AddReportFlags(show, flags.get());
  add("watch", "Show how far it is until it ends", Watch);
  add("cancel", "End it without a report", Cancel);
}

}  // namespace portrisk::service::cli
