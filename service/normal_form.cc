// One pass over a string tells which kinds of character it holds; for nearly
// every string of nearly every movement that settles that it is in normal form
// and within its limits, and the field is left untouched. Only the others are
// copied, rewritten and judged one by one.
#include "service/normal_form.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "google/protobuf/timestamp.pb.h"
#include "scoring/iso6346.h"
#include "service/text_checks.h"

namespace portrisk::service {
namespace {

using ::google::protobuf::Timestamp;

enum class Rule {
  kText,       // Left as sent.
  kIdentity,   // Left as sent; no control characters.
  kTrimmed,    // Blanks around it removed; no control characters.
  kCode,       // Upper case, no blanks; no control characters.
  kSealMark,   // A code, without dots and hyphens where more is left.
  kLocode,     // A code of the form of a UN/LOCODE.
  kCountry,    // A code of two letters.
  kImo,        // Seven digits, without "IMO".
  kCommodity,  // Two to ten digits, without dots.
};

// A string field of message M.
template <typename M>
struct Field {
  const char* name;
  Rule rule;
  const std::string& (M::*get)() const;
  std::string* (M::*mutate)();
  size_t limit = kTextLengthMax;
};

#define FIELD(message, name, rule, ...)                                  \
  Field<v1::message> {                                                   \
#name, Rule::rule, &v1::message::name, &v1::message::mutable_##name, \
        ##__VA_ARGS__                                                    \
  }

constexpr Field<v1::Movement> kMovement[] = {
    FIELD(Movement, source, kIdentity, kSourceLengthMax),
    FIELD(Movement, id, kIdentity, kIdLengthMax),
    FIELD(Movement, work_order, kTrimmed),
    FIELD(Movement, origin, kText),
};
constexpr Field<v1::Container> kContainer[] = {
    FIELD(Container, type_code, kCode),
    FIELD(Container, reefer_unit, kTrimmed),
    FIELD(Container, operator_code, kCode),
};
constexpr Field<v1::Location> kLocation[] = {
    FIELD(Location, locode, kLocode),
    FIELD(Location, facility, kTrimmed),
    FIELD(Location, facility_code_list, kTrimmed),
    FIELD(Location, name, kText),
    FIELD(Location, yard_position, kTrimmed),
};
constexpr Field<v1::Transport> kTransport[] = {
    FIELD(Transport, vessel_imo, kImo),
    FIELD(Transport, vessel_name, kText),
    FIELD(Transport, voyage, kCode),
    FIELD(Transport, carrier_code, kCode),
    FIELD(Transport, call_sign, kCode),
    FIELD(Transport, plate, kCode),
    FIELD(Transport, call_reference, kTrimmed),
    FIELD(Transport, next_locode, kLocode),
    FIELD(Transport, previous_locode, kLocode),
};
constexpr Field<v1::Consignment> kConsignment[] = {
    FIELD(Consignment, booking, kTrimmed),
    FIELD(Consignment, bill_of_lading, kTrimmed),
    FIELD(Consignment, goods, kText),
    FIELD(Consignment, commodity, kCommodity),
    FIELD(Consignment, origin_locode, kLocode),
    FIELD(Consignment, loading_locode, kLocode),
    FIELD(Consignment, discharge_locode, kLocode),
    FIELD(Consignment, transhipment_locode, kLocode),
    FIELD(Consignment, destination_locode, kLocode),
    FIELD(Consignment, declaration, kTrimmed),
};
constexpr Field<v1::Declared> kDeclared[] = {
    FIELD(Declared, procedure, kCode, kDeclaredCodeMax),
    FIELD(Declared, origin_country, kCountry),
    FIELD(Declared, departure_country, kCountry),
    FIELD(Declared, duty_type, kCode, kDeclaredCodeMax),
    FIELD(Declared, currency, kCode, kDeclaredCodeMax),
};
constexpr Field<v1::Seal> kSeal[] = {
    FIELD(Seal, number, kSealMark),
    FIELD(Seal, source, kCode),
};
constexpr Field<v1::PickupRight> kPickupRight[] = {
    FIELD(PickupRight, id, kTrimmed),
    FIELD(PickupRight, pin, kIdentity, kPinLengthMax),
};
// An identifier is a code where its scheme defines one.
constexpr Field<v1::Party> kCodedParty[] = {FIELD(Party, id, kCode)};
constexpr Field<v1::Party> kLocalParty[] = {FIELD(Party, id, kTrimmed)};
constexpr Field<v1::Party> kParty[] = {
    FIELD(Party, id_scheme, kTrimmed), FIELD(Party, name, kText),
    FIELD(Party, country, kCountry),   FIELD(Party, account, kTrimmed),
    FIELD(Party, device, kTrimmed),
};
#undef FIELD

// Whether identifiers of the scheme are equal in any writing.
bool SchemeDefinesCodes(absl::string_view scheme) {
  scheme = absl::StripAsciiWhitespace(scheme);
  for (absl::string_view known :
       {"EORI", "SCAC", "SMDG", "DUNS", "TRADE_REGISTER"}) {
    if (absl::EqualsIgnoreCase(scheme, known)) return true;
  }
  return false;
}

// Characters that a value of the rule may not hold, or that need a look.
constexpr uint8_t Suspects(Rule rule) {
  switch (rule) {
    case Rule::kText:
      return kBeyondAscii;
    case Rule::kIdentity:
    case Rule::kTrimmed:
      return kBeyondAscii | kControlChar;
    case Rule::kCode:
      return kBeyondAscii | kControlChar | kBlankChar | kLowerChar;
    default:
      return 0xFF;  // Of a form of its own.
  }
}

bool HasItsForm(Rule rule, absl::string_view value) {
  switch (rule) {
    case Rule::kSealMark:
      return value.size() <= kTextLengthMax &&
             (CharClasses(value) & ~(kUpperChar | kDigitChar)) == 0;
    case Rule::kLocode:
      return IsLocode(value);
    case Rule::kCountry:
      return value.size() == 2 && CharClasses(value) == kUpperChar;
    case Rule::kImo:
      return value.size() == 7 && CharClasses(value) == kDigitChar;
    case Rule::kCommodity:
      return value.size() >= 2 && value.size() <= 10 &&
             CharClasses(value) == kDigitChar;
    default:
      return false;
  }
}

// Whether `value` is in normal form and within its limit, as far as that can be
// told at a glance; false only means that a closer look is needed.
bool IsPlain(Rule rule, size_t limit, absl::string_view value) {
  if (value.size() > limit) return false;
  if ((CharClasses(value) & Suspects(rule)) != 0)
    return HasItsForm(rule, value);
  return rule != Rule::kTrimmed ||
         absl::StripAsciiWhitespace(value).size() == value.size();
}

std::string Normalise(Rule rule, absl::string_view value) {
  switch (rule) {
    case Rule::kText:
    case Rule::kIdentity:
      return std::string(value);
    case Rule::kTrimmed:
      return std::string(absl::StripAsciiWhitespace(value));
    case Rule::kCommodity:
      return UpperWithout(value, kBlankChar | kDotChar);
    case Rule::kImo: {
      const std::string code = UpperWithout(value, kBlankChar);
      return std::string(absl::StripPrefix(code, "IMO"));
    }
    case Rule::kSealMark: {
      // Each sender writes the marks of one seal in its own way.
      std::string bare = UpperWithout(value, kBlankChar | kDotChar);
      std::erase(bare, '-');
      return bare.empty() ? UpperWithout(value, kBlankChar) : bare;
    }
    default:
      return UpperWithout(value, kBlankChar);
  }
}

// What senders write where there is no seal.
bool SaysNone(absl::string_view mark) {
  for (const absl::string_view word : {"NONE", "NOSEAL", "NOSEALS", "UNSEALED",
                                       "NOTSEALED", "SINPRECINTO", "SEMSELO"}) {
    if (mark == word) return true;
  }
  return false;
}

// What is wrong with a value in normal form; empty when nothing.
std::string Judge(Rule rule, size_t limit, absl::string_view value) {
  if (value.empty() || HasItsForm(rule, value)) return "";
  switch (rule) {
    case Rule::kLocode:
      return "is not a UN/LOCODE; send two letters and three of A-Z or 2-9 "
             "(NLRTM), or leave it out and send a name";
    case Rule::kCountry:
      return "is not a country; send two letters of ISO 3166 (NL)";
    case Rule::kImo:
      return "is not an IMO number; send seven digits, or leave it out and "
             "send vessel_name or call_sign";
    case Rule::kCommodity:
      return "is not a Harmonised System code; send two to ten digits, or "
             "leave it out and describe the goods";
    default:
      break;
  }
  if (IsLongerThan(value, limit)) {
    return absl::StrCat("has more than ", limit, " characters; shorten it");
  }
  if (rule != Rule::kText && (CharClasses(value) & kControlChar) != 0) {
    return "holds a control character; remove it";
  }
  return "";
}

// Where a message stands; spelled out only when something is wrong.
struct Path {
  const Path* parent = nullptr;
  const char* name = nullptr;
  int index = -1;

