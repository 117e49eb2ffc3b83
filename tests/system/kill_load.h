// A server under load that is killed, and clients that remember what was
// acknowledged.
#ifndef PORTRISK_TESTS_SYSTEM_KILL_LOAD_H_
#define PORTRISK_TESTS_SYSTEM_KILL_LOAD_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "portrisk/v1/history_service.grpc.pb.h"
#include "portrisk/v1/operator_service.grpc.pb.h"
#include "portrisk/v1/rule_service.grpc.pb.h"
#include "portrisk/v1/scoring_service.grpc.pb.h"
#include "tests/service/engine_fixture.h"
#include "tests/system/server_process.h"

namespace portrisk::service {

class KillLoad {
 public:
  explicit KillLoad(const std::string& directory)
      : directory_(directory), server_(directory) {}

  static v1::Movement MovementOf(int number) {
    v1::Movement m = MakeMovement(
        absl::StrCat("m", number), number % 2 ? v1::GATE_OUT : v1::GATE_IN,
        absl::StrCat("MSKU", 1'000'000 + number % 500), number);
    m.mutable_weights()->set_vgm_kg(20'000 + number % 7);
    return m;
  }

  // Its own connection: a subchannel that waits after a failure is not shared.
  std::shared_ptr<grpc::Channel> Channel() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(
        server_.address(), grpc::InsecureChannelCredentials(), arguments);
  }
  std::unique_ptr<v1::ScoringService::Stub> Stub() const {
    return v1::ScoringService::NewStub(Channel());
  }

  grpc::Status CallOnce(v1::ScoringService::Stub* stub) {
    const int number = next_++;
    grpc::ClientContext context;
    v1::ScoreMovementRequest request;
    *request.mutable_movement() = MovementOf(number);
    v1::Assessment reply;
    const grpc::Status status = stub->ScoreMovement(&context, request, &reply);
    if (status.ok()) Acknowledged(number, reply);
    return status;
  }

  // One caller with one call in flight, until one fails.
  grpc::Status CallOneByOne() {
    const auto stub = Stub();
    grpc::Status status;
    while (status.ok()) status = CallOnce(stub.get());
    return status;
  }

  // One caller with many movements in flight on a stream; not so many that a
  // slow server refuses most of them.
  void CallOnStream() {
    constexpr size_t kInFlightMax = 500;
    auto stub = Stub();
    grpc::ClientContext context;
    auto stream = stub->StreamScoreMovements(&context);
    std::mutex mutex;
    std::condition_variable answered;
    std::deque<int> sent;
    bool over = false;
    std::thread reader([&] {
      v1::ScoreResult result;
      while (stream->Read(&result)) {
        int number = 0;
        {
          std::lock_guard<std::mutex> lock(mutex);
          number = sent.front();
          sent.pop_front();
        }
        answered.notify_one();
        if (result.has_assessment()) {
          Acknowledged(number, result.assessment());
        }
      }
      {
        std::lock_guard<std::mutex> lock(mutex);
        over = true;
      }
      answered.notify_one();
    });
    while (true) {
      const int number = next_++;
      {
        std::unique_lock<std::mutex> lock(mutex);
        answered.wait(lock, [&] { return over || sent.size() < kInFlightMax; });
        if (over) break;
        sent.push_back(number);
      }
      v1::ScoreMovementRequest request;
      *request.mutable_movement() = MovementOf(number);
      if (!stream->Write(request)) break;
    }
    reader.join();
    stream->Finish();
  }

  void Acknowledged(int number, const v1::Assessment& assessment) {
    std::lock_guard<std::mutex> lock(mutex_);
    acknowledged_[number] = assessment.SerializeAsString();
  }

  std::unique_ptr<v1::RuleService::Stub> Rules() const {
    return v1::RuleService::NewStub(Channel());
  }

