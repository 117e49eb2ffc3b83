#include "service/keys.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "service/formats/text.h"

namespace portrisk::service {
namespace {

constexpr size_t kHeadingDigits = 4;
constexpr size_t kLocodeBytes = 5;
constexpr size_t kFacilityInline = 12;

// Bytes of a key, on the stack.
class Name {
 public:
  Name& Byte(char c) {
    bytes_[size_++] = c;
    return *this;
  }
  Name& Number(uint64_t value) {
    value = __builtin_bswap64(value);  // Big-endian, on what we run on.
    std::memcpy(bytes_ + size_, &value, sizeof value);
    size_ += sizeof value;
    return *this;
  }
  Name& Table(uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      Byte(static_cast<char>(number >> shift & 0xff));
    }
    return *this;
  }
  // Filled up with zero bytes to `width`.
  Name& Text(absl::string_view text, size_t width) {
    for (size_t i = 0; i < width; ++i) Byte(i < text.size() ? text[i] : '\0');
    return *this;
  }
  // Public: who a key names stands in it as a pseudonym already. With 96 bits
  // and more two texts never meet.
  Name& Hash(absl::string_view text, size_t width) {
    constexpr std::array<uint8_t, crypto_shorthash_siphashx24_KEYBYTES> kKey = {
        'p', 'o', 'r', 't', 'r', 'i', 's', 'k',
        ' ', 'a', 'g', 'g', ' ', 'k', 'e', 'y'};
    uint8_t hash[crypto_shorthash_siphashx24_BYTES];
    crypto_shorthash_siphashx24(hash,
                                reinterpret_cast<const uint8_t*>(text.data()),
                                text.size(), kKey.data());
    return Text({reinterpret_cast<const char*>(hash), width}, width);
  }
  EntityKey Key(char kind) const { return EntityKey(kind, {bytes_, size_}); }

 private:
  char bytes_[32];
  size_t size_ = 0;
};

// Parts of what is hashed, on the stack. A length before each text keeps
// ("ab", "c") apart from ("a", "bc"), a mark what is not said from zero.
class Parts {
 public:
  Parts& Text(absl::string_view text) {
    const size_t taken = std::min(text.size(), kMost);
    text_[size_++] = static_cast<char>(text.size());
    std::copy_n(text.data(), taken, text_ + size_);
    size_ += taken;
    return *this;
  }
  // In millionths, so that no writing of a number makes a difference.
  Parts& Number(bool present, double value) {
    text_[size_++] = present ? 1 : 0;
    const auto millionths =
        static_cast<uint64_t>(present ? std::llround(value * 1e6) : 0);
    for (int shift = 56; shift >= 0; shift -= 8) {
      text_[size_++] = static_cast<char>(millionths >> shift & 0xff);
    }
    return *this;
  }
  absl::string_view view() const { return {text_, size_}; }

 private:
  static constexpr size_t kMost = 64;  // Of a text; more than is hashed here.
  char text_[6 * (kMost + 1)];
  size_t size_ = 0;
};

// The finaliser of SplitMix64: each bit of the result depends on each of x.
uint64_t Mix(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9;
  x ^= x >> 27;
  x *= 0x94d049bb133111eb;
  return x ^ x >> 31;
}

uint64_t Pack(absl::string_view text) {
  uint64_t value = 0;
  for (const char c : text) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

// No movement has an empty source.
Digest ControlIdentity(char kind, absl::string_view source,
                       absl::string_view id) {
  std::string text = {kind, static_cast<char>(source.size())};
  text.append(source.data(), source.size()).append(id.data(), id.size());
  return IdentityOf("", text);
}

// A line of trade, as narrowly as the slot has it.
bool NameLine(scoring::FindSlot slot, const scoring::FindNames& names,
              Name* name) {
  using scoring::FindSlot;
  constexpr size_t kHashBytes = 15;
  if (names.code.empty() || names.declared == nullptr) return false;
  const v1::Declared& line = *names.declared;
  if (line.origin_country().empty()) return false;
  if (slot == FindSlot::kCodeOrigin) {
    name->Text(names.code, scoring::kCodeDigits).Text(line.origin_country(), 2);
    return true;
  }
  Parts parts;
  parts.Text(names.code)
      .Text(line.origin_country())
      .Text(line.departure_country())
      .Text(line.duty_type())
      .Number(line.has_duty_percent(), line.duty_percent());
  if (slot == FindSlot::kSameGoods) {
    if (!line.has_net_kg() || !line.has_value()) return false;
    parts.Number(true, line.net_kg())
        .Number(true, line.value())
        .Text(line.currency());
  }
  name->Hash(parts.view(), kHashBytes);
  return true;
}

}  // namespace

std::string ContentHash(absl::string_view content) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()),
                     reinterpret_cast<const unsigned char*>(content.data()),
                     content.size());
  return absl::StrCat("sha256:", absl::BytesToHexString(hash));
}

EntityKey PartyKey(char role, uint64_t party) {
  return Name().Byte(role).Number(party).Key('P');
}

EntityKey AccountKey(uint64_t account) {
  return Name().Number(account).Key('A');
}

EntityKey DeviceKey(uint64_t device) { return Name().Number(device).Key('D'); }

EntityKey CredentialKey(uint64_t identity, uint64_t device) {
  return Name().Number(identity).Number(device).Key('I');
}

