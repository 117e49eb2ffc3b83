#include "service/gate.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "scoring/iso6346.h"
#include "scoring/limits.h"
#include "service/text_checks.h"

namespace portrisk::service {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t kPurposeBytesMax = 200;  // And of a name.
// Of a text that says what is looked up: longer than any name, and short enough
// for the entry to hold all of them.
constexpr size_t kLookUpBytesMax = 512;
constexpr size_t kSubjectBytesMax = 4096;

// Cut at a character, and without what is no text: a string that is no UTF-8
// would make the record unreadable.
std::string Clip(std::string text, size_t bytes_max) {
  if (text.size() > bytes_max) {
    size_t end = bytes_max;
    while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
  }
  if (IsUtf8(text)) return text;
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return text;
}

std::string MetadataOf(const grpc::ServerContext& context, const char* key) {
  const auto& metadata = context.client_metadata();
  // Metadata is ASCII; what goes beyond has a name of its own, KEY-bin, which
  // comes next where there is none of that name.
  const auto found = metadata.lower_bound(key);
  if (found == metadata.end() || !found->first.starts_with(key)) return "";
  const grpc::string_ref rest = found->first.substr(std::strlen(key));
  if (!rest.empty() && rest != "-bin") return "";
  std::string text(found->second.data(), found->second.size());
  return IsUtf8(text) ? Clip(std::move(text), kPurposeBytesMax) : "";
}

// The names that a certificate proves: its DNS names; the common name, which
// authorities check less, only where it has none.
std::vector<grpc::string_ref> NamesOf(const grpc::AuthContext& proven) {
  auto names = proven.FindPropertyValues(GRPC_PEER_DNS_PROPERTY_NAME);
  if (names.empty()) {
    names = proven.FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME);
  }
  return names;
}

// How a text that names somebody is hashed; nothing for all others.
std::optional<Pseudonyms::Kind> KindOf(const FieldDescriptor& field,
                                       const std::string& text) {
  const std::string& in = field.containing_type()->name();
  const std::string& name = field.name();
  if (in == "LookUpListValueRequest" && name == "value") {
    // Lists hold parties, accounts and plates, too. A container's number names
    // nobody, and whether somebody asked for it is what auditors look for.
    const v1::NumberStatus status =
        scoring::CheckContainerNumber(scoring::NormaliseContainerNumber(text));
    if (status == v1::NUMBER_NOT_ISO) return Pseudonyms::Kind::kParty;
    return std::nullopt;
  }
  if (in == "PartyName") {
    return name == "name" ? Pseudonyms::Kind::kPartyName
                          : Pseudonyms::Kind::kParty;
  }
  if (in == "ErasureSubject" && name != "id_scheme") {
    return name == "party_name" ? Pseudonyms::Kind::kPartyName
           : name == "party"    ? Pseudonyms::Kind::kParty
           : name == "account"  ? Pseudonyms::Kind::kAccount
           : name == "device"   ? Pseudonyms::Kind::kDevice
                                : Pseudonyms::Kind::kPlate;
  }
  if (name == "account" || (in == "CredentialName" && name == "id")) {
    return Pseudonyms::Kind::kAccount;
  }
  if (name == "device") return Pseudonyms::Kind::kDevice;
  if (name == "plate") return Pseudonyms::Kind::kPlate;
  return std::nullopt;
}

bool IsDocument(const std::string& name) {
  return name == "yaml" || name == "csv";
}

bool TellsNothing(const std::string& name) {
  return name == "page_size" || name == "language" || IsDocument(name);
}

// The first text of the request with more bytes than that, documents apart.
const FieldDescriptor* FindLonger(const Message& message, size_t bytes_max) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_repeated() || IsDocument(field->name())) continue;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const FieldDescriptor* const inside =
          FindLonger(reflection.GetMessage(message, field), bytes_max);
      if (inside != nullptr) return inside;
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      std::string scratch;
      if (reflection.GetStringReference(message, field, &scratch).size() >
          bytes_max) {
        return field;
      }
    }
  }
  return nullptr;
}

std::string ValueOf(const Message& message, const FieldDescriptor& field,
                    const Pseudonyms& pseudonyms) {
  const auto& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = reflection.GetString(message, &field);
      const auto kind = KindOf(field, text);
      return kind ? absl::StrCat("~", absl::Hex(pseudonyms.Of(*kind, text),
                                                absl::kZeroPad16))
                  : text;
    }
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.GetEnum(message, &field)->name();
    default:
      return "...";
  }
}

