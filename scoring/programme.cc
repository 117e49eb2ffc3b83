// Joins rule sets into one programme, and gives it its standing: versions of
// lists, shares, overrides.
#include "scoring/programme.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "scoring/aggregate_parser.h"
#include "scoring/limits.h"
#include "scoring/programme_rep.h"
#include "scoring/roots.h"

namespace portrisk::scoring {
namespace {

using Members = std::vector<Programme::Member>;

absl::Status CheckNames(const Members& members) {
  absl::flat_hash_map<absl::string_view, std::vector<const Programme::Member*>>
      by_name;
  for (const Programme::Member& member : members) {
    if (member.shadow) continue;
    auto& same = by_name[member.rule_set->name];
    for (const Programme::Member* other : same) {
      if (member.units_begin < other->units_end &&
          other->units_begin < member.units_end) {
        return absl::InvalidArgumentError(
            absl::StrCat("two revisions of rule set ", member.rule_set->name));
      }
    }
    same.push_back(&member);
  }
  return absl::OkStatus();
}

// Each once. The largest comes first: a compiler takes that over without
// looking at it. Those apart come last: the index of the others goes by numbers
// of instructions.
std::vector<const RuleSet*> SetsOf(const std::vector<Members>& programmes) {
  std::vector<const RuleSet*> sets;
  absl::flat_hash_set<const RuleSet*> known;
  for (const bool apart : {false, true}) {
    const auto begin = static_cast<ptrdiff_t>(sets.size());
    for (const Members& members : programmes) {
      for (const Programme::Member& member : members) {
        if (member.apart == apart &&
            known.insert(member.rule_set.get()).second) {
          sets.push_back(member.rule_set.get());
        }
      }
    }
    std::stable_sort(sets.begin() + begin, sets.end(),
                     [](const RuleSet* a, const RuleSet* b) {
                       return a->program->instructions.size() >
                              b->program->instructions.size();
                     });
  }
  return sets;
}

std::shared_ptr<const AggregatePlan> PlanOf(
    const std::vector<const RuleSet*>& sets) {
  std::vector<AggregatePlan::Use> uses;
  for (const RuleSet* const set : sets) {
    if (set->aggregates == nullptr) continue;
    uses.push_back(
        {set->aggregates, AggregatesRead(*set, AggregateReaders::kNoDrafts)});
  }
  return AggregatePlan::Make(uses);
}

void CollectSets(const cel::Expr& expr,
                 std::vector<const cel::EntrySet*>* sets) {
  if (expr.set != nullptr) sets->push_back(expr.set.get());
  for (const cel::ExprPtr& arg : expr.args) CollectSets(*arg, sets);
}

}  // namespace

Programme::Programme() = default;
Programme::~Programme() = default;

absl::StatusOr<std::shared_ptr<const Programme>> Programme::Compile(
    std::vector<Member> members, const v1::Statistics& statistics) {
  std::vector<std::vector<Member>> one;
  one.push_back(std::move(members));
  auto made = CompileTogether(std::move(one), statistics);
  if (!made.ok()) return made.status();
  return made->front();
}

absl::StatusOr<std::vector<std::shared_ptr<const Programme>>>
Programme::CompileTogether(std::vector<std::vector<Member>> programmes,
                           const v1::Statistics& statistics) {
  for (const auto& members : programmes) {
    absl::Status status = CheckNames(members);
    if (!status.ok()) return status;
  }
  const cel::Environment environment = cel::RuleEnvironment();
  cel::Compiler compiler(environment);
  const auto sets = SetsOf(programmes);
  absl::flat_hash_map<const RuleSet*, std::vector<uint32_t>> at;
  for (const RuleSet* const set : sets) {
    at[set] = compiler.AddAll(*set->program);
  }
  std::vector<std::shared_ptr<Rep>> reps;
  for (auto& members : programmes) {
    const auto& rep = reps.emplace_back(std::make_shared<Rep>());
    rep->members = std::move(members);
    for (uint32_t i = 0; i < rep->members.size(); ++i) {
      rep->Add(i, at[rep->members[i].rule_set.get()], &compiler);
    }
    rep->AddSuppressions(&compiler);
  }
  const std::shared_ptr<const cel::Program> program = compiler.Finish();
  const auto aggregates = PlanOf(sets);
  std::vector<std::shared_ptr<const Programme>> made;
  for (const auto& rep : reps) {
    rep->program = program;
    rep->aggregates = aggregates;
    rep->BuildIndex(statistics);
    Programme compiled;
    compiled.rep_ = rep;
    made.push_back(compiled.With({}));
  }
  return made;
}

// `at` says where the instructions of its conditions are.
void Programme::Rep::Add(uint32_t index, const std::vector<uint32_t>& at,
                         cel::Compiler* compiler) {
  const Member& member = members[index];
  const RuleSet& set = *member.rule_set;
  if (!member.shadow) {
    for (const auto& [name, cap] : set.categories) {
      category_caps[name].push_back({index, cap});
    }
  }
  first_rule.push_back(static_cast<uint32_t>(rules.size()));
  rule_count += set.rules.size();
  for (const Rule& rule : set.rules) {
    if (rule.status == RuleStatus::kDraft) continue;
    CompiledRule compiled;
    compiled.rule = &rule;
    compiled.rule_set = &set;
    compiled.revision = member.revision;
    compiled.member = index;
    compiled.root = at[rule.root];
    compiler->AddRoot(compiled.root);
    compiled.valid = rule.valid;
    compiled.reads_finds = RootsOf(rule.evidence).finds;
    compiled.evidence_begin = static_cast<uint32_t>(evidence.size());
    for (const cel::Path& path : rule.evidence) {
      if (!path.fields.empty()) evidence.push_back(compiler->AddSlot(path));
    }
    compiled.evidence_end = static_cast<uint32_t>(evidence.size());
    rules.push_back(compiled);
  }
}

std::pair<uint32_t, uint32_t> Programme::Rep::RulesOf(uint32_t member) const {
  return {first_rule[member], member + 1 < first_rule.size()
                                  ? first_rule[member + 1]
                                  : static_cast<uint32_t>(rules.size())};
}

// What a target does not allow has no effect; activation has refused it, or
// the target has changed since.
void Programme::Rep::AddSuppressions(cel::Compiler* compiler) {
  absl::flat_hash_map<absl::string_view, std::vector<uint32_t>> by_name;
  for (uint32_t i = 0; i < members.size(); ++i) {
    by_name[members[i].rule_set->name].push_back(i);
  }
  absl::flat_hash_map<uint32_t, std::vector<CompiledSuppression>> by_rule;
  for (uint32_t i = 0; i < members.size(); ++i) {
    if (members[i].shadow) continue;
    for (const Suppression& one : members[i].rule_set->suppressions) {
      uint32_t root = cel::kNoOperand;
      if (one.when.expr != nullptr) {
        root = compiler->Add(*one.when.expr);
        CollectSets(*one.when.expr, &named);
      }
      for (const uint32_t target : by_name[one.rule_set]) {
        const RuleSet& set = *members[target].rule_set;
        const auto found = set.rule_index.find(one.rule);
        if (found == set.rule_index.end() ||
            !set.rules[found->second].suppressible ||
            members[i].rule_set->layer <= set.layer) {
          continue;
        }
        const auto [begin, end] = RulesOf(target);
        const Rule* const rule = &set.rules[found->second];
        const auto at = std::lower_bound(
            rules.begin() + begin, rules.begin() + end, rule,
            [](const CompiledRule& a, const Rule* b) { return a.rule < b; });
        if (at == rules.begin() + end || at->rule != rule) continue;
        at->reads_finds |= RootsOf(one.when.fields).finds;
        by_rule[static_cast<uint32_t>(at - rules.begin())].push_back(
            {&one, i, root});
      }
    }
  }
  for (uint32_t i = 0; !by_rule.empty() && i < rules.size(); ++i) {
    const auto found = by_rule.find(i);
    if (found == by_rule.end()) continue;
    rules[i].suppressions_begin = static_cast<uint32_t>(suppressions.size());
    suppressions.insert(suppressions.end(), found->second.begin(),
                        found->second.end());
    rules[i].suppressions_end = static_cast<uint32_t>(suppressions.size());
  }
}

std::shared_ptr<const Programme> Programme::With(
    const Standing& standing) const {
  const Rep& rep = *rep_;
  auto now = std::make_unique<Circumstances>();
  for (const Member& member : rep.members) {
    now->units.push_back({member.units_begin, member.units_end});
  }
  for (uint32_t i = 0; i < rep.members.size(); ++i) {
    const uint64_t revision = rep.members[i].revision;
    for (const Share& share : standing.shares) {
      if (share.revision != revision) continue;
      now->units[i] = {share.units_begin, share.units_end};
    }
    now->all_units &=
        now->units[i].begin == 0 && now->units[i].end == kAllUnits;
    for (const Override& one : standing.overrides) {
      if (one.revision != revision) continue;
      const RuleSet& set = *rep.members[i].rule_set;
      const auto found = set.rule_index.find(one.rule);
      if (found == set.rule_index.end()) continue;
      const Rule* const rule = &set.rules[found->second];
      const auto [begin, end] = rep.RulesOf(i);
      const auto at = std::lower_bound(
          rep.rules.begin() + begin, rep.rules.begin() + end, rule,
          [](const Rep::CompiledRule& a, const Rule* b) { return a.rule < b; });
      if (at == rep.rules.begin() + end || at->rule != rule) continue;
      now->overridden.push_back(static_cast<uint32_t>(at - rep.rules.begin()));
    }
  }
  std::sort(now->overridden.begin(), now->overridden.end());
  for (const auto& set : rep.program->sets) {
    now->sets.push_back(set->source().empty() ? set.get() : nullptr);
    for (const List& list : standing.lists) {
      if (list.name != set->source() || list.entries->type() != set->type()) {
        continue;
      }
      now->sets.back() = list.entries.get();
      now->owned.push_back(list.entries);
      if (!rep.Names(*set)) continue;
      now->lists.emplace_back(list.name, list.version);
    }
  }
  std::sort(now->lists.begin(), now->lists.end());
  std::shared_ptr<Programme> programme(new Programme);
  programme->rep_ = rep_;
  programme->now_ = std::move(now);
  return programme;
}

bool Programme::Rep::Names(const cel::EntrySet& set) const {
  const auto same = [&](const auto& one) {
    return &*one == &set ||
           (!set.source().empty() && one->source() == set.source() &&
            one->type() == set.type());
  };
  return std::any_of(named.begin(), named.end(), same) ||
         std::any_of(members.begin(), members.end(), [&](const Member& member) {
           const auto& sets = member.rule_set->program->sets;
           return std::any_of(sets.begin(), sets.end(), same);
         });
}

void Programme::Rep::BuildIndex(const v1::Statistics& statistics) {
  std::vector<IndexedRule> indexed;
  std::vector<uint32_t> roots;
  indexed.reserve(rules.size());
  roots.reserve(rules.size());
  for (const CompiledRule& compiled : rules) {
    const bool finds = compiled.reads_finds;
    for (size_t event = 0; finds && event < reads_finds.size(); ++event) {
      if (compiled.rule->AppliesTo(static_cast<v1::Event>(event))) {
        reads_finds.set(event);
      }
    }
    indexed.push_back({compiled.root, compiled.rule->applies_to});
    roots.push_back(compiled.root);
  }
  conditions = cel::Conjunctions(*program, roots);
  apart_begin = 0;
  while (apart_begin < rules.size() &&
         !members[rules[apart_begin].member].apart) {
    ++apart_begin;
  }
  const absl::Span<const IndexedRule> all = indexed;
  index = RuleIndex(*program, all.first(apart_begin), statistics);
  apart = RuleIndex(*program, all, statistics, apart_begin);
}

int32_t Programme::CategoryCap(absl::string_view category,
                               uint32_t rollout_ppm) const {
  int32_t most = kContributionMax;
  const auto found = rep_->category_caps.find(category);
  if (found == rep_->category_caps.end()) return most;
  for (const Rep::Cap& cap : found->second) {
    if (now_->Concerns(cap.member, rollout_ppm)) {
      most = std::min(most, cap.most);
    }
  }
  return most;
}

const AggregatePlan& Programme::aggregates() const { return *rep_->aggregates; }

bool Programme::reads_finds(v1::Event event) const {
  const size_t last = rep_->reads_finds.size() - 1;
  return rep_->reads_finds[std::min(static_cast<size_t>(event), last)];
}

void Programme::CountEvaluated(const EvalScratch& scratch,
                               std::vector<uint64_t>* counts) {
  for (const uint32_t rule : scratch.rep_->candidates.rules()) {
    if (rule >= counts->size()) counts->resize(rule + 1);
    ++(*counts)[rule];
  }
}

const std::vector<Programme::Reported>& Programme::ReportedBy(
    const EvalScratch& scratch) {
  return scratch.rep_->reported;
}

Programme::Numbered Programme::RuleAt(uint32_t number) const {
  const Rep::CompiledRule& compiled = rep_->rules[number];
  return {&rep_->members[compiled.member], &compiled.rule->id};
}

const std::vector<Programme::Member>& Programme::members() const {
  return rep_->members;
}

size_t Programme::SpaceUsed() const {
  return rep_->program->SpaceUsed() + rep_->index.SpaceUsed() +
         rep_->apart.SpaceUsed() +
         rep_->rules.capacity() * sizeof(Rep::CompiledRule) +
         rep_->evidence.capacity() * sizeof(uint32_t) +
         rep_->conditions.SpaceUsed();
}

size_t Programme::rule_count() const { return rep_->rule_count; }

}  // namespace portrisk::scoring
