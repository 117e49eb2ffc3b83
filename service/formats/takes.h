// Applies one rule to one segment: reads the part, understands it as the
// rule's Take says, fills the field.
#ifndef PORTRISK_SERVICE_FORMATS_TAKES_H_
#define PORTRISK_SERVICE_FORMATS_TAKES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/formats/draft.h"
#include "service/formats/output.h"
#include "service/formats/segment_tokenizer.h"

namespace portrisk::service {

// Not thread safe. Envelope and output outlive the object.
class SegmentTaker {
 public:
  SegmentTaker(const Envelope& envelope, Output* output);

  void Apply(const Rule& rule, const Segment& segment, MessageFacts* facts,
             Draft* draft);

  // Text of the message's character set as UTF-8.
  std::string Text(absl::string_view bytes);

 private:
  // One application: what its functions work on.
  struct Job {
    const Rule& rule;
    const Segment& segment;
    MessageFacts* facts;
    Draft* draft;
    absl::string_view value() const {
      return segment.At(rule.value.element, rule.value.component);
    }
    absl::string_view extra() const {
      return segment.At(rule.extra.element, rule.extra.component);
    }
    // The component behind the value.
    absl::string_view behind() const {
      return segment.At(rule.value.element, rule.value.component + 1);
    }
    v1::Movement* movement() const { return draft->movement; }
  };
  using Handler = void (SegmentTaker::*)(const Job&);
  static Handler HandlerOf(Take take);

  void TakeText(const Job& job);
  void TakeLocode(const Job& job);
  void TakeDigits(const Job& job);
  void TakeNumber(const Job& job);
  void TakeX12Number(const Job& job);
  void TakeBill(const Job& job);
  void TakeX12Bill(const Job& job);
  void TakeRelease(const Job& job);
  void TakePlace(const Job& job);
  void TakeX12Place(const Job& job);
  void TakeX12FirstPlace(const Job& job);
  void TakeX12Port(const Job& job);
  void TakeWeight(const Job& job);
  void TakeCountSum(const Job& job);
  void TakeMode(const Job& job);
  void TakeImo(const Job& job);
  void TakeCallSign(const Job& job);
  void TakeInlandMeans(const Job& job);
  void TakeLegParty(const Job& job);
  void TakeNadParty(const Job& job);
  void TakeX12Party(const Job& job);
  void TakeSeal(const Job& job);
  void TakeGoods(const Job& job);
  void TakeLoadStatus(const Job& job);
  void TakeNotMoved(const Job& job);
  void TakeTime(const Job& job);
  void TakeTimeOfDay(const Job& job);
  void NoteUnreadable(const Job& job, std::string text);
  void TakeX12Time(const Job& job);
  void TakePrepared(const Job& job);
  void TakeTimestamp(const Job& job);
  void TakeStatusCode(const Job& job);
  void TakeDocumentName(const Job& job);
  void TakeOfMessage(const Job& job);
  void TakeAmendment(const Job& job);
  void TakeLink(const Job& job);
  void TakeContainerCount(const Job& job);

  // Sets *field unless the segment says nothing.
  void Set(std::string* field, absl::string_view bytes);
  void Seal(v1::Movement* movement, absl::string_view number,
            absl::string_view source);

  const Envelope& envelope_;
  Output* output_;
  const absl::TimeZone zone_;
};

// Upper-case letters and digits only.
std::string NumberInNormalForm(absl::string_view number);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_TAKES_H_
