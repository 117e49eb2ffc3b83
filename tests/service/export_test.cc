// An export through the server: chunks, the entry before them, one at a time,
// and a store that nobody who does not read keeps from being opened again.
#include "service/export.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "service/errors.h"
#include "service/journal_reader.h"
#include "tests/service/engine_fixture.h"

namespace portrisk::service {
namespace {

constexpr int kMovements = 2'500;

class ExportTest : public EngineTest {
 protected:
  void SetUp() override {
    Open(TestOptions(directory_.path() + "/store"));
    std::vector<v1::Movement> movements;
    for (int i = 0; i < kMovements; ++i) {
      v1::Movement& m = movements.emplace_back(
          MakeMovement(absl::StrCat("m", i), v1::GATE_IN, "MSKU1234565", i));
      m.mutable_haulier()->set_id("NL-WHO-DROVE-IT");
    }
    for (const Answer& answer : ScoreAll(engine_.get(), movements)) {
      ASSERT_TRUE(answer.status.ok()) << answer.status;
    }
  }

  static v1::ExportRequest Request() {
    v1::ExportRequest request;
    request.set_key(std::string(32, 'k'));
    return request;
  }
  static Caller Operator() {
    Caller caller("operator");
    caller.purpose = "for the lab";
    return caller;
  }
  absl::Status Export(
      const v1::ExportRequest& request,
      absl::FunctionRef<absl::Status(const v1::ExportChunk&)> sink) {
    AuditLog audit(engine_.get());
    return api().Export(request, Operator(), &audit, sink);
  }
  ExportApi& api() {
    if (!api_) api_ = std::make_unique<ExportApi>(engine_.get());
    return *api_;
  }

 private:
  std::unique_ptr<ExportApi> api_;
};

TEST_F(ExportTest, ComesInChunksBehindItsEntry) {
  std::vector<int> sizes;
  uint64_t read = 0;
  int movements = 0;
  const absl::Status status =
      Export(Request(), [&](const v1::ExportChunk& chunk) {
        EXPECT_EQ(chunk.last_sequence(), kMovements + 1);
        EXPECT_GT(chunk.read_sequence(), read);
        read = chunk.read_sequence();
        sizes.push_back(chunk.movements_size());
        for (const v1::Movement& m : chunk.movements()) {
          EXPECT_EQ(m.container().number(), "MSKU1234565");
          EXPECT_NE(m.haulier().id(), "NL-WHO-DROVE-IT");
          EXPECT_EQ(m.haulier().id(), chunk.movements(0).haulier().id());
          ++movements;
        }
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(movements, kMovements);
  EXPECT_EQ(sizes, (std::vector<int>{1'000, 1'000, 500}));
  const auto entry = ReadJournalRecord(**engine_->store(), kMovements + 1);
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(entry->audit().kind(), v1::EXPORT);
  EXPECT_EQ(entry->audit().subject(),
            "movements, container numbers as they are");
  EXPECT_EQ(entry->caller(), "operator");
  EXPECT_EQ(entry->purpose(), "for the lab");
  EXPECT_EQ(entry->SerializeAsString().find("kkkk"), std::string::npos);
}

TEST_F(ExportTest, OnlyWhatWasRecordedInItsTime) {
  v1::ExportRequest request = Request();
  request.mutable_from_time()->set_seconds(absl::ToUnixSeconds(engine_->Now()) +
                                           1'000);
  int chunks = 0, movements = 0;
  const absl::Status status =
      Export(request, [&](const v1::ExportChunk& chunk) {
        ++chunks;
        movements += chunk.movements_size();
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(movements, 0);
  EXPECT_EQ(chunks, 1) << "how far it has been read is told all the same";
}

TEST_F(ExportTest, WhatIsNoRequestLeavesNoEntry) {
  v1::ExportRequest no_key = Request();
  no_key.set_key("short");
  v1::ExportRequest no_time = Request();
  no_time.mutable_from_time()->set_seconds(100);
  no_time.mutable_until_time()->set_seconds(100);
  for (const auto& request : {no_key, no_time}) {
    const absl::Status status =
        Export(request, [](const v1::ExportChunk&) -> absl::Status {
          ADD_FAILURE() << "nothing may be sent";
          return absl::OkStatus();
        });
    EXPECT_EQ(ErrorReason(status), "INVALID_REQUEST") << status;
  }
  EXPECT_EQ(engine_->durable_sequence(), kMovements);
}

TEST_F(ExportTest, OneAtATimeAndItHoldsNoStore) {
  int chunks = 0;
  const auto before = engine_->store()->use_count();
  const absl::Status status =
      Export(Request(), [&](const v1::ExportChunk&) -> absl::Status {
        ++chunks;
        const absl::Status second = Export(
            Request(), [](const v1::ExportChunk&) { return absl::OkStatus(); });
        EXPECT_EQ(ErrorReason(second), "EXPORT_RUNNING") << second;
        // Others let go of theirs soon.
        const auto holders = [&] { return engine_->store()->use_count(); };
        for (int i = 0; i < 1'000 && holders() > before; ++i) {
          absl::SleepFor(absl::Milliseconds(10));
        }
        EXPECT_LE(holders(), before);
        return absl::AbortedError("gone");
      });
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_EQ(chunks, 1);
  // It is over when its caller has gone.
  EXPECT_TRUE(Export(Request(), [](const v1::ExportChunk&) {
                return absl::OkStatus();
              }).ok());
}

}  // namespace
}  // namespace portrisk::service
