#include "scoring/erased_names.h"

#include <gtest/gtest.h>

namespace portrisk::scoring {
namespace {

constexpr uint64_t kPseudonym = 0x0123456789abcdef;
constexpr char kToken[] = "erased:0123456789abcdef";

// Nominated by record 7, asked by 8, and there at the gate by 9.
v1::RightState Right(const std::string& name) {
  v1::RightState state;
  v1::RightEvent* nomination = state.add_chain();
  nomination->set_sequence(7);
  nomination->set_actor_id("ISSUER");
  nomination->set_nominee_id(name);
  v1::RightEvent* query = state.add_attempts();
  query->set_sequence(8);
  query->set_actor_id(name);
  v1::RightEvent* gate = state.add_chain();
  gate->set_sequence(9);
  gate->set_haulier_id(name);
  return state;
}

v1::ErasedRecord Named(uint64_t sequence, v1::ErasedRole role) {
  v1::ErasedRecord record;
  record.set_sequence(sequence);
  v1::ErasedName* const name = record.add_names();
  name->set_role(role);
  name->set_pseudonym(kPseudonym);
  return record;
}

v1::Movement By(const std::string& haulier) {
  v1::Movement m;
  m.mutable_haulier()->set_id(haulier);
  m.mutable_pseudonyms()->set_haulier(kPseudonym);
  return m;
}

TEST(ErasedNamesTest, ATokenIsAFunctionOfThePseudonym) {
  EXPECT_EQ(ErasedName(kPseudonym), kToken);
  EXPECT_EQ(ErasedName(1), "erased:0000000000000001");
  EXPECT_TRUE(IsErasedName(kToken));
  EXPECT_FALSE(IsErasedName("erase"));
}

TEST(ErasedNamesTest, OneSubjectGoesWhereverTheRightHasIt) {
  v1::RightState state = Right("H1");
  EXPECT_TRUE(EraseNames(Named(7, v1::ERASED_NOMINEE), true, nullptr, &state));
  EXPECT_EQ(state.SerializeAsString(), Right(kToken).SerializeAsString());
  EXPECT_FALSE(EraseNames(Named(9, v1::ERASED_HAULIER), true, nullptr, &state))
      << "It is done already.";
}

TEST(ErasedNamesTest, OfEverybodyOnlyTheNamedRecordGoes) {
  v1::RightState state = Right("H1");
  EXPECT_TRUE(EraseNames(Named(7, v1::ERASED_NOMINEE), false, nullptr, &state));
  EXPECT_EQ(state.chain(0).nominee_id(), kToken);
  EXPECT_EQ(state.chain(1).haulier_id(), "H1");
  EXPECT_EQ(state.attempts(0).actor_id(), "H1");
}

TEST(ErasedNamesTest, AnotherRoleOrRecordIsLeftAlone) {
  v1::RightState state = Right("H1");
  EXPECT_FALSE(
      EraseNames(Named(7, v1::ERASED_RECIPIENT), true, nullptr, &state));
  EXPECT_FALSE(EraseNames(Named(6, v1::ERASED_NOMINEE), true, nullptr, &state));
  EXPECT_EQ(state.SerializeAsString(), Right("H1").SerializeAsString());
}

TEST(ErasedNamesTest, ATimelineForgetsItsHauliers) {
  v1::ContainerState state;
  for (const uint64_t sequence : {7, 9}) {
    v1::TimelineEvent* event = state.add_timeline();
    event->set_sequence(sequence);
    event->set_haulier_id(sequence == 7 ? "H1" : "H2");
  }
  EXPECT_TRUE(EraseNames(Named(7, v1::ERASED_HAULIER), true, &state, nullptr));
  EXPECT_EQ(state.timeline(0).haulier_id(), kToken);
  EXPECT_EQ(state.timeline(1).haulier_id(), "H2");
}

TEST(ErasedNamesTest, WhoIsNamedAgainIsRecognised) {
  v1::RightState state = Right(kToken);
  EXPECT_TRUE(NamesErased(By("H1"), state));
  Recognise(By("H1"), &state);
  EXPECT_EQ(state.chain(0).nominee_id(), "H1");
  EXPECT_EQ(state.attempts(0).actor_id(), "H1");
  ASSERT_EQ(state.recognised_size(), 1);
  EXPECT_EQ(state.recognised(0).id(), "H1");
  EXPECT_FALSE(NamesErased(By("H1"), state));
}

// The record that named them need not have left an event.
TEST(ErasedNamesTest, WhoWasRecognisedGoesWithWhatNamedThem) {
  v1::RightState state = Right(kToken);
  Recognise(By("H1"), &state);
  EXPECT_TRUE(
      EraseNames(Named(11, v1::ERASED_HAULIER), false, nullptr, &state));
  EXPECT_EQ(state.SerializeAsString(), Right(kToken).SerializeAsString());
}

TEST(ErasedNamesTest, ATokenRecognisesNobody) {
  EXPECT_FALSE(NamesErased(By(kToken), Right(kToken)));
  v1::Movement other = By("H2");
  other.mutable_pseudonyms()->set_haulier(2);
  EXPECT_FALSE(NamesErased(other, Right(kToken)));
  EXPECT_FALSE(NamesErased(v1::Movement(), Right(kToken)));
  EXPECT_TRUE(ShowsErased(Right(kToken)));
  EXPECT_FALSE(ShowsErased(Right("H1")));
}

TEST(ErasedNamesTest, ATokenIsSeenInEveryRole) {
  EXPECT_FALSE(NamesToken(By("H1")));
  EXPECT_TRUE(NamesToken(By(kToken)));
  for (const auto party :
       {&v1::PickupRight::mutable_actor, &v1::PickupRight::mutable_recipient,
        &v1::PickupRight::mutable_nominee}) {
    v1::Movement m = By("H1");
    (m.mutable_pickup_right()->*party)()->set_id(kToken);
    EXPECT_TRUE(NamesToken(m));
  }
}

}  // namespace
}  // namespace portrisk::scoring
