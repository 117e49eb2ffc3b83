// HOT PATH: Gather, Apply and Finish run for every movement. Budget: with the
// pure steps, parsing and the append, 10 us a movement (bench/score_bench).
// Forbidden: waiting, logging, reading the clock; reads of the store only in
// Gather, except for corrections and repeats, which are rare.
#include "service/core.h"

#include <sodium.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "scoring/timestamps.h"
#include "service/catalogue.h"
#include "service/errors.h"
#include "service/keys.h"
#include "service/movement_counts.h"
#include "service/same_content.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

using scoring::JournaledMovement;

// Appends one element of JournalBlock.records.
void AppendToBlock(const v1::JournalRecord& record, std::string* block) {
  const size_t size = record.ByteSizeLong();
  uint8_t header[11];
  header[0] = 1 << 3 | 2;  // Field 1, length-delimited.
  const uint8_t* end =
      google::protobuf::io::CodedOutputStream::WriteVarint64ToArray(size,
                                                                    header + 1);
  const size_t at = block->size() + (end - header);
  block->append(reinterpret_cast<const char*>(header), end - header);
  block->resize(at + size);
  record.SerializeWithCachedSizesToArray(
      reinterpret_cast<uint8_t*>(block->data() + at));
}

// Of an id that nobody has used yet: the report would be refused that way.
absl::Status NothingToRetract() {
  return Error(absl::StatusCode::kFailedPrecondition, "NOTHING_TO_RETRACT",
               "nothing of that source and id is known; a caller that is bound "
               "to events or places takes back what has been reported");
}

std::string UpdateTimeText(const v1::Movement& movement) {
  return movement.has_update_time() ? FormatTime(movement.update_time())
                                    : "none";
}

// Writes where and when a record took effect into what the catalogue keeps.
void Stamp(v1::JournalRecord* record) {
  const auto stamp = [&](auto* message) {
    message->set_sequence(record->sequence());
    *message->mutable_time() = record->recorded_time();
  };
  if (record->has_list()) stamp(record->mutable_list()->mutable_list());
  if (record->has_evaluation()) {
    v1::Evaluation* const one =
        record->mutable_evaluation()->mutable_evaluation();
    if (one->state() == v1::EVALUATION_WAITING) {
      *one->mutable_create_time() = record->recorded_time();
      one->set_last_sequence(record->sequence());
    } else {
      *one->mutable_end_time() = record->recorded_time();
    }
  }
  if (record->has_profile()) {
    v1::ProfileRecord* profile = record->mutable_profile();
    stamp(profile->mutable_event());
    if (profile->has_created()) {
      *profile->mutable_created()->add_events() = profile->event();
    }
  }
  if (!record->has_rule()) return;
  v1::RuleRecord* rule = record->mutable_rule();
  stamp(rule->mutable_event());
  if (rule->has_tripped()) stamp(rule->mutable_tripped());
  if (rule->has_created()) {
    *rule->mutable_created()->add_events() = rule->event();
  }
}

}  // namespace

uint64_t MovementKey(const Digest& identity) {
  uint64_t key = 0;
  for (int i = 0; i < 8; ++i) key = key << 8 | identity[i];
  return key;
}

Digest IdentityOf(absl::string_view source, absl::string_view id) {
  // The length of the source keeps ("ab", "c") apart from ("a", "bc").
  std::string text;
  text.reserve(source.size() + id.size() + 1);
  text.push_back(static_cast<char>(source.size()));
  text.append(source.data(), source.size()).append(id.data(), id.size());
  Digest digest;
  crypto_generichash(digest.data(), digest.size(),
                     reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                     nullptr, 0);
  return digest;
}

