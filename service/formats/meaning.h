// What the segments of EDIFACT and X12 messages mean, as tables. The reader
// (message_reader.h) interprets them and `portrisk formats` prints them; there
// is no other place where a message type is described.
//
// A message type says which groups of segments it has (Group), and the rules
// say which part of which segment fills which field of a Movement (Rule). To
// read a new qualifier is to add a line to a table; a new message type is a
// Definition (definitions.h), its groups and its rules.
//
// All pure and constant after first use; any number of threads.
#ifndef PORTRISK_SERVICE_FORMATS_MEANING_H_
#define PORTRISK_SERVICE_FORMATS_MEANING_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "portrisk/v1/movement.pb.h"

namespace portrisk::service {

enum class MessageType : uint8_t {
  kCodeco,
  kCoarri,
  kCoparn,
  kCoreor,
  kCopino,
  kCostco,
  kIftsta,
  kIftmin,
  kCuscar,
  kCusrep,
  kBaplie,
  kX309,
  kX315,
  kX322,
  kOther,  // None that we read.
};
inline constexpr size_t kMessageTypes =
    static_cast<size_t>(MessageType::kOther);

// Sets of message types, one bit each.
using MessageSet = uint32_t;
constexpr MessageSet In(MessageType type) {
  return MessageSet{1} << static_cast<uint8_t>(type);
}

// Which part of a message a segment stands in. Bits, so that a rule can name
// several.
using Scopes = uint16_t;
inline constexpr Scopes kHeader = 1;       // Before any of the following.
inline constexpr Scopes kLeg = 2;          // Behind the message's transport.
inline constexpr Scopes kConsignment = 4;  // Of a consignment (CNI, LX).
inline constexpr Scopes kGoods = 8;        // Of a goods item (GID).
inline constexpr Scopes kStatus = 16;      // Of a status (STS).
inline constexpr Scopes kUnit = 32;        // Of one container.
inline constexpr Scopes kUnitLeg = 64;     // Behind a container's transport.
inline constexpr Scopes kTrailer = 128;    // Behind the last container.
inline constexpr Scopes kDangerous = 256;  // A remark on dangerous goods.
inline constexpr Scopes kAnywhere = 127;
inline constexpr Scopes kTop = kHeader | kLeg;

// Component of an element; both count from 0, and element 0 is the tag.
struct Part {
  uint8_t element = 0;
  uint8_t component = 0;
};

// How a part is understood. What takes read beside the rule's own part is said
// here, and the field's path lists all that they fill.
enum class Take : uint8_t {
  kText,         // As it stands; the last one wins.
  kFirst,        // The first one wins.
  kLocode,       // If it has the form of a UN/LOCODE; the last one wins.
  kFirstLocode,  // The same; the first one wins.
  kDigits,       // If it holds a digit.
  kNumber,       // A container's number.
  kFirstNumber,
  kX12Number,   // Initial here, number behind it, check digit in Rule::extra.
  kBill,        // The first stands; another makes the box consolidated.
  kX12Bill,     // The number; the issuer's SCAC in Rule::extra comes before it.
  kRelease,     // Reference of an electronic pick-up right.
  kPlace,       // LOC 2.0, 2.3, 3.0 and 3.2.
  kFirstPlace,  // The same, unless a place is known.
  kX12Place,    // A code where Rule::extra says "UN", else a name.
  kX12FirstPlace,  // If it has the form of a UN/LOCODE and none is known.
  kX12Port,        // R4 3 and 4.
  kWeight,         // The unit is in Rule::extra.
  kFirstWeight,
  kWeightSum,  // Of the items of one consignment.
  kCountSum,   // Packages.
  kMode,       // Of an inland leg.
  kSeaMode,    // Of a main leg; SEA when it does not say.
  kImo,        // If of seven digits and not marked as a call sign behind it.
  kCallSign,   // If marked as one behind it, or neither marked nor an IMO.
  kPlate,      // Of a road vehicle: 8.0, else 8.3.
  kBargeName,  // Of a barge: 8.0, else 8.3.
  kLegParty,   // TDT 5.0, 5.2, 5.3.
  kNadParty,   // NAD 2.0, 2.2, 4.0 or 3.0, 9.0.
  kX12Party,   // N1 2, 3 and 4.
  kSeal,       // SEL 1 and 2.
  kX12Seal,    // Who sealed may be in Rule::extra.
  kGoods,      // FTX 4.0 to 4.4.
  kX12Goods,
  kLoadStatus,  // 8169.
  kX12LoadStatus,
  kNotMoved,      // 8249.
  kTime,          // When it happened; the format is behind it.
  kX12Time,       // Date here, time behind it, zone behind that.
  kPrepared,      // When the message was prepared.
  kTimestamp,     // Into a time field; the format is behind it.
  kX12Date,       // Into a time field.
  kStatusCode,    // What happened, by a status code.
  kDocumentName,  // What happened, by the document's name.
  kDocumentNumber,
  kFunction,          // Original, change, cancellation.
  kPreviousDocument,  // The document that this one changes.
  kCorrection,        // Corrects a message before.
  kSender,
  kAmendment,       // Changes or deletes a bill, as is here or in Rule::extra.
  kLink,            // SGP: a container of this consignment.
  kContainerCount,  // CNT+16.
};

// A field of a Movement, or several of a composite take ("a, b"). Exactly one
// accessor is set, or none for a composite.
struct Field {
  absl::string_view path;
  std::string* (*text)(v1::Movement*) = nullptr;
  void (*number)(v1::Movement*, int32_t) = nullptr;
  bool (*has_number)(const v1::Movement&) = nullptr;
  int32_t (*get_number)(const v1::Movement&) = nullptr;
  google::protobuf::Timestamp* (*time)(v1::Movement*) = nullptr;
  v1::Party* (*party)(v1::Movement*) = nullptr;
};

// Whose transport a leg describes.
enum class Leg : uint8_t {
  kAny,
  kMain,    // The vessel.
  kInland,  // The lorry, train or barge at the gate.
  kOther,   // Before or after what the message is about.
};

struct Rule {
  MessageSet in = 0;
  Scopes at = 0;
  absl::string_view tag;
  // The rule holds where the part `key` is one of `codes`, separated by '|'
  // ("-" is the empty part); no codes: always.
  Part key;
  absl::string_view codes;
  Part value;
  Take take = Take::kText;
  const Field* field = nullptr;  // Null: what the reader itself needs.
  Leg leg = Leg::kAny;
  uint8_t rank = 0;  // Of times and first places: the highest rank wins.
  Part extra;        // A second part, as the take says.
  // A second condition.
  Part key2;
  absl::string_view codes2;
  v1::Event only = v1::EVENT_UNSPECIFIED;  // Only in reports of this event.
  // How firm a report at this time is; unspecified: as its document says.
  v1::Classifier classifier = v1::CLASSIFIER_UNSPECIFIED;
  absl::string_view tolerated;  // What it is called when it had to be applied.

