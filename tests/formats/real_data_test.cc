// Real files, where a folder of them is named by PORTRISK_REAL_DATA.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "service/formats/sniff.h"
#include "service/formats/survey.h"
#include "tests/formats/reading.h"

namespace portrisk::service {
namespace {

std::string Slurp(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class RealDataTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* dir = std::getenv("PORTRISK_REAL_DATA");
    if (dir == nullptr || !std::filesystem::is_directory(dir)) {
      GTEST_SKIP() << "PORTRISK_REAL_DATA names no folder of real files";
    }
    dir_ = dir;
  }

  std::string dir_;
};

TEST_F(RealDataTest, TheSurveyReadsItAll) {
  SurveyOptions options;
  options.mappings = PORTRISK_SOURCE_DIR "/deploy/mappings";
  std::ostringstream out;
  ASSERT_TRUE(SurveyFolder(dir_, out, options).ok());
  std::cout << out.str();
  EXPECT_NE(out.str().find("total: "), std::string::npos);
}

TEST_F(RealDataTest, NothingIsLostSilently) {
  int read = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(dir_)) {
    if (!entry.is_regular_file()) continue;
    const std::string text = Slurp(entry.path());
    const Sniffed sniffed =
        SniffFormat(entry.path().filename().string(), text.substr(0, 65536));
    if (!sniffed.format || *sniffed.format == Format::kCsv) continue;
    const Reading reading = Read(*sniffed.format, text);
    ++read;
    EXPECT_TRUE(reading.status.ok()) << entry.path();
    EXPECT_GT(reading.summary.records, 0) << entry.path();
    EXPECT_GE(reading.movements.size() + reading.rejects.size(),
              reading.summary.records)
        << entry.path();
    EXPECT_EQ(Read(*sniffed.format, text).ids(), reading.ids());
  }
  EXPECT_GT(read, 0);
}

// One EQD of a container, one movement.
TEST_F(RealDataTest, EveryContainerOfADischargeReportIsRead) {
  const std::string text = Slurp(dir_ + "/edifact/php-edifact/D95BCOARRI.edi");
  ASSERT_FALSE(text.empty());
  size_t containers = 0;
  for (size_t at = text.find("EQD+CN+"); at != std::string::npos;
       at = text.find("EQD+CN+", at + 1)) {
    ++containers;
  }
  const Reading reading = Read(Format::kEdifact, text);
  EXPECT_EQ(reading.movements.size(), containers);
  EXPECT_TRUE(reading.rejects.empty());
  for (const v1::Movement& movement : reading.movements) {
    EXPECT_EQ(movement.location().locode(), "ITGOA");
    EXPECT_GT(movement.weights().gross_kg(), 0);
  }
}

// A gate-in and what its publisher decoded from it.
TEST_F(RealDataTest, AGateMessageAgreesWithItsDecodedTwin) {
  google::protobuf::Struct twin;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(
                  Slurp(dir_ + "/dcsa/smart_data_models/"
                               "EdiCodeco__examples__example.json"),
                  &twin)
                  .ok());
  const auto& fields = twin.fields();
  const auto text = [&fields](const char* name) {
    return fields.at(name).string_value();
  };
  const Reading reading = Read(Format::kEdifact, text("messageRaw"));
  ASSERT_EQ(reading.movements.size(), 1);
  const v1::Movement& movement = reading.movements[0];
  EXPECT_EQ(movement.source(), text("senderIdentification"));
  EXPECT_EQ(movement.event(), v1::GATE_IN);
  EXPECT_EQ(text("operationType"), "Port of entry");
  EXPECT_EQ(movement.container().number(), text("containerIdentification"));
  EXPECT_EQ(movement.container().operator_code(),
            text("containerCarrierIdentification"));
  EXPECT_EQ(movement.container().load_status() == v1::EMPTY,
            fields.at("isContainerEmpty").bool_value());
  EXPECT_EQ(movement.consignment().booking(), text("bookingCode"));
  EXPECT_EQ(movement.consignment().loading_locode(), text("loadingPort"));
  EXPECT_EQ(movement.consignment().discharge_locode(), text("dischargingPort"));
  EXPECT_EQ(movement.weights().vgm_kg(),
            fields.at("containerWeight").number_value());
  EXPECT_EQ(movement.transport().plate(), text("truckLicenseCode"));
  EXPECT_EQ(movement.transport().voyage(), text("vesselVoyage"));
  EXPECT_EQ(movement.transport().vessel_imo(),
            absl::StrCat(
                static_cast<int64_t>(fields.at("vesselImo").number_value())));
  EXPECT_EQ(text("ata"), "2023-08-11T14:47:00Z");
  EXPECT_EQ(movement.occurrence_time().seconds(), 1691765220);
}

}  // namespace
}  // namespace portrisk::service
