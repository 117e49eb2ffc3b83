// Each message type by a small message of our own making. CODECO and COARRI
// are in edifact_test.cc.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/formats/message_samples.h"
#include "tests/formats/reading.h"

namespace portrisk::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Reading Edifact(const std::string& text) {
  return Read(Format::kEdifact, text);
}
Reading X12(const std::string& text) { return Read(Format::kX12, text); }

// 2026-03-01 00:00 UTC.
constexpr int64_t kMarch = 1772323200;
constexpr int64_t At(int day, int hour, int minute) {
  return kMarch + ((day - 1) * 24 + hour) * 3600 + minute * 60;
}

TEST(CoparnTest, AnOrderWithoutABoxIsAboutItsBooking) {
  const Reading reading = Edifact(kCoparn);
  EXPECT_THAT(reading.reasons(), IsEmpty());
  EXPECT_THAT(reading.summary.tolerated, IsEmpty());
  ASSERT_EQ(reading.movements.size(), 2);
  const v1::Movement& first = reading.movements[0];
  EXPECT_EQ(first.event(), v1::RELEASE_ORDER);
  EXPECT_EQ(first.occurrence_time().seconds(), At(1, 8, 15));
  EXPECT_EQ(first.container().number(), "");
  EXPECT_EQ(first.container().type_code(), "45G1");
  EXPECT_EQ(first.container().load_status(), v1::EMPTY);
  EXPECT_EQ(first.consignment().booking(), "BK204549739");
  EXPECT_EQ(first.location().locode(), "LVRIX");
  EXPECT_EQ(first.location().facility(), "DEPOT2");
  EXPECT_EQ(first.transport().voyage(), "904W");
  EXPECT_EQ(first.shipper().id(), "118239879");
  EXPECT_EQ(first.shipper().name(), "EXPORT SRL");
  EXPECT_EQ(first.pickup_right().id(), "REL9");
  EXPECT_EQ(first.pickup_right().expire_time().seconds(), At(10, 0, 0));
  EXPECT_EQ(reading.movements[1].container().number(), "TEMU6079348");
  EXPECT_EQ(reading.movements[1].weights().vgm_kg(), 28040);
  EXPECT_NE(first.id(), reading.movements[1].id());
}

TEST(CoparnTest, OneThatNamesNothingIsRefused) {
  const Reading reading = Edifact(
      Replace(Replace(kCoparn, "RFF+BN:BK204549739'", ""), "RFF+RE:REL9'", ""));
  EXPECT_THAT(reading.reasons(), ElementsAre("NOTHING_TO_FOLLOW"));
  EXPECT_EQ(reading.movements.size(), 1);
}

TEST(CoparnTest, ARightThatEndsOnADayIsGoodForAllOfIt) {
  const Reading reading =
      Edifact(Replace(kCoparn, "DTM+36:202603100000:203'", ""));
  EXPECT_EQ(reading.movements[0].pickup_right().expire_time().seconds(),
            At(11, 0, 0) - 1);
}

// 3227: 98 is the place of dispatch of an empty box, 99 that of its return.
TEST(CoparnTest, ABoxIsReleasedWhereItIsDispatched) {
  const std::string dispatch = "LOC+98+LVRIX:139:6+DEPOT2:TER:ZZZ'";
  const std::string returned = "LOC+99+DEHAM:139:6+EGH:TER:ZZZ'";
  for (const std::string& places : {dispatch + returned, returned + dispatch}) {
    const Reading reading = Edifact(Replace(kCoparn, dispatch, places));
    EXPECT_EQ(reading.movements.at(0).location().locode(), "LVRIX") << places;
    EXPECT_EQ(reading.movements[0].location().facility(), "DEPOT2") << places;
  }
  const Reading alone = Edifact(Replace(kCoparn, dispatch, returned));
  EXPECT_EQ(alone.movements.at(0).location().locode(), "DEHAM");
  const Reading known =
      Edifact(Replace(kCoparn, dispatch, "LOC+165+NLRTM:139:6'" + dispatch));
  EXPECT_EQ(known.movements.at(0).location().locode(), "NLRTM");
}

TEST(CoparnTest, ABookingIsOne) {
  const Reading reading = Edifact(Replace(kCoparn, "BGM+12+", "BGM+335+"));
  EXPECT_EQ(reading.movements[0].event(), v1::BOOKING);
}

TEST(CoreorTest, AReleaseIssuesAPickUpRight) {
  const Reading reading = Edifact(kCoreor);
  EXPECT_THAT(reading.reasons(), IsEmpty());
  EXPECT_THAT(reading.summary.tolerated, IsEmpty());
  ASSERT_EQ(reading.movements.size(), 2);
  const v1::Movement& first = reading.movements[0];
  EXPECT_EQ(first.event(), v1::PICKUP_RIGHT_ISSUED);
  EXPECT_EQ(first.occurrence_time().seconds(), At(2, 10, 0));
  EXPECT_EQ(first.container().number(), "MSKU1234565");
  EXPECT_EQ(first.pickup_right().id(), "134792");
  EXPECT_EQ(first.pickup_right().kind(), v1::RELEASE);
  EXPECT_EQ(first.pickup_right().actor().id(), "LINE1");
  EXPECT_EQ(first.pickup_right().recipient().id(), "FORW7");
  EXPECT_EQ(first.pickup_right().recipient().name(), "FORWARDER LTD");
  EXPECT_EQ(first.pickup_right().expire_time().seconds(), At(12, 0, 0));
  EXPECT_EQ(first.consignment().bill_of_lading(), "BL77001");
  EXPECT_EQ(first.consignment().discharge_locode(), "ITSAL");
  EXPECT_EQ(first.location().locode(), "ITSAL");
  EXPECT_EQ(first.location().facility(), "QUAY1");
  EXPECT_EQ(first.transport().vessel_imo(), "9141780");
  EXPECT_EQ(first.weights().gross_kg(), 25079);
  EXPECT_EQ(first.container().tare_kg(), 3750);
}

