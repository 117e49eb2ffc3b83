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
// nothing is copied. Use: Derive, read view(), Derive again. What view()
// points to must not change in between.
class ContainerViewBuffer {
 public:
  ContainerViewBuffer() = default;
  ~ContainerViewBuffer() { Release(); }
  ContainerViewBuffer(const ContainerViewBuffer&) = delete;
  ContainerViewBuffer& operator=(const ContainerViewBuffer&) = delete;

  // How much of the view is wanted.
  enum class Depth : uint8_t {
    kNear,  // Fields up to kContainerNearMax: the neighbours and the load.
    kFull,
  };

  // `state` may be null: nothing is known of the container. An earlier version
  // of the movement has been taken out of it.
  void Derive(const v1::ContainerState* state, const JournaledMovement& input,
              const Reference& reference, Depth depth = Depth::kFull);
  const v1::ContainerView& view() const { return view_; }
  // Lets go of the state. Called by Derive and the destructor.
  void Release();

 private:
  class Walk;

  // In container_view_beyond.cc, like all that follows DeriveCargo.
  void DeriveBeyond(const v1::ContainerState& state, int position,
                    const JournaledMovement& input, const Reference& reference);
  void ReleaseBeyond();
  void DeriveOwn(const v1::Movement& movement, const Reference& reference);
  void DeriveNeighbours(const v1::ContainerState& state, int position,
                        const v1::Movement& movement,
                        const Reference& reference);
  void DeriveCargo(const v1::ContainerState& state, int position,
                   const v1::Movement& movement);
  void DeriveComparisons(const v1::Movement& movement);
  void DerivePapers(const v1::ContainerState& state,
                    const JournaledMovement& input);
  void DeriveCompleteness(const v1::ContainerState& state,
                          const v1::Movement& movement,
                          const Reference& reference);
  // In container_view_overlap.cc.
  void DeriveOverlap(const v1::ContainerState& state, int position,
                     const v1::Movement& movement);

  bool full_ = false;
  v1::ContainerView view_;
  v1::Leg leg_in_;
  v1::Leg leg_out_;
  v1::Fingerprint known_;
  v1::Fingerprint known_later_;
  v1::StayOverlap overlap_;
};

// Where in the yard the movement finds the container: as it says itself, else
// as was last reported since the container arrived. Empty when unknown.
const std::string& YardPosition(const v1::ContainerState* state,
                                const JournaledMovement& input);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_CONTAINER_VIEW_H_
