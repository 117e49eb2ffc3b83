#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/formats/reading.h"
#include "tests/formats/samples.h"

namespace portrisk::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Reading Dcsa(const std::string& text) { return Read(Format::kDcsa, text); }

// One event on one line, the way a stream of them is sent.
std::string Event(const std::string& id, const std::string& more = "") {
  return R"({"eventID":")" + id +
         R"(","eventType":"EQUIPMENT","eventClassifierCode":"ACT",)" +
         R"("eventDateTime":"2026-01-31T07:44:00Z","equipmentEventTypeCode":)" +
         R"("GTOT","equipmentReference":"MSKU1234565")" + more + "}";
}

TEST(DcsaTest, AnEquipmentEventIsAMovementOfItsContainer) {
  const Reading reading = Dcsa(kDcsa);
  EXPECT_THAT(reading.rejects, IsEmpty());
  EXPECT_EQ(reading.summary.records, 3);
  ASSERT_EQ(reading.movements.size(), 4);
  const v1::Movement& gate = reading.movements[0];
  EXPECT_EQ(gate.id(), "e1");
  EXPECT_EQ(gate.source(), "dcsa");
  EXPECT_EQ(gate.event(), v1::GATE_IN);
  EXPECT_EQ(gate.classifier(), v1::ACTUAL);
  EXPECT_EQ(gate.occurrence_time().seconds(), 1769841840);
  EXPECT_EQ(gate.update_time().seconds(), 1769846400);
  EXPECT_EQ(gate.container().number(), "MSKU1234565");
  EXPECT_EQ(gate.container().load_status(), v1::FULL);
  EXPECT_EQ(gate.location().locode(), "NLRTM");
  EXPECT_EQ(gate.location().facility_code_list(), "SMDG");
  EXPECT_EQ(gate.location().name(), "Quay 4");
  EXPECT_DOUBLE_EQ(gate.location().latitude(), 51.95);
  EXPECT_DOUBLE_EQ(gate.location().longitude(), 4.05);
  EXPECT_EQ(gate.transport().mode(), v1::ROAD);
  EXPECT_EQ(gate.transport().voyage(), "017E");
  EXPECT_EQ(gate.consignment().booking(), "BOOK1");
  ASSERT_EQ(gate.seals_size(), 1);
  EXPECT_EQ(gate.seals(0).source(), "SHI");
  EXPECT_EQ(gate.origin(), "line 2, /0");
}

TEST(DcsaTest, ATransportEventIsAMovementOfEachContainer) {
  const Reading reading = Dcsa(kDcsa);
  ASSERT_EQ(reading.movements.size(), 4);
  EXPECT_EQ(reading.movements[1].id(), "e2/MSKU1234565");
  EXPECT_EQ(reading.movements[2].id(), "e2/TEMU6079348");
  const v1::Movement& arrival = reading.movements[2];
  EXPECT_EQ(arrival.event(), v1::VESSEL_ARRIVAL);
  EXPECT_EQ(arrival.classifier(), v1::ESTIMATED);
  EXPECT_EQ(arrival.transport().vessel_imo(), "9074729");
  EXPECT_EQ(arrival.transport().voyage(), "017E");
  EXPECT_EQ(arrival.location().locode(), "BRSSZ");
}

TEST(DcsaTest, AShipmentEventWithoutContainersIsTheConsignments) {
  const Reading reading = Dcsa(kDcsa);
  ASSERT_EQ(reading.movements.size(), 4);
  const v1::Movement& booking = reading.movements[3];
  EXPECT_EQ(booking.id(), "e3");
  EXPECT_EQ(booking.event(), v1::BOOKING);
  EXPECT_EQ(booking.consignment().booking(), "BOOK1");
  EXPECT_FALSE(booking.has_container());
}

