// One trip of one container: from an empty box at a depot to an empty box at
// another depot, or an empty box moved to where boxes are wanted.
#ifndef PORTRISK_SCORING_SIMULATE_TRIP_H_
#define PORTRISK_SCORING_SIMULATE_TRIP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "scoring/simulate/fleet.h"
#include "scoring/simulate/world.h"

namespace portrisk::scoring::simulate {

struct TripLeg {
  RouteLeg leg;
  int64_t sailing;
  int64_t load;
  int64_t sail;  // The vessel leaves.
  int64_t arrive;
  int64_t discharge;
};

struct Bill {
  std::string number;
  PartyKey shipper;
  PartyKey consignee;
  int commodity;
  int32_t cargo_kg;
  int32_t packages;
};

enum class Control : uint8_t { kNone, kScan, kInspection, kScanOutside };

// Who gets the right to collect, in order; times are when each step happened.
struct Chain {
  struct Transfer {
    PartyKey from;
    PartyKey to;
    int64_t time;
    int64_t accepted;
  };
  struct Nomination {
    PartyKey haulier;
    int64_t time;
    int64_t accepted;
  };
  PartyKey first_holder;
  PartyKey holder;  // The last one.
  int64_t issued;
  int64_t accepted;
  std::vector<Transfer> transfers;
  std::vector<Nomination> nominations;  // None at a port that uses PINs.
  int64_t queried;
  int64_t pre_notified;
  int64_t expires;
  std::string id;
  std::string pin;  // "" at other ports.
};

// A consignment of several boxes: what a later box of it takes over.
struct Shipment {
  int to = -1;  // -1: none.
  bool reefer = false;
  std::vector<TripLeg> legs;
  std::string booking;
  Bill bill;
  PartyKey export_forwarder;
  PartyKey import_forwarder;
  PartyKey export_haulier;
  PartyKey import_haulier;
};

struct Trip {
  uint64_t number;
  const Box* box;
  std::string box_number;
  bool full;
  bool joined;  // Belongs to the consignment of an earlier trip.
  int from;
  int to;
  int depot_from;
  int depot_to;
  std::vector<TripLeg> legs;
  // Times; those of cargo only when full.
  int64_t start;  // Nothing is reported before it.
  int64_t booked;
  int64_t empty_out;
  int64_t stuffed;
  int64_t gate_in;
  int64_t gate_out;
  int64_t stripped;
  int64_t empty_in;
  int64_t next_start;  // Of the container's next trip.

  std::string booking;
  std::vector<Bill> bills;
  int32_t cargo_kg;
  int32_t vgm_kg;
  std::string seal;
  PartyKey export_forwarder;
  PartyKey import_forwarder;
  PartyKey export_haulier;
  PartyKey import_haulier;
  PartyKey empty_haulier;
  Control control;
  int64_t selected;
  int64_t controlled;
  Chain chain;
  bool hot_route;  // Finds are frequent on it: see outcomes.

  const TripLeg& last() const { return legs.back(); }
  int unload_terminal(const World& world) const {
    return world.liner.CallOf(last().leg, true).terminal;
  }
  int load_terminal(const World& world) const {
    return world.liner.CallOf(legs.front().leg, false).terminal;
  }
};

// Plans the trip that `box` begins at `start`. False when no service leads
// anywhere: then only next_start is set. `open` is a consignment from the same
// port that may take more boxes, or null.
bool PlanTrip(const World& world, uint64_t number, const Box& box,
              int64_t start, const Shipment* open, Random* random, Trip* trip);

// What a later box would take over; none when the trip is no plain full one.
void KeepShipment(const Trip& trip, Shipment* shipment);

// When and by whom an import is collected; PlanTrip has set the rest.
void PlanChain(const World& world, Random* random, Trip* trip);

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_TRIP_H_
