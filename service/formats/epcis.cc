// EPCIS 2.0 events in JSON, where they speak of containers: identifiers of the
// BIC scheme ("urn:epc:id:bic:MSKU1234565"), as what was observed (epcList), as
// what things were put into or taken out of (parentID), or as what was put on
// something (childEPCs). Loading goods into a container stuffs it; only a
// container that is itself observed or put on something was loaded.
//
// Identity: eventID, and behind it the container when an event names several;
// for an event that declares another erroneous (errorDeclaration), a
// retraction of the same id. Without an eventID the event's hash stands for it,
// without the declaration, as the standard proposes.
#include "service/formats/epcis.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "service/formats/json_events.h"
#include "service/formats/output.h"
#include "service/formats/text.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

constexpr EpcisStep kSteps[] = {
    {"arriving", v1::GATE_IN},
    {"departing", v1::GATE_OUT},
    {"receiving", v1::GATE_IN},
    {"shipping", v1::GATE_OUT},
    {"loading", v1::LOAD},
    {"unloading", v1::DISCHARGE},
    {"packing", v1::STUFFING},
    {"unpacking", v1::STRIPPING},
    {"inspecting", v1::INSPECTION},
    {"collecting", v1::PICK_UP},
    {"storing", v1::YARD_MOVE},
    {"staging_outbound", v1::YARD_MOVE},
    {"sensor_reporting", v1::POSITION},
    {"transporting", v1::POSITION},
};

// "packing" of "packing", "urn:epcglobal:cbv:bizstep:packing" and
// "https://ref.gs1.org/cbv/BizStep-packing".
absl::string_view LastWord(absl::string_view uri) {
  const size_t at = uri.find_last_of(":/-");
  return at == absl::string_view::npos ? uri : uri.substr(at + 1);
}

// What the step of a movement is of the container that things were loaded into
// or unloaded from (CBV bizStep loading, unloading).
v1::Event OfParent(v1::Event event) {
  if (event == v1::LOAD) return v1::STUFFING;
  if (event == v1::DISCHARGE) return v1::STRIPPING;
  return event;
}

// "BL123" of "urn:epcglobal:cbv:bt:0614141:BL123": the number itself, as other
// formats give it.
std::string DocumentNumber(absl::string_view id) {
  if (!absl::StartsWithIgnoreCase(id, "urn:")) return std::string(id);
  return std::string(id.substr(id.rfind(':') + 1));
}

// The event as it was before somebody declared it erroneous.
std::string WithoutDeclaration(absl::string_view event) {
  size_t begin = 0;  // Of a member: at the comma before it, if there is one.
  int depth = 0;
  bool quoted = false;
  for (size_t at = 0; at < event.size(); ++at) {
    const char c = event[at];
    if (quoted) {
      if (c == '\\') ++at;
      quoted = c != '"';
      continue;
    }
    quoted = c == '"';
    if (depth == 1 && (c == ',' || c == '}')) {
      absl::string_view member =
          absl::StripTrailingAsciiWhitespace(event.substr(begin, at - begin));
      const bool first = !absl::ConsumePrefix(&member, ",");
      const absl::string_view named = absl::StripLeadingAsciiWhitespace(member);
      if (absl::StartsWith(named, "\"errorDeclaration\"")) {
        if (first) begin = named.data() - event.data();
        absl::string_view rest =
            event.substr(named.data() + named.size() - event.data());
        if (first && absl::ConsumePrefix(&rest, ",")) {
          rest = absl::StripLeadingAsciiWhitespace(rest);
        }
        return absl::StrCat(event.substr(0, begin), rest);
      }
      begin = at;
    }
    if (c == '}' || c == ']') --depth;
    if ((c == '{' || c == '[') && depth++ == 0) begin = at + 1;
  }
  return std::string(event);
}

std::string TextOf(element event, const char* pointer) {
  std::string_view text;
  if (event.at_pointer(pointer).get(text) != simdjson::SUCCESS) return "";
  return FoldControls(ToAbsl(text));
}

class EpcisEvent {
 public:
  EpcisEvent(element event, absl::string_view bytes, Output* output)
      : event_(event), bytes_(bytes), output_(output) {}

