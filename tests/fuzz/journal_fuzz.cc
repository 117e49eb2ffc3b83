#include <cstddef>
#include <cstdint>

#include "tests/service/fuzz_journal.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  portrisk::service::FuzzJournalBlock(
      {reinterpret_cast<const char*>(data), size});
  return 0;
}
