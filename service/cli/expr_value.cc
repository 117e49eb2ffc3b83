#include "service/cli/expr_value.h"

#include <charconv>
#include <cmath>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "scoring/cel/fields.h"
#include "scoring/cel/ops.h"
#include "scoring/cel/time.h"

namespace portrisk::service::cli {
namespace {

using scoring::cel::Arena;
using scoring::cel::Kind;
using scoring::cel::Value;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr absl::string_view kListUrl =
    "type.googleapis.com/google.protobuf.ListValue";

absl::Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

class Reader {
 public:
  Reader(ExprTypes* types, Arena* arena) : types_(*types), arena_(arena) {}

  absl::StatusOr<Value> Read(element json) {
    switch (json.type()) {
      case simdjson::dom::element_type::NULL_VALUE:
        return Value();
      case simdjson::dom::element_type::BOOL:
        return Value::Bool(json.get_bool().value_unsafe());
      case simdjson::dom::element_type::INT64:
        return Value::Int(json.get_int64().value_unsafe());
      case simdjson::dom::element_type::UINT64:
        return Value::Uint(json.get_uint64().value_unsafe());
      case simdjson::dom::element_type::DOUBLE:
        return Value::Double(json.get_double().value_unsafe());
      case simdjson::dom::element_type::STRING:
        return Value::String(View(json.get_string().value_unsafe()));
      case simdjson::dom::element_type::ARRAY:
        return List(json.get_array().value_unsafe());
      case simdjson::dom::element_type::OBJECT:
        return Object(json.get_object().value_unsafe());
    }
    return Bad("this is no JSON value");
  }

 private:
  // The one member of an object names the form of cel.expr.Value; any other
  // object is a map.
  absl::StatusOr<Value> Object(object json) {
    if (json.size() == 1) {
      const auto member = *json.begin();
      bool known = true;
      absl::StatusOr<Value> value =
          Form(View(member.key), member.value, &known);
      if (known) return value;
    }
    Value* items = arena_->Values(2 * json.size());
    size_t entries = 0;
    for (const auto member : json) {
      absl::StatusOr<Value> value = Read(member.value);
      if (!value.ok()) return value;
      items[2 * entries] = Value::String(View(member.key));
      items[2 * entries + 1] = *value;
      ++entries;
    }
    return Value::Map(items, entries);
  }

  absl::StatusOr<Value> Form(absl::string_view form, element json,
                             bool* known) {
    if (form == "nullValue") return Value();
    if (form == "boolValue") return Plain(json, Kind::kBool);
    if (form == "stringValue") return Plain(json, Kind::kString);
    if (form == "int64Value") return Integer(json, true);
    if (form == "uint64Value") return Integer(json, false);
    if (form == "doubleValue") return Double(json);
    if (form == "bytesValue") return Bytes(json);
    if (form == "typeValue") {
      absl::StatusOr<Value> name = Plain(json, Kind::kString);
      if (name.ok()) name->kind = Kind::kType;
      return name;
    }
    if (form == "listValue") {
      element values;
      if (json["values"].get(values) != simdjson::SUCCESS) {
        return Value::List(nullptr, 0);
      }
      if (!values.is_array()) return Bad("listValue.values is a list");
      return List(values.get_array().value_unsafe());
    }
    if (form == "mapValue") return Map(json);
    if (form == "objectValue") return Message(json);
    if (form == "enumValue") {
      element number;
      if (json["value"].get(number) != simdjson::SUCCESS) return Value::Int(0);
      return Integer(number, true);
    }
    *known = false;
    return Value();
  }

  absl::StatusOr<Value> Plain(element json, Kind kind) {
    absl::StatusOr<Value> value = Read(json);
    if (value.ok() && value->kind != kind) {
      return Bad(kind == Kind::kBool ? "boolValue is true or false"
                                     : "stringValue and typeValue are text");
    }
    return value;
  }

  // A number, or its digits in quotes.
  static absl::StatusOr<Value> Integer(element json, bool is_signed) {
    std::string_view digits;
    const bool quoted = json.get(digits) == simdjson::SUCCESS;
    int64_t i = 0;
    uint64_t u = 0;
    if (is_signed && (quoted ? absl::SimpleAtoi(View(digits), &i)
                             : json.get(i) == simdjson::SUCCESS)) {
      return Value::Int(i);
    }
    if (!is_signed && (quoted ? absl::SimpleAtoi(View(digits), &u)
                              : json.get(u) == simdjson::SUCCESS)) {
      return Value::Uint(u);
    }
    return Bad("int64Value and uint64Value are whole numbers of 64 bits");
  }

  static absl::StatusOr<Value> Double(element json) {
    double number;
    std::string_view text;
    if (json.get(number) == simdjson::SUCCESS) return Value::Double(number);
    if (json.get(text) == simdjson::SUCCESS &&
        absl::SimpleAtod(View(text), &number)) {
      return Value::Double(number);
    }
    return Bad(
        "doubleValue is a number, \"NaN\", \"Infinity\" or "
        "\"-Infinity\"");
  }

  absl::StatusOr<Value> Bytes(element json) {
    std::string_view text;
    std::string bytes;
    if (json.get(text) != simdjson::SUCCESS ||
        !absl::Base64Unescape(View(text), &bytes)) {
      return Bad("bytesValue is base64");
    }
    return scoring::cel::ArenaString(Kind::kBytes, bytes, "", arena_);
  }

  absl::StatusOr<Value> List(array json) {
    Value* items = arena_->Values(json.size());
    size_t count = 0;
    for (const element item : json) {
      absl::StatusOr<Value> value = Read(item);
      if (!value.ok()) return value;
      items[count++] = *value;
    }
    return Value::List(items, count);
  }

