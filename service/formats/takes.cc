// HOT PATH. One call for each rule that holds of a segment; see meaning.h for
// what each take reads.
//
// A part that says nothing usable is passed over: absent is unknown. What is
// read although it is not as it should be is counted.
#include "service/formats/takes.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "service/formats/edifact_codes.h"
#include "service/formats/text.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

constexpr double kWeightKgMax = 1e9;
constexpr int32_t kCountMax = 1'000'000'000;
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

// Two letters and three letters or digits.
bool IsLocode(absl::string_view code) {
  return code.size() == 5 && absl::ascii_isalpha(code[0]) &&
         absl::ascii_isalpha(code[1]) &&
         std::all_of(code.begin() + 2, code.end(), [](char c) {
           return absl::ascii_isalpha(c) || (c >= '2' && c <= '9');
         });
}

// Reads "27000", "27000.5", "27000,5" and "27 000"; "27,000" only where a comma
// can be nothing but a decimal one.
bool ParseMeasure(absl::string_view text, bool decimal_comma, Output* output,
                  double* value) {
  if (ParseDecimal(text, value)) return true;
  std::string plain(text);
  plain.erase(std::remove(plain.begin(), plain.end(), ' '), plain.end());
  if (!decimal_comma && MayPartThousands(plain)) return false;
  std::replace(plain.begin(), plain.end(), ',', '.');
  if (!ParseDecimal(plain, value)) return false;
  if (absl::StrContains(text, ' ')) output->Tolerate("BLANK_IN_NUMBER");
  if (absl::StrContains(text, ',')) output->Tolerate("DECIMAL_COMMA");
  return true;
}

}  // namespace

std::string NumberInNormalForm(absl::string_view number) {
  std::string normal;
  for (const char c : number) {
    if (absl::ascii_isalnum(c)) normal.push_back(absl::ascii_toupper(c));
  }
  return normal;
}

SegmentTaker::SegmentTaker(const Envelope& envelope, Output* output)
    : envelope_(envelope),
      output_(output),
      zone_(
          absl::FixedTimeZone(output->options().default_utc_offset_min * 60)) {}

std::string SegmentTaker::Text(absl::string_view bytes) {
  bytes = absl::StripAsciiWhitespace(bytes);
  if (IsPlainAscii(bytes)) return std::string(bytes);
  const absl::string_view charset = envelope_.charset;
  if (IsValidUtf8(bytes)) {
    if (!charset.empty() && charset != "UTF-8") {
      output_->Tolerate("UTF8_UNDECLARED");
    }
    return FoldControls(bytes);
  }
  if (charset.empty() || charset == kPlainCharset) {
    output_->Tolerate("LATIN1");
    return FoldControls(Latin1ToUtf8(bytes));
  }
  return FoldControls(CharsetToUtf8(bytes, envelope_.charset));
}

void SegmentTaker::Set(std::string* field, absl::string_view bytes) {
  if (IsPlainAscii(bytes) && bytes.front() != ' ' && bytes.back() != ' ') {
    field->assign(bytes.data(), bytes.size());
    return;
  }
  *field = Text(bytes);
}

void SegmentTaker::TakeText(const Job& job) {
  const absl::string_view value = job.value();
  if (value.empty()) return;
  std::string* field = job.rule.field->text(job.movement());
  if (job.rule.take == Take::kFirst && !field->empty()) return;
  Set(field, value);
}

void SegmentTaker::TakeLocode(const Job& job) {
  if (!IsLocode(job.value())) {
    if (!job.value().empty()) output_->Tolerate("PLACE_UNUSABLE");
    return;
  }
  std::string* field = job.rule.field->text(job.movement());
  if (job.rule.take == Take::kFirstLocode && !field->empty()) return;
  Set(field, job.value());
}

void SegmentTaker::TakeDigits(const Job& job) {
  if (!HasDigit(job.value())) return;
  Set(job.rule.field->text(job.movement()), job.value());
}

