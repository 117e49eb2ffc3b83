// Reference data in the form that derivation reads: places by UN/LOCODE,
// owner prefixes, and what sources declare of themselves.
// Immutable after construction; any number of readers.
#ifndef PORTRISK_SCORING_REFERENCE_H_
#define PORTRISK_SCORING_REFERENCE_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "portrisk/v1/reference.pb.h"

namespace portrisk::scoring {

struct Coordinates {
  double latitude;   // WGS 84 degrees.
  double longitude;  // WGS 84 degrees.
};

// Great-circle distance in kilometres (haversine, mean radius 6371.0088 km,
// IUGG 1980). Evaluated the same way on every machine.
double DistanceKm(const Coordinates& a, const Coordinates& b);

class Reference {
 public:
  // `version` is the content hash of the table.
  Reference(const v1::ReferenceTable& table, std::string version);
  ~Reference();

  // Nothing when the place is unknown; never 0,0.
  std::optional<Coordinates> Find(absl::string_view locode) const;
  // Whether an owner register is loaded and knows the prefix (four letters); a
  // register lists one category, the others belong to the same owner. Nothing
  // when no register is loaded.
  std::optional<bool> KnowsOwner(absl::string_view prefix) const;
  // Whether a table of sources is loaded.
  bool has_sources() const;
  // What a source declares of itself; null when it is in no table.
  const v1::Source* FindSource(absl::string_view id) const;
  // The same where it declares that it has been complete since then, for the
  // events it names; else null.
  const v1::Source* CompleteSince(
      absl::string_view id, const google::protobuf::Timestamp& since) const;
  // Whether a source declares that it reports every event of a type that
  // happened since then: whether the absence of one is a fact.
  bool IsComplete(absl::string_view source, v1::Event event,
                  const google::protobuf::Timestamp& since) const;
  const std::string& version() const;

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_REFERENCE_H_
