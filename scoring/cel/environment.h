// The names a condition may use: roots with their message types, the enum
// values reachable from them, and declared lists. The protobuf descriptors are
// the only source of fields; there is no second list of them.
#ifndef PORTRISK_SCORING_CEL_ENVIRONMENT_H_
#define PORTRISK_SCORING_CEL_ENVIRONMENT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "scoring/cel/ast.h"
#include "scoring/cel/entry_set.h"

namespace portrisk::scoring::cel {

class Environment {
 public:
  struct Root {
    std::string name;
    const google::protobuf::Descriptor* type;
  };

  explicit Environment(std::vector<Root> roots);

  // The name must be new.
  void AddSet(std::shared_ptr<const EntrySet> set);

  const std::vector<Root>& roots() const { return roots_; }
  // Null when there is none.
  const google::protobuf::EnumValueDescriptor* FindConstant(
      absl::string_view name) const;
  std::shared_ptr<const EntrySet> FindSet(absl::string_view name) const;

  // By name.
  std::vector<std::shared_ptr<const EntrySet>> Sets() const;

  // Every name, for "did you mean".
  std::vector<std::string> Names() const;

  // "movement.haulier.id".
  std::string PathName(const Path& path) const;

 private:
  void AddEnums(const google::protobuf::Descriptor& type);

  const std::vector<Root> roots_;
  absl::flat_hash_map<std::string, const google::protobuf::EnumValueDescriptor*>
      constants_;
  std::vector<std::string> constant_names_;  // Bare, in order of discovery.
  std::vector<const google::protobuf::Descriptor*> visited_;
  absl::flat_hash_map<std::string, std::shared_ptr<const EntrySet>> sets_;
};

// The environment of rules: movement, container and right, in this order,
// without declared lists.
Environment RuleEnvironment();

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_ENVIRONMENT_H_