  absl::StatusOr<Value> Map(element json) {
    array entries;
    if (json["entries"].get(entries) != simdjson::SUCCESS) {
      return Value::Map(nullptr, 0);
    }
    Value* items = arena_->Values(2 * entries.size());
    size_t count = 0;
    for (const element entry : entries) {
      element key_json, value_json;
      if (entry["key"].get(key_json) != simdjson::SUCCESS ||
          entry["value"].get(value_json) != simdjson::SUCCESS) {
        return Bad("an entry of mapValue has a key and a value");
      }
      absl::StatusOr<Value> key = Read(key_json);
      if (!key.ok()) return key;
      absl::StatusOr<Value> value = Read(value_json);
      if (!value.ok()) return value;
      const char* error = scoring::cel::AddEntry(*key, *value, items, &count);
      if (error != nullptr) return Bad(error);
    }
    return Value::Map(items, count);
  }

  absl::StatusOr<Value> Message(element json) {
    // The library's reader of Any stumbles over a list in a ListValue.
    std::string_view url;
    element list;
    const bool is_list = json["@type"].get(url) == simdjson::SUCCESS &&
                         View(url) == kListUrl &&
                         json["value"].get(list) == simdjson::SUCCESS;
    auto message = is_list ? types_.FromJson("google.protobuf.ListValue",
                                             simdjson::minify(list))
                           : types_.FromJson(simdjson::minify(json));
    if (!message.ok()) return message.status();
    const scoring::cel::MessageTypes types = types_.types();
    return scoring::cel::FromMessage(*arena_->Own(std::move(*message)), types,
                                     arena_);
  }

  ExprTypes& types_;
  Arena* const arena_;
};

std::string DoubleJson(double number) {
  if (std::isnan(number)) return "\"NaN\"";
  if (std::isinf(number)) return number < 0 ? "\"-Infinity\"" : "\"Infinity\"";
  char buffer[40];
  return std::string(
      buffer, std::to_chars(buffer, buffer + sizeof(buffer), number).ptr);
}

std::string TimeJson(const Value& value) {
  char buffer[scoring::cel::kTimeTextMax];
  const bool timestamp = value.kind == Kind::kTimestamp;
  const scoring::cel::TimePoint time{value.i, static_cast<int32_t>(value.aux)};
  const size_t size = timestamp ? scoring::cel::FormatTimestamp(time, buffer)
                                : scoring::cel::FormatDuration(time, buffer);
  return absl::StrCat(
      R"({"objectValue":{"@type":"type.googleapis.com/google.protobuf.)",
      timestamp ? "Timestamp" : "Duration", R"(","value":")",
      absl::string_view(buffer, size), "\"}}");
}

}  // namespace

absl::StatusOr<Value> ReadValue(element json, ExprTypes* types, Arena* arena) {
  return Reader(types, arena).Read(json);
}

absl::StatusOr<std::string> WriteValue(const Value& value, ExprTypes* types) {
  switch (value.kind) {
    case Kind::kNull:
      return R"({"nullValue":null})";
    case Kind::kBool:
      return absl::StrCat(R"({"boolValue":)", value.b ? "true" : "false", "}");
    case Kind::kInt:
      return absl::StrCat(R"({"int64Value":")", value.i, "\"}");
    case Kind::kUint:
      return absl::StrCat(R"({"uint64Value":")", value.u, "\"}");
    case Kind::kDouble:
      return absl::StrCat(R"({"doubleValue":)", DoubleJson(value.d), "}");
    case Kind::kString:
      return absl::StrCat(R"({"stringValue":)", JsonText(value.text()), "}");
    case Kind::kBytes:
      return absl::StrCat(R"({"bytesValue":")",
                          absl::Base64Escape(value.text()), "\"}");
    case Kind::kType:
      return absl::StrCat(R"({"typeValue":)", JsonText(value.text()), "}");
    case Kind::kTimestamp:
    case Kind::kDuration:
      return TimeJson(value);
    case Kind::kMessage: {
      absl::StatusOr<std::string> json = types->ToJson(*value.message);
      if (!json.ok()) return json;
      return absl::StrCat(R"({"objectValue":)", *json, "}");
    }
    case Kind::kList: {
      std::vector<std::string> items;
      for (uint32_t i = 0; i < value.aux; ++i) {
        auto item = WriteValue(scoring::cel::ListElement(value, i), types);
        if (!item.ok()) return item;
        items.push_back(std::move(*item));
      }
      return absl::StrCat(R"({"listValue":{"values":[)",
                          absl::StrJoin(items, ","), "]}}");
    }
    case Kind::kMap: {
      std::vector<std::string> entries;
      for (uint32_t i = 0; i < value.aux; ++i) {
        auto key = WriteValue(value.items[2 * i], types);
        auto held = WriteValue(value.items[2 * i + 1], types);
        if (!held.ok()) return held;
        entries.push_back(
            absl::StrCat(R"({"key":)", *key, R"(,"value":)", *held, "}"));
      }
      return absl::StrCat(R"({"mapValue":{"entries":[)",
                          absl::StrJoin(entries, ","), "]}}");
    }
    default:
      return Bad(
          "an optional has no form in cel.expr.Value; end the "
          "expression with .orValue(...) or .hasValue()");
  }
}

std::string JsonText(absl::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20) {
      absl::StrAppendFormat(&json, "\\u%04x", byte);
    } else {
      json += c;
    }
  }
  return json + "\"";
}

}  // namespace portrisk::service::cli
