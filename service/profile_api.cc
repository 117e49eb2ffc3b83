// A version's document is in the record that created it, and what an activation
// puts in force is in the record of that: the journal alone is enough to
// follow.
#include "service/profile_api.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "scoring/selection_profile_parser.h"
#include "service/errors.h"
#include "service/journal_reader.h"
#include "service/keys.h"
#include "service/paging.h"
#include "service/rule_api.h"
#include "service/rule_steps.h"

namespace portrisk::service {
namespace {

absl::Status NoVersion(uint64_t version) {
  return Error(absl::StatusCode::kNotFound, "NOT_FOUND",
               version == 0
                   ? std::string("no selection profile is in force, so the "
                                 "built-in one is; `portrisk profile load "
                                 "FILE` makes one")
                   : absl::StrCat("no selection profile has version ", version,
                                  "; `portrisk profile list` shows them"));
}

absl::Status InvalidProfile(const std::vector<v1::Issue>& issues) {
  std::vector<Violation> violations;
  for (const v1::Issue& issue : issues) {
    if (issue.severity() != v1::ERROR) continue;
    std::string text = absl::StrCat(issue.code(), ": ", issue.message());
    if (!issue.suggestion().empty()) {
      absl::StrAppend(&text, "; instead: ", issue.suggestion());
    }
    violations.push_back(
        {absl::StrCat("yaml:", issue.line(), ":", issue.column()), text});
  }
  return WithViolations(
      Error(absl::StatusCode::kInvalidArgument, "INVALID_PROFILE",
            absl::StrCat("the selection profile has ", violations.size(),
                         " errors; nothing was stored")),
      "", violations);
}

const v1::SelectionProfileVersion* FindVersion(const v1::Catalogue& catalogue,
                                               uint64_t version) {
  for (const v1::SelectionProfileVersion& one : catalogue.profiles()) {
    if (version == 0 ? one.state() == v1::ACTIVE : one.version() == version) {
      return &one;
    }
  }
  return nullptr;
}

bool WasActive(const v1::SelectionProfileVersion& one) {
  return std::any_of(one.events().begin(), one.events().end(),
                     [](const v1::RevisionEvent& event) {
                       return event.state() == v1::ACTIVE;
                     });
}

// The record that created a version.
absl::StatusOr<v1::SelectionProfileVersion> ReadCreated(
    const store::Store& store, const v1::SelectionProfileVersion& version) {
  auto record = ReadJournalRecord(store, version.events(0).sequence());
  if (!record.ok()) return record.status();
  v1::SelectionProfileVersion created = record->profile().created();
  if (created.version() != version.version() ||
      ContentHash(created.yaml()) != version.content_hash()) {
    return Error(
        absl::StatusCode::kDataLoss, "STORE_DAMAGED",
        absl::StrCat("selection profile ", version.version(),
                     " is not what was stored; run `portrisk verify` and "
                     "restore a backup"));
  }
  return created;
}

}  // namespace

v1::ValidateProfileResponse ProfileApi::Validate(
    const v1::ValidateProfileRequest& request) const {
  scoring::ParsedProfile parsed =
      scoring::ParseSelectionProfile(request.yaml(), request.file());
  v1::ValidateProfileResponse response;
  for (v1::Issue& issue : parsed.issues) {
    *response.add_issues() = std::move(issue);
  }
  if (parsed.profile) *response.mutable_profile() = *std::move(parsed.profile);
  return response;
}

absl::StatusOr<v1::SelectionProfileVersion> ProfileApi::Create(
    const v1::CreateProfileRequest& request, const Caller& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  scoring::ParsedProfile parsed =
      scoring::ParseSelectionProfile(request.yaml(), request.file());
  if (!parsed.profile) return InvalidProfile(parsed.issues);
  v1::SelectionProfileVersion made;
  made.set_name(parsed.profile->name());
  made.set_owner(parsed.profile->owner());
  made.set_state(v1::DRAFT);
  made.set_content_hash(ContentHash(request.yaml()));
  made.set_author(caller.name);
  made.set_place_count(static_cast<uint32_t>(parsed.profile->terms_size() - 1));
  status = engine_->Run([&](Core& core) {
    made.set_version(static_cast<uint64_t>(core.catalogue().profiles_size()) +
                     1);
    parsed.profile->set_version(made.version());
    v1::JournalRecord record;
    caller.Sign(&record);
    v1::ProfileRecord* profile = record.mutable_profile();
    profile->set_version(made.version());
    *profile->mutable_event() = EventOf(v1::DRAFT, request.note());
    profile->mutable_event()->set_caller(caller.name);
    v1::SelectionProfileVersion* created = profile->mutable_created();
    *created = made;
    created->set_yaml(request.yaml());
    *created->mutable_profile() = *parsed.profile;
    core.Append(std::move(record), {});
    made = *FindVersion(core.catalogue(), made.version());
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return made;
}

absl::StatusOr<v1::SelectionProfileVersion> ProfileApi::Get(
    const v1::GetProfileRequest& request) const {
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  const v1::SelectionProfileVersion* known =
      FindVersion(*catalogue, request.version());
  if (known == nullptr) return NoVersion(request.version());
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  auto created = ReadCreated(**store, *known);
  if (!created.ok()) return created.status();
  v1::SelectionProfileVersion shown = *known;
  shown.set_yaml(created->yaml());
  *shown.mutable_profile() = created->profile();
  return shown;
}

absl::StatusOr<v1::ListProfilesResponse> ProfileApi::List(
    const v1::ListProfilesRequest& request) const {
  const auto after = PageBeginOf(request);
  if (!after.ok()) return after.status();
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  const int size = PageSizeOf(request);
  v1::ListProfilesResponse response;
  for (const v1::SelectionProfileVersion& one : catalogue->profiles()) {
    if (one.version() <= *after) continue;
    if (response.profiles_size() == size) {
      response.set_next_page_token(
          absl::StrCat(response.profiles(size - 1).version()));
      break;
    }
    *response.add_profiles() = one;
  }
  return response;
}

absl::StatusOr<v1::SelectionProfileVersion> ProfileApi::Activate(
    const v1::ActivateProfileRequest& request, const Caller& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  v1::GetProfileRequest whole;
  whole.set_version(request.version());
  auto target = request.version() == 0
                    ? absl::StatusOr<v1::SelectionProfileVersion>(NoVersion(0))
                    : Get(whole);
  if (!target.ok()) return target.status();
  // Whoever brings back what somebody has put in force before changes nothing
  // that was not looked at.
  if (target->author() == caller.name && !WasActive(*target) &&
      !(development_ && caller.name == kDevelopmentCaller)) {
    return Error(absl::StatusCode::kPermissionDenied, "FOUR_EYES",
                 absl::StrCat("selection profile ", target->version(),
                              " was written by ", caller.name,
                              "; somebody else must activate it"));
  }
  const auto profiles =
      std::make_shared<const scoring::SelectionProfiles>(target->profile());
  v1::SelectionProfileVersion changed;
  status = engine_->Run([&](Core& core) {
    const auto* now = FindVersion(core.catalogue(), request.version());
    if (now->state() == v1::ACTIVE) {
      return Error(absl::StatusCode::kFailedPrecondition, "WRONG_STATE",
                   absl::StrCat("selection profile ", request.version(),
                                " is in force already"),
                   {{"state", "ACTIVE"}});
    }
    v1::JournalRecord record;
    caller.Sign(&record);
    v1::ProfileRecord* profile = record.mutable_profile();
    profile->set_version(request.version());
    *profile->mutable_event() = EventOf(v1::ACTIVE, request.note());
    profile->mutable_event()->set_caller(caller.name);
    *profile->mutable_activated() = target->profile();
    core.Append(std::move(record), {});
    core.SetProfiles(profiles);
    changed = *FindVersion(core.catalogue(), request.version());
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return changed;
}

}  // namespace portrisk::service
