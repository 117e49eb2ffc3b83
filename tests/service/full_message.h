// Messages in which every field is set: what a reader leaves out shows.
#ifndef PORTRISK_TESTS_SERVICE_FULL_MESSAGE_H_
#define PORTRISK_TESTS_SERVICE_FULL_MESSAGE_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"

namespace portrisk::service {

// Sets every field of a message and of those in it, lists to two elements;
// values differ from field to field and with `seed`.
inline void FillFully(int* seed, google::protobuf::Message* message) {
  using google::protobuf::FieldDescriptor;
  const auto* const reflection = message->GetReflection();
  const auto& type = *message->GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* const field = type.field(i);
    const bool list = field->is_repeated();
    for (int copy = 0; copy < (list ? 2 : 1); ++copy) {
      const int value = ++*seed;
      switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_MESSAGE:
          FillFully(seed, list ? reflection->AddMessage(message, field)
                               : reflection->MutableMessage(message, field));
          break;
        case FieldDescriptor::CPPTYPE_STRING: {
          const std::string text = absl::StrCat("text ", value);
          list ? reflection->AddString(message, field, text)
               : reflection->SetString(message, field, text);
          break;
        }
        case FieldDescriptor::CPPTYPE_ENUM: {
          const auto* const all = field->enum_type();
          const int number =
              all->value(1 + value % (all->value_count() - 1))->number();
          list ? reflection->AddEnumValue(message, field, number)
               : reflection->SetEnumValue(message, field, number);
          break;
        }
        case FieldDescriptor::CPPTYPE_BOOL:
          reflection->SetBool(message, field, true);
          break;
        case FieldDescriptor::CPPTYPE_DOUBLE:
          reflection->SetDouble(message, field, value);
          break;
        case FieldDescriptor::CPPTYPE_INT32:
          reflection->SetInt32(message, field, value);
          break;
        case FieldDescriptor::CPPTYPE_INT64:
          reflection->SetInt64(message, field, value);
          break;
        case FieldDescriptor::CPPTYPE_UINT32:
          reflection->SetUInt32(message, field, static_cast<uint32_t>(value));
          break;
        case FieldDescriptor::CPPTYPE_UINT64:
          reflection->SetUInt64(message, field, static_cast<uint64_t>(value));
          break;
        case FieldDescriptor::CPPTYPE_FLOAT:
          reflection->SetFloat(message, field, static_cast<float>(value));
          break;
      }
    }
  }
}

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_FULL_MESSAGE_H_
