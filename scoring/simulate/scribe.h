// Writes a planned trip down as movements: what each party to it would report
// if nothing were lost, late or wrong.
#ifndef PORTRISK_SCORING_SIMULATE_SCRIBE_H_
#define PORTRISK_SCORING_SIMULATE_SCRIBE_H_

#include <string>

#include "scoring/simulate/drafts.h"
#include "scoring/simulate/trip.h"

namespace portrisk::scoring::simulate {

class Scribe {
 public:
  Scribe(const World& world, const Trip& trip, Random* random, Drafts* drafts)
      : world_(world), trip_(trip), random_(random), drafts_(drafts) {}

  // Appends every movement of the trip.
  void Write();

  // Parts of it that cases use as well.

  // About the box, in its state of that moment.
  Draft& AboutBox(Step step, v1::Event event, int source, int64_t time,
                  v1::LoadStatus status);
  // The same at a terminal or a depot of a port.
  Draft& AtTerminal(Step step, v1::Event event, int port, int terminal,
                    int64_t time, v1::LoadStatus status);
  Draft& AtDepot(Step step, v1::Event event, int port, int depot, int64_t time);
  // A step of the pick-up right.
  Draft& OfRight(Step step, v1::Event event, int64_t time);
  // A manifest or an amendment of it, for one bill.
  Draft& OfManifest(Step step, v1::Event event, const Bill& bill, int64_t time);
  void SetHaulier(const PartyKey& haulier, v1::Movement* movement);
  void SetVessel(const TripLeg& leg, v1::Movement* movement);
  void AddSeal(const std::string& number, const char* source,
               v1::Movement* movement);
  std::string YardPosition(Random* random) const;
  // A weight as a scale would show it: within `per_mille` of `kg`, by 20 kg.
  int32_t Weighed(int32_t kg, int per_mille);

 private:
  void WriteExport();
  void WriteEmptyExport();
  void WriteVoyage();
  void WriteLeg(size_t leg);
  void WriteManifests();
  void WriteImport();
  void WriteControl();
  void WriteSealChange();
  void WriteChain();
  void WriteTransfers();
  void WriteNominations();
  void WriteGateOut();
  void WriteEmptyImport();
  void WriteReturn();
  void WriteTold(const Draft& told);
  void AddCargo(const Bill& bill, v1::Movement* movement);
  void AddSealsNow(v1::Movement* movement, int64_t time);
  v1::LoadStatus Status() const { return trip_.full ? v1::FULL : v1::EMPTY; }
  const std::string& Locode(int port) const {
    return world_.geography.port(port).locode;
  }

  const World& world_;
  const Trip& trip_;
  Random* const random_;
  Drafts* const drafts_;
  // After customs opened the box: their seal, and since when.
  std::string customs_seal_;
  int64_t customs_seal_time_ = 0;
};

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_SCRIBE_H_
