// What a rule's condition says, in the form in which rules can be compared.
// Made while the condition's tree still exists, so that the tree need not be
// kept until all rules of a set are read.
#ifndef PORTRISK_SCORING_RULE_FORM_H_
#define PORTRISK_SCORING_RULE_FORM_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "scoring/cel/normal_form.h"
#include "scoring/rule_set.h"

namespace portrisk::scoring {

struct RuleForm {
  enum class Verdict : uint8_t {
    kNone,
    kNeverFires,   // `first` and `second` exclude each other.
    kAlwaysFires,  // Where its fields have values.
  };

  Verdict verdict = Verdict::kNone;
  bool is_known = false;    // Few enough alternatives; and no draft.
  bool has_choice = false;  // Of kNeverFires: there was more than one.
  cel::Range first, second;
  // The condition together with the events of the rule, settled; empty where
  // it is not known, always or never.
  std::vector<cel::Alternative> alternatives;
};

class RuleFormer {
 public:
  // `terms` outlives this and the forms.
  explicit RuleFormer(cel::Terms* terms);

  // Of the movement's event.
  uint32_t event() const { return event_; }

  // `rule` has its events; `is_known` does not mind its status yet.
  RuleForm Form(const Rule& rule, const cel::Expr& condition,
                absl::string_view source);

  // When the rule's condition is `wanted`, contradictory alternatives
  // included. False: too many alternatives.
  bool Alternatives(const Rule& rule, const cel::Expr& condition,
                    absl::string_view source, bool wanted,
                    std::vector<cel::Alternative>* out);

 private:
  bool IsNeverFalse(const Rule& rule, const cel::Expr& condition,
                    absl::string_view source,
                    const std::vector<cel::Alternative>& when_true);
  bool IsNeverFalse(const Rule& rule, const cel::Statement& one) const;

  cel::Terms& terms_;
  uint32_t event_;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_FORM_H_
