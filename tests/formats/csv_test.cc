#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "service/formats/csv_mapping.h"
#include "tests/formats/reading.h"
#include "tests/formats/samples.h"

namespace portrisk::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Reading Csv(const std::string& text) { return Read(Format::kCsv, text); }

constexpr char kMapping[] = R"(
delimiter: ";"
utc_offset_min: 60
columns:
  container.number: Box
  occurrence_time: {column: When, format: "%d.%m.%Y %H:%M"}
  event: What
  container.load_status: What
  weights.gross_kg: Kilos
  seals.number: Seal
values:
  event: {Gone: GATE_OUT, Gone empty: GATE_OUT}
  container.load_status: {Gone empty: EMPTY, "*": ""}
constants: {source: depot, classifier: ACTUAL}
id: [Box, When]
)";
constexpr char kMapped[] =
    "Box;When;What;Kilos;Seal\n"
    "MSKU1234565;31.01.2026 07:44;Gone empty;27000,4;S1\n";

Reading Mapped(const std::string& mapping, const std::string& text) {
  // Another test of this file may run beside this one.
  const std::string file = testing::TempDir() + "/portrisk-mapping-" +
                           std::to_string(::getpid()) + ".yaml";
  std::ofstream(file) << mapping;
  ReaderOptions options;
  options.format = Format::kCsv;
  options.file = "test.csv";
  options.csv_mapping = file;
  Reading reading = ReadWith(options, text);
  std::remove(file.c_str());
  return reading;
}

TEST(CsvTest, APinIsShownInNoRejectAndIsPartOfNoId) {
  const std::string header =
      "event,occurrence_time,container.number,pickup_right.pin\n";
  const auto row = [](const std::string& time, const std::string& pin) {
    return "GATE_OUT," + time + ",MSKU1234565," + pin + "\n";
  };
  const Reading bad = Csv(header + row("never", "904417") +
                          row("2026-01-31T08:15:00Z", "904417,904417") +
                          "GATE_OUT,2026-01-31T08:15:00Z,x,\"904417");
  ASSERT_EQ(bad.rejects.size(), 3u);
  for (const Reject& reject : bad.rejects) {
    EXPECT_EQ(RejectToJson(reject).find("904417"), std::string::npos)
        << RejectToJson(reject);
  }
  EXPECT_THAT(bad.rejects[0].excerpt, HasSubstr("MSKU1234565"));
  const std::string id =
      Csv(header + row("2026-01-31T08:15:00Z", "1")).ids()[0];
  EXPECT_EQ(Csv(header + row("2026-01-31T08:15:00Z", "2")).ids()[0], id);
  EXPECT_NE(Csv(header + row("2026-01-31T08:16:00Z", "1")).ids()[0], id);
  const Reading mapped = Mapped(
      "columns: {container.number: Box, pickup_right.pin: Code}\n"
      "id: [Box, Code]\n",
      "Box,Code\nMSKU1234565,904417\n");
  EXPECT_THAT(mapped.ids(), ElementsAre("MSKU1234565"));
}

TEST(CsvTest, AHeaderOfPathsNeedsNoMapping) {
  const Reading reading = Csv(kCsv);
  EXPECT_TRUE(reading.status.ok()) << reading.status;
  EXPECT_THAT(reading.rejects, IsEmpty());
  ASSERT_THAT(reading.ids(), ElementsAre("1", "2", "3"));
  EXPECT_EQ(reading.movements[0].event(), v1::GATE_IN);
  EXPECT_EQ(reading.movements[0].location().name(), "Quay 4 Rotterdam");
  EXPECT_EQ(reading.movements[0].origin(), "line 2");
  EXPECT_EQ(reading.movements[1].event(), v1::GATE_OUT);
  EXPECT_EQ(reading.movements[1].occurrence_time().seconds(), 1769928240);
  EXPECT_EQ(reading.movements[1].location().name(), "He said \"go\"");
  EXPECT_EQ(reading.movements[1].origin(), "line 4");
  EXPECT_FALSE(reading.movements[2].has_location());
}

