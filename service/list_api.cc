#include "service/list_api.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "scoring/limits.h"
#include "scoring/list_policy.h"
#include "scoring/rule_set_reader.h"
#include "service/catalogue.h"
#include "service/errors.h"
#include "service/list_csv.h"
#include "service/list_store.h"
#include "service/paging.h"
#include "service/rule_api.h"

namespace portrisk::service {
namespace {

absl::Status Invalid(absl::string_view reason, std::string message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::Status NoList(absl::string_view name) {
  return Error(absl::StatusCode::kNotFound, "NOT_FOUND",
               absl::StrCat("no list is called ", name,
                            "; `portrisk lists list` shows them"));
}

absl::Status CheckHead(const v1::LoadListRequest& request) {
  if (!scoring::IsName(request.name())) {
    return Invalid("BAD_LIST_NAME",
                   "a list's name consists of letters, digits, '.', '-' and "
                   "'_', at most 128");
  }
  if (scoring::NamesNationality(request.name())) {
    return Invalid("NATIONALITY", scoring::NationalityRefusal(request.name()));
  }
  if (!v1::ListType_IsValid(request.type()) ||
      request.type() == v1::LIST_TYPE_UNSPECIFIED) {
    return Invalid("BAD_LIST_TYPE",
                   "give the list's type: text, locode, container_number, "
                   "party_id or hs_prefix");
  }
  if (request.owner().empty() ||
      request.owner().size() > scoring::kNameBytesMax) {
    return Invalid("BAD_LIST_OWNER",
                   "name who answers for the list, in 1 to 128 bytes");
  }
  if (request.csv().size() > scoring::kLoadedListBytesMax) {
    return Invalid("LIST_TOO_LONG",
                   "a list has at most 64 MiB of CSV; split it in two");
  }
  return absl::OkStatus();
}

// The look-ups that could find a value in a list of that type, the longest
// first; empty when it cannot be in it.
std::vector<std::string> FormsOf(const std::string& value, v1::ListType type) {
  std::string normal = value;
  if (!scoring::cel::NormaliseEntry(EntryTypeOf(type), &normal)) return {};
  std::vector<std::string> forms{normal};
  constexpr size_t kPrefixMin = 2;
  while (type == v1::LIST_HS_PREFIX && normal.size() > kPrefixMin) {
    normal.pop_back();
    forms.push_back(normal);
  }
  return forms;
}

}  // namespace

absl::Status ListApi::CheckType(const v1::Catalogue& catalogue,
                                const v1::LoadListRequest& request) const {
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  auto members = MembersInForce(**store, engine_->rule_sets(), catalogue);
  if (!members.ok()) return members.status();
  for (const auto& member : *members) {
    for (const scoring::ListUse& use : scoring::ListsUsed(*member.rule_set)) {
      if (use.name != request.name() ||
          use.type == EntryTypeOf(request.type())) {
        continue;
      }
      return Error(
          absl::StatusCode::kFailedPrecondition, "LIST_OF_OTHER_TYPE",
          absl::StrCat(
              "revision ", member.revision, " of ",
              scoring::RuleSetName(*member.rule_set),
              " takes the list for one of ",
              scoring::cel::EntryTypeNames()[static_cast<size_t>(use.type)],
              "; load it as that, or under another name"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::LoadListResponse> ListApi::Load(
    const v1::LoadListRequest& request, const Caller& caller) {
  absl::Status status = NeedCaller(caller);
  if (status.ok()) status = CheckHead(request);
  if (!status.ok()) return status;
  std::lock_guard<std::mutex> lock(mutex_);
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  status = CheckType(*catalogue, request);
  if (!status.ok()) return status;
  v1::LoadListResponse response;
  ParsedList parsed =
      ParseListCsv(request.csv(), request.type(), request.file());
  if (!parsed.issues.empty()) {
    for (v1::Issue& issue : parsed.issues) {
      *response.add_issues() = std::move(issue);
    }
    return response;
  }
  for (v1::Issue& warning : parsed.warnings) {
    *response.add_issues() = std::move(warning);
  }
  auto store = engine_->writable_store();
  if (!store.ok()) return store.status();
  auto hash = WriteList(store->get(), request.type(), parsed.rows);
  if (!hash.ok()) return hash.status();
  const v1::ListVersion* present = FindList(*catalogue, request.name());
  if (present != nullptr && present->content_hash() == *hash &&
      present->owner() == request.owner()) {
    *response.mutable_list() = *present;
    response.set_unchanged(true);
    return response;
  }
  v1::ListVersion list;
  list.set_name(request.name());
  list.set_version(present == nullptr ? 1 : present->version() + 1);
  list.set_type(request.type());
  list.set_owner(request.owner());
  list.set_content_hash(*hash);
  list.set_entry_count(parsed.rows.size());
  list.set_caller(caller.name);
  list.set_note(request.note());
  parsed.rows = {};
  // From what is stored, so that a restart knows the same.
  auto entries = LoadListEntries(**store, list);
  if (!entries.ok()) return entries.status();
  // Rules may have come into force meanwhile; whoever brings them waits for the
  // loop, which may have to open the store again.
  store->reset();
  const std::lock_guard<std::mutex> changes(engine_->rule_changes());
  catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  status = CheckType(*catalogue, request);
  if (!status.ok()) return status;
  status = engine_->Run([&](Core& core) {
    v1::JournalRecord record;
    caller.Sign(&record);
    *record.mutable_list()->mutable_list() = list;
    core.Append(std::move(record), {});
    core.SetList({list.name(), list.version(), *entries});
    *response.mutable_list() = *FindList(core.catalogue(), list.name());
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<v1::ListListsResponse> ListApi::List(
    const v1::ListListsRequest& request) const {
  const auto after = PageBeginOf(request);
  if (!after.ok()) return after.status();
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  v1::ListListsResponse response;
  for (const v1::ListVersion& list : catalogue->lists()) {
    if (list.sequence() <= *after) continue;
    if (request.name().empty() ? FindList(*catalogue, list.name()) != &list
                               : list.name() != request.name()) {
      continue;
    }
    if (response.lists_size() == PageSizeOf(request)) {
      response.set_next_page_token(
          absl::StrCat(response.lists(response.lists_size() - 1).sequence()));
      break;
    }
    *response.add_lists() = list;
  }
  if (response.lists().empty() && !request.name().empty() && *after == 0) {
    return NoList(request.name());
  }
  return response;
}

absl::StatusOr<v1::GetListResponse> ListApi::Get(
    const v1::GetListRequest& request) const {
  absl::Status sized = CheckPageSize(request);
  if (!sized.ok()) return sized;
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  v1::GetListResponse response;
  for (const v1::ListVersion& list : catalogue->lists()) {
    if (list.name() == request.name() &&
        (request.version() == 0 || list.version() == request.version())) {
      *response.mutable_list() = list;  // The last one stays.
    }
  }
  if (!response.has_list()) {
    return request.version() == 0
               ? NoList(request.name())
               : NoList(absl::StrCat(request.name(), " with version ",
                                     request.version()));
  }
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  absl::Status status =
      ScanList(**store, response.list(), request.page_token(),
               [&](const v1::ListEntry& entry) {
                 if (response.entries_size() == PageSizeOf(request)) {
                   response.set_next_page_token(entry.value());
                   return false;
                 }
                 *response.add_entries() = entry;
                 return true;
               });
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<v1::LookUpListValueResponse> ListApi::LookUp(
    const v1::LookUpListValueRequest& request) const {
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  if (!request.name().empty() &&
      FindList(*catalogue, request.name()) == nullptr) {
    return NoList(request.name());
  }
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  std::vector<const v1::ListVersion*> lists;
  for (const v1::ListVersion& list : catalogue->lists()) {
    if (request.name().empty() || list.name() == request.name()) {
      lists.push_back(&list);
    }
  }
  std::sort(lists.begin(), lists.end(), [](const auto* a, const auto* b) {
    return a->name() != b->name() ? a->name() < b->name()
                                  : a->version() > b->version();
  });
  v1::LookUpListValueResponse response;
  for (const v1::ListVersion* list : lists) {
    for (const std::string& form : FormsOf(request.value(), list->type())) {
      auto entry = FindListEntry(**store, *list, form);
      if (!entry.ok()) return entry.status();
      if (!*entry) continue;
      v1::ListHolding* holding = response.add_holdings();
      *holding->mutable_list() = *list;
      holding->set_in_force(FindList(*catalogue, list->name()) == list);
      *holding->mutable_entry() = **entry;
    }
  }
  return response;
}

}  // namespace portrisk::service
