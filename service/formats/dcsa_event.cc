// The versions say the same things in different places: 2.2 in the event
// itself, the beta of 3.0 under metadata and payload, 3.0 under
// eventClassification, equipmentDetails and so on. A field is therefore a list
// of places, tried in order; nothing else differs between the versions.
//
// Identity: an EQUIPMENT event is about one container and its id is the
// event's. TRANSPORT and SHIPMENT events name any number, so the container's
// number is added whenever there is one, also when there is only one: a later
// version of the event may name more.
#include "service/formats/dcsa_event.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "service/formats/dcsa_parts.h"
#include "service/formats/text.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

constexpr char kEquipment[] = "EQUIPMENT";
constexpr char kTransport[] = "TRANSPORT";
constexpr char kShipment[] = "SHIPMENT";
constexpr char kIot[] = "IOT";
constexpr DcsaCode kCodes[] = {{kEquipment, "GTIN", v1::GATE_IN},
                               {kEquipment, "GTOT", v1::GATE_OUT},
                               {kEquipment, "LOAD", v1::LOAD},
                               {kEquipment, "DISC", v1::DISCHARGE},
                               {kEquipment, "STUF", v1::STUFFING},
                               {kEquipment, "STRP", v1::STRIPPING},
                               {kEquipment, "PICK", v1::PICK_UP},
                               {kEquipment, "DROP", v1::DROP_OFF},
                               {kEquipment, "INSP", v1::INSPECTION},
                               {kEquipment, "RSEA", v1::SEAL_CHANGE},
                               {kEquipment, "RMVD", v1::SEAL_CHANGE},
                               {kEquipment, "CUSS", v1::CUSTOMS_SELECTED},
                               {kEquipment, "CUSI", v1::CUSTOMS_SELECTED},
                               {kEquipment, "CUSR", v1::CUSTOMS_RELEASED},
                               {kEquipment, "WAYP", v1::POSITION},
                               {kTransport, "ARRI", v1::VESSEL_ARRIVAL},
                               {kTransport, "DEPA", v1::VESSEL_DEPARTURE},
                               {kIot, "DRO", v1::DOOR_OPENED},
                               {kIot, "LOC", v1::POSITION}};

// A container release order or a delivery order.
bool IsRelease(absl::string_view document) {
  return document == "CRO" || document == "DEO";
}

v1::Event Find(absl::string_view type, absl::string_view code) {
  for (const DcsaCode& entry : kCodes) {
    if (entry.type == type && entry.code == code) return entry.event;
  }
  return v1::EVENT_UNSPECIFIED;
}

class EventReader {
 public:
  EventReader(element event, absl::TimeZone zone)
      : event_(event), zone_(zone) {}

  DcsaResult Read();

 private:
  // The value at the first place that has a scalar, as text.
  std::string Text(JsonPlaces places) const { return TextAt(event_, places); }

  v1::Event EventOf(const std::string& type);
  v1::Event ShipmentEvent(const std::string& code) const;
  // Of the document that a SHIPMENT event is about.
  std::string DocumentType() const;
  std::string DocumentNumber() const;
  bool ReadRetraction();
  bool ReadTimes();
  void ReadReferences();
  void TakeReference(const std::string& type, const std::string& value);
  void Emit(const std::string& type);
  bool ReadTime(const std::string& text, const char* pointer,
                google::protobuf::Timestamp* time);
  void Fail(std::string reason, std::string message, std::string pointer);

  element event_;
  absl::TimeZone zone_;
  v1::Movement movement_;
  std::vector<std::string> containers_;  // Named by references, in order.
  DcsaResult result_;
};

void EventReader::Fail(std::string reason, std::string message,
                       std::string pointer) {
  result_.reason = std::move(reason);
  result_.message = std::move(message);
  result_.pointer = std::move(pointer);
}

std::string EventReader::DocumentType() const {
  return Text({"/documentTypeCode", "/payload/documentTypeCode",
               "/shipmentDetails/documentReference/typeCode"});
}

std::string EventReader::DocumentNumber() const {
  return Text({"/documentID", "/payload/documentID", "/documentReference",
               "/payload/documentReference",
               "/shipmentDetails/documentReference/reference"});
}

v1::Event EventReader::ShipmentEvent(const std::string& code) const {
  const std::string document = DocumentType();
  const bool withdrawn = code == "VOID" || code == "CANC";
  if (document == "BKG" || document == "CBR") {
    // What was refused or withdrawn booked nothing.
    return code == "REJE" || withdrawn ? v1::EVENT_UNSPECIFIED : v1::BOOKING;
  }
  if (IsRelease(document)) {
    if (code == "REJE" || code == "HOLD") return v1::TRANSPORT_DOCUMENT;
    if (!withdrawn) return v1::RELEASE_ORDER;
    return DocumentNumber().empty() ? v1::EVENT_UNSPECIFIED
                                    : v1::PICKUP_RIGHT_REVOKED;
  }
  if (document == "CUC" && (code == "RELS" || code == "CMPL")) {
    return v1::CUSTOMS_RELEASED;
  }
  if (document == "CUC" && code == "HOLD") return v1::CUSTOMS_SELECTED;
  return v1::TRANSPORT_DOCUMENT;
}

