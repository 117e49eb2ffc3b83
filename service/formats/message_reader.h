// One EDIFACT or X12 message, segment by segment, to movements, as the tables
// of meaning.h say.
//
// Segments of the message hold for all that stands in it, those of a group for
// what stands in the group. A group is handed over as soon as it has ended:
// damage further on takes nothing back. Only messages whose consignments name
// boxes described before (CUSCAR, COSTCO) are held, up to a bound.
#ifndef PORTRISK_SERVICE_FORMATS_MESSAGE_READER_H_
#define PORTRISK_SERVICE_FORMATS_MESSAGE_READER_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "service/formats/compiled_meaning.h"
#include "service/formats/draft.h"
#include "service/formats/output.h"
#include "service/formats/segment_tokenizer.h"
#include "service/formats/takes.h"

namespace portrisk::service {

// Not thread safe. Output and envelope outlive the object; the caller keeps
// the envelope up to date.
class MessageReader {
 public:
  MessageReader(const Envelope& envelope, Output* output);

  // Begins a message at its header; forgets the one before.
  void Begin(MessageType type, const Segment& header);
  // Takes a segment between header and trailer. An error is the sink's.
  absl::Status Take(const Segment& segment);
  // The message ended as it should: hands the last movements over.
  absl::Status End();
  // The movement in progress and all that would follow is lost. Returns what
  // that is, for a reject: "EQD 3 (MSKU1234565)", or empty.
  std::string Abandon();

 private:
  // A message, a consignment, a status, a container: none nests deeper.
  static constexpr size_t kDepthMax = 4;

  // Equipment that consignments further on refer to.
  struct Held {
    v1::Movement movement;
    v1::Event event = v1::EVENT_UNSPECIFIED;
    Occurrence occurrence;
    Anchor anchor;
    bool used = false;
    std::string bill;  // The last that named it.
  };

  // What a box has of goods that are split among several.
  struct Share {
    int32_t packages = 0;
    double kg = 0;
    std::string goods;
    std::string commodity;
    bool used = false;
  };

  const Group* FindOpening(const TagMeaning& meaning,
                           const Segment& segment) const;
  absl::Status Open(const Group& group, const Segment& segment);
  void Push(const Group& group, const Segment& segment);
  void Apply(const Step& step, uint32_t first, const Segment& segment);
  Leg LegOf(const Segment& segment) const;

  absl::Status CloseTo(uint8_t level);
  absl::Status Close(Draft* draft);
  absl::Status CloseConsignment(Draft* draft);
  absl::Status Hold(Draft* draft);
  absl::Status GiveHeld();
  absl::Status GiveWithBox(const Draft& consignment, const std::string& number);

  // See split_goods.cc.
  void CloseItem(Draft* item);
  void Split(const Draft& item);
  void AddTo(const Share& share, Draft* draft);
  void AddShareOf(Draft* box);
  void CountUnusedShares();

  // See message_closing.cc.
  absl::Status Give(Draft* draft);
  absl::Status HandOver(Draft* draft);
  bool SetEvent(Draft* draft);
  bool Revokes(const v1::Movement& movement) const;
  bool CheckNumber(Draft* draft);
  bool SetTimes(Draft* draft);
  bool SetIdentity(Draft* draft);
  std::string DocumentKey() const;
  void AppendSubject(const v1::Movement& movement);
  const std::string& Source();

  void SetAnchor(const Segment& segment, Anchor* anchor) const;
  std::string PositionAt(const Anchor& anchor, absl::string_view element) const;
  // And reads no more of it.
  void RefuseMessage(const Segment& segment, absl::string_view element,
                     absl::string_view reason, absl::string_view message);
  void Refuse(const Anchor& anchor, absl::string_view element,
              absl::string_view reason, absl::string_view message);

  Draft& top() { return drafts_[depth_ - 1]; }

  const Envelope& envelope_;
  Output* output_;
  SegmentTaker taker_;

  const CompiledMeaning* meaning_ = nullptr;
  MessageFacts facts_;
  bool refused_ = false;
  bool empty_ = true;  // Nothing in it was a container or a status.
  Scopes scope_ = kHeader;
  Scopes behind_remark_ = kHeader;
  std::array<Draft, kDepthMax> drafts_;  // Reused.
  size_t depth_ = 1;
  std::vector<Held> held_;
  absl::flat_hash_map<std::string, size_t> held_by_number_;
  absl::flat_hash_map<std::string, Share> shares_;  // By container.
  Share split_;                                     // All that was split, once.
  absl::flat_hash_map<uint64_t, uint32_t> seen_;  // Hashes of keys, how often.
  // Reused.
  std::string key_;
  std::string origin_;
  std::string source_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_MESSAGE_READER_H_
