#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "service/formats/definitions.h"
#include "service/formats/edifact_codes.h"
#include "tests/formats/reading.h"
#include "tests/formats/samples.h"

namespace portrisk::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Reading Edifact(const std::string& text) {
  return Read(Format::kEdifact, text);
}

TEST(EdifactTest, AGateMessageGivesEachContainerItsMovement) {
  const Reading reading = Edifact(kCodeco);
  EXPECT_THAT(reading.rejects, IsEmpty());
  EXPECT_THAT(reading.summary.tolerated, IsEmpty());
  EXPECT_EQ(reading.summary.records, 2);
  ASSERT_EQ(reading.movements.size(), 4);
  const v1::Movement& first = reading.movements[0];
  EXPECT_EQ(first.event(), v1::GATE_IN);
  EXPECT_EQ(first.classifier(), v1::ACTUAL);
  EXPECT_EQ(first.source(), "TERMA");
  EXPECT_EQ(first.occurrence_time().seconds(), 1769845440);  // 07:44 UTC.
  EXPECT_FALSE(first.has_update_time());
  EXPECT_EQ(first.container().number(), "MSKU1234565");
  EXPECT_EQ(first.container().type_code(), "45R1");
  EXPECT_EQ(first.container().load_status(), v1::FULL);
  EXPECT_EQ(first.container().tare_kg(), 4800);
  EXPECT_EQ(first.container().operator_code(), "ABC");
  EXPECT_EQ(first.location().locode(), "NLRTM");
  EXPECT_EQ(first.location().facility(), "QUAY4");
  EXPECT_EQ(first.location().facility_code_list(), "SMDG");
  EXPECT_EQ(first.transport().mode(), v1::ROAD);
  EXPECT_EQ(first.transport().plate(), "AB+12CD");
  EXPECT_EQ(first.transport().vessel_imo(), "9074729");
  EXPECT_EQ(first.transport().vessel_name(), "EVER TEST");
  EXPECT_EQ(first.transport().voyage(), "017E");
  EXPECT_EQ(first.haulier().id(), "HAUL1");
  EXPECT_EQ(first.haulier().name(), "HAULIER ONE");
  EXPECT_EQ(first.consignment().booking(), "BOOK1");
  EXPECT_EQ(first.consignment().loading_locode(), "NLRTM");
  EXPECT_EQ(first.consignment().discharge_locode(), "BRSSZ");
  EXPECT_EQ(first.consignment().goods(), "FROZEN FISH IN BOXES");
  EXPECT_EQ(first.pickup_right().id(), "REL77");
  EXPECT_EQ(first.pickup_right().kind(), v1::RELEASE);
  EXPECT_EQ(first.weights().vgm_kg(), 27000);
  ASSERT_EQ(first.seals_size(), 2);
  EXPECT_EQ(first.seals(0).number(), "SL100");
  EXPECT_EQ(first.seals(0).source(), "SHI");
  EXPECT_EQ(first.seals(1).source(), "CUS");
  EXPECT_EQ(first.origin(), "interchange CTRL7, message M1, segment 6, EQD 1");
}

TEST(EdifactTest, WhatBelongsToOneContainerDoesNotReachTheNext) {
  const Reading reading = Edifact(kCodeco);
  ASSERT_EQ(reading.movements.size(), 4);
  const v1::Movement& second = reading.movements[1];
  EXPECT_EQ(second.container().load_status(), v1::EMPTY);
  EXPECT_EQ(second.seals_size(), 0);
  EXPECT_FALSE(second.has_haulier());
  EXPECT_EQ(second.transport().plate(), "");
  EXPECT_EQ(second.consignment().booking(), "");
  EXPECT_EQ(second.transport().vessel_name(), "EVER TEST");
  EXPECT_EQ(reading.movements[2].event(), v1::GATE_OUT);
  EXPECT_EQ(reading.movements[2].transport().vessel_name(), "");
  EXPECT_EQ(reading.movements[2].consignment().bill_of_lading(), "BL55");
  EXPECT_EQ(reading.movements[3].consignment().bill_of_lading(), "");
}

