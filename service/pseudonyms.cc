// HOT PATH (Fill): about 30 ns for each party that a movement names.
#include "service/pseudonyms.h"

#include <sodium.h>

#include "absl/strings/ascii.h"
#include "scoring/party_ids.h"

namespace portrisk::service {
namespace {

constexpr absl::string_view kDomain = "portrisk pseudonym";

void Append(Pseudonyms::Kind kind, absl::string_view text, std::string* out) {
  switch (kind) {
    case Pseudonyms::Kind::kPartyName:
      for (const char c : text) {
        if (absl::ascii_isalnum(c) || !absl::ascii_isascii(c)) {
          out->push_back(absl::ascii_toupper(c));
        }
      }
      break;
    case Pseudonyms::Kind::kParty:
      scoring::AppendPartyId(text, out);
      break;
    case Pseudonyms::Kind::kPlate:
      for (const char c : text) {
        if (c != ' ' && c != '-') out->push_back(absl::ascii_toupper(c));
      }
      break;
    default:
      out->append(text.data(), text.size());
      break;
  }
}

// Makes the message when the first of them is set.
class Filler {
 public:
  Filler(const Pseudonyms& pseudonyms, v1::Movement* movement)
      : pseudonyms_(pseudonyms), movement_(movement) {}

  using Setter = void (v1::Pseudonyms::*)(uint64_t);

  void Party(const v1::Party& party, Setter set) {
    const auto pseudonym = pseudonyms_.OfParty(party.id(), party.name());
    if (pseudonym) (movement_->mutable_pseudonyms()->*set)(*pseudonym);
  }
  void Text(Pseudonyms::Kind kind, const std::string& text, Setter set) {
    if (text.empty()) return;
    (movement_->mutable_pseudonyms()->*set)(pseudonyms_.Of(kind, text));
  }

 private:
  const Pseudonyms& pseudonyms_;
  v1::Movement* const movement_;
};

}  // namespace

Pseudonyms::Key Pseudonyms::KeyFrom(const std::array<uint8_t, 32>& pin_key) {
  Key key;
  static_assert(sizeof(key) == crypto_shorthash_KEYBYTES);
  static_assert(sizeof(key) >= crypto_generichash_BYTES_MIN);
  crypto_generichash(key.data(), key.size(),
                     reinterpret_cast<const uint8_t*>(kDomain.data()),
                     kDomain.size(), pin_key.data(), pin_key.size());
  return key;
}

uint64_t Pseudonyms::Of(Kind kind, absl::string_view text) const {
  thread_local std::string buffer;
  buffer.assign(1, static_cast<char>(kind));
  Append(kind, text, &buffer);
  uint8_t hash[crypto_shorthash_BYTES];
  crypto_shorthash(hash, reinterpret_cast<const uint8_t*>(buffer.data()),
                   buffer.size(), key_.data());
  uint64_t value = 0;  // Little endian on every machine.
  for (int i = 7; i >= 0; --i) value = value << 8 | hash[i];
  return value == 0 ? 1 : value;
}

std::optional<uint64_t> Pseudonyms::OfParty(absl::string_view id,
                                            absl::string_view name) const {
  if (!id.empty()) return Of(Kind::kParty, id);
  for (const char c : name) {
    if (absl::ascii_isalnum(c) || !absl::ascii_isascii(c)) {
      return Of(Kind::kPartyName, name);
    }
  }
  return std::nullopt;
}

void Pseudonyms::Fill(v1::Movement* movement) const {
  movement->clear_pseudonyms();
  Filler filler(*this, movement);
  using P = v1::Pseudonyms;
  filler.Party(movement->haulier(), &P::set_haulier);
  filler.Party(movement->carrier(), &P::set_carrier);
  filler.Party(movement->shipper(), &P::set_shipper);
  filler.Party(movement->consignee(), &P::set_consignee);
  filler.Party(movement->notify_party(), &P::set_notify_party);
  filler.Party(movement->declarant(), &P::set_declarant);
  filler.Party(movement->forwarder(), &P::set_forwarder);
  filler.Party(movement->terminal(), &P::set_terminal);
  const v1::PickupRight& right = movement->pickup_right();
  filler.Party(right.recipient(), &P::set_recipient);
  filler.Party(right.nominee(), &P::set_nominee);
  const v1::Party& actor =
      right.has_actor() ? right.actor() : movement->haulier();
  if (right.has_actor()) filler.Party(actor, &P::set_actor);
  filler.Text(Kind::kAccount, actor.account(), &P::set_account);
  filler.Text(Kind::kDevice, actor.device(), &P::set_device);
  filler.Text(Kind::kPlate, movement->transport().plate(), &P::set_plate);
  if (movement->has_pseudonyms()) {
    movement->mutable_pseudonyms()->set_key_id(key_id_);
  }
}

}  // namespace portrisk::service
