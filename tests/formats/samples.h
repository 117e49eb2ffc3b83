// Small files of our own making, one a format, each with several movements.
#ifndef PORTRISK_TESTS_FORMATS_SAMPLES_H_
#define PORTRISK_TESTS_FORMATS_SAMPLES_H_

#include <string>

namespace portrisk::service {

// A gate-in and a gate-out message of one terminal, two containers each.
inline const char kCodeco[] =
    "UNA:+.? '\n"
    "UNB+UNOC:2+TERMA+CUSTOMS+260131:0815+CTRL7'\n"
    "UNH+M1+CODECO:D:95B:UN:SMDG16'\n"
    "BGM+34+GATE20260131A+9'\n"
    "TDT+20+017E+1++ABC:172:166+++9074729:146::EVER TEST'\n"
    "NAD+CF+ABC:172:166'\n"
    "NAD+MS+TERMA:160:ZZZ'\n"
    "EQD+CN+MSKU1234565+45R1:102:5++2+5'\n"
    "RFF+BN:BOOK1'\n"
    "RFF+RE:REL77'\n"
    "DTM+7:202601310744:203'\n"
    "LOC+165+NLRTM:139:6+QUAY4:TER:306'\n"
    "LOC+9+NLRTM:139:6'\n"
    "LOC+11+BRSSZ:139:6'\n"
    "MEA+AAE+VGM+KGM:27000.4'\n"
    "MEA+AAE+T+KGM:4800'\n"
    "SEL+SL100+SH'\n"
    "SEL+SL101+CU'\n"
    "FTX+AAA+++FROZEN FISH:IN BOXES'\n"
    "TDT+1++3++HAUL1:172:ZZZ:HAULIER ONE+++AB?+12CD:146'\n"
    "EQD+CN+TEMU6079348+22G1:102:5++2+4'\n"
    "DTM+7:202601310750:203'\n"
    "LOC+165+NLRTM:139:6+QUAY4:TER:306'\n"
    "CNT+16:2'\n"
    "UNT+23+M1'\n"
    "UNH+M2+CODECO:D:95B:UN:SMDG16'\n"
    "BGM+36+GATE20260131B+9'\n"
    "EQD+CN+HLXU8099273+42G1:102:5++3+5'\n"
    "DTM+7:202601310755:203'\n"
    "RFF+BM:BL55'\n"
    "EQD+CN+DRYU9441329+42G1:102:5++3+5'\n"
    "DTM+7:202601310756:203'\n"
    "CNT+16:2'\n"
    "UNT+9+M2'\n"
    "UNZ+2+CTRL7'\n";

inline const char kCoarri[] =
    "UNB+UNOA:2+TERMA+LINE+260201:1200+C9'"
    "UNH+1+COARRI:D:00B:UN'"
    "BGM+119+RPT0000001+9'"
    "TDT+20+018W+1++ABC:172:20+++XYZA7:103::EVER TEST'"
    "LOC+11+NLRTM:139:6+QUAY4:TER:ZZZ'"
    "EQD+CN+MSKU1234565+45R1:102:5++3+5'"
    "DTM+203:202602010913:203'"
    "LOC+9+BRSSZ:139:6'"
    "LOC+147+0380886::5'"
    "MEA+AAE+EGW+KGM:8914'"
    "MEA+AAE+G+KGM:9000'"
    "TDT+30++2+25'"
    "DTM+7:202602050000:203'"
    "UNT+13+1'"
    "UNZ+1+C9'";

inline const char kDcsa[] = R"([
  {"eventID": "e1", "eventCreatedDateTime": "2026-01-31T08:00:00Z",
   "eventType": "EQUIPMENT", "eventClassifierCode": "ACT",
   "eventDateTime": "2026-01-31T07:44:00+01:00",
   "equipmentEventTypeCode": "GTIN", "equipmentReference": "MSKU1234565",
   "ISOEquipmentCode": "45R1", "emptyIndicatorCode": "LADEN",
   "eventLocation": {"UNLocationCode": "NLRTM", "facilityCode": "QUAY4",
     "facilityCodeListProvider": "SMDG", "locationName": "Quay\n4",
     "latitude": "51.95", "longitude": 4.05},
   "transportCall": {"modeOfTransport": "TRUCK",
     "exportVoyageNumber": "017E", "importVoyageNumber": "016W"},
   "documentReferences": [
     {"documentReferenceType": "BKG", "documentReferenceValue": "BOOK1"}],
   "seals": [{"sealNumber": "SL100", "sealSource": "SHI"}]},
  {"eventID": "e2", "eventCreatedDateTime": "2026-02-03T08:00:00Z",
   "eventType": "TRANSPORT", "eventClassifierCode": "EST",
   "eventDateTime": "2026-02-05T10:00:00Z", "transportEventTypeCode": "ARRI",
   "transportCall": {"UNLocationCode": "BRSSZ", "modeOfTransport": "VESSEL",
     "importVoyageNumber": "017E", "exportVoyageNumber": "018W",
     "vessel": {"vesselIMONumber": 9074729, "vesselName": "Ever Test"}},
   "references": [
     {"referenceType": "EQ", "referenceValue": "MSKU1234565"},
     {"referenceType": "EQ", "referenceValue": "TEMU6079348"}]},
  {"eventID": "e3", "eventCreatedDateTime": "2026-01-20T08:00:00Z",
   "eventType": "SHIPMENT", "eventClassifierCode": "ACT",
   "eventDateTime": "2026-01-20T08:00:00Z", "shipmentEventTypeCode": "CONF",
   "documentTypeCode": "BKG", "documentID": "BOOK1"}
])";

