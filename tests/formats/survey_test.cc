#include "service/formats/survey.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "service/formats/csv_mapping.h"
#include "service/formats/sniff.h"
#include "tests/formats/samples.h"

namespace portrisk::service {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class SurveyTest : public testing::Test {
 protected:
  SurveyTest()
      : dir_(testing::TempDir() + "/survey_" +
             testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_ + "/sub");
  }
  ~SurveyTest() override { std::filesystem::remove_all(dir_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(dir_ + "/" + name, std::ios::binary) << text;
  }

  const std::string dir_;
};

TEST_F(SurveyTest, TellsOfEveryFileWhatBecameOfIt) {
  Write("a.edi", kCodeco);
  Write("b.txt", std::string(kCoarri).substr(0, 200));
  Write("sub/c.json", kDcsa);
  Write("d.csv", kCsv);
  Write("e.jsonl", kJsonl);
  Write("f.json", "{\"status\": \"arrived\"}");
  Write("g.sql", "INSERT INTO t VALUES (1);");
  Write("h.csv", "alien,columns\n1,2\n");
  Write("i.bin", std::string("\0\1\2", 3));
  Write("k.edi", "ISA*00*          *00*~");
  std::ostringstream out;
  ASSERT_TRUE(SurveyFolder(dir_, out).ok());
  const std::string table = out.str();
  EXPECT_THAT(table, ContainsRegex("a.edi +edifact +2 +4 +0 +0\n"));
  EXPECT_THAT(table, ContainsRegex("b.txt +edifact +1 +0 +1 .*TRUNCATED 1"));
  EXPECT_THAT(table, ContainsRegex("sub/c.json +dcsa +3 +4 +0 +0\n"));
  EXPECT_THAT(table, ContainsRegex("d.csv +csv +3 +3 +0 +0\n"));
  EXPECT_THAT(table, ContainsRegex("e.jsonl +jsonl +3 +3 +0 +0\n"));
  EXPECT_THAT(table, ContainsRegex("f.json .*no reader: JSON"));
  EXPECT_THAT(table, ContainsRegex("g.sql .*no reader: SQL"));
  EXPECT_THAT(table, ContainsRegex("h.csv .*no mapping"));
  EXPECT_THAT(table, ContainsRegex("i.bin .*no reader: binary"));
  EXPECT_THAT(table, ContainsRegex("k.edi +x12 +0 +0 +0 +1 .*IEA_MISSING"));
  EXPECT_THAT(table, ContainsRegex("total: 10 files +6 read +12 +14 +1 "));
}

TEST_F(SurveyTest, AFittingMappingIsFoundByTheHeader) {
  Write("x.csv", "box,when\nA,2026-01-01T00:00:00Z\n");
  Write("sub/few.yaml", "columns: {container.number: box}\n");
  Write("sub/all.yaml",
        "columns: {container.number: box, occurrence_time: when}\n");
  Write("sub/broken.yaml", "columns: 7\n");
  SurveyOptions options;
  options.mappings = dir_ + "/sub";
  std::ostringstream out;
  ASSERT_TRUE(SurveyFolder(dir_, out, options).ok());
  EXPECT_THAT(out.str(), ContainsRegex("x.csv +csv +1 +1 +0"));
  EXPECT_THAT(out.str(), HasSubstr("mapping left out: "));
}

TEST_F(SurveyTest, AMissingFolderIsAnError) {
  std::ostringstream out;
  EXPECT_EQ(SurveyFolder(dir_ + "/none", out).code(),
            absl::StatusCode::kNotFound);
}

TEST(DeployTest, EveryMappingWeShipIsValid) {
  int count = 0;
  for (const auto& file : std::filesystem::directory_iterator(
           PORTRISK_SOURCE_DIR "/deploy/mappings")) {
    const auto mapping = LoadCsvMapping(file.path().string());
    EXPECT_TRUE(mapping.ok()) << mapping.status();
    ++count;
  }
  EXPECT_GT(count, 0);
}

}  // namespace
}  // namespace portrisk::service
