// The aggregates in use, compiled: which keys a movement has, and what it adds
// to which aggregate.
//
// Lifecycle: Make joins what rule sets declare; equal declarations of several
// sets or revisions become one. A plan is immutable and may be read by any
// number of threads, each with an AggregateInput of its own.
#ifndef PORTRISK_SCORING_AGGREGATE_PLAN_H_
#define PORTRISK_SCORING_AGGREGATE_PLAN_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/aggregate.h"
#include "scoring/aggregate_names.h"
#include "scoring/aggregate_ring.h"
#include "scoring/cel/eval.h"
#include "scoring/cel/program.h"

namespace portrisk::scoring {

class RuleSet;

class AggregatePlan {
 public:
  // A rule set's aggregates, and which of them, by index, are in use.
  struct Use {
    std::shared_ptr<const AggregateNames> names;
    std::vector<bool> used;
  };
  static std::shared_ptr<const AggregatePlan> Make(const std::vector<Use>& all);

  // All aggregates of a rule set that rules or suppressions read, drafts too.
  static Use UseOf(const RuleSet& rule_set);
  // Those of the rule set with these identities, which are ascending.
  static Use UseOf(const RuleSet& rule_set, absl::Span<const uint64_t> ids);

  // Aggregates with the same key expression: they share the state, which is
  // stored under (id, value of the key).
  struct Group {
    uint64_t id = 0;
    uint32_t begin = 0;  // Its aggregates.
    uint32_t end = 0;
    std::vector<uint32_t> key;        // Instructions of the plan's program.
    std::vector<uint8_t> key_people;  // Of each (aggregate_keys.h).
    std::string source;               // The expressions, for people.
  };
  // By id, ascending.
  const std::vector<Group>& groups() const { return groups_; }
  // By group, then id; what an index of an aggregate means.
  const std::vector<AggregateShape>& shapes() const { return shapes_; }
  uint32_t GroupOf(uint32_t aggregate) const { return group_of_[aggregate]; }
  // What identity is the hash of: enough to declare the aggregate again.
  const std::string& Canonical(uint32_t aggregate) const {
    return canonical_[aggregate];
  }

  // Keys, conditions and values: what they read of a movement is what it
  // contributes by.
  const cel::Program& program() const { return *program_; }

  // What a field of one of the sets' names reads.
  struct Binding {
    uint32_t aggregate = 0;
    bool is_count = false;
  };
  // Null when the field is no aggregate in use.
  const Binding* Find(const google::protobuf::FieldDescriptor& field) const;

 private:
  friend class AggregateInput;

  // What aggregates read of a movement, each once.
  struct Read {
    uint32_t instruction = 0;
    AggregateUnit unit = AggregateUnit::kNothing;
  };
  // An aggregate that can count an event, and when and what it does.
  struct Candidate {
    uint32_t aggregate = 0;
    uint32_t group = 0;
    uint32_t where = 0;  // Of wheres_.
    uint32_t value = 0;  // Of values_.
  };

  AggregatePlan() = default;

  std::vector<Use> uses_;  // Own the declarations.
  std::vector<Group> groups_;
  std::vector<AggregateShape> shapes_;
  std::vector<uint32_t> group_of_;
  std::vector<std::string> canonical_;
  // The first holds always, and is no instruction.
  std::vector<uint32_t> wheres_{cel::kNoOperand};
  std::vector<Read> values_;
  // By event, and last for events beyond.
  std::array<std::vector<Candidate>, AggregateDeclaration::kEventsMax + 1>
      by_event_;
  std::shared_ptr<const cel::Program> program_;
  absl::flat_hash_map<const google::protobuf::FieldDescriptor*, Binding>
      bindings_;
};

// One movement as the plan sees it. Memory that is reused; one per thread.
class AggregateInput {
 public:
  // HOT PATH. The plan and the movement have to outlive what follows.
  void Begin(const AggregatePlan& plan, const v1::Movement& movement);

  // HOT PATH. Replaces `key` by the value of the group's key, as bytes:
  // different values have different bytes. False when the movement has none
  // because a field of the key is absent; then it is neither counted nor can
  // it read the group's aggregates.
  bool KeyOf(uint32_t group, std::string* key);

  // HOT PATH. The same, with the pseudonym of whoever the key names in the
  // place of the name: what states are stored under. False also when admission
  // has not made that pseudonym.
  bool StateKeyOf(uint32_t group, std::string* key);

  // HOT PATH. What KeyOf or StateKeyOf said of the movement before the last
  // Begin, so that no key is evaluated for that again.
  void RememberKey(uint32_t group, bool has_key) {
    has_key_[group] = has_key ? 1 : 0;
  }

  // HOT PATH. Replaces `out` by what the movement adds, by aggregate. Nothing
  // for what is not an actual event, a retraction, or without a time. Texts
  // live until the next Begin.
  void Contributions(uint64_t movement_key,
                     std::vector<AggregateContribution>* out);

 private:
  using Known = uint8_t;  // Or 0 or 1.
  static constexpr Known kUnasked = 2;
  struct Counted {
    Known is_known = 0;
    bool saturated = false;
    int64_t number = 0;
    uint64_t hash = 0;
    absl::string_view text;
  };

  bool HasKey(uint32_t group) {
    if (has_key_[group] == kUnasked) AskKey(group);
    return has_key_[group] == 1;
  }
  bool Holds(uint32_t where) {
    if (holds_[where] == kUnasked) AskWhere(where);
    return holds_[where] == 1;
  }
  const Counted& ValueOf(uint32_t value) {
    if (values_[value].is_known == kUnasked) AskValue(value);
    return values_[value];
  }
  void AskKey(uint32_t group);
  void AskWhere(uint32_t where);
  void AskValue(uint32_t value);

  const AggregatePlan* plan_ = nullptr;
  const v1::Movement* movement_ = nullptr;
  cel::EvalState state_;
  // Several aggregates mostly have the same condition or count the same.
  std::vector<Known> has_key_;  // By group.
  std::vector<Known> holds_;    // By condition.
  std::vector<Counted> values_;
};

// The aggregates that the rules of a set read, drafts left out: what a
// programme with it has.
std::vector<AggregateShape> AggregatesOf(const RuleSet& rule_set);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_PLAN_H_
