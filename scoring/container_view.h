// What a rule may read of a container's history as of a movement. Pure, like
// container_history.h.
#ifndef PORTRISK_SCORING_CONTAINER_VIEW_H_
#define PORTRISK_SCORING_CONTAINER_VIEW_H_

#include <cstdint>
#include <string>

#include "portrisk/v1/history.pb.h"
#include "scoring/container_history.h"
#include "scoring/reference.h"

namespace portrisk::scoring {

// A view whose parts point into the state and into this buffer, so that
// nothing is copied, and are derived as they are asked for. Use: Begin, Derive
// a field, read it in view(), Begin again. What view() points to must not
// change in between.
class ContainerViewBuffer {
 public:
  ContainerViewBuffer() = default;
  ~ContainerViewBuffer() { Release(); }
  ContainerViewBuffer(const ContainerViewBuffer&) = delete;
  ContainerViewBuffer& operator=(const ContainerViewBuffer&) = delete;

  // `state` may be null: nothing is known of the container. An earlier version
  // of the movement has been taken out of it. All of it is to stay as it is
  // until Release.
  void Begin(const v1::ContainerState* state, const JournaledMovement& input,
             const Reference& reference);
  // The field of that number, and what is found on the way to it.
  void Derive(int field) { DerivePart(PartOf(field)); }
  void DeriveAll();
  const v1::ContainerView& view() const { return view_; }
  // Lets go of the state. Called by Begin and the destructor.
  void Release();

 private:
  class Walk;

  // What is derived together.
  enum class Part : uint8_t {
    kOwn,         // What the movement itself says of weight and seals.
    kOwner,       // Its prefix in the register.
    kNeighbours,  // Events and legs on both sides, what they say of where.
    kCargo,       // Weight and seals of the present load, back from here.
    kKnownSeals,  // Of the present load.
    kWalks,       // What takes the timeline from end to end.
    kBooked,
    kPapers,  // Documents.
    kOwnCompleteness,
    kOtherCompleteness,  // Of all sources that have told of the box.
    kOverlap,
  };
  static constexpr int kParts = static_cast<int>(Part::kOverlap) + 1;
  static Part PartOf(int field);
  bool Has(Part part) const {
    return (derived_ >> static_cast<int>(part) & 1) != 0;
  }
  void DerivePart(Part part);
  void DerivePast(Part part, const v1::ContainerState& state);

  // These take what `state_` holds for `state`, which is known.
  void DeriveOwn();
  void DeriveOwner();
  void DeriveNeighbours(const v1::ContainerState& state);
  void WriteAsMovementDoes();
  void LookUntilHandling(const v1::ContainerState& state);
  bool FoundSeals(const v1::ContainerState& state, int at) const;
  void DeriveCargo(const v1::ContainerState& state);
  void DeriveKnownSeals(const v1::ContainerState& state);
  // In container_view_beyond.cc.
  void DeriveWhereabouts();
  void DeriveWalks(const v1::ContainerState& state);
  void DeriveComparisons();
  void DeriveBooked();
  void DerivePapers(const v1::ContainerState& state);
  google::protobuf::Timestamp CompleteFrom(
      const v1::ContainerState& state) const;
  void DeriveOwnCompleteness(const v1::ContainerState& state);
  void DeriveOtherCompleteness(const v1::ContainerState& state);
  void ReleaseBeyond();
  // In container_view_overlap.cc.
  void DeriveOverlap(const v1::ContainerState& state);

  const v1::ContainerState* state_ = nullptr;
  JournaledMovement input_{};
  const Reference* reference_ = nullptr;
  int position_ = 0;        // Of the movement in the timeline.
  bool forgotten_ = false;  // What came next to it is (IsForgotten).
  uint32_t derived_ = 0;
  bool knows_bookings_ = false;  // Of Part::kWalks.
  v1::ContainerView view_;
  v1::Leg leg_in_;
  v1::Leg leg_out_;
  v1::Fingerprint known_;
  v1::Fingerprint known_later_;
  v1::StayOverlap overlap_;
  // Where they are not as they were kept.
  v1::DocumentEvent declared_;
  v1::TimelineEvent next_handling_;
};

// Where in the yard the movement finds the container: as it says itself, else
// as was last reported since the container arrived. Empty when unknown.
const std::string& YardPosition(const v1::ContainerState* state,
                                const JournaledMovement& input);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_CONTAINER_VIEW_H_
