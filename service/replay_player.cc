#include "service/replay_player.h"

#include <algorithm>
#include <limits>

#include "scoring/aggregate_plan.h"
#include "service/background.h"
#include "service/journal_reader.h"
#include "service/list_store.h"
#include "service/redaction.h"

namespace portrisk::service {
namespace {

std::shared_ptr<const store::Store> Borrowed(const store::Store& store) {
  return std::shared_ptr<const store::Store>(&store,
                                             [](const store::Store*) {});
}

// A rule that looked for a name letter by letter does not find a token. Such an
// answer shows a token, as what it was or as what it is; it is left as it was.
void KeepErased(const v1::Movement& movement, const std::string& was,
                v1::Assessment* answer, uint64_t* kept) {
  const std::string anew = answer->SerializeAsString();
  if (was == anew) return;
  if (HoldsErased(was) || HoldsErased(anew) ||
      HoldsErased(movement.SerializeAsString())) {
    answer->ParseFromString(was);
    ++*kept;
  }
}

CoreOptions OptionsOf(const RuleSets& rule_sets, const ReplayVariant& variant,
                      const ReplayOptions& options, uint64_t folds_from,
                      const std::shared_ptr<uint64_t>& erased_answers) {
  CoreOptions core;
  if (variant.as_recorded) {
    core.amend_answer = [erased_answers](const v1::Movement& movement,
                                         const std::string& was,
                                         v1::Assessment* answer) {
      KeepErased(movement, was, answer, erased_answers.get());
    };
  }
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

// Of a variant by its number: the first is the core's own.
std::shared_ptr<const scoring::Programme> ProgrammeOf(const Core& core,
                                                      size_t variant) {
  return variant == 0 ? core.programme() : core.also()[variant - 1].programme;
}

std::shared_ptr<const scoring::SelectionProfiles> ProfilesOf(const Core& core,
                                                             size_t variant) {
  return variant == 0 ? core.profiles() : core.also()[variant - 1].profiles;
}

bool WasInForce(const v1::Revision& revision) {
  return std::any_of(revision.events().begin(), revision.events().end(),
                     [](const v1::RevisionEvent& event) {
                       return event.state() == v1::ACTIVE ||
                              event.state() == v1::SHADOW;
                     });
}

// What the last activation by then observed, so that a replay of the same part
// of the journal has the same index, and counts the same costs.
absl::StatusOr<v1::Statistics> StatisticsAt(const store::Store& store,
                                            const v1::Catalogue& catalogue,
                                            uint64_t last_sequence) {
  std::vector<uint64_t> sequences;
  for (const v1::Revision& revision : catalogue.revisions()) {
    for (const v1::RevisionEvent& event : revision.events()) {
      if (event.sequence() <= last_sequence) {
        sequences.push_back(event.sequence());
      }
    }
  }
  std::sort(sequences.rbegin(), sequences.rend());
  for (const uint64_t sequence : sequences) {
    auto record = ReadJournalRecord(store, sequence);
    if (!record.ok()) return record.status();
    if (record->rule().has_statistics()) return record->rule().statistics();
  }
  return v1::Statistics();
}

// Puts answers behind those that there are.
class Answering final : public Rescoring {
 public:
  Answering(absl::Span<ReplayAnswers> answers,
            std::vector<ReplayPlayer::Played>* played)
      : answers_(answers), played_(*played), begin_(answers[0].size) {}

  v1::Assessment* AnswerTo(size_t i, size_t by) override {
    return &answers_[by].assessments[begin_ + i];
  }
  void Assessed(size_t i, size_t by,
                const scoring::EvalScratch& evaluation) override {
    played_[by].notes.Take(evaluation, AnswerTo(i, by),
                           &answers_[by].points[begin_ + i]);
  }

 private:
  const absl::Span<ReplayAnswers> answers_;
  std::vector<ReplayPlayer::Played>& played_;
  const size_t begin_;
};

}  // namespace

ReplayPlayer::ReplayPlayer(const store::Store& store, const RuleSets& rule_sets,
                           absl::Span<const ReplayVariant> variants,
                           const ReplayOptions& options, uint64_t folds_from)
    : store_(store),
      rule_sets_(rule_sets),
      as_recorded_(variants[0].as_recorded),
      has_own_profiles_(variants[0].profiles != nullptr),
      sensitivity_(options.sensitivity),
      leaves_memory_(options.leaves_memory),
      last_sequence_(options.last_sequence),
      erased_answers_(std::make_shared<uint64_t>(0)),
      core_(std::make_unique<Core>(OptionsOf(rule_sets, variants[0], options,
                                             folds_from, erased_answers_),
                                   Borrowed(store))),
      played_(variants.size()) {}

absl::StatusOr<std::unique_ptr<ReplayPlayer>> ReplayPlayer::Make(
    const store::Store& store, const RuleSets& rule_sets,
    absl::Span<const ReplayVariant> variants, const ReplayOptions& options,
    uint64_t folds_from) {
  auto player = std::unique_ptr<ReplayPlayer>(
      new ReplayPlayer(store, rule_sets, variants, options, folds_from));
  absl::Status status = player->Begin(variants);
  if (!status.ok()) return status;
  return player;
}

absl::Status ReplayPlayer::Begin(absl::Span<const ReplayVariant> variants) {
  auto catalogue = ReadCatalogue(store_);
  if (!catalogue.ok()) return catalogue.status();
  if (!as_recorded_) return BeginTried(variants, *catalogue);
  if (has_own_profiles_) core_->SetProfiles(variants[0].profiles);
  // All that was ever counted, from the beginning: what a table holds does not
  // depend on when it was made.
  std::vector<scoring::AggregatePlan::Use> uses;
  for (const v1::Revision& revision : catalogue->revisions()) {
    if (!WasInForce(revision)) continue;
    auto rule_set = rule_sets_.Get(store_, revision.revision());
    if (!rule_set.ok()) return rule_set.status();
    uses.push_back(scoring::AggregatePlan::UseOf(**rule_set));
  }
  core_->CountAll(scoring::AggregatePlan::Make(uses));
  return absl::OkStatus();
}

absl::Status ReplayPlayer::BeginTried(absl::Span<const ReplayVariant> variants,
                                      const v1::Catalogue& catalogue) {
  auto statistics = StatisticsAt(store_, catalogue, last_sequence_);
  if (!statistics.ok()) return statistics.status();
  if (catalogue.has_profile()) {
    core_->SetProfiles(std::make_shared<const scoring::SelectionProfiles>(
        catalogue.profile()));
  }
  const auto profiles = core_->profiles();
  std::vector<scoring::AggregatePlan::Use> uses;
  std::vector<std::vector<scoring::Programme::Member>> members;
  for (size_t i = 0; i < variants.size(); ++i) {
    for (const auto& member : variants[i].members) {
      uses.push_back(scoring::AggregatePlan::UseOf(*member.rule_set));
    }
    members.push_back(variants[i].members);
    if (sensitivity_) {
      played_[i].notes.AddVariants(variants[i].tried, &members.back());
    }
  }
  auto programmes = RunBehind([&] {
    return scoring::Programme::CompileTogether(std::move(members), *statistics);
  });
  if (!programmes.ok()) return programmes.status();
  for (size_t i = 0; i < variants.size(); ++i) {
    const ReplayVariant& variant = variants[i];
    const auto& terms =
        variant.profiles == nullptr ? profiles : variant.profiles;
    if (i == 0) {
      core_->SetProfiles(terms);
      core_->SetProgramme((*programmes)[i]);
    } else {
      core_->AssessAlsoBy({(*programmes)[i], terms, variant.overrides});
    }
  }
  core_->CountAll(scoring::AggregatePlan::Make(uses));
  return absl::OkStatus();
}

absl::Status ReplayPlayer::Take(const JournaledBatch& batch,
                                absl::Span<ReplayAnswers> answers) {
  const absl::Span<const ParsedMovement> movements = batch.movements();
  if (!movements.empty() && rules_changed_) {
    absl::Status status = PutInForce();
    if (!status.ok()) return status;
  }
  Answering answering(answers, &played_);
  for (size_t i = 0; i < answers.size(); ++i) {
    answers[i].Extend(movements.size(), ProfilesOf(*core_, i));
  }
  absl::Status status = core_->FoldTogether(movements, &answering);
  if (!status.ok() || batch.other() == nullptr) return status;
  return Follow(*batch.other());
}

void ReplayPlayer::End() {
  for (size_t i = 0; i < played_.size(); ++i) {
    Played& one = played_[i];
    one.programme = ProgrammeOf(*core_, i);
    one.profiles = ProfilesOf(*core_, i);
    one.notes.Settle(*one.programme);
  }
  if (leaves_memory_) LeaveBehind(std::move(core_));
  core_.reset();
}

absl::Status ReplayPlayer::Follow(const v1::JournalRecord& record) {
  // What filled up a capacity then says nothing of another selection.
  if (record.has_worklist() && !as_recorded_) return absl::OkStatus();
  absl::Status status = core_->Fold(record);
  if (!status.ok()) return status;
  if (record.has_list()) {
    const v1::ListVersion& list = record.list().list();
    auto entries = LoadListEntries(store_, list);
    if (!entries.ok()) return entries.status();
    core_->SetList({list.name(), list.version(), *std::move(entries)});
  } else if (record.has_reference()) {
    auto reference = LoadReference(store_, record.reference().content_hash());
    if (!reference.ok()) return reference.status();
    core_->SetReference(*std::move(reference));
  } else if (record.profile().has_activated()) {
    if (as_recorded_ && !has_own_profiles_) {
      core_->SetProfiles(std::make_shared<const scoring::SelectionProfiles>(
          record.profile().activated()));
    }
  } else if (record.has_rule()) {
    rules_changed_ = as_recorded_;
  }
  return absl::OkStatus();
}

absl::Status ReplayPlayer::PutInForce() {
  rules_changed_ = false;
  auto programme = CompileInForce(store_, rule_sets_, core_->catalogue());
  if (!programme.ok()) return programme.status();
  played_[0].notes.Settle(*core_->programme());
  core_->SetProgramme(*std::move(programme));
  return absl::OkStatus();
}

}  // namespace portrisk::service
