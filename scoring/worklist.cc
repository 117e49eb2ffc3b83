#include "scoring/worklist.h"

#include <algorithm>
#include <tuple>

namespace portrisk::scoring {
namespace {

v1::Channel ChannelOf(const WorklistCandidate& one) {
  if (one.channel == v1::MANDATORY_RULE || one.channel == v1::SCORE) {
    return one.channel;
  }
  return one.drawn ? v1::RANDOM : v1::CAPACITY;
}

// In the order of ranks.
int GroupOf(v1::Channel channel) {
  switch (channel) {
    case v1::MANDATORY_RULE:
      return 0;
    case v1::SCORE:
      return 1;
    case v1::RANDOM:
      return 2;
    default:
      return 3;
  }
}

// Smaller comes first.
auto RankKey(const WorklistCandidate& one, v1::Channel channel) {
  const bool by_lane = GroupOf(channel) < 2;
  const bool stays = channel == v1::CAPACITY && one.topped_up;
  return std::make_tuple(GroupOf(channel), stays ? 0 : 1,
                         by_lane ? -one.lane : 0, -one.score, one.unit);
}

// Gives the units that chance drew their places; returns how many are left.
size_t PlaceDrawn(absl::Span<const WorklistCandidate> candidates,
                  size_t capacity, std::vector<RankedUnit>* ranked) {
  std::vector<RankedUnit*> drawn;
  for (RankedUnit& one : *ranked) {
    if (candidates[one.index].drawn) drawn.push_back(&one);
  }
  std::sort(drawn.begin(), drawn.end(), [&](const auto* a, const auto* b) {
    const WorklistCandidate& left = candidates[a->index];
    const WorklistCandidate& right = candidates[b->index];
    return std::tie(left.draw_ppm, left.unit) <
           std::tie(right.draw_ppm, right.unit);
  });
  const size_t placed = std::min(drawn.size(), capacity);
  for (size_t i = 0; i < placed; ++i) drawn[i]->within_capacity = true;
  return capacity - placed;
}

}  // namespace

std::vector<RankedUnit> RankWorklist(
    absl::Span<const WorklistCandidate> candidates, size_t capacity,
    const WorklistOptions& options) {
  std::vector<RankedUnit> ranked;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const v1::Channel channel = ChannelOf(candidates[i]);
    if (channel == v1::CAPACITY && !candidates[i].topped_up &&
        candidates[i].score < options.top_up_score_min) {
      continue;
    }
    ranked.push_back({i, channel, false});
  }
  std::sort(ranked.begin(), ranked.end(), [&](const auto& a, const auto& b) {
    return RankKey(candidates[a.index], a.channel) <
           RankKey(candidates[b.index], b.channel);
  });
  size_t left = PlaceDrawn(candidates, capacity, &ranked);
  for (RankedUnit& one : ranked) {
    if (left == 0) break;
    if (one.within_capacity || candidates[one.index].drawn) continue;
    one.within_capacity = true;
    --left;
  }
  // What nothing selects is no part of the list where it found no place.
  const auto is_left_out = [&](const RankedUnit& one) {
    return one.channel == v1::CAPACITY && !one.within_capacity &&
           !candidates[one.index].topped_up;
  };
  ranked.erase(std::remove_if(ranked.begin(), ranked.end(), is_left_out),
               ranked.end());
  return ranked;
}

}  // namespace portrisk::scoring
