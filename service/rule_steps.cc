#include "service/rule_steps.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "service/aggregate_tables.h"
#include "service/catalogue.h"
#include "service/errors.h"
#include "service/list_store.h"

namespace portrisk::service {
namespace {

// Movements that the last step of a warming may still have to fold, while the
// loop waits: what may stand in the queue before it.
constexpr uint64_t kBehindMax = 20'000;

absl::Status RolloutUnderway(const v1::Revision& revision) {
  return Error(
      absl::StatusCode::kFailedPrecondition, "ROLLOUT_UNDERWAY",
      absl::StrCat("revision ", revision.revision(), " of ",
                   revision.rule_set(),
                   " is being rolled out; finish it (`rules share ",
                   revision.revision(), " 100%`) or roll it back first"));
}

// Refuses suppressions that their targets do not allow, and lists of another
// type than the one loaded.
absl::Status CheckActivation(const store::Store& store,
                             const RuleSets& rule_sets,
                             const v1::Catalogue& catalogue,
                             uint64_t revision) {
  auto members = MembersInForce(store, rule_sets, catalogue);
  if (!members.ok()) return members.status();
  for (const scoring::Programme::Member& member : *members) {
    if (member.revision != revision) continue;
    const std::vector<std::string> problems =
        scoring::CheckSuppressions(member, *members);
    if (!problems.empty()) {
      return Error(absl::StatusCode::kFailedPrecondition,
                   "SUPPRESSION_NOT_ALLOWED",
                   absl::StrCat("the revision suppresses what it may not: ",
                                absl::StrJoin(problems, "; ")));
    }
    for (const scoring::ListUse& use : scoring::ListsUsed(*member.rule_set)) {
      const v1::ListVersion* list = FindList(catalogue, use.name);
      if (list == nullptr || EntryTypeOf(list->type()) == use.type) continue;
      return Error(
          absl::StatusCode::kFailedPrecondition, "LIST_OF_OTHER_TYPE",
          absl::StrCat(
              "the revision takes list ", use.name, " for one of ",
              scoring::cel::EntryTypeNames()[static_cast<size_t>(use.type)],
              ", and it was loaded as ", ListTypeName(list->type()),
              "; write that type into the rule set"));
    }
  }
  return absl::OkStatus();
}

// Marks the tables of the warming as in use, but for those that a later one of
// the same key expression has overtaken: that has all that is needed. Earlier
// ones give way. Returns their numbers.
std::vector<uint32_t> PutInUse(uint64_t revision, v1::Catalogue* catalogue) {
  std::vector<uint32_t> numbers;
  for (v1::AggregateTable& table : *catalogue->mutable_tables()) {
    if (table.warming_revision() != revision || table.ready_sequence() > 0) {
      continue;
    }
    numbers.push_back(table.number());
    table.set_ready_sequence(1);  // The position is the record's to say.
  }
  return numbers;
}

// Those that a warming of the revision has begun with.
std::vector<uint32_t> BeingFilled(const v1::Catalogue& catalogue,
                                  uint64_t revision) {
  std::vector<uint32_t> numbers;
  for (const v1::AggregateTable& table : catalogue.tables()) {
    if (table.warming_revision() == revision && table.ready_sequence() == 0) {
      numbers.push_back(table.number());
    }
  }
  return numbers;
}

// All but the latest in use of each key expression.
std::vector<uint32_t> Overtaken(const v1::Catalogue& catalogue) {
  std::vector<uint32_t> numbers;
  for (const v1::AggregateTable& table : catalogue.tables()) {
    if (table.ready_sequence() == 0) continue;
    for (const v1::AggregateTable& other : catalogue.tables()) {
      if (other.group() == table.group() && other.ready_sequence() > 0 &&
          other.number() > table.number()) {
        numbers.push_back(table.number());
        break;
      }
    }
  }
  return numbers;
}

// The steps on their way to the journal.
class Taking {
 public:
  Taking(Engine* engine, v1::Catalogue catalogue, std::vector<RuleStep> steps,
         const Caller& caller)
      : engine_(engine),
        catalogue_(std::move(catalogue)),
        steps_(std::move(steps)),
        caller_(caller) {}

  absl::StatusOr<v1::Revision> Run(const FilledTables* filled);

 private:
  // Writes the steps into the catalogue as it will be.
  void Apply();
  // The last step becomes WARMING; of the others only the calling off of
  // warmings is left.
  absl::Status Warm(const v1::Catalogue& before);
  // Checks what would come into force and compiles it.
  absl::Status Compile(const v1::RevisionEvent& event);
  // What nobody needs any more, and the plan of what is left.
  absl::Status ChangeTables();
  void RemoveTables(std::vector<uint32_t> numbers);
  // In the loop.
  absl::Status Take(const FilledTables* filled, Core* core) const;
  absl::Status CatchUp(const FilledTables& filled, Core* core) const;
  void Journal(Core* core) const;

