#include "service/evaluations.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "service/catalogue.h"
#include "service/engine.h"
#include "service/keys.h"
#include "service/log.h"
#include "service/process_memory.h"
#include "service/replay.h"

namespace portrisk::service {
namespace {

// An evaluation that needs more would end the server, begin again with it, and
// end it again.
constexpr double kMemoryShare = 0.85;

absl::Status OutOfMemory(uint64_t resident, uint64_t most, uint64_t sequence,
                         uint64_t last) {
  constexpr double kGiB = 1 << 30;
  return absl::ResourceExhaustedError(absl::StrFormat(
      "at record %u of %u the server had %.1f GiB in memory, and %.1f are the "
      "most with which an evaluation goes on, so that scoring does. Evaluate a "
      "shorter period or fewer candidates at a time, give the server more "
      "memory, or replay a backup elsewhere (portrisk replay --store)",
      sequence, last, static_cast<double>(resident) / kGiB,
      static_cast<double>(most) / kGiB));
}

absl::StatusOr<scoring::Programme::Member> MemberOf(
    const store::Store& store, const RuleSets& rule_sets,
    const v1::EvaluatedRevision& revision) {
  auto rule_set = rule_sets.Get(store, revision.revision());
  if (!rule_set.ok()) return rule_set.status();
  scoring::Programme::Member member{revision.revision(), *std::move(rule_set),
                                    revision.shadow()};
  if (revision.share_end_ppm() > 0) {
    member.units_begin = revision.share_begin_ppm();
    member.units_end = revision.share_end_ppm();
  }
  return member;
}

absl::StatusOr<ReplayVariant> InForceOf(const store::Store& store,
                                        const RuleSets& rule_sets,
                                        const v1::Evaluation& evaluation) {
  ReplayVariant variant;
  variant.name = "in-force";
  for (const v1::EvaluatedRevision& revision : evaluation.in_force()) {
    auto member = MemberOf(store, rule_sets, revision);
    if (!member.ok()) return member.status();
    variant.members.push_back(*std::move(member));
    for (const std::string& rule : revision.rules_in_shadow()) {
      variant.overrides.push_back({revision.revision(), rule});
    }
  }
  return variant;
}

absl::StatusOr<std::vector<ReplayVariant>> VariantsOf(
    const store::Store& store, const RuleSets& rule_sets,
    const v1::Evaluation& evaluation,
    const scoring::SelectionProfile& built_in) {
  auto in_force = InForceOf(store, rule_sets, evaluation);
  if (!in_force.ok()) return in_force.status();
  std::vector<ReplayVariant> variants(1);
  switch (evaluation.plan().baseline()) {
    case v1::BASELINE_RECORDED:
      variants[0].name = "recorded";
      variants[0].as_recorded = true;
      break;
    case v1::BASELINE_EMPTY:
      variants[0].name = "empty";
      break;
    default:
      variants[0] = *in_force;
  }
  const auto profiles =
      evaluation.has_profile()
          ? std::make_shared<const scoring::SelectionProfiles>(
                evaluation.profile())
          : std::make_shared<const scoring::SelectionProfiles>(built_in);
  if (!variants[0].as_recorded) variants[0].profiles = profiles;
  in_force->profiles = profiles;
  for (const auto& candidate : evaluation.plan().candidates()) {
    ReplayVariant& variant = variants.emplace_back(*in_force);
    std::vector<std::string> names;
    std::vector<scoring::Programme::Member> members;
    for (const uint64_t number : candidate.revisions()) {
      auto rule_set = rule_sets.Get(store, number);
      if (!rule_set.ok()) return rule_set.status();
      names.push_back(
          absl::StrCat(scoring::RuleSetName(**rule_set), " ", number));
      members.push_back({number, *std::move(rule_set)});
    }
    variant.name = absl::StrJoin(names, " + ");
    Replace(std::move(members), &variant);
  }
  return variants;
}

int64_t SecondsOr(bool known, const google::protobuf::Timestamp& time,
                  int64_t otherwise) {
  return known ? time.seconds() : otherwise;
}

}  // namespace

ReplayOptions ReplayOptionsOf(const v1::EvaluationPlan& plan) {
  ReplayOptions options;
  options.from = SecondsOr(plan.has_begin_time(), plan.begin_time(), INT64_MIN);
  options.until = SecondsOr(plan.has_end_time(), plan.end_time(), INT64_MAX);
  options.history_from = SecondsOr(plan.has_history_begin_time(),
                                   plan.history_begin_time(), INT64_MIN);
  if (!plan.rates().empty()) {
    options.rates.assign(plan.rates().begin(), plan.rates().end());
  }
  for (const v1::EvaluationCapacity& one : plan.capacities()) {
    scoring::Capacity& capacity = options.capacities.emplace_back();
    capacity.everywhere = one.everywhere();
    for (const v1::FacilityCapacity& facility : one.facilities()) {
      capacity.facilities[facility.facility()] = facility.units();
    }
  }
  options.sensitivity = plan.sensitivity();
  return options;
}

v1::EvaluatedRevision Evaluated(const v1::Revision& revision) {
  v1::EvaluatedRevision evaluated;
  evaluated.set_rule_set(revision.rule_set());
  evaluated.set_revision(revision.revision());
  evaluated.set_content_hash(revision.content_hash());
  return evaluated;
}

std::vector<v1::EvaluatedRevision> InForceNow(const v1::Catalogue& catalogue) {
  const auto shares = SharesOf(catalogue);
  std::vector<v1::EvaluatedRevision> in_force;
  for (const v1::Revision& revision : catalogue.revisions()) {
    const bool shadow = revision.state() == v1::SHADOW;
    if (revision.state() != v1::ACTIVE && !shadow) continue;
    v1::EvaluatedRevision& one = in_force.emplace_back(Evaluated(revision));
    one.set_shadow(shadow);
    for (const scoring::Programme::Share& share : shares) {
      if (share.revision != revision.revision()) continue;
      one.set_share_begin_ppm(share.units_begin);
      one.set_share_end_ppm(share.units_end);
    }
    for (const v1::RuleOverride& tripped : revision.overrides()) {
      one.add_rules_in_shadow(tripped.rule());
    }
  }
  return in_force;
}

void Evaluations::Start() {
  reader_.Start([this] { return Step(); });
}

void Evaluations::CallOff(uint64_t evaluation) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (running_ == evaluation) called_off_ = true;
}

