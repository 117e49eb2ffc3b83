// What becomes of a draft when its group has ended: a movement or a reject.
//
// Identity. A message sent again must give the movements the ids they had, and
// a replacement or cancellation must name what it replaces, though its own
// interchange and message references differ. So an id is made of
//
//   the document number (BGM 1004; for a change, the number in RFF+ACW),
//   the event, and the container (without one the booking, the bill of lading
//   or the pick-up right),
//
// with "#2" behind the second mention of one in a message. Many terminals send
// no document number, or the same words in every message; a number counts when
// it has six characters or more, four of them digits. Otherwise the interchange
// (reference and time of preparation), in X12 the group behind the first, and
// the message reference stand in its place: stable when the same interchange is
// sent again, which is all that can be had. Status reports repeat one number (a
// booking's) for years, so the time of the status is part of their ids.
//
// An original carries no update time, so that any change is newer.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "service/formats/edifact_codes.h"
#include "service/formats/message_reader.h"
#include "service/formats/text.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

constexpr size_t kSourceBytesMax = 64;
// Beyond this many containers in a message, which no message has, mentions
// are told apart by their ordinal, and memory stays bounded.
constexpr size_t kSeenMax = 100'000;

bool IdentifiesDocument(absl::string_view number) {
  return number.size() >= 6 &&
         std::count_if(number.begin(), number.end(), absl::ascii_isdigit) >= 4;
}

bool IsDocumentary(v1::Event event) { return event >= v1::MANIFEST_LODGED; }

bool NamesSomething(const v1::Movement& movement) {
  const v1::Consignment& consignment = movement.consignment();
  return !consignment.booking().empty() ||
         !consignment.bill_of_lading().empty() ||
         !consignment.declaration().empty() ||
         !movement.pickup_right().id().empty();
}

}  // namespace

absl::Status MessageReader::Give(Draft* draft) {
  if (!SetEvent(draft) || !CheckNumber(draft)) return absl::OkStatus();
  if (!draft->not_moved.empty()) {
    Refuse(draft->anchor, "element 5", "NOT_MOVED",
           absl::StrCat("the container ", draft->not_moved,
                        " (EQD element 5), so nothing happened to it here"));
    return absl::OkStatus();
  }
  if (!SetTimes(draft)) return absl::OkStatus();
  const v1::Event with_right = meaning_->definition().with_right;
  if (!draft->movement->retraction() || with_right == v1::EVENT_UNSPECIFIED ||
      draft->event == with_right || DocumentKey().empty()) {
    return HandOver(draft);
  }
  // A cancellation that names no right: the original may have issued one, and
  // then it was another event. Both are void.
  output_->Tolerate("RELEASE_NOT_REPEATED");
  Draft right;
  right.BeginWithin(*draft);
  right.anchor = draft->anchor;
  right.event = with_right;
  if (absl::Status given = HandOver(draft); !given.ok()) return given;
  return HandOver(&right);
}

absl::Status MessageReader::HandOver(Draft* draft) {
  if (!SetIdentity(draft)) return absl::OkStatus();
  draft->movement->set_event(draft->event);
  const v1::Classifier of_time = draft->occurrence.classifier;
  draft->movement->set_classifier(
      of_time == v1::CLASSIFIER_UNSPECIFIED ? draft->classifier : of_time);
  return output_->Emit(std::move(*draft->movement));
}

// Whether the message takes a pick-up right back, which happened then and does
// not mean that the right was never issued.
bool MessageReader::Revokes(const v1::Movement& movement) const {
  return facts_.function == Function::kCancel &&
         meaning_->definition().cancelled_by != v1::EVENT_UNSPECIFIED &&
         !movement.pickup_right().id().empty();
}

