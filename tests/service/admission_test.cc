#include "service/admission.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

namespace portrisk::service {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1'770'000'000);

Secrets TestSecrets() {
  Secrets secrets{};
  secrets.key_id = "k1";
  secrets.pin_key.fill(7);
  secrets.draw_key.fill(9);
  return secrets;
}

v1::Movement GateOut() {
  v1::Movement m;
  m.set_source("tos");
  m.set_id("1");
  m.set_event(v1::GATE_OUT);
  m.set_classifier(v1::ACTUAL);
  m.mutable_occurrence_time()->set_seconds(1'769'999'000);
  m.mutable_container()->set_number("CSQU3054383");
  return m;
}

std::vector<Violation> Admit(v1::Movement* movement) {
  static const Admission* const admission = new Admission(TestSecrets());
  return admission->Admit(kNow, movement);
}

// The fields that a changed gate-out violates.
std::vector<std::string> Violated(
    const std::function<void(v1::Movement*)>& change) {
  v1::Movement movement = GateOut();
  change(&movement);
  std::vector<std::string> fields;
  for (const Violation& v : Admit(&movement)) {
    EXPECT_TRUE(absl::StrContains(v.description, "; "))
        << "says what is wrong but not what to send instead: " << v.description;
    fields.push_back(v.field);
  }
  return fields;
}

// The same gate-out after admission, which must not object.
v1::Movement Admitted(const std::function<void(v1::Movement*)>& change) {
  v1::Movement movement = GateOut();
  change(&movement);
  for (const Violation& v : Admit(&movement)) {
    ADD_FAILURE() << v.field << " " << v.description;
  }
  return movement;
}

TEST(Admission, NormalFormIsLeftAsItIs) {
  v1::Movement sent = GateOut();
  sent.mutable_container()->set_type_code("45R1");
  sent.mutable_location()->set_locode("NLRTM");
  sent.mutable_location()->set_facility("Delta 2");
  sent.add_seals()->set_number("MLNL0012");
  sent.mutable_haulier()->set_name("Vervoer & Zn., té Rotterdam");
  v1::Movement movement = sent;
  EXPECT_THAT(Admit(&movement), IsEmpty());
  sent.mutable_container()->set_number_status(v1::NUMBER_VALID);
  EXPECT_TRUE(movement.pseudonyms().has_haulier());
  movement.clear_pseudonyms();
  EXPECT_TRUE(
      google::protobuf::util::MessageDifferencer::Equals(movement, sent))
      << movement.DebugString();
}

TEST(Admission, CodesAreBroughtToUpperCaseWithoutBlanks) {
  const v1::Movement m = Admitted([](v1::Movement* m) {
    m->mutable_location()->set_locode("nl rtm");
    m->mutable_location()->set_facility(" Delta 2 ");
    m->mutable_container()->set_type_code("45 r1");
    m->add_seals()->set_number(" ml-nl 0012");
    m->mutable_transport()->set_vessel_imo("IMO 9074729");
    m->mutable_transport()->set_plate("99-bx 1a");
    m->mutable_transport()->set_next_locode("de duI");
    m->mutable_consignment()->set_commodity("0803.90 10");
    m->mutable_haulier()->set_country("nl");
    m->mutable_haulier()->set_id_scheme("EORI");
    m->mutable_haulier()->set_id("nl 0012345");
    m->mutable_carrier()->set_id(" Carrier 7 ");
  });
  EXPECT_EQ(m.location().locode(), "NLRTM");
  EXPECT_EQ(m.location().facility(), "Delta 2");
  EXPECT_EQ(m.container().type_code(), "45R1");
  EXPECT_EQ(m.seals(0).number(), "MLNL0012");
  EXPECT_EQ(m.transport().vessel_imo(), "9074729");
  EXPECT_EQ(m.transport().plate(), "99-BX1A");
  EXPECT_EQ(m.transport().next_locode(), "DEDUI");
  EXPECT_EQ(m.consignment().commodity(), "08039010");
  EXPECT_EQ(m.haulier().country(), "NL");
  EXPECT_EQ(m.haulier().id(), "NL0012345");
  EXPECT_EQ(m.carrier().id(), "Carrier 7");  // No scheme says it is a code.
  EXPECT_EQ(Admitted([](v1::Movement* m) {
              m->mutable_transport()->set_vessel_imo("IMO9074729");
            })
                .transport()
                .vessel_imo(),
            "9074729");
}

TEST(Admission, RawNumberIsKeptOnlyWhenItDiffers) {
  v1::Movement m = Admitted([](v1::Movement* m) {
    m->mutable_container()->set_number("csqu 305438-3");
  });
  EXPECT_EQ(m.container().number(), "CSQU3054383");
  EXPECT_EQ(m.container().number_raw(), "csqu 305438-3");
  EXPECT_EQ(m.container().number_status(), v1::NUMBER_VALID);
  m = Admitted([](v1::Movement*) {});
  EXPECT_EQ(m.container().number_raw(), "");
}

TEST(Admission, DoubtfulNumberIsAStatusAndNeverAViolation) {
  const struct {
    const char* number;
    v1::NumberStatus status;
  } cases[] = {{"CSQU3054384", v1::NUMBER_BAD_CHECK_DIGIT},
               {"CSQU305438", v1::NUMBER_NO_CHECK_DIGIT},
               {"BOX17", v1::NUMBER_NOT_ISO},
               {"XXXU1234567", v1::NUMBER_RESERVED_PREFIX}};
  for (const auto& c : cases) {
    const v1::Movement m = Admitted(
        [&](v1::Movement* m) { m->mutable_container()->set_number(c.number); });
    EXPECT_EQ(m.container().number_status(), c.status) << c.number;
  }
}

TEST(Admission, OutputOnlyFieldsOfTheCallerAreDropped) {
  const v1::Movement m = Admitted([](v1::Movement* m) {
    m->mutable_container()->set_number_raw("forged");
    m->mutable_container()->set_number_status(v1::NUMBER_REMAINDER_TEN);
    m->mutable_pickup_right()->set_id("R1");
    m->mutable_pickup_right()->set_pin_hash("forged");
    m->mutable_pickup_right()->set_pin_key_id("forged");
  });
  EXPECT_EQ(m.container().number_raw(), "");
  EXPECT_EQ(m.container().number_status(), v1::NUMBER_VALID);
  EXPECT_EQ(m.pickup_right().pin_hash(), "");
  EXPECT_EQ(m.pickup_right().pin_key_id(), "");
  EXPECT_EQ(m.pickup_right().id(), "R1");
}

v1::PickupRight RightWithPin(const std::string& number, const std::string& pin,
                             const Secrets& secrets = TestSecrets()) {
  v1::Movement m = GateOut();
  m.mutable_container()->set_number(number);
  m.mutable_pickup_right()->set_pin(pin);
  EXPECT_THAT(Admission(secrets).Admit(kNow, &m), IsEmpty());
  EXPECT_FALSE(absl::StrContains(m.SerializeAsString(), pin));
  return m.pickup_right();
}

TEST(Admission, PinIsReplacedByItsKeyedHash) {
  const v1::PickupRight right = RightWithPin("CSQU3054383", "904417");
  EXPECT_EQ(right.pin(), "");
  EXPECT_EQ(right.pin_hash().size(), 16u);
  EXPECT_EQ(right.pin_key_id(), "k1");
  // The same code for the same box, in any writing of the two.
  EXPECT_EQ(RightWithPin("csqu 305438 3", " 904417 ").pin_hash(),
            right.pin_hash());
  EXPECT_NE(RightWithPin("CSQU3054383", "904418").pin_hash(), right.pin_hash());
  EXPECT_NE(RightWithPin("MSKU6011672", "904417").pin_hash(), right.pin_hash());
  Secrets other = TestSecrets();
  other.pin_key[31] ^= 1;
  EXPECT_NE(RightWithPin("CSQU3054383", "904417", other).pin_hash(),
            right.pin_hash());
  other = TestSecrets();
  other.draw_key[0] ^= 1;  // Another purpose, another key.
  EXPECT_EQ(RightWithPin("CSQU3054383", "904417", other).pin_hash(),
            right.pin_hash());
}

TEST(Admission, WhileTheKeyIsReplacedAPinIsHashedByBoth) {
  const v1::PickupRight old = RightWithPin("CSQU3054383", "904417");
  EXPECT_EQ(old.previous_pin_hash(), "");
  Secrets rotated = TestSecrets();
  rotated.previous = Secrets::Former{rotated.key_id, rotated.pin_key};
  rotated.key_id = "k2";
  rotated.pin_key.fill(8);
  const v1::PickupRight both = RightWithPin("CSQU3054383", "904417", rotated);
  EXPECT_EQ(both.previous_pin_hash(), old.pin_hash() + "k1");
  EXPECT_NE(both.pin_hash(), old.pin_hash());
  EXPECT_EQ(both.pin_key_id(), "k2");
  // A caller cannot bring one.
  v1::Movement m = GateOut();
  m.mutable_pickup_right()->set_previous_pin_hash("forged");
  Admit(&m);
  EXPECT_EQ(m.pickup_right().previous_pin_hash(), "");
}

TEST(Admission, DigitsDoNotWanderBetweenNumberAndPin) {
  EXPECT_NE(RightWithPin("CSQU305438", "31234").pin_hash(),
            RightWithPin("CSQU3054383", "1234").pin_hash());
}

TEST(Admission, RefusedMovementHoldsNoPinEither) {
  v1::Movement m = GateOut();
  m.clear_event();
  m.mutable_pickup_right()->set_pin("904417");
  const std::vector<Violation> violations = Admit(&m);
  EXPECT_EQ(violations.size(), 1u);
  EXPECT_EQ(m.pickup_right().pin(), "");
  EXPECT_EQ(m.pickup_right().pin_hash().size(), 16u);
}

TEST(Admission, EveryViolationIsReportedAtOnce) {
  v1::Movement m;
  EXPECT_EQ(Admit(&m).size(), 5u);
  EXPECT_THAT(Violated([](v1::Movement* m) {
                m->clear_source();
                m->clear_id();
                m->clear_event();
                m->clear_occurrence_time();
                m->clear_container();
              }),
              UnorderedElementsAre("source", "id", "event", "occurrence_time",
                                   "container.number"));
}

TEST(Admission, RetractionNeedsOnlyItsIdentity) {
  v1::Movement m;
  m.set_source("tos");
  m.set_id("1");
  m.set_retraction(true);
  EXPECT_THAT(Admit(&m), IsEmpty());
}

TEST(Admission, AnythingThatCanBeFollowedIsEnough) {
  const std::function<void(v1::Movement*)> subjects[] = {
      [](v1::Movement* m) { m->mutable_consignment()->set_booking("B1"); },
      [](v1::Movement* m) {
        m->mutable_consignment()->set_bill_of_lading("B1");
      },
      [](v1::Movement* m) { m->mutable_consignment()->set_declaration("D"); },
      [](v1::Movement* m) { m->mutable_pickup_right()->set_id("R1"); },
  };
  for (const auto& subject : subjects) {
    EXPECT_THAT(Violated([&](v1::Movement* m) {
                  m->clear_container();
                  subject(m);
                }),
                IsEmpty());
  }
  EXPECT_THAT(Violated([](v1::Movement* m) {
                m->mutable_container()->set_number(" - ");
              }),
              ElementsAre("container.number"));
}

TEST(Admission, OccurrenceLiesFrom1970ToADayAhead) {
  const auto violated_at = [](int64_t seconds, v1::Classifier classifier) {
    return Violated([&](v1::Movement* m) {
      m->mutable_occurrence_time()->set_seconds(seconds);
      m->set_classifier(classifier);
    });
  };
  const int64_t limit = absl::ToUnixSeconds(kNow) + 26 * 3600;
  EXPECT_THAT(violated_at(1, v1::ACTUAL), IsEmpty());
  EXPECT_THAT(violated_at(-1, v1::ACTUAL), ElementsAre("occurrence_time"));
  EXPECT_THAT(violated_at(limit, v1::ACTUAL), IsEmpty());
  EXPECT_THAT(violated_at(limit + 1, v1::ACTUAL),
              ElementsAre("occurrence_time"));
  EXPECT_THAT(violated_at(limit + 1, v1::CLASSIFIER_UNSPECIFIED),
              ElementsAre("occurrence_time"));
  EXPECT_THAT(violated_at(limit + 1, v1::PLANNED), IsEmpty());
  EXPECT_THAT(violated_at(limit + 1, v1::ESTIMATED), IsEmpty());
  EXPECT_EQ(
      Admitted([](v1::Movement* m) { m->clear_classifier(); }).classifier(),
      v1::ACTUAL);
}

TEST(Admission, WhatIsSetToNothingIsNotWhatItSays) {
  EXPECT_THAT(
      Violated([](v1::Movement* m) { m->mutable_occurrence_time()->Clear(); }),
      ElementsAre("occurrence_time"))
      << "an empty time says 1970";
  const v1::Movement m = Admitted([](v1::Movement* m) {
    m->mutable_location()->set_latitude(0);  // A tracker without a fix.
    m->mutable_location()->set_longitude(0);
    for (const char* mark : {"No seal", "S-1", "NONE"}) {
      m->add_seals()->set_number(mark);
    }
  });
  EXPECT_FALSE(m.location().has_latitude());
  EXPECT_FALSE(m.location().has_longitude());
  ASSERT_EQ(m.seals_size(), 1);
  EXPECT_EQ(m.seals(0).number(), "S1");
  EXPECT_TRUE(Admitted([](v1::Movement* m) {
                m->mutable_location()->set_latitude(0);
                m->mutable_location()->set_longitude(9.5);
              })
                  .location()
                  .has_latitude())
      << "the equator";
}

TEST(Admission, CoordinatesComeInPairsOnEarth) {
  const auto violated_at = [](double latitude, double longitude) {
    return Violated([&](v1::Movement* m) {
      m->mutable_location()->set_latitude(latitude);
      m->mutable_location()->set_longitude(longitude);
    });
  };
  EXPECT_THAT(violated_at(-90, 180), IsEmpty());
  EXPECT_THAT(violated_at(0, 0), IsEmpty());
  EXPECT_THAT(violated_at(90.001, 0), ElementsAre("location.latitude"));
  EXPECT_THAT(violated_at(0, -180.001), ElementsAre("location.longitude"));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(violated_at(nan, nan),
              ElementsAre("location.latitude", "location.longitude"));
  EXPECT_THAT(
      Violated([](v1::Movement* m) { m->mutable_location()->set_latitude(1); }),
      ElementsAre("location.longitude"));
  EXPECT_THAT(Violated([](v1::Movement* m) {
                m->mutable_location()->set_longitude(1);
              }),
              ElementsAre("location.latitude"));
}

TEST(Admission, BadCodesAreNamedByTheirPath) {
  EXPECT_THAT(Violated([](v1::Movement* m) {
                m->mutable_location()->set_locode("NLRT");
                m->mutable_transport()->set_next_locode("N1RTM");
                m->mutable_transport()->set_previous_locode("NLRT1");
                m->mutable_consignment()->set_loading_locode("Callao");
                m->mutable_transport()->set_vessel_imo("12345");
                m->mutable_consignment()->set_commodity("bananas");
                m->mutable_haulier()->set_country("NLD");
                m->mutable_pickup_right()->mutable_nominee()->set_country("1");
                m->add_seals()->set_number("S1");
                m->add_seals()->set_source("CAR");
                m->mutable_container()->set_number("CSQU30543838888888");
              }),
              UnorderedElementsAre(
                  "location.locode", "transport.next_locode",
                  "transport.previous_locode", "consignment.loading_locode",
                  "transport.vessel_imo", "consignment.commodity",
                  "haulier.country", "pickup_right.nominee.country",
                  "seals[1].number", "container.number"));
}

TEST(Admission, NumbersAndEnumsAreSane) {
  EXPECT_THAT(Violated([](v1::Movement* m) {
                m->mutable_weights()->set_gross_kg(-1);
                m->mutable_weights()->set_crane_kg(500'001);
                m->mutable_container()->set_tare_kg(-2200);
                m->mutable_consignment()->set_packages(-1);
                m->mutable_transport()->set_mode(static_cast<v1::Mode>(17));
              }),
              UnorderedElementsAre("weights.gross_kg", "weights.crane_kg",
                                   "container.tare_kg", "consignment.packages",
                                   "transport.mode"));
  EXPECT_THAT(Violated([](v1::Movement* m) {
                m->set_event(static_cast<v1::Event>(20));
              }),
              ElementsAre("event"));
  EXPECT_THAT(Violated([](v1::Movement* m) {
                m->mutable_weights()->set_gross_kg(0);
                m->mutable_weights()->set_scale_kg(500'000);
              }),
              IsEmpty());
}

TEST(Admission, WhatIsDeclaredIsSane) {
  EXPECT_THAT(Violated([](v1::Movement* m) {
                m->mutable_declared()->set_duty_percent(-0.1);
                m->mutable_declared()->set_net_kg(std::nan(""));
                m->mutable_declared()->set_value(1.1e12);
                m->mutable_declared()->set_origin_country("KOR");
                m->mutable_declared()->set_duty_type(std::string(36, 'A'));
              }),
              UnorderedElementsAre("declared.duty_percent", "declared.net_kg",
                                   "declared.value", "declared.origin_country",
                                   "declared.duty_type"));
  const v1::Movement m = Admitted([](v1::Movement* m) {
    m->mutable_declared()->set_origin_country("kr");
    m->mutable_declared()->set_duty_type(" fcn1");
    m->mutable_declared()->set_duty_percent(0);
    m->mutable_declared()->set_value(1e12);
  });
  EXPECT_EQ(m.declared().origin_country(), "KR");
  EXPECT_EQ(m.declared().duty_type(), "FCN1");
  EXPECT_TRUE(m.declared().has_duty_percent());
}

TEST(Admission, TimesFitTheirType) {
  EXPECT_THAT(Violated([](v1::Movement* m) {
                m->mutable_update_time()->set_nanos(-1);
                m->mutable_pickup_right()->mutable_expire_time()->set_seconds(
                    int64_t{1} << 60);
              }),
              UnorderedElementsAre("update_time", "pickup_right.expire_time"));
}

// From then on no correction would be newer.
TEST(Admission, AnUpdateLiesNotAhead) {
  EXPECT_THAT(Violated([](v1::Movement* m) {
                m->mutable_update_time()->set_seconds(253402300799);
              }),
              UnorderedElementsAre("update_time"));
}

TEST(Admission, LengthsAreCountedInCharacters) {
  const auto with_source = [](std::string source) {
    return Violated([&](v1::Movement* m) { m->set_source(source); });
  };
  const auto repeat = [](const char* text, int times) {
    std::string result;
    while (times-- > 0) result += text;
    return result;
  };
  EXPECT_THAT(with_source(repeat("x", 64)), IsEmpty());
  EXPECT_THAT(with_source(repeat("é", 64)), IsEmpty());
  EXPECT_THAT(with_source(repeat("é", 65)), ElementsAre("source"));
  EXPECT_THAT(with_source("a\nb"), ElementsAre("source"));
  EXPECT_THAT(
      Violated([&](v1::Movement* m) { m->set_id(std::string(129, 'x')); }),
      ElementsAre("id"));
  EXPECT_THAT(Violated([&](v1::Movement* m) {
                for (int i = 0; i < 17; ++i) m->add_seals()->set_number("S");
              }),
              ElementsAre("seals"));
  // Free text keeps its lines.
  EXPECT_THAT(Violated([&](v1::Movement* m) {
                m->mutable_consignment()->set_goods("line 1\nline 2");
              }),
              IsEmpty());
}

// Calls `visit` with every string field reachable from `message`, each
// sub-message being made on the way.
void ForEachString(
    google::protobuf::Message* message, const std::string& prefix,
    const std::function<void(google::protobuf::Message*, const FieldDescriptor*,
                             const std::string&)>& visit) {
  const auto* reflection = message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->field(i);
    const std::string path = prefix + field->name();
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (field->is_repeated()) {
        ForEachString(reflection->AddMessage(message, field), path + "[0].",
                      visit);
      } else {
        ForEachString(reflection->MutableMessage(message, field), path + ".",
                      visit);
      }
    } else if (field->type() == FieldDescriptor::TYPE_STRING) {
      visit(message, field, path);
    }
  }
}

// Holds for fields added later, too: nothing enters unbounded or unreadable.
TEST(Admission, EveryStringIsBoundedAndUtf8) {
  for (const std::string& bad :
       {std::string(513, '7'), std::string("7\xC3"), std::string("\xFF")}) {
    int fields = 0;
    v1::Movement shape;
    ForEachString(&shape, "", [&](auto*, auto*, const std::string& wanted) {
      v1::Movement movement;
      ForEachString(&movement, "",
                    [&](google::protobuf::Message* of,
                        const FieldDescriptor* field, const std::string& path) {
                      of->GetReflection()->SetString(of, field,
                                                     path == wanted ? bad : "");
                    });
      const std::vector<Violation> violations = Admit(&movement);
      const bool output_only = absl::StartsWith(wanted, "container.number_") ||
                               wanted == "pickup_right.pin_key_id" ||
                               wanted == "pseudonyms.key_id";
      const bool found =
          std::any_of(violations.begin(), violations.end(),
                      [&](const Violation& v) { return v.field == wanted; });
      EXPECT_EQ(found, !output_only) << wanted;
      ++fields;
    });
    EXPECT_GT(fields, 80);
  }
}

// Calls `spoil` with each message reachable from the movement and each of its
// fields; where it says that it spoiled the field, admission must object.
void ExpectViolationWhere(
    const std::function<bool(google::protobuf::Message*,
                             const FieldDescriptor*)>& spoil) {
  int spoiled = 0;
  const std::function<void(google::protobuf::Message*, const std::string&,
                           v1::Movement*)>
      walk = [&](google::protobuf::Message* message, const std::string& prefix,
                 v1::Movement* movement) {
        const auto* reflection = message->GetReflection();
        for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
          const FieldDescriptor* field = message->GetDescriptor()->field(i);
          const std::string path = prefix + field->name();
          if (spoil(message, field)) {
            ++spoiled;
            v1::Movement copy = *movement;
            const std::vector<Violation> violations = Admit(&copy);
            EXPECT_TRUE(std::any_of(
                violations.begin(), violations.end(),
                [&](const Violation& v) { return v.field == path; }))
                << path;
            reflection->ClearField(message, field);
          } else if (field->message_type() != nullptr &&
                     !field->is_repeated()) {
            walk(reflection->MutableMessage(message, field), path + ".",
                 movement);
          }
        }
      };
  v1::Movement movement;
  walk(&movement, "", &movement);
  EXPECT_GT(spoiled, 0);
}

TEST(Admission, EveryWholeNumberIsBounded) {
  ExpectViolationWhere([](auto* message, const FieldDescriptor* field) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_INT32) return false;
    if (message->GetDescriptor()->full_name() == "google.protobuf.Timestamp") {
      return false;
    }
    message->GetReflection()->SetInt32(message, field, 2'000'000'000);
    return true;
  });
}

