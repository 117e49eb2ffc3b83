// The keys of the aggregates' states that a movement is counted in: made by
// whichever thread, to fetch them ahead and to find them.
#ifndef PORTRISK_SERVICE_COUNTED_KEYS_H_
#define PORTRISK_SERVICE_COUNTED_KEYS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "portrisk/v1/movement.pb.h"
#include "scoring/aggregate_plan.h"
#include "service/entity_key.h"

namespace portrisk::service {

// The tables that there are, by group of the plan: what keys depend on.
struct CountedTables {
  std::shared_ptr<const scoring::AggregatePlan> plan;
  std::vector<uint32_t> numbers;
};

struct CountedKeys {
  // Those they are keys of, which whoever made them keeps; null: none.
  const CountedTables* of = nullptr;
  std::vector<std::optional<EntityKey>> keys;  // By group.
};

// One thread's own.
class CountedKeyMaker {
 public:
  explicit CountedKeyMaker(std::shared_ptr<const CountedTables> tables)
      : tables_(std::move(tables)) {}

  const CountedTables* tables() const { return tables_.get(); }

  // HOT PATH. Nothing of what is no fact.
  void Make(const v1::Movement& movement, CountedKeys* out);

 private:
  std::shared_ptr<const CountedTables> tables_;
  scoring::AggregateInput input_;
  std::string key_;  // Reused.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_COUNTED_KEYS_H_
