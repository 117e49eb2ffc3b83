// A lane names regions in the order a vessel passes them and how many ports it
// calls at in each. Ports are picked by weight, those that no service calls at
// yet three times as often, and sailed to by nearest neighbour, which is what
// most real rotations come near to.
#include "scoring/simulate/rotations.h"

#include <algorithm>
#include <cstddef>

namespace portrisk::scoring::simulate {
namespace {

struct Block {
  Region region;
  int ports;
};

struct Lane {
  int services;
  std::vector<Block> blocks;
};

constexpr size_t kCallsMin = 6;
constexpr size_t kCallsMax = 14;

const std::vector<Lane>& Lanes() {
  static const auto* const lanes = new std::vector<Lane>{
      {5, {{kChina, 4}, {kSoutheastAsia, 1}, {kNorthEurope, 4}}},
      {4, {{kChina, 3}, {kSoutheastAsia, 1}, {kMediterranean, 4}}},
      {6, {{kChina, 3}, {kNortheastAsia, 1}, {kAmericaWest, 3}}},
      {3,
       {{kChina, 3}, {kNortheastAsia, 1}, {kCaribbean, 1}, {kAmericaEast, 4}}},
      {5, {{kNortheastAsia, 2}, {kChina, 3}, {kSoutheastAsia, 3}}},
      {4,
       {{kChina, 3}, {kSoutheastAsia, 1}, {kSouthAsia, 2}, {kMiddleEast, 2}}},
      {3,
       {{kSouthAsia, 3},
        {kMiddleEast, 1},
        {kMediterranean, 1},
        {kNorthEurope, 3}}},
      {1, {{kSouthAsia, 3}, {kMediterranean, 1}, {kAmericaEast, 3}}},
      {4, {{kNorthEurope, 4}, {kAmericaEast, 4}}},
      {2, {{kMediterranean, 4}, {kAmericaEast, 3}}},
      {3, {{kNorthEurope, 4}, {kMediterranean, 1}, {kPlate, 4}}},
      {2, {{kMediterranean, 3}, {kPlate, 4}}},
      {4, {{kNorthEurope, 3}, {kCaribbean, 2}, {kAndes, 3}}},
      {3, {{kNorthEurope, 3}, {kCaribbean, 4}}},
      {2, {{kMediterranean, 3}, {kCaribbean, 2}, {kAndes, 2}}},
      {3, {{kChina, 3}, {kNortheastAsia, 1}, {kAmericaWest, 1}, {kAndes, 3}}},
      {2, {{kChina, 3}, {kSoutheastAsia, 1}, {kSouthAfrica, 1}, {kPlate, 3}}},
      {2,
       {{kChina, 2}, {kSoutheastAsia, 1}, {kSouthAfrica, 2}, {kWestAfrica, 2}}},
      {3, {{kNorthEurope, 3}, {kMediterranean, 1}, {kWestAfrica, 4}}},
      {1, {{kNorthEurope, 4}, {kSouthAfrica, 2}}},
      {2, {{kSouthAsia, 2}, {kMiddleEast, 2}, {kSouthAfrica, 3}}},
      {3, {{kAmericaEast, 3}, {kCaribbean, 4}}},
      {2, {{kAmericaEast, 3}, {kPlate, 3}}},
      {1, {{kAmericaEast, 2}, {kCaribbean, 1}, {kAndes, 3}}},
      {3, {{kChina, 2}, {kSoutheastAsia, 2}, {kOceania, 3}}},
      {1, {{kAmericaWest, 3}, {kOceania, 3}}},
      {3, {{kNorthEurope, 7}}},
      {3, {{kMediterranean, 7}}},
      {2, {{kCaribbean, 6}}},
      {2, {{kSoutheastAsia, 6}}},
      {2, {{kAndes, 5}, {kCaribbean, 1}}},
      {1, {{kPlate, 7}}},
      {1, {{kWestAfrica, 6}, {kMediterranean, 1}}},
  };
  return *lanes;
}

class Picker {
 public:
  Picker(const Geography& geography, Random* random)
      : geography_(geography),
        random_(random),
        called_(geography.ports().size(), false) {}

  bool called(int port) const { return called_[port]; }
  void Call(int port) { called_[port] = true; }

