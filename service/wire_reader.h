// Fields of a serialised message where they lie, one after the other, without
// a message: for readers that pass over most of what they meet.
//
//   for (WireReader in(bytes); in.Next();) {
//     if (in.Is(v1::Assessment::kCorrectsSequenceFieldNumber)) { ... }
//   }
//   if (!in.ok()) ...
#ifndef PORTRISK_SERVICE_WIRE_READER_H_
#define PORTRISK_SERVICE_WIRE_READER_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace portrisk::service {

// HOT PATH of opening and of filling. Groups, which proto3 does not have, are
// not read.
class WireReader {
 public:
  explicit WireReader(absl::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // Goes to the next field; false at the end and where the bytes are damaged.
  bool Next() {
    if (at_ == end_) return false;
    begin_ = at_;
    uint64_t tag = 0;
    if (!ReadVarint(&tag) || (field_ = tag >> 3) == 0) return Fail();
    type_ = static_cast<Type>(tag & 7);
    switch (type_) {
      case Type::kVarint:
        return ReadVarint(&number_) || Fail();
      case Type::kBytes: {
        size_begin_ = at_;
        uint64_t size = 0;
        if (!ReadVarint(&size) || size > Left()) return Fail();
        return Take(size);
      }
      case Type::kFixed64:
        return Left() >= 8 ? Take(8) : Fail();
      case Type::kFixed32:
        return Left() >= 4 ? Take(4) : Fail();
    }
    return Fail();
  }
  // False once something could not be read.
  bool ok() const { return ok_; }

  // --- Of the field that Next has gone to.

  enum class Type : uint8_t {
    kVarint = 0,
    kFixed64 = 1,
    kBytes = 2,
    kFixed32 = 5
  };
  uint64_t field() const { return field_; }
  Type type() const { return type_; }
  bool IsNumber(int field) const { return Is(field, Type::kVarint); }
  bool IsBytes(int field) const { return Is(field, Type::kBytes); }
  uint64_t number() const { return number_; }           // Of kVarint.
  absl::string_view bytes() const { return payload_; }  // Of all others.
  // With tag and size, as it lies there.
  absl::string_view whole() const {
    return {begin_, static_cast<size_t>(at_ - begin_)};
  }
  absl::string_view tag() const {  // Of kBytes.
    return {begin_, static_cast<size_t>(size_begin_ - begin_)};
  }
  size_t size_bytes() const {  // That the size of kBytes takes.
    return static_cast<size_t>(payload_.data() - size_begin_);
  }

 private:
  bool Is(int field, Type type) const {
    return type_ == type && field_ == static_cast<uint64_t>(field);
  }
  size_t Left() const { return static_cast<size_t>(end_ - at_); }
  bool Take(size_t size) {
    payload_ = {at_, size};
    at_ += size;
    return true;
  }
  bool Fail() {
    ok_ = false;
    at_ = end_;
    return false;
  }
  bool ReadVarint(uint64_t* value) {
    *value = 0;
    for (int shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<uint8_t>(*at_++);
      *value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  const char* at_;
  const char* end_;
  const char* begin_ = nullptr;
  const char* size_begin_ = nullptr;
  bool ok_ = true;
  Type type_ = Type::kVarint;
  uint64_t field_ = 0;
  uint64_t number_ = 0;
  absl::string_view payload_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_WIRE_READER_H_
