// Whether secrets are those that a store was written with.
#ifndef PORTRISK_SERVICE_STORE_SECRETS_H_
#define PORTRISK_SERVICE_STORE_SECRETS_H_

#include "absl/status/status.h"
#include "service/admission.h"
#include "store/store.h"

namespace portrisk::service {

// FAILED_PRECONDITION where the last movements have pseudonyms by another key:
// parties that are known would be strangers, and nothing would look wrong. Told
// by the id of the key.
absl::Status CheckSecretsOf(const store::Store& store, const Secrets& secrets);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_STORE_SECRETS_H_
