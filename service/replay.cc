#include "service/replay.h"

#include <algorithm>
#include <limits>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "scoring/aggregate_plan.h"
#include "scoring/measures.h"
#include "service/background.h"
#include "service/catalogue.h"
#include "service/core.h"
#include "service/errors.h"
#include "service/journal_reader.h"
#include "service/journal_walk.h"
#include "service/keys.h"
#include "service/list_store.h"
#include "service/rule_sets.h"

namespace portrisk::service {
namespace {

constexpr size_t kDifferencesKept = 100;

absl::Status Damaged(absl::string_view what) {
  return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
               absl::StrCat(what,
                            " does not parse; run `portrisk verify` and "
                            "restore a backup"));
}

std::shared_ptr<const store::Store> Borrowed(const store::Store& store) {
  return std::shared_ptr<const store::Store>(&store,
                                             [](const store::Store*) {});
}

absl::StatusOr<v1::Catalogue> CatalogueOf(const store::Store& store) {
  auto stored = store.Get(store::Table::kRuleSets, kCatalogueKey);
  if (!stored.ok()) return stored.status();
  v1::Catalogue catalogue;
  if (*stored && !catalogue.ParseFromString(**stored)) {
    return Damaged("the catalogue of rule sets");
  }
  return catalogue;
}

// A core that assesses the journal again, record by record.
class Player {
 public:
  static absl::StatusOr<std::unique_ptr<Player>> Make(
      const store::Store& store, const RuleSets& rule_sets,
      const ReplayVariant& variant, const ReplayOptions& options,
      uint64_t folds_from) {
    auto player = std::unique_ptr<Player>(
        new Player(store, rule_sets, variant, options, folds_from));
    absl::Status status = player->Begin(variant);
    if (!status.ok()) return status;
    return player;
  }

  const scoring::Programme& programme() const { return core_.programme(); }

