// Injected cases: each of the 33 patterns, made true in a trip that was
// written down as an innocent one.
//
// A function per pattern changes the trip's drafts and marks those that the
// case rests on as needed. It returns null and changes nothing when the trip
// does not suit; else the name of the variant.
#ifndef PORTRISK_SCORING_SIMULATE_CASES_H_
#define PORTRISK_SCORING_SIMULATE_CASES_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "scoring/simulate/drafts.h"
#include "scoring/simulate/scribe.h"
#include "scoring/simulate/trip.h"
#include "scoring/simulate/truth.h"

namespace portrisk::scoring::simulate {

inline constexpr int kPatterns = 33;

// An import of late, as far as cases about others need to know.
struct RecentImport {
  std::string container;
  std::string right;
  int port;
};

// A consignee of a case, kept until it may come back as a dormant one.
struct FormerStranger {
  PartyKey key;
  int64_t last_seen = 0;
};

struct CaseContext {
  const World& world;
  Trip& trip;
  Drafts& drafts;
  Scribe& scribe;
  Random& random;
  const std::vector<RecentImport>& recent;
  // Every movement of the trip is reported, not only those of its end.
  bool whole;
  CaseRecord* record;
  // Set by CaseSchedule.
  uint32_t serial = 0;  // Of the case; picks the variant.
  FormerStranger* stranger = nullptr;

  // The only gate-out, of the import. A full trip has one.
  Draft& out() { return *drafts.First(Step::kGateOut); }
  Draft& discharge() { return *drafts.Last(Step::kDischarge); }
  Draft& load() { return *drafts.Last(Step::kLoad); }
  bool uses_pins() const { return !trip.chain.pin.empty(); }
  // Comes from where, or holds what, is worth a look.
  bool risky() const;
  // A haulier of the port, but not the one who collects.
  PartyKey OtherHaulier();
  // Moves what happened at `from` or later at the last port by `span`.
  void Shift(int64_t from, int64_t span);
  // Moves the steps of the right that happened after `after` evenly between
  // `from` and `until`, in their order.
  void Squeeze(int64_t after, int64_t from, int64_t until);
  // Evenly between, for an event that must lie there.
  int64_t Between(int64_t low, int64_t high);
};

using CaseFunction = const char* (*)(CaseContext&);

// By theme; index i of a table is pattern first + i.
extern const std::array<CaseFunction, 8> kRightCases;      // 1 to 8
extern const std::array<CaseFunction, 10> kTimelineCases;  // 9 to 18
extern const std::array<CaseFunction, 8> kCargoCases;      // 19 to 26
extern const std::array<CaseFunction, 7> kPaperCases;      // 27 to 33

CaseFunction FunctionOf(int pattern);

// Which case is due when.
class CaseSchedule {
 public:
  explicit CaseSchedule(const World& world);

  // Injects one of the cases that are due, if one suits. Returns whether.
  bool Inject(CaseContext* context);
  // Cases that have not found a trip yet.
  size_t left() const { return left_; }

 private:
  struct Pattern {
    std::vector<int64_t> due;  // Rising; the next one is at `next`.
    size_t next = 0;
    int last_port = -1;  // Cases are spread over ports.
  };
  bool Suits(const CaseContext& context, const Pattern& pattern) const;

  const World& world_;
  std::array<Pattern, kPatterns> patterns_;
  size_t left_ = 0;  // Cases not injected yet.
  int turn_ = 0;     // The pattern that is tried first.
  uint32_t serial_ = 0;
  FormerStranger stranger_;
};

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_CASES_H_