TEST(EdifactTest, ADischargeHappensAtThePortOfDischarge) {
  const Reading reading = Edifact(kCoarri);
  EXPECT_THAT(reading.rejects, IsEmpty());
  ASSERT_EQ(reading.movements.size(), 1);
  const v1::Movement& movement = reading.movements[0];
  EXPECT_EQ(movement.event(), v1::DISCHARGE);
  EXPECT_EQ(movement.location().locode(), "NLRTM");
  EXPECT_EQ(movement.location().facility(), "QUAY4");
  EXPECT_EQ(movement.location().yard_position(), "0380886");
  EXPECT_EQ(movement.transport().mode(), v1::SEA);
  EXPECT_EQ(movement.transport().call_sign(), "XYZA7");
  EXPECT_EQ(movement.consignment().loading_locode(), "BRSSZ");
  EXPECT_EQ(movement.weights().gross_kg(), 9000);
  EXPECT_EQ(movement.occurrence_time().seconds(), 1769937180);  // 09:13 UTC.
}

TEST(EdifactTest, AReStowHappensWhereTheVesselIsDischarged) {
  const std::string restow = Replace(kCoarri, "BGM+119", "BGM+24");
  const Reading reading = Edifact(restow);
  EXPECT_EQ(reading.movements.at(0).event(), v1::YARD_MOVE);
  EXPECT_EQ(reading.movements[0].location().locode(), "NLRTM");
  EXPECT_EQ(reading.movements[0].location().facility(), "QUAY4");
  const Reading other = Edifact(Replace(
      restow, "LOC+11+NLRTM", "LOC+165+BEANR:139:6+Q1:TER:ZZZ'LOC+11+NLRTM"));
  EXPECT_EQ(other.movements.at(0).location().locode(), "BEANR");
}

TEST(EdifactTest, EveryDocumentCodeInUseHasItsEvent) {
  EXPECT_EQ(EventOf(MessageType::kCodeco, "34"), v1::GATE_IN);
  EXPECT_EQ(EventOf(MessageType::kCodeco, "109"), v1::GATE_IN);
  EXPECT_EQ(EventOf(MessageType::kCodeco, "36"), v1::GATE_OUT);
  EXPECT_EQ(EventOf(MessageType::kCodeco, "111"), v1::GATE_OUT);
  EXPECT_EQ(EventOf(MessageType::kCodeco, "44"), v1::EVENT_UNSPECIFIED);
  for (const char* code : {"44", "98", "119"}) {
    EXPECT_EQ(EventOf(MessageType::kCoarri, code), v1::DISCHARGE) << code;
  }
  for (const char* code : {"46", "122", "270"}) {
    EXPECT_EQ(EventOf(MessageType::kCoarri, code), v1::LOAD) << code;
  }
  EXPECT_EQ(EventOf(MessageType::kCoarri, "34"), v1::EVENT_UNSPECIFIED);
}

TEST(EdifactTest, SendingAgainGivesEqualMovements) {
  const Reading once = Edifact(kCodeco);
  const Reading again = Edifact(std::string(kCodeco) + kCodeco);
  ASSERT_EQ(again.movements.size(), 2 * once.movements.size());
  for (size_t i = 0; i < again.movements.size(); ++i) {
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(
        again.movements[i], once.movements[i % once.movements.size()]));
  }
}

TEST(EdifactTest, ADocumentNumberOutlivesItsInterchange) {
  const std::string other =
      Replace(Replace(Replace(Replace(kCodeco, "+CTRL7'\nUNH", "+CTRL8'\nUNH"),
                              "UNZ+2+CTRL7", "UNZ+2+CTRL8"),
                      "UNH+M1", "UNH+X1"),
              "UNT+23+M1", "UNT+23+X1");
  EXPECT_EQ(Edifact(other).ids(), Edifact(kCodeco).ids());
}

TEST(EdifactTest, WordsInPlaceOfADocumentNumberDoNotIdentify) {
  const std::string words = Replace(kCodeco, "GATE20260131A", "GATE IN REPORT");
  const std::string later = Replace(words, "260131:0815", "260207:0815");
  const Reading first = Edifact(words);
  const Reading second = Edifact(later);
  ASSERT_EQ(first.movements.size(), 4);
  EXPECT_NE(first.movements[0].id(), second.movements[0].id());
  EXPECT_EQ(first.movements[2].id(), second.movements[2].id());
}

