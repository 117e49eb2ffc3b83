#include "service/outcome_form.h"

#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "scoring/decision.h"
#include "scoring/iso6346.h"
#include "scoring/outcome_tie.h"
#include "service/normal_form.h"
#include "service/text_checks.h"

namespace portrisk::service {
namespace {

using google::protobuf::Timestamp;

constexpr absl::Duration kAheadMax = absl::Hours(7 * 24);
constexpr size_t kCodeLengthMax = 64;
constexpr size_t kUnitLengthMax = 256;
constexpr size_t kQuantityUnitLengthMax = 8;
constexpr size_t kNoteLengthMax = 1000;

class Form {
 public:
  Form(absl::Time now, std::vector<Violation>* violations)
      : now_(now), violations_(violations) {}

  void Report(absl::string_view field, std::string description) {
    violations_->push_back({std::string(field), std::move(description)});
  }

  // Blanks around it go; no control characters, at most `limit` characters.
  void Text(absl::string_view field, size_t limit, std::string* text) {
    *text = std::string(absl::StripAsciiWhitespace(*text));
    if (!IsUtf8(*text)) {
      Report(field, "is not UTF-8; send UTF-8");
    } else if ((CharClasses(*text) & kControlChar) != 0) {
      Report(field, "holds control characters; leave them out");
    } else if (IsLongerThan(*text, limit)) {
      Report(field,
             absl::StrCat("is longer than ", limit, " characters; shorten it"));
    }
  }

  void Identity(std::string* source, std::string* id) {
    Text("source", kSourceLengthMax, source);
    Text("id", kIdLengthMax, id);
    if (source->empty()) Report("source", "is empty; name the sending system");
    if (id->empty()) Report("id", "is empty; send the sender's reference");
    // Its length is hashed as one byte.
    if (source->size() > 255) Report("source", "is longer than 255 bytes");
  }

  void Time(absl::string_view field, const Timestamp& time) {
    if (!IsValidTimestamp(time.seconds(), time.nanos())) {
      Report(field, "is no time; send seconds of the years 1 to 9999");
    } else if (time.seconds() < 0) {
      Report(field, "lies before 1970; send when it happened");
    } else if (absl::FromUnixSeconds(time.seconds()) > now_ + kAheadMax) {
      Report(field, "lies more than 7 days ahead; send when it happened");
    }
  }

  void UpdateTime(const Timestamp& time) {
    if (!IsValidTimestamp(time.seconds(), time.nanos())) {
      Report("update_time", "is no time; send seconds of the years 1 to 9999");
    } else if (absl::FromUnixSeconds(time.seconds()) > now_ + kAheadMax) {
      Report("update_time",
             "lies more than 7 days ahead; send when it was last changed");
    }
  }

  void Assessment(v1::AssessmentRef* ref) {
    Text("assessment.source", kSourceLengthMax, ref->mutable_source());
    Text("assessment.movement_id", kIdLengthMax, ref->mutable_movement_id());
    if (ref->source().empty()) {
      Report("assessment.source", "is empty; send source and movement_id");
    }
    if (ref->movement_id().empty()) {
      Report("assessment.movement_id", "is empty; send source and movement_id");
    }
  }

  template <typename Enum>
  void Known(absl::string_view field, Enum value, bool (*valid)(int)) {
    if (!valid(value)) {
      Report(field, absl::StrCat(static_cast<int>(value),
                                 " is none of its values; update the proto "
                                 "files of the sender"));
    }
  }

