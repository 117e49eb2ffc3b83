// A movement is taken without what no fold reads, so that a new field is read
// until somebody says that it need not be; an assessment, whose length is
// reasons for people, with what folds do read.
#include "service/folded_fields.h"

#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/cel/fields_read.h"

namespace portrisk::service {
namespace {

// Who took part is read as pseudonyms. The haulier's and the right's parties
// stand in what is known of a container and of its right.
constexpr absl::string_view kNotFolded[] = {
    "update_time",
    "origin",
    "carrier",
    "shipper",
    "consignee",
    "notify_party",
    "declarant",
    "forwarder",
    "terminal",
    "haulier.name",
    "haulier.country",
    "container.number_raw",
    "location.facility_code_list",
    "location.name",
    "transport.vessel_name",
    "transport.call_sign",
    "transport.carrier_code",
    "consignment.goods",
};

void AddReads(const scoring::AggregatePlan& plan, FieldSelection* selection) {
  constexpr uint32_t kMovement = 0;  // Of the roots of rules.
  for (const auto& path : scoring::cel::FieldsRead(plan.program(), kMovement)) {
    selection->Add(path.fields);
  }
}

}  // namespace

FieldSelection FieldsCounted(const scoring::AggregatePlan& plan) {
  const auto& type = *v1::Movement::descriptor();
  FieldSelection selection;
  // Whether it counts, when, which movement it is, and who its keys are.
  for (const char* const field :
       {"source", "id", "retraction", "event", "classifier", "occurrence_time",
        "pseudonyms"}) {
    selection.Add(type, field);
  }
  AddReads(plan, &selection);
  return selection;
}

FieldSelection FieldsFolded(const scoring::AggregatePlan* plan) {
  FieldSelection selection;
  selection.AddAllBut(*v1::Movement::descriptor(), kNotFolded);
  if (plan != nullptr) AddReads(*plan, &selection);
  return selection;
}

FieldSelection AssessmentFieldsFolded() {
  const auto& type = *v1::Assessment::descriptor();
  FieldSelection selection;
  // The visit; what it corrects; what it is found by; what breakers and
  // suppressions count.
  for (const char* const field :
       {"unit", "corrects_sequence", "container_number",
        "corrected_container_number", "revisions.revision", "hits.rule_set",
        "hits.rule", "hits.revision", "hits.shadow",
        "hits.suppressed_by.revision"}) {
    selection.Add(type, field);
  }
  return selection;
}

}  // namespace portrisk::service
