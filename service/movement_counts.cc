// HOT PATH (Count). Budget: a hundredth of the 10 us of a movement;
// bench/score_bench, BM_Counting, stands beside it. Forbidden: locks, the
// clock, the heap.
#include "service/movement_counts.h"

#include <algorithm>
#include <vector>

#include "service/steady_clock.h"

namespace portrisk::service {
namespace {

constexpr int64_t kMicros = 1'000'000;

int64_t MicrosOf(const google::protobuf::Timestamp& time) {
  return time.seconds() * kMicros + time.nanos() / 1000;
}

}  // namespace

MovementCounts::MovementCounts(std::function<void(int64_t)> on_assessed)
    : on_assessed_(std::move(on_assessed)) {
  source_list_[kSourcesMax].name = kOtherSources;
}

void MovementCounts::Use(std::shared_ptr<const scoring::Programme> programme) {
  auto next = std::make_unique<Table>();
  next->size = programme->rule_count();
  next->counts = std::make_unique<Counter[]>(next->size * kOfRule);
  next->programme = std::move(programme);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (table_ != nullptr) AddTo(*table_, &totals_);
  table_ = std::move(next);
}

void MovementCounts::AddTo(const Table& table, Totals* totals) {
  for (uint32_t rule = 0; rule < table.size; ++rule) {
    RuleCounts counts;
    for (size_t i = 0; i < kOfRule; ++i) {
      counts[i] =
          table.counts[rule * kOfRule + i].load(std::memory_order_relaxed);
    }
    if (counts == RuleCounts{}) continue;
    const auto numbered = table.programme->RuleAt(rule);
    RuleCounts& total = (*totals)[{
        std::string(RuleSetName(*numbered.member->rule_set)), *numbered.rule}];
    for (size_t i = 0; i < kOfRule; ++i) total[i] += counts[i];
  }
}

void MovementCounts::BeginSample() {
  if (on_assessed_) sample_begun_ns_ = SteadyNow();
}

void MovementCounts::EndSample() {
  if (on_assessed_) on_assessed_(SteadyNow() - sample_begun_ns_);
}

void MovementCounts::Count(const v1::Movement& movement,
                           const v1::Assessment& assessment,
                           const scoring::EvalScratch& evaluation) {
  if (assessment.retraction() || assessment.not_actual()) {
    return Raise(&kinds_[assessment.retraction() ? kRetraction : kPlan]);
  }
  Raise(&kinds_[assessment.corrects_sequence() != 0 ? kCorrection : kNew]);
  Raise(&assessments_[assessment.lane()][assessment.channel()]);
  CountSource(movement, assessment);
  if (table_ == nullptr) return;
  for (const auto& one : scoring::Programme::ReportedBy(evaluation)) {
    if (one.rule >= table_->size) continue;
    const size_t kind = (one.hit ? 0 : 2) + (one.shadow ? 1 : 0);
    Raise(&table_->counts[one.rule * kOfRule + kind]);
  }
}

void MovementCounts::CountUnscored(const absl::Status& status) {
  Raise(&kinds_[status.ok() ? kRepeat : kRefused]);
}

MovementCounts::Source* MovementCounts::SourceOf(const std::string& name) {
  const auto found = source_index_.find(name);
  if (found != source_index_.end()) return &source_list_[found->second];
  const size_t next = sources_.load(std::memory_order_relaxed);
  if (next == kSourcesMax) return &source_list_[kSourcesMax];
  source_list_[next].name = name;
  source_index_[name] = next;
  sources_.store(next + 1, std::memory_order_release);
  return &source_list_[next];
}

void MovementCounts::CountSource(const v1::Movement& movement,
                                 const v1::Assessment& assessment) {
  if (!movement.has_occurrence_time()) return;
  Source* const source = SourceOf(movement.source());
  const int64_t recorded_us = MicrosOf(assessment.recorded_time());
  const int64_t lag_us = recorded_us - MicrosOf(movement.occurrence_time());
  Raise(&source->count);
  Raise(&source->lag_us, static_cast<uint64_t>(std::max<int64_t>(lag_us, 0)));
  source->last_us.store(recorded_us, std::memory_order_relaxed);
}

void MovementCounts::Show(Exposition* out) const {
  static constexpr const char* kKindNames[kKinds] = {
      "new", "correction", "retraction", "plan", "repeat", "refused"};
  for (int kind = 0; kind < kKinds; ++kind) {
    out->Add(metric::kMovements, kinds_[kind], {{"kind", kKindNames[kind]}});
  }
  for (int lane = v1::GREEN; lane < kLanes; ++lane) {
    for (int channel = 0; channel < kChannels; ++channel) {
      const uint64_t count = assessments_[lane][channel];
      // Each lane from the start, since a rate needs a first value.
      if (count == 0 && channel != v1::CHANNEL_UNSPECIFIED) continue;
      out->Add(metric::kAssessments, count,
               {{"lane", v1::Lane_Name(static_cast<v1::Lane>(lane))},
                {"channel",
                 channel == v1::CHANNEL_UNSPECIFIED
                     ? "NONE"
                     : v1::Channel_Name(static_cast<v1::Channel>(channel))}});
    }
  }
  ShowRules(out);
  ShowSources(out);
}

void MovementCounts::ShowRules(Exposition* out) const {
  Totals totals;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    totals = totals_;
    if (table_ != nullptr) AddTo(*table_, &totals);
  }
  struct Series {
    uint64_t count;
    const RuleName* rule;
    bool shadow;
  };
  size_t left_out = 0;
  for (const size_t first : {size_t{0}, size_t{2}}) {
    std::vector<Series> series;
    for (const auto& [rule, counts] : totals) {
      for (const size_t shadow : {size_t{0}, size_t{1}}) {
        const uint64_t count = counts[first + shadow];
        if (count > 0) series.push_back({count, &rule, shadow == 1});
      }
    }
    if (series.size() > kRuleSeriesMax) {
      std::nth_element(
          series.begin(), series.begin() + kRuleSeriesMax, series.end(),
          [](const Series& a, const Series& b) { return a.count > b.count; });
      left_out += series.size() - kRuleSeriesMax;
      series.resize(kRuleSeriesMax);
    }
    for (const Series& one : series) {
      out->Add(first == 0 ? metric::kRuleHits : metric::kRuleNotEvaluated,
               one.count,
               {{"rule_set", one.rule->first},
                {"rule", one.rule->second},
                {"shadow", one.shadow ? "true" : "false"}});
    }
  }
  out->Add(metric::kRulesLeftOut, left_out);
}

void MovementCounts::ShowSources(Exposition* out) const {
  const size_t known = sources_.load(std::memory_order_acquire);
  for (size_t i = 0; i <= kSourcesMax; ++i) {
    const Source& source = source_list_[i];
    if (i >= known && (i < kSourcesMax || source.count == 0)) continue;
    const Exposition::Labels labels = {{"source", source.name}};
    out->AddSummary(metric::kSourceLag, source.count,
                    static_cast<double>(source.lag_us) / kMicros, labels);
    out->Add(metric::kSourceLast, static_cast<double>(source.last_us) / kMicros,
             labels);
  }
}

}  // namespace portrisk::service
