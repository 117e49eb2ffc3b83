// Intervals are kept sorted and apart. Lower bounds sort before and upper
// bounds after what they touch: [5 before (5, and 5) before 5].
#include "scoring/cel/value_set.h"

#include <algorithm>

#include "scoring/cel/ops.h"

namespace portrisk::scoring::cel {
namespace {

using Bound = ValueSet::Bound;
using Interval = ValueSet::Interval;

// Negative, zero or positive: which of two lower bounds admits more.
int CompareLow(const Bound& a, const Bound& b) {
  if (a.infinite || b.infinite) return int{b.infinite} - int{a.infinite};
  const Order order = Compare(a.value, b.value);
  if (order != Order::kEqual) return order == Order::kLess ? -1 : 1;
  return int{a.open} - int{b.open};
}

int CompareHigh(const Bound& a, const Bound& b) {
  if (a.infinite || b.infinite) return int{a.infinite} - int{b.infinite};
  const Order order = Compare(a.value, b.value);
  if (order != Order::kEqual) return order == Order::kLess ? -1 : 1;
  return int{b.open} - int{a.open};
}

// Of the bounds of one interval; a point has one text twice, which need not be
// read.
Order CompareEnds(const Interval& it) {
  const Value& low = it.low.value;
  const Value& high = it.high.value;
  const bool text = low.kind == Kind::kString || low.kind == Kind::kBytes;
  if (text && low.kind == high.kind && low.s == high.s && low.aux == high.aux) {
    return Order::kEqual;
  }
  return Compare(low, high);
}

bool IsEmptyInterval(const Interval& it) {
  if (it.low.infinite || it.high.infinite) return false;
  const Order order = CompareEnds(it);
  return order == Order::kGreater ||
         (order == Order::kEqual && (it.low.open || it.high.open));
}

// Whether nothing lies between an upper bound and the lower bound after it.
bool Touches(ValueSet::Domain domain, const Bound& high, const Bound& low) {
  if (high.infinite || low.infinite) return true;
  const Order order = Compare(low.value, high.value);
  if (order == Order::kLess) return true;
  if (order == Order::kEqual) return !(high.open && low.open);
  const bool whole =
      domain == ValueSet::Domain::kWhole || domain == ValueSet::Domain::kBool;
  return whole && high.value.i != INT64_MAX && low.value.i == high.value.i + 1;
}

// The bound on the other side of the same edge.
Bound Flip(Bound bound) {
  bound.open = !bound.open;
  return bound;
}

void AppendBound(const Bound& bound, std::string* out) {
  out->push_back(bound.infinite ? 'i' : bound.open ? 'o' : 'c');
  if (bound.infinite) return;
  const Value& value = bound.value;
  out->push_back(static_cast<char>(value.kind));
  if (value.kind == Kind::kString || value.kind == Kind::kBytes) {
    out->append(reinterpret_cast<const char*>(&value.aux), sizeof(value.aux));
    out->append(value.s, value.aux);
    return;
  }
  const int64_t bits = value.kind == Kind::kBool ? value.b : value.i;
  out->append(reinterpret_cast<const char*>(&bits), sizeof(bits));
  out->append(reinterpret_cast<const char*>(&value.aux), sizeof(value.aux));
}

}  // namespace

ValueSet ValueSet::Everything(Domain domain) {
  ValueSet set = Of(domain, Bound(), Bound());
  set.nan_ = domain == Domain::kReal;
  return set;
}

ValueSet ValueSet::Absent(Domain domain) {
  ValueSet set(domain);
  set.absent_ = true;
  return set;
}

ValueSet ValueSet::Of(Domain domain, Bound low, Bound high) {
  ValueSet set(domain);
  Interval interval{low, high};
  if (Normalise(domain, &interval)) set.intervals_.push_back(interval);
  return set;
}

ValueSet ValueSet::Points(Domain domain, std::vector<Value> values) {
  std::sort(values.begin(), values.end(), [](const Value& a, const Value& b) {
    return Compare(a, b) == Order::kLess;
  });
  ValueSet set(domain);
  for (const Value& value : values) {
    const Bound bound{value, false, false};
    Interval point{bound, bound};
    if (Normalise(domain, &point)) set.Add(point);
  }
  return set;
}

bool ValueSet::Normalise(Domain domain, Interval* it) {
  if (domain == Domain::kWhole || domain == Domain::kBool) {
    if (!it->low.infinite && it->low.open) {
      if (it->low.value.i == INT64_MAX) return false;
      ++it->low.value.i;
      it->low.open = false;
    }
    if (!it->high.infinite && it->high.open) {
      if (it->high.value.i == INT64_MIN) return false;
      --it->high.value.i;
      it->high.open = false;
    }
    const int64_t min = domain == Domain::kBool ? 0 : INT64_MIN;
    const int64_t max = domain == Domain::kBool ? 1 : INT64_MAX;
    if (it->low.infinite || it->low.value.i < min) {
      it->low = {Value::Int(min), false, false};
    }
    if (it->high.infinite || it->high.value.i > max) {
      it->high = {Value::Int(max), false, false};
    }
  }
  return !IsEmptyInterval(*it);
}

ValueSet ValueSet::Intersect(const ValueSet& other) const {
  ValueSet result(domain_);
  result.absent_ = absent_ && other.absent_;
  result.nan_ = nan_ && other.nan_;
  size_t i = 0, j = 0;
  while (i < intervals_.size() && j < other.intervals_.size()) {
    const Interval& a = intervals_[i];
    const Interval& b = other.intervals_[j];
    Interval both{CompareLow(a.low, b.low) >= 0 ? a.low : b.low,
                  CompareHigh(a.high, b.high) <= 0 ? a.high : b.high};
    if (!IsEmptyInterval(both)) result.intervals_.push_back(both);
    if (CompareHigh(a.high, b.high) <= 0) {
      ++i;
    } else {
      ++j;
    }
  }
  return result;
}

void ValueSet::Add(Interval interval) {
  if (!intervals_.empty() &&
      Touches(domain_, intervals_.back().high, interval.low)) {
    Bound& high = intervals_.back().high;
    if (CompareHigh(high, interval.high) < 0) high = interval.high;
    return;
  }
  intervals_.push_back(interval);
}

ValueSet ValueSet::Union(const ValueSet& other) const {
  ValueSet result(domain_);
  result.absent_ = absent_ || other.absent_;
  result.nan_ = nan_ || other.nan_;
  size_t i = 0, j = 0;
  while (i < intervals_.size() || j < other.intervals_.size()) {
    const bool mine =
        j == other.intervals_.size() ||
        (i < intervals_.size() &&
         CompareLow(intervals_[i].low, other.intervals_[j].low) <= 0);
    result.Add(mine ? intervals_[i++] : other.intervals_[j++]);
  }
  return result;
}

ValueSet ValueSet::Others() const {
  ValueSet result(domain_);
  result.nan_ = domain_ == Domain::kReal && !nan_;
  Bound low;
  for (const Interval& it : intervals_) {
    if (!it.low.infinite) {
      Interval gap{low, Flip(it.low)};
      if (Normalise(domain_, &gap)) result.intervals_.push_back(gap);
    }
    if (it.high.infinite) return result;
    low = Flip(it.high);
  }
  Interval rest{low, Bound()};
  if (Normalise(domain_, &rest)) result.intervals_.push_back(rest);
  return result;
}

bool ValueSet::IsEverything() const {
  // Intervals do not touch, so that one alone can reach from end to end.
  if (intervals_.size() != 1 || (domain_ == Domain::kReal && !nan_)) {
    return false;
  }
  const Interval& it = intervals_[0];
  if (domain_ == Domain::kOther || domain_ == Domain::kReal) {
    return it.low.infinite && it.high.infinite;
  }
  const bool is_bool = domain_ == Domain::kBool;
  return it.low.value.i == (is_bool ? 0 : INT64_MIN) &&
         it.high.value.i == (is_bool ? 1 : INT64_MAX);
}

bool ValueSet::Covers(const ValueSet& other) const {
  if (other.absent_ && !absent_) return false;
  if (other.nan_ && !nan_) return false;
  size_t i = 0;
  for (const Interval& it : other.intervals_) {
    while (i < intervals_.size() &&
           CompareHigh(intervals_[i].high, it.high) < 0) {
      ++i;
    }
    if (i == intervals_.size() || CompareLow(intervals_[i].low, it.low) > 0) {
      return false;
    }
  }
  return true;
}

ValueSet::Values ValueSet::Enumerate(size_t max) const {
  Values values;
  if (absent_ || nan_) return values;
  const bool whole = domain_ == Domain::kWhole || domain_ == Domain::kBool;
  for (const Interval& it : intervals_) {
    const bool bounded =
        !it.low.infinite && !it.high.infinite && !it.low.open && !it.high.open;
    const uint64_t others = !bounded ? UINT64_MAX
                            : whole  ? static_cast<uint64_t>(it.high.value.i) -
                                          static_cast<uint64_t>(it.low.value.i)
                            : CompareEnds(it) == Order::kEqual ? 0
                                                               : UINT64_MAX;
    if (others >= max - values.size()) {
      values.clear();
      return values;
    }
    for (uint64_t i = 0; i <= others; ++i) {
      values.push_back(it.low.value);
      if (whole) values.back().i += static_cast<int64_t>(i);
    }
  }
  return values;
}

void ValueSet::AppendKey(std::string* out) const {
  out->push_back(absent_ ? 'A' : 'P');
  out->push_back(nan_ ? 'N' : 'n');
  for (const Interval& it : intervals_) {
    AppendBound(it.low, out);
    AppendBound(it.high, out);
  }
  out->push_back(';');
}

}  // namespace portrisk::scoring::cel
