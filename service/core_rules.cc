// The part of the core that follows rules: what is in force, breakers.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "service/catalogue.h"
#include "service/core.h"
#include "service/errors.h"
#include "service/keys.h"
#include "service/movement_counts.h"

namespace portrisk::service {

// Breakers are kept with the revisions, not in the catalogue, which is written
// whole with every change.
absl::Status Core::RecoverTallies(const StoredStates& from) {
  for (const v1::Revision& revision : catalogue_.revisions()) {
    if (revision.breaker_count() == 0) continue;
    auto stored = store_->Get(store::Table::kRuleSets,
                              store::BigEndian64(revision.revision()));
    if (!stored.ok()) return stored.status();
    v1::Revision whole;
    if (!*stored || !whole.ParseFromString(**stored)) {
      return StoreDamaged(absl::StrCat("revision ", revision.revision()));
    }
    Watch(whole);
  }
  auto state = store_->Get(from.table(),
                           absl::StrCat(from.prefix(), TalliesKey().view()));
  if (!state.ok()) return state.status();
  v1::RuleTallies tallies;
  if (*state && !tallies.ParseFromString(**state)) {
    return StoreDamaged("the state of rule counts");
  }
  tallies_.Restore(tallies);
  return absl::OkStatus();
}

void Core::Watch(const v1::Revision& revision) {
  tallies_.Watch(revision.revision(), revision.breakers());
}

void Core::FoldRules(const v1::JournalRecord& record) {
  // Recovery has the catalogue of the journal's end already.
  if (options_.from_zero) FoldIntoCatalogue(record, &catalogue_);
  if (!record.has_rule()) return;
  if (record.rule().has_created()) Watch(record.rule().created());
  if (!record.rule().reset_rule().empty()) {
    tallies_.Reset(record.rule().revision(), record.rule().reset_rule());
  }
}

void Core::ResetBreaker(v1::JournalRecord record) {
  const uint64_t revision = record.rule().revision();
  const std::string rule = record.rule().reset_rule();
  Append(std::move(record), {});
  tallies_.Reset(revision, rule);
  Restand();
}

void Core::ApplyTrips() {
  for (const Trip& trip : trips_) {
    const v1::Revision* revision = FindRevision(catalogue_, trip.revision);
    if (revision == nullptr) continue;
    v1::JournalRecord record;
    record.set_caller(kEngineCaller);
    v1::RuleRecord* rule = record.mutable_rule();
    rule->set_revision(trip.revision);
    v1::RevisionEvent* event = rule->mutable_event();
    event->set_state(revision->state());
    event->set_share_ppm(revision->share_ppm());
    event->set_caller(kEngineCaller);
    event->set_note(absl::StrCat(
        "the breaker of rule ", trip.override.rule(), " tripped: ",
        trip.override.hits(), " hits in a window of ", trip.override.window(),
        " movements; it is in shadow until `portrisk rules reset-breaker`"));
    *rule->mutable_tripped() = trip.override;
    Append(std::move(record), {});
    if (options_.on_trip) options_.on_trip(*revision, trip.override);
  }
  Restand();
}

void Core::Restand() {
  scoring::Programme::Standing standing;
  standing.lists = lists_;
  if (options_.follows_catalogue) {
    standing.overrides = OverridesOf(catalogue_);
    standing.shares = SharesOf(catalogue_);
    if (options_.on_overrides) {
      const auto& members = programme_->members();
      options_.on_overrides(std::count_if(
          standing.overrides.begin(), standing.overrides.end(),
          [&](const scoring::Programme::Override& one) {
            return std::any_of(
                members.begin(), members.end(),
                [&](const auto& m) { return m.revision == one.revision; });
          }));
    }
  } else {
    standing.overrides = options_.overrides;
  }
  programme_ = programme_->With(standing);
  entities_.aggregates().Bind(&programme_->aggregates());
  for (Ruling& one : also_) {
    one.programme = one.programme->With({lists_, one.overrides, {}});
  }
}

void Core::SetProgramme(std::shared_ptr<const scoring::Programme> programme) {
  programme_ = std::move(programme);
  if (options_.counts != nullptr) options_.counts->Use(programme_);
  Restand();
}

void Core::SetList(scoring::Programme::List list) {
  const auto found =
      std::find_if(lists_.begin(), lists_.end(),
                   [&](const auto& one) { return one.name == list.name; });
  if (found != lists_.end()) {
    *found = std::move(list);
  } else {
    lists_.push_back(std::move(list));
  }
  Restand();
}

void Core::SetProfiles(
    std::shared_ptr<const scoring::SelectionProfiles> profiles) {
  profiles_ = std::move(profiles);
}

void Core::SetReference(std::shared_ptr<const scoring::Reference> reference) {
  reference_ = std::move(reference);
}

}  // namespace portrisk::service
