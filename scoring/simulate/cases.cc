#include "scoring/simulate/cases.h"

#include <algorithm>

#include "scoring/simulate/times.h"

namespace portrisk::scoring::simulate {
namespace {

// What a case rests on comes to light within so long after the gate-out.
constexpr int64_t kTail = 4 * kDay;

bool IsStepOfRight(Step step) {
  switch (step) {
    case Step::kIssued:
    case Step::kTransferred:
    case Step::kAccepted:
    case Step::kNominated:
    case Step::kQueried:
    case Step::kPreNotified:
      return true;
    default:
      return false;
  }
}

size_t CountNeeded(const Drafts& drafts) {
  size_t count = 0;
  for (size_t i = 0; i < drafts.size(); ++i) count += drafts[i].needed;
  return count;
}

}  // namespace

bool CaseContext::risky() const {
  return world.geography.port(trip.from).risky_origin ||
         Commodities()[trip.bills.front().commodity].risky;
}

PartyKey CaseContext::OtherHaulier() {
  PartyKey other;
  do {
    other = {Trader::kHaulier, trip.to, random.Below(14)};
  } while (other == trip.import_haulier);
  return other;
}

void CaseContext::Shift(int64_t from, int64_t span) {
  for (size_t i = 0; i < drafts.size(); ++i) {
    if (drafts[i].arriving && drafts[i].time >= from) drafts[i].time += span;
  }
  for (int64_t* time : {&trip.gate_out, &trip.stripped, &trip.empty_in}) {
    if (*time >= from) *time += span;
  }
  trip.next_start = std::max(trip.next_start, trip.empty_in + kDay);
}

void CaseContext::Squeeze(int64_t after, int64_t from, int64_t until) {
  std::vector<Draft*> steps;
  for (size_t i = 0; i < drafts.size(); ++i) {
    if (IsStepOfRight(drafts[i].step) && drafts[i].time > after) {
      steps.push_back(&drafts[i]);
    }
  }
  std::stable_sort(
      steps.begin(), steps.end(),
      [](const Draft* a, const Draft* b) { return a->time < b->time; });
  const int64_t count = static_cast<int64_t>(steps.size());
  for (int64_t i = 0; i < count; ++i) {
    steps[static_cast<size_t>(i)]->time = from + (until - from) * i / count;
  }
}

int64_t CaseContext::Between(int64_t low, int64_t high) {
  return low < high ? random.Between(low, high) : low;
}

CaseFunction FunctionOf(int pattern) {
  size_t i = static_cast<size_t>(pattern - 1);
  if (i < kRightCases.size()) return kRightCases[i];
  i -= kRightCases.size();
  if (i < kTimelineCases.size()) return kTimelineCases[i];
  i -= kTimelineCases.size();
  if (i < kCargoCases.size()) return kCargoCases[i];
  return kPaperCases[i - kCargoCases.size()];
}

CaseSchedule::CaseSchedule(const World& world) : world_(world) {
  const Options& o = world.options;
  if (o.cases_ppm == 0) return;
  const uint64_t total = uint64_t{o.containers} * o.cases_ppm / 1'000'000;
  Random random(Mix({o.seed, 0x55}));
  for (int p = 0; p < kPatterns; ++p) {
    // What does not divide evenly goes to the first patterns.
    const uint64_t share =
        total / kPatterns + (static_cast<uint64_t>(p) < total % kPatterns);
    const uint64_t count = std::max<uint64_t>(1, share);
    for (uint64_t j = 0; j < count; ++j) {
      const uint64_t in_million =
          (j * 1'000'000 + random.Below(1'000'000)) / count;
      // Not in the last part: a case takes days to come to light.
      patterns_[p].due.push_back(
          o.start + static_cast<int64_t>(
                        in_million * static_cast<uint64_t>(o.days) *
                        static_cast<uint64_t>(kDay) / 1'000'000 * 7 / 10));
    }
    left_ += count;
  }
}

bool CaseSchedule::Suits(const CaseContext& context,
                         const Pattern& pattern) const {
  return pattern.next < pattern.due.size() &&
         pattern.due[pattern.next] <= context.trip.last().discharge &&
         pattern.last_port != context.trip.to;
}

bool CaseSchedule::Inject(CaseContext* context) {
  const Trip& trip = context->trip;
  if (left_ == 0 || !trip.full || trip.joined ||
      trip.gate_out + kTail >= world_.options.end()) {
    return false;
  }
  for (int i = 0; i < kPatterns; ++i) {
    const int p = (turn_ + i) % kPatterns;
    Pattern& pattern = patterns_[p];
    if (!Suits(*context, pattern)) continue;
    context->serial = serial_;
    context->stranger = &stranger_;
    CaseRecord* record = context->record;
    record->container = trip.box_number;
    record->absent_until = 0;
    record->enough = 0;
    record->needed.clear();
    const char* variant = FunctionOf(p + 1)(*context);
    if (variant == nullptr) continue;
    record->pattern = p + 1;
    record->variant = variant;
    record->number = ++serial_;
    const Port& port = world_.geography.port(trip.to);
    record->locode = port.locode;
    record->facility = port.terminals[trip.unload_terminal(world_)];
    if (record->enough == 0) record->enough = CountNeeded(context->drafts);
    pattern.last_port = trip.to;
    ++pattern.next;
    --left_;
    turn_ = (p + 1) % kPatterns;
    return true;
  }
  return false;
}

}  // namespace portrisk::scoring::simulate
