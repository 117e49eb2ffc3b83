#include "tests/fuzz/rule_set_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  portrisk::scoring::FuzzRuleSet(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
