// Floods, callers that go away, readers that do not read and connections that
// say nothing, against a real server.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "portrisk/v1/history_service.grpc.pb.h"
#include "portrisk/v1/scoring_service.grpc.pb.h"
#include "portrisk/v1/selection_service.grpc.pb.h"
#include "service/server.h"
#include "tests/service/engine_fixture.h"
#include "tests/service/readers.h"

namespace portrisk::service {
namespace {

using std::chrono::milliseconds;

std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status rpc;
  rpc.ParseFromString(status.error_details());
  google::rpc::ErrorInfo info;
  for (const auto& any : rpc.details()) {
    if (any.UnpackTo(&info)) return info.reason();
  }
  return status.ok() ? "OK" : status.error_message();
}

// A disk that answers when it is told to.
struct Disk {
  std::atomic<bool> stuck{false};
  std::atomic<int> waiting{0};
  std::atomic<int> commit_ms{0};

  absl::Status Commit() {
    ++waiting;
    std::this_thread::sleep_for(milliseconds(commit_ms));
    while (stuck) std::this_thread::sleep_for(milliseconds(1));
    --waiting;
    return absl::OkStatus();
  }
};

class OverloadTest : public EngineTest {
 protected:
  void Start(ServerOptions options = {}, const QueueLimits& queue = {}) {
    EngineOptions engine = TestOptions(directory_.path() + "/store");
    engine.queue_max = queue.tasks_max;
    engine.batch_max = queue.batch_max;
    engine.store.commit_fault = [disk = disk_] { return disk->Commit(); };
    Open(engine, queue.times);
    WaitForReaders(engine_.get());  // They would be counted.
    options.listen = "127.0.0.1:0";
    options.development = true;
    options.drain_max = absl::Seconds(2);
    auto server = Server::Start(engine_.get(), options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = Connect();
  }
  void TearDown() override {
    disk_->stuck = false;
    GoOn();
    channel_.reset();
    server_.reset();
    engine_.reset();
  }

  std::shared_ptr<grpc::Channel> Connect(
      grpc::ChannelArguments arguments = {}) {
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(
        server_->address(), grpc::InsecureChannelCredentials(), arguments);
  }

  static v1::ScoreMovementRequest Request(const std::string& id) {
    v1::ScoreMovementRequest request;
    *request.mutable_movement() =
        MakeMovement(id, v1::GATE_IN, "MSKU1234565", 0);
    return request;
  }

  grpc::Status Score(const std::string& id, const std::string& caller = "") {
    grpc::ClientContext context;
    context.AddMetadata("portrisk-caller", caller);
    v1::Assessment reply;
    return v1::ScoringService::NewStub(channel_)->ScoreMovement(
        &context, Request(id), &reply);
  }

  // A call that is under way.
  struct Pending {
    grpc::ClientContext context;
    v1::Assessment reply;
    grpc::Status status;
    std::thread thread;
    ~Pending() {
      if (thread.joinable()) thread.join();
    }
  };
  std::unique_ptr<Pending> Begin(const std::string& id,
                                 milliseconds deadline = milliseconds(0)) {
    auto call = std::make_unique<Pending>();
    if (deadline.count() > 0) {
      call->context.set_deadline(std::chrono::system_clock::now() + deadline);
    }
    call->thread = std::thread([this, id, c = call.get()] {
      c->status = v1::ScoringService::NewStub(channel_)->ScoreMovement(
          &c->context, Request(id), &c->reply);
    });
    return call;
  }

  // The apply thread stands still, so that what comes waits.
  void Stop() {
    std::atomic<bool> arrived{false};
    stopped_ = true;
    blocker_ = std::thread([this, &arrived] {
      const absl::Status status = engine_->Look([&](Core&) {
        arrived = true;
        while (stopped_) std::this_thread::sleep_for(milliseconds(1));
        return absl::OkStatus();
      });
      EXPECT_TRUE(status.ok()) << status;
    });
    ASSERT_TRUE(Becomes([&] { return arrived.load(); }));
  }
  void GoOn() {
    stopped_ = false;
    if (blocker_.joinable()) blocker_.join();
  }

  template <typename Condition>
  static bool Becomes(Condition condition) {
    for (int i = 0; i < 10'000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(milliseconds(1));
    }
    return false;
  }

  // The server has seen all that came on this connection before.
  void PassThrough() {
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(ReasonOf(Score("")), "INVALID_MOVEMENT");
    }
  }

