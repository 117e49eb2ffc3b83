// Fields alone are judged in normal_form.cc; here is what takes several of
// them, the time of admission or the key: what must be present, how far ahead
// a fact may lie, where it happened, and the PIN.
#include "service/admission.h"

#include <sodium.h>

#include <cmath>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "scoring/erased_names.h"
#include "scoring/pin_hash.h"
#include "service/normal_form.h"

namespace portrisk::service {
namespace {

constexpr absl::Duration kAheadMax = absl::Hours(26);
using scoring::kPinHashBytes;
static_assert(kPinHashBytes >= crypto_generichash_BYTES_MIN);
static_assert(sizeof(Secrets::pin_key) >= crypto_generichash_KEYBYTES_MIN);
static_assert(sizeof(Secrets::pin_key) <= crypto_generichash_KEYBYTES_MAX);

class Check {
 public:
  Check(absl::Time now, const v1::Movement& movement,
        std::vector<Violation>* violations)
      : now_(now), movement_(movement), violations_(violations) {}

  void Run() {
    if (movement_.source().empty()) {
      Report("source", "is empty; name the sending system");
    }
    if (movement_.id().empty()) {
      Report("id", "is empty; send the sender's reference of this movement");
    }
    CheckCoordinates();
    CheckSeals();
    CheckNames();
    // It would be newer than whatever came after it.
    if (movement_.update_time().seconds() >
        absl::ToUnixSeconds(now_ + kAheadMax)) {
      Report("update_time",
             "lies more than a day ahead; send when it was last changed");
    }
    if (movement_.has_occurrence_time()) CheckOccurrenceTime();
    if (!movement_.retraction()) CheckWhatARetractionMayLeaveOut();
  }

 private:
  void Report(std::string field, std::string description) {
    violations_->push_back({std::move(field), std::move(description)});
  }

  void CheckWhatARetractionMayLeaveOut() {
    if (movement_.event() == v1::EVENT_UNSPECIFIED) {
      Report("event", "is missing; say what happened (GATE_IN, LOAD ...)");
    }
    if (!movement_.has_occurrence_time()) {
      Report("occurrence_time", "is missing; say when it happened");
    }
    const v1::Consignment& consignment = movement_.consignment();
    if (movement_.container().number().empty() &&
        consignment.booking().empty() && consignment.bill_of_lading().empty() &&
        consignment.declaration().empty() &&
        movement_.pickup_right().id().empty()) {
      Report("container.number",
             "names nothing to follow; send a container number, a "
             "consignment's booking, bill_of_lading or declaration, or the id "
             "of a pickup_right");
    }
  }

  void CheckOccurrenceTime() {
    const int64_t seconds = movement_.occurrence_time().seconds();
    if (seconds < 0) {
      Report("occurrence_time", "lies before 1970; send when it happened");
    } else if (seconds == 0 && movement_.occurrence_time().nanos() == 0) {
      Report("occurrence_time",
             "is set and empty, which says 1970; fill it in (seconds, nanos)");
    }
    const bool actual = movement_.classifier() == v1::CLASSIFIER_UNSPECIFIED ||
                        movement_.classifier() == v1::ACTUAL;
    if (actual && absl::FromUnixSeconds(seconds) > now_ + kAheadMax) {
      Report("occurrence_time",
             "lies more than a day ahead; send when it happened, or "
             "classifier PLANNED or ESTIMATED when it has not yet");
    }
  }

  void CheckCoordinates() {
    const v1::Location& location = movement_.location();
    if (location.has_latitude() != location.has_longitude()) {
      Report(
          location.has_latitude() ? "location.longitude" : "location.latitude",
          "is missing; send both coordinates or none");
    }
    // Written so that NaN fails.
    if (!(std::abs(location.latitude()) <= 90.0)) {
      Report("location.latitude",
             "is not between -90 and 90; send WGS 84 degrees");
    }
    if (!(std::abs(location.longitude()) <= 180.0)) {
      Report("location.longitude",
             "is not between -180 and 180; send WGS 84 degrees");
    }
  }

