// One aggregate after the other; a mistake never stops the reading. What could
// not be read is left out of the names, so that a rule that uses it raises an
// issue of its own only where nothing else is wrong with the aggregate: such a
// one is declared as a whole number, for the rules to be read by.
#include "scoring/aggregate_parser.h"

#include <algorithm>
#include <cmath>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scoring/aggregate_keys.h"
#include "scoring/aggregate_length.h"
#include "scoring/aggregate_types.h"
#include "scoring/cel/parser.h"
#include "scoring/cel/tree.h"
#include "scoring/limits.h"
#include "scoring/list_policy.h"
#include "scoring/rule_set_reader.h"

namespace portrisk::scoring {
namespace {

using Function = AggregateFunction;

constexpr absl::string_view kReadsMore =
    "an aggregate reads only what is fixed with the movement: `movement`, "
    "lists whose entries stand in the set, and functions; anything else may "
    "be different when a correction takes the movement out again";

class AggregateReader {
 public:
  AggregateReader(Issues* issues, RuleSet* set) : issues_(issues), set_(set) {}

  void Read(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kMap ||
        node.children.size() / 2 > kAggregatesPerSetMax) {
      issues_->Error(
          "BAD_VALUE", node.offset,
          absl::StrCat("aggregates are at most ", kAggregatesPerSetMax,
                       " names, each with key, window and what it "
                       "counts"),
          "aggregates: {moves_1h: {key: movement.container.number, "
          "count: true, window: 1h}}");
      return;
    }
    for (const std::string& name : set_->environment.Names()) {
      taken_.insert(name);
    }
    std::vector<AggregateDeclaration> all;
    for (size_t i = 0; i < node.children.size(); i += 2) {
      const YamlNode& name = *node.children[i];
      if (CheckName(name)) all.push_back(One(name, *node.children[i + 1]));
    }
    set_->aggregates = std::make_shared<const AggregateNames>(std::move(all));
    set_->environment.SetDeclared(set_->aggregates->type());
  }

 private:
  // Neither it nor its companion may hide what a condition can name already.
  bool CheckName(const YamlNode& name) {
    if (NamesNationality(name.text)) {
      issues_->Error("NATIONALITY", name.offset, NationalityRefusal(name.text));
    }
    cel::Diagnostics ignored;
    cel::TreeParser parser;
    cel::Tree tree;
    const cel::Expr* expr = parser.Parse(name.text, &tree, &ignored);
    if (expr == nullptr || expr->node != cel::Node::kIdentifier ||
        expr->rooted || name.text.size() > kNameBytesMax) {
      issues_->Error("BAD_VALUE", name.offset,
                     "an aggregate's name consists of letters, digits and '_'",
                     "lookups_1h");
      return false;
    }
    for (const std::string& one :
         {std::string(name.text), absl::StrCat(name.text, kCountSuffix)}) {
      if (taken_.insert(one).second) continue;
      const bool itself = one == name.text;
      issues_->Error(
          "BAD_VALUE", name.offset,
          absl::StrCat(one, " already has a meaning",
                       itself ? "" : ", and this one would bring it too"),
          absl::StrCat("my_", name.text));
      return false;
    }
    return true;
  }

  AggregateDeclaration One(const YamlNode& name, const YamlNode& node) {
    AggregateDeclaration out;
    out.name = std::string(name.text);
    out.type.kind = cel::Kind::kInt;
    const MapReader map(node, "an aggregate",
                        {"key", "where", "window", "resolution", "half_life",
                         "q", "count", "sum", "min", "max", "mean", "distinct",
                         "first", "last", "time_since", "quantile"},
                        issues_);
    if (!map.is_map()) return out;
    const size_t errors = issues_->error_count();
    std::string canonical = Key(map, &out);
    absl::StrAppend(&canonical, Where(map, &out));
    const YamlNode* const value = FunctionOf(node, map, &out);
    Lengths(map, value, &out);
    Quantile(map, &out);
    if (value != nullptr) absl::StrAppend(&canonical, Value(*value, &out));
    if (issues_->error_count() == errors) Identify(canonical, &out);
    return out;
  }

