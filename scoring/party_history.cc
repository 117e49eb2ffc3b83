// HOT PATH, with the rules of container_history.cc.
#include "scoring/party_history.h"

#include <string>

namespace portrisk::scoring {
namespace {

absl::string_view FirstOf(const std::string& a, const std::string& b,
                          const std::string& c) {
  if (!a.empty()) return a;
  return b.empty() ? c : b;
}

void Assign(absl::string_view text, std::string* out) {
  out->assign(text.data(), text.size());
}

// How a slot is put into the view and taken out again.
struct Accessor {
  void (v1::PartyView::*set)(v1::Profile*);
  v1::Profile* (v1::PartyView::*release)();
};

#define PROFILE(name)                                  \
  Accessor {                                           \
    &v1::PartyView::unsafe_arena_set_allocated_##name, \
        &v1::PartyView::unsafe_arena_release_##name    \
  }

// In the order of ProfileSlot.
constexpr Accessor kParties[] = {
    PROFILE(haulier),   PROFILE(carrier),      PROFILE(shipper),
    PROFILE(consignee), PROFILE(notify_party), PROFILE(declarant),
    PROFILE(forwarder), PROFILE(actor),        PROFILE(account),
    PROFILE(device),    PROFILE(actor_device), PROFILE(haulier_plate),
    PROFILE(trade),     PROFILE(carrier_port), PROFILE(consignee_port),
};
#undef PROFILE
static_assert(sizeof(kParties) / sizeof(kParties[0]) == kPartySlots);
static_assert(static_cast<size_t>(ProfileSlot::kConsigneePort) + 1 ==
              kPartySlots);
static_assert(static_cast<size_t>(ProfileSlot::kRouteTriple) + 1 ==
              kProfileSlots);

}  // namespace

Route RouteOf(const v1::Movement& movement) {
  const v1::Consignment& c = movement.consignment();
  const v1::Transport& t = movement.transport();
  Route route;
  route.from =
      FirstOf(c.loading_locode(), c.origin_locode(), t.previous_locode());
  route.via = c.transhipment_locode();
  route.to =
      FirstOf(c.discharge_locode(), c.destination_locode(), t.next_locode());
  if (c.commodity().size() >= kChapterDigits) {
    route.chapter = absl::string_view(c.commodity()).substr(0, kChapterDigits);
  }
  return route;
}

absl::string_view PortOf(const v1::Movement& movement) {
  const std::string& discharge = movement.consignment().discharge_locode();
  return discharge.empty() ? absl::string_view(movement.location().locode())
                           : absl::string_view(discharge);
}

void PartyViewBuffer::Release() {
  for (const Accessor& party : kParties) (view_.*party.release)();
  view_.unsafe_arena_release_consignee_finds();
  view_.unsafe_arena_release_shipper_finds();
  view_.unsafe_arena_release_declarant_finds();
}

void PartyViewBuffer::LendFinds(FindRates* rates) {
  view_.unsafe_arena_set_allocated_consignee_finds(
      rates->Of(FindSlot::kConsignee));
  view_.unsafe_arena_set_allocated_shipper_finds(rates->Of(FindSlot::kShipper));
  view_.unsafe_arena_set_allocated_declarant_finds(
      rates->Of(FindSlot::kDeclarant));
}

void PartyViewBuffer::Derive(const ProfileStates& profiles,
                             const v1::Movement& movement) {
  Release();
  if (!movement.has_occurrence_time()) return;
  for (size_t i = 0; i < kPartySlots; ++i) {
    if (profiles[i] == nullptr) continue;
    (view_.*kParties[i].set)(
        profiles_[i].Derive(profiles[i], movement.occurrence_time()));
  }
}

void RouteViewBuffer::Release() {
  view_.unsafe_arena_release_pair();
  view_.unsafe_arena_release_commodity();
  view_.unsafe_arena_release_triple();
  view_.unsafe_arena_release_finds();
  view_.unsafe_arena_release_origin_finds();
  view_.unsafe_arena_release_commodity_finds();
  view_.unsafe_arena_release_chapter_finds();
  view_.unsafe_arena_release_code_finds();
  view_.unsafe_arena_release_code_origin_finds();
  view_.unsafe_arena_release_line_finds();
  view_.unsafe_arena_release_same_goods_finds();
  view_.Clear();
}

void RouteViewBuffer::LendFinds(FindRates* rates) {
  view_.unsafe_arena_set_allocated_finds(rates->Of(FindSlot::kRoute));
  view_.unsafe_arena_set_allocated_origin_finds(rates->Of(FindSlot::kOrigin));
  view_.unsafe_arena_set_allocated_commodity_finds(
      rates->Of(FindSlot::kCommodity));
  view_.unsafe_arena_set_allocated_chapter_finds(rates->Of(FindSlot::kChapter));
  view_.unsafe_arena_set_allocated_code_finds(rates->Of(FindSlot::kCode));
  view_.unsafe_arena_set_allocated_code_origin_finds(
      rates->Of(FindSlot::kCodeOrigin));
  view_.unsafe_arena_set_allocated_line_finds(rates->Of(FindSlot::kLine));
  view_.unsafe_arena_set_allocated_same_goods_finds(
      rates->Of(FindSlot::kSameGoods));
}

void RouteViewBuffer::Derive(const ProfileStates& profiles,
                             const v1::Movement& movement) {
  Release();
  const Route route = RouteOf(movement);
  Assign(route.from, view_.mutable_from_locode());
  Assign(route.via, view_.mutable_via_locode());
  Assign(route.to, view_.mutable_to_locode());
  Assign(route.chapter, view_.mutable_chapter());
  if (!movement.has_occurrence_time()) return;
  const auto derive = [&](ProfileSlot slot,
                          ProfileBuffer* buffer) -> v1::Profile* {
    const v1::ProfileState* state = profiles[static_cast<size_t>(slot)];
    return state == nullptr ? nullptr
                            : buffer->Derive(state, movement.occurrence_time());
  };
  view_.unsafe_arena_set_allocated_pair(
      derive(ProfileSlot::kRoutePair, &pair_));
  view_.unsafe_arena_set_allocated_commodity(
      derive(ProfileSlot::kRouteCommodity, &commodity_));
  view_.unsafe_arena_set_allocated_triple(
      derive(ProfileSlot::kRouteTriple, &triple_));
}

}  // namespace portrisk::scoring
