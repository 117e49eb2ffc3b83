// Lists as people send them, whole and broken.
#include "service/list_csv.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/formats/csv_damage.h"
#include "tests/formats/fuzz_list_csv.h"

namespace portrisk::service {
namespace {

TEST(ListCsv, ReadsWhatSpreadsheetsWrite) {
  const ParsedList parsed = ParseListCsv(
      "\xef\xbb\xbfReason;Value;Expires\r\n"
      "\"two; parts\";msku 123456-5;2026-12-31\r\n"
      "\r\n"
      "ação;TCLU4265783;2026-12-31T12:00:00+02:00\r\n",
      v1::LIST_CONTAINER_NUMBER, "f");
  ASSERT_TRUE(parsed.issues.empty()) << parsed.issues[0].DebugString();
  ASSERT_EQ(parsed.rows.size(), 2u);
  EXPECT_EQ(parsed.rows[0].value, "MSKU1234565");
  EXPECT_EQ(parsed.rows[0].reason, "two; parts");
  EXPECT_EQ(parsed.rows[0].until, 1'798'761'600)
      << "the last day belongs to it";
  EXPECT_EQ(parsed.rows[1].until, 1'798'711'200);
}

TEST(ListCsv, BytesThatAreNoTextAreIssuesAtTheirPlace) {
  const ParsedList parsed =
      ParseListCsv("value,reason\nA,a\xe7\xe3o\n", v1::LIST_TEXT, "f");
  ASSERT_EQ(parsed.issues.size(), 1u);
  EXPECT_EQ(parsed.issues[0].code(), "BAD_ENCODING");
  EXPECT_EQ(parsed.issues[0].line(), 2);
  EXPECT_EQ(parsed.issues[0].column(), 3);
}

TEST(ListCsv, LinesMayEndWithACarriageReturnAlone) {
  const ParsedList parsed = ParseListCsv(
      "value,reason\rA,x\r\"B,y\rC\"d,z\rD,\r", v1::LIST_TEXT, "f");
  ASSERT_EQ(parsed.issues.size(), 2u);
  EXPECT_EQ(parsed.issues[0].code(), "BAD_QUOTE");
  EXPECT_EQ(parsed.issues[0].line(), 3);
  EXPECT_EQ(parsed.issues[1].line(), 5);
  EXPECT_EQ(parsed.issues[1].column(), 3);
}

TEST(ListCsv, AnInfiniteTimeIsNoDate) {
  for (const char* time : {"infinite-past", "infinite-future"}) {
    const ParsedList parsed =
        ParseListCsv(std::string("value,reason,expires\nA,x,") + time + "\n",
                     v1::LIST_TEXT, "f");
    ASSERT_EQ(parsed.issues.size(), 1u) << time;
    EXPECT_EQ(parsed.issues[0].column(), 5);
  }
}

TEST(ListCsv, AWordIsNoContainerNumber) {
  const ParsedList parsed = ParseListCsv(
      "value,reason\nMSKU 123456-5,seen\nmsku12345,typed wrong\n"
      "Transportes Sul,a name\n",
      v1::LIST_CONTAINER_NUMBER, "f");
  ASSERT_EQ(parsed.issues.size(), 1u);
  EXPECT_EQ(parsed.issues[0].message(), "this is no container_number");
  EXPECT_EQ(parsed.issues[0].line(), 4);
}

TEST(ListCsv, WarnsOfANumberThatHardlyComes) {
  const ParsedList parsed = ParseListCsv(
      "value,reason\nMSKU1234565,seen\nMSKU1234566,wrong\nMSKU12345,short\n",
      v1::LIST_CONTAINER_NUMBER, "f");
  EXPECT_TRUE(parsed.issues.empty());
  EXPECT_EQ(parsed.rows.size(), 3u);
  ASSERT_EQ(parsed.warnings.size(), 2u);
  EXPECT_EQ(parsed.warnings[0].code(), "ODD_NUMBER");
  EXPECT_EQ(parsed.warnings[0].severity(), v1::WARNING);
  EXPECT_EQ(parsed.warnings[0].line(), 3);
  EXPECT_EQ(parsed.warnings[1].line(), 4);
}

TEST(ListCsv, ManyIssuesAreCounted) {
  std::string csv = "value,reason\n";
  for (int i = 0; i < 1000; ++i) csv += ",x\n";
  const ParsedList parsed = ParseListCsv(csv, v1::LIST_TEXT, "f");
  ASSERT_EQ(parsed.issues.size(), 201u);
  EXPECT_EQ(parsed.issues.back().message(), "800 more issues are not shown");
}

TEST(ListCsv, SurvivesDamage) {
  const uint32_t seed = 20261122;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string whole =
      "value,reason,owner,expires\n"
      "NLRTM,\"a, b\",x,2026-12-31\n08.03,c,,\nBEANR,\"d\ne\",,soon\n";
  for (int i = 0; i < 20'000; ++i) {
    FuzzListCsv(DamageCsv(whole, &random),
                static_cast<v1::ListType>(1 + random() % 5));
  }
}

}  // namespace
}  // namespace portrisk::service
