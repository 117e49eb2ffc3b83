// HOT PATH: no I/O, lock, clock, log; the heap only for a longer unit id than
// any before.
#include "scoring/decision.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>

#include "scoring/container_history.h"
#include "scoring/stay.h"

namespace portrisk::scoring {
namespace {

void AppendNumber(uint64_t value, std::string* out) {
  char buffer[20];
  char* const end = std::to_chars(buffer, buffer + 20, value).ptr;
  out->append(buffer, end - buffer);
}

void NameUnit(const v1::Movement& movement, absl::string_view locode,
              absl::string_view facility, char separator, uint64_t ordinal,
              v1::Unit* unit) {
  std::string* id = unit->mutable_id();
  id->assign(movement.container().number());
  id->push_back('@');
  id->append(locode.data(), locode.size());
  id->push_back('/');
  id->append(facility.data(), facility.size());
  id->push_back(separator);
  AppendNumber(ordinal, id);
}

// A consignment, named by its strongest reference.
void AssignConsignment(const v1::Movement& movement, v1::Unit* unit) {
  std::string* id = unit->mutable_id();
  id->assign(kConsignmentPrefix);
  const std::string& reference = ReferenceOf(movement);
  if (!reference.empty()) {
    id->append(reference);
  } else if (!movement.container().number().empty()) {
    id->append(movement.container().number());
  } else {
    id->append(movement.source()).append("/").append(movement.id());
  }
  unit->set_visit_ordinal(0);
  unit->set_visit_open(false);
}

// A stay that is over and of which nothing is kept: named by its day, so that
// reports of one share a unit.
void AssignPastVisit(const v1::Movement& movement, v1::Unit* unit) {
  NameUnit(movement, movement.location().locode(),
           movement.location().facility(), '~',
           static_cast<uint64_t>(movement.occurrence_time().seconds() / 86400),
           unit);
  unit->set_visit_ordinal(0);
  unit->set_visit_open(false);
}

void AssignNewVisit(const v1::Movement& movement,
                    const v1::ContainerState& state, v1::Unit* unit) {
  const uint32_t ordinal =
      std::max(state.visit().ordinal(), state.withdrawn_ordinal()) + 1;
  NameUnit(movement, movement.location().locode(),
           movement.location().facility(), '#', ordinal, unit);
  unit->set_visit_ordinal(ordinal);
  unit->set_visit_open(!IsDeparture(movement.event()));
}

// A visit that the state knows. It goes on after a departure that is told late,
// when the container has come again since.
void AssignKnownVisit(const v1::Movement& movement,
                      const v1::ContainerState& state, const v1::Visit& visit,
                      v1::Unit* unit) {
  unit->set_id(visit.unit());
  unit->set_visit_ordinal(visit.ordinal());
  unit->set_visit_open(
      visit.open() &&
      (!IsDeparture(movement.event()) ||
       (&visit == &state.visit() && CameAgainSince(movement, state, visit))));
}

void AssignVisit(const v1::Movement& movement, const v1::ContainerState& state,
                 v1::Unit* unit) {
  switch (StayOf(movement, state)) {
    case Stay::kNone:
      return AssignConsignment(movement, unit);
    case Stay::kPresent:
      return AssignKnownVisit(movement, state, state.visit(), unit);
    case Stay::kPrevious:
      return AssignKnownVisit(movement, state, state.previous_visit(), unit);
    case Stay::kPast:
      return AssignPastVisit(movement, unit);
    case Stay::kNew:
      return AssignNewVisit(movement, state, unit);
  }
}

void Cap(const Programme& programme, v1::Assessment* a) {
  for (int i = 0; i < a->hits_size(); ++i) {
    v1::Hit* hit = a->mutable_hits(i);
    if (hit->shadow() || hit->category().empty()) continue;
    int32_t room =
        programme.CategoryCap(hit->category(), a->unit().rollout_ppm());
    for (int j = 0; j < i; ++j) {
      const v1::Hit& other = a->hits(j);
      if (!other.shadow() && other.category() == hit->category()) {
        room -= other.contribution();
      }
    }
    hit->set_contribution(
        std::min(hit->contribution(), std::max<int32_t>(room, 0)));
  }
}

// Highest contribution first; equal ones stay in rule order. Few hits, and
// swapping elements only swaps pointers.
void Order(google::protobuf::RepeatedPtrField<v1::Hit>* hits) {
  for (int i = 1; i < hits->size(); ++i) {
    for (int j = i;
         j > 0 && hits->Get(j).contribution() > hits->Get(j - 1).contribution();
         --j) {
      hits->SwapElements(j, j - 1);
    }
  }
}

v1::Lane LaneOfScore(const SelectionProfile& profile, int32_t score) {
  if (score >= profile.red_score_min) return v1::RED;
  if (score >= profile.orange_score_min) return v1::ORANGE;
  if (score >= profile.yellow_score_min) return v1::YELLOW;
  return v1::GREEN;
}

// The visit that the unit is, as far as it is known; may be null.
const v1::Visit* KnownVisit(const v1::ContainerState* state,
                            const v1::Unit& unit) {
  return state == nullptr ? nullptr : VisitOf(unit.visit_ordinal(), *state);
}

constexpr absl::string_view kRolloutDomain = "portrisk rollout";
static_assert(kRolloutDomain.size() == 16);

uint32_t HashPpm(const std::array<uint8_t, 16>& key, absl::string_view text) {
  static_assert(sizeof(key) == crypto_shorthash_KEYBYTES);
  uint8_t hash[crypto_shorthash_BYTES];
  crypto_shorthash(hash, reinterpret_cast<const uint8_t*>(text.data()),
                   text.size(), key.data());
  uint64_t value = 0;  // Little endian on every machine.
  for (int i = 7; i >= 0; --i) value = value << 8 | hash[i];
  return static_cast<uint32_t>(value % 1'000'000);
}

}  // namespace

v1::Control ControlOfLane(v1::Lane lane) {
  switch (lane) {
    case v1::RED:
      return v1::INSPECT;
    case v1::ORANGE:
      return v1::SCAN_IMAGE;
    case v1::YELLOW:
      return v1::DOCUMENT_CHECK;
    case v1::BLUE:
      return v1::POST_CLEARANCE_AUDIT;
    default:
      return v1::NO_CONTROL;
  }
}

uint32_t DrawPpm(const DrawKey& key, absl::string_view unit_id) {
  return HashPpm(key.key, unit_id);
}

uint32_t RolloutPpm(const DrawKey& key, absl::string_view unit_id) {
  // Another key, made of the same one, keeps the two apart.
  std::array<uint8_t, 16> other = key.key;
  for (size_t i = 0; i < other.size(); ++i) {
    other[i] ^= static_cast<uint8_t>(kRolloutDomain[i]);
  }
  return HashPpm(other, unit_id);
}

void AssignUnit(const v1::Movement& movement, const v1::ContainerState* state,
                const DrawKey& key, v1::Unit* unit,
                const v1::ConsignmentState* consignment) {
  unit->clear_lane_before();  // Decide sets it, where there is a decision.
  if (state == nullptr) {
    AssignConsignment(movement, unit);
  } else {
    AssignVisit(movement, *state, unit);
  }
  const v1::Visit* visit = KnownVisit(state, *unit);
  if (visit == nullptr && consignment != nullptr &&
      consignment->standing().unit() == unit->id()) {
    visit = &consignment->standing();
  }
  if (visit != nullptr) {
    unit->set_lane(visit->lane());
    unit->set_channel(visit->channel());
    unit->set_selection_ppm(visit->selection_ppm());
    unit->set_draw_ppm(visit->draw_ppm());
    unit->set_draw_key_id(visit->draw_key_id());
    // A visit that began before there were shares gets its bucket now.
    unit->set_rollout_ppm(visit->has_rollout_ppm()
                              ? visit->rollout_ppm()
                              : RolloutPpm(key, unit->id()));
    return;
  }
  unit->set_lane(v1::LANE_UNSPECIFIED);
  unit->set_channel(v1::CHANNEL_UNSPECIFIED);
  unit->set_selection_ppm(0);
  unit->set_draw_ppm(DrawPpm(key, unit->id()));
  unit->set_draw_key_id(key.id);
  unit->set_rollout_ppm(RolloutPpm(key, unit->id()));
}

const SelectionProfile& TermsOf(const SelectionProfiles& profiles,
                                const v1::Movement& movement,
                                const v1::ContainerState* state,
                                const v1::Unit& unit) {
  const v1::Visit* const known = KnownVisit(state, unit);
  if (known == nullptr) {
    return profiles.At(movement.location().locode(),
                       movement.location().facility());
  }
  const v1::Visit& visit = *known;
  // The first report of a visit may have named no facility.
  const bool names_it = visit.facility().empty() &&
                        movement.location().locode() == visit.locode();
  return profiles.At(visit.locode(), names_it ? movement.location().facility()
                                              : visit.facility());
}

void Decide(const Programme& programme, const SelectionProfile& profile,
            v1::Assessment* a) {
  Cap(programme, a);
  Order(a->mutable_hits());
  int32_t score = 0;
  v1::Lane mandatory = v1::LANE_UNSPECIFIED;
  v1::Control control = v1::NO_CONTROL;
  for (const v1::Hit& hit : a->hits()) {
    if (hit.shadow()) continue;
    score = std::min(score + hit.contribution(), kScoreMax);
    mandatory = std::max(mandatory, hit.lane_at_least());
    control = std::max(control, hit.control());
  }
  score = std::max(score, 0);
  const v1::Lane by_score = LaneOfScore(profile, score);
  v1::Unit* unit = a->mutable_unit();
  const bool drawn = unit->draw_ppm() < profile.random_rate_ppm;
  const v1::Lane by_draw = drawn ? profile.random_lane : v1::GREEN;

  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
  if (mandatory > v1::GREEN) {
    channel = v1::MANDATORY_RULE;
  } else if (by_score > v1::GREEN) {
    channel = v1::SCORE;
  } else if (drawn) {
    channel = v1::RANDOM;
  }
  const v1::Lane lane = std::max({mandatory, by_score, by_draw});
  a->set_score(score);
  a->set_lane(lane);
  a->set_control(std::max(control, ControlOfLane(lane)));
  a->set_channel(channel);
  const v1::Lane before = std::max(unit->lane(), v1::GREEN);
  if (lane > before) unit->set_lane_before(before);
  unit->set_lane(std::max(before, lane));
  if (unit->channel() == v1::CHANNEL_UNSPECIFIED) unit->set_channel(channel);
  const auto by_criteria = [](v1::Channel c) {
    return c == v1::MANDATORY_RULE || c == v1::SCORE;
  };
  const bool certain = by_criteria(channel) || by_criteria(unit->channel());
  // The rate may have been another at an earlier movement of the unit.
  unit->set_selection_ppm(
      certain ? 1'000'000
              : std::max(unit->selection_ppm(), profile.random_rate_ppm));
}

}  // namespace portrisk::scoring
