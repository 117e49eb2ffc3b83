// Find rates: what controls of a facility, a route, a commodity, a party or a
// line of trade have found, as a prior for later movements (pattern 30). Pure.
//
// A FindState holds exact counts by day, those of older days by 16 days. It is
// a sum, so the order in which outcomes come in changes nothing and a
// correction or retraction is taken out exactly. The half-life is applied when
// it is read: weights are integers of a fixed table, sums are integers, and the
// only floating point is one division at the end.
//
// As of a movement only days before its own count: what a control found on the
// day of the movement might be about the movement itself.
#ifndef PORTRISK_SCORING_FINDS_H_
#define PORTRISK_SCORING_FINDS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/outcome.pb.h"

namespace portrisk::scoring {

inline constexpr int kHalfLifeDays = 180;
// Imaginary controls at the base rate that every estimate begins with.
inline constexpr int kPriorControls = 20;

inline constexpr uint32_t kFindPeriodDays = 16;
inline constexpr uint32_t kFineFindPeriods = 2;  // And the newest one.
inline constexpr uint32_t kFindPeriods = 128;

// What finds are counted by. The numbers are part of keys of the store.
enum class FindSlot : uint8_t {
  kAll,
  kFacility,
  kRoute,      // From and to.
  kOrigin,     // From.
  kCommodity,  // From and chapter.
  kChapter,
  kConsignee,
  kShipper,
  kDeclarant,
  kCode,        // Six digits of the commodity.
  kCodeOrigin,  // And the declared country of origin.
  kLine,        // And country of departure, type and rate of duty.
  kSameGoods,   // And net mass, value and currency.
};
inline constexpr size_t kFindSlots = 13;
inline constexpr size_t kCodeDigits = 6;

// The states that a movement reads; null where it does not say the key.
using FindStates = std::array<const v1::FindState*, kFindSlots>;

// What tells the slots of a movement or an outcome apart; empty: not said.
struct FindNames {
  absl::string_view locode;
  absl::string_view facility;
  absl::string_view from;
  absl::string_view to;
  absl::string_view chapter;
  std::optional<uint64_t> consignee;
  std::optional<uint64_t> shipper;
  std::optional<uint64_t> declarant;
  absl::string_view code;  // kCodeDigits digits.
  const v1::Declared* declared = nullptr;
};
// They point into what is given.
FindNames FindNamesOf(const v1::Movement& movement);
FindNames FindNamesOf(const v1::OutcomeTie& tie);

// Whether an outcome counts: a fact with a result.
bool CountsAsControl(const v1::Outcome& outcome);

// Precondition: CountsAsControl. Unfold takes out what was folded in; what has
// been forgotten meanwhile is left alone.
void FoldFind(const v1::Outcome& outcome, v1::FindState* state);
void UnfoldFind(const v1::Outcome& outcome, v1::FindState* state);

// The weight of a control `days` ago, 2^32 for none.
uint64_t FindWeight(uint32_t days);

// Of the days before `day`; the recent ones in units of 2^-32.
struct FindSums {
  int64_t controls = 0;
  int64_t finds = 0;
  uint64_t recent_controls = 0;
  uint64_t recent_finds = 0;
};
FindSums SumFinds(const v1::FindState& state, uint32_t day);

// Days since 1970.
uint32_t FindDay(const google::protobuf::Timestamp& time);

// HOT PATH. The rates of one movement; reused. A rate is null where the
// movement does not say its key.
class FindRates {
 public:
  void Derive(const FindStates& states, const v1::Movement& movement);
  v1::FindRate* Of(FindSlot slot) {
    const size_t at = static_cast<size_t>(slot);
    return known_[at] ? &rates_[at] : nullptr;
  }
  void Clear() { known_.fill(false); }

 private:
  std::array<v1::FindRate, kFindSlots> rates_;
  std::array<bool, kFindSlots> known_{};
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_FINDS_H_