  // Empty, or why it gives no movement, with `message` and `pointer`.
  std::string Read(std::vector<v1::Movement>* movements);
  std::string message;
  std::string pointer;

 private:
  std::string Fail(std::string reason, std::string what, std::string where) {
    message = std::move(what);
    pointer = std::move(where);
    return reason;
  }
  std::string ReadTimes();
  void ReadPlace();
  void ReadDocuments();
  void ReadSensors();
  std::string TakeContainer(absl::string_view id);
  void ReadContainers();

  element event_;
  absl::string_view bytes_;
  Output* output_;
  v1::Movement movement_;
  std::vector<std::string> containers_;
  std::string parent_;  // Of the containers, that which holds the others.
};

// Returns its number; empty when the identifier is no container's.
std::string EpcisEvent::TakeContainer(absl::string_view id) {
  const size_t bic = id.find(":bic:");
  if (bic == absl::string_view::npos) return "";
  const std::string number(id.substr(bic + 5));
  for (const std::string& known : containers_) {
    if (known == number) return number;
  }
  if (!number.empty()) containers_.push_back(number);
  return number;
}

void EpcisEvent::ReadContainers() {
  parent_ = TakeContainer(TextOf(event_, "/parentID"));
  for (const char* list :
       {"/epcList", "/childEPCs", "/inputEPCList", "/outputEPCList"}) {
    array entries;
    if (event_.at_pointer(list).get(entries) != simdjson::SUCCESS) continue;
    for (element entry : entries) {
      std::string_view id;
      if (entry.get(id) == simdjson::SUCCESS) TakeContainer(ToAbsl(id));
    }
  }
}

std::string EpcisEvent::ReadTimes() {
  const auto read = [](const std::string& text,
                       google::protobuf::Timestamp* time) {
    absl::Time parsed;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, text, &parsed, &error) ||
        parsed < absl::FromUnixSeconds(-62135596800) ||
        parsed > absl::FromUnixSeconds(253402300799)) {
      return false;
    }
    *time = ToProto(parsed);
    return true;
  };
  const std::string occurred = TextOf(event_, "/eventTime");
  if (!read(occurred, movement_.mutable_occurrence_time())) {
    return Fail(occurred.empty() ? "NO_TIME" : "BAD_TIME",
                absl::StrCat("eventTime \"", Excerpt(occurred),
                             "\" is no time; write 2026-01-31T08:15:00+01:00"),
                "/eventTime");
  }
  const std::string declared =
      TextOf(event_, "/errorDeclaration/declarationTime");
  element error;
  if (event_.at_pointer("/errorDeclaration").get(error) == simdjson::SUCCESS) {
    movement_.set_retraction(true);
    if (!read(declared, movement_.mutable_update_time())) {
      return Fail("BAD_TIME",
                  "declarationTime is no time; say when the error "
                  "was declared",
                  "/errorDeclaration/declarationTime");
    }
  }
  return "";
}

// A place is a UN/LOCODE where its URI ends in one ("geo" URIs are
// coordinates), else its identifier as it stands.
void EpcisEvent::ReadPlace() {
  for (const char* where : {"/readPoint/id", "/bizLocation/id"}) {
    const std::string id = TextOf(event_, where);
    if (id.empty()) continue;
    v1::Location* location = movement_.mutable_location();
    double latitude = 0;
    double longitude = 0;
    if (ParseGeoUri(id, &latitude, &longitude)) {
      location->set_latitude(latitude);
      location->set_longitude(longitude);
    } else if (absl::StrContains(absl::AsciiStrToLower(id), "locode") &&
               LastWord(id).size() == 5) {
      location->set_locode(std::string(LastWord(id)));
    } else if (location->facility().empty()) {
      location->set_facility(id);
    }
  }
}

void EpcisEvent::ReadDocuments() {
  array list;
  if (event_.at_pointer("/bizTransactionList").get(list) != simdjson::SUCCESS) {
    return;
  }
  for (element entry : list) {
    const std::string type(LastWord(TextOf(entry, "/type")));
    const std::string id = DocumentNumber(TextOf(entry, "/bizTransaction"));
    if (type == "bol") {
      movement_.mutable_consignment()->set_bill_of_lading(id);
    } else if (type == "bkg" || type == "booking") {
      movement_.mutable_consignment()->set_booking(id);
    }
  }
}

