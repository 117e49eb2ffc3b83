#include "service/redaction.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "scoring/erased_names.h"
#include "service/errors.h"
#include "service/journal_walk.h"
#include "service/normal_form.h"

namespace portrisk::service {
namespace {

using scoring::ErasedName;
using scoring::IsErasedName;
using Kind = Pseudonyms::Kind;

absl::Status Invalid(absl::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST", what);
}

struct Role {
  v1::Party* (v1::Movement::*mutate)();
  bool (v1::Movement::*has)() const;
  v1::ErasedRole kept_as;  // By a state; unspecified: by none.
};
constexpr Role kRoles[] = {
    {&v1::Movement::mutable_haulier, &v1::Movement::has_haulier,
     v1::ERASED_HAULIER},
    {&v1::Movement::mutable_carrier, &v1::Movement::has_carrier, {}},
    {&v1::Movement::mutable_shipper, &v1::Movement::has_shipper, {}},
    {&v1::Movement::mutable_consignee, &v1::Movement::has_consignee, {}},
    {&v1::Movement::mutable_notify_party, &v1::Movement::has_notify_party, {}},
    {&v1::Movement::mutable_declarant, &v1::Movement::has_declarant, {}},
    {&v1::Movement::mutable_forwarder, &v1::Movement::has_forwarder, {}},
    {&v1::Movement::mutable_terminal, &v1::Movement::has_terminal, {}},
};
struct RightRole {
  v1::Party* (v1::PickupRight::*mutate)();
  bool (v1::PickupRight::*has)() const;
  v1::ErasedRole kept_as;
};
constexpr RightRole kRightRoles[] = {
    {&v1::PickupRight::mutable_actor, &v1::PickupRight::has_actor,
     v1::ERASED_ACTOR},
    {&v1::PickupRight::mutable_recipient, &v1::PickupRight::has_recipient,
     v1::ERASED_RECIPIENT},
    {&v1::PickupRight::mutable_nominee, &v1::PickupRight::has_nominee,
     v1::ERASED_NOMINEE},
};

// Calls `visit` with each party that the movement names.
template <typename Visit>
void VisitParties(v1::Movement* movement, const Visit& visit) {
  for (const Role& role : kRoles) {
    if ((movement->*role.has)())
      visit((movement->*role.mutate)(), role.kept_as);
  }
  if (!movement->has_pickup_right()) return;
  v1::PickupRight* const right = movement->mutable_pickup_right();
  for (const RightRole& role : kRightRoles) {
    if ((right->*role.has)()) visit((right->*role.mutate)(), role.kept_as);
  }
}

// Calls `visit` with each text of a party that may identify somebody.
template <typename Visit>
void VisitTexts(v1::Party* party, const Visit& visit) {
  if (!party->id().empty()) visit(Kind::kParty, party->mutable_id());
  if (!party->name().empty()) visit(Kind::kPartyName, party->mutable_name());
  if (!party->account().empty()) {
    visit(Kind::kAccount, party->mutable_account());
  }
  if (!party->device().empty()) visit(Kind::kDevice, party->mutable_device());
}

// The same of a whole movement, in one order for all with the same fields.
template <typename Visit>
void VisitTexts(v1::Movement* movement, const Visit& visit) {
  VisitParties(movement, [&](v1::Party* party, v1::ErasedRole) {
    VisitTexts(party, visit);
  });
  if (!movement->transport().plate().empty()) {
    visit(Kind::kPlate, movement->mutable_transport()->mutable_plate());
  }
}

std::string Token(const Pseudonyms& pseudonyms, Kind kind,
                  const std::string& text) {
  // Pseudonyms of names and plates are the same for several writings.
  const bool is_exact = kind != Kind::kPartyName && kind != Kind::kPlate;
  return ErasedName(pseudonyms.Of(is_exact ? kind : Kind::kText, text));
}

// Whether the path of a piece of evidence leads to who somebody is.
bool SaysWho(absl::string_view path) {
  static constexpr absl::string_view kParties[] = {
      "haulier",         "carrier",      "shipper",      "consignee",
      "notify_party",    "declarant",    "forwarder",    "terminal",
      "actor",           "recipient",    "nominee",      "nominated",
      "holder",          "issuer",       "collected_by", "previous_nominee",
      "last_queried_by", "last_refused", "orphan",       "haulier_id",
      "second_claimant"};
  std::vector<absl::string_view> parts = absl::StrSplit(path, '.');
  const absl::string_view last = parts.back();
  if (last == "plate") return true;
  const bool is_part =
      last == "id" || last == "name" || last == "account" || last == "device";
  if (is_part) parts.pop_back();
  return !parts.empty() && std::find(std::begin(kParties), std::end(kParties),
                                     parts.back()) != std::end(kParties);
}

// What a text is that stands under a path.
Kind KindOfPath(absl::string_view path) {
  const absl::string_view last = path.substr(path.rfind('.') + 1);
  return last == "name"      ? Kind::kPartyName
         : last == "account" ? Kind::kAccount
         : last == "device"  ? Kind::kDevice
         : last == "plate"   ? Kind::kPlate
                             : Kind::kParty;
}

constexpr Kind kKinds[] = {Kind::kParty, Kind::kPartyName, Kind::kAccount,
                           Kind::kDevice, Kind::kPlate};

constexpr absl::string_view kLookUp =
    "/portrisk.v1.RuleService/LookUpListValue";
constexpr char kLookedUp[] = "value=";

}  // namespace

absl::StatusOr<Subject> SubjectOf(const v1::ErasureSubject& subject,
                                  const Pseudonyms& pseudonyms) {
  const int given = !subject.party().empty() + !subject.party_name().empty() +
                    !subject.account().empty() + !subject.device().empty() +
                    !subject.plate().empty();
  if (given != 1) {
    return Invalid(
        "name one subject: party, party_name, account, device or plate");
  }
  v1::Movement movement;
  v1::Party* const party = movement.mutable_haulier();
  party->set_id(subject.party());
  party->set_id_scheme(subject.id_scheme());
  party->set_name(subject.party_name());
  party->set_account(subject.account());
  party->set_device(subject.device());
  movement.mutable_transport()->set_plate(subject.plate());
  std::vector<Violation> violations;
  BringToNormalForm(&movement, &violations);
  if (!violations.empty()) {
    return Invalid(absl::StrCat("the subject ", violations[0].description));
  }
  pseudonyms.Fill(&movement);
  const v1::Pseudonyms& who = movement.pseudonyms();
  if (who.has_haulier()) return Subject{v1::SUBJECT_PARTY, who.haulier()};
  if (who.has_account()) return Subject{v1::SUBJECT_ACCOUNT, who.account()};
  if (who.has_device()) return Subject{v1::SUBJECT_DEVICE, who.device()};
  if (who.has_plate()) return Subject{v1::SUBJECT_PLATE, who.plate()};
  return Invalid("the subject is empty in normal form");
}

bool Redactor::IsSubject(Kind kind, const std::string& text) const {
  const auto is_one_of = [&](std::initializer_list<Kind> kinds) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end() &&
           pseudonyms_.Of(kind, text) == subject_.pseudonym;
  };
  if (text.empty() || IsErasedName(text)) return false;
  switch (subject_.kind) {
    case v1::SUBJECT_PARTY:
      return is_one_of({Kind::kParty, Kind::kPartyName});
    case v1::SUBJECT_ACCOUNT:
      return is_one_of({Kind::kAccount});
    case v1::SUBJECT_DEVICE:
      return is_one_of({Kind::kDevice});
    case v1::SUBJECT_PLATE:
      return is_one_of({Kind::kPlate});
    default:
      return subject_.kind == v1::SUBJECT_EVERYBODY;
  }
}

