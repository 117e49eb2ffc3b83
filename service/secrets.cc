// Texts that hold keys are wiped where they are ours; what the YAML reader
// copies is not, which is why a server keeps its memory to itself
// (service/hardening.h).
#include "service/secrets.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <initializer_list>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace portrisk::service {
namespace {

constexpr size_t kKeyIdLengthMax = 64;

absl::Status Broken(const std::string& path, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("secrets file ", path, ": ", why));
}

// --- Writing.

template <size_t N>
SecretBytes<N> RandomKey() {
  SecretBytes<N> key;
  if (sodium_init() < 0) std::abort();  // No randomness on this machine.
  randombytes_buf(key.data(), N);
  return key;
}

std::string RandomId() {
  const SecretBytes<4> id = RandomKey<4>();
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(id.data()), id.size()));
}

Secrets NewSecrets() {
  Secrets secrets;
  secrets.key_id = RandomId();
  secrets.pin_key = RandomKey<32>();
  secrets.draw_key = RandomKey<32>();
  secrets.audit_key = RandomKey<32>();
  secrets.pseudonym_key = RandomKey<16>();
  secrets.draw_key_id = secrets.pseudonym_key_id = secrets.key_id;
  return secrets;
}

// Holds what is wiped at the end.
struct SecretText {
  ~SecretText() { Forget(text.data(), text.size()); }

  template <size_t N>
  void Key(absl::string_view name, const SecretBytes<N>& key) {
    char hex[2 * N + 1];
    sodium_bin2hex(hex, sizeof(hex), key.data(), N);
    absl::StrAppend(&text, name, ": ", hex, "\n");
    Forget(hex, sizeof(hex));
  }
  // In quotes, so that an id of digits stays a text.
  void Id(absl::string_view name, const std::string& id) {
    if (id.empty()) return;
    absl::StrAppend(&text, name, ": \"",
                    absl::StrReplaceAll(id, {{"\\", "\\\\"}, {"\"", "\\\""}}),
                    "\"\n");
  }

  std::string text;
};

void Write(const Secrets& secrets, SecretText* out) {
  // Never grown, which would leave copies behind.
  out->text.reserve(4096);
  absl::StrAppend(&out->text,
                  "# Keys of a portrisk store. Whoever has them can link PIN "
                  "hashes and foresee random draws.\n");
  out->Id("key_id", secrets.key_id);
  out->Key("pin_key", secrets.pin_key);
  if (secrets.previous) {
    absl::StrAppend(&out->text,
                    "# Of rights issued before. `portrisk secrets "
                    "drop-previous` takes it out.\nprevious:\n");
    out->Id("  key_id", secrets.previous->key_id);
    out->Key("  pin_key", secrets.previous->pin_key);
  }
  absl::StrAppend(&out->text, "# These stay when pin_key changes.\n");
  out->Id("draw_key_id", secrets.draw_key_id);
  out->Key("draw_key", secrets.draw_key);
  if (secrets.pseudonym_key) {
    out->Id("pseudonym_key_id", secrets.pseudonym_key_id);
    out->Key("pseudonym_key", *secrets.pseudonym_key);
  }
  if (!secrets.audit_key) return;
  absl::StrAppend(&out->text, "# Signs the hash chain of the journal.\n");
  out->Key("audit_key", *secrets.audit_key);
}

absl::Status WriteNew(const std::string& path, mode_t mode,
                      const Secrets& secrets, const struct stat* like) {
  SecretText text;
  Write(secrets, &text);
  const int fd =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    if (errno != EEXIST) return Broken(path, std::strerror(errno));
    return absl::AlreadyExistsError(
        absl::StrCat(path, " exists; it is left as it is"));
  }
  const bool written =
      write(fd, text.text.data(), text.text.size()) ==
          static_cast<ssize_t>(text.text.size()) &&
      (like == nullptr || fchown(fd, like->st_uid, like->st_gid) == 0) &&
      fchmod(fd, mode) == 0 && fsync(fd) == 0;
  close(fd);
  if (written) return absl::OkStatus();
  unlink(path.c_str());
  return Broken(path, "cannot be written");
}

