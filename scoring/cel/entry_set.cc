#include "scoring/cel/entry_set.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "scoring/iso6346.h"

namespace portrisk::scoring::cel {
namespace {

constexpr size_t kCommodityDigitsMin = 2;
constexpr size_t kCommodityDigitsMax = 10;
constexpr size_t kContainerNumberMax = 17;

constexpr size_t kLengthBytes = 2;
constexpr uint16_t kExpires = 0x8000;
constexpr uint8_t kTaken = 0x80;
constexpr size_t kSlotsMin = 16;
constexpr size_t kBytesMax = UINT32_MAX;

struct Entry {
  absl::string_view text;
  int64_t until;
  size_t next;
};

Entry ReadEntry(absl::string_view bytes, size_t at) {
  uint16_t length;
  memcpy(&length, bytes.data() + at, sizeof(length));
  Entry entry;
  const size_t size = length & ~kExpires;
  entry.text = bytes.substr(at + kLengthBytes, size);
  entry.until = EntrySet::kForever;
  entry.next = at + kLengthBytes + size;
  if ((length & kExpires) != 0) {
    memcpy(&entry.until, bytes.data() + entry.next, sizeof(entry.until));
    entry.next += sizeof(entry.until);
  }
  return entry;
}

bool IsLocode(absl::string_view text) {
  if (text.size() != 5) return false;
  for (size_t i = 0; i < 5; ++i) {
    const bool letter = text[i] >= 'A' && text[i] <= 'Z';
    const bool digit = text[i] >= '2' && text[i] <= '9';
    if (!letter && !(digit && i >= 2)) return false;
  }
  return true;
}

bool IsCommodity(absl::string_view text) {
  return text.size() >= kCommodityDigitsMin &&
         text.size() <= kCommodityDigitsMax &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

EntrySet::EntrySet(std::string name, EntryType type)
    : name_(std::move(name)), type_(type) {}

EntrySet::EntrySet(std::string name, EntryType type,
                   const std::vector<std::string>& entries)
    : EntrySet(std::move(name), type) {
  for (const std::string& entry : entries) Add(entry, kForever);
}

std::shared_ptr<const EntrySet> EntrySet::StandIn(std::string name,
                                                  EntryType type,
                                                  std::string source) {
  std::shared_ptr<EntrySet> set(new EntrySet(std::move(name), type));
  set->source_ = std::move(source);
  return set;
}

size_t EntrySet::SlotOf(absl::string_view text, uint8_t* tag) const {
  const size_t hash = absl::Hash<absl::string_view>()(text);
  const size_t mask = offsets_.size() - 1;
  // The top bits: those below choose the slot.
  *tag = static_cast<uint8_t>(hash >> (8 * sizeof(hash) - 7)) | kTaken;
  for (size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    if (tags_[slot] == 0) return slot;
    if (tags_[slot] != *tag) continue;
    const char* entry = bytes_.data() + offsets_[slot];
    uint16_t length;
    memcpy(&length, entry, sizeof(length));
    if (absl::string_view(entry + kLengthBytes, length & ~kExpires) == text) {
      return slot;
    }
  }
}

void EntrySet::Grow(size_t slots) {
  offsets_.assign(slots, 0);
  tags_.assign(slots, 0);
  for (size_t at = 0; at < bytes_.size();) {
    const Entry entry = ReadEntry(bytes_, at);
    uint8_t tag;
    const size_t slot = SlotOf(entry.text, &tag);
    tags_[slot] = tag;
    offsets_[slot] = static_cast<uint32_t>(at);
    at = entry.next;
  }
}

bool EntrySet::Add(absl::string_view text, int64_t until) {
  if (count_ + 1 > offsets_.size() / 4 * 3) {
    Grow(std::max(kSlotsMin, offsets_.size() * 2));
  }
  uint8_t tag;
  const size_t slot = SlotOf(text, &tag);
  if (tags_[slot] != 0) return false;
  // Text of normal form is bounded far below this; offsets are, too.
  assert(text.size() < kExpires && bytes_.size() < kBytesMax);
  tags_[slot] = tag;
  offsets_[slot] = static_cast<uint32_t>(bytes_.size());
  const bool expires = until != kForever;
  const auto length =
      static_cast<uint16_t>(text.size() | (expires ? kExpires : 0));
  bytes_.append(reinterpret_cast<const char*>(&length), kLengthBytes);
  bytes_.append(text.data(), text.size());
  if (expires) {
    bytes_.append(reinterpret_cast<const char*>(&until), sizeof(until));
  }
  if (type_ == EntryType::kHsPrefix) lengths_ |= 1u << text.size();
  ++count_;
  return true;
}

int64_t EntrySet::Find(absl::string_view text) const {
  if (count_ == 0) return kNotMember;
  uint8_t tag;
  const size_t slot = SlotOf(text, &tag);
  return tags_[slot] == 0 ? kNotMember
                          : ReadEntry(bytes_, offsets_[slot]).until;
}

int64_t EntrySet::MemberUntil(absl::string_view text) const {
  if (type_ != EntryType::kHsPrefix) return Find(text);
  const size_t longest = std::min(text.size(), kCommodityDigitsMax);
  int64_t until = kNotMember;
  for (size_t n = kCommodityDigitsMin; n <= longest; ++n) {
    if ((lengths_ >> n & 1) != 0) {
      until = std::max(until, Find(text.substr(0, n)));
    }
  }
  return until;
}

void EntrySet::ForEach(
    const std::function<void(absl::string_view, int64_t)>& visit) const {
  for (size_t at = 0; at < bytes_.size();) {
    const Entry entry = ReadEntry(bytes_, at);
    visit(entry.text, entry.until);
    at = entry.next;
  }
}

std::vector<std::string> EntrySet::entries() const {
  std::vector<std::string> texts;
  ForEach([&](absl::string_view text, int64_t) { texts.emplace_back(text); });
  return texts;
}

size_t EntrySet::memory_bytes() const {
  return bytes_.capacity() + tags_.capacity() +
         offsets_.capacity() * sizeof(offsets_[0]);
}

EntrySetBuilder::EntrySetBuilder(std::string name, EntryType type,
                                 size_t expected, size_t bytes)
    : set_(new EntrySet(std::move(name), type)) {
  size_t slots = kSlotsMin;
  while (slots / 4 * 3 < expected) slots *= 2;
  set_->Grow(slots);
  set_->bytes_.reserve(bytes + expected * kLengthBytes);
}

EntrySetBuilder::~EntrySetBuilder() = default;

bool EntrySetBuilder::Add(absl::string_view text, int64_t until) {
  return set_->Add(text, until);
}

std::shared_ptr<const EntrySet> EntrySetBuilder::Build() {
  set_->bytes_.shrink_to_fit();
  return std::move(set_);
}

const std::vector<std::string>& EntryTypeNames() {
  static const auto* const names = new std::vector<std::string>{
      "text", "locode", "container_number", "party_id", "hs_prefix"};
  return *names;
}

bool ParseEntryType(absl::string_view name, EntryType* type) {
  const auto& names = EntryTypeNames();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return false;
  *type = static_cast<EntryType>(found - names.begin());
  return true;
}

bool NormaliseEntry(EntryType type, std::string* entry) {
  switch (type) {
    case EntryType::kLocode:
      absl::AsciiStrToUpper(entry);
      entry->erase(std::remove(entry->begin(), entry->end(), ' '),
                   entry->end());
      return IsLocode(*entry);
    case EntryType::kContainerNumber:
      *entry = NormaliseContainerNumber(*entry);
      return !entry->empty() && entry->size() <= kContainerNumberMax;
    case EntryType::kHsPrefix:
      entry->erase(std::remove(entry->begin(), entry->end(), '.'),
                   entry->end());
      return IsCommodity(*entry);
    default:
      return !entry->empty();
  }
}

}  // namespace portrisk::scoring::cel
