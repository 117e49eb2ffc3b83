#include "service/reference_check.h"

#include <cmath>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "service/normal_form.h"
#include "service/text_checks.h"

namespace portrisk::service {
namespace {

constexpr size_t kViolationsMax = 20;
constexpr size_t kPrefixLength = 4;

bool IsWithin(double degrees, double most) {
  return std::abs(degrees) <= most;  // NaN is not.
}

class Check {
 public:
  explicit Check(std::vector<Violation>* violations)
      : violations_(violations) {}

  // Of the entries of one list, in order.
  void Begin(absl::string_view list) {
    list_ = list;
    keys_.clear();
    index_ = -1;
  }
  void Next() { ++index_; }
  void Expect(bool holds, absl::string_view field, absl::string_view what) {
    if (holds || violations_->size() >= kViolationsMax) return;
    violations_->push_back(
        {absl::StrCat("table.", list_, "[", index_, "].", field),
         std::string(what)});
  }
  void ExpectOnce(absl::string_view key, absl::string_view field) {
    Expect(keys_.insert(key).second, field, "stands there twice; send it once");
  }

 private:
  std::vector<Violation>* const violations_;
  absl::string_view list_;
  absl::flat_hash_set<absl::string_view> keys_;
  int index_ = -1;
};

}  // namespace

std::vector<Violation> CheckReference(const v1::ReferenceTable& table) {
  std::vector<Violation> violations;
  if (table.places().empty() && table.owners().empty() &&
      table.sources().empty()) {
    violations.push_back(
        {"table", "holds nothing; send places, owners or sources"});
  }
  Check check(&violations);
  check.Begin("places");
  for (const v1::Place& place : table.places()) {
    check.Next();
    check.Expect(IsLocode(place.locode()), "locode",
                 "is not two letters and three of A-Z or 2-9");
    check.Expect(IsWithin(place.latitude(), 90), "latitude",
                 "is not -90 to 90 degrees; leave out places whose position "
                 "is unknown");
    check.Expect(IsWithin(place.longitude(), 180), "longitude",
                 "is not -180 to 180 degrees; leave out places whose position "
                 "is unknown");
    check.ExpectOnce(place.locode(), "locode");
  }
  check.Begin("owners");
  for (const v1::Owner& owner : table.owners()) {
    check.Next();
    check.Expect(owner.prefix().size() == kPrefixLength &&
                     CharClasses(owner.prefix()) == kUpperChar,
                 "prefix", "is not four capital letters, such as MSKU");
    check.ExpectOnce(owner.prefix(), "prefix");
  }
  check.Begin("sources");
  for (const v1::Source& source : table.sources()) {
    check.Next();
    check.Expect(
        !source.id().empty() && !IsLongerThan(source.id(), kSourceLengthMax),
        "id", "is empty or too long for a source");
    check.ExpectOnce(source.id(), "id");
    for (const int event : source.complete()) {
      check.Expect(event != v1::EVENT_UNSPECIFIED && v1::Event_IsValid(event),
                   "complete",
                   absl::StrCat(event,
                                " is no event; update the proto files "
                                "of the sender"));
    }
    check.Expect(IsValidTimestamp(source.complete_since().seconds(),
                                  source.complete_since().nanos()),
                 "complete_since", "is no time of the years 1 to 9999");
  }
  return violations;
}

}  // namespace portrisk::service