void AddFields(const Message& message, const Pseudonyms& pseudonyms,
               const std::string& prefix, std::vector<std::string>* parts) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_repeated() || TellsNothing(field->name())) continue;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      AddFields(message.GetReflection()->GetMessage(message, field), pseudonyms,
                absl::StrCat(prefix, field->name(), "."), parts);
    } else {
      parts->push_back(absl::StrCat(prefix, field->name(), "=",
                                    ValueOf(message, *field, pseudonyms)));
    }
  }
}

absl::Status NoCertificate() {
  return Error(absl::StatusCode::kUnauthenticated, "NO_CERTIFICATE",
               "this server knows callers by their certificates: connect with "
               "TLS and one that it has roles for (the command line's "
               "--tls-cert and --tls-key)");
}

absl::Status NoName() {
  return Error(absl::StatusCode::kUnauthenticated, "UNKNOWN_CALLER",
               "the certificate is good, but has neither a DNS name nor a "
               "common name, which is what roles are bound to");
}

}  // namespace

std::string SubjectOf(const Message& request, const Pseudonyms& pseudonyms) {
  std::vector<std::string> parts;
  AddFields(request, pseudonyms, "", &parts);
  return Clip(absl::StrJoin(parts, " "), kSubjectBytesMax);
}

void Gate::SetBook(std::shared_ptr<const RoleBook> book) {
  std::atomic_store(&book_, std::move(book));
  ++book_number_;
}

const MethodRule& Gate::RuleOf(const char* service, const char* method) {
  const MethodRule* const rule =
      FindMethod(absl::StrCat("/", service, "/", method));
  // Who has no line in the table is let in by nobody.
  static constexpr MethodRule kNobody = {"", {}};
  return rule != nullptr ? *rule : kNobody;
}

absl::StatusOr<std::shared_ptr<const Caller>> Gate::Identify(
    const grpc::ServerContext& context) const {
  const auto book = std::atomic_load(&book_);
  // Null: the book has no such name.
  const auto find = [&book](std::string name) -> std::shared_ptr<const Caller> {
    if (book == nullptr) return std::make_shared<Caller>(std::move(name));
    const Caller* const known = book->Find(name);
    if (known == nullptr) return nullptr;
    return {book, known};  // Lives as long as its book.
  };
  const auto proven = context.auth_context();
  std::vector<grpc::string_ref> names;
  if (proven != nullptr && proven->IsPeerAuthenticated()) {
    names = NamesOf(*proven);
    if (names.empty()) return NoName();
  }
  if (names.empty()) {
    if (needs_tls_) return NoCertificate();
    std::string said = MetadataOf(context, "portrisk-caller");
    auto known = find(said);
    if (known != nullptr) return known;
    return Error(absl::StatusCode::kUnauthenticated, "UNKNOWN_CALLER",
                 absl::StrCat("no roles are bound to \"", said, "\""));
  }
  for (const grpc::string_ref& name : names) {
    auto known =
        find(Clip(std::string(name.data(), name.size()), kPurposeBytesMax));
    if (known != nullptr) return known;
  }
  return Error(
      absl::StatusCode::kUnauthenticated, "UNKNOWN_CALLER",
      absl::StrCat(
          "the certificate is good, but no roles are bound to its "
          "name ",
          Clip(std::string(names[0].data(), names[0].size()), kPurposeBytesMax),
          "; an operator binds them in the roles file"));
}

absl::StatusOr<Entrant> Gate::Admit(const grpc::ServerContext& context,
                                    const MethodRule& rule) {
  auto caller = Identify(context);
  if (!caller.ok()) {
    Caller unknown{std::string()};
    unknown.roles = Roles();
    unknown.peer = context.peer();
    v1::AuditEntry entry;
    entry.set_kind(v1::LOGIN_FAILURE);
    entry.set_method(rule.method);
    entry.set_result(ErrorReason(caller.status()));
    entry.set_detail(std::string(caller.status().message()));
    audit_.Post(unknown, std::move(entry));
    return caller.status();
  }
  const Roles roles = (*caller)->roles;
  if (!roles.HasAnyOf(rule.roles)) {
    const absl::Status status = Error(
        absl::StatusCode::kPermissionDenied, "ROLE_MISSING",
        absl::StrCat((*caller)->name, " has the roles ",
                     absl::StrJoin(NamesOf(roles), " "), "; this needs one of ",
                     absl::StrJoin(NamesOf(rule.roles), " ")),
        {{"method", rule.method}});
    PostDenied(context, **caller, rule, "ROLE_MISSING");
    return status;
  }
  return Entrant{*std::move(caller), MetadataOf(context, "portrisk-purpose")};
}

