// Rule sets with aggregates, and histories that are counted in them, through
// the real engine and store.
#ifndef PORTRISK_TESTS_SERVICE_AGGREGATES_FIXTURE_H_
#define PORTRISK_TESTS_SERVICE_AGGREGATES_FIXTURE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/keys.h"
#include "tests/scoring/aggregate_cases.h"
#include "tests/scoring/aggregate_history.h"
#include "tests/service/rule_life_fixture.h"

namespace portrisk::service {

// A rule set in which every aggregate is told by a rule of its name.
inline std::string RulesThatTell(const std::string& declared,
                                 const std::vector<std::string>& names,
                                 const std::string& set = "s") {
  std::string yaml =
      absl::StrCat("rule_set: ", set, "\nlayer: port\nowner: EU\naggregates:\n",
                   declared, "rules:\n");
  for (const std::string& name : names) {
    absl::StrAppend(
        &yaml, "  - id: ", name, "\n    title: {en: T}\n    explain: {en: \"{",
        name, "} of {", name, "_count}\"}\n    score: 1\n    when: ", name,
        "_count >= 0\n");
  }
  return yaml;
}

// As a sender may send it.
inline v1::Movement Admissible(const v1::Movement& made, const std::string& id,
                               int64_t update) {
  v1::Movement m = made;
  m.set_source("terminal-1");
  m.set_id(id);
  m.mutable_update_time()->set_seconds(update);
  if (m.retraction()) return m;
  m.mutable_consignment()->set_booking("B1");
  if (m.location().has_latitude()) m.mutable_location()->set_longitude(4.5);
  if (!m.location().locode().empty()) {
    const char last = static_cast<char>('A' + m.location().locode()[2] - '0');
    m.mutable_location()->set_locode(std::string("NLAA") + last);
  }
  if (!m.container().number().empty()) {
    m.mutable_container()->set_number(absl::StrCat(
        "MSKU", 1'000'000 + std::stoi(m.container().number().substr(4))));
  }
  if (m.classifier() == v1::CLASSIFIER_UNSPECIFIED) {
    m.set_classifier(v1::ACTUAL);
  }
  return m;
}

// A journal from a seed, with the keys that the engine gives movements.
inline std::vector<scoring::oracle::Version> JournalOf(uint64_t seed,
                                                       int64_t spacing_s,
                                                       uint64_t keys,
                                                       int movements) {
  scoring::History history(seed, spacing_s, keys);
  std::vector<scoring::oracle::Version> journal;
  for (int i = 0; i < movements; ++i) {
    scoring::oracle::Version version = history.Next();
    const std::string id = absl::StrCat("m", absl::Hex(version.key));
    version.movement = Admissible(version.movement, id, 1 + i);
    version.key = MovementKey(IdentityOf("terminal-1", id));
    journal.push_back(std::move(version));
  }
  return journal;
}

inline std::vector<v1::Movement> MovementsOf(
    const std::vector<scoring::oracle::Version>& journal) {
  std::vector<v1::Movement> movements;
  for (const auto& version : journal) movements.push_back(version.movement);
  return movements;
}

// What the store in a directory holds under states of some kinds.
inline std::map<std::string, std::string> StatesIn(
    const std::string& directory, const std::string& kinds = "") {
  store::Options options;
  options.directory = directory;
  options.read_only = true;
  auto store = store::Store::Open(options);
  EXPECT_TRUE(store.ok()) << store.status();
  std::map<std::string, std::string> states;
  if (!store.ok()) return states;
  EXPECT_TRUE(
      (*store)
          ->ScanPrefix(store::Table::kStates, "", "",
                       [&](absl::string_view key, absl::string_view value) {
                         if (kinds.empty() ||
                             kinds.find(key[0]) != std::string::npos) {
                           states.emplace(key, value);
                         }
                         return true;
                       })
          .ok());
  return states;
}

// Aggregates by key, without the positions in which lives differ.
inline std::map<std::string, std::string> CellsIn(
    const std::string& directory) {
  std::map<std::string, std::string> cells;
  for (const auto& [key, value] : StatesIn(directory, "G")) {
    v1::AggregateState state;
    EXPECT_TRUE(state.ParseFromString(value));
    state.clear_last_sequence();
    cells[key.substr(kAggregatePrefixBytes)] +=
        absl::StrCat(state.group(), ":", state.SerializeAsString(), ";");
  }
  return cells;
}

inline const v1::Hit* FindHit(const v1::Assessment& assessment,
                              const std::string& rule) {
  for (const v1::Hit& hit : assessment.hits()) {
    if (hit.rule() == rule) return &hit;
  }
  return nullptr;
}

inline const v1::Evidence* FindEvidence(const v1::Hit& hit,
                                        const std::string& name) {
  for (const v1::Evidence& one : hit.evidence()) {
    if (one.field() == name) return &one;
  }
  return nullptr;
}

class AggregatesTest : public RuleLifeTest {
 protected:
  void SetUp() override {}

  // Lives on in a new store with these options.
  void Begin(EngineOptions options) {
    rules_.reset();
    lists_.reset();
    ++lives_;
    options.store.directory = Directory();
    StartWith(std::move(options));
  }
  void Begin() { Begin(TestOptions("")); }
  void End() {
    rules_.reset();
    lists_.reset();
    engine_.reset();
  }

  // Waits until it is not warming any more.
  v1::Revision Warmed(uint64_t revision) {
    engine_->warming().WaitFor(revision, absl::Seconds(120));
    return Get(revision);
  }
  uint64_t ActivateAndWarm(const std::string& yaml) {
    const uint64_t revision = Activate(yaml);
    EXPECT_EQ(Warmed(revision).state(), v1::ACTIVE);
    return revision;
  }

  std::vector<v1::Assessment> ScoreInBatches(
      const std::vector<v1::Movement>& movements, size_t batch) {
    std::vector<v1::Assessment> assessments;
    for (size_t begin = 0; begin < movements.size(); begin += batch) {
      const size_t end = std::min(movements.size(), begin + batch);
      for (const Answer& answer : ScoreAll(
               engine_.get(), {movements.begin() + static_cast<long>(begin),
                               movements.begin() + static_cast<long>(end)})) {
        EXPECT_TRUE(answer.status.ok()) << answer.status;
        assessments.push_back(answer.assessment());
      }
    }
    return assessments;
  }
};

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_AGGREGATES_FIXTURE_H_
