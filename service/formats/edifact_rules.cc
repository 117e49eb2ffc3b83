// What the segments of EDIFACT messages say: one line for each qualifier.
//
// Sources: the UN/EDIFACT directories D.95B to D.23A and, where these leave it
// open, what SMDG and ITIGG manuals prescribe and terminals send. Where the
// older 90.1, 91.1 and 91.2 directories ("911") put an element elsewhere, a
// second line says so; the qualifier behind the element tells which it is.
//
// A segment without a line is passed over. So is a value that says nothing
// usable: absent is unknown, and a weight nobody can read is no reason to lose
// the gate move it came with; the reader counts such losses.
#include "service/formats/meaning_fields.h"

namespace portrisk::service {
namespace {

using M = MessageType;
using T = Take;

constexpr MessageSet kCodeco = In(M::kCodeco);
constexpr MessageSet kCoarri = In(M::kCoarri);
constexpr MessageSet kCoparn = In(M::kCoparn);
constexpr MessageSet kCoreor = In(M::kCoreor);
constexpr MessageSet kCopino = In(M::kCopino);
constexpr MessageSet kCostco = In(M::kCostco);
constexpr MessageSet kIftsta = In(M::kIftsta);
constexpr MessageSet kIftmin = In(M::kIftmin);
constexpr MessageSet kCuscar = In(M::kCuscar);
constexpr MessageSet kCusrep = In(M::kCusrep);
constexpr MessageSet kBaplie = In(M::kBaplie);
// Of the six box messages, which share their structure.
constexpr MessageSet kBoxes =
    kCodeco | kCoarri | kCoparn | kCoreor | kCopino | kCostco;
constexpr MessageSet kAll =
    kBoxes | kIftsta | kIftmin | kCuscar | kCusrep | kBaplie;
constexpr MessageSet kOrders = kCoparn | kCoreor | kCopino | kIftmin;
constexpr MessageSet kDocuments = kOrders | kCuscar | kCusrep | kBaplie;

// Those that tell an inland leg from the vessel's.
constexpr MessageSet kWithInland = kAll & ~(kCoarri | kCuscar | kBaplie);

constexpr Scopes kNotGoods = kAnywhere & ~kGoods;
constexpr Scopes kOfBox = kNotGoods | kDangerous;  // Whatever stands before it.
constexpr Scopes kOfUnit = kUnit | kUnitLeg;

// In order: messages, scopes, tag, key, codes, value, take, field.
constexpr Rule kRules[] = {
    R(kAll & ~kIftsta, kHeader, "BGM", {1}, "", {1}, T::kDocumentName,
      &kEventField),
    R(kAll, kHeader, "BGM", {1}, "", {2}, T::kDocumentNumber, nullptr),
    R(kAll, kHeader, "BGM", {1}, "", {3}, T::kFunction, nullptr),

    // Equipment.
    R(kAll & ~kCusrep, kOfUnit, "EQD", {1}, "CN", {2}, T::kNumber,
      &kContainerNumber),
    R(kAll & ~kCusrep, kOfUnit, "EQD", {1}, "CN", {3}, T::kText, &kTypeCode),
    R(kAll & ~kCusrep, kOfUnit, "EQD", {1}, "CN", {3, 3}, T::kFirst,
      &kTypeCode),
    R(kAll & ~kCusrep, kOfUnit, "EQD", {1}, "CN", {6}, T::kLoadStatus,
      &kLoadStatusField),
    R(kCodeco | kCoarri, kUnit, "EQD", {1}, "CN", {5}, T::kNotMoved, nullptr),
    R(kCuscar | kCostco, kAnywhere, "SGP", {1}, "", {1}, T::kLink,
      &kContainerNumber),
    R(kIftmin, kGoods, "SGP", {1}, "", {1}, T::kLink, nullptr),
    R(kBoxes, kTrailer, "CNT", {1}, "16", {1, 1}, T::kContainerCount, nullptr),

    // Times of the event.
    R(kCodeco | kCoarri | kCostco, kTop | kUnit, "DTM", {1}, "7|203", {1, 1},
      T::kTime, &kOccurrence)
        .Rank(4),
    R(kCodeco | kCoarri | kCostco, kTop | kUnit, "DTM", {1}, "ACT", {1, 1},
      T::kTime, &kOccurrence)
        .Rank(3),
    R(kCodeco | kCoarri | kCostco, kTop | kUnit, "DTM", {1}, "181", {1, 1},
      T::kTime, &kOccurrence)
        .Rank(2),
    R(kCodeco, kUnitLeg, "DTM", {1}, "7|203", {1, 1}, T::kTime, &kOccurrence)
        .Rank(4),
    R(kCodeco, kUnitLeg, "DTM", {1}, "ACT", {1, 1}, T::kTime, &kOccurrence)
        .Rank(3),
    R(kCodeco, kUnitLeg, "DTM", {1}, "181", {1, 1}, T::kTime, &kOccurrence)
        .Rank(2),
    // Arrival and departure of the lorry, train or barge at the gate. The same
    // codes before any EQD are the vessel's.
    R(kCodeco, kUnitLeg, "DTM", {1}, "132|133|178|186", {1, 1}, T::kTime,
      &kOccurrence)
        .Rank(1),
    R(kIftsta, kStatus, "DTM", {1}, "334", {1, 1}, T::kTime, &kOccurrence)
        .Rank(4),
    R(kIftsta, kStatus, "DTM", {1}, "7|203|ACT|1", {1, 1}, T::kTime,
      &kOccurrence)
        .Rank(3),
    // 2005: 178 and 186 are actual, 132 and 133 estimated, 232 and 189
    // scheduled. What is not actual is no fact, whatever BGM calls the report.
    R(kCusrep, kTop, "DTM", {1}, "178|186", {1, 1}, T::kTime, &kOccurrence)
        .Rank(6),
    R(kCusrep, kTop, "DTM", {1}, "136", {1, 1}, T::kTime, &kOccurrence)
        .Rank(5)
        .Only(v1::VESSEL_DEPARTURE),
    R(kCusrep, kTop, "DTM", {1}, "132", {1, 1}, T::kTime,
      &kOccurrenceAndClassifier)
        .Rank(4)
        .Only(v1::VESSEL_ARRIVAL)
        .As(v1::ESTIMATED),
    R(kCusrep, kTop, "DTM", {1}, "133", {1, 1}, T::kTime,
      &kOccurrenceAndClassifier)
        .Rank(4)
        .Only(v1::VESSEL_DEPARTURE)
        .As(v1::ESTIMATED),
    R(kCusrep, kTop, "DTM", {1}, "232", {1, 1}, T::kTime,
      &kOccurrenceAndClassifier)
        .Rank(3)
        .Only(v1::VESSEL_ARRIVAL)
        .As(v1::PLANNED),
    R(kCusrep, kTop, "DTM", {1}, "189", {1, 1}, T::kTime,
      &kOccurrenceAndClassifier)
        .Rank(3)
        .Only(v1::VESSEL_DEPARTURE)
        .As(v1::PLANNED),
    R(kAll, kTop, "DTM", {1}, "137", {1, 1}, T::kPrepared, nullptr),
    R(kDocuments, kTop, "DTM", {1}, "137", {1, 1}, T::kTime, &kOccurrence)
        .Rank(2),
    // Other times.
    R(kCuscar | kBaplie | kCoparn | kCoreor | kIftmin, kTop, "DTM", {1},
      "132|232", {1, 1}, T::kTimestamp, &kEstimatedArrival),
    R(kCoreor | kCoparn, kTop | kUnit, "DTM", {1}, "36", {1, 1}, T::kTimestamp,
      &kExpireTime),
    R(kCopino, kAnywhere, "DTM", {1}, "7|132|133|200|201", {1, 1},
      T::kTimestamp, &kSlotTime),

    // Places. Where it happened: the gate says so itself; a quay by the port
    // at which the vessel is loaded or discharged.
    R(kBoxes | kIftsta, kNotGoods, "LOC", {1}, "165", {2}, T::kPlace,
      &kPlaceFields),
    R(kIftsta, kStatus, "LOC", {1}, "175", {2}, T::kPlace, &kPlaceFields),
    R(kCoarri, kNotGoods, "LOC", {1}, "9", {2}, T::kFirstPlace, &kPlaceFields)
        .Only(v1::LOAD),
    R(kCoarri, kNotGoods, "LOC", {1}, "11", {2}, T::kFirstPlace, &kPlaceFields)
        .Only(v1::DISCHARGE),
    R(kCoarri, kNotGoods, "LOC", {1}, "11", {2}, T::kFirstPlace, &kPlaceFields)
        .Only(v1::YARD_MOVE),
    // 3227: where an empty box is dispatched, before where it is returned.
    R(kCoparn, kOfUnit, "LOC", {1}, "98", {2}, T::kFirstPlace, &kPlaceFields)
        .Rank(1),
    R(kCoparn, kOfUnit, "LOC", {1}, "99", {2}, T::kFirstPlace, &kPlaceFields),
    R(kCoreor, kNotGoods, "LOC", {1}, "11", {2}, T::kFirstPlace, &kPlaceFields),
    R(kCopino, kNotGoods, "LOC", {1}, "88|98", {2}, T::kFirstPlace,
      &kPlaceFields),
    R(kCuscar, kTop, "LOC", {1}, "60", {2}, T::kFirstPlace, &kPlaceFields),
    R(kBaplie, kTop, "LOC", {1}, "5", {2}, T::kPlace, &kPlaceFields),
    R(kCusrep, kTop, "LOC", {1}, "60|11|8", {2}, T::kFirstPlace, &kPlaceFields)
        .Only(v1::VESSEL_ARRIVAL),
    R(kCusrep, kTop, "LOC", {1}, "5|9", {2}, T::kFirstPlace, &kPlaceFields)
        .Only(v1::VESSEL_DEPARTURE),
    R(kCusrep, kTop, "LOC", {1}, "61|8", {2}, T::kFirstLocode, &kNextPort)
        .Only(v1::VESSEL_DEPARTURE),
    R(kCusrep, kTop, "LOC", {1}, "125|5", {2}, T::kFirstLocode, &kPreviousPort)
        .Only(v1::VESSEL_ARRIVAL),
    R(kBoxes | kBaplie, kAnywhere, "LOC", {1}, "147", {2}, T::kText,
      &kYardPosition),
    R(kAll & ~kCusrep, kAnywhere, "LOC", {1}, "9", {2}, T::kLocode, &kLoading),
    R(kBaplie, kOfUnit, "LOC", {1}, "6", {2}, T::kLocode, &kLoading),
    R(kAll & ~kCusrep, kAnywhere, "LOC", {1}, "11", {2}, T::kLocode,
      &kDischarge),
    R(kBaplie, kOfUnit, "LOC", {1}, "12", {2}, T::kLocode, &kDischarge),
    R(kAll & ~kCusrep, kAnywhere, "LOC", {1}, "7", {2}, T::kLocode,
      &kDestination),
    R(kAll & ~kCusrep, kAnywhere, "LOC", {1}, "8", {2}, T::kFirstLocode,
      &kDestination),
    R(kBaplie, kOfUnit, "LOC", {1}, "83", {2}, T::kLocode, &kDestination),
    R(kAll & ~kCusrep, kAnywhere, "LOC", {1}, "13", {2}, T::kLocode,
      &kTranshipment),
    R(kAll & ~(kCusrep | kCopino), kAnywhere, "LOC", {1}, "88", {2}, T::kLocode,
      &kOrigin),
    R(kAll & ~kCusrep, kAnywhere, "LOC", {1}, "76", {2}, T::kLocode, &kOrigin),
    R(kAll & ~kCusrep, kAnywhere, "LOC", {1}, "61", {2}, T::kLocode,
      &kNextPort),
    R(kAll & ~kCusrep, kAnywhere, "LOC", {1}, "125", {2}, T::kLocode,
      &kPreviousPort),

    // The vessel and its voyage.
    R(kAll, kAnywhere, "TDT", {1}, "", {2}, T::kText, &kVoyage).On(Leg::kMain),
    R(kAll, kAnywhere, "TDT", {1}, "", {5}, T::kText, &kCarrierCode)
        .On(Leg::kMain),
    R(kAll, kAnywhere, "TDT", {1}, "", {8}, T::kImo, &kImoNumber)
        .On(Leg::kMain),
    R(kAll, kAnywhere, "TDT", {1}, "", {8}, T::kCallSign, &kCallSignOf)
        .On(Leg::kMain),
    R(kAll, kAnywhere, "TDT", {1}, "", {8, 3}, T::kText, &kVesselName)
        .On(Leg::kMain),
    R(kCoarri | kIftsta | kBaplie | kCuscar | kCusrep, kAnywhere, "TDT", {1},
      "", {3}, T::kSeaMode, &kModeField)
        .On(Leg::kMain),
    // 911: the vessel is in element 4 and the carrier in element 6.
    R(kAll, kAnywhere, "TDT", {1}, "", {4}, T::kImo, &kImoNumber)
        .On(Leg::kMain)
        .And({4, 1}, "146|11"),
    R(kAll, kAnywhere, "TDT", {1}, "", {4}, T::kCallSign, &kCallSignOf)
        .On(Leg::kMain)
        .And({4, 1}, "103"),
    R(kAll, kAnywhere, "TDT", {1}, "", {4, 3}, T::kText, &kVesselName)
        .On(Leg::kMain)
        .And({4, 1}, "103|146|11"),
    R(kAll, kAnywhere, "TDT", {1}, "", {6}, T::kText, &kCarrierCode)
        .On(Leg::kMain)
        .And({6, 1}, "172"),
    // One separator short, as some senders write it.
    R(kAll, kAnywhere, "TDT", {1}, "", {7}, T::kImo, &kImoNumber)
        .On(Leg::kMain)
        .And({7, 1}, "146|11")
        .Tolerated("ELEMENT_MISPLACED"),
    R(kAll, kAnywhere, "TDT", {1}, "", {7}, T::kCallSign, &kCallSignOf)
        .On(Leg::kMain)
        .And({7, 1}, "103")
        .Tolerated("ELEMENT_MISPLACED"),
    R(kAll, kAnywhere, "TDT", {1}, "", {7, 3}, T::kText, &kVesselName)
        .On(Leg::kMain)
        .And({7, 1}, "103|146|11"),
    // The lorry, train or barge.
    R(kWithInland, kAnywhere, "TDT", {1}, "", {3}, T::kMode, &kModeField)
        .On(Leg::kInland),
    R(kWithInland, kAnywhere, "TDT", {1}, "", {8}, T::kPlate, &kPlateOf)
        .On(Leg::kInland),
    R(kWithInland, kAnywhere, "TDT", {1}, "", {8}, T::kBargeName, &kVesselName)
        .On(Leg::kInland),
    R(kBoxes & ~kCoarri, kAnywhere, "TDT", {1}, "", {5}, T::kLegParty,
      &kHaulier)
        .On(Leg::kInland),

    // References.
    R(kAll, kAnywhere, "RFF", {1}, "BN", {1, 1}, T::kText, &kBooking),
    R(kAll & ~kBaplie, kAnywhere, "RFF", {1}, "BM", {1, 1}, T::kBill,
      &kBillField),
    R(kCostco, kAnywhere, "RFF", {1}, "MB", {1, 1}, T::kBill, &kBillField),
    R(kAll, kAnywhere, "RFF", {1}, "ABT|AAE", {1, 1}, T::kText, &kDeclaration),
    R(kAll, kAnywhere, "RFF", {1}, "RE|REO", {1, 1}, T::kRelease, &kRightField),
    R(kCoreor | kCopino, kAnywhere, "RFF", {1}, "AAJ", {1, 1}, T::kRelease,
      &kRightField),
    R(kAll, kAnywhere, "RFF", {1}, "ATZ", {1, 1}, T::kText, &kCallReference),
    R(kAll, kAnywhere, "RFF", {1}, "VON", {1, 1}, T::kFirst, &kVoyage),
    R(kAll, kHeader, "RFF", {1}, "ACW", {1, 1}, T::kPreviousDocument, nullptr),
    R(kIftsta, kNotGoods, "RFF", {1}, "EQ", {1, 1}, T::kNumber,
      &kContainerNumber),
    R(kCuscar | kIftmin, kAnywhere, "RFF", {1}, "HS", {1, 1}, T::kDigits,
      &kCommodity),
    R(kCuscar | kCostco | kIftsta, kConsignment, "CNI", {1}, "", {2}, T::kFirst,
      &kBillText),
    // 703 to 705: bills of lading; 714: a forwarder's.
    R(kCuscar, kConsignment, "DOC", {1}, "703|704|705|714", {2}, T::kBill,
      &kBillField),

    // What happened, in a status report.
    R(kIftsta, kStatus, "STS", {1}, "", {2}, T::kStatusCode, &kEventAndMode),

    // Parties.
    R(kAll, kHeader | kLeg, "NAD", {1}, "MS", {2}, T::kSender, nullptr),
    R(kAll, kAnywhere, "NAD", {1}, "CF", {2}, T::kText, &kOperator),
    R(kBaplie, kOfUnit, "NAD", {1}, "CA", {2}, T::kFirst, &kOperator),
    R(kAll, kAnywhere, "NAD", {1}, "CA", {2}, T::kNadParty, &kCarrier),
    R(kAll, kAnywhere, "NAD", {1}, "CN", {2}, T::kNadParty, &kConsignee),
    R(kAll, kAnywhere, "NAD", {1}, "CZ", {2}, T::kNadParty, &kShipper),
    R(kAll, kAnywhere, "NAD", {1}, "NI|N1", {2}, T::kNadParty, &kNotifyParty),
    R(kAll, kAnywhere, "NAD", {1}, "FW", {2}, T::kNadParty, &kForwarder),
    R(kAll, kAnywhere, "NAD", {1}, "TR", {2}, T::kNadParty, &kTerminal),
    R(kAll, kAnywhere, "NAD", {1}, "DT", {2}, T::kNadParty, &kDeclarant),
    R(kCoreor, kAnywhere, "NAD", {1}, "CA|MS", {2}, T::kNadParty, &kRightActor),
    R(kCoreor, kAnywhere, "NAD", {1}, "FW", {2}, T::kNadParty,
      &kRightRecipient),

    // Weights, seals, goods.
    R(kAll, kNotGoods, "MEA", {2}, "G|AET", {3, 1}, T::kWeight, &kGrossKg)
        .Extra({3}),
    R(kAll, kNotGoods, "MEA", {2}, "-", {3, 1}, T::kWeight, &kGrossKg)
        .Extra({3})
        .And({1}, "WT"),
    R(kAll, kNotGoods, "MEA", {2}, "EGW", {3, 1}, T::kFirstWeight, &kGrossKg)
        .Extra({3}),
    R(kAll, kOfBox, "MEA", {2}, "VGM", {3, 1}, T::kWeight, &kVgmKg).Extra({3}),
    R(kBaplie, kOfUnit, "MEA", {2}, "-", {3, 1}, T::kWeight, &kVgmKg)
        .Extra({3})
        .And({1}, "VGM"),
    R(kAll, kOfBox, "MEA", {2}, "T", {3, 1}, T::kWeight, &kTareKg).Extra({3}),
    R(kIftmin | kCuscar | kCostco, kGoods, "MEA", {2}, "G|AAB", {3, 1},
      T::kWeightSum, &kCargoKg)
        .Extra({3}),
    // 6313: AAD is the weight of the whole consignment; its items say more.
    R(kCuscar | kCostco, kConsignment | kGoods, "MEA", {2}, "AAD", {3, 1},
      T::kFirstWeight, &kCargoKg)
        .Extra({3}),
    R(kIftmin | kCuscar | kCostco, kGoods, "GID", {1}, "", {2}, T::kCountSum,
      &kPackages),
    R(kAll, kAnywhere, "SEL", {1}, "", {1}, T::kSeal, &kSealFields),
    R(kAll, kAnywhere | kDangerous, "FTX", {1}, "AAA", {4}, T::kGoods,
      &kGoodsField),
    R(kAll, kAnywhere, "PIA", {1}, "", {2}, T::kDigits, &kCommodity)
        .And({2, 1}, "HS"),
};

}  // namespace

absl::Span<const Rule> EdifactRules() { return kRules; }

}  // namespace portrisk::service
