// Signed heads of the journal's chain, one JSON line each. Kept where whoever
// can write the store cannot, they prove that nothing before them was rewritten
// or cut off.
#ifndef PORTRISK_SERVICE_CHAIN_CHECKPOINTS_H_
#define PORTRISK_SERVICE_CHAIN_CHECKPOINTS_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "portrisk/v1/journal.pb.h"
#include "store/store.h"

namespace portrisk::service {

using PublicKey = std::array<uint8_t, 32>;

// Ed25519. Owned by one thread.
class ChainSigner {
 public:
  // `seed` is the audit_key of the secrets file; lines go to the end of `path`.
  ChainSigner(const std::array<uint8_t, 32>& seed, std::string path);
  ~ChainSigner();  // Wipes the key.
  ChainSigner(const ChainSigner&) = delete;
  ChainSigner& operator=(const ChainSigner&) = delete;

  v1::ChainCheckpoint Sign(const store::ChainHead& head, absl::Time time) const;
  // Writes a line, synced, unless the head is where it was at the last.
  absl::Status Write(const store::ChainHead& head, absl::Time time);

  const PublicKey& public_key() const { return public_key_; }

 private:
  const std::string path_;
  std::array<uint8_t, 64> secret_key_;
  PublicKey public_key_;
  uint64_t written_ = 0;  // Sequence of the last line.
};

// How far the last whole line of a file goes, whoever signed it; 0: there is
// none. A store that ends before is older than what was signed of it.
uint64_t LastCheckpointed(const std::string& path);

// 64 hexadecimal digits.
std::string ToHex(const PublicKey& key);
absl::StatusOr<PublicKey> PublicKeyFromHex(const std::string& hex);

// Of a file of lines. INVALID_ARGUMENT with the line where one does not parse,
// DATA_LOSS where its signature is by none of `keys`. In the order of the file.
// `torn` is set where the last line breaks off, as after a crash: it does not
// count.
absl::StatusOr<std::vector<v1::ChainCheckpoint>> ReadCheckpoints(
    const std::string& path, absl::Span<const PublicKey> keys,
    bool* torn = nullptr);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_CHAIN_CHECKPOINTS_H_
