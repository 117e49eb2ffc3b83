// Look-ups in the tables, and the statuses that EDIFACT and X12 share.
//
// Statuses: carriers send the letters of X12 1652 in either standard, and some
// those of DCSA. Of the numbers of Recommendation 24 only those are here whose
// meaning every edition shares.
#include "service/formats/definitions.h"

#include <algorithm>

namespace portrisk::service {
namespace {

constexpr v1::LoadStatus kAnyLoad = v1::LOAD_STATUS_UNSPECIFIED;

constexpr StatusCode kStatuses[] = {
    {"I", v1::GATE_IN},
    {"OA", v1::GATE_OUT},
    {"EE", v1::GATE_OUT, v1::EMPTY},  // Empty box sent to the shipper.
    {"RD", v1::GATE_IN, v1::EMPTY},   // Empty box brought back.
    {"AE", v1::LOAD, kAnyLoad, v1::SEA},
    {"AL", v1::LOAD, kAnyLoad, v1::RAIL},
    {"AM", v1::LOAD, kAnyLoad, v1::ROAD},
    {"AO", v1::LOAD, kAnyLoad, v1::BARGE},
    {"UV", v1::DISCHARGE, kAnyLoad, v1::SEA},
    {"UR", v1::DISCHARGE, kAnyLoad, v1::RAIL},
    {"VA", v1::VESSEL_ARRIVAL, kAnyLoad, v1::SEA},
    {"VD", v1::VESSEL_DEPARTURE, kAnyLoad, v1::SEA},
    {"AR", v1::VESSEL_ARRIVAL, kAnyLoad, v1::RAIL},
    {"RL", v1::VESSEL_DEPARTURE, kAnyLoad, v1::RAIL},
    {"A", v1::VESSEL_ARRIVAL},
    {"P", v1::VESSEL_DEPARTURE},
    {"D", v1::DROP_OFF},
    {"X1", v1::DROP_OFF},
    {"TM", v1::YARD_MOVE},
    {"SC", v1::SEAL_CHANGE},
    {"CT", v1::CUSTOMS_RELEASED},
    // Recommendation 24.
    {"1", v1::VESSEL_ARRIVAL},
    {"12", v1::CUSTOMS_RELEASED},
    {"13", v1::PICK_UP},
    {"21", v1::DROP_OFF},
    {"24", v1::VESSEL_DEPARTURE},
    {"48", v1::LOAD},
    // DCSA.
    {"GTIN", v1::GATE_IN},
    {"GTOT", v1::GATE_OUT},
    {"LOAD", v1::LOAD},
    {"DISC", v1::DISCHARGE},
    {"STUF", v1::STUFFING},
    {"STRP", v1::STRIPPING},
    {"PICK", v1::PICK_UP},
    {"DROP", v1::DROP_OFF},
    {"INSP", v1::INSPECTION},
    {"RSEA", v1::SEAL_CHANGE},
    {"ARRI", v1::VESSEL_ARRIVAL},
    {"DEPA", v1::VESSEL_DEPARTURE},
    {"CUSS", v1::CUSTOMS_SELECTED},
    {"CUSR", v1::CUSTOMS_RELEASED},
};

}  // namespace

const Definition& DefinitionOf(MessageType type) {
  static const Definition kNone;
  for (const auto definitions : {EdifactDefinitions(), X12Definitions()}) {
    for (const Definition& definition : definitions) {
      if (definition.type == type) return definition;
    }
  }
  return kNone;
}

MessageType ParseMessageType(absl::string_view standard,
                             absl::string_view code) {
  for (const auto definitions : {EdifactDefinitions(), X12Definitions()}) {
    for (const Definition& definition : definitions) {
      if (definition.standard == standard && definition.name == code) {
        return definition.type;
      }
    }
  }
  return MessageType::kOther;
}

absl::Span<const StatusCode> StatusCodes() { return kStatuses; }

const StatusCode* FindStatus(absl::string_view code) {
  for (const StatusCode& status : kStatuses) {
    if (status.code == code) return &status;
  }
  return nullptr;
}

const DocumentCode* FindDocument(MessageType type, absl::string_view code) {
  for (const DocumentCode& document : DefinitionOf(type).documents) {
    if (document.code == code) return &document;
  }
  return nullptr;
}

v1::Event EventOf(MessageType type, absl::string_view document_code) {
  const DocumentCode* document = FindDocument(type, document_code);
  return document == nullptr ? v1::EVENT_UNSPECIFIED : document->event;
}

}  // namespace portrisk::service