  Engine* const engine_;
  v1::Catalogue catalogue_;
  std::vector<RuleStep> steps_;
  const Caller& caller_;

  std::shared_ptr<const store::Store> store_;
  std::shared_ptr<const scoring::Programme> programme_;
  bool observes_ = false;
  std::vector<v1::AggregateTable> made_;
  std::vector<uint32_t> ready_;
  std::vector<uint32_t> dropped_;
  Aggregates::Plan plan_;
};

void Taking::Apply() {
  // Behind all that is journaled; what a rollback would bring back depends on
  // the order.
  uint64_t sequence = uint64_t{1} << 63;
  for (const RuleStep& step : steps_) {
    v1::Revision* revision = FindRevision(&catalogue_, step.revision);
    revision->set_state(step.event.state());
    revision->set_share_ppm(step.event.share_ppm());
    v1::RevisionEvent* const event = revision->add_events();
    *event = step.event;
    event->set_sequence(sequence++);
  }
}

absl::Status Taking::Warm(const v1::Catalogue& before) {
  v1::RevisionEvent& event = steps_.back().event;
  event.set_goal(event.state());
  event.set_state(v1::WARMING);
  steps_.erase(std::remove_if(steps_.begin(), steps_.end() - 1,
                              [&](const RuleStep& step) {
                                const v1::Revision* const revision =
                                    FindRevision(before, step.revision);
                                return revision->state() != v1::WARMING;
                              }),
               steps_.end() - 1);
  const std::shared_ptr<const scoring::Programme> wanted = programme_;
  catalogue_ = before;
  Apply();
  auto programme = CompileInForce(*store_, engine_->rule_sets(), catalogue_);
  if (!programme.ok()) return programme.status();
  programme_ = *std::move(programme);
  observes_ = false;
  auto needed = NeededBy(*store_, engine_->rule_sets(), catalogue_);
  if (!needed.ok()) return needed.status();
  made_ = TablesToMake(*wanted, catalogue_, *needed, steps_.back().revision);
  return absl::OkStatus();
}

void Taking::RemoveTables(std::vector<uint32_t> numbers) {
  auto* const tables = catalogue_.mutable_tables();
  tables->erase(std::remove_if(tables->begin(), tables->end(),
                               [&](const v1::AggregateTable& table) {
                                 return std::find(
                                            numbers.begin(), numbers.end(),
                                            table.number()) != numbers.end();
                               }),
                tables->end());
  dropped_.insert(dropped_.end(), numbers.begin(), numbers.end());
}

absl::Status Taking::ChangeTables() {
  auto needed = NeededBy(*store_, engine_->rule_sets(), catalogue_);
  if (!needed.ok()) return needed.status();
  RemoveTables(TablesToDrop(catalogue_, *needed));
  if (dropped_.empty() && ready_.empty()) return absl::OkStatus();
  auto plan = PlanOf(*store_, engine_->rule_sets(), TablesInUse(catalogue_));
  if (plan.ok()) plan_ = *std::move(plan);
  return plan.status();
}

absl::Status Taking::CatchUp(const FilledTables& filled, Core* core) const {
  const uint64_t folded_to = filled.aggregates->FoldedTo();
  const uint64_t behind =
      core->last_sequence() - std::min(core->last_sequence(), folded_to);
  if (engine_->store_epoch() != filled.store_epoch || behind > kBehindMax) {
    return absl::AbortedError("the journal has gone on");
  }
  return core->CatchUp(filled.aggregates);
}

void Taking::Journal(Core* core) const {
  for (const RuleStep& step : steps_) {
    v1::JournalRecord record;
    caller_.Sign(&record);
    v1::RuleRecord* rule = record.mutable_rule();
    rule->set_revision(step.revision);
    *rule->mutable_event() = step.event;
    rule->mutable_event()->set_caller(caller_.name);
    if (&step == &steps_.back()) {
      if (observes_) *rule->mutable_statistics() = catalogue_.statistics();
      for (const v1::AggregateTable& table : made_) {
        *rule->add_made_tables() = table;
      }
      for (const uint32_t number : ready_) rule->add_ready_tables(number);
      for (const uint32_t number : dropped_) rule->add_dropped_tables(number);
    }
    core->Append(std::move(record), {});
  }
}

absl::Status Taking::Compile(const v1::RevisionEvent& event) {
  absl::Status status;
  if (event.state() == v1::ACTIVE && !event.rollback()) {
    status = CheckActivation(*store_, engine_->rule_sets(), catalogue_,
                             steps_.back().revision);
  }
  if (!status.ok()) return status;
  // What comes into force is laid out for the movements of late; that is kept
  // with the step, so that a restart lays it out the same way.
  observes_ = event.state() == v1::ACTIVE;
  if (observes_) {
    auto statistics = engine_->ObserveMovements();
    if (!statistics.ok()) return statistics.status();
    *catalogue_.mutable_statistics() = *std::move(statistics);
  }
  auto programme = CompileInForce(*store_, engine_->rule_sets(), catalogue_);
  if (programme.ok()) programme_ = *std::move(programme);
  return programme.status();
}

absl::Status Taking::Take(const FilledTables* filled, Core* core) const {
  if (filled != nullptr) {
    absl::Status ready = CatchUp(*filled, core);
    if (!ready.ok()) return ready;
  }
  Journal(core);
  if (plan_ != nullptr) {
    core->ChangeAggregates(plan_, NumbersOf(TablesInUse(catalogue_)),
                           filled == nullptr ? nullptr : filled->aggregates);
    core->DropTables(dropped_);
  }
  core->SetProgramme(programme_);
  return absl::OkStatus();
}

absl::StatusOr<v1::Revision> Taking::Run(const FilledTables* filled) {
  const v1::Catalogue before = catalogue_;
  const RuleStep last = steps_.back();
  Apply();
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  store_ = *std::move(store);
  if (filled != nullptr) {
    ready_ = PutInUse(last.revision, &catalogue_);
    RemoveTables(Overtaken(catalogue_));
  }
  absl::Status status = Compile(last.event);
  if (!status.ok()) return status;
  const bool enters =
      last.event.state() == v1::ACTIVE || last.event.state() == v1::SHADOW;
  if (enters && !AllInUse(*programme_, catalogue_)) {
    // Also when a table that is full would take the place of one with an
    // aggregate that has come into use meanwhile.
    filled = nullptr;
    ready_.clear();
    dropped_.clear();
    status = Warm(before);
    RemoveTables(BeingFilled(catalogue_, last.revision));
  }
  if (status.ok()) status = ChangeTables();
  store_.reset();
  if (status.ok() && filled != nullptr) status = filled->catch_up();
  if (!status.ok()) return status;
  v1::Revision changed;
  status = engine_->Run([&](Core& core) {
    absl::Status taken = Take(filled, &core);
    if (taken.ok()) changed = *FindRevision(core.catalogue(), last.revision);
    return taken;
  });
  if (!status.ok()) return status;
  for (const RuleStep& step : steps_) {
    if (FindRevision(before, step.revision)->state() == v1::WARMING &&
        step.event.state() == v1::RETIRED) {
      engine_->warming().CallOff(step.revision);
    }
  }
  return changed;
}

}  // namespace

v1::RevisionEvent EventOf(v1::RevisionState state, std::string note,
                          uint32_t share_ppm) {
  v1::RevisionEvent event;
  event.set_state(state);
  event.set_note(std::move(note));
  event.set_share_ppm(share_ppm);
  return event;
}

absl::StatusOr<std::vector<RuleStep>> StepsTo(const v1::Catalogue& catalogue,
                                              uint64_t revision,
                                              const v1::RevisionEvent& event) {
  const v1::RevisionState state = event.state();
  const std::string& rule_set = FindRevision(catalogue, revision)->rule_set();
  const std::string replaced =
      absl::StrCat(event.rollback() ? "rolled back to" : "replaced by",
                   " revision ", revision);
  std::vector<RuleStep> steps;
  for (const v1::Revision& other : catalogue.revisions()) {
    if (other.rule_set() != rule_set || other.revision() == revision) continue;
    const bool overtakes =
        other.state() == v1::WARMING && WarmingBegun(other).goal() == state;
    if (state == v1::SHADOW && (other.state() == v1::SHADOW || overtakes)) {
      steps.push_back({other.revision(), EventOf(v1::RETIRED, replaced)});
    } else if (state == v1::ACTIVE && overtakes) {
      steps.push_back({other.revision(), EventOf(v1::RETIRED, replaced)});
    } else if (state == v1::ACTIVE && other.state() == v1::ACTIVE) {
      // Its roll-out ends with the revision before it in force for all units;
      // that one carries no share, so nothing is to be written.
      if (event.share_ppm() == 0) {
        steps.push_back({other.revision(), EventOf(v1::RETIRED, replaced)});
        steps.back().event.set_rollback(event.rollback());
      } else if (other.share_ppm() > 0) {
        return RolloutUnderway(other);
      }
    }
  }
  steps.push_back({revision, event});
  return steps;
}

absl::StatusOr<v1::Revision> TakeSteps(Engine* engine, v1::Catalogue catalogue,
                                       std::vector<RuleStep> steps,
                                       const Caller& caller,
                                       const FilledTables* filled) {
  return Taking(engine, std::move(catalogue), std::move(steps), caller)
      .Run(filled);
}

}  // namespace portrisk::service
