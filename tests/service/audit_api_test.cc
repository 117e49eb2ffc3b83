// Pages of the audit log.
#include "service/audit_api.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "service/audit_log.h"
#include "service/times.h"
#include "tests/service/engine_fixture.h"

namespace portrisk::service {
namespace {

constexpr char kBox[] = "MSKU1234565";
constexpr int64_t kBegin = 1'790'000'000;

class AuditApiTest : public EngineTest {
 protected:
  // Records 1 to 60, one a second; every tenth is an entry, the others are
  // movements.
  void SetUp() override {
    EngineOptions options = TestOptions(directory_.path() + "/store");
    options.clock = [this] { return absl::FromUnixSeconds(now_.load()); };
    Open(options);
    for (int i = 1; i <= 60; ++i) {
      now_ = kBegin + i;
      if (i % 10 == 0) {
        Note(i);
      } else {
        const Answer answer = Score(
            engine_.get(), MakeMovement(absl::StrCat(i), v1::GATE_IN, kBox, 0));
        ASSERT_TRUE(answer.status.ok()) << answer.status;
      }
    }
  }

  // Before now_ goes, which its clock reads.
  void TearDown() override { engine_.reset(); }

  void Note(int number) {
    ASSERT_TRUE(engine_
                    ->Run([&](Core& core) {
                      v1::JournalRecord record;
                      record.mutable_audit()->set_kind(v1::EXPORT);
                      record.set_caller(absl::StrCat("caller-", number));
                      core.Append(record, {});
                      return absl::OkStatus();
                    })
                    .ok());
  }

  // The sequences of all pages, and how many pages there were.
  std::vector<uint64_t> List(const AuditApi& api,
                             v1::ListAuditRecordsRequest request, int* pages) {
    std::vector<uint64_t> found;
    *pages = 0;
    do {
      ++*pages;
      const auto page = api.List(request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const auto& one : page->records()) found.push_back(one.sequence());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return found;
  }

  std::atomic<int64_t> now_{kBegin};
};

TEST_F(AuditApiTest, APageEndsWhenEnoughWasReadForIt) {
  int pages = 0;
  EXPECT_EQ(List(AuditApi(engine_.get()), {}, &pages),
            (std::vector<uint64_t>{10, 20, 30, 40, 50, 60}));
  EXPECT_EQ(pages, 1);
  EXPECT_EQ(List(AuditApi(engine_.get(), /*page_reads_max=*/7), {}, &pages),
            (std::vector<uint64_t>{10, 20, 30, 40, 50, 60}));
  EXPECT_GE(pages, 60 / 8);
}

// What came too fast to be written stands under who it was.
TEST_F(AuditApiTest, WhatWasLeftOutIsToldOfItsOwnCaller) {
  AuditLog log(engine_.get());
  const auto post = [&](const char* caller) {
    v1::AuditEntry entry;
    entry.set_kind(v1::ACCESS_DENIED);
    log.Post(caller, entry);
  };
  for (int i = 0; i < AuditLog::kPostedMax + 7; ++i) post("flood");
  post("other");
  now_ += 2;
  post("other");
  ASSERT_TRUE(engine_->Run([](Core&) { return absl::OkStatus(); }).ok());
  std::map<std::string, std::vector<std::string>> details;
  v1::ListAuditRecordsRequest request;
  request.add_kinds(v1::ACCESS_DENIED);
  const auto page = AuditApi(engine_.get()).List(request);
  ASSERT_TRUE(page.ok()) << page.status();
  for (const auto& one : page->records()) {
    details[one.caller()].push_back(one.entry().detail());
  }
  EXPECT_EQ(details["other"], (std::vector<std::string>{"", ""}));
  ASSERT_EQ(details["flood"].size(), size_t{AuditLog::kPostedMax} + 1);
  EXPECT_EQ(details["flood"].back().substr(0, 7), "7 more ");
}

TEST_F(AuditApiTest, APeriodBeginsWhereItsFirstRecordIs) {
  for (int from = 0; from <= 62; ++from) {
    v1::ListAuditRecordsRequest request;
    *request.mutable_from() = ToProto(absl::FromUnixSeconds(kBegin + from));
    *request.mutable_until() =
        ToProto(absl::FromUnixSeconds(kBegin + from + 11));
    std::vector<uint64_t> expected;
    for (int i = from; i < from + 11; ++i) {
      if (i % 10 == 0 && i > 0 && i <= 60) expected.push_back(i);
    }
    int pages = 0;
    EXPECT_EQ(List(AuditApi(engine_.get()), request, &pages), expected) << from;
  }
}

}  // namespace
}  // namespace portrisk::service
