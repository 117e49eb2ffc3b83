#include "scoring/erased_names.h"

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

// Replaces a name wherever an event of the list has it.
template <typename Event>
bool RenameAll(const std::string& from, const std::string& to,
               google::protobuf::RepeatedPtrField<Event>* list) {
  bool changed = false;
  for (Event& event : *list) {
    for (const auto& name : NamesOf(&event)) {
      if ((event.*name.get)() != from) continue;
      *(event.*name.mutate)() = to;
      changed = true;
    }
  }
  return changed;
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

template <typename List>
bool Shows(const List& list, const std::string& token) {
  for (const auto& event : list) {
    for (const auto& name : NamesOf(&event)) {
      if ((event.*name.get)() == token) return true;
    }
  }
  return false;
}

}  // namespace

std::string ErasedName(uint64_t pseudonym) {
  return absl::StrCat(kErasedPrefix, absl::Hex(pseudonym, absl::kZeroPad16));
}

bool IsErasedName(absl::string_view text) {
  return absl::StartsWith(text, kErasedPrefix);
}

bool EraseNames(const v1::ErasedRecord& record, bool everywhere,
                v1::ContainerState* state) {
  std::vector<Renaming> done;
  RenameOne(record, state->mutable_timeline(), &done);
  if (everywhere) {
    for (const Renaming& one : done) {
      RenameAll(one.from, one.to, state->mutable_timeline());
    }
  }
  return !done.empty();
}

bool EraseNames(const v1::ErasedRecord& record, bool everywhere,
                v1::RightState* state) {
  std::vector<Renaming> done;
  RenameOne(record, state->mutable_chain(), &done);
  RenameOne(record, state->mutable_attempts(), &done);
  if (everywhere) {
    for (const Renaming& one : done) {
      RenameAll(one.from, one.to, state->mutable_chain());
      RenameAll(one.from, one.to, state->mutable_attempts());
    }
  }
  return !done.empty();
}

bool ShowsErased(const v1::Movement& movement, const v1::RightState& state) {
  bool shows = false;
  VisitNamed(movement, [&](uint64_t pseudonym, const std::string&) {
    const std::string token = ErasedName(pseudonym);
    shows |= Shows(state.chain(), token) || Shows(state.attempts(), token);
  });
  return shows;
}

void Recognise(const v1::Movement& movement, v1::RightState* state) {
  VisitNamed(movement, [&](uint64_t pseudonym, const std::string& id) {
    const std::string token = ErasedName(pseudonym);
    RenameAll(token, id, state->mutable_chain());
    RenameAll(token, id, state->mutable_attempts());
  });
}

}  // namespace portrisk::scoring