  // `count` different ports of the region, none of `taken`.
  std::vector<int> Pick(const Block& block, const std::vector<int>& taken) {
    std::vector<int> picked;
    for (int n = 0; n < block.ports; ++n) {
      uint32_t total = 0;
      const int size = static_cast<int>(geography_.ports().size());
      for (int i = 0; i < size; ++i) total += Weight(i, block, taken, picked);
      if (total == 0) break;
      uint32_t at = random_->Below(total);
      for (int i = 0; i < size; ++i) {
        const uint32_t weight = Weight(i, block, taken, picked);
        if (at < weight) {
          picked.push_back(i);
          break;
        }
        at -= weight;
      }
    }
    for (int port : picked) Call(port);
    return picked;
  }

 private:
  uint32_t Weight(int i, const Block& block, const std::vector<int>& taken,
                  const std::vector<int>& picked) const {
    const Port& port = geography_.port(i);
    if (port.region != block.region) return 0;
    for (const std::vector<int>* list : {&taken, &picked}) {
      if (std::find(list->begin(), list->end(), i) != list->end()) return 0;
    }
    return port.weight * (called_[i] ? 1 : 3);
  }

  const Geography& geography_;
  Random* const random_;
  std::vector<bool> called_;
};

// Appends `ports` to the rotation, each time the nearest one left.
void Append(const Geography& geography, std::vector<int> ports,
            std::vector<int>* rotation) {
  while (!ports.empty()) {
    auto next = ports.begin();
    if (!rotation->empty()) {
      for (auto it = ports.begin(); it != ports.end(); ++it) {
        if (geography.SeaKm(rotation->back(), *it) <
            geography.SeaKm(rotation->back(), *next)) {
          next = it;
        }
      }
    }
    rotation->push_back(*next);
    ports.erase(next);
  }
}

// The port of the first block that lies farthest from where the vessel is
// bound is its first call.
void StartFarAway(const Geography& geography, int bound_for,
                  std::vector<int>* ports) {
  auto far = ports->begin();
  for (auto it = ports->begin(); it != ports->end(); ++it) {
    if (geography.SeaKm(*it, bound_for) > geography.SeaKm(*far, bound_for)) {
      far = it;
    }
  }
  std::iter_swap(ports->begin(), far);
}

std::vector<int> MakeRotation(const Geography& geography, const Lane& lane,
                              Picker* picker, Random* random) {
  std::vector<int> taken;
  std::vector<std::vector<int>> blocks;
  for (const Block& block : lane.blocks) {
    blocks.push_back(picker->Pick(block, taken));
    taken.insert(taken.end(), blocks.back().begin(), blocks.back().end());
  }
  if (!blocks.back().empty()) {
    StartFarAway(geography, blocks.back().front(), &blocks.front());
  }
  std::vector<int> rotation;
  for (std::vector<int>& block : blocks) {
    Append(geography, std::move(block), &rotation);
  }
  // A hub in the middle is often called at again on the way back.
  if (lane.blocks.size() == 3 && lane.blocks[1].ports == 1 &&
      random->Chance(500'000)) {
    const int hub = rotation[static_cast<size_t>(lane.blocks[0].ports)];
    if (rotation.back() != hub) rotation.push_back(hub);
  }
  return rotation;
}

}  // namespace

std::vector<std::vector<int>> MakeRotations(const Geography& geography,
                                            Random* random) {
  std::vector<std::vector<int>> rotations;
  Picker picker(geography, random);
  for (const Lane& lane : Lanes()) {
    for (int i = 0; i < lane.services; ++i) {
      rotations.push_back(MakeRotation(geography, lane, &picker, random));
    }
  }
  const int size = static_cast<int>(geography.ports().size());
  for (int port = 0; port < size; ++port) {
    if (picker.called(port)) continue;
    // Beside the nearest call of any rotation that has room.
    std::vector<int>* best = nullptr;
    size_t where = 0;
    for (std::vector<int>& rotation : rotations) {
      if (rotation.size() >= kCallsMax) continue;
      for (size_t i = 0; i < rotation.size(); ++i) {
        if (best == nullptr || geography.SeaKm(rotation[i], port) <
                                   geography.SeaKm((*best)[where], port)) {
          best = &rotation;
          where = i;
        }
      }
    }
    best->insert(best->begin() + static_cast<std::ptrdiff_t>(where) + 1, port);
    picker.Call(port);
  }
  rotations.erase(std::remove_if(rotations.begin(), rotations.end(),
                                 [](const std::vector<int>& rotation) {
                                   return rotation.size() < kCallsMin;
                                 }),
                  rotations.end());
  return rotations;
}

}  // namespace portrisk::scoring::simulate