void EpcisEvent::ReadSensors() {
  array elements;
  if (event_.at_pointer("/sensorElementList").get(elements) !=
      simdjson::SUCCESS) {
    return;
  }
  for (element sensor : elements) {
    array reports;
    if (sensor.at_pointer("/sensorReport").get(reports) != simdjson::SUCCESS) {
      continue;
    }
    for (element report : reports) {
      bool open = false;
      if (LastWord(TextOf(report, "/type")) == "door_open" &&
          report.at_pointer("/booleanValue").get(open) == simdjson::SUCCESS &&
          open) {
        movement_.set_event(v1::DOOR_OPENED);
      }
    }
  }
}

std::string EpcisEvent::Read(std::vector<v1::Movement>* movements) {
  ReadContainers();
  if (containers_.empty()) {
    return Fail("NO_CONTAINER",
                "no identifier of the event is a container's; name it as "
                "urn:epc:id:bic:MSKU1234565",
                "/epcList");
  }
  const std::string step(LastWord(TextOf(event_, "/bizStep")));
  for (const EpcisStep& known : kSteps) {
    if (known.step == step) movement_.set_event(known.event);
  }
  ReadSensors();
  if (movement_.event() == v1::EVENT_UNSPECIFIED) {
    return Fail("UNSUPPORTED_EVENT",
                absl::StrCat("bizStep \"", Excerpt(step),
                             "\" says nothing of what happened to a container; "
                             "`portrisk formats epcis` lists those that do"),
                "/bizStep");
  }
  if (std::string reason = ReadTimes(); !reason.empty()) return reason;
  movement_.set_classifier(v1::ACTUAL);
  movement_.set_source("epcis");
  ReadPlace();
  ReadDocuments();
  std::string id = TextOf(event_, "/eventID");
  if (id.empty()) {
    output_->Tolerate("EVENT_WITHOUT_ID");
    id = BoundedId(absl::StrCat("event/", WithoutDeclaration(bytes_),
                                std::string(128, ' ')));
  }
  for (const std::string& number : containers_) {
    v1::Movement movement = movement_;
    movement.mutable_container()->set_number(number);
    if (number == parent_) movement.set_event(OfParent(movement.event()));
    movement.set_id(BoundedId(
        containers_.size() == 1 ? id : absl::StrCat(id, "/", number)));
    movements->push_back(std::move(movement));
  }
  return "";
}

class EpcisReader : public JsonEvents {
 public:
  using JsonEvents::JsonEvents;

 private:
  absl::Status Take(element event) override;
};

absl::Status EpcisReader::Take(element event) {
  EpcisEvent read(event, text(), output());
  std::vector<v1::Movement> movements;
  if (std::string reason = read.Read(&movements); !reason.empty()) {
    Refuse(read.pointer, std::move(reason), std::move(read.message));
    return absl::OkStatus();
  }
  for (v1::Movement& movement : movements) {
    if (absl::Status sunk = Emit(std::move(movement)); !sunk.ok()) {
      return sunk;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Span<const EpcisStep> EpcisSteps() { return kSteps; }

bool ParseGeoUri(absl::string_view uri, double* latitude, double* longitude) {
  if (!absl::ConsumePrefix(&uri, "geo:")) return false;
  uri = uri.substr(0, uri.find(';'));
  const size_t comma = uri.find(',');
  if (comma == absl::string_view::npos) return false;
  absl::string_view rest = uri.substr(comma + 1);
  rest = rest.substr(0, rest.find(','));  // An altitude may follow.
  return absl::SimpleAtod(uri.substr(0, comma), latitude) &&
         absl::SimpleAtod(rest, longitude);
}

absl::Status ReadEpcis(std::istream& in, Output* output) {
  return EpcisReader(in, JsonSplitter::Envelope::kEpcis, output).Read();
}

}  // namespace portrisk::service
