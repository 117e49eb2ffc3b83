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
#include "service/background.h"
#include "service/errors.h"
#include "service/grpc_status.h"
#include "service/pseudonyms.h"
#include "service/request_reader.h"
#include "service/roles.h"

namespace portrisk::service {

// Whom the gate let in, for calls of which there are many.
struct Entrant {
  // Without purpose and peer; shared by all of its calls.
  std::shared_ptr<const Caller> caller;
  std::string purpose;
};

// One of those that are under way.
class Counted {
 public:
  explicit Counted(std::atomic<int>* all) : number(++*all), all_(all) {}
  ~Counted() { --*all_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  const int number;  // From 1; those that were there before included.

 private:
  std::atomic<int>* const all_;
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
  // was asked last, 0 at first: only another one is looked into. `now` is then
  // what that one binds to the caller; else it stays as it is.
  absl::Status StillMay(const Caller& caller, const MethodRule& rule,
                        uint64_t* book,
                        std::shared_ptr<const Caller>* now = nullptr) const;

  // A whole call: the door, the work, and for a consultation its entry, which
  // is durable before anything is answered.
  template <typename Request, typename Reply, typename Work>
  grpc::Status Serve(grpc::ServerContext* context, const MethodRule& rule,
                     const grpc::ByteBuffer& bytes, Reply* reply,
                     const Work& work) {
    const absl::StatusOr<Caller> caller = Enter(*context, rule);
    if (!caller.ok()) return ToGrpc(caller.status());
    Request request;
    const absl::Status read =
        ReadRequest(bytes, rule.request_bytes_max, &request);
    if (!read.ok()) return ToGrpc(read);
    const absl::Status brief = CheckTexts(request, rule);
    if (!brief.ok()) return ToGrpc(brief);
    absl::StatusOr<Reply> result =
        rule.scans ? Scan<Reply>([&] { return work(request, *caller); })
                   : work(request, *caller);
    if (absl::IsPermissionDenied(result.status()) && !rule.consultation) {
      PostDenied(*context, *caller, rule, ErrorReason(result.status()));
    }
    if (rule.consultation) {
      const absl::Status told =
          Consulted(*caller, rule, request, result.status());
      if (!told.ok()) return ToGrpc(told);
    }
    if (!result.ok()) return ToGrpc(result.status());
    *reply = *std::move(result);
    return grpc::Status::OK;
  }

  // The entry of a consultation. Durable on return.
  absl::Status Consulted(const Caller& caller, const MethodRule& rule,
                         const google::protobuf::Message& request,
                         const absl::Status& result);

  AuditLog& audit() { return audit_; }

  // OK, or PERMISSION_DENIED (SOURCE_NOT_YOURS), which is audited. `context` is
  // that of the call.
  absl::Status MaySend(const grpc::ServerContext& context, const Caller& caller,
                       const MethodRule& rule, const std::string& source);
  // The same of what happened and where (EVENT_NOT_YOURS, PLACE_NOT_YOURS), of
  // a movement in normal form. What a retraction or a correction takes the
  // place of, the core knows.
  absl::Status MayReport(const grpc::ServerContext& context,
                         const Caller& caller, const MethodRule& rule,
                         const v1::Movement& movement);
  // How the core answered a caller that is bound: what it refused for that is
  // audited. Does not wait.
  void Answered(const grpc::ServerContext& context, const Caller& caller,
                const MethodRule& rule, const absl::Status& status);

  // Of a method that the table lacks, one that lets nobody in.
  static const MethodRule& RuleOf(const char* service, const char* method);

 private:
  // Each holds a thread, of which health and all else that does not score need
  // some, too.
  static constexpr int kScansMax = 16;

  template <typename Reply, typename Work>
  absl::StatusOr<Reply> Scan(const Work& work) {
    const Counted one(&scans_);
    if (one.number > kScansMax) return TooManyScans();
    return RunBehind([&work]() -> absl::StatusOr<Reply> { return work(); });
  }
  // RESOURCE_EXHAUSTED (TOO_MANY_SCANS).
  static absl::Status TooManyScans();

  absl::StatusOr<std::shared_ptr<const Caller>> Identify(
      const grpc::ServerContext& context) const;
  // An entry that nothing waits for.
  void PostDenied(const grpc::ServerContext& context, const Caller& caller,
                  const MethodRule& rule, const std::string& reason);
  // INVALID_ARGUMENT (TEXT_TOO_LONG).
  static absl::Status CheckTexts(const google::protobuf::Message& request,
                                 const MethodRule& rule);

  AuditLog audit_;
  const Pseudonyms& pseudonyms_;
  const bool needs_tls_;
  std::shared_ptr<const RoleBook> book_;  // Read and written atomically.
  std::atomic<uint64_t> book_number_{1};  // Grows after book_ has changed.
  std::atomic<int> scans_{0};
};

// What a request asks about, in one line: its fields by name. Parties,
// accounts, devices and plates stand there as pseudonyms: the log must not keep
// what an erasure takes out.
std::string SubjectOf(const google::protobuf::Message& request,
                      const Pseudonyms& pseudonyms);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_GATE_H_
