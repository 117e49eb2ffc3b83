#include "service/formats/formats_table.h"

#include <iomanip>
#include <ostream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "service/formats/dcsa_event.h"
#include "service/formats/definitions.h"
#include "service/formats/epcis.h"
#include "service/formats/meaning.h"

namespace portrisk::service {
namespace {

constexpr JsonPlace kPlaces[] = {
    {"dcsa 2.2", "/eventID", R"("e1")", "id"},
    {"dcsa 2.2", "/eventDateTime", R"("2026-01-31T07:44:00Z")",
     "occurrence_time"},
    {"dcsa 2.2", "/eventCreatedDateTime", R"("2026-01-31T08:00:00Z")",
     "update_time"},
    {"dcsa 2.2", "/eventClassifierCode", R"("EST")", "classifier"},
    {"dcsa 2.2", "/equipmentEventTypeCode", R"("DISC")", "event"},
    {"dcsa 2.2", "/equipmentReference", R"("MSKU1234565")", "container.number"},
    {"dcsa 2.2", "/ISOEquipmentCode", R"("45R1")", "container.type_code"},
    {"dcsa 2.2", "/emptyIndicatorCode", R"("LADEN")", "container.load_status"},
    {"dcsa 2.2", "/eventLocation/UNLocationCode", R"("NLRTM")",
     "location.locode"},
    {"dcsa 2.2", "/eventLocation/facilityCode", R"("QUAY4")",
     "location.facility"},
    {"dcsa 2.2", "/eventLocation/locationName", R"("Quay 4")", "location.name"},
    {"dcsa 2.2", "/eventLocation", R"({"latitude":"51.95","longitude":"4.05"})",
     "location.latitude, location.longitude"},
    {"dcsa 2.2", "/transportCall/modeOfTransport", R"("VESSEL")",
     "transport.mode"},
    {"dcsa 2.2", "/transportCall/exportVoyageNumber", R"("017E")",
     "transport.voyage"},
    {"dcsa 2.2", "/transportCall/importVoyageNumber", R"("016W")",
     "transport.voyage"},
    {"dcsa 2.2", "/transportCall/carrierVoyageNumber", R"("017E")",
     "transport.voyage"},
    {"dcsa 2.2", "/transportCall/vessel/vesselIMONumber", R"("9074729")",
     "transport.vessel_imo"},
    {"dcsa 2.2", "/transportCall/vessel/vesselName", R"("Ever Test")",
     "transport.vessel_name"},
    {"dcsa 2.2", "/transportCall/vessel/vesselCallSignNumber", R"("NCVV")",
     "transport.call_sign"},
    {"dcsa 2.2", "/transportCall/vessel/vesselOperatorCarrierCode", R"("MAEU")",
     "transport.carrier_code"},
    {"dcsa 2.2", "/transportCall/transportCallReference", R"("CALL1")",
     "transport.call_reference"},
    {"dcsa 2.2", "/documentReferences",
     R"([{"documentReferenceType":"BKG","documentReferenceValue":"B1"}])",
     "consignment.booking"},
    {"dcsa 2.2", "/documentReferences",
     R"([{"documentReferenceType":"TRD","documentReferenceValue":"L1"}])",
     "consignment.bill_of_lading"},
    {"dcsa 2.2", "/seals", R"([{"sealNumber":"S1","sealSource":"SHI"}])",
     "seals.number, seals.source"},
    {"dcsa 2.2", "/references",
     R"([{"referenceType":"EQ","referenceValue":"MSKU1234565"}])",
     "container.number"},
    {"dcsa 2.2", "/retractedEventID", R"("e0")", "id, retraction"},
    {"dcsa 2.2", "/publisher/partyName", R"("Carrier")", "source"},
    {"dcsa 2.2", "/eventLocation",
     R"({"facilityCode":"QUAY4","facilityCodeListProvider":"SMDG"})",
     "location.facility, location.facility_code_list"},
    {"dcsa 3.0", "/eventRouting/originatingParty/partyCode", R"("MAEU")",
     "source"},
    {"dcsa 3.0", "/eventUpdatedDateTime", R"("2026-01-31T08:00:00Z")",
     "update_time"},
    {"dcsa 3.0", "/eventClassification/eventClassifierCode", R"("EST")",
     "classifier"},
    {"dcsa 3.0", "/eventClassification/equipmentEventTypeCode", R"("DISC")",
     "event"},
    {"dcsa 3.0", "/eventClassification/isRetracted", "true", "retraction"},
    {"dcsa 3.0", "/equipmentDetails/equipmentReference", R"("MSKU1234565")",
     "container.number"},
    {"dcsa 3.0", "/equipmentDetails/ISOEquipmentCode", R"("45R1")",
     "container.type_code"},
    {"dcsa 3.0", "/equipmentDetails/emptyIndicatorCode", R"("EMPTY")",
     "container.load_status"},
    {"dcsa 3.0", "/equipmentDetails/seals", R"([{"number":"S1"}])",
     "seals.number"},
    {"dcsa 3.0", "/transportDetails/transportCall/modeOfTransport", R"("RAIL")",
     "transport.mode"},
    {"dcsa 3.0",
     "/transportDetails/transportCall/vesselTransport/vesselIMONumber",
     R"("9074729")", "transport.vessel_imo"},
    {"dcsa 3.0", "/transportDetails/transportCall/carrierExportVoyageNumber",
     R"("017E")", "transport.voyage"},
    {"dcsa 3.0", "/transportDetails/transportCall/carrierImportVoyageNumber",
     R"("016W")", "transport.voyage"},
    {"dcsa 3.0",
     "/transportDetails/transportCall/vesselTransport/vesselCallSign",
     R"("NCVV")", "transport.call_sign"},
    {"dcsa 3.0", "/relatedDocumentReferences",
     R"([{"type":"BKG","value":"B1"}])", "consignment.booking"},
    {"epcis 2.0", "/eventID", R"("urn:uuid:1")", "id"},
    {"epcis 2.0", "/eventTime", R"("2026-01-31T07:44:00Z")", "occurrence_time"},
    {"epcis 2.0", "/errorDeclaration/declarationTime",
     R"("2026-02-01T07:44:00Z")", "update_time, retraction"},
    {"epcis 2.0", "/bizStep", R"("unloading")", "event"},
    {"epcis 2.0", "/epcList", R"(["urn:epc:id:bic:MSKU1234565"])",
     "container.number"},
    {"epcis 2.0", "/parentID", R"("urn:epc:id:bic:MSKU1234565")",
     "container.number"},
    {"epcis 2.0", "/childEPCs", R"(["urn:epc:id:bic:MSKU1234565"])",
     "container.number"},
    {"epcis 2.0", "/readPoint/id", R"("urn:epc:id:sgln:0614141.00777.0")",
     "location.facility"},
    {"epcis 2.0", "/readPoint/id", R"("geo:51.95,4.05")",
     "location.latitude, location.longitude"},
    {"epcis 2.0", "/bizLocation/id", R"("https://example.org/locode/NLRTM")",
     "location.locode"},
    {"epcis 2.0", "/bizTransactionList",
     R"([{"type":"bol","bizTransaction":"urn:epcglobal:cbv:bt:0614141:L1"}])",
     "consignment.bill_of_lading"},
};

struct Word {
  Scopes scopes;
  absl::string_view word;
};
constexpr Word kScopeWords[] = {
    {kHeader, "message"},  {kLeg, "leg"},         {kConsignment, "consignment"},
    {kGoods, "goods"},     {kStatus, "status"},   {kUnit, "container"},
    {kUnitLeg, "its leg"}, {kTrailer, "trailer"},
};

std::string ScopeText(Scopes scopes) {
  scopes &= ~kDangerous;
  if (scopes == kAnywhere) return "anywhere";
  if (scopes == (kAnywhere & ~kGoods)) return "anywhere but goods";
  std::vector<absl::string_view> words;
  for (const Word& word : kScopeWords) {
    if ((scopes & word.scopes) != 0) words.push_back(word.word);
  }
  return absl::StrJoin(words, ", ");
}

std::string PartText(Part part) {
  return part.component == 0
             ? absl::StrCat(part.element)
             : absl::StrCat(part.element, ".", part.component + 1);
}

std::string Condition(Part part, absl::string_view codes) {
  if (codes.empty()) return "";
  const std::string shown = absl::StrReplaceAll(codes, {{"-", "nothing"}});
  return absl::StrCat(PartText(part), " = ",
                      absl::StrReplaceAll(shown, {{"|", " or "}}));
}

void PrintRow(std::ostream& out, absl::string_view where,
              absl::string_view segment, absl::string_view element,
              absl::string_view field) {
  out << "  " << std::left << std::setw(30) << where << " " << std::setw(46)
      << segment << " " << std::setw(8) << element << " " << field << "\n";
}

void PrintRule(const Rule& rule, std::ostream& out) {
  if (rule.field == nullptr) return;
  std::vector<std::string> conditions;
  for (std::string condition :
       {Condition(rule.key, rule.codes), Condition(rule.key2, rule.codes2)}) {
    if (!condition.empty()) conditions.push_back(std::move(condition));
  }
  if (rule.leg == Leg::kMain) conditions.push_back("the vessel's");
  if (rule.leg == Leg::kInland) conditions.push_back("the inland leg's");
  if (rule.only != v1::EVENT_UNSPECIFIED) {
    conditions.push_back(v1::Event_Name(rule.only));
  }
  std::string segment(rule.tag);
  if (!conditions.empty()) {
    absl::StrAppend(&segment, " where ", absl::StrJoin(conditions, ", "));
  }
  PrintRow(out, ScopeText(rule.at), segment, PartText(rule.value),
           rule.field->path);
}

// As MessageReader tells them apart. X12 has a segment for each.
absl::string_view LegsText(Legs legs) {
  switch (legs) {
    case Legs::kGate:
      return "a TDT of stage 20 is the vessel's unless by road, rail or barge; "
             "any other one is the inland leg's unless by sea";
    case Legs::kQuay:
      return "a TDT of stage 20 before any container is the vessel's";
    case Legs::kOrder:
      return "a TDT by road, rail or barge is the inland leg's; any other one "
             "of stage 20 the vessel's";
    case Legs::kMode:
      return "what is by road, rail or barge is the inland leg's; all else the "
             "vessel's";
  }
  return "";
}

void PrintMessage(const Definition& definition, absl::Span<const Rule> rules,
                  std::ostream& out) {
  out << definition.standard << " " << definition.name << ": "
      << definition.what << "\n";
  std::vector<std::string> events;
  for (const DocumentCode& document : definition.documents) {
    events.push_back(absl::StrCat(document.code, " ",
                                  document.event == v1::EVENT_UNSPECIFIED
                                      ? "refused"
                                      : v1::Event_Name(document.event)));
  }
  const v1::Event other = definition.other_documents;
  if (other != v1::EVENT_UNSPECIFIED) {
    events.push_back(absl::StrCat("any other ", v1::Event_Name(other)));
  }
  if (definition.event != v1::EVENT_UNSPECIFIED) {
    events.push_back(
        absl::StrCat(other == v1::EVENT_UNSPECIFIED ? "otherwise " : "none ",
                     v1::Event_Name(definition.event)));
  }
  if (definition.with_right != v1::EVENT_UNSPECIFIED) {
    events.push_back(absl::StrCat("with a pick-up right ",
                                  v1::Event_Name(definition.with_right)));
  }
  if (definition.replaced_by != v1::EVENT_UNSPECIFIED) {
    events.push_back(
        absl::StrCat("a change ", v1::Event_Name(definition.replaced_by)));
  }
  if (definition.cancelled_by != v1::EVENT_UNSPECIFIED) {
    events.push_back(absl::StrCat("its cancellation ",
                                  v1::Event_Name(definition.cancelled_by)));
  }
  if (definition.by_load_status) {
    events.push_back("otherwise STUFFING of full, STRIPPING of empty boxes");
  }
  if (events.empty()) events.push_back("by status, see `portrisk formats`");
  out << "  events: " << absl::StrJoin(events, ", ") << "\n"
      << "  legs: " << LegsText(definition.legs) << "\n";
  PrintRow(out, "where", "segment", "element", "field");
  for (const Rule& rule : rules) {
    if ((rule.in & In(definition.type)) != 0) PrintRule(rule, out);
  }
  out << "\n";
}

void PrintJson(absl::string_view format, std::ostream& out) {
  out << format << "\n";
  for (const JsonPlace& place : kPlaces) {
    if (!absl::StartsWith(place.format, format)) continue;
    PrintRow(out, place.format, place.pointer, "", place.field);
  }
  if (format == "dcsa") {
    for (const DcsaCode& code : DcsaCodes()) {
      PrintRow(out, "dcsa",
               absl::StrCat(code.type, " event with code ", code.code), "",
               v1::Event_Name(code.event));
    }
    PrintRow(out, "dcsa", "SHIPMENT event about document BKG, CBR", "",
             "BOOKING, unless its code is REJE, VOID or CANC");
    PrintRow(out, "dcsa", "SHIPMENT event about document CRO, DEO", "",
             "RELEASE_ORDER, if its code is not REJE or HOLD; "
             "PICKUP_RIGHT_REVOKED, if it is VOID or CANC");
    PrintRow(out, "dcsa", "SHIPMENT event about document CRO, DEO",
             "documentID", "pickup_right.id, pickup_right.kind");
    PrintRow(out, "dcsa", "SHIPMENT event about document CUC", "",
             "CUSTOMS_RELEASED, if its code is RELS or CMPL; "
             "CUSTOMS_SELECTED, if it is HOLD");
    PrintRow(out, "dcsa", "SHIPMENT event about any other document", "",
             "TRANSPORT_DOCUMENT");
  }
  if (format == "epcis") {
    for (const EpcisStep& step : EpcisSteps()) {
      PrintRow(out, "epcis 2.0", absl::StrCat("/bizStep = ", step.step), "",
               v1::Event_Name(step.event));
    }
    PrintRow(out, "epcis 2.0", "/bizStep = loading, of the /parentID", "",
             v1::Event_Name(v1::STUFFING));
    PrintRow(out, "epcis 2.0", "/bizStep = unloading, of the /parentID", "",
             v1::Event_Name(v1::STRIPPING));
  }
  out << "\n";
}

void PrintOverview(std::ostream& out) {
  out << "edifact, D.95B to D.23A and 911:\n";
  for (const Definition& definition : EdifactDefinitions()) {
    out << "  " << std::left << std::setw(8) << definition.name << " "
        << definition.what << "\n";
  }
  out << "x12, 004010 and near it:\n";
  for (const Definition& definition : X12Definitions()) {
    out << "  " << std::left << std::setw(8) << definition.name << " "
        << definition.what << "\n";
  }
  out << "dcsa: track and trace events 2.2 and 3.0\n"
         "epcis: events 2.0 in JSON whose identifiers are containers'\n"
         "csv: any field of a movement by a mapping, or by its path as header\n"
         "jsonl: portrisk.v1.Movement, one a line\n"
         "each plain or compressed with gzip or zstd\n\n"
         "statuses (STS, B4, Q5):\n";
  for (const StatusCode& status : StatusCodes()) {
    out << "  " << std::left << std::setw(5) << status.code << " "
        << v1::Event_Name(status.event);
    if (status.load_status == v1::EMPTY) out << ", empty";
    if (status.mode != v1::MODE_UNSPECIFIED) {
      out << ", " << v1::Mode_Name(status.mode);
    }
    out << "\n";
  }
  out << "\n`portrisk formats NAME` (CODECO, x12, dcsa, all ...) says what is "
         "read, field by field.\n";
}

}  // namespace

absl::Span<const JsonPlace> JsonPlacesRead() { return kPlaces; }

absl::Status PrintFormats(const std::string& name, std::ostream& out) {
  if (name.empty()) {
    PrintOverview(out);
    return absl::OkStatus();
  }
  const std::string upper = absl::AsciiStrToUpper(name);
  const bool all = upper == "ALL";
  bool found = all;
  const auto print = [&](absl::Span<const Definition> definitions,
                         absl::Span<const Rule> rules) {
    for (const Definition& definition : definitions) {
      if (!all && upper != definition.standard && upper != definition.name) {
        continue;
      }
      found = true;
      PrintMessage(definition, rules, out);
    }
  };
  print(EdifactDefinitions(), EdifactRules());
  print(X12Definitions(), X12Rules());
  for (const absl::string_view format : {"dcsa", "epcis"}) {
    if (!all && upper != absl::AsciiStrToUpper(format)) continue;
    found = true;
    PrintJson(format, out);
  }
  for (const absl::string_view format : {"csv", "jsonl"}) {
    if (!all && upper != absl::AsciiStrToUpper(format)) continue;
    found = true;
    out << format << ": any field of portrisk.v1.Movement by its path\n";
  }
  if (found) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(
      "no format \"", name,
      "\"; `portrisk formats` without a name lists what there is"));
}

}  // namespace portrisk::service