// So that a rename outlives a power failure.
void SyncDirectoryOf(const std::string& path) {
  const std::string directory =
      std::filesystem::path(path).parent_path().string();
  const int fd =
      open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

absl::Status Replace(const std::string& path, const Secrets& secrets) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    return Broken(path, std::strerror(errno));
  }
  const std::string aside = path + ".new";
  unlink(aside.c_str());  // Of an attempt that was broken off.
  absl::Status status = WriteNew(aside, info.st_mode & 07777, secrets, &info);
  if (!status.ok()) return status;
  // What is about to be relied upon is read back first.
  status = LoadSecrets(aside, MissingSecrets::kRefuse).status();
  if (status.ok() && rename(aside.c_str(), path.c_str()) != 0) {
    status = Broken(path, std::strerror(errno));
  }
  if (!status.ok()) {
    unlink(aside.c_str());
    return status;
  }
  SyncDirectoryOf(path);
  return absl::OkStatus();
}

// --- Reading.

template <size_t N>
bool ReadKey(const YAML::Node& node, SecretBytes<N>* key) {
  if (!node || !node.IsScalar() || node.Scalar().size() != 2 * N) return false;
  return sodium_hex2bin(key->data(), N, node.Scalar().data(), 2 * N, nullptr,
                        nullptr, nullptr) == 0;
}

bool ReadId(const YAML::Node& node, std::string* id) {
  if (!node) return true;
  if (!node.IsScalar() || node.Scalar().empty() ||
      node.Scalar().size() > kKeyIdLengthMax ||
      !std::all_of(node.Scalar().begin(), node.Scalar().end(),
                   absl::ascii_isprint)) {
    return false;
  }
  *id = node.Scalar();
  return true;
}

// A misspelt name would have another key made in place of the one meant.
bool HasOnly(const YAML::Node& map,
             std::initializer_list<absl::string_view> names) {
  if (!map.IsMap()) return false;
  for (const auto& entry : map) {
    const std::string& name = entry.first.Scalar();
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return false;
    }
  }
  return true;
}

absl::Status ReadPrevious(const std::string& path, const YAML::Node& node,
                          Secrets* secrets) {
  Secrets::Former& former = secrets->previous.emplace();
  if (!HasOnly(node, {"key_id", "pin_key"}) || !node["key_id"] ||
      !ReadId(node["key_id"], &former.key_id) ||
      !ReadKey(node["pin_key"], &former.pin_key)) {
    return Broken(path, "previous must be key_id and pin_key, nothing else");
  }
  if (former.key_id == secrets->key_id) {
    return Broken(path, "previous has the key_id of the key in force");
  }
  // Made of the new key, everybody would be new and every draw another.
  if (!secrets->pseudonym_key || secrets->draw_key_id.empty()) {
    return Broken(path,
                  "previous needs pseudonym_key and draw_key_id beside it; "
                  "`portrisk secrets rotate` writes them");
  }
  return absl::OkStatus();
}

absl::StatusOr<Secrets> Parse(const std::string& path, const YAML::Node& node) {
  Secrets secrets;
  if (!HasOnly(node,
               {"key_id", "pin_key", "previous", "draw_key_id", "draw_key",
                "pseudonym_key_id", "pseudonym_key", "audit_key"})) {
    return Broken(path,
                  "holds something else than key_id, pin_key, previous, "
                  "draw_key_id, draw_key, pseudonym_key_id, pseudonym_key and "
                  "audit_key");
  }
  if (!node["key_id"]) return Broken(path, "key_id is missing");
  if (!ReadId(node["key_id"], &secrets.key_id) ||
      !ReadId(node["draw_key_id"], &secrets.draw_key_id) ||
      !ReadId(node["pseudonym_key_id"], &secrets.pseudonym_key_id)) {
    return Broken(path, "an id of a key must be 1 to 64 characters of ASCII");
  }
  if (!ReadKey(node["pin_key"], &secrets.pin_key) ||
      !ReadKey(node["draw_key"], &secrets.draw_key)) {
    return Broken(path, "pin_key and draw_key must be 64 hex digits each");
  }
  if (node["audit_key"] &&
      !ReadKey(node["audit_key"], &secrets.audit_key.emplace())) {
    return Broken(path, "audit_key must be 64 hex digits");
  }
  if (node["pseudonym_key"] &&
      !ReadKey(node["pseudonym_key"], &secrets.pseudonym_key.emplace())) {
    return Broken(path, "pseudonym_key must be 32 hex digits");
  }
  if (node["previous"]) {
    absl::Status status = ReadPrevious(path, node["previous"], &secrets);
    if (!status.ok()) return status;
  }
  return secrets;
}

}  // namespace