Core::Core(const CoreOptions& options,
           std::shared_ptr<const store::Store> store)
    : options_(options),
      store_(std::move(store)),
      entities_(options.cache_states_max,
                options.from_zero && options.base == 0
                    ? StoredStates{}
                    : StoredStates{store_.get(), options.base}),
      programme_(*scoring::Programme::Compile({})),
      reference_(
          std::make_shared<scoring::Reference>(v1::ReferenceTable(), "")),
      profiles_(std::make_shared<scoring::SelectionProfiles>(options.profile)),
      pending_(std::make_shared<PendingIndex>()) {}

void Core::Begin(absl::Time now, const Batch* in_flight, Batch* batch) {
  batch_ = batch;
  in_flight_ = in_flight;
  const google::protobuf::Timestamp stamp = ToProto(now);
  if (scoring::Before(last_recorded_time_, stamp)) last_recorded_time_ = stamp;
  batch->first_sequence = next_sequence_;
  batch->recorded_time = last_recorded_time_;
  batch->record_count = 0;
  batch->block.clear();
  batch->puts.clear();
  batch->tasks.clear();
}

absl::Status Core::Gather(const std::vector<Task*>& tasks) {
  entities_.Trim();
  stored_identities_.clear();
  unknown_identities_.clear();
  gathered_.clear();
  for (Task* task : tasks) {
    if (task->kind != Task::Kind::kMovement) continue;
    auto* movement = static_cast<MovementTask*>(task);
    movement->gathered = gathered_.size();
    gathered_.push_back(entities_.Find(*movement->movement));
    if (programme_->reads_finds(movement->movement->event())) {
      entities_.FindRatesOf(*movement->movement, &gathered_.back());
    }
    if (!pending_->identity.contains(movement->identity) &&
        !(frozen_ && frozen_->identity.contains(movement->identity))) {
      unknown_identities_.push_back(movement->identity);
    }
  }
  absl::Status status = entities_.Load();
  if (!status.ok() || unknown_identities_.empty()) return status;
  keys_.clear();
  for (const Digest& identity : unknown_identities_) {
    keys_.push_back(KeyView(identity));
  }
  status = store_->MultiGet(store::Table::kIdentity, keys_, &values_);
  if (!status.ok()) return status;
  for (size_t i = 0; i < unknown_identities_.size(); ++i) {
    if (values_[i]) {
      stored_identities_[unknown_identities_[i]] =
          store::FromBigEndian64(*values_[i]);
    }
  }
  return absl::OkStatus();
}

absl::Status Core::UnfoldPrior(const JournaledMovement& input,
                               const JournaledVersion& prior) {
  Entities::Named named = entities_.Find(prior.movement);
  entities_.FindSpreads(prior.movement, prior.spans, &named);
  absl::Status status = entities_.Load();
  if (!status.ok()) return status;
  occurrences_.Add(input.sequence, prior.movement);
  status = entities_.Unfold(
      input, prior.movement, named,
      [this](const Period& period, const Positions& where, VisitRecord visit) {
        return ReadPeriod(period, where, visit);
      });
  is_broken_ |= !status.ok();
  return status;
}

void Core::Apply(MovementTask* task) {
  uint64_t stored = 0;
  auto it = pending_->identity.find(task->identity);
  if (it != pending_->identity.end()) {
    stored = it->second;
  } else if (frozen_) {
    auto frozen = frozen_->identity.find(task->identity);
    if (frozen != frozen_->identity.end()) stored = frozen->second;
  }
  if (stored == 0 && !stored_identities_.empty()) {
    auto found = stored_identities_.find(task->identity);
    if (found != stored_identities_.end()) stored = found->second;
  }
  if (stored > 0) {
    task->status = ResolveKnown(task, stored);
  } else if (task->movement->retraction() && task->bound != nullptr) {
    task->status = NothingToRetract();
  } else {
    task->status = Score(task, 0, nullptr);
  }
  if (options_.counts != nullptr && task->record == 0) {
    options_.counts->CountUnscored(task->status);
  }
  batch_->tasks.push_back(task);
}

void Core::Apply(CommandTask* task) {
  task->status = task->run(*this);
  batch_->tasks.push_back(task);
}

