// Outcomes as people send them, whole and broken.
#include "service/outcome_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "scoring/simulate/world.h"
#include "service/outcome_form.h"
#include "service/outcome_words.h"
#include "service/simulate/world_files.h"
#include "tests/formats/csv_damage.h"
#include "tests/service/engine_fixture.h"
#include "tests/service/fuzz_outcome_csv.h"

namespace portrisk::service {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct ReadCsv {
  absl::Status status;
  OutcomeCsvSummary summary;
  std::vector<uint64_t> lines;
  std::vector<v1::Outcome> outcomes;
  std::vector<Reject> rejects;
};

ReadCsv Read(std::istream& in) {
  ReadCsv read;
  OutcomeCsvSink sink;
  sink.outcome = [&](uint64_t line, v1::Outcome&& outcome) {
    read.lines.push_back(line);
    read.outcomes.push_back(std::move(outcome));
    return absl::OkStatus();
  };
  sink.reject = [&](const Reject& reject) { read.rejects.push_back(reject); };
  auto summary = ReadOutcomesCsv(in, {"f.csv", "nl"}, sink);
  read.status = summary.status();
  if (summary.ok()) read.summary = *std::move(summary);
  return read;
}

ReadCsv Read(const std::string& csv) {
  std::istringstream in(csv);
  return Read(in);
}

constexpr char kHead[] = "container,locode,facility,time,control,found,kind\n";

TEST(OutcomeCsv, ReadsEveryColumn) {
  const ReadCsv read = Read(
      "container,time,found,locode,facility,control,kind,quantity,"
      "quantity_unit,id,updated,retracted,unit,movement_source,movement_id,"
      "reference,note\n"
      "MSKU1234565,2026-03-01T12:00:00Z,yes,NLRTM,ECT,INSPECT,cocaine,12.5,"
      "KGM,C-1,2026-03-02T00:00:00Z,no,MSKU1234565@x,t1,m-9,F-7,\"two\nlines\""
      "\n");
  ASSERT_TRUE(read.status.ok()) << read.status;
  ASSERT_EQ(read.outcomes.size(), 1u) << read.rejects[0].message;
  const v1::Outcome& one = read.outcomes[0];
  EXPECT_EQ(one.source(), "nl");
  EXPECT_EQ(one.id(), "C-1");
  EXPECT_EQ(one.container_number(), "MSKU1234565");
  EXPECT_EQ(one.time().seconds(), 1'772'366'400);
  EXPECT_EQ(one.update_time().seconds(), 1'772'409'600);
  EXPECT_EQ(one.result(), v1::FOUND);
  EXPECT_EQ(one.control(), v1::INSPECT);
  EXPECT_EQ(one.kind(), v1::DRUGS);
  EXPECT_EQ(one.kind_code(), "cocaine");
  EXPECT_EQ(one.quantity(), 12.5);
  EXPECT_EQ(one.quantity_unit(), "KGM");
  EXPECT_EQ(one.unit(), "MSKU1234565@x");
  EXPECT_EQ(one.assessment().source(), "t1");
  EXPECT_EQ(one.assessment().movement_id(), "m-9");
  EXPECT_EQ(one.locode(), "NLRTM");
  EXPECT_EQ(one.facility(), "ECT");
  EXPECT_EQ(one.reference(), "F-7");
  EXPECT_EQ(one.note(), "two lines");
  EXPECT_FALSE(one.retraction());
}

TEST(OutcomeCsv, ReadsWhatSpreadsheetsWrite) {
  const ReadCsv read = Read(
      "\xef\xbb\xbf"
      "Found;Container Number;Time;Kind;Port\r\n"
      "ja;MSKU1234565;2026-03-01;;\r\n"
      "Yes;msku 123456-5;2026-03-01;\"Undeclared goods\";x\r\n"
      "\r\n"
      "NO;\"TCLU4265783\";2026-03-01 12:30;;\"a;b\"");
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_THAT(read.summary.ignored_columns, ElementsAre("Port"));
  EXPECT_EQ(read.summary.rows, 3u);
  ASSERT_EQ(read.rejects.size(), 1u);
  EXPECT_EQ(read.rejects[0].line, 2u);
  EXPECT_EQ(read.rejects[0].position, "column 1 (found)");
  EXPECT_THAT(read.lines, ElementsAre(3, 5));
  EXPECT_EQ(read.outcomes[0].kind(), v1::UNDECLARED_GOODS);
  EXPECT_EQ(read.outcomes[0].time().seconds(), 1'772'409'599)
      << "the last second of the day";
  EXPECT_EQ(read.outcomes[1].time().seconds(), 1'772'368'200);
}

TEST(OutcomeCsv, TabsSeparateToo) {
  const ReadCsv read =
      Read("container\ttime\tfound\nMSKU1234565\t2026-03-01\t0\n");
  ASSERT_EQ(read.outcomes.size(), 1u);
  EXPECT_EQ(read.outcomes[0].result(), v1::NOT_FOUND);
}

TEST(OutcomeCsv, ReadsWhatSimulateWrites) {
  TemporaryDirectory directory;
  scoring::simulate::Options options;
  options.seed = 5;
  options.days = 60;
  options.containers = 300;
  WorldFilesOptions files;
  files.directory = directory.path() + "/world";
  const auto counts =
      WriteWorld(scoring::simulate::World(options), files, nullptr);
  ASSERT_TRUE(counts.ok()) << counts.status();
  std::ifstream in(files.directory + "/outcomes.csv");
  ReadCsv read = Read(in);
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_TRUE(read.rejects.empty()) << read.rejects[0].message;
  EXPECT_TRUE(read.summary.ignored_columns.empty());
  EXPECT_EQ(read.outcomes.size(), counts->outcomes);
  EXPECT_GT(read.outcomes.size(), 10u);
  uint64_t finds = 0;
  for (v1::Outcome& one : read.outcomes) {
    finds += one.result() == v1::FOUND;
    EXPECT_NE(one.control(), v1::CONTROL_UNSPECIFIED);
    EXPECT_TRUE(
        AdmitOutcome(absl::FromUnixSeconds(1'800'000'000), &one).empty());
  }
  EXPECT_EQ(finds, counts->finds);
}

TEST(OutcomeCsv, ABadRowSaysWhereAndWhatToWrite) {
  struct Case {
    const char* row;
    const char* position;
    const char* reason;
    const char* message;
  };
  const Case cases[] = {
      {"MSKU1234565,,,soon,,yes,", "column 4 (time)", "BAD_TIME",
       "write 2026-03-01T12:00:00Z"},
      {"MSKU1234565,,,,,yes,", "column 4 (time)", "BAD_TIME", "is no time"},
      {"MSKU1234565,,,2026-02-30,,yes,", "column 4 (time)", "BAD_TIME",
       "2026-02-30"},
      {"MSKU1234565,,,2026-03-01,,perhaps,", "column 6 (found)", "BAD_VALUE",
       "write yes, no or inconclusive"},
      {"MSKU1234565,,,2026-03-01,NO_CONTROL,no,", "column 5 (control)",
       "BAD_VALUE", "write INSPECT"},
      {"MSKU1234565,,,2026-03-01,frisk,no,", "column 5 (control)", "BAD_VALUE",
       "\"frisk\" is no control"},
      {"MSKU1234565,,,2026-03-01,no", "row", "BAD_ROW",
       "5 cells, the header 7"},
      {"MSKU1234565,,,2026-03-01,,no,,,", "row", "BAD_ROW", "9 cells"},
      {"MSKU1234565,,,2026-03-01,,no,\xff", "column 7 (kind)", "BAD_ENCODING",
       "save the file as UTF-8"},
      {"MSKU1\"234565,,,2026-03-01,,no,", "row", "BAD_QUOTE", "double it"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.row);
    const ReadCsv read =
        Read(absl::StrCat(kHead, "TCLU4265783,,,2026-03-01,,no,\n", one.row,
                          "\nTCLU4265783,,,2026-03-02,,no,\n"));
    ASSERT_TRUE(read.status.ok()) << read.status;
    EXPECT_THAT(read.lines, ElementsAre(2, 4)) << "the others are read";
    ASSERT_EQ(read.rejects.size(), 1u);
    EXPECT_EQ(read.rejects[0].file, "f.csv");
    EXPECT_EQ(read.rejects[0].line, 3u);
    EXPECT_EQ(read.rejects[0].position, one.position);
    EXPECT_EQ(read.rejects[0].reason, one.reason);
    EXPECT_THAT(read.rejects[0].message, HasSubstr(one.message));
    EXPECT_EQ(read.summary.rows, 3u);
    EXPECT_EQ(read.summary.rejects, 1u);
  }
}

TEST(OutcomeCsv, QuantityAndRetractionAreRead) {
  const char* head = "container,time,found,quantity,retracted\n";
  const auto reason = [&](const std::string& row) {
    const ReadCsv read = Read(head + row);
    return read.rejects.empty() ? "" : read.rejects[0].position;
  };
  EXPECT_EQ(reason("MSKU1234565,2026-03-01,yes,-1,\n"), "column 4 (quantity)");
  EXPECT_EQ(reason("MSKU1234565,2026-03-01,yes,nan,\n"), "column 4 (quantity)");
  EXPECT_EQ(reason("MSKU1234565,2026-03-01,yes,0x1F,\n"),
            "column 4 (quantity)");
  EXPECT_EQ(reason("MSKU1234565,2026-03-01,yes,12 kg,\n"),
            "column 4 (quantity)");
  EXPECT_EQ(reason("MSKU1234565,2026-03-01,yes,0,no\n"), "");
  EXPECT_EQ(reason("MSKU1234565,2026-03-01,yes,,perhaps\n"),
            "column 5 (retracted)");
  EXPECT_EQ(reason("MSKU1234565,2026-03-01,yes,,inconclusive\n"),
            "column 5 (retracted)");
  EXPECT_EQ(reason("MSKU1234565,,,,no\n"), "column 2 (time)");
  const ReadCsv voided = Read(std::string(head) + "MSKU1234565,,,,yes\n");
  ASSERT_EQ(voided.outcomes.size(), 1u) << "what voids need not repeat";
  EXPECT_TRUE(voided.outcomes[0].retraction());
  EXPECT_FALSE(voided.outcomes[0].has_time());
}

TEST(OutcomeCsv, AHeaderThatCannotBeUsedSaysWhatToWrite) {
  const auto error = [](const std::string& csv) {
    const ReadCsv read = Read(csv);
    EXPECT_TRUE(absl::IsInvalidArgument(read.status));
    EXPECT_TRUE(read.outcomes.empty());
    return std::string(read.status.message());
  };
  EXPECT_THAT(error(""), HasSubstr("f.csv: the file is empty; the first line"));
  EXPECT_THAT(error("\n\n"), HasSubstr("the file is empty"));
  EXPECT_THAT(error("container,time\nMSKU1234565,2026-03-01\n"),
              HasSubstr("f.csv:1: the column found is missing"));
  EXPECT_THAT(error("time,found\n"), HasSubstr("the column container"));
  EXPECT_THAT(error("container,found\n"), HasSubstr("the column time"));
  EXPECT_THAT(error("container,time,found,time\n"), HasSubstr("twice"));
  EXPECT_THAT(error("container,time,found,result\n"), HasSubstr("found"));
  EXPECT_THAT(error("container,time,found,nationality\n"),
              HasSubstr("nationality"));
  EXPECT_TRUE(Read("unit,time,found\nA@b,2026-03-01,no\n").status.ok())
      << "a unit says what was controlled";
  EXPECT_TRUE(Read("movement_id,time,found\nm,2026-03-01,no\n").status.ok());
}

TEST(OutcomeCsv, TheSameRowGetsTheSameIdAndAnotherRowAnother) {
  const auto id = [](const std::string& row) {
    const ReadCsv read = Read(kHead + row);
    EXPECT_EQ(read.outcomes.size(), 1u) << row;
    return read.outcomes.empty() ? "" : read.outcomes[0].id();
  };
  const std::string first =
      id("MSKU1234565,NLRTM,ECT,2026-03-01,INSPECT,yes,drugs\n");
  EXPECT_EQ(id("msku 123456 5,NLRTM,ECT,2026-03-01,inspect,no,\n"), first)
      << "what was found is no part of which control it was";
  for (const char* other :
       {"TCLU4265783,NLRTM,ECT,2026-03-01,INSPECT,yes,\n",
        "MSKU1234565,BEANR,ECT,2026-03-01,INSPECT,yes,\n",
        "MSKU1234565,NLRTM,APM,2026-03-01,INSPECT,yes,\n",
        "MSKU1234565,NLRTM,ECT,2026-03-02,INSPECT,yes,\n",
        "MSKU1234565,NLRTM,ECT,2026-03-01,SCAN_IMAGE,yes,\n"}) {
    EXPECT_NE(id(other), first) << other;
  }
  EXPECT_LE(id("MSKU1234565,NLRTM," + std::string(500, 'x') +
               ",2026-03-01,INSPECT,yes,\n")
                .size(),
            128u);
}

TEST(OutcomeCsv, AnErrorOfTheSinkEndsReading) {
  OutcomeCsvSink sink;
  int seen = 0;
  sink.outcome = [&](uint64_t, v1::Outcome&&) {
    return ++seen == 2 ? absl::UnavailableError("gone") : absl::OkStatus();
  };
  sink.reject = [](const Reject&) {};
  std::string csv = kHead;
  for (int i = 0; i < 5; ++i) csv += "MSKU1234565,,,2026-03-01,,no,\n";
  std::istringstream in(csv);
  EXPECT_TRUE(
      absl::IsUnavailable(ReadOutcomesCsv(in, {"f", "s"}, sink).status()));
  EXPECT_EQ(seen, 2);
}

TEST(OutcomeCsv, SurvivesDamage) {
  const uint32_t seed = 20261125;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string whole = absl::StrCat(
      "\xef\xbb\xbf"
      "container;time;found;quantity;id;retracted;note\r\n"
      "MSKU1234565;2026-03-01T12:00:00Z;yes;12.5;a;;\"b;\nc\"\r\n"
      "msku 123456-5;2026-03-01;no;;;yes;\r\n"
      "TCLU4265783;2026-03-01 12:00;inconclusive;;d;no;a\xc3\xa7\xc3\xa3o\n");
  ASSERT_EQ(FuzzOutcomeCsv(whole), 3u);
  uint64_t outcomes = 0;
  for (int i = 0; i < 20'000; ++i) {
    outcomes += FuzzOutcomeCsv(DamageCsv(whole, &random));
  }
  EXPECT_GT(outcomes, 20'000u) << "most damage leaves something to read";
}

TEST(OutcomeWords, EveryControlAndKindIsKnownByItsName) {
  for (int i = v1::Control_MIN; i <= v1::Control_MAX; ++i) {
    const auto value = static_cast<v1::Control>(i);
    v1::Control parsed = v1::CONTROL_UNSPECIFIED;
    EXPECT_EQ(ParseControl(v1::Control_Name(value), &parsed),
              value > v1::NO_CONTROL);
    if (value > v1::NO_CONTROL) EXPECT_EQ(parsed, value);
  }
  for (int i = v1::FindKind_MIN + 1; i <= v1::FindKind_MAX; ++i) {
    const auto value = static_cast<v1::FindKind>(i);
    v1::Outcome outcome;
    SetKind(v1::FindKind_Name(value), &outcome);
    EXPECT_EQ(outcome.kind(), value);
    EXPECT_EQ(outcome.kind_code(), "");
  }
  v1::Outcome outcome;
  SetKind(" live animals ", &outcome);
  EXPECT_EQ(outcome.kind(), v1::KIND_OTHER);
  EXPECT_EQ(outcome.kind_code(), "live animals");
  outcome.Clear();
  SetKind("", &outcome);
  EXPECT_EQ(outcome.kind(), v1::FIND_KIND_UNSPECIFIED);
  v1::Control control = v1::CONTROL_UNSPECIFIED;
  EXPECT_TRUE(ParseControl("X-ray", &control));
  EXPECT_EQ(control, v1::SCAN_IMAGE);
}

TEST(OutcomeWords, TimesOutsideOfWhatATimestampHoldsAreNone) {
  google::protobuf::Timestamp time;
  EXPECT_TRUE(ParseControlTime("9999-12-31", &time));
  EXPECT_FALSE(ParseControlTime("10000-01-01", &time));
  EXPECT_FALSE(ParseControlTime("infinite-future", &time));
  EXPECT_TRUE(ParseControlTime("2026-03-01T12:00:00+02:00", &time));
  EXPECT_EQ(time.seconds(), 1'772'359'200);
}

}  // namespace
}  // namespace portrisk::service
