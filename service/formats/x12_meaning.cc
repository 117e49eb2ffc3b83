// The X12 transaction sets that are read, 004010 and what lies near it: 309
// (customs manifest), 315 (status details, ocean), 322 (terminal and ramp
// activity). Elements are counted from 1, as X12 does; 0 is the tag.
#include "service/formats/definitions.h"
#include "service/formats/meaning_fields.h"

namespace portrisk::service {
namespace {

using M = MessageType;
using T = Take;

constexpr MessageSet k309 = In(M::kX309);
constexpr MessageSet k315 = In(M::kX315);
constexpr MessageSet k322 = In(M::kX322);
constexpr MessageSet kAll = k309 | k315 | k322;

constexpr absl::string_view kX12 = "X12";

// M10 9 (X12 256): originals and a preliminary one, then updates and
// amendments.
constexpr DocumentCode kManifests[] = {
    {"W", v1::MANIFEST_LODGED},  {"A", v1::MANIFEST_LODGED},
    {"E", v1::MANIFEST_LODGED},  {"P", v1::MANIFEST_LODGED},
    {"B", v1::MANIFEST_AMENDED}, {"C", v1::MANIFEST_AMENDED},
    {"D", v1::MANIFEST_AMENDED}, {"F", v1::MANIFEST_AMENDED},
    {"V", v1::MANIFEST_AMENDED}, {"X", v1::MANIFEST_AMENDED},
    {"Y", v1::MANIFEST_AMENDED},
};

const Definition kDefinitions[] = {
    {.type = M::kX309,
     .name = "309",
     .standard = kX12,
     .what = "customs manifest",
     .event = v1::MANIFEST_LODGED,
     .documents = kManifests,
     .other_documents = v1::MANIFEST_AMENDED,
     .legs = Legs::kMode,
     .document = true,
     .number_optional = true},
    {.type = M::kX315,
     .name = "315",
     .standard = kX12,
     .what = "status details (ocean)",
     .legs = Legs::kMode,
     .role = Role::kUnitIfAlone,
     .count_status_time = true,
     .time_hint = "B4 does not say when; send the date in B404 and the time in "
                  "B405"},
    {.type = M::kX322,
     .name = "322",
     .standard = kX12,
     .what = "terminal operations and intermodal ramp activity",
     .legs = Legs::kMode,
     .count_status_time = true,
     .time_hint = "Q5 does not say when; send the date in Q502 and the time in "
                  "Q503"},
};

constexpr Group kGroups[] = {
    {k309, "P4", "", 0, kLeg, 1, Role::kContext},
    {k309, "LX", "", 0, kConsignment, 2, Role::kUnitIfAlone},
    {k309, "VID", "", 0, kUnit, 3, Role::kUnit},
    {k315, "B4", "", 0, kStatus, 1, Role::kUnitIfAlone},
    {k322, "Q5", "", 0, kStatus, 1, Role::kContext},
    {k322, "N7", "", 0, kUnit, 2, Role::kUnit},
};

// Columns as in edifact_rules.cc.
constexpr Rule kRules[] = {
    // What happened, when and where.
    R(k309, kHeader, "M10", {1}, "", {9}, T::kDocumentName, &kEventField),
    R(k309, kConsignment, "M13", {1}, "", {3}, T::kAmendment, &kEventField)
        .Extra({7}),
    R(k322, kHeader, "ZC1", {1}, "", {4}, T::kCorrection, nullptr),
    R(k315, kStatus, "B4", {1}, "", {3}, T::kStatusCode, &kEventAndMode),
    R(k315, kStatus, "B4", {1}, "", {4}, T::kX12Time, &kOccurrence),
    R(k315, kStatus, "B4", {1}, "", {11}, T::kX12Place, &kX12PlaceFields)
        .Extra({12}),
    R(k315, kStatus, "B4", {1}, "", {6}, T::kX12FirstPlace, &kPlaceLocode),
    R(k322, kStatus, "Q5", {1}, "", {1}, T::kStatusCode, &kEventAndMode),
    R(k322, kStatus, "Q5", {1}, "", {2}, T::kX12Time, &kOccurrence),
    R(k322, kStatus, "Q5", {1}, "", {6}, T::kFirst, &kPlaceName),
    R(k315 | k322, kAnywhere, "R4", {1}, "5", {3}, T::kX12Port,
      &kX12PlaceFields),

    // Equipment.
    R(k315, kStatus, "B4", {1}, "", {7}, T::kX12Number, &kContainerNumber)
        .Extra({13}),
    R(k315, kStatus, "B4", {1}, "", {9}, T::kX12LoadStatus, &kLoadStatusField),
    R(k315, kStatus, "B4", {1}, "", {10}, T::kText, &kTypeCode),
    R(k315, kAnywhere, "N9", {1}, "EQ", {2}, T::kFirstNumber,
      &kContainerNumber),
    R(k322, kUnit, "N7", {1}, "", {1}, T::kX12Number, &kContainerNumber)
        .Extra({18}),
    R(k322, kUnit, "N7", {4}, "G", {3}, T::kWeight, &kGrossKg).Extra({17}),
    R(k322, kUnit, "N7", {1}, "", {5}, T::kWeight, &kTareKg).Extra({17}),
    R(k322, kUnit, "N7", {1}, "", {12}, T::kText, &kOperator),
    R(k322, kUnit, "N7", {1}, "", {22}, T::kText, &kTypeCode),
    R(k322, kUnit, "W2", {1}, "", {5}, T::kX12LoadStatus, &kLoadStatusField),
    R(k309, kUnit, "VID", {1}, "", {2}, T::kX12Number, &kContainerNumber)
        .Extra({31}),
    R(k309, kUnit, "VID", {1}, "", {4}, T::kX12Seal, &kX12SealField),
    R(k309, kUnit, "VID", {1}, "", {5}, T::kX12Seal, &kX12SealField),
    R(kAll, kAnywhere, "M7", {1}, "", {1}, T::kX12Seal, &kSealFields)
        .Extra({5}),
    R(kAll, kAnywhere, "M7", {1}, "", {2}, T::kX12Seal, &kSealFields)
        .Extra({5}),
    R(kAll, kAnywhere, "M7", {1}, "", {3}, T::kX12Seal, &kSealFields)
        .Extra({5}),
    R(kAll, kAnywhere, "M7", {1}, "", {4}, T::kX12Seal, &kSealFields)
        .Extra({5}),

    // References.
    R(kAll, kAnywhere, "N9", {1}, "BN", {2}, T::kText, &kBooking),
    R(kAll, kAnywhere, "N9", {1}, "BM|OB|MB", {2}, T::kBill, &kBillField),
    R(kAll, kAnywhere, "N9", {1}, "SN", {2}, T::kX12Seal, &kX12SealField),
    R(kAll, kAnywhere, "N9", {1}, "P8|RE", {2}, T::kRelease, &kRightField),
    R(kAll, kAnywhere, "N9", {1}, "SCA", {2}, T::kText, &kCarrierCode),
    R(k309, kConsignment, "M11", {1}, "", {1}, T::kX12Bill, &kX12BillField)
        .Extra({12}),
    R(k309, kConsignment, "M11", {1}, "", {3}, T::kCountSum, &kPackages),
    R(k309, kConsignment, "M11", {1}, "", {5}, T::kWeightSum, &kCargoKg)
        .Extra({6}),

    // The vessel and its voyage.
    R(k315, kAnywhere, "Q2", {1}, "", {1}, T::kImo, &kImoNumber),
    R(k315, kAnywhere, "Q2", {12}, "C", {1}, T::kText, &kCallSignOf),
    R(k315, kAnywhere, "Q2", {1}, "", {9}, T::kText, &kVoyage),
    R(k315, kAnywhere, "Q2", {1}, "", {13}, T::kText, &kVesselName),
    R(k322, kAnywhere, "V1", {1}, "", {1}, T::kImo, &kImoNumber),
    R(k322, kAnywhere, "V1", {8}, "C", {1}, T::kText, &kCallSignOf),
    R(k322, kAnywhere, "V1", {1}, "", {2}, T::kText, &kVesselName),
    R(k322, kAnywhere, "V1", {1}, "", {4}, T::kText, &kVoyage),
    R(k322, kAnywhere, "V1", {1}, "", {5}, T::kText, &kCarrierCode),
    R(k309, kHeader, "M10", {1}, "", {1}, T::kText, &kCarrierCode),
    R(k309, kHeader, "M10", {1}, "", {4}, T::kImo, &kImoNumber),
    R(k309, kHeader, "M10", {1}, "", {5}, T::kText, &kVesselName),
    R(k309, kHeader, "M10", {1}, "", {6}, T::kText, &kVoyage),
    R(k309, kLeg, "P4", {1}, "", {1}, T::kText, &kPlaceName),
    R(k309, kLeg, "P4", {1}, "", {2}, T::kX12Date, &kEstimatedArrival),

    // The route.
    R(kAll, kAnywhere, "R4", {1}, "L", {3}, T::kLocode, &kLoading)
        .And({2}, "UN"),
    R(kAll, kAnywhere, "R4", {1}, "D", {3}, T::kLocode, &kDischarge)
        .And({2}, "UN"),
    R(kAll, kAnywhere, "R4", {1}, "E", {3}, T::kLocode, &kDestination)
        .And({2}, "UN"),
    R(kAll, kAnywhere, "R4", {1}, "R", {3}, T::kLocode, &kOrigin)
        .And({2}, "UN"),
    R(kAll, kAnywhere, "R4", {1}, "I|T", {3}, T::kLocode, &kTranshipment)
        .And({2}, "UN"),

    // Parties.
    R(kAll, kAnywhere, "N1", {1}, "CN", {4}, T::kX12Party, &kConsignee),
    R(kAll, kAnywhere, "N1", {1}, "SH|CZ", {4}, T::kX12Party, &kShipper),
    R(kAll, kAnywhere, "N1", {1}, "N1|NP", {4}, T::kX12Party, &kNotifyParty),
    R(kAll, kAnywhere, "N1", {1}, "CA", {4}, T::kX12Party, &kCarrier),
    R(kAll, kAnywhere, "N1", {1}, "FW", {4}, T::kX12Party, &kForwarder),
    R(kAll, kAnywhere, "N1", {1}, "MC", {4}, T::kX12Party, &kHaulier),
    R(kAll, kAnywhere, "N1", {1}, "CB", {4}, T::kX12Party, &kDeclarant),

    // Goods.
    R(k309, kAnywhere, "N10", {1}, "", {2}, T::kX12Goods, &kGoodsField),
    R(k309, kAnywhere, "N10", {1}, "", {5}, T::kDigits, &kCommodity),
    R(k322, kAnywhere, "L5", {1}, "", {2}, T::kX12Goods, &kGoodsField),
};

}  // namespace

absl::Span<const Rule> X12Rules() { return kRules; }
absl::Span<const Group> X12Groups() { return kGroups; }
absl::Span<const Definition> X12Definitions() { return kDefinitions; }

}  // namespace portrisk::service
