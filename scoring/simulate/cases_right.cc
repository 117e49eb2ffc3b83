// Patterns 1 to 8: the right to collect, and who uses it.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "scoring/simulate/cases.h"
#include "scoring/simulate/times.h"

namespace portrisk::scoring::simulate {
namespace {

void Need(Draft* draft) { draft->needed = true; }

uint32_t VariantOf(const CaseContext& c, uint32_t variants) {
  return c.serial / kPatterns % variants;
}

// 1. The haulier at the gate is not the last one who was nominated and said
// yes: another one of the port comes instead, with a lorry of his own.
const char* HaulierMismatch(CaseContext& c) {
  if (c.uses_pins()) return nullptr;
  Need(c.drafts.Last(Step::kNominated));
  Need(c.drafts.Last(Step::kAccepted));
  c.scribe.SetHaulier(c.OtherHaulier(), &c.out().movement);
  Need(&c.out());
  return "another haulier";
}

// 2a. The right was revoked after the last nomination and used all the same.
const char* UsedAfterRevocation(CaseContext& c) {
  const int64_t named = c.trip.chain.nominations.back().accepted;
  if (named + 40 * kMinute > c.trip.gate_out) return nullptr;
  Draft& revoked = c.scribe.OfRight(
      Step::kExtra, v1::PICKUP_RIGHT_REVOKED,
      c.Between(named + 10 * kMinute, c.trip.gate_out - 20 * kMinute));
  v1::Party* actor = revoked.movement.mutable_pickup_right()->mutable_actor();
  actor->set_id(Carriers()[c.trip.box->carrier].code);
  actor->set_id_scheme("SCAC");
  Need(&revoked);
  Need(c.drafts.First(Step::kIssued));
  Need(&c.out());
  return "used after revocation";
}

// 2b. The right ends before the gate-out.
const char* UsedAfterExpiry(CaseContext& c) {
  Draft* issued = c.drafts.First(Step::kIssued);
  SetTime(std::max(c.trip.gate_out - c.random.Between(3 * kHour, 20 * kHour),
                   issued->time + kHour),
          issued->movement.mutable_pickup_right()->mutable_expire_time());
  Need(issued);
  Need(&c.out());
  return "used after expiry";
}

// 2c. The haulier is nominated by somebody the right never passed to. Every
// step of the chain is needed to tell, and that the source reports every
// transfer: else one may be missing.
const char* NominatedByAnOutsider(CaseContext& c) {
  const Source& source = c.world.sources[c.world.sources.Community(c.trip.to)];
  if (!source.Declares(v1::PICKUP_RIGHT_TRANSFERRED) ||
      !source.Declares(v1::PICKUP_RIGHT_NOMINATED)) {
    return nullptr;
  }
  const PartyKey outsider =
      c.world.parties.Stranger(Trader::kForwarder, c.trip.to, c.serial);
  Draft* named = c.drafts.Last(Step::kNominated);
  v1::Party* actor = named->movement.mutable_pickup_right()->mutable_actor();
  actor->Clear();
  c.world.parties.Fill(outsider, actor);
  c.world.parties.FillAccount(outsider, 0, actor);
  for (size_t i = 0; i < c.drafts.size(); ++i) {
    const Step step = c.drafts[i].step;
    if (step == Step::kIssued || step == Step::kTransferred ||
        step == Step::kAccepted) {
      Need(&c.drafts[i]);
    }
  }
  Need(named);
  Need(&c.out());
  return "nominated by an outsider";
}

// 2d. The right was transferred and never accepted, and the source declares
// that it reports every acceptance.
const char* NeverAccepted(CaseContext& c) {
  const Source& source = c.world.sources[c.world.sources.Community(c.trip.to)];
  if (!source.Declares(v1::PICKUP_RIGHT_ACCEPTED) ||
      c.trip.chain.transfers.empty()) {
    return nullptr;
  }
  const int64_t accepted = c.trip.chain.transfers.back().accepted;
  for (size_t i = 0; i < c.drafts.size(); ++i) {
    if (c.drafts[i].step == Step::kAccepted && c.drafts[i].time == accepted) {
      c.drafts[i].removed = true;
    }
  }
  Need(c.drafts.Last(Step::kTransferred));
  Need(c.drafts.Last(Step::kNominated));
  Need(&c.out());
  return "transfer never accepted";
}

const char* BrokenChain(CaseContext& c) {
  if (c.uses_pins()) return nullptr;
  switch (VariantOf(c, 4)) {
    case 0:
      return UsedAfterRevocation(c);
    case 1:
      return UsedAfterExpiry(c);
    case 2:
      return NominatedByAnOutsider(c);
    default:
      return NeverAccepted(c);
  }
}

// 3. Issued and gone within forty minutes; all else in the chain lies between.
// In the background a right is at least twenty hours old.
const char* TooFast(CaseContext& c) {
  const int64_t out = c.trip.gate_out;
  const int64_t begin = out - c.random.Between(22, 40) * kMinute;
  // From long ago, that is, all of them.
  c.Squeeze(0, begin, out - 3 * kMinute);
  Draft* issued = c.drafts.First(Step::kIssued);
  if (Draft* release = c.drafts.First(Step::kRelease)) {
    release->time = begin - kMinute;
  }
  Need(issued);
  Need(&c.out());
  return "issued minutes before";
}

// 4. A new haulier is nominated an hour or so before the gate-out, says yes,
// and comes.
const char* LateRenomination(CaseContext& c) {
  if (c.uses_pins()) return nullptr;
  const int64_t out = c.trip.gate_out;
  const int64_t named = c.trip.chain.nominations.back().accepted;
  if (out - named < 4 * kHour + 10 * kMinute) return nullptr;
  const PartyKey other = c.OtherHaulier();
  const int64_t again = out - c.random.Between(20, 210) * kMinute;
  Need(c.drafts.Last(Step::kNominated));
  Draft& draft =
      c.scribe.OfRight(Step::kNominated, v1::PICKUP_RIGHT_NOMINATED, again);
  v1::PickupRight* right = draft.movement.mutable_pickup_right();
  c.world.parties.Fill(c.trip.chain.holder, right->mutable_actor());
  c.world.parties.FillAccount(c.trip.chain.holder, 0, right->mutable_actor());
  c.world.parties.Fill(other, right->mutable_nominee());
  Need(&draft);
  Draft& yes = c.scribe.OfRight(Step::kAccepted, v1::PICKUP_RIGHT_ACCEPTED,
                                again + 4 * kMinute);
  right = yes.movement.mutable_pickup_right();
  c.world.parties.Fill(other, right->mutable_actor());
  c.world.parties.FillAccount(other, 0, right->mutable_actor());
  c.world.parties.Fill(other, right->mutable_nominee());
  c.scribe.SetHaulier(other, &c.out().movement);
  Need(&c.out());
  return "another haulier at the last moment";
}

// 5. One account looks up thirty to forty-five boxes within fifty minutes.
// Twenty-one of them are a burst already.
const char* LookUpBurst(CaseContext& c) {
  constexpr size_t kBurst = 21;
  const size_t wanted = static_cast<size_t>(c.random.Between(30, 45));
  if (c.recent.size() < wanted) return nullptr;
  std::vector<const RecentImport*> chosen;
  // Those of this port first; elsewhere boxes can be looked up as well.
  for (bool here : {true, false}) {
    for (const RecentImport& import : c.recent) {
      if ((import.port == c.trip.to) == here && chosen.size() < wanted &&
          import.container != c.trip.box_number) {
        chosen.push_back(&import);
      }
    }
  }
  if (chosen.size() < kBurst) return nullptr;
  const PartyKey who = c.world.parties.Pick(Trader::kForwarder, c.trip.to,
                                            c.trip.start, &c.random);
  const int64_t begin = c.trip.gate_out - c.random.Between(3, 12) * kHour;
  const int64_t count = static_cast<int64_t>(chosen.size());
  for (int64_t i = 0; i < count; ++i) {
    Draft& draft = c.scribe.OfRight(Step::kExtra, v1::PICKUP_RIGHT_QUERIED,
                                    begin + i * 50 * kMinute / count);
    draft.source = c.world.sources.Community(c.trip.to);
    draft.movement.mutable_container()->Clear();
    draft.movement.mutable_container()->set_number(
        chosen[static_cast<size_t>(i)]->container);
    v1::PickupRight* right = draft.movement.mutable_pickup_right();
    right->set_id(chosen[static_cast<size_t>(i)]->right);
    c.world.parties.Fill(who, right->mutable_actor());
    c.world.parties.FillAccount(who, 7, right->mutable_actor());
    Need(&draft);
  }
  c.record->enough = kBurst;
  return "one account, many boxes";
}

// 6. Somebody looks the right up whose organisation is nowhere in its chain;
// days later the box is collected.
const char* OrphanLookUp(CaseContext& c) {
  const PartyKey outsider = c.world.parties.Stranger(
      Trader::kForwarder, c.trip.to, 90'000 + c.serial);
  const int64_t earliest = c.trip.chain.issued + 30 * kMinute;
  Draft& draft =
      c.scribe.OfRight(Step::kExtra, v1::PICKUP_RIGHT_QUERIED,
                       c.Between(std::max(earliest, c.trip.gate_out - 9 * kDay),
                                 c.trip.gate_out - 6 * kHour));
  v1::Party* actor = draft.movement.mutable_pickup_right()->mutable_actor();
  c.world.parties.Fill(outsider, actor);
  c.world.parties.FillAccount(outsider, 0, actor);
  Need(&draft);
  Need(&c.out());
  return "looked up by an outsider";
}

// 7. A box worth a look, and credentials never seen together: a known account
// on a new device, a known haulier with a new lorry, or a haulier that nobody
// has heard of.
const char* CredentialAnomaly(CaseContext& c) {
  if (!c.risky()) return nullptr;
  const uint32_t variant = VariantOf(c, 3);
  if (variant == 0 && !c.uses_pins()) {
    Draft* named = c.drafts.Last(Step::kNominated);
    named->movement.mutable_pickup_right()->mutable_actor()->set_device(
        absl::StrCat("dev-new-", c.serial));
    Need(named);
    return "known account, new device";
  }
  if (variant == 1 || c.uses_pins()) {
    c.out().movement.mutable_transport()->set_plate(
        c.world.parties.StrangePlate(c.serial));
    Need(&c.out());
    return "known haulier, new lorry";
  }
  const PartyKey young =
      c.world.parties.Stranger(Trader::kHaulier, c.trip.to, c.serial);
  v1::PickupRight* named =
      c.drafts.Last(Step::kNominated)->movement.mutable_pickup_right();
  named->mutable_nominee()->Clear();
  c.world.parties.Fill(young, named->mutable_nominee());
  v1::PickupRight* yes =
      c.drafts.Last(Step::kAccepted)->movement.mutable_pickup_right();
  yes->mutable_actor()->Clear();
  c.world.parties.Fill(young, yes->mutable_actor());
  c.world.parties.FillAccount(young, 0, yes->mutable_actor());
  *yes->mutable_nominee() = named->nominee();
  if (Draft* told = c.drafts.First(Step::kPreNotified)) {
    told->movement.mutable_haulier()->Clear();
    c.scribe.SetHaulier(young, &told->movement);
    c.world.parties.FillAccount(young, 0, told->movement.mutable_haulier());
  }
  c.scribe.SetHaulier(young, &c.out().movement);
  Need(&c.out());
  return "haulier nobody knows";
}

// 8. The code was stolen: another haulier is out with the box when the one
// who announced himself comes and is refused.
const char* SecondClaimant(CaseContext& c) {
  if (!c.uses_pins()) return nullptr;
  const int64_t out = c.trip.gate_out;
  const PartyKey rightful = c.trip.import_haulier;
  Draft* told = c.drafts.First(Step::kPreNotified);
  if (told == nullptr) {
    told = &c.scribe.OfRight(Step::kPreNotified, v1::PRE_NOTIFICATION,
                             c.trip.chain.pre_notified);
    c.scribe.SetHaulier(rightful, &told->movement);
  }
  Need(told);
  c.scribe.SetHaulier(c.OtherHaulier(), &c.out().movement);
  Need(&c.out());
  Draft& refused =
      c.scribe.OfRight(Step::kExtra, v1::PICKUP_RIGHT_REFUSED,
                       out + c.random.Between(15 * kMinute, 8 * kHour));
  refused.source =
      c.world.sources.Terminal(c.trip.to, c.trip.unload_terminal(c.world));
  v1::PickupRight* right = refused.movement.mutable_pickup_right();
  right->set_pin(c.trip.chain.pin);
  c.world.parties.Fill(rightful, right->mutable_actor());
  c.world.parties.Fill(rightful, right->mutable_nominee());
  c.scribe.SetHaulier(rightful, &refused.movement);
  *refused.movement.mutable_location() = c.out().movement.location();
  Need(&refused);
  return "refused, the box is out";
}

}  // namespace

const std::array<CaseFunction, 8> kRightCases = {
    HaulierMismatch, BrokenChain,  TooFast,           LateRenomination,
    LookUpBurst,     OrphanLookUp, CredentialAnomaly, SecondClaimant};

}  // namespace portrisk::scoring::simulate
