#include "scoring/cel/entry_set.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "scoring/iso6346.h"

namespace portrisk::scoring::cel {
namespace {

constexpr size_t kCommodityDigitsMin = 2;
constexpr size_t kCommodityDigitsMax = 10;
constexpr size_t kContainerNumberMax = 17;

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

EntrySet::EntrySet(std::string name, EntryType type,
                   std::vector<std::string> entries)
    : name_(std::move(name)), type_(type) {
  for (const std::string& entry : entries) {
    if (type == EntryType::kHsPrefix) lengths_ |= 1u << entry.size();
  }
  entries_.insert(std::make_move_iterator(entries.begin()),
                  std::make_move_iterator(entries.end()));
}

bool EntrySet::Contains(absl::string_view text) const {
  if (type_ != EntryType::kHsPrefix) return entries_.contains(text);
  const size_t longest = std::min(text.size(), kCommodityDigitsMax);
  for (size_t n = kCommodityDigitsMin; n <= longest; ++n) {
    if ((lengths_ >> n & 1) != 0 && entries_.contains(text.substr(0, n))) {
      return true;
    }
  }
  return false;
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