TEST(EdifactTest, ASecondMentionOfAContainerIsToldApart) {
  const Reading reading =
      Edifact(Replace(kCodeco, "TEMU6079348", "MSKU 123456-5"));
  ASSERT_EQ(reading.movements.size(), 4);
  EXPECT_EQ(reading.movements[1].id(), reading.movements[0].id() + "#2");
  EXPECT_EQ(reading.movements[1].container().number(), "MSKU 123456-5");
  EXPECT_EQ(reading.tolerated("BLANK_IN_CONTAINER_NUMBER"), 1);
}

TEST(EdifactTest, AReplacementCorrectsAndACancellationRetracts) {
  const Reading original = Edifact(kCodeco);
  const Reading replaced =
      Edifact(Replace(kCodeco, "GATE20260131A+9", "GATE20260131A+5"));
  EXPECT_EQ(replaced.ids(), original.ids());
  EXPECT_EQ(replaced.movements[0].update_time().seconds(), 1769847300);
  EXPECT_FALSE(replaced.movements[0].retraction());
  const Reading cancelled =
      Edifact(Replace(kCodeco, "GATE20260131A+9", "GATE20260131A+1"));
  EXPECT_EQ(cancelled.ids(), original.ids());
  EXPECT_TRUE(cancelled.movements[0].retraction());
  EXPECT_TRUE(cancelled.movements[0].has_update_time());
  EXPECT_FALSE(cancelled.movements[2].retraction());
  const Reading reissued =
      Edifact(Replace(kCodeco, "GATE20260131A+9", "GATE20260131A+17"));
  EXPECT_EQ(reissued.ids(), original.ids());
  EXPECT_TRUE(reissued.movements[0].retraction());
}

TEST(EdifactTest, WhatIsNoReportIsNoOriginal) {
  for (const char* code : {"13", "27", "36", "40"}) {
    const Reading reading = Edifact(Replace(
        kCodeco, "GATE20260131A+9", std::string("GATE20260131A+") + code));
    EXPECT_THAT(reading.reasons(), ElementsAre("NO_REPORT")) << code;
    EXPECT_EQ(reading.movements.size(), 2) << code;
  }
  const Reading other =
      Edifact(Replace(kCodeco, "GATE20260131A+9", "GATE20260131A+6"));
  EXPECT_EQ(other.ids(), Edifact(kCodeco).ids());
  EXPECT_EQ(other.tolerated("FUNCTION_READ_AS_ORIGINAL"), 1);
  for (const char* code : {"", "2", "7", "31"}) {
    EXPECT_EQ(FunctionOf(code), Function::kOriginal) << code;
  }
}

TEST(EdifactTest, AChangeMayNameItsDocumentByReference) {
  const Reading changed = Edifact(Replace(
      kCodeco, "GATE20260131A+9'", "OTHER99999+5'RFF+ACW:GATE20260131A'"));
  EXPECT_EQ(changed.ids(), Edifact(kCodeco).ids());
}

TEST(EdifactTest, PreparationTimeOfTheMessageComesBeforeTheInterchanges) {
  const Reading replaced =
      Edifact(Replace(kCodeco, "GATE20260131A+9'",
                      "GATE20260131A+4'DTM+137:202601310900:203'"));
  EXPECT_EQ(replaced.movements[0].update_time().seconds(), 1769850000);
}

struct RejectCase {
  const char* from;
  const char* to;
  std::vector<std::string> reasons;
  size_t movements;
};

TEST(EdifactTest, AContainersOwnTimeComesBeforeTheMessages) {
  const std::string text =
      Replace(kCodeco, "BGM+34+GATE20260131A+9'\n",
              "BGM+34+GATE20260131A+9'DTM+7:202601310600:203'");
  const auto time = [](const Reading& reading) {
    return reading.movements[0].occurrence_time().seconds();
  };
  EXPECT_EQ(time(Edifact(text)), 1769845440);  // 07:44 UTC.
  // However little it is worth.
  EXPECT_EQ(time(Edifact(
                Replace(text, "DTM+7:202601310744", "DTM+181:202601310744"))),
            1769845440);
  EXPECT_EQ(time(Edifact(Replace(text, "DTM+7:202601310744:203'", ""))),
            1769839200);  // 06:00 UTC.
  const Reading bad =
      Edifact(Replace(text, "DTM+7:202601310744", "DTM+7:202613310744"));
  EXPECT_THAT(bad.reasons(), ElementsAre("BAD_TIME"));
  EXPECT_EQ(bad.movements.size(), 3);
}

