#include "scoring/rule_form.h"

#include <algorithm>
#include <utility>

namespace portrisk::scoring {
namespace {

using cel::Alternative;
using cel::Range;
using cel::Statement;
using cel::ValueSet;

// The events of the rule; everything when it names none.
ValueSet Events(const Rule& rule) {
  std::vector<cel::Value> values;
  for (const v1::Event one : rule.applies_to) {
    values.push_back(cel::Value::Int(one));
  }
  return values.empty()
             ? ValueSet::Everything(ValueSet::Domain::kWhole)
             : ValueSet::Points(ValueSet::Domain::kWhole, std::move(values));
}

}  // namespace

RuleFormer::RuleFormer(cel::Terms* terms) : terms_(*terms) {
  const auto* event = v1::Movement::descriptor()->FindFieldByName("event");
  event_ = terms_.OfPath({0, {event}});
}

bool RuleFormer::Alternatives(const Rule& rule, const cel::Expr& condition,
                              absl::string_view source, bool wanted,
                              std::vector<Alternative>* out) {
  const auto text = [&] { return source; };
  if (!cel::Alternatives(condition, text, wanted, &terms_, out)) return false;
  for (Alternative& one : *out) {
    if (!rule.applies_to.empty()) {
      one.statements.push_back({event_, Events(rule), false, Range()});
    }
    cel::Settle(terms_, &one);
  }
  return true;
}

RuleForm RuleFormer::Form(const Rule& rule, const cel::Expr& condition,
                          absl::string_view source) {
  RuleForm made;
  std::vector<Alternative>& form = made.alternatives;
  if (!Alternatives(rule, condition, source, true, &form)) {
    form.clear();
    return made;
  }
  const auto contradictory = [](const Alternative& one) {
    return one.contradictory;
  };
  if (!form.empty() && std::all_of(form.begin(), form.end(), contradictory)) {
    made.verdict = RuleForm::Verdict::kNeverFires;
    made.has_choice = form.size() > 1;
    made.first = form[0].first;
    made.second = form[0].second;
    form.clear();
    return made;
  }
  form.erase(std::remove_if(form.begin(), form.end(), contradictory),
             form.end());
  made.is_known = !form.empty();
  // Without a field it is a constant, which is said elsewhere.
  if (made.is_known && rule.condition_fields > 0 &&
      IsNeverFalse(rule, condition, source, form)) {
    made.verdict = RuleForm::Verdict::kAlwaysFires;
  }
  return made;
}

// Whether the rule's condition is never false for the events it applies to.
bool RuleFormer::IsNeverFalse(const Rule& rule, const cel::Expr& condition,
                              absl::string_view source,
                              const std::vector<Alternative>& when_true) {
  if (when_true.size() == 1) {
    return std::all_of(
        when_true[0].statements.begin(), when_true[0].statements.end(),
        [&](const Statement& one) { return IsNeverFalse(rule, one); });
  }
  std::vector<Alternative> when_false;
  return Alternatives(rule, condition, source, false, &when_false) &&
         std::all_of(when_false.begin(), when_false.end(),
                     [](const Alternative& one) { return one.contradictory; });
}

bool RuleFormer::IsNeverFalse(const Rule& rule, const Statement& one) const {
  if (one.term == event_ && !rule.applies_to.empty()) {
    return one.values.Covers(Events(rule));
  }
  return one.values.IsEverything() && !one.decided_when_absent;
}

}  // namespace portrisk::scoring