void SegmentTaker::TakeNumber(const Job& job) {
  const absl::string_view value = job.value();
  if (value.empty()) return;
  std::string* number = job.rule.field->text(job.movement());
  if (job.rule.take == Take::kFirstNumber && !number->empty()) return;
  Set(number, value);
  if (number->find(' ') != std::string::npos) {
    output_->Tolerate("BLANK_IN_CONTAINER_NUMBER");
  }
}

void SegmentTaker::TakeX12Number(const Job& job) {
  const absl::string_view initial = job.value();
  const absl::string_view number = job.segment.At(job.rule.value.element + 1);
  if (initial.empty() || number.empty()) return;
  // The seventh digit of a number is its check digit already.
  const absl::string_view check = number.size() == 6 ? job.extra() : "";
  Set(job.rule.field->text(job.movement()),
      absl::StrCat(initial, number, check.size() == 1 ? check : ""));
}

void SegmentTaker::TakeBill(const Job& job) {
  const std::string bill = Text(job.value());
  if (bill.empty()) return;
  v1::Consignment* consignment = job.movement()->mutable_consignment();
  // Several bills of lading for one box: the first stands for them.
  if (consignment->bill_of_lading().empty()) {
    consignment->set_bill_of_lading(bill);
  } else if (consignment->bill_of_lading() != bill) {
    consignment->set_consolidated(true);
  }
}

void SegmentTaker::TakeX12Bill(const Job& job) {
  if (job.value().empty()) return;
  job.movement()->mutable_consignment()->set_bill_of_lading(
      Text(absl::StrCat(job.extra(), job.value())));
}

void SegmentTaker::TakeRelease(const Job& job) {
  if (job.value().empty()) return;
  v1::PickupRight* right = job.movement()->mutable_pickup_right();
  right->set_kind(v1::RELEASE);
  Set(right->mutable_id(), job.value());
}

void SegmentTaker::TakePlace(const Job& job) {
  const Segment& segment = job.segment;
  const bool first = job.rule.take == Take::kFirstPlace;
  v1::Location* location = job.movement()->mutable_location();
  if (first && !location->locode().empty()) {
    if (job.rule.rank <= job.draft->place_rank) return;
    v1::Location of_higher_rank;
    of_higher_rank.set_yard_position(location->yard_position());
    *location = of_higher_rank;
  }
  job.draft->place_rank = first ? job.rule.rank : UINT8_MAX;
  const absl::string_view code = segment.At(2, 0);
  const auto set = [this](std::string* field, absl::string_view bytes) {
    if (!bytes.empty()) Set(field, bytes);
  };
  set(IsLocode(code) ? location->mutable_locode() : location->mutable_name(),
      code);
  set(location->mutable_name(), segment.At(2, 3));
  // Some name a country there, as list 162.
  if (segment.At(3, 1) == "162") return;
  set(location->mutable_facility(), segment.At(3, 0));
  if (segment.At(3, 2) == "306") location->set_facility_code_list("SMDG");
}

void SegmentTaker::TakeX12Place(const Job& job) {
  if (job.value().empty()) return;
  v1::Location* location = job.movement()->mutable_location();
  Set(job.extra() == "UN" && IsLocode(job.value()) ? location->mutable_locode()
                                                   : location->mutable_name(),
      job.value());
}

// What has another form is the code of a carrier's own terminal.
void SegmentTaker::TakeX12FirstPlace(const Job& job) {
  if (!IsLocode(job.value())) return;
  std::string* locode = job.rule.field->text(job.movement());
  if (locode->empty()) Set(locode, job.value());
}

void SegmentTaker::TakeX12Port(const Job& job) {
  v1::Location* location = job.movement()->mutable_location();
  if (job.segment.At(2) == "UN" && IsLocode(job.value())) {
    Set(location->mutable_locode(), job.value());
  }
  const absl::string_view name = job.segment.At(4);
  if (!name.empty()) Set(location->mutable_name(), name);
}

