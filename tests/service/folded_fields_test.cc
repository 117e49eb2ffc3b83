// What opening leaves out of a record changes no state. Every field is set
// here, so a fold that begins to read one that is left out is found.
#include "service/folded_fields.h"

#include <gtest/gtest.h>

#include <map>

#include "service/entities.h"
#include "service/keys.h"
#include "service/occurrence_index.h"
#include "service/rule_tallies.h"
#include "service/times.h"
#include "tests/service/full_message.h"

namespace portrisk::service {
namespace {

constexpr int64_t kStart = 1'790'000'000;

v1::Movement FullMovement(v1::Event event, int seed) {
  v1::Movement movement;
  FillFully(&seed, &movement);
  movement.set_event(event);
  movement.set_classifier(v1::ACTUAL);
  movement.set_retraction(false);
  movement.mutable_occurrence_time()->set_seconds(kStart + seed);
  movement.mutable_container()->set_number("MSKU1234565");
  return movement;
}

v1::Assessment FullAssessment(int seed) {
  v1::Assessment assessment;
  FillFully(&seed, &assessment);
  assessment.mutable_unit()->set_lane(v1::RED);
  for (int i = 0; i < assessment.hits_size(); ++i) {
    assessment.mutable_hits(i)->set_shadow(false);
    assessment.mutable_hits(i)->set_revision(7);
    assessment.mutable_hits(i)->set_rule("r");
  }
  assessment.mutable_revisions(0)->set_revision(7);
  return assessment;
}

template <typename Message>
Message Selected(const FieldSelection& selection, const Message& whole) {
  std::string bytes;
  EXPECT_TRUE(selection.Take(whole.SerializeAsString(), &bytes));
  Message selected;
  EXPECT_TRUE(selected.ParseFromString(bytes));
  EXPECT_LT(selected.ByteSizeLong(), whole.ByteSizeLong());
  return selected;
}

// All that folding a record changes.
class States {
 public:
  States() : entities_(1000, StoredStates{}) {
    // One of each kind, as journaled beside a movement.
    for (int kind = 1; kind <= v1::SpanKind_MAX; ++kind) {
      int seed = kind * 100;
      v1::Span* const span = spans_.Add();
      FillFully(&seed, span);
      span->set_kind(static_cast<v1::SpanKind>(kind));
      span->set_from_event(v1::LOAD);
    }
    v1::RevisionTally tally;
    google::protobuf::RepeatedPtrField<v1::Breaker> breakers;
    v1::Breaker* const breaker = breakers.Add();
    breaker->set_rule("r");
    breaker->set_window(100);
    breaker->set_share_ppm(900'000);
    tallies_.Watch(7, breakers);
  }

  void Fold(const v1::Movement& movement, const v1::Assessment& assessment,
            uint64_t sequence) {
    const scoring::JournaledMovement input{
        &movement, MovementKey(IdentityOf(movement.source(), movement.id())),
        sequence};
    keys_ += std::to_string(input.movement_key) +
             (assessment.corrects_sequence() > 0 ? " corrects " : " ") +
             assessment.container_number() + " " +
             assessment.corrected_container_number() + " ";
    Entities::Named named = entities_.Find(movement);
    entities_.FindSpreads(movement, spans_, &named);
    ASSERT_TRUE(entities_.Load().ok());
    entities_.Fold(input, assessment.unit(), named);
    tallies_.Count(assessment, movement.event(), nullptr);
    occurrences_.Add(sequence, movement);
  }

  std::map<std::string, std::string> All() const {
    std::map<std::string, std::string> all;
    entities_.ForEach([&](const EntityKey& key, const auto& state) {
      all[std::string(key.view())] = state.DebugString();
    });
    all["tallies"] = tallies_.State().DebugString();
    KeyValues occurrences;
    occurrences_.All(&occurrences);
    for (const auto& [key, value] : occurrences) all[key] = value;
    all["keys"] = keys_;
    return all;
  }

 private:
  scoring::Spans spans_;
  Entities entities_;
  RuleTallies tallies_;
  OccurrenceIndex occurrences_;
  std::string keys_;
};

TEST(FoldedFields, WhatIsLeftOutChangesNoState) {
  const FieldSelection movements = FieldsFolded(nullptr);
  const FieldSelection assessments = AssessmentFieldsFolded();
  States whole;
  States selected;
  uint64_t sequence = 0;
  const auto* const events = v1::Event_descriptor();
  for (int i = 0; i < events->value_count(); ++i) {
    for (const bool boxed : {true, false}) {
      const auto event = static_cast<v1::Event>(events->value(i)->number());
      v1::Movement movement = FullMovement(event, i * 1000);
      if (!boxed) movement.clear_container();
      const v1::Assessment assessment = FullAssessment(i * 1000);
      ++sequence;
      whole.Fold(movement, assessment, sequence);
      selected.Fold(Selected(movements, movement),
                    Selected(assessments, assessment), sequence);
    }
  }
  const auto expected = whole.All();
  EXPECT_GT(expected.size(), 20u);
  EXPECT_NE(expected.at("tallies"), "");
  EXPECT_EQ(selected.All(), expected);
}

}  // namespace
}  // namespace portrisk::service