  // Nobody may pass for somebody who was erased.
  void CheckNames() {
    const auto check = [&](const char* field, const v1::Party& party) {
      for (const std::string* text :
           {&party.id(), &party.name(), &party.account(), &party.device()}) {
        if (text->empty() || (text->front() | 0x20) != 'e') continue;
        if (!absl::StartsWithIgnoreCase(*text, scoring::kErasedPrefix))
          continue;
        Report(field, "holds the token of an erased name; send who it is");
      }
    };
    const v1::Movement& m = movement_;
    check("haulier", m.haulier());
    check("carrier", m.carrier());
    check("shipper", m.shipper());
    check("consignee", m.consignee());
    check("notify_party", m.notify_party());
    check("declarant", m.declarant());
    check("forwarder", m.forwarder());
    check("terminal", m.terminal());
    if (!m.has_pickup_right()) return;
    check("pickup_right.actor", m.pickup_right().actor());
    check("pickup_right.recipient", m.pickup_right().recipient());
    check("pickup_right.nominee", m.pickup_right().nominee());
  }

  void CheckSeals() {
    for (int i = 0; i < movement_.seals_size(); ++i) {
      if (!movement_.seals(i).number().empty()) continue;
      Report(absl::StrCat("seals[", i, "].number"),
             "is empty; send the seal's number or leave the seal out");
    }
  }

  const absl::Time now_;
  const v1::Movement& movement_;
  std::vector<Violation>* const violations_;
};

// The parts are separated by a byte that none of them holds, so that no two
// pairs of container and PIN hash alike.
std::string HashPin(const SecretBytes<32>& key, absl::string_view container,
                    absl::string_view pin) {
  static constexpr unsigned char kSeparator = 0;
  crypto_generichash_state state;
  crypto_generichash_init(&state, key.data(), key.size(), kPinHashBytes);
  for (absl::string_view part : {absl::string_view("pin"), container, pin}) {
    crypto_generichash_update(
        &state, reinterpret_cast<const unsigned char*>(part.data()),
        part.size());
    crypto_generichash_update(&state, &kSeparator, 1);
  }
  std::string hash(kPinHashBytes, '\0');
  crypto_generichash_final(
      &state, reinterpret_cast<unsigned char*>(hash.data()), hash.size());
  sodium_memzero(&state, sizeof(state));
  return hash;
}

// The code is hashed as it was sent, but for blanks around it: hashes of rights
// that are about cannot be made again in a form of another kind, and each would
// be another code at the gate.
void ReplacePin(const Secrets& secrets, v1::Movement* movement) {
  if (!movement->has_pickup_right()) return;
  v1::PickupRight& right = *movement->mutable_pickup_right();
  if (right.pin().empty()) return;
  const std::string& container = movement->container().number();
  std::string* pin = right.mutable_pin();
  const absl::string_view code = absl::StripAsciiWhitespace(*pin);
  right.set_pin_hash(HashPin(secrets.pin_key, container, code));
  right.set_pin_key_id(secrets.key_id);
  if (secrets.previous) {
    right.set_previous_pin_hash(
        absl::StrCat(HashPin(secrets.previous->pin_key, container, code),
                     secrets.previous->key_id));
  }
  // Clearing alone would leave it in memory.
  sodium_memzero(pin->data(), pin->size());
  right.clear_pin();
}

}  // namespace

void Forget(void* data, size_t size) { sodium_memzero(data, size); }

Pseudonyms PseudonymsOf(const Secrets& secrets) {
  const std::string& id = secrets.pseudonym_key_id.empty()
                              ? secrets.key_id
                              : secrets.pseudonym_key_id;
  return secrets.pseudonym_key ? Pseudonyms(id, *secrets.pseudonym_key)
                               : Pseudonyms(id, secrets.pin_key);
}

Admission::Admission(const Secrets& secrets)
    : secrets_(secrets), pseudonyms_(PseudonymsOf(secrets)) {
  if (sodium_init() < 0) std::abort();  // No randomness on this machine.
}

std::vector<Violation> Admission::Admit(absl::Time now,
                                        v1::Movement* movement) const {
  std::vector<Violation> violations;
  BringToNormalForm(movement, &violations);
  Check(now, *movement, &violations).Run();
  // Whatever the verdict: nothing that may be shown or logged holds a PIN.
  ReplacePin(secrets_, movement);
  pseudonyms_.Fill(movement);
  if (!movement->retraction() &&
      movement->classifier() == v1::CLASSIFIER_UNSPECIFIED) {
    movement->set_classifier(v1::ACTUAL);
  }
  return violations;
}

}  // namespace portrisk::service
