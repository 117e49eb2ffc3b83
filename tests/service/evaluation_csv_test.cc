#include "service/evaluation_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_split.h"

namespace portrisk::service {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

v1::EvaluationReport Report() {
  v1::EvaluationReport report;
  report.set_movements(12);
  report.mutable_end_time()->set_seconds(1'790'000'000);
  report.mutable_base_rate()->set_count(1);
  for (const char* name : {"in-force", "mine, \"new\".yaml"}) {
    v1::VariantReport* const variant = report.add_variants();
    variant->set_name(name);
    variant->set_selected(3);
    variant->add_selected_by_hour(5);
    variant->add_selected_by_hour(7);
    v1::RateFigures* const rate = variant->add_rates();
    rate->set_rate(0.05);
    rate->mutable_recall_interval()->set_high(0.75);
    v1::CapacityFigures* const capacity = variant->add_capacities();
    capacity->set_capacity("5");
    capacity->add_facilities()->set_facility("NLRTM/A");
    capacity->add_facilities()->set_facility("NLRTM/B");
  }
  report.mutable_variants(1)->mutable_change()->add_gained_examples("U1");
  report.add_routes()->add_selected(9);
  return report;
}

// A table as its header and rows.
std::vector<std::string> Lines(const std::string& table) {
  std::vector<std::string> lines = absl::StrSplit(table, '\n');
  EXPECT_EQ(lines.back(), "");
  lines.pop_back();
  return lines;
}

size_t Cells(const std::string& line) {
  return std::vector<std::string>(absl::StrSplit(line, ',')).size();
}

TEST(EvaluationCsv, EachListIsATable) {
  auto tables = EvaluationTables(Report());
  std::vector<std::string> names;
  for (const auto& [name, text] : tables) names.push_back(name);
  EXPECT_THAT(names,
              ElementsAre("capacities", "capacities_facilities",
                          "gained_examples", "rates", "report", "routes",
                          "routes_selected", "selected_by_hour", "variants"));
  EXPECT_THAT(Lines(tables["selected_by_hour"]),
              ElementsAre("variant,n,value", "in-force,0,5", "in-force,1,7",
                          "\"mine, \"\"new\"\".yaml\",0,5",
                          "\"mine, \"\"new\"\".yaml\",1,7"));
  const auto facilities = Lines(tables["capacities_facilities"]);
  EXPECT_THAT(facilities[0],
              testing::StartsWith("variant,capacities_n,n,facility,capacity"));
  EXPECT_THAT(facilities[2], testing::StartsWith("in-force,0,1,NLRTM/B,0"));
  EXPECT_THAT(Lines(tables["routes_selected"]),
              ElementsAre("routes_n,n,value", "0,0,9"));
  EXPECT_THAT(tables["gained_examples"], HasSubstr(",0,U1\n"));
}

TEST(EvaluationCsv, WhatIsAbsentIsEmptyAndEveryRowIsAsLongAsItsHead) {
  auto tables = EvaluationTables(Report());
  EXPECT_THAT(tables["report"], HasSubstr("2026-09-21T14:13:20Z"));
  const auto rates = Lines(tables["rates"]);
  EXPECT_EQ(Cells(rates[0]), Cells(rates[1]));
  EXPECT_THAT(rates[0], HasSubstr("precision_share"));
  EXPECT_THAT(rates[0], HasSubstr("recall_interval_low,recall_interval_high"));
  EXPECT_THAT(rates[1], HasSubstr(",0,0.75"));
  EXPECT_THAT(rates[1], testing::StartsWith("in-force,0,0.05,0,0,0,0,,"));
}

// A kind of field that the tables cannot write would be a column of nothing.
void ExpectWritable(const google::protobuf::Descriptor& type) {
  using google::protobuf::FieldDescriptor;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (field.message_type()->full_name() != "google.protobuf.Timestamp") {
          ExpectWritable(*field.message_type());
        }
        break;
      case FieldDescriptor::CPPTYPE_STRING:
      case FieldDescriptor::CPPTYPE_UINT32:
      case FieldDescriptor::CPPTYPE_UINT64:
      case FieldDescriptor::CPPTYPE_DOUBLE:
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
      case FieldDescriptor::CPPTYPE_ENUM:
        EXPECT_FALSE(field.is_repeated()) << field.full_name();
        break;
      default:
        ADD_FAILURE() << field.full_name();
    }
  }
}

TEST(EvaluationCsv, EveryFieldOfAnEvaluationCanBeWritten) {
  ExpectWritable(*v1::EvaluationReport::descriptor());
}

TEST(EvaluationCsv, WritesAFileForEachTable) {
  const std::string folder = testing::TempDir() + "/evaluation_csv_test/new";
  std::filesystem::remove_all(folder);
  const v1::EvaluationReport report = Report();
  ASSERT_TRUE(WriteEvaluationCsv(report, folder).ok());
  for (const auto& [name, text] : EvaluationTables(report)) {
    std::stringstream read;
    read << std::ifstream(folder + "/" + name + ".csv").rdbuf();
    EXPECT_EQ(read.str(), text) << name;
  }
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(WriteEvaluationCsv(report, "/proc/nowhere").ok());
}

}  // namespace
}  // namespace portrisk::service