  std::string Of(absl::string_view field) const {
    if (name == nullptr) return std::string(field);
    std::string element =
        index < 0 ? name : absl::StrCat(name, "[", index, "]");
    if (parent != nullptr) element = parent->Of(element);
    return absl::StrCat(element, ".", field);
  }
};

// One movement's walk.
class Walk {
 public:
  explicit Walk(std::vector<Violation>* violations) : violations_(violations) {}

  void Visit(v1::Movement* m) {
    const Path top;
    Strings(kMovement, top, m);
    if (!v1::Event_IsValid(m->event())) UnknownValue(top, "event");
    if (!v1::Classifier_IsValid(m->classifier())) {
      UnknownValue(top, "classifier");
    }
    if (m->has_update_time()) Time(top, "update_time", m->update_time());
    if (m->has_occurrence_time()) {
      Time(top, "occurrence_time", m->occurrence_time());
    }
    if (m->has_container()) Visit(m->mutable_container());
    if (m->has_location()) {
      Strings(kLocation, {nullptr, "location"}, m->mutable_location());
      // Of a tracker that has no fix.
      v1::Location* const at = m->mutable_location();
      if (at->has_latitude() && at->has_longitude() && at->latitude() == 0 &&
          at->longitude() == 0) {
        at->clear_latitude();
        at->clear_longitude();
      }
    }
    if (m->has_transport()) Visit(m->mutable_transport());
    if (m->has_consignment()) Visit(m->mutable_consignment());
    if (m->has_declared()) Visit(m->mutable_declared());
    Seals(m);
    if (m->has_weights()) Visit(m->weights());
    if (m->has_pickup_right()) Visit(m->mutable_pickup_right());
    Parties(m);
  }