TEST(Admission, EveryEnumIsKnown) {
  ExpectViolationWhere([](auto* message, const FieldDescriptor* field) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM ||
        field->name() == "number_status") {  // Output only.
      return false;
    }
    message->GetReflection()->SetEnumValue(message, field, 999);
    return true;
  });
}

TEST(Admission, EveryTimeIsValid) {
  ExpectViolationWhere([](auto* message, const FieldDescriptor* field) {
    if (field->message_type() == nullptr ||
        field->message_type()->full_name() != "google.protobuf.Timestamp") {
      return false;
    }
    auto* time = message->GetReflection()->MutableMessage(message, field);
    time->GetReflection()->SetInt32(
        time, time->GetDescriptor()->FindFieldByName("nanos"), -1);
    return true;
  });
}

TEST(Admission, AdmittedTwiceIsTheSame) {
  constexpr uint32_t kSeed = 11;
  std::printf("seed %u\n", kSeed);
  std::mt19937 random(kSeed);
  int admitted = 0;
  for (int i = 0; i < 20000; ++i) {
    v1::Movement movement;
    ForEachString(&movement, "",
                  [&](google::protobuf::Message* of,
                      const FieldDescriptor* field, const std::string&) {
                    static const char* const kTexts[] = {
                        "NLRTM", " nl rtm", "9074729", "0803", "a b.c",
                        "é ",    "IMO 1",   "\xFF",    "x\ny", "es"};
                    if (random() % 32 != 0) return;
                    of->GetReflection()->SetString(
                        of, field, kTexts[random() % std::size(kTexts)]);
                  });
    movement.clear_seals();
    movement.MergeFrom(GateOut());
    if (!Admit(&movement).empty()) continue;
    ++admitted;
    v1::Movement again = movement;
    ASSERT_THAT(Admit(&again), IsEmpty());
    // What admission made of the first form it does not take from a caller.
    movement.mutable_container()->clear_number_raw();
    movement.mutable_pickup_right()->clear_pin_hash();
    movement.mutable_pickup_right()->clear_pin_key_id();
    movement.mutable_pickup_right()->clear_previous_pin_hash();
    ASSERT_TRUE(
        google::protobuf::util::MessageDifferencer::Equals(again, movement))
        << movement.DebugString();
    ASSERT_TRUE(again.ParseFromString(movement.SerializeAsString()));
  }
  EXPECT_GT(admitted, 500);
}

}  // namespace
}  // namespace portrisk::service
