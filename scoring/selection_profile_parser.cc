#include "scoring/selection_profile_parser.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "scoring/limits.h"
#include "scoring/rule_set_reader.h"
#include "scoring/selection_profile.h"

namespace portrisk::scoring {
namespace {

constexpr absl::string_view kDays[] = {"monday",   "tuesday", "wednesday",
                                       "thursday", "friday",  "saturday",
                                       "sunday"};
// What a sender that is not customs gets with its acknowledgement.
constexpr absl::string_view kSenderLearns[] = {"nothing", "control"};
constexpr absl::string_view kLanes[] = {"BLUE", "YELLOW", "ORANGE", "RED"};
constexpr double kMillion = 1'000'000;

using Place = std::pair<std::string, std::string>;

v1::SelectionTerms BuiltIn() {
  const SelectionProfile built_in;
  v1::SelectionTerms terms;
  terms.set_yellow_score_min(built_in.yellow_score_min);
  terms.set_orange_score_min(built_in.orange_score_min);
  terms.set_red_score_min(built_in.red_score_min);
  terms.set_random_rate_ppm(built_in.random_rate_ppm);
  terms.set_random_lane(built_in.random_lane);
  terms.set_top_up_score_min(built_in.top_up_score_min);
  terms.set_top_up_lane(built_in.top_up_lane);
  return terms;
}

bool IsLocode(absl::string_view text) {
  if (text.size() != 5) return false;
  return std::all_of(text.begin(), text.end(), [&](const char& c) {
    const bool letter = c >= 'A' && c <= 'Z';
    return letter || (&c - text.data() >= 2 && c >= '2' && c <= '9');
  });
}

class Parser {
 public:
  explicit Parser(Issues* issues) : issues_(issues) {}

  void Document(const YamlNode& node, v1::SelectionProfile* out) {
    const MapReader map(node, "a selection profile",
                        {"profile", "owner", "scores", "random", "capacity",
                         "top_up", "sender_learns", "places"},
                        issues_);
    Names(map, out);
    v1::SelectionTerms everywhere = BuiltIn();
    Terms(map, &everywhere);
    *out->add_terms() = everywhere;
    if (const YamlNode* places = map.Get("places")) {
      Places(*places, everywhere, out);
    }
  }

 private:
  void Names(const MapReader& map, v1::SelectionProfile* out) {
    const YamlNode* name = map.Required("profile");
    if (name != nullptr && map.Text("profile", out->mutable_name())) {
      if (!IsName(out->name())) {
        issues_->Error("BAD_NAME", name->offset,
                       "a name consists of letters, digits, '.', '-' and '_', "
                       "at most 128",
                       "profile: nl");
      } else if (out->name() == "default") {
        issues_->Error("BAD_NAME", name->offset,
                       "default is the built-in profile; name yours for its "
                       "jurisdiction",
                       "profile: nl");
      }
    }
    const YamlNode* owner = map.Required("owner");
    if (owner != nullptr && map.Text("owner", out->mutable_owner()) &&
        (out->owner().empty() || out->owner().size() > kNameBytesMax)) {
      issues_->Error("BAD_VALUE", owner->offset,
                     "name who answers for the profile, in 1 to 128 bytes",
                     "owner: NL Customs");
    }
  }

  void Terms(const MapReader& map, v1::SelectionTerms* terms) {
    if (const YamlNode* scores = map.Get("scores")) Scores(*scores, terms);
    if (const YamlNode* one = map.Get("random")) Random(*one, terms);
    if (const YamlNode* one = map.Get("capacity")) Capacity(*one, terms);
    size_t learns = 0;
    if (map.Choice("sender_learns", kSenderLearns, &learns)) {
      terms->set_control_to_sender(learns == 1);
    }
    const YamlNode* const top_up = map.Get("top_up");
    if (top_up != nullptr) TopUp(*top_up, terms);
    if (top_up != nullptr &&
        terms->top_up_score_min() >= terms->yellow_score_min()) {
      issues_->Warning(
          "NEVER_TOPS_UP", top_up->offset,
          absl::StrCat("a unit from score ", terms->yellow_score_min(),
                       " on is selected by its score, so nothing "
                       "from ",
                       terms->top_up_score_min(),
                       " on is left to fill up with"),
          absl::StrCat("score_min: ", terms->yellow_score_min() / 2));
    }
    const YamlNode* const random = map.Get("random");
    if (random != nullptr && terms->random_rate_ppm() == 0) {
      issues_->Warning("NO_RANDOM_STREAM", random->offset,
                       "without a random stream nobody learns what the rules "
                       "miss, and no base rate is known",
                       "random: {rate: 1%}");
    }
  }

