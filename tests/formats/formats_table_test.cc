// Keeps `portrisk formats` true: every row is tried with a message that says
// just what the row speaks of, and the field must be filled.
#include "service/formats/formats_table.h"

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "service/formats/compiled_meaning.h"
#include "service/formats/dcsa_event.h"
#include "service/formats/definitions.h"
#include "tests/formats/reading.h"

namespace portrisk::service {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Whether "a.b.c" is set; in the last entry of a repeated field.
bool HasPath(const Message& message, absl::string_view path) {
  const std::vector<std::string> parts = absl::StrSplit(path, '.');
  const Message* at = &message;
  for (size_t i = 0; i < parts.size(); ++i) {
    const FieldDescriptor* field =
        at->GetDescriptor()->FindFieldByName(parts[i]);
    if (field == nullptr) {
      ADD_FAILURE() << "no field " << path;
      return false;
    }
    const auto* reflection = at->GetReflection();
    if (field->is_repeated()) {
      const int size = reflection->FieldSize(*at, field);
      if (size == 0) return false;
      at = &reflection->GetRepeatedMessage(*at, field, size - 1);
    } else if (!reflection->HasField(*at, field)) {
      return false;
    } else if (i + 1 < parts.size()) {
      at = &reflection->GetMessage(*at, field);
    }
  }
  return true;
}

// The first of the codes of a rule; empty when any will do.
std::string FirstCode(absl::string_view codes) {
  const std::vector<std::string> all = absl::StrSplit(codes, '|');
  return all[0] == "-" ? "" : all[0];
}

class SegmentText {
 public:
  explicit SegmentText(absl::string_view tag) { Set({0, 0}, tag); }
  void Set(Part part, absl::string_view text) {
    if (elements_.size() <= part.element) elements_.resize(part.element + 1);
    std::vector<std::string>& components = elements_[part.element];
    if (components.size() <= part.component) {
      components.resize(part.component + 1);
    }
    components[part.component] = std::string(text);
  }
  std::string Text(bool x12) const {
    std::vector<std::string> elements;
    for (const auto& components : elements_) {
      elements.push_back(absl::StrJoin(components, x12 ? ">" : ":"));
    }
    return absl::StrCat(absl::StrJoin(elements, x12 ? "*" : "+"),
                        x12 ? "~" : "'");
  }