TEST(DcsaTest, EveryWrappingGivesTheSameMovements) {
  const std::string a = Event("a"), b = Event("b");
  const std::vector<std::string> wrappings = {
      "[" + a + "," + b + "]",
      a + "\n" + b + "\n",
      a + b,
      R"({"page": 1, "events": [)" + a + "," + b +
          R"(], "next": {"events": 3}, "x": "}"})",
      "[" + a + "]\n[" + b + "]",
      "\xEF\xBB\xBF[" + a + "," + b + "]",
  };
  for (const std::string& text : wrappings) {
    const Reading reading = Dcsa(text);
    EXPECT_THAT(reading.ids(), ElementsAre("a", "b")) << text;
    EXPECT_THAT(reading.rejects, IsEmpty()) << text;
  }
  EXPECT_THAT(Dcsa(a).ids(), ElementsAre("a"));
}

TEST(DcsaTest, LaterVersionsSayTheSameElsewhere) {
  const Reading reading = Dcsa(R"({"events":[{
    "eventID":"v3","eventDateTime":"2026-01-31T07:44:00Z",
    "eventUpdatedDateTime":"2026-01-31T08:00:00Z",
    "eventRouting":{"originatingParty":{"partyCode":"LINE"}},
    "eventClassification":{"eventTypeCode":"EQUIPMENT",
      "eventClassifierCode":"ACT","equipmentEventTypeCode":"DISC"},
    "equipmentDetails":{"equipmentReference":"MSKU1234565"}},
   {"metadata":{"eventID":"beta","eventType":"EQUIPMENT",
      "eventCreatedDateTime":"2026-01-31T08:00:00Z"},
    "payload":{"eventClassifierCode":"PLN","equipmentEventTypeCode":"LOAD",
      "eventDateTime":"2026-02-01T00:00:00Z",
      "equipmentReference":"MSKU1234565"}}]})");
  EXPECT_THAT(reading.rejects, IsEmpty());
  ASSERT_EQ(reading.movements.size(), 2);
  EXPECT_EQ(reading.movements[0].source(), "LINE");
  EXPECT_EQ(reading.movements[0].event(), v1::DISCHARGE);
  EXPECT_EQ(reading.movements[0].update_time().seconds(), 1769846400);
  EXPECT_EQ(reading.movements[1].event(), v1::LOAD);
  EXPECT_EQ(reading.movements[1].classifier(), v1::PLANNED);
}

TEST(DcsaTest, TheCallNamesTheFacilityOfItsOwnPortAlone) {
  const auto facility = [](const char* event, const char* call) {
    const Reading reading = Dcsa(Event(
        "e1", std::string(R"(,"eventLocation":{"UNLocationCode":"NLRTM")") +
                  event + R"(},"transportCall":{"UNLocationCode":")" + call +
                  R"(","facilityCode":"ECT"})"));
    EXPECT_EQ(reading.movements[0].location().locode(), "NLRTM");
    return reading.movements[0].location().facility();
  };
  EXPECT_EQ(facility("", "NLRTM"), "ECT");
  EXPECT_EQ(facility("", "BEANR"), "");
  EXPECT_EQ(facility(R"(,"facilityCode":"RWG")", "NLRTM"), "RWG");
}

TEST(DcsaTest, ARetractionVoidsTheEventItNames) {
  const Reading flagged = Dcsa(Event("a", R"(,"isRetracted":true)"));
  ASSERT_EQ(flagged.movements.size(), 1);
  EXPECT_EQ(flagged.movements[0].id(), "a");
  EXPECT_TRUE(flagged.movements[0].retraction());
  const Reading named =
      Dcsa(R"({"metadata":{"eventID":"new","eventType":"EQUIPMENT",)"
           R"("eventCreatedDateTime":"2026-02-01T00:00:00Z",)"
           R"("retractedEventID":"a"}})");
  ASSERT_EQ(named.movements.size(), 1);
  EXPECT_EQ(named.movements[0].id(), "a");
  EXPECT_TRUE(named.movements[0].retraction());
}

TEST(DcsaTest, ARetractionThatCannotReachItsContainersIsCounted) {
  const Reading reading =
      Dcsa(R"({"metadata":{"eventID":"n","eventType":"TRANSPORT",)"
           R"("retractedEventID":"e2"}})");
  EXPECT_EQ(reading.tolerated("RETRACTION_WITHOUT_CONTAINER"), 1);
  EXPECT_THAT(reading.ids(), ElementsAre("e2"));
}

