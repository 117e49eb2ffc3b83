// Any bytes are refused as a block of the journal, by position, or read the
// same by all who read it.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/seed_corpus.h"
#include "tests/service/fuzz_journal.h"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  const std::string block = portrisk::service::JournalSample(300);
  portrisk::PlantSeeds(*argc, *argv, {block, block.substr(0, 60)});
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  portrisk::service::FuzzJournalBlock(
      {reinterpret_cast<const char*>(data), size});
  return 0;
}
