// HOT PATH, with the rules of container_history.cc: a fold or a view is a few
// dozen instructions on one cache line or two.
//
// Two invariants: every movement not later than the last of `earliest` is in
// it, and every one not earlier than the first of `latest` is in that. What is
// known to have been forgotten (count above what is kept) lies between them.
// A new time goes where the invariants call for it, so that the lists are a
// function of the set of times, and taking one out never makes a list claim
// what it does not know.
//
// A period without its bit had no movement. One with it may have had none,
// where a movement was taken out of what is forgotten: then nothing before the
// next known activity is a silence.
#include "scoring/profile.h"

#include <algorithm>

namespace portrisk::scoring {
namespace {

using google::protobuf::Timestamp;
using Times = google::protobuf::RepeatedField<int64_t>;

constexpr double kSecondsPerHour = 3600;
constexpr int64_t kSecondsPerDay = 86400;
// A silence is at least this long, in periods without a movement.
constexpr int kSilencePeriods = 3;

int64_t SecondsOf(const Timestamp& time) {
  return std::max<int64_t>(time.seconds(), 0);
}

double HoursFrom(int64_t from, int64_t to) {
  return static_cast<double>(to - from) / kSecondsPerHour;
}

int64_t PeriodOf(int64_t seconds) { return seconds / kPeriodSeconds; }

void MarkPeriod(int64_t period, v1::ProfileState* state) {
  const int64_t newest = state->newest_period();
  if (period - newest >= kPeriods) {
    state->set_newest_period(static_cast<uint32_t>(period));
    state->set_periods(1);
  } else if (period > newest) {
    state->set_newest_period(static_cast<uint32_t>(period));
    state->set_periods(state->periods() << (period - newest) | 1);
  } else if (newest - period < kPeriods) {
    state->set_periods(state->periods() | uint64_t{1} << (newest - period));
  }
}

void MarkAll(v1::ProfileState* state) {
  state->set_newest_period(0);
  state->set_periods(0);
  for (const int64_t t : state->earliest()) MarkPeriod(PeriodOf(t), state);
  for (const int64_t t : state->latest()) MarkPeriod(PeriodOf(t), state);
}

// Whether every movement that is kept or forgotten was before this period.
bool IsAfterAll(int64_t period, const v1::ProfileState& state) {
  const int64_t skip = state.newest_period() - period;
  return skip < 0 ||
         (skip < kPeriods && state.periods() << (kPeriods - 1 - skip) == 0);
}

// Whether all times of a period would be in one of the lists.
bool IsVouchedFor(int64_t period, const v1::ProfileState& state) {
  const Times& earliest = state.earliest();
  const Times& latest = state.latest();
  const int64_t begin = period * kPeriodSeconds;
  return (!earliest.empty() &&
          begin + kPeriodSeconds <= *earliest.rbegin() + 1) ||
         (!latest.empty() && begin >= latest.Get(0));
}

// After a time was taken out of more than there is room for. Where the period
// may have another, all up to the next known activity counts as active.
void UnmarkPeriod(int64_t period, bool vouched_for, v1::ProfileState* state) {
  const auto in_period = [&](int64_t t) { return PeriodOf(t) == period; };
  const auto any = [&](const Times& times) {
    return std::any_of(times.begin(), times.end(), in_period);
  };
  int64_t at = state->newest_period() - period;
  if (at < 0 || at >= kPeriods || any(state->earliest()) ||
      any(state->latest())) {
    return;
  }
  const uint64_t periods = state->periods();
  const uint64_t up_to_it = ~uint64_t{0} << at;
  if (vouched_for && (periods & up_to_it) != up_to_it) {
    return state->set_periods(periods & ~(uint64_t{1} << at));
  }
  while (at > 0 && (periods >> (at - 1) & 1) == 0) --at;
  state->set_periods(periods | ~uint64_t{0} << at);
}

void Insert(int64_t time, Times* times) {
  times->Add(time);
  for (int i = times->size() - 1; i > 0 && times->Get(i - 1) > time; --i) {
    times->SwapElements(i, i - 1);
  }
}

void RemoveAt(int i, Times* times) {
  for (; i + 1 < times->size(); ++i) times->SwapElements(i, i + 1);
  times->RemoveLast();
}

bool Remove(int64_t time, Times* times) {
  const auto found = std::find(times->begin(), times->end(), time);
  if (found == times->end()) return false;
  RemoveAt(static_cast<int>(found - times->begin()), times);
  return true;
}

int CountBelow(const Times& times, int64_t time) {
  int count = 0;
  while (count < times.size() && times.Get(count) < time) ++count;
  return count;
}

bool AllKept(const v1::ProfileState& state) {
  return state.count() ==
         static_cast<uint64_t>(state.earliest_size() + state.latest_size());
}

// The silence that ended last, seen from the period of the movement back.
void DeriveSilence(const v1::ProfileState& state, int64_t seconds,
                   v1::Profile* view) {
  const int64_t skip =
      static_cast<int64_t>(state.newest_period()) - PeriodOf(seconds);
  if (skip >= kPeriods || -skip >= kPeriods) return;
  const uint64_t active =
      skip >= 0 ? state.periods() >> skip : state.periods() << -skip;
  int silent = 0, awake = -1;  // Periods; where the present activity began.
  for (int i = 0; i < kPeriods; ++i) {
    if ((active >> i & 1) == 0) {
      ++silent;
      continue;
    }
    if (awake >= 0 && silent >= kSilencePeriods) {
      view->set_silence_days(silent * (kPeriodSeconds / kSecondsPerDay));
      view->set_awake_days(awake * (kPeriodSeconds / kSecondsPerDay));
      return;
    }
    awake = i;
    silent = 0;
  }
}

}  // namespace

void FoldProfile(const Timestamp& time, v1::ProfileState* state) {
  const int64_t t = SecondsOf(time);
  Times* const earliest = state->mutable_earliest();
  Times* const latest = state->mutable_latest();
  const bool all_kept = AllKept(*state);
  const bool late =
      latest->empty() ? IsAfterAll(PeriodOf(t), *state) : t >= latest->Get(0);
  state->set_count(state->count() + 1);
  MarkPeriod(PeriodOf(t), state);
  const bool early =
      earliest->size() > 0 && t < earliest->Get(earliest->size() - 1);
  if (early || (all_kept && earliest->size() < kEarliestTimes)) {
    Insert(t, earliest);
    if (earliest->size() <= kEarliestTimes) return;
    // What is pushed out belongs to the others, unless some of those that
    // follow it are forgotten.
    const int64_t last = earliest->Get(kEarliestTimes);
    earliest->RemoveLast();
    if (all_kept) Insert(last, latest);
  } else if (all_kept || late) {
    Insert(t, latest);
  }
  if (latest->size() > kLatestTimes) RemoveAt(0, latest);
}

void UnfoldProfile(const Timestamp& time, v1::ProfileState* state) {
  const int64_t t = SecondsOf(time);
  if (state->count() == 0) return;
  const bool vouched_for = IsVouchedFor(PeriodOf(t), *state);
  state->set_count(state->count() - 1);
  Times* const earliest = state->mutable_earliest();
  Times* const latest = state->mutable_latest();
  if (!Remove(t, earliest)) Remove(t, latest);
  if (!AllKept(*state)) {
    return UnmarkPeriod(PeriodOf(t), vouched_for, state);
  }
  while (earliest->size() < kEarliestTimes && !latest->empty()) {
    earliest->Add(latest->Get(0));
    RemoveAt(0, latest);
  }
  MarkAll(state);
}

void ProfileBuffer::Release() {
  view_.unsafe_arena_release_first_seen();
  view_.unsafe_arena_release_last_seen();
  view_.Clear();
}

void ProfileBuffer::SetLast(int64_t seconds, int64_t now) {
  last_seen_.set_seconds(seconds);
  view_.unsafe_arena_set_allocated_last_seen(&last_seen_);
  view_.set_gap_h(HoursFrom(seconds, now));
}

v1::Profile* ProfileBuffer::Derive(const v1::ProfileState* state,
                                   const Timestamp& time) {
  Release();
  const int64_t now = SecondsOf(time);
  if (state == nullptr || state->count() == 0) {
    view_.set_movements(0);
    return &view_;
  }
  const Times& earliest = state->earliest();
  const Times& latest = state->latest();
  const int early = CountBelow(earliest, now);
  const int late = CountBelow(latest, now);
  if (early > 0) {
    first_seen_.set_seconds(earliest.Get(0));
    view_.unsafe_arena_set_allocated_first_seen(&first_seen_);
    view_.set_age_h(HoursFrom(earliest.Get(0), now));
  }
  const bool all_kept = AllKept(*state);
  if (late > 0) {
    view_.set_movements(static_cast<int64_t>(state->count()) -
                        (latest.size() - late));
    SetLast(latest.Get(late - 1), now);
  } else if (all_kept || early < earliest.size()) {
    view_.set_movements(early);
    if (early > 0) SetLast(earliest.Get(early - 1), now);
  }
  DeriveSilence(*state, now, &view_);
  return &view_;
}

}  // namespace portrisk::scoring
