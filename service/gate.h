// The one door into the services: who calls, may they, and what the audit log
// must know of it. Every handler goes through it.
#ifndef PORTRISK_SERVICE_GATE_H_
#define PORTRISK_SERVICE_GATE_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "service/audit_log.h"
#include "service/grpc_status.h"
#include "service/pseudonyms.h"
#include "service/roles.h"

namespace portrisk::service {

// Whom the gate let in, for calls of which there are many.
struct Entrant {
  // Without purpose and peer; shared by all of its calls.
  std::shared_ptr<const Caller> caller;
  std::string purpose;
};

// Thread-safe.
class Gate {
 public:
  // Without a book the caller is whom the metadata entry "portrisk-caller"
  // names and may do everything: for a process of one's own. With one it is
  // whom the certificate names; where the connection has none (loopback, for
  // development), the entry decides who of the book it is.
  Gate(Engine* engine, std::shared_ptr<const RoleBook> book, bool needs_tls)
      : audit_(engine),
        pseudonyms_(engine->pseudonyms()),
        needs_tls_(needs_tls),
        book_(std::move(book)) {}

  // Calls that begin from here on meet this book.
  void SetBook(std::shared_ptr<const RoleBook> book);

  // UNAUTHENTICATED (NO_CERTIFICATE, UNKNOWN_CALLER, NO_CALLER) and
  // PERMISSION_DENIED (ROLE_MISSING), both audited; INVALID_ARGUMENT
  // (NO_PURPOSE) for a consultation that does not say what it is for. Does not
  // wait.
  absl::StatusOr<Caller> Enter(const grpc::ServerContext& context,
                               const MethodRule& rule);
  // The same of what is no consultation, and copies nobody.
  absl::StatusOr<Entrant> Admit(const grpc::ServerContext& context,
                                const MethodRule& rule);

  // Whether the caller would still be let in: roles may have been taken away
  // since. For what goes on for long. `book` is what it was let in by when it
  // was asked last, 0 at first: only another one is looked into.
  absl::Status StillMay(const Caller& caller, const MethodRule& rule,
                        uint64_t* book) const;

  // A whole call: the door, the work, and for a consultation its entry, which
  // is durable before anything is answered. `method` is its name without its
  // service: __func__ in a handler.
  template <typename Work, typename Request, typename Reply>
  grpc::Status Serve(grpc::ServerContext* context, const char* service,
                     const char* method, const Request& request, Reply* reply,
                     Work work) {
    const MethodRule& rule = RuleOf(service, method);
    const absl::StatusOr<Caller> caller = Enter(*context, rule);
    if (!caller.ok()) return ToGrpc(caller.status());
    if (request.ByteSizeLong() > rule.request_bytes_max) {
      return ToGrpc(RequestTooLarge(rule));
    }
    absl::StatusOr<Reply> result = work(*caller);
    if (rule.consultation) {
      const absl::Status told =
          Consulted(*caller, rule, request, result.status());
      if (!told.ok()) return ToGrpc(told);
    }
    if (!result.ok()) return ToGrpc(result.status());
    *reply = *std::move(result);
    return grpc::Status::OK;
  }

  // INVALID_ARGUMENT (REQUEST_TOO_LARGE).
  static absl::Status RequestTooLarge(const MethodRule& rule);

  // The entry of a consultation. Durable on return.
  absl::Status Consulted(const Caller& caller, const MethodRule& rule,
                         const google::protobuf::Message& request,
                         const absl::Status& result);

  AuditLog& audit() { return audit_; }

  // OK, or PERMISSION_DENIED (SOURCE_NOT_YOURS).
  static absl::Status MaySend(const Caller& caller, const std::string& source);

  // Of a method that the table lacks, one that lets nobody in.
  static const MethodRule& RuleOf(const char* service, const char* method);

 private:
  absl::StatusOr<std::shared_ptr<const Caller>> Identify(
      const grpc::ServerContext& context) const;

  AuditLog audit_;
  const Pseudonyms& pseudonyms_;
  const bool needs_tls_;
  std::shared_ptr<const RoleBook> book_;  // Read and written atomically.
  std::atomic<uint64_t> book_number_{1};  // Grows after book_ has changed.
};

// A service whose handlers all go through the gate. `Proto` is the generated
// class of the service.
template <typename Proto, typename Base = typename Proto::Service>
class Gated : public Base {
 protected:
  explicit Gated(Gate* gate) : gate_(gate) {}

  // `method` is __func__: handlers are named like their methods.
  template <typename Request, typename Reply, typename Work>
  grpc::Status Do(grpc::ServerContext* context, const char* method,
                  const Request& request, Reply* reply, Work work) {
    return gate_->Serve(context, Proto::service_full_name(), method, request,
                        reply, std::move(work));
  }
  AuditLog& audit() { return gate_->audit(); }
  // For streams: the door alone.
  absl::StatusOr<Caller> Enter(grpc::ServerContext* context,
                               const char* method) {
    return gate_->Enter(*context,
                        Gate::RuleOf(Proto::service_full_name(), method));
  }

 private:
  Gate* const gate_;
};

// What a request asks about, in one line: its fields by name. Parties,
// accounts, devices and plates stand there as pseudonyms: the log must not keep
// what an erasure takes out.
std::string SubjectOf(const google::protobuf::Message& request,
                      const Pseudonyms& pseudonyms);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_GATE_H_
