// Seeds that stand in the sources, handed to libFuzzer.
#ifndef PORTRISK_TESTS_FUZZ_SEED_CORPUS_H_
#define PORTRISK_TESTS_FUZZ_SEED_CORPUS_H_

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

namespace portrisk {

// For LLVMFuzzerInitialize: writes them into the first folder among the
// arguments, when that is empty.
inline void PlantSeeds(int argc, char** argv,
                       const std::vector<std::string>& seeds) {
  namespace fs = std::filesystem;
  for (int i = 1; i < argc; ++i) {
    std::error_code none;
    if (argv[i][0] == '-' || !fs::is_directory(argv[i], none)) continue;
    if (!fs::is_empty(argv[i], none)) return;
    for (size_t n = 0; n < seeds.size(); ++n) {
      std::ofstream(fs::path(argv[i]) / ("seed" + std::to_string(n)),
                    std::ios::binary)
          << seeds[n];
    }
    return;
  }
}

}  // namespace portrisk

#endif  // PORTRISK_TESTS_FUZZ_SEED_CORPUS_H_
