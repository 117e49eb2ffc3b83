#include "service/replay.h"

#include <algorithm>
#include <limits>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "scoring/aggregate_plan.h"
#include "service/background.h"
#include "service/catalogue.h"
#include "service/core.h"
#include "service/errors.h"
#include "service/keys.h"
#include "service/list_store.h"
#include "service/replay_notes.h"
#include "service/replay_outcomes.h"
#include "service/rule_sets.h"

namespace portrisk::service {
namespace {

// Records that all variants take before their answers are looked at.
constexpr size_t kChunkRecords = 8192;
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
      const ReplayVariant& variant, const ReplayOptions& options) {
    auto player =
        std::unique_ptr<Player>(new Player(store, rule_sets, variant, options));
    absl::Status status = player->Begin(variant);
    if (!status.ok()) return status;
    return player;
  }

  const scoring::Programme& programme() const { return core_.programme(); }
  ReplayNotes& notes() { return notes_; }

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
      absl::Status status = core_.Rescore(record, &answers_[count]);
      if (!status.ok()) return status;
      notes_.Take(count, core_.evaluation(), &answers_[count]);
      ++count;
    }
    return absl::OkStatus();
  }
  const std::vector<v1::Assessment>& answers() const { return answers_; }

 private:
  static CoreOptions OptionsOf(const RuleSets& rule_sets,
                               const ReplayVariant& variant,
                               const ReplayOptions& options) {
    CoreOptions core;
    core.rule_sets = &rule_sets;
    core.profile = options.profile;
    core.draw_key = options.draw_key;
    core.from_zero = true;
    core.keeps_indexes = false;
    core.follows_catalogue = variant.as_recorded;
    core.cache_states_max = std::numeric_limits<size_t>::max();
    return core;
  }

  Player(const store::Store& store, const RuleSets& rule_sets,
         const ReplayVariant& variant, const ReplayOptions& options)
      : store_(store),
        rule_sets_(rule_sets),
        as_recorded_(variant.as_recorded),
        sensitivity_(options.sensitivity),
        core_(OptionsOf(rule_sets, variant, options), Borrowed(store)) {}

  absl::Status Begin(const ReplayVariant& variant) {
    auto catalogue = CatalogueOf(store_);
    if (!catalogue.ok()) return catalogue.status();
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
      std::vector<scoring::Programme::Member> members = variant.members;
      if (sensitivity_) notes_.AddVariants(kReplayRevisions, &members);
      auto programme = RunBehind([&] {
        return scoring::Programme::Compile(std::move(members),
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
    } else if (record.has_rule()) {
      rules_changed_ = as_recorded_;
    }
    return absl::OkStatus();
  }

  absl::Status PutInForce() {
    rules_changed_ = false;
    auto programme = CompileInForce(store_, rule_sets_, core_.catalogue());
    if (!programme.ok()) return programme.status();
    notes_.Settle(core_.programme());
    core_.SetProgramme(*std::move(programme));
    return absl::OkStatus();
  }

  const store::Store& store_;
  const RuleSets& rule_sets_;
  const bool as_recorded_;
  const bool sensitivity_;
  Core core_;
  bool rules_changed_ = false;
  std::vector<v1::Assessment> answers_;
  ReplayNotes notes_;
};

// The journal in chunks, each taken by all players at once.
absl::Status Play(
    const store::Store& store,
    const std::vector<std::unique_ptr<Player>>& players,
    const ReplayOptions& options,
    const std::function<absl::Status(absl::Span<const v1::JournalRecord>)>&
        taken) {
  std::vector<v1::JournalRecord> chunk;
  const auto take = [&]() -> absl::Status {
    std::vector<absl::Status> statuses(players.size());
    std::vector<std::thread> threads;
    for (size_t i = 1; i < players.size(); ++i) {
      threads.emplace_back([&, i] { statuses[i] = players[i]->Take(chunk); });
    }
    statuses[0] = players[0]->Take(chunk);
    for (std::thread& thread : threads) thread.join();
    for (const absl::Status& status : statuses) {
      if (!status.ok()) return status;
    }
    absl::Status status = taken(chunk);
    if (!chunk.empty()) options.progress(chunk.back().sequence());
    chunk.clear();
    return status;
  };
  absl::Status status = store.ScanJournal(1, [&](const store::Block& block) {
    v1::JournalBlock parsed;
    if (!parsed.ParseFromString(block.bytes)) {
      return Damaged("a block of the journal");
    }
    for (v1::JournalRecord& record : *parsed.mutable_records()) {
      chunk.push_back(std::move(record));
    }
    return chunk.size() < kChunkRecords ? absl::OkStatus() : take();
  });
  return status.ok() ? take() : status;
}

// What one variant makes of the units, but for what compares it.
void ReportVariant(const scoring::UnitTable& table,
                   const ReplayOptions& options, Player* player,
                   scoring::Selection* selection, v1::VariantReport* out) {
  for (const auto& member : player->programme().members()) {
    if (member.revision >= kVariantRevisions) continue;
    v1::RevisionRef* const ref = out->add_revisions();
    ref->set_rule_set(std::string(scoring::RuleSetName(*member.rule_set)));
    ref->set_revision(member.revision);
    ref->set_shadow(member.shadow);
  }
  ReplayNotes& notes = player->notes();
  notes.Settle(player->programme());
  notes.AddCosts(selection);
  selection->Report(table, options.rates, out);
  selection->ReportCapacities(table, options.capacities, out);
  if (options.sensitivity) {
    selection->ReportScoreThresholds(
        table,
        {{"score, YELLOW", options.profile.yellow_score_min},
         {"score, ORANGE", options.profile.orange_score_min},
         {"score, RED", options.profile.red_score_min}},
        out);
  }
  notes.Report(table, *selection, out);
}

// That the report covers one more movement.
void Extend(uint64_t sequence, const google::protobuf::Timestamp& time,
            v1::EvaluationReport* report) {
  if (report->movements() == 0) {
    report->set_first_sequence(sequence);
    *report->mutable_begin_time() = time;
    *report->mutable_end_time() = time;
  }
  report->set_movements(report->movements() + 1);
  report->set_last_sequence(sequence);
  if (time.seconds() < report->begin_time().seconds()) {
    *report->mutable_begin_time() = time;
  }
  if (time.seconds() > report->end_time().seconds()) {
    *report->mutable_end_time() = time;
  }
}

// Where the ends of routes lie, by the reference data in force at the end.
absl::Status LocateRoutes(const store::Store& store,
                          const std::string& content_hash,
                          v1::EvaluationReport* report) {
  if (content_hash.empty()) return absl::OkStatus();
  auto reference = LoadReference(store, content_hash);
  if (!reference.ok()) return reference.status();
  for (v1::RouteFigures& route : *report->mutable_routes()) {
    if (const auto from = (*reference)->Find(route.from_locode())) {
      route.set_from_latitude(from->latitude);
      route.set_from_longitude(from->longitude);
    }
    if (const auto to = (*reference)->Find(route.to_locode())) {
      route.set_to_latitude(to->latitude);
      route.set_to_longitude(to->longitude);
    }
  }
  return absl::OkStatus();
}

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

absl::StatusOr<std::vector<scoring::Programme::Member>> MembersWith(
    const store::Store& store,
    absl::Span<const std::shared_ptr<const scoring::RuleSet>> replacing) {
  auto catalogue = CatalogueOf(store);
  if (!catalogue.ok()) return catalogue.status();
  const RuleSets rule_sets;
  auto members = MembersInForce(store, rule_sets, *catalogue);
  if (!members.ok()) return members.status();
  uint64_t revision = kReplayRevisions;
  for (const auto& rule_set : replacing) {
    members->erase(
        std::remove_if(members->begin(), members->end(),
                       [&](const scoring::Programme::Member& member) {
                         return scoring::RuleSetName(*member.rule_set) ==
                                scoring::RuleSetName(*rule_set);
                       }),
        members->end());
    members->push_back({revision++, rule_set});
  }
  return members;
}

absl::StatusOr<v1::EvaluationReport> ReplayHistory(
    const store::Store& store, const std::vector<ReplayVariant>& variants,
    const ReplayOptions& options) {
  const RuleSets rule_sets;
  std::vector<std::unique_ptr<Player>> players;
  for (const ReplayVariant& variant : variants) {
    auto player = Player::Make(store, rule_sets, variant, options);
    if (!player.ok()) return player.status();
    players.push_back(*std::move(player));
  }
  v1::EvaluationReport report;
  scoring::UnitTable table;
  std::vector<scoring::Selection> selections(variants.size());
  ReplayOutcomes outcomes;
  std::string places;  // The last reference data.
  v1::Movement movement;
  v1::Assessment recorded;
  absl::Status status = Play(
      store, players, options,
      [&](absl::Span<const v1::JournalRecord> chunk) -> absl::Status {
        size_t at = 0;
        for (const v1::JournalRecord& record : chunk) {
          if (record.has_outcome()) outcomes.Take(record);
          if (record.has_reference()) {
            places = record.reference().content_hash();
          }
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
          Extend(record.sequence(), movement.occurrence_time(), &report);
          const uint32_t unit = table.Add(movement, recorded);
          for (size_t i = 0; i < players.size(); ++i) {
            selections[i].Add(unit, seconds, players[i]->answers()[answer]);
            players[i]->notes().Count(answer, unit);
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
    ReportVariant(table, options, players[i].get(), &selections[i], out);
    if (i > 0) {
      selections[i].Compare(table, selections[0], out->mutable_change());
      out->set_drift_from_baseline(selections[i].DriftFrom(selections[0]));
    }
  }
  scoring::ReportRoutes(table, selections, &report);
  status = LocateRoutes(store, places, &report);
  if (!status.ok()) return status;
  return report;
}

absl::StatusOr<ReplayVerification> VerifyAssessments(
    const store::Store& store, const ReplayOptions& options) {
  const RuleSets rule_sets;
  auto player = Player::Make(store, rule_sets, {"recorded", true, {}}, options);
  if (!player.ok()) return player.status();
  std::vector<std::unique_ptr<Player>> players;
  players.push_back(*std::move(player));
  ReplayVerification result;
  std::string bytes;
  absl::Status status = Play(
      store, players, options, [&](absl::Span<const v1::JournalRecord> chunk) {
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
              "position ", record.sequence(), ", movement ", was.source(), "/",
              was.movement_id(), ": ", DifferenceOf(was, answer)));
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return result;
}

}  // namespace portrisk::service
