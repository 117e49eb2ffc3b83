// Who takes part in a movement and which way it goes: the profiles it touches,
// and what a rule may read of them as `party` and `route`. Pure, like
// container_history.h.
#ifndef PORTRISK_SCORING_PARTY_HISTORY_H_
#define PORTRISK_SCORING_PARTY_HISTORY_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/finds.h"
#include "scoring/profile.h"

namespace portrisk::scoring {

// Of a commodity code.
inline constexpr size_t kChapterDigits = 2;

// What a movement may name that has a profile and nothing else.
enum class ProfileSlot : uint8_t {
  kHaulier,
  kCarrier,
  kShipper,
  kConsignee,
  kNotifyParty,
  kDeclarant,
  kForwarder,
  kActor,
  kAccount,
  kDevice,
  kActorDevice,
  kHaulierPlate,
  kTrade,
  kCarrierPort,
  kConsigneePort,
  kRoutePair,
  kRouteCommodity,
  kRouteTriple,
};
inline constexpr size_t kPartySlots = 15;  // The first ones, of `party`.
inline constexpr size_t kProfileSlots = 18;

// The profiles of a movement; null where it does not name one.
using ProfileStates = std::array<const v1::ProfileState*, kProfileSlots>;

// The way goods or a means of transport go. Empty where not said.
struct Route {
  absl::string_view from;
  absl::string_view via;
  absl::string_view to;
  absl::string_view chapter;  // First two digits of the commodity.
};
Route RouteOf(const v1::Movement& movement);

// The port at which a carrier or consignee is used: where the consignment is to
// be discharged, else where the movement is.
absl::string_view PortOf(const v1::Movement& movement);

// Use both as ContainerViewBuffer.
class PartyViewBuffer {
 public:
  PartyViewBuffer() = default;
  ~PartyViewBuffer() { Release(); }
  PartyViewBuffer(const PartyViewBuffer&) = delete;
  PartyViewBuffer& operator=(const PartyViewBuffer&) = delete;

  void Derive(const ProfileStates& profiles, const v1::Movement& movement);
  // After Derive; the rates stay where they are until Release.
  void LendFinds(FindRates* rates);
  const v1::PartyView& view() const { return view_; }
  void Release();

 private:
  v1::PartyView view_;
  std::array<ProfileBuffer, kPartySlots> profiles_;
};

class RouteViewBuffer {
 public:
  RouteViewBuffer() = default;
  ~RouteViewBuffer() { Release(); }
  RouteViewBuffer(const RouteViewBuffer&) = delete;
  RouteViewBuffer& operator=(const RouteViewBuffer&) = delete;

  void Derive(const ProfileStates& profiles, const v1::Movement& movement);
  void LendFinds(FindRates* rates);  // As PartyViewBuffer.
  const v1::RouteView& view() const { return view_; }
  void Release();

 private:
  v1::RouteView view_;
  ProfileBuffer pair_;
  ProfileBuffer commodity_;
  ProfileBuffer triple_;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_PARTY_HISTORY_H_