absl::Status Core::ResolveKnown(MovementTask* task, uint64_t stored) {
  if (stored <= removed_to_) return MovementRemoved(stored);
  auto latest = ReadRecord(stored);
  if (!latest.ok()) return latest.status();
  const bool is_repeat =
      SameContent(latest->movement(), *task, options_.pseudonyms);
  auto parsed = ParseVersion(*std::move(latest));
  if (!parsed.ok()) return parsed.status();
  const v1::Movement& prior = parsed->movement;
  if (prior.source() != task->movement->source() ||
      prior.id() != task->movement->id()) {
    return Error(absl::StatusCode::kInternal, "IDENTITY_COLLISION",
                 "two movements share one identity hash; send this one with "
                 "another id");
  }
  if (!is_repeat && Newer(*task->movement, prior)) {
    // Of a prior retraction there is nothing left to protect.
    if (task->bound != nullptr && !prior.retraction()) {
      absl::Status status = task->bound->CheckReport(prior);
      if (!status.ok()) return status;
    }
    return Score(task, stored, &*parsed);
  }
  // A repeat of the latest version or of an earlier one.
  size_t searched = 0;
  for (uint64_t version = stored;
       version != 0 && ++searched <= kVersionsSearchedMax;) {
    if (version <= removed_to_) {
      return MovementRemoved(version);
    }
    auto record = ReadRecord(version);
    if (!record.ok()) return record.status();
    v1::Assessment assessment;
    if (!assessment.ParseFromString(record->assessment())) {
      return StoreDamaged("an assessment in the journal");
    }
    if (SameContent(record->movement(), *task, options_.pseudonyms)) {
      // Kept beside the batch's records: the answer outlives this call.
      repeats_.push_back(std::move(*record->mutable_assessment()));
      task->assessment = repeats_.back();
      return absl::OkStatus();
    }
    // Versions only get older from here.
    v1::Movement content;
    if (!content.ParseFromString(record->movement())) {
      return StoreDamaged("a movement in the journal");
    }
    if (Newer(*task->movement, content)) break;
    version = assessment.corrects_sequence();
  }
  return Error(
      absl::StatusCode::kAlreadyExists, "MOVEMENT_CONFLICT",
      absl::StrCat("movement ", task->movement->id(), " of source ",
                   task->movement->source(), " is stored at position ", stored,
                   " with other content, ", UpdatedAt(prior),
                   ", and this one has no newer update_time; send a "
                   "correction with a later update_time, or another id"),
      {{"source", task->movement->source()},
       {"movement_id", task->movement->id()},
       {"stored_sequence", absl::StrCat(stored)},
       {"stored_update_time", UpdateTimeText(prior)},
       {"given_update_time", UpdateTimeText(*task->movement)}});
}

// Mostly it is all in the caches.
absl::Status Core::FindLate(const JournaledMovement& input,
                            Entities::Named* named) {
  if (programme_->reads_finds(input.movement->event()) &&
      named->finds[0] == nullptr) {
    // A rule that reads them came into force after this batch was gathered.
    entities_.FindRatesOf(*input.movement, named);
  }
  // Where a span began is known only now.
  scoring::Spans* const spans = record_.mutable_movement()->mutable_spans();
  entities_.FindSpans(input, *named, *reference_, spans);
  entities_.FindSpreads(*input.movement, *spans, named);
  return entities_.Load();
}

