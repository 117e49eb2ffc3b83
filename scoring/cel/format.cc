// 'text'.format([...]): %s %d %f %e %b %o %x %X %%, with .digits for %f and
// %e. Texts of values are those of string().
#include <charconv>
#include <cmath>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "scoring/cel/fields.h"
#include "scoring/cel/functions.h"
#include "scoring/cel/ops.h"
#include "scoring/cel/text_builder.h"

namespace portrisk::scoring::cel {
namespace {

using absl::string_view;

constexpr int kDigitsMax = 100;
// The longest double without exponent, its sign, point and fraction.
constexpr size_t kNumberBytesMax = 320 + kDigitsMax;
constexpr const char* kBadClause = "format: unknown clause";
constexpr const char* kBadOperand = "format: the clause does not take this";

class Formatter {
 public:
  explicit Formatter(Arena* arena) : arena_(arena), out_(arena) {}

  Value Run(string_view pattern, const Value& list) {
    uint32_t next = 0;
    while (!pattern.empty()) {
      const size_t plain = std::min(pattern.find('%'), pattern.size());
      out_.Append(pattern.substr(0, plain));
      pattern.remove_prefix(plain);
      if (pattern.empty()) break;
      pattern.remove_prefix(1);
      if (!pattern.empty() && pattern[0] == '%') {
        out_.Append('%');
        pattern.remove_prefix(1);
        continue;
      }
      int digits = 6;
      if (!TakeDigits(&pattern, &digits) || pattern.empty()) {
        return Value::Error(kBadClause);
      }
      const char clause = pattern[0];
      pattern.remove_prefix(1);
      if (next >= list.aux) return Value::Error("format: too few values");
      const char* error = Clause(clause, digits, ListElement(list, next++));
      if (error != nullptr) return Value::Error(error);
    }
    return out_.Finish();
  }

 private:
  static bool TakeDigits(string_view* pattern, int* digits) {
    if (pattern->empty() || (*pattern)[0] != '.') return true;
    pattern->remove_prefix(1);
    size_t used = 0;
    *digits = 0;
    while (used < pattern->size() && absl::ascii_isdigit((*pattern)[used])) {
      *digits = std::min(*digits * 10 + ((*pattern)[used++] - '0'), 1000);
    }
    pattern->remove_prefix(used);
    return used > 0 && *digits <= kDigitsMax;
  }

  const char* Clause(char clause, int digits, const Value& value) {
    switch (clause) {
      case 's':
        return String(value, &out_);
      case 'd':
        if (value.kind == Kind::kDouble) return Double(value.d, -1, 'f');
        return Integer(value, 10);
      case 'f':
      case 'e':
        if (!value.is_number()) return kBadOperand;
        return Double(ApplyStrict(Op::kToDouble, value, Value(), arena_).d,
                      digits, clause);
      case 'b':
        if (value.kind == Kind::kBool) {
          out_.Append(value.b ? '1' : '0');
          return nullptr;
        }
        return Integer(value, 2);
      case 'o':
        return Integer(value, 8);
      case 'x':
      case 'X':
        return Hex(value, clause == 'X');
      default:
        return kBadClause;
    }
  }

  const char* Integer(const Value& value, int base) {
    char buffer[70];
    char* const end = buffer + sizeof(buffer);
    char* last = nullptr;
    if (value.kind == Kind::kInt) {
      last = std::to_chars(buffer, end, value.i, base).ptr;
    } else if (value.kind == Kind::kUint) {
      last = std::to_chars(buffer, end, value.u, base).ptr;
    } else {
      return kBadOperand;
    }
    out_.Append(string_view(buffer, last - buffer));
    return nullptr;
  }