TEST(CoreorTest, WithoutAReferenceItIsAnOrder) {
  const Reading reading = Edifact(Replace(kCoreor, "RFF+RE:134792'", ""));
  ASSERT_EQ(reading.movements.size(), 2);
  EXPECT_EQ(reading.movements[0].event(), v1::RELEASE_ORDER);
  EXPECT_EQ(reading.movements[0].pickup_right().id(), "");
}

TEST(CoreorTest, ACancellationRevokesTheRight) {
  const Reading issued = Edifact(kCoreor);
  const Reading revoked =
      Edifact(Replace(kCoreor, "DO2026134792+9'", "DO2026134792+1'"));
  EXPECT_THAT(revoked.reasons(), IsEmpty());
  ASSERT_EQ(revoked.movements.size(), 2);
  const v1::Movement& first = revoked.movements[0];
  EXPECT_EQ(first.event(), v1::PICKUP_RIGHT_REVOKED);
  EXPECT_FALSE(first.retraction());
  EXPECT_FALSE(first.has_update_time());
  EXPECT_EQ(first.pickup_right().id(), "134792");
  EXPECT_NE(first.id(), issued.movements[0].id());
  // Without a right it voids the order.
  const Reading voided =
      Edifact(Replace(Replace(kCoreor, "DO2026134792+9'", "DO2026134792+1'"),
                      "RFF+RE:134792'", ""));
  EXPECT_TRUE(voided.movements[0].retraction());
}

TEST(CoreorTest, ACancellationThatDoesNotRepeatItsReferenceReachesTheRight) {
  const Reading issued = Edifact(kCoreor);
  const Reading ordered = Edifact(Replace(kCoreor, "RFF+RE:134792'", ""));
  const Reading voided =
      Edifact(Replace(Replace(kCoreor, "DO2026134792+9'", "DO2026134792+1'"),
                      "RFF+RE:134792'", ""));
  EXPECT_THAT(voided.reasons(), IsEmpty());
  EXPECT_EQ(voided.tolerated("RELEASE_NOT_REPEATED"), 2);
  EXPECT_THAT(voided.ids(),
              ElementsAre(ordered.ids().at(0), issued.ids().at(0),
                          ordered.ids().at(1), issued.ids().at(1)));
  for (const v1::Movement& movement : voided.movements) {
    EXPECT_TRUE(movement.retraction());
    EXPECT_TRUE(movement.has_update_time());
  }
}

TEST(CopinoTest, AVisitIsAnnouncedWithItsHaulier) {
  const Reading reading = Edifact(kCopino);
  EXPECT_THAT(reading.reasons(), IsEmpty());
  EXPECT_THAT(reading.summary.tolerated, IsEmpty());
  ASSERT_EQ(reading.movements.size(), 1);
  const v1::Movement& movement = reading.movements[0];
  EXPECT_EQ(movement.event(), v1::PRE_NOTIFICATION);
  EXPECT_EQ(movement.occurrence_time().seconds(), At(3, 9, 0));
  EXPECT_EQ(movement.container().number(), "MSKU1234565");
  EXPECT_EQ(movement.haulier().id(), "HAUL1");
  EXPECT_EQ(movement.haulier().name(), "HAULIER ONE");
  EXPECT_EQ(movement.transport().plate(), "AB12CD");
  EXPECT_EQ(movement.transport().mode(), v1::ROAD);
  EXPECT_EQ(movement.transport().vessel_name(), "EVER TEST");
  EXPECT_EQ(movement.pickup_right().id(), "134792");
  EXPECT_EQ(movement.pickup_right().slot_time().seconds(), At(3, 14, 30));
  EXPECT_EQ(movement.location().locode(), "ITSAL");
  EXPECT_EQ(movement.location().facility(), "QUAY1");
  // LOC+88 is where the haulier comes, not where the goods are from.
  EXPECT_EQ(movement.consignment().origin_locode(), "");
}

TEST(CostcoTest, StuffingJoinsBoxesWithTheirConsignments) {
  const Reading reading = Edifact(kCostco);
  EXPECT_THAT(reading.reasons(), IsEmpty());
  EXPECT_EQ(reading.summary.tolerated.size(), 1);
  EXPECT_EQ(reading.tolerated("EVENT_BY_LOAD_STATUS"), 2);
  ASSERT_EQ(reading.movements.size(), 2);
  const v1::Movement& first = reading.movements[0];
  EXPECT_EQ(first.event(), v1::STUFFING);
  EXPECT_EQ(first.occurrence_time().seconds(), At(4, 11, 0));
  EXPECT_EQ(first.container().number(), "MSKU1234565");
  EXPECT_EQ(first.consignment().bill_of_lading(), "BL1");
  EXPECT_TRUE(first.consignment().consolidated());  // BL2 is in it, too.
  EXPECT_EQ(first.consignment().packages(), 20);
  EXPECT_EQ(first.location().locode(), "ZADUR");
  EXPECT_EQ(first.seals(0).number(), "S100");
  const v1::Movement& second = reading.movements[1];
  EXPECT_EQ(second.consignment().bill_of_lading(), "BL2");
  EXPECT_FALSE(second.consignment().has_consolidated());
}

TEST(CostcoTest, AnUnpackReportIsAStripping) {
  const Reading reading = Edifact(Replace(kCostco, "BGM+788", "BGM+113"));
  EXPECT_THAT(reading.summary.tolerated, IsEmpty());
  EXPECT_EQ(reading.movements[0].event(), v1::STRIPPING);
}

// 1001: 86 is of short and surplus cargo that a vessel landed.
TEST(CostcoTest, WhatAVesselLandedIsNoStripping) {
  const Reading reading = Edifact(Replace(kCostco, "BGM+788", "BGM+86"));
  EXPECT_EQ(reading.movements.size(), 0);
  EXPECT_THAT(reading.reasons(), ElementsAre("UNKNOWN_DOCUMENT"));
}

