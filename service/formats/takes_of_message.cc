// Takes that concern times, what happened and the message itself.
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "service/formats/definitions.h"
#include "service/formats/edifact_codes.h"
#include "service/formats/takes.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

constexpr size_t kLinksMax = 2000;

}  // namespace

void SegmentTaker::TakeTime(const Job& job) {
  Occurrence& occurrence = job.draft->occurrence;
  if (job.behind() == "401") return TakeTimeOfDay(job);
  if (!occurrence.inherited && job.rule.rank <= occurrence.rank) return;
  const DateTime read = ParseDateTime(job.value(), job.behind(), zone_);
  if (!read.ok) return NoteUnreadable(job, std::string(job.value()));
  occurrence.date_only = read.tolerated == kDateOnly;
  if (!occurrence.date_only && !read.tolerated.empty()) {
    output_->Tolerate(read.tolerated);
  }
  occurrence.inherited = false;
  occurrence.rank = job.rule.rank;
  occurrence.time = read.time;
  occurrence.classifier = job.rule.classifier;
}

// Some send the day, and then the time of day by itself.
void SegmentTaker::TakeTimeOfDay(const Job& job) {
  Occurrence& occurrence = job.draft->occurrence;
  if (job.rule.rank != occurrence.rank || !occurrence.date_only) return;
  const absl::optional<absl::Duration> time = ParseTimeOfDay(job.value());
  if (!time) return output_->Tolerate("TIME_UNUSABLE");
  occurrence.inherited = false;
  occurrence.time += *time;
  occurrence.date_only = false;
}

void SegmentTaker::NoteUnreadable(const Job& job, std::string text) {
  Occurrence& occurrence = job.draft->occurrence;
  if (occurrence.inherited && !text.empty()) {
    // What would stand in for it is another time.
    occurrence.inherited = false;
    occurrence.rank = -1;
  }
  occurrence.unreadable = std::move(text);
  occurrence.unreadable_at.segment = envelope_.segment;
  occurrence.unreadable_at.offset = job.segment.offset();
  occurrence.unreadable_at.raw = std::string(job.segment.raw());
}

void SegmentTaker::TakeX12Time(const Job& job) {
  if (job.value().empty()) return;
  const size_t at = job.rule.value.element;
  const DateTime read = ParseX12Time(
      job.value(), job.segment.At(at + 1),
      job.segment.tag() == "Q5" ? job.segment.At(at + 2) : "", zone_);
  Occurrence& occurrence = job.draft->occurrence;
  if (!read.ok) {
    return NoteUnreadable(
        job, absl::StrCat(job.value(), " ", job.segment.At(at + 1)));
  }
  if (!read.tolerated.empty()) output_->Tolerate(read.tolerated);
  occurrence.rank = 1;
  occurrence.time = read.time;
}

void SegmentTaker::TakePrepared(const Job& job) {
  const DateTime read = ParseDateTime(job.value(), job.behind(), zone_);
  if (read.ok) {
    job.facts->prepared = read.time;
  } else if (!job.value().empty()) {
    output_->Tolerate("TIME_UNUSABLE");
  }
}

void SegmentTaker::TakeTimestamp(const Job& job) {
  const DateTime read = job.rule.take == Take::kX12Date
                            ? ParseX12Time(job.value(), "", "", zone_)
                            : ParseDateTime(job.value(), job.behind(), zone_);
  if (!read.ok) {
    if (!job.value().empty()) output_->Tolerate("TIME_UNUSABLE");
    return;
  }
  absl::Time time = read.time;
  if (job.rule.field->path == "pickup_right.expire_time" &&
      read.tolerated == kDateOnly) {
    // The last day that it is good for.
    time = absl::FromCivil(absl::ToCivilDay(time, zone_) + 1, zone_) -
           absl::Seconds(1);
  }
  *job.rule.field->time(job.movement()) = ToProto(time);
}

void SegmentTaker::TakeStatusCode(const Job& job) {
  const StatusCode* status = FindStatus(job.value());
  if (status == nullptr) {
    job.draft->event = v1::EVENT_UNSPECIFIED;
    job.draft->status = std::string(job.value());
    return;
  }
  job.draft->event = status->event;
  job.draft->status.clear();
  if (status->load_status != v1::LOAD_STATUS_UNSPECIFIED) {
    job.movement()->mutable_container()->set_load_status(status->load_status);
  }
  if (status->mode != v1::MODE_UNSPECIFIED) {
    job.movement()->mutable_transport()->set_mode(status->mode);
  }
}

