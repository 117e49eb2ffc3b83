// Keys that live outside the store, in a file only its owner can read.
#ifndef PORTRISK_SERVICE_SECRETS_H_
#define PORTRISK_SERVICE_SECRETS_H_

#include <string>

#include "absl/status/statusor.h"
#include "scoring/decision.h"
#include "service/admission.h"

namespace portrisk::service {

enum class MissingSecrets { kRefuse, kCreate };

// Reads a secrets file: YAML with key_id, pin_key, draw_key and, where the
// chain is to be signed, audit_key (64 hexadecimal digits each). A missing one
// is made with random keys and mode 0600, or refused with NOT_FOUND. A file
// that others can read is refused; its group may read one that root owns.
absl::StatusOr<Secrets> LoadSecrets(const std::string& path,
                                    MissingSecrets missing);

// The part that random draws are made with.
scoring::DrawKey DrawKeyOf(const Secrets& secrets);

// Where the secrets of a store are kept unless said otherwise: beside the
// directory, not in it, so that a copy of the store holds no key.
std::string DefaultSecretsPath(const std::string& store_directory);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_SECRETS_H_
