// The right to collect an import. At most ports it passes from the carrier to
// a forwarder or the consignee, now and then to another forwarder, and the
// last holder names a haulier; at ports that use PINs the carrier sends a code
// and whoever shows it collects.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "scoring/simulate/times.h"
#include "scoring/simulate/trip.h"

namespace portrisk::scoring::simulate {
namespace {

constexpr uint32_t kToConsigneeFirst = 400'000;
constexpr uint32_t kSubForwarder = 150'000;
constexpr uint32_t kRenominated = 50'000;
// A haulier that is replaced in time is replaced this long before, at least.
constexpr int64_t kRenominationLead = 12 * kHour;

// Evenly between, or `low` where there is no room.
int64_t Within(int64_t low, int64_t high, Random* random) {
  return low < high ? random->Between(low, high) : low;
}

void Pass(const PartyKey& to, Random* random, Chain* chain) {
  Chain::Transfer transfer;
  transfer.from = chain->holder;
  transfer.to = to;
  const int64_t held = chain->transfers.empty()
                           ? chain->accepted
                           : chain->transfers.back().accepted;
  transfer.time = held + random->Between(10 * kMinute, 6 * kHour);
  transfer.accepted = transfer.time + random->Between(3 * kMinute, 3 * kHour);
  chain->holder = to;
  chain->transfers.push_back(transfer);
}

// `held`: when the last holder had it; `out`: when the box left.
void Nominate(const World& world, int64_t held, int64_t out, Random* random,
              Trip* trip) {
  Chain& chain = trip->chain;
  const auto add = [&](const PartyKey& haulier, int64_t time, int64_t limit) {
    chain.nominations.push_back(
        {haulier, time,
         Within(time + 2 * kMinute,
                std::min(time + 90 * kMinute, limit - 5 * kMinute), random)});
  };
  const int64_t first =
      Within(std::max(held + 10 * kMinute, out - 60 * kHour),
             std::max(held + 15 * kMinute, out - 5 * kHour), random);
  if (out - first > 2 * kRenominationLead && random->Chance(kRenominated)) {
    const PartyKey other =
        world.parties.Pick(Trader::kHaulier, trip->to, trip->start, random);
    if (!(other == trip->import_haulier)) {
      const int64_t again =
          Within(first + 3 * kHour, out - kRenominationLead, random);
      add(other, first, again);
      add(trip->import_haulier, again, out);
      return;
    }
  }
  add(trip->import_haulier, first, out);
}

}  // namespace

void PlanChain(const World& world, Random* random, Trip* trip) {
  const Port& port = world.geography.port(trip->to);
  Chain& chain = trip->chain;
  chain.transfers.clear();
  chain.nominations.clear();
  chain.id = absl::StrFormat("R%08X", trip->number);
  chain.pin.clear();
  const int64_t ashore = trip->last().discharge;
  const int64_t out = trip->gate_out;
  // Two and a half days before to a few hours before discharge, so that the
  // whole chain fits before the shortest stay ends.
  chain.issued = ashore - random->Between(20 * kHour, 60 * kHour);
  chain.accepted = chain.issued + random->Between(5 * kMinute, 3 * kHour);
  chain.expires = out + random->Between(2, 20) * kDay;
  const bool consignee = random->Chance(kToConsigneeFirst);
  chain.first_holder =
      consignee ? trip->bills.front().consignee : trip->import_forwarder;
  chain.holder = chain.first_holder;
  if (port.uses_pins) {
    chain.pin = absl::StrFormat("%06d", random->Below(1'000'000));
    chain.queried = Within(std::max(chain.accepted, out - 30 * kHour),
                           out - 2 * kHour, random);
    chain.pre_notified = Within(out - 6 * kHour, out - 45 * kMinute, random);
    return;
  }
  if (consignee) Pass(trip->import_forwarder, random, &chain);
  if (random->Chance(kSubForwarder)) {
    const PartyKey other =
        world.parties.Pick(Trader::kForwarder, trip->to, trip->start, random);
    if (!(other == chain.holder)) Pass(other, random, &chain);
  }
  const int64_t held = chain.transfers.empty()
                           ? chain.accepted
                           : chain.transfers.back().accepted;
  Nominate(world, held, out, random, trip);
  const int64_t named = chain.nominations.back().accepted;
  chain.queried = Within(std::max(named, out - 10 * kHour),
                         std::max(named, out - 70 * kMinute), random);
  chain.pre_notified = Within(std::max(named, out - 6 * kHour),
                              std::max(named, out - 45 * kMinute), random);
}

}  // namespace portrisk::scoring::simulate