absl::StatusOr<Secrets> LoadSecrets(const std::string& path,
                                    MissingSecrets missing) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    if (missing == MissingSecrets::kRefuse) {
      return absl::NotFoundError(absl::StrCat(
          "no secrets file ", path,
          "; name it with --secrets, or bring back its copy. For a new store "
          "alone: portrisk secrets new ",
          path));
    }
    Secrets made = NewSecrets();
    made.is_new = true;
    return made;
  }
  if ((info.st_mode & (info.st_uid == 0 ? 027 : 077)) != 0) {
    // What root hands to a service (systemd credentials, Kubernetes secrets)
    // may be readable by the group that it made for it.
    return Broken(path, "others can read it; chmod 600 it");
  }
  try {
    return Parse(path, YAML::LoadFile(path));
  } catch (const YAML::BadFile&) {
    return Broken(path, "cannot be read by this user; see its owner and mode");
  } catch (const YAML::Exception&) {
    // Its text may quote the file, so it is not shown.
    return Broken(path, "is not YAML");
  }
}

absl::Status KeepSecrets(const std::string& path, const Secrets& secrets) {
  if (!secrets.is_new) return absl::OkStatus();
  return WriteNew(path, 0600, secrets, nullptr);
}

absl::Status CreateSecrets(const std::string& path) {
  return WriteNew(path, 0600, NewSecrets(), nullptr);
}

absl::Status CreateKnownSecrets(const std::string& path) {
  Secrets secrets;
  secrets.key_id = secrets.draw_key_id = secrets.pseudonym_key_id = "known";
  secrets.pin_key.fill(1);
  secrets.draw_key.fill(2);
  secrets.pseudonym_key.emplace().fill(3);
  return WriteNew(path, 0600, secrets, nullptr);
}

absl::Status RotateSecrets(const std::string& path) {
  auto secrets = LoadSecrets(path, MissingSecrets::kRefuse);
  if (!secrets.ok()) return secrets.status();
  if (secrets->previous) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " still holds the key ", secrets->previous->key_id,
        " from before; take it out first, once no right issued under it is "
        "open: portrisk secrets drop-previous ",
        path));
  }
  if (secrets->draw_key_id.empty()) secrets->draw_key_id = secrets->key_id;
  if (secrets->pseudonym_key_id.empty()) {
    secrets->pseudonym_key_id = secrets->key_id;
  }
  if (!secrets->pseudonym_key) {
    Pseudonyms::Key key = Pseudonyms::KeyFrom(secrets->pin_key);
    std::copy(key.begin(), key.end(), secrets->pseudonym_key.emplace().begin());
    Forget(key.data(), key.size());
  }
  secrets->previous = Secrets::Former{secrets->key_id, secrets->pin_key};
  secrets->key_id = RandomId();
  secrets->pin_key = RandomKey<32>();
  return Replace(path, *secrets);
}

absl::Status DropPreviousKey(const std::string& path) {
  auto secrets = LoadSecrets(path, MissingSecrets::kRefuse);
  if (!secrets.ok()) return secrets.status();
  if (!secrets->previous) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " holds no key from before"));
  }
  secrets->previous.reset();
  return Replace(path, *secrets);
}

scoring::DrawKey DrawKeyOf(const Secrets& secrets) {
  scoring::DrawKey key;
  key.id = secrets.draw_key_id.empty() ? secrets.key_id : secrets.draw_key_id;
  std::copy_n(secrets.draw_key.begin(), key.key.size(), key.key.begin());
  return key;
}

std::string DescribeKeys(const Secrets& secrets) {
  const auto or_first = [&](const std::string& id) {
    return id.empty() ? secrets.key_id : id;
  };
  return absl::StrCat(
      "PIN key ", secrets.key_id,
      secrets.previous ? absl::StrCat(", previous ", secrets.previous->key_id)
                       : "",
      ", pseudonym key ", or_first(secrets.pseudonym_key_id), ", draw key ",
      or_first(secrets.draw_key_id));
}

std::string DefaultSecretsPath(const std::string& store_directory) {
  std::string path = store_directory;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path + ".secrets";
}

}  // namespace portrisk::service
