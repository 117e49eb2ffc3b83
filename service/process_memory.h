// What this process has in memory, and what it may have.
#ifndef PORTRISK_SERVICE_PROCESS_MEMORY_H_
#define PORTRISK_SERVICE_PROCESS_MEMORY_H_

#include <cstdint>
#include <string>

namespace portrisk::service {

// Bytes, by the kernel's account; 0 where it does not say.
uint64_t ResidentBytes();

// The machine's, or the least of the control groups (version 2) that it is in:
// who goes beyond that is ended by the kernel.
uint64_t MemoryMaxBytes();

// Of groups under `root` what the one named `path` and those around it may
// have; UINT64_MAX where none says. `path` begins with a slash.
uint64_t GroupMemoryMaxBytes(const std::string& root, std::string path);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_PROCESS_MEMORY_H_