// False when the message does not say what happened.
bool MessageReader::SetEvent(Draft* draft) {
  const Definition& definition = meaning_->definition();
  v1::Movement& movement = *draft->movement;
  if (!movement.pickup_right().id().empty() &&
      definition.with_right != v1::EVENT_UNSPECIFIED) {
    draft->event = definition.with_right;
  }
  if (facts_.function == Function::kReplace &&
      definition.replaced_by != v1::EVENT_UNSPECIFIED) {
    draft->event = definition.replaced_by;
  }
  if (Revokes(movement)) draft->event = definition.cancelled_by;
  if (draft->event != v1::EVENT_UNSPECIFIED) return true;
  if (definition.by_load_status) {
    const v1::LoadStatus now = movement.container().load_status();
    draft->event = now == v1::FULL    ? v1::STUFFING
                   : now == v1::EMPTY ? v1::STRIPPING
                                      : v1::EVENT_UNSPECIFIED;
    if (draft->event != v1::EVENT_UNSPECIFIED) {
      output_->Tolerate("EVENT_BY_LOAD_STATUS");
      return true;
    }
    Refuse(draft->anchor, "", "UNKNOWN_DOCUMENT", definition.documents_hint);
    return false;
  }
  if (!draft->status.empty()) {
    Refuse(draft->anchor, "", "UNKNOWN_STATUS",
           absl::StrCat("the status \"", Excerpt(draft->status),
                        "\" is none that says what happened to a container; "
                        "`portrisk formats` lists those that do"));
  } else if (definition.documents.empty()) {
    Refuse(draft->anchor, "", "NO_STATUS",
           "nothing says what happened to the container; send its status");
  }
  return false;  // No BGM: End says so.
}

// False when what happened did not happen to anything.
bool MessageReader::CheckNumber(Draft* draft) {
  v1::Movement& movement = *draft->movement;
  if (!movement.container().number().empty()) return true;
  const Definition& definition = meaning_->definition();
  if (definition.type == MessageType::kCusrep) {
    // About a vessel, not a box: the report itself is what can be followed.
    movement.mutable_consignment()->set_declaration(
        facts_.document.empty()
            ? absl::StrCat(envelope_.interchange, "/", envelope_.message)
            : facts_.document);
  }
  if ((definition.number_optional || IsDocumentary(draft->event)) &&
      NamesSomething(movement)) {
    return true;
  }
  if (definition.type == MessageType::kBaplie) {
    output_->Tolerate("SLOT_WITHOUT_CONTAINER");
    return false;
  }
  if (definition.number_optional) {
    Refuse(draft->anchor, "", "NOTHING_TO_FOLLOW",
           "no container, booking, bill of lading or release is named; send "
           "one of them");
  } else if (draft->anchor.ordinal == 0) {
    Refuse(draft->anchor, "", "NO_CONTAINER",
           "the report names no container to which this happened; send its "
           "number");
  } else {
    Refuse(draft->anchor, "element 2", "NO_CONTAINER_NUMBER",
           "the EQD names no container; a report of what happened must say to "
           "which: send its number in the second element");
  }
  return false;
}

// False, having refused the draft, when a time is needed and none is good.
bool MessageReader::SetTimes(Draft* draft) {
  const Definition& definition = meaning_->definition();
  v1::Movement& movement = *draft->movement;
  const absl::Time prepared = facts_.prepared != absl::InfinitePast()
                                  ? facts_.prepared
                                  : envelope_.prepared;
  const bool voids = facts_.function == Function::kCancel && !Revokes(movement);
  const bool corrects =
      voids || (facts_.function == Function::kReplace &&
                definition.replaced_by == v1::EVENT_UNSPECIFIED);
  if (corrects && prepared != absl::InfinitePast()) {
    *movement.mutable_update_time() = ToProto(prepared);
  }
  movement.set_retraction(voids);
  if (draft->occurrence.rank < 0 && definition.document &&
      prepared != absl::InfinitePast()) {
    if (facts_.prepared == absl::InfinitePast()) {
      output_->Tolerate("TIME_OF_INTERCHANGE");
    }
    draft->occurrence.rank = 0;
    draft->occurrence.time = prepared;
  }
  if (draft->occurrence.rank >= 0) {
    if (draft->occurrence.date_only) {
      output_->Tolerate(kDateOnly);
      movement.set_occurrence_date_only(!definition.document);
    }
    *movement.mutable_occurrence_time() = ToProto(draft->occurrence.time);
    return true;
  }
  if (voids) return true;
  if (!draft->occurrence.unreadable.empty()) {
    // The segment is the time's, the container what it would have been of.
    Anchor anchor = draft->occurrence.unreadable_at;
    anchor.tag = draft->anchor.tag;
    anchor.ordinal = draft->anchor.ordinal;
    Refuse(anchor, definition.standard == "X12" ? "" : "DTM, element 1.2",
           "BAD_TIME",
           absl::StrCat("\"", Excerpt(draft->occurrence.unreadable),
                        "\" is no time; ",
                        definition.document ? "" : definition.time_hint));
    return false;
  }
  Refuse(draft->anchor, "", "NO_TIME",
         definition.document
             ? absl::string_view("nothing says when the document was prepared; "
                                 "send DTM+137:CCYYMMDDHHMM:203")
             : definition.time_hint);
  return false;
}

