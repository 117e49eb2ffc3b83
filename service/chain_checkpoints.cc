#include "service/chain_checkpoints.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/util/json_util.h"
#include "service/log.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

// The bytes under the signature. Four scalar fields and a time: protobuf writes
// them in one way only.
std::string Signed(v1::ChainCheckpoint checkpoint) {
  checkpoint.clear_signature();
  return "portrisk chain checkpoint\n" + checkpoint.SerializeAsString();
}

std::string KeyId(const PublicKey& key) { return ToHex(key).substr(0, 16); }

bool IsBy(const v1::ChainCheckpoint& checkpoint, const PublicKey& key) {
  const std::string bytes = Signed(checkpoint);
  return checkpoint.signature().size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(
             reinterpret_cast<const uint8_t*>(checkpoint.signature().data()),
             reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(),
             key.data()) == 0;
}

absl::Status CannotWrite(const std::string& path) {
  return absl::UnavailableError(
      absl::StrCat("writing ", path, ": ", std::strerror(errno)));
}

}  // namespace

ChainSigner::ChainSigner(const std::array<uint8_t, 32>& seed, std::string path)
    : path_(std::move(path)) {
  crypto_sign_seed_keypair(public_key_.data(), secret_key_.data(), seed.data());
}

ChainSigner::~ChainSigner() {
  sodium_memzero(secret_key_.data(), secret_key_.size());
}

v1::ChainCheckpoint ChainSigner::Sign(const store::ChainHead& head,
                                      absl::Time time) const {
  v1::ChainCheckpoint checkpoint;
  checkpoint.set_sequence(head.sequence);
  checkpoint.set_chain(head.chain.data(), head.chain.size());
  *checkpoint.mutable_time() = ToProto(time);
  checkpoint.set_key_id(KeyId(public_key_));
  const std::string bytes = Signed(checkpoint);
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<uint8_t*>(signature.data()), nullptr,
                       reinterpret_cast<const uint8_t*>(bytes.data()),
                       bytes.size(), secret_key_.data());
  checkpoint.set_signature(std::move(signature));
  return checkpoint;
}

absl::Status ChainSigner::Write(const store::ChainHead& head, absl::Time time) {
  if (head.sequence == written_) return absl::OkStatus();
  std::string line;
  if (!google::protobuf::util::MessageToJsonString(Sign(head, time), &line)
           .ok()) {
    return absl::InternalError("a chain checkpoint cannot be written as JSON");
  }
  // A crash may have left half a line, which must not grow into this one.
  line = "\n" + line + "\n";
  const int fd =
      open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return CannotWrite(path_);
  const off_t size = lseek(fd, 0, SEEK_END);
  errno = ENOSPC;  // Of a write that is short.
  const bool written = write(fd, line.data(), line.size()) ==
                           static_cast<ssize_t>(line.size()) &&
                       fsync(fd) == 0;
  const absl::Status status = written ? absl::OkStatus() : CannotWrite(path_);
  // Half a line would spoil the next one, too.
  if (!written && ftruncate(fd, size) != 0) {
    LogError("cutting half a line off", CannotWrite(path_));
  }
  close(fd);
  if (written) written_ = head.sequence;
  return status;
}

uint64_t LastCheckpointed(const std::string& path) {
  constexpr std::streamoff kEnough = 4096;  // Of the last lines.
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = in ? static_cast<std::streamoff>(in.tellg()) : 0;
  in.seekg(std::max<std::streamoff>(0, size - kEnough));
  uint64_t last = 0;
  for (std::string line; std::getline(in, line);) {
    v1::ChainCheckpoint one;
    if (google::protobuf::util::JsonStringToMessage(line, &one).ok()) {
      last = one.sequence();
    }
  }
  return last;
}

std::string ToHex(const PublicKey& key) {
  return absl::BytesToHexString(
      {reinterpret_cast<const char*>(key.data()), key.size()});
}

absl::StatusOr<PublicKey> PublicKeyFromHex(const std::string& hex) {
  PublicKey key;
  if (hex.size() != 2 * key.size() ||
      !std::all_of(hex.begin(), hex.end(), absl::ascii_isxdigit)) {
    return absl::InvalidArgumentError(
        "a public key is 64 hexadecimal digits; the server prints its own when "
        "it starts");
  }
  const std::string bytes = absl::HexStringToBytes(hex);
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

absl::StatusOr<std::vector<v1::ChainCheckpoint>> ReadCheckpoints(
    const std::string& path, absl::Span<const PublicKey> keys, bool* torn) {
  std::ifstream in(path);
  if (!in) {
    return absl::NotFoundError(absl::StrCat(
        "cannot read ", path, ": ", std::strerror(errno),
        errno == ENOENT ? "; portriskd writes the first checkpoint ten minutes "
                          "after its start (--chain-checkpoint-minutes)"
                        : ""));
  }
  std::vector<v1::ChainCheckpoint> checkpoints;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    v1::ChainCheckpoint& one = checkpoints.emplace_back();
    if (!google::protobuf::util::JsonStringToMessage(line, &one).ok()) {
      if (in.eof()) {  // Without an end: a crash came between.
        checkpoints.pop_back();
        if (torn != nullptr) *torn = true;
        break;
      }
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": this is no checkpoint"));
    }
    if (std::none_of(keys.begin(), keys.end(),
                     [&](const PublicKey& key) { return IsBy(one, key); })) {
      return absl::DataLossError(absl::StrCat(
          path, ":", number, ": the signature of the checkpoint at sequence ",
          one.sequence(), " is by no key that was given (it names key ",
          one.key_id(), "; given: ",
          absl::StrJoin(keys, ", ",
                        [](std::string* out, const PublicKey& key) {
                          out->append(KeyId(key));
                        }),
          "): the line is wrong, or its key is missing"));
    }
  }
  if (in.bad()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": reading failed before the end; is it a folder?"));
  }
  return checkpoints;
}

}  // namespace portrisk::service
