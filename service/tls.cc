#include "service/tls.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/errors.h"
#include "service/text_file.h"

namespace portrisk::service {
namespace {

namespace tls = grpc::experimental;

absl::Status Bad(absl::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, "BAD_TLS", what);
}

// gRPC says nothing of a file that it cannot read, and then refuses everybody.
absl::StatusOr<std::string> ReadPem(const std::string& path,
                                    absl::string_view flag,
                                    absl::string_view what) {
  auto text = ReadTextFile(path);
  if (!text.ok()) {
    return Bad(absl::StrCat(text.status().message(), " (", flag, ")"));
  }
  if (!absl::StrContains(*text, what)) {
    return Bad(
        absl::StrCat(path, " (", flag, ") holds no PEM block \"", what, "\""));
  }
  return text;
}

// gRPC takes any two, and then refuses everybody.
absl::Status CheckPair(const std::string& cert, const std::string& key) {
  const auto open = [](const std::string& pem) {
    return std::unique_ptr<BIO, decltype(&BIO_free)>(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  };
  const auto no_password = [](char*, int, int, void*) { return 0; };
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(open(cert).get(), nullptr, no_password, nullptr),
      X509_free);
  if (certificate == nullptr) {
    return Bad("what --tls-cert names is no certificate that can be read");
  }
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> own(
      PEM_read_bio_PrivateKey(open(key).get(), nullptr, no_password, nullptr),
      EVP_PKEY_free);
  if (own == nullptr) {
    return Bad(
        "what --tls-key names is no key that can be read; it must have no "
        "password");
  }
  if (X509_check_private_key(certificate.get(), own.get()) != 1) {
    return Bad(
        "--tls-key is not the key of the certificate --tls-cert; install the "
        "two files of one issue");
  }
  return absl::OkStatus();
}

constexpr absl::string_view kCertificate = "BEGIN CERTIFICATE";
constexpr absl::string_view kKey = "PRIVATE KEY";

bool IsLoopback(absl::string_view address) {
  return absl::StartsWith(address, "127.") ||
         absl::StartsWith(address, "[::1]") ||
         absl::StartsWith(address, "localhost:") ||
         absl::StartsWith(address, "unix:");
}

}  // namespace

absl::Status CheckTlsFiles(const ServerOptions& options) {
  if (options.tls_cert.empty()) return absl::OkStatus();
  const auto cert = ReadPem(options.tls_cert, "--tls-cert", kCertificate);
  if (!cert.ok()) return cert.status();
  const auto key = ReadPem(options.tls_key, "--tls-key", kKey);
  if (!key.ok()) return key.status();
  const auto ca = ReadPem(options.tls_ca, "--tls-ca", kCertificate);
  return ca.ok() ? CheckPair(*cert, *key) : ca.status();
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> CredentialsOf(
    const ServerOptions& options) {
  const int given = !options.tls_cert.empty() + !options.tls_key.empty() +
                    !options.tls_ca.empty();
  if (given == 0) {
    if (!options.development) {
      return Bad(
          "callers are known by their certificates: give --tls-cert, "
          "--tls-key, --tls-ca and --roles, or --development for a try on "
          "this machine");
    }
    if (!IsLoopback(options.listen)) {
      return Bad(
          absl::StrCat("without TLS it listens on this machine only, not "
                       "on ",
                       options.listen,
                       "; give --tls-cert, --tls-key and --tls-ca, or "
                       "--listen 127.0.0.1:50071"));
    }
    return grpc::InsecureServerCredentials();
  }
  if (given != 3) return Bad("--tls-cert, --tls-key and --tls-ca go together");
  if (options.roles == nullptr) {
    return Bad("with TLS, --roles says what each caller may do");
  }
  const absl::Status files = CheckTlsFiles(options);
  if (!files.ok()) return files;
  const auto provider = std::make_shared<tls::FileWatcherCertificateProvider>(
      options.tls_key, options.tls_cert, options.tls_ca,
      options.tls_look_again_s);
  tls::TlsServerCredentialsOptions how(provider);
  how.watch_root_certs();
  how.watch_identity_key_cert_pairs();
  how.set_cert_request_type(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return tls::TlsServerCredentials(how);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ClientCredentials(
    const std::string& ca, const std::string& cert, const std::string& key) {
  if (cert.empty() != key.empty()) {
    return Bad("--tls-cert and --tls-key go together");
  }
  grpc::SslCredentialsOptions how;
  auto root = ReadPem(ca, "--tls-ca", kCertificate);
  if (!root.ok()) return root.status();
  how.pem_root_certs = *std::move(root);
  if (!cert.empty()) {
    auto chain = ReadPem(cert, "--tls-cert", kCertificate);
    if (!chain.ok()) return chain.status();
    auto secret = ReadPem(key, "--tls-key", kKey);
    if (!secret.ok()) return secret.status();
    how.pem_cert_chain = *std::move(chain);
    how.pem_private_key = *std::move(secret);
  }
  return grpc::SslCredentials(how);
}

}  // namespace portrisk::service
