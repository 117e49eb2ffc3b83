// Spans: what ends with a movement and how long it took, and the spreads they
// go into. Pure. The mathematics is scoring/USUAL.md.
#ifndef PORTRISK_SCORING_SPANS_H_
#define PORTRISK_SCORING_SPANS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_field.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/usual.pb.h"
#include "scoring/container_history.h"
#include "scoring/pickup_right.h"
#include "scoring/reference.h"

namespace portrisk::scoring {

using Spans = google::protobuf::RepeatedPtrField<v1::Span>;

// HOT PATH. Finds the spans that end with a movement. Reused.
class SpanFinder {
 public:
  // The states are those before the movement, without an earlier version of
  // it; null: none. `out` is written anew.
  void Find(const v1::ContainerState* container, const v1::RightState* right,
            const JournaledMovement& input, const Reference& reference,
            Spans* out);

 private:
  void FindCollection(const v1::RightState& state,
                      const JournaledMovement& input,
                      const Reference& reference, Spans* out);

  RightViewBuffer right_;
};

// What spreads are counted by. The numbers are part of keys of the store.
enum class SpreadFamily : uint8_t {
  kDwell = 1,  // Facility; arrival, departure, load status, cooled or not.
  kDwellOfCommodity = 2,    // And chapter.
  kCollection = 3,          // Facility.
  kCollectionOfIssuer = 4,  // Facility and issuer.
  kLookUp = 5,              // Facility.
  kAbsence = 6,             // Facility that was left.
  kScanDetour = 7,          // Facility that was left, and that of the scanner.
  kTravel = 8,              // From, to and mode.
  // Steps from port to port, by papers and by ship apart.
  kSteps = 9,         // All of them.
  kStep = 10,         // From and to.
  kStepFrom = 11,     // From.
  kStepTo = 12,       // To.
  kStepOnward = 13,   // The port before, and from.
  kStepOnwardTo = 14  // The port before, from and to.
};

// Where in `usual` a spread is read.
enum class SpreadSlot : uint8_t {
  kDwell,
  kDwellOfCommodity,
  kCollection,
  kCollectionOfIssuer,
  kLookUp,
  kAbsence,
  kScanDetour,
  kTravel,
  kSteps,
  // The first of two steps; absent where there is only one.
  kFirst,
  kFirstFrom,
  kFirstTo,
  // The last step, alone and by what came before it.
  kLast,
  kLastFrom,
  kLastTo,
  kOnward,
  kOnwardTo,
};
inline constexpr size_t kSpreadSlots = 17;
inline constexpr size_t kSpanSlots = 8;  // The first ones, of Spread.

// The states that a movement reads; null where there is no key.
using SpreadStates = std::array<const v1::SpreadState*, kSpreadSlots>;

// What tells the spreads of a family apart; what it does not count by is empty.
struct SpreadName {
  SpreadFamily family = SpreadFamily::kDwell;
  uint8_t detail = 0;
  absl::string_view locode;    // Or from.
  absl::string_view facility;  // Of it.
  absl::string_view to_locode;
  absl::string_view to_facility;
  absl::string_view before_locode;
  absl::string_view other;  // Chapter or issuer.
};

// One spread that a movement reads.
struct SpreadUse {
  SpreadSlot slot = SpreadSlot::kDwell;
  SpreadName name;
  std::optional<uint32_t> minutes;  // What is counted, where it is a time.
  uint32_t times = 0;               // How often it is put in; 0: only read.
};

// Inline, and made as they are put in: most movements have none.
using SpreadUses = absl::InlinedVector<SpreadUse, kSpreadSlots>;

// HOT PATH. `spans` as SpanFinder found them, or as they were journaled. The
// result points into both.
SpreadUses SpreadsOf(const v1::Movement& movement, const Spans& spans);

// Whether the movement's papers name its ports.
bool DeclaresSteps(const v1::Movement& movement);

// `detail` of a dwell, and of steps.
uint8_t DwellDetail(v1::Event arrival, v1::Event departure,
                    v1::LoadStatus status, bool cooled);
uint8_t StepDetail(bool declared);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_SPANS_H_
