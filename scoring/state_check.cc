#include "scoring/state_check.h"

#include <algorithm>
#include <functional>

namespace portrisk::scoring {
namespace {

// Strictly.
template <typename List>
bool Ascends(const List& list) {
  return std::adjacent_find(list.begin(), list.end(), std::greater_equal<>()) ==
         list.end();
}

}  // namespace

bool IsWhole(const v1::FindState& state) {
  return Ascends(state.starts()) &&
         state.controls_size() == state.starts_size() &&
         state.finds_size() == state.starts_size();
}

bool IsWhole(const v1::SpreadState& state) {
  const auto& periods = state.periods();
  const bool ascend = std::adjacent_find(periods.begin(), periods.end(),
                                         [](const auto& a, const auto& b) {
                                           return a.number() >= b.number();
                                         }) == periods.end();
  return ascend && std::all_of(periods.begin(), periods.end(),
                               [](const v1::SpreadPeriod& one) {
                                 return Ascends(one.bins()) &&
                                        one.counts_size() == one.bins_size();
                               });
}

}  // namespace portrisk::scoring
