// What each segment of a CODECO or COARRI says about a container. The envelope
// of a message, identity and time are in edifact_message.cc.
//
// A segment that says nothing usable is passed over: absent is unknown, and a
// weight nobody can read is no reason to lose the gate move it came with. Such
// losses are counted.
#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "service/formats/edifact_message.h"
#include "service/formats/text.h"

namespace portrisk::service {
namespace {

constexpr double kWeightKgMax = 1e9;
// What admission takes. More would cost the movement, and memory its bound.
constexpr int kSealsMax = 16;
constexpr size_t kGoodsBytesMax = 512;

bool HasDigit(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), absl::ascii_isdigit);
}

bool IsImo(absl::string_view text) {
  return text.size() == 7 &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// How much a DTM of this qualifier is worth as the time of the event; 0 when
// it is about something else.
int RankOf(absl::string_view qualifier, bool behind_inland) {
  if (qualifier == "7" || qualifier == "203") return 4;
  if (qualifier == "ACT") return 3;
  if (qualifier == "181") return 2;
  // Arrival and departure of the lorry, train or barge at the gate. The same
  // codes before any EQD are the vessel's.
  if (behind_inland && (qualifier == "132" || qualifier == "133" ||
                        qualifier == "178" || qualifier == "186")) {
    return 1;
  }
  return 0;
}

bool IsInlandMode(v1::Mode mode) {
  return mode == v1::ROAD || mode == v1::RAIL || mode == v1::BARGE;
}

// Reads "27000", "27000.5" or "27000,5".
bool ParseMeasure(absl::string_view text, bool* comma, double* value) {
  *comma = text.find(',') != absl::string_view::npos;
  if (!*comma) return absl::SimpleAtod(text, value);
  std::string pointed(text);
  std::replace(pointed.begin(), pointed.end(), ',', '.');
  return absl::SimpleAtod(pointed, value);
}

v1::Party* PartyOf(absl::string_view role, v1::Movement* movement) {
  if (role == "CA") return movement->mutable_carrier();
  if (role == "CN") return movement->mutable_consignee();
  if (role == "CZ") return movement->mutable_shipper();
  if (role == "NI") return movement->mutable_notify_party();
  if (role == "FW") return movement->mutable_forwarder();
  if (role == "TR") return movement->mutable_terminal();
  if (role == "DT") return movement->mutable_declarant();
  return nullptr;
}

}  // namespace

void EdifactMessage::TakeShared(const Segment& segment) {
  const absl::string_view tag = segment.tag();
  if (tag == "DTM") {
    TakeDtm(segment);
  } else if (tag == "LOC") {
    TakeLoc(segment);
  } else if (tag == "MEA") {
    TakeMea(segment);
  } else if (tag == "RFF") {
    TakeRff(segment);
  } else if (tag == "TDT") {
    TakeTdt(segment);
  } else if (tag == "SEL") {
    TakeSel(segment);
  } else if (tag == "NAD") {
    TakeNad(segment);
  } else if (tag == "FTX" || tag == "PIA") {
    TakeGoods(segment);
  }
}

void EdifactMessage::TakeDtm(const Segment& segment) {
  const absl::string_view qualifier = segment.At(1, 0);
  const bool in_container = state_ == State::kContainer;
  const bool is_preparation = qualifier == "137" && !in_container;
  const bool gate = type_ == MessageType::kCodeco;
  // Behind the TDT of a COARRI's container the times are those of its onward
  // carriage.
  if (!gate && in_container && after_inland_) return;
  const int rank = RankOf(qualifier, gate && in_container && after_inland_);
  Occurrence& occurrence = in_container ? occurrence_ : shared_occurrence_;
  if (!is_preparation && rank <= occurrence.rank) return;
  const DateTime read =
      ParseDateTime(segment.At(1, 1), segment.At(1, 2), zone_);
  if (!read.ok) {
    if (!is_preparation) occurrence.unreadable = std::string(segment.At(1, 1));
    return;
  }
  if (!read.tolerated.empty()) output_->Tolerate(read.tolerated);
  if (is_preparation) {
    prepared_ = read.time;
  } else {
    occurrence.rank = rank;
    occurrence.time = read.time;
  }
}

void EdifactMessage::TakePlace(const Segment& segment) {
  v1::Location* location = Subject()->mutable_location();
  const absl::string_view code = segment.At(2, 0);
  Set(code.size() == 5 ? location->mutable_locode() : location->mutable_name(),
      code);
  Set(location->mutable_name(), segment.At(2, 3));
  Set(location->mutable_facility(), segment.At(3, 0));
  if (segment.At(3, 2) == "306") location->set_facility_code_list("SMDG");
}