TEST(IftstaTest, EachStatusOfEachContainerIsAMovement) {
  const Reading reading = Edifact(kIftsta);
  EXPECT_THAT(reading.reasons(), ElementsAre("NO_CONTAINER", "UNKNOWN_STATUS"));
  EXPECT_EQ(reading.rejects[0].position,
            "interchange I9, message 1, segment 20");
  EXPECT_EQ(reading.rejects[1].position,
            "interchange I9, message 1, segment 25, EQD 3");
  ASSERT_EQ(reading.movements.size(), 3);
  const v1::Movement& first = reading.movements[0];
  EXPECT_EQ(first.event(), v1::DISCHARGE);
  EXPECT_EQ(first.occurrence_time().seconds(), At(5, 7, 10));
  EXPECT_EQ(first.container().number(), "MSKU1234565");
  EXPECT_EQ(first.transport().mode(), v1::SEA);
  EXPECT_EQ(first.transport().vessel_imo(), "9074729");
  EXPECT_EQ(first.transport().voyage(), "017E");
  EXPECT_EQ(first.location().locode(), "NLRTM");
  EXPECT_EQ(first.location().facility(), "QUAY4");
  EXPECT_EQ(first.consignment().bill_of_lading(), "BL55");
  EXPECT_EQ(first.consignment().loading_locode(), "BRSSZ");
  EXPECT_EQ(first.carrier().id(), "ABCD");
  EXPECT_EQ(reading.movements[1].container().number(), "TEMU6079348");
  // No EQD: the reference names the box.
  const v1::Movement& third = reading.movements[2];
  EXPECT_EQ(third.event(), v1::GATE_OUT);
  EXPECT_EQ(third.container().number(), "MSKU1234565");
  EXPECT_EQ(third.location().locode(), "NLRTM");
  EXPECT_EQ(third.location().facility(), "");  // US:162 is a country.
  EXPECT_EQ(third.transport().voyage(), "");
}

TEST(IftstaTest, WhatGoodsWeighIsNotWhatTheBoxWeighs) {
  const Reading reading = Edifact(
      Replace(kIftsta, "EQD+CN+TEMU6079348",
              "MEA+AAE+G+KGM:24000'GID+1+5:CT'MEA+AAE+G+KGM:777'"
              "LOC+165+BEANR:139:6'RFF+EQ:HLXU8099273'EQD+CN+TEMU6079348"));
  ASSERT_GE(reading.movements.size(), 1);
  EXPECT_EQ(reading.movements[0].container().number(), "MSKU1234565");
  EXPECT_EQ(reading.movements[0].weights().gross_kg(), 24000);
  EXPECT_EQ(reading.movements[0].location().locode(), "NLRTM");
}

TEST(IftstaTest, CustomsMayReleaseABillOfLading) {
  const std::string text = Replace(Replace(kIftsta, "RFF+EQ:MSKU1234565'", ""),
                                   "STS+1+OA'", "STS+1+CT'");
  const Reading reading = Edifact(text);
  EXPECT_EQ(reading.movements[2].event(), v1::CUSTOMS_RELEASED);
  EXPECT_EQ(reading.movements[2].consignment().bill_of_lading(), "BL55");
  // A gate does not let a bill of lading through.
  EXPECT_THAT(Edifact(Replace(kIftsta, "RFF+EQ:MSKU1234565'", "")).reasons(),
              ElementsAre("NO_CONTAINER", "NO_CONTAINER", "UNKNOWN_STATUS"));
}

TEST(IftminTest, AnInstructionHoldsForItsContainers) {
  const Reading reading = Edifact(kIftmin);
  EXPECT_THAT(reading.reasons(), IsEmpty());
  EXPECT_THAT(reading.summary.tolerated, IsEmpty());
  ASSERT_EQ(reading.movements.size(), 1);
  const v1::Movement& movement = reading.movements[0];
  EXPECT_EQ(movement.event(), v1::TRANSPORT_DOCUMENT);
  EXPECT_EQ(movement.container().number(), "MSKU1234565");
  EXPECT_EQ(movement.consignment().booking(), "BK1");
  EXPECT_EQ(movement.consignment().packages(), 30);
  EXPECT_EQ(movement.consignment().goods(), "COFFEE BEANS");
  EXPECT_EQ(movement.consignment().commodity(), "090111");
  EXPECT_EQ(movement.weights().cargo_kg(), 1500);
  EXPECT_FALSE(movement.weights().has_gross_kg());
  EXPECT_EQ(movement.shipper().name(), "SHIPPER SA");
  EXPECT_EQ(movement.notify_party().id(), "NP1");
}

std::string Split(std::string text) {
  text = Replace(text, "MEA+AAE+G+KGM:500'",
                 "MEA+AAE+G+KGM:500'SGP+MSKU1234565+10'");
  text = Replace(text, "MEA+AAE+G+KGM:1000'",
                 "FTX+AAA+++TEA'PIA+5+090210:HS'MEA+AAE+G+KGM:1000'"
                 "SGP+TEMU 607934-8+20'");
  return Replace(text, "EQD+CN+MSKU1234565+22G1'",
                 "EQD+CN+MSKU1234565+22G1'EQD+CN+TEMU6079348+22G1'");
}

