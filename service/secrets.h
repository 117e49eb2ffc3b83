// Keys that live outside the store, in a file only its owner can read.
//
// YAML: key_id, pin_key, draw_key and, where the chain is to be signed,
// audit_key (64 hexadecimal digits each). While PINs are hashed by two keys,
// `previous` holds key_id and pin_key of the one before. pseudonym_key (32
// digits), pseudonym_key_id and draw_key_id are what must stay when pin_key
// changes.
#ifndef PORTRISK_SERVICE_SECRETS_H_
#define PORTRISK_SERVICE_SECRETS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "scoring/decision.h"
#include "service/admission.h"

namespace portrisk::service {

enum class MissingSecrets { kRefuse, kCreate };

// A missing file is refused with NOT_FOUND, or gives random keys that are in no
// file until KeepSecrets. A file that others can read is refused; its group may
// read one that root owns. No error shows what is in the file.
absl::StatusOr<Secrets> LoadSecrets(const std::string& path,
                                    MissingSecrets missing);

// Writes what is new into a file of mode 0600. Once the store is open: a start
// that is refused leaves no keys behind, least of all those of another store.
absl::Status KeepSecrets(const std::string& path, const Secrets& secrets);

// Random keys into a new file of mode 0600. ALREADY_EXISTS when there is one.
absl::Status CreateSecrets(const std::string& path);

// The same keys each time into a new file, for a store that is thrown away:
// what is drawn at random in it comes out the same, and nothing is kept secret.
absl::Status CreateKnownSecrets(const std::string& path);

// A new PIN key; the present one becomes `previous`. Pseudonyms and draws stay
// what they are. FAILED_PRECONDITION while there is a previous one: a third
// would break the chains of the first. The file is replaced in one step, with
// its owner and mode; comments in it are lost.
absl::Status RotateSecrets(const std::string& path);

// Leaves `previous` out from now on. FAILED_PRECONDITION when there is none.
absl::Status DropPreviousKey(const std::string& path);

// The part that random draws are made with.
scoring::DrawKey DrawKeyOf(const Secrets& secrets);

// "PIN key 5f2c, previous 91ab, pseudonym key 91ab, draw key 91ab": ids alone.
std::string DescribeKeys(const Secrets& secrets);

// Where the secrets of a store are kept unless said otherwise: beside the
// directory, not in it, so that a copy of the store holds no key.
std::string DefaultSecretsPath(const std::string& store_directory);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_SECRETS_H_