// EVENT_UNSPECIFIED, having failed, when the event is none of ours.
v1::Event EventReader::EventOf(const std::string& type) {
  std::string code;
  v1::Event event = v1::EVENT_UNSPECIFIED;
  const char* pointer = "/eventType";
  if (type == kEquipment) {
    pointer = "/equipmentEventTypeCode";
    code = Text({pointer, "/payload/equipmentEventTypeCode",
                 "/eventClassification/equipmentEventTypeCode"});
    event = Find(type, code);
  } else if (type == kTransport) {
    pointer = "/transportEventTypeCode";
    code = Text({pointer, "/payload/transportEventTypeCode",
                 "/eventClassification/transportEventTypeCode"});
    event = Find(type, code);
  } else if (type == kShipment) {
    pointer = "/shipmentEventTypeCode";
    code = Text({pointer, "/payload/shipmentEventTypeCode",
                 "/eventClassification/shipmentEventTypeCode"});
    if (!code.empty()) event = ShipmentEvent(code);
  } else if (type == kIot) {
    pointer = "/iotDetails/iotEventCode";
    code = Text({pointer, "/payload/iotEventCode"});
    event = Find(type, code);
  }
  if (event == v1::EVENT_UNSPECIFIED) {
    Fail("UNSUPPORTED_EVENT",
         absl::StrCat("event type \"", Excerpt(type), "\"",
                      code.empty()
                          ? ""
                          : absl::StrCat(" with code \"", Excerpt(code), "\""),
                      " reports no movement we know; EQUIPMENT, TRANSPORT, "
                      "SHIPMENT and IOT events with the codes of DCSA's "
                      "reference data do"),
         pointer);
  }
  return event;
}

bool EventReader::ReadTime(const std::string& text, const char* pointer,
                           google::protobuf::Timestamp* time) {
  absl::Time parsed;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &parsed, &error)) {
    if (!absl::ParseTime("%Y-%m-%d%ET%H:%M:%E*S", text, zone_, &parsed,
                         &error)) {
      Fail("BAD_TIME",
           absl::StrCat("\"", Excerpt(text),
                        "\" is no time; write 2026-01-31T08:15:00+01:00"),
           pointer);
      return false;
    }
    result_.tolerated.push_back("TIME_WITHOUT_ZONE");
  }
  if (parsed < absl::FromUnixSeconds(-62135596800) ||
      parsed > absl::FromUnixSeconds(253402300799)) {
    Fail("BAD_TIME", "the time lies outside the years 1 to 9999", pointer);
    return false;
  }
  *time = ToProto(parsed);
  return true;
}

bool EventReader::ReadTimes() {
  const std::string updated = Text(
      {"/eventUpdatedDateTime", "/eventCreatedDateTime",
       "/metadata/eventUpdatedDateTime", "/metadata/eventCreatedDateTime"});
  if (!updated.empty() && !ReadTime(updated, "/eventCreatedDateTime",
                                    movement_.mutable_update_time())) {
    return false;
  }
  const std::string occurred =
      Text({"/eventDateTime", "/payload/eventDateTime"});
  if (occurred.empty()) {
    if (movement_.retraction()) return true;
    Fail("NO_TIME", "eventDateTime is missing; say when it happened",
         "/eventDateTime");
    return false;
  }
  return ReadTime(occurred, "/eventDateTime",
                  movement_.mutable_occurrence_time());
}

// Sets the id. False when there is none.
bool EventReader::ReadRetraction() {
  const std::string id = Text({"/eventID", "/metadata/eventID"});
  const std::string retracted =
      Text({"/retractedEventID", "/metadata/retractedEventID"});
  bool is_retracted = false;
  for (const char* place : {"/isRetracted", "/metadata/isRetracted",
                            "/eventClassification/isRetracted"}) {
    bool flag = false;
    if (event_.at_pointer(place).get(flag) == simdjson::SUCCESS) {
      is_retracted = is_retracted || flag;
    }
  }
  movement_.set_retraction(is_retracted || !retracted.empty());
  movement_.set_id(retracted.empty() ? id : retracted);
  if (!movement_.id().empty()) return true;
  Fail("NO_EVENT_ID", "eventID is missing; without it a repeat cannot be told",
       "/eventID");
  return false;
}

void EventReader::TakeReference(const std::string& type,
                                const std::string& value) {
  if (value.empty()) return;
  if (type == "EQ") {
    containers_.push_back(value);
  } else if (type == "BKG") {
    movement_.mutable_consignment()->set_booking(value);
  } else if (type == "TRD" || type == "BL") {
    movement_.mutable_consignment()->set_bill_of_lading(value);
  }
}