TEST(IftminTest, EachBoxHasTheGoodsThatAreSplitToIt) {
  const Reading reading = Edifact(Split(kIftmin));
  EXPECT_THAT(reading.reasons(), IsEmpty());
  ASSERT_EQ(reading.movements.size(), 2);
  const v1::Movement& coffee = reading.movements[0];
  EXPECT_EQ(coffee.consignment().goods(), "COFFEE BEANS");
  EXPECT_EQ(coffee.consignment().commodity(), "090111");
  EXPECT_EQ(coffee.consignment().packages(), 10);
  EXPECT_EQ(coffee.weights().cargo_kg(), 500);
  EXPECT_EQ(coffee.consignment().booking(), "BK1");
  const v1::Movement& tea = reading.movements[1];
  EXPECT_EQ(tea.consignment().goods(), "TEA");
  EXPECT_EQ(tea.consignment().commodity(), "090210");
  EXPECT_EQ(tea.consignment().packages(), 20);
  EXPECT_EQ(tea.weights().cargo_kg(), 1000);
}

TEST(IftminTest, AnItemThatNamesNoBoxIsInAll) {
  const Reading reading =
      Edifact(Replace(Split(kIftmin), "SGP+MSKU1234565+10'", ""));
  ASSERT_EQ(reading.movements.size(), 2);
  EXPECT_EQ(reading.movements[0].consignment().goods(), "COFFEE BEANS");
  EXPECT_EQ(reading.movements[0].consignment().packages(), 10);
  EXPECT_EQ(reading.movements[1].consignment().goods(), "COFFEE BEANS TEA");
  EXPECT_EQ(reading.movements[1].consignment().commodity(), "090210");
  EXPECT_EQ(reading.movements[1].consignment().packages(), 30);
  EXPECT_EQ(reading.movements[1].weights().cargo_kg(), 1500);
}

TEST(IftminTest, GoodsOfABoxThatIsNotThereAreCounted) {
  const Reading one =
      Edifact(Replace(Split(kIftmin), "EQD+CN+TEMU6079348+22G1'", ""));
  ASSERT_EQ(one.movements.size(), 1);
  EXPECT_EQ(one.movements[0].consignment().goods(), "COFFEE BEANS");
  EXPECT_EQ(one.tolerated("GOODS_OF_ANOTHER_CONTAINER"), 1);
  // No box at all: the goods are the booking's.
  const Reading none = Edifact(Replace(
      Split(kIftmin), "EQD+CN+MSKU1234565+22G1'EQD+CN+TEMU6079348+22G1'", ""));
  ASSERT_EQ(none.movements.size(), 1);
  EXPECT_EQ(none.movements[0].consignment().goods(), "COFFEE BEANS TEA");
  EXPECT_EQ(none.movements[0].consignment().packages(), 30);
  EXPECT_EQ(none.movements[0].weights().cargo_kg(), 1500);
  EXPECT_EQ(none.tolerated("GOODS_OF_ANOTHER_CONTAINER"), 0);
}

TEST(IftminTest, ItemsAreAddedUpBeforeTheyAreRounded) {
  const auto kg = [](const char* one, const char* other) {
    const std::string text =
        Replace(Replace(kIftmin, "KGM:500'", absl::StrCat(one, "'")),
                "KGM:1000'", absl::StrCat(other, "'"));
    return Edifact(text).movements.at(0).weights().cargo_kg();
  };
  EXPECT_EQ(kg("GRM:525", "KGM:1.5"), 2);
  EXPECT_EQ(kg("KGM:1000.5", "KGM:1000.5"), 2001);
  EXPECT_EQ(kg("KGM:0.4", "KGM:0.4"), 1);
  EXPECT_EQ(kg("KGM:0.1", "KGM:0.1"), 1) << "known, so not zero";
}

TEST(IftminTest, WithoutContainersItIsAboutTheBooking) {
  const Reading reading =
      Edifact(Replace(kIftmin, "EQD+CN+MSKU1234565+22G1'", ""));
  ASSERT_EQ(reading.movements.size(), 1);
  EXPECT_EQ(reading.movements[0].consignment().booking(), "BK1");
  EXPECT_EQ(reading.movements[0].container().number(), "");
}

TEST(CuscarTest, AManifestGivesEachBoxOfEachBill) {
  const Reading reading = Edifact(kCuscar);
  EXPECT_THAT(reading.reasons(), IsEmpty());
  EXPECT_THAT(reading.summary.tolerated, IsEmpty());
  ASSERT_EQ(reading.movements.size(), 5);
  const v1::Movement& first = reading.movements[0];
  EXPECT_EQ(first.event(), v1::MANIFEST_LODGED);
  EXPECT_EQ(first.container().number(), "MSKU1234565");
  EXPECT_EQ(first.container().type_code(), "45R1");
  EXPECT_EQ(first.weights().gross_kg(), 25000);
  EXPECT_EQ(first.weights().cargo_kg(), 20000);
  EXPECT_EQ(first.seals(0).number(), "S200");
  EXPECT_EQ(first.consignment().bill_of_lading(), "BLA");
  EXPECT_EQ(first.consignment().goods(), "BANANAS");
  EXPECT_EQ(first.consignment().packages(), 1080);
  EXPECT_EQ(first.consignment().loading_locode(), "ECGYE");
  EXPECT_EQ(first.consignment().commodity(), "080390");
  EXPECT_EQ(first.consignee().name(), "FRUIT BV");
  EXPECT_EQ(first.location().locode(), "NLRTM");
  EXPECT_EQ(first.transport().estimated_arrival_time().seconds(), At(20, 4, 0));
  EXPECT_EQ(first.transport().mode(), v1::SEA);
  EXPECT_EQ(reading.movements[1].container().number(), "TEMU6079348");
  EXPECT_EQ(reading.movements[1].consignment().bill_of_lading(), "BLA");
  // One box in two bills is consolidation: two movements.
  EXPECT_EQ(reading.movements[2].container().number(), "TEMU6079348");
  EXPECT_EQ(reading.movements[2].consignment().bill_of_lading(), "BLB");
  EXPECT_TRUE(reading.movements[2].consignment().consolidated());
  EXPECT_FALSE(first.consignment().has_consolidated());
  EXPECT_EQ(reading.movements[2].consignee().name(), "");
  EXPECT_NE(reading.movements[1].id(), reading.movements[2].id());
  // Break bulk: no box.
  EXPECT_EQ(reading.movements[3].container().number(), "");
  EXPECT_EQ(reading.movements[3].consignment().bill_of_lading(), "BLC");
  // A box that no bill names.
  EXPECT_EQ(reading.movements[4].container().number(), "HLXU8099273");
  EXPECT_EQ(reading.movements[4].consignment().bill_of_lading(), "");
}