EntityKey PlateKey(uint64_t haulier, uint64_t plate) {
  return Name().Number(haulier).Number(plate).Key('L');
}

EntityKey TradeKey(uint64_t shipper, uint64_t consignee,
                   absl::string_view commodity) {
  const uint64_t goods = Pack(commodity.substr(0, kHeadingDigits));
  return Name().Number(shipper).Number(Mix(consignee + Mix(goods))).Key('X');
}

EntityKey PortUseKey(char role, uint64_t party, absl::string_view locode) {
  return Name().Byte(role).Number(party).Text(locode, kLocodeBytes).Key('U');
}

EntityKey RouteKey(absl::string_view from, absl::string_view via,
                   absl::string_view to, absl::string_view chapter) {
  return Name()
      .Text(from, kLocodeBytes)
      .Text(to, kLocodeBytes)
      .Text(via, kLocodeBytes)
      .Text(chapter, 2)
      .Key('O');
}

EntityKey ConsignmentKey(absl::string_view reference) {
  return Name().Hash(reference, 16).Key('K');
}

EntityKey VesselKey(absl::string_view imo) { return EntityKey('V', imo); }

EntityKey FacilityKey(absl::string_view locode, absl::string_view facility) {
  Name name;
  name.Text(locode, kLocodeBytes);
  if (facility.size() <= kFacilityInline) {
    name.Text(facility, kFacilityInline);
  } else {
    name.Text(facility.substr(0, 4), 4).Number(Fnv1a(facility));
  }
  return name.Key('F');
}

EntityKey AggregateKey(uint32_t table, absl::string_view value) {
  constexpr size_t kHashBytes = 12;
  return Name().Table(table).Hash(value, kHashBytes).Key(kAggregateKind);
}

// A hash, since two facilities, say, do not fit.
EntityKey SpreadKey(const scoring::SpreadName& name) {
  constexpr size_t kHashBytes = 15;
  Parts parts;
  for (const absl::string_view part :
       {name.locode, name.facility, name.to_locode, name.to_facility,
        name.before_locode, name.other}) {
    parts.Text(part);
  }
  return Name()
      .Byte(static_cast<char>(name.family))
      .Byte(static_cast<char>(name.detail))
      .Hash(parts.view(), kHashBytes)
      .Key('Z');
}

std::string AggregatePrefix(uint32_t table) {
  const EntityKey key = Name().Table(table).Key(kAggregateKind);
  return std::string(key.view().substr(0, kAggregatePrefixBytes));
}

EntityKey AggregateProgressKey(uint32_t table) {
  return Name().Table(table).Key(kAggregateProgressKind);
}

EntityKey OccurrenceKey(uint64_t segment) {
  return Name().Number(segment).Key(kOccurrenceKind);
}

std::optional<EntityKey> FindKey(scoring::FindSlot slot,
                                 const scoring::FindNames& names) {
  using scoring::FindSlot;
  Name name;
  name.Byte(static_cast<char>(slot));
  switch (slot) {
    case FindSlot::kAll:
      break;
    case FindSlot::kFacility:
      if (names.locode.empty() && names.facility.empty()) return std::nullopt;
      name.Text(names.locode, kLocodeBytes);
      if (names.facility.size() < kFacilityInline) {
        name.Text(names.facility, names.facility.size());
      } else {
        name.Text(names.facility, 3).Number(Fnv1a(names.facility));
      }
      break;
    case FindSlot::kRoute:
      if (names.from.empty() || names.to.empty()) return std::nullopt;
      name.Text(names.from, kLocodeBytes).Text(names.to, kLocodeBytes);
      break;
    case FindSlot::kOrigin:
      if (names.from.empty()) return std::nullopt;
      name.Text(names.from, kLocodeBytes);
      break;
    case FindSlot::kCommodity:
      if (names.from.empty() || names.chapter.empty()) return std::nullopt;
      name.Text(names.from, kLocodeBytes).Text(names.chapter, 2);
      break;
    case FindSlot::kChapter:
      if (names.chapter.empty()) return std::nullopt;
      name.Text(names.chapter, 2);
      break;
    case FindSlot::kConsignee:
      if (!names.consignee) return std::nullopt;
      name.Number(*names.consignee);
      break;
    case FindSlot::kShipper:
      if (!names.shipper) return std::nullopt;
      name.Number(*names.shipper);
      break;
    case FindSlot::kDeclarant:
      if (!names.declarant) return std::nullopt;
      name.Number(*names.declarant);
      break;
    case FindSlot::kCode:
      if (names.code.empty()) return std::nullopt;
      name.Text(names.code, scoring::kCodeDigits);
      break;
    case FindSlot::kCodeOrigin:
    case FindSlot::kLine:
    case FindSlot::kSameGoods:
      if (!NameLine(slot, names, &name)) return std::nullopt;
      break;
  }
  return name.Key('N');
}

std::optional<EntityKey> ControlLogKey(absl::string_view number,
                                       absl::string_view unit) {
  if (!number.empty()) return EntityKey('W', number);
  if (unit.empty()) return std::nullopt;
  const Digest digest = IdentityOf("", unit);
  return EntityKey('w', KeyView(digest));
}

Digest OutcomeIdentity(absl::string_view source, absl::string_view id) {
  return ControlIdentity(1, source, id);
}

Digest DecisionIdentity(absl::string_view source, absl::string_view id) {
  return ControlIdentity(2, source, id);
}

}  // namespace portrisk::service
