// A set of the values that one expression may have, as far as a comparison
// with constants can tell: intervals in the order of the language, not-a-number
// and "absent" (an expression whose value is unknown). What `x > 5`,
// `x in ['A', 'B']`, `x.startsWith('NL')` and `has(x)` say about x.
//
// Exact for whole numbers and bool; elsewhere a gap between two values is
// never taken for empty, so that IsEmpty and Covers may answer false where a
// cleverer reader would see more, and never true wrongly.
#ifndef PORTRISK_SCORING_CEL_VALUE_SET_H_
#define PORTRISK_SCORING_CEL_VALUE_SET_H_

#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

class ValueSet {
 public:
  // What the values are: decides about gaps and not-a-number.
  enum class Domain : uint8_t {
    kWhole,  // Ints, and bools as 0 and 1.
    kBool,
    kReal,  // With not-a-number.
    kOther,
  };

  struct Bound {
    Value value;
    bool infinite = true;
    bool open = false;
  };
  struct Interval {
    Bound low;
    Bound high;
  };

  explicit ValueSet(Domain domain = Domain::kOther) : domain_(domain) {}

  static ValueSet Everything(Domain domain);  // Not absent.
  static ValueSet Absent(Domain domain);
  // Of kWhole and kBool the bounds are ints.
  static ValueSet Of(Domain domain, Bound low, Bound high);
  static ValueSet Point(Domain domain, const Value& value) {
    const Bound bound{value, false, false};
    return Of(domain, bound, bound);
  }

  static ValueSet Points(Domain domain, std::vector<Value> values);

  // Of the same domain.
  ValueSet Intersect(const ValueSet& other) const;
  ValueSet Union(const ValueSet& other) const;
  // The present values that are not in it.
  ValueSet Others() const;

  bool IsEmpty() const { return !absent_ && !nan_ && intervals_.empty(); }
  bool has_absent() const { return absent_; }
  bool Covers(const ValueSet& other) const;
  // Every present value.
  bool IsEverything() const;
  bool IsAbsentOnly() const { return absent_ && !nan_ && intervals_.empty(); }

  // Its values when they are 1 to `max` single ones, else none.
  using Values = absl::InlinedVector<Value, 8>;
  Values Enumerate(size_t max) const;

  // Equal sets append equal bytes.
  void AppendKey(std::string* out) const;

 private:
  void Add(Interval interval);
  // Closed bounds for whole numbers, 0 to 1 for bool. False when it is empty.
  static bool Normalise(Domain domain, Interval* interval);

  Domain domain_;
  bool absent_ = false;
  bool nan_ = false;
  // In order, none touching another.
  absl::InlinedVector<Interval, 1> intervals_;
};

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_VALUE_SET_H_