  // This rule, but for what is named.
  template <typename T>
  constexpr Rule With(T Rule::*member, T value) const {
    Rule rule = *this;
    rule.*member = value;
    return rule;
  }
  // How the tables write the rarer parts.
  constexpr Rule On(Leg value) const { return With(&Rule::leg, value); }
  constexpr Rule Rank(uint8_t value) const { return With(&Rule::rank, value); }
  constexpr Rule Extra(Part value) const { return With(&Rule::extra, value); }
  constexpr Rule And(Part part, absl::string_view of) const {
    return With(&Rule::key2, part).With(&Rule::codes2, of);
  }
  constexpr Rule Only(v1::Event value) const {
    return With(&Rule::only, value);
  }
  constexpr Rule As(v1::Classifier value) const {
    return With(&Rule::classifier, value);
  }
  constexpr Rule Tolerated(absl::string_view value) const {
    return With(&Rule::tolerated, value);
  }
};

// What a group of segments is.
enum class Role : uint8_t {
  kPart,         // More about what it stands in.
  kRemark,       // The same, of MEA and FTX alone; then that goes on.
  kContext,      // Holds for what stands in it.
  kUnit,         // Gives a movement.
  kUnitIfAlone,  // Gives one when nothing in it did.
  kHeld,         // Equipment that consignments further on refer to.
  kConsignmentOfHeld,
  kItem,     // Goods of the boxes that it names, or else of all.
  kIgnored,  // Equipment that is no container; counted.
  kTrailer,
};

struct Group {
  MessageSet in = 0;
  absl::string_view tag;
  absl::string_view codes;  // Of the part 1.0; as in Rule.
  Scopes from = 0;          // The scopes that it can begin in.
  Scopes opens = 0;
  uint8_t level = 0;  // 0 is the message; a group ends all of its level.
  Role role = Role::kPart;
};

// What a message does to what was sent before (1225).
enum class Function : uint8_t {
  kOriginal,
  kReplace,
  kCancel,
  kNoReport,  // A request, a refusal, a change of a part alone.
  kUnknown,   // Read as an original, and counted.
};

// Every rule and every group of the standard, in the order of the tables.
absl::Span<const Rule> EdifactRules();
absl::Span<const Group> EdifactGroups();
absl::Span<const Rule> X12Rules();
absl::Span<const Group> X12Groups();

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_MEANING_H_
