#include "service/rule_api.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/background.h"
#include "service/catalogue.h"
#include "service/errors.h"
#include "service/keys.h"
#include "service/paging.h"
#include "service/reference_check.h"
#include "service/reference_files.h"
#include "service/rule_sets.h"

namespace portrisk::service {
namespace {

absl::Status InvalidRuleSet(const std::vector<v1::Issue>& issues) {
  std::vector<Violation> violations;
  std::string first;
  for (const v1::Issue& issue : issues) {
    if (issue.severity() != v1::ERROR) continue;
    std::string text = absl::StrCat(issue.code(), ": ", issue.message());
    if (!issue.suggestion().empty()) {
      absl::StrAppend(&text, "; instead: ", issue.suggestion());
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

// With what is in force where the table holds nothing of a kind.
absl::StatusOr<v1::ReferenceTable> WithPartsInForce(
    Engine* engine, const v1::ReferenceTable& given) {
  std::string version;
  absl::Status status = engine->Look([&](Core& core) {
    version = core.catalogue().reference_version();
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  auto store = engine->store();
  if (!store.ok()) return store.status();
  auto merged = LoadReferenceTable(**store, version);
  if (!merged.ok()) return merged.status();
  if (!given.places().empty()) merged->clear_places();
  if (!given.owners().empty()) merged->clear_owners();
  if (!given.sources().empty()) merged->clear_sources();
  merged->MergeFrom(given);
  return merged;
}

}  // namespace

absl::Status NeedCaller(const Caller& caller) {
  if (!caller.name.empty()) return absl::OkStatus();
  return Error(absl::StatusCode::kUnauthenticated, "NO_CALLER",
               "say who you are: metadata entry portrisk-caller (the command "
               "line's --caller)");
}

// The day, and which fields the movements of late had. Without a store that
// answers, lint says less; that is no reason to refuse a check.
scoring::CheckOptions RuleApi::LintOptions() const {
  scoring::CheckOptions options;
  options.today = absl::ToUnixSeconds(absl::Now());
  const auto seen = engine_->ObserveMovements();
  if (!seen.ok()) return options;
  for (const v1::FieldSample& field : seen->fields()) {
    options.field_use.push_back(
        {field.field(), field.absent(), seen->movements()});
  }
  return options;
}

v1::ValidateRuleSetResponse RuleApi::Validate(
    const v1::ValidateRuleSetRequest& request) const {
  const scoring::CheckOptions options = LintOptions();
  scoring::CheckResult checked = RunBehind([&] {
    return scoring::CheckRuleSet(request.yaml(), request.file(), options);
  });
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
    const v1::CreateRevisionRequest& request, const Caller& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  scoring::CheckResult checked = RunBehind(
      [&] { return scoring::CheckRuleSet(request.yaml(), request.file()); });
  if (checked.rule_set == nullptr) return InvalidRuleSet(checked.issues);
  v1::Revision made;
  made.set_rule_set(std::string(scoring::RuleSetName(*checked.rule_set)));
  made.set_layer(scoring::RuleSetLayer(*checked.rule_set));
  made.set_owner(std::string(scoring::RuleSetOwner(*checked.rule_set)));
  made.set_content_hash(ContentHash(request.yaml()));
  made.set_author(caller.name);
  made.set_rule_count(
      static_cast<uint32_t>(scoring::RuleCount(*checked.rule_set)));
  const std::vector<v1::Breaker> breakers =
      scoring::Breakers(*checked.rule_set);
  made.set_breaker_count(static_cast<uint32_t>(breakers.size()));
  made.set_state(v1::DRAFT);
  // The document may be megabytes, and a gate waits while it is written: it is
  // kept once, and the journal has its hash.
  v1::Revision stored = made;
  stored.set_yaml(request.yaml());
  for (const v1::Breaker& breaker : breakers) *stored.add_breakers() = breaker;
  status = engine_->Run([&](Core& core) {
    made.set_revision(static_cast<uint64_t>(core.catalogue().revisions_size()) +
                      1);
    v1::JournalRecord record;
    caller.Sign(&record);
    v1::RuleRecord* rule = record.mutable_rule();
    rule->set_revision(made.revision());
    rule->mutable_event()->set_state(v1::DRAFT);
    rule->mutable_event()->set_caller(caller.name);
    *rule->mutable_created() = made;
    *rule->mutable_created()->mutable_breakers() = stored.breakers();
    stored.set_revision(made.revision());
    core.Watch(stored);
    store::Put put{store::Table::kRuleSets, store::BigEndian64(made.revision()),
                   stored.SerializeAsString()};
    core.Append(std::move(record), {std::move(put)});
    made = *FindRevision(core.catalogue(), made.revision());
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  engine_->rule_sets().Keep(made.revision(), checked.rule_set);
  return made;
}

absl::StatusOr<v1::Revision> RuleApi::Get(
    const v1::GetRevisionRequest& request) const {
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  auto stored = ReadRevision(**store, request.revision());
  if (!stored.ok()) return stored.status();
  v1::Revision shown;
  absl::Status status = engine_->Look([&](Core& core) {
    const v1::Revision* known =
        FindRevision(core.catalogue(), request.revision());
    if (known != nullptr) shown = *known;
    for (const auto& tally : core.tallies().SuppressedBy(request.revision())) {
      *shown.add_suppressed() = tally;
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  shown.set_yaml(stored->yaml());
  if (shown.state() == v1::WARMING) {
    *shown.mutable_warming() = engine_->warming().ProgressOf(shown.revision());
  }
  *shown.mutable_breakers() = stored->breakers();
  return shown;
}

absl::StatusOr<v1::ListRevisionsResponse> RuleApi::List(
    const v1::ListRevisionsRequest& request) const {
  const auto after = PageBeginOf(request);
  if (!after.ok()) return after.status();
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  const int size = PageSizeOf(request);
  v1::ListRevisionsResponse response;
  for (const v1::Revision& revision : catalogue->revisions()) {
    if (revision.revision() <= *after) continue;
    if (!request.rule_set().empty() &&
        revision.rule_set() != request.rule_set()) {
      continue;
    }
    if (response.revisions_size() == size) {
      response.set_next_page_token(absl::StrCat(
          response.revisions(response.revisions_size() - 1).revision()));
      break;
    }
    v1::Revision* const shown = response.add_revisions();
    *shown = revision;
    if (revision.state() == v1::WARMING) {
      *shown->mutable_warming() =
          engine_->warming().ProgressOf(revision.revision());
    }
  }
  return response;
}

absl::StatusOr<v1::LoadReferenceResponse> RuleApi::LoadReference(
    const v1::LoadReferenceRequest& request, const Caller& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  const std::vector<Violation> violations = CheckReference(request.table());
  if (!violations.empty()) {
    return WithViolations(
        Error(
            absl::StatusCode::kInvalidArgument, "BAD_REFERENCE",
            absl::StrCat("the reference data cannot be put in force: ",
                         violations[0].field, " ", violations[0].description)),
        "", violations);
  }
  std::lock_guard<std::mutex> lock(engine_->rule_changes());
  auto merged = WithPartsInForce(engine_, request.table());
  if (!merged.ok()) return merged.status();
  const SerialisedReference serialised = SerialiseReference(*merged);
  // From the bytes that are stored, so that a restart knows the same.
  v1::ReferenceTable table;
  table.ParseFromString(serialised.bytes);
  auto reference = std::make_shared<const scoring::Reference>(
      table, serialised.content_hash);
  v1::LoadReferenceResponse response;
  response.set_version(serialised.content_hash);
  response.set_place_count(static_cast<uint32_t>(table.places_size()));
  response.set_owner_count(static_cast<uint32_t>(table.owners_size()));
  response.set_source_count(static_cast<uint32_t>(table.sources_size()));
  status = engine_->Run([&](Core& core) {
    v1::JournalRecord record;
    caller.Sign(&record);
    record.mutable_reference()->set_content_hash(serialised.content_hash);
    response.set_sequence(core.Append(
        std::move(record), {{store::Table::kReference, serialised.content_hash,
                             serialised.bytes}}));
    core.SetReference(reference);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return response;
}

}  // namespace portrisk::service
