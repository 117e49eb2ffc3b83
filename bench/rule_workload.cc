#include "bench/rule_workload.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace portrisk::bench {
namespace {

struct TextAttribute {
  const char* path;
  const char* pattern;  // Of value n.
  int values;
};

constexpr TextAttribute kTexts[kTextAttributes] = {
    {"movement.location.locode", "NL%03d", 60},
    {"movement.transport.carrier_code", "C%03d", 40},
    {"movement.consignment.loading_locode", "EC%03d", 300},
    {"movement.consignment.discharge_locode", "BE%03d", 80},
    {"movement.consignment.destination_locode", "DE%03d", 400},
    {"movement.container.type_code", "%02dG1", 20},
    {"movement.shipper.country", "K%d", 150},
    {"movement.consignee.id", "EORI-NL-%05d", 20'000},
    {"movement.haulier.id", "HAUL-%04d", 2'000},
    {"movement.container.operator_code", "OPR%02d", 60},
    {"movement.consignment.commodity", "%06d", 1'000},
};
constexpr size_t kCommodity = 10;

struct NumberAttribute {
  const char* path;
  int64_t most;
};

constexpr NumberAttribute kNumbers[kAttributes - kTextAttributes] = {
    {"movement.weights.gross_kg", 32'000},
    {"movement.weights.vgm_kg", 32'000},
    {"movement.weights.scale_kg", 34'000},
    {"movement.weights.crane_kg", 34'000},
    {"movement.weights.cargo_kg", 29'000},
    {"movement.consignment.packages", 3'000},
    {"movement.container.tare_kg", 4'800},
    {"movement.seals.size()", 4},
};
constexpr size_t kSeals = 7;

const char* PathOf(size_t attribute) {
  return attribute < kTextAttributes
             ? kTexts[attribute].path
             : kNumbers[attribute - kTextAttributes].path;
}

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  double Uniform() { return static_cast<double>(random_() >> 11) * 0x1.0p-53; }
  size_t Below(size_t n) { return random_() % n; }

  // Value n with a probability about proportional to 1 / (n + 1).
  int Skewed(int values) {
    const double n = std::pow(values + 1.0, Uniform()) - 1;
    return std::min(values - 1, static_cast<int>(n));
  }

  BenchEvent Event() {
    BenchEvent event;
    for (size_t i = 0; i < kTextAttributes; ++i) {
      const int value = Skewed(kTexts[i].values);
      // Commodities spread over the chapters.
      const int shown = i == kCommodity ? value * 7919 % 1'000'000 : value;
      event.texts[i] = absl::StrFormat(
          *absl::ParsedFormat<'d'>::New(kTexts[i].pattern), shown);
    }
    for (size_t i = 0; i < event.numbers.size(); ++i) {
      // A hump: most boxes weigh about the same.
      const double share = (Uniform() + Uniform() + Uniform()) / 3;
      event.numbers[i] =
          1 + static_cast<int64_t>(share *
                                   static_cast<double>(kNumbers[i].most - 1));
    }
    return event;
  }

  Predicate Range(const BenchEvent& event, size_t attribute) {
    Predicate made{
        static_cast<uint8_t>(attribute), Predicate::Kind::kRange, {}, 0, 0};
    const int64_t most = kNumbers[attribute - kTextAttributes].most;
    const double wide = 0.02 + 0.12 * Uniform();
    const auto half =
        static_cast<int64_t>(static_cast<double>(most) * wide / 2);
    made.low = std::max<int64_t>(0, event.number(attribute) - half);
    made.high = event.number(attribute) + half;
    return made;
  }

  BenchRule Rule(RuleMix mix) {
    const BenchEvent event = Event();
    const bool ranges = mix == RuleMix::kRangesOnly;
    const size_t first = ranges ? kTextAttributes : 0;
    const size_t end = mix == RuleMix::kEquality ? kTextAttributes
                       : ranges                  ? kAttributes - 1
                                                 : kAttributes;
    std::vector<size_t> pool;
    for (size_t i = first; i < end; ++i) pool.push_back(i);
    const size_t wanted = 4 + Below(2);
    BenchRule rule;
    while (rule.all_of.size() < wanted) {
      std::swap(pool[Below(pool.size())], pool.back());
      const size_t attribute = pool.back();
      pool.pop_back();
      rule.all_of.push_back(attribute < kTextAttributes
                                ? TextPredicate(event, attribute, mix)
                                : Range(event, attribute));
    }
    return rule;
  }

 private:
  Predicate TextPredicate(const BenchEvent& event, size_t attribute,
                          RuleMix mix) {
    Predicate made{static_cast<uint8_t>(attribute),
                   Predicate::Kind::kIn,
                   {event.texts[attribute]},
                   0,
                   0};
    if (mix != RuleMix::kMixed) return made;
    if (attribute == kCommodity) {
      made.kind = Predicate::Kind::kPrefix;
      made.texts[0].resize(2 + 2 * Below(2));
    } else if (Below(3) == 0) {
      while (made.texts.size() < 3) {
        const std::string other = Event().texts[attribute];
        if (std::find(made.texts.begin(), made.texts.end(), other) ==
            made.texts.end()) {
          made.texts.push_back(other);
        }
      }
    }
    return made;
  }

  std::mt19937_64 random_;
};

std::string Quoted(const std::vector<std::string>& texts, char quote) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) {
    quoted.push_back(
        absl::StrCat(std::string(1, quote), text, std::string(1, quote)));
  }
  return absl::StrJoin(quoted, ", ");
}

std::string ToCel(const Predicate& p) {
  const char* const path = PathOf(p.attribute);
  switch (p.kind) {
    case Predicate::Kind::kPrefix:
      return absl::StrCat(path, ".startsWith('", p.texts[0], "')");
    case Predicate::Kind::kRange:
      return absl::StrCat(path, " >= ", p.low, " && ", path, " <= ", p.high);
    default:
      if (p.texts.size() == 1) {
        return absl::StrCat(path, " == '", p.texts[0], "'");
      }
      return absl::StrCat(path, " in [", Quoted(p.texts, '\''), "]");
  }
}

// The values of a movement, in the order of the attributes.
const std::string& TextOf(const v1::Movement& m, size_t attribute) {
  switch (attribute) {
    case 0:
      return m.location().locode();
    case 1:
      return m.transport().carrier_code();
    case 2:
      return m.consignment().loading_locode();
    case 3:
      return m.consignment().discharge_locode();
    case 4:
      return m.consignment().destination_locode();
    case 5:
      return m.container().type_code();
    case 6:
      return m.shipper().country();
    case 7:
      return m.consignee().id();
    case 8:
      return m.haulier().id();
    case 9:
      return m.container().operator_code();
    default:
      return m.consignment().commodity();
  }
}

}  // namespace

const char* MixName(RuleMix mix) {
  return mix == RuleMix::kEquality ? "equality"
         : mix == RuleMix::kMixed  ? "mixed"
                                   : "ranges";
}

v1::Movement BenchEvent::ToMovement() const {
  v1::Movement m;
  m.set_event(v1::GATE_OUT);
  m.mutable_location()->set_locode(texts[0]);
  m.mutable_transport()->set_carrier_code(texts[1]);
  v1::Consignment* consignment = m.mutable_consignment();
  consignment->set_loading_locode(texts[2]);
  consignment->set_discharge_locode(texts[3]);
  consignment->set_destination_locode(texts[4]);
  consignment->set_commodity(texts[10]);
  consignment->set_packages(static_cast<int32_t>(numbers[5]));
  m.mutable_container()->set_type_code(texts[5]);
  m.mutable_container()->set_operator_code(texts[9]);
  m.mutable_container()->set_tare_kg(static_cast<int32_t>(numbers[6]));
  m.mutable_shipper()->set_country(texts[6]);
  m.mutable_consignee()->set_id(texts[7]);
  m.mutable_haulier()->set_id(texts[8]);
  v1::Weights* weights = m.mutable_weights();
  weights->set_gross_kg(static_cast<int32_t>(numbers[0]));
  weights->set_vgm_kg(static_cast<int32_t>(numbers[1]));
  weights->set_scale_kg(static_cast<int32_t>(numbers[2]));
  weights->set_crane_kg(static_cast<int32_t>(numbers[3]));
  weights->set_cargo_kg(static_cast<int32_t>(numbers[4]));
  for (int64_t i = 0; i < numbers[kSeals]; ++i) {
    m.add_seals()->set_number("S");
  }
  return m;
}

std::vector<BenchEvent> MakeEvents(size_t count, uint64_t seed) {
  Maker maker(seed);
  std::vector<BenchEvent> events;
  for (size_t i = 0; i < count; ++i) events.push_back(maker.Event());
  return events;
}

std::vector<BenchRule> MakeRules(size_t count, RuleMix mix, uint64_t seed) {
  Maker maker(seed);
  std::vector<BenchRule> rules;
  rules.reserve(count);
  for (size_t i = 0; i < count; ++i) rules.push_back(maker.Rule(mix));
  return rules;
}

std::string ToYaml(const std::vector<BenchRule>& rules, size_t begin,
                   size_t end) {
  std::string yaml = absl::StrCat("rule_set: bench.", begin,
                                  "\nlayer: common\nowner: bench\nrules:\n");
  for (size_t i = begin; i < end; ++i) {
    std::vector<std::string> conditions;
    for (const Predicate& p : rules[i].all_of) {
      conditions.push_back(ToCel(p));
    }
    absl::StrAppend(&yaml, "  - id: \"", i,
                    "\"\n    title: {en: Made criterion}\n"
                    "    applies_to: [GATE_OUT]\n    when: >\n      ",
                    absl::StrJoin(conditions, "\n      && "),
                    "\n    score: 10\n    explain: {en: Made.}\n");
  }
  return yaml;
}

std::string ToClips(const std::vector<BenchRule>& rules) {
  std::string text = "(deftemplate ev";
  for (size_t i = 0; i < kAttributes; ++i) {
    absl::StrAppend(&text, " (slot a", i, ")");
  }
  text += ")\n";
  for (size_t i = 0; i < rules.size(); ++i) {
    absl::StrAppend(&text, "(defrule r", i, " (ev");
    for (const Predicate& p : rules[i].all_of) {
      const size_t a = p.attribute;
      if (p.kind == Predicate::Kind::kRange) {
        absl::StrAppend(&text, " (a", a, " ?v", a, "&:(>= ?v", a, " ", p.low,
                        ")&:(<= ?v", a, " ", p.high, "))");
      } else if (p.kind == Predicate::Kind::kPrefix) {
        absl::StrAppend(&text, " (a", a, " ?v", a, "&:(eq (sub-string 1 ",
                        p.texts[0].size(), " ?v", a, ") \"", p.texts[0],
                        "\"))");
      } else {
        absl::StrAppend(&text, " (a", a, " \"", absl::StrJoin(p.texts, "\"|\""),
                        "\")");
      }
    }
    absl::StrAppend(&text, ") => (bind ?*hits* (create$ ?*hits* ", i, ")))\n");
  }
  return text;
}

std::string ToClipsFact(const BenchEvent& event) {
  std::string text = "(ev";
  for (size_t i = 0; i < kTextAttributes; ++i) {
    absl::StrAppend(&text, " (a", i, " \"", event.texts[i], "\")");
  }
  for (size_t i = kTextAttributes; i < kAttributes; ++i) {
    absl::StrAppend(&text, " (a", i, " ", event.number(i), ")");
  }
  return text + ")";
}

std::string ToJson(const std::vector<BenchRule>& rules,
                   const std::vector<BenchEvent>& events) {
  std::string json = "{\"rules\":[";
  for (size_t i = 0; i < rules.size(); ++i) {
    absl::StrAppend(&json, i == 0 ? "" : ",", "[");
    for (size_t j = 0; j < rules[i].all_of.size(); ++j) {
      const Predicate& p = rules[i].all_of[j];
      absl::StrAppend(&json, j == 0 ? "" : ",", "{\"a\":", p.attribute,
                      ",\"kind\":", static_cast<int>(p.kind), ",\"texts\":[",
                      Quoted(p.texts, '"'), "],\"low\":", p.low,
                      ",\"high\":", p.high, "}");
    }
    json += "]";
  }
  json += "],\"events\":[";
  for (size_t i = 0; i < events.size(); ++i) {
    const std::vector<std::string> texts(events[i].texts.begin(),
                                         events[i].texts.end());
    absl::StrAppend(&json, i == 0 ? "" : ",", "[", Quoted(texts, '"'), ",",
                    absl::StrJoin(events[i].numbers, ","), "]");
  }
  json += "],\"hits\":[";
  const FlatScan scan(rules);
  std::vector<uint32_t> hits;
  for (size_t i = 0; i < events.size(); ++i) {
    hits.clear();
    scan.Match(events[i].ToMovement(), &hits);
    absl::StrAppend(&json, i == 0 ? "[" : ",[", absl::StrJoin(hits, ","), "]");
  }
  return json + "]}";
}

struct FlatScan::Rep {
  struct Test {
    uint8_t attribute;
    Predicate::Kind kind;
    uint16_t count;     // Of values, kIn.
    uint32_t values;    // First of them.
    int64_t low, high;  // kRange; kIn of one value.
  };
  std::vector<Test> tests;
  std::vector<uint32_t> ends;   // Of each rule's tests.
  std::vector<int64_t> values;  // Sets.
  std::vector<std::string> prefixes;
  std::array<absl::flat_hash_map<std::string, int64_t>, kTextAttributes> names;
};

FlatScan::FlatScan(const std::vector<BenchRule>& rules) : rep_(new Rep) {
  const auto number_of = [&](size_t attribute, const std::string& text) {
    auto& names = rep_->names[attribute];
    return names.emplace(text, static_cast<int64_t>(names.size()))
        .first->second;
  };
  for (const BenchRule& rule : rules) {
    for (const Predicate& p : rule.all_of) {
      Rep::Test test{p.attribute, p.kind, 0, 0, p.low, p.high};
      if (p.kind == Predicate::Kind::kPrefix) {
        test.values = static_cast<uint32_t>(rep_->prefixes.size());
        rep_->prefixes.push_back(p.texts[0]);
      } else if (p.kind == Predicate::Kind::kIn) {
        test.count = static_cast<uint16_t>(p.texts.size());
        test.values = static_cast<uint32_t>(rep_->values.size());
        for (const std::string& text : p.texts) {
          rep_->values.push_back(number_of(p.attribute, text));
        }
        test.low = rep_->values[test.values];
      }
      rep_->tests.push_back(test);
    }
    rep_->ends.push_back(static_cast<uint32_t>(rep_->tests.size()));
  }
}

FlatScan::~FlatScan() { delete rep_; }

void FlatScan::Match(const v1::Movement& m, std::vector<uint32_t>* hits) const {
  std::array<int64_t, kAttributes> at;
  for (size_t i = 0; i < kTextAttributes; ++i) {
    const auto found = rep_->names[i].find(TextOf(m, i));
    at[i] = found == rep_->names[i].end() ? -1 : found->second;
  }
  const int64_t numbers[] = {
      m.weights().gross_kg(),  m.weights().vgm_kg(),
      m.weights().scale_kg(),  m.weights().crane_kg(),
      m.weights().cargo_kg(),  m.consignment().packages(),
      m.container().tare_kg(), m.seals_size()};
  std::copy(std::begin(numbers), std::end(numbers),
            at.begin() + kTextAttributes);
  const std::string& commodity = m.consignment().commodity();
  const auto holds = [&](const Rep::Test& test) {
    const int64_t value = at[test.attribute];
    switch (test.kind) {
      case Predicate::Kind::kRange:
        return value >= test.low && value <= test.high;
      case Predicate::Kind::kPrefix:
        return absl::StartsWith(commodity, rep_->prefixes[test.values]);
      default:
        if (value == test.low) return true;
        for (uint32_t i = 1; i < test.count; ++i) {
          if (rep_->values[test.values + i] == value) return true;
        }
        return false;
    }
  };
  const Rep::Test* test = rep_->tests.data();
  for (uint32_t rule = 0; rule < rep_->ends.size(); ++rule) {
    const Rep::Test* const end = rep_->tests.data() + rep_->ends[rule];
    while (test != end && holds(*test)) ++test;
    if (test == end) hits->push_back(rule);
    test = end;
  }
}

}  // namespace portrisk::bench
