// A journal for tests of aggregates: movements from a seed, with late ones,
// corrections, retractions, ties and gaps; and what the service will do with
// the states, in a map.
#ifndef PORTRISK_TESTS_SCORING_AGGREGATE_HISTORY_H_
#define PORTRISK_TESTS_SCORING_AGGREGATE_HISTORY_H_

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "scoring/aggregate_plan.h"
#include "scoring/aggregate_view.h"
#include "scoring/programme.h"
#include "tests/scoring/aggregate_oracle.h"

namespace portrisk::scoring {

// A programme whose only rule reads all aggregates of a document that ends
// with them.
inline std::shared_ptr<const Programme> ProgrammeOf(
    const std::string& aggregates, const std::vector<std::string>& names) {
  std::string when;
  for (const std::string& name : names) {
    when += (when.empty() ? "" : " && ") + name + "_count >= 0";
  }
  const std::string yaml =
      "rule_set: test.aggregates\nlayer: port\nowner: NL\naggregates:\n" +
      aggregates +
      "rules:\n  - id: reads\n    title: {en: T}\n    explain: {en: E}\n"
      "    score: 1\n    when: " +
      when + "\n";
  CheckResult checked = CheckRuleSet(yaml, "test.yaml");
  if (checked.rule_set == nullptr) return nullptr;
  return *Programme::Compile({{1, checked.rule_set}});
}

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  // Below `n`; the same on every machine.
  uint64_t Below(uint64_t n) { return engine_() % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

// Gives versions one by one. `spacing_s` is what lies between two movements,
// on average; `keys` how many of everything there are.
class History {
 public:
  History(uint64_t seed, int64_t spacing_s, uint64_t keys)
      : random_(seed), spacing_s_(spacing_s), keys_(keys) {}

  oracle::Version Next() {
    now_s_ += static_cast<int64_t>(
        random_.Below(static_cast<uint64_t>(2 * spacing_s_) + 1));
    if (!known_.empty() && random_.OneIn(6)) return Again();
    oracle::Version version;
    version.key = 1 + known_.size() * 0x9E3779B97F4A7C15u;
    version.movement = Made();
    known_.push_back(version);
    return version;
  }

 private:
  // A correction or a retraction of what came before.
  oracle::Version Again() {
    oracle::Version& version = known_[random_.Below(known_.size())];
    if (random_.OneIn(4)) {
      version.movement.Clear();
      version.movement.set_retraction(true);
    } else {
      const auto time = version.movement.occurrence_time();
      version.movement = Made();
      // Mostly what is corrected happened when it was said to.
      if (time.seconds() > 0 && !random_.OneIn(3)) {
        *version.movement.mutable_occurrence_time() = time;
      }
    }
    return version;
  }

  std::string Name(const char* prefix, uint64_t n) {
    return prefix + std::to_string(random_.Below(n));
  }

  v1::Movement Made() {
    v1::Movement m;
    const v1::Event events[] = {v1::PICKUP_RIGHT_QUERIED, v1::GATE_OUT,
                                v1::GATE_IN, v1::WEIGHING};
    m.set_event(events[random_.Below(4)]);
    if (random_.OneIn(15)) m.set_classifier(v1::PLANNED);
    *m.mutable_occurrence_time() = Time();
    if (!random_.OneIn(10)) {
      m.mutable_pickup_right()->mutable_actor()->set_account(
          Name("account-", keys_));
    }
    if (!random_.OneIn(10)) m.mutable_haulier()->set_id(Name("NL-", keys_));
    if (!random_.OneIn(8)) {
      m.mutable_container()->set_number(Name("MSKU", 60));
    }
    if (!random_.OneIn(8)) {
      m.mutable_weights()->set_vgm_kg(
          2000 + static_cast<int32_t>(random_.Below(28'000)));
    }
    if (!random_.OneIn(8)) {
      m.mutable_location()->set_latitude(
          static_cast<double>(random_.Below(180'000'001)) / 1e6 - 90.0);
    }
    if (!random_.OneIn(8)) m.mutable_location()->set_locode(Name("NL", 9));
    if (!random_.OneIn(4)) {
      m.mutable_consignment()->set_consolidated(random_.OneIn(2));
    }
    return m;
  }

  google::protobuf::Timestamp Time() {
    int64_t seconds = now_s_;
    const auto spacing = static_cast<uint64_t>(spacing_s_);
    switch (random_.Below(8)) {
      case 0:  // Late, up to a hundred movements.
        seconds -= static_cast<int64_t>(random_.Below(100 * spacing + 1));
        break;
      case 1:  // On the edge of buckets.
        seconds -= seconds % 3600;
        break;
      case 2:  // A tie, likely.
        seconds -= seconds % (10 * spacing_s_ + 1);
        break;
      case 3:  // A clock that runs ahead.
        if (random_.OneIn(6)) {
          seconds += static_cast<int64_t>(random_.Below(7 * 86400));
        }
        break;
      default:
        break;
    }
    google::protobuf::Timestamp time;
    time.set_seconds(seconds);
    if (random_.OneIn(3)) {
      time.set_nanos(static_cast<int32_t>(random_.Below(1'000'000'000)));
    }
    return time;
  }

  Random random_;
  const int64_t spacing_s_;
  const uint64_t keys_;
  int64_t now_s_ = 1'700'000'000;
  std::vector<oracle::Version> known_;
};

// What the service does with a plan: states by group and key, and for a
// correction the old version out, then derive, then the new one in.
class World {
 public:
  using Key = std::pair<uint32_t, std::string>;

  explicit World(const AggregatePlan& plan) : plan_(plan) {}

  // Takes what an earlier version added out; rebuilds where that is needed.
  void TakeOut(const oracle::Version& version) {
    const auto found = versions_.find(version.key);
    if (found == versions_.end()) return;
    const v1::Movement old = found->second;
    versions_.erase(found);
    order_.erase(std::find(order_.begin(), order_.end(), version.key));
    input_.Begin(plan_, old);
    input_.Contributions(version.key, &contributions_);
    std::vector<std::pair<AggregateContribution, std::string>> rebuilds;
    for (const AggregateContribution& one : contributions_) {
      input_.KeyOf(plan_.GroupOf(one.aggregate), &key_);
      const UndoResult result = UndoAggregate(plan_.shapes()[one.aggregate],
                                              one, &StateOf(one, key_));
      if (result == UndoResult::kNeedsRecompute) {
        rebuilds.emplace_back(one, key_);
        rebuilds.back().first.text = {};
      }
    }
    if (!rebuild_) return;
    for (const auto& [one, key] : rebuilds) Rebuild(one, key);
  }

  // Begins deriving for a movement.
  AggregateView& Look(const v1::Movement& movement) {
    input_.Begin(plan_, movement);
    groups_.assign(plan_.groups().size(), {});
    for (uint32_t group = 0; group < groups_.size(); ++group) {
      groups_[group].has_key = input_.KeyOf(group, &key_);
      const auto found = states_.find({group, key_});
      if (found != states_.end()) groups_[group].state = &found->second;
    }
    view_.Begin(plan_, movement, groups_);
    return view_;
  }

  void PutIn(const oracle::Version& version) {
    if (!version.movement.retraction()) {
      versions_[version.key] = version.movement;
      order_.push_back(version.key);
    }
    input_.Begin(plan_, version.movement);
    input_.Contributions(version.key, &contributions_);
    for (const AggregateContribution& one : contributions_) {
      input_.KeyOf(plan_.GroupOf(one.aggregate), &key_);
      FoldAggregate(plan_.shapes()[one.aggregate], one, &StateOf(one, key_));
    }
  }

  std::map<Key, v1::AggregateState>& states() { return states_; }
  void set_rebuild(bool rebuild) { rebuild_ = rebuild; }
  int rebuilds() const { return rebuilds_; }

 private:
  v1::AggregateState& StateOf(const AggregateContribution& one,
                              const std::string& key) {
    return states_[{plan_.GroupOf(one.aggregate), key}];
  }

  // From all versions in force, as the service does from its journal.
  void Rebuild(const AggregateContribution& one, const std::string& key) {
    ++rebuilds_;
    const AggregateShape& shape = plan_.shapes()[one.aggregate];
    std::vector<AggregateContribution> all;
    std::vector<AggregateContribution> own;
    std::deque<std::string> texts;  // Of the input they live until it begins.
    std::string other;
    for (const uint64_t movement : order_) {
      input_.Begin(plan_, versions_[movement]);
      input_.Contributions(movement, &own);
      for (const AggregateContribution& mine : own) {
        if (mine.aggregate != one.aggregate) continue;
        input_.KeyOf(plan_.GroupOf(mine.aggregate), &other);
        if (other != key) continue;
        all.push_back(mine);
        all.back().text = texts.emplace_back(mine.text);
      }
    }
    RebuildBucket(shape, StepOf(one.time_us, shape.step_us), all,
                  &StateOf(one, key));
  }

  const AggregatePlan& plan_;
  std::map<Key, v1::AggregateState> states_;
  std::map<uint64_t, v1::Movement> versions_;  // In force.
  std::vector<uint64_t> order_;
  AggregateInput input_;
  AggregateView view_;
  std::vector<AggregateGroupState> groups_;
  std::vector<AggregateContribution> contributions_;
  std::string key_;
  bool rebuild_ = true;
  int rebuilds_ = 0;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_TESTS_SCORING_AGGREGATE_HISTORY_H_
