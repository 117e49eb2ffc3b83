// What conditions read of aggregates: derived when a condition first asks,
// once a movement.
#ifndef PORTRISK_SCORING_AGGREGATE_VIEW_H_
#define PORTRISK_SCORING_AGGREGATE_VIEW_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "portrisk/v1/aggregates.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/aggregate_plan.h"
#include "scoring/aggregate_value.h"
#include "scoring/cel/declared_values.h"

namespace portrisk::scoring {

// What gather found for one group of the plan.
struct AggregateGroupState {
  bool has_key = false;  // Whether AggregateInput::KeyOf gave a key.
  // What is stored under the key; null when nothing is. What the movement's
  // own earlier version added has been taken out.
  const v1::AggregateState* state = nullptr;
};

// Holds buffers; one per thread.
class AggregateView final : public cel::DeclaredValues {
 public:
  // HOT PATH. Everything is unknown until the next Begin when `states` is
  // empty. Else it has one entry for each group of the plan; it, the states,
  // the plan and the movement must stay as they are while values are read.
  void Begin(const AggregatePlan& plan, const v1::Movement& movement,
             absl::Span<const AggregateGroupState> states);

  bool Read(const google::protobuf::FieldDescriptor& field,
            cel::Value* value) override;
  bool IsApproximate(const google::protobuf::FieldDescriptor& field) override;

  // By index of the plan; as Read, for benchmarks and tools.
  const AggregateResult& Derive(uint32_t aggregate);

 private:
  struct Derived {
    AggregateResult result;
    uint32_t generation = 0;
  };

  const AggregatePlan* plan_ = nullptr;
  absl::Span<const AggregateGroupState> states_;
  bool has_time_ = false;
  int64_t time_us_ = 0;
  uint32_t generation_ = 0;
  std::vector<Derived> derived_;
  AggregateBuffers buffers_;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_VIEW_H_