absl::Status Core::Score(MovementTask* task, uint64_t corrects,
                         const JournaledVersion* prior) {
  Entities::Named& named = gathered_[task->gathered];
  const JournaledMovement input{
      task->movement, MovementKey(task->identity), next_sequence_,
      prior == nullptr ? nullptr : &prior->assessment};
  const scoring::AssessContext context{programme_.get(), reference_.get(),
                                       profiles_.get(), &options_.draw_key};
  absl::Status status = entities_.Renew(*task->movement, &named);
  if (status.ok() && prior != nullptr) status = UnfoldPrior(input, *prior);
  if (status.ok()) status = FindLate(input, &named);
  if (!status.ok()) {
    is_broken_ |= prior != nullptr;
    return status;
  }
  entities_.Recognise(*task->movement, named);
  const bool sampled = options_.counts != nullptr && task->gathered == 0;
  if (sampled) options_.counts->BeginSample();
  assessor_.Assess(context, input, entities_.States(named), &assessment_);
  if (sampled && !assessment_.retraction() && !assessment_.not_actual()) {
    options_.counts->EndSample();
  }
  *assessment_.mutable_recorded_time() = batch_->recorded_time;
  assessment_.set_corrects_sequence(corrects);
  entities_.Fold(input, assessment_.unit(), named);

  if (batch_->records.size() == batch_->record_count) {
    batch_->records.emplace_back();
  }
  Batch::Record& kept = batch_->records[batch_->record_count++];
  kept.movement.assign(task->bytes);
  kept.control.clear();
  kept.spans.CopyFrom(record_.movement().spans());
  assessment_.SerializeToString(&kept.assessment);
  record_.set_sequence(next_sequence_++);
  *record_.mutable_recorded_time() = batch_->recorded_time;
  record_.set_caller(task->caller);
  record_.set_purpose(task->purpose);
  record_.mutable_movement()->set_movement(kept.movement);
  record_.mutable_movement()->set_assessment(kept.assessment);
  AppendToBlock(record_, &batch_->block);
  Index(*task->movement, assessment_, task->identity, record_.sequence());
  ++since_freeze_;
  task->record = batch_->record_count;
  if (options_.counts != nullptr) {
    options_.counts->Count(*task->movement, assessment_, *assessor_.scratch());
  }
  trips_.clear();
  tallies_.Count(assessment_, task->movement->event(), &trips_);
  if (!trips_.empty()) ApplyTrips();
  return absl::OkStatus();
}

void Core::Index(const v1::Movement& movement, const v1::Assessment& assessment,
                 const Digest& identity, uint64_t sequence) {
  occurrences_.Add(sequence, movement);
  if (!options_.keeps_indexes) return;
  pending_->identity[identity] = sequence;
  // Under what it no longer is about, too: there it has to be seen.
  for (const std::string* number : {&assessment.container_number(),
                                    &assessment.corrected_container_number()}) {
    if (number->empty()) continue;
    pending_->containers.emplace_back(ContainerKey(*number), sequence);
  }
}

void Core::Finish() {
  // Views are handed out only now: records may have moved while they grew.
  for (Task* task : batch_->tasks) {
    if (task->kind != Task::Kind::kMovement || !task->status.ok()) continue;
    auto* movement = static_cast<MovementTask*>(task);
    if (movement->record > 0) {
      movement->assessment = batch_->records[movement->record - 1].assessment;
    }
  }
  batch_->repeats.swap(repeats_);
  repeats_.clear();
}

void Core::AppendRecord(v1::JournalRecord* record) {
  record->set_sequence(next_sequence_++);
  *record->mutable_recorded_time() = batch_->recorded_time;
  Stamp(record);
  AppendToBlock(*record, &batch_->block);
  if (batch_->records.size() == batch_->record_count) {
    batch_->records.emplace_back();
  }
  batch_->records[batch_->record_count++] = Batch::Record();
  ++since_freeze_;
}

uint64_t Core::Append(v1::JournalRecord record, std::vector<store::Put> puts) {
  AppendRecord(&record);
  FoldIntoCatalogue(record, &catalogue_);
  for (store::Put& put : puts) batch_->puts.push_back(std::move(put));
  batch_->puts.push_back(
      {store::Table::kRuleSets, kCatalogueKey, catalogue_.SerializeAsString()});
  return record.sequence();
}

}  // namespace portrisk::service
