#include "scoring/statistics.h"

#include <gtest/gtest.h>

namespace portrisk::scoring {
namespace {

const v1::FieldSample* Find(const v1::Statistics& statistics,
                            const std::string& field) {
  for (const v1::FieldSample& sample : statistics.fields()) {
    if (sample.field() == field) return &sample;
  }
  return nullptr;
}

TEST(Statistics, CountValuesAndAbsenceMostFrequentFirst) {
  StatisticsBuilder builder;
  for (int i = 0; i < 10; ++i) {
    v1::Movement movement;
    movement.set_event(v1::GATE_OUT);
    if (i < 7) {
      movement.mutable_location()->set_locode(i < 5 ? "NLRTM" : "BEANR");
    }
    movement.mutable_weights()->set_gross_kg(20'000);
    builder.Add(movement);
  }
  const v1::Statistics statistics = builder.Take(42);
  EXPECT_EQ(statistics.last_sequence(), 42u);
  EXPECT_EQ(statistics.movements(), 10u);
  const auto* locode = Find(statistics, "movement.location.locode");
  ASSERT_NE(locode, nullptr);
  EXPECT_EQ(locode->absent(), 3u);
  ASSERT_EQ(locode->values_size(), 2);
  EXPECT_EQ(locode->values(0), "NLRTM");
  EXPECT_EQ(locode->counts(0), 5u);
  EXPECT_EQ(locode->values(1), "BEANR");
  EXPECT_EQ(locode->counts(1), 2u);
  const auto* gross = Find(statistics, "movement.weights.gross_kg");
  ASSERT_NE(gross, nullptr);
  EXPECT_EQ(gross->absent(), 0u);
  EXPECT_EQ(gross->values(0), "20000");
  const auto* crane = Find(statistics, "movement.weights.crane_kg");
  ASSERT_NE(crane, nullptr);
  EXPECT_EQ(crane->absent(), 10u);
}

TEST(Statistics, KeepNothingThatNamesAnybody) {
  StatisticsBuilder builder;
  v1::Movement movement;
  for (v1::Party* party :
       {movement.mutable_haulier(), movement.mutable_consignee(),
        movement.mutable_pickup_right()->mutable_actor()}) {
    party->set_id("SECRET");
    party->set_name("SECRET");
    party->set_account("SECRET");
    party->set_device("SECRET");
  }
  movement.set_id("SECRET");
  movement.mutable_container()->set_number("SECRET");
  movement.mutable_transport()->set_plate("SECRET");
  movement.mutable_transport()->set_call_sign("SECRET");
  movement.mutable_consignment()->set_goods("SECRET");
  movement.mutable_consignment()->set_booking("SECRET");
  movement.mutable_consignment()->set_bill_of_lading("SECRET");
  movement.mutable_pickup_right()->set_id("SECRET");
  movement.mutable_pickup_right()->set_pin_hash("SECRET");
  movement.set_origin("SECRET");
  builder.Add(movement);
  const v1::Statistics statistics = builder.Take(1);
  EXPECT_EQ(statistics.SerializeAsString().find("SECRET"), std::string::npos);
  const auto* haulier = Find(statistics, "movement.haulier.id");
  ASSERT_NE(haulier, nullptr);
  EXPECT_EQ(haulier->absent(), 0u);
}

}  // namespace
}  // namespace portrisk::scoring