  void Scores(const YamlNode& node, v1::SelectionTerms* terms) {
    const MapReader map(node, "scores", {"yellow", "orange", "red"}, issues_);
    const auto read = [&](absl::string_view key, int32_t from) {
      int64_t value = from;
      map.Integer(key, 1, kScoreNever, &value);
      return static_cast<int32_t>(value);
    };
    terms->set_yellow_score_min(read("yellow", terms->yellow_score_min()));
    terms->set_orange_score_min(read("orange", terms->orange_score_min()));
    terms->set_red_score_min(read("red", terms->red_score_min()));
    if (terms->yellow_score_min() <= terms->orange_score_min() &&
        terms->orange_score_min() <= terms->red_score_min()) {
      return;
    }
    issues_->Error(
        "BAD_VALUE", node.offset,
        absl::StrCat(
            "a stronger lane begins at a higher score; here yellow is ",
            terms->yellow_score_min(), ", orange ", terms->orange_score_min(),
            " and red ", terms->red_score_min()),
        "scores: {yellow: 100, orange: 300, red: 600}");
  }

  void Random(const YamlNode& node, v1::SelectionTerms* terms) {
    const MapReader map(node, "random", {"rate", "lane"}, issues_);
    if (const YamlNode* rate = map.Get("rate")) Rate(*rate, terms);
    v1::Lane lane = terms->random_lane();
    Lane(map, &lane);
    terms->set_random_lane(lane);
  }

  void Rate(const YamlNode& node, v1::SelectionTerms* terms) {
    absl::string_view text = node.text;
    const bool percent = absl::ConsumeSuffix(&text, "%");
    double share = 0;
    const bool is_number =
        node.kind == YamlNode::Kind::kScalar && absl::SimpleAtod(text, &share);
    if (percent) share /= 100;
    if (!is_number || !(share >= 0 && share <= 1)) {
      issues_->Error("BAD_VALUE", node.offset,
                     "rate is the share of units, from 0% to 100%", "rate: 1%");
      return;
    }
    if (!percent && share == 1) {
      issues_->Warning("BAD_VALUE", node.offset, "a rate of 1 is every unit",
                       "write 100%, or 1% for one unit of a hundred");
    }
    terms->set_random_rate_ppm(
        static_cast<uint32_t>(std::llround(share * kMillion)));
  }

  void Lane(const MapReader& map, v1::Lane* lane) {
    size_t choice = 0;
    if (map.Choice("lane", kLanes, &choice)) {
      *lane = static_cast<v1::Lane>(v1::BLUE + choice);
    }
  }

  void TopUp(const YamlNode& node, v1::SelectionTerms* terms) {
    const MapReader map(node, "top_up", {"score_min", "lane"}, issues_);
    int64_t score = terms->top_up_score_min();
    map.Integer("score_min", 0, kScoreNever, &score);
    terms->set_top_up_score_min(static_cast<int32_t>(score));
    v1::Lane lane = terms->top_up_lane();
    Lane(map, &lane);
    terms->set_top_up_lane(lane);
  }