void SegmentTaker::TakeDocumentName(const Job& job) {
  const Definition& definition = DefinitionOf(job.facts->type);
  const DocumentCode* document = FindDocument(job.facts->type, job.value());
  if (document != nullptr) {
    job.draft->event = document->event;
    job.draft->classifier = document->classifier;
    job.facts->unknown_document = document->event == v1::EVENT_UNSPECIFIED;
  } else if (definition.other_documents != v1::EVENT_UNSPECIFIED &&
             !job.value().empty()) {
    job.draft->event = definition.other_documents;
    output_->Tolerate("DOCUMENT_UNKNOWN");
  } else {
    job.draft->event = definition.event;
    job.facts->unknown_document =
        definition.event == v1::EVENT_UNSPECIFIED && !definition.by_load_status;
  }
}

void SegmentTaker::TakeOfMessage(const Job& job) {
  switch (job.rule.take) {
    case Take::kDocumentNumber:
      job.facts->document = Text(job.value());
      break;
    case Take::kFunction:
      job.facts->function = FunctionOf(job.value());
      if (job.facts->function == Function::kUnknown) {
        output_->Tolerate("FUNCTION_READ_AS_ORIGINAL");
        job.facts->function = Function::kOriginal;
      }
      break;
    case Take::kCorrection:
      job.facts->function = Function::kReplace;
      break;
    case Take::kPreviousDocument:
      job.facts->previous_document = Text(job.value());
      break;
    default:  // Take::kSender
      job.facts->sender = Text(job.value());
  }
}

// M13 3 (X12 580) and 7 (X12 306): D and 3 delete the bill, which then says
// nothing of where its boxes go.
void SegmentTaker::TakeAmendment(const Job& job) {
  const absl::string_view action = job.extra();
  if (job.value() != "D" && action != "D" && action != "3") {
    job.draft->event = v1::MANIFEST_AMENDED;
    return;
  }
  job.draft->event = v1::EVENT_UNSPECIFIED;
  output_->Tolerate("BILL_DELETED");
}

void SegmentTaker::TakeLink(const Job& job) {
  std::string number = NumberInNormalForm(job.value());
  if (number.empty()) return;
  std::vector<std::string>& links = job.draft->links;
  for (const std::string& link : links) {
    if (link == number) return;
  }
  if (links.size() == kLinksMax) {
    output_->Tolerate("CONTAINERS_BEYOND_2000");
    return;
  }
  links.push_back(std::move(number));
}

void SegmentTaker::TakeContainerCount(const Job& job) {
  uint32_t count = 0;
  if (!absl::SimpleAtoi(job.value(), &count) ||
      count != job.facts->containers) {
    output_->Tolerate("CNT_COUNT");
  }
}

SegmentTaker::Handler SegmentTaker::HandlerOf(Take take) {
  using S = SegmentTaker;
  // In the order of Take.
  static constexpr Handler kHandlers[] = {
      &S::TakeText,         &S::TakeText,        &S::TakeLocode,
      &S::TakeLocode,       &S::TakeDigits,      &S::TakeNumber,
      &S::TakeNumber,       &S::TakeX12Number,   &S::TakeBill,
      &S::TakeX12Bill,      &S::TakeRelease,     &S::TakePlace,
      &S::TakePlace,        &S::TakeX12Place,    &S::TakeX12FirstPlace,
      &S::TakeX12Port,      &S::TakeWeight,      &S::TakeWeight,
      &S::TakeWeight,       &S::TakeCountSum,    &S::TakeMode,
      &S::TakeMode,         &S::TakeImo,         &S::TakeCallSign,
      &S::TakeInlandMeans,  &S::TakeInlandMeans, &S::TakeLegParty,
      &S::TakeNadParty,     &S::TakeX12Party,    &S::TakeSeal,
      &S::TakeSeal,         &S::TakeGoods,       &S::TakeGoods,
      &S::TakeLoadStatus,   &S::TakeLoadStatus,  &S::TakeNotMoved,
      &S::TakeTime,         &S::TakeX12Time,     &S::TakePrepared,
      &S::TakeTimestamp,    &S::TakeTimestamp,   &S::TakeStatusCode,
      &S::TakeDocumentName, &S::TakeOfMessage,   &S::TakeOfMessage,
      &S::TakeOfMessage,    &S::TakeOfMessage,   &S::TakeOfMessage,
      &S::TakeAmendment,    &S::TakeLink,        &S::TakeContainerCount,
  };
  static_assert(std::size(kHandlers) ==
                static_cast<size_t>(Take::kContainerCount) + 1);
  return kHandlers[static_cast<size_t>(take)];
}

void SegmentTaker::Apply(const Rule& rule, const Segment& segment,
                         MessageFacts* facts, Draft* draft) {
  (this->*HandlerOf(rule.take))({rule, segment, facts, draft});
}

}  // namespace portrisk::service
