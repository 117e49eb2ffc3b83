// What stands for whom in an export for replay elsewhere.
//
// Names are keyed BLAKE2b, cut to 80 bits and written as a letter and 16 of
// base 32: equal where what they stand for is equal, in any export by one key;
// without the key nobody can undo or link them. A container number becomes
// another one of the same owner group with the same status of its check digit,
// one to one, so that what a rule reads of a number stays.
//
// Replaced: parties (id, name, account, device), plates, ids and PINs of
// pick-up rights, ids of movements and outcomes, references of consignments and
// orders; with Containers::kReplace numbers, reefer units and seals, too. Left
// out: `origin`, free text of outcomes, and what admission makes anew. All else
// is as recorded, descriptions of goods included.
#ifndef PORTRISK_SERVICE_EXPORT_PSEUDONYMS_H_
#define PORTRISK_SERVICE_EXPORT_PSEUDONYMS_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/outcome.pb.h"
#include "service/admission.h"

namespace portrisk::service {

using ExportKey = SecretBytes<32>;

// A file of 64 hexadecimal digits that others cannot read.
absl::StatusOr<ExportKey> LoadExportKey(const std::string& path);
// A random one into a new file of mode 0600; ALREADY_EXISTS when there is one.
absl::Status CreateExportKey(const std::string& path);

// Owned by one thread.
class ExportPseudonyms {
 public:
  enum class Containers { kKeep, kReplace };

  ExportPseudonyms(const ExportKey& key, Containers containers)
      : key_(key), containers_(containers) {}

  // Of every movement of the journal from its beginning, in order, whether it
  // is exported or not: which hashes of PINs are of the same PIN across a
  // rotation of the key.
  void Learn(const v1::Movement& movement);

  // Of a journaled movement that was learnt: one that admission takes.
  void Replace(v1::Movement* movement) const;
  void Replace(v1::Outcome* outcome) const;

  // Of a number in normal form; other texts become a name.
  std::string ContainerNumber(absl::string_view number) const;

 private:
  std::string Name(char kind, absl::string_view text,
                   absl::string_view context = "") const;
  void ReplaceText(char kind, std::string* text) const;
  void Replace(v1::Party* party) const;
  void Replace(v1::PickupRight* right) const;
  void ReplaceNumber(std::string* number) const;
  void ReplaceUnit(std::string* unit) const;
  // A step of a permutation of 0 to 999,999.
  uint32_t Permute(absl::string_view owner, uint32_t serial) const;
  uint32_t Round(absl::string_view owner, int round, uint32_t half) const;
  // The first hash that a PIN was seen with.
  std::string FirstHash(absl::string_view hash) const;

  const ExportKey key_;
  const Containers containers_;
  absl::flat_hash_map<std::string, std::string> first_hashes_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EXPORT_PSEUDONYMS_H_
