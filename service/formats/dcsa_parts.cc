#include "service/formats/dcsa_parts.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "service/formats/text.h"

namespace portrisk::service {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

// Fills what `location` lacks.
void FillLocation(element from, v1::Location* location) {
  const auto fill = [&from](std::string* field, JsonPlaces places) {
    if (field->empty()) *field = TextAt(from, places);
  };
  fill(location->mutable_locode(),
       {"/UNLocationCode", "/location/UNLocationCode"});
  if (location->facility().empty()) {
    fill(location->mutable_facility(),
         {"/facilityCode", "/location/facilityCode"});
    if (!location->facility().empty()) {
      location->set_facility_code_list(TextAt(
          from,
          {"/facilityCodeListProvider", "/location/facilityCodeListProvider"}));
    }
  }
  fill(location->mutable_name(),
       {"/locationName", "/location/locationName", "/address/city"});
  double latitude = 0;
  double longitude = 0;
  if (!location->has_latitude() &&
      absl::SimpleAtod(TextAt(from, {"/latitude", "/location/latitude",
                                     "/geoCoordinate/latitude"}),
                       &latitude) &&
      absl::SimpleAtod(TextAt(from, {"/longitude", "/location/longitude",
                                     "/geoCoordinate/longitude"}),
                       &longitude)) {
    location->set_latitude(latitude);
    location->set_longitude(longitude);
  }
}

void FillVessel(element call, v1::Transport* transport) {
  transport->set_vessel_imo(TextAt(
      call, {"/vessel/vesselIMONumber", "/vesselTransport/vesselIMONumber"}));
  transport->set_vessel_name(TextAt(call, {"/vessel/vesselName", "/vessel/name",
                                           "/vesselTransport/vesselName"}));
  transport->set_call_sign(
      TextAt(call, {"/vessel/vesselCallSignNumber", "/vessel/vesselCallSign",
                    "/vesselTransport/vesselCallSign"}));
  transport->set_carrier_code(TextAt(call, {"/vessel/vesselOperatorCarrierCode",
                                            "/vessel/operatorCarrierCode"}));
}

}  // namespace

std::string TextAt(element object, JsonPlaces places) {
  for (const char* place : places) {
    element value;
    if (object.at_pointer(place).get(value) != simdjson::SUCCESS) continue;
    std::string_view text;
    int64_t integer;
    double number;
    if (value.get(text) == simdjson::SUCCESS) {
      if (!text.empty()) return FoldControls(ToAbsl(text));
    } else if (value.get(integer) == simdjson::SUCCESS) {
      return absl::StrCat(integer);
    } else if (value.get(number) == simdjson::SUCCESS) {
      return absl::StrCat(number);
    }
  }
  return "";
}

// An equipment event says where it happened; a transport event happens at its
// transport call.
void ReadDcsaLocation(element event, absl::string_view type,
                      v1::Movement* movement) {
  v1::Location location;
  element place;
  for (const char* pointer :
       {"/eventLocation", "/payload/eventLocation", "/payload/location"}) {
    if (event.at_pointer(pointer).get(place) == simdjson::SUCCESS) {
      FillLocation(place, &location);
    }
  }
  // What the call says completes one place, never mixes two.
  v1::Location call;
  for (const char* pointer : {"/transportCall", "/payload/transportCall",
                              "/transportDetails/transportCall"}) {
    if (event.at_pointer(pointer).get(place) == simdjson::SUCCESS) {
      FillLocation(place, &call);
    }
  }
  const bool unplaced = location.locode().empty() && !location.has_latitude();
  const bool same_port = !unplaced && location.facility().empty() &&
                         location.locode() == call.locode();
  if (type != "SHIPMENT" && (unplaced || same_port)) {
    call.MergeFrom(location);
    location = call;
  }
  if (location.ByteSizeLong() != 0) *movement->mutable_location() = location;
}

void ReadDcsaTransport(element event, v1::Movement* movement) {
  element call;
  if (event.at_pointer("/transportCall").get(call) != simdjson::SUCCESS &&
      event.at_pointer("/payload/transportCall").get(call) !=
          simdjson::SUCCESS &&
      event.at_pointer("/transportDetails/transportCall").get(call) !=
          simdjson::SUCCESS) {
    return;
  }
  v1::Transport* transport = movement->mutable_transport();
  FillVessel(call, transport);
  const std::string mode = TextAt(call, {"/modeOfTransport"});
  if (mode == "VESSEL") transport->set_mode(v1::SEA);
  if (mode == "RAIL") transport->set_mode(v1::RAIL);
  if (mode == "TRUCK") transport->set_mode(v1::ROAD);
  if (mode == "BARGE") transport->set_mode(v1::BARGE);
  // A box that arrives came on the import voyage.
  const v1::Event what = movement->event();
  const std::string import =
      TextAt(call, {"/importVoyageNumber", "/carrierImportVoyageNumber",
                    "/importVoyageNumberOrReference/carrierVoyageNumber"});
  const std::string exported =
      TextAt(call, {"/exportVoyageNumber", "/carrierExportVoyageNumber",
                    "/exportVoyageNumberOrReference/carrierVoyageNumber"});
  const bool arrives = what == v1::DISCHARGE || what == v1::VESSEL_ARRIVAL ||
                       what == v1::GATE_OUT;
  transport->set_voyage(
      (arrives && !import.empty()) || exported.empty() ? import : exported);
  if (transport->voyage().empty()) {
    transport->set_voyage(TextAt(call, {"/carrierVoyageNumber"}));
  }
  transport->set_call_reference(
      TextAt(call, {"/transportCallReference", "/transportCallID"}));
}

void ReadDcsaEquipment(element event, v1::Movement* movement) {
  v1::Container container;
  container.set_number(
      TextAt(event, {"/equipmentReference", "/payload/equipmentReference",
                     "/equipmentDetails/equipmentReference"}));
  container.set_type_code(
      TextAt(event, {"/ISOEquipmentCode", "/payload/ISOEquipmentCode",
                     "/equipmentDetails/ISOEquipmentCode"}));
  const std::string load =
      TextAt(event, {"/emptyIndicatorCode", "/payload/emptyIndicatorCode",
                     "/equipmentDetails/emptyIndicatorCode"});
  if (load == "EMPTY") container.set_load_status(v1::EMPTY);
  if (load == "LADEN") container.set_load_status(v1::FULL);
  if (container.ByteSizeLong() != 0) {
    *movement->mutable_container() = container;
  }
  for (const char* pointer :
       {"/seals", "/payload/seals", "/equipmentDetails/seals"}) {
    array seals;
    if (event.at_pointer(pointer).get(seals) != simdjson::SUCCESS) continue;
    for (element entry : seals) {
      const std::string number = TextAt(entry, {"/sealNumber", "/number"});
      if (number.empty()) continue;
      v1::Seal* seal = movement->add_seals();
      seal->set_number(number);
      seal->set_source(TextAt(entry, {"/sealSource", "/source"}));
    }
  }
}

}  // namespace portrisk::service
