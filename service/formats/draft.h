// A movement while its message is being read, and what the message says of
// itself.
#ifndef PORTRISK_SERVICE_FORMATS_DRAFT_H_
#define PORTRISK_SERVICE_FORMATS_DRAFT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/arena.h"
#include "portrisk/v1/movement.pb.h"
#include "service/formats/meaning.h"

namespace portrisk::service {

// Where a message stands and who sent it.
struct Envelope {
  std::string interchange;  // Control reference of UNB; empty without one.
  std::string sender;
  std::string prepared_text;  // As UNB says it: part of an identity.
  absl::Time prepared = absl::InfinitePast();  // Unless UNB is readable.
  const char* charset = "";                    // See CharsetOf.
  bool decimal_comma = false;                  // As the UNA says.
  // GS06 of any but the first group: ST numbers count within a group.
  std::string group;
  std::string message;   // Reference of UNH.
  uint32_t segment = 0;  // Within the message; UNH is 1.
};

// "interchange 174749339, message 92218, segment 8".
void AppendPosition(const Envelope& envelope, uint32_t segment,
                    std::string* position);
std::string PositionOf(const Envelope& envelope, uint32_t segment);

// What a reject points at.
struct Anchor {
  uint32_t segment = 0;
  uint64_t offset = 0;
  std::string raw;
  std::string tag;
  uint32_t ordinal = 0;  // Of the container in its message; 0: none.
};

// A time for the occurrence and how much it is worth.
struct Occurrence {
  int rank = -1;  // Below 0: none. Higher wins.
  // From what it stands in: any time of its own comes before it.
  bool inherited = false;
  absl::Time time;
  bool date_only = false;  // The time of day may yet come.
  // How firm it is, where the time's own qualifier says so.
  v1::Classifier classifier = v1::CLASSIFIER_UNSPECIFIED;
  std::string unreadable;  // The value that was none,
  Anchor unreadable_at;    // and the segment that it stood in.
};

// The movement lives on an arena of the draft's own: it is built and thrown
// away for every container, and on the heap its thirty parts would be made and
// freed one by one (measured: a third of all reading). The sink gets it from
// there; who keeps it, copies it by moving.
struct Draft {
  Draft() { Clear(); }

  std::unique_ptr<char[]> first_block;  // Outlives the arena that uses it.
  std::unique_ptr<google::protobuf::Arena> arena;
  v1::Movement* movement = nullptr;
  Role role = Role::kContext;
  uint8_t level = 0;
  bool gave = false;  // Something within it gave a movement.
  v1::Event event = v1::EVENT_UNSPECIFIED;
  v1::Classifier classifier = v1::ACTUAL;
  Occurrence occurrence;
  uint8_t place_rank = UINT8_MAX;  // Of the place; only a first one has less.
  std::string status;              // The code of an unknown status.
  // Why nothing happened to the container here; or empty.
  absl::string_view not_moved;
  Anchor anchor;
  std::vector<std::string> links;  // Containers of a consignment.
  double items_kg = 0;             // What its items weigh, before rounding.

  // As `outer` but for what is its own.
  void BeginWithin(const Draft& outer) {
    Renew();
    movement->MergeFrom(*outer.movement);
    gave = false;
    event = outer.event;
    classifier = outer.classifier;
    occurrence = outer.occurrence;
    occurrence.inherited = true;
    place_rank = outer.place_rank;
    status = outer.status;
    not_moved = outer.not_moved;
    links.clear();
    items_kg = outer.items_kg;
  }
  void Clear() {
    Renew();
    gave = false;
    event = v1::EVENT_UNSPECIFIED;
    classifier = v1::ACTUAL;
    occurrence = Occurrence();
    place_rank = UINT8_MAX;
    status.clear();
    not_moved = "";
    links.clear();
    items_kg = 0;
  }

 private:
  // Enough for most movements, and kept when the arena is reset.
  static constexpr size_t kFirstBlockBytes = 4096;

  void Renew() {
    if (arena == nullptr) {
      google::protobuf::ArenaOptions options;
      first_block = std::make_unique<char[]>(kFirstBlockBytes);
      options.initial_block = first_block.get();
      options.initial_block_size = kFirstBlockBytes;
      arena = std::make_unique<google::protobuf::Arena>(options);
    } else {
      arena->Reset();
    }
    movement =
        google::protobuf::Arena::CreateMessage<v1::Movement>(arena.get());
  }
};

// What a message says of itself.
struct MessageFacts {
  MessageType type = MessageType::kOther;
  Function function = Function::kOriginal;
  std::string document;                        // BGM 1004.
  std::string previous_document;               // RFF+ACW.
  std::string sender;                          // NAD+MS.
  absl::Time prepared = absl::InfinitePast();  // DTM+137.
  Leg leg = Leg::kAny;                         // Of the last TDT.
  uint32_t containers = 0;                     // So far.
  bool unknown_document = false;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_DRAFT_H_