struct RejectCase {
  const char* from;
  const char* to;
  const char* reason;
  const char* position;
};

TEST(DcsaTest, WhatIsMissingOrUnknownIsRejectedWithItsPointer) {
  const RejectCase cases[] = {
      {R"("eventID":"a",)", "", "NO_EVENT_ID", "/1/eventID"},
      {"GTOT", "AVPU", "UNSUPPORTED_EVENT", "/1/equipmentEventTypeCode"},
      {"EQUIPMENT", "PARTY", "UNSUPPORTED_EVENT", "/1/eventType"},
      {"2026-01-31T07:44:00Z", "yesterday", "BAD_TIME", "/1/eventDateTime"},
      {R"("eventDateTime":"2026-01-31T07:44:00Z",)", "", "NO_TIME",
       "/1/eventDateTime"},
      {"ACT", "MAYBE", "BAD_CLASSIFIER", "/1/eventClassifierCode"},
      {R"(,"equipmentReference":"MSKU1234565")", "", "NO_CONTAINER_NUMBER",
       "/1/equipmentReference"},
      {R"("EQUIPMENT","eventClassifierCode":"ACT")",
       R"("TRANSPORT","eventClassifierCode":"ACT",)"
       R"("transportEventTypeCode":"DEPA")",
       "NO_REFERENCE", "/1/references"},
      {"true", "tru", "BAD_JSON", "/1"},
  };
  for (const RejectCase& test : cases) {
    const std::string bad =
        Replace(Event("a", R"(,"x":true)"), test.from, test.to);
    const Reading reading =
        Dcsa("[" + Event("before") + "," + bad + "," + Event("after") + "]");
    EXPECT_THAT(reading.ids(), ElementsAre("before", "after")) << test.reason;
    ASSERT_EQ(reading.rejects.size(), 1) << test.reason;
    EXPECT_EQ(reading.rejects[0].reason, test.reason);
    EXPECT_EQ(reading.rejects[0].position, test.position);
    EXPECT_FALSE(reading.rejects[0].message.empty());
  }
}

// A SHIPMENT event about a document: DCSA documentTypeCode and
// shipmentEventTypeCode.
Reading Document(const std::string& type, const std::string& code,
                 const std::string& id) {
  return Dcsa(R"({"eventID":"b","eventType":"SHIPMENT",)"
              R"("eventClassifierCode":"ACT","eventDateTime":)"
              R"("2026-01-31T07:44:00Z","documentTypeCode":")" +
              type + R"(","documentID":")" + id +
              R"(","shipmentEventTypeCode":")" + code +
              R"(","references":[{"referenceType":"EQ",)"
              R"("referenceValue":"MSKU1234565"}]})");
}

TEST(DcsaTest, ABookingThatWasRefusedIsNone) {
  for (const char* code : {"CONF", "REJE", "VOID", "CANC"}) {
    const Reading reading = Document("BKG", code, "B1");
    EXPECT_EQ(reading.movements.size(), code == std::string("CONF")) << code;
    EXPECT_EQ(reading.rejects.size(), code != std::string("CONF")) << code;
  }
}

TEST(DcsaTest, AReleaseThatWasWithdrawnIsRevoked) {
  for (const char* type : {"CRO", "DEO"}) {
    const Reading issued = Document(type, "ISSU", "REL1");
    EXPECT_EQ(issued.movements.at(0).event(), v1::RELEASE_ORDER);
    EXPECT_EQ(issued.movements[0].pickup_right().id(), "REL1");
    EXPECT_EQ(issued.movements[0].pickup_right().kind(), v1::RELEASE);
    for (const char* code : {"VOID", "CANC"}) {
      const Reading revoked = Document(type, code, "REL1");
      EXPECT_EQ(revoked.movements.at(0).event(), v1::PICKUP_RIGHT_REVOKED);
      EXPECT_EQ(revoked.movements[0].pickup_right().id(), "REL1");
      const Reading unnamed = Document(type, code, "");
      EXPECT_THAT(unnamed.movements, IsEmpty());
      EXPECT_THAT(unnamed.reasons(), ElementsAre("UNSUPPORTED_EVENT"));
    }
    for (const char* code : {"REJE", "HOLD"}) {
      const Reading none = Document(type, code, "REL1");
      EXPECT_EQ(none.movements.at(0).event(), v1::TRANSPORT_DOCUMENT);
      EXPECT_FALSE(none.movements[0].has_pickup_right());
    }
  }
}

