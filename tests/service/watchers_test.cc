// WatchAssessments over a socket.
#include "service/watchers.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "portrisk/v1/selection_service.grpc.pb.h"
#include "service/rule_api.h"
#include "service/server.h"
#include "tests/service/engine_fixture.h"

namespace portrisk::service {
namespace {

using testing::ElementsAre;

constexpr char kRules[] =
    "rule_set: s\nlayer: common\nowner: EU\nrules:\n"
    "  - id: heavy\n    title: {en: Heavy, es: Pesado, pt: Pesado}\n"
    "    explain: {en: E, es: E, pt: E}\n"
    "    when: movement.weights.gross_kg > 30000\n    score: 300\n"
    "  - id: seal\n    title: {en: Seal broken, es: T, pt: T}\n"
    "    explain: {en: E, es: E, pt: E}\n    lane_at_least: RED\n"
    "    when: movement.weights.gross_kg < 3000\n    score: 10\n";
constexpr int32_t kHeavy = 31'000, kLight = 2'000, kUsual = 12'000;

// One stream, read by hand.
class Watch {
 public:
  Watch(const std::shared_ptr<grpc::Channel>& channel,
        const v1::WatchAssessmentsRequest& request,
        const std::string& caller = "")
      : stub_(v1::SelectionService::NewStub(channel)) {
    if (!caller.empty()) context_.AddMetadata("portrisk-caller", caller);
    stream_ = stub_->WatchAssessments(&context_, request);
  }
  ~Watch() {
    context_.TryCancel();
    if (!finished_) stream_->Finish();
  }

  // The next `count` selections, as "movement FROM>TO"; fewer when it ends.
  std::vector<std::string> Next(size_t count) {
    std::vector<std::string> all;
    v1::WatchAssessmentsResponse response;
    while (all.size() < count && stream_->Read(&response)) {
      position_ = response.position();
      for (const v1::WatchedSelection& one : response.selections()) {
        EXPECT_GT(one.position(), last_) << "in journal order, each once";
        last_ = one.position();
        const v1::Unit& unit = one.assessment().unit();
        all.push_back(absl::StrCat(one.assessment().movement_id(), " ",
                                   v1::Lane_Name(unit.lane_before()), ">",
                                   v1::Lane_Name(unit.lane()),
                                   one.elsewhere() ? " elsewhere" : ""));
        newest_ = one;
      }
    }
    return all;
  }
  // Waits for the first message, which says where the watch begins.
  uint64_t Begin() {
    v1::WatchAssessmentsResponse response;
    EXPECT_TRUE(stream_->Read(&response));
    EXPECT_EQ(response.selections_size(), 0);
    return response.position();
  }
  grpc::Status End() {
    v1::WatchAssessmentsResponse response;
    while (stream_->Read(&response)) {
    }
    finished_ = true;
    return stream_->Finish();
  }
  void Cancel() { context_.TryCancel(); }
  uint64_t position() const { return position_; }
  const v1::WatchedSelection& newest() const { return newest_; }

 private:
  grpc::ClientContext context_;
  const std::unique_ptr<v1::SelectionService::Stub> stub_;
  std::unique_ptr<grpc::ClientReader<v1::WatchAssessmentsResponse>> stream_;
  uint64_t position_ = 0;
  uint64_t last_ = 0;
  v1::WatchedSelection newest_;
  bool finished_ = false;
};

std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status rpc;
  rpc.ParseFromString(status.error_details());
  for (const auto& any : rpc.details()) {
    google::rpc::ErrorInfo info;
    if (any.UnpackTo(&info)) return info.reason();
  }
  return "";
}

class WatchersTest : public EngineTest {
 protected:
  void SetUp() override {
    EngineOptions options = TestOptions(directory_.path() + "/store");
    options.profile.random_rate_ppm = 0;
    Open(std::move(options));
    ServerOptions server_options;
    server_options.listen = "127.0.0.1:0";
    server_options.development = true;
    server_options.drain_max = absl::Seconds(30);
    auto server = Server::Start(engine_.get(), server_options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->address(),
                                   grpc::InsecureChannelCredentials());
    RuleApi rules(engine_.get(), /*development=*/true);
    v1::CreateRevisionRequest create;
    create.set_yaml(kRules);
    ASSERT_TRUE(rules.Create(create, kDevelopmentCaller).ok());
    v1::ChangeRevisionRequest change;
    change.set_revision(1);
    change.set_without_replay("a test");
    ASSERT_TRUE(rules.Approve(change, kDevelopmentCaller).ok());
    ASSERT_TRUE(rules.Activate(change, kDevelopmentCaller).ok());
  }
  void TearDown() override {
    channel_.reset();
    server_.reset();
    engine_.reset();
  }

