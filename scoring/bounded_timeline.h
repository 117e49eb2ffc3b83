// A bounded, sorted list inside a protobuf state: by occurrence time, then by
// movement key, the newest of each kind kept. Kinds have their own room: a
// sensor that reports each minute, or somebody who repeats a step on purpose,
// pushes out nothing of what a mandatory rule looks for.
//
// What is kept of a set of events does not depend on the order they came in,
// as long as none is taken out again that had pushed out another.
//
// Elements are moved by swapping pointers and the oldest is overwritten when
// the list is full, so that a warm list allocates nothing.
#ifndef PORTRISK_SCORING_BOUNDED_TIMELINE_H_
#define PORTRISK_SCORING_BOUNDED_TIMELINE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "google/protobuf/repeated_field.h"
#include "portrisk/v1/history.pb.h"
#include "scoring/container_history.h"
#include "scoring/timestamps.h"

namespace portrisk::scoring {

inline constexpr int kDocumentsMax = 12;
inline constexpr int kRiskyBoxesMax = 96;
inline constexpr int kReportsOfRiskyBox = 2;

// Of what a list keeps the newest, and how many.
struct Kind {
  int number;
  int most;
};

inline constexpr int kTimelineMax = 54;  // Of all kinds.
inline constexpr size_t kTimelineKinds = 7;
inline constexpr Kind kHandlings = {0, 20};
inline constexpr Kind kBookings = {1, 4};

inline Kind KindOf(const v1::TimelineEvent*, v1::Event event) {
  switch (event) {
    case v1::BOOKING:
      return kBookings;
    case v1::INSPECTION:
    case v1::SCAN:
    case v1::SEAL_CHANGE:
    case v1::CUSTOMS_SELECTED:
    case v1::CUSTOMS_RELEASED:
      return {2, 8};
    case v1::STOW_PLAN:
    case v1::VESSEL_ARRIVAL:
    case v1::VESSEL_DEPARTURE:
      return {3, 4};
    case v1::YARD_MOVE:
    case v1::WEIGHING:
      return {4, 6};
    case v1::DOOR_OPENED:
    case v1::MOTION:
    case v1::POSITION:
      return {5, 6};
    case v1::STUFFING:
    case v1::STRIPPING:
    case v1::PICK_UP:
    case v1::DROP_OFF:
    case v1::DISPOSAL:
      return {6, 6};
    default:
      return kHandlings;
  }
}

// Each step and attempt is a kind of its own. Issues are the first to go, so
// that none is left without what came of it.
inline Kind KindOf(const v1::RightEvent*, v1::Event event) {
  switch (event) {
    case v1::PICKUP_RIGHT_ISSUED:
    case v1::PICKUP_RIGHT_REVOKED:
      return {event, 4};
    case v1::GATE_OUT:
    case v1::PICKUP_RIGHT_REFUSED:
    case v1::PRE_NOTIFICATION:
      return {event, 6};
    case v1::PICKUP_RIGHT_QUERIED:
      return {event, 16};
    default:
      return {event, 10};
  }
}

// Order within one instant: systems that stamp whole seconds issue and nominate
// in the same one, and some stamp minutes or days. A box comes before it goes.
// Of a right the enum counts in order of life, collection comes last. What is
// revoked in the instant of a grant is what was granted before: nobody grants
// to take back at once.
template <typename Element>
int RankOf(v1::Event) {
  return 0;
}
template <>
inline int RankOf<v1::TimelineEvent>(v1::Event event) {
  return IsArrival(event) ? 0 : IsDeparture(event) ? 2 : 1;
}
template <>
inline int RankOf<v1::RightEvent>(v1::Event event) {
  if (event == v1::PICKUP_RIGHT_REVOKED) return 0;
  return event == v1::GATE_OUT ? v1::Event_MAX + 1 : event;
}
template <typename Element>
int RankOf(const Element& element) {
  return RankOf<Element>(element.event());
}
inline int RankOf(const v1::RiskyBox&) { return 0; }

template <typename Element>
bool EventBefore(const Element& a, const Element& b) {
  if (Before(a.occurrence_time(), b.occurrence_time())) return true;
  if (Before(b.occurrence_time(), a.occurrence_time())) return false;
  if (RankOf(a) != RankOf(b)) return RankOf(a) < RankOf(b);
  return a.movement_key() < b.movement_key();
}

// Whether a movement would come before `b`.
template <typename Element>
bool MovementBefore(const JournaledMovement& input, const Element& b) {
  const google::protobuf::Timestamp& t = input.movement->occurrence_time();
  if (Before(t, b.occurrence_time())) return true;
  if (Before(b.occurrence_time(), t)) return false;
  const int rank = RankOf<Element>(input.movement->event());
  if (rank != RankOf(b)) return rank < RankOf(b);
  return input.movement_key < b.movement_key();
}

// Index of the first element that is not before the movement.
template <typename Element>
int PositionOf(const JournaledMovement& input,
               const google::protobuf::RepeatedPtrField<Element>& list) {
  int i = list.size();
  while (i > 0 && MovementBefore(input, list.Get(i - 1))) --i;
  return i;
}

inline const std::string& NoText() {
  static const std::string* const none = new std::string;
  return *none;
}

// Sets a string field of an element that may have been used. Most are absent,
// and setting an empty one costs as much as setting another.
template <typename Element>
void SetText(const std::string& value,
             const std::string& (Element::*get)() const,
             std::string* (Element::*mutate)(), Element* element) {
  if (value.empty() && (element->*get)().empty()) return;
  (element->*mutate)()->assign(value);
}

// Index of the event of `movement_key`; -1 when there is none.
template <typename Event>
int IndexOf(uint64_t movement_key,
            const google::protobuf::RepeatedPtrField<Event>& list) {
  int i = list.size() - 1;
  while (i >= 0 && list.Get(i).movement_key() != movement_key) --i;
  return i;
}

template <typename Event>
void RemoveAt(int i, google::protobuf::RepeatedPtrField<Event>* list) {
  for (; i + 1 < list->size(); ++i) list->SwapElements(i, i + 1);
  list->RemoveLast();
}

// Removes the event of `movement_key`, where there is one.
template <typename Event>
void RemoveEvent(uint64_t movement_key,
                 google::protobuf::RepeatedPtrField<Event>* list) {
  const int i = IndexOf(movement_key, *list);
  if (i >= 0) RemoveAt(i, list);
}

// Puts an element for a movement, which `fill(Element*)` writes (every field
// of it, since it may be a used one), in its place. Of those that are alike a
// list of `most` gives up the oldest, and does not take one that comes before
// all of them.
template <typename Element, typename Fill, typename IsAlike>
void InsertAmong(const JournaledMovement& input, int most, const Fill& fill,
                 const IsAlike& is_alike,
                 google::protobuf::RepeatedPtrField<Element>* list) {
  int alike = 0;
  int oldest = 0;
  for (int i = list->size() - 1; i >= 0; --i) {
    if (!is_alike(list->Get(i))) continue;
    ++alike;
    oldest = i;
  }
  if (alike < most) {
    list->Add();
    int i = list->size() - 1;
    fill(list->Mutable(i));
    for (; i > 0 && EventBefore(list->Get(i), list->Get(i - 1)); --i) {
      list->SwapElements(i, i - 1);
    }
    return;
  }
  if (MovementBefore(input, list->Get(oldest))) return;
  fill(list->Mutable(oldest));
  for (int i = oldest;
       i + 1 < list->size() && EventBefore(list->Get(i + 1), list->Get(i));
       ++i) {
    list->SwapElements(i, i + 1);
  }
}

template <typename Element, typename Fill>
void InsertEvent(const JournaledMovement& input, int most, const Fill& fill,
                 google::protobuf::RepeatedPtrField<Element>* list) {
  InsertAmong(
      input, most, fill, [](const Element&) { return true; }, list);
}

// The same into a list of kinds.
template <typename Element, typename Fill>
void InsertByKind(const JournaledMovement& input, const Fill& fill,
                  google::protobuf::RepeatedPtrField<Element>* list) {
  constexpr const Element* kOf = nullptr;
  const Kind kind = KindOf(kOf, input.movement->event());
  InsertAmong(
      input, kind.most, fill,
      [&](const Element& element) {
        return KindOf(kOf, element.event()).number == kind.number;
      },
      list);
}

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_BOUNDED_TIMELINE_H_
