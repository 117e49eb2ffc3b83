#include "service/outcome_api.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "scoring/iso6346.h"
#include "scoring/outcome_tie.h"
#include "service/errors.h"
#include "service/journal_reader.h"
#include "service/journal_walk.h"
#include "service/keys.h"
#include "service/outcome_form.h"
#include "service/outcome_ties.h"
#include "service/paging.h"
#include "service/rule_api.h"

namespace portrisk::service {
namespace {

constexpr int kBatchMax = 1000;
constexpr int kTriesMax = 8;

// What differs between outcomes and decisions.
struct OutcomeKind {
  using Content = v1::Outcome;
  using Record = v1::OutcomeRecord;
  using Recorded = v1::RecordedOutcome;
  static constexpr char kReason[] = "INVALID_OUTCOME";
  static constexpr char kPrefix[] = "outcome.";
  static std::vector<Violation> Admit(absl::Time now, Content* content) {
    return AdmitOutcome(now, content);
  }
  static Content* In(Record* record) { return record->mutable_outcome(); }
  static bool Is(const v1::JournalRecord& record) {
    return record.has_outcome();
  }
  static const auto& LoggedIn(const v1::ControlLogState& log) {
    return log.outcomes();
  }
  static const Content& Of(const Recorded& one) { return one.outcome(); }
  static Digest Identity(const Content& one) {
    return OutcomeIdentity(one.source(), one.id());
  }
};

struct DecisionKind {
  using Content = v1::Decision;
  using Record = v1::DecisionRecord;
  using Recorded = v1::RecordedDecision;
  static constexpr char kReason[] = "INVALID_DECISION";
  static constexpr char kPrefix[] = "decision.";
  static std::vector<Violation> Admit(absl::Time now, Content* content) {
    return AdmitDecision(now, content);
  }
  static Content* In(Record* record) { return record->mutable_decision(); }
  static bool Is(const v1::JournalRecord& record) {
    return record.has_decision();
  }
  static const auto& LoggedIn(const v1::ControlLogState& log) {
    return log.decisions();
  }
  static const Content& Of(const Recorded& one) { return one.decision(); }
  static Digest Identity(const Content& one) {
    return DecisionIdentity(one.source(), one.id());
  }
};

template <typename Kind>
absl::Status Refuse(const typename Kind::Content& content,
                    const std::vector<Violation>& violations) {
  return WithViolations(
      Error(absl::StatusCode::kInvalidArgument, Kind::kReason,
            absl::StrCat("it cannot be recorded: ", violations[0].field, ": ",
                         violations[0].description),
            {{"source", content.source()}, {"id", content.id()}}),
      Kind::kPrefix, violations);
}

absl::Status Busy() {
  return WithRetry(
      Error(
          absl::StatusCode::kUnavailable, "CONTAINER_BUSY",
          "movements of this container kept coming in; this was not kept. Try "
          "again: a repeat is harmless"),
      absl::Seconds(1));
}

template <typename Kind>
using Results = std::vector<absl::StatusOr<typename Kind::Recorded>>;

// Ties what is left outside of the apply loop, then journals it inside, in
// order, up to the first whose container has moved on meanwhile; that one and
// those after it are tied anew.
template <typename Kind>
Results<Kind> RecordAll(
    Engine* engine, const Caller& caller,
    const google::protobuf::RepeatedPtrField<typename Kind::Content>&
        contents) {
  using Tied = TiedRecord<typename Kind::Record>;
  std::vector<Tied> tied(static_cast<size_t>(contents.size()));
  Results<Kind> results(tied.size(), absl::UnknownError(""));
  const absl::Time now = engine->Now();
  for (size_t i = 0; i < tied.size(); ++i) {
    auto* content = Kind::In(&tied[i].record);
    *content = contents.Get(static_cast<int>(i));
    const std::vector<Violation> violations = Kind::Admit(now, content);
    if (!violations.empty()) {
      tied[i].status = Refuse<Kind>(*content, violations);
    }
  }
  size_t done = 0;
  absl::Status status;
  for (int tries = 0; done < tied.size() && status.ok();) {
    std::vector<Tied*> left;
    for (size_t i = done; i < tied.size(); ++i) left.push_back(&tied[i]);
    status = TieAll(engine, left);
    if (!status.ok()) break;
    const size_t before = done;
    status = engine->Run([&](Core& core) {
      for (; done < tied.size(); ++done) {
        Tied& one = tied[done];
        // What is known already is about what it was about.
        const bool is_known =
            absl::IsFailedPrecondition(one.status) &&
            core.LatestSequence(Kind::Identity(*Kind::In(&one.record))).ok();
        if (!one.status.ok() && !is_known) {
          results[done] = one.status;
          continue;
        }
        if (one.status.ok()) {
          auto stands = StillStands(&core, one);
          if (!stands.ok()) return stands.status();
          if (!*stands) return absl::OkStatus();
        }
        typename Kind::Recorded recorded;
        absl::Status one_status = core.Record(one.record, caller, &recorded);
        if (one_status.ok()) {
          results[done] = std::move(recorded);
        } else {
          results[done] = std::move(one_status);
        }
      }
      return absl::OkStatus();
    });
    tries = done > before ? 0 : tries + 1;
    if (tries == kTriesMax && status.ok()) status = Busy();
  }
  if (status.ok()) return results;
  // A commit that failed took everything of the call with it.
  for (size_t i = 0; i < results.size(); ++i) results[i] = status;
  return results;
}

template <typename Kind, typename Request, typename Contents>
absl::Status CheckBatch(const Request&, const Contents& contents,
                        const Caller& caller) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  if (contents.empty() || contents.size() > kBatchMax) {
    return Error(absl::StatusCode::kInvalidArgument, "BAD_BATCH_SIZE",
                 absl::StrCat("a batch holds 1 to ", kBatchMax, ", not ",
                              contents.size(), "; split it"));
  }
  return absl::OkStatus();
}

template <typename Kind, typename Content>
absl::StatusOr<typename Kind::Recorded> RecordOne(Engine* engine,
                                                  const Caller& caller,
                                                  const Content& content) {
  absl::Status status = NeedCaller(caller);
  if (!status.ok()) return status;
  google::protobuf::RepeatedPtrField<typename Kind::Content> one;
  *one.Add() = content;
  return RecordAll<Kind>(engine, caller, one)[0];
}

// Outcomes or decisions of a log, in order.
template <typename Kind>
absl::StatusOr<std::vector<typename Kind::Recorded>> ReadLog(
    Engine* engine, const EntityKey& key) {
  v1::ControlLogState log;
  absl::Status status = engine->Look([&](Core& core) {
    auto read = core.mutable_entities().ReadLog(key);
    if (read.ok()) log = *std::move(read);
    return read.status();
  });
  if (!status.ok()) return status;
  auto store = engine->store();
  if (!store.ok()) return store.status();
  std::vector<typename Kind::Recorded> all;
  for (const uint64_t sequence : Kind::LoggedIn(log)) {
    auto record = ReadJournalRecord(**store, sequence);
    if (!record.ok()) return record.status();
    Show(*record, &all.emplace_back());
  }
  return all;
}

// Of the whole journal after a position, at most `limit`.
template <typename Kind>
absl::StatusOr<std::vector<typename Kind::Recorded>> ReadJournal(Engine* engine,
                                                                 uint64_t after,
                                                                 size_t limit) {
  auto store = engine->store();
  if (!store.ok()) return store.status();
  std::vector<typename Kind::Recorded> all;
  absl::Status status =
      (*store)->ScanJournal(after + 1, [&](const store::Block& block) {
        v1::JournalBlock parsed;
        if (!parsed.ParseFromString(block.bytes)) {
          return RecordDamaged(block.first_sequence);
        }
        for (const v1::JournalRecord& record : parsed.records()) {
          if (record.sequence() <= after || !Kind::Is(record)) continue;
          if (all.size() == limit) return absl::CancelledError();
          Show(record, &all.emplace_back());
        }
        return absl::OkStatus();
      });
  if (!status.ok() && !absl::IsCancelled(status)) return status;
  return all;
}

// Leaves out what a later version has replaced, and what was retracted.
template <typename Kind>
absl::Status DropSuperseded(Engine* engine,
                            std::vector<typename Kind::Recorded>* all) {
  std::vector<typename Kind::Recorded> kept;
  absl::Status status = engine->Look([&](Core& core) {
    for (typename Kind::Recorded& one : *all) {
      auto latest = core.LatestSequence(Kind::Identity(Kind::Of(one)));
      if (!latest.ok()) return latest.status();
      if (*latest == one.sequence() && !Kind::Of(one).retraction()) {
        kept.push_back(std::move(one));
      }
    }
    return absl::OkStatus();
  });
  if (status.ok()) *all = std::move(kept);
  return status;
}

// Fills `out` and the token of the next page.
template <typename Kind, typename Request, typename Out>
absl::Status ListAll(Engine* engine, const Request& request, Out* out,
                     std::string* next_page_token) {
  auto after = PageBeginOf(request);
  if (!after.ok()) return after.status();
  const auto size = static_cast<size_t>(PageSizeOf(request));
  if (!request.container_number().empty() && !request.unit().empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "BAD_REQUEST",
                 "give container_number or unit, or neither");
  }
  const std::string number =
      request.container_number().empty()
          ? std::string(scoring::ContainerOfUnit(request.unit()))
          : scoring::NormaliseContainerNumber(request.container_number());
  if (number.size() >= EntityKey::kSize) {
    return Error(absl::StatusCode::kInvalidArgument, "BAD_REQUEST",
                 "give a container number, such as MSKU1234565");
  }
  const auto key = ControlLogKey(number, request.unit());
  auto all = key ? ReadLog<Kind>(engine, *key)
                 : ReadJournal<Kind>(engine, *after, size + 1);
  if (!all.ok()) return all.status();
  const auto unwanted = [&](const auto& one) {
    return one.sequence() <= *after ||
           (!request.unit().empty() && one.tie().unit() != request.unit());
  };
  all->erase(std::remove_if(all->begin(), all->end(), unwanted), all->end());
  if (all->size() > size) {
    all->erase(all->begin() + static_cast<ptrdiff_t>(size), all->end());
    *next_page_token = absl::StrCat(all->back().sequence());
  }
  if (!request.superseded()) {
    absl::Status status = DropSuperseded<Kind>(engine, &*all);
    if (!status.ok()) return status;
  }
  for (typename Kind::Recorded& one : *all) *out->Add() = std::move(one);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::RecordedOutcome> OutcomeApi::Record(
    const v1::RecordOutcomeRequest& request, const Caller& caller) {
  return RecordOne<OutcomeKind>(engine_, caller, request.outcome());
}

absl::StatusOr<v1::RecordedDecision> OutcomeApi::Record(
    const v1::RecordDecisionRequest& request, const Caller& caller) {
  return RecordOne<DecisionKind>(engine_, caller, request.decision());
}

absl::StatusOr<v1::BatchRecordOutcomesResponse> OutcomeApi::RecordBatch(
    const v1::BatchRecordOutcomesRequest& request, const Caller& caller) {
  absl::Status status =
      CheckBatch<OutcomeKind>(request, request.outcomes(), caller);
  if (!status.ok()) return status;
  v1::BatchRecordOutcomesResponse response;
  for (auto& one :
       RecordAll<OutcomeKind>(engine_, caller, request.outcomes())) {
    v1::OutcomeResult* result = response.add_results();
    if (one.ok()) {
      *result->mutable_outcome() = *std::move(one);
    } else {
      *result->mutable_error() = ToRpcStatus(one.status());
    }
  }
  return response;
}

absl::StatusOr<v1::BatchRecordDecisionsResponse> OutcomeApi::RecordBatch(
    const v1::BatchRecordDecisionsRequest& request, const Caller& caller) {
  absl::Status status =
      CheckBatch<DecisionKind>(request, request.decisions(), caller);
  if (!status.ok()) return status;
  v1::BatchRecordDecisionsResponse response;
  for (auto& one :
       RecordAll<DecisionKind>(engine_, caller, request.decisions())) {
    v1::DecisionResult* result = response.add_results();
    if (one.ok()) {
      *result->mutable_decision() = *std::move(one);
    } else {
      *result->mutable_error() = ToRpcStatus(one.status());
    }
  }
  return response;
}

absl::StatusOr<v1::ListOutcomesResponse> OutcomeApi::List(
    const v1::ListOutcomesRequest& request) const {
  v1::ListOutcomesResponse response;
  absl::Status status =
      ListAll<OutcomeKind>(engine_, request, response.mutable_outcomes(),
                           response.mutable_next_page_token());
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<v1::ListDecisionsResponse> OutcomeApi::List(
    const v1::ListDecisionsRequest& request) const {
  v1::ListDecisionsResponse response;
  absl::Status status =
      ListAll<DecisionKind>(engine_, request, response.mutable_decisions(),
                            response.mutable_next_page_token());
  if (!status.ok()) return status;
  return response;
}

absl::Status AddControls(Engine* engine, v1::GetAssessmentResponse* response) {
  std::set<uint64_t> versions;
  std::set<std::string> units;
  std::set<EntityKey, bool (*)(const EntityKey&, const EntityKey&)> keys(
      [](const EntityKey& a, const EntityKey& b) {
        return a.view() < b.view();
      });
  const auto take = [&](const v1::Assessment& a) {
    versions.insert(a.sequence());
    units.insert(a.unit().id());
    const auto key = ControlLogKey(a.container_number(), a.unit().id());
    if (key) keys.insert(*key);
  };
  take(response->assessment());
  for (const v1::Assessment& a : response->superseded()) take(a);
  for (const EntityKey& key : keys) {
    auto decisions = ReadLog<DecisionKind>(engine, key);
    if (!decisions.ok()) return decisions.status();
    absl::Status status = DropSuperseded<DecisionKind>(engine, &*decisions);
    if (!status.ok()) return status;
    for (v1::RecordedDecision& one : *decisions) {
      if (versions.count(one.tie().assessment_sequence()) == 0) continue;
      *response->add_decisions() = std::move(one);
    }
    auto outcomes = ReadLog<OutcomeKind>(engine, key);
    if (!outcomes.ok()) return outcomes.status();
    status = DropSuperseded<OutcomeKind>(engine, &*outcomes);
    if (!status.ok()) return status;
    for (v1::RecordedOutcome& one : *outcomes) {
      if (units.count(one.tie().unit()) == 0) continue;
      *response->add_outcomes() = std::move(one);
    }
  }
  return absl::OkStatus();
}

}  // namespace portrisk::service
