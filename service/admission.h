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

// Keys that live outside the store.
struct Secrets {
  std::string key_id;
  std::array<uint8_t, 32> pin_key;
  std::array<uint8_t, 32> draw_key;
  // Seed of the Ed25519 key that signs the chain; absent: nothing is signed.
  std::optional<std::array<uint8_t, 32>> audit_key = std::nullopt;
};

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
