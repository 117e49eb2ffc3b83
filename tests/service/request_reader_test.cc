// Requests are read when the caller has been let in, and not where they would
// become much more in memory than they are on the wire.
#include "service/request_reader.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "portrisk/v1/outcome_service.pb.h"
#include "service/completion.h"
#include "service/errors.h"
#include "service/roles.h"
#include "tests/service/access_fixture.h"

namespace portrisk::service {
namespace {

constexpr size_t kBytesMax = 1 << 20;

std::string ReasonOfReading(const std::string& bytes) {
  v1::BatchRecordOutcomesRequest request;
  return ErrorReason(ReadRequest(ToBuffer(bytes), kBytesMax, &request));
}

std::string Times(size_t count, absl::string_view what) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all.append(what.data(), what.size());
  return all;
}

// A field of `number` that holds these bytes.
std::string Field(int number, absl::string_view bytes) {
  std::string field;
  AppendField(number, bytes, &field);
  return field;
}

const int kOutcomes = v1::BatchRecordOutcomesRequest::kOutcomesFieldNumber;

TEST(ReadRequest, ReadsWhatProtobufReads) {
  v1::BatchRecordOutcomesRequest sent;
  for (int i = 0; i < 1000; ++i) {
    sent.add_outcomes()->set_id(absl::StrCat("o", i));
  }
  v1::BatchRecordOutcomesRequest read;
  ASSERT_TRUE(
      ReadRequest(ToBuffer(sent.SerializeAsString()), kBytesMax, &read).ok());
  EXPECT_EQ(read.SerializeAsString(), sent.SerializeAsString());
  EXPECT_EQ(ReasonOfReading(""), "OK");
}

TEST(ReadRequest, RefusesWhatIsTooLarge) {
  EXPECT_EQ(ReasonOfReading(Field(kOutcomes, std::string(kBytesMax, 'x'))),
            "REQUEST_TOO_LARGE");
}

TEST(ReadRequest, RefusesMoreFieldsThanThereMayBeWhereverTheyAre) {
  const std::string empty = Field(kOutcomes, "");
  ASSERT_EQ(empty.size(), 2u);
  EXPECT_EQ(ReasonOfReading(Times(kRequestFieldsMax, empty)), "OK");
  EXPECT_EQ(ReasonOfReading(Times(kRequestFieldsMax + 1, empty)),
            "TOO_MANY_FIELDS");
  // One outcome with many parties of nothing; fields that nobody knows.
  const std::string inside = Times(kRequestFieldsMax, Field(15, ""));
  EXPECT_EQ(ReasonOfReading(Field(kOutcomes, inside)), "TOO_MANY_FIELDS");
  EXPECT_EQ(ReasonOfReading(Times(kRequestFieldsMax + 1, "\x78\x01")),
            "TOO_MANY_FIELDS");
  // Behind a group, which protobuf passes over, there may be anything.
  const std::string group("\x0b\x0c", 2);
  EXPECT_EQ(ReasonOfReading(group + Times(kRequestFieldsMax + 1, empty)),
            "UNPARSABLE_REQUEST");
  EXPECT_EQ(ReasonOfReading(Field(kOutcomes, group + inside)),
            "UNPARSABLE_REQUEST");
  // A text is no message, whatever it looks like.
  EXPECT_EQ(ReasonOfReading(Field(99, inside)), "OK");
}

TEST(ReadRequest, RefusesWhatIsNoMessage) {
  EXPECT_EQ(ReasonOfReading("\xff"), "UNPARSABLE_REQUEST");
  EXPECT_EQ(ReasonOfReading(Field(kOutcomes, "\xff")), "UNPARSABLE_REQUEST");
  v1::BatchRecordOutcomesRequest request;
  EXPECT_EQ(ErrorReason(ReadRequest(grpc::ByteBuffer(), kBytesMax, &request)),
            "UNPARSABLE_REQUEST");
}

// Before that order was kept, bytes that are no message were parsed, and said
// to be none, whoever sent them.
TEST_F(AccessTest, RequestsAreReadOnlyOfWhomMaySendThem) {
  for (int i = 0; i < kRoleCount; ++i) {
    const auto role = static_cast<Role>(i);
    const auto channel = As(std::string(NameOf(role)));
    for (const MethodRule& rule : MethodRules()) {
      // It says so in a result, and goes on.
      if (absl::StrContains(rule.method, "/Stream")) continue;
      const std::string reason =
          ReasonOf(CallRaw(channel, rule.method, "\xff"));
      SCOPED_TRACE(absl::StrCat(rule.method, " as ", NameOf(role)));
      if (rule.roles.Has(role)) {
        EXPECT_THAT(reason,
                    testing::AnyOf("UNPARSABLE_REQUEST", "INVALID_MOVEMENT"));
      } else {
        EXPECT_EQ(reason, "ROLE_MISSING");
      }
    }
  }
}

}  // namespace
}  // namespace portrisk::service