  // Asks for an aggregate that is not there yet; the kill may come between any
  // two of these steps, and while it is filled.
  void AskForAnAggregate(int number) {
    auto stub = Rules();
    const auto call = [](auto method) {
      grpc::ClientContext context;
      context.AddMetadata("portrisk-caller", "development");
      context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(9)));
      return method(&context).ok();
    };
    v1::CreateRevisionRequest create;
    create.set_yaml(absl::StrCat(
        "rule_set: s\nlayer: port\nowner: EU\naggregates:\n"
        "  n: {key: movement.container.number, count: true, window: ",
        number + 1,
        "d}\n  w: {key: movement.location.locode, max: "
        "movement.weights.vgm_kg, window: ",
        number + 1,
        "d}\nrules:\n  - id: r\n    title: {en: T}\n"
        "    explain: {en: E}\n    score: 0\n"
        "    when: n > 1000000 && w > 1\n"));
    v1::Revision revision;
    if (!call([&](auto* context) {
          return stub->CreateRevision(context, create, &revision);
        })) {
      return;
    }
    v1::ChangeRevisionRequest change;
    change.set_revision(revision.revision());
    change.set_without_replay("a test");
    call([&](auto* context) {
      return stub->ApproveRevision(context, change, &revision);
    }) &&
        call([&](auto* context) {
          return stub->ActivateRevision(context, change, &revision);
        });
  }

  // The states of all revisions, once none is warming any more.
  std::map<v1::RevisionState, int> WarmedStates() {
    auto stub = Rules();
    for (int i = 0; i < 1000; ++i) {
      grpc::ClientContext context;
      v1::ListRevisionsResponse list;
      if (!stub->ListRevisions(&context, {}, &list).ok()) break;
      std::map<v1::RevisionState, int> states;
      for (const auto& one : list.revisions()) ++states[one.state()];
      if (states[v1::WARMING] == 0) return states;
      absl::SleepFor(absl::Milliseconds(30));
    }
    return {};  // They are warming for ever.
  }

  // Backups one after the other, until the server goes.
  void MakeBackups() {
    auto stub = v1::OperatorService::NewStub(Channel());
    while (true) {
      grpc::ClientContext context;
      v1::CreateBackupRequest request;
      request.set_keep(2);
      v1::Backup backup;
      if (!stub->CreateBackup(&context, request, &backup).ok()) return;
      ++backups_;
    }
  }

  struct Load {
    bool rules = true;     // Somebody asks for an aggregate.
    bool backups = false;  // Somebody makes backups.
  };
  void LoadUntilKilled(absl::Duration after, Load load) {
    std::vector<std::thread> callers;
    if (load.rules) {
      callers.emplace_back(
          [this, number = asked_++] { AskForAnAggregate(number); });
    }
    if (load.backups) callers.emplace_back([this] { MakeBackups(); });
    for (int i = 0; i < 3; ++i) {
      callers.emplace_back([this] { CallOneByOne(); });
    }
    callers.emplace_back([this] { CallOnStream(); });
    absl::SleepFor(after);
    server_.Stop(SIGKILL);
    for (std::thread& caller : callers) caller.join();
  }

  // Sends acknowledged movements from `first` on again: each must come back
  // as it was answered.
  absl::Status CheckAcknowledged(int first) {
    auto stub = Stub();
    v1::BatchScoreMovementsRequest request;
    std::vector<const std::string*> expected;
    const auto flush = [&]() -> absl::Status {
      if (expected.empty()) return absl::OkStatus();
      grpc::ClientContext context;
      v1::BatchScoreMovementsResponse reply;
      const grpc::Status called =
          stub->BatchScoreMovements(&context, request, &reply);
      if (!called.ok()) return absl::UnavailableError(called.error_message());
      for (size_t i = 0; i < expected.size(); ++i) {
        const v1::ScoreResult& result = reply.results(static_cast<int>(i));
        if (result.assessment().SerializeAsString() == *expected[i]) continue;
        return absl::DataLossError(
            absl::StrCat(request.movements(static_cast<int>(i)).id(),
                         " was acknowledged and is lost or other: ",
                         result.ShortDebugString()));
      }
      request.Clear();
      expected.clear();
      return absl::OkStatus();
    };
    for (auto it = acknowledged_.lower_bound(first); it != acknowledged_.end();
         ++it) {
      *request.add_movements() = MovementOf(it->first);
      expected.push_back(&it->second);
      if (expected.size() < 500) continue;
      absl::Status status = flush();
      if (!status.ok()) return status;
    }
    return flush();
  }

  // Every movement in the journal once, sequences in order. Returns how many.
  absl::StatusOr<size_t> CheckNothingTwice() {
    auto stub = v1::HistoryService::NewStub(Channel());
    std::set<std::string> ids;
    uint64_t last = 0;
    v1::ListMovementsRequest request;
    request.set_page_size(1000);
    v1::ListMovementsResponse page;
    do {
      request.set_page_token(page.next_page_token());
      grpc::ClientContext context;
      const grpc::Status called = stub->ListMovements(&context, request, &page);
      if (!called.ok()) return absl::UnavailableError(called.error_message());
      for (const auto& m : page.movements()) {
        // Changes of rules lie between.
        if (m.assessment().sequence() <= last) {
          return absl::DataLossError(absl::StrCat(
              "sequence ", last, " is not followed by a higher one"));
        }
        last = m.assessment().sequence();
        if (!ids.insert(m.movement().id()).second) {
          return absl::DataLossError(
              absl::StrCat(m.movement().id(), " is there twice"));
        }
      }
    } while (!page.next_page_token().empty());
    if (ids.size() < acknowledged_.size()) {
      return absl::DataLossError("fewer movements than were acknowledged");
    }
    return ids.size();
  }

  ServerProcess& server() { return server_; }
  int sent() const { return next_; }
  size_t acknowledged() const { return acknowledged_.size(); }
  int backups() const { return backups_; }  // That were acknowledged.

 private:
  const std::string directory_;
  ServerProcess server_;
  std::atomic<int> next_{0};
  std::atomic<int> backups_{0};
  int asked_ = 0;
  std::mutex mutex_;
  std::map<int, std::string> acknowledged_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SYSTEM_KILL_LOAD_H_
