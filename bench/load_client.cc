#include "bench/load_client.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "bench/workload.h"
#include "portrisk/v1/scoring_service.pb.h"
#include "service/completion.h"

namespace portrisk::bench {
namespace {

constexpr char kMethod[] = "/portrisk.v1.ScoringService/ScoreMovement";
constexpr uint64_t kContainers = 20'000;

std::shared_ptr<grpc::Channel> Connect(
    const std::string& address,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  // Otherwise channels to one address share a connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(
      address,
      credentials != nullptr ? credentials : grpc::InsecureChannelCredentials(),
      arguments);
}

}  // namespace

struct LoadClient::Call {
  double due = 0;
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
  grpc::ByteBuffer reply;
  grpc::Status status;
};

LoadClient::LoadClient(
    const std::string& address, std::string caller,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials)
    : caller_(std::move(caller)),
      make_([](uint64_t number) { return MovementOf(number, kContainers); }),
      stub_(Connect(address, credentials)) {}

uint64_t LoadClient::TakeNumber() {
  static std::atomic<uint64_t> next{0};
  return next++;
}

double LoadClient::Now() const {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void LoadClient::Start(Call* call, double due) {
  v1::ScoreMovementRequest request;
  *request.mutable_movement() = make_(TakeNumber());
  call->due = due;
  call->context = std::make_unique<grpc::ClientContext>();
  if (!caller_.empty()) call->context->AddMetadata("portrisk-caller", caller_);
  if (deadline_s_ > 0) {
    call->context->set_deadline(
        std::chrono::system_clock::now() +
        std::chrono::microseconds(static_cast<int64_t>(deadline_s_ * 1e6)));
  }
  call->reply.Clear();
  call->reader = stub_.PrepareUnaryCall(
      call->context.get(), kMethod,
      service::ToBuffer(request.SerializeAsString()), &queue_);
  call->reader->StartCall();
  call->reader->Finish(&call->reply, &call->status, call);
  ++under_way_;
}

LoadClient::Call* LoadClient::Next(double deadline, LoadResult* result) {
  void* tag = nullptr;
  bool ok = false;
  const auto until = std::chrono::system_clock::now() +
                     std::chrono::microseconds(static_cast<int64_t>(
                         std::max(0.0, deadline - Now()) * 1e6));
  if (queue_.AsyncNext(&tag, &ok, until) !=
      grpc::CompletionQueue::NextStatus::GOT_EVENT) {
    return nullptr;
  }
  Call* call = static_cast<Call*>(tag);
  --under_way_;
  ++result->calls;
  const double latency_us = (Now() - call->due) * 1e6;
  result->latencies_us.push_back(latency_us);
  const grpc::StatusCode code = call->status.error_code();
  if (code == grpc::StatusCode::RESOURCE_EXHAUSTED) ++result->refused;
  if (code == grpc::StatusCode::DEADLINE_EXCEEDED) ++result->late;
  if (!call->status.ok() || call->reply.Length() == 0) {
    ++result->failures;
  } else {
    result->answered_us.push_back(latency_us);
  }
  return call;
}

void LoadClient::Drain(LoadResult* result) {
  while (under_way_ > 0) delete Next(Now() + 10, result);
}

LoadResult LoadClient::Closed(int in_flight, double seconds) {
  LoadResult result;
  const double start = Now();
  for (int i = 0; i < in_flight; ++i) Start(new Call, Now());
  while (Now() < start + seconds) {
    if (Call* call = Next(start + seconds, &result)) Start(call, Now());
  }
  result.seconds = Now() - start;
  LoadResult tail;
  Drain(&tail);
  return result;
}

LoadResult LoadClient::Open(double rate, double seconds) {
  LoadResult result;
  const uint64_t total = static_cast<uint64_t>(rate * seconds);
  // A queue's deadline is only good to a millisecond, so waiting for what is
  // due and waiting for answers are two threads.
  std::thread receiver([&] {
    for (uint64_t i = 0; i < total; ++i) delete Next(Now() + 30, &result);
  });
  const double start = Now();
  for (uint64_t sent = 0; sent < total; ++sent) {
    const double due = start + static_cast<double>(sent) / rate;
    const double early = due - Now();
    if (early > 0) {
      std::this_thread::sleep_for(std::chrono::duration<double>(early));
    }
    Start(new Call, due);
  }
  receiver.join();
  result.seconds = Now() - start;
  return result;
}

LoadResult LoadClient::Flood(double rate, double seconds, double deadline_s,
                             uint64_t* offered) {
  LoadResult result;
  deadline_s_ = deadline_s;
  std::atomic<bool> stop{false};
  std::thread receiver([&] {
    while (!stop || under_way_ > 0) {
      delete Next(Now() + 0.1, &result);
    }
  });
  const double start = Now();
  *offered = 0;
  while (Now() < start + seconds) {
    // A thousandth of a second's worth, since a sleep is not exact.
    const double due = (Now() - start) * rate;
    const uint64_t burst =
        std::min<uint64_t>(static_cast<uint64_t>(std::max(
                               0.0, due - static_cast<double>(*offered))),
                           1024);
    for (uint64_t i = 0; i < burst; ++i) Start(new Call, Now());
    *offered += burst;
    if (burst == 0) std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  result.seconds = Now() - start;
  stop = true;
  receiver.join();
  deadline_s_ = 0;
  return result;
}

}  // namespace portrisk::bench