TEST(CuscarTest, ABoxDescribedTwiceIsOne) {
  const Reading reading =
      Edifact(Replace(kCuscar, "CNI+1+BLA'",
                      "EQD+CN+MSKU1234565+45R1:102:5++3+5'MEA+AAE+G+KGM:26000'"
                      "CNI+1+BLA'"));
  EXPECT_EQ(reading.ids(), Edifact(kCuscar).ids());
  EXPECT_EQ(reading.tolerated("CONTAINER_REPEATED"), 1);
  ASSERT_EQ(reading.movements.size(), 5);
  EXPECT_EQ(reading.movements[0].weights().gross_kg(), 26000);
  EXPECT_EQ(reading.movements[0].seals_size(), 1);
}

// 6313: AAD is the consignment's gross weight.
TEST(CuscarTest, AConsignmentInOneBoxGivesItItsWeight) {
  const auto kg = [](const std::string& bill, const std::string& text) {
    for (const v1::Movement& movement : Edifact(text).movements) {
      if (movement.consignment().bill_of_lading() == bill) {
        return movement.weights().cargo_kg();
      }
    }
    return -1;
  };
  const std::string aad = "MEA+WT+AAD+KGM:9000'";
  EXPECT_EQ(kg("BLB", Replace(kCuscar, "GID+1+5:CT'", "GID+1+5:CT'" + aad)),
            9000);
  EXPECT_EQ(kg("BLB", Replace(kCuscar, "GID+1+5:CT'", aad + "GID+1+5:CT'")),
            9000);
  // Of items that say what they weigh, and of two boxes, it says nothing.
  EXPECT_EQ(
      kg("BLA", Replace(kCuscar, "GID+1+1080:CT'", aad + "GID+1+1080:CT'")),
      20000);
  EXPECT_EQ(kg("BLA", Replace(kCuscar, "MEA+AAE+G+KGM:20000'", aad)), 0);
}

TEST(CuscarTest, AChangeIsAnAmendmentAndACancellationARetraction) {
  const Reading original = Edifact(kCuscar);
  const Reading change =
      Edifact(Replace(kCuscar, "MANIF0001+9'", "MANIF0001+4'"));
  EXPECT_EQ(change.movements[0].event(), v1::MANIFEST_AMENDED);
  EXPECT_FALSE(change.movements[0].has_update_time());
  EXPECT_NE(change.movements[0].id(), original.movements[0].id());
  const Reading cancel =
      Edifact(Replace(kCuscar, "MANIF0001+9'", "MANIF0001+1'"));
  EXPECT_TRUE(cancel.movements[0].retraction());
  EXPECT_EQ(cancel.ids(), original.ids());
}

TEST(CuscarTest, ACancellationOfNothingSaysWhatToSend) {
  const std::string text = kCuscar;
  const size_t body = text.find("EQD+CN+MSKU");
  const size_t end = text.find("UNT+");
  const Reading reading = Edifact(
      Replace(text.substr(0, body) + text.substr(end), "0001+9'", "0001+1'"));
  ASSERT_THAT(reading.reasons(), ElementsAre("NO_CONTAINER"));
  EXPECT_THAT(reading.rejects[0].message, testing::HasSubstr("cancels"));
}

TEST(CuscarTest, DamageLosesWhatWasHeldAndSaysSo) {
  const Reading reading = Edifact(Replace(kCuscar, "CNI+2+BLB'", "cni+2+BLB'"));
  EXPECT_EQ(reading.movements.size(), 0);
  EXPECT_THAT(reading.reasons(), ElementsAre("BAD_SEGMENT"));
  EXPECT_THAT(reading.rejects[0].message, testing::HasSubstr("3 containers"));
}

TEST(CusrepTest, AVesselArrives) {
  const Reading reading = Edifact(kCusrep);
  EXPECT_THAT(reading.reasons(), IsEmpty());
  EXPECT_THAT(reading.summary.tolerated, IsEmpty());
  ASSERT_EQ(reading.movements.size(), 1);
  const v1::Movement& movement = reading.movements[0];
  EXPECT_EQ(movement.event(), v1::VESSEL_ARRIVAL);
  EXPECT_EQ(movement.classifier(), v1::ACTUAL);
  EXPECT_EQ(movement.occurrence_time().seconds(), At(20, 4, 5));
  EXPECT_EQ(movement.location().locode(), "NLRTM");
  EXPECT_EQ(movement.transport().previous_locode(), "GBFXT");
  EXPECT_EQ(movement.transport().vessel_imo(), "9074729");
  EXPECT_EQ(movement.consignment().declaration(), "REP000123");
}

TEST(CusrepTest, TheTimeOfDayMayFollowTheDay) {
  const Reading reading =
      Edifact(Replace(kCusrep, "DTM+178:202603200405:203'",
                      "DTM+178:20260320:102'DTM+178:0405:401'"));
  ASSERT_EQ(reading.movements.size(), 1);
  EXPECT_EQ(reading.movements[0].occurrence_time().seconds(), At(20, 4, 5));
  EXPECT_EQ(reading.tolerated("DATE_ONLY"), 0);
  const Reading day =
      Edifact(Replace(kCusrep, "202603200405:203", "20260320:102"));
  EXPECT_EQ(day.tolerated("DATE_ONLY"), 1);
}

