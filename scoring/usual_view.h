// What a rule may read as `usual`: the movement's own spans beside those of the
// past, and how probable its way is. Pure; the mathematics is scoring/USUAL.md.
#ifndef PORTRISK_SCORING_USUAL_VIEW_H_
#define PORTRISK_SCORING_USUAL_VIEW_H_

#include <array>
#include <cstdint>
#include <optional>

#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/usual.pb.h"
#include "scoring/spans.h"

namespace portrisk::scoring {

// Imaginary boxes that go the way that all boxes go. As many as a port has
// destinations: until it has been seen about as often, that one of them was not
// yet seen says nothing.
inline constexpr int kPriorBoxes = 50;

// How probable a step is: weights of the step itself, of all from where it
// begins, of all to where it ends, and of all. Absent when there are none.
std::optional<double> StepProbability(int64_t step, int64_t from, int64_t to,
                                      int64_t all);

// Use as ContainerViewBuffer.
class UsualViewBuffer {
 public:
  UsualViewBuffer() = default;
  ~UsualViewBuffer() { Release(); }
  UsualViewBuffer(const UsualViewBuffer&) = delete;
  UsualViewBuffer& operator=(const UsualViewBuffer&) = delete;

  // HOT PATH. The states are those of SpreadsOf(movement, spans).
  void Derive(const SpreadStates& states, const v1::Movement& movement,
              const Spans& spans);
  const v1::UsualView& view() const { return view_; }
  void Release();

 private:
  void DeriveItinerary(const SpreadStates& states,
                       const v1::Movement& movement);

  v1::UsualView view_;
  std::array<v1::Spread, kSpanSlots> spreads_;
  v1::Itinerary itinerary_;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_USUAL_VIEW_H_
