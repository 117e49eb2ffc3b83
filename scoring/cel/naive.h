// A second evaluator, as plain as can be: it walks the checked tree, owns its
// values and shares no operation with the fast one. It is what the fast one is
// tested against, and is used for nothing else; only DebugText also serves
// explanations.
#ifndef PORTRISK_SCORING_CEL_NAIVE_H_
#define PORTRISK_SCORING_CEL_NAIVE_H_

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/numeric/int128.h"
#include "google/protobuf/message.h"
#include "scoring/cel/arena.h"
#include "scoring/cel/ast.h"
#include "scoring/cel/environment.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

struct NaiveValue {
  struct Bytes {
    std::string bytes;
  };
  struct Timestamp {
    absl::int128 nanos;
  };
  struct Duration {
    absl::int128 nanos;
  };
  struct Unknown {
    std::string path;
  };
  struct Error {
    std::string text;
  };
  using List = std::vector<NaiveValue>;
  // One value for each key, in the order they were added.
  struct Map {
    std::vector<NaiveValue> keys;
    std::vector<NaiveValue> values;
  };
  struct TypeName {
    std::string name;
  };
  // Null for none.
  struct Optional {
    std::shared_ptr<const NaiveValue> held;
  };
  using Message = std::shared_ptr<const google::protobuf::Message>;

  std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string,
               Bytes, Timestamp, Duration, List, Map, TypeName, Optional,
               Message, Unknown, Error>
      value;

  template <typename T>
  const T* As() const {
    return std::get_if<T>(&value);
  }
  bool decided() const {
    return As<Unknown>() == nullptr && As<Error>() == nullptr;
  }
};

// The lists a naive evaluation asks, and when.
struct NaiveLists {
  int64_t now_seconds = ListContext::kNoTime;
  // The list that a stand-in stands for; null when it is not loaded.
  std::function<const EntrySet*(const EntrySet&)> find;
};

// `roots` as for EvalState::Begin.
NaiveValue EvaluateNaively(const Expr& expr, const Environment& environment,
                           const google::protobuf::Message* const* roots,
                           const NaiveLists& lists = {});

// For the specification's environment, with the values of its variables.
NaiveValue EvaluateNaively(const Expr& expr, const Environment& environment,
                           const std::vector<NaiveValue>& variables);

// What an EvalState answered, in the same form. `paths` are the program's.
// `owner`, when given, keeps messages alive.
NaiveValue ToNaive(const Value& value, const std::vector<std::string>& paths,
                   const std::shared_ptr<Arena>& owner = nullptr);

// The other way round: text and items lie in the arena, messages are those of
// `value`.
Value FromNaive(const NaiveValue& value, Arena* arena);

// "true", "7", "7u", "1.5", "'text'", "b'..'", "2026-01-01T00:00:00Z", "60s",
// "[1, 2]", "unknown movement.id", "error divide by zero".
std::string DebugText(const NaiveValue& value);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_NAIVE_H_