TEST(EdifactTest, WhatCannotBeReadIsRejectedAndTheRestKept) {
  const RejectCase cases[] = {
      {"EQD+CN+MSKU1234565", "EQD+CN+", {"NO_CONTAINER_NUMBER"}, 3},
      {"DTM+7:202601310744:203'", "", {"NO_TIME"}, 3},
      {"DTM+7:202601310744", "DTM+7:202613310744", {"BAD_TIME"}, 3},
      {"BGM+34", "BGM+351", {"UNKNOWN_DOCUMENT"}, 2},
      {"BGM+34+GATE20260131A+9'\n", "", {"NO_DOCUMENT"}, 2},
      {"CODECO", "INVOIC", {"UNKNOWN_MESSAGE"}, 2},
      {"MSKU1234565+45R1:102:5++2",
       "MSKU1234565+45R1:102:5++7",
       {"NOT_MOVED"},
       3},
      {"GATE20260131A+9",
       "34+5",
       {"NO_PREVIOUS_DOCUMENT", "NO_PREVIOUS_DOCUMENT"},
       2},
      {"GATE20260131A+9",
       "34+1",
       {"NO_PREVIOUS_DOCUMENT", "NO_PREVIOUS_DOCUMENT"},
       2},
      {"UNT+23+M1'\n", "", {"MISSING_UNT"}, 4},
      {"EQD+CN+HLXU8099273", "eqd+CN+HLXU8099273", {"BAD_SEGMENT"}, 2},
      {"UNH+M2+CODECO:D:95B:UN:SMDG16'\n", "", {"SEGMENT_OUTSIDE_MESSAGE"}, 2},
      {"UNH+M2", "NH+M2", {"BAD_SEGMENT"}, 2},
  };
  for (const RejectCase& test : cases) {
    const Reading reading = Edifact(Replace(kCodeco, test.from, test.to));
    EXPECT_EQ(reading.reasons(), test.reasons) << test.from;
    EXPECT_EQ(reading.movements.size(), test.movements) << test.from;
    for (const Reject& reject : reading.rejects) {
      EXPECT_THAT(reject.position, HasSubstr("interchange CTRL7"));
      EXPECT_FALSE(reject.message.empty());
      EXPECT_FALSE(reject.excerpt.empty());
    }
  }
}

TEST(EdifactTest, ARejectPointsAtItsSegment) {
  const Reading reading =
      Edifact(Replace(kCodeco, "DTM+7:202601310750:203'\n", ""));
  ASSERT_EQ(reading.rejects.size(), 1);
  const Reject& reject = reading.rejects[0];
  EXPECT_EQ(reject.position,
            "interchange CTRL7, message M1, segment 19, EQD 2");
  EXPECT_EQ(reject.offset, std::string(kCodeco).find("EQD+CN+TEMU"));
  EXPECT_THAT(reject.excerpt, HasSubstr("TEMU6079348"));
}

struct ToleratedCase {
  const char* from;
  const char* to;
  const char* reason;
};

