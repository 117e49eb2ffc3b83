// Keys of the store as the engine forms them; store/FORMAT.md specifies them.
#ifndef PORTRISK_SERVICE_KEYS_H_
#define PORTRISK_SERVICE_KEYS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "scoring/finds.h"
#include "scoring/spans.h"
#include "service/entity_key.h"
#include "service/task.h"
#include "store/store.h"

namespace portrisk::service {

inline constexpr char kCatalogueKey[] = "catalogue";
// Of an evaluation's report, in rule_sets.
inline std::string ReportKey(uint64_t evaluation) {
  return "report" + store::BigEndian64(evaluation);
}
inline constexpr char kAggregateKind = 'G';
inline constexpr char kAggregateProgressKind = 'g';
inline constexpr size_t kAggregatePrefixBytes = 5;  // Kind and table.

// What content is known by: "sha256:" and 64 hex digits.
std::string ContentHash(absl::string_view content);

inline EntityKey ContainerKey(absl::string_view number) {
  return EntityKey('C', number);
}

// The right to collect a container.
inline EntityKey RightKey(absl::string_view number) {
  return EntityKey('R', number);
}

// A right whose container is not known.
inline EntityKey RightKeyOfId(absl::string_view id) {
  const Digest digest = IdentityOf("", id);
  return EntityKey(
      'r', {reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// What has a profile and nothing else, by pseudonyms. `role` is a PartyRole.
EntityKey PartyKey(char role, uint64_t party);
EntityKey AccountKey(uint64_t account);
EntityKey DeviceKey(uint64_t device);
EntityKey CredentialKey(uint64_t identity, uint64_t device);
EntityKey PlateKey(uint64_t haulier, uint64_t plate);
EntityKey TradeKey(uint64_t shipper, uint64_t consignee,
                   absl::string_view commodity);
EntityKey PortUseKey(char role, uint64_t party, absl::string_view locode);
EntityKey RouteKey(absl::string_view from, absl::string_view via,
                   absl::string_view to, absl::string_view chapter);

EntityKey VesselKey(absl::string_view imo);
// Papers with this reference (scoring/consignment.h).
EntityKey ConsignmentKey(absl::string_view reference);
// What was reported without a facility is a facility of its own.
EntityKey FacilityKey(absl::string_view locode, absl::string_view facility);

// Controls and finds of a group; nothing where the names do not say which.
std::optional<EntityKey> FindKey(scoring::FindSlot slot,
                                 const scoring::FindNames& names);
// Spans of the past.
EntityKey SpreadKey(const scoring::SpreadName& name);
// Outcomes and decisions of a container or, where there is none, of a unit;
// nothing where both are empty.
std::optional<EntityKey> ControlLogKey(absl::string_view number,
                                       absl::string_view unit);

// Identities of outcomes and decisions. They share a table with those of
// movements; what is hashed tells the three apart.
Digest OutcomeIdentity(absl::string_view source, absl::string_view id);
Digest DecisionIdentity(absl::string_view source, absl::string_view id);

// The counts of rules.
inline EntityKey TalliesKey() { return EntityKey('T', ""); }

// A state of the aggregates of one table; `value` is what AggregateInput::
// StateKeyOf gives. All of a table have one prefix.
EntityKey AggregateKey(uint32_t table, absl::string_view value);
std::string AggregatePrefix(uint32_t table);
// Up to where the stored states of a table are complete.
EntityKey AggregateProgressKey(uint32_t table);

// When a segment of the journal occurred (occurrence_index.h).
inline constexpr char kOccurrenceKind = 'S';
EntityKey OccurrenceKey(uint64_t segment);

// The name inside a key of kind 'C' or 'R'.
inline absl::string_view NameOf(const EntityKey& key) {
  return {key.bytes + 1, strnlen(key.bytes + 1, EntityKey::kSize - 1)};
}

inline absl::string_view KeyView(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

inline std::string ContainerIndexPrefix(absl::string_view number) {
  std::string key(number);
  key.push_back('\0');
  return key;
}

inline std::string ContainerIndexKey(absl::string_view number,
                                     uint64_t sequence) {
  return ContainerIndexPrefix(number) + store::BigEndian64(sequence);
}

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_KEYS_H_
