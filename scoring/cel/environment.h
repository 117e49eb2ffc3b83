// The names an expression may use. There are two kinds of environment.
//
// Rules: roots with their message types, the enum values reachable from them,
// and declared lists. The protobuf descriptors are the only source of fields;
// there is no second list of them. What a checker can refuse is refused.
//
// The specification's: variables of any type that get their values at
// evaluation, message types, and a container that short names are looked up
// in. Mistakes are errors at evaluation, absent fields have their default, and
// what rules leave out (message literals, matches, named time zones) is there.
#ifndef PORTRISK_SCORING_CEL_ENVIRONMENT_H_
#define PORTRISK_SCORING_CEL_ENVIRONMENT_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "scoring/cel/ast.h"
#include "scoring/cel/entry_set.h"
#include "scoring/cel/message_types.h"

namespace portrisk::scoring::cel {

class Environment {
 public:
  struct Root {
    std::string name;
    const google::protobuf::Descriptor* type;
  };

  explicit Environment(std::vector<Root> roots);
  // The specification's. `container` is "" or "a.b".
  Environment(std::string container, std::vector<std::string> variables,
              MessageTypes types);

  // What a name of the specification's environment means.
  struct Meaning {
    Reference reference = Reference::kNone;
    uint32_t variable = 0;  // kBound
    Value literal;          // kConstant
    std::string type_name;  // kConstant that is a type
  };
  // `name` may have dots; a leading one looks outside of the container.
  Meaning Resolve(absl::string_view name) const;
  // Null when there is none; the name as for Resolve.
  const google::protobuf::Message* FindMessage(absl::string_view name) const;

  bool is_rules() const { return types_ == nullptr; }
  // Null for rules.
  std::shared_ptr<const MessageTypes> types() const { return types_; }
  const std::vector<std::string>& variables() const { return variables_; }

  // The name must be new.
  void AddSet(std::shared_ptr<const EntrySet> set);

  // Gives the root `aggregates` of rules a type: its fields are the values
  // that a rule set declares, named without the root. `type` outlives this and
  // what is compiled of it.
  void SetDeclared(const google::protobuf::Descriptor* type);
  // Null when no declared value is called that.
  const google::protobuf::FieldDescriptor* FindDeclared(
      absl::string_view name) const;

  const std::vector<Root>& roots() const { return roots_; }
  // A field of a message, null when there is none. Of those that rules can
  // reach it is found without the descriptors' locks and copies.
  const google::protobuf::FieldDescriptor* FindField(
      const google::protobuf::Descriptor& type, absl::string_view name) const;
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
  void AddNames(const google::protobuf::Descriptor& type);
  std::vector<std::string> Candidates(absl::string_view name) const;

  std::vector<Root> roots_;
  absl::flat_hash_map<std::string, const google::protobuf::EnumValueDescriptor*>
      constants_;
  std::vector<std::string> constant_names_;  // Bare, in order of discovery.
  std::vector<const google::protobuf::Descriptor*> visited_;
  using FieldName =
      std::pair<const google::protobuf::Descriptor*, absl::string_view>;
  absl::flat_hash_map<FieldName, const google::protobuf::FieldDescriptor*>
      fields_;
  absl::flat_hash_map<std::string, std::shared_ptr<const EntrySet>> sets_;
  std::string container_;
  std::vector<std::string> variables_;
  std::shared_ptr<const MessageTypes> types_;
};

// Whether type() gives a type of this name: "int", "google.protobuf.Duration".
bool IsTypeName(absl::string_view name);

// The environment of rules: movement, container, right, party, vessel, route,
// facility, source, usual and, without fields until SetDeclared, aggregates, in
// this order; without declared lists.
Environment RuleEnvironment();

inline constexpr size_t kRuleRoots = 10;
// No message is read below it; see declared_values.h.
inline constexpr uint32_t kAggregatesRoot = 9;

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_ENVIRONMENT_H_
