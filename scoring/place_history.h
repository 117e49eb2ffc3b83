// The history of vessels and facilities: how movements are folded into it, and
// what a rule may read of it as `vessel`, `facility` and `source`. Pure, like
// container_history.h.
#ifndef PORTRISK_SCORING_PLACE_HISTORY_H_
#define PORTRISK_SCORING_PLACE_HISTORY_H_

#include "absl/strings/string_view.h"
#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/history.pb.h"
#include "scoring/container_history.h"
#include "scoring/finds.h"
#include "scoring/profile.h"
#include "scoring/reference.h"

namespace portrisk::scoring {

inline constexpr int kVesselCallsMax = 8;

// An actual movement that names the vessel or the facility. `unit` as its
// assessment decided.
void FoldVessel(const JournaledMovement& input, v1::VesselState* state);
void FoldFacility(const JournaledMovement& input, const v1::Unit& unit,
                  v1::FacilityState* state);

// Takes out `prior`, which was folded in; `input` is its new version.
void UnfoldVessel(const JournaledMovement& input, const v1::Movement& prior,
                  v1::VesselState* state);
void UnfoldFacility(const JournaledMovement& input, const v1::Movement& prior,
                    v1::FacilityState* state);

// Use all of these as ContainerViewBuffer.
class VesselViewBuffer {
 public:
  VesselViewBuffer() = default;
  ~VesselViewBuffer() { Release(); }
  VesselViewBuffer(const VesselViewBuffer&) = delete;
  VesselViewBuffer& operator=(const VesselViewBuffer&) = delete;

  // `state` may be null: the movement names no vessel.
  void Derive(const v1::VesselState* state, const v1::Movement& movement,
              const Reference& reference);
  const v1::VesselView& view() const { return view_; }
  void Release();

 private:
  v1::VesselView view_;
  v1::Leg leg_in_;
  ProfileBuffer profile_;
};

class FacilityViewBuffer {
 public:
  FacilityViewBuffer() = default;
  ~FacilityViewBuffer() { Release(); }
  FacilityViewBuffer(const FacilityViewBuffer&) = delete;
  FacilityViewBuffer& operator=(const FacilityViewBuffer&) = delete;

  // `state` may be null: the movement names no place. `container` tells where
  // in the yard the box stands; may be null.
  void Derive(const v1::FacilityState* state,
              const v1::ContainerState* container,
              const JournaledMovement& input);
  void LendFinds(FindRates* rates);  // As PartyViewBuffer.
  const v1::FacilityView& view() const { return view_; }
  void Release();

 private:
  v1::FacilityView view_;
  ProfileBuffer profile_;
};

class SourceViewBuffer {
 public:
  SourceViewBuffer() = default;
  ~SourceViewBuffer() { Release(); }
  SourceViewBuffer(const SourceViewBuffer&) = delete;
  SourceViewBuffer& operator=(const SourceViewBuffer&) = delete;

  void Derive(const Reference& reference, const v1::Movement& movement);
  const v1::SourceView& view() const { return view_; }
  void Release();

 private:
  v1::SourceView view_;
};

// A yard position read as a block and a bay: "A12-03-2" is bay 12 of block A,
// and of five digits and more in a row the last four are row and tier. False
// when it holds no number.
struct Bay {
  absl::string_view block;
  int64_t number;
};
bool ReadBay(absl::string_view yard_position, Bay* bay);

// Whether two container numbers differ in one of their first ten characters,
// or in what follows alone.
bool NearTwins(absl::string_view a, absl::string_view b);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_PLACE_HISTORY_H_