 private:
  std::vector<std::vector<std::string>> elements_;
};

// Writes what the rule's take needs to say all it can.
std::vector<SegmentText> Samples(const Rule& rule, MessageType type) {
  SegmentText text(rule.tag);
  // What begins a container names it.
  if (rule.tag == "EQD") text.Set({2}, "MSKU1234565");
  if (rule.tag == "N7" || rule.tag == "VID") {
    const uint8_t initial = rule.tag == "N7" ? 1 : 2;
    text.Set({initial}, "MSKU");
    text.Set({static_cast<uint8_t>(initial + 1)}, "1234565");
  }
  // What begins a status says what happened, when and to which.
  if (rule.tag == "B4" || rule.tag == "Q5") {
    const uint8_t code = rule.tag == "B4" ? 3 : 1;
    text.Set({code}, "OA");
    text.Set({static_cast<uint8_t>(code + 1)}, "20260301");
    text.Set({static_cast<uint8_t>(code + 2)}, "0800");
  }
  if (rule.tag == "B4") {
    text.Set({7}, "MSKU");
    text.Set({8}, "1234565");
  }
  const auto behind = [&rule](uint8_t by) {
    return Part{rule.value.element,
                static_cast<uint8_t>(rule.value.component + by)};
  };
  const auto next = [&rule](uint8_t by) {
    return Part{static_cast<uint8_t>(rule.value.element + by), 0};
  };
  if (!rule.codes.empty()) text.Set(rule.key, FirstCode(rule.codes));
  if (!rule.codes2.empty()) text.Set(rule.key2, FirstCode(rule.codes2));
  if (rule.tag == "TDT") {
    text.Set({1}, rule.leg == Leg::kInland ? "1" : "20");
    if (rule.leg == Leg::kInland) {
      text.Set({3}, rule.take == Take::kBargeName ? "8" : "3");
    }
  }
  switch (rule.take) {
    case Take::kLocode:
    case Take::kFirstLocode:
    case Take::kX12FirstPlace:
      text.Set(rule.value, "NLRTM");
      break;
    case Take::kDigits:
      text.Set(rule.value, "090111");
      break;
    case Take::kNumber:
    case Take::kFirstNumber:
    case Take::kLink:
      text.Set(rule.value, "MSKU1234565");
      break;
    case Take::kX12Number:
      text.Set(rule.value, "MSKU");
      text.Set(next(1), "1234565");
      break;
    case Take::kBill: {
      SegmentText other = text;
      text.Set(rule.value, "BL1");
      other.Set(rule.value, "BL2");
      return {text, other};
    }
    case Take::kPlace:
    case Take::kFirstPlace:
      text.Set(rule.value, "NLRTM");
      text.Set({2, 3}, "ROTTERDAM");
      text.Set({3}, "QUAY4");
      text.Set({3, 2}, "306");
      break;
    case Take::kX12Place: {
      SegmentText name = text;
      name.Set(rule.value, "ROTTERDAM");
      text.Set(rule.value, "NLRTM");
      text.Set(rule.extra, "UN");
      return {text, name};
    }
    case Take::kX12Port:
      text.Set({2}, "UN");
      text.Set(rule.value, "NLRTM");
      text.Set({4}, "ROTTERDAM");
      break;
    case Take::kWeight:
    case Take::kFirstWeight:
    case Take::kWeightSum:
      text.Set(rule.value, "1000");
      text.Set(rule.extra, "KG");
      break;
    case Take::kCountSum:
      text.Set(rule.value, "5");
      break;
    case Take::kMode:
    case Take::kSeaMode:
      break;  // Said above, or by default.
    case Take::kImo:
      text.Set(rule.value, "9074729");
      break;
    case Take::kCallSign:
      text.Set(rule.value, "XYZA7");
      text.Set(behind(1), "103");
      break;
    case Take::kLegParty:
    case Take::kNadParty:
    case Take::kX12Party:
      text.Set(rule.value, "PARTY1");
      break;
    case Take::kSeal:
      text.Set(rule.value, "S100");
      text.Set(next(1), "CA");
      break;
    case Take::kX12Seal:
      text.Set(rule.value, "S100");
      if (rule.extra.element > 0) text.Set(rule.extra, "CA");
      break;
    case Take::kLoadStatus:
      text.Set(rule.value, "5");
      break;
    case Take::kX12LoadStatus:
      text.Set(rule.value, "L");
      break;
    case Take::kTime:
    case Take::kTimestamp:
      text.Set(rule.value, "202603010800");
      text.Set(behind(1), "203");
      break;
    case Take::kX12Time:
      text.Set(rule.value, "20260301");
      text.Set(next(1), "0800");
      break;
    case Take::kX12Date:
      text.Set(rule.value, "20260301");
      break;
    case Take::kStatusCode: {
      SegmentText empty = text;
      empty.Set(rule.value, "EE");
      text.Set(rule.value, "UV");
      return {text, empty};
    }
    case Take::kDocumentName:
      text.Set(rule.value, DefinitionOf(type).documents.empty()
                               ? "9"
                               : DefinitionOf(type).documents[0].code);
      break;
    default:
      text.Set(rule.value, "TEXT1");
  }
  return {text};
}

// One line of a skeleton and the scope behind it.
struct Line {
  Scopes scope;
  std::string text;
};

struct Skeleton {
  MessageType type;
  std::vector<Line> lines;
};

// The least of each message that gives a movement.
std::vector<Skeleton> Skeletons() {
  using M = MessageType;
  const auto box = [](M type, const char* document) {
    return Skeleton{type,
                    {{kHeader, absl::StrCat("BGM+", document, "+DOC0001+9'")},
                     {kLeg, "TDT+20'"},
                     {kUnit, "EQD+CN+MSKU1234565'"},
                     {kUnitLeg, "TDT+1++3'"},
                     {kTrailer, "CNT+16:1'"}}};
  };
  return {
      box(M::kCodeco, "34"),
      box(M::kCoarri, "44"),
      box(M::kCoarri, "46"),
      box(M::kCoarri, "24"),
      box(M::kCoparn, "12"),
      box(M::kCoreor, "129"),
      box(M::kCopino, "661"),
      {M::kCostco,
       {{kHeader, "BGM+113+DOC0001+9'"},
        {kLeg, "TDT+20'"},
        {kUnit, "EQD+CN+MSKU1234565'"},
        {kConsignment, "CNI+1'"},
        {kGoods, "GID+1'"}}},
      {M::kIftsta,
       {{kHeader, "BGM+23+DOC0001+9'"},
        {kConsignment, "CNI+1'"},
        {kStatus, "STS+1+UV'"},
        {kUnitLeg, "TDT+20'"},
        {kUnit, "EQD+CN+MSKU1234565'"}}},
      {M::kIftmin,
       {{kHeader, "BGM+610+DOC0001+9'"},
        {kLeg, "TDT+20'"},
        {kGoods, "GID+1'"},
        {kUnit, "EQD+CN+MSKU1234565'"}}},
      {M::kCuscar,
       {{kHeader, "BGM+85+DOC0001+9'"},
        {kLeg, "TDT+20'"},
        {kUnit, "EQD+CN+TEMU6079348'"},
        {kConsignment, "CNI+1'"},
        {kGoods, "GID+1'"}}},
      {M::kCusrep, {{kHeader, "BGM+185+DOC0001+9'"}, {kLeg, "TDT+20'"}}},
      {M::kCusrep, {{kHeader, "BGM+186+DOC0001+9'"}, {kLeg, "TDT+20'"}}},
      {M::kBaplie,
       {{kHeader, "BGM++DOC0001+9'"},
        {kLeg, "TDT+20'"},
        {kUnit, "LOC+147'"},
        {kUnit, "EQD+CN+MSKU1234565'"}}},
      {M::kX309,
       {{kHeader, "M10*ABCD~"},
        {kLeg, "P4*2704~"},
        {kConsignment, "LX*1~"},
        {kConsignment, "M11*BL1~"},
        {kUnit, "VID*CN*MSKU*1234565~"}}},
      {M::kX315, {{kStatus, "B4***UV*20260301*0800**MSKU*1234565~"}}},
      {M::kX322,
       {{kStatus, "Q5*OA*20260301*0800~"}, {kUnit, "N7*MSKU*1234565~"}}},
  };
}

bool IsX12(MessageType type) { return DefinitionOf(type).standard == "X12"; }

std::string Wrapped(MessageType type, const std::string& body) {
  const std::string name(DefinitionOf(type).name);
  if (IsX12(type)) {
    return absl::StrCat("GS*SO*S*R*20260301*0900*1*X*004010~ST*", name, "*1~",
                        body, "SE*1*1~GE*1*1~");
  }
  return absl::StrCat("UNB+UNOA:2+S+R+260301:0900+I1'UNH+1+", name,
                      ":D:00B:UN'", body, "UNT+1+1'UNZ+1+I1'");
}

// A line that the rule's own segment takes the place of: what begins a group
// would begin another, and what stands in every skeleton says it already.
bool Replaces(const Rule& rule, const Line& line) {
  if (!absl::StartsWith(line.text, rule.tag)) return false;
  if (rule.tag == "TDT" || rule.tag == "LOC") {
    return rule.tag == "TDT" || rule.codes == "147";
  }
  return true;
}

// The skeleton with the segments where the rule can hold; empty when it has no
// such place.
std::vector<std::string> Messages(const Skeleton& skeleton, const Rule& rule) {
  std::vector<std::string> messages;
  const bool x12 = IsX12(skeleton.type);
  for (size_t at = 0; at < skeleton.lines.size(); ++at) {
    if ((skeleton.lines[at].scope & rule.at) == 0) continue;
    // DTM+7 or a status' time, so that what happened has one.
    const bool timed = rule.take == Take::kTime;
    std::string body;
    for (size_t i = 0; i < skeleton.lines.size(); ++i) {
      const Line& line = skeleton.lines[i];
      if (i != at || !Replaces(rule, line)) body += line.text;
      if (i == at) {
        for (const SegmentText& text : Samples(rule, skeleton.type)) {
          body += text.Text(x12);
          if (rule.tag == "Q5") body += "N7*MSKU*1234565~";
        }
      }
      if (!x12 && !timed &&
          (line.scope == kStatus ||
           (line.scope == kUnit && absl::StartsWith(line.text, "EQD")))) {
        body += line.scope == kStatus ? "DTM+334:202603010800:203'"
                                      : "DTM+7:202603010800:203'";
      }
    }
    messages.push_back(Wrapped(skeleton.type, body));
  }
  return messages;
}

TEST(FormatsTableTest, EveryRuleFillsTheFieldItNames) {
  const std::vector<Skeleton> skeletons = Skeletons();
  int tried = 0;
  for (const auto rules : {EdifactRules(), X12Rules()}) {
    for (const Rule& rule : rules) {
      if (rule.field == nullptr) continue;
      for (size_t type = 0; type < kMessageTypes; ++type) {
        if ((rule.in & In(static_cast<MessageType>(type))) == 0) continue;
        std::set<std::string> missing;
        for (const absl::string_view path :
             absl::StrSplit(rule.field->path, ", ")) {
          missing.insert(std::string(path));
        }
        std::string last;
        for (const Skeleton& skeleton : skeletons) {
          if (static_cast<size_t>(skeleton.type) != type) continue;
          for (const std::string& text : Messages(skeleton, rule)) {
            last = text;
            const Format format =
                IsX12(skeleton.type) ? Format::kX12 : Format::kEdifact;
            for (const v1::Movement& movement : Read(format, text).movements) {
              for (auto it = missing.begin(); it != missing.end();) {
                it = HasPath(movement, *it) ? missing.erase(it) : ++it;
              }
            }
          }
        }
        ++tried;
        EXPECT_THAT(missing, testing::IsEmpty())
            << DefinitionOf(static_cast<MessageType>(type)).name << " "
            << rule.tag << " " << rule.codes << " at "
            << int{rule.value.element} << ": " << last;
      }
    }
  }
  EXPECT_GT(tried, 500);
}

TEST(FormatsTableTest, EveryCodeOfADocumentIsItsEvent) {
  for (const Skeleton& skeleton : Skeletons()) {
    const Definition& definition = DefinitionOf(skeleton.type);
    for (const DocumentCode& document : definition.documents) {
      std::string body;
      for (const Line& line : skeleton.lines) {
        body += absl::StartsWith(line.text, "BGM")
                    ? absl::StrCat("BGM+", document.code, "+DOC0001+9'",
                                   "DTM+7:202603010800:203'RFF+BN:B1'")
                : absl::StartsWith(line.text, "M10")
                    ? absl::StrCat("M10*ABCD********", document.code, "~")
                    : line.text;
      }
      const Reading reading =
          Read(IsX12(skeleton.type) ? Format::kX12 : Format::kEdifact,
               Wrapped(skeleton.type, body));
      if (document.event == v1::EVENT_UNSPECIFIED) {
        EXPECT_THAT(reading.reasons(), testing::ElementsAre("UNKNOWN_DOCUMENT"))
            << body;
        continue;
      }
      ASSERT_EQ(reading.movements.size(), 1) << body;
      EXPECT_EQ(reading.movements[0].event(), document.event) << body;
    }
  }
}

TEST(FormatsTableTest, EveryStatusIsItsEvent) {
  for (const StatusCode& status : StatusCodes()) {
    const Reading reading = Read(
        Format::kX12, Wrapped(MessageType::kX315,
                              absl::StrCat("B4***", status.code,
                                           "*20260301*0800**MSKU*1234565~")));
    ASSERT_EQ(reading.movements.size(), 1) << status.code;
    EXPECT_EQ(reading.movements[0].event(), status.event);
    EXPECT_EQ(reading.movements[0].transport().mode(), status.mode);
  }
}

// A JSON event of the format, with the sample at the place.
std::string Event(const JsonPlace& place) {
  google::protobuf::Struct event;
  const std::string base =
      absl::StartsWith(place.format, "epcis")
          ? R"({"type": "ObjectEvent", "eventTime": "2026-01-31T08:00:00Z",
                "bizStep": "arriving", "epcList":
                ["urn:epc:id:bic:TEMU6079348"]})"
      : place.format == "dcsa 2.2"
          ? R"({"eventID": "e", "eventType": "EQUIPMENT",
                "eventClassifierCode": "ACT", "equipmentEventTypeCode": "GTIN",
                "eventDateTime": "2026-01-31T08:00:00Z",
                "equipmentReference": "TEMU6079348"})"
          : R"({"eventID": "e", "eventDateTime": "2026-01-31T08:00:00Z",
                "eventClassification": {"eventTypeCode": "EQUIPMENT",
                "eventClassifierCode": "ACT", "equipmentEventTypeCode": "GTIN"},
                "equipmentDetails": {"equipmentReference": "TEMU6079348"}})";
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(base, &event).ok());
  google::protobuf::Value sample;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(
                  std::string(place.sample), &sample)
                  .ok());
  const std::vector<std::string> keys =
      absl::StrSplit(place.pointer.substr(1), '/');
  google::protobuf::Struct* at = &event;
  for (size_t i = 0; i + 1 < keys.size(); ++i) {
    at = (*at->mutable_fields())[keys[i]].mutable_struct_value();
  }
  if (place.pointer == "/parentID" || place.pointer == "/childEPCs") {
    event.mutable_fields()->erase("epcList");
  }
  if (place.pointer == "/references") {
    event.mutable_fields()->erase("equipmentReference");
  }
  (*at->mutable_fields())[keys.back()] = sample;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(event, &json);
  return json;
}

