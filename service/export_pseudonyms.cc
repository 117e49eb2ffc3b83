#include "service/export_pseudonyms.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "scoring/decision.h"
#include "scoring/iso6346.h"
#include "scoring/pin_hash.h"

namespace portrisk::service {
namespace {

constexpr uint32_t kSerials = 1'000'000;
constexpr uint32_t kHalf = 1'000;
static_assert(kHalf * kHalf == kSerials);
// More than the four that an adversary who picks numbers would need.
constexpr int kRounds = 10;
constexpr size_t kOwnerLength = 4;  // With the category.

absl::Status BadKey(const std::string& path, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("key of exports ", path, ": ", why));
}

// Five bits a character, none that people mistake for another.
constexpr char kBase32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static_assert(sizeof(kBase32) == 33);

std::string Base32(const std::array<uint8_t, 10>& bytes) {
  std::string text;
  uint32_t bits = 0;
  int count = 0;
  for (const uint8_t byte : bytes) {
    bits = bits << 8 | byte;
    for (count += 8; count >= 5; count -= 5) {
      text.push_back(kBase32[bits >> (count - 5) & 31]);
    }
  }
  return text;
}

// The parts are kept apart by their lengths.
template <size_t N>
void KeyedHash(const ExportKey& key,
               std::initializer_list<absl::string_view> parts,
               std::array<uint8_t, N>* out) {
  crypto_generichash_state state;
  std::array<uint8_t, crypto_generichash_BYTES> hash;
  static_assert(N <= crypto_generichash_BYTES);
  crypto_generichash_init(&state, key.data(), key.size(), hash.size());
  for (const absl::string_view part : parts) {
    const uint32_t size = static_cast<uint32_t>(part.size());
    const uint8_t length[] = {
        static_cast<uint8_t>(size), static_cast<uint8_t>(size >> 8),
        static_cast<uint8_t>(size >> 16), static_cast<uint8_t>(size >> 24)};
    crypto_generichash_update(&state, length, sizeof(length));
    crypto_generichash_update(
        &state, reinterpret_cast<const uint8_t*>(part.data()), part.size());
  }
  crypto_generichash_final(&state, hash.data(), hash.size());
  std::copy_n(hash.begin(), N, out->begin());
  sodium_memzero(&state, sizeof(state));
}

// As pseudonyms compare them (pseudonyms.h).
std::string NameWithoutWriting(absl::string_view name) {
  std::string out;
  for (const char c : name) {
    if (absl::ascii_isalnum(c) || !absl::ascii_isascii(c)) {
      out.push_back(absl::ascii_toupper(c));
    }
  }
  return out;
}
std::string PlateWithoutWriting(absl::string_view plate) {
  std::string out;
  for (const char c : plate) {
    if (c != ' ' && c != '-') out.push_back(absl::ascii_toupper(c));
  }
  return out;
}

}  // namespace

absl::StatusOr<ExportKey> LoadExportKey(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return BadKey(path, std::strerror(errno));
  struct stat info;
  SecretBytes<65> hex;  // With the end of the line.
  const bool looked = fstat(fd, &info) == 0;
  const ssize_t size = read(fd, hex.data(), hex.size());
  close(fd);
  if (!looked || size < 0) return BadKey(path, "cannot be read");
  if ((info.st_mode & 077) != 0) {
    return BadKey(path, "others can read it; chmod 600 it");
  }
  ExportKey key;
  if (size < 64 || (size == 65 && hex[64] != '\n') ||
      sodium_hex2bin(key.data(), key.size(),
                     reinterpret_cast<const char*>(hex.data()), 64, nullptr,
                     nullptr, nullptr) != 0) {
    return BadKey(path,
                  "is not 64 hexadecimal digits; `portrisk secrets export-key` "
                  "makes one");
  }
  return key;
}

