// Whether two versions of a movement, an outcome or a decision say the same,
// and which of them is newer.
#ifndef PORTRISK_SERVICE_SAME_CONTENT_H_
#define PORTRISK_SERVICE_SAME_CONTENT_H_

#include "absl/strings/string_view.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/timestamps.h"
#include "service/pseudonyms.h"
#include "service/task.h"

namespace portrisk::service {

// `stored` is a movement of the journal, `bytes` one just admitted: equal byte
// for byte or, where a PIN was shown and its key has been replaced since, but
// for the hashes. Those are compared by a key that both have; where there is
// none any more, the rest decides, since a repeat must stay harmless.
bool SameContent(absl::string_view stored, absl::string_view bytes);

// The same of the movement of a task, where names in the stored one may have
// been erased since. Null: none have.
bool SameContent(absl::string_view stored, const MovementTask& task,
                 const Pseudonyms* pseudonyms);

// Whether the update time of `a` is later than that of `b`; absent is older
// than any.
template <typename Content>
bool Newer(const Content& a, const Content& b) {
  if (!a.has_update_time()) return false;
  return !b.has_update_time() ||
         scoring::Before(b.update_time(), a.update_time());
}

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_SAME_CONTENT_H_