TEST(CusrepTest, WhatIsImpendingIsEstimated) {
  EXPECT_EQ(
      Edifact(Replace(kCusrep, "BGM+185", "BGM+96")).movements[0].classifier(),
      v1::ESTIMATED);
  const Reading leaves = Edifact(Replace(kCusrep, "BGM+185", "BGM+186"));
  EXPECT_EQ(leaves.movements[0].event(), v1::VESSEL_DEPARTURE);
  EXPECT_EQ(leaves.movements[0].location().locode(), "GBFXT");
}

// 2005: 132 and 133 are estimated, 232 and 189 scheduled, 178 actual.
TEST(CusrepTest, ATimeThatIsNotActualIsNoFact) {
  struct Case {
    const char* document;
    const char* times;
    v1::Classifier classifier;
    int day;
  };
  const Case cases[] = {
      {"185", "DTM+132:202603220405:203'", v1::ESTIMATED, 22},
      {"186", "DTM+133:202603220405:203'", v1::ESTIMATED, 22},
      {"185", "DTM+232:202603230405:203'", v1::PLANNED, 23},
      {"186", "DTM+189:202603230405:203'", v1::PLANNED, 23},
      {"97", "DTM+232:202603230405:203'", v1::PLANNED, 23},
      {"186", "DTM+189:202603230405:203'DTM+133:202603220405:203'",
       v1::ESTIMATED, 22},
      {"185", "DTM+132:202603220405:203'DTM+178:202603200405:203'", v1::ACTUAL,
       20},
      {"186", "DTM+136:202603200405:203'", v1::ACTUAL, 20},
  };
  for (const Case& test : cases) {
    const Reading reading = Edifact(Replace(
        Replace(kCusrep, "BGM+185", absl::StrCat("BGM+", test.document)),
        "DTM+178:202603200405:203'", test.times));
    ASSERT_EQ(reading.movements.size(), 1) << test.times;
    EXPECT_EQ(reading.movements[0].classifier(), test.classifier) << test.times;
    EXPECT_EQ(reading.movements[0].occurrence_time().seconds(),
              At(test.day, 4, 5))
        << test.times;
  }
}

TEST(BaplieTest, EachSlotWithABoxIsAMovement) {
  for (const std::string text : {std::string(kBaplie), Old(kBaplie)}) {
    const Reading reading = Edifact(text);
    EXPECT_THAT(reading.reasons(), IsEmpty()) << text;
    EXPECT_EQ(reading.summary.tolerated.size(), 1);
    EXPECT_EQ(reading.tolerated("SLOT_WITHOUT_CONTAINER"), 1);
    ASSERT_EQ(reading.movements.size(), 2);
    const v1::Movement& first = reading.movements[0];
    EXPECT_EQ(first.event(), v1::STOW_PLAN);
    EXPECT_EQ(first.occurrence_time().seconds(), At(6, 12, 10));
    EXPECT_EQ(first.container().number(), "MSKU1234565");
    EXPECT_EQ(first.container().operator_code(), "OOL");
    EXPECT_EQ(first.location().locode(), "USLGB");
    EXPECT_EQ(first.location().yard_position(), "0780690");
    EXPECT_EQ(first.transport().call_sign(), "VRIB3");
    EXPECT_EQ(first.transport().vessel_name(), "EVER TEST");
    EXPECT_EQ(first.transport().carrier_code(), "OOL");
    EXPECT_EQ(first.transport().next_locode(), "CNYTN");
    EXPECT_EQ(first.consignment().loading_locode(), "USLGB");
    EXPECT_EQ(first.consignment().discharge_locode(), "CNYTN");
    EXPECT_EQ(first.weights().gross_kg(), 3833);
    EXPECT_EQ(first.consignment().bill_of_lading(), "");  // "1" is a filler.
    EXPECT_EQ(reading.movements[1].location().yard_position(), "0060886");
  }
}

TEST(X12Test, AStatusOfAContainer) {
  const Reading reading = X12(kX315);
  EXPECT_THAT(reading.reasons(), IsEmpty());
  EXPECT_THAT(reading.summary.tolerated, IsEmpty());
  ASSERT_EQ(reading.movements.size(), 1);
  const v1::Movement& movement = reading.movements[0];
  EXPECT_EQ(movement.event(), v1::DISCHARGE);
  EXPECT_EQ(movement.source(), "CARRIER");
  EXPECT_EQ(movement.occurrence_time().seconds(), At(7, 8, 7));
  EXPECT_EQ(movement.container().number(), "MSKU1234565");
  EXPECT_EQ(movement.container().load_status(), v1::FULL);
  EXPECT_EQ(movement.container().type_code(), "45G1");
  EXPECT_EQ(movement.location().locode(), "USLGB");
  EXPECT_EQ(movement.transport().vessel_imo(), "9074729");
  EXPECT_EQ(movement.transport().voyage(), "202N");
  EXPECT_EQ(movement.transport().vessel_name(), "EVER TEST");
  EXPECT_EQ(movement.consignment().booking(), "BK1");
  EXPECT_EQ(movement.consignment().bill_of_lading(), "BL1");
  EXPECT_EQ(movement.consignment().loading_locode(), "CNYTN");
  EXPECT_EQ(movement.consignment().discharge_locode(), "USLGB");
}

TEST(X12Test, AStatusLocationServesWhereNoOtherPlaceIsNamed) {
  const auto place = [](const std::string& of, const std::string& port) {
    const Reading reading = X12(Replace(
        kX315, "0807**MSKU*123456*L*45G1*USLGB*UN*5~",
        absl::StrCat("0807*", of, "*MSKU*123456*L*45G1*", port, "*5~")));
    return reading.movements.at(0).location();
  };
  EXPECT_EQ(place("USLAX", "*").locode(), "USLAX");
  EXPECT_EQ(place("USLAX", "USLGB*UN").locode(), "USLGB");
  EXPECT_EQ(place("APMT", "*").ByteSizeLong(), 0);
}