inline const char kEpcis[] = R"({"@context": [], "type": "EPCISDocument",
  "schemaVersion": "2.0", "epcisBody": {"eventList": [
  {"type": "ObjectEvent", "eventID": "urn:uuid:1", "action": "OBSERVE",
   "eventTime": "2026-01-31T07:44:00+01:00", "eventTimeZoneOffset": "+01:00",
   "epcList": ["urn:epc:id:bic:MSKU1234565", "urn:epc:id:bic:TEMU6079348",
     "urn:epc:id:sgtin:0614141.107346.2017"],
   "bizStep": "departing", "readPoint": {"id": "geo:51.95,4.05"},
   "bizLocation": {"id": "https://example.org/locode/NLRTM"},
   "bizTransactionList": [{"type": "bol", "bizTransaction": "BL1"}]},
  {"type": "AggregationEvent", "eventID": "urn:uuid:2", "action": "ADD",
   "eventTime": "2026-01-30T07:44:00Z",
   "parentID": "urn:epc:id:bic:HLXU8099273",
   "childEPCs": ["urn:epc:id:sscc:0614141.1234567890"],
   "bizStep": "urn:epcglobal:cbv:bizstep:packing"},
  {"type": "ObjectEvent", "eventID": "urn:uuid:3",
   "eventTime": "2026-01-31T09:44:00Z",
   "epcList": ["urn:epc:id:bic:MSKU1234565"], "bizStep": "sensor_reporting",
   "sensorElementList": [{"sensorReport": [
     {"type": "door_open", "booleanValue": true}]}]}
]}, "creationDate": "2026-02-01T00:00:00Z"})";

inline const char kCsv[] =
    "id,event,occurrence_time,container.number,location.name\n"
    "1,GATE_IN,2026-01-31T07:44:00Z,MSKU1234565,\"Quay 4\nRotterdam\"\n"
    "2,gate out,2026-02-01T07:44:00+01:00,TEMU6079348,\"He said \"\"go\"\"\"\n"
    "3,LOAD,2026-02-02T07:44:00Z,HLXU8099273,\n";

inline const char kJsonl[] =
    R"({"source":"s","id":"1","event":"GATE_IN","container":{"number":"A"}})"
    "\n"
    R"({"source":"s","id":"2","event":"gate_out","weights":{"vgm_kg":5}})"
    "\n\n"
    R"({"source":"s","id":"3","event":"LOAD"})"
    "\n";

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_FORMATS_SAMPLES_H_