  // Checked, or without an expression and an issue. Appends a line to
  // `canonical`.
  cel::Checked Expression(absl::string_view what, const YamlNode& node,
                          std::string* canonical) {
    cel::Checked checked;
    if (node.kind != YamlNode::Kind::kScalar) {
      issues_->Error("BAD_VALUE", node.offset,
                     absl::StrCat(what, " is an expression in CEL"),
                     absl::StrCat(what, ": movement.container.number"));
      return checked;
    }
    cel::Diagnostics diagnostics;
    checked =
        what == "where"
            ? cel::CheckCondition(node.text, set_->environment, &diagnostics)
            : cel::CheckExpression(node.text, set_->environment, &diagnostics);
    if (checked.expr != nullptr) {
      RefuseHistory(*checked.expr, &diagnostics);
      absl::StrAppend(canonical, what, " ");
      AppendNormalised(node.text, *checked.expr, canonical);
      absl::StrAppend(canonical, "\n");
    }
    Report(node, diagnostics);
    return checked;
  }

  void Report(const YamlNode& node, const cel::Diagnostics& diagnostics) {
    if (diagnostics.empty()) return;
    const std::vector<size_t> offsets = ScalarOffsets(issues_->source(), node);
    for (const cel::Diagnostic& one : diagnostics) {
      issues_->Add(one.is_error ? v1::ERROR : v1::WARNING, one.code,
                   offsets[std::min<size_t>(one.begin, offsets.size() - 1)],
                   one.message, one.suggestion);
    }
  }

  void RefuseHistory(const cel::Expr& expr, cel::Diagnostics* diagnostics) {
    const cel::Expr* const at = ReadsMoreThanMovement(expr);
    if (at == nullptr) return;
    const bool list = at->reference == cel::Reference::kSet;
    diagnostics->push_back(
        {"BAD_AGGREGATE", true, at->begin, at->end, std::string(kReadsMore),
         list ? absl::StrCat("lists: {", at->set->name(),
                             ": {type: ..., entries: [...]}}")
              : "ask this in the `when` of the rule that reads the aggregate"});
  }

  std::string Key(const MapReader& map, AggregateDeclaration* out) {
    std::string canonical = "portrisk key 1\n";
    const YamlNode* const key = map.Required("key");
    if (key == nullptr) return canonical;
    std::vector<const YamlNode*> parts;
    if (key->kind == YamlNode::Kind::kList) {
      parts.assign(key->children.begin(), key->children.end());
    } else {
      parts.push_back(key);
    }
    if (parts.empty() || parts.size() > kAggregateKeysMax) {
      issues_->Error(
          "BAD_VALUE", key->offset,
          absl::StrCat("a key has 1 to ", kAggregateKeysMax, " parts"),
          "key: [movement.haulier.id, movement.location.locode]");
      return canonical;
    }
    for (const YamlNode* part : parts) {
      cel::Checked checked = Expression("key", *part, &canonical);
      if (checked.expr == nullptr) continue;
      if (!CanBeKey(checked.expr->type)) {
        issues_->Error("TYPE_MISMATCH", part->offset,
                       absl::StrCat("a key is one text, whole number, enum or "
                                    "time, this is ",
                                    cel::TypeName(checked.expr->type)),
                       "movement.container.number");
      }
      if (const cel::Expr* who = NamesWithoutPseudonym(*checked.expr)) {
        RefuseName(*part, *who);
      }
      absl::StrAppend(&out->key_source, out->key_source.empty() ? "" : ", ",
                      part->text);
      out->key_people.push_back(PersonOf(*checked.expr));
      out->key.push_back(std::move(checked));
    }
    out->shape.group = AggregateIdentity(canonical);
    return canonical;
  }

  void RefuseName(const YamlNode& part, const cel::Expr& who) {
    const std::vector<size_t> offsets = ScalarOffsets(issues_->source(), part);
    issues_->Error(
        "BAD_AGGREGATE",
        offsets[std::min<size_t>(who.begin, offsets.size() - 1)],
        "what is remembered under a key may not say who it is about, and only "
        "the id of a party, the account and device of who acts and a plate "
        "have a pseudonym, as they are",
        "movement.haulier.id, or movement.pseudonyms.haulier, which stands for "
        "the id or, without one, the name");
  }

