// Which voyages the papers of a load speak of.
#ifndef PORTRISK_SCORING_VOYAGES_H_
#define PORTRISK_SCORING_VOYAGES_H_

#include <cstddef>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/bounded_timeline.h"
#include "scoring/timestamps.h"

namespace portrisk::scoring {

// Whether two versions belong to one consignment: by bill, else by booking.
template <typename A, typename B>
bool SameConsignment(const A& a, const B& b) {
  if (!a.bill_of_lading().empty() && !b.bill_of_lading().empty()) {
    return a.bill_of_lading() == b.bill_of_lading();
  }
  return !a.booking().empty() && a.booking() == b.booking();
}

// Whether two numbers of a voyage may be one: "007W", "7-W".
inline bool SameVoyage(absl::string_view a, absl::string_view b) {
  const auto bare = [](absl::string_view text, size_t* at, bool leads) {
    while (*at < text.size() &&
           (!absl::ascii_isalnum(static_cast<unsigned char>(text[*at])) ||
            (leads && text[*at] == '0'))) {
      ++*at;
    }
  };
  size_t i = 0, j = 0;
  for (bool leads = true; true; leads = false) {
    bare(a, &i, leads);
    bare(b, &j, leads);
    if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
    if (a[i++] != b[j++]) return false;
  }
}

// Counts different voyages, few of them. The latest paper of a consignment
// stands for it: cargo is rolled from one voyage to the next every day. One
// that ended with a discharge before there was a paper of another is no more:
// what is transhipped goes on.
class Voyages {
 public:
  void End(const v1::TimelineEvent& discharge) {
    if (!discharge.voyage().empty() && ended_ < kHandlings.most) {
      ends_[ended_++] = &discharge;
    }
  }
  void Add(const v1::TimelineEvent& booking) {
    Add({&booking.vessel_imo(), &booking.voyage(), &booking.booking(),
         &NoText(), &booking.occurrence_time()});
  }
  void Add(const v1::DocumentEvent& document) {
    Add({&document.vessel_imo(), &document.voyage(), &document.booking(),
         &document.bill_of_lading(), &document.occurrence_time()});
  }
  void Add(const v1::Movement& m) {
    Add({&m.transport().vessel_imo(), &m.transport().voyage(),
         &m.consignment().booking(), &m.consignment().bill_of_lading(),
         &m.occurrence_time()});
  }

  int Count() const {
    int count = 0;
    for (int i = 0; i < size_; ++i) count += IsNew(i) && !IsOver(i);
    return count;
  }

 private:
  struct Paper {
    const std::string* vessel = nullptr;
    const std::string* voyage = nullptr;
    const std::string* booking_ = nullptr;
    const std::string* bill = nullptr;
    const google::protobuf::Timestamp* time = nullptr;

    const std::string& booking() const { return *booking_; }
    const std::string& bill_of_lading() const { return *bill; }
  };

  void Add(const Paper& paper) {
    if (paper.voyage->empty()) return;
    for (int i = 0; i < size_; ++i) {
      if (!SameConsignment(papers_[i], paper)) continue;
      if (!Before(*paper.time, *papers_[i].time)) papers_[i] = paper;
      return;
    }
    if (size_ < kMost) papers_[size_++] = paper;
  }

  bool IsNew(int at) const {
    const Paper& p = papers_[at];
    for (int i = 0; i < at; ++i) {
      if (SameTrip(papers_[i], *p.vessel, *p.voyage)) return false;
    }
    return true;
  }

  static bool SameTrip(const Paper& paper, const std::string& vessel,
                       const std::string& voyage) {
    return SameVoyage(*paper.voyage, voyage) &&
           (*paper.vessel == vessel || paper.vessel->empty() || vessel.empty());
  }

  bool IsOver(int at) const {
    const Paper& p = papers_[at];
    for (int i = 0; i < ended_; ++i) {
      const v1::TimelineEvent& end = *ends_[i];
      if (!SameTrip(p, end.vessel_imo(), end.voyage())) continue;
      for (int j = 0; j < size_; ++j) {
        if (!SameTrip(papers_[j], *p.vessel, *p.voyage) &&
            Before(end.occurrence_time(), *papers_[j].time)) {
          return true;
        }
      }
    }
    return false;
  }

  // All that a state keeps, and the movement's own.
  static constexpr int kMost = kDocumentsMax + kBookings.most + 1;
  Paper papers_[kMost];
  const v1::TimelineEvent* ends_[kHandlings.most];
  int size_ = 0;
  int ended_ = 0;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_VOYAGES_H_