TEST(CsvTest, AMappingSaysWhatColumnsMean) {
  const Reading reading = Mapped(kMapping, kMapped);
  ASSERT_TRUE(reading.status.ok()) << reading.status;
  ASSERT_EQ(reading.movements.size(), 1);
  const v1::Movement& movement = reading.movements[0];
  EXPECT_EQ(movement.id(), "MSKU1234565|31.01.2026 07:44");
  EXPECT_EQ(movement.source(), "depot");
  EXPECT_EQ(movement.event(), v1::GATE_OUT);
  EXPECT_EQ(movement.container().load_status(), v1::EMPTY);
  EXPECT_EQ(movement.occurrence_time().seconds(), 1769841840);
  EXPECT_EQ(movement.weights().gross_kg(), 27000);
  EXPECT_EQ(movement.seals(0).number(), "S1");
}

TEST(CsvTest, TheFallbackValueAppliesToWhatHasNoEntry) {
  const Reading reading =
      Mapped(kMapping, Replace(kMapped, "Gone empty", "Gone"));
  ASSERT_EQ(reading.movements.size(), 1);
  EXPECT_EQ(reading.movements[0].container().load_status(),
            v1::LOAD_STATUS_UNSPECIFIED);
}

TEST(CsvTest, ARowMayGiveSeveralMovements) {
  const Reading reading = Mapped(
      "movements:\n"
      "  - {columns: {container.number: a, occurrence_time: t1},"
      " constants: {event: GATE_IN}, id: [a, t1]}\n"
      "  - {columns: {container.number: a, occurrence_time: t2},"
      " constants: {event: GATE_OUT}, id: [a, t2]}\n",
      "a,t1,t2\nX,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z\n"
      "Y,2026-01-01T00:00:00Z,never\n");
  EXPECT_THAT(reading.ids(),
              ElementsAre("X|2026-01-01T00:00:00Z", "X|2026-01-02T00:00:00Z",
                          "Y|2026-01-01T00:00:00Z"));
  ASSERT_THAT(reading.reasons(), ElementsAre("BAD_TIME"));
  EXPECT_EQ(reading.rejects[0].position, "line 3, column \"t2\"");
}

TEST(CsvTest, WithoutAnIdTheRowIdentifiesItself) {
  const std::string text =
      "event,occurrence_time,container.number\n"
      "LOAD,2026-01-01T00:00:00Z,A\nLOAD,2026-01-01T00:00:00Z,B\n";
  const Reading reading = Csv(text);
  ASSERT_EQ(reading.movements.size(), 2);
  EXPECT_NE(reading.movements[0].id(), reading.movements[1].id());
  EXPECT_EQ(Csv(text).ids(), reading.ids());
}

struct RejectCase {
  const char* from;
  const char* to;
  const char* reason;
  const char* position;
};

TEST(CsvTest, CellsThatHoldTheBarMakeIdsOfTheirOwn) {
  const std::string mapping =
      "columns: {container.number: box, occurrence_time: time}\n"
      "constants: {source: t, event: LOAD}\nid: [a, b]\n";
  const auto ids = [&](const std::string& cells) {
    return Mapped(mapping, "box,time,a,b\nX,2026-01-01T00:00:00Z," + cells)
        .ids();
  };
  EXPECT_THAT(ids("A,B\n"), ElementsAre("A|B"));
  EXPECT_NE(ids("A|B,C\n"), ids("A,B|C\n"));
}

