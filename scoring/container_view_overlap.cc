// HOT PATH where rules read it, with the rules of container_view.cc.
//
// The movement is put into its place among the handlings of its load. Then each
// arrival looks for the next handling at its own facility: where that is a
// departure the two are a stay, and what was handled elsewhere in between
// contradicts it. A missing report explains none of this: two would have to be
// missing, out of the facility and back into it, with the load unchanged.
// At most 33 handlings, mostly under ten, as a load has no more.
#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "scoring/borrow.h"
#include "scoring/bounded_timeline.h"
#include "scoring/container_view.h"
#include "scoring/legs.h"
#include "scoring/stay.h"

namespace portrisk::scoring {
namespace {

using google::protobuf::Timestamp;
using v1::TimelineEvent;

// A handling of the present load, in the timeline or the movement itself.
struct Handling {
  v1::Event event = v1::EVENT_UNSPECIFIED;
  const Timestamp* time = nullptr;
  const std::string* source = nullptr;
  const std::string* locode = nullptr;
  const std::string* facility = nullptr;
  v1::Mode mode = v1::MODE_UNSPECIFIED;
  bool own = false;
};

class Load {
 public:
  void Add(const Handling& handling) { list_[size_++] = handling; }
  void Reverse() { std::reverse(list_.begin(), list_.begin() + size_); }
  int size() const { return size_; }
  const Handling& operator[](int i) const {
    return list_[static_cast<size_t>(i)];
  }

 private:
  std::array<Handling, kTimelineMax + 1> list_;
  int size_ = 0;
};

Handling Of(const TimelineEvent& event) {
  return {event.event(),
          &event.occurrence_time(),
          &event.source(),
          &event.locode(),
          &event.facility(),
          event.mode(),
          false};
}

// One system writes ECT, another one Ect.
bool SameCode(const Handling& a, const Handling& b) {
  return absl::EqualsIgnoreCase(*a.facility, *b.facility);
}

bool SameFacility(const Handling& a, const Handling& b) {
  return !a.facility->empty() && SameCode(a, b) && *a.locode == *b.locode;
}

bool SamePort(const Handling& a, const Handling& b) {
  return !a.locode->empty() && *a.locode == *b.locode;
}

bool Elsewhere(const Handling& a, const Handling& b) {
  if (a.locode->empty() || b.locode->empty()) return false;
  if (*a.locode != *b.locode) return true;
  return !a.facility->empty() && !b.facility->empty() && !SameCode(a, b);
}

bool IsInland(v1::Mode mode) {
  return mode == v1::BARGE || mode == v1::RAIL || mode == v1::ROAD;
}

// Whether they may be two words for one thing: who leaves by barge, rail or
// road is loaded for the carrier, and out of the gate for the terminal.
bool SameHandling(const Handling& a, const Handling& b) {
  if (a.event == b.event) return true;
  const auto gate = [](v1::Event event) {
    return event == v1::GATE_IN || event == v1::GATE_OUT;
  };
  return IsDeparture(a.event) == IsDeparture(b.event) &&
         IsInland(gate(a.event) ? b.mode : a.mode);
}

// Two systems may have two codes for one facility.
bool ToldTwice(const Handling& a, const Handling& b) {
  return SameHandling(a, b) && *a.locode == *b.locode &&
         *a.source != *b.source &&
         std::max(HoursBetween(*a.time, *b.time),
                  HoursBetween(*b.time, *a.time)) < kOneHandlingHours;
}

// The departure that ends the stay begun by `arrival`, at its facility or, as
// far as ports go, at any of its port; or -1.
using Same = bool (*)(const Handling&, const Handling&);
int EndOfStay(const Load& load, int arrival, Same same) {
  for (int i = arrival + 1; i < load.size(); ++i) {
    if (!same(load[i], load[arrival])) continue;
    return IsDeparture(load[i].event) ? i : -1;
  }
  return -1;
}

}  // namespace

void ContainerViewBuffer::DeriveOverlap(const v1::ContainerState& state) {
  const v1::Movement& m = *input_.movement;
  if (!IsHandling(m.event()) || m.container().load_status() == v1::EMPTY) {
    return;
  }
  Load load;
  for (int i = position_ - 1; i >= 0; --i) {
    const TimelineEvent& event = state.timeline(i);
    if (EndsLoad(event.event(), event.load_status())) break;
    if (IsHandling(event.event())) load.Add(Of(event));
  }
  load.Reverse();
  load.Add({m.event(), &m.occurrence_time(), &m.source(),
            &m.location().locode(), &m.location().facility(),
            m.transport().mode(), true});
  for (int i = position_; i < state.timeline_size(); ++i) {
    const TimelineEvent& event = state.timeline(i);
    if (EndsLoad(event.event(), event.load_status())) break;
    if (IsHandling(event.event())) load.Add(Of(event));
  }
  if (load.size() < 3) return;
  const Handling* found[3] = {};
  double deepest = -1;
  const auto look = [&](int begin, int end) {
    for (int i = begin + 1; i < end; ++i) {
      const bool own = load[begin].own || load[i].own || load[end].own;
      if (!own || !Elsewhere(load[begin], load[i]) ||
          !Elsewhere(load[end], load[i]) || ToldTwice(load[begin], load[i]) ||
          ToldTwice(load[end], load[i])) {
        continue;
      }
      const double inside =
          std::min(HoursBetween(*load[begin].time, *load[i].time),
                   HoursBetween(*load[i].time, *load[end].time));
      if (inside <= deepest) continue;
      deepest = inside;
      found[0] = &load[begin];
      found[1] = &load[i];
      found[2] = &load[end];
    }
  };
  for (int begin = 0; begin < load.size(); ++begin) {
    if (!IsArrival(load[begin].event)) continue;
    look(begin, EndOfStay(load, begin, SameFacility));
    const int end = EndOfStay(load, begin, SamePort);
    // Two facilities of a port are no stay; nor is what is told of the port
    // alone, but for what happened in another one.
    if (end > 0 &&
        (load[begin].facility->empty() || load[end].facility->empty())) {
      look(begin, end);
    }
  }
  if (found[0] == nullptr) return;
  overlap_.unsafe_arena_set_allocated_begin(Borrow(*found[0]->time));
  overlap_.unsafe_arena_set_allocated_end(Borrow(*found[2]->time));
  overlap_.set_locode(*found[0]->locode);
  overlap_.set_facility(*found[0]->facility);
  overlap_.set_elsewhere_event(found[1]->event);
  overlap_.unsafe_arena_set_allocated_elsewhere_time(Borrow(*found[1]->time));
  overlap_.set_elsewhere_locode(*found[1]->locode);
  overlap_.set_elsewhere_facility(*found[1]->facility);
  overlap_.set_inside_h(deepest);
  view_.unsafe_arena_set_allocated_overlap(&overlap_);
}

}  // namespace portrisk::scoring
