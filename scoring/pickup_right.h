// The chain of a pick-up right: how a movement is folded into it, and what a
// rule may read of it as of a movement. Pure, like container_history.h.
//
// One model for both kinds of port. Where a code is issued, there is an issue
// with the hash of a PIN, look-ups, and a gate-out with the hash of what was
// shown; where a release passes from hand to hand, there are transfers,
// acceptances and nominations. Whatever is there is used.
#ifndef PORTRISK_SCORING_PICKUP_RIGHT_H_
#define PORTRISK_SCORING_PICKUP_RIGHT_H_

#include "portrisk/v1/history.pb.h"
#include "scoring/container_history.h"
#include "scoring/reference.h"
#include "scoring/right_chain.h"

namespace portrisk::scoring {

// Whether the movement is a step of a right (an event about it, or the
// gate-out that uses it) or an attempt at it: a look-up, a refusal, an
// announced visit.
bool ConcernsRight(const v1::Movement& movement);

// Folds one admitted movement in. An earlier version has been unfolded.
void FoldRight(const JournaledMovement& input, v1::RightState* state);

// Takes an earlier version out.
void UnfoldRight(const JournaledMovement& input, v1::RightState* state);

// See ContainerViewBuffer for how to use it.
class RightViewBuffer {
 public:
  RightViewBuffer() = default;
  ~RightViewBuffer() { Release(); }
  RightViewBuffer(const RightViewBuffer&) = delete;
  RightViewBuffer& operator=(const RightViewBuffer&) = delete;

  // `state` may be null, and so may what is known of its container: where it
  // was driven to a scanner and back is not known then.
  void Begin(const v1::RightState* state, const JournaledMovement& input,
             const Reference& reference,
             const v1::ContainerState* container = nullptr);
  void Derive(int field);
  void DeriveAll();
  const v1::RightView& view() const { return view_; }
  void Release();

 private:
  // A gate-out, and how the right stood when it came.
  struct Use {
    const v1::RightEvent* gate = nullptr;
    RightStanding standing;
  };

  void DeriveStanding();
  void DeriveUse();
  RightStanding StandingBefore(const v1::RightState& state,
                               const v1::Movement& movement) const;
  void Show(const RightStanding& standing);
  void ShowLastQuery(const v1::RightState& state, const v1::Movement& movement,
                     const RightStanding& standing);
  void ShowBeyond(const RightStanding& standing);
  void ShowAttempts(const v1::RightState& state, const v1::Movement& movement,
                    const RightStanding& standing);
  void ShowCompleteness(const RightStanding& standing,
                        const Reference& reference);
  // Before IsDetour. Mostly nobody has checked the box.
  void LookForChecks();
  // Whether a gate-out took the box to a check and back to its port within a
  // day: nobody used the right.
  bool IsDetour(const v1::RightEvent& gate) const;
  Use FindUse(const v1::RightState& state,
              const JournaledMovement& input) const;
  const v1::RightEvent* FindGate(const v1::RightState& state,
                                 const JournaledMovement& input) const;
  RightStanding StandingAtGate(const v1::RightState& state,
                               const JournaledMovement& input,
                               const v1::RightEvent& gate) const;
  RightStanding StandingOf(const v1::RightState& state,
                           const JournaledMovement& input,
                           const v1::RightEvent& gate,
                           absl::string_view right_id) const;
  // Of a gate-out of which the day alone is known: whether anything else of the
  // right is told of that day or the one before, so that it may lie on either
  // side, or closer than it seems.
  bool IsUnsure(const v1::RightState& state, const v1::Movement& m,
                const v1::RightEvent& gate) const;
  void ShowUse(const Use& use, const Reference& reference);
  void ShowIssuedAfter(const v1::RightState& state,
                       const v1::Movement& movement, const Use& use);
  void ShowNamedAfter(const v1::RightState& state, const v1::Movement& movement,
                      const Use& use);
  void ShowPath(const Use& use, const Reference& reference);
  void ShowQueries(const v1::RightState& state, const v1::Movement& movement,
                   const Use& use);
  bool WasNominated(const v1::RightState& state, absl::string_view id,
                    const v1::RightEvent& gate,
                    const v1::RightEvent* issue) const;
  void ShowSecondClaimant(const v1::RightState& state,
                          const v1::Movement& movement, const Use& use);

  const v1::RightState* state_ = nullptr;
  JournaledMovement input_{};
  const Reference* reference_ = nullptr;
  const v1::ContainerState* container_ = nullptr;
  bool has_standing_ = false;  // All fields but the use.
  bool has_use_ = false;
  v1::RightView view_;
  v1::RightUse use_;
  v1::RightEvent own_;  // The movement as a step or an attempt.
  v1::Party holder_;
  v1::Party nominated_;
  v1::Party collected_by_;
  v1::Party issuer_;
  v1::Party previous_nominee_;
  v1::Party last_queried_by_;
  v1::Party last_refused_;
  v1::Party use_haulier_;
  v1::Party use_holder_;
  v1::Party use_previous_nominee_;
  v1::Party use_nominated_;
  v1::Party second_claimant_;
  v1::Party orphan_;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_PICKUP_RIGHT_H_
