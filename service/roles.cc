#include "service/roles.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "service/text_file.h"

namespace portrisk::service {
namespace {

constexpr absl::string_view kRoleNames[kRoleCount] = {
    "scorer", "analyst", "approver", "officer", "auditor", "operator"};

constexpr Roles kSends = {Role::kScorer};
constexpr Roles kWrites = {Role::kAnalyst};
constexpr Roles kApproves = {Role::kApprover};
constexpr Roles kControls = {Role::kOfficer};
constexpr Roles kOperates = {Role::kOperator};
constexpr Roles kTries = {Role::kAnalyst, Role::kApprover};
constexpr Roles kReadsCases = {Role::kOfficer, Role::kAnalyst, Role::kAuditor};
constexpr Roles kReadsLives = {Role::kAnalyst, Role::kApprover, Role::kAuditor,
                               Role::kOperator};
constexpr bool kConsults = true;
constexpr bool kWorks = false;  // What consults nothing.
constexpr bool kScans = true;

// A movement has at most 64 KiB in normal form, which is seldom the longer one.
constexpr size_t kMovementBytes = 256 << 10;
constexpr size_t kManyBytes = 16 << 20;  // A thousand of something.

#define PORTRISK_METHOD(service, method) \
  "/portrisk.v1." #service "Service/" #method

constexpr MethodRule kMethods[] = {
    {PORTRISK_METHOD(Audit, ListAuditRecords), {Role::kAuditor}, kConsults},
    {PORTRISK_METHOD(Evaluation, CancelEvaluation),
     {Role::kAnalyst, Role::kOperator}},
    {PORTRISK_METHOD(Evaluation, GetEvaluation), kReadsRules, kConsults},
    {PORTRISK_METHOD(Evaluation, ListEvaluations), kReadsLives},
    {PORTRISK_METHOD(Evaluation, StartEvaluation), kTries, kWorks, kManyBytes},
    {PORTRISK_METHOD(Evaluation, WatchEvaluation), kReadsLives},
    {PORTRISK_METHOD(History, Export), kOperates, kConsults},
    {PORTRISK_METHOD(History, GetContainer), kReadsCases, kConsults},
    {PORTRISK_METHOD(History, GetEntity), kReadsCases, kConsults},
    {PORTRISK_METHOD(History, ListMovements), kReadsCases, kConsults},
    {PORTRISK_METHOD(Operator, CreateBackup), kOperates},
    {PORTRISK_METHOD(Operator, EraseSubject), kOperates},
    {PORTRISK_METHOD(Operator, GetRetention),
     {Role::kOperator, Role::kAuditor}},
    {PORTRISK_METHOD(Operator, ListBackups), kOperates},
    {PORTRISK_METHOD(Operator, ListErasures),
     {Role::kOperator, Role::kAuditor}},
    {PORTRISK_METHOD(Operator, SetRetention), kOperates},
    {PORTRISK_METHOD(Outcome, BatchRecordDecisions), kControls, kWorks,
     kManyBytes},
    {PORTRISK_METHOD(Outcome, BatchRecordOutcomes), kControls, kWorks,
     kManyBytes},
    {PORTRISK_METHOD(Outcome, ListDecisions), kReadsCases, kConsults,
     kUsualBytesMax, kScans},
    {PORTRISK_METHOD(Outcome, ListOutcomes), kReadsCases, kConsults,
     kUsualBytesMax, kScans},
    {PORTRISK_METHOD(Outcome, RecordDecision), kControls},
    {PORTRISK_METHOD(Outcome, RecordOutcome), kControls},
    {PORTRISK_METHOD(Rule, ActivateRevision), kApproves},
    {PORTRISK_METHOD(Rule, ApproveRevision), kApproves},
    {PORTRISK_METHOD(Rule, CreateRevision), kWrites, kWorks, kManyBytes},
    {PORTRISK_METHOD(Rule, DiffRevisions), kReadsRules, kConsults},
    {PORTRISK_METHOD(Rule, Explain), kCustoms, kConsults, kUsualBytesMax,
     kScans},
    {PORTRISK_METHOD(Rule, GetList), kReadsRules, kConsults},
    {PORTRISK_METHOD(Rule, GetRevision), kReadsRules, kConsults},
    {PORTRISK_METHOD(Rule, ListLists), kReadsLives},
    {PORTRISK_METHOD(Rule, ListRevisions), kReadsLives},
    {PORTRISK_METHOD(Rule, LoadList), kWrites, kWorks, kRequestBytesMax},
    {PORTRISK_METHOD(Rule, LoadReference),
     {Role::kAnalyst, Role::kOperator},
     kWorks,
     kRequestBytesMax},
    {PORTRISK_METHOD(Rule, LookUpListValue), kReadsRules, kConsults},
    {PORTRISK_METHOD(Rule, ResetBreaker), kApproves},
    {PORTRISK_METHOD(Rule, RetireRevision), kApproves},
    {PORTRISK_METHOD(Rule, RollbackRuleSet),
     {Role::kApprover, Role::kOperator}},
    {PORTRISK_METHOD(Rule, ShadowRevision), kApproves},
    {PORTRISK_METHOD(Rule, ShareRevision), kApproves},
    {PORTRISK_METHOD(Rule, ValidateRuleSet), kTries, kWorks, kManyBytes},
    {PORTRISK_METHOD(Scoring, BatchScoreMovements), kSends, kWorks, kManyBytes},
    {PORTRISK_METHOD(Scoring, GetAssessment), kCustoms, kConsults},
    {PORTRISK_METHOD(Scoring, ScoreMovement), kSends, kWorks, kMovementBytes},
    {PORTRISK_METHOD(Scoring, StreamScoreMovements), kSends, kWorks,
     kMovementBytes},
    {PORTRISK_METHOD(Selection, ActivateProfile), kApproves},
    {PORTRISK_METHOD(Selection, CreateProfile), kWrites},
    {PORTRISK_METHOD(Selection, GetProfile), kReadsRules, kConsults},
    {PORTRISK_METHOD(Selection, ListProfiles), kReadsLives},
    {PORTRISK_METHOD(Selection, ListTakenWorklists),
     {Role::kOfficer, Role::kAuditor},
     kConsults,
     kUsualBytesMax,
     kScans},
    {PORTRISK_METHOD(Selection, ListWorklist), kControls, kConsults,
     kUsualBytesMax, kScans},
    {PORTRISK_METHOD(Selection, TakeWorklist), kControls, kConsults,
     kUsualBytesMax, kScans},
    {PORTRISK_METHOD(Selection, ValidateProfile), kTries},
    {PORTRISK_METHOD(Selection, WatchAssessments), kControls, kConsults},
};

#undef PORTRISK_METHOD

constexpr absl::string_view kLayerNames[] = {"", "common", "national", "port"};

absl::Status Wrong(const std::string& file, const YAML::Node& at,
                   absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(
      file, ":", at.Mark().line + 1, ":", at.Mark().column + 1, ": ", what));
}

// The place of each scalar of a sequence in `names`.
template <typename Names>
absl::StatusOr<std::vector<size_t>> ReadNames(const YAML::Node& list,
                                              const Names& names,
                                              const std::string& file,
                                              absl::string_view what) {
  if (!list.IsSequence() || list.size() == 0) {
    return Wrong(file, list,
                 absl::StrCat(what, "s must be a list, such as [",
                              *std::rbegin(names), "]"));
  }
  std::vector<size_t> found;
  for (const YAML::Node& one : list) {
    const std::string word = one.IsScalar() ? one.Scalar() : "";
    const auto at = std::find(std::begin(names), std::end(names), word);
    if (word.empty() || at == std::end(names)) {
      return Wrong(file, one,
                   absl::StrCat("no ", what, " \"", word, "\"; write one of ",
                                absl::StrJoin(names, " ")));
    }
    found.push_back(static_cast<size_t>(at - std::begin(names)));
  }
  return found;
}

// The texts of a list, where there is one; `take` says whether one will do.
absl::Status ReadTexts(const YAML::Node& caller, const std::string& field,
                       absl::string_view example, const std::string& file,
                       absl::FunctionRef<bool(const std::string&)> take) {
  const YAML::Node list = caller[field];
  if (!list) return absl::OkStatus();
  if (!list.IsSequence() || list.size() == 0) {
    return Wrong(file, list,
                 absl::StrCat(field, " must be a list, such as [", example,
                              "]; leave it out for all"));
  }
  for (const YAML::Node& one : list) {
    if (!one.IsScalar() || one.Scalar().empty() || !take(one.Scalar())) {
      return Wrong(file, one,
                   absl::StrCat("none of ", field, ": \"",
                                one.IsScalar() ? one.Scalar() : "",
                                "\"; write it as ", example));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Caller> ReadCaller(const YAML::Node& node,
                                  const std::string& file) {
  if (!node.IsMap()) {
    return Wrong(file, node, "a caller is a map with name and roles");
  }
  std::set<std::string> keys;
  for (const auto& entry : node) {
    const std::string key = entry.first.Scalar();
    if (!keys.insert(key).second) {
      return Wrong(file, entry.first,
                   absl::StrCat("\"", key,
                                "\" stands here twice; write all in "
                                "one list"));
    }
    if (key != "name" && key != "roles" && key != "layers" &&
        key != "sources" && key != "events" && key != "places") {
      return Wrong(file, entry.first,
                   absl::StrCat("no field \"", key,
                                "\"; a caller has name, roles, layers, "
                                "sources, events and places"));
    }
  }
  const YAML::Node name = node["name"];
  if (!name || !name.IsScalar() || name.Scalar().empty()) {
    return Wrong(file, node,
                 "name is missing: a name in the caller's certificate");
  }
  if (!node["roles"]) return Wrong(file, node, "roles is missing");
  Caller caller(name.Scalar());
  caller.roles = Roles();
  auto roles = ReadNames(node["roles"], kRoleNames, file, "role");
  if (!roles.ok()) return roles.status();
  for (const size_t role : *roles) caller.roles.Add(static_cast<Role>(role));
  absl::Status status = ReadTexts(node, "sources", "terminal-1", file,
                                  [&](const std::string& source) {
                                    caller.sources.push_back(source);
                                    return true;
                                  });
  if (status.ok()) {
    status = ReadTexts(node, "events", "GATE_OUT", file,
                       [&](const std::string& name) {
                         v1::Event event = v1::EVENT_UNSPECIFIED;
                         v1::Event_Parse(name, &event);
                         caller.events.push_back(event);
                         return event != v1::EVENT_UNSPECIFIED;
                       });
  }
  if (status.ok()) {
    status = ReadTexts(node, "places", "NLRTM/ECTDELTA", file,
                       [&](const std::string& name) {
                         const auto place = PlaceFilter::Parse(name);
                         if (place) caller.places.push_back(*place);
                         return place.has_value();
                       });
  }
  if (!status.ok()) return status;
  if (!node["layers"]) return caller;
  auto layers = ReadNames(node["layers"], kLayerNames, file, "layer");
  if (!layers.ok()) return layers.status();
  caller.layers = 0;
  for (const size_t layer : *layers) caller.layers |= 1u << layer;
  return caller;
}

}  // namespace

absl::string_view NameOf(Role role) {
  return kRoleNames[static_cast<size_t>(role)];
}

std::vector<std::string> NamesOf(Roles roles) {
  std::vector<std::string> names;
  for (int i = 0; i < kRoleCount; ++i) {
    if (roles.Has(static_cast<Role>(i))) names.emplace_back(kRoleNames[i]);
  }
  return names;
}

absl::Span<const MethodRule> MethodRules() { return kMethods; }

const MethodRule* FindMethod(absl::string_view method) {
  const auto* const found =
      std::lower_bound(std::begin(kMethods), std::end(kMethods), method,
                       [](const MethodRule& rule, absl::string_view m) {
                         return rule.method < m;
                       });
  return found != std::end(kMethods) && found->method == method ? found
                                                                : nullptr;
}

absl::StatusOr<RoleBook> RoleBook::Parse(const std::string& yaml,
                                         const std::string& file) {
  try {
    const YAML::Node root = YAML::Load(yaml);
    const YAML::Node callers = root.IsMap() ? root["callers"] : YAML::Node();
    if (!callers.IsDefined() || !callers.IsSequence()) {
      return Wrong(file, root, "the file must hold `callers:` with a list");
    }
    RoleBook book;
    for (const YAML::Node& node : callers) {
      auto caller = ReadCaller(node, file);
      if (!caller.ok()) return caller.status();
      const std::string name = caller->name;
      if (!book.callers_.emplace(name, *std::move(caller)).second) {
        return Wrong(file, node, absl::StrCat(name, " stands here twice"));
      }
    }
    return book;
  } catch (const YAML::Exception& e) {
    return absl::InvalidArgumentError(absl::StrCat(
        file, ":", e.mark.line + 1, ":", e.mark.column + 1, ": ", e.msg));
  }
}

absl::StatusOr<RoleBook> RoleBook::Load(const std::string& path) {
  const auto yaml = ReadTextFile(path);
  if (!yaml.ok()) return yaml.status();
  return Parse(*yaml, path);
}

const Caller* RoleBook::Find(const std::string& name) const {
  const auto found = callers_.find(name);
  return found == callers_.end() ? nullptr : &found->second;
}

}  // namespace portrisk::service