absl::Status CreateExportKey(const std::string& path) {
  if (sodium_init() < 0) std::abort();  // No randomness on this machine.
  ExportKey key;
  randombytes_buf(key.data(), key.size());
  SecretBytes<65> hex;
  sodium_bin2hex(reinterpret_cast<char*>(hex.data()), hex.size(), key.data(),
                 key.size());
  hex[64] = '\n';
  const int fd =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, " exists; it is left as it is"));
  }
  if (fd < 0) return BadKey(path, std::strerror(errno));
  const bool written =
      write(fd, hex.data(), hex.size()) == static_cast<ssize_t>(hex.size()) &&
      fsync(fd) == 0;
  close(fd);
  return written ? absl::OkStatus() : BadKey(path, "cannot be written");
}

std::string ExportPseudonyms::Name(char kind, absl::string_view text,
                                   absl::string_view context) const {
  std::array<uint8_t, 10> hash;
  KeyedHash(key_, {"name", absl::string_view(&kind, 1), context, text}, &hash);
  return absl::StrCat(absl::string_view(&kind, 1), Base32(hash));
}

void ExportPseudonyms::ReplaceText(char kind, std::string* text) const {
  if (!text->empty()) *text = Name(kind, *text);
}

// --- Container numbers.

uint32_t ExportPseudonyms::Round(absl::string_view owner, int round,
                                 uint32_t half) const {
  const std::string number = absl::StrCat(round, ":", half);
  std::array<uint8_t, 8> hash;
  KeyedHash(key_, {"serial", owner, number}, &hash);
  uint64_t value = 0;
  for (const uint8_t byte : hash) value = value << 8 | byte;
  return static_cast<uint32_t>(value % kHalf);
}

// A balanced Feistel network over two halves of three digits.
uint32_t ExportPseudonyms::Permute(absl::string_view owner,
                                   uint32_t serial) const {
  uint32_t left = serial / kHalf, right = serial % kHalf;
  for (int round = 0; round < kRounds; ++round) {
    const uint32_t next = (left + Round(owner, round, right)) % kHalf;
    left = right;
    right = next;
  }
  return left * kHalf + right;
}

std::string ExportPseudonyms::ContainerNumber(absl::string_view number) const {
  bool ten = false;
  const absl::string_view first_ten = number.substr(0, 10);
  const int right_digit = scoring::CheckDigit(first_ten, &ten);
  const absl::string_view rest = number.substr(first_ten.size());
  if (right_digit < 0 || rest.size() > 1 ||
      (rest.size() == 1 && !absl::ascii_isdigit(rest[0]))) {
    return Name('X', number).substr(0, 14);
  }
  const absl::string_view owner = number.substr(0, kOwnerLength);
  uint32_t serial = 0;
  if (!absl::SimpleAtoi(first_ten.substr(kOwnerLength), &serial)) return "";
  // Goes on until the remainder is ten where it was, and not where it was not:
  // one to one within each of the two kinds.
  std::string other;
  bool other_ten = false;
  int digit = 0;
  do {
    serial = Permute(owner, serial);
    other = absl::StrCat(owner, absl::StrFormat("%06d", serial));
    digit = scoring::CheckDigit(other, &other_ten);
  } while (other_ten != ten);
  if (rest.empty()) return other;
  // A wrong digit stays as far off.
  const int off = rest[0] - '0' - right_digit;
  return absl::StrCat(other, (digit + off + 10) % 10);
}

void ExportPseudonyms::ReplaceNumber(std::string* number) const {
  if (containers_ == Containers::kReplace && !number->empty()) {
    *number = ContainerNumber(*number);
  }
}

// --- Movements.

std::string ExportPseudonyms::FirstHash(absl::string_view hash) const {
  const auto known = first_hashes_.find(hash);
  return known == first_hashes_.end() ? std::string(hash) : known->second;
}

void ExportPseudonyms::Learn(const v1::Movement& movement) {
  const v1::PickupRight& right = movement.pickup_right();
  if (right.previous_pin_hash().empty()) return;
  first_hashes_.try_emplace(
      right.pin_hash(), FirstHash(absl::string_view(right.previous_pin_hash())
                                      .substr(0, scoring::kPinHashBytes)));
}

