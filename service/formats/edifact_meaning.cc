// The EDIFACT messages that are read: what they are, what their document names
// report and how their segments are grouped.
//
// Document names (1001): terminals still send the numbers of the nineties
// beside those that D.00B gave the same documents.
#include <algorithm>

#include "service/formats/definitions.h"

namespace portrisk::service {
namespace {

using M = MessageType;

constexpr DocumentCode kGateReports[] = {
    {"34", v1::GATE_IN},
    {"109", v1::GATE_IN},
    {"36", v1::GATE_OUT},
    {"111", v1::GATE_OUT},
    {"117", v1::YARD_MOVE}  // Shift report.
};
constexpr DocumentCode kQuayReports[] = {
    {"44", v1::DISCHARGE},  {"98", v1::DISCHARGE}, {"119", v1::DISCHARGE},
    {"181", v1::DISCHARGE}, {"46", v1::LOAD},      {"122", v1::LOAD},
    {"270", v1::LOAD},      {"24", v1::YARD_MOVE}  // Re-stow report.
};
constexpr DocumentCode kAnnouncements[] = {
    {"335", v1::BOOKING}, {"770", v1::BOOKING},  // Asked for, confirmed.
};
constexpr DocumentCode kWarehouseReports[] = {
    {"88", v1::STRIPPING},
    {"113", v1::STRIPPING},
    {"86", v1::EVENT_UNSPECIFIED},  // Short and surplus cargo of a vessel.
};
constexpr DocumentCode kConveyanceReports[] = {
    {"96", v1::VESSEL_ARRIVAL, v1::ESTIMATED},  // Impending arrival.
    {"97", v1::VESSEL_ARRIVAL, v1::ESTIMATED},
    {"185", v1::VESSEL_ARRIVAL},
    {"933", v1::VESSEL_ARRIVAL},
    {"124", v1::VESSEL_DEPARTURE},
    {"186", v1::VESSEL_DEPARTURE},
    {"833", v1::VESSEL_DEPARTURE},
};

constexpr absl::string_view kEdifact = "EDIFACT";

const Definition kDefinitions[] = {
    {.type = M::kCodeco,
     .name = "CODECO",
     .standard = kEdifact,
     .what = "gate-in and gate-out report",
     .documents = kGateReports,
     .documents_hint = "BGM does not say whether this is a gate in (34, 109), "
                       "a gate out (36, 111) or a shift (117); send one of "
                       "these codes",
     .legs = Legs::kGate,
     .time_hint = "no DTM says when the gate was passed; send "
                  "DTM+7:CCYYMMDDHHMM:203 behind the EQD"},
    {.type = M::kCoarri,
     .name = "COARRI",
     .standard = kEdifact,
     .what = "discharge and loading report",
     .documents = kQuayReports,
     .documents_hint = "BGM does not say whether this is a discharge (44, 98, "
                       "119), a load (46, 122, 270) or a re-stow (24); send "
                       "one of these codes",
     .legs = Legs::kQuay,
     .time_hint = "no DTM says when the container was handled; send "
                  "DTM+203:CCYYMMDDHHMM:203 behind the EQD"},
    {.type = M::kCoparn,
     .name = "COPARN",
     .standard = kEdifact,
     .what = "container announcement: release or acceptance order, booking",
     .event = v1::RELEASE_ORDER,
     .documents = kAnnouncements,
     .legs = Legs::kOrder,
     .document = true,
     .number_optional = true},
    {.type = M::kCoreor,
     .name = "COREOR",
     .standard = kEdifact,
     .what = "container release order: issues a pick-up right",
     .event = v1::RELEASE_ORDER,
     .with_right = v1::PICKUP_RIGHT_ISSUED,
     .legs = Legs::kOrder,
     .document = true,
     .number_optional = true,
     .cancelled_by = v1::PICKUP_RIGHT_REVOKED},
    {.type = M::kCopino,
     .name = "COPINO",
     .standard = kEdifact,
     .what = "pre-notification of a haulier's visit",
     .event = v1::PRE_NOTIFICATION,
     .legs = Legs::kOrder,
     .document = true,
     .number_optional = true},
    {.type = M::kCostco,
     .name = "COSTCO",
     .standard = kEdifact,
     .what = "stuffing and stripping confirmation",
     .documents = kWarehouseReports,
     .documents_hint = "BGM does not say that this was stuffed or stripped; "
                       "send 88 or 113 for stripped, or another name than 86 "
                       "(what a vessel landed) and in EQD whether the "
                       "container is full now",
     .by_load_status = true,
     .legs = Legs::kOrder,
     .time_hint = "no DTM says when the container was stuffed or stripped; "
                  "send DTM+7:CCYYMMDDHHMM:203 behind the EQD"},
    {.type = M::kIftsta,
     .name = "IFTSTA",
     .standard = kEdifact,
     .what = "status report",
     .legs = Legs::kMode,
     .count_status_time = true,
     .time_hint = "no DTM says when the status was reached; send "
                  "DTM+334:CCYYMMDDHHMM:203 behind the STS"},
    {.type = M::kIftmin,
     .name = "IFTMIN",
     .standard = kEdifact,
     .what = "transport instruction",
     .event = v1::TRANSPORT_DOCUMENT,
     .documents = kAnnouncements,
     .legs = Legs::kOrder,
     .role = Role::kUnitIfAlone,
     .document = true,
     .number_optional = true},
    {.type = M::kCuscar,
     .name = "CUSCAR",
     .standard = kEdifact,
     .what = "customs cargo report: a manifest",
     .event = v1::MANIFEST_LODGED,
     .legs = Legs::kQuay,
     .document = true,
     .number_optional = true,
     .per_consignment = true,
     .replaced_by = v1::MANIFEST_AMENDED},
    {.type = M::kCusrep,
     .name = "CUSREP",
     .standard = kEdifact,
     .what = "customs conveyance report: a vessel's arrival or departure",
     .documents = kConveyanceReports,
     .documents_hint = "BGM does not say whether this is an arrival (185, 933; "
                       "96, 97 when expected) or a departure (124, 186, 833); "
                       "send one of these codes",
     .legs = Legs::kMode,
     .role = Role::kUnitIfAlone,
     .document = true,
     .number_optional = true},
    {.type = M::kBaplie,
     .name = "BAPLIE",
     .standard = kEdifact,
     .what = "bay plan",
     .event = v1::STOW_PLAN,
     .legs = Legs::kQuay,
     .document = true},
};

constexpr MessageSet kOrders = In(M::kCoparn) | In(M::kCoreor) | In(M::kCopino);
constexpr MessageSet kByBox = In(M::kCodeco) | In(M::kCoarri) | kOrders;
constexpr MessageSet kHolding = In(M::kCostco) | In(M::kCuscar);
constexpr MessageSet kEqdUnits = kByBox | In(M::kIftmin);
constexpr MessageSet kAll = kByBox | kHolding | In(M::kIftsta) |
                            In(M::kIftmin) | In(M::kCusrep) | In(M::kBaplie);

// The first that fits counts.
constexpr Group kGroups[] = {
    {kEqdUnits, "EQD", "CN", 0, kUnit, 1, Role::kUnit},
    {kHolding, "EQD", "CN", 0, kUnit, 1, Role::kHeld},
    {kEqdUnits | kHolding, "EQD", "", 0, 0, 1, Role::kIgnored},
    {kHolding, "CNI", "", 0, kConsignment, 1, Role::kConsignmentOfHeld},
    {In(M::kIftsta), "CNI", "", 0, kConsignment, 1, Role::kContext},
    {In(M::kIftsta), "STS", "", 0, kStatus, 2, Role::kUnitIfAlone},
    {In(M::kIftsta), "EQD", "CN", 0, kUnit, 3, Role::kUnit},
    {In(M::kIftsta), "EQD", "", 0, 0, 3, Role::kIgnored},
    {In(M::kBaplie), "LOC", "147", 0, kUnit, 1, Role::kUnit},
    // Before any box; behind one, goods are that box's.
    {In(M::kIftmin), "GID", "", kTop | kGoods, kGoods, 1, Role::kItem},
    // In a bay plan the weight behind it is the box's.
    {kAll & ~(In(M::kCoarri) | In(M::kCusrep) | In(M::kBaplie)), "GID", "",
     kAnywhere, kGoods, 1, Role::kPart},
    {kAll, "DGS", "", kAnywhere | kTrailer, kDangerous, 1, Role::kRemark},
    {kAll, "TDT", "", kTop, kLeg, 0, Role::kPart},
    {kAll, "TDT", "", kAnywhere & ~kTop, kUnitLeg, 1, Role::kPart},
    {kByBox | In(M::kCostco), "CNT", "", 0, kTrailer, 0, Role::kTrailer},
};

}  // namespace

absl::Span<const Group> EdifactGroups() { return kGroups; }
absl::Span<const Definition> EdifactDefinitions() { return kDefinitions; }

}  // namespace portrisk::service
