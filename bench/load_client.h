// A light asynchronous client for ScoreMovement.
#ifndef PORTRISK_BENCH_LOAD_CLIENT_H_
#define PORTRISK_BENCH_LOAD_CLIENT_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "portrisk/v1/movement.pb.h"

namespace portrisk::bench {

struct LoadResult {
  uint64_t calls = 0;
  uint64_t failures = 0;  // Not OK, or an empty reply; the next two, too.
  uint64_t refused = 0;   // RESOURCE_EXHAUSTED.
  uint64_t late = 0;      // DEADLINE_EXCEEDED.
  double seconds = 0;
  std::vector<double> latencies_us;
  std::vector<double> answered_us;  // Of those that did not fail.
};

// One connection, one thread.
class LoadClient {
 public:
  // `caller` without a certificate is whom the metadata names.
  explicit LoadClient(
      const std::string& address, std::string caller = "",
      const std::shared_ptr<grpc::ChannelCredentials>& credentials = nullptr);

  // Numbers of movements, which no client of this process sends twice.
  static uint64_t TakeNumber();

  // What to send instead of MovementOf with 20,000 boxes, by number.
  void Send(std::function<v1::Movement(uint64_t)> make) {
    make_ = std::move(make);
  }

  // Keeps `in_flight` calls under way for `seconds`. Each call is a new
  // movement.
  LoadResult Closed(int in_flight, double seconds);

  // Starts `rate` calls a second whether or not earlier ones were answered;
  // latency counts from the moment a call was due.
  LoadResult Open(double rate, double seconds);

  // The same until time is up, each call with this deadline: what the client
  // falls behind by is not sent. Its `calls` are those answered, in whatever
  // way, and `offered` those that were started.
  LoadResult Flood(double rate, double seconds, double deadline_s,
                   uint64_t* offered);

 private:
  struct Call;

  void Start(Call* call, double due);
  // Waits for one call, at most until `deadline`. Null when none completed.
  Call* Next(double deadline, LoadResult* result);
  void Drain(LoadResult* result);
  double Now() const;

  const std::string caller_;
  std::function<v1::Movement(uint64_t)> make_;
  double deadline_s_ = 0;  // 0: none.
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub_;
  grpc::CompletionQueue queue_;
  std::atomic<uint64_t> under_way_{0};
};

}  // namespace portrisk::bench

#endif  // PORTRISK_BENCH_LOAD_CLIENT_H_
