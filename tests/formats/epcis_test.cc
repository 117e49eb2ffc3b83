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
    // Of the parent: what is loaded into a container stuffs it.
    const v1::Event event = step.event == v1::LOAD        ? v1::STUFFING
                            : step.event == v1::DISCHARGE ? v1::STRIPPING
                                                          : step.event;
    EXPECT_EQ(reading.movements[2].event(), event) << step.step;
  }
}

TEST(EpcisTest, OnlyAContainerThatIsPutOnSomethingIsLoaded) {
  const auto loaded = [](const std::string& step, const std::string& who) {
    return Epcis(R"({"type":"AggregationEvent","eventID":"e1","action":"ADD",)"
                 R"("eventTime":"2026-01-05T10:15:00Z","bizStep":")" +
                 step + "\"," + who + "}")
        .movements.at(0)
        .event();
  };
  const std::string parent = R"("parentID":"urn:epc:id:bic:MSKU1234565",)"
                             R"("childEPCs":["urn:epc:id:sscc:0614141.1"])";
  const std::string child = R"("parentID":"urn:epc:id:grai:0614141.1",)"
                            R"("childEPCs":["urn:epc:id:bic:MSKU1234565"])";
  const std::string observed = R"("epcList":["urn:epc:id:bic:MSKU1234565"])";
  EXPECT_EQ(loaded("loading", parent), v1::STUFFING);
  EXPECT_EQ(loaded("unloading", parent), v1::STRIPPING);
  EXPECT_EQ(loaded("loading", child), v1::LOAD);
  EXPECT_EQ(loaded("unloading", child), v1::DISCHARGE);
  EXPECT_EQ(loaded("loading", observed), v1::LOAD);
  EXPECT_EQ(loaded("unloading", observed), v1::DISCHARGE);
}

TEST(EpcisTest, ADeclaredErrorReachesAnEventWithoutAnId) {
  const std::string declaration =
      R"("errorDeclaration": {"declarationTime": "2026-02-01T00:00:00Z",
         "reason": "a \"quote\", and } a bracket"})";
  const std::string body =
      R"("eventTime": "2026-01-05T10:15:00Z", "bizStep": "arriving",
         "epcList": ["urn:epc:id:bic:MSKU1234565"])";
  const Reading sent = Epcis("{ " + body + "\n}");
  for (const std::string& text :
       {"{ " + body + ", " + declaration + "\n}",
        "{ " + declaration + ", " + body + "\n}",
        "{ " + Replace(body, "\"bizStep\"", declaration + ", \"bizStep\"") +
            "\n}"}) {
    const Reading declared = Epcis(text);
    EXPECT_EQ(declared.ids(), sent.ids()) << text;
    EXPECT_TRUE(declared.movements.at(0).retraction());
  }
  EXPECT_NE(Epcis("{ " + Replace(body, "10:15", "10:16") + "\n}").ids(),
            sent.ids());
}

// CBV 2.0, business transaction identifiers.
TEST(EpcisTest, ABillOfLadingIsItsNumberAlone) {
  const auto bill = [](const std::string& id) {
    return Epcis(Replace(kEpcis, "\"BL1\"", "\"" + id + "\""))
        .movements.at(0)
        .consignment()
        .bill_of_lading();
  };
  EXPECT_EQ(bill("urn:epcglobal:cbv:bt:0614141:BL123"), "BL123");
  EXPECT_EQ(bill("MAEU-123/4"), "MAEU-123/4");
}

}  // namespace
}  // namespace portrisk::service
