// A list that conditions look things up in:
// `movement.consignment.loading_locode in risky_ports`. Immutable after
// construction; one hash look-up a question, at most nine for commodity
// prefixes.
//
// Entries stand one behind the other in one block of bytes, found through an
// open-addressing table of their offsets. A container number costs 13 bytes,
// 8 more with an expiry, and 5 for each slot of the table, of which between
// 3/8 and 3/4 are taken: 20 to 35 bytes an entry.
#ifndef PORTRISK_SCORING_CEL_ENTRY_SET_H_
#define PORTRISK_SCORING_CEL_ENTRY_SET_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace portrisk::scoring::cel {

enum class EntryType : uint8_t {
  kText,             // Compared as written.
  kLocode,           // UN/LOCODE: NLRTM.
  kContainerNumber,  // In normal form.
  kPartyId,          // Compared as written.
  kHsPrefix,         // Matches every commodity code that starts with it.
};

class DeclaredValues;
class DerivedRoots;

class EntrySet {
 public:
  static constexpr int64_t kNotMember = INT64_MIN;
  static constexpr int64_t kForever = INT64_MAX;

  // `entries` are in the form NormaliseEntry gives; doubles count once.
  EntrySet(std::string name, EntryType type,
           const std::vector<std::string>& entries);

  // Stands for a list that is loaded and swapped apart from the rule set:
  // `source` is that list's name. Holds nothing itself.
  static std::shared_ptr<const EntrySet> StandIn(std::string name,
                                                 EntryType type,
                                                 std::string source);

  // Until when the text is a member, in Unix seconds, exclusive: kForever for
  // an entry without expiry, kNotMember when there is no entry. Of several
  // prefixes that match, the one that lasts longest.
  int64_t MemberUntil(absl::string_view text) const;
  bool Contains(absl::string_view text) const {
    return MemberUntil(text) != kNotMember;
  }

  const std::string& name() const { return name_; }
  EntryType type() const { return type_; }
  // Empty for a list of the document itself.
  const std::string& source() const { return source_; }
  size_t size() const { return count_; }
  // In the order they were added.
  void ForEach(const std::function<void(absl::string_view text, int64_t until)>&
                   visit) const;
  std::vector<std::string> entries() const;
  size_t memory_bytes() const;

 private:
  friend class EntrySetBuilder;
  EntrySet(std::string name, EntryType type);

  // False when the text is there already.
  bool Add(absl::string_view text, int64_t until);
  int64_t Find(absl::string_view text) const;
  // The slot of the text, or the free one where it belongs.
  size_t SlotOf(absl::string_view text, uint8_t* tag) const;
  void Grow(size_t slots);

  const std::string name_;
  const EntryType type_;
  std::string source_;
  // Of each entry: its length with the top bit for "expires", in 2 bytes, the
  // text, and 8 bytes of expiry where it has one.
  std::string bytes_;
  std::vector<uint32_t> offsets_;  // Into bytes_; by slot.
  std::vector<uint8_t> tags_;      // 7 bits of the hash; 0 where free.
  size_t count_ = 0;
  uint32_t lengths_ = 0;  // Bit n: a prefix of n digits exists.
};

// Makes a set entry by entry.
class EntrySetBuilder {
 public:
  // `expected` entries of together `bytes` bytes: what memory to set aside.
  EntrySetBuilder(std::string name, EntryType type, size_t expected,
                  size_t bytes);
  ~EntrySetBuilder();
  // `text` is in normal form, at most kListEntryBytesMax bytes. False when it
  // is there already. `until` as MemberUntil returns it.
  bool Add(absl::string_view text, int64_t until);
  std::shared_ptr<const EntrySet> Build();

 private:
  std::unique_ptr<EntrySet> set_;
};

// What an evaluation depends on besides the messages.
struct ListContext {
  static constexpr int64_t kNoTime = INT64_MIN;
  // The movement's occurrence time in Unix seconds.
  int64_t now_seconds = kNoTime;
  // The lists in force, by number of Program::sets; null where not loaded.
  // Null pointer: the program's own, so that every stand-in is not loaded.
  const EntrySet* const* sets = nullptr;
  // Where declared values come from; null: they are unknown.
  DeclaredValues* declared = nullptr;
  // Fills in the roots' messages; null: they are as they shall be.
  DerivedRoots* derived = nullptr;
};

// "text", "locode", "container_number", "party_id", "hs_prefix".
const std::vector<std::string>& EntryTypeNames();
bool ParseEntryType(absl::string_view name, EntryType* type);

// Brings an entry to normal form; false when it cannot be one of the type.
bool NormaliseEntry(EntryType type, std::string* entry);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_ENTRY_SET_H_
