// YAML to protobuf, field by field through reflection. Protobuf's own JSON
// reader would do, but it knows no positions: the author would learn that
// something is wrong and not where.
#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/timestamp.pb.h"
#include "scoring/cel/suggest.h"
#include "scoring/cel/time.h"
#include "scoring/rule_set_cases.h"
#include "scoring/rule_set_reader.h"

namespace portrisk::scoring {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

class FieldReader {
 public:
  FieldReader(const FieldDescriptor& field, Issues* issues, Message* message)
      : field_(field),
        reflection_(*message->GetReflection()),
        issues_(issues),
        message_(message) {}

  bool Read(const YamlNode& node) {
    if (!field_.is_repeated()) return ReadOne(node);
    if (node.kind != YamlNode::Kind::kList) return Fail(node, "a list");
    bool good = true;
    for (const auto& child : node.children) good &= ReadOne(*child);
    return good;
  }

 private:
  bool Fail(const YamlNode& node, absl::string_view expected) {
    issues_->Error("BAD_VALUE", node.offset,
                   absl::StrCat(field_.name(), " needs ", expected), Example());
    return false;
  }

  std::string Example() const {
    const std::string name = field_.name();
    if (field_.is_repeated()) return absl::StrCat(name, ": [...]");
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return absl::StrCat(name, ": 2026-01-31T12:00:00Z");
      case FieldDescriptor::CPPTYPE_BOOL:
        return absl::StrCat(name, ": true");
      case FieldDescriptor::CPPTYPE_STRING:
        return absl::StrCat(name, ": QUJD");
      default:
        return absl::StrCat(name, ": 1");
    }
  }

  bool ReadOne(const YamlNode& node) {
    if (field_.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return ReadChild(node);
    }
    if (node.kind != YamlNode::Kind::kScalar) return Fail(node, "one value");
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return ReadText(node);
      case FieldDescriptor::CPPTYPE_ENUM:
        return ReadEnumField(node);
      case FieldDescriptor::CPPTYPE_BOOL:
        return ReadBool(node);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return ReadDouble(node);
      case FieldDescriptor::CPPTYPE_INT32:
        return ReadNumber<int32_t>(node, &Reflection::SetInt32,
                                   &Reflection::AddInt32);
      case FieldDescriptor::CPPTYPE_INT64:
        return ReadNumber<int64_t>(node, &Reflection::SetInt64,
                                   &Reflection::AddInt64);
      case FieldDescriptor::CPPTYPE_UINT32:
        return ReadNumber<uint32_t>(node, &Reflection::SetUInt32,
                                    &Reflection::AddUInt32);
      case FieldDescriptor::CPPTYPE_UINT64:
        return ReadNumber<uint64_t>(node, &Reflection::SetUInt64,
                                    &Reflection::AddUInt64);
      default:
        return Fail(node, "a type that tests cannot give");
    }
  }

  template <typename T>
  bool ReadNumber(const YamlNode& node,
                  void (Reflection::*set)(Message*, const FieldDescriptor*, T)
                      const,
                  void (Reflection::*add)(Message*, const FieldDescriptor*, T)
                      const) {
    T value;
    if (!absl::SimpleAtoi(node.text, &value)) {
      return Fail(node, absl::StrCat("a whole number from ",
                                     std::numeric_limits<T>::min(), " to ",
                                     std::numeric_limits<T>::max()));
    }
    const auto store = field_.is_repeated() ? add : set;
    (reflection_.*store)(message_, &field_, value);
    return true;
  }

  bool ReadDouble(const YamlNode& node) {
    double value;
    if (!absl::SimpleAtod(node.text, &value)) return Fail(node, "a number");
    if (field_.is_repeated()) {
      reflection_.AddDouble(message_, &field_, value);
    } else {
      reflection_.SetDouble(message_, &field_, value);
    }
    return true;
  }

  bool ReadBool(const YamlNode& node) {
    if (node.text != "true" && node.text != "false") {
      return Fail(node, "true or false");
    }
    if (field_.is_repeated()) {
      reflection_.AddBool(message_, &field_, node.text == "true");
    } else {
      reflection_.SetBool(message_, &field_, node.text == "true");
    }
    return true;
  }

  bool ReadText(const YamlNode& node) {
    std::string text(node.text);
    if (field_.type() == FieldDescriptor::TYPE_BYTES &&
        !absl::Base64Unescape(node.text, &text)) {
      return Fail(node, "bytes in base64");
    }
    if (field_.is_repeated()) {
      reflection_.AddString(message_, &field_, std::move(text));
    } else {
      reflection_.SetString(message_, &field_, std::move(text));
    }
    return true;
  }

  bool ReadEnumField(const YamlNode& node) {
    int number;
    if (!ReadEnum(node, *field_.enum_type(), issues_, &number)) return false;
    if (field_.is_repeated()) {
      reflection_.AddEnumValue(message_, &field_, number);
    } else {
      reflection_.SetEnumValue(message_, &field_, number);
    }
    return true;
  }

  bool ReadChild(const YamlNode& node) {
    Message* child = field_.is_repeated()
                         ? reflection_.AddMessage(message_, &field_)
                         : reflection_.MutableMessage(message_, &field_);
    if (field_.message_type()->well_known_type() !=
        Descriptor::WELLKNOWNTYPE_TIMESTAMP) {
      return ReadMessage(node, issues_, child);
    }
    cel::TimePoint time;
    if (node.kind != YamlNode::Kind::kScalar ||
        !cel::ParseTimestamp(node.text, &time)) {
      return Fail(node, "a time such as 2026-01-31T12:00:00Z");
    }
    auto* timestamp = static_cast<google::protobuf::Timestamp*>(child);
    timestamp->set_seconds(time.seconds);
    timestamp->set_nanos(time.nanos);
    return true;
  }

  const FieldDescriptor& field_;
  const Reflection& reflection_;
  Issues* const issues_;
  Message* const message_;
};

}  // namespace

bool ReadMessage(const YamlNode& node, Issues* issues, Message* message) {
  const Descriptor& type = *message->GetDescriptor();
  if (node.kind == YamlNode::Kind::kNull) return true;
  if (node.kind != YamlNode::Kind::kMap) {
    issues->Error("BAD_VALUE", node.offset,
                  absl::StrCat(type.name(), " is a map of its fields"),
                  absl::StrCat("{", type.field(0)->name(), ": ...}"));
    return false;
  }
  bool good = true;
  for (size_t i = 0; i < node.children.size(); i += 2) {
    const YamlNode& key = *node.children[i];
    const YamlNode& value = *node.children[i + 1];
    const FieldDescriptor* field = type.FindFieldByName(std::string(key.text));
    if (field == nullptr)
      field = type.FindFieldByCamelcaseName(std::string(key.text));
    if (field == nullptr) {
      std::vector<std::string> names;
      names.reserve(type.field_count());
      for (int f = 0; f < type.field_count(); ++f) {
        names.push_back(type.field(f)->name());
      }
      issues->Error("UNKNOWN_FIELD", key.offset,
                    absl::StrCat(type.name(), " has no field ", key.text),
                    cel::NearestName(key.text, names));
      good = false;
    } else if (value.kind != YamlNode::Kind::kNull) {
      good &= FieldReader(*field, issues, message).Read(value);
    }
  }
  return good;
}

}  // namespace portrisk::scoring