TEST(CsvTest, ARowThatDoesNotFitIsRejectedWithLineAndColumn) {
  const RejectCase cases[] = {
      {"31.01.2026 07:44", "yesterday", "BAD_TIME", "line 2, column \"When\""},
      {"27000,4", "heavy", "BAD_NUMBER", "line 2, column \"Kilos\""},
      {"27000,4", "1e12", "BAD_NUMBER", "line 2, column \"Kilos\""},
      {"Gone empty", "Vanished", "BAD_VALUE", "line 2, column \"What\""},
      {";S1", ";S1;;;more", "TOO_MANY_CELLS", "line 2"},
      {";S1", ";S\"1", "BAD_QUOTE", "line 2"},
  };
  for (const RejectCase& test : cases) {
    const std::string text = Replace(kMapped, test.from, test.to) +
                             "TEMU6079348;31.01.2026 07:45;Gone;;\n";
    const Reading reading = Mapped(kMapping, text);
    EXPECT_THAT(reading.reasons(), ElementsAre(test.reason)) << test.to;
    ASSERT_EQ(reading.movements.size(), 1) << test.to;
    EXPECT_EQ(reading.movements[0].container().number(), "TEMU6079348");
    ASSERT_FALSE(reading.rejects.empty());
    EXPECT_EQ(reading.rejects[0].position, test.position);
    EXPECT_EQ(reading.rejects[0].line, 2);
  }
}

TEST(CsvTest, AnUnclosedQuoteIsRejectedWhereItBegan) {
  const Reading reading = Csv(std::string(kCsv) + "4,LOAD,\"2026\nand on");
  EXPECT_THAT(reading.ids(), ElementsAre("1", "2", "3"));
  ASSERT_THAT(reading.reasons(), ElementsAre("UNCLOSED_QUOTE"));
  EXPECT_EQ(reading.rejects[0].line, 6);
  EXPECT_EQ(reading.rejects[0].offset, std::string(kCsv).size());
}

TEST(CsvTest, ABrokenRowSaysWhichLinesItTook) {
  const std::string row = ",LOAD,2026-01-01T00:00:00Z,";
  const Reading reading =
      Csv("id,event,occurrence_time,location.name\n1" + row + "\"open\n2" +
          row + "c\n3" + row + "\"d\"\n4" + row + "e\n");
  EXPECT_THAT(reading.ids(), ElementsAre("4"));
  ASSERT_THAT(reading.reasons(), ElementsAre("BAD_QUOTE"));
  EXPECT_EQ(reading.rejects[0].line, 2);
  EXPECT_THAT(reading.rejects[0].message, HasSubstr("lines 3 to 4"));
  // The next quote closes it, and more cells follow.
  const Reading closed = Csv("id,event,occurrence_time,location.name\n1" + row +
                             "\"open\n2" + row + "c\",d\n3" + row + "e\n");
  EXPECT_THAT(closed.ids(), ElementsAre("3"));
  ASSERT_THAT(closed.reasons(), ElementsAre("TOO_MANY_CELLS"));
  EXPECT_THAT(closed.rejects[0].message, HasSubstr("lines 3 to 3"));
}

TEST(CsvTest, LinesMayEndWithACarriageReturnAlone) {
  const std::string row = ",LOAD,2026-01-01T00:00:00Z\r";
  const Reading reading = Csv("id,event,occurrence_time\r1" + row + "2" + row +
                              "3\"" + row + "4,LOAD,bad\r5" + row);
  EXPECT_THAT(reading.ids(), ElementsAre("1", "2", "5"));
  ASSERT_THAT(reading.reasons(), ElementsAre("BAD_QUOTE", "BAD_TIME"));
  EXPECT_EQ(reading.rejects[0].line, 4);
  EXPECT_EQ(reading.rejects[1].line, 5);
  EXPECT_EQ(reading.movements[2].origin(), "line 6");
}

TEST(CsvTest, AnEndlessRowIsRefusedAndReadOver) {
  const Reading reading =
      Csv("id,event,occurrence_time\n1,LOAD," + std::string(3 << 20, 'x') +
          "\n2,LOAD,2026-01-01T00:00:00Z\n");
  EXPECT_THAT(reading.reasons(), ElementsAre("ROW_TOO_LONG"));
  EXPECT_THAT(reading.ids(), ElementsAre("2"));
}