TEST(X12Test, ARampReportsEachContainer) {
  const Reading reading = X12(kX322);
  EXPECT_THAT(reading.reasons(), IsEmpty());
  EXPECT_THAT(reading.summary.tolerated, IsEmpty());
  ASSERT_EQ(reading.movements.size(), 2);
  const v1::Movement& first = reading.movements[0];
  EXPECT_EQ(first.event(), v1::GATE_OUT);
  EXPECT_EQ(first.occurrence_time().seconds(), At(8, 21, 45) + 5 * 3600 + 20);
  EXPECT_EQ(first.container().number(), "MSKU1234565");
  EXPECT_EQ(first.container().load_status(), v1::FULL);
  EXPECT_EQ(first.weights().gross_kg(), 19713);
  EXPECT_EQ(first.seals(0).number(), "SN1234567");
  EXPECT_EQ(first.location().locode(), "USSTP");
  EXPECT_EQ(first.haulier().id(), "ABCD");
  EXPECT_EQ(first.haulier().id_scheme(), "SCAC");
  EXPECT_EQ(reading.movements[1].container().number(), "TEMU6079348");
  EXPECT_EQ(reading.movements[1].seals_size(), 0);
}

// X12 98 has other codes than 9303; what is not sure is not said.
TEST(X12Test, ASealSaysWhoseItIsWhereThatIsSure) {
  const auto source = [](const std::string& code) {
    const Reading reading =
        X12(Replace(kX322, "*SN1234568~", "*SN1234568***" + code + "~"));
    return reading.movements[0].seals(1).source();
  };
  EXPECT_EQ(source("CA"), "CAR");
  EXPECT_EQ(source("SH"), "SHI");
  EXPECT_EQ(source("TM"), "");
  EXPECT_EQ(source(""), "");
}

TEST(X12Test, AManifestGivesEachBoxOfEachBill) {
  const Reading reading = X12(kX309);
  EXPECT_THAT(reading.reasons(), IsEmpty());
  ASSERT_EQ(reading.movements.size(), 3);
  const v1::Movement& first = reading.movements[0];
  EXPECT_EQ(first.event(), v1::MANIFEST_LODGED);
  EXPECT_EQ(first.occurrence_time().seconds(), At(9, 16, 0));
  EXPECT_EQ(first.container().number(), "MSKU1234565");
  EXPECT_EQ(first.seals(0).number(), "SEAL1");
  EXPECT_EQ(first.consignment().bill_of_lading(), "ABCDBL100");
  EXPECT_EQ(first.consignment().packages(), 40);
  EXPECT_EQ(first.weights().cargo_kg(), 9000);
  EXPECT_EQ(first.consignment().goods(), "TOYS");
  EXPECT_EQ(first.shipper().name(), "SHIPPER CO");
  EXPECT_EQ(first.transport().vessel_imo(), "9074729");
  EXPECT_EQ(reading.movements[1].container().number(), "TEMU6079348");
  EXPECT_EQ(reading.movements[1].consignment().bill_of_lading(), "ABCDBL100");
  EXPECT_EQ(reading.movements[2].container().number(), "");
  EXPECT_EQ(reading.movements[2].consignment().bill_of_lading(), "ABCDBL200");
}

TEST(X12Test, EachPortOfAManifestHasItsBoxes) {
  const Reading reading =
      X12(Replace(kX309, "LX*2~", "P4*1703*20260325~LX*1~"));
  ASSERT_EQ(reading.movements.size(), 3);
  EXPECT_EQ(reading.movements[1].location().name(), "2709");
  EXPECT_EQ(reading.movements[2].location().name(), "1703");
  EXPECT_EQ(reading.movements[2].transport().estimated_arrival_time().seconds(),
            At(25, 0, 0));
}

// X12 256 (M10 9), 580 (M13 3) and 306 (M13 7).
TEST(X12Test, AManifestThatChangesAnotherIsNoOriginal) {
  const auto manifest = [](const char* type, const char* amendment) {
    return X12(
        Replace(Replace(kX309, "*017E~", absl::StrCat("*017E***", type, "~")),
                "LX*1~", absl::StrCat("LX*1~", amendment)));
  };
  for (const char* type : {"W", "A", "E", "P", ""}) {
    const Reading reading = manifest(type, "");
    EXPECT_EQ(reading.movements.at(0).event(), v1::MANIFEST_LODGED) << type;
    EXPECT_EQ(reading.tolerated("DOCUMENT_UNKNOWN"), 0) << type;
  }
  for (const char* type : {"B", "C", "D", "F", "V", "X", "Y"}) {
    const Reading reading = manifest(type, "");
    EXPECT_EQ(reading.movements.at(0).event(), v1::MANIFEST_AMENDED) << type;
    EXPECT_EQ(reading.tolerated("DOCUMENT_UNKNOWN"), 0) << type;
  }
  const Reading unknown = manifest("Q", "");
  EXPECT_EQ(unknown.movements.at(0).event(), v1::MANIFEST_AMENDED);
  EXPECT_EQ(unknown.tolerated("DOCUMENT_UNKNOWN"), 1);
  const Reading changed = manifest("W", "M13*ABCD*2709*R*BL100*30*01~");
  EXPECT_EQ(changed.movements.at(0).event(), v1::MANIFEST_AMENDED);
  EXPECT_EQ(changed.movements.at(2).event(), v1::MANIFEST_LODGED);
}

TEST(X12Test, ABillThatIsDeletedIsNotLodgedAnew) {
  for (const char* deletion :
       {"M13*ABCD*2709*D*BL100*40*01~", "M13*ABCD*2709**BL100***D~",
        "M13*ABCD*2709**BL100***3~"}) {
    const Reading reading =
        X12(Replace(Replace(kX309, "*017E~", "*017E***Y~"), "LX*1~",
                    absl::StrCat("LX*1~", deletion)));
    EXPECT_THAT(reading.reasons(), IsEmpty()) << deletion;
    EXPECT_EQ(reading.tolerated("BILL_DELETED"), 1) << deletion;
    ASSERT_EQ(reading.movements.size(), 1) << deletion;
    EXPECT_EQ(reading.movements[0].consignment().bill_of_lading(), "ABCDBL200");
  }
}

