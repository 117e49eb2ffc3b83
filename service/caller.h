// Who calls: the identity that a certificate proves, the roles bound to it, and
// what the caller says the call is for.
#ifndef PORTRISK_SERVICE_CALLER_H_
#define PORTRISK_SERVICE_CALLER_H_

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "portrisk/v1/journal.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/rules.pb.h"
#include "service/place_filter.h"

namespace portrisk::service {

enum class Role : uint8_t {
  kScorer,    // Sends movements: a terminal, a community system, customs.
  kAnalyst,   // Writes rules, lists, profiles; tries them on history.
  kApprover,  // Puts in force what somebody else wrote.
  kOfficer,   // Reads assessments, records decisions and outcomes.
  kAuditor,   // Reads all, the audit log included; changes nothing.
  kOperator,  // Backups, reference data, what keeps it running.
};
inline constexpr int kRoleCount = 6;

class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(std::initializer_list<Role> roles) {
    for (const Role role : roles) bits_ |= Bit(role);
  }
  static constexpr Roles All() {
    Roles all;
    all.bits_ = (1 << kRoleCount) - 1;
    return all;
  }
  constexpr void Add(Role role) { bits_ |= Bit(role); }
  constexpr bool Has(Role role) const { return (bits_ & Bit(role)) != 0; }
  constexpr bool HasAnyOf(Roles others) const {
    return (bits_ & others.bits_) != 0;
  }
  constexpr bool empty() const { return bits_ == 0; }

 private:
  static constexpr uint8_t Bit(Role role) {
    return static_cast<uint8_t>(1 << static_cast<int>(role));
  }
  uint8_t bits_ = 0;
};

// Those who may know what was selected, and why. The bribed insider sits
// elsewhere.
inline constexpr Roles kCustoms = {Role::kAnalyst, Role::kApprover,
                                   Role::kOfficer, Role::kAuditor};
// Those who may read the text of rules.
inline constexpr Roles kReadsRules = {Role::kAnalyst, Role::kApprover,
                                      Role::kAuditor};

struct Caller {
  Caller() = default;
  // Without certificates whoever has the process has everything.
  Caller(std::string who) : name(std::move(who)) {}  // NOLINT: a name is one.
  Caller(const char* who) : name(who) {}             // NOLINT

  // Whether text of a rule set of this layer may be shown.
  bool MayRead(v1::Layer layer) const {
    return roles.HasAnyOf(kReadsRules) && (layers & (1u << layer)) != 0;
  }
  // Whether it may send movements of this source: who could send another's
  // would correct and void what that one reported, and try out its PINs.
  bool MaySend(const std::string& source) const {
    return sources.empty() ||
           std::find(sources.begin(), sources.end(), source) != sources.end();
  }
  // OK, or PERMISSION_DENIED: what happened (EVENT_NOT_YOURS) or where
  // (PLACE_NOT_YOURS). The movement is in normal form and no retraction.
  absl::Status CheckReport(const v1::Movement& movement) const;
  bool IsBound() const { return !events.empty() || !places.empty(); }
  // Puts the caller and the purpose on a record.
  void Sign(v1::JournalRecord* record) const {
    record->set_caller(name);
    record->set_purpose(purpose);
  }

  std::string name;     // Empty: nobody said.
  std::string purpose;  // Empty: not said.
  Roles roles = Roles::All();
  uint32_t layers = ~0u;             // Bit n: that of number n.
  std::vector<std::string> sources;  // Of its movements; empty: any.
  // That it may report, and where; empty: any. Neither may it correct or take
  // back another's report of anything else.
  std::vector<v1::Event> events;
  std::vector<PlaceFilter> places;
  std::string peer;  // Address, as gRPC writes it.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_CALLER_H_