TEST(CsvTest, EncodingsBecomeUtf8) {
  const std::string row =
      "id,event,occurrence_time,location.name\n"
      "1,LOAD,2026-01-01T00:00:00Z,";
  EXPECT_EQ(Csv(row + "M\xC3\xA1laga\n").movements[0].location().name(),
            "M\xC3\xA1laga");
  const Reading latin1 = Csv(row + "M\xE1laga\n");
  EXPECT_EQ(latin1.movements[0].location().name(), "M\xC3\xA1laga");
  EXPECT_EQ(latin1.tolerated("LATIN1"), 1);
  const Reading declared = Mapped(
      "encoding: latin1\ncolumns: {id: id, event: event, occurrence_time: "
      "occurrence_time, location.name: location.name}\n",
      row + "\xC3\xA1\n");
  EXPECT_EQ(declared.movements[0].location().name(), "\xC3\x83\xC2\xA1");
}

TEST(CsvTest, ToleratesMarksShortRowsAndAMissingLastLineEnd) {
  const Reading reading =
      Csv("\xEF\xBB\xBF\"id\",event,occurrence_time,location.name\r\n\r\n"
          "1,LOAD,2026-01-01T00:00:00Z\r\n2,LOAD,2026-01-01T00:00:00Z,x");
  EXPECT_THAT(reading.ids(), ElementsAre("1", "2"));
  EXPECT_EQ(reading.tolerated("BYTE_ORDER_MARK"), 1);
  EXPECT_EQ(reading.tolerated("SHORT_ROW"), 1);
  EXPECT_EQ(reading.tolerated("LAST_ROW_UNTERMINATED"), 1);
}

TEST(CsvTest, ADecimalCommaIsCountedAndStrictlyRejected) {
  const std::string text =
      "id,event,occurrence_time,weights.vgm_kg\n"
      "1,LOAD,2026-01-01T00:00:00Z,\"21,5\"\n"
      "2,LOAD,2026-01-01T00:00:00Z,21.5\n";
  const Reading reading = Csv(text);
  EXPECT_THAT(reading.ids(), ElementsAre("1", "2"));
  EXPECT_EQ(reading.tolerated("DECIMAL_COMMA"), 1);
  ReaderOptions options;
  options.format = Format::kCsv;
  options.strict = true;
  const Reading strict = ReadWith(options, text);
  EXPECT_THAT(strict.ids(), ElementsAre("2"));
  ASSERT_EQ(strict.rejects.size(), 1);
  EXPECT_EQ(strict.rejects[0].reason, "DECIMAL_COMMA");
}

TEST(CsvTest, AFileThatDoesNotFitItsMappingIsRefusedWhole) {
  const Reading lacks = Mapped(kMapping, "Box;When\nX;Y\n");
  EXPECT_EQ(lacks.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(lacks.status.message()), HasSubstr("\"Kilos\""));
  const Reading unknown = Csv("id,Box\n1,X\n");
  EXPECT_THAT(std::string(unknown.status.message()), HasSubstr("\"Box\""));
}

TEST(CsvTest, ColumnsAtFixedPlacesNeedNoDelimiter) {
  constexpr char kFixed[] = R"(
fixed: {kind: [1, 2], box: [3, 11], day: [14, 8], bill: [3, 10], sent: [3, 8]}
carry: {prepared: {where: {kind: H1}, column: sent}}
movements:
  - where: {kind: C1}
    columns:
      container.number: box
      occurrence_time: {column: day, format: "%E4Y%m%d"}
    constants: {source: s, event: DISCHARGE}
    id: [box, day]
  - where: {kind: B1}
    columns:
      consignment.bill_of_lading: bill
      occurrence_time: {column: prepared, format: "%E4Y%m%d"}
    constants: {source: s, event: MANIFEST_LODGED}
    id: [bill]
)";
  const Reading reading = Mapped(kFixed,
                                 "H120260301\n"
                                 "B1BL1       \r\n"
                                 "C1MSKU123456520260302\n"
                                 "C1TEMU6079348someday\n"
                                 "\n"
                                 "ZZ\n");
  EXPECT_TRUE(reading.status.ok()) << reading.status;
  EXPECT_THAT(reading.ids(), ElementsAre("BL1", "MSKU1234565|20260302"));
  EXPECT_EQ(reading.movements[0].event(), v1::MANIFEST_LODGED);
  EXPECT_EQ(reading.movements[0].occurrence_time().seconds(), 1772323200);
  EXPECT_EQ(reading.movements[1].event(), v1::DISCHARGE);
  EXPECT_THAT(reading.reasons(), ElementsAre("BAD_TIME"));
  EXPECT_EQ(reading.rejects[0].position, "line 4, column \"day\"");
  EXPECT_EQ(reading.tolerated("ROW_NOT_MAPPED"), 2);  // H1 and ZZ.
}

