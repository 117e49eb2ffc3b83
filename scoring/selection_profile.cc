// HOT PATH (At): no I/O, lock, clock, log, heap.
#include "scoring/selection_profile.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

namespace portrisk::scoring {
namespace {

SelectionProfile TermsOf(const v1::SelectionTerms& from, std::string name) {
  SelectionProfile terms;
  terms.name = std::move(name);
  terms.yellow_score_min = from.yellow_score_min();
  terms.orange_score_min = from.orange_score_min();
  terms.red_score_min = from.red_score_min();
  terms.random_rate_ppm = from.random_rate_ppm();
  terms.random_lane = from.random_lane();
  terms.has_capacity =
      from.capacity_size() == static_cast<int>(terms.capacity.size());
  if (terms.has_capacity) {
    std::copy(from.capacity().begin(), from.capacity().end(),
              terms.capacity.begin());
  }
  terms.top_up_score_min = from.top_up_score_min();
  terms.top_up_lane = from.top_up_lane();
  terms.control_to_sender = from.control_to_sender();
  return terms;
}

}  // namespace

uint32_t WeekdayOf(int64_t seconds) {
  int64_t days = seconds / 86400;
  if (seconds % 86400 < 0) --days;
  // 1970-01-01 was a Thursday.
  return static_cast<uint32_t>(((days + 3) % 7 + 7) % 7);
}

SelectionProfiles::SelectionProfiles(const v1::SelectionProfile& profile) {
  const std::string name = absl::StrCat(profile.name(), ".", profile.version());
  for (const v1::SelectionTerms& terms : profile.terms()) {
    if (terms.locode().empty()) {
      everywhere_ = TermsOf(terms, name);
      continue;
    }
    places_.push_back(
        {terms.locode(), terms.facility(),
         TermsOf(terms, absl::StrCat(name, "@", terms.locode(),
                                     terms.facility().empty() ? "" : "/",
                                     terms.facility()))});
  }
  std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
    return std::tie(a.locode, a.facility) < std::tie(b.locode, b.facility);
  });
}

const SelectionProfiles::Place* SelectionProfiles::Find(
    absl::string_view locode, absl::string_view facility) const {
  const auto found = std::partition_point(
      places_.begin(), places_.end(), [&](const Place& place) {
        const absl::string_view at(place.locode);
        if (at != locode) return at < locode;
        return absl::string_view(place.facility) < facility;
      });
  if (found == places_.end() || found->locode != locode ||
      found->facility != facility) {
    return nullptr;
  }
  return &*found;
}

const SelectionProfile& SelectionProfiles::At(
    absl::string_view locode, absl::string_view facility) const {
  if (places_.empty() || locode.empty()) return everywhere_;
  const Place* place = Find(locode, facility);
  if (place == nullptr && !facility.empty()) place = Find(locode, "");
  return place == nullptr ? everywhere_ : place->terms;
}

}  // namespace portrisk::scoring
