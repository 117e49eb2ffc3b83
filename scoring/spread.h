// Spreads: how long the spans of the past took, by periods of 182 days. Pure.
// The mathematics is scoring/USUAL.md.
//
// A SpreadState is a sum, so the order in which spans come in changes nothing
// and one is taken out exactly. Bins are integers and weights are eighths, so
// that equal histories give equal bytes and equal answers.
#ifndef PORTRISK_SCORING_SPREAD_H_
#define PORTRISK_SCORING_SPREAD_H_

#include <cstdint>
#include <optional>

#include "google/protobuf/timestamp.pb.h"
#include "portrisk/v1/usual.pb.h"

namespace portrisk::scoring {

inline constexpr int64_t kSpreadPeriodSeconds = int64_t{182} * 86400;
inline constexpr uint32_t kSpreadPeriods = 4;  // Weights 1, 1/2, 1/4, 1/8.
inline constexpr uint32_t kSpanMinutesMax = (1u << 21) - 1;  // Four years.
inline constexpr uint32_t kSpreadBins = 288;
inline constexpr int64_t kRobustLeast = 20;  // Spans that robust_z needs.
inline constexpr int64_t kWeightOfOne = 8;   // Of the movement's own period.

// Up to 32 minutes each has a bin, above that 16 bins lie in each octave.
uint32_t SpanBin(uint32_t minutes);
// The middle of a bin.
double SpanBinHours(uint32_t bin);

uint32_t SpreadPeriodOf(const google::protobuf::Timestamp& time);

// `time` is that of the movement that ends the span; `minutes` may be absent:
// only the count matters. Unfold takes out what was folded in; what has been
// forgotten meanwhile is left alone.
void FoldSpread(const google::protobuf::Timestamp& time,
                std::optional<uint32_t> minutes, uint32_t times,
                v1::SpreadState* state);
void UnfoldSpread(const google::protobuf::Timestamp& time,
                  std::optional<uint32_t> minutes, uint32_t times,
                  v1::SpreadState* state);

// Of the periods up to `period`.
struct SpreadCount {
  int64_t count = 0;
  int64_t weight = 0;  // In eighths.
};
SpreadCount CountSpread(const v1::SpreadState& state, uint32_t period);

// HOT PATH. `state` may be null: nothing is known. Without `minutes` there is
// no span to compare. Writes every field.
void DeriveSpread(const v1::SpreadState* state, uint32_t period,
                  std::optional<uint32_t> minutes, v1::Spread* out);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_SPREAD_H_
