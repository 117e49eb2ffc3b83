// Comparing settled alternatives: see normal_form.h.
//
// Statements about one term exclude each other when their sets do not meet,
// and follow from each other when one set covers the other. Three relations
// between different terms are known besides: a field below an absent message
// is absent; a computed term needs its fields; and a value that is one of a
// few is looked up in a declared list.
#include <algorithm>

#include "scoring/cel/normal_form.h"

namespace portrisk::scoring::cel {
namespace {

// Values looked up in a declared list.
constexpr size_t kLookUpsMax = 64;

// Whether `whole` begins with the fields of `part`.
bool IsBelow(const Path& whole, const Path& part) {
  return whole.root == part.root && whole.fields.size() >= part.fields.size() &&
         std::equal(part.fields.begin(), part.fields.end(),
                    whole.fields.begin());
}

const Statement* Find(const Alternative& alternative, uint32_t term) {
  const auto found = std::lower_bound(
      alternative.statements.begin(), alternative.statements.end(), term,
      [](const Statement& one, uint32_t wanted) { return one.term < wanted; });
  return found == alternative.statements.end() || found->term != term ? nullptr
                                                                      : &*found;
}

// What a declared list says about the few values a statement allows: whether
// all of them, or none of them, are in it.
struct LookUp {
  bool all = false;
  bool none = false;
};

LookUp LookIn(const EntrySet& set, const Statement& statement) {
  LookUp result;
  const ValueSet::Values values = statement.values.Enumerate(kLookUpsMax);
  // An empty list is one that is filled elsewhere.
  if (values.empty() || set.size() == 0) return result;
  result.all = result.none = true;
  for (const Value& value : values) {
    const bool in = value.kind == Kind::kString && set.Contains(value.text());
    result.all &= in;
    result.none &= !in;
  }
  return result;
}

bool AllowsTrue(const Statement& statement) {
  return statement.values.Covers(
      ValueSet::Point(ValueSet::Domain::kBool, Value::Int(1)));
}

void Refuse(const Statement& a, const Statement& b, Alternative* alternative) {
  alternative->contradictory = true;
  // What stands elsewhere comes first, so that `second` can be pointed at.
  const bool ordered =
      a.at.empty() || (!b.at.empty() && a.at.begin <= b.at.begin);
  alternative->first = ordered ? a.at : b.at;
  alternative->second = ordered ? b.at : a.at;
}

// Contradictions between statements about different terms.
void CheckRelations(const Terms& terms, Alternative* alternative) {
  for (const Statement& one : alternative->statements) {
    const Term& term = terms[one.term];
    if (one.values.IsAbsentOnly() && term.is_path) {
      for (const Statement& other : alternative->statements) {
        if (&other != &one && Needs(terms, other, term.path)) {
          return Refuse(one, other, alternative);
        }
      }
    }
    if (term.set == nullptr) continue;
    const Statement* subject = Find(*alternative, term.subject);
    if (subject == nullptr) continue;
    const LookUp found = LookIn(*term.set, *subject);
    if (AllowsTrue(one) ? found.none : found.all) {
      return Refuse(*subject, one, alternative);
    }
  }
}

// By term, in the order they were. Few in most conditions.
void Sort(std::vector<Statement>* statements) {
  constexpr size_t kFew = 16;
  const auto less = [](const Statement& a, const Statement& b) {
    return a.term < b.term;
  };
  if (statements->size() > kFew) {
    std::stable_sort(statements->begin(), statements->end(), less);
    return;
  }
  for (size_t i = 1; i < statements->size(); ++i) {
    for (size_t j = i; j > 0 && less((*statements)[j], (*statements)[j - 1]);
         --j) {
      std::swap((*statements)[j], (*statements)[j - 1]);
    }
  }
}

bool Follows(const Terms& terms, const Alternative& a, const Statement& b) {
  const Statement* same = Find(a, b.term);
  if (same != nullptr && b.values.Covers(same->values)) return true;
  const Term& term = terms[b.term];
  if (term.set != nullptr) {
    const Statement* subject = Find(a, term.subject);
    if (subject == nullptr) return false;
    const LookUp found = LookIn(*term.set, *subject);
    return AllowsTrue(b) ? found.all : found.none;
  }
  if (!term.is_path || !b.values.IsEverything()) return false;
  return std::any_of(
      a.statements.begin(), a.statements.end(),
      [&](const Statement& one) { return Needs(terms, one, term.path); });
}

}  // namespace

bool Needs(const Terms& terms, const Statement& statement, const Path& path) {
  if (statement.values.has_absent()) return false;
  const std::vector<uint32_t>& needs = terms[statement.term].needs;
  return std::any_of(needs.begin(), needs.end(), [&](uint32_t need) {
    return IsBelow(terms[need].path, path);
  });
}

void Settle(const Terms& terms, Alternative* alternative) {
  std::vector<Statement>& all = alternative->statements;
  Sort(&all);
  size_t kept = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    if (kept == 0 || all[kept - 1].term != all[i].term) {
      if (kept != i) all[kept] = std::move(all[i]);
      ++kept;
      if (all[kept - 1].values.IsEmpty() && !alternative->contradictory) {
        Refuse(all[kept - 1], all[kept - 1], alternative);
      }
      continue;
    }
    Statement& known = all[kept - 1];
    known.values = known.values.Intersect(all[i].values);
    known.decided_when_absent |= all[i].decided_when_absent;
    if (known.values.IsEmpty() && !alternative->contradictory) {
      Refuse(known, all[i], alternative);
    }
  }
  all.resize(kept);
  if (!alternative->contradictory) CheckRelations(terms, alternative);
}

bool Implies(const Terms& terms, const Alternative& a, const Alternative& b) {
  return std::all_of(
      b.statements.begin(), b.statements.end(),
      [&](const Statement& one) { return Follows(terms, a, one); });
}

void AppendKey(const Alternative& alternative, std::string* out) {
  for (const Statement& one : alternative.statements) {
    out->append(reinterpret_cast<const char*>(&one.term), sizeof(one.term));
    one.values.AppendKey(out);
  }
  out->push_back('\n');
}

}  // namespace portrisk::scoring::cel
