// Every limit of rule sets and conditions. The checkers enforce them, so that
// evaluation needs none: what compiled is bounded.
#ifndef PORTRISK_SCORING_LIMITS_H_
#define PORTRISK_SCORING_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace portrisk::scoring {

// One condition.
inline constexpr size_t kExpressionBytesMax = 8192;
// Brackets, ternaries, unary operators and macro bodies inside one another.
inline constexpr int kNestingMax = 48;
// Height of the syntax tree; long chains of || and && are as high as long.
inline constexpr int kTreeHeightMax = 400;
// Macros inside macros, and so variables alive at once.
inline constexpr int kMacroDepthMax = 4;
// Elements a repeated field is taken to have when cost is estimated.
inline constexpr int64_t kAssumedListLength = 16;
// Bytes a text field is taken to have.
inline constexpr int64_t kAssumedTextBytes = 64;
// Estimated operations of one evaluation.
inline constexpr int64_t kConditionCostMax = 100'000;
// Estimated bytes of a text or list that a condition makes.
inline constexpr int64_t kValueBytesMax = 1'000'000;
// Entries of a list written out in a condition; declared lists are for more.
inline constexpr size_t kLiteralEntriesMax = 100;
// What is left of || when it is multiplied out of &&.
inline constexpr int64_t kAlternativesMax = 10'000;

// One rule set.
inline constexpr size_t kRuleSetBytesMax = size_t{64} << 20;
inline constexpr int kYamlDepthMax = 32;
inline constexpr size_t kYamlKeysMax = 2'000;  // Of one map.
inline constexpr size_t kRulesPerSetMax = 100'000;
inline constexpr size_t kListsPerSetMax = 1'000;
inline constexpr size_t kListEntriesMax = 1'000'000;
inline constexpr size_t kListEntryBytesMax = 256;
// A list that is loaded apart.
inline constexpr size_t kLoadedListBytesMax = size_t{64} << 20;
inline constexpr size_t kTestsPerRuleMax = 100;
inline constexpr size_t kTextBytesMax = 2'000;
inline constexpr size_t kNameBytesMax = 128;
inline constexpr size_t kSuppressionsPerSetMax = 10'000;
inline constexpr int64_t kBreakerWindowMin = 20;
inline constexpr int64_t kBreakerWindowMax = 10'000'000;
// Fields of one rule that can appear as evidence.
inline constexpr size_t kEvidenceFieldsMax = 64;
// Issues reported for one document; the rest is counted in a last one.
inline constexpr size_t kIssuesMax = 200;
inline constexpr int32_t kContributionMax = 1000;

// Selection profiles.
inline constexpr size_t kProfileBytesMax = size_t{1} << 20;
inline constexpr size_t kProfilePlacesMax = 10'000;
inline constexpr size_t kFacilityBytesMax = 64;
inline constexpr int64_t kCapacityMax = 1'000'000;  // Units a day.

// Aggregates.
inline constexpr size_t kAggregatesPerSetMax = 200;
inline constexpr size_t kAggregateKeysMax = 4;  // Expressions of one key.
inline constexpr int64_t kAggregateWindowSecondsMin = 60;
inline constexpr int64_t kAggregateWindowSecondsMax = int64_t{1827} * 86400;
inline constexpr int64_t kAggregateResolutionSecondsMin = 1;
inline constexpr int64_t kAggregateHalfLifeSecondsMin = 60;
// Buckets in a window: of what keeps numbers only, and of what keeps values.
inline constexpr int64_t kAggregateStepsMax = 400;
inline constexpr int64_t kAggregateSketchStepsMax = 64;
// Bytes of a text that first and last keep; a longer one is no value.
inline constexpr size_t kAggregateTextBytesMax = 64;
// Values a bucket keeps: of min, max, first, last and time_since; of distinct
// and quantile, before they estimate.
inline constexpr uint32_t kAggregateBestKept = 4;
inline constexpr uint32_t kAggregateExactKept = 32;
// Of a bucket that estimates quantiles.
inline constexpr uint32_t kAggregateBinsMax = 192;
inline constexpr size_t kAggregateRegisters = 256;

static_assert(kNestingMax < kTreeHeightMax);
static_assert(kExpressionBytesMax < (1u << 16),
              "offsets into a condition fit 16 bits with room for its end");

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_LIMITS_H_
