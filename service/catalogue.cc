#include "service/catalogue.h"

#include <algorithm>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "service/errors.h"

namespace portrisk::service {
namespace {

void FoldTables(const v1::RuleRecord& rule, v1::Catalogue* catalogue) {
  for (const v1::AggregateTable& table : rule.made_tables()) {
    *catalogue->add_tables() = table;
    catalogue->set_tables_made(
        std::max(catalogue->tables_made(), table.number()));
  }
  auto* const tables = catalogue->mutable_tables();
  for (v1::AggregateTable& table : *tables) {
    for (const uint32_t ready : rule.ready_tables()) {
      if (table.number() == ready) {
        table.set_ready_sequence(rule.event().sequence());
      }
    }
  }
  const auto dropped = [&](const v1::AggregateTable& table) {
    return std::find(rule.dropped_tables().begin(), rule.dropped_tables().end(),
                     table.number()) != rule.dropped_tables().end();
  };
  tables->erase(std::remove_if(tables->begin(), tables->end(), dropped),
                tables->end());
}

void FoldRule(const v1::RuleRecord& rule, v1::Catalogue* catalogue) {
  FoldTables(rule, catalogue);
  if (rule.has_statistics()) {
    *catalogue->mutable_statistics() = rule.statistics();
  }
  if (rule.has_created()) {
    v1::Revision* made = catalogue->add_revisions();
    *made = rule.created();
    made->clear_breakers();
    return;
  }
  v1::Revision* revision = FindRevision(catalogue, rule.revision());
  if (revision == nullptr) return;
  const v1::RevisionEvent& event = rule.event();
  *revision->add_events() = event;
  revision->set_state(event.state());
  revision->set_share_ppm(event.share_ppm());
  if (rule.has_tripped()) *revision->add_overrides() = rule.tripped();
  if (!rule.reset_rule().empty()) {
    auto* overrides = revision->mutable_overrides();
    overrides->erase(std::remove_if(overrides->begin(), overrides->end(),
                                    [&](const v1::RuleOverride& one) {
                                      return one.rule() == rule.reset_rule();
                                    }),
                     overrides->end());
  }
}

// A version that comes into force retires the one before it.
void FoldProfile(const v1::ProfileRecord& record, v1::Catalogue* catalogue) {
  if (record.has_created()) {
    v1::SelectionProfileVersion* made = catalogue->add_profiles();
    *made = record.created();
    made->clear_yaml();
    made->clear_profile();
    return;
  }
  for (v1::SelectionProfileVersion& one : *catalogue->mutable_profiles()) {
    if (one.version() == record.version()) {
      one.set_state(record.event().state());
      *one.add_events() = record.event();
    } else if (record.has_activated() && one.state() == v1::ACTIVE) {
      one.set_state(v1::RETIRED);
      v1::RevisionEvent* event = one.add_events();
      *event = record.event();
      event->set_state(v1::RETIRED);
    }
  }
  if (record.has_activated())
    *catalogue->mutable_profile() = record.activated();
}

void FoldErasure(const v1::JournalRecord& record, v1::Catalogue* catalogue) {
  const v1::ErasureStep& step = record.audit().erasure();
  if (step.has_begun()) {
    v1::Erasure* const made = catalogue->add_erasures();
    *made = step.begun();
    made->set_caller(record.caller());
    made->set_state(v1::ERASURE_SEARCHING);
    *made->mutable_create_time() = record.recorded_time();
    if (made->kind() == v1::SUBJECT_MOVEMENTS) {
      made->set_state(v1::ERASURE_REWRITING);  // There is nothing to search.
      made->set_last_entry_sequence(record.sequence());
      catalogue->set_removed_sequence(made->removed_sequence());
    }
    return;
  }
  if (step.has_base()) {
    *catalogue->mutable_base() = step.base();
    return;
  }
  const int at = static_cast<int>(step.erasure()) - 1;
  if (at < 0 || at >= catalogue->erasures_size()) return;
  v1::Erasure* const one = catalogue->mutable_erasures(at);
  if (step.finished()) {
    one->set_state(v1::ERASURE_FINISHED);
    *one->mutable_end_time() = record.recorded_time();
    return;
  }
  one->set_records(one->records() + static_cast<uint64_t>(step.records_size()));
  one->set_searched_sequence(step.searched_sequence());
  one->set_last_entry_sequence(record.sequence());
  if (step.all_named()) one->set_state(v1::ERASURE_REWRITING);
}

}  // namespace

void FoldIntoCatalogue(const v1::JournalRecord& record,
                       v1::Catalogue* catalogue) {
  if (record.has_rule()) {
    FoldRule(record.rule(), catalogue);
  } else if (record.has_reference()) {
    catalogue->set_reference_version(record.reference().content_hash());
  } else if (record.has_list()) {
    *catalogue->add_lists() = record.list().list();
  } else if (record.has_evaluation()) {
    const v1::Evaluation& made = record.evaluation().evaluation();
    // Numbered by their places.
    const int at = static_cast<int>(made.evaluation()) - 1;
    *(at < catalogue->evaluations_size() ? catalogue->mutable_evaluations(at)
                                         : catalogue->add_evaluations()) = made;
  } else if (record.has_profile()) {
    FoldProfile(record.profile(), catalogue);
  } else if (record.audit().has_erasure()) {
    FoldErasure(record, catalogue);
  } else if (record.audit().has_retention()) {
    *catalogue->mutable_retention() = record.audit().retention();
  }
}

uint64_t RemovedAt(const v1::Catalogue& catalogue, uint64_t sequence) {
  uint64_t removed = 0;
  for (const v1::Erasure& one : catalogue.erasures()) {
    // Of others it is 0.
    if (one.last_entry_sequence() <= sequence) {
      removed = std::max(removed, one.removed_sequence());
    }
  }
  return removed;
}

bool IsInBase(const v1::Catalogue& catalogue, uint32_t table) {
  const auto& tables = catalogue.base().tables();
  return !catalogue.has_base() ||
         std::find(tables.begin(), tables.end(), table) != tables.end();
}

absl::Status PastRemoved(const v1::Catalogue& catalogue) {
  return Error(
      absl::StatusCode::kFailedPrecondition, "PAST_REMOVED",
      absl::StrCat("movements up to position ", catalogue.removed_sequence(),
                   " have passed the age that `portrisk retention` shows and "
                   "were removed, so that what later ones were assessed with "
                   "cannot be worked out again. What is stored of them holds: "
                   "their hits with the evidence, and what was not evaluated. "
                   "A backup made before the removal has all of it"),
      {{"removed_sequence", absl::StrCat(catalogue.removed_sequence())}});
}

const v1::Erasure* FindErasure(const v1::Catalogue& catalogue,
                               uint64_t number) {
  const auto count = static_cast<uint64_t>(catalogue.erasures_size());
  return number == 0 || number > count
             ? nullptr
             : &catalogue.erasures(static_cast<int>(number) - 1);
}

const v1::Evaluation* FindEvaluation(const v1::Catalogue& catalogue,
                                     uint64_t number) {
  const auto count = static_cast<uint64_t>(catalogue.evaluations_size());
  return number == 0 || number > count
             ? nullptr
             : &catalogue.evaluations(static_cast<int>(number) - 1);
}

v1::Revision* FindRevision(v1::Catalogue* catalogue, uint64_t number) {
  for (v1::Revision& revision : *catalogue->mutable_revisions()) {
    if (revision.revision() == number) return &revision;
  }
  return nullptr;
}

const v1::Revision* FindRevision(const v1::Catalogue& catalogue,
                                 uint64_t number) {
  for (const v1::Revision& revision : catalogue.revisions()) {
    if (revision.revision() == number) return &revision;
  }
  return nullptr;
}

const v1::RevisionEvent& WarmingBegun(const v1::Revision& revision) {
  int last = revision.events_size() - 1;
  while (last > 0 &&
         revision.events(last).goal() == v1::REVISION_STATE_UNSPECIFIED) {
    --last;
  }
  return revision.events(last);
}

const v1::ListVersion* FindList(const v1::Catalogue& catalogue,
                                absl::string_view name) {
  for (int i = catalogue.lists_size() - 1; i >= 0; --i) {
    if (catalogue.lists(i).name() == name) return &catalogue.lists(i);
  }
  return nullptr;
}

std::vector<const v1::ListVersion*> ListsInForce(
    const v1::Catalogue& catalogue) {
  std::vector<const v1::ListVersion*> lists;
  for (const v1::ListVersion& list : catalogue.lists()) {
    if (FindList(catalogue, list.name()) == &list) lists.push_back(&list);
  }
  return lists;
}

std::vector<scoring::Programme::Share> SharesOf(
    const v1::Catalogue& catalogue) {
  absl::flat_hash_map<absl::string_view, uint32_t> rolled_out;
  for (const v1::Revision& revision : catalogue.revisions()) {
    if (revision.state() == v1::ACTIVE && revision.share_ppm() > 0) {
      rolled_out[revision.rule_set()] = revision.share_ppm();
    }
  }
  std::vector<scoring::Programme::Share> shares;
  for (const v1::Revision& revision : catalogue.revisions()) {
    const auto found = rolled_out.find(revision.rule_set());
    if (revision.state() != v1::ACTIVE || found == rolled_out.end()) continue;
    if (revision.share_ppm() > 0) {
      shares.push_back({revision.revision(), 0, found->second});
    } else {
      shares.push_back(
          {revision.revision(), found->second, scoring::Programme::kAllUnits});
    }
  }
  return shares;
}

std::vector<scoring::Programme::Override> OverridesOf(
    const v1::Catalogue& catalogue) {
  std::vector<scoring::Programme::Override> overrides;
  for (const v1::Revision& revision : catalogue.revisions()) {
    for (const v1::RuleOverride& one : revision.overrides()) {
      overrides.push_back({revision.revision(), one.rule()});
    }
  }
  return overrides;
}

uint64_t PreviousActive(const v1::Catalogue& catalogue,
                        absl::string_view rule_set) {
  enum class Change { kCame, kUndone, kBrokenOff };
  struct Step {
    uint64_t sequence;
    uint64_t revision;
    Change change;
  };
  std::vector<Step> steps;
  bool active = false;
  for (const v1::Revision& revision : catalogue.revisions()) {
    if (revision.rule_set() != rule_set) continue;
    active |= revision.state() == v1::ACTIVE;
    bool on = false;
    uint32_t share = 0;
    for (const v1::RevisionEvent& event : revision.events()) {
      const bool turns_on = event.state() == v1::ACTIVE && !on;
      const bool breaks_off = on && event.state() == v1::RETIRED && share > 0;
      on = event.state() == v1::ACTIVE;
      share = on ? event.share_ppm() : 0;
      // A rollback retires one and, with the same mark, brings back another.
      // A roll-out that was broken off is not taken up again by one: the
      // revision never was in force for all.
      if (event.rollback() && event.state() == v1::RETIRED) {
        steps.push_back(
            {event.sequence(), revision.revision(), Change::kUndone});
      } else if (breaks_off) {
        steps.push_back(
            {event.sequence(), revision.revision(), Change::kBrokenOff});
      } else if (turns_on && !event.rollback()) {
        steps.push_back({event.sequence(), revision.revision(), Change::kCame});
      }
    }
  }
  std::sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) {
    return a.sequence < b.sequence;
  });
  std::vector<uint64_t> stack;
  for (const Step& step : steps) {
    if (step.change == Change::kCame) {
      stack.push_back(step.revision);
    } else if (step.change == Change::kUndone) {
      if (!stack.empty()) stack.pop_back();
    } else {
      stack.erase(std::remove(stack.begin(), stack.end(), step.revision),
                  stack.end());
    }
  }
  const size_t back = active ? 2 : 1;
  return stack.size() < back ? 0 : stack[stack.size() - back];
}

}  // namespace portrisk::service
