// The aggregates of one rule set under their names, with types: a message type
// made for the set, whose fields are `x`, the value, and `x_count`, how many
// movements stand behind it, for every aggregate x. Conditions name the fields
// alone; the environment reads them below its root `aggregates`.
#ifndef PORTRISK_SCORING_AGGREGATE_NAMES_H_
#define PORTRISK_SCORING_AGGREGATE_NAMES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "scoring/aggregate.h"

namespace portrisk::scoring {

inline constexpr absl::string_view kCountSuffix = "_count";

// Immutable. Programs that read its fields point into it.
class AggregateNames {
 public:
  // The names are identifiers, and so are those with kCountSuffix; all differ.
  explicit AggregateNames(std::vector<AggregateDeclaration> declarations);

  const std::vector<AggregateDeclaration>& declarations() const {
    return declarations_;
  }
  const google::protobuf::Descriptor* type() const { return type_; }
  // Of the declaration at `index`.
  const google::protobuf::FieldDescriptor* ValueField(size_t index) const {
    return type_->field(static_cast<int>(2 * index));
  }
  const google::protobuf::FieldDescriptor* CountField(size_t index) const {
    return type_->field(static_cast<int>(2 * index + 1));
  }
  // An empty message of the type: what a test gives.
  std::unique_ptr<google::protobuf::Message> NewValues() const;

 private:
  std::vector<AggregateDeclaration> declarations_;
  google::protobuf::DescriptorPool pool_;
  mutable google::protobuf::DynamicMessageFactory factory_;
  const google::protobuf::Descriptor* type_ = nullptr;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_NAMES_H_
