#include "scoring/simulate/sources.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "scoring/simulate/liner.h"
#include "scoring/simulate/times.h"

namespace portrisk::scoring::simulate {
namespace {

constexpr Quantiles kLiveMinutes = {0, 0, 1, 1, 3, 6, 25, 180, 900};
constexpr Quantiles kHoursMinutes = {5,   10,   20,   60,   180,
                                     420, 1440, 4320, 10080};
constexpr int64_t kBatchHour = 2;  // UTC.
constexpr uint32_t kWrongClock = 150'000;
constexpr uint32_t kOutageAWeek = 40'000;

struct Declaration {
  uint32_t ppm;  // Of the sources of the kind.
  std::vector<v1::Event> events;
};

Declaration DeclarationOf(Outlet outlet, bool uses_pins) {
  switch (outlet) {
    case Outlet::kTerminal:
      return {700'000, {v1::GATE_IN, v1::GATE_OUT, v1::LOAD, v1::DISCHARGE}};
    case Outlet::kDepot:
      return {250'000, {v1::GATE_IN, v1::GATE_OUT}};
    case Outlet::kCommunity:
      return {uses_pins ? 200'000u : 800'000u,
              {v1::PICKUP_RIGHT_ISSUED, v1::PICKUP_RIGHT_TRANSFERRED,
               v1::PICKUP_RIGHT_ACCEPTED, v1::PICKUP_RIGHT_NOMINATED,
               v1::PICKUP_RIGHT_REVOKED, v1::PICKUP_RIGHT_REFUSED}};
    case Outlet::kCustoms:
      return {
          600'000,
          {v1::CUSTOMS_SELECTED, v1::INSPECTION, v1::SEAL_CHANGE,
           v1::CUSTOMS_RELEASED, v1::MANIFEST_LODGED, v1::MANIFEST_AMENDED}};
    case Outlet::kCarrier:
      return {350'000, {v1::BOOKING, v1::RELEASE_ORDER}};
    case Outlet::kTracker:
      break;
  }
  return {0, {}};
}

Pace PaceOf(Outlet outlet, Random* random) {
  if (outlet == Outlet::kCarrier) return Pace::kHours;
  if (outlet == Outlet::kDepot) {
    return random->Chance(500'000) ? Pace::kNightly : Pace::kHours;
  }
  return Pace::kLive;
}

// Gates read numbers with cameras, community systems take them over from
// manifests; papers and depots are typed.
uint32_t TypingErrorsOf(Outlet outlet) {
  switch (outlet) {
    case Outlet::kTerminal:
    case Outlet::kCommunity:
      return 200;
    case Outlet::kTracker:
      return 0;
    case Outlet::kCustoms:
      return 1'000;
    default:
      return 1'500;
  }
}

// The end of the outage that `time` falls into, or `time`.
int64_t AfterOutage(const Source& source, int64_t time) {
  const int64_t week = time / kWeek;
  Random random(Mix({source.outage_seed, static_cast<uint64_t>(week)}));
  if (!random.Chance(kOutageAWeek)) return time;
  const int64_t from = week * kWeek + random.Between(0, 5) * kDay;
  const int64_t until = from + random.Between(4, 24) * kHour;
  return time >= from && time < until ? until : time;
}

}  // namespace

Sources::Sources(uint64_t seed, int64_t start, int days,
                 const Geography& geography)
    : start_(start), days_(days) {
  Random random(Mix({seed, 0x44}));
  std::map<std::string, int> customs;
  const int size = static_cast<int>(geography.ports().size());
  ports_.resize(size);
  for (int i = 0; i < size; ++i) {
    const Port& port = geography.port(i);
    OfPort& own = ports_[i];
    own.terminals = static_cast<int>(sources_.size());
    for (const std::string& terminal : port.terminals) {
      Add(absl::StrCat("tos-", absl::AsciiStrToLower(terminal)),
          Outlet::kTerminal, i, &random);
    }
    own.depots = static_cast<int>(sources_.size());
    for (const std::string& depot : port.depots) {
      Add(absl::StrCat("depot-", absl::AsciiStrToLower(depot)), Outlet::kDepot,
          i, &random);
    }
    own.community =
        Add(absl::StrCat("pcs-", absl::AsciiStrToLower(port.locode)),
            Outlet::kCommunity, i, &random);
    const auto found = customs.find(port.country);
    own.customs =
        found != customs.end()
            ? found->second
            : Add(absl::StrCat("customs-", absl::AsciiStrToLower(port.country)),
                  Outlet::kCustoms, -1, &random);
    customs[port.country] = own.customs;
  }
  carriers_ = static_cast<int>(sources_.size());
  for (const simulate::Carrier& carrier : Carriers()) {
    Add(absl::StrCat("carrier-", absl::AsciiStrToLower(carrier.code)),
        Outlet::kCarrier, -1, &random);
  }
  tracker_ = Add("tracker", Outlet::kTracker, -1, &random);
  // What is declared depends on the port for community systems alone.
  for (Source& source : sources_) {
    const bool pins = source.port >= 0 && geography.port(source.port).uses_pins;
    const Declaration declared = DeclarationOf(source.outlet, pins);
    if (!random.Chance(declared.ppm)) continue;
    for (v1::Event event : declared.events) {
      source.complete.set(static_cast<size_t>(event));
    }
  }
}

int Sources::Add(std::string name, Outlet outlet, int port, Random* random) {
  Source source{};
  source.name = std::move(name);
  source.outlet = outlet;
  source.port = port;
  source.pace = PaceOf(outlet, random);
  source.skew_s = random->Between(-120, 120);
  source.typing_errors_ppm = TypingErrorsOf(outlet);
  source.outage_seed = random->Next();
  if (random->Chance(kWrongClock)) {
    source.wrong_from = start_ + random->Between(0, days_ * kDay - 1);
    source.wrong_until = source.wrong_from + random->Between(3, 10) * kDay;
    source.wrong_by_s = random->Chance(500'000) ? kHour : -kHour;
  }
  sources_.push_back(std::move(source));
  return static_cast<int>(sources_.size()) - 1;
}

int64_t RecordedAt(const Source& source, int64_t time, Random* random) {
  int64_t recorded = time;
  switch (source.pace) {
    case Pace::kLive:
      recorded += DrawMinutes(kLiveMinutes, random);
      break;
    case Pace::kHours:
      recorded += DrawMinutes(kHoursMinutes, random);
      break;
    case Pace::kNightly: {
      const int64_t since = time - kBatchHour * kHour;
      recorded = (since / kDay + 1) * kDay + kBatchHour * kHour +
                 random->Between(0, 40 * kMinute);
      break;
    }
  }
  return AfterOutage(source, recorded);
}

}  // namespace portrisk::scoring::simulate