TEST(DcsaTest, CustomsHoldsAndReleases) {
  EXPECT_EQ(Document("CUC", "HOLD", "C1").movements.at(0).event(),
            v1::CUSTOMS_SELECTED);
  EXPECT_EQ(Document("CUC", "RELS", "C1").movements.at(0).event(),
            v1::CUSTOMS_RELEASED);
  EXPECT_EQ(Document("CUC", "RECE", "C1").movements.at(0).event(),
            v1::TRANSPORT_DOCUMENT);
}

TEST(DcsaTest, TheOldNameOfTheVoyageServesWithoutTheNewOnes) {
  const auto voyage = [](const std::string& call) {
    return Dcsa(Event("a", R"(,"transportCall":{)" + call + "}"))
        .movements.at(0)
        .transport()
        .voyage();
  };
  EXPECT_EQ(voyage(R"("carrierVoyageNumber":"601W")"), "601W");
  EXPECT_EQ(voyage(R"("carrierVoyageNumber":"601W","exportVoyageNumber":"2E")"),
            "2E");
  EXPECT_EQ(voyage(R"("carrierVoyageNumber":"601W","importVoyageNumber":"1W")"),
            "1W");
}

TEST(DcsaTest, ATimeWithoutZoneIsTakenAsUtcAndCounted) {
  const Reading reading = Dcsa(Replace(Event("a"), "07:44:00Z", "07:44:00"));
  ASSERT_EQ(reading.movements.size(), 1);
  EXPECT_EQ(reading.movements[0].occurrence_time().seconds(), 1769845440);
  EXPECT_EQ(reading.tolerated("TIME_WITHOUT_ZONE"), 1);
}

TEST(DcsaTest, ATimeWithoutZoneIsOfTheZoneThatWasGiven) {
  ReaderOptions options;
  options.format = Format::kDcsa;
  options.default_utc_offset_min = 120;
  const Reading local =
      ReadWith(options, Replace(Event("a"), "07:44:00Z", "07:44:00"));
  EXPECT_EQ(local.movements.at(0).occurrence_time().seconds(),
            1769845440 - 2 * 3600);
  const Reading zoned = ReadWith(options, Event("a"));
  EXPECT_EQ(zoned.movements.at(0).occurrence_time().seconds(), 1769845440);
}

TEST(DcsaTest, ACutLineCostsOnlyItself) {
  const std::string whole = Event("b");
  for (size_t cut = 1; cut < whole.size(); ++cut) {
    const Reading reading = Dcsa(Event("a") + "\n" + whole.substr(0, cut) +
                                 "\n" + Event("c") + "\n");
    EXPECT_THAT(reading.ids(), ElementsAre("a", "c")) << cut;
    EXPECT_EQ(reading.rejects.size(), 1) << cut;
  }
}

TEST(DcsaTest, AnEndlessEventIsRefusedAndReadOver) {
  const Reading reading =
      Dcsa("[" + Event("a", R"(,"x":")" + std::string(5 << 20, 'x') + "\"") +
           "," + Event("b") + "]");
  EXPECT_THAT(reading.ids(), ElementsAre("b"));
  EXPECT_THAT(reading.reasons(), ElementsAre("RECORD_TOO_LONG"));
}

TEST(DcsaTest, WhatIsNoObjectIsRejected) {
  EXPECT_THAT(Dcsa("[1, 2]").reasons(), ElementsAre("NOT_AN_EVENT"));
  EXPECT_THAT(Dcsa("[]").rejects, IsEmpty());
}

}  // namespace
}  // namespace portrisk::service
