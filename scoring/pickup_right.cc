// HOT PATH, with the rules of container_history.cc.
//
// Two standings are taken. `right` is as of the movement, which is not part of
// it. `right.use` looks at a gate-out with the movement in its place, so that a
// nomination and the gate-out it should have preceded meet whichever of them
// arrives last.
#include "scoring/pickup_right.h"

#include <string>

#include "scoring/borrow.h"
#include "scoring/bounded_timeline.h"
#include "scoring/programme.h"

namespace portrisk::scoring {
namespace {

using google::protobuf::Timestamp;
using v1::RightEvent;

static_assert(v1::RightView::kCollectedTimeFieldNumber ==
              Programme::kRightNearMax);

bool IsAttempt(v1::Event event) {
  return event == v1::PICKUP_RIGHT_QUERIED ||
         event == v1::PICKUP_RIGHT_REFUSED || event == v1::PRE_NOTIFICATION;
}

bool IsStep(v1::Event event) {
  return event == v1::GATE_OUT ||
         (event >= v1::PICKUP_RIGHT_ISSUED &&
          event <= v1::PICKUP_RIGHT_REFUSED && !IsAttempt(event));
}

// Empty boxes are handed out under a booking. Where a right is named for one it
// is a right like any other.
bool UsesNoRight(const v1::Movement& m) {
  return m.event() == v1::GATE_OUT &&
         m.container().load_status() == v1::EMPTY &&
         m.pickup_right().id().empty() && m.pickup_right().pin_hash().empty();
}

void FillEvent(const JournaledMovement& input, RightEvent* event) {
  const v1::Movement& m = *input.movement;
  const v1::PickupRight& right = m.pickup_right();
  event->set_movement_key(input.movement_key);
  event->set_sequence(input.sequence);
  event->set_event(m.event());
  *event->mutable_occurrence_time() = m.occurrence_time();
  using E = RightEvent;
  SetText(right.id(), &E::right_id, &E::mutable_right_id, event);
  SetText(right.actor().id(), &E::actor_id, &E::mutable_actor_id, event);
  SetText(right.recipient().id(), &E::recipient_id, &E::mutable_recipient_id,
          event);
  SetText(right.nominee().id(), &E::nominee_id, &E::mutable_nominee_id, event);
  SetText(right.pin_hash(), &E::pin_hash, &E::mutable_pin_hash, event);
  SetText(m.haulier().id(), &E::haulier_id, &E::mutable_haulier_id, event);
  if (right.has_expire_time()) {
    *event->mutable_expire_time() = right.expire_time();
  } else {
    event->clear_expire_time();
  }
  if (right.has_slot_time()) {
    *event->mutable_slot_time() = right.slot_time();
  } else {
    event->clear_slot_time();
  }
  const bool nominates = !right.nominee().id().empty();
  SetText(nominates ? m.location().locode() : NoText(), &E::locode,
          &E::mutable_locode, event);
  SetText(nominates ? m.location().facility() : NoText(), &E::facility,
          &E::mutable_facility, event);
  const bool issues = m.event() == v1::PICKUP_RIGHT_ISSUED;
  SetText(issues ? m.source() : NoText(), &E::source, &E::mutable_source,
          event);
  event->set_kind(right.kind());
}

Timestamp* BorrowTime(const Timestamp* time) {
  return const_cast<Timestamp*>(time);
}

// The party of a view, or null for nobody.
v1::Party* Named(absl::string_view id, v1::Party* party) {
  if (id.empty()) return nullptr;
  party->mutable_id()->assign(id.data(), id.size());
  return party;
}

const std::string& ClaimantOf(const RightEvent& attempt) {
  return attempt.haulier_id().empty() ? attempt.actor_id()
                                      : attempt.haulier_id();
}

// Whether a party of the movement has this id.
bool Names(const v1::Movement& m, absl::string_view id) {
  return m.consignee().id() == id || m.forwarder().id() == id ||
         m.carrier().id() == id || m.declarant().id() == id ||
         m.notify_party().id() == id || m.shipper().id() == id;
}

// Whether an organisation ever was in the chain: it issued, held, passed on,
// accepted or was nominated. Who comes to the gate is not, by that alone.
bool InChain(const v1::RightState& state, absl::string_view id) {
  for (const RightEvent& event : state.chain()) {
    if (event.recipient_id() == id || event.nominee_id() == id) return true;
    if (event.event() != v1::GATE_OUT && event.actor_id() == id) return true;
  }
  return false;
}

// Reports of one collection that two systems make lie no further apart.
constexpr double kOneCollectionHours = 24;

bool Differ(absl::string_view a, absl::string_view b) {
  return !a.empty() && !b.empty() && a != b;
}

// Takes the next step where rights are used: what names another right, or
// comes after the collection, belongs to a new one whose issue is not known.
// So whoever was nominated for the last trip does not stand for this one.
void StepOfUse(const RightEvent& event, RightStanding* standing) {
  const bool same =
      !event.right_id().empty() && event.right_id() == standing->id;
  const bool used =
      standing->collection != nullptr && event.event() != v1::GATE_OUT;
  if (Differ(event.right_id(), standing->id) || (used && !same)) {
    *standing = RightStanding();
  }
  standing->Step(event);
}

// What stands when `gate` uses the right; nothing where the standing is that of
// another right, or was used up before.
RightStanding StandingAt(const RightEvent& gate,
                         const RightStanding& standing) {
  if (!gate.right_id().empty() && !standing.id.empty()) {
    return gate.right_id() == standing.id ? standing : RightStanding();
  }
  const bool used_up =
      standing.collection != nullptr &&
      HoursBetween(standing.collection->occurrence_time(),
                   gate.occurrence_time()) > kOneCollectionHours;
  return used_up ? RightStanding() : standing;
}

// Whether he announced himself before the gate-out, for this right.
bool Announced(const v1::RightState& state, absl::string_view id,
               const RightEvent& gate, const RightEvent* issue) {
  for (const RightEvent& event : state.attempts()) {
    if (!Before(event.occurrence_time(), gate.occurrence_time())) break;
    const bool of_this_right =
        issue != nullptr
            ? !Before(event.occurrence_time(), issue->occurrence_time())
            : !gate.right_id().empty() && event.right_id() == gate.right_id();
    if (event.event() == v1::PRE_NOTIFICATION && of_this_right &&
        ClaimantOf(event) == id) {
      return true;
    }
  }
  return false;
}

bool WasNominated(const v1::RightState& state, absl::string_view id) {
  for (const RightEvent& event : state.chain()) {
    if (event.nominee_id() == id && event.event() != v1::PICKUP_RIGHT_REVOKED) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool ConcernsRight(const v1::Movement& movement) {
  return IsStep(movement.event()) || IsAttempt(movement.event());
}

void FoldRight(const JournaledMovement& input, v1::RightState* state) {
  state->set_last_sequence(input.sequence);
  const v1::Movement& m = *input.movement;
  if (m.retraction() || !IsActual(m) || !m.has_occurrence_time() ||
      UsesNoRight(m)) {
    return;
  }
  const auto fill = [&](RightEvent* event) { FillEvent(input, event); };
  if (IsStep(m.event())) {
    InsertEvent(input, kTimelineMax, fill, state->mutable_chain());
  } else if (IsAttempt(m.event())) {
    InsertEvent(input, kAttemptsMax, fill, state->mutable_attempts());
  }
}

void UnfoldRight(const JournaledMovement& input, v1::RightState* state) {
  state->set_last_sequence(input.sequence);
  RemoveEvent(input.movement_key, state->mutable_chain());
  RemoveEvent(input.movement_key, state->mutable_attempts());
}

void RightViewBuffer::Release() {
  view_.unsafe_arena_release_holder();
  view_.unsafe_arena_release_nominated();
  view_.unsafe_arena_release_issued_time();
  view_.unsafe_arena_release_nominated_time();
  view_.unsafe_arena_release_revoked_time();
  view_.unsafe_arena_release_expire_time();
  view_.unsafe_arena_release_last_queried_time();
  view_.unsafe_arena_release_accepted_time();
  view_.unsafe_arena_release_collected_by();
  view_.unsafe_arena_release_collected_time();
  if (full_) ReleaseBeyond();
  view_.Clear();
}

void RightViewBuffer::ReleaseBeyond() {
  view_.unsafe_arena_release_issuer();
  view_.unsafe_arena_release_previous_nominee();
  view_.unsafe_arena_release_last_change_time();
  view_.unsafe_arena_release_last_queried_by();
  view_.unsafe_arena_release_last_refused_time();
  view_.unsafe_arena_release_last_refused();
  view_.unsafe_arena_release_use();
  use_.unsafe_arena_release_time();
  use_.unsafe_arena_release_haulier();
  use_.unsafe_arena_release_nominated();
  use_.unsafe_arena_release_second_claimant();
  use_.unsafe_arena_release_second_claim_time();
  use_.unsafe_arena_release_orphan();
  use_.unsafe_arena_release_orphan_query_time();
  use_.Clear();
  full_ = false;
}

void RightViewBuffer::Derive(const v1::RightState* state,
                             const JournaledMovement& input,
                             const Reference& reference, Depth depth) {
  Release();
  const v1::Movement& m = *input.movement;
  if (state == nullptr || !m.has_occurrence_time()) return;
  full_ = depth == Depth::kFull;
  const RightStanding standing = StandingBefore(*state, m);
  Show(standing);
  ShowLastQuery(*state, m, standing);
  if (!full_) return;
  ShowBeyond(standing);
  ShowCompleteness(standing, reference);
  ShowAttempts(*state, m, standing);
  if (ConcernsRight(m)) FillEvent(input, &own_);
  const Use use = FindUse(*state, input);
  if (use.gate == nullptr) return;
  ShowUse(use, reference);
  ShowPath(use, reference);
  ShowQueries(*state, m, use);
  ShowSecondClaimant(*state, m, use);
  view_.unsafe_arena_set_allocated_use(&use_);
}

RightStanding RightViewBuffer::StandingBefore(
    const v1::RightState& state, const v1::Movement& movement) const {
  const Timestamp& t = movement.occurrence_time();
  RightStanding standing;
  for (const RightEvent& event : state.chain()) {
    const bool later = Before(t, event.occurrence_time());
    if (later && event.event() == v1::PICKUP_RIGHT_ISSUED) break;
    // A report that comes late sees who collected after it, and no more.
    const bool collected_since =
        event.event() == v1::GATE_OUT && !Before(event.occurrence_time(), t);
    if (!later || collected_since) standing.Step(event);
    if (collected_since) break;
  }
  return standing;
}

void RightViewBuffer::Show(const RightStanding& s) {
  if (!s.id.empty()) view_.mutable_id()->assign(s.id.data(), s.id.size());
  view_.unsafe_arena_set_allocated_holder(Named(s.holder, &holder_));
  view_.unsafe_arena_set_allocated_nominated(Named(s.nominee, &nominated_));
  if (s.issue != nullptr) {
    view_.unsafe_arena_set_allocated_issued_time(
        Borrow(s.issue->occurrence_time()));
  }
  view_.unsafe_arena_set_allocated_nominated_time(BorrowTime(s.nominated));
  view_.unsafe_arena_set_allocated_revoked_time(BorrowTime(s.revoked));
  view_.unsafe_arena_set_allocated_expire_time(BorrowTime(s.expire));
  view_.unsafe_arena_set_allocated_accepted_time(BorrowTime(s.accepted));
  if (s.collection == nullptr) return;
  view_.unsafe_arena_set_allocated_collected_by(
      Named(s.collection->haulier_id(), &collected_by_));
  view_.unsafe_arena_set_allocated_collected_time(
      Borrow(s.collection->occurrence_time()));
}

// The attempts are sorted: the last one by then is the first met backwards.
void RightViewBuffer::ShowLastQuery(const v1::RightState& state,
                                    const v1::Movement& m,
                                    const RightStanding& s) {
  for (int i = state.attempts_size() - 1; i >= 0; --i) {
    const RightEvent& event = state.attempts(i);
    if (event.event() != v1::PICKUP_RIGHT_QUERIED ||
        Before(m.occurrence_time(), event.occurrence_time())) {
      continue;
    }
    if (s.issue != nullptr &&
        Before(event.occurrence_time(), s.issue->occurrence_time())) {
      return;
    }
    view_.unsafe_arena_set_allocated_last_queried_time(
        Borrow(event.occurrence_time()));
    if (full_) {
      view_.unsafe_arena_set_allocated_last_queried_by(
          Named(event.actor_id(), &last_queried_by_));
    }
    return;
  }
}

void RightViewBuffer::ShowBeyond(const RightStanding& s) {
  view_.set_kind(s.kind);
  view_.unsafe_arena_set_allocated_issuer(Named(s.issuer, &issuer_));
  view_.unsafe_arena_set_allocated_previous_nominee(
      Named(s.previous_nominee, &previous_nominee_));
  if (s.issue != nullptr) view_.set_changes(s.changes);
  view_.unsafe_arena_set_allocated_last_change_time(BorrowTime(s.last_change));
  if (s.holder_accepted) view_.set_holder_accepted(true);
  if (s.nominee_accepted) view_.set_nominee_accepted(true);
}

void RightViewBuffer::ShowCompleteness(const RightStanding& s,
                                       const Reference& reference) {
  if (s.issue == nullptr || !reference.has_sources()) return;
  const auto complete = [&](v1::Event event) {
    return reference.IsComplete(s.issue->source(), event,
                                s.issue->occurrence_time());
  };
  const bool acceptances = complete(v1::PICKUP_RIGHT_ACCEPTED);
  view_.set_acceptances_reported_completely(acceptances);
  view_.set_transfers_reported_completely(
      complete(v1::PICKUP_RIGHT_TRANSFERRED));
  view_.set_nominations_reported_completely(
      complete(v1::PICKUP_RIGHT_NOMINATED));
  view_.set_revocations_reported_completely(complete(v1::PICKUP_RIGHT_REVOKED));
  if (!acceptances) return;
  if (!s.holder.empty()) view_.set_holder_accepted(s.holder_accepted);
  if (!s.nominee.empty()) view_.set_nominee_accepted(s.nominee_accepted);
}

void RightViewBuffer::ShowAttempts(const v1::RightState& state,
                                   const v1::Movement& m,
                                   const RightStanding& s) {
  const Timestamp& t = m.occurrence_time();
  int64_t queries = 0, refusals = 0;
  const RightEvent* refused = nullptr;
  for (const RightEvent& event : state.attempts()) {
    if (Before(t, event.occurrence_time())) break;
    if (s.issue != nullptr &&
        Before(event.occurrence_time(), s.issue->occurrence_time())) {
      continue;
    }
    if (event.event() == v1::PICKUP_RIGHT_QUERIED) {
      ++queries;
    } else if (event.event() == v1::PICKUP_RIGHT_REFUSED) {
      ++refusals;
      refused = &event;
    }
  }
  if (refused != nullptr) {
    view_.unsafe_arena_set_allocated_last_refused_time(
        Borrow(refused->occurrence_time()));
    view_.unsafe_arena_set_allocated_last_refused(
        Named(ClaimantOf(*refused), &last_refused_));
  }
  view_.set_queries(queries);
  view_.set_refusals(refusals);
  const std::string& actor = m.pickup_right().actor().id();
  if (actor.empty()) return;
  if (Names(m, actor) || InChain(state, actor)) {
    view_.set_actor_in_chain(true);
  } else if (s.issue != nullptr) {
    view_.set_actor_in_chain(false);
  }
}

RightViewBuffer::Use RightViewBuffer::FindUse(
    const v1::RightState& state, const JournaledMovement& input) const {
  const v1::Event own = input.movement->event();
  Use before;  // The last gate-out before the movement.
  RightStanding standing;
  bool passed = false;
  for (int i = 0; i <= state.chain_size(); ++i) {
    const RightEvent* const next =
        i < state.chain_size() ? &state.chain(i) : nullptr;
    if (!passed && (next == nullptr || MovementBefore(input, *next))) {
      passed = true;
      if (own == v1::GATE_OUT) return {&own_, StandingAt(own_, standing)};
      if (own == v1::PICKUP_RIGHT_ISSUED) before = Use();
      if (IsStep(own)) StepOfUse(own_, &standing);
    }
    if (next == nullptr) break;
    if (next->event() == v1::GATE_OUT) {
      if (passed) return {next, StandingAt(*next, standing)};
      before = {next, StandingAt(*next, standing)};
    } else if (next->event() == v1::PICKUP_RIGHT_ISSUED) {
      if (passed) break;
      before = Use();
    }
    StepOfUse(*next, &standing);
  }
  return before;
}

void RightViewBuffer::ShowUse(const Use& use, const Reference& reference) {
  const RightStanding& s = use.standing;
  const RightEvent& gate = *use.gate;
  const Timestamp& t = gate.occurrence_time();
  use_.unsafe_arena_set_allocated_time(Borrow(t));
  use_.unsafe_arena_set_allocated_haulier(
      Named(gate.haulier_id(), &use_haulier_));
  use_.unsafe_arena_set_allocated_nominated(Named(s.nominee, &use_nominated_));
  if (s.expire != nullptr) use_.set_after_expiry(Before(*s.expire, t));
  if (s.last_change != nullptr) {
    use_.set_since_change_h(HoursBetween(*s.last_change, t));
  }
  if (!s.pin_hash.empty() && !gate.pin_hash().empty()) {
    use_.set_pin_matches(s.pin_hash == gate.pin_hash());
  }
  const bool acceptances =
      s.issue != nullptr &&
      reference.IsComplete(s.issue->source(), v1::PICKUP_RIGHT_ACCEPTED,
                           s.issue->occurrence_time());
  if (!s.nominee.empty() && (s.nominee_accepted || acceptances)) {
    use_.set_nominee_accepted(s.nominee_accepted);
  }
  if (s.issue == nullptr) return;
  use_.set_since_issue_h(HoursBetween(s.issue->occurrence_time(), t));
  use_.set_after_revocation(s.revoked != nullptr && !s.granted_again);
  if (acceptances) {
    const bool last_too = s.holder_by_transfer && !s.holder_accepted;
    use_.set_unaccepted_transfers(s.unaccepted + (last_too ? 1 : 0));
  }
}

void RightViewBuffer::ShowPath(const Use& use, const Reference& reference) {
  const RightStanding& s = use.standing;
  const std::string& haulier = use.gate->haulier_id();
  if (s.issue == nullptr || haulier.empty()) return;
  const bool arrives = haulier == s.nominee || s.Holds(haulier);
  // Acceptances count where they would be known.
  const bool accepted = use_.unaccepted_transfers() == 0 &&
                        (!use_.has_nominee_accepted() || haulier != s.nominee ||
                         use_.nominee_accepted());
  if (arrives && !s.out_of_turn && accepted) {
    use_.set_path(v1::PATH_COMPLETE);
    return;
  }
  const auto complete = [&](v1::Event event) {
    return reference.IsComplete(s.issue->source(), event,
                                s.issue->occurrence_time());
  };
  const bool steps_known = complete(v1::PICKUP_RIGHT_TRANSFERRED) &&
                           complete(v1::PICKUP_RIGHT_NOMINATED);
  if (!accepted || steps_known) use_.set_path(v1::PATH_BROKEN);
}

void RightViewBuffer::ShowQueries(const v1::RightState& state,
                                  const v1::Movement& m, const Use& use) {
  const Timestamp& t = use.gate->occurrence_time();
  const RightEvent* const issue = use.standing.issue;
  int64_t orphans = 0;
  const auto look = [&](const RightEvent& event) {
    if (event.event() != v1::PICKUP_RIGHT_QUERIED ||
        Before(t, event.occurrence_time()) ||
        (issue != nullptr &&
         Before(event.occurrence_time(), issue->occurrence_time()))) {
      return;
    }
    const double since_h = HoursBetween(event.occurrence_time(), t);
    if (!use_.has_since_query_h() || since_h < use_.since_query_h()) {
      use_.set_since_query_h(since_h);
    }
    if (issue == nullptr || event.actor_id().empty() ||
        Names(m, event.actor_id()) || InChain(state, event.actor_id())) {
      return;
    }
    ++orphans;
    if (use_.has_orphan() &&
        Before(event.occurrence_time(), use_.orphan_query_time())) {
      return;
    }
    use_.unsafe_arena_release_orphan();
    use_.unsafe_arena_release_orphan_query_time();
    use_.unsafe_arena_set_allocated_orphan(Named(event.actor_id(), &orphan_));
    use_.unsafe_arena_set_allocated_orphan_query_time(
        Borrow(event.occurrence_time()));
  };
  for (const RightEvent& event : state.attempts()) look(event);
  if (m.event() == v1::PICKUP_RIGHT_QUERIED) look(own_);
  if (issue != nullptr) use_.set_orphan_queries(orphans);
}

// The first one after the gate-out and before the next issue.
void RightViewBuffer::ShowSecondClaimant(const v1::RightState& state,
                                         const v1::Movement& m,
                                         const Use& use) {
  const RightEvent& gate = *use.gate;
  const Timestamp* next_issue = nullptr;
  for (const RightEvent& event : state.chain()) {
    if (event.event() == v1::PICKUP_RIGHT_ISSUED &&
        Before(gate.occurrence_time(), event.occurrence_time())) {
      next_issue = &event.occurrence_time();
      break;
    }
  }
  const auto look = [&](const RightEvent& event) {
    if (event.event() == v1::PICKUP_RIGHT_QUERIED ||
        !Before(gate.occurrence_time(), event.occurrence_time()) ||
        (next_issue != nullptr &&
         !Before(event.occurrence_time(), *next_issue)) ||
        (use_.has_second_claimant() &&
         !Before(event.occurrence_time(), use_.second_claim_time()))) {
      return;
    }
    const std::string& claimant = ClaimantOf(event);
    if (claimant.empty() || gate.haulier_id().empty() ||
        claimant == gate.haulier_id()) {
      return;
    }
    // Where hauliers are not nominated he shows the code that was issued, or
    // had announced himself.
    const RightStanding& s = use.standing;
    const bool code_port =
        event.event() == v1::PICKUP_RIGHT_REFUSED &&
        ((!s.pin_hash.empty() && s.pin_hash == event.pin_hash()) ||
         Announced(state, claimant, gate, s.issue));
    if (!code_port && !WasNominated(state, claimant)) return;
    use_.unsafe_arena_release_second_claimant();
    use_.unsafe_arena_release_second_claim_time();
    use_.unsafe_arena_set_allocated_second_claimant(
        Named(claimant, &second_claimant_));
    use_.unsafe_arena_set_allocated_second_claim_time(
        Borrow(event.occurrence_time()));
  };
  for (const RightEvent& event : state.attempts()) look(event);
  if (IsAttempt(m.event())) look(own_);
}

}  // namespace portrisk::scoring