  // A socket to the server that no library looks after.
  int RawSocket() const {
    const std::string& address = server_->address();
    const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(
        std::stoi(address.substr(address.rfind(':') + 1))));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    EXPECT_EQ(connect(socket_fd, reinterpret_cast<sockaddr*>(&to), sizeof to),
              0);
    const timeval most{10, 0};
    setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    return socket_fd;
  }
  // Reads and says nothing until the other end closes; false after 10 s.
  static bool IsClosed(int socket_fd) {
    char bytes[4096];
    while (true) {
      const ssize_t got = recv(socket_fd, bytes, sizeof bytes, 0);
      if (got == 0 || (got < 0 && errno == ECONNRESET)) return true;
      if (got < 0) return false;
    }
  }

  std::atomic<bool> stopped_{false};
  std::thread blocker_;
  std::shared_ptr<Disk> disk_ = std::make_shared<Disk>();
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(OverloadTest, AFloodWaitsBehindItselfAndLeavesRoomForOthers) {
  QueueLimits queue;
  queue.tasks_max = 64;
  Start({}, queue);
  Stop();
  struct Call {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientAsyncResponseReader<v1::Assessment>> reader;
    v1::Assessment reply;
    grpc::Status status;
  };
  auto stub = v1::ScoringService::NewStub(Connect());
  grpc::CompletionQueue answers;
  std::vector<std::unique_ptr<Call>> flood;
  for (int i = 0; i < 100; ++i) {
    flood.push_back(std::make_unique<Call>());
    Call& call = *flood.back();
    call.context.AddMetadata("portrisk-caller", "flood");
    call.reader = stub->AsyncScoreMovement(
        &call.context, Request(absl::StrCat("flood-", i)), &answers);
    call.reader->Finish(&call.reply, &call.status, &call);
  }
  // Half of the places are its own; the others are refused, and know at once.
  for (int i = 0; i < 100 - 32; ++i) {
    void* tag = nullptr;
    bool ok = false;
    ASSERT_TRUE(answers.Next(&tag, &ok));
    EXPECT_EQ(ReasonOf(static_cast<Call*>(tag)->status), "QUEUE_FULL");
  }
  EXPECT_EQ(engine_->queue_depth(), 32u);
  auto gentle = Begin("gentle");
  ASSERT_TRUE(Becomes([&] { return engine_->queue_depth() == 33; }));
  GoOn();
  gentle->thread.join();
  ASSERT_TRUE(gentle->status.ok()) << ReasonOf(gentle->status);
  EXPECT_LE(gentle->reply.sequence(), 2u)
      << "though it came last, one of the flood at most is before it";
  for (int i = 0; i < 32; ++i) {
    void* tag = nullptr;
    bool ok = false;
    ASSERT_TRUE(answers.Next(&tag, &ok));
    EXPECT_TRUE(static_cast<Call*>(tag)->status.ok());
  }
  EXPECT_EQ(engine_->durable_sequence(), 33u);
  answers.Shutdown();
}

TEST_F(OverloadTest, AGateGoesBeforeABatchThatCameFirst) {
  Start();
  Stop();
  v1::BatchScoreMovementsRequest request;
  for (int i = 0; i < 300; ++i) {
    *request.add_movements() =
        MakeMovement(absl::StrCat("b", i), v1::GATE_IN, "MSKU1234565", i);
  }
  v1::BatchScoreMovementsResponse reply;
  std::thread batch([&] {
    grpc::ClientContext context;
    context.AddMetadata("portrisk-caller", "bulk");
    EXPECT_TRUE(v1::ScoringService::NewStub(channel_)
                    ->BatchScoreMovements(&context, request, &reply)
                    .ok());
  });
  EXPECT_TRUE(Becomes([&] { return engine_->queue_depth() == 300; }));
  auto gate = Begin("gate");
  EXPECT_TRUE(Becomes([&] { return engine_->queue_depth() == 301; }));
  GoOn();
  gate->thread.join();
  batch.join();
  EXPECT_EQ(gate->reply.sequence(), 1u);
  ASSERT_EQ(reply.results_size(), 300);
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(reply.results(i).assessment().sequence(), i + 2u)
        << "a batch keeps its order";
  }
}

