// When an entity was active: how movements are folded into that, and what a
// rule may read of it as of a movement. Pure, like container_history.h.
//
// The set of times is bounded: the earliest and the latest are kept, which for
// an entity that is new or rarely seen are all of them. So the question that
// matters, whether this is the first time, is answered exactly.
#ifndef PORTRISK_SCORING_PROFILE_H_
#define PORTRISK_SCORING_PROFILE_H_

#include <cstdint>

#include "google/protobuf/timestamp.pb.h"
#include "portrisk/v1/history.pb.h"

namespace portrisk::scoring {

inline constexpr int kEarliestTimes = 4;
inline constexpr int kLatestTimes = 8;
inline constexpr int64_t kPeriodSeconds = 10 * 86400;
inline constexpr int kPeriods = 64;

// A movement that happened at `time` names the entity. A time before 1970 is
// taken as 1970.
void FoldProfile(const google::protobuf::Timestamp& time,
                 v1::ProfileState* state);

// Takes out a movement that was folded in.
void UnfoldProfile(const google::protobuf::Timestamp& time,
                   v1::ProfileState* state);

// A view of a profile as of a time; what happened in the same second is not
// before it. Filled anew by each Derive; view() holds until then.
class ProfileBuffer {
 public:
  ProfileBuffer() = default;
  ~ProfileBuffer() { Release(); }
  ProfileBuffer(const ProfileBuffer&) = delete;
  ProfileBuffer& operator=(const ProfileBuffer&) = delete;

  // `state` may be null or empty: never seen.
  v1::Profile* Derive(const v1::ProfileState* state,
                      const google::protobuf::Timestamp& time);
  void Release();
  const v1::Profile& view() const { return view_; }

 private:
  void SetLast(int64_t seconds, int64_t now);

  v1::Profile view_;
  google::protobuf::Timestamp first_seen_;
  google::protobuf::Timestamp last_seen_;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_PROFILE_H_
