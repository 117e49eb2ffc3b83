// Certificates made for a test or a benchmark: an authority and who it signs
// for.
#ifndef PORTRISK_TESTS_SERVICE_CERTIFICATES_H_
#define PORTRISK_TESTS_SERVICE_CERTIFICATES_H_

#include <stdlib.h>

#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"

namespace portrisk::service {

// Files NAME.pem and NAME.key in `directory`.
class Authority {
 public:
  explicit Authority(const std::string& directory, std::string name = "ca")
      : directory_(directory), name_(std::move(name)) {
    Run(
        absl::StrCat("openssl req -x509 -newkey ec -pkeyopt "
                     "ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=",
                     name_, " -keyout ", Key(name_), " -out ", Pem(name_)));
  }

  // A certificate with this common name and subject alternative name.
  void Sign(const std::string& name) const {
    Sign(name, name, absl::StrCat("DNS:", name, ",IP:127.0.0.1"));
  }
  // The same in files of another name.
  void Sign(const std::string& file, const std::string& name,
            const std::string& alternatives) const {
    Run(absl::StrCat(
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
        "-nodes -subj /CN=",
        name, " -keyout ", Key(file), " -out ", Pem(file), ".csr"));
    Run(absl::StrCat("printf 'subjectAltName=", alternatives, "' > ", Pem(file),
                     ".ext && openssl x509 "
                     "-req -days 2 -in ",
                     Pem(file), ".csr -CA ", Pem(name_), " -CAkey ", Key(name_),
                     " -CAcreateserial -extfile ", Pem(file), ".ext -out ",
                     Pem(file)));
  }

  std::string Pem(const std::string& name) const {
    return absl::StrCat(directory_, "/", name, ".pem");
  }
  std::string Key(const std::string& name) const {
    return absl::StrCat(directory_, "/", name, ".key");
  }

 private:
  static void Run(const std::string& command) {
    if (system(absl::StrCat("{ ", command, "; } 2>/dev/null").c_str()) != 0) {
      std::cerr << "this makes no certificate: " << command << std::endl;
      std::abort();
    }
  }

  const std::string directory_;
  const std::string name_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_CERTIFICATES_H_
