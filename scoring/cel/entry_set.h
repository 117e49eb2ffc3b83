// A list that a rule set declares and its conditions look things up in:
// `movement.consignment.loading_locode in risky_ports`. Immutable after
// construction; one hash look-up a question, five for commodity prefixes.
#ifndef PORTRISK_SCORING_CEL_ENTRY_SET_H_
#define PORTRISK_SCORING_CEL_ENTRY_SET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

namespace portrisk::scoring::cel {

enum class EntryType : uint8_t {
  kText,             // Compared as written.
  kLocode,           // UN/LOCODE: NLRTM.
  kContainerNumber,  // In normal form.
  kPartyId,          // Compared as written.
  kHsPrefix,         // Matches every commodity code that starts with it.
};

class EntrySet {
 public:
  // `entries` are in the form NormaliseEntry gives.
  EntrySet(std::string name, EntryType type, std::vector<std::string> entries);

  bool Contains(absl::string_view text) const;

  const std::string& name() const { return name_; }
  EntryType type() const { return type_; }
  size_t size() const { return entries_.size(); }
  const absl::flat_hash_set<std::string>& entries() const { return entries_; }

 private:
  const std::string name_;
  const EntryType type_;
  absl::flat_hash_set<std::string> entries_;
  uint32_t lengths_ = 0;  // Bit n: a prefix of n digits exists.
};

// "text", "locode", "container_number", "party_id", "hs_prefix".
const std::vector<std::string>& EntryTypeNames();
bool ParseEntryType(absl::string_view name, EntryType* type);

// Brings an entry to normal form; false when it cannot be one of the type.
bool NormaliseEntry(EntryType type, std::string* entry);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_ENTRY_SET_H_
