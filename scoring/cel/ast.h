// The syntax tree of a condition, with byte offsets into its source. The
// parser makes it; the checker fills the second half of each node.
//
// Nodes and their texts belong to a Tree (tree.h) and live as long as it does:
// a set of many rules makes millions of nodes, and one allocation for each of
// them would be most of what checking costs.
#ifndef PORTRISK_SCORING_CEL_AST_H_
#define PORTRISK_SCORING_CEL_AST_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "scoring/cel/entry_set.h"
#include "scoring/cel/op.h"
#include "scoring/cel/type.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

struct Overload;

enum class Node : uint8_t {
  kLiteral,
  kIdentifier,  // name
  kSelect,      // args[0].name
  kHas,         // has(args[0].name)
  kCall,        // name(args...); member: args[0].name(args[1]...)
  kList,        // [args...]
  kMap,         // {args[0]: args[1], ...}
  kMessage,     // name{field_names[0]: args[0], ...}
  kMacro,       // args[0].name(variable, args[1]...), also optMap
  kBind,        // cel.bind(variable, args[0], args[1])
};

// A field reached from a root: `movement.haulier.id`. Fields before the last
// are single messages.
struct Path {
  uint32_t root = 0;
  absl::InlinedVector<const google::protobuf::FieldDescriptor*, 3> fields;

  bool operator==(const Path& other) const {
    return root == other.root && fields == other.fields;
  }
};

// What a name turned out to be.
enum class Reference : uint8_t {
  kNone,
  kConstant,      // An enum value: `literal`.
  kPath,          // PathOf; no fields for a root itself.
  kOptionalPath,  // The same, as an optional.
  kVariable,      // `variable_depth`.
  kSet,           // `set`.
  kBound,         // `variable_depth` is its number in the environment.
};

struct Expr;
// Its tree owns it.
using ExprPtr = Expr*;

struct Expr {
  Node node = Node::kLiteral;
  bool member = false;    // kCall written x.f().
  bool rooted = false;    // Identifier written .name.
  bool optional = false;  // kSelect written x.?name.
  bool mixed = false;     // kList whose elements may be of any types.
  uint32_t begin = 0;
  uint32_t end = 0;
  // Where the operator, field or function name stands: the caret of messages.
  uint32_t name_begin = 0;
  absl::string_view name;  // Operators are named as in CEL: "_+_", "!_".
  absl::string_view variable;
  absl::string_view variable2;  // Of a macro with two.
  absl::string_view text;       // Contents of string and bytes literals.
  Value literal;                // Text literals: kind only.
  absl::InlinedVector<ExprPtr, 2> args;
  std::vector<absl::string_view> field_names;  // kMessage
  // Which elements, entries or fields were written with ?; empty for none.
  std::vector<bool> optionals;

  // Filled by the checker.
  Reference reference = Reference::kNone;
  Op op = Op::kConstant;
  // 0 is the outermost macro's. Of a root: its number.
  uint32_t variable_depth = 0;
  Type type;
  // kSelect, kHas, and a declared value named without its root.
  const google::protobuf::FieldDescriptor* field = nullptr;
  absl::string_view field_path;  // How a missing field of a select is called.
  std::shared_ptr<const EntrySet> set;
  // kCall: by what it is called and, when one overload is certain, which.
  absl::string_view function;
  const Overload* overload = nullptr;
  const google::protobuf::Descriptor* message = nullptr;  // kMessage
  // Not empty: evaluates to this error. For environments where what a checker
  // would refuse is found at evaluation. Ends with a null.
  absl::string_view failure;

  bool has_optional(size_t i) const {
    return i < optionals.size() && optionals[i];
  }
};

// Of an expression that is kPath or kOptionalPath.
Path PathOf(const Expr& expr);

// Whether that path is more than a root.
inline bool HasFields(const Expr& expr) { return expr.field != nullptr; }

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_AST_H_
