// The fields of a Movement that the tables of messages fill.
#ifndef PORTRISK_SERVICE_FORMATS_MEANING_FIELDS_H_
#define PORTRISK_SERVICE_FORMATS_MEANING_FIELDS_H_

#include "service/formats/meaning.h"

namespace portrisk::service {

// A rule of the tables, without its rarer parts.
constexpr Rule R(MessageSet in, Scopes at, absl::string_view tag, Part key,
                 absl::string_view codes, Part value, Take take,
                 const Field* field) {
  Rule rule;
  rule.in = in;
  rule.at = at;
  rule.tag = tag;
  rule.key = key;
  rule.codes = codes;
  rule.value = value;
  rule.take = take;
  rule.field = field;
  return rule;
}

// Text in a message within the movement: "consignment.booking".
#define PORTRISK_TEXT(name, owner, member)               \
  inline constexpr Field name = {                        \
      #owner "." #member, [](v1::Movement* m) {          \
        return m->mutable_##owner()->mutable_##member(); \
      }}
PORTRISK_TEXT(kContainerNumber, container, number);
PORTRISK_TEXT(kTypeCode, container, type_code);
PORTRISK_TEXT(kOperator, container, operator_code);
PORTRISK_TEXT(kPlaceLocode, location, locode);
PORTRISK_TEXT(kPlaceName, location, name);
PORTRISK_TEXT(kYardPosition, location, yard_position);
PORTRISK_TEXT(kImoNumber, transport, vessel_imo);
PORTRISK_TEXT(kVesselName, transport, vessel_name);
PORTRISK_TEXT(kVoyage, transport, voyage);
PORTRISK_TEXT(kCarrierCode, transport, carrier_code);
PORTRISK_TEXT(kCallSignOf, transport, call_sign);
PORTRISK_TEXT(kPlateOf, transport, plate);
PORTRISK_TEXT(kCallReference, transport, call_reference);
PORTRISK_TEXT(kNextPort, transport, next_locode);
PORTRISK_TEXT(kPreviousPort, transport, previous_locode);
PORTRISK_TEXT(kBooking, consignment, booking);
PORTRISK_TEXT(kBillText, consignment, bill_of_lading);
PORTRISK_TEXT(kCommodity, consignment, commodity);
PORTRISK_TEXT(kDeclaration, consignment, declaration);
PORTRISK_TEXT(kOrigin, consignment, origin_locode);
PORTRISK_TEXT(kLoading, consignment, loading_locode);
PORTRISK_TEXT(kDischarge, consignment, discharge_locode);
PORTRISK_TEXT(kTranshipment, consignment, transhipment_locode);
PORTRISK_TEXT(kDestination, consignment, destination_locode);
#undef PORTRISK_TEXT

#define PORTRISK_NUMBER(name, owner, member)                          \
  inline constexpr Field name = {                                     \
      #owner "." #member, nullptr,                                    \
      [](v1::Movement* m, int32_t value) {                            \
        m->mutable_##owner()->set_##member(value);                    \
      },                                                              \
      [](const v1::Movement& m) { return m.owner().has_##member(); }, \
      [](const v1::Movement& m) { return int32_t{m.owner().member()}; }}
PORTRISK_NUMBER(kTareKg, container, tare_kg);
PORTRISK_NUMBER(kGrossKg, weights, gross_kg);
PORTRISK_NUMBER(kVgmKg, weights, vgm_kg);
PORTRISK_NUMBER(kCargoKg, weights, cargo_kg);
PORTRISK_NUMBER(kPackages, consignment, packages);
#undef PORTRISK_NUMBER

#define PORTRISK_TIME(name, owner, member)               \
  inline constexpr Field name = {                        \
      #owner "." #member,                                \
      nullptr,                                           \
      nullptr,                                           \
      nullptr,                                           \
      nullptr,                                           \
      [](v1::Movement* m) {                              \
        return m->mutable_##owner()->mutable_##member(); \
      }}
PORTRISK_TIME(kEstimatedArrival, transport, estimated_arrival_time);
PORTRISK_TIME(kExpireTime, pickup_right, expire_time);
PORTRISK_TIME(kSlotTime, pickup_right, slot_time);
#undef PORTRISK_TIME

#define PORTRISK_PARTY(name, path, expression) \
  inline constexpr Field name = {              \
      path,                                    \
      nullptr,                                 \
      nullptr,                                 \
      nullptr,                                 \
      nullptr,                                 \
      nullptr,                                 \
      [](v1::Movement* m) -> v1::Party* { return m->expression; }}
PORTRISK_PARTY(kHaulier, "haulier", mutable_haulier());
PORTRISK_PARTY(kCarrier, "carrier", mutable_carrier());
PORTRISK_PARTY(kShipper, "shipper", mutable_shipper());
PORTRISK_PARTY(kConsignee, "consignee", mutable_consignee());
PORTRISK_PARTY(kNotifyParty, "notify_party", mutable_notify_party());
PORTRISK_PARTY(kDeclarant, "declarant", mutable_declarant());
PORTRISK_PARTY(kForwarder, "forwarder", mutable_forwarder());
PORTRISK_PARTY(kTerminal, "terminal", mutable_terminal());
PORTRISK_PARTY(kRightActor, "pickup_right.actor",
               mutable_pickup_right()->mutable_actor());
PORTRISK_PARTY(kRightRecipient, "pickup_right.recipient",
               mutable_pickup_right()->mutable_recipient());
#undef PORTRISK_PARTY

// Those of composite takes.
inline constexpr Field kEventField = {"event"};
inline constexpr Field kEventAndMode = {
    "event, container.load_status, transport.mode"};
inline constexpr Field kOccurrence = {"occurrence_time"};
inline constexpr Field kOccurrenceAndClassifier = {
    "occurrence_time, classifier"};
inline constexpr Field kLoadStatusField = {"container.load_status"};
inline constexpr Field kModeField = {"transport.mode"};
inline constexpr Field kPlaceFields = {
    "location.locode, location.name, location.facility, "
    "location.facility_code_list"};
inline constexpr Field kX12PlaceFields = {"location.locode, location.name"};
inline constexpr Field kBillField = {
    "consignment.bill_of_lading, consignment.consolidated"};
inline constexpr Field kX12BillField = {"consignment.bill_of_lading"};
inline constexpr Field kRightField = {"pickup_right.id, pickup_right.kind"};
inline constexpr Field kSealFields = {"seals.number, seals.source"};
inline constexpr Field kX12SealField = {"seals.number"};
inline constexpr Field kGoodsField = {"consignment.goods"};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_MEANING_FIELDS_H_
