#include "service/rule_sets.h"

#include "absl/strings/str_cat.h"
#include "portrisk/v1/journal.pb.h"
#include "scoring/statistics.h"
#include "service/background.h"
#include "service/catalogue.h"
#include "service/core.h"
#include "service/errors.h"
#include "service/keys.h"
#include "service/list_store.h"

namespace portrisk::service {
namespace {

// Movements that are looked at to learn what movements look like.
constexpr uint64_t kObservedMax = 4096;

}  // namespace

absl::StatusOr<v1::Revision> ReadRevision(const store::Store& store,
                                          uint64_t revision) {
  auto stored =
      store.Get(store::Table::kRuleSets, store::BigEndian64(revision));
  if (!stored.ok()) return stored.status();
  v1::Revision result;
  if (!*stored) {
    return Error(absl::StatusCode::kNotFound, "NOT_FOUND",
                 absl::StrCat("no revision ", revision,
                              "; `portrisk rules list` shows them"));
  }
  if (!result.ParseFromString(**stored) ||
      ContentHash(result.yaml()) != result.content_hash()) {
    return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
                 absl::StrCat("revision ", revision,
                              " is not what was stored; run `portrisk verify` "
                              "and restore a backup"));
  }
  return result;
}

std::shared_ptr<const scoring::RuleSet> RuleSets::Find(
    uint64_t revision) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = sets_.find(revision);
  return found == sets_.end() ? nullptr : found->second;
}

absl::StatusOr<std::shared_ptr<const scoring::RuleSet>> RuleSets::Get(
    const store::Store& store, uint64_t revision) const {
  if (auto found = Find(revision)) return found;
  auto stored = ReadRevision(store, revision);
  if (!stored.ok()) return stored.status();
  scoring::CheckResult checked = RunBehind([&] {
    return scoring::CheckRuleSet(stored->yaml(),
                                 absl::StrCat("revision ", revision));
  });
  if (checked.rule_set == nullptr) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "RULE_SET_NOT_UNDERSTOOD",
        absl::StrCat("revision ", revision, " of ", stored->rule_set(),
                     " was written for another version of this program: ",
                     checked.issues.empty() ? "no rule set"
                                            : checked.issues[0].message()));
  }
  std::lock_guard<std::mutex> lock(mutex_);
  return sets_.try_emplace(revision, checked.rule_set).first->second;
}

void RuleSets::Keep(uint64_t revision,
                    std::shared_ptr<const scoring::RuleSet> rule_set) const {
  std::lock_guard<std::mutex> lock(mutex_);
  sets_.try_emplace(revision, std::move(rule_set));
}

absl::StatusOr<v1::Catalogue> ReadCatalogue(const store::Store& store) {
  auto stored = store.Get(store::Table::kRuleSets, kCatalogueKey);
  if (!stored.ok()) return stored.status();
  v1::Catalogue catalogue;
  if (*stored && !catalogue.ParseFromString(**stored)) {
    return StoreDamaged("the catalogue of rule sets");
  }
  return catalogue;
}

absl::StatusOr<std::vector<scoring::Programme::Member>> MembersInForce(
    const store::Store& store, const RuleSets& rule_sets,
    const v1::Catalogue& catalogue) {
  const auto shares = SharesOf(catalogue);
  std::vector<scoring::Programme::Member> members;
  for (const v1::Revision& revision : catalogue.revisions()) {
    const bool shadow = revision.state() == v1::SHADOW;
    if (revision.state() != v1::ACTIVE && !shadow) continue;
    auto rule_set = rule_sets.Get(store, revision.revision());
    if (!rule_set.ok()) return rule_set.status();
    scoring::Programme::Member member{revision.revision(), *std::move(rule_set),
                                      shadow};
    for (const scoring::Programme::Share& share : shares) {
      if (share.revision != revision.revision()) continue;
      member.units_begin = share.units_begin;
      member.units_end = share.units_end;
    }
    members.push_back(std::move(member));
  }
  return members;
}

absl::StatusOr<v1::Statistics> Observe(const store::Store& store,
                                       uint64_t last_sequence) {
  scoring::StatisticsBuilder builder;
  const uint64_t from =
      last_sequence > kObservedMax ? last_sequence - kObservedMax + 1 : 1;
  absl::Status status = store.ScanJournal(from, [&](const store::Block& block) {
    v1::JournalBlock parsed;
    v1::Movement movement;
    if (!parsed.ParseFromString(block.bytes)) {
      return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
                   "a block of the journal does not parse");
    }
    for (const v1::JournalRecord& record : parsed.records()) {
      if (record.has_movement() &&
          movement.ParseFromString(record.movement().movement())) {
        builder.Add(movement);
      }
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return builder.Take(last_sequence);
}

absl::StatusOr<std::shared_ptr<const scoring::Programme>> CompileInForce(
    const store::Store& store, const RuleSets& rule_sets,
    const v1::Catalogue& catalogue) {
  auto members = MembersInForce(store, rule_sets, catalogue);
  if (!members.ok()) return members.status();
  return RunBehind([&] {
    return scoring::Programme::Compile(*std::move(members),
                                       catalogue.statistics());
  });
}

absl::StatusOr<v1::ReferenceTable> LoadReferenceTable(
    const store::Store& store, const std::string& version) {
  v1::ReferenceTable table;
  if (version.empty()) return table;
  auto stored = store.Get(store::Table::kReference, version);
  if (!stored.ok()) return stored.status();
  if (!*stored || !table.ParseFromString(**stored)) {
    return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
                 absl::StrCat("reference data ", version,
                              " is missing or does not parse"));
  }
  return table;
}

absl::StatusOr<std::shared_ptr<const scoring::Reference>> LoadReference(
    const store::Store& store, const std::string& version) {
  auto table = LoadReferenceTable(store, version);
  if (!table.ok()) return table.status();
  return std::make_shared<const scoring::Reference>(*table, version);
}

absl::Status LoadInForce(const store::Store& store, RuleSets* rule_sets,
                         Core* core) {
  auto programme = CompileInForce(store, *rule_sets, core->catalogue());
  if (!programme.ok()) return programme.status();
  core->SetProgramme(*std::move(programme));
  for (const v1::ListVersion* list : ListsInForce(core->catalogue())) {
    auto entries = LoadListEntries(store, *list);
    if (!entries.ok()) return entries.status();
    core->SetList({list->name(), list->version(), *std::move(entries)});
  }
  if (core->catalogue().has_profile()) {
    core->SetProfiles(std::make_shared<const scoring::SelectionProfiles>(
        core->catalogue().profile()));
  }
  auto reference = LoadReference(store, core->catalogue().reference_version());
  if (!reference.ok()) return reference.status();
  core->SetReference(*std::move(reference));
  return absl::OkStatus();
}

}  // namespace portrisk::service
