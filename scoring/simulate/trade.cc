#include "scoring/simulate/trade.h"

namespace portrisk::scoring::simulate {
namespace {

// Cargo from the region of the row to that of the column, in no unit. In the
// order of Region: China, north-east, south-east and south Asia, Middle East,
// Mediterranean, north Europe, west and south Africa, America east and west,
// Caribbean, Andes, Plate, Oceania.
constexpr uint32_t kFlows[kRegionCount][kRegionCount] = {
    {0, 12, 16, 10, 9, 12, 20, 5, 5, 13, 20, 3, 5, 5, 5},
    {12, 3, 10, 3, 3, 4, 7, 1, 1, 6, 9, 1, 2, 1, 3},
    {12, 8, 5, 5, 4, 5, 10, 1, 2, 7, 8, 1, 1, 1, 4},
    {5, 2, 4, 1, 8, 6, 10, 2, 4, 8, 3, 1, 1, 2, 1},
    {5, 2, 3, 6, 1, 3, 3, 1, 3, 2, 1, 0, 0, 1, 1},
    {4, 1, 2, 2, 4, 3, 5, 5, 2, 8, 1, 2, 1, 3, 1},
    {8, 3, 3, 4, 4, 5, 4, 4, 3, 9, 2, 3, 3, 4, 2},
    {3, 0, 2, 3, 1, 3, 5, 1, 0, 1, 0, 0, 0, 0, 0},
    {3, 1, 2, 3, 3, 2, 5, 1, 1, 1, 0, 0, 0, 1, 1},
    {6, 2, 2, 4, 2, 4, 7, 2, 1, 0, 0, 5, 3, 4, 1},
    {10, 6, 4, 1, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 2},
    {1, 0, 0, 0, 0, 3, 7, 0, 0, 8, 1, 2, 1, 0, 0},
    {5, 3, 1, 1, 1, 4, 7, 0, 0, 6, 3, 2, 1, 0, 0},
    {7, 2, 3, 2, 4, 5, 8, 2, 2, 6, 1, 1, 1, 1, 0},
    {6, 4, 4, 2, 1, 1, 2, 0, 0, 1, 2, 0, 0, 0, 1},
};

// Of the trips that begin in a region, so many in a thousand are full.
constexpr uint32_t kFull[kRegionCount] = {
    970, 850, 850, 800, 400, 720, 680, 420, 600, 520, 450, 600, 820, 820, 650};
// Where empty boxes are wanted, in no unit.
constexpr uint32_t kEmptyDemand[kRegionCount] = {40, 6, 12, 8, 0, 3, 1, 0,
                                                 2,  0, 0,  3, 8, 7, 1};

// What a shipper of so much would put into a box of twenty feet.
constexpr int32_t kHeavyKg = 18'000;

constexpr uint32_t Bits() { return 0; }
template <typename... Rest>
constexpr uint32_t Bits(Region first, Rest... rest) {
  return (1u << first) | Bits(rest...);
}
constexpr uint32_t kAsia = Bits(kChina, kNortheastAsia, kSoutheastAsia);
constexpr uint32_t kEurope = Bits(kMediterranean, kNorthEurope);
constexpr uint32_t kNorthAmerica = Bits(kAmericaEast, kAmericaWest);
constexpr uint32_t kTropics = Bits(kCaribbean, kAndes);
constexpr uint32_t kAfrica = Bits(kWestAfrica, kSouthAfrica);
constexpr uint32_t kEverywhere = (1u << kRegionCount) - 1;

}  // namespace

const std::vector<Commodity>& Commodities() {
  static const auto* const commodities = new std::vector<Commodity>{
      {"940360", "WOODEN FURNITURE", kAsia | kEurope, false, 3500, 7500, 10,
       false},
      {"851762", "TELECOMMUNICATION APPARATUS", kAsia, false, 3000, 7000, 9,
       false},
      {"847130", "PORTABLE COMPUTERS", kAsia, false, 3000, 6500, 6, false},
      {"950300", "TOYS", Bits(kChina), false, 2500, 6000, 8, false},
      {"611020", "COTTON PULLOVERS", kAsia | Bits(kSouthAsia), false, 3500,
       7500, 9, false},
      {"640399", "FOOTWEAR", kAsia | Bits(kSouthAsia), false, 3000, 7000, 7,
       false},
      {"392690", "ARTICLES OF PLASTICS", kAsia | kEurope | kNorthAmerica, false,
       4000, 10000, 9, false},
      {"870899", "PARTS FOR MOTOR VEHICLES",
       kAsia | kEurope | kNorthAmerica | Bits(kSouthAsia), false, 6000, 15000,
       9, false},
      {"841510", "AIR CONDITIONERS", kAsia, false, 4000, 8000, 5, false},
      {"850760", "LITHIUM-ION BATTERIES", Bits(kChina, kNortheastAsia), false,
       9000, 18000, 3, false},
      {"720851", "STEEL PLATES", Bits(kChina, kNortheastAsia) | kEurope, false,
       18000, 25000, 4, false},
      {"690721", "CERAMIC TILES", Bits(kChina, kSouthAsia) | kEurope, false,
       20000, 26500, 5, false},
      {"401110", "NEW TYRES", kAsia | Bits(kSouthAsia), false, 6000, 11000, 4,
       false},
      {"380892", "FUNGICIDES", kAsia | kEurope | Bits(kSouthAsia), false, 12000,
       20000, 3, false},
      {"390120", "POLYETHYLENE IN BAGS",
       Bits(kMiddleEast) | kNorthAmerica | Bits(kNortheastAsia), false, 16000,
       24500, 9, false},
      {"100630", "RICE IN BAGS", Bits(kSouthAsia, kSoutheastAsia), false, 20000,
       26000, 6, false},
      {"090240", "BLACK TEA", Bits(kSouthAsia, kSouthAfrica), false, 8000,
       13000, 2, false},
      {"520100", "RAW COTTON",
       Bits(kWestAfrica, kSouthAsia, kPlate) | kNorthAmerica, false, 12000,
       20000, 4, false},
      {"440710", "SAWN TIMBER",
       kEurope | kAfrica | kNorthAmerica | Bits(kAndes, kPlate), false, 14000,
       24000, 6, true},
      {"470321", "CHEMICAL WOOD PULP", Bits(kNorthEurope, kPlate, kAndes),
       false, 18000, 25000, 5, false},
      {"470790", "WASTE PAPER", kEurope | kNorthAmerica, false, 18000, 25500, 9,
       false},
      {"760200", "ALUMINIUM SCRAP",
       kEurope | kNorthAmerica | Bits(kMiddleEast, kOceania), false, 15000,
       24000, 5, true},
      {"720449", "FERROUS SCRAP", kEurope | kNorthAmerica | kTropics, false,
       20000, 26500, 4, true},
      {"220421", "WINE IN BOTTLES",
       kEurope | Bits(kAndes, kSouthAfrica, kOceania), false, 12000, 19000, 5,
       false},
      {"220300", "BEER", kEurope | Bits(kAmericaWest), false, 16000, 23000, 3,
       false},
      {"300490", "MEDICAMENTS", kEurope | Bits(kSouthAsia, kAmericaEast), false,
       4000, 10000, 4, false},
      {"843149", "PARTS FOR EXCAVATORS",
       kEurope | kNorthAmerica | Bits(kNortheastAsia), false, 10000, 19000, 4,
       false},
      {"120190", "SOYA BEANS", kNorthAmerica | Bits(kPlate), false, 20000,
       25500, 6, false},
      {"121490", "HAY IN BALES", Bits(kAmericaWest, kMediterranean), false,
       12000, 20000, 3, false},
      {"180100", "COCOA BEANS", Bits(kWestAfrica, kAndes, kCaribbean), false,
       18000, 25000, 8, true},
      {"090111", "GREEN COFFEE", kTropics | Bits(kPlate, kSouthAfrica), false,
       17000, 21500, 8, true},
      {"170199", "SUGAR IN BAGS", Bits(kPlate, kCaribbean, kSoutheastAsia),
       false, 20000, 26000, 5, true},
      {"260300", "COPPER CONCENTRATE", Bits(kAndes, kSouthAfrica), false, 20000,
       26000, 5, false},
      {"230120", "FISH MEAL", Bits(kAndes), false, 18000, 25000, 6, true},
      {"251741", "MARBLE CHIPS", Bits(kMediterranean, kPlate), false, 21000,
       26500, 3, true},
      {"510111", "GREASY WOOL", Bits(kOceania), false, 14000, 20000, 4, false},
      {"630900", "WORN CLOTHING", kEurope | kNorthAmerica, false, 9000, 18000,
       3, false},
      {"980100", "HOUSEHOLD GOODS", kEverywhere, false, 3000, 9000, 2, false},
      {"080390", "BANANAS", kTropics | Bits(kWestAfrica), true, 12500, 14500,
       14, true},
      {"080430", "PINEAPPLES", kTropics | Bits(kWestAfrica), true, 12000, 14500,
       4, true},
      {"080440", "AVOCADOS", kTropics | Bits(kSouthAfrica), true, 12500, 15500,
       4, true},
      {"080610", "GRAPES", Bits(kAndes, kSouthAfrica) | kEurope, true, 12000,
       14500, 4, false},
      {"080510", "ORANGES", Bits(kSouthAfrica, kMediterranean), true, 14000,
       17500, 6, false},
      {"080810", "APPLES", Bits(kAndes, kOceania) | kEurope, true, 13000, 16500,
       4, false},
      {"030617", "FROZEN SHRIMP", kTropics | Bits(kSouthAsia, kSoutheastAsia),
       true, 14000, 18500, 6, true},
      {"030389", "FROZEN FISH",
       Bits(kChina, kNortheastAsia, kNorthEurope) | Bits(kAndes), true, 15000,
       19500, 6, false},
      {"020714", "FROZEN CHICKEN", Bits(kPlate) | kNorthAmerica | kEurope, true,
       15500, 19500, 7, false},
      {"020230", "FROZEN BEEF", Bits(kPlate, kOceania) | kNorthAmerica, true,
       15500, 19500, 6, false},
      {"040210", "MILK PRODUCTS", Bits(kOceania) | kEurope, true, 13000, 18500,
       5, false},
      {"200410", "FROZEN POTATOES", Bits(kNorthEurope) | kNorthAmerica, true,
       14000, 18500, 5, false},
      {"060311", "CUT FLOWERS", Bits(kCaribbean, kAndes, kSouthAfrica), true,
       6000, 9500, 2, true},
  };
  return *commodities;
}

Trade::Trade(const Geography& geography, const Liner& liner)
    : geography_(geography) {
  const int size = static_cast<int>(geography.ports().size());
  full_.resize(size);
  empty_.resize(size);
  uint32_t homes = 0;
  for (int from = 0; from < size; ++from) {
    const Port& origin = geography.port(from);
    uint32_t full = 0;
    uint32_t empty = 0;
    for (int to = 0; to < size; ++to) {
      if (liner.Routes(from, to).empty()) continue;
      const Port& there = geography.port(to);
      if (const uint32_t flow =
              kFlows[origin.region][there.region] * there.weight;
          flow > 0 && there.country != origin.country) {
        full_[from].push_back({to, full += flow});
      }
      if (const uint32_t flow = kEmptyDemand[there.region] * there.weight;
          flow > 0 && there.region != origin.region) {
        empty_[from].push_back({to, empty += flow});
      }
    }
    if (full > 0 && empty > 0) {
      homes_.push_back({from, homes += origin.weight * kFull[origin.region]});
    }
  }
}

int Trade::Pick(const std::vector<Flow>& flows, Random* random) {
  if (flows.empty()) return -1;
  const uint32_t at = random->Below(flows.back().up_to);
  size_t low = 0;
  size_t high = flows.size() - 1;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (flows[middle].up_to > at) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return flows[low].port;
}

int Trade::PickDestination(int from, Random* random) const {
  return Pick(full_[from], random);
}

int Trade::PickEmptyDestination(int from, Random* random) const {
  return Pick(empty_[from], random);
}

bool Trade::FullNext(int from, Random* random) const {
  return random->Chance(kFull[geography_.port(from).region] * 1000);
}

int Trade::PickHome(Random* random) const { return Pick(homes_, random); }

int Trade::PickCommodity(Region origin, Cooling cooling, Size size,
                         Random* random) const {
  const std::vector<Commodity>& all = Commodities();
  const auto weight = [&](const Commodity& commodity) -> uint32_t {
    if (commodity.reefer != (cooling == Cooling::kReefer) ||
        (commodity.regions >> origin & 1) == 0) {
      return 0;
    }
    const bool heavy = commodity.cargo_kg_max >= kHeavyKg;
    if (size == Size::kForty) return commodity.weight * (heavy ? 4 : 3);
    return commodity.weight * (heavy ? 5 : 2);
  };
  uint32_t total = 0;
  for (const Commodity& commodity : all) total += weight(commodity);
  if (total == 0) return -1;
  uint32_t at = random->Below(total);
  for (size_t i = 0; i < all.size(); ++i) {
    const uint32_t own = weight(all[i]);
    if (at < own) return static_cast<int>(i);
    at -= own;
  }
  return -1;
}

}  // namespace portrisk::scoring::simulate