  static v1::Movement Move(const std::string& id, int box, int32_t gross_kg,
                           int64_t time_s, v1::Event event = v1::GATE_IN) {
    v1::Movement m =
        MakeMovement(id, event, absl::StrCat("MSKU", 1'000'000 + box), time_s);
    m.mutable_weights()->set_gross_kg(gross_kg);
    return m;
  }
  // A connection has a limit of its own.
  std::shared_ptr<grpc::Channel> OwnConnection() {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(
        server_->address(), grpc::InsecureChannelCredentials(), arguments);
  }
  void Tell(const v1::Movement& movement) {
    const Answer answer = Score(engine_.get(), movement);
    ASSERT_TRUE(answer.status.ok()) << answer.status;
  }
  static v1::WatchAssessmentsRequest At(const std::string& facility,
                                        uint64_t after,
                                        v1::Lane lane = v1::YELLOW) {
    v1::WatchAssessmentsRequest request;
    request.set_locode("NLRTM");
    request.set_facility(facility);
    request.set_lane_at_least(lane);
    request.set_after_position(after);
    return request;
  }

  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(WatchersTest, OnlyWhatRaisesAUnitIsShownWhoeverSentIt) {
  Tell(Move("a", 1, kUsual, 0));
  v1::Movement other = Move("b", 1, kHeavy, 10, v1::YARD_MOVE);
  other.set_source("carrier-7");
  Tell(other);
  Tell(Move("c", 1, kHeavy, 20, v1::YARD_MOVE));  // As strong as before.
  Tell(Move("d", 1, kLight, 30, v1::YARD_MOVE));
  Tell(Move("e", 2, kUsual, 40));
  Tell(Move("f", 3, kLight, 50));
  Watch watch(channel_, At("ECTDELTA", 0));
  EXPECT_THAT(watch.Next(3),
              ElementsAre("b GREEN>ORANGE", "d ORANGE>RED", "f GREEN>RED"));
}

TEST_F(WatchersTest, OneThatComesBackGoesOnWhereItWas) {
  for (int box = 0; box < 200; ++box) {
    Tell(Move(absl::StrCat("m", box), box, kHeavy, box));
  }
  std::vector<std::string> all;
  uint64_t position = 0;
  for (int part = 0; all.size() < 200 && part < 200; ++part) {
    Watch watch(channel_, At("ECTDELTA", position));
    for (std::string& one : watch.Next(1)) all.push_back(std::move(one));
    position = watch.position();
  }
  ASSERT_EQ(all.size(), 200u);
  for (int box = 0; box < 200; ++box) {
    EXPECT_EQ(all[box], absl::StrCat("m", box, " GREEN>ORANGE"));
  }
}

TEST_F(WatchersTest, WithoutAPositionItBeginsWithWhatComes) {
  Tell(Move("before", 1, kHeavy, 0));
  v1::WatchAssessmentsRequest request = At("ECTDELTA", 0);
  request.clear_after_position();
  request.set_language("es");
  Watch watch(channel_, request);
  EXPECT_EQ(watch.Begin(), 4u) << "three steps of a revision, one movement";
  Tell(Move("after", 2, kHeavy, 10));
  EXPECT_THAT(watch.Next(1), ElementsAre("after GREEN>ORANGE"));
  EXPECT_EQ(watch.newest().assessment().hits(0).title(), "Pesado");
  EXPECT_EQ(watch.newest().movement().container().number(), "MSKU1000002");
}

TEST_F(WatchersTest, EachWatcherSeesItsOwnPlaceAndLanes) {
  Watch here(channel_, At("ECTDELTA", 0));
  Watch there(channel_, At("RST", 0));
  Watch red(channel_, At("", 0, v1::RED));
  Watch everywhere(channel_, v1::WatchAssessmentsRequest());
  here.Begin();
  there.Begin();
  red.Begin();
  everywhere.Begin();
  v1::Movement m = Move("a", 1, kHeavy, 0);
  Tell(m);
  m = Move("b", 2, kLight, 0);
  m.mutable_location()->set_facility("RST");
  Tell(m);
  m = Move("c", 3, kHeavy, 0);
  m.mutable_location()->set_locode("BEANR");
  Tell(m);
  Tell(Move("d", 4, kHeavy, 0));
  EXPECT_THAT(here.Next(2), ElementsAre("a GREEN>ORANGE", "d GREEN>ORANGE"));
  EXPECT_THAT(there.Next(1), ElementsAre("b GREEN>RED"));
  EXPECT_THAT(red.Next(1), ElementsAre("b GREEN>RED"));
  EXPECT_THAT(everywhere.Next(4),
              ElementsAre("a GREEN>ORANGE", "b GREEN>RED", "c GREEN>ORANGE",
                          "d GREEN>ORANGE"));
}

TEST_F(WatchersTest, TheOtherHalfOfAContradictionIsShownWhereTheFirstWas) {
  Tell(Move("here", 1, kUsual, 0));
  Tell(Move("long-ago", 2, kUsual, 0));
  v1::Movement m = Move("elsewhere", 1, kHeavy, 3600);
  m.mutable_location()->set_locode("BEANR");
  Tell(m);
  m = Move("too-late", 2, kHeavy, 80 * 3600);
  m.mutable_location()->set_locode("BEANR");
  Tell(m);
  Tell(Move("end", 3, kHeavy, 0));
  Watch watch(channel_, At("ECTDELTA", 0));
  EXPECT_THAT(watch.Next(2), ElementsAre("elsewhere GREEN>ORANGE elsewhere",
                                         "end GREEN>ORANGE"));
}

TEST_F(WatchersTest, OneThatReadsSlowlyLosesNothingAndHoldsUpNobody) {
  Watch slow(channel_, At("ECTDELTA", 0));
  Watch quick(channel_, At("ECTDELTA", 0));
  slow.Begin();
  constexpr int kCount = 3000;
  std::vector<v1::Movement> movements;
  for (int box = 0; box < kCount; ++box) {
    v1::Movement m = Move(absl::StrCat("m", box), box, kHeavy, box);
    m.mutable_consignment()->set_goods(std::string(500, 'g'));
    movements.push_back(std::move(m));
  }
  for (const Answer& answer : ScoreAll(engine_.get(), movements)) {
    ASSERT_TRUE(answer.status.ok()) << answer.status;
  }
  // More than the transport takes: it waits in the journal, not in a queue.
  EXPECT_EQ(quick.Next(kCount).size(), static_cast<size_t>(kCount));
  Tell(Move("last", kCount, kHeavy, kCount));
  const std::vector<std::string> all = slow.Next(kCount + 1);
  ASSERT_EQ(all.size(), static_cast<size_t>(kCount) + 1);
  EXPECT_EQ(all[kCount], "last GREEN>ORANGE");
}

TEST_F(WatchersTest, ACancelledOneIsGoneAndMakesRoom) {
  for (int round = 0; round < 300; ++round) {  // More than may be at once.
    Watch watch(channel_, At("ECTDELTA", 0), absl::StrCat("c", round % 8));
    if (round % 2 == 0) watch.Begin();
    watch.Cancel();
    const grpc::Status status = watch.End();
    ASSERT_EQ(status.error_code(), grpc::StatusCode::CANCELLED) << round;
  }
  // What was cancelled is told to the server a moment later.
  for (int attempt = 0;; ++attempt) {
    Watch watch(channel_, At("ECTDELTA", 0));
    Tell(Move(absl::StrCat("m", attempt), attempt, kHeavy, 0));
    if (!watch.Next(1).empty()) break;
    ASSERT_LT(attempt, 100) << "no room was made";
    absl::SleepFor(absl::Milliseconds(50));
  }
}

TEST_F(WatchersTest, OneCallerDoesNotTakeTheRoomOfAllOthers) {
  std::vector<std::unique_ptr<Watch>> watches;
  const auto open = [&](const std::string& caller) {
    watches.push_back(
        std::make_unique<Watch>(OwnConnection(), At("ECTDELTA", 0), caller));
  };
  for (size_t i = 0; i < Watchers::kCallerMax; ++i) {
    open("ana");
    watches.back()->Begin();
  }
  open("ana");
  const grpc::Status refused = watches.back()->End();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(refused), "TOO_MANY_WATCHERS");
  open("bea");
  watches.back()->Begin();
}

TEST_F(WatchersTest, AShutdownEndsIdleAndStuckOnesAtOnceAndSaysSo) {
  Watch idle(channel_, At("RST", 0));
  Watch stuck(channel_, At("ECTDELTA", 0));
  idle.Begin();
  stuck.Begin();
  std::vector<v1::Movement> movements;
  for (int box = 0; box < 1000; ++box) {
    v1::Movement m = Move(absl::StrCat("m", box), box, kHeavy, box);
    m.mutable_consignment()->set_goods(std::string(500, 'g'));
    movements.push_back(std::move(m));
  }
  ScoreAll(engine_.get(), movements);
  absl::SleepFor(absl::Milliseconds(300));  // Until its window is full.
  const absl::Time begin = absl::Now();
  server_->Shutdown();
  EXPECT_LT(absl::Now() - begin, absl::Seconds(10)) << "drain_max is 30 s";
  const grpc::Status status = idle.End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "SHUTTING_DOWN");
  EXPECT_FALSE(stuck.End().ok());
}

TEST_F(WatchersTest, WrongInputIsNamed) {
  v1::WatchAssessmentsRequest request;
  request.set_facility("ECTDELTA");
  request.set_lane_at_least(v1::GREEN);
  Watch watch(channel_, request);
  const grpc::Status status = watch.End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), "BAD_REQUEST");
}

// It would wait for ever, and pass over all that comes before.
TEST_F(WatchersTest, APositionBehindTheEndIsNamed) {
  Tell(Move("a", 1, kHeavy, 0));
  Watch watch(channel_, At("ECTDELTA", engine_->durable_sequence() + 1));
  const grpc::Status status = watch.End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(ReasonOf(status), "NO_SUCH_POSITION");
}

}  // namespace
}  // namespace portrisk::service
