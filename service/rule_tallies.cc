// HOT PATH (Count). Budget: nanoseconds where nothing is watched.
#include "service/rule_tallies.h"

#include <algorithm>
#include <numeric>

namespace portrisk::service {
namespace {

constexpr uint64_t kMillion = 1'000'000;

}  // namespace

void RuleTallies::Watch(
    uint64_t revision,
    const google::protobuf::RepeatedPtrField<v1::Breaker>& breakers) {
  for (const v1::Breaker& breaker : breakers) {
    revisions_[revision].rules[breaker.rule()].breaker = breaker;
  }
}

uint64_t RuleTallies::SeenBy(const Revision& revision,
                             const v1::Breaker& breaker) {
  if (breaker.applies_to().empty()) {
    return std::accumulate(revision.seen.begin(), revision.seen.end(),
                           uint64_t{0});
  }
  uint64_t seen = 0;
  for (int i = 0; i < breaker.applies_to_size(); ++i) {
    const int event = breaker.applies_to(i);
    // An event may be listed twice.
    const bool again = std::find(breaker.applies_to().begin(),
                                 breaker.applies_to().begin() + i,
                                 event) != breaker.applies_to().begin() + i;
    if (!again) seen += revision.seen[static_cast<size_t>(event)];
  }
  return seen;
}

void RuleTallies::Count(const v1::Assessment& assessment, v1::Event event,
                        std::vector<Trip>* trips) {
  if (!revisions_.empty() && v1::Event_IsValid(event)) {
    for (const v1::RevisionRef& ref : assessment.revisions()) {
      const auto found = revisions_.find(ref.revision());
      if (found != revisions_.end() && !found->second.rules.empty()) {
        ++found->second.seen[static_cast<size_t>(event)];
      }
    }
  }
  for (const v1::Hit& hit : assessment.hits()) {
    if (hit.shadow()) continue;
    for (const v1::SuppressedBy& by : hit.suppressed_by()) {
      ++revisions_[by.revision()].suppressed[{hit.rule_set(), hit.rule()}];
    }
    if (!revisions_.empty()) CountHit(hit, trips);
  }
}

void RuleTallies::CountHit(const v1::Hit& hit, std::vector<Trip>* trips) {
  const auto revision = revisions_.find(hit.revision());
  if (revision == revisions_.end()) return;
  const auto found = revision->second.rules.find(hit.rule());
  if (found == revision->second.rules.end()) return;
  Watched& rule = found->second;
  const uint64_t seen = SeenBy(revision->second, rule.breaker);
  if (rule.breaker.window() == 0 || seen == 0) return;
  const uint64_t window = (seen - 1) / rule.breaker.window();
  if (!rule.fired || window != rule.window) rule.hits = 0;
  rule.fired = true;
  rule.window = window;
  ++rule.hits;
  if (rule.hits * kMillion <=
      uint64_t{rule.breaker.share_ppm()} * rule.breaker.window()) {
    return;
  }
  if (trips == nullptr) return;
  Trip& trip = trips->emplace_back();
  trip.revision = hit.revision();
  trip.override.set_rule(hit.rule());
  trip.override.set_hits(rule.hits);
  trip.override.set_window(rule.breaker.window());
}

void RuleTallies::Reset(uint64_t revision, const std::string& rule) {
  const auto found = revisions_.find(revision);
  if (found == revisions_.end()) return;
  const auto watched = found->second.rules.find(rule);
  if (watched != found->second.rules.end()) watched->second.hits = 0;
}

std::vector<v1::SuppressionTally> RuleTallies::SuppressedBy(
    uint64_t revision) const {
  std::vector<v1::SuppressionTally> tallies;
  const auto found = revisions_.find(revision);
  if (found == revisions_.end()) return tallies;
  for (const auto& [target, count] : found->second.suppressed) {
    v1::SuppressionTally& tally = tallies.emplace_back();
    tally.set_rule_set(target.first);
    tally.set_rule(target.second);
    tally.set_count(count);
  }
  return tallies;
}

bool RuleTallies::empty() const {
  return std::none_of(
      revisions_.begin(), revisions_.end(), [](const auto& entry) {
        const auto& seen = entry.second.seen;
        return !entry.second.suppressed.empty() ||
               std::any_of(seen.begin(), seen.end(),
                           [](uint64_t count) { return count > 0; });
      });
}

v1::RuleTallies RuleTallies::State() const {
  v1::RuleTallies state;
  for (const auto& [number, revision] : revisions_) {
    v1::RevisionTally tally;
    size_t last = revision.seen.size();
    while (last > 0 && revision.seen[last - 1] == 0) --last;
    for (size_t i = 0; i < last; ++i) tally.add_seen(revision.seen[i]);
    for (const auto& [id, rule] : revision.rules) {
      if (!rule.fired) continue;
      v1::RuleTally* kept = tally.add_rules();
      kept->set_rule(id);
      kept->set_window(rule.window);
      kept->set_hits(rule.hits);
    }
    for (v1::SuppressionTally& one : SuppressedBy(number)) {
      *tally.add_suppressed() = std::move(one);
    }
    if (tally.ByteSizeLong() == 0) continue;
    tally.set_revision(number);
    *state.add_revisions() = std::move(tally);
  }
  return state;
}

void RuleTallies::Restore(const v1::RuleTallies& state) {
  for (const v1::RevisionTally& tally : state.revisions()) {
    Revision& revision = revisions_[tally.revision()];
    const int known = std::min<int>(tally.seen_size(),
                                    static_cast<int>(revision.seen.size()));
    for (int i = 0; i < known; ++i) revision.seen[i] = tally.seen(i);
    for (const v1::RuleTally& rule : tally.rules()) {
      Watched& watched = revision.rules[rule.rule()];
      watched.window = rule.window();
      watched.hits = rule.hits();
      watched.fired = true;
    }
    for (const v1::SuppressionTally& one : tally.suppressed()) {
      revision.suppressed[{one.rule_set(), one.rule()}] = one.count();
    }
  }
}

}  // namespace portrisk::service
