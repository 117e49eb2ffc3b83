#include "service/replay.h"

#include <algorithm>
#include <thread>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "service/catalogue.h"
#include "service/errors.h"
#include "service/journal_reader.h"
#include "service/journal_walk.h"
#include "service/replay_outcomes.h"
#include "service/replay_player.h"
#include "service/rule_sets.h"

namespace portrisk::service {
namespace {

constexpr size_t kDifferencesKept = 100;

absl::StatusOr<uint64_t> FoldsFrom(const store::Store& store,
                                   const ReplayOptions& options) {
  const auto catalogue = ReadCatalogue(store);
  if (!catalogue.ok()) return catalogue.status();
  const uint64_t kept = catalogue->removed_sequence() + 1;
  if (options.history_from == INT64_MIN) return kept;
  auto from = FirstRecordedFrom(store, options.history_from,
                                options.last_sequence == UINT64_MAX
                                    ? store.last_sequence_at_open()
                                    : options.last_sequence);
  if (!from.ok()) return from.status();
  return std::max(*from, kept);
}

using Taken = std::function<absl::Status(absl::Span<const v1::JournalRecord>)>;

// Records, taken by all players at once.
absl::Status TakeChunk(
    const std::vector<std::unique_ptr<ReplayPlayer>>& players,
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
                  const std::vector<std::unique_ptr<ReplayPlayer>>& players,
                  const ReplayOptions& options, uint64_t folds_from,
                  const Taken& taken) {
  std::vector<v1::JournalRecord> chunk;
  const auto add = [&](const StoredRecord& stored) -> absl::Status {
    if (stored.sequence > options.last_sequence) return absl::OkStatus();
    const bool is_before = stored.sequence < folds_from;
    if (is_before && stored.is_movement) {
      return stored.sequence % options.chunk_records == 0
                 ? options.progress(stored.sequence)
                 : absl::OkStatus();
    }
    v1::JournalRecord& record = chunk.emplace_back();
    if (!ParseView(stored.bytes, &record)) {
      return StoreDamaged(absl::StrCat("position ", stored.sequence));
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

// What one variant makes of the units, but for what compares it.
void ReportVariant(const scoring::UnitTable& table,
                   const ReplayOptions& options, ReplayPlayer* player,
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
  const scoring::SelectionProfile& terms = player->everywhere();
  if (options.sensitivity) {
    selection->ReportScoreThresholds(table,
                                     {{"score, YELLOW", terms.yellow_score_min},
                                      {"score, ORANGE", terms.orange_score_min},
                                      {"score, RED", terms.red_score_min}},
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
    variant->tried.push_back(candidate.revision);
    members.push_back(std::move(candidate));
  }
}

absl::StatusOr<ReplayVariant> InForce(const store::Store& store,
                                      std::string name) {
  auto catalogue = ReadCatalogue(store);
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
  auto folds_from = FoldsFrom(store, options);
  if (!folds_from.ok()) return folds_from.status();
  std::vector<std::unique_ptr<ReplayPlayer>> players;
  for (const ReplayVariant& variant : variants) {
    auto player =
        ReplayPlayer::Make(store, rule_sets, variant, options, *folds_from);
    if (!player.ok()) return player.status();
    players.push_back(*std::move(player));
  }
  v1::EvaluationReport report;
  scoring::UnitTable table;
  std::vector<scoring::Selection> selections(variants.size());
  ReplayOutcomes outcomes;
  std::string places;  // The last reference data.
  // In force when a movement was scored, whatever a variant tries.
  scoring::SelectionProfiles profiles(options.profile);
  v1::Movement movement;
  v1::Assessment recorded;
  absl::Status status = Play(
      store, players, options, *folds_from,
      [&](absl::Span<const v1::JournalRecord> chunk) -> absl::Status {
        size_t at = 0;
        for (const v1::JournalRecord& record : chunk) {
          if (record.has_outcome()) outcomes.Take(record);
          if (record.has_reference()) {
            places = record.reference().content_hash();
          }
          if (record.profile().has_activated()) {
            profiles = scoring::SelectionProfiles(record.profile().activated());
          }
          if (!record.has_movement()) continue;
          const size_t answer = at++;
          if (!movement.ParseFromString(record.movement().movement()) ||
              !recorded.ParseFromString(record.movement().assessment())) {
            return StoreDamaged(absl::StrCat("the movement at position ",
                                             record.sequence(),
                                             " of the journal"));
          }
          const int64_t seconds = movement.occurrence_time().seconds();
          if (recorded.retraction() || recorded.not_actual() ||
              recorded.unit().id().empty() || seconds < options.from ||
              seconds >= options.until) {
            continue;
          }
          Extend(record.sequence(), movement.occurrence_time(), &report);
          const v1::Location& place = movement.location();
          const uint32_t unit = table.Add(
              movement, recorded,
              profiles.At(place.locode(), place.facility()).random_rate_ppm);
          for (size_t i = 0; i < players.size(); ++i) {
            selections[i].Add(unit, seconds, players[i]->answers()[answer],
                              players[i]->TermsAt(place));
            players[i]->notes().Count(answer, unit);
          }
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  outcomes.Tell(&table);
  table.Report(&report);
  for (size_t i = 0; i < variants.size(); ++i) {
    status = options.progress(report.last_sequence());
    if (!status.ok()) return status;
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
  const auto catalogue = ReadCatalogue(store);
  if (!catalogue.ok()) return catalogue.status();
  if (catalogue->removed_sequence() > 0) return PastRemoved(*catalogue);
  const RuleSets rule_sets;
  ReplayVariant recorded;
  recorded.as_recorded = true;
  auto player = ReplayPlayer::Make(store, rule_sets, recorded, options, 1);
  if (!player.ok()) return player.status();
  std::vector<std::unique_ptr<ReplayPlayer>> players;
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
                 return StoreDamaged(absl::StrCat("the assessment at position ",
                                                  record.sequence(),
                                                  " of the journal"));
               }
               result.differences.push_back(absl::StrCat(
                   "position ", record.sequence(), ", movement ", was.source(),
                   "/", was.movement_id(), ": ", DifferenceOf(was, answer)));
             }
             return absl::OkStatus();
           });
  if (!status.ok()) return status;
  result.erased = players[0]->erased_answers();
  result.equal -= result.erased;
  return result;
}

}  // namespace portrisk::service