TEST_F(OverloadTest, WhoHasGoneBeforeItsTurnLeavesNoRecord) {
  Start();
  Stop();
  auto cancelled = Begin("cancelled");
  ASSERT_TRUE(Becomes([&] { return engine_->queue_depth() == 1; }));
  auto expired = Begin("expired", milliseconds(1000));
  ASSERT_TRUE(Becomes([&] { return engine_->queue_depth() == 2; }));
  auto stays = Begin("stays");
  ASSERT_TRUE(Becomes([&] { return engine_->queue_depth() == 3; }));
  cancelled->context.TryCancel();
  cancelled->thread.join();
  expired->thread.join();
  EXPECT_EQ(cancelled->status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(expired->status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  PassThrough();
  GoOn();
  stays->thread.join();
  EXPECT_TRUE(stays->status.ok()) << ReasonOf(stays->status);
  EXPECT_EQ(stays->reply.sequence(), 1u);
  EXPECT_EQ(engine_->durable_sequence(), 1u);
  EXPECT_EQ(engine_->queue_figures().abandoned, 2u);
}

TEST_F(OverloadTest, WhatIsInABatchUnderWayIsFinishedThoughItsCallerIsGone) {
  Start();
  disk_->stuck = true;
  auto call = Begin("first");
  ASSERT_TRUE(Becomes([&] { return disk_->waiting > 0; }));
  call->context.TryCancel();
  call->thread.join();
  PassThrough();
  disk_->stuck = false;
  const grpc::Status status = Score("first");
  EXPECT_TRUE(status.ok()) << ReasonOf(status);
  EXPECT_EQ(engine_->durable_sequence(), 1u) << "the repeat finds it";
}

TEST_F(OverloadTest, ABatchAndAStreamWhoseCallerIsGoneLeaveNothingEither) {
  Start();
  Stop();
  auto stub = v1::ScoringService::NewStub(channel_);
  grpc::ClientContext of_batch;
  v1::BatchScoreMovementsRequest request;
  for (int i = 0; i < 100; ++i) {
    *request.add_movements() =
        MakeMovement(absl::StrCat("b", i), v1::GATE_IN, "MSKU1234565", i);
  }
  grpc::Status batch_status;
  std::thread batch([&] {
    v1::BatchScoreMovementsResponse reply;
    batch_status = stub->BatchScoreMovements(&of_batch, request, &reply);
  });
  EXPECT_TRUE(Becomes([&] { return engine_->queue_depth() == 100; }));
  grpc::ClientContext of_stream;
  auto stream = stub->StreamScoreMovements(&of_stream);
  for (int i = 0; i < 10; ++i) stream->Write(Request(absl::StrCat("s", i)));
  EXPECT_TRUE(Becomes([&] { return engine_->queue_depth() == 110; }));
  of_batch.TryCancel();
  of_stream.TryCancel();
  batch.join();
  EXPECT_FALSE(stream->Finish().ok());
  PassThrough();
  GoOn();
  ASSERT_TRUE(Becomes([&] { return engine_->queue_depth() == 0; }));
  EXPECT_TRUE(Score("last").ok());
  EXPECT_EQ(engine_->durable_sequence(), 1u);
  EXPECT_EQ(engine_->queue_figures().abandoned, 110u);
}

// 800 a second are served, and 160 may wait.
TEST_F(OverloadTest, AStreamIsReadAsFastAsItIsServedAndNothingOfItRefused) {
  QueueLimits queue;
  queue.batch_max = 8;
  queue.times.bulk_wait_max = absl::Milliseconds(200);
  Start({}, queue);
  disk_->commit_ms = 10;
  auto stub = v1::ScoringService::NewStub(channel_);
  grpc::ClientContext context;
  auto stream = stub->StreamScoreMovements(&context);
  constexpr int kFirst = 16;  // From which it knows how fast it is.
  constexpr int kAll = 1'000;
  const auto write = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      stream->Write(Request(absl::StrCat("stream-", i)));
    }
  };
  int read = 0;
  std::map<std::string, int> refused;
  v1::ScoreResult result;
  const auto read_up_to = [&](int to) {
    for (; read < to && stream->Read(&result); ++read) {
      if (result.has_error()) ++refused[result.error().message()];
    }
  };
  write(0, kFirst);
  read_up_to(kFirst);
  std::thread writer([&] {
    write(kFirst, kAll);
    stream->WritesDone();
  });
  read_up_to(kAll);
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(read, kAll);
  EXPECT_THAT(refused, testing::IsEmpty());
}