void SegmentTaker::TakeWeight(const Job& job) {
  const absl::string_view text = job.value();
  if (text.empty()) return;
  const Field& field = *job.rule.field;
  double value = 0;
  const double unit = KilogramsIn(job.extra());
  // No box weighs thousands of tonnes. Zero is how systems write a weight that
  // they do not know.
  const bool decimal_comma = envelope_.decimal_comma || unit > 1;
  if (unit == 0 || !ParseMeasure(text, decimal_comma, output_, &value) ||
      !(value * unit > 0 && value * unit <= kWeightKgMax)) {
    output_->Tolerate("WEIGHT_UNUSABLE");
    return;
  }
  const bool known = field.has_number(*job.movement());
  if (job.rule.take == Take::kFirstWeight && known) return;
  double kg = value * unit;
  if (job.rule.take == Take::kWeightSum) {
    kg = std::min(kg + job.draft->items_kg, kWeightKgMax);
    job.draft->items_kg = kg;
  }
  // A weight that is known is not zero.
  field.number(job.movement(),
               std::max(1, static_cast<int32_t>(std::lround(kg))));
}

void SegmentTaker::TakeCountSum(const Job& job) {
  int32_t count = 0;
  if (!absl::SimpleAtoi(job.value(), &count) || count <= 0) return;
  const Field& field = *job.rule.field;
  const int64_t sum = int64_t{count} + (field.has_number(*job.movement())
                                            ? field.get_number(*job.movement())
                                            : 0);
  field.number(job.movement(),
               static_cast<int32_t>(std::min<int64_t>(sum, kCountMax)));
}

void SegmentTaker::TakeMode(const Job& job) {
  v1::Mode mode = ModeOf(job.value(), job.segment.At(4));
  if (job.rule.take == Take::kSeaMode && mode == v1::MODE_UNSPECIFIED) {
    if (job.movement()->transport().mode() != v1::MODE_UNSPECIFIED) return;
    mode = v1::SEA;
  }
  job.movement()->mutable_transport()->set_mode(mode);
}

// C222: identity, its code list (103 call sign, 146 and 11 IMO number), agency
// and name.
void SegmentTaker::TakeImo(const Job& job) {
  if (!IsImo(job.value()) || job.behind() == "103") return;
  if (!job.rule.tolerated.empty()) output_->Tolerate(job.rule.tolerated);
  Set(job.rule.field->text(job.movement()), job.value());
}

void SegmentTaker::TakeCallSign(const Job& job) {
  const absl::string_view value = job.value();
  const absl::string_view list = job.behind();
  if (value.empty() || (list != "103" && (!list.empty() || IsImo(value)))) {
    return;
  }
  if (!job.rule.tolerated.empty()) output_->Tolerate(job.rule.tolerated);
  Set(job.rule.field->text(job.movement()), value);
}

void SegmentTaker::TakeInlandMeans(const Job& job) {
  // A barge's name beside the vessel's: the IMO number is not the barge's.
  if (job.rule.take == Take::kBargeName &&
      !job.movement()->transport().vessel_name().empty()) {
    return;
  }
  const absl::string_view means =
      job.value().empty() ? job.segment.At(8, 3) : job.value();
  const v1::Mode wanted = job.rule.take == Take::kPlate ? v1::ROAD : v1::BARGE;
  if (means.empty() || ModeOf(job.segment.At(3), job.segment.At(4)) != wanted) {
    return;
  }
  Set(job.rule.field->text(job.movement()), means);
}

void SegmentTaker::TakeLegParty(const Job& job) {
  const absl::string_view id = job.value();
  const absl::string_view name = job.segment.At(5, 3);
  if (id.empty() && name.empty()) return;
  v1::Party* party = job.rule.field->party(job.movement());
  if (!id.empty()) Set(party->mutable_id(), id);
  if (!name.empty()) Set(party->mutable_name(), name);
  const absl::string_view scheme = PartySchemeOf(job.segment.At(5, 2));
  party->set_id_scheme(scheme.data(), scheme.size());
}