TEST(EdifactTest, WhatCanBeReadAllTheSameIsReadAndCounted) {
  const ToleratedCase cases[] = {
      {"UNT+23+M1", "UNT+99+M1", "UNT_COUNT"},
      {"UNT+23+M1", "UNT+23+M9", "UNT_REFERENCE"},
      {"UNZ+2+CTRL7", "UNZ+5+CTRL7", "UNZ_COUNT"},
      {"UNZ+2+CTRL7", "UNZ+2+CTRL8", "UNZ_REFERENCE"},
      {"UNZ+2+CTRL7'\n", "", "UNZ_MISSING"},
      {"UNZ+2+CTRL7'\n", "UNZ+2+CTRL7", "TERMINATOR_MISSING"},
      {"CNT+16:2", "CNT+16:5", "CNT_COUNT"},
      {"UNB+UNOC:2+TERMA+CUSTOMS+260131:0815+CTRL7'\n", "", "UNB_MISSING"},
      {"UNA:+.? '\n", "\xEF\xBB\xBF", "BYTE_ORDER_MARK"},
      {"UNA:+.? '\n", "From: gateway\nTo: you\n\n", "JUNK_SKIPPED"},
      {"KGM:27000.4", "KGM:27000,4", "DECIMAL_COMMA"},
      {"KGM:27000.4", "KGM:heavy", "WEIGHT_UNUSABLE"},
      {"202601310744:203", "20260131:203", "TIME_FORMAT_WRONG"},
      {"202601310744:203", "20260131:102", "DATE_ONLY"},
      {"202601310744:203", "202601310744XYZ:303", "ZONE_UNKNOWN"},
      {"SEL+SL100", "SEL+YES", "SEAL_WITHOUT_NUMBER"},
      {"FROZEN FISH", "FROZEN\nFISH", "LINE_WRAPPED"},
      {"FROZEN FISH", "PESCADO PE\xC3\x91", "UTF8_UNDECLARED"},
      {"SL100+SH", "SL100+SH'SEL++CA", "SEAL_WITHOUT_NUMBER"},
      {"CNT+16:2", "EQD+CH+CHAS1'CNT+16:2", "EQUIPMENT_NOT_A_CONTAINER"},
      {"LOC+165+NLRTM", "'LOC+165+NLRTM", "EMPTY_SEGMENT"},
      {"KGM:27000.4", "KGM:27 000.4", "BLANK_IN_NUMBER"},
      {"MSKU1234565+45R1", "MSKU 123456 5+45R1", "BLANK_IN_CONTAINER_NUMBER"},
      {"LOC+9+NLRTM", "LOC+9+ROTTERDAM", "PLACE_UNUSABLE"},
      {"+++9074729:146::EVER TEST", "++9074729:146::EVER TEST",
       "ELEMENT_MISPLACED"},
  };
  for (const ToleratedCase& test : cases) {
    const Reading reading = Edifact(Replace(kCodeco, test.from, test.to));
    EXPECT_THAT(reading.reasons(), IsEmpty()) << test.from;
    EXPECT_EQ(reading.movements.size(), 4) << test.from;
    EXPECT_GE(reading.tolerated(test.reason), 1) << test.reason;
  }
}

TEST(EdifactTest, AWeightWhoseCommaMayPartThousandsIsNone) {
  const auto read = [](const char* weight, const char* una) {
    return Edifact(
        Replace(Replace(kCodeco, "KGM:27000.4", weight), "UNA:+.? '", una));
  };
  const Reading unclear = read("KGM:27,000", "UNA:+.? '");
  EXPECT_EQ(unclear.tolerated("WEIGHT_UNUSABLE"), 1);
  EXPECT_EQ(unclear.tolerated("DECIMAL_COMMA"), 0);
  ASSERT_EQ(unclear.movements.size(), 4);
  EXPECT_FALSE(unclear.movements[0].weights().has_vgm_kg());
  const Reading declared = read("KGM:27,000", "UNA:+,? '");
  EXPECT_EQ(declared.movements[0].weights().vgm_kg(), 27);
  const Reading tonnes = read("TNE:27,125", "UNA:+.? '");
  EXPECT_EQ(tonnes.movements[0].weights().vgm_kg(), 27125);
  const Reading both = read("KGM:27.000,5", "UNA:+.? '");
  EXPECT_EQ(both.tolerated("WEIGHT_UNUSABLE"), 1);
  EXPECT_EQ(both.tolerated("DECIMAL_COMMA"), 0);
}

TEST(EdifactTest, ASealOfUnknownPartySaysNotWhoseItIs) {
  const auto source = [](const char* segment) {
    return Edifact(Replace(kCodeco, "SEL+SL100+SH'", segment))
        .movements[0]
        .seals(0)
        .source();
  };
  EXPECT_EQ(source("SEL+SL100+SH'"), "SHI");
  EXPECT_EQ(source("SEL+SL100+AB'"), "");
  EXPECT_EQ(source("SEL+SL100'"), "");
}

TEST(EdifactTest, WhatOneContainerMayCarryIsBounded) {
  std::string many;
  for (int i = 0; i < 1000; ++i) {
    many += "SEL+S" + std::to_string(i) + "+CA'FTX+AAA+++SOME MORE GOODS'";
  }
  const Reading reading = Edifact(Replace(kCodeco, "SEL+SL100+SH'", many));
  ASSERT_EQ(reading.movements.size(), 4);
  EXPECT_EQ(reading.movements[0].seals_size(), 16);
  EXPECT_LE(reading.movements[0].consignment().goods().size(), 512);
  EXPECT_GT(reading.tolerated("SEALS_BEYOND_16"), 0);
  EXPECT_GT(reading.tolerated("GOODS_CUT"), 0);
}