TEST_F(OverloadTest, AReaderThatNeverReadsHoldsAWindowAndDelaysNobody) {
  Start();
  constexpr int kMost = 100'000;
  grpc::ChannelArguments narrow;
  narrow.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  auto stub = v1::ScoringService::NewStub(Connect(narrow));
  grpc::ClientContext context;
  auto stream = stub->StreamScoreMovements(&context);
  std::atomic<int> written{0};
  std::thread writer([&] {
    while (written < kMost &&
           stream->Write(Request(absl::StrCat("never-", written.load())))) {
      ++written;
    }
  });
  int before = -1;
  EXPECT_TRUE(Becomes([&] {
    std::this_thread::sleep_for(milliseconds(300));
    return std::exchange(before, written.load()) == written && written > 0;
  }));
  EXPECT_LT(written, kMost) << "the server reads on and on";
  EXPECT_EQ(engine_->queue_depth(), 0u);
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(Score(absl::StrCat("gate-", i)).ok());
  }
  context.TryCancel();
  writer.join();
  EXPECT_FALSE(stream->Finish().ok());
}

TEST_F(OverloadTest, AConnectionThatSaysNothingIsClosed) {
  ServerOptions options;
  options.connections.handshake_max = absl::Milliseconds(300);
  Start(options);
  const int silent = RawSocket();
  EXPECT_TRUE(IsClosed(silent)) << "it never spoke HTTP/2";
  close(silent);
  EXPECT_TRUE(Score("next").ok());
}

TEST_F(OverloadTest, AConnectionWhoseOtherEndIsGoneIsClosed) {
  ServerOptions options;
  options.connections.keepalive_after = absl::Milliseconds(300);
  options.connections.keepalive_answer_max = absl::Milliseconds(300);
  Start(options);
  const int half_open = RawSocket();
  // The preface of HTTP/2 and empty settings; no ping is ever answered.
  const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
  ASSERT_EQ(send(half_open, preface, sizeof preface - 1, 0),
            static_cast<ssize_t>(sizeof preface - 1));
  EXPECT_TRUE(IsClosed(half_open));
  close(half_open);
  EXPECT_TRUE(Score("next").ok());
}

