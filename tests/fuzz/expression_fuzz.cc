// Any text is either refused with a reason, or evaluates to what the plain
// evaluator says, with variables of every shape.
#include "tests/fuzz/expression_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  portrisk::scoring::cel::FuzzExpression(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
