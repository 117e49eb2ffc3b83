#include "service/aggregate_tables.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "service/catalogue.h"
#include "service/errors.h"
#include "service/keys.h"

namespace portrisk::service {
namespace {

bool IsNeeding(const v1::Revision& revision) {
  return revision.state() == v1::ACTIVE || revision.state() == v1::SHADOW ||
         revision.state() == v1::WARMING;
}

std::set<uint64_t> RevisionsThatNeed(const v1::Catalogue& catalogue) {
  std::set<uint64_t> revisions;
  for (const v1::Revision& revision : catalogue.revisions()) {
    if (!IsNeeding(revision)) continue;
    revisions.insert(revision.revision());
    const uint64_t previous = PreviousActive(catalogue, revision.rule_set());
    if (previous > 0) revisions.insert(previous);
  }
  return revisions;
}

std::set<uint64_t> AggregatesInUse(const v1::Catalogue& catalogue) {
  std::set<uint64_t> ids;
  for (const v1::AggregateTable& table : catalogue.tables()) {
    if (table.ready_sequence() == 0) continue;
    ids.insert(table.aggregates().begin(), table.aggregates().end());
  }
  return ids;
}

}  // namespace

std::vector<v1::AggregateTable> TablesInUse(const v1::Catalogue& catalogue) {
  std::vector<v1::AggregateTable> tables;
  for (const v1::AggregateTable& table : catalogue.tables()) {
    if (table.ready_sequence() > 0) tables.push_back(table);
  }
  return tables;
}

std::vector<uint32_t> NumbersOf(const std::vector<v1::AggregateTable>& tables) {
  std::vector<uint32_t> numbers;
  for (const v1::AggregateTable& table : tables) {
    numbers.push_back(table.number());
  }
  return numbers;
}

bool HasTable(const v1::Catalogue& catalogue, uint32_t number) {
  return std::any_of(
      catalogue.tables().begin(), catalogue.tables().end(),
      [&](const auto& table) { return table.number() == number; });
}

absl::StatusOr<Aggregates::Plan> PlanOf(
    const store::Store& store, const RuleSets& rule_sets,
    const std::vector<v1::AggregateTable>& tables) {
  std::vector<scoring::AggregatePlan::Use> uses;
  for (const v1::AggregateTable& table : tables) {
    const std::vector<uint64_t> ids(table.aggregates().begin(),
                                    table.aggregates().end());
    for (const uint64_t revision : table.revisions()) {
      auto rule_set = rule_sets.Get(store, revision);
      if (!rule_set.ok()) return rule_set.status();
      uses.push_back(scoring::AggregatePlan::UseOf(**rule_set, ids));
    }
  }
  Aggregates::Plan plan = scoring::AggregatePlan::Make(uses);
  size_t declared = 0;
  for (const v1::AggregateTable& table : tables) {
    declared += static_cast<size_t>(table.aggregates_size());
  }
  if (plan->groups().size() == tables.size() &&
      plan->shapes().size() == declared) {
    return plan;
  }
  return Error(absl::StatusCode::kFailedPrecondition, "RULE_SET_NOT_UNDERSTOOD",
               "the aggregates in the store were declared for another version "
               "of this program, which reads the declarations differently");
}

bool LooksAtNames(const scoring::AggregatePlan& plan, uint64_t group) {
  static constexpr absl::string_view kParties[] = {
      "haulier",      "carrier",   "shipper",   "consignee",
      "notify_party", "declarant", "forwarder", "terminal",
      "actor",        "recipient", "nominee",   "plate"};
  for (uint32_t i = 0; i < plan.shapes().size(); ++i) {
    if (plan.groups()[plan.GroupOf(i)].id != group) continue;
    // A line each: keys, then the condition and what is counted.
    for (const absl::string_view line :
         absl::StrSplit(plan.Canonical(i), '\n')) {
      if (absl::StartsWith(line, "key ") ||
          absl::StartsWith(line, "portrisk ") ||
          absl::StrContains(line, "pseudonyms")) {
        continue;
      }
      for (const absl::string_view party : kParties) {
        if (absl::StrContains(line, party)) return true;
      }
    }
  }
  return false;
}

absl::StatusOr<uint64_t> FilledTo(const store::Store& store, uint32_t number) {
  auto stored =
      store.Get(store::Table::kStates, AggregateProgressKey(number).view());
  if (!stored.ok()) return stored.status();
  v1::AggregateProgress progress;
  if (*stored && !progress.ParseFromString(**stored)) {
    return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
                 "the progress of a table of aggregates does not parse; run "
                 "`portrisk verify` and restore a backup");
  }
  return progress.sequence();
}

absl::StatusOr<NeededAggregates> NeededBy(const store::Store& store,
                                          const RuleSets& rule_sets,
                                          const v1::Catalogue& catalogue) {
  NeededAggregates needed;
  for (const uint64_t revision : RevisionsThatNeed(catalogue)) {
    auto rule_set = rule_sets.Get(store, revision);
    if (!rule_set.ok()) return rule_set.status();
    for (const auto& shape : scoring::AggregatesOf(**rule_set)) {
      needed[shape.group].emplace(shape.id, revision);
    }
  }
  return needed;
}

bool AllInUse(const scoring::Programme& programme,
              const v1::Catalogue& catalogue) {
  const std::set<uint64_t> in_use = AggregatesInUse(catalogue);
  const auto& shapes = programme.aggregates().shapes();
  return std::all_of(shapes.begin(), shapes.end(), [&](const auto& shape) {
    return in_use.count(shape.id) > 0;
  });
}

std::vector<v1::AggregateTable> TablesToMake(
    const scoring::Programme& programme, const v1::Catalogue& catalogue,
    const NeededAggregates& needed, uint64_t revision) {
  const std::set<uint64_t> in_use = AggregatesInUse(catalogue);
  std::set<uint64_t> groups;
  for (const auto& shape : programme.aggregates().shapes()) {
    if (in_use.count(shape.id) == 0) groups.insert(shape.group);
  }
  std::vector<v1::AggregateTable> tables;
  for (const uint64_t group : groups) {
    v1::AggregateTable& table = tables.emplace_back();
    table.set_number(catalogue.tables_made() +
                     static_cast<uint32_t>(tables.size()));
    table.set_group(group);
    table.set_warming_revision(revision);
    std::set<uint64_t> revisions;
    for (const auto& [id, declared_by] : needed.at(group)) {
      table.add_aggregates(id);
      revisions.insert(declared_by);
    }
    for (const uint64_t one : revisions) table.add_revisions(one);
  }
  return tables;
}

std::vector<uint32_t> TablesToDrop(const v1::Catalogue& catalogue,
                                   const NeededAggregates& needed) {
  std::vector<uint32_t> drop;
  for (const v1::AggregateTable& table : catalogue.tables()) {
    if (table.ready_sequence() == 0) {
      const v1::Revision* const revision =
          FindRevision(catalogue, table.warming_revision());
      if (revision == nullptr || revision->state() != v1::WARMING) {
        drop.push_back(table.number());
      }
      continue;
    }
    const auto group = needed.find(table.group());
    const bool any =
        group != needed.end() &&
        std::any_of(table.aggregates().begin(), table.aggregates().end(),
                    [&](uint64_t id) { return group->second.count(id) > 0; });
    if (!any) drop.push_back(table.number());
  }
  return drop;
}

}  // namespace portrisk::service
