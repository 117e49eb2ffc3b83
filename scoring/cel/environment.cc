#include "scoring/cel/environment.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"

namespace portrisk::scoring::cel {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

Environment::Environment(std::vector<Root> roots) : roots_(std::move(roots)) {
  for (const Root& root : roots_) AddEnums(*root.type);
}

void Environment::AddSet(std::shared_ptr<const EntrySet> set) {
  std::string name = set->name();
  sets_.emplace(std::move(name), std::move(set));
}

void Environment::AddEnums(const Descriptor& type) {
  if (std::find(visited_.begin(), visited_.end(), &type) != visited_.end()) {
    return;
  }
  visited_.push_back(&type);
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.message_type() != nullptr) AddEnums(*field.message_type());
    const EnumDescriptor* enumeration = field.enum_type();
    for (int v = 0; enumeration != nullptr && v < enumeration->value_count();
         ++v) {
      const EnumValueDescriptor* value = enumeration->value(v);
      if (!constants_.emplace(value->name(), value).second) continue;
      constant_names_.push_back(value->name());
      // Bare, with its type, and both with the package.
      constants_.emplace(absl::StrCat(enumeration->name(), ".", value->name()),
                         value);
      constants_.emplace(
          absl::StrCat(enumeration->full_name(), ".", value->name()), value);
      constants_.emplace(value->full_name(), value);
    }
  }
}

const EnumValueDescriptor* Environment::FindConstant(
    absl::string_view name) const {
  const auto found = constants_.find(name);
  return found == constants_.end() ? nullptr : found->second;
}

std::shared_ptr<const EntrySet> Environment::FindSet(
    absl::string_view name) const {
  const auto found = sets_.find(name);
  return found == sets_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<const EntrySet>> Environment::Sets() const {
  std::vector<std::shared_ptr<const EntrySet>> sets;
  for (const auto& [name, set] : sets_) sets.push_back(set);
  std::sort(sets.begin(), sets.end(),
            [](const auto& a, const auto& b) { return a->name() < b->name(); });
  return sets;
}

std::vector<std::string> Environment::Names() const {
  std::vector<std::string> names;
  for (const Root& root : roots_) names.push_back(root.name);
  for (const auto& [name, set] : sets_) names.push_back(name);
  // Hash order must not decide which of two equally near names is suggested.
  std::sort(names.begin() + roots_.size(), names.end());
  names.insert(names.end(), constant_names_.begin(), constant_names_.end());
  return names;
}

std::string Environment::PathName(const Path& path) const {
  std::string name = roots_[path.root].name;
  for (const FieldDescriptor* field : path.fields) {
    absl::StrAppend(&name, ".", field->name());
  }
  return name;
}

Environment RuleEnvironment() {
  return Environment({{"movement", v1::Movement::descriptor()},
                      {"container", v1::ContainerView::descriptor()},
                      {"right", v1::RightView::descriptor()}});
}

}  // namespace portrisk::scoring::cel
