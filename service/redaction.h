// Records of the journal without what identifies a subject.
//
// A subject is who admission makes a pseudonym of: a party (by its id or, where
// it has none, its name), an account, a device, a plate. Of a party that is the
// subject its id, name, account and device are replaced, and in that record
// equal texts of other parties with them, so that what was equal stays equal;
// its country, and the vehicle it came with, are others' business. In
// assessments it is the evidence that shows any of these. Each text becomes a
// token that is a function of it (scoring/erased_names.h).
#ifndef PORTRISK_SERVICE_REDACTION_H_
#define PORTRISK_SERVICE_REDACTION_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "portrisk/v1/journal.pb.h"
#include "portrisk/v1/operator_service.pb.h"
#include "service/pseudonyms.h"

namespace portrisk::service {

struct Subject {
  v1::SubjectKind kind = v1::SUBJECT_KIND_UNSPECIFIED;
  uint64_t pseudonym = 0;  // Unless it is everybody.
};

// As admission would know it. INVALID_ARGUMENT where it does not name exactly
// one, or by something that admission would refuse.
absl::StatusOr<Subject> SubjectOf(const v1::ErasureSubject& subject,
                                  const Pseudonyms& pseudonyms);

// One thread at a time: it keeps memory.
class Redactor {
 public:
  // `pseudonyms` outlives it.
  Redactor(const Subject& subject, const Pseudonyms* pseudonyms)
      : subject_(subject), pseudonyms_(*pseudonyms) {}

  struct Result {
    bool movement = false;  // Of each: whether it named the subject.
    bool assessment = false;
    bool other = false;
    bool any() const { return movement || assessment || other; }
    std::string bytes;  // Of the record as it is to be, when any().
    // With what a fold needs; without its digest.
    v1::ErasedRecord record;
  };
  // Of a serialised JournalRecord. A record that has been through it comes out
  // as it went in. DATA_LOSS where it does not parse.
  absl::StatusOr<Result> Redact(absl::string_view bytes);

 private:
  // Kinds of text, so that equal ones of a kind become equal tokens.
  using Kind = Pseudonyms::Kind;
  using Tokens = std::map<std::pair<Kind, std::string>, std::string>;

  bool RedactMovement(v1::Movement* movement, Result* result);
  bool RedactAssessment(v1::Assessment* assessment);
  bool RedactEvidence(v1::Evidence* evidence);
  bool RedactAudit(v1::AuditEntry* entry) const;
  void Collect(const v1::Movement& movement);
  void CollectParty(const v1::Party& party, bool is_subject);
  void Note(Kind kind, const std::string& text);
  bool IsSubject(Kind kind, const std::string& text) const;
  std::string TokenOf(Kind kind, const std::string& text) const;
  bool Apply(Kind kind, std::string* text) const;

  const Subject subject_;
  const Pseudonyms& pseudonyms_;

  // Reused.
  v1::JournalRecord record_;
  v1::Movement movement_;
  v1::Assessment assessment_;
  Tokens tokens_;  // Of the movement at hand.
};

// `given` with the texts erased that are erased in a stored version of it, as
// far as they are the same: to be compared with that.
v1::Movement ErasedAlike(const v1::Movement& stored, v1::Movement given,
                         const Pseudonyms& pseudonyms);

// Whether a serialised message holds a token.
bool HoldsErased(absl::string_view bytes);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_REDACTION_H_