void EventReader::ReadReferences() {
  for (const char* pointer :
       {"/references", "/documentReferences", "/payload/references",
        "/payload/documentReferences", "/payload/relatedDocumentReferences",
        "/relatedDocumentReferences",
        "/shipmentDetails/additionalDocumentReferences"}) {
    array references;
    if (event_.at_pointer(pointer).get(references) != simdjson::SUCCESS) {
      continue;
    }
    for (element reference : references) {
      TakeReference(TextAt(reference, {"/referenceType", "/typeCode", "/type",
                                       "/documentReferenceType"}),
                    TextAt(reference, {"/referenceValue", "/reference",
                                       "/value", "/documentReferenceValue"}));
    }
  }
  // The document a SHIPMENT event is about.
  const std::string type = DocumentType();
  const std::string number = DocumentNumber();
  TakeReference(type, number);
  const bool of_right = movement_.event() == v1::RELEASE_ORDER ||
                        movement_.event() == v1::PICKUP_RIGHT_REVOKED;
  if (of_right && IsRelease(type) && !number.empty()) {
    movement_.mutable_pickup_right()->set_id(number);
    movement_.mutable_pickup_right()->set_kind(v1::RELEASE);
  }
}

void EventReader::Emit(const std::string& type) {
  const bool one_container = type == kEquipment || type == kIot;
  if (one_container && movement_.container().number().empty() &&
      containers_.size() == 1) {
    movement_.mutable_container()->set_number(containers_[0]);
  }
  if (one_container && movement_.container().number().empty() &&
      !movement_.retraction()) {
    Fail("NO_CONTAINER_NUMBER",
         "equipmentReference is missing; an equipment event must say which "
         "container it is about",
         "/equipmentReference");
    return;
  }
  if (!one_container && containers_.empty() && movement_.retraction()) {
    // Voids a consignment's movement, but no container's: their ids end in a
    // number that the event does not give.
    result_.tolerated.push_back("RETRACTION_WITHOUT_CONTAINER");
  }
  if (one_container || (containers_.empty() && movement_.retraction()) ||
      (containers_.empty() &&
       (!movement_.consignment().booking().empty() ||
        !movement_.consignment().bill_of_lading().empty()))) {
    movement_.set_id(BoundedId(movement_.id()));
    result_.movements.push_back(std::move(movement_));
    return;
  }
  if (containers_.empty()) {
    Fail("NO_REFERENCE",
         "the event names no container (reference EQ), booking (BKG) or bill "
         "of lading (TRD); add one",
         "/references");
    return;
  }
  for (const std::string& number : containers_) {
    v1::Movement movement = movement_;
    movement.mutable_container()->set_number(number);
    movement.set_id(BoundedId(
        absl::StrCat(movement_.id(), "/", absl::AsciiStrToUpper(number))));
    result_.movements.push_back(std::move(movement));
  }
}

DcsaResult EventReader::Read() {
  const std::string type = Text({"/eventType", "/metadata/eventType",
                                 "/eventClassification/eventTypeCode"});
  if (!ReadRetraction()) return std::move(result_);
  const v1::Event event = EventOf(type);
  if (event == v1::EVENT_UNSPECIFIED && !movement_.retraction()) {
    return std::move(result_);
  }
  result_.reason.clear();
  movement_.set_event(event);
  if (!ReadTimes()) return std::move(result_);
  const std::string classifier =
      Text({"/eventClassifierCode", "/payload/eventClassifierCode",
            "/eventClassification/eventClassifierCode"});
  if (classifier == "PLN") movement_.set_classifier(v1::PLANNED);
  if (classifier == "EST") movement_.set_classifier(v1::ESTIMATED);
  if (classifier == "ACT") movement_.set_classifier(v1::ACTUAL);
  if (movement_.classifier() == v1::CLASSIFIER_UNSPECIFIED &&
      !movement_.retraction()) {
    // Unspecified would count as a fact.
    Fail("BAD_CLASSIFIER",
         absl::StrCat("eventClassifierCode \"", Excerpt(classifier),
                      "\" is none of PLN, EST and ACT; say how firm it is"),
         "/eventClassifierCode");
    return std::move(result_);
  }
  movement_.set_source(
      Text({"/publisher/partyName", "/publisher/carrierCode",
            "/metadata/publisher/carrierCode", "/metadata/publisher/partyName",
            "/eventRouting/originatingParty/partyCode"}));
  ReadDcsaLocation(event_, type, &movement_);
  ReadDcsaTransport(event_, &movement_);
  ReadDcsaEquipment(event_, &movement_);
  ReadReferences();
  Emit(type);
  return std::move(result_);
}

}  // namespace

absl::Span<const DcsaCode> DcsaCodes() { return kCodes; }

DcsaResult ReadDcsaEvent(element event, absl::TimeZone zone) {
  return EventReader(event, zone).Read();
}

}  // namespace portrisk::service