TEST(EdifactTest, Latin1BecomesUtf8AndUtf8Stays) {
  for (const char* bytes : {"PE\xD1"
                            "A",
                            "PE\xC3\x91"
                            "A"}) {
    const Reading reading = Edifact(Replace(kCodeco, "FROZEN FISH", bytes));
    EXPECT_EQ(reading.movements[0].consignment().goods(),
              "PE\xC3\x91"
              "A IN BOXES");
    EXPECT_EQ(reading.tolerated("LATIN1"), 0) << "as UNOC says";
  }
  const Reading plain =
      Edifact(Replace(Replace(kCodeco, "UNOC:2", "UNOA:2"), "FROZEN FISH",
                      "PE\xD1"
                      "A"));
  EXPECT_EQ(plain.tolerated("LATIN1"), 1);
}

TEST(EdifactTest, Utf16IsReadInAnyFormat) {
  const auto wide = [](const std::string& text) {
    std::string bytes = "\xFF\xFE";
    for (const char c : text) bytes += {c, '\0'};
    return bytes;
  };
  EXPECT_EQ(Edifact(wide(kCodeco)).movements.size(), 4);
  EXPECT_THAT(Read(Format::kCsv, wide("id,event,occurrence_time\n"
                                      "7,LOAD,2026-01-01T00:00:00Z\n"))
                  .ids(),
              ElementsAre("7"));
  EXPECT_THAT(Read(Format::kJsonl, wide("{\"id\": \"7\"}\n")).ids(),
              ElementsAre("7"));
}

TEST(EdifactTest, WhatIsBehindDangerousGoodsIsTheirs) {
  const Reading reading = Edifact(
      Replace(kCodeco, "MEA+AAE+VGM+KGM:27000.4'",
              "MEA+AAE+G+KGM:26000'DGS+IMD+3+1203'MEA+AAE+G+KGM:888'"
              "MEA+AAE+VGM+KGM:27000'LOC+165+NLRTM:139:6+QUAY5:TER:306'"));
  EXPECT_EQ(reading.movements[0].weights().gross_kg(), 26000);
  EXPECT_EQ(reading.movements[0].weights().vgm_kg(), 27000);
  EXPECT_EQ(reading.movements[0].location().facility(), "QUAY5");
}

TEST(EdifactTest, TheInlandLegIsNotTheVessels) {
  const Reading barge = Edifact(
      Replace(kCodeco, "TDT+1++3++HAUL1:172:ZZZ:HAULIER ONE+++AB?+12CD:146'",
              "TDT+30+B1+8+++++02324567:146::BARGE1'"));
  EXPECT_EQ(barge.movements[0].transport().vessel_name(), "EVER TEST");
  EXPECT_EQ(barge.movements[0].transport().mode(), v1::BARGE);
  const Reading sea = Edifact(
      Replace(kCodeco, "AB?+12CD:146'", "AB?+12CD:146'TDT+30+V2+1++MSK:172'"));
  EXPECT_EQ(sea.movements[0].haulier().id(), "HAUL1");
  EXPECT_EQ(sea.movements[0].transport().mode(), v1::ROAD);
}

TEST(EdifactTest, ATimeMaySayHowFarItIsFromUtc) {
  for (const char* zone : {"?+01", "?+0100"}) {
    const Reading reading =
        Edifact(Replace(kCodeco, "202601310744:203",
                        std::string("202601310844") + zone + ":303"));
    EXPECT_EQ(reading.movements[0].occurrence_time().seconds(), 1769845440);
    EXPECT_THAT(reading.summary.tolerated, IsEmpty());
  }
}

TEST(EdifactTest, ANameMayHaveSeveralParts) {
  const Reading reading =
      Edifact(Replace(kCodeco, "NAD+MS+TERMA:160:ZZZ'",
                      "NAD+CZ+++ROYAL DUTCH SHIPPING AND FORWARDING:COMPANY "
                      "ALPHA BV'NAD+CN+++ONE'"));
  EXPECT_EQ(reading.movements[0].shipper().name(),
            "ROYAL DUTCH SHIPPING AND FORWARDING COMPANY ALPHA BV");
  EXPECT_EQ(reading.movements[0].consignee().name(), "ONE");
}