std::string Redactor::TokenOf(Kind kind, const std::string& text) const {
  return Token(pseudonyms_, kind, text);
}

void Redactor::Note(Kind kind, const std::string& text) {
  if (text.empty() || IsErasedName(text)) return;
  std::string& token = tokens_[{kind, text}];
  if (token.empty()) token = TokenOf(kind, text);
}

void Redactor::CollectParty(const v1::Party& party, bool is_subject) {
  const auto note = [&](Kind kind, const std::string& text) {
    if (is_subject || IsSubject(kind, text)) Note(kind, text);
  };
  note(Kind::kAccount, party.account());
  note(Kind::kDevice, party.device());
  if (!is_subject) return;
  Note(Kind::kParty, party.id());
  Note(Kind::kPartyName, party.name());
}

void Redactor::Collect(const v1::Movement& movement) {
  tokens_.clear();
  VisitParties(&movement_, [&](v1::Party* party, v1::ErasedRole) {
    // Who has an id is known by that alone.
    const bool is_subject = party->id().empty()
                                ? IsSubject(Kind::kPartyName, party->name())
                                : IsSubject(Kind::kParty, party->id());
    CollectParty(*party, is_subject);
  });
  const std::string& plate = movement.transport().plate();
  if (IsSubject(Kind::kPlate, plate)) Note(Kind::kPlate, plate);
}

bool Redactor::Apply(Kind kind, std::string* text) const {
  const auto found = tokens_.find({kind, *text});
  if (found == tokens_.end()) return false;
  *text = found->second;
  return true;
}

