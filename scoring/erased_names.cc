#include "scoring/erased_names.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace portrisk::scoring {
namespace {

using Role = v1::ErasedRole;

template <typename Event>
struct Name {
  Role role;
  const std::string& (Event::*get)() const;
  std::string* (Event::*mutate)();
};

constexpr Name<v1::TimelineEvent> kOfTimeline[] = {
    {v1::ERASED_HAULIER, &v1::TimelineEvent::haulier_id,
     &v1::TimelineEvent::mutable_haulier_id},
};
constexpr Name<v1::RightEvent> kOfRight[] = {
    {v1::ERASED_HAULIER, &v1::RightEvent::haulier_id,
     &v1::RightEvent::mutable_haulier_id},
    {v1::ERASED_ACTOR, &v1::RightEvent::actor_id,
     &v1::RightEvent::mutable_actor_id},
    {v1::ERASED_RECIPIENT, &v1::RightEvent::recipient_id,
     &v1::RightEvent::mutable_recipient_id},
    {v1::ERASED_NOMINEE, &v1::RightEvent::nominee_id,
     &v1::RightEvent::mutable_nominee_id},
};

const Name<v1::TimelineEvent> (&NamesOf(const v1::TimelineEvent*))[1] {
  return kOfTimeline;
}
const Name<v1::RightEvent> (&NamesOf(const v1::RightEvent*))[4] {
  return kOfRight;
}

// Replaces a name wherever an event of the list, not newer than `last`, has it.
template <typename Event>
void RenameAll(const std::string& from, const std::string& to, uint64_t last,
               google::protobuf::RepeatedPtrField<Event>* list) {
  for (Event& event : *list) {
    if (event.sequence() > last) continue;
    for (const auto& name : NamesOf(&event)) {
      if ((event.*name.get)() == from) *(event.*name.mutate)() = to;
    }
  }
}

struct Renaming {
  std::string from;
  std::string to;
};

// Renames in the event of that record alone; what it was called there.
template <typename Event>
void RenameOne(const v1::ErasedRecord& record,
               google::protobuf::RepeatedPtrField<Event>* list,
               std::vector<Renaming>* done) {
  for (Event& event : *list) {
    if (event.sequence() != record.sequence()) continue;
    for (const v1::ErasedName& erased : record.names()) {
      for (const auto& name : NamesOf(&event)) {
        const std::string& text = (event.*name.get)();
        if (name.role != erased.role() || text.empty() || IsErasedName(text)) {
          continue;
        }
        done->push_back({text, ErasedName(erased.pseudonym())});
        *(event.*name.mutate)() = done->back().to;
      }
    }
  }
}

// Who the movement names, by id, in the roles that a right knows.
template <typename Visit>
void VisitNamed(const v1::Movement& m, const Visit& visit) {
  const v1::Pseudonyms& who = m.pseudonyms();
  const v1::PickupRight& right = m.pickup_right();
  const auto one = [&](bool has, uint64_t pseudonym, const std::string& id) {
    if (has && !id.empty() && !IsErasedName(id)) visit(pseudonym, id);
  };
  one(who.has_haulier(), who.haulier(), m.haulier().id());
  one(who.has_actor(), who.actor(), right.actor().id());
  one(who.has_recipient(), who.recipient(), right.recipient().id());
  one(who.has_nominee(), who.nominee(), right.nominee().id());
}

// Whether a name in an event of the list is such a one.
template <typename List, typename Is>
bool Shows(const List& list, const Is& is) {
  for (const auto& event : list) {
    for (const auto& name : NamesOf(&event)) {
      if (is((event.*name.get)())) return true;
    }
  }
  return false;
}

template <typename Is>
bool ShowsName(const v1::RightState& state, const Is& is) {
  return Shows(state.chain(), is) || Shows(state.attempts(), is);
}

bool ShowsToken(const v1::RightState& state, const std::string& token) {
  return ShowsName(state,
                   [&](const std::string& name) { return name == token; });
}

// The end where there is none.
template <typename List>
auto FindRecognised(List* list, uint64_t pseudonym) {
  return std::find_if(list->begin(), list->end(), [&](const auto& one) {
    return one.pseudonym() == pseudonym;
  });
}

}  // namespace

std::string ErasedName(uint64_t pseudonym) {
  return absl::StrCat(kErasedPrefix, absl::Hex(pseudonym, absl::kZeroPad16));
}

bool IsErasedName(absl::string_view text) {
  return absl::StartsWith(text, kErasedPrefix);
}

bool EraseNames(const v1::ErasedRecord& record, bool everywhere,
                v1::ContainerState* container, v1::RightState* right) {
  const auto each = [&](const auto& visit) {
    if (container != nullptr) visit(container->mutable_timeline());
    if (right == nullptr) return;
    visit(right->mutable_chain());
    visit(right->mutable_attempts());
  };
  std::vector<Renaming> done;
  each([&](auto* list) { RenameOne(record, list, &done); });
  const auto rename = [&](const Renaming& one, uint64_t last) {
    each([&](auto* list) { RenameAll(one.from, one.to, last, list); });
  };
  if (everywhere) {
    for (const Renaming& one : done) rename(one, UINT64_MAX);
  }
  if (right == nullptr) return !done.empty();
  const uint64_t last = everywhere ? UINT64_MAX : record.sequence();
  // Forgotten with that: a fold of what has been rewritten meanwhile may have
  // recognised them or not, and comes to the same here.
  auto* const known = right->mutable_recognised();
  for (const v1::ErasedName& name : record.names()) {
    const auto found = FindRecognised(known, name.pseudonym());
    if (found == known->end()) continue;
    done.push_back({found->id(), ErasedName(name.pseudonym())});
    rename(done.back(), last);
    known->erase(found);
  }
  return !done.empty();
}

bool ShowsErased(const v1::RightState& state) {
  return ShowsName(state,
                   [](const std::string& name) { return IsErasedName(name); });
}

bool NamesToken(const v1::Movement& movement) {
  const v1::PickupRight& right = movement.pickup_right();
  for (const std::string* name :
       {&movement.haulier().id(), &right.actor().id(), &right.recipient().id(),
        &right.nominee().id()}) {
    if (IsErasedName(*name)) return true;
  }
  return false;
}

bool NamesErased(const v1::Movement& movement, const v1::RightState& state) {
  // Mostly nobody is named, and nobody erased.
  bool names = false;
  VisitNamed(movement, [&](uint64_t, const std::string&) { names = true; });
  if (!names || !ShowsErased(state)) return false;
  names = false;
  VisitNamed(movement, [&](uint64_t pseudonym, const std::string&) {
    names = names || ShowsToken(state, ErasedName(pseudonym));
  });
  return names;
}

void Recognise(const v1::Movement& movement, v1::RightState* state) {
  auto* const known = state->mutable_recognised();
  VisitNamed(movement, [&](uint64_t pseudonym, const std::string& id) {
    const std::string token = ErasedName(pseudonym);
    if (!ShowsToken(*state, token)) return;
    RenameAll(token, id, UINT64_MAX, state->mutable_chain());
    RenameAll(token, id, UINT64_MAX, state->mutable_attempts());
    if (FindRecognised(known, pseudonym) != known->end()) return;
    v1::RecognisedName* const made = known->Add();
    made->set_pseudonym(pseudonym);
    made->set_id(id);
    std::sort(known->begin(), known->end(), [](const auto& a, const auto& b) {
      return a.pseudonym() < b.pseudonym();
    });
  });
}

}  // namespace portrisk::scoring
