// What stands for parties, accounts, devices and plates in keys of states.
//
// A pseudonym is SipHash-2-4, which nobody can undo or link without the key.
// That lives outside the store, and it stays: were it another one, everybody
// would be new. Immutable after construction; any number of threads.
#ifndef PORTRISK_SERVICE_PSEUDONYMS_H_
#define PORTRISK_SERVICE_PSEUDONYMS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "portrisk/v1/movement.pb.h"

namespace portrisk::service {

class Pseudonyms {
 public:
  // Kinds of what is hashed are kept apart: an account is no party.
  enum class Kind : char {
    kParty = 'p',
    kPartyName = 'n',  // Of a party without an id.
    kAccount = 'a',
    kDevice = 'd',
    kPlate = 'l',
    kText = 't',  // Letter by letter: of names and plates that are erased.
  };

  using Key = std::array<uint8_t, 16>;
  // A secrets file that has none goes without: it is made of the PIN key.
  static Key KeyFrom(const std::array<uint8_t, 32>& pin_key);

  Pseudonyms(std::string key_id, const Key& key)
      : key_id_(std::move(key_id)), key_(key) {}
  Pseudonyms(std::string key_id, const std::array<uint8_t, 32>& pin_key)
      : Pseudonyms(std::move(key_id), KeyFrom(pin_key)) {}

  const std::string& key_id() const { return key_id_; }

  // Of text in normal form; never 0. A name is compared without case, blanks
  // and punctuation of ASCII, the id of a party without case, blanks, dots and
  // hyphens, a plate without blanks and hyphens.
  uint64_t Of(Kind kind, absl::string_view text) const;
  // Of its id or, without one, its name; nothing when it has neither.
  std::optional<uint64_t> OfParty(absl::string_view id,
                                  absl::string_view name) const;

  // Sets movement.pseudonyms, whatever was there; unset when nobody is named.
  void Fill(v1::Movement* movement) const;

 private:
  const std::string key_id_;
  Key key_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_PSEUDONYMS_H_