void EdifactMessage::TakeLoc(const Segment& segment) {
  const absl::string_view qualifier = segment.At(1);
  v1::Movement* subject = Subject();
  // Where it happened: the gate says so itself; a quay by the port at which
  // the vessel is loaded or discharged.
  const bool is_quay = type_ == MessageType::kCoarri &&
                       ((qualifier == "9" && event_ == v1::LOAD) ||
                        (qualifier == "11" && event_ == v1::DISCHARGE)) &&
                       subject->location().locode().empty();
  if (qualifier == "165" || is_quay) TakePlace(segment);
  if (qualifier == "147") {
    Set(subject->mutable_location()->mutable_yard_position(), segment.At(2));
    return;
  }
  const absl::string_view code = segment.At(2);
  if (code.size() != 5) return;
  v1::Consignment* consignment = subject->mutable_consignment();
  if (qualifier == "9") {
    Set(consignment->mutable_loading_locode(), code);
  } else if (qualifier == "11") {
    Set(consignment->mutable_discharge_locode(), code);
  } else if (qualifier == "7" ||
             (qualifier == "8" && consignment->destination_locode().empty())) {
    Set(consignment->mutable_destination_locode(), code);
  } else if (qualifier == "13") {
    Set(consignment->mutable_transhipment_locode(), code);
  } else if (qualifier == "88" || qualifier == "76") {
    Set(consignment->mutable_origin_locode(), code);
  } else if (qualifier == "61") {
    Set(subject->mutable_transport()->mutable_next_locode(), code);
  } else if (qualifier == "125") {
    Set(subject->mutable_transport()->mutable_previous_locode(), code);
  }
}

void EdifactMessage::TakeTdt(const Segment& segment) {
  const bool in_container = state_ == State::kContainer;
  const bool main_carriage = segment.At(1) == "20";
  const v1::Mode mode = ModeOf(segment.At(3), segment.At(4));
  if (in_container) after_inland_ = true;
  if (type_ == MessageType::kCoarri) {
    // Behind an EQD it is the carriage before or after this one.
    if (in_container || !main_carriage) return;
    TakeVessel(segment);
    Subject()->mutable_transport()->set_mode(
        mode == v1::MODE_UNSPECIFIED ? v1::SEA : mode);
    return;
  }
  // Barge and rail operators are sent their own carriage as the main one.
  if (main_carriage && !IsInlandMode(mode)) {
    TakeVessel(segment);
  } else {
    TakeInland(segment, mode);
  }
}

// C222: identity, its code list (103 call sign, 146 and 11 IMO number), agency
// and name.
void EdifactMessage::TakeVessel(const Segment& segment) {
  v1::Transport* transport = Subject()->mutable_transport();
  Set(transport->mutable_voyage(), segment.At(2));
  Set(transport->mutable_carrier_code(), segment.At(5, 0));
  const absl::string_view id = segment.At(8, 0);
  const absl::string_view list = segment.At(8, 1);
  if (IsImo(id) && list != "103") {
    Set(transport->mutable_vessel_imo(), id);
  } else if (list == "103" || list.empty()) {
    Set(transport->mutable_call_sign(), id);
  }
  Set(transport->mutable_vessel_name(), segment.At(8, 3));
}

void EdifactMessage::TakeInland(const Segment& segment, v1::Mode mode) {
  v1::Movement* subject = Subject();
  v1::Transport* transport = subject->mutable_transport();
  transport->set_mode(mode);
  const absl::string_view means =
      segment.At(8, 0).empty() ? segment.At(8, 3) : segment.At(8, 0);
  if (mode == v1::ROAD) Set(transport->mutable_plate(), means);
  if (mode == v1::BARGE) Set(transport->mutable_vessel_name(), means);
  const absl::string_view id = segment.At(5, 0);
  const absl::string_view name = segment.At(5, 3);
  if (id.empty() && name.empty()) return;
  v1::Party* haulier = subject->mutable_haulier();
  Set(haulier->mutable_id(), id);
  Set(haulier->mutable_name(), name);
  haulier->set_id_scheme(std::string(PartySchemeOf(segment.At(5, 2))));
}