void Evaluations::ShowProgress(v1::Evaluation* evaluation) const {
  if (running_ != evaluation->evaluation() ||
      evaluation->state() != v1::EVALUATION_WAITING) {
    return;
  }
  evaluation->set_state(v1::EVALUATION_RUNNING);
  std::lock_guard<std::mutex> lock(mutex_);
  *evaluation->mutable_progress() = progress_;
}

std::optional<double> Evaluations::RunningShare() const {
  if (running_ == 0) return std::nullopt;
  std::lock_guard<std::mutex> lock(mutex_);
  if (running_until_ == 0) return 1;
  return static_cast<double>(progress_.read_sequence()) /
         static_cast<double>(running_until_);
}

absl::StatusOr<StoreReader::Work> Evaluations::Step() {
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  const auto& all = catalogue->evaluations();
  const auto next = std::find_if(all.begin(), all.end(), [](const auto& one) {
    return one.state() == v1::EVALUATION_WAITING;
  });
  if (next == all.end()) return StoreReader::Work::kNone;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    progress_.Clear();
    running_until_ = next->last_sequence();
    running_ = next->evaluation();
    called_off_ = false;
  }
  // Cancelled before that, it has not been told to stop.
  catalogue = engine_->ReadCatalogue();
  v1::Evaluation evaluation;
  if (catalogue.ok()) evaluation = *FindEvaluation(*catalogue, running_);
  if (evaluation.state() != v1::EVALUATION_WAITING) {
    running_ = 0;
    if (!catalogue.ok()) return catalogue.status();
    return StoreReader::Work::kDone;
  }
  if (reader_.MustLeave()) {
    running_ = 0;
    return absl::AbortedError("stopped");  // Until the store is open again.
  }
  LogInfo("evaluation",
          {{"number", absl::StrCat(evaluation.evaluation())},
           {"journal", absl::StrCat(evaluation.last_sequence())}});
  auto report = Run(evaluation);
  absl::Status status = report.status();
  if (!absl::IsAborted(status) && !absl::IsUnavailable(status)) {
    v1::Evaluation ended = evaluation;
    ended.set_state(status.ok() ? v1::EVALUATION_FINISHED
                                : v1::EVALUATION_FAILED);
    ended.set_failure(std::string(status.message()));
    status =
        End(std::move(ended), status.ok() ? *report : v1::EvaluationReport());
  }
  running_ = 0;
  if (!status.ok() && !called_off_) return status;
  return StoreReader::Work::kDone;
}