 private:
  void Report(const Path& path, absl::string_view field,
              std::string description) {
    violations_->push_back({path.Of(field), std::move(description)});
  }

  void UnknownValue(const Path& path, const char* field) {
    Report(path, field,
           "is not a value that this version knows; send one of its enum");
  }

  template <typename M, size_t N>
  void Strings(const Field<M> (&fields)[N], const Path& path, M* message) {
    for (const Field<M>& field : fields) {
      const std::string& value = (message->*field.get)();
      if (value.empty()) continue;
      if (IsPlain(field.rule, field.limit, value)) continue;
      if (!IsUtf8(value)) {
        Report(path, field.name, "is not valid UTF-8; convert it");
        continue;
      }
      std::string normal = Normalise(field.rule, value);
      std::string problem = Judge(field.rule, field.limit, normal);
      if (!problem.empty()) Report(path, field.name, std::move(problem));
      if (normal != value) *(message->*field.mutate)() = std::move(normal);
    }
  }

  void Number(const Path& path, const char* field, bool present, int32_t value,
              int32_t limit) {
    if (!present || (value >= 0 && value <= limit)) return;
    Report(path, field,
           absl::StrCat(value, " is not between 0 and ", limit,
                        "; leave it out when it is not known"));
  }

  void Time(const Path& path, const char* field, const Timestamp& time) {
    if (IsValidTimestamp(time.seconds(), time.nanos())) return;
    Report(path, field,
           "is outside the years 1 to 9999 or its nanos are not between 0 and "
           "999,999,999; send a valid google.protobuf.Timestamp");
  }

  void Visit(v1::Container* container) {
    const Path path{nullptr, "container"};
    container->clear_number_raw();
    container->clear_number_status();
    if (!container->number().empty()) ContainerNumber(path, container);
    Strings(kContainer, path, container);
    if (!v1::LoadStatus_IsValid(container->load_status())) {
      UnknownValue(path, "load_status");
    }
    Number(path, "tare_kg", container->has_tare_kg(), container->tare_kg(),
           kWeightKgMax);
  }

  void ContainerNumber(const Path& path, v1::Container* container) {
    const std::string& number = container->number();
    if ((CharClasses(number) & kBeyondAscii) != 0 && !IsUtf8(number)) {
      Report(path, "number", "is not valid UTF-8; convert it");
      return;
    }
    if (!IsLongerThan(number, kTextLengthMax) &&
        !scoring::IsNormalContainerNumber(number)) {
      v1::NumberStatus status = v1::NUMBER_STATUS_UNSPECIFIED;
      std::string normal = scoring::NormaliseContainerNumber(number, &status);
      container->set_number_raw(number);
      container->set_number(std::move(normal));
      container->set_number_status(status);
    } else {
      container->set_number_status(scoring::CheckContainerNumber(number));
    }
    if (number.size() > kContainerNumberLengthMax) {
      Report(path, "number",
             absl::StrCat("has more than ", kContainerNumberLengthMax,
                          " characters; shorten it"));
    } else if ((CharClasses(number) & (kControlChar | kBeyondAscii)) != 0) {
      Report(path, "number",
             "holds a character that is not printable ASCII; remove it");
    }
  }

  void Visit(v1::Transport* transport) {
    const Path path{nullptr, "transport"};
    Strings(kTransport, path, transport);
    if (!v1::Mode_IsValid(transport->mode())) UnknownValue(path, "mode");
    if (transport->has_estimated_arrival_time()) {
      Time(path, "estimated_arrival_time", transport->estimated_arrival_time());
    }
  }