TEST(EdifactTest, ANumberInAnotherBaseIsNone) {
  const Reading reading = Edifact(Replace(kCodeco, "27000.4", "0x10"));
  EXPECT_EQ(reading.tolerated("WEIGHT_UNUSABLE"), 1);
  EXPECT_FALSE(reading.movements[0].weights().has_vgm_kg());
}

TEST(EdifactTest, ALineMayEndWithinATag) {
  for (const char* wrapped : {"L\r\nOC+165", "LO\nC+165", "LOC\n+165"}) {
    const Reading reading = Edifact(Replace(kCodeco, "LOC+165", wrapped));
    EXPECT_THAT(reading.reasons(), IsEmpty()) << wrapped;
    EXPECT_EQ(reading.movements[0].location().locode(), "NLRTM");
    EXPECT_EQ(reading.tolerated("LINE_WRAPPED"), 1);
  }
}

TEST(EdifactTest, DamageThatMayHideTheTrailerIsNoMissingTrailer) {
  const Reading reading = Edifact(Replace(kCodeco, "RFF+BM:BL55'", "x'"));
  EXPECT_THAT(reading.reasons(), ElementsAre("BAD_SEGMENT"));
  EXPECT_EQ(reading.tolerated("UNZ_MISSING"), 0);
}

TEST(EdifactTest, OtherAlphabetsAreReadAsTheSyntaxSays) {
  // ISO 8859-5: "РЫБА".
  const Reading reading = Edifact(Replace(Replace(kCodeco, "UNOC:2", "UNOE:2"),
                                          "FROZEN FISH", "\xC0\xCB\xB1\xB0"));
  EXPECT_EQ(reading.movements[0].consignment().goods(), "РЫБА IN BOXES");
}

TEST(EdifactTest, NothingIsEdifactInAFileOfProse) {
  const Reading reading = Edifact("Dear customer,\nplease find attached ...");
  EXPECT_THAT(reading.reasons(), ElementsAre("NOT_EDIFACT"));
  EXPECT_THAT(Edifact("").rejects, IsEmpty());
}

TEST(EdifactTest, TheCallerMayNameTheSourceAndTheZone) {
  ReaderOptions options;
  options.format = Format::kEdifact;
  options.source = "port.example";
  options.default_utc_offset_min = 60;
  const Reading reading = ReadWith(options, kCodeco);
  EXPECT_EQ(reading.movements[0].source(), "port.example");
  EXPECT_EQ(reading.movements[0].occurrence_time().seconds(),
            1769845440 - 3600);
}

TEST(EdifactTest, WithoutAnInterchangeTheMessageSenderIsTheSource) {
  const Reading reading = Edifact(
      Replace(kCodeco, "UNB+UNOC:2+TERMA+CUSTOMS+260131:0815+CTRL7'\n", ""));
  EXPECT_EQ(reading.movements[0].source(), "TERMA");
  EXPECT_EQ(reading.movements[2].source(), "edifact");
}

// kCoarri as another terminal sends it, of a message without a number.
std::string AnotherCoarri() {
  return Replace(Replace(kCoarri, "TERMA", "TERMB"), "RPT0000001", "9");
}

TEST(EdifactTest, AnInterchangeThatEndedSaysNothingOfWhatFollows) {
  const std::string alone = AnotherCoarri().substr(AnotherCoarri().find("UNH"));
  const Reading bare = Edifact(alone);
  const std::string other = AnotherCoarri();
  for (const std::string& text :
       {kCodeco + alone, kCodeco + Replace(other, "UNB+", "xUNB+"),
        kCodeco + Replace(other, "UNB+UNOA:2+TERMB+LINE+260201:1200+C9'",
                          "UNB:UNOA:2:TERMB\n"),
        // Without the UNZ before it.
        Replace(kCodeco, "UNZ+2+CTRL7'\n", "") +
            Replace(other, "UNB+", "xUNB+")}) {
    const Reading reading = Edifact(text);
    ASSERT_EQ(reading.movements.size(), 5) << text;
    EXPECT_EQ(reading.movements[4].source(), "edifact") << text;
    EXPECT_EQ(reading.movements[4].id(), bare.movements[0].id()) << text;
  }
}