absl::StatusOr<Caller> Gate::Enter(const grpc::ServerContext& context,
                                   const MethodRule& rule) {
  absl::StatusOr<Entrant> entrant = Admit(context, rule);
  if (!entrant.ok()) return entrant.status();
  Caller caller = *entrant->caller;
  caller.purpose = std::move(entrant->purpose);
  caller.peer = context.peer();
  if (rule.consultation && needs_tls_ && caller.purpose.empty()) {
    PostDenied(context, caller, rule, "NO_PURPOSE");
    return Error(absl::StatusCode::kInvalidArgument, "NO_PURPOSE",
                 "say what you look it up for: metadata entry "
                 "portrisk-purpose (the command line's --purpose)");
  }
  return caller;
}

void Gate::PostDenied(const grpc::ServerContext& context, const Caller& caller,
                      const MethodRule& rule, const std::string& reason) {
  Caller denied = caller;
  denied.peer = context.peer();
  v1::AuditEntry entry;
  entry.set_kind(v1::ACCESS_DENIED);
  entry.set_method(rule.method);
  entry.set_result(reason);
  audit_.Post(denied, std::move(entry));
}

// What is looked up stands in the entry whole, and notes in the catalogue,
// which is read and written whole.
absl::Status Gate::CheckTexts(const Message& request, const MethodRule& rule) {
  const size_t bytes_max =
      rule.consultation ? kLookUpBytesMax : scoring::kTextBytesMax;
  const FieldDescriptor* const longer = FindLonger(request, bytes_max);
  if (longer == nullptr) return absl::OkStatus();
  return Error(absl::StatusCode::kInvalidArgument, "TEXT_TOO_LONG",
               absl::StrCat(longer->name(), " has more than the ", bytes_max,
                            " bytes that it may have; say it in fewer words"),
               {{"field", longer->name()}});
}

absl::Status Gate::TooManyScans() {
  return WithRetry(
      Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_SCANS",
            absl::StrCat(kScansMax,
                         " calls read through the journal already; try again "
                         "after the retry delay")),
      absl::Seconds(1));
}

absl::Status Gate::MaySend(const grpc::ServerContext& context,
                           const Caller& caller, const MethodRule& rule,
                           const std::string& source) {
  if (caller.MaySend(source)) return absl::OkStatus();
  PostDenied(context, caller, rule, "SOURCE_NOT_YOURS");
  return Error(
      absl::StatusCode::kPermissionDenied, "SOURCE_NOT_YOURS",
      absl::StrCat(caller.name, " may not send movements of source \"", source,
                   "\"; an operator binds sources to callers "
                   "in the roles file"));
}

absl::Status Gate::MayReport(const grpc::ServerContext& context,
                             const Caller& caller, const MethodRule& rule,
                             const v1::Movement& movement) {
  if (movement.retraction()) return absl::OkStatus();
  absl::Status status = caller.CheckReport(movement);
  if (!status.ok()) PostDenied(context, caller, rule, ErrorReason(status));
  return status;
}

void Gate::Answered(const grpc::ServerContext& context, const Caller& caller,
                    const MethodRule& rule, const absl::Status& status) {
  const std::string reason = ErrorReason(status);
  // Whoever takes back what nobody has reported tries out ids.
  if (absl::IsPermissionDenied(status) || reason == "NOTHING_TO_RETRACT") {
    PostDenied(context, caller, rule, reason);
  }
}

absl::Status Gate::StillMay(const Caller& caller, const MethodRule& rule,
                            uint64_t* book,
                            std::shared_ptr<const Caller>* now) const {
  // The number first: with a newer book an older number only asks again.
  const uint64_t number = book_number_.load(std::memory_order_acquire);
  if (number == *book) return absl::OkStatus();
  const auto current = std::atomic_load(&book_);
  const Caller* const known =
      current == nullptr ? &caller : current->Find(caller.name);
  if (known != nullptr && known->roles.HasAnyOf(rule.roles)) {
    *book = number;
    if (now != nullptr && current != nullptr) *now = {current, known};
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kPermissionDenied, "ROLE_MISSING",
               "the roles that let you in have been taken away");
}

absl::Status Gate::Consulted(const Caller& caller, const MethodRule& rule,
                             const Message& request,
                             const absl::Status& result) {
  v1::AuditEntry entry;
  entry.set_kind(v1::CONSULTATION);
  entry.set_method(rule.method);
  entry.set_subject(SubjectOf(request, pseudonyms_));
  entry.set_result(ErrorReason(result));
  return audit_.Record(caller, std::move(entry));
}

}  // namespace portrisk::service
