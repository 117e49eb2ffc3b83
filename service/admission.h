// Admission: what may enter the journal, in which form.
//
// Validates a movement, brings it to normal form (container number, locodes,
// seals, codes in upper case without blanks), replaces a PIN by its keyed hash
// and adds the pseudonyms of who takes part. Output-only fields sent by the
// caller are cleared and set here. Immutable after construction; any number of
// threads.
#ifndef PORTRISK_SERVICE_ADMISSION_H_
#define PORTRISK_SERVICE_ADMISSION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "portrisk/v1/movement.pb.h"
#include "service/pseudonyms.h"

namespace portrisk::service {

struct Violation {
  std::string field;        // Path in the movement: "container.number".
  std::string description;  // What is wrong and what to send instead.
};

// Overwrites in a way that no compiler leaves out.
void Forget(void* data, size_t size);

// Bytes that are overwritten when they go out of use.
template <size_t N>
struct SecretBytes : std::array<uint8_t, N> {
  ~SecretBytes() { Forget(this->data(), N); }
};

// Keys that live outside the store. The one for PINs changes from time to time
// (`portrisk secrets rotate`); the others stay, since a pseudonym or a draw by
// another key would be another one.
struct Secrets {
  struct Former {
    std::string key_id;
    SecretBytes<32> pin_key;
  };

  std::string key_id;  // Of pin_key, and of the others unless they have one.
  SecretBytes<32> pin_key;
  SecretBytes<32> draw_key;
  // Seed of the Ed25519 key that signs the chain; absent: nothing is signed.
  std::optional<SecretBytes<32>> audit_key = std::nullopt;
  // The PIN key before: while rights issued under it are about, PINs are
  // hashed by both.
  std::optional<Former> previous = std::nullopt;
  // Absent: made of pin_key.
  std::optional<SecretBytes<16>> pseudonym_key = std::nullopt;
  std::string draw_key_id = "";       // Empty: key_id.
  std::string pseudonym_key_id = "";  // Empty: key_id.
  bool is_new = false;                // In no file yet (KeepSecrets).
};

Pseudonyms PseudonymsOf(const Secrets& secrets);

class Admission {
 public:
  explicit Admission(const Secrets& secrets);

  // Normalises `movement` in place. Returns every violation found; the
  // movement may be admitted when there is none.
  std::vector<Violation> Admit(absl::Time now, v1::Movement* movement) const;

  const Pseudonyms& pseudonyms() const { return pseudonyms_; }

 private:
  Secrets secrets_;
  Pseudonyms pseudonyms_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_ADMISSION_H_