// The name stands in C080, in up to five parts, or unstructured in C058, whose
// other parts are an address.
void SegmentTaker::TakeNadParty(const Job& job) {
  constexpr size_t kNameParts = 5;
  const Segment& segment = job.segment;
  const absl::string_view id = job.value();
  std::string joined;
  for (size_t i = 1; i < kNameParts; ++i) {
    const absl::string_view part = absl::StripAsciiWhitespace(segment.At(4, i));
    if (part.empty()) continue;
    if (joined.empty()) joined = std::string(segment.At(4, 0));
    absl::StrAppend(&joined, joined.empty() ? "" : " ", part);
  }
  const absl::string_view name = !joined.empty()            ? joined
                                 : segment.At(4, 0).empty() ? segment.At(3, 0)
                                                            : segment.At(4, 0);
  if (id.empty() && name.empty()) return;
  v1::Party* party = job.rule.field->party(job.movement());
  if (!id.empty()) Set(party->mutable_id(), id);
  const absl::string_view scheme = PartySchemeOf(segment.At(2, 2));
  if (!scheme.empty() || !party->id_scheme().empty()) {
    party->set_id_scheme(scheme.data(), scheme.size());
  }
  if (!name.empty()) Set(party->mutable_name(), name);
  if (segment.At(9).size() == 2) Set(party->mutable_country(), segment.At(9));
}

void SegmentTaker::TakeX12Party(const Job& job) {
  const absl::string_view id = job.value();
  const absl::string_view name = job.segment.At(2);
  if (id.empty() && name.empty()) return;
  v1::Party* party = job.rule.field->party(job.movement());
  if (!id.empty()) Set(party->mutable_id(), id);
  if (!name.empty()) Set(party->mutable_name(), name);
  // 2: SCAC; 1 and 9: DUNS.
  const absl::string_view scheme = job.segment.At(3);
  if (scheme == "2") party->set_id_scheme("SCAC");
  if (scheme == "1" || scheme == "9") party->set_id_scheme("DUNS");
}

void SegmentTaker::Seal(v1::Movement* movement, absl::string_view number,
                        absl::string_view source) {
  if (number.empty()) return;
  // Some senders write "SI" or "YES" here: sealed, number unknown.
  if (!HasDigit(number)) {
    output_->Tolerate("SEAL_WITHOUT_NUMBER");
    return;
  }
  if (movement->seals_size() == kSealsMax) {
    output_->Tolerate("SEALS_BEYOND_16");
    return;
  }
  v1::Seal* seal = movement->add_seals();
  Set(seal->mutable_number(), number);
  if (!source.empty()) Set(seal->mutable_source(), source);
}

void SegmentTaker::TakeSeal(const Job& job) {
  const bool x12 = job.rule.take == Take::kX12Seal;
  if (!x12 && job.value().empty()) output_->Tolerate("SEAL_WITHOUT_NUMBER");
  Seal(job.movement(), job.value(),
       x12 ? X12SealSourceOf(job.extra()) : SealSourceOf(job.segment.At(2)));
}

void SegmentTaker::TakeGoods(const Job& job) {
  const size_t lines = job.rule.take == Take::kGoods ? 5 : 1;
  std::string* goods = job.movement()->mutable_consignment()->mutable_goods();
  for (size_t i = 0; i < lines; ++i) {
    const std::string line = Text(job.segment.At(job.rule.value.element, i));
    if (line.empty()) continue;
    if (goods->size() + 1 + line.size() > kGoodsBytesMax) {
      output_->Tolerate("GOODS_CUT");
      return;
    }
    absl::StrAppend(goods, goods->empty() ? "" : " ", line);
  }
}

void SegmentTaker::TakeLoadStatus(const Job& job) {
  const v1::LoadStatus status = job.rule.take == Take::kX12LoadStatus
                                    ? X12LoadStatusOf(job.value())
                                    : LoadStatusOf(job.value());
  if (status == v1::LOAD_STATUS_UNSPECIFIED) {
    if (!job.value().empty()) output_->Tolerate("LOAD_STATUS_UNUSABLE");
    return;
  }
  job.movement()->mutable_container()->set_load_status(status);
}

// Both stand in reports, and neither box was touched.
void SegmentTaker::TakeNotMoved(const Job& job) {
  if (job.value() == "7") job.draft->not_moved = "was announced but not landed";
  if (job.value() == "4") job.draft->not_moved = "remained on board";
}

}  // namespace portrisk::service
