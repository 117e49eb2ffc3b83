#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "tests/formats/reading.h"
#include "tests/formats/samples.h"

namespace portrisk::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Reading Jsonl(const std::string& text) { return Read(Format::kJsonl, text); }

TEST(JsonlTest, ALineIsAMovementAndABlankLineNothing) {
  const Reading reading = Jsonl(kJsonl);
  EXPECT_THAT(reading.rejects, IsEmpty());
  EXPECT_EQ(reading.summary.records, 3);
  ASSERT_THAT(reading.ids(), ElementsAre("1", "2", "3"));
  EXPECT_EQ(reading.movements[1].event(), v1::GATE_OUT);
  EXPECT_EQ(reading.movements[1].weights().vgm_kg(), 5);
}

TEST(JsonlTest, ABadLineIsRejectedAndTheNextRead) {
  const char* bad[] = {"{\"id\":\"x\"",         "nonsense",
                       "{\"nr\":\"x\"}",        "{\"event\":\"VANISHED\"}",
                       "{\"id\":\"\xC3\x28\"}", "[]"};
  for (const char* line : bad) {
    const Reading reading =
        Jsonl(std::string("{\"id\":\"1\"}\n") + line + "\n{\"id\":\"2\"}\n");
    EXPECT_THAT(reading.ids(), ElementsAre("1", "2")) << line;
    ASSERT_THAT(reading.reasons(), ElementsAre("BAD_JSON")) << line;
    EXPECT_EQ(reading.rejects[0].line, 2);
    EXPECT_EQ(reading.rejects[0].offset, 11);
  }
}

TEST(JsonlTest, APinIsShownInNoReject) {
  for (const std::string& line :
       {std::string("{\"pickup_right\":{\"pin\":904417}}"),
        std::string("{\"pickup_right\":{\"pin\":\"904417\""),
        std::string("{\"pickup_right\":{\"pin\" \"904417\"}}"),
        std::string(
            "{\"event\":\"GONE\",\"pickupRight\":{\"pin\":\"904417\"}}"),
        std::string("{\"pickup_right\":{\"pin\":[\"904417\"]}}")}) {
    const Reading reading = Jsonl(line + "\n");
    ASSERT_EQ(reading.rejects.size(), 1u) << line;
    EXPECT_EQ(RejectToJson(reading.rejects[0]).find("904417"),
              std::string::npos)
        << RejectToJson(reading.rejects[0]);
  }
}

TEST(JsonlTest, ALineCutByTheEndOfTheFileIsNamedSo) {
  EXPECT_THAT(Jsonl("{\"id\":\"1\"}\n{\"id\":").reasons(),
              ElementsAre("TRUNCATED_LINE"));
  EXPECT_THAT(Jsonl("{\"id\":\"1\"}").ids(), ElementsAre("1"));
}

TEST(JsonlTest, AnArrayIsNamedSo) {
  const Reading reading = Read(Format::kJsonl, "[{\"id\": \"1\"}]");
  ASSERT_EQ(reading.rejects.size(), 1);
  EXPECT_EQ(reading.rejects[0].reason, "BAD_JSON");
  EXPECT_NE(reading.rejects[0].message.find("array"), std::string::npos);
}

TEST(JsonlTest, AnEndlessLineIsRefusedAndReadOver) {
  const Reading reading = Jsonl("{\"id\":\"" + std::string(5 << 20, 'x') +
                                "\"}\n{\"id\":\"2\"}\r\n");
  EXPECT_THAT(reading.reasons(), ElementsAre("LINE_TOO_LONG"));
  EXPECT_THAT(reading.ids(), ElementsAre("2"));
}

TEST(JsonlTest, AByteOrderMarkIsCounted) {
  const Reading reading = Jsonl("\xEF\xBB\xBF{\"id\":\"1\"}\n");
  EXPECT_THAT(reading.ids(), ElementsAre("1"));
  EXPECT_EQ(reading.tolerated("BYTE_ORDER_MARK"), 1);
}

TEST(ReaderTest, FormatsHaveNames) {
  EXPECT_EQ(*ParseFormat("EDIFACT"), Format::kEdifact);
  EXPECT_EQ(*ParseFormat("dcsa"), Format::kDcsa);
  EXPECT_EQ(*ParseFormat("csv"), Format::kCsv);
  EXPECT_EQ(*ParseFormat("jsonl"), Format::kJsonl);
  EXPECT_EQ(ParseFormat("xml").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ReaderTest, ARejectIsOneLineOfJsonWhateverItHolds) {
  Reject reject;
  reject.file = "caf\xE9.csv";
  reject.line = 7;
  reject.offset = 42;
  reject.position = "line 7, column \"a\\b\"";
  reject.reason = "BAD_TIME";
  reject.message = "two\nlines and \x01";
  const std::string json = RejectToJson(reject);
  EXPECT_EQ(json.find('\n'), std::string::npos);
  google::protobuf::Struct parsed;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &parsed).ok());
  const auto& fields = parsed.fields();
  EXPECT_EQ(fields.at("file").string_value(), "caf\xC3\xA9.csv");
  EXPECT_EQ(fields.at("line").number_value(), 7);
  EXPECT_EQ(fields.at("offset").number_value(), 42);
  EXPECT_EQ(fields.at("position").string_value(), reject.position);
  EXPECT_EQ(fields.at("message").string_value(), reject.message);
}

}  // namespace
}  // namespace portrisk::service
