#include "service/formats/parties.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace portrisk::service {
namespace {

// In capitals, with single blanks between and one behind.
std::string Words(absl::string_view name) {
  std::string words;
  for (const char c : name) {
    if (absl::ascii_isalnum(c) || !absl::ascii_isascii(c)) {
      words.push_back(absl::ascii_toupper(c));
    } else if (!words.empty() && words.back() != ' ') {
      words.push_back(' ');
    }
  }
  if (!words.empty() && words.back() != ' ') words.push_back(' ');
  return words;
}

// The words that stand in place of a name; empty where there is a name.
std::string FillerOf(const v1::Party& party) {
  const std::string& name = party.name();
  if (!party.id().empty() || (!absl::StartsWithIgnoreCase(name, "SAME") &&
                              !absl::StartsWithIgnoreCase(name, "TO"))) {
    return "";
  }
  std::string words = Words(name);
  const bool filler = words == "SAME " || absl::StartsWith(words, "SAME AS ") ||
                      absl::StartsWith(words, "TO ORDER ") ||
                      absl::StartsWith(words, "TO THE ORDER ");
  return filler ? words : "";
}

// Whom a filler means; null for nobody.
const v1::Party* MeantBy(absl::string_view filler, const v1::Movement& said) {
  if (!absl::StartsWith(filler, "SAME ")) return nullptr;
  const bool consignee = absl::StrContains(filler, " CONSIGNEE ");
  if (consignee && said.has_consignee()) return &said.consignee();
  const bool shipper = absl::StrContains(filler, " SHIPPER ");
  if (shipper && said.has_shipper()) return &said.shipper();
  const bool notify_party = absl::StrContains(filler, " NOTIFY ");
  if (notify_party && said.has_notify_party()) return &said.notify_party();
  return nullptr;
}

}  // namespace

void ResolveParties(v1::Movement* movement) {
  const std::string shipper = FillerOf(movement->shipper());
  const std::string consignee = FillerOf(movement->consignee());
  std::string notify_party = FillerOf(movement->notify_party());
  if (shipper.empty() && consignee.empty() && notify_party.empty()) return;
  // Fillers go first, so that none is taken for the party that another means.
  if (!shipper.empty()) movement->clear_shipper();
  if (!consignee.empty()) movement->clear_consignee();
  if (!notify_party.empty()) movement->clear_notify_party();
  if (notify_party == "SAME " || notify_party == "SAME AS ABOVE ") {
    notify_party = "SAME AS CONSIGNEE ";
  }
  const v1::Movement said = *movement;
  if (const v1::Party* party = MeantBy(shipper, said)) {
    *movement->mutable_shipper() = *party;
  }
  if (const v1::Party* party = MeantBy(consignee, said)) {
    *movement->mutable_consignee() = *party;
  }
  if (const v1::Party* party = MeantBy(notify_party, said)) {
    *movement->mutable_notify_party() = *party;
  }
}

}  // namespace portrisk::service
