#include "service/replay.h"

#include <algorithm>
#include <future>
#include <thread>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "service/catalogue.h"
#include "service/errors.h"
#include "service/fold_version.h"
#include "service/handover.h"
#include "service/journal_reader.h"
#include "service/journal_walk.h"
#include "service/replay_outcomes.h"
#include "service/replay_player.h"
#include "service/rule_sets.h"

namespace portrisk::service {
namespace {

constexpr size_t kDifferencesKept = 100;
// What looking for outcomes takes no more than a moment for.
constexpr uint64_t kRecordsUnasked = 1 << 16;

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

// A part of the journal on its way: read, assessed by all players, measured.
struct Chunk {
  std::vector<JournaledBatch> batches;  // The first `size` of them.
  size_t size = 0;
  size_t records = 0;  // Passed over or in a batch.
  uint64_t last_sequence = 0;
  std::vector<ReplayAnswers> answers;  // By variant.

  JournaledBatch& Filling() {
    if (size > 0 && !batches[size - 1].is_full()) return batches[size - 1];
    if (size == batches.size()) batches.emplace_back();
    return batches[size++];
  }
  void Clear() {
    for (size_t i = 0; i < size; ++i) batches[i].Clear();
    for (ReplayAnswers& one : answers) one.Clear();
    size = records = 0;
  }
};

// One is read and one measured while players are in one or two of them.
constexpr size_t kChunks = 4;
// Of a chunk: batches keep the memory of their movements.
constexpr size_t kBatchesMost = 16;

using Chunks = Handover<Chunk>;
using Measure = absl::FunctionRef<absl::Status(const Chunk&)>;

// The journal in chunks. Of what lies before `folds_from` only that which is no
// history: rules, lists, reference data.
absl::Status Read(const store::Store& store, const ReplayOptions& options,
                  uint64_t folds_from, size_t variants,
                  CountedKeyMaker* counted, Chunks* chunks) {
  Chunk* chunk = chunks->NextEmpty();
  const auto add = [&](const StoredRecord& stored) -> absl::Status {
    if (stored.sequence > options.last_sequence) return absl::OkStatus();
    if (chunk == nullptr) return absl::CancelledError();
    chunk->answers.resize(variants);
    const bool is_before = stored.sequence < folds_from;
    if (!is_before || !stored.is_movement) {
      JournaledBatch& batch = chunk->Filling();
      absl::Status status = batch.Add(stored, {nullptr, nullptr, counted});
      if (status.ok() && stored.is_movement) {
        status = batch.AddCorrected(store, folds_from);
      }
      if (!status.ok()) return status;
      if (is_before &&
          (batch.other()->has_outcome() || batch.other()->has_decision() ||
           batch.other()->has_worklist())) {
        batch.Clear();  // There are no movements in it either.
      }
    }
    chunk->last_sequence = stored.sequence;
    if (++chunk->records < options.chunk_records &&
        chunk->size < kBatchesMost) {
      return absl::OkStatus();
    }
    chunks->PutFull();
    chunk = chunks->NextEmpty();
    return absl::OkStatus();
  };
  bool is_over = false;
  absl::Status status = store.ScanJournal(1, [&](const store::Block& block) {
    if (block.first_sequence > options.last_sequence) {
      is_over = true;
      return absl::CancelledError();
    }
    return WalkRecords(block, add);
  });
  if (is_over) status = absl::OkStatus();
  if (status.ok() && chunk != nullptr && chunk->records > 0) {
    chunks->PutFull();
  }
  return status;
}

// A player's part, whose variants begin at `first`. After an error it assesses
// nothing more.
void Assess(size_t number, size_t first, ReplayPlayer* player, Chunks* chunks) {
  absl::Status status;
  while (Chunk* const chunk = chunks->NextFull(number)) {
    const auto answers =
        absl::MakeSpan(chunk->answers).subspan(first, player->variants());
    for (size_t b = 0; b < chunk->size && status.ok(); ++b) {
      status = player->Take(chunk->batches[b], answers);
    }
    answers[0].status = status;
    chunks->PutUsed(number);
  }
  player->End();
}

using Players = std::vector<std::unique_ptr<ReplayPlayer>>;

// One for all variants that have one history.
absl::StatusOr<Players> MakePlayers(const store::Store& store,
                                    const RuleSets& rule_sets,
                                    absl::Span<const ReplayVariant> variants,
                                    const ReplayOptions& options,
                                    uint64_t folds_from) {
  Players players;
  while (!variants.empty()) {
    size_t together = 1;
    while (!variants[0].as_recorded && together < variants.size() &&
           !variants[together].as_recorded) {
      ++together;
    }
    auto player = ReplayPlayer::Make(store, rule_sets, variants.first(together),
                                     options, folds_from);
    if (!player.ok()) return player.status();
    players.push_back(*std::move(player));
    variants.remove_prefix(together);
  }
  return players;
}

absl::Status Play(const store::Store& store, const Players& players,
                  const ReplayOptions& options, uint64_t folds_from,
                  Measure measure) {
  auto owned = std::make_unique<Chunks>(kChunks, players.size());
  Chunks& chunks = *owned;
  // Mostly there is one player; others make their own.
  CountedKeyMaker counted = players.front()->MakeKeyMaker();
  std::vector<std::thread> threads;
  size_t variants = 0;
  for (size_t i = 0; i < players.size(); ++i) {
    threads.emplace_back(Assess, i, variants, players[i].get(), &chunks);
    variants += players[i]->variants();
  }
  absl::Status read;
  std::thread reader([&] {
    read = Read(store, options, folds_from, variants, &counted, &chunks);
    chunks.Finish();
  });
  absl::Status status;
  while (Chunk* const chunk = chunks.NextUsed()) {
    for (const ReplayAnswers& one : chunk->answers) status.Update(one.status);
    if (status.ok()) status = measure(*chunk);
    if (status.ok()) status = options.progress(chunk->last_sequence);
    if (!status.ok()) chunks.Stop();
    chunk->Clear();
    chunks.PutEmpty();
  }
  reader.join();
  for (std::thread& thread : threads) thread.join();
  if (options.leaves_memory) LeaveBehind(std::move(owned));
  return status.ok() ? read : status;
}

// What one variant makes of the units, but for what compares it.
void ReportVariant(const scoring::UnitTable& table,
                   const ReplayOptions& options, ReplayPlayer::Played* played,
                   scoring::Selection* selection, v1::VariantReport* out) {
  for (const auto& member : played->programme->members()) {
    if (member.revision >= kVariantRevisions) continue;
    v1::RevisionRef* const ref = out->add_revisions();
    ref->set_rule_set(std::string(scoring::RuleSetName(*member.rule_set)));
    // A file has none.
    if (member.revision < kReplayRevisions) ref->set_revision(member.revision);
    ref->set_shadow(member.shadow);
  }
  ReplayNotes& notes = played->notes;
  notes.AddCosts(selection);
  selection->Report(table, options.rates, out);
  selection->ReportCapacities(table, options.capacities, out);
  const scoring::SelectionProfile& terms = played->profiles->everywhere();
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
  // Another unit has another draw.
  if (was.unit().draw_key_id() != is.unit().draw_key_id() ||
      (was.unit().id() == is.unit().id() &&
       was.unit().draw_ppm() != is.unit().draw_ppm())) {
    return absl::StrCat(
        "drawn with another key; give the secrets it was scored with: ", text);
  }
  return text;
}

// Opens the description of a difference, where the program is the reason.
std::string OfAnotherFold(uint32_t fold) {
  if (fold == kFoldVersion) return "";
  if (fold == 0) return "assessed by a program that did not tell its fold: ";
  return absl::StrCat("assessed by another version of the program (fold ", fold,
                      ", this one's is ", kFoldVersion, "): ");
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

// What controls found, before anything is measured: what comes behind a control
// did not lead to it.
absl::Status ReadOutcomes(const store::Store& store,
                          const ReplayOptions& options, uint64_t folds_from,
                          ReplayOutcomes* out) {
  v1::JournalRecord record;
  const auto take = [&](const StoredRecord& stored) -> absl::Status {
    if (stored.sequence > options.last_sequence) return absl::CancelledError();
    if (stored.sequence % kRecordsUnasked == 0) {
      absl::Status status = options.progress(0);  // Whether to go on.
      if (!status.ok()) return status;
    }
    if (stored.is_movement) return absl::OkStatus();
    if (!ParseView(stored.bytes, &record)) {
      return RecordDamaged(stored.sequence);
    }
    if (record.has_outcome()) out->Take(record);
    return absl::OkStatus();
  };
  const absl::Status status = store.ScanJournal(
      folds_from,
      [&](const store::Block& block) { return WalkRecords(block, take); });
  if (!status.ok() && !absl::IsCancelled(status)) return status;
  out->Finish();
  return absl::OkStatus();
}

absl::StatusOr<v1::EvaluationReport> ReplayHistory(
    const store::Store& store, const std::vector<ReplayVariant>& variants,
    const ReplayOptions& options) {
  const RuleSets rule_sets;
  auto folds_from = FoldsFrom(store, options);
  if (!folds_from.ok()) return folds_from.status();
  ReplayOutcomes outcomes;
  // While rules are compiled.
  std::future<absl::Status> outcomes_read = std::async(std::launch::async, [&] {
    return ReadOutcomes(store, options, *folds_from, &outcomes);
  });
  auto players = MakePlayers(store, rule_sets, variants, options, *folds_from);
  absl::Status status = outcomes_read.get();
  if (!players.ok()) return players.status();
  if (!status.ok()) return status;
  std::vector<ReplayPlayer::Played*> played;
  for (const auto& player : *players) {
    for (size_t i = 0; i < player->variants(); ++i) {
      played.push_back(&player->played(i));
    }
  }
  v1::EvaluationReport report;
  scoring::UnitTable table;
  std::vector<scoring::Selection> selections(variants.size());
  std::string places;  // The last reference data.
  uint64_t read = 0;
  // In force when a movement was scored, whatever a variant tries.
  scoring::SelectionProfiles profiles(options.profile);
  const auto measure_movement = [&](const ParsedMovement& one, size_t batch,
                                    size_t at, const Chunk& chunk) {
    const v1::Assessment& recorded = one.assessment;
    const int64_t seconds = one.movement.occurrence_time().seconds();
    if (recorded.retraction() || recorded.not_actual() ||
        recorded.unit().id().empty() || seconds < options.from ||
        seconds >= options.until) {
      return;
    }
    Extend(one.sequence, one.movement.occurrence_time(), &report);
    const v1::Location& place = one.movement.location();
    const uint32_t unit = table.Add(
        one.movement, recorded,
        profiles.At(place.locode(), place.facility()).random_rate_ppm);
    const bool is_after = seconds > outcomes.ControlledAt(recorded.unit().id());
    for (size_t i = 0; i < played.size(); ++i) {
      if (is_after) {
        selections[i].AddNothing(unit);
        continue;
      }
      const ReplayAnswers& answers = chunk.answers[i];
      selections[i].Add(
          unit, seconds, answers.assessments[at],
          answers.profiles[batch]->At(place.locode(), place.facility()));
      played[i]->notes.Count(answers.points[at], unit);
    }
  };
  status = Play(
      store, *players, options, *folds_from,
      [&](const Chunk& chunk) -> absl::Status {
        read = chunk.last_sequence;
        size_t at = 0;
        for (size_t batch = 0; batch < chunk.size; ++batch) {
          for (const ParsedMovement& one : chunk.batches[batch].movements()) {
            measure_movement(one, batch, at++, chunk);
          }
          const v1::JournalRecord* const record = chunk.batches[batch].other();
          if (record == nullptr) continue;
          if (record->has_reference()) {
            places = record->reference().content_hash();
          }
          if (record->profile().has_activated()) {
            profiles =
                scoring::SelectionProfiles(record->profile().activated());
          }
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  outcomes.Tell(&table);
  table.Report(&report);
  for (size_t i = 0; i < variants.size(); ++i) {
    status = options.progress(read);
    if (!status.ok()) return status;
    v1::VariantReport* const out = report.add_variants();
    out->set_name(variants[i].name);
    ReportVariant(table, options, played[i], &selections[i], out);
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
  const auto players = MakePlayers(store, rule_sets, {recorded}, options, 1);
  if (!players.ok()) return players.status();
  ReplayVerification result;
  std::string bytes;
  uint32_t fold = 0;  // That assessed what comes, by the last start.
  const auto compare = [&](const ParsedMovement& one,
                           const v1::Assessment& answer) {
    ++result.movements;
    answer.SerializeToString(&bytes);
    if (bytes == one.assessment_bytes) {
      ++result.equal;
    } else if (result.differences.size() < kDifferencesKept) {
      const v1::Assessment& was = one.assessment;
      result.differences.push_back(
          absl::StrCat("position ", one.sequence, ", movement ", was.source(),
                       "/", was.movement_id(), ": ", OfAnotherFold(fold),
                       DifferenceOf(was, answer)));
    }
  };
  absl::Status status = Play(
      store, *players, options, 1, [&](const Chunk& chunk) -> absl::Status {
        size_t at = 0;
        for (size_t batch = 0; batch < chunk.size; ++batch) {
          for (const ParsedMovement& one : chunk.batches[batch].movements()) {
            compare(one, chunk.answers[0].assessments[at++]);
          }
          const v1::JournalRecord* const record = chunk.batches[batch].other();
          if (record != nullptr && record->audit().fold_version() > 0) {
            fold = record->audit().fold_version();
          }
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  result.erased = players->front()->erased_answers();
  result.equal -= result.erased;
  return result;
}

}  // namespace portrisk::service
