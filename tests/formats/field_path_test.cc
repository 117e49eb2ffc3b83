#include "service/formats/field_path.h"

#include <string>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "portrisk/v1/movement.pb.h"

namespace portrisk::service {
namespace {

using ::testing::StartsWith;

std::string Error(const std::string& path, const std::string& text) {
  v1::Movement movement;
  bool comma = false;
  return std::string(SetField(&movement, path, text, {}, &comma).message());
}

TEST(FieldPathTest, SetsEveryKindOfField) {
  v1::Movement movement;
  const std::pair<const char*, const char*> fields[] = {
      {"id", " x "},
      {"retraction", "true"},
      {"event", "gate-out"},
      {"occurrence_time", "2026-01-31T07:44:00+01:00"},
      {"container.tare_kg", "3800.0"},
      {"location.latitude", "51,5"},
      {"consignment.consolidated", "yes"},
      {"pickup_right.nominee.id", "H1"},
  };
  for (const auto& [path, text] : fields) {
    bool comma = false;
    EXPECT_TRUE(SetField(&movement, path, text, {}, &comma).ok()) << path;
    EXPECT_EQ(comma, absl::StrContains(text, ',')) << path;
  }
  EXPECT_EQ(movement.id(), "x");
  EXPECT_TRUE(movement.retraction());
  EXPECT_EQ(movement.event(), v1::GATE_OUT);
  EXPECT_EQ(movement.occurrence_time().seconds(), 1769841840);
  EXPECT_EQ(movement.container().tare_kg(), 3800);
  EXPECT_DOUBLE_EQ(movement.location().latitude(), 51.5);
  EXPECT_TRUE(movement.consignment().consolidated());
  EXPECT_EQ(movement.pickup_right().nominee().id(), "H1");
}

TEST(FieldPathTest, ARepeatedMessageGrowsWhenItsFieldIsTaken) {
  v1::Movement movement;
  for (const char* number : {"S1", "S2"}) {
    ASSERT_TRUE(SetField(&movement, "seals.number", number, {}).ok());
    ASSERT_TRUE(SetField(&movement, "seals.source", "CUS", {}).ok());
  }
  ASSERT_EQ(movement.seals_size(), 2);
  EXPECT_EQ(movement.seals(1).number(), "S2");
  EXPECT_EQ(movement.seals(1).source(), "CUS");
}

TEST(FieldPathTest, EmptyTextLeavesTheFieldUnset) {
  v1::Movement movement;
  ASSERT_TRUE(SetField(&movement, "weights.vgm_kg", "  ", {}).ok());
  EXPECT_FALSE(movement.has_weights());
}

TEST(FieldPathTest, SaysWhyItRefuses) {
  EXPECT_THAT(Error("nothing", "x"), StartsWith("NO_SUCH_FIELD: "));
  EXPECT_THAT(Error("container", "x"), StartsWith("NO_SUCH_FIELD: "));
  EXPECT_THAT(Error("id.more", "x"), StartsWith("NO_SUCH_FIELD: "));
  EXPECT_THAT(Error("pickup_right.pin_hash", "x"),
              StartsWith("NO_SUCH_FIELD: "));
  EXPECT_THAT(Error("weights.vgm_kg", "nan"), StartsWith("BAD_NUMBER: "));
  EXPECT_THAT(Error("weights.vgm_kg", "3e9"), StartsWith("BAD_NUMBER: "));
  EXPECT_THAT(Error("weights.vgm_kg", "0x10"), StartsWith("BAD_NUMBER: "));
  for (const char* thousands : {"21,500", "1,234,567", "-1,500"}) {
    EXPECT_THAT(Error("weights.vgm_kg", thousands), StartsWith("BAD_NUMBER: "));
  }
  for (const char* fraction : {"21500,5", "0,125", "21,50", "1234,567"}) {
    EXPECT_EQ(Error("weights.vgm_kg", fraction), "") << fraction;
  }
  v1::Movement movement;
  EXPECT_FALSE(SetField(&movement, "weights.vgm_kg", "21,5", {}).ok());
  EXPECT_THAT(Error("occurrence_time", "now"), StartsWith("BAD_TIME: "));
  EXPECT_THAT(Error("occurrence_time", "infinite-future"),
              StartsWith("BAD_TIME: "));
  EXPECT_THAT(Error("retraction", "perhaps"), StartsWith("BAD_VALUE: "));
  EXPECT_THAT(Error("event", "VANISHED"), StartsWith("BAD_VALUE: "));
  EXPECT_THAT(Error("id", "\xFF"), StartsWith("BAD_VALUE: "));
}

}  // namespace
}  // namespace portrisk::service