  // The answers to the movements among `records`, in order.
  absl::Status Take(absl::Span<const v1::JournalRecord> records) {
    size_t count = 0;
    for (const v1::JournalRecord& record : records) {
      if (!record.has_movement()) {
        absl::Status status = Follow(record);
        if (!status.ok()) return status;
        continue;
      }
      if (rules_changed_) {
        absl::Status status = PutInForce();
        if (!status.ok()) return status;
      }
      if (count == answers_.size()) answers_.emplace_back();
      absl::Status status = core_.Rescore(record, &answers_[count++]);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }
  const std::vector<v1::Assessment>& answers() const { return answers_; }

 private:
  static CoreOptions OptionsOf(const RuleSets& rule_sets,
                               const ReplayVariant& variant,
                               const ReplayOptions& options,
                               uint64_t folds_from) {
    CoreOptions core;
    core.rule_sets = &rule_sets;
    core.profile = options.profile;
    core.draw_key = options.draw_key;
    core.from_zero = true;
    core.keeps_indexes = false;
    core.follows_catalogue = variant.as_recorded;
    core.overrides = variant.overrides;
    core.folds_from = folds_from;
    core.cache_states_max = std::numeric_limits<size_t>::max();
    return core;
  }

  Player(const store::Store& store, const RuleSets& rule_sets,
         const ReplayVariant& variant, const ReplayOptions& options,
         uint64_t folds_from)
      : store_(store),
        rule_sets_(rule_sets),
        as_recorded_(variant.as_recorded),
        own_profiles_(variant.profiles),
        core_(OptionsOf(rule_sets, variant, options, folds_from),
              Borrowed(store)) {}

  absl::Status Begin(const ReplayVariant& variant) {
    auto catalogue = CatalogueOf(store_);
    if (!catalogue.ok()) return catalogue.status();
    if (own_profiles_ != nullptr) {
      core_.SetProfiles(own_profiles_);
    } else if (!as_recorded_ && catalogue->has_profile()) {
      core_.SetProfiles(std::make_shared<const scoring::SelectionProfiles>(
          catalogue->profile()));
    }
    std::vector<scoring::AggregatePlan::Use> uses;
    if (as_recorded_) {
      // All that was ever counted, from the beginning: what a table holds does
      // not depend on when it was made.
      for (const v1::Revision& revision : catalogue->revisions()) {
        if (!WasInForce(revision)) continue;
        auto rule_set = rule_sets_.Get(store_, revision.revision());
        if (!rule_set.ok()) return rule_set.status();
        uses.push_back(scoring::AggregatePlan::UseOf(**rule_set));
      }
    } else {
      for (const auto& member : variant.members) {
        uses.push_back(scoring::AggregatePlan::UseOf(*member.rule_set));
      }
      auto programme = RunBehind([&] {
        return scoring::Programme::Compile(variant.members,
                                           catalogue->statistics());
      });
      if (!programme.ok()) return programme.status();
      core_.SetProgramme(*std::move(programme));
    }
    core_.CountAll(scoring::AggregatePlan::Make(uses));
    return absl::OkStatus();
  }

  static bool WasInForce(const v1::Revision& revision) {
    return std::any_of(revision.events().begin(), revision.events().end(),
                       [](const v1::RevisionEvent& event) {
                         return event.state() == v1::ACTIVE ||
                                event.state() == v1::SHADOW;
                       });
  }

  // A record that is no movement.
  absl::Status Follow(const v1::JournalRecord& record) {
    // What filled up a capacity then says nothing of another selection.
    if (record.has_worklist() && !as_recorded_) return absl::OkStatus();
    absl::Status status = core_.Fold(record);
    if (!status.ok()) return status;
    if (record.has_list()) {
      const v1::ListVersion& list = record.list().list();
      auto entries = LoadListEntries(store_, list);
      if (!entries.ok()) return entries.status();
      core_.SetList({list.name(), list.version(), *std::move(entries)});
    } else if (record.has_reference()) {
      auto reference = LoadReference(store_, record.reference().content_hash());
      if (!reference.ok()) return reference.status();
      core_.SetReference(*std::move(reference));
    } else if (record.profile().has_activated()) {
      if (as_recorded_ && own_profiles_ == nullptr) {
        core_.SetProfiles(std::make_shared<const scoring::SelectionProfiles>(
            record.profile().activated()));
      }
    } else if (record.has_rule()) {
      rules_changed_ = as_recorded_;
    }
    return absl::OkStatus();
  }

  absl::Status PutInForce() {
    rules_changed_ = false;
    auto programme = CompileInForce(store_, rule_sets_, core_.catalogue());
    if (!programme.ok()) return programme.status();
    core_.SetProgramme(*std::move(programme));
    return absl::OkStatus();
  }

  const store::Store& store_;
  const RuleSets& rule_sets_;
  const bool as_recorded_;
  const std::shared_ptr<const scoring::SelectionProfiles> own_profiles_;
  Core core_;
  bool rules_changed_ = false;
  std::vector<v1::Assessment> answers_;
};

// The first position that was recorded then or later; they ascend together.
absl::StatusOr<uint64_t> FirstRecordedFrom(const store::Store& store,
                                           const ReplayOptions& options) {
  const int64_t seconds = options.history_from;
  if (seconds == INT64_MIN) return 1;
  uint64_t begin = 1;
  uint64_t end =
      (options.last_sequence == UINT64_MAX ? store.last_sequence_at_open()
                                           : options.last_sequence) +
      1;
  while (begin < end) {
    const uint64_t middle = begin + (end - begin) / 2;
    auto record = ReadJournalRecord(store, middle);
    if (!record.ok()) return record.status();
    if (record->recorded_time().seconds() < seconds) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

using Taken = std::function<absl::Status(absl::Span<const v1::JournalRecord>)>;

// Records, taken by all players at once.
absl::Status TakeChunk(const std::vector<std::unique_ptr<Player>>& players,
                       const ReplayOptions& options, const Taken& taken,
                       std::vector<v1::JournalRecord>* chunk) {
  if (chunk->empty()) return absl::OkStatus();
  std::vector<absl::Status> statuses(players.size());
  std::vector<std::thread> threads;
  for (size_t i = 1; i < players.size(); ++i) {
    threads.emplace_back([&, i] { statuses[i] = players[i]->Take(*chunk); });
  }
  statuses[0] = players[0]->Take(*chunk);
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  absl::Status status = taken(*chunk);
  if (status.ok()) status = options.progress(chunk->back().sequence());
  chunk->clear();
  return status;
}

// The journal in chunks. Of what lies before `folds_from` only that which is no
// history: rules, lists, reference data.
absl::Status Play(const store::Store& store,
                  const std::vector<std::unique_ptr<Player>>& players,
                  const ReplayOptions& options, uint64_t folds_from,
                  const Taken& taken) {
  std::vector<v1::JournalRecord> chunk;
  const auto add = [&](const StoredRecord& stored) -> absl::Status {
    if (stored.sequence > options.last_sequence) return absl::OkStatus();
    const bool is_before = stored.sequence < folds_from;
    if (is_before && stored.is_movement) return absl::OkStatus();
    v1::JournalRecord& record = chunk.emplace_back();
    if (!ParseView(stored.bytes, &record)) {
      return Damaged(absl::StrCat("position ", stored.sequence));
    }
    if (is_before && (record.has_outcome() || record.has_decision() ||
                      record.has_worklist())) {
      chunk.pop_back();
    }
    if (chunk.size() < options.chunk_records) return absl::OkStatus();
    return TakeChunk(players, options, taken, &chunk);
  };
  bool is_over = false;
  absl::Status status = store.ScanJournal(1, [&](const store::Block& block) {
    if (block.first_sequence > options.last_sequence) {
      is_over = true;
      return absl::CancelledError();
    }
    return WalkRecords(block, add);
  });
  if (!status.ok() && !is_over) return status;
  return TakeChunk(players, options, taken, &chunk);
}

// What controls found: of the versions of each outcome the last.
class Outcomes {
 public:
  void Take(const v1::JournalRecord& record) {
    const v1::OutcomeRecord& outcome = record.outcome();
    if (outcome.corrects_sequence() > 0) {
      outcomes_.erase(outcome.corrects_sequence());
    }
    if (outcome.outcome().retraction() || outcome.tie().unit().empty()) return;
    const v1::ControlResult result = outcome.outcome().result();
    if (result != v1::FOUND && result != v1::NOT_FOUND) return;
    outcomes_[record.sequence()] = {outcome.tie().unit(), result == v1::FOUND,
                                    outcome.tie().channel(),
                                    outcome.tie().selection_ppm()};
  }
  void Tell(scoring::UnitTable* table) const {
    for (const auto& [sequence, one] : outcomes_) {
      table->SetOutcome(one.unit, one.found, one.channel, one.selection_ppm);
    }
  }

 private:
  struct One {
    std::string unit;
    bool found;
    v1::Channel channel;
    uint32_t selection_ppm;
  };
  std::map<uint64_t, One> outcomes_;
};

std::string DifferenceOf(const v1::Assessment& was, const v1::Assessment& is) {
  std::string text;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&text);
  if (differencer.Compare(was, is)) return "the same fields in other bytes";
  const size_t end = text.find('\n');
  text = text.substr(0, end);
  if (was.unit().draw_key_id() != is.unit().draw_key_id() ||
      was.unit().draw_ppm() != is.unit().draw_ppm()) {
    return absl::StrCat(
        "drawn with another key; give the secrets it was scored with: ", text);
  }
  return text;
}

}  // namespace

void Replace(std::vector<scoring::Programme::Member> candidates,
             ReplayVariant* variant) {
  for (scoring::Programme::Member& candidate : candidates) {
    const std::string name(scoring::RuleSetName(*candidate.rule_set));
    auto& members = variant->members;
    members.erase(
        std::remove_if(members.begin(), members.end(),
                       [&](const scoring::Programme::Member& member) {
                         return scoring::RuleSetName(*member.rule_set) == name;
                       }),
        members.end());
    members.push_back(std::move(candidate));
  }
}

absl::StatusOr<ReplayVariant> InForce(const store::Store& store,
                                      std::string name) {
  auto catalogue = CatalogueOf(store);
  if (!catalogue.ok()) return catalogue.status();
  auto members = MembersInForce(store, RuleSets(), *catalogue);
  if (!members.ok()) return members.status();
  ReplayVariant variant;
  variant.name = std::move(name);
  variant.members = *std::move(members);
  variant.overrides = OverridesOf(*catalogue);
  return variant;
}

absl::StatusOr<v1::EvaluationReport> ReplayHistory(
    const store::Store& store, const std::vector<ReplayVariant>& variants,
    const ReplayOptions& options) {
  const RuleSets rule_sets;
  auto folds_from = FirstRecordedFrom(store, options);
  if (!folds_from.ok()) return folds_from.status();
  std::vector<std::unique_ptr<Player>> players;
  for (const ReplayVariant& variant : variants) {
    auto player = Player::Make(store, rule_sets, variant, options, *folds_from);
    if (!player.ok()) return player.status();
    players.push_back(*std::move(player));
  }
  v1::EvaluationReport report;
  scoring::UnitTable table;
  std::vector<scoring::Selection> selections(variants.size());
  Outcomes outcomes;
  v1::Movement movement;
  v1::Assessment recorded;
  absl::Status status = Play(
      store, players, options, *folds_from,
      [&](absl::Span<const v1::JournalRecord> chunk) -> absl::Status {
        size_t at = 0;
        for (const v1::JournalRecord& record : chunk) {
          if (record.has_outcome()) outcomes.Take(record);
          if (!record.has_movement()) continue;
          const size_t answer = at++;
          if (!movement.ParseFromString(record.movement().movement()) ||
              !recorded.ParseFromString(record.movement().assessment())) {
            return Damaged("a movement");
          }
          const int64_t seconds = movement.occurrence_time().seconds();
          if (recorded.retraction() || recorded.not_actual() ||
              recorded.unit().id().empty() || seconds < options.from ||
              seconds >= options.until) {
            continue;
          }
          if (report.movements() == 0) {
            report.set_first_sequence(record.sequence());
            *report.mutable_begin_time() = movement.occurrence_time();
            *report.mutable_end_time() = movement.occurrence_time();
          }
          report.set_movements(report.movements() + 1);
          report.set_last_sequence(record.sequence());
          if (seconds < report.begin_time().seconds()) {
            *report.mutable_begin_time() = movement.occurrence_time();
          }
          if (seconds > report.end_time().seconds()) {
            *report.mutable_end_time() = movement.occurrence_time();
          }
          const uint32_t unit = table.Add(movement, recorded);
          for (size_t i = 0; i < players.size(); ++i) {
            selections[i].Add(unit, seconds, players[i]->answers()[answer]);
          }
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  outcomes.Tell(&table);
  table.Report(&report);
  for (size_t i = 0; i < variants.size(); ++i) {
    v1::VariantReport* const out = report.add_variants();
    out->set_name(variants[i].name);
    for (const auto& member : players[i]->programme().members()) {
      v1::RevisionRef* const ref = out->add_revisions();
      ref->set_rule_set(std::string(scoring::RuleSetName(*member.rule_set)));
      ref->set_revision(member.revision);
      ref->set_shadow(member.shadow);
    }
    selections[i].Report(table, options.rates, out);
    if (i > 0) {
      selections[i].Compare(table, selections[0], out->mutable_change());
    }
  }
  return report;
}

absl::StatusOr<ReplayVerification> VerifyAssessments(
    const store::Store& store, const ReplayOptions& options) {
  const RuleSets rule_sets;
  ReplayVariant recorded;
  recorded.as_recorded = true;
  auto player = Player::Make(store, rule_sets, recorded, options, 1);
  if (!player.ok()) return player.status();
  std::vector<std::unique_ptr<Player>> players;
  players.push_back(*std::move(player));
  ReplayVerification result;
  std::string bytes;
  absl::Status status =
      Play(store, players, options, 1,
           [&](absl::Span<const v1::JournalRecord> chunk) -> absl::Status {
             size_t at = 0;
             for (const v1::JournalRecord& record : chunk) {
               if (!record.has_movement()) continue;
               const v1::Assessment& answer = players[0]->answers()[at++];
               ++result.movements;
               answer.SerializeToString(&bytes);
               if (bytes == record.movement().assessment()) {
                 ++result.equal;
                 continue;
               }
               if (result.differences.size() == kDifferencesKept) continue;
               v1::Assessment was;
               if (!was.ParseFromString(record.movement().assessment())) {
                 return Damaged("an assessment");
               }
               result.differences.push_back(absl::StrCat(
                   "position ", record.sequence(), ", movement ", was.source(),
                   "/", was.movement_id(), ": ", DifferenceOf(was, answer)));
             }
             return absl::OkStatus();
           });
  if (!status.ok()) return status;
  return result;
}

}  // namespace portrisk::service
