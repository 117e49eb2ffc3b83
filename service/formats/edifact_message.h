// One CODECO or COARRI message, segment by segment, to movements.
//
// Segments before the first EQD describe the message and hold for all of its
// containers; each EQD begins a container, which ends with the next EQD, with
// CNT or with the message. A container is handed over as soon as it has ended:
// damage further on takes nothing back.
#ifndef PORTRISK_SERVICE_FORMATS_EDIFACT_MESSAGE_H_
#define PORTRISK_SERVICE_FORMATS_EDIFACT_MESSAGE_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "portrisk/v1/movement.pb.h"
#include "service/formats/edifact_codes.h"
#include "service/formats/edifact_tokenizer.h"
#include "service/formats/output.h"

namespace portrisk::service {

// Where a message stands and who sent it.
struct Envelope {
  std::string interchange;  // Control reference of UNB; empty without one.
  std::string sender;
  std::string prepared_text;  // As UNB says it: part of an identity.
  absl::Time prepared = absl::InfinitePast();  // Unless UNB is readable.
  const char* charset = nullptr;               // See CharsetOf.
  std::string message;                         // Reference of UNH.
  uint32_t segment = 0;                        // Within the message; UNH is 1.
};

// Not thread safe. Output and envelope outlive the object; the caller keeps
// the envelope up to date.
class EdifactMessage {
 public:
  EdifactMessage(const Envelope& envelope, Output* output);

  // Begins a message at its UNH; forgets the one before.
  void Begin(MessageType type, const Segment& header);
  // Takes a segment between UNH and UNT. An error is the sink's.
  absl::Status Take(const Segment& segment);
  // The message ended as it should: hands the last container over.
  absl::Status End();
  // The container in progress and all that would follow is lost. Returns what
  // that is, for a reject: "EQD 3 (MSKU1234565)", or empty.
  std::string Abandon();

 private:
  enum class State { kHeader, kContainer, kOther, kTrailer, kRefused };

  void TakeShared(const Segment& segment);
  void TakeBgm(const Segment& segment);
  absl::Status TakeEqd(const Segment& segment);
  void TakeCnt(const Segment& segment);
  void TakeDtm(const Segment& segment);
  void TakeLoc(const Segment& segment);
  void TakePlace(const Segment& segment);
  void TakeTdt(const Segment& segment);
  void TakeVessel(const Segment& segment);
  void TakeInland(const Segment& segment, v1::Mode mode);
  void TakeRff(const Segment& segment);
  void TakeNad(const Segment& segment);
  void TakeMea(const Segment& segment);
  void TakeSel(const Segment& segment);
  void TakeGoods(const Segment& segment);

  void Anchor(const Segment& segment);
  absl::Status CloseContainer();
  bool SetTimes();
  bool SetIdentity();
  std::string DocumentKey() const;
  std::string Text(absl::string_view bytes);
  // Sets *field unless the segment says nothing.
  void Set(std::string* field, absl::string_view bytes);
  void Refuse(absl::string_view reason, absl::string_view message);

  // Whom a segment describes: the container in progress, else all.
  v1::Movement* Subject() {
    return state_ == State::kContainer ? &container_ : &shared_;
  }

  // A time for the occurrence and how much it is worth.
  struct Occurrence {
    int rank = 0;  // 0: none. Higher wins.
    absl::Time time;
    std::string unreadable;  // The value that was none.
  };

  const Envelope& envelope_;
  Output* output_;
  const absl::TimeZone zone_;

  MessageType type_ = MessageType::kOther;
  State state_ = State::kHeader;
  v1::Event event_ = v1::EVENT_UNSPECIFIED;
  Function function_ = Function::kOriginal;
  std::string document_;           // BGM 1004.
  std::string previous_document_;  // RFF+ACW.
  std::string sender_;             // NAD+MS.
  absl::Time prepared_;            // DTM+137.
  v1::Movement shared_;
  Occurrence shared_occurrence_;

  // What a reject points at: the container's EQD, BGM or UNH.
  uint32_t anchor_segment_ = 0;
  uint64_t anchor_offset_ = 0;
  std::string anchor_raw_;

  v1::Movement container_;
  Occurrence occurrence_;
  bool after_inland_ = false;  // Behind a TDT of the container.
  absl::string_view not_moved_;
  uint32_t ordinal_ = 0;  // EQD segments of containers so far.
  absl::flat_hash_map<std::string, uint32_t> seen_;  // Numbers, how often.
};

// "interchange 174749339, message 92218, segment 8".
std::string PositionOf(const Envelope& envelope, uint32_t segment);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_EDIFACT_MESSAGE_H_
