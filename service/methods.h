// The methods of a service, each a function from a request to a reply.
//
// gRPC's generated classes parse a request before anybody has asked who sends
// it. Here a handler gets bytes, and the gate reads them once the caller has
// been let in (request_reader.h). What is done with gRPC is what the generated
// code does.
#ifndef PORTRISK_SERVICE_METHODS_H_
#define PORTRISK_SERVICE_METHODS_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/method_handler.h>
#include <grpcpp/support/sync_stream.h>

#include <utility>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "service/gate.h"

namespace portrisk::service {

class Methods : public grpc::Service {
 protected:
  // `service`: "portrisk.v1.RuleService". The gate outlives this.
  Methods(Gate* gate, const char* service) : gate_(gate), service_(service) {}

  Gate& gate() { return *gate_; }
  const MethodRule& RuleOf(const char* method) const {
    return Gate::RuleOf(service_, method);
  }

  // `work` is called as StatusOr<Reply>(const Request&, const Caller&), from
  // many threads, and says with its types what the method takes and gives.
  template <typename Work>
  void Unary(const char* method, Work work) {
    AddUnary(method, std::move(work), &Work::operator());
  }

  // `work` is called as Status(grpc::ServerContext*, const Request&, const
  // Caller&, grpc::ServerWriter<Part>*).
  template <typename Work>
  void Stream(const char* method, Work work) {
    AddStream(method, std::move(work), &Work::operator());
  }

  // A method on a completion queue that takes and gives bytes. Returns its
  // number, for RequestAsyncUnary and the like.
  int Raw(const char* method, grpc::internal::RpcMethod::RpcType type) {
    Add(new grpc::internal::RpcServiceMethod(RuleOf(method).method, type,
                                             nullptr));
    MarkMethodRaw(count_ - 1);
    return count_ - 1;
  }

 private:
  using Bytes = grpc::ByteBuffer;

  template <typename Work, typename Request, typename Reply>
  void AddUnary(const char* method, Work work,
                absl::StatusOr<Reply> (Work::*)(const Request&, const Caller&)
                    const) {
    const MethodRule& rule =
        Typed(method, Request::descriptor(), Reply::descriptor());
    auto handle = [this, &rule, work = std::move(work)](
                      Methods*, grpc::ServerContext* context,
                      const Bytes* bytes, Reply* reply) {
      return gate_->Serve<Request>(context, rule, *bytes, reply, work);
    };
    Add(new grpc::internal::RpcServiceMethod(
        rule.method, grpc::internal::RpcMethod::NORMAL_RPC,
        new grpc::internal::RpcMethodHandler<Methods, Bytes, Reply>(
            std::move(handle), this)));
  }

  template <typename Work, typename Request, typename Part>
  void AddStream(const char* method, Work work,
                 absl::Status (Work::*)(grpc::ServerContext*, const Request&,
                                        const Caller&,
                                        grpc::ServerWriter<Part>*) const) {
    const MethodRule& rule =
        Typed(method, Request::descriptor(), Part::descriptor());
    auto handle = [this, &rule, work = std::move(work)](
                      Methods*, grpc::ServerContext* context,
                      const Bytes* bytes, grpc::ServerWriter<Part>* writer) {
      const absl::StatusOr<Caller> caller = gate_->Enter(*context, rule);
      if (!caller.ok()) return ToGrpc(caller.status());
      Request request;
      const absl::Status read =
          ReadRequest(*bytes, rule.request_bytes_max, &request);
      return ToGrpc(read.ok() ? work(context, request, *caller, writer) : read);
    };
    Add(new grpc::internal::RpcServiceMethod(
        rule.method, grpc::internal::RpcMethod::SERVER_STREAMING,
        new grpc::internal::ServerStreamingHandler<Methods, Bytes, Part>(
            std::move(handle), this)));
  }

  // The rule of a method, which the proto says takes and gives these.
  const MethodRule& Typed(const char* method,
                          const google::protobuf::Descriptor* request,
                          const google::protobuf::Descriptor* reply) const;

  void Add(grpc::internal::RpcServiceMethod* method) {
    AddMethod(method);
    ++count_;
  }

  Gate* const gate_;
  const char* const service_;
  int count_ = 0;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_METHODS_H_
