// Floods, callers that go away, readers that do not read and connections that
// say nothing, against a real server.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "portrisk/v1/history_service.grpc.pb.h"
#include "portrisk/v1/scoring_service.grpc.pb.h"
#include "service/server.h"
#include "service/steady_clock.h"
#include "tests/service/engine_fixture.h"

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

// A disk that takes its time, or all of it.
struct Disk {
  std::atomic<int> commit_ms{0};
  std::atomic<bool> stuck{false};
  std::atomic<int> waiting{0};

  absl::Status Commit() {
    ++waiting;
    while (stuck) std::this_thread::sleep_for(milliseconds(1));
    --waiting;
    std::this_thread::sleep_for(milliseconds(commit_ms));
    return absl::OkStatus();
  }
};

class OverloadTest : public EngineTest {
 protected:
  void Start(ServerOptions options = {}, size_t batch_max = 512) {
    EngineOptions engine = TestOptions(directory_.path() + "/store");
    engine.batch_max = batch_max;
    engine.store.commit_fault = [disk = disk_] { return disk->Commit(); };
    Open(engine);
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

  std::shared_ptr<Disk> disk_ = std::make_shared<Disk>();
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

// Keeps `in_flight` calls under way until `stop`; latencies of those accepted.
std::vector<int64_t> Flood(std::shared_ptr<grpc::Channel> channel,
                           const std::string& caller, int in_flight,
                           const std::atomic<bool>* stop) {
  struct Call {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientAsyncResponseReader<v1::Assessment>> reader;
    v1::Assessment reply;
    grpc::Status status;
    int64_t begun_ns = SteadyNow();
  };
  auto stub = v1::ScoringService::NewStub(channel);
  grpc::CompletionQueue queue;
  std::vector<int64_t> latencies;
  int under_way = 0;
  int next = 0;
  const auto start = [&] {
    auto* call = new Call;
    call->context.AddMetadata("portrisk-caller", caller);
    v1::ScoreMovementRequest request;
    *request.mutable_movement() = MakeMovement(
        absl::StrCat(caller, next++), v1::GATE_IN, "MSKU1234565", next);
    call->reader = stub->AsyncScoreMovement(&call->context, request, &queue);
    call->reader->Finish(&call->reply, &call->status, call);
    ++under_way;
  };
  for (int i = 0; i < in_flight; ++i) start();
  void* tag = nullptr;
  bool ok = false;
  while (under_way > 0 && queue.Next(&tag, &ok)) {
    const std::unique_ptr<Call> call(static_cast<Call*>(tag));
    --under_way;
    if (call->status.ok()) latencies.push_back(SteadyNow() - call->begun_ns);
    if (!*stop) start();
  }
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return latencies;
}

int64_t Median(std::vector<int64_t> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

TEST_F(OverloadTest, AFloodingCallerNeitherRefusesNorDelaysAGentleOne) {
  Start({}, /*batch_max=*/8);
  disk_->commit_ms = 4;  // At most 2,000 a second.
  std::atomic<bool> stop{false};
  std::vector<int64_t> flood;
  std::thread flooding([&] {
    // As many as one connection may have, and more that wait for them.
    flood = Flood(Connect(), "flood", 200, &stop);
  });
  ASSERT_TRUE(Becomes([&] { return engine_->queue_depth() > 50; }));
  std::vector<int64_t> gentle;
  for (int i = 0; i < 40; ++i) {
    const int64_t begun = SteadyNow();
    const grpc::Status status = Score(absl::StrCat("gentle-", i), "gentle");
    EXPECT_TRUE(status.ok()) << ReasonOf(status);
    gentle.push_back(SteadyNow() - begun);
  }
  stop = true;
  flooding.join();
  EXPECT_GT(flood.size(), 100u) << "the flood is served, too";
  EXPECT_LT(2 * Median(gentle), Median(flood))
      << "it waits behind itself, and behind nobody else";
}

TEST_F(OverloadTest, WhoHasGoneBeforeItsTurnLeavesNoRecord) {
  Start();
  disk_->stuck = true;
  auto first = Begin("first");
  ASSERT_TRUE(Becomes([&] { return disk_->waiting > 0; }));
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
  disk_->stuck = false;
  first->thread.join();
  stays->thread.join();
  EXPECT_TRUE(first->status.ok()) << ReasonOf(first->status);
  EXPECT_TRUE(stays->status.ok()) << ReasonOf(stays->status);
  EXPECT_EQ(first->reply.sequence(), 1u);
  EXPECT_EQ(stays->reply.sequence(), 2u);
  EXPECT_EQ(engine_->durable_sequence(), 2u);
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
  disk_->stuck = true;
  auto first = Begin("first");
  ASSERT_TRUE(Becomes([&] { return disk_->waiting > 0; }));
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
  ASSERT_TRUE(Becomes([&] { return engine_->queue_depth() == 100; }));
  grpc::ClientContext of_stream;
  auto stream = stub->StreamScoreMovements(&of_stream);
  for (int i = 0; i < 10; ++i) stream->Write(Request(absl::StrCat("s", i)));
  ASSERT_TRUE(Becomes([&] { return engine_->queue_depth() == 110; }));
  of_batch.TryCancel();
  of_stream.TryCancel();
  batch.join();
  EXPECT_FALSE(stream->Finish().ok());
  PassThrough();
  disk_->stuck = false;
  first->thread.join();
  ASSERT_TRUE(Becomes([&] { return engine_->queue_depth() == 0; }));
  EXPECT_TRUE(Score("last").ok());
  EXPECT_EQ(engine_->durable_sequence(), 2u);
  EXPECT_EQ(engine_->queue_figures().abandoned, 110u);
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
}

TEST_F(OverloadTest, CallsBeyondThoseOfAConnectionWaitAtTheClient) {
  ServerOptions options;
  options.connections.calls_max = 2;
  Start(options);
  disk_->stuck = true;
  std::vector<std::unique_ptr<Pending>> calls;
  for (int i = 0; i < 6; ++i) calls.push_back(Begin(absl::StrCat("c", i)));
  ASSERT_TRUE(Becomes([&] { return disk_->waiting > 0; }));
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_LE(engine_->queue_depth(), 1u);
  disk_->stuck = false;
  for (auto& call : calls) {
    call->thread.join();
    EXPECT_TRUE(call->status.ok());
  }
}

}  // namespace
}  // namespace portrisk::service