TEST(FormatsTableTest, EveryJsonPlaceFillsTheFieldItNames) {
  for (const JsonPlace& place : JsonPlacesRead()) {
    const Format format = absl::StartsWith(place.format, "epcis")
                              ? Format::kEpcis
                              : Format::kDcsa;
    const std::string json = Event(place);
    const Reading reading = Read(format, json);
    ASSERT_EQ(reading.movements.size(), 1) << json;
    for (const absl::string_view path : absl::StrSplit(place.field, ", ")) {
      EXPECT_TRUE(HasPath(reading.movements[0], path))
          << path << " of " << json;
    }
    if (place.field == "container.number") {
      EXPECT_EQ(reading.movements[0].container().number(), "MSKU1234565");
    }
    if (place.field == "event") {
      EXPECT_EQ(reading.movements[0].event(), v1::DISCHARGE);
    }
  }
}

TEST(FormatsTableTest, EveryDcsaCodeGivesTheEventItNames) {
  for (const DcsaCode& code : DcsaCodes()) {
    const std::string type(code.type);
    const std::string field =
        type == "IOT" ? R"("iotDetails": {"iotEventCode": ")"
                      : absl::StrCat("\"", absl::AsciiStrToLower(type),
                                     "EventTypeCode\": \"");
    const Reading reading =
        Read(Format::kDcsa,
             absl::StrCat(R"({"eventID": "e", "eventClassifierCode": "ACT",
            "eventDateTime": "2026-01-31T08:00:00Z", "references":
            [{"referenceType": "EQ", "referenceValue": "MSKU1234565"}],
            "eventType": ")",
                          type, "\", ", field, code.code,
                          type == "IOT" ? "\"}}" : "\"}"));
    ASSERT_EQ(reading.movements.size(), 1) << type << " " << code.code;
    EXPECT_EQ(reading.movements[0].event(), code.event) << code.code;
  }
}

TEST(FormatsTableTest, ItIsPrintedByName) {
  std::ostringstream overview;
  EXPECT_TRUE(PrintFormats("", overview).ok());
  EXPECT_THAT(overview.str(), testing::HasSubstr("CODECO"));
  EXPECT_THAT(overview.str(), testing::HasSubstr("UV    DISCHARGE"));
  std::ostringstream one;
  EXPECT_TRUE(PrintFormats("codeco", one).ok());
  EXPECT_THAT(one.str(), testing::ContainsRegex(
                             "RFF where 1 = BN +1.2 +consignment.booking"));
  EXPECT_THAT(one.str(), testing::Not(testing::HasSubstr("BAPLIE")));
  std::ostringstream none;
  EXPECT_EQ(PrintFormats("fax", none).code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace portrisk::service