  std::string Where(const MapReader& map, AggregateDeclaration* out) {
    std::string canonical;
    out->events.set();
    const YamlNode* const where = map.Get("where");
    if (where == nullptr) return canonical;
    out->where = Expression("where", *where, &canonical);
    if (out->where.expr != nullptr) out->events = EventsOf(*out->where.expr);
    return canonical;
  }

  // What is counted; null, with an issue, unless there is exactly one.
  const YamlNode* FunctionOf(const YamlNode& node, const MapReader& map,
                             AggregateDeclaration* out) {
    const YamlNode* value = nullptr;
    size_t given = 0;
    const std::vector<std::string>& names = AggregateFunctionNames();
    for (size_t i = 0; i < names.size(); ++i) {
      if (map.Get(names[i]) == nullptr) continue;
      ++given;
      value = map.Get(names[i]);
      out->shape.function = static_cast<Function>(i);
    }
    if (given == 1) return value;
    issues_->Error(
        given == 0 ? "MISSING_KEY" : "BAD_VALUE", node.offset,
        absl::StrCat("an aggregate has exactly one of ",
                     absl::StrJoin(names, ", ")),
        given == 0 ? "count: true" : "declare one aggregate for each");
    return nullptr;
  }

  bool Length(const MapReader& map, absl::string_view key, int64_t min,
              int64_t max, int64_t* seconds) {
    const YamlNode* const node = map.Get(key);
    if (node == nullptr) return false;
    if (node->kind == YamlNode::Kind::kScalar &&
        ParseLength(node->text, seconds) && *seconds >= min &&
        *seconds <= max) {
      return true;
    }
    issues_->Error(
        "BAD_VALUE", node->offset,
        absl::StrCat(key, " is a length of time from ", FormatLength(min),
                     " to ", FormatLength(max), ", in s, m, h, d or y"),
        absl::StrCat(key, ": 1h"));
    return false;
  }

  void Lengths(const MapReader& map, const YamlNode* value,
               AggregateDeclaration* out) {
    const bool has_half_life =
        Length(map, "half_life", kAggregateHalfLifeSecondsMin,
               kAggregateWindowSecondsMax, &out->half_life_s);
    const Function function = out->shape.function;
    if (has_half_life && value != nullptr && function != Function::kCount &&
        function != Function::kSum && function != Function::kMean) {
      issues_->Error("BAD_AGGREGATE", map.Get("half_life")->offset,
                     "only count, sum and mean can decay",
                     "leave half_life out, or shorten the window");
    }
    if (map.Required("window") == nullptr ||
        !Length(map, "window", kAggregateWindowSecondsMin,
                kAggregateWindowSecondsMax, &out->window_s)) {
      return;
    }
    out->resolution_s = DefaultResolution(out->window_s, out->half_life_s);
    int64_t resolution = 0;
    if (!Length(map, "resolution", kAggregateResolutionSecondsMin,
                out->window_s, &resolution)) {
      return;
    }
    const int64_t steps = (out->window_s + resolution - 1) / resolution;
    const int64_t most = StepsMax(function);
    if (steps > most) {
      issues_->Error(
          "BAD_AGGREGATE", map.Get("resolution")->offset,
          absl::StrCat("the window would have ", steps, " buckets, of at most ",
                       most),
          absl::StrCat("resolution: ", FormatLength(DefaultResolution(
                                           out->window_s, out->half_life_s))));
    }
    out->resolution_s = resolution;
  }

  void Quantile(const MapReader& map, AggregateDeclaration* out) {
    const bool quantile = out->shape.function == Function::kQuantile;
    const YamlNode* const q = quantile ? map.Required("q") : map.Get("q");
    if (q == nullptr) return;
    double part = 0;
    if (quantile && q->kind == YamlNode::Kind::kScalar &&
        absl::SimpleAtod(q->text, &part) && part >= 1e-6 && part <= 1 - 1e-6) {
      out->shape.quantile_ppm = static_cast<uint32_t>(std::llround(part * 1e6));
      return;
    }
    issues_->Error("BAD_VALUE", q->offset,
                   quantile ? "q is the part of the values at or below the "
                              "quantile, above 0 and below 1"
                            : "only a quantile has q",
                   quantile ? "q: 0.99" : "leave it out");
  }

