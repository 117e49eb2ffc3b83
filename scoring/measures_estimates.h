// Counts of controlled units, and intervals of what they say: the parts that
// the files of measures.h share. evaluation.proto says which method is whose.
#ifndef PORTRISK_SCORING_MEASURES_ESTIMATES_H_
#define PORTRISK_SCORING_MEASURES_ESTIMATES_H_

#include <algorithm>
#include <cstdint>

#include "portrisk/v1/evaluation.pb.h"
#include "scoring/measures.h"

namespace portrisk::scoring {

// Controlled units, each as one.
struct Counted {
  uint64_t controlled = 0;
  uint64_t found = 0;

  void Add(const UnitTable::Unit& unit) {
    controlled += unit.controlled ? 1 : 0;
    found += unit.found ? 1 : 0;
  }
  v1::ShareEstimate estimate() const { return Estimate(found, controlled); }
};

// Controlled units, weighted by 1 / p.
struct Weighed {
  double controlled = 0;
  double found = 0;
  double squares = 0;  // Of the weights of all controlled.
  uint64_t known = 0;  // Finds, also those without a weight.

  void Add(const UnitTable::Unit& unit) {
    Add(unit, UnitTable::WeightOf(unit));
    known += unit.found ? 1 : 0;
  }
  void Add(const UnitTable::Unit& unit, double weight) {
    if (!unit.controlled) return;
    controlled += weight;
    squares += weight * weight;
    if (unit.found) found += weight;
  }
  // How many finds there are: no fewer than are known, though nothing says how
  // many those without a weight stand for.
  double finds() const { return std::max(found, static_cast<double>(known)); }
  // Of Kish; 0 when nothing was controlled.
  double effective() const {
    return squares > 0 ? controlled * controlled / squares : 0;
  }
};

struct Limits {
  double low = 0;
  double high = 0;
};

// Of the share of finds; precondition: controlled above 0.
Limits ShareLimits(const Weighed& weighed);
// Of how many finds there are among `units` units, of which some were
// controlled; when none were, all or none may be finds. From those that are
// known on, where the weighted ones fall short of them.
Limits FindLimits(const Weighed& weighed, uint64_t units);
// Of a / (a + b), from the limits of both; precondition: a + b above 0.
Limits PartLimits(double a, const Limits& a_limits, double b,
                  const Limits& b_limits);

// Fills everything of `out` but rate, k and least_score. `best` are the k units
// taken, `beyond` the others, of which there are `units_beyond`.
void FillFigures(const Weighed& best, const Counted& counted,
                 const Weighed& beyond, uint64_t units_beyond,
                 v1::RateFigures* out);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_MEASURES_ESTIMATES_H_