 private:
  const absl::Time now_;
  std::vector<Violation>* const violations_;
};

void Code(std::string* text) {
  *text = absl::AsciiStrToUpper(absl::StripAsciiWhitespace(*text));
}

void CheckWhat(const v1::Outcome& outcome, Form* form) {
  if (outcome.container_number().empty() && outcome.unit().empty() &&
      !outcome.has_assessment()) {
    form->Report("container_number",
                 "is empty, and neither unit nor assessment is given; say what "
                 "was controlled");
  }
  if (!outcome.has_time()) {
    form->Report("time", "is missing; say when the control ended");
  }
  if (outcome.control() == v1::NO_CONTROL) {
    form->Report("control",
                 "is NO_CONTROL; say what was done (INSPECT, SCAN_IMAGE, "
                 "DOCUMENT_CHECK ...) or leave it out");
  }
  if (outcome.result() == v1::CONTROL_RESULT_UNSPECIFIED) {
    form->Report("result", "is missing; send FOUND, NOT_FOUND or INCONCLUSIVE");
  }
}

void CheckFind(const v1::Outcome& outcome, Form* form) {
  if (outcome.result() != v1::FOUND) {
    const auto refuse = [&](bool says, const char* field) {
      if (!says) return;
      form->Report(field,
                   "says what was found, but the result is not FOUND; leave "
                   "it out");
    };
    refuse(outcome.kind() != v1::FIND_KIND_UNSPECIFIED, "kind");
    refuse(!outcome.kind_code().empty(), "kind_code");
    refuse(outcome.has_quantity(), "quantity");
  }
  // Written so that NaN fails.
  if (outcome.has_quantity() &&
      !(outcome.quantity() >= 0 && std::isfinite(outcome.quantity()))) {
    form->Report("quantity", "is negative or no number; send how much");
  }
}

}  // namespace

std::vector<Violation> AdmitOutcome(absl::Time now, v1::Outcome* outcome) {
  std::vector<Violation> violations;
  Form form(now, &violations);
  form.Identity(outcome->mutable_source(), outcome->mutable_id());
  form.Text("unit", kUnitLengthMax, outcome->mutable_unit());
  const std::string of_unit = scoring::NormaliseContainerNumber(
      scoring::ContainerOfUnit(outcome->unit()));
  if (!outcome->unit().empty() && of_unit.empty() &&
      !absl::StartsWith(outcome->unit(), scoring::kConsignmentPrefix)) {
    form.Report("unit",
                "names none; send it as an assessment shows it "
                "(MSKU1234565@NLRTM/E1#2, or consignment:...), or leave it out "
                "and say container and time");
  }
  if (absl::StartsWith(outcome->unit(), scoring::kConsignmentPrefix) &&
      outcome->container_number().empty() && !outcome->has_assessment()) {
    form.Report("unit",
                "of a consignment is found by its container or by one of its "
                "assessments; send one of these, too");
  }
  outcome->set_container_number(
      outcome->container_number().empty()
          ? of_unit
          : scoring::NormaliseContainerNumber(outcome->container_number()));
  if (!of_unit.empty() && of_unit != outcome->container_number()) {
    form.Report("unit", absl::StrCat("is of container ", of_unit, ", not of ",
                                     outcome->container_number(),
                                     "; send one of the two"));
  }
  form.Text("container_number", kContainerNumberLengthMax,
            outcome->mutable_container_number());
  if (outcome->has_assessment()) {
    form.Assessment(outcome->mutable_assessment());
  }
  Code(outcome->mutable_locode());
  if (!outcome->locode().empty() && !IsLocode(outcome->locode())) {
    form.Report("locode", "is no UN/LOCODE; send five characters as in NLRTM");
  }
  form.Text("facility", kCodeLengthMax, outcome->mutable_facility());
  form.Text("kind_code", kCodeLengthMax, outcome->mutable_kind_code());
  Code(outcome->mutable_quantity_unit());
  form.Text("quantity_unit", kQuantityUnitLengthMax,
            outcome->mutable_quantity_unit());
  form.Text("reference", kIdLengthMax, outcome->mutable_reference());
  form.Text("note", kNoteLengthMax, outcome->mutable_note());
  form.Known("control", outcome->control(), v1::Control_IsValid);
  form.Known("result", outcome->result(), v1::ControlResult_IsValid);
  form.Known("kind", outcome->kind(), v1::FindKind_IsValid);
  if (outcome->has_update_time()) form.UpdateTime(outcome->update_time());
  if (outcome->has_time()) form.Time("time", outcome->time());
  if (outcome->retraction()) return violations;
  CheckWhat(*outcome, &form);
  CheckFind(*outcome, &form);
  return violations;
}

std::vector<Violation> AdmitDecision(absl::Time now, v1::Decision* decision) {
  std::vector<Violation> violations;
  Form form(now, &violations);
  form.Identity(decision->mutable_source(), decision->mutable_id());
  form.Text("reason_code", kCodeLengthMax, decision->mutable_reason_code());
  form.Text("reason", kNoteLengthMax, decision->mutable_reason());
  form.Known("kind", decision->kind(), v1::DecisionKind_IsValid);
  form.Known("lane", decision->lane(), v1::Lane_IsValid);
  form.Known("control", decision->control(), v1::Control_IsValid);
  if (decision->has_update_time()) form.UpdateTime(decision->update_time());
  if (decision->has_time()) form.Time("time", decision->time());
  if (decision->has_assessment()) {
    form.Assessment(decision->mutable_assessment());
  }
  if (decision->retraction()) return violations;
  if (!decision->has_assessment()) {
    form.Report("assessment", "is missing; say what was decided about");
  }
  const bool chooses = decision->lane() != v1::LANE_UNSPECIFIED ||
                       decision->control() != v1::CONTROL_UNSPECIFIED;
  if (decision->kind() == v1::DECISION_KIND_UNSPECIFIED) {
    form.Report("kind", "is missing; send ACCEPT or OVERRIDE");
  } else if (decision->kind() == v1::ACCEPT && chooses) {
    form.Report("lane",
                "is given with ACCEPT, as control may be; leave both out, or "
                "send OVERRIDE");
  } else if (decision->kind() == v1::OVERRIDE) {
    if (!chooses) {
      form.Report("lane",
                  "is missing, as is control; say what is chosen instead");
    }
    if (decision->reason_code().empty()) {
      form.Report("reason_code", "is missing; an override needs its reason");
    }
    if (decision->reason().empty()) {
      form.Report("reason", "is missing; say why, in a sentence");
    }
  }
  return violations;
}

}  // namespace portrisk::service