void EdifactMessage::TakeRff(const Segment& segment) {
  const absl::string_view qualifier = segment.At(1, 0);
  const absl::string_view value = segment.At(1, 1);
  if (value.empty()) return;
  v1::Movement* subject = Subject();
  if (qualifier == "BN") {
    Set(subject->mutable_consignment()->mutable_booking(), value);
  } else if (qualifier == "BM") {
    v1::Consignment* consignment = subject->mutable_consignment();
    // Several bills of lading for one box: the first stands for them.
    const std::string bill = Text(value);
    if (consignment->bill_of_lading().empty()) {
      consignment->set_bill_of_lading(bill);
    } else if (consignment->bill_of_lading() != bill) {
      consignment->set_consolidated(true);
    }
  } else if (qualifier == "ABT" || qualifier == "AAE") {
    Set(subject->mutable_consignment()->mutable_declaration(), value);
  } else if (qualifier == "RE") {
    subject->mutable_pickup_right()->set_kind(v1::RELEASE);
    Set(subject->mutable_pickup_right()->mutable_id(), value);
  } else if (qualifier == "ATZ") {
    Set(subject->mutable_transport()->mutable_call_reference(), value);
  } else if (qualifier == "VON" && subject->transport().voyage().empty()) {
    Set(subject->mutable_transport()->mutable_voyage(), value);
  } else if (qualifier == "ACW" && state_ == State::kHeader) {
    previous_document_ = Text(value);
  }
}

void EdifactMessage::TakeNad(const Segment& segment) {
  const absl::string_view role = segment.At(1);
  const absl::string_view id = segment.At(2, 0);
  v1::Movement* subject = Subject();
  if (role == "MS") {
    sender_ = Text(id);
  } else if (role == "CF") {
    Set(subject->mutable_container()->mutable_operator_code(), id);
  }
  // The name stands in C080, or unstructured in C058.
  const absl::string_view name =
      segment.At(4, 0).empty() ? segment.At(3, 0) : segment.At(4, 0);
  if (id.empty() && name.empty()) return;
  v1::Party* party = PartyOf(role, subject);
  if (party == nullptr) return;
  Set(party->mutable_id(), id);
  party->set_id_scheme(std::string(PartySchemeOf(segment.At(2, 2))));
  Set(party->mutable_name(), name);
  if (segment.At(9).size() == 2) Set(party->mutable_country(), segment.At(9));
}

void EdifactMessage::TakeMea(const Segment& segment) {
  const absl::string_view what = segment.At(2, 0);
  const bool gross = what == "G" || (what.empty() && segment.At(1) == "WT");
  const bool estimate = what == "EGW";
  if (!gross && !estimate && what != "VGM" && what != "T") return;
  const absl::string_view text = segment.At(3, 1);
  if (text.empty()) return;
  bool comma = false;
  double value = 0;
  const double unit = KilogramsIn(segment.At(3, 0));
  // Zero is how systems write a weight that they do not know.
  if (!ParseMeasure(text, &comma, &value) || unit == 0 ||
      !(value * unit > 0 && value * unit <= kWeightKgMax)) {
    output_->Tolerate("WEIGHT_UNUSABLE");
    return;
  }
  if (comma) output_->Tolerate("DECIMAL_COMMA");
  const auto kg = static_cast<int32_t>(std::lround(value * unit));
  v1::Movement* subject = Subject();
  if (what == "T") {
    subject->mutable_container()->set_tare_kg(kg);
  } else if (what == "VGM") {
    subject->mutable_weights()->set_vgm_kg(kg);
  } else if (gross || !subject->weights().has_gross_kg()) {
    subject->mutable_weights()->set_gross_kg(kg);
  }
}

void EdifactMessage::TakeSel(const Segment& segment) {
  const absl::string_view number = segment.At(1);
  if (number.empty()) return;
  // Some senders write "SI" or "YES" here: sealed, number unknown.
  if (!HasDigit(number)) {
    output_->Tolerate("SEAL_WITHOUT_NUMBER");
    return;
  }
  if (Subject()->seals_size() == kSealsMax) {
    output_->Tolerate("SEALS_BEYOND_16");
    return;
  }
  v1::Seal* seal = Subject()->add_seals();
  Set(seal->mutable_number(), number);
  Set(seal->mutable_source(), SealSourceOf(segment.At(2)));
}

// FTX+AAA is the description of goods; PIA may carry a Harmonised System code.
void EdifactMessage::TakeGoods(const Segment& segment) {
  if (segment.tag() == "PIA") {
    if (segment.At(2, 1) == "HS" && HasDigit(segment.At(2, 0))) {
      Set(Subject()->mutable_consignment()->mutable_commodity(),
          segment.At(2, 0));
    }
    return;
  }
  if (segment.At(1) != "AAA") return;
  constexpr size_t kLines = 5;
  std::string* goods = Subject()->mutable_consignment()->mutable_goods();
  for (size_t i = 0; i < kLines; ++i) {
    const std::string line = Text(segment.At(4, i));
    if (line.empty()) continue;
    if (goods->size() + 1 + line.size() > kGoodsBytesMax) {
      output_->Tolerate("GOODS_CUT");
      return;
    }
    absl::StrAppend(goods, goods->empty() ? "" : " ", line);
  }
}

}  // namespace portrisk::service
