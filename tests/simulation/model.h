// What a store must hold, kept beside it in the plainest way: a list of records
// and, for each movement, its versions with their answers.
//
// It believes nothing that it was not told: each record of the journal must be
// one that somebody has sent, in the order in which it was sent, and what was
// acknowledged must be among them. A record seen once must be there for ever,
// with the same bytes, or with those that an erasure has named in the journal,
// or with nothing left of a movement that the journal says is removed.
#ifndef PORTRISK_TESTS_SIMULATION_MODEL_H_
#define PORTRISK_TESTS_SIMULATION_MODEL_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "portrisk/v1/journal.pb.h"
#include "portrisk/v1/movement.pb.h"

namespace portrisk::simulation {

// Something whose records may come to be in the journal.
struct Sent {
  std::string token;  // The purpose of the call, which each record repeats.
  bool acknowledged = false;
  // Records that an acknowledged call leaves at least, and any at most.
  int records_min = 1;
  int records_max = 1;
  std::string holds;  // Bytes that each of them holds; "" says nothing.
  // Where the answer says that it lies, by this call or by one before. Then
  // it is looked for there, and nowhere else.
  uint64_t sequence = 0;
  // Of a movement.
  std::string identity;  // Source and id.
  std::string content;   // In normal form, serialised.
  std::string answer;    // The assessment, when acknowledged.

  int found = 0;  // The model's.
};

struct Version {
  v1::Movement movement;
  std::string content;  // As it was sent.
  std::string stored;   // As it is now: an erasure changes it, and the answer.
  std::string answer;
  uint64_t sequence = 0;
};

class Model {
 public:
  enum class Fate { kNew, kRepeat, kConflict, kRemoved };
  struct Expectation {
    Fate fate = Fate::kNew;
    std::string answer;  // Of a repeat.
  };

  uint64_t size() const { return journal_.size(); }
  const std::vector<std::string>& journal() const { return journal_; }
  const std::map<std::string, std::vector<Version>>& movements() const {
    return movements_;
  }

  // Movements up to here are removed, as far as the journal has been seen.
  uint64_t removed_to() const { return removed_to_; }

  // What the engine must do with it. Knows nothing of what was refused since
  // the last Absorb (IsUnsure).
  Expectation Expect(const std::string& identity,
                     const std::string& content) const {
    return Expect(identity, content, removed_to_);
  }
  bool IsUnsure(const std::string& identity) const {
    return unsure_.count(identity) > 0;
  }

  // Tells of it, in the order of sending.
  absl::Status Send(Sent sent);
  // An entry that may be written at any time from now on, or never.
  void SendLate(const std::string& token) { late_.insert(token); }
  void ForgetLate() { late_.clear(); }

  // Between two bytes that a record may have a repeat may bring the answer of
  // either: while an erasure is under way.
  void DoubtAnswers(bool doubt) { doubts_answers_ = doubt; }

  // Takes the records behind size(), which are durable. Nothing that was sent
  // before will still come.
  absl::Status Absorb(const std::vector<std::string>& records);

  // The whole journal, as after a crash: the beginning must be as it was.
  absl::Status CheckAll(const std::vector<std::string>& records);

  // The store was restored to that position.
  void CutAt(uint64_t sequence);

 private:
  Expectation Expect(const std::string& identity, const std::string& content,
                     uint64_t removed_to) const;
  // `sent` is null of what the engine wrote by itself.
  absl::Status Explain(const v1::JournalRecord& record, size_t* next,
                       const Sent** sent);
  bool Fits(const Sent& sent, const v1::JournalRecord& record) const;
  void LearnErased(const v1::JournalRecord& record);
  // Whether `now` is all that is left of a movement that was `before`.
  bool IsRemoval(const v1::JournalRecord& before,
                 const v1::JournalRecord& now) const;
  absl::Status Adopt(uint64_t sequence, const std::string& bytes);
  bool IsWarmingFor(const std::string& caller) const;
  absl::Status Learn(const v1::JournalRecord& record, const Sent* sent);
  absl::Status CheckTime(const v1::JournalRecord& record);
  absl::Status CheckThere(const Sent& sent) const;

  std::vector<std::string> journal_;  // By sequence, from 1.
  int64_t last_time_ns_ = 0;
  std::map<std::string, std::vector<Version>> movements_;
  std::vector<Sent> sent_;  // Since the last Absorb.
  std::set<std::string> unsure_;
  std::set<std::string> late_;
  // By sequence: digests that erasures have named, and bytes it had before,
  // which a restored store may have again.
  std::map<uint64_t, std::set<std::string>> erased_, before_;
  // As far as the journal has been seen, and as far as it has been taken.
  uint64_t removed_to_ = 0;
  uint64_t removed_then_ = 0;
  bool is_restored_ = false;
  bool doubts_answers_ = false;
};

std::string IdentityText(const v1::Movement& movement);

}  // namespace portrisk::simulation

#endif  // PORTRISK_TESTS_SIMULATION_MODEL_H_