TEST(EdifactTest, FilesWithMarksMayBeJoined) {
  const std::string mark = "\xEF\xBB\xBF";
  for (const std::string& first :
       {std::string(kCodeco), Replace(kCodeco, "UNZ+2+CTRL7'\n", "UNZ'X\n")}) {
    const Reading reading = Edifact(mark + first + mark + AnotherCoarri());
    ASSERT_EQ(reading.movements.size(), 5);
    EXPECT_EQ(reading.movements[4].source(), "TERMB");
    EXPECT_EQ(reading.tolerated("BYTE_ORDER_MARK"), 2);
  }
}

TEST(EdifactTest, ASinkThatFailsStopsReading) {
  ReaderSink sink;
  int taken = 0;
  sink.movement = [&taken](v1::Movement&&) {
    return ++taken == 2 ? absl::UnavailableError("full") : absl::OkStatus();
  };
  ReaderOptions options;
  options.format = Format::kEdifact;
  std::istringstream in{std::string(kCodeco)};
  EXPECT_EQ(ReadMovements(in, options, sink).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(taken, 2);
}

TEST(EdifactTest, WhatACheckRefusesIsARejectOfItsPlace) {
  std::vector<Reject> rejects;
  ReaderSink sink;
  sink.check = [](v1::Movement* movement, Reject at) -> std::optional<Reject> {
    if (movement->container().number() != "MSKU1234565") return std::nullopt;
    at.reason = "NOT_WANTED";
    return at;
  };
  int taken = 0;
  sink.movement = [&](v1::Movement&&) {
    ++taken;
    return absl::OkStatus();
  };
  sink.reject = [&](const Reject& reject) { rejects.push_back(reject); };
  ReaderOptions options;
  options.format = Format::kEdifact;
  options.file = "gate.edi";
  std::istringstream in{std::string(kCodeco)};
  const auto summary = ReadMovements(in, options, sink);
  ASSERT_TRUE(summary.ok()) << summary.status();
  ASSERT_EQ(rejects.size(), 1u);
  EXPECT_EQ(rejects[0].file, "gate.edi");
  EXPECT_EQ(rejects[0].reason, "NOT_WANTED");
  EXPECT_THAT(rejects[0].position, HasSubstr("interchange CTRL7"));
  EXPECT_EQ(summary->rejects, 1u);
  EXPECT_EQ(summary->movements, static_cast<uint64_t>(taken));
}

struct TimeCase {
  const char* value;
  const char* format;
  int64_t seconds;
};

TEST(EdifactTest, EveryTimeFormatIsRead) {
  const TimeCase cases[] = {
      {"202601310744", "203", 1769845440},
      {"20260131074405", "204", 1769845445},
      {"20260131", "102", 1769817600},
      {"260131", "101", 1769817600},
      {"2601310744", "201", 1769845440},
      {"260131074405", "202", 1769845445},
      {"202601310744+0100", "205", 1769841840},
      {"202601310744UTC", "303", 1769845440},
      {"202601302400", "203", 1769817600},
      {"202601310744", "", 1769845440},
      {"310126", "2", 1769817600},
      {"013126", "3", 1769817600},
      {"31012026", "4", 1769817600},
      {"310120260744", "5", 1769845440},
  };
  for (const TimeCase& test : cases) {
    const DateTime read =
        ParseDateTime(test.value, test.format, absl::UTCTimeZone());
    ASSERT_TRUE(read.ok) << test.value;
    EXPECT_EQ(absl::ToUnixSeconds(read.time), test.seconds) << test.value;
  }
  for (const char* bad : {"", "2026", "202602300000", "202601312500",
                          "202601310760", "2026-01-31", "202601310744x"}) {
    EXPECT_FALSE(ParseDateTime(bad, "203", absl::UTCTimeZone()).ok) << bad;
  }
  // As long as a date, and none.
  EXPECT_FALSE(ParseDateTime("101112", "402", absl::UTCTimeZone()).ok);
  EXPECT_FALSE(ParseDateTime("202603", "610", absl::UTCTimeZone()).ok);
  EXPECT_FALSE(ParseDateTime("310126x", "2", absl::UTCTimeZone()).ok);
}

}  // namespace
}  // namespace portrisk::service