  // Counting asks whether there is a value, so that false counts, too.
  void WarnOfCondition(const std::string& name, const YamlNode& node,
                       const cel::Expr& expr, const AggregateDeclaration& out) {
    const bool counts = out.shape.function == Function::kCount ||
                        out.shape.function == Function::kTimeSince;
    const bool is_true = expr.node == cel::Node::kLiteral && expr.literal.b;
    if (!counts || expr.type.kind != cel::Kind::kBool || is_true) return;
    issues_->Warning(
        "COUNTS_FALSE", node.offset,
        absl::StrCat(name, " counts this where it is false, too"),
        absl::StrCat("write the condition as where, and ", name, ": true"));
  }

  std::string Value(const YamlNode& node, AggregateDeclaration* out) {
    const std::string& name =
        AggregateFunctionNames()[static_cast<size_t>(out->shape.function)];
    std::string canonical;
    out->value = Expression(name, node, &canonical);
    if (out->value.expr == nullptr) return canonical;
    const cel::Expr& expr = *out->value.expr;
    WarnOfCondition(name, node, expr, *out);
    const std::string wanted = TypeAggregate(expr.type, out);
    if (!wanted.empty()) {
      issues_->Error("TYPE_MISMATCH", node.offset,
                     absl::StrCat(name, " takes ", wanted, ", this is ",
                                  cel::TypeName(expr.type)),
                     "distinct and count take any value");
    }
    if (out->shape.unit == AggregateUnit::kText) {
      if (const cel::Expr* const at = ReadsName(expr)) {
        Report(node, {{"BAD_AGGREGATE", true, at->begin, at->end,
                       "what is remembered holds no names of parties",
                       "use the id: movement.consignee.id"}});
      }
    }
    return canonical;
  }

  void Identify(const std::string& canonical, AggregateDeclaration* out) {
    SetRing(out);
    out->canonical =
        absl::StrCat(canonical, "window ", FormatLength(out->window_s),
                     "\nresolution ", FormatLength(out->resolution_s),
                     "\nhalf_life ", FormatLength(out->half_life_s), "\nq_ppm ",
                     out->shape.quantile_ppm, "\nportrisk aggregate 1\n");
    out->shape.id = AggregateIdentity(out->canonical);
  }

  Issues* const issues_;
  RuleSet* const set_;
  absl::flat_hash_set<std::string> taken_;
};

}  // namespace

void ReadAggregates(const YamlNode& node, Issues* issues, RuleSet* set) {
  AggregateReader(issues, set).Read(node);
}

std::vector<bool> AggregatesRead(const RuleSet& set, AggregateReaders readers) {
  std::vector<bool> read;
  if (set.aggregates == nullptr) return read;
  read.resize(set.aggregates->declarations().size());
  const auto mark = [&](const std::vector<cel::Path>& fields) {
    for (const cel::Path& path : fields) {
      if (path.root != cel::kAggregatesRoot || path.fields.empty()) continue;
      read[static_cast<size_t>(path.fields[0]->index() / 2)] = true;
    }
  };
  for (const Rule& rule : set.rules) {
    if (readers == AggregateReaders::kNoDrafts &&
        rule.status == RuleStatus::kDraft) {
      continue;
    }
    mark(rule.evidence);
  }
  for (const Suppression& one : set.suppressions) mark(one.when.fields);
  return read;
}

void WarnOfUnusedAggregates(const YamlNode& node, const RuleSet& set,
                            Issues* issues) {
  const std::vector<bool> read = AggregatesRead(set, AggregateReaders::kAll);
  for (size_t i = 0; i < read.size(); ++i) {
    if (read[i]) continue;
    const std::string& name = set.aggregates->declarations()[i].name;
    for (size_t child = 0; child < node.children.size(); child += 2) {
      if (node.children[child]->text != name) continue;
      issues->Warning("UNUSED_AGGREGATE", node.children[child]->offset,
                      absl::StrCat("no rule reads ", name,
                                   ", so nothing is counted for it"),
                      "read it in a rule, or leave it out");
    }
  }
}

}  // namespace portrisk::scoring