TEST(CsvTest, FixedColumnsCountCharacters) {
  const Reading reading = Mapped(
      "fixed: {name: [1, 4], at: [5, 20], id: [25, 2]}\n"
      "columns: {location.name: name, occurrence_time: at, id: id}\n"
      "constants: {event: LOAD}\n",
      "\xC3\x84\xC3\x96  2026-01-01T00:00:00Z 7\n");
  EXPECT_THAT(reading.ids(), ElementsAre("7"));
  EXPECT_EQ(reading.movements[0].location().name(), "\xC3\x84\xC3\x96");
}

TEST(CsvTest, AColumnThatStandsTwiceIsRefused) {
  const Reading reading = Csv("id,event,id\n1,LOAD,2\n");
  EXPECT_THAT(std::string(reading.status.message()),
              HasSubstr("\"id\" stands twice"));
}

TEST(CsvTest, RowsOfSeveralKindsAreToldApart) {
  constexpr char kRagged[] = R"(
delimiter: "|"
ragged: true
where: {"#1": F, cells: "4"}
columns:
  container.number: "#3"
  occurrence_time: {column: "#4", format: "%E4Y%m%d"}
constants: {source: s, event: DISCHARGE}
id: ["#3"]
)";
  const Reading reading =
      Mapped(kRagged, "H|x\nF|a|b\nF|1|MSKU1234565|20260302\nF|1|2|3|4|5\n");
  EXPECT_TRUE(reading.status.ok()) << reading.status;
  EXPECT_THAT(reading.rejects, IsEmpty());
  EXPECT_THAT(reading.ids(), ElementsAre("MSKU1234565"));
  EXPECT_EQ(reading.tolerated("ROW_NOT_MAPPED"), 3);
}

TEST(CsvTest, AMistakeInAMappingIsFoundWithItsPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"columns: {container.numbr: Box}", "container.numbr"},
      {"columns: {container: Box}", "name a field inside"},
      {"colums: {id: Box}", "no key \"colums\""},
      {"columns: {id: {format: x}}", "name is missing"},
      {"columns: {id: a}\nvalues: {event: {a: b}}", "no column"},
      {"columns: {id: a}\ndelimiter: abc", "one character"},
      {"columns: {id: a}\nencoding: klingon", "klingon"},
      {"columns: [a", "m.yaml:"},
      {"movements: [{columns: {id: a}}]\nid: [a]", "beside movements"},
      {"utc_offset_min: soon\ncolumns: {id: a}", "m.yaml:1:17"},
      {"fixed: {a: [0, 3]}\ncolumns: {id: a}", "count from 1"},
      {"fixed: {a: 3}\ncolumns: {id: a}", "[start, length]"},
      {"carry: {a: {column: b}}\ncolumns: {id: a}", "where and column"},
      {"columns: {id: a}\nconstants: {event: GATED}", "m.yaml:2:20: event"},
      {"columns: {event: a}\nvalues: {event: {O: OUT}}", "m.yaml:2:21: event"},
      {"columns: {id: a}\nutc_offset_min: abc", "no value of its kind"},
      {"columns: {event: a, event: b}", "m.yaml:1:21: \"event\" stands"},
      {"", "m.yaml:1:1: the document must be a mapping"},
  };
  for (const auto& [yaml, expected] : cases) {
    const auto mapping = ParseCsvMapping(yaml, "m.yaml");
    ASSERT_FALSE(mapping.ok()) << yaml;
    EXPECT_THAT(std::string(mapping.status().message()), HasSubstr(expected));
  }
}

}  // namespace
}  // namespace portrisk::service
