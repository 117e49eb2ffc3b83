// HOT PATH: Find, States, Fold and Unfold, under the rules of core.cc.
#include "service/aggregates.h"

#include <algorithm>

#include "scoring/aggregate_ring.h"
#include "service/folded_fields.h"
#include "service/keys.h"
#include "service/whole_aggregates.h"

namespace portrisk::service {
namespace {

using scoring::AggregateContribution;
using scoring::AggregatePlan;

// Movements that are folded in together. More read more states at once, and
// find less of what they need in the processor's cache.
constexpr size_t kAddedMax = 256;

// The group with this identity; the number of groups when there is none.
uint32_t GroupAt(const AggregatePlan& plan, uint64_t id) {
  const auto& groups = plan.groups();
  const auto at = std::lower_bound(
      groups.begin(), groups.end(), id,
      [](const auto& group, uint64_t wanted) { return group.id < wanted; });
  const bool found = at != groups.end() && at->id == id;
  return static_cast<uint32_t>((found ? at : groups.end()) - groups.begin());
}

// Whether `plan` has all aggregates of a group of `read` in its own group.
bool Covers(const AggregatePlan& plan, const AggregatePlan::Group& own,
            const AggregatePlan& read, const AggregatePlan::Group& wanted) {
  const auto& shapes = plan.shapes();
  for (uint32_t i = wanted.begin; i < wanted.end; ++i) {
    const bool has = std::any_of(
        shapes.begin() + own.begin, shapes.begin() + own.end,
        [&](const auto& shape) { return shape.id == read.shapes()[i].id; });
    if (!has) return false;
  }
  return true;
}

}  // namespace

void Aggregates::Begin(Plan plan,
                       const std::vector<v1::AggregateTable>& tables) {
  std::vector<uint32_t> numbers;
  for (const v1::AggregateTable& table : tables) {
    tables_.push_back(std::make_unique<Table>(capacity_, table));
    numbers.push_back(table.number());
  }
  Change(std::move(plan), numbers, nullptr);
}

void Aggregates::BeginAll(Plan plan) {
  std::vector<v1::AggregateTable> tables;
  for (const auto& group : plan->groups()) {
    v1::AggregateTable& table = tables.emplace_back();
    table.set_number(static_cast<uint32_t>(tables.size()));
    table.set_group(group.id);
  }
  Begin(std::move(plan), tables);
}

void Aggregates::Change(Plan plan, const std::vector<uint32_t>& numbers,
                        Aggregates* filled) {
  std::vector<std::unique_ptr<Table>> all = std::move(tables_);
  if (filled != nullptr) {
    for (auto& table : filled->tables_) all.push_back(std::move(table));
    filled->tables_.clear();
  }
  tables_.clear();
  tables_.resize(plan->groups().size());
  for (auto& table : all) {
    const uint32_t group = GroupAt(*plan, table->group);
    const bool wanted = std::find(numbers.begin(), numbers.end(),
                                  table->number) != numbers.end();
    auto& place = wanted ? tables_[group] : retired_.emplace_back();
    place = std::move(table);
  }
  plan_ = std::move(plan);
  fields_ = FieldsCounted(*plan_);
  rebuilder_.Begin(*plan_, fields_);
  ++change_;
  found_.clear();
  CountedTables keyed{plan_, {}};
  for (const auto& table : tables_) keyed.numbers.push_back(table->number);
  keyed_ = std::make_shared<const CountedTables>(std::move(keyed));
  key_maker_ = MakeKeyMaker();
  Bind(read_);
}

std::vector<std::unique_ptr<Aggregates::Table>> Aggregates::TakeRetired() {
  return std::exchange(retired_, {});
}

void Aggregates::Bind(const scoring::AggregatePlan* read) {
  read_ = read;
  bound_.clear();
  if (read == nullptr) return;
  for (const AggregatePlan::Group& group : read->groups()) {
    // Without the ring an aggregate would pass for one with nothing in it.
    uint32_t at = kUnbound;
    if (plan_ != nullptr) {
      at = GroupAt(*plan_, group.id);
      if (at == plan_->groups().size() ||
          !Covers(*plan_, plan_->groups()[at], *read, group)) {
        at = kUnbound;
      }
    }
    bound_.push_back(at);
  }
  states_.resize(bound_.size());
}

uint64_t Aggregates::FoldedTo() const {
  uint64_t lowest = UINT64_MAX;
  for (const auto& table : tables_) {
    lowest = std::min(lowest, table->folded_to);
  }
  return lowest;
}

size_t Aggregates::dirty_count() const {
  size_t count = 0;
  for (const auto& table : tables_) count += table->table.dirty_count();
  return count;
}

void Aggregates::Trim() {
  for (const auto& table : tables_) table->table.Trim();
  found_.clear();
}

Aggregates::Found Aggregates::Find(const v1::Movement& movement) {
  key_maker_.Make(movement, &keys_);
  return Find(movement, keys_);
}

Aggregates::Found Aggregates::Find(const v1::Movement& movement,
                                   const CountedKeys& made) {
  // Tables have changed since.
  if (made.of != keyed_.get()) return Find(movement);
  const Found found{static_cast<uint32_t>(found_.size()), change_};
  for (uint32_t group = 0; group < tables_.size(); ++group) {
    const std::optional<EntityKey>& key = made.keys[group];
    found_.push_back(key ? tables_[group]->Find(*key) : nullptr);
  }
  return found;
}

void Aggregates::Prefetch(const CountedKeys& made) const {
  if (made.of != keyed_.get()) return;
  for (uint32_t group = 0; group < tables_.size(); ++group) {
    const std::optional<EntityKey>& key = made.keys[group];
    if (key) tables_[group]->table.Prefetch(*key);
  }
}

absl::Status Aggregates::Load() {
  const absl::Status status = LoadMissing(
      from_, [this](const auto& visit) { EachKind(visit); }, &buffers_);
  if (!status.ok() || from_.store == nullptr) return status;
  return CheckAggregates(buffers_, *this);
}

void Aggregates::PrefetchBehind(const Found& found) {
  const size_t tables = tables_.size();
  const size_t end = std::min(found_.size(), found.begin + 3 * tables);
  for (size_t i = found.begin + tables; i < end; ++i) {
    if (found_[i] == nullptr || !found_[i]->known()) continue;
    const v1::AggregateState& state = found_[i]->state();
    if (i < found.begin + 2 * tables) {
      scoring::PrefetchBuckets(state);
    } else {
      const auto& group = plan_->groups()[i - found.begin - 2 * tables];
      scoring::PrefetchHeads(state, group.end - group.begin);
    }
  }
}

absl::Span<const scoring::AggregateGroupState> Aggregates::States(
    const Found& found) {
  if (found.change == change_) PrefetchBehind(found);
  for (size_t i = 0; i < bound_.size(); ++i) {
    states_[i] = {};
    if (found.change != change_ || bound_[i] == kUnbound) continue;
    const Entry* const entry = found_[found.begin + bound_[i]];
    if (entry == nullptr) continue;
    states_[i].has_key = true;
    if (entry->known()) states_[i].state = &entry->state();
  }
  return states_;
}

v1::AggregateState* Aggregates::StateFor(const AggregateContribution& one,
                                         uint64_t sequence,
                                         const Found& found) {
  const uint32_t group = plan_->GroupOf(one.aggregate);
  Entry* const entry = found_[found.begin + group];
  if (entry == nullptr || sequence <= tables_[group]->folded_to) return nullptr;
  v1::AggregateState* const state = tables_[group]->table.Mutable(entry);
  state->set_last_sequence(sequence);
  return state;
}

void Aggregates::PutIn(uint64_t sequence, Contributions contributions,
                       const Found& found) {
  for (const AggregateContribution& one : contributions) {
    v1::AggregateState* const state = StateFor(one, sequence, found);
    if (state == nullptr) continue;
    FoldAggregate(plan_->shapes()[one.aggregate], one, state);
  }
}

void Aggregates::TakeOut(uint64_t sequence, const Found& found) {
  lost_.clear();
  for (const AggregateContribution& one : contributions_) {
    v1::AggregateState* const state = StateFor(one, sequence, found);
    if (state == nullptr) continue;
    const scoring::AggregateShape& shape = plan_->shapes()[one.aggregate];
    if (UndoAggregate(shape, one, state) !=
        scoring::UndoResult::kNeedsRecompute) {
      continue;
    }
    input_.StateKeyOf(plan_->GroupOf(one.aggregate), &key_);
    lost_.push_back({one.aggregate, scoring::StepOf(one.time_us, shape.step_us),
                     key_, state});
  }
}

void Aggregates::Fold(const scoring::JournaledMovement& input,
                      const Found& found) {
  if (found.change != change_ || tables_.empty()) return;
  input_.Begin(*plan_, *input.movement);
  for (uint32_t group = 0; group < tables_.size(); ++group) {
    input_.RememberKey(group, found_[found.begin + group] != nullptr);
  }
  input_.Contributions(input.movement_key, &contributions_);
  PutIn(input.sequence, contributions_, found);
}

absl::Status Aggregates::Unfold(const scoring::JournaledMovement& input,
                                const v1::Movement& prior, const Found& found,
                                ReadOccurred read) {
  if (found.change != change_ || tables_.empty()) return absl::OkStatus();
  input_.Begin(*plan_, prior);
  input_.Contributions(input.movement_key, &contributions_);
  TakeOut(input.sequence, found);
  if (lost_.empty()) return absl::OkStatus();
  return rebuilder_.Rebuild(lost_, input.movement_key, input.sequence, read);
}

void Aggregates::ForgetRead() {
  if (plan_ != nullptr) rebuilder_.Begin(*plan_, fields_);
}

void Aggregates::AddContributedKeys() {
  uint32_t last = UINT32_MAX;
  for (const AggregateContribution& one : contributions_) {
    const uint32_t group = plan_->GroupOf(one.aggregate);
    if (group == last) continue;
    last = group;
    if (!input_.StateKeyOf(group, &key_)) continue;
    const EntityKey key = AggregateKey(tables_[group]->number, key_);
    tables_[group]->table.Prefetch(key);
    added_keys_.emplace_back(group, key);
  }
}

absl::Status Aggregates::AddRecord(uint64_t sequence,
                                   const StoredMovement& record,
                                   ReadRecord read,
                                   ReadOccurred read_occurred) {
  if (tables_.empty()) return absl::OkStatus();
  const auto corrected = CorrectedBy(sequence, record);
  if (!corrected.ok()) return corrected.status();
  if (*corrected > 0) {
    absl::Status status =
        TakeOutCorrected(sequence, *corrected, read, read_occurred);
    if (!status.ok()) return status;
  }
  if (!fields_.Take(record.movement, &selected_) ||
      !movement_.ParseFromString(selected_)) {
    return RecordDamaged(sequence);
  }
  input_.Begin(*plan_, movement_);
  input_.Contributions(/*movement_key=*/0, &contributions_);
  // Many movements are counted nowhere; a hash costs as much as that.
  if (contributions_.empty()) return absl::OkStatus();
  const uint64_t movement_key =
      MovementKey(IdentityOf(movement_.source(), movement_.id()));
  AddContributedKeys();
  for (AggregateContribution& one : contributions_) {
    one.movement_key = movement_key;
    if (!one.text.empty())
      one.text = added_texts_.emplace_back(std::string(one.text));
    added_contributions_.push_back(one);
  }
  added_.push_back({sequence, added_contributions_.size(), added_keys_.size()});
  return added_.size() < kAddedMax ? absl::OkStatus() : FoldAdded();
}

absl::Status Aggregates::TakeOutCorrected(uint64_t sequence, uint64_t corrected,
                                          ReadRecord read,
                                          ReadOccurred read_occurred) {
  absl::Status status = FoldAdded();
  if (!status.ok()) return status;
  auto stored = read(corrected);
  if (!stored.ok()) return stored.status();
  if (stored->movement().empty()) return status;  // Removed by its age.
  if (!prior_.ParseFromString(stored->movement())) {
    return RecordDamaged(corrected);
  }
  Trim();
  const Found found = Find(prior_);
  status = Load();
  if (!status.ok()) return status;
  const uint64_t movement_key =
      MovementKey(IdentityOf(prior_.source(), prior_.id()));
  input_.Begin(*plan_, prior_);
  input_.Contributions(movement_key, &contributions_);
  TakeOut(sequence, found);
  if (lost_.empty()) return absl::OkStatus();
  return rebuilder_.Rebuild(lost_, movement_key, sequence, read_occurred);
}

absl::Status Aggregates::FoldAdded() {
  if (added_.empty()) return absl::OkStatus();
  Trim();
  const size_t groups = tables_.size();
  found_.assign(added_.size() * groups, nullptr);
  size_t key = 0;
  for (size_t i = 0; i < added_.size(); ++i) {
    for (; key < added_[i].keys_end; ++key) {
      const auto& [group, name] = added_keys_[key];
      found_[i * groups + group] = tables_[group]->Find(name);
    }
  }
  absl::Status status = Load();
  size_t begin = 0;
  for (size_t i = 0; status.ok() && i < added_.size(); ++i) {
    const size_t end = added_[i].contributions_end;
    PutIn(added_[i].sequence,
          Contributions(added_contributions_).subspan(begin, end - begin),
          {static_cast<uint32_t>(i * groups), change_});
    begin = end;
  }
  added_.clear();
  added_contributions_.clear();
  added_keys_.clear();
  added_texts_.clear();
  return status;
}

void Aggregates::AppendKeys(const v1::Movement& movement,
                            std::vector<EntityKey>* keys) {
  key_maker_.Make(movement, &keys_);
  for (const auto& key : keys_.keys) {
    if (key) keys->push_back(*key);
  }
}

void Aggregates::Freeze(uint64_t sequence) {
  frozen_at_ = sequence;
  frozen_.clear();
  for (const auto& table : tables_) {
    // While opening folds up to there: nothing of it has changed.
    if (table->folded_to > sequence) continue;
    table->table.Freeze();
    table->StartAt(sequence);
    frozen_.push_back(table.get());
  }
}

void Aggregates::TakeFrozen(KeyValues* out) {
  v1::AggregateProgress progress;
  progress.set_sequence(frozen_at_);
  for (Table* const table : frozen_) {
    table->table.TakeFrozen(out);
    out->emplace_back(std::string(AggregateProgressKey(table->number).view()),
                      progress.SerializeAsString());
  }
}

void Aggregates::Thaw() {
  for (Table* const table : frozen_) table->table.Thaw();
  frozen_.clear();
}

}  // namespace portrisk::service
