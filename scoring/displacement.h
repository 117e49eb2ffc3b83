// Shifts of volume and of finds between ports, routes and commodities, from one
// period to the next. Pure; one pass over movements and outcomes in any order.
//
// Memory is bounded: counts of at most 100,000 values a dimension, and which
// containers have been counted, in two generations of at most seen_max / 2
// hashes each. While no more than seen_max / 2 new pairs of container and value
// come between two reports of the same pair, volumes are exact.
#ifndef PORTRISK_SCORING_DISPLACEMENT_H_
#define PORTRISK_SCORING_DISPLACEMENT_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "portrisk/v1/journal.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/outcome.pb.h"
#include "portrisk/v1/report.pb.h"

namespace portrisk::scoring {

struct Wilson {
  double low;
  double high;
};
// The interval of 95 % of a proportion; precondition: of > 0.
Wilson WilsonInterval(uint64_t count, uint64_t of);
// The same of a share and a number of observations that need not be whole.
Wilson WilsonIntervalOfShare(double share, double observations);

// z of two proportions with pooled variance; 0 when both are all or nothing.
// Precondition: both totals above 0.
double TwoProportionsZ(uint64_t then, uint64_t then_of, uint64_t now,
                       uint64_t now_of);

// The same by Fisher's exact test (mid-p, two sides) where a cell of the table
// would be expected to hold fewer than five: the z that a normal deviate as
// rare would have.
double ExactZ(uint64_t then, uint64_t then_of, uint64_t now, uint64_t now_of);

enum class ReportPeriod { kWeek, kMonth, kQuarter };

// The period that holds a time, counted from an arbitrary one; and where a
// period begins. Weeks begin on Monday. UTC.
int64_t PeriodOf(ReportPeriod period, int64_t seconds);
int64_t PeriodStart(ReportPeriod period, int64_t number);

class Displacement {
 public:
  struct Options {
    int64_t from = 0;  // Seconds since 1970; inclusive.
    int64_t to = 0;    // Exclusive.
    ReportPeriod period = ReportPeriod::kMonth;
    size_t seen_max = 8'000'000;  // 16 bytes each, about.
    size_t values_max = 100'000;  // Of each dimension.
  };
  explicit Displacement(const Options& options) : options_(options) {}

  // A version that stands. What is not actual, or retracted, does not count.
  void Add(const v1::Movement& movement);
  // `weight` is -1 for the version that a correction replaces, else 1.
  void Add(const v1::OutcomeRecord& record, int weight);

  v1::DisplacementReport Report() const;

 private:
  static constexpr size_t kDimensions = 3;
  struct Counts {
    int64_t volume = 0;
    int64_t controls = 0;
    int64_t finds = 0;
    bool IsEmpty() const { return volume == 0 && controls == 0; }
  };
  struct Series {
    std::map<int64_t, Counts> periods;
  };

  bool Covers(int64_t seconds) const {
    return seconds >= options_.from && seconds < options_.to;
  }
  Counts* At(size_t dimension, absl::string_view value, int64_t period);
  bool SeenBefore(absl::string_view container, size_t dimension,
                  absl::string_view value, int64_t period);
  static void FillFigures(const Counts& counts, const Counts& total,
                          v1::DisplacementFigures* out);
  static void FillChange(const Counts (&counts)[2], const Counts (&totals)[2],
                         v1::DisplacementRow* row);
  void AddRows(size_t dimension, int64_t then,
               v1::DisplacementReport* report) const;
  Counts Total(size_t dimension, int64_t period) const;

  const Options options_;
  std::array<std::map<std::string, Series, std::less<>>, kDimensions> values_;
  absl::flat_hash_set<uint64_t> seen_;
  absl::flat_hash_set<uint64_t> seen_earlier_;
  bool forgot_ = false;
  uint64_t movements_ = 0;
  uint64_t outcomes_ = 0;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_DISPLACEMENT_H_
