#include "scoring/simulate/fleet.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "scoring/iso6346.h"

namespace portrisk::scoring::simulate {
namespace {

constexpr uint32_t kSerials = 900'000;
// Owners avoid numbers whose check sum leaves ten, but not all do.
constexpr uint32_t kKeepRemainderTen = 250'000;

uint8_t PickType(Random* random) {
  uint32_t total = 0;
  for (const BoxType& type : BoxTypes()) total += type.weight;
  uint32_t at = random->Below(total);
  uint8_t i = 0;
  while (at >= BoxTypes()[i].weight) at -= BoxTypes()[i++].weight;
  return i;
}

}  // namespace

const std::vector<BoxType>& BoxTypes() {
  static const auto* const types = new std::vector<BoxType>{
      {"22G1", 330, false, false, 2230, 28200},
      {"42G1", 80, false, true, 3740, 28700},
      {"45G1", 470, false, true, 3880, 28600},
      {"L5G1", 10, false, true, 4820, 27600},
      {"22R1", 6, true, false, 2980, 27400},
      {"45R1", 74, true, true, 4640, 29400},
      {"22U1", 10, false, false, 2390, 28000},
      {"22P1", 8, false, false, 2740, 31200},
      {"22T1", 12, false, false, 3690, 26700},
  };
  return *types;
}

const std::vector<Prefix>& Prefixes() {
  static const auto* const prefixes = [] {
    auto* list = new std::vector<Prefix>;
    for (const Carrier& carrier : Carriers()) {
      list->push_back({carrier.prefix, carrier.name});
    }
    // Letters that no register has given to anybody.
    for (const char* letters : {"QXAU", "QXBU", "QXCU", "QXDU"}) {
      list->push_back({letters, absl::StrCat("Quex Leasing ", letters)});
    }
    return list;
  }();
  return *prefixes;
}

Fleet::Fleet(uint64_t seed, uint32_t count, const Geography& geography,
             const Trade& trade) {
  Random random(Mix({seed, 0x33}));
  const uint32_t carriers = static_cast<uint32_t>(Carriers().size());
  const uint32_t lessors = static_cast<uint32_t>(Prefixes().size()) - carriers;
  // A walk through all serials of a prefix: steps of a number that has no
  // factor in common with 900,000 meet none twice.
  std::vector<uint32_t> next(Prefixes().size());
  for (uint32_t& serial : next) serial = random.Below(kSerials);
  boxes_.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    Box box{};
    box.carrier = static_cast<uint8_t>(random.Skewed(carriers));
    box.prefix = random.Chance(450'000)
                     ? static_cast<uint8_t>(carriers + random.Below(lessors))
                     : box.carrier;
    box.type = PickType(&random);
    do {
      next[box.prefix] = (next[box.prefix] + 73'939) % kSerials;
      box.serial = 100'000 + next[box.prefix];
    } while (IsRemainderTen(NumberOf(box)) &&
             !random.Chance(kKeepRemainderTen));
    box.port = static_cast<int16_t>(trade.PickHome(&random));
    box.depot = static_cast<uint8_t>(random.Below(
        static_cast<uint32_t>(geography.port(box.port).depots.size())));
    box.tare_off_kg = static_cast<int16_t>(random.Between(-9, 9) * 10);
    if (BoxTypes()[box.type].reefer) box.unit = 20'000'000 + i * 7;
    boxes_.push_back(box);
  }
}

std::string MakeNumber(const std::string& prefix, uint32_t serial) {
  std::string number = absl::StrCat(prefix, absl::Dec(serial, absl::kZeroPad6));
  number.push_back(static_cast<char>('0' + CheckDigit(number, nullptr)));
  return number;
}

std::string NumberOf(const Box& box) {
  return MakeNumber(Prefixes()[box.prefix].letters, box.serial);
}

bool IsRemainderTen(const std::string& number) {
  bool ten = false;
  CheckDigit(number.substr(0, 10), &ten);
  return ten;
}

std::string ReeferUnitOf(const Box& box) {
  return box.unit == 0 ? "" : absl::StrCat("TK", box.unit);
}

}  // namespace portrisk::scoring::simulate
