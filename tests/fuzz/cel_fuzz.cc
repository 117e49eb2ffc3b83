// Any text is either refused with a position inside of it, or compiles and
// evaluates, without a field and with some, to what the plain evaluator says.
#include "tests/fuzz/cel_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  portrisk::scoring::cel::FuzzCondition(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
