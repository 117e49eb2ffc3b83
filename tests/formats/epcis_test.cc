#include "service/formats/epcis.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/formats/reading.h"
#include "tests/formats/samples.h"

namespace portrisk::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Reading Epcis(const std::string& text) { return Read(Format::kEpcis, text); }

TEST(EpcisTest, EachContainerOfAnEventIsAMovement) {
  const Reading reading = Epcis(kEpcis);
  EXPECT_THAT(reading.reasons(), IsEmpty());
  EXPECT_THAT(reading.summary.tolerated, IsEmpty());
  EXPECT_EQ(reading.summary.records, 3);
  ASSERT_EQ(reading.movements.size(), 4);
  const v1::Movement& first = reading.movements[0];
  EXPECT_EQ(first.id(), "urn:uuid:1/MSKU1234565");
  EXPECT_EQ(first.event(), v1::GATE_OUT);
  EXPECT_EQ(first.classifier(), v1::ACTUAL);
  EXPECT_EQ(first.occurrence_time().seconds(), 1769841840);
  EXPECT_EQ(first.container().number(), "MSKU1234565");
  EXPECT_EQ(first.location().locode(), "NLRTM");
  EXPECT_EQ(first.location().latitude(), 51.95);
  EXPECT_EQ(first.consignment().bill_of_lading(), "BL1");
  EXPECT_EQ(first.origin(), "line 3, /epcisBody/eventList/0");
  EXPECT_EQ(reading.movements[1].container().number(), "TEMU6079348");
  EXPECT_EQ(reading.movements[2].event(), v1::STUFFING);
  EXPECT_EQ(reading.movements[2].id(), "urn:uuid:2");
  EXPECT_EQ(reading.movements[2].container().number(), "HLXU8099273");
  EXPECT_EQ(reading.movements[3].event(), v1::DOOR_OPENED);
}

TEST(EpcisTest, ADeclaredErrorIsARetraction) {
  const Reading reading =
      Epcis(Replace(kEpcis, R"("eventID": "urn:uuid:2",)",
                    R"("eventID": "urn:uuid:2", "errorDeclaration":
                 {"declarationTime": "2026-02-01T00:00:00Z"},)"));
  EXPECT_TRUE(reading.movements[2].retraction());
  EXPECT_EQ(reading.movements[2].id(), "urn:uuid:2");
  EXPECT_TRUE(reading.movements[2].has_update_time());
}

TEST(EpcisTest, WithoutAnIdTheEventStandsForItself) {
  const std::string text = Replace(kEpcis, R"("eventID": "urn:uuid:2",)", "");
  const Reading reading = Epcis(text);
  EXPECT_EQ(reading.tolerated("EVENT_WITHOUT_ID"), 1);
  EXPECT_EQ(reading.ids(), Epcis(text).ids());
}

TEST(EpcisTest, WhatCannotBeReadIsRejectedAndTheRestKept) {
  struct Case {
    const char* from;
    const char* to;
    const char* reason;
    const char* position;
  };
  const Case cases[] = {
      {"id:bic:HLXU8099273", "id:sscc:1.2", "NO_CONTAINER",
       "/epcisBody/eventList/1/epcList"},
      {"bizstep:packing", "bizstep:repairing", "UNSUPPORTED_EVENT",
       "/epcisBody/eventList/1/bizStep"},
      {"2026-01-30T07:44:00Z", "yesterday", "BAD_TIME",
       "/epcisBody/eventList/1/eventTime"},
      {"\"eventTime\": \"2026-01-30T07:44:00Z\",", "", "NO_TIME",
       "/epcisBody/eventList/1/eventTime"},
  };
  for (const Case& test : cases) {
    const Reading reading = Epcis(Replace(kEpcis, test.from, test.to));
    EXPECT_THAT(reading.reasons(), ElementsAre(test.reason));
    EXPECT_EQ(reading.rejects[0].position, test.position);
    EXPECT_EQ(reading.movements.size(), 3);
  }
}

TEST(EpcisTest, EveryStepInUseHasItsEvent) {
  for (const EpcisStep& step : EpcisSteps()) {
    const Reading reading = Epcis(Replace(kEpcis, "bizstep:packing",
                                          "bizstep:" + std::string(step.step)));
    ASSERT_EQ(reading.movements.size(), 4) << step.step;
    EXPECT_EQ(reading.movements[2].event(), step.event) << step.step;
  }
}

}  // namespace
}  // namespace portrisk::service
