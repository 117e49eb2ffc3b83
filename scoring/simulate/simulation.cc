// At the start containers are spread over all stages of a trip. A trip that
// began before the start is reported from its arrival on, if all of that lies
// inside, else not at all: so what a source declares complete is complete
// from the first movement on.
#include "scoring/simulate/simulation.h"

#include <algorithm>
#include <functional>

#include "scoring/simulate/times.h"

namespace portrisk::scoring::simulate {
namespace {

// About the length of a trip and the rest before it.
constexpr int64_t kWarmUp = 80 * kDay;
constexpr size_t kRecent = 256;
constexpr uint32_t kFoundInScan = 3'000;
constexpr uint32_t kFoundInInspection = 8'000;
constexpr uint32_t kFoundOnHotRoute = 120'000;
constexpr uint32_t kHotRouteControlled = 100'000;
constexpr uint32_t kCaseControlled = 300'000;
constexpr uint32_t kFoundInCase = 600'000;
constexpr const char* kFinds[] = {"narcotics", "undeclared goods",
                                  "counterfeits", "tobacco"};

}  // namespace

Simulation::Simulation(const World& world, Sink* sink)
    : world_(world),
      sink_(sink),
      reporter_(world, sink, &counts_),
      schedule_(world),
      fleet_(world.options.seed, world.options.containers, world.geography,
             world.trade),
      open_(world.geography.ports().size()) {
  Random random(Mix({world.options.seed, 0x77}));
  queue_.reserve(world.options.containers);
  for (uint32_t i = 0; i < world.options.containers; ++i) {
    queue_.push_back({world.options.start - random.Between(0, kWarmUp), i});
  }
  std::make_heap(queue_.begin(), queue_.end(), std::greater<>());
}

bool Simulation::RunOne() {
  if (queue_.empty() || queue_.front().first >= world_.options.end()) {
    return false;
  }
  std::pop_heap(queue_.begin(), queue_.end(), std::greater<>());
  now_ = queue_.back().first;
  const uint32_t box_index = queue_.back().second;
  sink_->OnWatermark(now_);
  RunTrip(box_index);
  queue_.back().first = std::max(trip_.next_start, now_ + kHour);
  std::push_heap(queue_.begin(), queue_.end(), std::greater<>());
  return true;
}

void Simulation::RunTrip(uint32_t box_index) {
  Box& box = fleet_.boxes()[box_index];
  const uint64_t seed = world_.options.seed;
  Random random(Mix({seed, 0x88, box_index, box.trips}));
  const uint64_t number = counts_.trips;
  Shipment& open = open_[box.port];
  if (!PlanTrip(world_, number, box, now_, &open, &random, &trip_)) return;
  ++box.trips;
  trip_.hot_route = trip_.full && IsHot();
  drafts_.Clear();
  Scribe(world_, trip_, &random, &drafts_).Write();
  const Visible visible = VisibleOf();
  // A stream of its own, so that a case changes nothing but its trip.
  Random case_random(Mix({seed, 0x99, box_index, box.trips}));
  Scribe case_scribe(world_, trip_, &case_random, &drafts_);
  CaseRecord record;
  CaseContext context{world_,
                      trip_,
                      drafts_,
                      case_scribe,
                      case_random,
                      recent_,
                      visible == Visible::kAll,
                      &record};
  const bool is_case =
      visible != Visible::kNothing && schedule_.Inject(&context);
  ReportAll(visible, &random, is_case ? &record : nullptr);
  if (is_case) {
    open.to = -1;  // Nothing joins what a case has changed.
  } else if (!trip_.joined) {
    KeepShipment(trip_, &open);
  }
  if (is_case) {
    ++counts_.cases;
    sink_->OnCase(record);
  }
  if (visible != Visible::kNothing) {
    RecordTraps(visible);
    RecordOutcome(is_case, &case_random);
  }
  if (trip_.full) Remember();
  Count();
  box.port = static_cast<int16_t>(trip_.to);
  box.depot = static_cast<uint8_t>(trip_.depot_to);
}

Simulation::Visible Simulation::VisibleOf() const {
  const int64_t start = world_.options.start;
  if (trip_.booked >= start) return Visible::kAll;
  if (trip_.gate_in >= start) return Visible::kSince;
  for (size_t i = 0; i < drafts_.size(); ++i) {
    // Some days before, too: cases may add to it.
    if (drafts_[i].arriving && drafts_[i].time < start + 5 * kDay) {
      return Visible::kNothing;
    }
  }
  return Visible::kArrival;
}

bool Simulation::IsHot() const {
  const Port& origin = world_.geography.port(trip_.from);
  if (!origin.risky_origin ||
      !Commodities()[trip_.bills.front().commodity].risky) {
    return false;
  }
  // In the second half the loads come from small ports.
  const bool early = trip_.last().discharge <
                     world_.options.start + world_.options.days * kDay / 2;
  return early == (origin.weight >= 8);
}

void Simulation::Remember() {
  RecentImport import{trip_.box_number, trip_.chain.id, trip_.to};
  if (recent_.size() < kRecent) {
    recent_.push_back(std::move(import));
  } else {
    recent_[recent_next_] = std::move(import);
    recent_next_ = (recent_next_ + 1) % kRecent;
  }
}

void Simulation::ReportAll(Visible visible, Random* random,
                           CaseRecord* record) {
  if (visible == Visible::kNothing) return;
  for (size_t i = 0; i < drafts_.size(); ++i) {
    Draft& draft = drafts_[i];
    if (draft.removed || draft.time < world_.options.start ||
        draft.time >= world_.options.end() ||
        (visible == Visible::kArrival && !draft.arriving)) {
      if (draft.needed && record != nullptr) {
        Needed outside;
        outside.source = world_.sources[draft.source].name;
        outside.id = DraftId(trip_.number, i);
        outside.event = draft.movement.event();
        outside.happened = draft.time;
        outside.lost = "outside";
        record->needed.push_back(std::move(outside));
      }
      continue;
    }
    reporter_.Report(trip_.number, i, &draft, random, record);
  }
}

void Simulation::RecordTraps(Visible visible) {
  const auto trap = [&](const char* name, Step step) {
    for (size_t i = 0; i < drafts_.size(); ++i) {
      if (drafts_[i].step != step || drafts_[i].removed ||
          drafts_[i].time < world_.options.start ||
          drafts_[i].time >= world_.options.end()) {
        continue;
      }
      ++counts_.traps;
      sink_->OnTrap({name, trip_.box_number,
                     world_.sources[drafts_[i].source].name,
                     DraftId(trip_.number, i)});
      return;
    }
  };
  if (!trip_.full) {
    trap("empty repositioned", Step::kDischarge);
    return;
  }
  if (trip_.bills.size() > 1) trap("legal consolidation", Step::kManifest);
  if (trip_.chain.nominations.size() > 1 && trip_.chain.pin.empty()) {
    trap("nominated again in time", Step::kNominated);
  }
  trap("sealed again by customs", Step::kSealChange);
  if (IsRemainderTen(trip_.box_number)) {
    trap("remainder ten", Step::kDischarge);
  }
}

void Simulation::RecordOutcome(bool is_case, Random* random) {
  if (!trip_.full) return;
  OutcomeRecord outcome;
  const bool planned = trip_.control != Control::kNone;
  outcome.control =
      trip_.control == Control::kInspection ? "inspection" : "scan";
  if (!planned) {
    // Others looked because of something that no movement tells.
    const uint32_t share = is_case           ? kCaseControlled
                           : trip_.hot_route ? kHotRouteControlled
                                             : 0;
    if (share == 0 || !random->Chance(share)) return;
    outcome.control = "inspection";
  }
  outcome.time = planned && trip_.control != Control::kScanOutside
                     ? trip_.controlled + kHour
                     : trip_.gate_out + kHour;
  if (outcome.time < world_.options.start ||
      outcome.time >= world_.options.end()) {
    return;
  }
  const uint32_t chance = is_case           ? kFoundInCase
                          : trip_.hot_route ? kFoundOnHotRoute
                          : trip_.control == Control::kInspection
                              ? kFoundInInspection
                              : kFoundInScan;
  outcome.found = random->Chance(chance);
  if (outcome.found) outcome.kind = kFinds[random->Below(4)];
  const Port& port = world_.geography.port(trip_.to);
  outcome.container = trip_.box_number;
  outcome.locode = port.locode;
  outcome.facility = port.terminals[trip_.unload_terminal(world_)];
  ++counts_.outcomes;
  counts_.finds += outcome.found;
  sink_->OnOutcome(outcome);
}

void Simulation::Count() {
  ++counts_.trips;
  counts_.cases_left = schedule_.left();
  counts_.empty_trips += !trip_.full;
  counts_.transhipped_trips += trip_.full && trip_.legs.size() > 1;
  counts_.joined_trips += trip_.joined;
  counts_.consolidated_trips += trip_.full && trip_.bills.size() > 1;
}

}  // namespace portrisk::scoring::simulate
