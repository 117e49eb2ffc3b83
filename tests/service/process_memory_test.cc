#include "service/process_memory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/service/engine_fixture.h"

namespace portrisk::service {
namespace {

TEST(ProcessMemoryTest, HasSomeAndMayHaveMore) {
  EXPECT_GT(ResidentBytes(), 1u << 20);
  EXPECT_GT(MemoryMaxBytes(), ResidentBytes());
}

TEST(ProcessMemoryTest, TheTightestGroupAroundItCounts) {
  const TemporaryDirectory directory;
  const std::string& root = directory.path();
  const auto put = [&root](const std::string& group, const std::string& max) {
    std::filesystem::create_directories(root + group);
    std::ofstream(root + group + "/memory.max") << max << "\n";
  };
  put("/system.slice/portriskd.service", "max");
  EXPECT_EQ(GroupMemoryMaxBytes(root, "/system.slice/portriskd.service"),
            UINT64_MAX);
  put("/system.slice", "4294967296");
  EXPECT_EQ(GroupMemoryMaxBytes(root, "/system.slice/portriskd.service"),
            uint64_t{4} << 30);
  put("/system.slice/portriskd.service", "1073741824");
  EXPECT_EQ(GroupMemoryMaxBytes(root, "/system.slice/portriskd.service"),
            uint64_t{1} << 30);
  // In a container its own group is the root.
  put("", "536870912");
  EXPECT_EQ(GroupMemoryMaxBytes(root, "/"), uint64_t{512} << 20);
}

}  // namespace
}  // namespace portrisk::service
