#include "service/field_selection.h"

#include <gtest/gtest.h>

#include <random>

#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "tests/service/full_message.h"

namespace portrisk::service {
namespace {

const google::protobuf::Descriptor& MovementType() {
  return *v1::Movement::descriptor();
}

v1::Movement FullMovement() {
  v1::Movement movement;
  int seed = 0;
  FillFully(&seed, &movement);
  return movement;
}

v1::Movement Taken(const FieldSelection& selection, const v1::Movement& from) {
  std::string bytes;
  EXPECT_TRUE(selection.Take(from.SerializeAsString(), &bytes));
  v1::Movement taken;
  EXPECT_TRUE(taken.ParseFromString(bytes));
  return taken;
}

TEST(FieldSelection, TakesWhatWasAddedAndNothingElse) {
  const v1::Movement full = FullMovement();
  FieldSelection selection;
  EXPECT_EQ(Taken(selection, full).ByteSizeLong(), 0u);
  selection.Add(MovementType(), "haulier.id");
  selection.Add(MovementType(), "haulier.name");
  selection.Add(MovementType(), "pickup_right.nominee.account");
  selection.Add(MovementType(), "weights");
  selection.Add(MovementType(), "seals.number");
  v1::Movement expected;
  expected.mutable_haulier()->set_id(full.haulier().id());
  expected.mutable_haulier()->set_name(full.haulier().name());
  expected.mutable_pickup_right()->mutable_nominee()->set_account(
      full.pickup_right().nominee().account());
  *expected.mutable_weights() = full.weights();
  for (const v1::Seal& seal : full.seals()) {
    expected.add_seals()->set_number(seal.number());
  }
  EXPECT_EQ(Taken(selection, full).DebugString(), expected.DebugString());
  // A field with all that is in it takes what was taken of it before.
  selection.Add(MovementType(), "haulier");
  selection.Add(MovementType(), "haulier.id");
  *expected.mutable_haulier() = full.haulier();
  EXPECT_EQ(Taken(selection, full).DebugString(), expected.DebugString());
  selection.Add(absl::Span<const FieldSelection::Field>());
  EXPECT_EQ(Taken(selection, full).DebugString(), full.DebugString());
}

TEST(FieldSelection, LeavesOutWhatItIsToldToAlone) {
  const v1::Movement full = FullMovement();
  FieldSelection selection;
  selection.AddAllBut(MovementType(),
                      {"origin", "haulier.id", "pickup_right.nominee.account"});
  v1::Movement expected = full;
  expected.clear_origin();
  expected.mutable_haulier()->clear_id();
  expected.mutable_pickup_right()->mutable_nominee()->clear_account();
  EXPECT_EQ(Taken(selection, full).DebugString(), expected.DebugString());
  selection.Add(MovementType(), "origin");
  selection.Add(MovementType(), "haulier.id");
  expected.set_origin(full.origin());
  *expected.mutable_haulier() = full.haulier();
  EXPECT_EQ(Taken(selection, full).DebugString(), expected.DebugString());
}

TEST(FieldSelection, AMessageWithNothingTakenIsStillThere) {
  FieldSelection selection;
  selection.Add(MovementType(), "haulier.id");
  v1::Movement movement;
  movement.mutable_haulier()->set_name(std::string(300, 'n'));
  EXPECT_TRUE(Taken(selection, movement).has_haulier());
  EXPECT_EQ(Taken(selection, movement).haulier().ByteSizeLong(), 0u);
  movement.clear_haulier();
  EXPECT_FALSE(Taken(selection, movement).has_haulier());
  // What is taken is shorter than the size it replaces was written for.
  movement.mutable_haulier()->set_name(std::string(20'000, 'n'));
  movement.mutable_haulier()->set_id("h");
  EXPECT_EQ(Taken(selection, movement).haulier().id(), "h");
}

TEST(FieldSelection, AnyDamageIsAnAnswerAndNoCrash) {
  const uint32_t seed = 20261126;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string whole = FullMovement().SerializeAsString();
  FieldSelection selection;
  selection.AddAllBut(MovementType(), {"haulier.id", "pickup_right.nominee"});
  std::string out;
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    std::string bytes = whole.substr(0, cut);
    selection.Take(bytes, &out);
    EXPECT_LE(out.size(), cut);
  }
  EXPECT_FALSE(selection.Take(whole.substr(0, whole.size() - 1), &out));
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = whole;
    for (uint32_t n = 1 + random() % 3; n > 0; --n) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    selection.Take(bytes, &out);
    EXPECT_LE(out.size(), bytes.size());
  }
}

}  // namespace
}  // namespace portrisk::service