TEST(X12Test, ACorrectionThatCannotBeTiedIsRefused) {
  const Reading reading = X12(Replace(
      kX322, "Q5*OA", "ZC1**MSKU*123456*0001*20260308*CO*ABCD*R~Q5*OA"));
  EXPECT_EQ(reading.movements.size(), 0);
  EXPECT_THAT(reading.reasons(),
              ElementsAre("NO_PREVIOUS_DOCUMENT", "NO_PREVIOUS_DOCUMENT"));
  EXPECT_THAT(reading.rejects[0].message, testing::HasSubstr("ZC1"));
}

TEST(X12Test, ASecondStatusIsAMovementOfItsOwn) {
  const Reading twice = X12(Replace(
      kX315, "Q2*", "B4***OA*20260309*0900**MSKU*123456*L*45G1***5~Q2*"));
  ASSERT_EQ(twice.movements.size(), 2);
  EXPECT_EQ(twice.movements[1].event(), v1::GATE_OUT);
  const Reading ramp =
      X12(Replace(kX322, "N7*TEMU", "Q5*I*20260309*0900*UT~N7*TEMU"));
  ASSERT_EQ(ramp.movements.size(), 2);
  EXPECT_EQ(ramp.movements[1].event(), v1::GATE_IN);
  EXPECT_EQ(ramp.movements[1].occurrence_time().seconds(), At(9, 9, 0));
}

TEST(X12Test, DatesAndTimesHaveTheirOwnLengths) {
  struct Case {
    const char* time;  // Q5 2 to 4.
    int64_t seconds;   // 0: rejected.
    const char* tolerated;
  };
  const Case cases[] = {
      {"260308*214520*UT", At(8, 21, 45) + 20, ""},
      {"260308*2145*UT", At(8, 21, 45), ""},
      {"20260308*21452099*UT", At(8, 21, 45) + 20, ""},
      {"20260308*2145*02", At(8, 19, 45), ""},
      {"20260308*2145*24", At(8, 22, 45), ""},
      {"20260308*2145*13", At(9, 9, 45), ""},
      {"20260308*2145*ET", At(8, 21, 45), "ZONE_UNKNOWN"},
      {"20260308**UT", At(8, 0, 0), "DATE_ONLY"},
      {"2603081*2145*UT", 0, ""},
      {"20260308*21*UT", 0, ""},
  };
  for (const Case& test : cases) {
    const Reading reading =
        X12(Replace(kX322, "20260308*214520*ES", test.time));
    if (test.seconds == 0) {
      EXPECT_THAT(reading.reasons(), ElementsAre("BAD_TIME", "BAD_TIME"));
      continue;
    }
    ASSERT_EQ(reading.movements.size(), 2) << test.time;
    EXPECT_EQ(reading.movements[0].occurrence_time().seconds(), test.seconds)
        << test.time;
    EXPECT_EQ(reading.summary.tolerated.size(), test.tolerated[0] != '\0')
        << test.time;
  }
}

TEST(X12Test, SeparatorsAreReadFromTheHeader) {
  std::string text = kX315;
  for (char& c : text) {
    if (c == '*') c = '|';
    if (c == '~') c = '\n';
  }
  const Reading reading = X12(text);
  EXPECT_THAT(reading.reasons(), IsEmpty());
  EXPECT_THAT(reading.summary.tolerated, IsEmpty());
  EXPECT_EQ(reading.ids(), X12(kX315).ids());
}

TEST(X12Test, ANumberCountsWithinItsGroup) {
  const std::string text = kX315;
  const size_t begin = text.find("GS*");
  const size_t end = text.find("IEA*");
  const std::string group = text.substr(begin, end - begin);
  const Reading reading =
      X12(text.substr(0, end) + Replace(group, "*1600*1*", "*1600*2*") +
          text.substr(end));
  ASSERT_EQ(reading.movements.size(), 2);
  EXPECT_EQ(reading.movements[0].id(), X12(text).movements[0].id());
  EXPECT_NE(reading.movements[1].id(), reading.movements[0].id());
}

TEST(X12Test, AnInterchangeThatEndedSaysNothingOfWhatFollows) {
  const std::string text = kX315;
  const Reading reading = X12(text + Replace(text, "ISA*", "IS*"));
  ASSERT_EQ(reading.movements.size(), 2);
  EXPECT_EQ(reading.movements[0].source(), "CARRIER");
  EXPECT_EQ(reading.movements[1].source(), "x12");
}

TEST(X12Test, WhatIsWrongIsRejectedAndTheRestKept) {
  struct Case {
    const char* from;
    const char* to;
    const char* reason;
  };
  const Case cases[] = {
      {"ST*315*", "ST*214*", "UNKNOWN_MESSAGE"},
      {"B4***UV", "B4***ZZ", "UNKNOWN_STATUS"},
      {"*20260307*0807*", "*20261307*0807*", "BAD_TIME"},
      {"*20260307*0807*", "***", "NO_TIME"},
      {"SE*8*00001~", "", "MISSING_SE"},
      {"Q2*9074729", "q2*9074729", "BAD_SEGMENT"},
  };
  const std::string both = std::string(kX315) + kX322;
  for (const Case& test : cases) {
    const Reading reading = X12(Replace(both, test.from, test.to));
    EXPECT_THAT(reading.reasons(), ElementsAre(test.reason)) << test.to;
    EXPECT_EQ(reading.movements.size(), 2) << test.to;
  }
}

}  // namespace
}  // namespace portrisk::service
