// The limit of an RPC: ScoreMovement on the same API and message sizes, with
// nothing done, or with one append and fdatasync on a bare file.
#ifndef PORTRISK_BENCH_ECHO_SERVER_H_
#define PORTRISK_BENCH_ECHO_SERVER_H_

#include <string>

namespace portrisk::bench {

struct EchoOptions {
  std::string port_file;     // Where its address is written.
  size_t reply_bytes = 430;  // As large as a real assessment.
  std::string log;           // When set: append 700 bytes there and sync.
};

// Serves until the process is killed.
[[noreturn]] void ServeEcho(const EchoOptions& options);

}  // namespace portrisk::bench

#endif  // PORTRISK_BENCH_ECHO_SERVER_H_
