// A light asynchronous client for ScoreMovement.
#ifndef PORTRISK_BENCH_LOAD_CLIENT_H_
#define PORTRISK_BENCH_LOAD_CLIENT_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace portrisk::bench {

struct LoadResult {
  uint64_t calls = 0;
  uint64_t failures = 0;  // Not OK, or an empty reply.
  double seconds = 0;
  std::vector<double> latencies_us;
};

// One connection, one thread.
class LoadClient {
 public:
  explicit LoadClient(const std::string& address);

  // Keeps `in_flight` calls under way for `seconds`. Each call is a new
  // movement.
  LoadResult Closed(int in_flight, double seconds);

  // Starts `rate` calls a second whether or not earlier ones were answered;
  // latency counts from the moment a call was due.
  LoadResult Open(double rate, double seconds);

 private:
  struct Call;

  void Start(Call* call, double due);
  // Waits for one call, at most until `deadline`. Null when none completed.
  Call* Next(double deadline, LoadResult* result);
  void Drain(LoadResult* result);
  double Now() const;

  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub_;
  grpc::CompletionQueue queue_;
  std::atomic<uint64_t> under_way_{0};
};

}  // namespace portrisk::bench

#endif  // PORTRISK_BENCH_LOAD_CLIENT_H_
