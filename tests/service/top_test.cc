#include "service/cli/top.h"

#include <gmock/gmock.h>

#include <sstream>

#include "absl/strings/str_cat.h"
#include "service/cli/scrape.h"

namespace portrisk::service::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

Scrape Parsed(const std::string& text) {
  const auto scrape = Scrape::Parse(text);
  EXPECT_TRUE(scrape.ok()) << scrape.status();
  return scrape.value_or(Scrape());
}

TEST(ScrapeTest, ReadsNamesLabelsAndValues) {
  const Scrape scrape = Parsed(
      "# HELP a what\n# TYPE a counter\na 3\n"
      "b{x=\"1\",y=\"q\\\"\\\\z\"} 2.5\nb{x=\"2\",y=\"\"} 1e3 1700000000000\n"
      "c{le=\"+Inf\"} +Inf\n");
  EXPECT_EQ(scrape.Sum("a"), 3);
  EXPECT_EQ(scrape.Sum("b"), 1002.5);
  EXPECT_EQ(scrape.Sum("b", {{"x", "1"}}), 2.5);
  EXPECT_EQ(scrape.Of("b")[0].labels.at("y"), "q\"\\z");
  EXPECT_EQ(scrape.Sum("b", {{"z", "1"}}), 0);
  EXPECT_EQ(scrape.Sum("d"), 0);
}

TEST(ScrapeTest, WhatIsNoMetricIsAnError) {
  for (const char* text :
       {"<html>", "a", "a{b=\"c} 1", "a{b=\"c\" 1", "a x", "a{b} 1"}) {
    EXPECT_FALSE(Scrape::Parse(text).ok()) << text;
  }
}

TEST(ScrapeTest, ARestartedCounterRisesFromZero) {
  EXPECT_EQ(Rise(Parsed("a 10\n"), Parsed("a 13\n"), "a"), 3);
  EXPECT_EQ(Rise(Parsed("a 10\n"), Parsed("a 4\n"), "a"), 4);
}

TEST(ScrapeTest, QuantilesAreOfWhatCameBetween) {
  const auto histogram = [](int low, int middle, int all) {
    return Parsed(absl::StrCat("h_bucket{s=\"x\",le=\"1\"} ", low,
                               "\nh_bucket{s=\"x\",le=\"2\"} ", middle,
                               "\nh_bucket{s=\"x\",le=\"+Inf\"} ", all, "\n"));
  };
  const Scrape before = histogram(100, 100, 100);
  const Scrape after = histogram(150, 200, 200);
  EXPECT_EQ(QuantileBetween(before, after, "h", {{"s", "x"}}, 0.5), 1);
  EXPECT_EQ(QuantileBetween(before, after, "h", {{"s", "x"}}, 0.75), 1.5);
  EXPECT_EQ(QuantileBetween(before, after, "h", {{"s", "x"}}, 1), 2);
  EXPECT_EQ(QuantileBetween(before, before, "h", {{"s", "x"}}, 0.5),
            std::nullopt);
  // Beyond the last bound, that bound is all that is known.
  EXPECT_EQ(QuantileBetween(before, histogram(100, 100, 200), "h", {}, 0.5), 2);
}

TEST(TopTest, ShowsWhatHappenedBetweenTwoLooks) {
  const Scrape before = Parsed(
      "portrisk_ready 1\nportrisk_movements_total{kind=\"new\"} 100\n"
      "portrisk_rule_hits_total{rule_set=\"s\",rule=\"r\",shadow=\"false\"} 1\n"
      "portrisk_source_lag_seconds_count{source=\"gate\"} 0\n"
      "portrisk_source_lag_seconds_sum{source=\"gate\"} 0\n");
  const Scrape after = Parsed(
      "portrisk_ready 1\nportrisk_degraded{reason=\"BREAKER_TRIPPED\"} 1\n"
      "portrisk_degraded{reason=\"CHECKPOINT_OLD\"} 0\n"
      "portrisk_movements_total{kind=\"new\"} 700\n"
      "portrisk_rule_hits_total{rule_set=\"s\",rule=\"r\",shadow=\"false\"} 7\n"
      "portrisk_rule_hits_total{rule_set=\"s\",rule=\"q\",shadow=\"true\"} 1\n"
      "portrisk_source_lag_seconds_count{source=\"gate\"} 2\n"
      "portrisk_source_lag_seconds_sum{source=\"gate\"} 14400\n"
      "portrisk_source_last_movement_timestamp_seconds{source=\"gate\"} 90\n"
      "portrisk_store_writable 0\n");
  std::ostringstream out;
  TopScreen(before, after, /*seconds=*/2, /*now_s=*/100, /*rows=*/1).Print(out);
  const std::string screen = out.str();
  EXPECT_THAT(screen, HasSubstr("DEGRADED: BREAKER_TRIPPED\n"));
  EXPECT_THAT(screen, HasSubstr("movements 300/s"));
  EXPECT_THAT(screen, HasSubstr("s/r"));
  EXPECT_THAT(screen, Not(HasSubstr("s/q"))) << "one row was asked for";
  EXPECT_THAT(screen, HasSubstr("2h"));
  EXPECT_THAT(screen, HasSubstr("10.0 s"));
  EXPECT_THAT(screen, HasSubstr("NOT WRITABLE"));
}

}  // namespace
}  // namespace portrisk::service::cli
