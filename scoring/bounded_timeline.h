// A bounded, sorted list inside a protobuf state: by occurrence time, then by
// movement key, newest `kTimelineMax` kept.
//
// Elements are moved by swapping pointers and the oldest is overwritten when
// the list is full, so that a warm list allocates nothing.
#ifndef PORTRISK_SCORING_BOUNDED_TIMELINE_H_
#define PORTRISK_SCORING_BOUNDED_TIMELINE_H_

#include <cstdint>

#include "google/protobuf/repeated_field.h"
#include "portrisk/v1/history.pb.h"
#include "scoring/timestamps.h"

namespace portrisk::scoring {

inline constexpr int kTimelineMax = 32;

// Order within one instant: systems that stamp whole seconds issue and nominate
// in the same one. The enum counts in order of life, collection comes last.
inline int RankOf(const v1::TimelineEvent&) { return 0; }
inline int RankOf(const v1::RightEvent& event) {
  return event.event() == v1::GATE_OUT ? v1::Event_MAX + 1 : event.event();
}

template <typename Event>
bool EventBefore(const Event& a, const Event& b) {
  if (Before(a.occurrence_time(), b.occurrence_time())) return true;
  if (Before(b.occurrence_time(), a.occurrence_time())) return false;
  if (RankOf(a) != RankOf(b)) return RankOf(a) < RankOf(b);
  return a.movement_key() < b.movement_key();
}

// Removes the event of `movement_key`; false when there is none.
template <typename Event>
bool RemoveEvent(uint64_t movement_key,
                 google::protobuf::RepeatedPtrField<Event>* list) {
  for (int i = 0; i < list->size(); ++i) {
    if (list->Get(i).movement_key() != movement_key) continue;
    for (; i + 1 < list->size(); ++i) list->SwapElements(i, i + 1);
    list->RemoveLast();
    return true;
  }
  return false;
}

// Puts an element that `fill(Event*)` writes (every field of it, since it may
// be a used one) in its place. A full list gives up its oldest element, and
// does not take an event that happened before all it keeps.
template <typename Event, typename Fill>
void InsertEvent(const google::protobuf::Timestamp& occurrence_time,
                 google::protobuf::RepeatedPtrField<Event>* list,
                 const Fill& fill) {
  int i = 0;
  if (list->size() < kTimelineMax) {
    list->Add();
    i = list->size() - 1;
    fill(list->Mutable(i));
    for (; i > 0 && EventBefore(list->Get(i), list->Get(i - 1)); --i) {
      list->SwapElements(i, i - 1);
    }
    return;
  }
  if (Before(occurrence_time, list->Get(0).occurrence_time())) return;
  fill(list->Mutable(0));
  for (; i + 1 < list->size() && EventBefore(list->Get(i + 1), list->Get(i));
       ++i) {
    list->SwapElements(i, i + 1);
  }
}

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_BOUNDED_TIMELINE_H_
