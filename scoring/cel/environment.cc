#include "scoring/cel/environment.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "google/protobuf/empty.pb.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/usual.pb.h"

namespace portrisk::scoring::cel {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

Environment::Environment(std::vector<Root> roots) : roots_(std::move(roots)) {
  for (const Root& root : roots_) AddNames(*root.type);
}

Environment::Environment(std::string container,
                         std::vector<std::string> variables, MessageTypes types)
    : container_(std::move(container)),
      variables_(std::move(variables)),
      types_(std::make_shared<const MessageTypes>(types)) {}

// The longest name first, so that the container hides what is outside.
std::vector<std::string> Environment::Candidates(absl::string_view name) const {
  if (name.substr(0, 1) == ".") return {std::string(name.substr(1))};
  std::vector<std::string> names;
  for (std::string prefix = container_; !prefix.empty();) {
    names.push_back(absl::StrCat(prefix, ".", name));
    const size_t dot = prefix.rfind('.');
    prefix.resize(dot == std::string::npos ? 0 : dot);
  }
  names.emplace_back(name);
  return names;
}

Environment::Meaning Environment::Resolve(absl::string_view name) const {
  Meaning meaning;
  for (const std::string& candidate : Candidates(name)) {
    for (size_t i = 0; i < variables_.size(); ++i) {
      if (variables_[i] != candidate) continue;
      meaning.reference = Reference::kBound;
      meaning.variable = static_cast<uint32_t>(i);
      return meaning;
    }
    meaning.reference = Reference::kConstant;
    const bool message =
        types_->pool->FindMessageTypeByName(candidate) != nullptr;
    if (message || IsTypeName(candidate)) {
      meaning.literal.kind = Kind::kType;
      meaning.type_name = candidate;
      return meaning;
    }
    const size_t dot = candidate.rfind('.');
    const EnumDescriptor* enumeration =
        dot == std::string::npos
            ? nullptr
            : types_->pool->FindEnumTypeByName(candidate.substr(0, dot));
    const EnumValueDescriptor* value =
        enumeration == nullptr
            ? nullptr
            : enumeration->FindValueByName(candidate.substr(dot + 1));
    if (value != nullptr) {
      meaning.literal = Value::Int(value->number());
      // google.protobuf.NullValue has no other value than null.
      if (enumeration->full_name() == "google.protobuf.NullValue") {
        meaning.literal = Value();
      }
      return meaning;
    }
  }
  return Meaning();
}

const google::protobuf::Message* Environment::FindMessage(
    absl::string_view name) const {
  for (const std::string& candidate : Candidates(name)) {
    const auto* prototype = types_->Prototype(candidate);
    if (prototype != nullptr) return prototype;
  }
  return nullptr;
}

bool IsTypeName(absl::string_view name) {
  for (const absl::string_view known :
       {"bool", "int", "uint", "double", "string", "bytes", "list", "map",
        "null_type", "type", "optional_type", "google.protobuf.Timestamp",
        "google.protobuf.Duration"}) {
    if (name == known) return true;
  }
  return false;
}

void Environment::AddSet(std::shared_ptr<const EntrySet> set) {
  std::string name = set->name();
  sets_[std::move(name)] = std::move(set);
}

void Environment::SetDeclared(const Descriptor* type) {
  roots_[kAggregatesRoot].type = type;
  AddNames(*type);
}

const FieldDescriptor* Environment::FindDeclared(absl::string_view name) const {
  if (!is_rules() || roots_.size() <= kAggregatesRoot) return nullptr;
  return roots_[kAggregatesRoot].type->FindFieldByName(std::string(name));
}

void Environment::AddNames(const Descriptor& type) {
  if (std::find(visited_.begin(), visited_.end(), &type) != visited_.end()) {
    return;
  }
  visited_.push_back(&type);
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    fields_.emplace(FieldName(&type, field.name()), &field);
    if (field.message_type() != nullptr) AddNames(*field.message_type());
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

const FieldDescriptor* Environment::FindField(const Descriptor& type,
                                              absl::string_view name) const {
  const auto found = fields_.find(FieldName(&type, name));
  if (found != fields_.end()) return found->second;
  return is_rules() ? nullptr : type.FindFieldByName(std::string(name));
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
  if (is_rules() && roots_.size() > kAggregatesRoot) {
    const Descriptor& declared = *roots_[kAggregatesRoot].type;
    for (int i = 0; i < declared.field_count(); ++i) {
      names.push_back(declared.field(i)->name());
    }
  }
  names.insert(names.end(), constant_names_.begin(), constant_names_.end());
  return names;
}

std::string Environment::PathName(const Path& path) const {
  std::string name = roots_[path.root].name;
  if (path.root == kAggregatesRoot && path.fields.size() == 1) {
    return path.fields[0]->name();
  }
  for (const FieldDescriptor* field : path.fields) {
    absl::StrAppend(&name, ".", field->name());
  }
  return name;
}

Environment RuleEnvironment() {
  return Environment({{"movement", v1::Movement::descriptor()},
                      {"container", v1::ContainerView::descriptor()},
                      {"right", v1::RightView::descriptor()},
                      {"party", v1::PartyView::descriptor()},
                      {"vessel", v1::VesselView::descriptor()},
                      {"route", v1::RouteView::descriptor()},
                      {"facility", v1::FacilityView::descriptor()},
                      {"source", v1::SourceView::descriptor()},
                      {"usual", v1::UsualView::descriptor()},
                      {"aggregates", google::protobuf::Empty::descriptor()}});
}

}  // namespace portrisk::scoring::cel
