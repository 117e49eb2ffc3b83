#include "scoring/aggregate_keys.h"

#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace portrisk::scoring {
namespace {

using P = v1::Pseudonyms;

struct Person {
  absl::string_view field;  // Below `movement`.
  bool (P::*has)() const;
  uint64_t (P::*get)() const;
};

// The account of a haulier is not among them: it is the one who acts only where
// no actor is named.
constexpr Person kPeople[] = {
    {"", nullptr, nullptr},
    {"haulier.id", &P::has_haulier, &P::haulier},
    {"carrier.id", &P::has_carrier, &P::carrier},
    {"shipper.id", &P::has_shipper, &P::shipper},
    {"consignee.id", &P::has_consignee, &P::consignee},
    {"notify_party.id", &P::has_notify_party, &P::notify_party},
    {"declarant.id", &P::has_declarant, &P::declarant},
    {"forwarder.id", &P::has_forwarder, &P::forwarder},
    {"terminal.id", &P::has_terminal, &P::terminal},
    {"pickup_right.actor.id", &P::has_actor, &P::actor},
    {"pickup_right.actor.account", &P::has_account, &P::account},
    {"pickup_right.actor.device", &P::has_device, &P::device},
    {"pickup_right.recipient.id", &P::has_recipient, &P::recipient},
    {"pickup_right.nominee.id", &P::has_nominee, &P::nominee},
    {"transport.plate", &P::has_plate, &P::plate},
};

std::string NameOf(const cel::Path& path) {
  std::string name;
  for (const auto* field : path.fields) {
    absl::StrAppend(&name, name.empty() ? "" : ".",
                    absl::string_view(field->name()));
  }
  return name;
}

bool SaysWho(const google::protobuf::FieldDescriptor& field) {
  const absl::string_view name = field.name();
  if (field.containing_type() == v1::Party::descriptor()) {
    return name == "id" || name == "name" || name == "account" ||
           name == "device";
  }
  return field.containing_type() == v1::Transport::descriptor() &&
         name == "plate";
}

const cel::Expr* FindWho(const cel::Expr& expr) {
  if (expr.field != nullptr && SaysWho(*expr.field)) return &expr;
  for (const cel::ExprPtr& arg : expr.args) {
    if (const cel::Expr* found = FindWho(*arg)) return found;
  }
  return nullptr;
}

}  // namespace

KeyPerson PersonOf(const cel::Expr& key) {
  if (key.reference != cel::Reference::kPath || !cel::HasFields(key)) {
    return kNobody;
  }
  const cel::Path path = cel::PathOf(key);
  if (path.root != 0) return kNobody;
  const std::string name = NameOf(path);
  for (size_t i = 1; i < std::size(kPeople); ++i) {
    if (kPeople[i].field == name) return static_cast<KeyPerson>(i);
  }
  return kNobody;
}

const cel::Expr* NamesWithoutPseudonym(const cel::Expr& key) {
  if (key.type.kind == cel::Kind::kBool || key.type.kind == cel::Kind::kEnum) {
    return nullptr;
  }
  return PersonOf(key) == kNobody ? FindWho(key) : nullptr;
}

std::optional<uint64_t> PseudonymOf(KeyPerson person,
                                    const v1::Movement& movement) {
  const Person& one = kPeople[person];
  if (one.has == nullptr || !(movement.pseudonyms().*one.has)()) {
    return std::nullopt;
  }
  return (movement.pseudonyms().*one.get)();
}

}  // namespace portrisk::scoring
