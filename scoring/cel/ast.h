// The syntax tree of a condition, with byte offsets into its source. The
// parser makes it; the checker fills the second half of each node.
#ifndef PORTRISK_SCORING_CEL_AST_H_
#define PORTRISK_SCORING_CEL_AST_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

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
  std::vector<const google::protobuf::FieldDescriptor*> fields;

  bool operator==(const Path& other) const {
    return root == other.root && fields == other.fields;
  }
};

// What a name turned out to be.
enum class Reference : uint8_t {
  kNone,
  kConstant,      // An enum value: `literal`.
  kPath,          // `path`; empty fields for a root itself.
  kOptionalPath,  // The same, as an optional.
  kVariable,      // `variable_depth`.
  kSet,           // `set`.
  kBound,         // `variable_depth` is its number in the environment.
};

struct Expr {
  Node node = Node::kLiteral;
  uint32_t begin = 0;
  uint32_t end = 0;
  // Where the operator, field or function name stands: the caret of messages.
  uint32_t name_begin = 0;
  bool member = false;    // kCall written x.f().
  bool rooted = false;    // Identifier written .name.
  bool optional = false;  // kSelect written x.?name.
  bool mixed = false;     // kList whose elements may be of any types.
  std::string name;       // Operators are named as in CEL: "_+_", "!_".
  std::string variable;
  std::string variable2;  // Of a macro with two.
  std::string text;       // Contents of string and bytes literals.
  Value literal;          // Text literals: kind only.
  std::vector<std::unique_ptr<Expr>> args;
  std::vector<std::string> field_names;  // kMessage
  // Which elements, entries or fields were written with ?; empty for none.
  std::vector<bool> optionals;

  // Filled by the checker.
  Type type;
  Reference reference = Reference::kNone;
  Path path;
  uint32_t variable_depth = 0;  // 0 is the outermost macro's.
  const google::protobuf::FieldDescriptor* field = nullptr;  // kSelect, kHas
  std::string field_path;  // How a missing field of a select is called.
  std::shared_ptr<const EntrySet> set;
  Op op = Op::kConstant;
  // kCall: by what it is called and, when one overload is certain, which.
  std::string function;
  const Overload* overload = nullptr;
  const google::protobuf::Descriptor* message = nullptr;  // kMessage
  // Not empty: evaluates to this error. For environments where what a checker
  // would refuse is found at evaluation.
  std::string failure;
};

using ExprPtr = std::unique_ptr<Expr>;

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_AST_H_