bool Redactor::RedactMovement(v1::Movement* movement, Result* result) {
  Collect(*movement);
  if (tokens_.empty()) return false;
  v1::ErasedRecord* const record = &result->record;
  VisitParties(movement, [&](v1::Party* party, v1::ErasedRole role) {
    const std::string id = party->id();
    if (role != v1::ERASED_ROLE_UNSPECIFIED &&
        tokens_.count({Kind::kParty, id}) > 0) {
      v1::ErasedName* const name = record->add_names();
      name->set_role(role);
      name->set_pseudonym(pseudonyms_.Of(Kind::kParty, id));
    }
  });
  VisitTexts(movement,
             [&](Kind kind, std::string* text) { Apply(kind, text); });
  if (!record->names().empty()) {
    record->set_container_number(movement->container().number());
    if (record->container_number().empty()) {
      record->set_right_id(movement->pickup_right().id());
    }
  }
  return true;
}

bool Redactor::RedactAssessment(v1::Assessment* assessment) {
  bool changed = false;
  for (v1::Hit& hit : *assessment->mutable_hits()) {
    for (v1::Evidence& evidence : *hit.mutable_evidence()) {
      changed |= RedactEvidence(&evidence);
    }
  }
  return changed;
}

// Of everybody a path alone says what is a name; of one subject every text is
// looked at, first as what its path says it is.
bool Redactor::RedactEvidence(v1::Evidence* evidence) {
  const Kind kind = KindOfPath(evidence->field());
  const auto redact = [&](Kind as) {
    const bool may_be =
        subject_.kind != v1::SUBJECT_EVERYBODY || SaysWho(evidence->field());
    if (may_be && IsSubject(as, evidence->value())) Note(as, evidence->value());
    return Apply(as, evidence->mutable_value());
  };
  if (redact(kind)) return true;
  return subject_.kind != v1::SUBJECT_EVERYBODY &&
         std::any_of(std::begin(kKinds), std::end(kKinds), redact);
}

// Lists are looked up by values, which may be somebody's id.
bool Redactor::RedactAudit(v1::AuditEntry* entry) const {
  if (entry->method() != kLookUp || subject_.kind == v1::SUBJECT_EVERYBODY) {
    return false;
  }
  bool changed = false;
  const size_t begin = entry->subject().find(kLookedUp);
  if (begin == std::string::npos) return false;
  const size_t at = begin + std::size(kLookedUp) - 1;
  const size_t end = entry->subject().find(" name=", at);
  const std::string value = entry->subject().substr(at, end - at);
  for (const Kind kind : kKinds) {
    if (changed || !IsSubject(kind, value)) continue;
    entry->set_subject(
        absl::StrCat(entry->subject().substr(0, at), TokenOf(kind, value),
                     entry->subject().substr(at + value.size())));
    changed = true;
  }
  return changed;
}

absl::StatusOr<Redactor::Result> Redactor::Redact(absl::string_view bytes) {
  Result result;
  if (!ParseView(bytes, &record_)) return RecordDamaged(0);
  result.record.set_sequence(record_.sequence());
  if (record_.has_audit()) {
    result.other = RedactAudit(record_.mutable_audit());
  }
  if (record_.has_movement()) {
    v1::MovementRecord* const part = record_.mutable_movement();
    if (!movement_.ParseFromString(part->movement()) ||
        !assessment_.ParseFromString(part->assessment())) {
      return RecordDamaged(record_.sequence());
    }
    result.movement = RedactMovement(&movement_, &result);
    result.assessment = RedactAssessment(&assessment_);
    if (result.movement) {
      movement_.SerializeToString(part->mutable_movement());
    }
    if (result.assessment) {
      assessment_.SerializeToString(part->mutable_assessment());
    }
  }
  if (result.any()) record_.SerializeToString(&result.bytes);
  return result;
}

v1::Movement ErasedAlike(const v1::Movement& stored, v1::Movement given,
                         const Pseudonyms& pseudonyms) {
  v1::Movement was = stored;
  std::vector<std::pair<Kind, std::string>> texts;
  VisitTexts(&was, [&](Kind kind, std::string* text) {
    texts.emplace_back(kind, *text);
  });
  size_t at = 0;
  VisitTexts(&given, [&](Kind kind, std::string* text) {
    if (at == texts.size()) return;
    const auto& [stored_kind, stored_text] = texts[at++];
    if (stored_kind == kind && IsErasedName(stored_text) &&
        Token(pseudonyms, kind, *text) == stored_text) {
      *text = stored_text;
    }
  });
  return given;
}

bool HoldsErased(absl::string_view bytes) {
  return absl::StrContains(bytes, scoring::kErasedPrefix);
}

}  // namespace portrisk::service
