#include "service/cli/progress.h"

#include <gtest/gtest.h>

namespace portrisk::service::cli {
namespace {

TEST(ProgressTest, ABarSaysHowFarHowFastAndHowLongYet) {
  EXPECT_EQ(ProgressBar({"replay", "records", {52'000, 0.35}, 4, 210}),
            "replay [#######.............]  35 %  52,000 records, 13,000 a "
            "second, 7 s left, 210 MB");
  EXPECT_EQ(ProgressBar({"score", "movements", {999, std::nullopt}, 2, 0}),
            "score  999 movements, 500 a second");
  EXPECT_EQ(ProgressBar({"verify", "records", {10, 0.001}, 10, 0}),
            "verify [....................]   0 %  10 records, 1 a second, 2.8 "
            "h left");
  // A file may have grown since its length was asked.
  EXPECT_EQ(ProgressBar({"verify", "records", {10, 1.5}, 10, 0}),
            "verify [####################] 100 %  10 records, 1 a second, 0 s "
            "left");
}

TEST(ProgressTest, WithoutATerminalItIsJsonWithoutWhatIsNotKnown) {
  EXPECT_EQ(ProgressJson({"replay", "records", {52'000, 0.35}, 4, 210}),
            R"({"progress":"replay","unit":"records","done":52000,)"
            R"("per_second":13000,"seconds":4.0,"share":0.3500,)"
            R"("seconds_left":7,"resident_mb":210})");
  EXPECT_EQ(ProgressJson({"score", "movements", {9, std::nullopt}, 3, 0}),
            R"({"progress":"score","unit":"movements","done":9,)"
            R"("per_second":3,"seconds":3.0})");
}

}  // namespace
}  // namespace portrisk::service::cli
