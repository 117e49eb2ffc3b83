// The containers of the world: numbers, types and where each one is.
#ifndef PORTRISK_SCORING_SIMULATE_FLEET_H_
#define PORTRISK_SCORING_SIMULATE_FLEET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "scoring/simulate/random.h"
#include "scoring/simulate/trade.h"

namespace portrisk::scoring::simulate {

struct BoxType {
  const char* code;  // ISO 6346 size and type.
  uint32_t weight;
  bool reefer;
  bool forty;
  int32_t tare_kg;     // Each box differs from it by up to 90 kg.
  int32_t payload_kg;  // Cargo at most.
};
const std::vector<BoxType>& BoxTypes();

struct Box {
  uint32_t serial;  // Six digits.
  uint8_t prefix;   // Index into Prefixes().
  uint8_t carrier;  // Who operates it.
  uint8_t type;     // Index into BoxTypes().
  int16_t port;     // Where it stands between trips.
  uint8_t depot;
  int16_t tare_off_kg;
  uint32_t unit;   // Serial of the refrigeration unit, 0 for none.
  uint32_t trips;  // Made so far.
};

// Owner prefixes: one of each carrier, then those of lessors.
struct Prefix {
  std::string letters;  // Four.
  std::string owner;
};
const std::vector<Prefix>& Prefixes();

class Fleet {
 public:
  Fleet(uint64_t seed, uint32_t count, const Geography& geography,
        const Trade& trade);

  std::vector<Box>& boxes() { return boxes_; }
  const std::vector<Box>& boxes() const { return boxes_; }

 private:
  std::vector<Box> boxes_;
};

// With its check digit. A prefix has 900,000 numbers.
std::string NumberOf(const Box& box);
// Any number of that prefix and serial.
std::string MakeNumber(const std::string& prefix, uint32_t serial);
bool IsRemainderTen(const std::string& number);
std::string ReeferUnitOf(const Box& box);
inline int32_t TareOf(const Box& box) {
  return BoxTypes()[box.type].tare_kg + box.tare_off_kg;
}

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_FLEET_H_
