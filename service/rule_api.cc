#include "service/rule_api.h"

#include <sodium.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "service/errors.h"
#include "service/keys.h"
#include "service/reference_files.h"

namespace portrisk::service {
namespace {

absl::Status NeedCaller(const std::string& caller) {
  if (!caller.empty()) return absl::OkStatus();
  return Error(absl::StatusCode::kUnauthenticated, "NO_CALLER",
               "say who you are: metadata entry portrisk-caller (the command "
               "line's --caller)");
}

std::string Sha256(const std::string& text) {
  unsigned char hash[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(hash, reinterpret_cast<const unsigned char*>(text.data()),
                     text.size());
  return absl::StrCat("sha256:",
                      absl::BytesToHexString(absl::string_view(
                          reinterpret_cast<const char*>(hash), sizeof(hash))));
}

absl::Status InvalidRuleSet(const std::vector<v1::Issue>& issues) {
  std::vector<Violation> violations;
  std::string first;
  for (const v1::Issue& issue : issues) {
    if (issue.severity() != v1::ERROR) continue;
    std::string text = absl::StrCat(issue.code(), ": ", issue.message());
    if (!issue.suggestion().empty()) {
      absl::StrAppend(&text, " ", issue.suggestion());
    }
    if (first.empty()) first = text;
    violations.push_back(
        {absl::StrCat("yaml:", issue.line(), ":", issue.column()), text});
  }
  return WithViolations(
      Error(absl::StatusCode::kInvalidArgument, "INVALID_RULE_SET",
            absl::StrCat("the rule set has ", violations.size(),
                         " errors, first: ", first)),
      "", violations);
}

v1::Revision* Find(v1::Catalogue* catalogue, uint64_t number) {
  for (v1::Revision& revision : *catalogue->mutable_revisions()) {
    if (revision.revision() == number) return &revision;
  }
  return nullptr;
}

store::Put CataloguePut(const v1::Catalogue& catalogue) {
  return {store::Table::kRuleSets, kCatalogueKey,
          catalogue.SerializeAsString()};
}

// Journals one step of a revision and shows it in the catalogue.
void Journal(Core& core, v1::Revision* revision, v1::RevisionEvent event) {
  event.set_sequence(core.last_sequence() + 1);
  *event.mutable_time() = core.recorded_time();
  *revision->add_events() = event;
  revision->set_state(event.state());
  v1::JournalRecord record;
  record.set_caller(event.caller());
  record.mutable_rule()->set_revision(revision->revision());
  *record.mutable_rule()->mutable_event() = event;
  core.Append(std::move(record), {CataloguePut(core.catalogue())});
}

absl::Status WrongState(const v1::Revision& revision,
                        absl::string_view wanted) {
  return Error(absl::StatusCode::kFailedPrecondition, "WRONG_STATE",
               absl::StrCat("revision ", revision.revision(), " is ",
                            v1::RevisionState_Name(revision.state()),
                            "; this needs ", wanted),
               {{"state", v1::RevisionState_Name(revision.state())}});
}

absl::Status CheckTransition(const v1::Revision& revision,
                             v1::RevisionState to) {
  const v1::RevisionState from = revision.state();
  if (to == v1::APPROVED && from != v1::DRAFT) {
    return WrongState(revision, "DRAFT");
  }
  // A retired revision may come back: that is a rollback.
  if (to == v1::ACTIVE && from != v1::APPROVED && from != v1::RETIRED) {
    return WrongState(revision, "APPROVED (approve it first)");
  }
  if (to == v1::ACTIVE && from == v1::RETIRED) {
    const bool was_approved = std::any_of(
        revision.events().begin(), revision.events().end(),
        [](const auto& event) { return event.state() == v1::APPROVED; });
    if (!was_approved) return WrongState(revision, "APPROVED");
  }
  if (to == v1::RETIRED && from == v1::RETIRED) {
    return WrongState(revision, "a state other than RETIRED");
  }
  return absl::OkStatus();
}

}  // namespace

v1::ValidateRuleSetResponse RuleApi::Validate(
    const v1::ValidateRuleSetRequest& request) const {
  scoring::CheckResult checked =
      scoring::CheckRuleSet(request.yaml(), request.file());
  v1::ValidateRuleSetResponse response;
  for (v1::Issue& issue : checked.issues) {
    *response.add_issues() = std::move(issue);
  }
  for (v1::RuleTestResult& test : checked.tests) {
    *response.add_tests() = std::move(test);
  }
  if (checked.rule_set != nullptr) {
    response.set_rule_set(std::string(scoring::RuleSetName(*checked.rule_set)));
    response.set_rule_count(
        static_cast<uint32_t>(scoring::RuleCount(*checked.rule_set)));
  }
  return response;
}

absl::StatusOr<v1::Revision> RuleApi::Create(
    const v1::CreateRevisionRequest& request, const std::string& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  scoring::CheckResult checked =
      scoring::CheckRuleSet(request.yaml(), request.file());
  if (checked.rule_set == nullptr) return InvalidRuleSet(checked.issues);
  v1::Revision made;
  made.set_rule_set(std::string(scoring::RuleSetName(*checked.rule_set)));
  made.set_layer(scoring::RuleSetLayer(*checked.rule_set));
  made.set_owner(std::string(scoring::RuleSetOwner(*checked.rule_set)));
  made.set_content_hash(Sha256(request.yaml()));
  made.set_author(caller);
  made.set_rule_count(
      static_cast<uint32_t>(scoring::RuleCount(*checked.rule_set)));
  status = engine_->Run([&](Core& core) {
    v1::Catalogue* catalogue = core.mutable_catalogue();
    made.set_revision(static_cast<uint64_t>(catalogue->revisions_size()) + 1);
    made.set_state(v1::DRAFT);
    v1::RevisionEvent* event = made.add_events();
    event->set_state(v1::DRAFT);
    event->set_caller(caller);
    event->set_sequence(core.last_sequence() + 1);
    *event->mutable_time() = core.recorded_time();
    *catalogue->add_revisions() = made;
    v1::Revision stored = made;
    stored.set_yaml(request.yaml());
    v1::JournalRecord record;
    record.set_caller(caller);
    record.mutable_rule()->set_revision(made.revision());
    *record.mutable_rule()->mutable_event() = *event;
    *record.mutable_rule()->mutable_created() = stored;
    core.Append(std::move(record),
                {{store::Table::kRuleSets, store::BigEndian64(made.revision()),
                  stored.SerializeAsString()},
                 CataloguePut(*catalogue)});
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return made;
}

absl::StatusOr<v1::Catalogue> RuleApi::ReadCatalogue() const {
  v1::Catalogue catalogue;
  absl::Status status = engine_->Run([&](Core& core) {
    catalogue = core.catalogue();
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return catalogue;
}

absl::StatusOr<v1::Revision> RuleApi::Get(
    const v1::GetRevisionRequest& request) const {
  auto catalogue = ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  auto stored = ReadRevision(**store, request.revision());
  if (!stored.ok()) return stored.status();
  v1::Revision* shown = Find(&*catalogue, request.revision());
  if (shown == nullptr) return stored;
  shown->set_yaml(stored->yaml());
  return *shown;
}

absl::StatusOr<v1::ListRevisionsResponse> RuleApi::List(
    const v1::ListRevisionsRequest& request) const {
  uint64_t after = 0;
  if (!request.page_token().empty() &&
      !absl::SimpleAtoi(request.page_token(), &after)) {
    return Error(absl::StatusCode::kInvalidArgument, "BAD_PAGE_TOKEN",
                 "page_token is not one that this method returned");
  }
  auto catalogue = ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  const int size =
      request.page_size() <= 0 ? 100 : std::min<int>(request.page_size(), 1000);
  v1::ListRevisionsResponse response;
  for (const v1::Revision& revision : catalogue->revisions()) {
    if (revision.revision() <= after) continue;
    if (!request.rule_set().empty() &&
        revision.rule_set() != request.rule_set()) {
      continue;
    }
    if (response.revisions_size() == size) {
      response.set_next_page_token(absl::StrCat(
          response.revisions(response.revisions_size() - 1).revision()));
      break;
    }
    *response.add_revisions() = revision;
  }
  return response;
}

absl::Status RuleApi::MayApprove(const v1::Revision& revision,
                                 const std::string& caller) const {
  if (revision.author() != caller) return absl::OkStatus();
  if (development_ && caller == kDevelopmentCaller) return absl::OkStatus();
  return Error(
      absl::StatusCode::kPermissionDenied, "FOUR_EYES",
      absl::StrCat("revision ", revision.revision(), " was written by ", caller,
                   "; somebody else must approve it"));
}

absl::StatusOr<v1::Revision> RuleApi::Approve(
    const v1::ChangeRevisionRequest& request, const std::string& caller) {
  return Change(request, v1::APPROVED, caller);
}

absl::StatusOr<v1::Revision> RuleApi::Activate(
    const v1::ChangeRevisionRequest& request, const std::string& caller) {
  return Change(request, v1::ACTIVE, caller);
}

absl::StatusOr<v1::Revision> RuleApi::Retire(
    const v1::ChangeRevisionRequest& request, const std::string& caller) {
  return Change(request, v1::RETIRED, caller);
}

absl::StatusOr<v1::Revision> RuleApi::Change(
    const v1::ChangeRevisionRequest& request, v1::RevisionState state,
    const std::string& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  std::lock_guard<std::mutex> lock(mutex_);
  auto catalogue = ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  v1::Revision* target = Find(&*catalogue, request.revision());
  if (target == nullptr) {
    return Error(absl::StatusCode::kNotFound, "NOT_FOUND",
                 absl::StrCat("no revision ", request.revision(),
                              "; `portrisk rules list` shows them"));
  }
  status = CheckTransition(*target, state);
  if (status.ok() && state == v1::APPROVED) {
    status = MayApprove(*target, caller);
  }
  if (!status.ok()) return status;

  // What will be in force, compiled while scoring goes on.
  uint64_t replaced = 0;
  if (state == v1::ACTIVE) {
    for (v1::Revision& other : *catalogue->mutable_revisions()) {
      if (other.state() == v1::ACTIVE &&
          other.rule_set() == target->rule_set()) {
        replaced = other.revision();
        other.set_state(v1::RETIRED);
      }
    }
  }
  target->set_state(state);
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  auto programme = CompileInForce(**store, engine_->rule_sets(), *catalogue);
  if (!programme.ok()) return programme.status();

  v1::Revision changed;
  status = engine_->Run([&](Core& core) {
    v1::RevisionEvent event;
    event.set_caller(caller);
    if (replaced != 0) {
      event.set_state(v1::RETIRED);
      event.set_note(absl::StrCat("replaced by revision ", request.revision()));
      Journal(core, Find(core.mutable_catalogue(), replaced), event);
    }
    event.set_state(state);
    event.set_note(request.note());
    v1::Revision* revision = Find(core.mutable_catalogue(), request.revision());
    Journal(core, revision, event);
    core.SetProgramme(*programme);
    changed = *revision;
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return changed;
}

absl::StatusOr<v1::LoadReferenceResponse> RuleApi::LoadReference(
    const v1::LoadReferenceRequest& request, const std::string& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  std::lock_guard<std::mutex> lock(mutex_);
  const SerialisedReference serialised = SerialiseReference(request.table());
  // From the bytes that are stored, so that a restart knows the same.
  v1::ReferenceTable table;
  table.ParseFromString(serialised.bytes);
  auto reference = std::make_shared<const scoring::Reference>(
      table, serialised.content_hash);
  v1::LoadReferenceResponse response;
  response.set_version(serialised.content_hash);
  response.set_place_count(static_cast<uint32_t>(table.places_size()));
  response.set_owner_count(static_cast<uint32_t>(table.owners_size()));
  status = engine_->Run([&](Core& core) {
    core.mutable_catalogue()->set_reference_version(serialised.content_hash);
    v1::JournalRecord record;
    record.set_caller(caller);
    record.mutable_reference()->set_content_hash(serialised.content_hash);
    response.set_sequence(core.Append(
        std::move(record),
        {{store::Table::kReference, serialised.content_hash, serialised.bytes},
         CataloguePut(core.catalogue())}));
    core.SetReference(reference);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return response;
}

}  // namespace portrisk::service
