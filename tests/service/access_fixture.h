// A real server with TLS, and a certificate for each role.
#ifndef PORTRISK_TESTS_SERVICE_ACCESS_FIXTURE_H_
#define PORTRISK_TESTS_SERVICE_ACCESS_FIXTURE_H_

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "portrisk/v1/audit_service.grpc.pb.h"
#include "portrisk/v1/scoring_service.grpc.pb.h"
#include "service/roles.h"
#include "service/server.h"
#include "service/tls.h"
#include "tests/service/certificates.h"
#include "tests/service/engine_fixture.h"

namespace portrisk::service {

inline constexpr char kBox[] = "MSKU1234565";

inline std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status rpc;
  rpc.ParseFromString(status.error_details());
  google::rpc::ErrorInfo info;
  for (const auto& detail : rpc.details()) {
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

class AccessTest : public EngineTest {
 protected:
  static void SetUpTestSuite() {
    certificates_ = new TemporaryDirectory();
    ca_ = new Authority(certificates_->path());
    for (const char* name :
         {"server", "scorer", "analyst", "approver", "officer", "auditor",
          "operator", "stranger", "port-analyst"}) {
      ca_->Sign(name);
    }
  }
  static void TearDownTestSuite() {
    delete ca_;
    delete certificates_;
  }

  void SetUp() override {
    Open(TestOptions(absl::StrCat(directory_.path(), "/store")));
    Start(TlsOptions());
  }
  void TearDown() override {
    server_.reset();
    engine_.reset();
  }

  static ServerOptions TlsOptions() {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.tls_cert = ca_->Pem("server");
    options.tls_key = ca_->Key("server");
    options.tls_ca = ca_->Pem("ca");
    options.drain_max = absl::Seconds(2);
    std::string yaml = "callers:\n";
    for (int i = 0; i < kRoleCount; ++i) {
      const auto name = NameOf(static_cast<Role>(i));
      absl::StrAppend(&yaml, "  - {name: ", name, ", roles: [", name, "]}\n");
    }
    absl::StrAppend(&yaml,
                    "  - {name: port-analyst, roles: [analyst], layers: "
                    "[port]}\n");
    options.roles =
        std::make_shared<const RoleBook>(*RoleBook::Parse(yaml, "roles.yaml"));
    return options;
  }
  void Start(const ServerOptions& options) {
    auto server = Server::Start(engine_.get(), options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // A connection with the certificate of `name`; "" shows none.
  std::shared_ptr<grpc::Channel> As(const std::string& name) const {
    auto credentials =
        ClientCredentials(ca_->Pem("ca"), name.empty() ? "" : ca_->Pem(name),
                          name.empty() ? "" : ca_->Key(name));
    EXPECT_TRUE(credentials.ok()) << credentials.status();
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // Its window stays narrow.
    return grpc::CreateCustomChannel(server_->address(), *credentials,
                                     arguments);
  }
  static void Prepare(grpc::ClientContext* context,
                      const std::string& purpose = "case 7") {
    context->set_deadline(std::chrono::system_clock::now() +
                          std::chrono::seconds(10));
    if (!purpose.empty()) context->AddMetadata("portrisk-purpose", purpose);
  }
  grpc::Status Score(const std::shared_ptr<grpc::Channel>& channel,
                     const v1::Movement& movement, v1::Assessment* reply,
                     const std::string& language = "") {
    grpc::ClientContext context;
    Prepare(&context, "");
    v1::ScoreMovementRequest request;
    *request.mutable_movement() = movement;
    request.set_language(language);
    return v1::ScoringService::NewStub(channel)->ScoreMovement(&context,
                                                               request, reply);
  }
  std::vector<v1::AuditRecord> Log(v1::AuditKind kind) {
    // Nobody waited for what was posted: it stands before this in the order.
    EXPECT_TRUE(engine_->Run([](Core&) { return absl::OkStatus(); }).ok());
    v1::ListAuditRecordsRequest request;
    request.add_kinds(kind);
    request.set_page_size(1000);
    grpc::ClientContext context;
    Prepare(&context);
    v1::ListAuditRecordsResponse response;
    const grpc::Status status =
        v1::AuditService::NewStub(As("auditor"))
            ->ListAuditRecords(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return {response.records().begin(), response.records().end()};
  }

  inline static TemporaryDirectory* certificates_ = nullptr;
  inline static Authority* ca_ = nullptr;
  std::unique_ptr<Server> server_;
};

// One call of any method with these bytes for a request.
inline grpc::Status CallRaw(const std::shared_ptr<grpc::Channel>& channel,
                            const std::string& method,
                            const std::string& request = "") {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(10));
  context.AddMetadata("portrisk-purpose", "a test");
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(&context, method, &queue);
  void* tag = nullptr;
  bool ok = false;
  call->StartCall(nullptr);
  queue.Next(&tag, &ok);
  if (ok) {
    const grpc::Slice slice(request);
    call->WriteLast(grpc::ByteBuffer(&slice, 1), {}, nullptr);
    queue.Next(&tag, &ok);
    grpc::ByteBuffer reply;
    // Streams that would go on for ever are over once they have begun.
    call->Read(&reply, nullptr);
    queue.Next(&tag, &ok);
    if (ok) context.TryCancel();
  }
  grpc::Status status;
  call->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return status;
}

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_ACCESS_FIXTURE_H_
