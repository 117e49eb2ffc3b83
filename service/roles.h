// Who may do what: the roles of each caller, from a file, and the roles that
// each method of the services needs, in one table.
#ifndef PORTRISK_SERVICE_ROLES_H_
#define PORTRISK_SERVICE_ROLES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "service/caller.h"

namespace portrisk::service {

absl::string_view NameOf(Role role);  // "scorer".
std::vector<std::string> NamesOf(Roles roles);

// A list of 64 MiB, and what is around it.
inline constexpr size_t kRequestBytesMax = 66 << 20;
// Where nothing else is said.
inline constexpr size_t kUsualBytesMax = 4 << 20;

struct MethodRule {
  const char* method;  // "/portrisk.v1.RuleService/CreateRevision".
  Roles roles;         // One of these is enough.
  // A read of what is not the caller's own: it needs a purpose and is written
  // to the audit log before it is answered.
  bool consultation = false;
  // A request beyond is refused (REQUEST_TOO_LARGE) before anything is done.
  size_t request_bytes_max = kUsualBytesMax;
  // It may read much of the journal: a few at once, behind scoring.
  bool scans = false;
};
// Every method of every service in proto/, by name. A test compares.
absl::Span<const MethodRule> MethodRules();
// Null: no such method.
const MethodRule* FindMethod(absl::string_view method);

// The callers of a roles file. Immutable.
class RoleBook {
 public:
  // YAML:
  //   callers:
  //     - name: gate.terminal-1.example    # of the certificate
  //       roles: [scorer]
  //       sources: [terminal-1]            # of its movements; default: all
  //       events: [GATE_IN, GATE_OUT]      # that it reports; default: all
  //       places: [NLRTM/ECTDELTA]         # of what it reports; default: all
  //     - name: ana.customs.example
  //       roles: [analyst]
  //       layers: [national, port]         # default: all
  // INVALID_ARGUMENT with the line and what to write instead.
  static absl::StatusOr<RoleBook> Parse(const std::string& yaml,
                                        const std::string& file);
  static absl::StatusOr<RoleBook> Load(const std::string& path);

  // Null: no roles are bound to that name.
  const Caller* Find(const std::string& name) const;
  size_t size() const { return callers_.size(); }

 private:
  std::map<std::string, Caller> callers_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_ROLES_H_
