#include "service/displacement_report.h"

#include "tests/service/outcome_fixture.h"

namespace portrisk::service {
namespace {

// A month holds the zero of MakeMovement: 21 September 2026.
constexpr int64_t kMonth = 31 * kDaySeconds;

class DisplacementReportTest : public OutcomeTest {
 protected:
  absl::StatusOr<v1::DisplacementReport> Report() {
    store::Options options;
    options.directory = Directory();
    options.create_if_missing = false;
    options.read_only = true;
    auto store = store::Store::Open(options);
    if (!store.ok()) return store.status();
    scoring::Displacement::Options span;
    span.from = kMovementsBegin - kMonth;
    span.to = kMovementsBegin + 2 * kMonth;
    return ReportDisplacement(**store, span, [this](uint64_t) { ++progress_; });
  }
  static v1::DisplacementRow RowOf(const v1::DisplacementReport& report,
                                   const std::string& value,
                                   uint64_t then_volume) {
    for (const v1::DisplacementRow& row : report.rows()) {
      if (row.value() == value && row.then().volume() == then_volume) {
        return row;
      }
    }
    ADD_FAILURE() << "no row of " << value << " in " << report.DebugString();
    return {};
  }

  int progress_ = 0;
};

TEST_F(DisplacementReportTest, CountsWhatStands) {
  for (int i = 0; i < 3; ++i) {
    v1::Movement m =
        MakeMovement(absl::StrCat(i), v1::GATE_IN, Number(i), i * 60);
    Score(engine_.get(), m);
    m.mutable_occurrence_time()->set_seconds(kMovementsBegin + kMonth);
    m.set_id(absl::StrCat("later ", i));
    Score(engine_.get(), m);
    m.mutable_update_time()->set_seconds(kMovementsBegin + 1);
    m.set_id(absl::StrCat(i));
    m.mutable_occurrence_time()->set_seconds(kMovementsBegin + i * 60);
    if (i == 1) m.mutable_location()->set_locode("BEANR");
    m.set_retraction(i == 2);
    if (i > 0) Score(engine_.get(), m);
  }
  const auto report = Report();
  ASSERT_TRUE(report.ok()) << report.status();
  const v1::DisplacementRow row = RowOf(*report, "NLRTM", 1);
  EXPECT_EQ(row.now().volume(), 3u);
  EXPECT_EQ(RowOf(*report, "BEANR", 1).now().volume(), 0u);
}

TEST_F(DisplacementReportTest, ReadsAStoreThatAServerHasOpen) {
  for (int i = 0; i < 10; ++i) {
    v1::Movement m =
        MakeMovement(absl::StrCat(i), v1::GATE_OUT, Number(i), i * 60);
    m.mutable_consignment()->set_loading_locode("ECGYE");
    m.mutable_consignment()->set_discharge_locode("NLRTM");
    Score(engine_.get(), m);
    m.set_id(absl::StrCat("later ", i));
    m.set_event(v1::GATE_IN);
    m.mutable_occurrence_time()->set_seconds(kMovementsBegin + kMonth);
    if (i < 4) m.mutable_consignment()->set_loading_locode("BRSSZ");
    Score(engine_.get(), m);
    ASSERT_TRUE(Record(MakeOutcome(absl::StrCat("C-", i), Number(i), 700,
                                   i < 3 ? v1::FOUND : v1::NOT_FOUND))
                    .ok());
  }
  // One of the finds was none, and one control was another month's.
  ASSERT_TRUE(
      Record(UpdatedAt(MakeOutcome("C-0", Number(0), 700, v1::NOT_FOUND), 5))
          .ok());
  ASSERT_TRUE(
      Record(UpdatedAt(MakeOutcome("C-9", Number(9), 700 + kMonth), 5)).ok());
  auto report = Report();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->movements(), 20u);
  EXPECT_EQ(report->outcomes(), 12u);
  const v1::DisplacementRow row = RowOf(*report, "ECGYE>NLRTM", 10);
  EXPECT_EQ(row.now().volume(), 6u);
  EXPECT_EQ(row.then().controls(), 9u);
  EXPECT_EQ(row.then().finds(), 2u);
  EXPECT_EQ(row.now().controls(), 1u);
  EXPECT_EQ(row.now().finds(), 1u);
  EXPECT_EQ(RowOf(*report, "NLRTM", 10).now().volume(), 10u);

  // The same after everything has been written behind.
  Reopen();
  EXPECT_EQ(Report()->SerializeAsString(), report->SerializeAsString());
}

TEST_F(DisplacementReportTest, AStoreThatIsNotThereIsAnError) {
  lives_ = 77;
  EXPECT_FALSE(Report().ok());
}

}  // namespace
}  // namespace portrisk::service