void ExportPseudonyms::Replace(v1::Party* party) const {
  ReplaceText('P', party->mutable_id());
  if (!party->name().empty()) {
    party->set_name(Name('N', NameWithoutWriting(party->name())));
  }
  ReplaceText('A', party->mutable_account());
  ReplaceText('D', party->mutable_device());
}

void ExportPseudonyms::Replace(v1::PickupRight* right) const {
  ReplaceText('R', right->mutable_id());
  if (!right->pin_hash().empty()) {
    right->set_pin(Name('C', FirstHash(right->pin_hash())));
  }
  right->clear_pin_hash();
  right->clear_pin_key_id();
  right->clear_previous_pin_hash();
  if (right->has_actor()) Replace(right->mutable_actor());
  if (right->has_recipient()) Replace(right->mutable_recipient());
  if (right->has_nominee()) Replace(right->mutable_nominee());
}

void ExportPseudonyms::Replace(v1::Movement* m) const {
  m->set_id(Name('M', m->id(), m->source()));
  m->clear_origin();
  m->clear_pseudonyms();
  ReplaceText('W', m->mutable_work_order());
  if (m->has_container()) {
    v1::Container* container = m->mutable_container();
    ReplaceNumber(container->mutable_number());
    container->clear_number_raw();
    container->clear_number_status();
  }
  if (containers_ == Containers::kReplace) {
    if (m->has_container()) {
      ReplaceText('U', m->mutable_container()->mutable_reefer_unit());
    }
    for (v1::Seal& seal : *m->mutable_seals()) {
      ReplaceText('S', seal.mutable_number());
    }
  }
  if (!m->transport().plate().empty()) {
    m->mutable_transport()->set_plate(
        Name('L', PlateWithoutWriting(m->transport().plate())));
  }
  if (m->has_consignment()) {
    v1::Consignment* consignment = m->mutable_consignment();
    ReplaceText('B', consignment->mutable_booking());
    ReplaceText('B', consignment->mutable_bill_of_lading());
    ReplaceText('B', consignment->mutable_declaration());
  }
  if (m->has_pickup_right()) Replace(m->mutable_pickup_right());
  if (m->has_haulier()) Replace(m->mutable_haulier());
  if (m->has_carrier()) Replace(m->mutable_carrier());
  if (m->has_shipper()) Replace(m->mutable_shipper());
  if (m->has_consignee()) Replace(m->mutable_consignee());
  if (m->has_notify_party()) Replace(m->mutable_notify_party());
  if (m->has_declarant()) Replace(m->mutable_declarant());
  if (m->has_forwarder()) Replace(m->mutable_forwarder());
  if (m->has_terminal()) Replace(m->mutable_terminal());
}

// "<number>@<place>#<ordinal>". One that is named by something else has another
// name elsewhere, so it is left out: container and place say which it was.
void ExportPseudonyms::ReplaceUnit(std::string* unit) const {
  const size_t at = unit->find('@');
  if (at == std::string::npos ||
      absl::StartsWith(*unit, scoring::kConsignmentPrefix)) {
    unit->clear();
    return;
  }
  std::string number = unit->substr(0, at);
  ReplaceNumber(&number);
  *unit = absl::StrCat(number, unit->substr(at));
}

void ExportPseudonyms::Replace(v1::Outcome* outcome) const {
  outcome->set_id(Name('O', outcome->id(), outcome->source()));
  if (!outcome->container_number().empty()) {
    outcome->set_container_number(
        scoring::NormaliseContainerNumber(outcome->container_number()));
    ReplaceNumber(outcome->mutable_container_number());
  }
  ReplaceUnit(outcome->mutable_unit());
  if (outcome->has_assessment()) {
    v1::AssessmentRef* ref = outcome->mutable_assessment();
    ref->set_movement_id(Name('M', ref->movement_id(), ref->source()));
    ref->clear_sequence();
  }
  outcome->clear_reference();
  outcome->clear_note();
}

}  // namespace portrisk::service
