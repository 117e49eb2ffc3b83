// HOT PATH (AggregateInput). A movement pays for the aggregates that can count
// its event, not for those there are; keys and parts of conditions that
// several have in common are evaluated once.
#include "scoring/aggregate_plan.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "scoring/aggregate_keys.h"
#include "scoring/aggregate_parser.h"
#include "scoring/aggregate_types.h"
#include "scoring/cel/environment.h"
#include "scoring/container_history.h"
#include "scoring/limits.h"
#include "scoring/rule_set.h"

namespace portrisk::scoring {
namespace {

int64_t MicrosOf(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1'000'000 + time.nanos() / 1000;
}

// Declarations by group and id, each once.
using ByIdentity =
    std::map<std::pair<uint64_t, uint64_t>, const AggregateDeclaration*>;

// Where `one` is in `all`; it is added when it is not.
template <typename T, typename Equal>
uint32_t IndexOf(const T& one, Equal equal, std::vector<T>* all) {
  const auto found = std::find_if(all->begin(), all->end(), equal);
  const auto index = static_cast<uint32_t>(found - all->begin());
  if (found == all->end()) all->push_back(one);
  return index;
}

}  // namespace

std::shared_ptr<const AggregatePlan> AggregatePlan::Make(
    const std::vector<Use>& all) {
  std::shared_ptr<AggregatePlan> plan(new AggregatePlan);
  plan->uses_ = all;
  ByIdentity declarations;
  for (const Use& use : all) {
    for (size_t i = 0; i < use.used.size(); ++i) {
      if (!use.used[i]) continue;
      const AggregateDeclaration& one = use.names->declarations()[i];
      declarations.emplace(std::make_pair(one.shape.group, one.shape.id), &one);
    }
  }
  const cel::Environment environment = cel::RuleEnvironment();
  cel::Compiler compiler(environment);
  absl::flat_hash_map<uint64_t, uint32_t> index_of;
  for (const auto& [identity, one] : declarations) {
    const auto index = static_cast<uint32_t>(plan->shapes_.size());
    index_of.emplace(identity.second, index);
    if (plan->groups_.empty() || plan->groups_.back().id != identity.first) {
      Group& group = plan->groups_.emplace_back();
      group.id = identity.first;
      group.begin = index;
      for (const cel::Checked& key : one->key) {
        group.key.push_back(compiler.Add(*key.expr));
      }
      group.key_people = one->key_people;
      group.source = one->key_source;
    }
    plan->groups_.back().end = index + 1;
    plan->group_of_.push_back(static_cast<uint32_t>(plan->groups_.size()) - 1);
    plan->shapes_.push_back(one->shape);
    plan->shapes_.back().position = index - plan->groups_.back().begin;
    Candidate candidate;
    candidate.aggregate = index;
    candidate.group = plan->group_of_.back();
    const uint32_t where = one->where.expr == nullptr
                               ? cel::kNoOperand
                               : compiler.Add(*one->where.expr);
    candidate.where = IndexOf(
        where, [&](uint32_t other) { return other == where; }, &plan->wheres_);
    const Read read{compiler.Add(*one->value.expr), one->shape.unit};
    candidate.value = IndexOf(
        read,
        [&](const Read& other) {
          return other.instruction == read.instruction &&
                 other.unit == read.unit;
        },
        &plan->values_);
    plan->canonical_.push_back(one->canonical);
    plan->by_event_[0].push_back(candidate);
    plan->by_event_.back().push_back(candidate);
    if (one->where.expr != nullptr && AsksForEventAlone(*one->where.expr)) {
      candidate.where = 0;  // Where it is looked for, it holds.
    }
    for (size_t event = 1; event < one->events.size(); ++event) {
      if (one->events[event]) plan->by_event_[event].push_back(candidate);
    }
  }
  plan->program_ = compiler.Finish();
  for (const Use& use : all) {
    for (size_t i = 0; i < use.used.size(); ++i) {
      if (!use.used[i]) continue;
      const uint32_t index = index_of.at(use.names->declarations()[i].shape.id);
      plan->bindings_[use.names->ValueField(i)] = {index, false};
      plan->bindings_[use.names->CountField(i)] = {index, true};
    }
  }
  return plan;
}

AggregatePlan::Use AggregatePlan::UseOf(const RuleSet& rule_set) {
  return {rule_set.aggregates,
          AggregatesRead(rule_set, AggregateReaders::kAll)};
}

AggregatePlan::Use AggregatePlan::UseOf(const RuleSet& rule_set,
                                        absl::Span<const uint64_t> ids) {
  Use use{rule_set.aggregates, {}};
  if (rule_set.aggregates == nullptr) return use;
  for (const auto& one : rule_set.aggregates->declarations()) {
    use.used.push_back(
        std::binary_search(ids.begin(), ids.end(), one.shape.id));
  }
  return use;
}

const AggregatePlan::Binding* AggregatePlan::Find(
    const google::protobuf::FieldDescriptor& field) const {
  const auto found = bindings_.find(&field);
  return found == bindings_.end() ? nullptr : &found->second;
}

void AggregateInput::Begin(const AggregatePlan& plan,
                           const v1::Movement& movement) {
  plan_ = &plan;
  movement_ = &movement;
  has_key_.assign(plan.groups().size(), kUnasked);
  holds_.assign(plan.wheres_.size(), kUnasked);
  holds_[0] = 1;
  values_.resize(plan.values_.size());
  for (Counted& value : values_) value.is_known = kUnasked;
  // Only the movement is read: the parser has refused all else.
  std::array<const google::protobuf::Message*, cel::kRuleRoots> roots{};
  roots[0] = &movement;
  cel::ListContext lists;
  if (movement.has_occurrence_time()) {
    lists.now_seconds = movement.occurrence_time().seconds();
  }
  state_.Begin(*plan.program_, roots.data(), lists);
}

void AggregateInput::AskKey(uint32_t group) {
  has_key_[group] = 1;
  for (const uint32_t instruction : plan_->groups()[group].key) {
    if (!state_.Evaluate(instruction).is_decided()) has_key_[group] = 0;
  }
}

void AggregateInput::AskWhere(uint32_t where) {
  holds_[where] = state_.Evaluate(plan_->wheres_[where]).is_true() ? 1 : 0;
}

void AggregateInput::AskValue(uint32_t index) {
  Counted& counted = values_[index];
  const AggregatePlan::Read& read = plan_->values_[index];
  const cel::Value value = state_.Evaluate(read.instruction);
  counted = Counted();
  if (!value.is_decided()) return;
  counted.is_known = 1;
  switch (read.unit) {
    case AggregateUnit::kNothing:
      break;
    case AggregateUnit::kHash:
      counted.hash = AggregateHash(value);
      break;
    case AggregateUnit::kText:
      counted.text = value.text();
      if (counted.text.size() > kAggregateTextBytesMax) counted.is_known = 0;
      break;
    default:
      if (!UnitNumber(value, read.unit, &counted.number, &counted.saturated)) {
        counted.is_known = 0;
      }
  }
}

bool AggregateInput::KeyOf(uint32_t group, std::string* key) {
  key->clear();
  for (const uint32_t instruction : plan_->groups()[group].key) {
    const cel::Value value = state_.Evaluate(instruction);
    if (!value.is_decided()) {
      has_key_[group] = 0;
      return false;
    }
    AppendCanonical(value, key);
  }
  has_key_[group] = 1;
  return true;
}

bool AggregateInput::StateKeyOf(uint32_t group, std::string* key) {
  key->clear();
  const AggregatePlan::Group& one = plan_->groups()[group];
  for (size_t i = 0; i < one.key.size(); ++i) {
    const cel::Value value = state_.Evaluate(one.key[i]);
    if (!value.is_decided()) {
      has_key_[group] = 0;
      return false;
    }
    if (one.key_people[i] == kNobody) {
      AppendCanonical(value, key);
      continue;
    }
    const auto pseudonym = PseudonymOf(one.key_people[i], *movement_);
    if (!pseudonym) return false;
    AppendCanonical(cel::Value::Uint(*pseudonym), key);
  }
  has_key_[group] = 1;
  return true;
}

void AggregateInput::Contributions(uint64_t movement_key,
                                   std::vector<AggregateContribution>* out) {
  out->clear();
  const v1::Movement& m = *movement_;
  if (m.retraction() || !IsActual(m) || !m.has_occurrence_time()) return;
  const auto event = static_cast<size_t>(m.event());
  const auto& candidates =
      plan_->by_event_[std::min(event, plan_->by_event_.size() - 1)];
  AggregateContribution one;
  one.time_us = MicrosOf(m.occurrence_time());
  one.movement_key = movement_key;
  for (const AggregatePlan::Candidate& candidate : candidates) {
    if (!Holds(candidate.where)) continue;
    const Counted& counted = ValueOf(candidate.value);
    if (counted.is_known == 0 || !HasKey(candidate.group)) continue;
    one.aggregate = candidate.aggregate;
    one.saturated = counted.saturated;
    one.number = counted.number;
    one.hash = counted.hash;
    one.text = counted.text;
    out->push_back(one);
  }
}

std::vector<AggregateShape> AggregatesOf(const RuleSet& rule_set) {
  std::vector<AggregateShape> shapes;
  const std::vector<bool> read =
      AggregatesRead(rule_set, AggregateReaders::kNoDrafts);
  for (size_t i = 0; i < read.size(); ++i) {
    if (read[i]) {
      shapes.push_back(rule_set.aggregates->declarations()[i].shape);
    }
  }
  return shapes;
}

}  // namespace portrisk::scoring
