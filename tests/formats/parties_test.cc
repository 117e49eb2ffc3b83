#include "service/formats/parties.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/formats/message_samples.h"
#include "tests/formats/reading.h"

namespace portrisk::service {
namespace {

TEST(PartiesTest, ANotifyPartyMayBeTheConsignee) {
  for (const char* name : {"SAME AS CONSIGNEE", "Same as  consignee.", "SAME",
                           "SAME AS ABOVE", "SAME AS CONSIGNEE (IMPORTER)"}) {
    v1::Movement movement;
    movement.mutable_consignee()->set_id("C1");
    movement.mutable_consignee()->set_name("FRUIT BV");
    movement.mutable_notify_party()->set_name(name);
    ResolveParties(&movement);
    EXPECT_EQ(movement.notify_party().id(), "C1") << name;
    EXPECT_EQ(movement.notify_party().name(), "FRUIT BV") << name;
  }
}

TEST(PartiesTest, WhoSaysNoNameIsNobody) {
  for (const char* name : {"TO ORDER", "To the order of Bank One", "TO-ORDER",
                           "TO ORDER OF SHIPPER", "SAME AS ABOVE", "SAME"}) {
    v1::Movement movement;
    movement.mutable_shipper()->set_name("EXPORT SA");
    movement.mutable_consignee()->set_name(name);
    movement.mutable_notify_party()->set_name("SAME AS CONSIGNEE");
    ResolveParties(&movement);
    EXPECT_FALSE(movement.has_consignee()) << name;
    EXPECT_FALSE(movement.has_notify_party()) << name;
    EXPECT_EQ(movement.shipper().name(), "EXPORT SA");
  }
}

TEST(PartiesTest, AConsigneeMayBeTheNotifyParty) {
  v1::Movement movement;
  movement.mutable_consignee()->set_name("SAME AS NOTIFY PARTY");
  movement.mutable_notify_party()->set_name("AGENT LTD");
  ResolveParties(&movement);
  EXPECT_EQ(movement.consignee().name(), "AGENT LTD");
  EXPECT_EQ(movement.notify_party().name(), "AGENT LTD");
}

TEST(PartiesTest, NamesAndIdsAreLeftAlone) {
  for (const char* name : {"SAMEDAY LOGISTICS", "SAME DAY BV", "TOTAL SA",
                           "TO ORDERLY LTD", "TOORDER BV", ""}) {
    v1::Movement movement;
    movement.mutable_consignee()->set_name("C");
    movement.mutable_notify_party()->set_name(name);
    ResolveParties(&movement);
    EXPECT_EQ(movement.notify_party().name(), name);
  }
  v1::Movement movement;
  movement.mutable_consignee()->set_id("C1");
  movement.mutable_consignee()->set_name("TO ORDER");
  ResolveParties(&movement);
  EXPECT_EQ(movement.consignee().id(), "C1");
  EXPECT_EQ(movement.consignee().name(), "TO ORDER");
}

TEST(PartiesTest, EveryFormatIsReadSo) {
  const Reading manifest =
      Read(Format::kEdifact, Replace(kCuscar, "NAD+CN+C1++FRUIT BV'",
                                     "NAD+N1+++SAME AS CONSIGNEE'"
                                     "NAD+CN+C1++FRUIT BV'"));
  EXPECT_EQ(manifest.movements.at(0).notify_party().id(), "C1");
  const Reading x12 = Read(
      Format::kX12, Replace(kX309, "N1*CN*CONSIGNEE CO~", "N1*CN*TO ORDER~"));
  EXPECT_FALSE(x12.movements.at(0).has_consignee());
  const Reading csv = Read(Format::kCsv,
                           "id,event,consignee.name,notify_party.name\n"
                           "1,LOAD,FRUIT BV,SAME AS CONSIGNEE\n");
  EXPECT_EQ(csv.movements.at(0).notify_party().name(), "FRUIT BV");
}

}  // namespace
}  // namespace portrisk::service