absl::StatusOr<v1::EvaluationReport> Evaluations::Run(
    const v1::Evaluation& evaluation) {
  const StoreReader::Hold hold(&reader_);
  if (reader_.MustLeave()) return absl::AbortedError("stopped");
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  // Of its own: those that only an evaluation needed go with it.
  const RuleSets rule_sets;
  auto variants = VariantsOf(**store, rule_sets, evaluation, options_.profile);
  if (!variants.ok()) return variants.status();
  ReplayOptions options = ReplayOptionsOf(evaluation.plan());
  options.profile = options_.profile;
  options.draw_key = options_.draw_key;
  options.last_sequence = evaluation.last_sequence();
  options.chunk_records = options_.chunk_records;
  const absl::Time start = absl::Now();
  const uint64_t memory_max =
      options_.memory_max != 0
          ? options_.memory_max
          : static_cast<uint64_t>(kMemoryShare *
                                  static_cast<double>(MemoryMaxBytes()));
  options.progress = [&](uint64_t sequence) -> absl::Status {
    if (reader_.MustLeave() || called_off_) {
      return absl::AbortedError("stopped");
    }
    const uint64_t resident = ResidentBytes();
    if (resident > memory_max) {
      return OutOfMemory(resident, memory_max, sequence,
                         evaluation.last_sequence());
    }
    const double rate =
        static_cast<double>(sequence) /
        std::max(absl::ToDoubleSeconds(absl::Now() - start), 1e-3);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      progress_.set_read_sequence(sequence);
      progress_.set_records_per_second(static_cast<uint64_t>(rate));
      progress_.set_seconds_left(static_cast<uint64_t>(
          static_cast<double>(evaluation.last_sequence() - sequence) /
          std::max(rate, 1.0)));
      progress_.set_resident_bytes(resident);
    }
    if (options_.after_chunk) options_.after_chunk();
    return absl::OkStatus();
  };
  return ReplayHistory(**store, *variants, options);
}

absl::Status Evaluations::End(v1::Evaluation ended,
                              const v1::EvaluationReport& report) {
  const std::string bytes = report.SerializeAsString();
  std::vector<store::Put> puts;
  if (ended.state() == v1::EVALUATION_FINISHED) {
    ended.set_report_hash(ContentHash(bytes));
    ended.set_movements(report.movements());
    puts.push_back(
        {store::Table::kRuleSets, ReportKey(ended.evaluation()), bytes});
  }
  absl::Status status = engine_->Run([&](Core& core) {
    const v1::EvaluationState now =
        FindEvaluation(core.catalogue(), ended.evaluation())->state();
    if (now != v1::EVALUATION_WAITING) {
      ended.set_state(now);  // Cancelled meanwhile.
      return absl::OkStatus();
    }
    v1::JournalRecord record;
    record.set_caller(kEngineCaller);
    *record.mutable_evaluation()->mutable_evaluation() = ended;
    core.Append(std::move(record), puts);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  LogInfo("evaluation", {{"number", absl::StrCat(ended.evaluation())},
                         {"state", v1::EvaluationState_Name(ended.state())},
                         {"failure", ended.failure()}});
  return status;
}

}  // namespace portrisk::service