  // One number for every day, or one for each.
  void Capacity(const YamlNode& node, v1::SelectionTerms* terms) {
    terms->clear_capacity();
    if (node.kind == YamlNode::Kind::kScalar) {
      int64_t units = 0;
      if (!ReadInteger(node, 0, kCapacityMax, issues_, &units)) return;
      for (size_t i = 0; i < std::size(kDays); ++i) {
        terms->add_capacity(static_cast<uint32_t>(units));
      }
      return;
    }
    const MapReader map(node, "capacity",
                        {"monday", "tuesday", "wednesday", "thursday", "friday",
                         "saturday", "sunday", "other"},
                        issues_);
    if (!map.is_map()) return;
    for (const absl::string_view day : kDays) {
      int64_t units = 0;
      if (map.Get(day) == nullptr && map.Get("other") == nullptr) {
        issues_->Error("MISSING_KEY", node.offset,
                       absl::StrCat("capacity says nothing of ", day),
                       absl::StrCat(day,
                                    ": 10, or other: 10 for all days that "
                                    "are not named"));
        return;
      }
      map.Integer(map.Get(day) != nullptr ? day : "other", 0, kCapacityMax,
                  &units);
      terms->add_capacity(static_cast<uint32_t>(units));
    }
  }

  void Places(const YamlNode& node, const v1::SelectionTerms& everywhere,
              v1::SelectionProfile* out) {
    if (node.kind != YamlNode::Kind::kList ||
        node.children.size() > kProfilePlacesMax) {
      issues_->Error(
          "BAD_VALUE", node.offset,
          absl::StrCat("places is a list of at most ", kProfilePlacesMax),
          "- place: NLRTM/ECTDELTA");
      return;
    }
    std::map<Place, std::unique_ptr<MapReader>> found;
    for (const YamlNode* child : node.children) {
      auto map = std::make_unique<MapReader>(
          *child, "a place",
          std::initializer_list<absl::string_view>{"place", "scores", "random",
                                                   "capacity", "top_up",
                                                   "sender_learns"},
          issues_);
      Place place;
      if (!ReadPlace(*map, &place)) continue;
      if (!found.emplace(place, std::move(map)).second) {
        issues_->Error(
            "DUPLICATE", child->offset,
            absl::StrCat("a place stands here twice: ", place.first,
                         place.second.empty() ? "" : "/", place.second),
            "put its terms together");
      }
    }
    // A locode comes before its facilities, which take over its terms.
    v1::SelectionTerms locode;
    for (const auto& [place, own] : found) {
      const bool within =
          !place.second.empty() && locode.locode() == place.first;
      v1::SelectionTerms terms = within ? locode : everywhere;
      terms.set_locode(place.first);
      terms.set_facility(place.second);
      Terms(*own, &terms);
      if (place.second.empty()) locode = terms;
      *out->add_terms() = std::move(terms);
    }
  }

  bool ReadPlace(const MapReader& map, Place* out) {
    std::string text;
    const YamlNode* node = map.Required("place");
    if (node == nullptr || !map.Text("place", &text)) return false;
    const size_t slash = text.find('/');
    out->first = text.substr(0, slash);
    if (slash != std::string::npos) out->second = text.substr(slash + 1);
    const bool empty = slash != std::string::npos && out->second.empty();
    if (IsLocode(out->first) && !empty &&
        out->second.size() <= kFacilityBytesMax) {
      return true;
    }
    issues_->Error("BAD_PLACE", node->offset,
                   absl::StrCat(text,
                                " is no UN/LOCODE with, where wanted, a slash "
                                "and a facility code"),
                   "place: NLRTM, or place: NLRTM/ECTDELTA");
    return false;
  }

  Issues* const issues_;
};

}  // namespace

ParsedProfile ParseSelectionProfile(absl::string_view yaml,
                                    absl::string_view file) {
  ParsedProfile parsed;
  Issues issues(yaml, file);
  v1::SelectionProfile profile;
  if (yaml.size() > kProfileBytesMax) {
    issues.Error("TOO_LONG", Issues::kNowhere,
                 absl::StrCat("a selection profile has at most ",
                              kProfileBytesMax >> 10, " KiB"),
                 "");
  } else if (const auto document = ParseYaml(yaml, &issues)) {
    Parser(&issues).Document(*document, &profile);
  }
  if (!issues.has_errors()) parsed.profile = std::move(profile);
  parsed.issues = issues.Take();
  return parsed;
}

}  // namespace portrisk::scoring