  void Visit(v1::Consignment* consignment) {
    const Path path{nullptr, "consignment"};
    Strings(kConsignment, path, consignment);
    Number(path, "packages", consignment->has_packages(),
           consignment->packages(), kPackagesMax);
  }

  void Visit(v1::Declared* declared) {
    const Path path{nullptr, "declared"};
    Strings(kDeclared, path, declared);
    const struct {
      const char* name;
      bool present;
      double value;
      double limit;
    } fields[] = {
        {"duty_percent", declared->has_duty_percent(), declared->duty_percent(),
         kDutyPercentMax},
        {"net_kg", declared->has_net_kg(), declared->net_kg(), kNetKgMax},
        {"value", declared->has_value(), declared->value(), kValueMax}};
    for (const auto& field : fields) {
      // Written so that NaN fails.
      if (!field.present || (field.value >= 0 && field.value <= field.limit)) {
        continue;
      }
      Report(path, field.name,
             absl::StrCat(field.value, " is not between 0 and ", field.limit,
                          "; leave it out when it is not known"));
    }
  }

  void Seals(v1::Movement* movement) {
    if (movement->seals_size() > kSealsMax) {
      Report({}, "seals",
             absl::StrCat("has more than ", kSealsMax,
                          " entries; send the ones on the doors"));
      return;
    }
    for (int i = 0; i < movement->seals_size(); ++i) {
      Strings(kSeal, {nullptr, "seals", i}, movement->mutable_seals(i));
    }
    auto* const seals = movement->mutable_seals();
    seals->erase(std::remove_if(seals->begin(), seals->end(),
                                [](const v1::Seal& seal) {
                                  return SaysNone(seal.number());
                                }),
                 seals->end());
  }

  void Visit(const v1::Weights& weights) {
    const Path path{nullptr, "weights"};
    const struct {
      const char* name;
      bool present;
      int32_t kg;
    } fields[] = {{"gross_kg", weights.has_gross_kg(), weights.gross_kg()},
                  {"vgm_kg", weights.has_vgm_kg(), weights.vgm_kg()},
                  {"crane_kg", weights.has_crane_kg(), weights.crane_kg()},
                  {"scale_kg", weights.has_scale_kg(), weights.scale_kg()},
                  {"cargo_kg", weights.has_cargo_kg(), weights.cargo_kg()}};
    for (const auto& field : fields) {
      Number(path, field.name, field.present, field.kg, kWeightKgMax);
    }
  }

  void Visit(v1::PickupRight* right) {
    const Path path{nullptr, "pickup_right"};
    right->clear_pin_hash();
    right->clear_pin_key_id();
    right->clear_previous_pin_hash();
    Strings(kPickupRight, path, right);
    if (!v1::PickupRightKind_IsValid(right->kind())) {
      UnknownValue(path, "kind");
    }
    if (right->has_expire_time()) {
      Time(path, "expire_time", right->expire_time());
    }
    if (right->has_slot_time()) Time(path, "slot_time", right->slot_time());
    if (right->has_actor()) Visit({&path, "actor"}, right->mutable_actor());
    if (right->has_recipient()) {
      Visit({&path, "recipient"}, right->mutable_recipient());
    }
    if (right->has_nominee()) {
      Visit({&path, "nominee"}, right->mutable_nominee());
    }
  }

  void Parties(v1::Movement* m) {
    using M = v1::Movement;
    static constexpr struct {
      const char* role;
      bool (M::*has)() const;
      v1::Party* (M::*mutate)();
    } kRoles[] = {
        {"haulier", &M::has_haulier, &M::mutable_haulier},
        {"carrier", &M::has_carrier, &M::mutable_carrier},
        {"shipper", &M::has_shipper, &M::mutable_shipper},
        {"consignee", &M::has_consignee, &M::mutable_consignee},
        {"notify_party", &M::has_notify_party, &M::mutable_notify_party},
        {"declarant", &M::has_declarant, &M::mutable_declarant},
        {"forwarder", &M::has_forwarder, &M::mutable_forwarder},
        {"terminal", &M::has_terminal, &M::mutable_terminal},
    };
    for (const auto& role : kRoles) {
      if ((m->*role.has)()) Visit({nullptr, role.role}, (m->*role.mutate)());
    }
  }

  void Visit(const Path& path, v1::Party* party) {
    Strings(kParty, path, party);
    Strings(SchemeDefinesCodes(party->id_scheme()) ? kCodedParty : kLocalParty,
            path, party);
  }

  std::vector<Violation>* const violations_;
};

}  // namespace

void BringToNormalForm(v1::Movement* movement,
                       std::vector<Violation>* violations) {
  Walk(violations).Visit(movement);
}

}  // namespace portrisk::service
