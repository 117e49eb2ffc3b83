// Distances that are the same bits everywhere.
//
// A rule may compare a distance or a speed with a limit, and a replay must
// repeat the answer byte for byte on another machine. The C library's sin and
// cos do not allow that: they pick a variant with or without fused
// multiply-add by the processor they run on, and the last bit differs. IEEE
// addition, multiplication, division and square root are exact to the last
// bit everywhere (this folder is compiled without contraction), so the few
// functions needed are written with those alone:
//
//   sine, cosine   quarter turns are taken off in degrees, which is exact;
//                  the rest, at most 45 degrees, by Taylor series
//   arc tangent    halved three times, the rest (below 0.1) by its series
//
// Error below 1e-12 relative, a few micrometres; tests/scoring/
// reference_test.cc compares with the C library's. Cost about 0.1 µs.
#include "scoring/reference.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "scoring/timestamps.h"

namespace portrisk::scoring {
namespace {

constexpr double kEarthRadiusKm = 6371.0088;
constexpr double kPi = 3.14159265358979323846;
constexpr double kRadiansPerDegree = kPi / 180.0;

struct SinCos {
  double sin;
  double cos;
};

// |x| <= pi / 4. The first term left out is below 1e-18.
SinCos SinCosSmall(double x) {
  const double x2 = x * x;
  double sin_term = x, cos_term = 1.0;
  double sin_sum = x, cos_sum = 1.0;
  for (int n = 1; n <= 8; ++n) {
    cos_term *= -x2 / double((2 * n - 1) * (2 * n));
    sin_term *= -x2 / double((2 * n) * (2 * n + 1));
    cos_sum += cos_term;
    sin_sum += sin_term;
  }
  return {sin_sum, cos_sum};
}

SinCos SinCosOfDegrees(double degrees) {
  // Quarter turns nearest to the angle; the remainder is exact.
  const double turns = std::floor(degrees / 90.0 + 0.5);
  const SinCos s = SinCosSmall((degrees - turns * 90.0) * kRadiansPerDegree);
  switch (static_cast<int64_t>(turns) & 3) {
    case 0:
      return s;
    case 1:
      return {s.cos, -s.sin};
    case 2:
      return {-s.sin, -s.cos};
    default:
      return {-s.cos, s.sin};
  }
}

// 0 <= t <= 1.
double ArcTangent(double t) {
  double scale = 1.0;
  for (int i = 0; i < 3; ++i) {
    t = t / (1.0 + std::sqrt(1.0 + t * t));
    scale *= 2.0;
  }
  const double t2 = t * t;
  double power = t, sum = t;
  for (int n = 1; n <= 8; ++n) {
    power *= -t2;
    sum += power / double(2 * n + 1);
  }
  return scale * sum;
}

// Key of exactly N characters; 0 when there are more or fewer.
template <size_t N>
uint64_t Pack(absl::string_view text) {
  static_assert(N < 8);
  if (text.size() != N) return 0;
  uint64_t key = 0;
  for (char c : text) key = key << 8 | static_cast<unsigned char>(c);
  return key;
}
constexpr size_t kLocodeLength = 5;
constexpr size_t kPrefixLength = 4;
constexpr size_t kOwnerLength = 3;

bool IsOnEarth(double latitude, double longitude) {
  return std::abs(latitude) <= 90.0 && std::abs(longitude) <= 180.0;
}

}  // namespace

double DistanceKm(const Coordinates& a, const Coordinates& b) {
  const SinCos lat_a = SinCosOfDegrees(a.latitude);
  const SinCos lat_b = SinCosOfDegrees(b.latitude);
  const double half_lat = SinCosOfDegrees((b.latitude - a.latitude) / 2.0).sin;
  const double half_lon =
      SinCosOfDegrees((b.longitude - a.longitude) / 2.0).sin;
  const double h =
      half_lat * half_lat + lat_a.cos * lat_b.cos * half_lon * half_lon;
  if (h <= 0.0) return 0.0;
  // The angle is 2 asin(sqrt(h)) = 4 atan(sqrt(h) / (1 + sqrt(1 - h))), which
  // keeps its precision at the antipode, where rounding may lift h above 1.
  const double cosine = h < 1.0 ? std::sqrt(1.0 - h) : 0.0;
  const double sine = h < 1.0 ? std::sqrt(h) : 1.0;
  return kEarthRadiusKm * 4.0 * ArcTangent(sine / (1.0 + cosine));
}

struct Reference::Rep {
  std::string version;
  absl::flat_hash_map<uint64_t, Coordinates> places;
  absl::flat_hash_set<uint64_t> owners;
  absl::flat_hash_map<std::string, v1::Source> sources;
};

Reference::Reference(const v1::ReferenceTable& table, std::string version)
    : rep_(std::make_unique<Rep>()) {
  rep_->version = std::move(version);
  rep_->places.reserve(table.places_size());
  for (const v1::Place& place : table.places()) {
    const uint64_t key = Pack<kLocodeLength>(place.locode());
    // A comparison with NaN is false, so such a place stays unknown.
    if (key == 0 || !IsOnEarth(place.latitude(), place.longitude())) continue;
    rep_->places.insert({key, {place.latitude(), place.longitude()}});
  }
  rep_->owners.reserve(table.owners_size());
  for (const v1::Owner& owner : table.owners()) {
    if (owner.prefix().size() != kPrefixLength) continue;
    rep_->owners.insert(Pack<kOwnerLength>(
        absl::string_view(owner.prefix()).substr(0, kOwnerLength)));
  }
  for (const v1::Source& source : table.sources()) {
    rep_->sources[source.id()] = source;
  }
}

Reference::~Reference() = default;

std::optional<Coordinates> Reference::Find(absl::string_view locode) const {
  const auto it = rep_->places.find(Pack<kLocodeLength>(locode));
  if (it == rep_->places.end()) return std::nullopt;
  return it->second;
}

std::optional<bool> Reference::KnowsOwner(absl::string_view prefix) const {
  if (rep_->owners.empty()) return std::nullopt;
  if (prefix.size() != kPrefixLength) return false;
  return rep_->owners.contains(
      Pack<kOwnerLength>(prefix.substr(0, kOwnerLength)));
}

bool Reference::has_sources() const { return !rep_->sources.empty(); }

const v1::Source* Reference::FindSource(absl::string_view id) const {
  if (rep_->sources.empty()) return nullptr;
  const auto it = rep_->sources.find(id);
  return it == rep_->sources.end() ? nullptr : &it->second;
}

const v1::Source* Reference::CompleteSince(
    absl::string_view id, const google::protobuf::Timestamp& since) const {
  const v1::Source* const found = FindSource(id);
  if (found == nullptr ||
      (found->has_complete_since() && Before(since, found->complete_since()))) {
    return nullptr;
  }
  return found;
}

bool Reference::IsComplete(absl::string_view source, v1::Event event,
                           const google::protobuf::Timestamp& since) const {
  const v1::Source* const found = CompleteSince(source, since);
  return found != nullptr &&
         std::find(found->complete().begin(), found->complete().end(), event) !=
             found->complete().end();
}

const std::string& Reference::version() const { return rep_->version; }

}  // namespace portrisk::scoring
