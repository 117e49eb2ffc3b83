#include "service/secrets.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace portrisk::service {
namespace {

absl::Status Broken(const std::string& path, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("secrets file ", path, ": ", why));
}

std::string RandomHex(size_t bytes) {
  std::string random(bytes, '\0');
  randombytes_buf(random.data(), random.size());
  return absl::BytesToHexString(random);
}

absl::Status Create(const std::string& path) {
  const std::string text = absl::StrCat(
      "# Keys of a portrisk store. Whoever has them can link PIN hashes and "
      "foresee random draws.\n",
      "key_id: ", RandomHex(4), "\npin_key: ", RandomHex(32),
      "\ndraw_key: ", RandomHex(32),
      "\n# Signs the hash chain of the journal.\naudit_key: ", RandomHex(32),
      "\n");
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (fd < 0) return Broken(path, std::strerror(errno));
  const bool written = write(fd, text.data(), text.size()) ==
                           static_cast<ssize_t>(text.size()) &&
                       fsync(fd) == 0;
  close(fd);
  return written ? absl::OkStatus() : Broken(path, "cannot be written");
}

bool ReadKey(const YAML::Node& node, std::array<uint8_t, 32>* key) {
  if (!node.IsScalar() || node.Scalar().size() != 64 ||
      !std::all_of(node.Scalar().begin(), node.Scalar().end(),
                   absl::ascii_isxdigit)) {
    return false;
  }
  const std::string bytes = absl::HexStringToBytes(node.Scalar());
  std::copy(bytes.begin(), bytes.end(), key->begin());
  return true;
}

}  // namespace

absl::StatusOr<Secrets> LoadSecrets(const std::string& path,
                                    MissingSecrets missing) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    if (missing == MissingSecrets::kRefuse) {
      return absl::NotFoundError(absl::StrCat(
          "no secrets file ", path,
          "; name it with --secrets, or make one with --development"));
    }
    absl::Status status = Create(path);
    if (!status.ok()) return status;
  } else if ((info.st_mode & (info.st_uid == 0 ? 027 : 077)) != 0) {
    // What root hands to a service (systemd credentials, Kubernetes secrets)
    // may be readable by the group that it made for it.
    return Broken(path, "others can read it; chmod 600 it");
  }
  try {
    const YAML::Node node = YAML::LoadFile(path);
    Secrets secrets;
    secrets.key_id = node["key_id"] ? node["key_id"].as<std::string>() : "";
    if (secrets.key_id.empty()) return Broken(path, "key_id is missing");
    if (!node["pin_key"] || !ReadKey(node["pin_key"], &secrets.pin_key) ||
        !node["draw_key"] || !ReadKey(node["draw_key"], &secrets.draw_key)) {
      return Broken(path, "pin_key and draw_key must be 64 hex digits each");
    }
    if (node["audit_key"] &&
        !ReadKey(node["audit_key"], &secrets.audit_key.emplace())) {
      return Broken(path, "audit_key must be 64 hex digits");
    }
    return secrets;
  } catch (const YAML::Exception& e) {
    // Its text may quote the file, so it is not shown.
    return Broken(path, "is not YAML");
  }
}

scoring::DrawKey DrawKeyOf(const Secrets& secrets) {
  scoring::DrawKey key;
  key.id = secrets.key_id;
  std::copy_n(secrets.draw_key.begin(), key.key.size(), key.key.begin());
  return key;
}

std::string DefaultSecretsPath(const std::string& store_directory) {
  std::string path = store_directory;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path + ".secrets";
}

}  // namespace portrisk::service