TEST_F(OverloadTest, ACallerHasSoManyStreams) {
  ServerOptions options;
  options.connections.caller_streams_max = 1;
  Start(options);
  auto stub = v1::ScoringService::NewStub(channel_);
  const auto open = [&](grpc::ClientContext* context,
                        const std::string& caller) {
    context->AddMetadata("portrisk-caller", caller);
    auto stream = stub->StreamScoreMovements(context);
    stream->Write(Request("stream-" + caller));
    v1::ScoreResult result;
    const bool is_open = stream->Read(&result);
    return std::make_pair(std::move(stream), is_open);
  };
  grpc::ClientContext first, second, other, again;
  auto [stream, is_open] = open(&first, "a");
  EXPECT_TRUE(is_open);
  auto [refused, refused_is_open] = open(&second, "a");
  EXPECT_FALSE(refused_is_open);
  const grpc::Status status = refused->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(status), "TOO_MANY_STREAMS");
  auto [others, others_is_open] = open(&other, "b");
  EXPECT_TRUE(others_is_open);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  others->WritesDone();
  EXPECT_TRUE(others->Finish().ok());
  PassThrough();
  auto [next, next_is_open] = open(&again, "a");
  EXPECT_TRUE(next_is_open);
  next->WritesDone();
  EXPECT_TRUE(next->Finish().ok());
}

TEST_F(OverloadTest, SoManyReadThroughTheJournalAtOnce) {
  Start();
  std::vector<v1::Movement> movements;
  for (int i = 0; i < 5'000; ++i) {
    movements.push_back(
        MakeMovement(absl::StrCat("m", i), v1::GATE_IN, "MSKU1234565", i));
  }
  ScoreAll(engine_.get(), movements);
  v1::ListWorklistRequest request;
  request.set_locode("NLRTM");
  request.set_hours(24);
  request.mutable_time()->set_seconds(1'790'002'500);
  request.set_capacity(1);
  const auto list = [&] {
    grpc::ClientContext context;
    context.AddMetadata("portrisk-purpose", "a test");
    v1::Worklist response;
    return v1::SelectionService::NewStub(channel_)->ListWorklist(
        &context, request, &response);
  };
  const grpc::Status alone = list();
  ASSERT_TRUE(alone.ok()) << alone.error_message();
  std::atomic<bool> refused{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 40; ++i) {
    readers.emplace_back([&] {
      for (int k = 0; k < 200 && !refused; ++k) {
        const grpc::Status status = list();
        if (status.ok()) continue;
        EXPECT_EQ(ReasonOf(status), "TOO_MANY_SCANS");
        refused = true;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_TRUE(refused);
  EXPECT_TRUE(list().ok());
}

TEST_F(OverloadTest, EachMethodTakesWhatItNeedsAndNoMore) {
  Start();
  v1::ScoreMovementRequest request = Request("large");
  request.set_language(std::string(300 << 10, 'x'));
  grpc::ClientContext context;
  v1::Assessment reply;
  grpc::Status status = v1::ScoringService::NewStub(channel_)->ScoreMovement(
      &context, request, &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), "REQUEST_TOO_LARGE");
  grpc::ClientContext other;
  v1::GetContainerRequest container;
  container.set_number(std::string(5 << 20, 'x'));
  v1::GetContainerResponse found;
  status = v1::HistoryService::NewStub(channel_)->GetContainer(
      &other, container, &found);
  EXPECT_EQ(ReasonOf(status), "REQUEST_TOO_LARGE");
  grpc::ClientContext of_batch;
  v1::BatchScoreMovementsRequest batch;
  v1::Movement* const full = batch.add_movements();
  for (int i = 0; i < 250'000; ++i) full->add_seals();
  v1::BatchScoreMovementsResponse results;
  status = v1::ScoringService::NewStub(channel_)->BatchScoreMovements(
      &of_batch, batch, &results);
  EXPECT_EQ(ReasonOf(status), "TOO_MANY_FIELDS");
}

TEST_F(OverloadTest, CallsBeyondThoseOfAConnectionWaitAtTheClient) {
  ServerOptions options;
  options.connections.calls_max = 2;
  Start(options);
  Stop();
  std::vector<std::unique_ptr<Pending>> calls;
  for (int i = 0; i < 6; ++i) calls.push_back(Begin(absl::StrCat("c", i)));
  EXPECT_TRUE(Becomes([&] { return engine_->queue_depth() == 2; }));
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_EQ(engine_->queue_depth(), 2u);
  GoOn();
  for (auto& call : calls) {
    call->thread.join();
    EXPECT_TRUE(call->status.ok());
  }
}

}  // namespace
}  // namespace portrisk::service
