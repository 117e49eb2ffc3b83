#include "scoring/rule_set_effects.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "scoring/limits.h"
#include "scoring/rule_set_reader.h"

namespace portrisk::scoring {
namespace {

constexpr int64_t kDaySeconds = 86400;
constexpr double kMillion = 1e6;

class SuppressionReader {
 public:
  SuppressionReader(Issues* issues, RuleSet* set)
      : issues_(issues), set_(set) {}

  void Read(const YamlNode& node) {
    const MapReader map(node, "a suppression",
                        {"rule_set", "rule", "reason", "until", "when"},
                        issues_);
    if (!map.is_map()) return;
    Suppression one;
    Needed(map, "rule_set", &one.rule_set);
    Needed(map, "rule", &one.rule);
    Needed(map, "reason", &one.reason);
    if (map.Required("until") != nullptr) {
      int64_t date;
      // The last day belongs to it.
      if (map.Date("until", &date)) one.until = date + kDaySeconds;
    }
    if (const YamlNode* when = map.Get("when")) Condition(*when, &one);
    if (one.rule_set == set_->name) {
      issues_->Error("BAD_SUPPRESSION", node.offset,
                     "a set cannot suppress its own rule; give the rule "
                     "`valid: {until: ...}` or `status: draft`");
    }
    const bool twice = std::any_of(
        set_->suppressions.begin(), set_->suppressions.end(),
        [&](const Suppression& other) {
          return other.rule_set == one.rule_set && other.rule == one.rule &&
                 other.when.expr == nullptr && one.when.expr == nullptr;
        });
    if (twice) {
      issues_->Warning("BAD_SUPPRESSION", node.offset,
                       absl::StrCat(one.rule, " is suppressed twice"));
    }
    set_->suppressions.push_back(std::move(one));
  }

 private:
  void Needed(const MapReader& map, absl::string_view key, std::string* out) {
    const YamlNode* node = map.Required(key);
    if (node == nullptr || !map.Text(key, out)) return;
    if (out->empty() || out->size() > kTextBytesMax) {
      issues_->Error(
          "BAD_VALUE", node->offset,
          absl::StrCat(key, " is a text of 1 to ", kTextBytesMax, " bytes"));
    }
  }

  void Condition(const YamlNode& when, Suppression* one) {
    if (when.kind != YamlNode::Kind::kScalar) {
      issues_->Error("BAD_VALUE", when.offset, "when is a condition in CEL",
                     "when: >");
      return;
    }
    cel::Diagnostics diagnostics;
    one->when = cel::CheckCondition(when.text, set_->environment, &diagnostics);
    if (diagnostics.empty()) return;
    const std::vector<size_t> offsets = ScalarOffsets(issues_->source(), when);
    for (const cel::Diagnostic& d : diagnostics) {
      const size_t at = std::min<size_t>(d.begin, offsets.size() - 1);
      issues_->Add(d.is_error ? v1::ERROR : v1::WARNING, d.code, offsets[at],
                   d.message, d.suggestion);
    }
  }

  Issues* const issues_;
  RuleSet* const set_;
};

}  // namespace

void ReadBreaker(const YamlNode& node, Issues* issues, RuleBreaker* out) {
  const MapReader map(node, "a breaker", {"share", "window"}, issues);
  if (!map.is_map()) return;
  std::string text;
  double share = 0;
  const YamlNode* share_node = map.Required("share");
  if (share_node != nullptr && map.Text("share", &text) &&
      !(absl::SimpleAtod(text, &share) && share > 0 && share < 1)) {
    issues->Error("BAD_VALUE", share_node->offset,
                  "share is a part of the movements, above 0 and below 1",
                  "share: 0.05");
    share = 0;
  }
  int64_t window = 0;
  if (map.Required("window") != nullptr &&
      map.Integer("window", kBreakerWindowMin, kBreakerWindowMax, &window)) {
    out->share_ppm = static_cast<uint32_t>(std::llround(share * kMillion));
    out->window = static_cast<uint32_t>(window);
  }
}

void ReadSuppressions(const YamlNode& node, Issues* issues, RuleSet* set) {
  if (node.kind != YamlNode::Kind::kList ||
      node.children.size() > kSuppressionsPerSetMax) {
    issues->Error("BAD_VALUE", node.offset,
                  absl::StrCat("suppressions are a list of at most ",
                               kSuppressionsPerSetMax),
                  "suppressions: [{rule_set: ..., rule: ..., reason: ..., "
                  "until: 2026-12-31}]");
    return;
  }
  if (set->layer == v1::COMMON && !node.children.empty()) {
    issues->Error("BAD_SUPPRESSION", node.offset,
                  "a common rule set has no layer above it to suppress");
  }
  SuppressionReader reader(issues, set);
  for (const auto& child : node.children) reader.Read(*child);
}

}  // namespace portrisk::scoring
