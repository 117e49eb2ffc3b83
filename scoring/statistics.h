// What the movements of a deployment look like: which fields they fill and how
// the values of codes are spread. A rule index is laid out by it and lint
// finds fields that nobody ever fills.
#ifndef PORTRISK_SCORING_STATISTICS_H_
#define PORTRISK_SCORING_STATISTICS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "google/protobuf/message.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/rules.pb.h"

namespace portrisk::scoring {

class StatisticsBuilder {
 public:
  void Add(const v1::Movement& movement);

  // Every single field that a movement can hold, by path. Values, as text and
  // the most frequent first, only of codes and numbers: nothing that names a
  // person, a firm, a consignment or a right is kept.
  v1::Statistics Take(uint64_t last_sequence) const;

 private:
  struct Field {
    uint32_t present = 0;
    absl::flat_hash_map<std::string, uint32_t> values;
  };

  void AddFields(const google::protobuf::Message& message,
                 const std::string& prefix);

  uint32_t movements_ = 0;
  absl::flat_hash_map<std::string, Field> fields_;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_STATISTICS_H_
