// What each message type is, and the codes that say what it reports; its
// groups and rules are in meaning.h.
//
// All pure and constant; any number of threads.
#ifndef PORTRISK_SERVICE_FORMATS_DEFINITIONS_H_
#define PORTRISK_SERVICE_FORMATS_DEFINITIONS_H_

#include "service/formats/meaning.h"

namespace portrisk::service {

// How the legs of a message are told apart.
enum class Legs : uint8_t {
  kGate,   // Stage 20 is the vessel's unless its mode is inland.
  kQuay,   // Stage 20 of the header is the vessel's; no other counts.
  kOrder,  // The same, and inland modes are the haulier's.
  kMode,   // By the mode alone.
};

struct DocumentCode {
  absl::string_view code;
  v1::Event event;  // Unspecified: refused, what it reports is no movement.
  v1::Classifier classifier = v1::ACTUAL;
};

struct Definition {
  MessageType type = MessageType::kOther;
  absl::string_view name;      // "CODECO", "315".
  absl::string_view standard;  // "EDIFACT", "X12".
  absl::string_view what;      // For people.
  // What it reports when its document name says nothing; unspecified: then it
  // is refused.
  v1::Event event = v1::EVENT_UNSPECIFIED;
  absl::Span<const DocumentCode> documents;
  absl::string_view documents_hint;  // "send one of ..."; for refusals.
  // What a document of any other name reports, counted; unspecified: `event`.
  v1::Event other_documents = v1::EVENT_UNSPECIFIED;
  // What it reports when it names a pick-up right, if that is something else.
  v1::Event with_right = v1::EVENT_UNSPECIFIED;
  // Without a document name that says more: full boxes were stuffed, empty
  // ones stripped.
  bool by_load_status = false;
  Legs legs = Legs::kGate;
  Role role = Role::kContext;  // Of the message itself.
  // A report of what happened needs its time; a document happened when it was
  // prepared.
  bool document = false;
  bool number_optional = false;    // A box may be asked for without a number.
  bool count_status_time = false;  // The time is part of the identity.
  // Each consignment of a box is a movement of its own.
  bool per_consignment = false;
  // What a change or a cancellation is, where it is an event of its own and
  // does not correct or void what was sent before.
  v1::Event replaced_by = v1::EVENT_UNSPECIFIED;
  v1::Event cancelled_by = v1::EVENT_UNSPECIFIED;  // If it names a right.
  absl::string_view time_hint;
};

const Definition& DefinitionOf(MessageType type);
MessageType ParseMessageType(absl::string_view standard,
                             absl::string_view code);

absl::Span<const Definition> EdifactDefinitions();
absl::Span<const Definition> X12Definitions();

// A status that a carrier reports (9011, 4405, X12 1652 and 1650, DCSA).
struct StatusCode {
  absl::string_view code;
  v1::Event event;
  v1::LoadStatus load_status = v1::LOAD_STATUS_UNSPECIFIED;
  v1::Mode mode = v1::MODE_UNSPECIFIED;
};
absl::Span<const StatusCode> StatusCodes();
const StatusCode* FindStatus(absl::string_view code);

// The event that a document of this name reports in messages of the type;
// EVENT_UNSPECIFIED when the code is none of those in use.
v1::Event EventOf(MessageType type, absl::string_view document_code);
// Null when the code is none of those in use.
const DocumentCode* FindDocument(MessageType type, absl::string_view code);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_DEFINITIONS_H_
