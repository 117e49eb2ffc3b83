#include "scoring/simulate/parties.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "scoring/simulate/times.h"

namespace portrisk::scoring::simulate {
namespace {

// Numbers from here on belong to parties that no background cargo has.
constexpr uint32_t kStrangers = 5'000'000;
constexpr uint32_t kPrime = 999'999'937;  // The largest below 10^9.

constexpr const char* kSyllables[] = {"ma", "ro",  "li",  "ken", "ta", "vo",
                                      "su", "del", "pi",  "nor", "ba", "zen",
                                      "ka", "lu",  "fer", "mi"};
constexpr const char* kTail[4][4] = {
    {"Exports", "Industries", "Manufacturing", "Produce"},
    {"Trading", "Imports", "Wholesale", "Foods"},
    {"Forwarding", "Logistics", "Shipping Agency", "Cargo"},
    {"Transport", "Haulage", "Road Freight", "Trucking"},
};

bool IsEuropeanUnion(const std::string& country) {
  for (const char* member : {"NL", "BE", "DE", "FR", "ES", "IT", "GR", "MT",
                             "PL", "SE", "FI", "PT", "IE"}) {
    if (country == member) return true;
  }
  return false;
}

}  // namespace

uint32_t Parties::Count(Trader kind, const Port& port, int64_t time) const {
  const uint32_t weight = port.weight;
  switch (kind) {
    case Trader::kForwarder:
      return 8 + weight * 2;
    case Trader::kHaulier:
      return 10 + weight * 4;
    default:
      break;
  }
  // A fifth more each year.
  const uint32_t base = 150 + weight * 120;
  const int64_t days = std::max<int64_t>(0, (time - start_) / kDay);
  return base + static_cast<uint32_t>(base * days / (5 * 365));
}

PartyKey Parties::Pick(Trader kind, int port, int64_t time,
                       Random* random) const {
  return {kind, port, random->Skewed(Count(kind, geography_.port(port), time))};
}

PartyKey Parties::Stranger(Trader kind, int port, uint32_t serial) const {
  return {kind, port, kStrangers + serial};
}

std::string Parties::Id(const PartyKey& key) const {
  const Port& port = geography_.port(key.port);
  // One to one: multiplied modulo a prime.
  uint64_t number =
      (uint64_t{key.number} * 4 + static_cast<uint64_t>(key.kind)) * 128;
  // Traders of one country are shared among its ports, hauliers are not.
  if (key.kind == Trader::kHaulier) number += static_cast<uint64_t>(key.port);
  number = (number + seed_ % 1000 + 1) % kPrime * 7919 % kPrime;
  return absl::StrCat(port.country, absl::Dec(number, absl::kZeroPad9));
}

void Parties::Fill(const PartyKey& key, v1::Party* party) const {
  const Port& port = geography_.port(key.port);
  party->set_id(Id(key));
  party->set_id_scheme(IsEuropeanUnion(port.country) ? "EORI"
                                                     : "TRADE_REGISTER");
  const uint64_t h =
      Mix({seed_, 3, key.number, static_cast<uint64_t>(key.kind),
           key.kind == Trader::kHaulier ? static_cast<uint64_t>(key.port) : 0,
           static_cast<uint64_t>(port.country[0]),
           static_cast<uint64_t>(port.country[1])});
  std::string name = absl::StrCat(kSyllables[h & 15], kSyllables[h >> 4 & 15],
                                  kSyllables[h >> 8 & 15]);
  name[0] = static_cast<char>(name[0] - 'a' + 'A');
  party->set_name(
      absl::StrCat(name, " ", kTail[static_cast<int>(key.kind)][h >> 12 & 3]));
  party->set_country(port.country);
}

std::string Parties::Account(const PartyKey& key, uint32_t which) const {
  return absl::StrCat(Id(key), "-u", which + 1);
}

void Parties::FillAccount(const PartyKey& key, uint32_t which,
                          v1::Party* party) const {
  const std::string id = Id(key);
  const uint64_t h =
      Mix({seed_, 4, key.number, which, static_cast<uint64_t>(key.kind),
           static_cast<uint64_t>(key.port)});
  party->set_account(absl::StrCat(id, "-u", which + 1));
  party->set_device(absl::StrCat("dev-", absl::Hex(h & 0xFFFFFFFF)));
}

std::string Parties::Plate(const PartyKey& haulier, Random* random) const {
  const uint32_t lorries =
      2 + static_cast<uint32_t>(Mix({seed_, 5, haulier.number,
                                     static_cast<uint64_t>(haulier.port)}) %
                                24);
  const uint64_t h =
      Mix({seed_, 6, haulier.number, static_cast<uint64_t>(haulier.port),
           random->Skewed(lorries)});
  return absl::StrFormat("%s%c%c%05d", geography_.port(haulier.port).country,
                         static_cast<char>('A' + h % 26),
                         static_cast<char>('A' + h / 26 % 26),
                         static_cast<int>(h / 676 % 100'000));
}

std::string Parties::StrangePlate(uint32_t serial) const {
  return absl::StrFormat("XX%08d", static_cast<int>(serial));
}

}  // namespace portrisk::scoring::simulate
