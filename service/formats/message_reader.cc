// HOT PATH, with takes.cc and compiled_meaning.h. The drafts are a stack: the
// message at its bottom, then what of it is open. A group that begins closes
// all of its level and above, and starts as a copy of what remains.
#include "service/formats/message_reader.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "service/formats/edifact_codes.h"
#include "service/formats/text.h"

namespace portrisk::service {
namespace {

// Boxes of one message that are held until a consignment refers to them. No
// vessel carries more.
constexpr size_t kHeldMax = 25'000;

bool IsInlandMode(v1::Mode mode) {
  return mode == v1::ROAD || mode == v1::RAIL || mode == v1::BARGE;
}

}  // namespace

void AppendPosition(const Envelope& envelope, uint32_t segment,
                    std::string* position) {
  if (!envelope.interchange.empty()) {
    absl::StrAppend(position, "interchange ", envelope.interchange, ", ");
  }
  if (!envelope.message.empty()) {
    absl::StrAppend(position, "message ", envelope.message, ", ");
  }
  absl::StrAppend(position, "segment ", segment);
}

std::string PositionOf(const Envelope& envelope, uint32_t segment) {
  std::string position;
  AppendPosition(envelope, segment, &position);
  return position;
}

MessageReader::MessageReader(const Envelope& envelope, Output* output)
    : envelope_(envelope), output_(output), taker_(envelope, output) {}

void MessageReader::Begin(MessageType type, const Segment& header) {
  meaning_ = &MeaningOf(type);
  facts_ = MessageFacts();
  facts_.type = type;
  refused_ = false;
  empty_ = true;
  scope_ = kHeader;
  depth_ = 1;
  Draft& message = drafts_[0];
  message.Clear();
  message.role = meaning_->definition().role;
  message.level = 0;
  message.event = meaning_->definition().event;
  held_.clear();
  held_by_number_.clear();
  shares_.clear();
  split_ = Share();
  seen_.clear();
  SetAnchor(header, &message.anchor);
  message.anchor.ordinal = 0;
}

void MessageReader::SetAnchor(const Segment& segment, Anchor* anchor) const {
  anchor->segment = envelope_.segment;
  anchor->offset = segment.offset();
  anchor->raw.assign(segment.raw().data(), segment.raw().size());
  anchor->tag.assign(segment.tag().data(), segment.tag().size());
}

absl::Status MessageReader::Take(const Segment& segment) {
  if (refused_) return absl::OkStatus();
  const TagMeaning* meaning = meaning_->Find(segment.tag());
  if (meaning == nullptr) return absl::OkStatus();
  if (scope_ == kDangerous && segment.tag() != "MEA" &&
      segment.tag() != "FTX") {
    scope_ = behind_remark_;
  }
  if (const Group* group = FindOpening(*meaning, segment)) {
    if (absl::Status opened = Open(*group, segment); !opened.ok()) {
      return opened;
    }
  }
  if (scope_ == 0) return absl::OkStatus();
  const uint32_t first = PackCode(segment.At(1));
  for (const Step& step : meaning->StepsFor(first)) {
    Apply(step, first, segment);
  }
  if (facts_.function == Function::kNoReport) {
    RefuseMessage(segment, "element 3", "NO_REPORT",
                  "the message asks for something, refuses it or changes a "
                  "part alone; send what happened as 9 (original), 5 "
                  "(replacement) or 1 (cancellation)");
  } else if (facts_.unknown_document) {
    RefuseMessage(segment, "element 1", "UNKNOWN_DOCUMENT",
                  meaning_->definition().documents_hint);
  }
  return absl::OkStatus();
}

void MessageReader::RefuseMessage(const Segment& segment,
                                  absl::string_view element,
                                  absl::string_view reason,
                                  absl::string_view message) {
  refused_ = true;
  SetAnchor(segment, &top().anchor);
  Refuse(top().anchor, element, reason, message);
}

const Group* MessageReader::FindOpening(const TagMeaning& meaning,
                                        const Segment& segment) const {
  if (meaning.openings.empty()) return nullptr;
  const uint32_t code = PackCode(segment.At(1));
  for (const Opening& opening : meaning.openings) {
    if (!opening.codes.any() && !opening.codes.Has(code)) continue;
    const Scopes from = opening.group->from;
    if (from == 0 || (from & scope_) != 0) return opening.group;
  }
  return nullptr;
}

absl::Status MessageReader::Open(const Group& group, const Segment& segment) {
  if (segment.tag() == "TDT") facts_.leg = LegOf(segment);
  const bool of_box = group.role == Role::kItem && top().role == Role::kUnit;
  if (group.role != Role::kPart && group.role != Role::kRemark && !of_box) {
    if (absl::Status closed = CloseTo(group.level); !closed.ok()) {
      return closed;
    }
  }
  if (group.role == Role::kRemark) behind_remark_ = scope_;
  scope_ = group.opens;
  switch (group.role) {
    case Role::kPart:
    case Role::kRemark:
    case Role::kTrailer:
      break;
    case Role::kIgnored:
      output_->Tolerate("EQUIPMENT_NOT_A_CONTAINER");
      if (held_by_number_.size() < kHeldMax) {
        held_by_number_.emplace(NumberInNormalForm(segment.At(2)), SIZE_MAX);
      }
      break;
    default:
      if (!of_box) Push(group, segment);
  }
  return absl::OkStatus();
}

void MessageReader::Push(const Group& group, const Segment& segment) {
  if (group.role != Role::kContext) empty_ = false;
  Draft& draft = drafts_[depth_];
  draft.BeginWithin(top());
  draft.role = group.role;
  draft.level = group.level;
  SetAnchor(segment, &draft.anchor);
  draft.anchor.ordinal = 0;
  if (group.role == Role::kUnit || group.role == Role::kHeld) {
    draft.anchor.ordinal = ++facts_.containers;
  }
  facts_.leg = Leg::kAny;
  ++depth_;
}

void MessageReader::Apply(const Step& step, uint32_t first,
                          const Segment& segment) {
  if ((step.at & scope_) == 0) return;
  if (step.leg != Leg::kAny && step.leg != facts_.leg) return;
  const auto code = [&segment](Part part) {
    return PackCode(segment.At(part.element, part.component));
  };
  const Rule& rule = *step.rule;
  if (!step.codes.any() &&
      !step.codes.Has(step.of_first ? first : code(rule.key))) {
    return;
  }
  if (!step.plain) {
    if (!step.codes2.any() && !step.codes2.Has(code(rule.key2))) return;
    if (rule.only != v1::EVENT_UNSPECIFIED && rule.only != top().event) return;
  }
  taker_.Apply(rule, segment, &facts_, &top());
}

Leg MessageReader::LegOf(const Segment& segment) const {
  const v1::Mode mode = ModeOf(segment.At(3), segment.At(4));
  const bool inland = IsInlandMode(mode);
  const bool main = segment.At(1) == "20";
  switch (meaning_->definition().legs) {
    case Legs::kGate:
      // Barge and rail operators are sent their own carriage as the main one.
      if (main && !inland) return Leg::kMain;
      return mode == v1::SEA ? Leg::kOther : Leg::kInland;
    case Legs::kQuay:
      return main && (scope_ & kTop) != 0 ? Leg::kMain : Leg::kOther;
    case Legs::kOrder:
      if (inland) return Leg::kInland;
      return main ? Leg::kMain : Leg::kOther;
    case Legs::kMode:
      return inland ? Leg::kInland : Leg::kMain;
  }
  return Leg::kOther;
}

absl::Status MessageReader::CloseTo(uint8_t level) {
  while (depth_ > 1 && top().level >= level) {
    Draft* draft = &top();
    --depth_;
    if (absl::Status closed = Close(draft); !closed.ok()) return closed;
  }
  return absl::OkStatus();
}

absl::Status MessageReader::Close(Draft* draft) {
  switch (draft->role) {
    case Role::kUnit:
      AddShareOf(draft);
      break;
    case Role::kItem:
      CloseItem(draft);
      return absl::OkStatus();
    case Role::kUnitIfAlone:
      if (draft->gave) return absl::OkStatus();
      break;
    case Role::kHeld:
      return Hold(draft);
    case Role::kConsignmentOfHeld:
      return CloseConsignment(draft);
    default:
      return absl::OkStatus();
  }
  for (size_t i = 0; i < depth_; ++i) drafts_[i].gave = true;
  return Give(draft);
}

absl::Status MessageReader::Hold(Draft* draft) {
  const std::string number =
      NumberInNormalForm(draft->movement->container().number());
  if (number.empty()) return Give(draft);  // Which refuses it.
  const auto known = held_by_number_.find(number);
  if (known != held_by_number_.end() && known->second != SIZE_MAX) {
    // The same box once more; of what both say the last stands.
    output_->Tolerate("CONTAINER_REPEATED");
    Held& held = held_[known->second];
    if (draft->movement->seals_size() > 0) held.movement.clear_seals();
    held.movement.MergeFrom(*draft->movement);
    if (!draft->occurrence.inherited) held.occurrence = draft->occurrence;
    return absl::OkStatus();
  }
  if (held_.size() == kHeldMax) {
    output_->Tolerate("CONTAINERS_BEYOND_25000");
    return Give(draft);
  }
  held_by_number_[number] = held_.size();
  held_.emplace_back();
  Held& held = held_.back();
  held.movement = *draft->movement;
  held.event = draft->event;
  held.occurrence = draft->occurrence;
  held.anchor = draft->anchor;
  return absl::OkStatus();
}

// A consignment and the boxes it is in. In a manifest that is a movement for
// each box; in a report about boxes it is more about them.
absl::Status MessageReader::CloseConsignment(Draft* draft) {
  const bool per_consignment = meaning_->definition().per_consignment;
  if (draft->links.empty() && held_.size() == 1) {
    draft->links.push_back(
        NumberInNormalForm(held_[0].movement.container().number()));
  }
  v1::Movement& said = *draft->movement;
  if (draft->links.size() > 1 && draft->items_kg == 0 &&
      said.weights().has_cargo_kg()) {
    // Its weight as a whole: how much is in which box, nobody says.
    said.mutable_weights()->clear_cargo_kg();
  }
  bool gave = false;
  for (const std::string& number : draft->links) {
    const auto found = held_by_number_.find(number);
    if (found != held_by_number_.end() && found->second == SIZE_MAX) continue;
    gave = true;
    if (per_consignment) {
      if (absl::Status given = GiveWithBox(*draft, number); !given.ok()) {
        return given;
      }
    } else if (found != held_by_number_.end()) {
      v1::Movement& box = held_[found->second].movement;
      const v1::Consignment& consignment = draft->movement->consignment();
      if (box.consignment().bill_of_lading().empty()) {
        box.mutable_consignment()->MergeFrom(consignment);
        if (draft->movement->weights().has_cargo_kg()) {
          box.mutable_weights()->set_cargo_kg(
              draft->movement->weights().cargo_kg());
        }
      } else if (box.consignment().bill_of_lading() !=
                 consignment.bill_of_lading()) {
        box.mutable_consignment()->set_consolidated(true);
      }
    }
  }
  if (gave || !per_consignment) return absl::OkStatus();
  for (size_t i = 0; i < depth_; ++i) drafts_[i].gave = true;
  return Give(draft);
}

absl::Status MessageReader::GiveWithBox(const Draft& consignment,
                                        const std::string& number) {
  Draft both;
  both.BeginWithin(consignment);
  both.anchor = consignment.anchor;
  both.movement->mutable_container()->set_number(number);
  const auto found = held_by_number_.find(number);
  if (found != held_by_number_.end()) {
    Held& held = held_[found->second];
    // In several bills. Those before are on their way already.
    const std::string& bill = both.movement->consignment().bill_of_lading();
    if (held.used && held.bill != bill) {
      both.movement->mutable_consignment()->set_consolidated(true);
    }
    held.used = true;
    held.bill = bill;
    const v1::Movement& box = held.movement;
    *both.movement->mutable_container() = box.container();
    both.movement->mutable_seals()->CopyFrom(box.seals());
    if (box.has_weights()) {
      v1::Weights weights = box.weights();
      weights.MergeFrom(both.movement->weights());
      *both.movement->mutable_weights() = weights;
    }
  }
  return Give(&both);
}

// Boxes that no consignment took, or all of them where consignments only say
// more about them.
absl::Status MessageReader::GiveHeld() {
  for (Held& held : held_) {
    if (held.used) continue;
    drafts_[0].gave = true;
    Draft draft;
    *draft.movement = std::move(held.movement);
    draft.event = held.event;
    draft.occurrence = held.occurrence;
    draft.anchor = std::move(held.anchor);
    if (absl::Status given = Give(&draft); !given.ok()) return given;
  }
  held_.clear();
  return absl::OkStatus();
}

absl::Status MessageReader::End() {
  if (refused_) return absl::OkStatus();
  if (absl::Status closed = CloseTo(0); !closed.ok()) return closed;
  if (absl::Status given = GiveHeld(); !given.ok()) return given;
  Draft& message = drafts_[0];
  const Definition& definition = meaning_->definition();
  if (definition.role == Role::kUnitIfAlone) {
    if (message.gave) {
      CountUnusedShares();
      return absl::OkStatus();
    }
    AddTo(split_, &message);
    return Give(&message);
  }
  if (!definition.documents.empty() && message.event == v1::EVENT_UNSPECIFIED &&
      !definition.by_load_status) {
    Refuse(message.anchor, "", "NO_DOCUMENT",
           "the message has no BGM, which says what happened; send it");
  } else if (empty_) {
    const bool status = definition.documents.empty() && !definition.document &&
                        definition.standard == "EDIFACT";
    Refuse(message.anchor, "", status ? "NO_STATUS" : "NO_CONTAINER",
           facts_.function == Function::kCancel
               ? "the message cancels another, but says nothing of what that "
                 "said; send all of its segments again, with this function"
           : status
               ? "the message reports no status; send an STS segment for each"
               : "the message names no container; send a segment for each "
                 "(EQD+CN, LOC+147, N7, VID)");
  }
  return absl::OkStatus();
}

std::string MessageReader::Abandon() {
  std::string lost;
  const Draft& draft = top();
  if (draft.anchor.ordinal > 0) {
    lost = absl::StrCat(draft.anchor.tag, " ", draft.anchor.ordinal, " (",
                        draft.movement->container().number(), ")");
  } else if (!held_.empty()) {
    lost = absl::StrCat(held_.size(), " containers");
  }
  refused_ = true;
  held_.clear();
  return lost;
}

std::string MessageReader::PositionAt(const Anchor& anchor,
                                      absl::string_view element) const {
  std::string position = PositionOf(envelope_, anchor.segment);
  if (anchor.ordinal > 0) {
    absl::StrAppend(&position, ", ", anchor.tag, " ", anchor.ordinal);
  }
  if (!element.empty()) absl::StrAppend(&position, ", ", element);
  return position;
}

void MessageReader::Refuse(const Anchor& anchor, absl::string_view element,
                           absl::string_view reason,
                           absl::string_view message) {
  Reject reject;
  reject.offset = anchor.offset;
  reject.excerpt = Excerpt(anchor.raw);
  reject.position = PositionAt(anchor, element);
  reject.reason = std::string(reason);
  reject.message = std::string(message);
  output_->Rejected(std::move(reject));
}

}  // namespace portrisk::service
