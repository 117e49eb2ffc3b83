#include "service/export_pseudonyms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "scoring/iso6346.h"
#include "tests/service/engine_fixture.h"

namespace portrisk::service {
namespace {

using Containers = ExportPseudonyms::Containers;

ExportKey Key(uint8_t fill) {
  ExportKey key;
  key.fill(fill);
  return key;
}

std::string Number(absl::string_view owner, int serial) {
  const std::string ten = absl::StrCat(owner, absl::StrFormat("%06d", serial));
  return absl::StrCat(ten, scoring::CheckDigit(ten, nullptr));
}

TEST(ExportPseudonyms, ANumberBecomesAnotherOfItsOwnerOneToOne) {
  const ExportPseudonyms names(Key(1), Containers::kReplace);
  std::set<std::string> seen;
  int moved = 0, tens = 0;
  for (int serial = 0; serial < 1'000'000; serial += 97) {
    const std::string number = Number("MSKU", serial);
    const std::string other = names.ContainerNumber(number);
    EXPECT_EQ(other.substr(0, 4), "MSKU");
    const v1::NumberStatus status = scoring::CheckContainerNumber(number);
    EXPECT_EQ(scoring::CheckContainerNumber(other), status) << number;
    tens += status == v1::NUMBER_REMAINDER_TEN;
    moved += other != number;
    EXPECT_TRUE(seen.insert(other).second) << other;
    EXPECT_EQ(names.ContainerNumber(number), other);
  }
  EXPECT_GT(tens, 500);
  EXPECT_GT(moved, 10'000);
}

TEST(ExportPseudonyms, WhateverIsWrongWithANumberStaysSo) {
  const ExportPseudonyms names(Key(1), Containers::kReplace);
  const std::string right = names.ContainerNumber("MSKU1234565");
  // A wrong digit is of the box whose digit is right, and as far off.
  const std::string wrong = names.ContainerNumber("MSKU1234567");
  EXPECT_EQ(wrong.substr(0, 10), right.substr(0, 10));
  EXPECT_EQ((wrong[10] - right[10] + 10) % 10, 2);
  EXPECT_EQ(names.ContainerNumber("MSKU123456"), right.substr(0, 10));
  for (const char* number : {"SHIPPERSBOX1", "MSKA1234565", "12345678901",
                             "MSKU123456X", "XXXU1234561", "MSKU12345651"}) {
    const std::string other = names.ContainerNumber(number);
    EXPECT_NE(other, number);
    EXPECT_LE(other.size(), 17u);
    EXPECT_EQ(scoring::CheckContainerNumber(other),
              scoring::CheckContainerNumber(number))
        << number << " " << other;
  }
}

v1::Movement Rich(const std::string& id) {
  v1::Movement m = MakeMovement(id, v1::GATE_OUT, "MSKU1234565", 0);
  m.set_origin("interchange 174749339");
  m.mutable_haulier()->set_id("NL123456789");
  m.mutable_haulier()->set_id_scheme("EORI");
  m.mutable_haulier()->set_name("Kompas Expeditie");
  m.mutable_haulier()->set_country("NL");
  m.mutable_haulier()->set_account("desk-7");
  m.mutable_haulier()->set_device("browser-9");
  m.mutable_consignee()->set_id("NL123456789");
  m.mutable_carrier()->set_name("kompas EXPEDITIE");
  m.mutable_transport()->set_plate("12-AB-34");
  m.mutable_consignment()->set_booking("BOOKING77");
  m.mutable_consignment()->set_goods("bananas");
  m.mutable_pickup_right()->set_id("RT00010");
  m.mutable_pickup_right()->set_pin("904417");
  m.mutable_pickup_right()->mutable_actor()->set_account("desk-7");
  m.add_seals()->set_number("SEAL42");
  return m;
}

v1::Movement Admitted(v1::Movement m, const Secrets& secrets = TestSecrets()) {
  EXPECT_THAT(
      Admission(secrets).Admit(absl::FromUnixSeconds(1'800'000'000), &m),
      testing::IsEmpty());
  return m;
}

v1::Movement Exported(v1::Movement m, ExportPseudonyms* names) {
  names->Learn(m);
  names->Replace(&m);
  return m;
}

TEST(ExportPseudonyms, WhatIsEqualStaysEqualUnderAnotherName) {
  ExportPseudonyms names(Key(1), Containers::kReplace);
  const v1::Movement m = Exported(Admitted(Rich("gate-1")), &names);
  const std::string text = m.ShortDebugString();
  for (const char* word :
       {"NL123456789", "Kompas", "EXPEDITIE", "desk-7", "browser-9", "12-AB-34",
        "12AB34", "BOOKING77", "RT00010", "904417", "SEAL42", "gate-1",
        "MSKU1234565", "174749339"}) {
    EXPECT_THAT(text, testing::Not(testing::HasSubstr(word)));
  }
  EXPECT_EQ(m.haulier().id(), m.consignee().id());
  EXPECT_EQ(m.haulier().name(), m.carrier().name());
  EXPECT_EQ(m.haulier().account(), m.pickup_right().actor().account());
  EXPECT_NE(m.haulier().account(), m.haulier().device());
  EXPECT_EQ(m.haulier().country(), "NL");
  EXPECT_EQ(m.haulier().id_scheme(), "EORI");
  EXPECT_EQ(m.consignment().goods(), "bananas");
  EXPECT_EQ(m.source(), "terminal-1");
  // It is in normal form, and admission takes it.
  v1::Movement again = Admitted(m);
  EXPECT_EQ(again.haulier().SerializeAsString(),
            m.haulier().SerializeAsString());
  EXPECT_EQ(again.transport().plate(), m.transport().plate());
  EXPECT_EQ(again.container().number(), m.container().number());

  ExportPseudonyms same(Key(1), Containers::kReplace);
  EXPECT_EQ(Exported(Admitted(Rich("gate-1")), &same).SerializeAsString(),
            m.SerializeAsString());
  ExportPseudonyms other(Key(2), Containers::kReplace);
  const v1::Movement o = Exported(Admitted(Rich("gate-1")), &other);
  EXPECT_NE(o.haulier().id(), m.haulier().id());
  EXPECT_NE(o.id(), m.id());
  EXPECT_NE(o.container().number(), m.container().number());
}

TEST(ExportPseudonyms, NumbersAndSealsStayUnlessAskedFor) {
  ExportPseudonyms names(Key(1), Containers::kKeep);
  const v1::Movement m = Exported(Admitted(Rich("gate-1")), &names);
  EXPECT_EQ(m.container().number(), "MSKU1234565");
  EXPECT_EQ(m.seals(0).number(), "SEAL42");
}

// What admission elsewhere hashes is the same for the same PIN, whichever key
// had hashed it here.
TEST(ExportPseudonyms, APinHasOneNameAcrossARotation) {
  const Secrets first = TestSecrets();
  Secrets both = first;
  both.previous = Secrets::Former{first.key_id, first.pin_key};
  both.key_id = "second";
  both.pin_key.fill(3);
  Secrets last = both;
  last.previous.reset();
  ExportPseudonyms names(Key(1), Containers::kKeep);
  std::set<std::string> pins;
  for (const Secrets& secrets : {first, both, last}) {
    pins.insert(
        Exported(Admitted(Rich("m"), secrets), &names).pickup_right().pin());
  }
  EXPECT_EQ(pins.size(), 1u);
  EXPECT_EQ(pins.count(""), 0u);
  v1::Movement other = Rich("m");
  other.mutable_pickup_right()->set_pin("904418");
  EXPECT_EQ(
      pins.count(Exported(Admitted(other, last), &names).pickup_right().pin()),
      0u);
}

TEST(ExportPseudonyms, AnOutcomeIsOfTheMovementItWasOf) {
  ExportPseudonyms names(Key(1), Containers::kReplace);
  const v1::Movement m = Exported(Admitted(Rich("gate-1")), &names);
  v1::Outcome outcome;
  outcome.set_source("customs");
  outcome.set_id("case-77");
  outcome.set_container_number("MSKU1234565");
  outcome.mutable_assessment()->set_source("terminal-1");
  outcome.mutable_assessment()->set_movement_id("gate-1");
  outcome.set_unit("consignment:BILL9");
  outcome.set_note("seen by J. Doe");
  outcome.set_reference("file 12");
  names.Replace(&outcome);
  EXPECT_EQ(outcome.container_number(), m.container().number());
  EXPECT_EQ(outcome.assessment().movement_id(), m.id());
  EXPECT_EQ(outcome.unit(), "");
  EXPECT_EQ(outcome.note() + outcome.reference(), "");
  EXPECT_NE(outcome.id(), "case-77");
  outcome.set_unit("MSKU1234565@NLRTM/ECTDELTA#3");
  names.Replace(&outcome);
  EXPECT_EQ(outcome.unit(),
            absl::StrCat(m.container().number(), "@NLRTM/ECTDELTA#3"));
}

TEST(ExportPseudonyms, AKeyIsItsOwnersAlone) {
  TemporaryDirectory directory;
  const std::string path = directory.path() + "/key";
  EXPECT_TRUE(absl::IsInvalidArgument(LoadExportKey(path).status()));
  ASSERT_TRUE(CreateExportKey(path).ok());
  const auto key = LoadExportKey(path);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_TRUE(absl::IsAlreadyExists(CreateExportKey(path)));
  chmod(path.c_str(), 0640);
  EXPECT_TRUE(absl::IsInvalidArgument(LoadExportKey(path).status()));
  chmod(path.c_str(), 0600);
  for (const std::string& bad :
       {std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'x')}) {
    std::ofstream(path) << bad;
    const absl::Status status = LoadExportKey(path).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_THAT(std::string(status.message()),
                testing::Not(testing::HasSubstr(bad.substr(0, 9))));
  }
}

}  // namespace
}  // namespace portrisk::service