  // The shortest text that reads back as the number when `digits` is negative.
  const char* Double(double number, int digits, char clause) {
    if (!std::isfinite(number)) return String(Value::Double(number), &out_);
    char buffer[kNumberBytesMax];
    char* const end = buffer + sizeof(buffer);
    const auto form = clause == 'e' ? std::chars_format::scientific
                                    : std::chars_format::fixed;
    const auto done = digits < 0
                          ? std::to_chars(buffer, end, number, form)
                          : std::to_chars(buffer, end, number, form, digits);
    out_.Append(string_view(buffer, done.ptr - buffer));
    return nullptr;
  }

  const char* Hex(const Value& value, bool upper) {
    TextBuilder text(arena_);
    if (value.kind == Kind::kString || value.kind == Kind::kBytes) {
      for (const char c : value.text()) {
        const auto byte = static_cast<unsigned char>(c);
        text.Append("0123456789abcdef"[byte >> 4]);
        text.Append("0123456789abcdef"[byte & 15]);
      }
    } else {
      char buffer[20];
      char* last = nullptr;
      if (value.kind == Kind::kInt) {
        last = std::to_chars(buffer, buffer + 20, value.i, 16).ptr;
      } else if (value.kind == Kind::kUint) {
        last = std::to_chars(buffer, buffer + 20, value.u, 16).ptr;
      } else {
        return kBadOperand;
      }
      text.Append(string_view(buffer, last - buffer));
    }
    const Value done = text.Finish();
    if (done.is_error()) return done.s;
    for (const char c : done.text()) {
      out_.Append(upper ? absl::ascii_toupper(c) : c);
    }
    return nullptr;
  }

  const char* String(const Value& value, TextBuilder* out) {
    switch (value.kind) {
      case Kind::kNull:
        out->Append("null");
        return nullptr;
      case Kind::kType:
        out->Append(value.text());
        return nullptr;
      case Kind::kList:
        return List(value, out);
      case Kind::kMap:
        return Map(value, out);
      case Kind::kMessage:
      case Kind::kOptional:
        return kBadOperand;
      default:
        break;
    }
    const Value text = ApplyStrict(Op::kToString, value, Value(), arena_);
    if (text.is_error()) return text.s;
    out->Append(text.text());
    return nullptr;
  }

  const char* List(const Value& list, TextBuilder* out) {
    out->Append('[');
    for (uint32_t i = 0; i < list.aux; ++i) {
      if (i > 0) out->Append(", ");
      const char* error = String(ListElement(list, i), out);
      if (error != nullptr) return error;
    }
    out->Append(']');
    return nullptr;
  }

  // Entries in the order of the texts of their keys.
  const char* Map(const Value& map, TextBuilder* out) {
    auto* keys = arena_->Values(map.aux);
    for (uint32_t i = 0; i < map.aux; ++i) {
      TextBuilder key(arena_);
      const char* error = String(map.items[2 * i], &key);
      if (error != nullptr) return error;
      keys[i] = Value::String(key.text());
    }
    auto* order = reinterpret_cast<uint32_t*>(
        arena_->Allocate(map.aux * sizeof(uint32_t)));
    for (uint32_t i = 0; i < map.aux; ++i) order[i] = i;
    std::sort(order, order + map.aux, [&](uint32_t a, uint32_t b) {
      return keys[a].text() != keys[b].text() ? keys[a].text() < keys[b].text()
                                              : a < b;
    });
    out->Append('{');
    for (uint32_t i = 0; i < map.aux; ++i) {
      if (i > 0) out->Append(", ");
      out->Append(keys[order[i]].text());
      out->Append(": ");
      const char* error = String(map.items[2 * order[i] + 1], out);
      if (error != nullptr) return error;
    }
    out->Append('}');
    return nullptr;
  }

  Arena* const arena_;
  TextBuilder out_;
};

Value Format(absl::Span<const Value> args, const CallContext& context) {
  return Formatter(context.arena).Run(args[0].text(), args[1]);
}

}  // namespace

void AddFormatFunctions(std::vector<Overload>* table) {
  table->push_back({"format",
                    true,
                    Op::kCall,
                    Kind::kString,
                    {Kind::kString, Kind::kList},
                    Format});
}

}  // namespace portrisk::scoring::cel