// Sets id, source and origin; false when the message cannot be tied to what it
// cancels.
bool MessageReader::SetIdentity(Draft* draft) {
  v1::Movement& movement = *draft->movement;
  const std::string document = DocumentKey();
  const bool cancels = facts_.function == Function::kCancel;
  const bool corrects =
      facts_.function == Function::kReplace &&
      meaning_->definition().replaced_by == v1::EVENT_UNSPECIFIED;
  if ((cancels || corrects) && document.empty()) {
    Refuse(draft->anchor, "", "NO_PREVIOUS_DOCUMENT",
           meaning_->definition().standard == "X12"
               ? "the set corrects another (ZC1), but its number there does "
                 "not identify which; send the movements themselves again, as "
                 "JSON lines with the ids they had and a newer update_time"
               : absl::StrCat(
                     "the message ", cancels ? "cancels" : "replaces",
                     " another, but names no document that identifies which; "
                     "send its number in BGM 1004 or RFF+ACW, of six "
                     "characters or more, four of them digits: what is shorter "
                     "is no number of one document"));
    return false;
  }
  key_ = document;
  if (key_.empty() && !envelope_.interchange.empty()) {
    absl::StrAppend(&key_, envelope_.interchange, ".", envelope_.prepared_text,
                    "/", envelope_.group, envelope_.group.empty() ? "" : "/",
                    envelope_.message);
  } else if (key_.empty()) {
    absl::StrAppend(&key_, "-/", envelope_.message, "/",
                    absl::ToUnixSeconds(draft->occurrence.time));
  } else if (draft->event == meaning_->definition().replaced_by) {
    absl::StrAppend(&key_, "@", envelope_.prepared_text);  // Each change.
  }
  if (meaning_->definition().count_status_time) {
    absl::StrAppend(&key_, "@", absl::ToUnixSeconds(draft->occurrence.time));
  }
  const size_t before = key_.size();
  absl::StrAppend(&key_, "/", v1::Event_Name(draft->event), "/");
  AppendSubject(movement);
  const uint64_t mention = Fnv1a(absl::string_view(key_).substr(before));
  const uint32_t times =
      seen_.size() < kSeenMax ? ++seen_[mention] : draft->anchor.ordinal;
  if (times > 1) absl::StrAppend(&key_, "#", times);
  movement.set_id(BoundedId(key_));

  movement.set_source(Source());
  origin_.clear();
  AppendPosition(envelope_, draft->anchor.segment, &origin_);
  if (draft->anchor.ordinal > 0) {
    absl::StrAppend(&origin_, ", ", draft->anchor.tag, " ",
                    draft->anchor.ordinal);
  }
  movement.set_origin(origin_);
  return true;
}

const std::string& MessageReader::Source() {
  source_ = envelope_.sender.empty() ? facts_.sender : envelope_.sender;
  if (source_.empty()) {
    source_ = absl::AsciiStrToLower(meaning_->definition().standard);
  }
  if (source_.size() <= kSourceBytesMax && IsPlainAscii(source_)) {
    return source_;
  }
  while (source_.size() > kSourceBytesMax || !IsValidUtf8(source_)) {
    source_.pop_back();
  }
  return source_;
}

// Appends what the movement is about to the key.
void MessageReader::AppendSubject(const v1::Movement& movement) {
  const v1::Consignment& consignment = movement.consignment();
  const size_t before = key_.size();
  for (const char c : movement.container().number()) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      key_.push_back(absl::ascii_toupper(static_cast<unsigned char>(c)));
    }
  }
  const bool boxed = key_.size() > before;
  if (meaning_->definition().per_consignment || !boxed) {
    const std::string& bill = consignment.bill_of_lading();
    absl::StrAppend(&key_, boxed && !bill.empty() ? "/" : "", bill);
  }
  if (key_.size() == before) key_ += consignment.booking();
  if (key_.size() == before) key_ += movement.pickup_right().id();
}

// Empty when the message names no document that identifies it.
std::string MessageReader::DocumentKey() const {
  const std::string& number = facts_.function != Function::kOriginal &&
                                      !facts_.previous_document.empty()
                                  ? facts_.previous_document
                                  : facts_.document;
  return IdentifiesDocument(number) ? number : "";
}

}  // namespace portrisk::service
