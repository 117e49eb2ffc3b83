#include "scoring/outcome_tie.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/match.h"
#include "scoring/container_history.h"
#include "scoring/decision.h"
#include "scoring/party_history.h"
#include "scoring/timestamps.h"

namespace portrisk::scoring {
namespace {

constexpr int64_t kDay = 86400;
constexpr int64_t kBeforeMax = 90 * kDay;
constexpr int64_t kAfterMax = 3 * kDay;
constexpr int64_t kLoadMax = 120 * kDay;

int64_t TimeOf(const TieCandidate& one) {
  return one.movement->occurrence_time().seconds();
}

// By occurrence, then journal position, each once.
std::vector<TieCandidate> FactsInOrder(
    absl::Span<const TieCandidate> candidates, const TieCandidate& named) {
  std::vector<TieCandidate> facts;
  bool has_named = named.movement == nullptr || !IsFact(*named.movement);
  for (const TieCandidate& one : candidates) {
    if (!IsFact(*one.movement)) continue;
    facts.push_back(one);
    has_named =
        has_named || one.assessment->sequence() == named.assessment->sequence();
  }
  if (!has_named) facts.push_back(named);
  std::sort(facts.begin(), facts.end(),
            [](const TieCandidate& a, const TieCandidate& b) {
              return std::make_tuple(TimeOf(a), a.assessment->sequence()) <
                     std::make_tuple(TimeOf(b), b.assessment->sequence());
            });
  return facts;
}

bool SamePlace(const v1::Outcome& outcome, const v1::Location& place) {
  const auto same = [](const std::string& a, const std::string& b) {
    return a.empty() || b.empty() || a == b;
  };
  return same(outcome.locode(), place.locode()) &&
         same(outcome.facility(), place.facility());
}

std::string UnitByName(const v1::Outcome& outcome, const TieCandidate& named) {
  if (!outcome.unit().empty()) return outcome.unit();
  if (named.movement == nullptr || !IsFact(*named.movement)) return "";
  return named.assessment->unit().id();
}

std::string UnitByPlace(const v1::Outcome& outcome,
                        const std::vector<TieCandidate>& facts) {
  if (outcome.container_number().empty()) return "";
  const int64_t time = outcome.time().seconds();
  std::string unit;
  for (const TieCandidate& one : facts) {
    const int64_t at = TimeOf(one);
    if (at < time - kBeforeMax || at > time + kAfterMax) continue;
    if (at > time && !unit.empty()) break;
    // Papers that belong to no visit name no place to be controlled at.
    if (ContainerOfUnit(one.assessment->unit().id()).empty() ||
        !IsPhysical(one.movement->event()) ||
        !SamePlace(outcome, one.movement->location())) {
      continue;
    }
    unit = one.assessment->unit().id();
  }
  return unit;
}

// The unit's movements, the latest first, then those of the same load before.
std::vector<TieCandidate> Speaking(const std::string& unit,
                                   const std::vector<TieCandidate>& facts) {
  std::vector<TieCandidate> speaking;
  int first = -1;
  for (int i = static_cast<int>(facts.size()) - 1; i >= 0; --i) {
    if (facts[i].assessment->unit().id() != unit) continue;
    speaking.push_back(facts[i]);
    first = i;
  }
  for (int i = first - 1; i >= 0; --i) {
    const v1::Movement& m = *facts[i].movement;
    if (TimeOf(facts[i]) < TimeOf(facts[first]) - kLoadMax ||
        EndsLoad(m.event(), m.container().load_status())) {
      break;
    }
    speaking.push_back(facts[i]);
  }
  return speaking;
}

void SetIfEmpty(absl::string_view value, std::string* field) {
  if (field->empty()) field->assign(value.data(), value.size());
}

void FillWay(const std::vector<TieCandidate>& speaking, v1::OutcomeTie* tie) {
  for (const auto& [m, assessment] : speaking) {
    const v1::Consignment& c = m->consignment();
    SetIfEmpty(
        c.loading_locode().empty() ? c.origin_locode() : c.loading_locode(),
        tie->mutable_from_locode());
    SetIfEmpty(c.discharge_locode().empty() ? c.destination_locode()
                                            : c.discharge_locode(),
               tie->mutable_to_locode());
    SetIfEmpty(RouteOf(*m).chapter, tie->mutable_chapter());
    SetIfEmpty(c.commodity(), tie->mutable_commodity());
    if (m->has_declared() && !tie->has_declared()) {
      *tie->mutable_declared() = m->declared();
    }
  }
  for (const auto& [m, assessment] : speaking) {
    SetIfEmpty(m->transport().previous_locode(), tie->mutable_from_locode());
    SetIfEmpty(m->transport().next_locode(), tie->mutable_to_locode());
  }
}

void FillParties(const std::vector<TieCandidate>& speaking,
                 v1::OutcomeTie* tie) {
  // Merging takes what is there, so the latest comes last.
  v1::Pseudonyms all;
  for (auto at = speaking.rbegin(); at != speaking.rend(); ++at) {
    const v1::Movement& m = *at->movement;
    if (m.has_pseudonyms()) all.MergeFrom(m.pseudonyms());
  }
  if (!all.key_id().empty()) *tie->mutable_pseudonyms() = std::move(all);
}

void FillHits(const v1::Assessment& assessment, v1::OutcomeTie* tie) {
  const auto key = [](const auto& one) {
    return std::tie(one.rule_set(), one.rule());
  };
  for (const v1::Hit& hit : assessment.hits()) {
    auto* hits = tie->mutable_hits();
    const auto at = std::find_if(hits->begin(), hits->end(), [&](auto& one) {
      return key(one) == key(hit);
    });
    if (at != hits->end()) {
      // In force at least once.
      if (!hit.shadow()) at->set_shadow(false);
      continue;
    }
    if (hits->size() == kTieHitsMax) return;
    v1::HitRef* made = hits->Add();
    made->set_rule_set(hit.rule_set());
    made->set_rule(hit.rule());
    made->set_revision(hit.revision());
    made->set_shadow(hit.shadow());
  }
}

void FillUnit(const v1::Outcome& outcome,
              const std::vector<TieCandidate>& facts, v1::OutcomeTie* tie) {
  std::vector<uint64_t> sequences;
  for (const TieCandidate& one : facts) {
    const v1::Assessment& a = *one.assessment;
    if (a.unit().id() != tie->unit()) continue;
    sequences.push_back(a.sequence());
    SetIfEmpty(one.movement->location().locode(), tie->mutable_locode());
    SetIfEmpty(one.movement->location().facility(), tie->mutable_facility());
    // What came later did not lead to the control.
    if (TimeOf(one) > outcome.time().seconds()) continue;
    if (tie->channel() == v1::CHANNEL_UNSPECIFIED) {
      tie->set_channel(a.unit().channel());
    }
    tie->set_lane(std::max(tie->lane(), a.unit().lane()));
    // Of the channel, whichever movement of the unit it came from.
    tie->set_selection_ppm(
        std::max(tie->selection_ppm(), a.unit().selection_ppm()));
    FillHits(a, tie);
  }
  std::sort(sequences.begin(), sequences.end());
  if (sequences.size() > kTieAssessmentsMax) {
    sequences.erase(sequences.begin(), sequences.end() - kTieAssessmentsMax);
  }
  for (const uint64_t sequence : sequences) tie->add_assessments(sequence);
}

// Papers that came before the box are units of their own, and what hit them may
// be why it was controlled.
void FillPapers(const v1::Outcome& outcome,
                const std::vector<TieCandidate>& speaking,
                v1::OutcomeTie* tie) {
  auto* const papers = tie->mutable_papers();
  for (auto at = speaking.rbegin(); at != speaking.rend(); ++at) {
    const v1::Unit& unit = at->assessment->unit();
    if (unit.id() == tie->unit() || !ContainerOfUnit(unit.id()).empty() ||
        TimeOf(*at) > outcome.time().seconds()) {
      continue;
    }
    auto paper = std::find_if(
        papers->begin(), papers->end(),
        [&](const v1::PaperTie& one) { return one.unit() == unit.id(); });
    if (paper == papers->end()) {
      if (papers->size() == kTiePapersMax) continue;
      papers->Add()->set_unit(unit.id());
      paper = papers->end() - 1;
    }
    if (paper->channel() == v1::CHANNEL_UNSPECIFIED) {
      paper->set_channel(unit.channel());
    }
    paper->set_lane(std::max(paper->lane(), unit.lane()));
    paper->set_selection_ppm(
        std::max(paper->selection_ppm(), unit.selection_ppm()));
    FillHits(*at->assessment, tie);
  }
  if (tie->channel() != v1::CHANNEL_UNSPECIFIED) return;
  for (const v1::PaperTie& paper : *papers) {
    if (paper.channel() == v1::CHANNEL_UNSPECIFIED) continue;
    tie->set_channel(paper.channel());
    tie->set_lane(std::max(tie->lane(), paper.lane()));
    tie->set_selection_ppm(paper.selection_ppm());
    return;
  }
}

void SortHits(v1::OutcomeTie* tie) {
  std::sort(tie->mutable_hits()->begin(), tie->mutable_hits()->end(),
            [](const v1::HitRef& a, const v1::HitRef& b) {
              return std::tie(a.rule_set(), a.rule()) <
                     std::tie(b.rule_set(), b.rule());
            });
}

}  // namespace

absl::string_view ContainerOfUnit(absl::string_view unit) {
  // The number of a bill may hold the sign, too.
  if (absl::StartsWith(unit, kConsignmentPrefix)) return "";
  const size_t at = unit.find('@');
  return at == absl::string_view::npos ? absl::string_view()
                                       : unit.substr(0, at);
}

v1::OutcomeTie TieOutcome(const v1::Outcome& outcome,
                          absl::Span<const TieCandidate> candidates,
                          TieCandidate named) {
  v1::OutcomeTie tie;
  tie.set_container_number(outcome.container_number());
  tie.set_locode(outcome.locode());
  tie.set_facility(outcome.facility());
  const std::vector<TieCandidate> facts = FactsInOrder(candidates, named);
  tie.set_unit(UnitByName(outcome, named));
  if (tie.unit().empty()) tie.set_unit(UnitByPlace(outcome, facts));
  if (tie.unit().empty()) return tie;
  FillUnit(outcome, facts, &tie);
  const std::vector<TieCandidate> speaking = Speaking(tie.unit(), facts);
  FillPapers(outcome, speaking, &tie);
  SortHits(&tie);
  FillWay(speaking, &tie);
  FillParties(speaking, &tie);
  return tie;
}

void TieToWorklist(const v1::WorklistRecord& worklist,
                   v1::OutcomeRecord* record) {
  v1::OutcomeTie* const tie = record->mutable_tie();
  if (tie->channel() != v1::CHANNEL_UNSPECIFIED ||
      Before(record->outcome().time(), worklist.time())) {
    return;
  }
  for (const v1::WorklistUnit& unit : worklist.units()) {
    if (unit.unit() != tie->unit() || !unit.within_capacity() ||
        unit.channel() != v1::CAPACITY) {
      continue;
    }
    tie->set_channel(v1::CAPACITY);
    tie->set_lane(std::max(tie->lane(), unit.lane()));
    tie->set_selection_ppm(unit.selection_ppm());
  }
}

}  // namespace portrisk::scoring
