// Who ships, forwards, carries and collects. Every party is invented, and a
// function of its number: nothing is kept in memory.
#ifndef PORTRISK_SCORING_SIMULATE_PARTIES_H_
#define PORTRISK_SCORING_SIMULATE_PARTIES_H_

#include <cstdint>
#include <string>

#include "portrisk/v1/movement.pb.h"
#include "scoring/simulate/geography.h"
#include "scoring/simulate/random.h"

namespace portrisk::scoring::simulate {

enum class Trader : uint32_t { kShipper, kConsignee, kForwarder, kHaulier };

// One party: its kind, the port it belongs to, and its number there. Traders
// of one country are the same whatever port they use; hauliers are a port's.
struct PartyKey {
  Trader kind = Trader::kShipper;
  int port = 0;
  uint32_t number = 0;

  bool operator==(const PartyKey& other) const {
    return kind == other.kind && port == other.port && number == other.number;
  }
};

class Parties {
 public:
  Parties(uint64_t seed, int64_t start, const Geography& geography)
      : seed_(Mix({seed, 0x22})), start_(start), geography_(geography) {}

  // Few big ones and many small ones; as time goes on, new ones.
  PartyKey Pick(Trader kind, int port, int64_t time, Random* random) const;
  // One that nobody has dealt with; `serial` makes them differ.
  PartyKey Stranger(Trader kind, int port, uint32_t serial) const;

  // Identifier, scheme, name and country.
  void Fill(const PartyKey& key, v1::Party* party) const;
  // The identifier alone.
  std::string Id(const PartyKey& key) const;
  // An account of the party and a device that it is used from.
  void FillAccount(const PartyKey& key, uint32_t which, v1::Party* party) const;
  std::string Account(const PartyKey& key, uint32_t which) const;
  // One of the lorries of a haulier.
  std::string Plate(const PartyKey& haulier, Random* random) const;
  // A lorry that no haulier has.
  std::string StrangePlate(uint32_t serial) const;

 private:
  uint32_t Count(Trader kind, const Port& port, int64_t time) const;

  const uint64_t seed_;
  const int64_t start_;
  const Geography& geography_;
};

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_PARTIES_H_
