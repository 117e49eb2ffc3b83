// What a store must hold, kept beside it in the plainest way: a list of records
// and, for each movement, its versions with their answers.
//
// It believes nothing that it was not told: each record of the journal must be
// one that somebody has sent, in the order in which it was sent, and what was
// acknowledged must be among them. A record seen once must be there for ever,
// with the same bytes.
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
  std::string content;
  std::string answer;
  uint64_t sequence = 0;
};

class Model {
 public:
  enum class Fate { kNew, kRepeat, kConflict };
  struct Expectation {
    Fate fate = Fate::kNew;
    std::string answer;  // Of a repeat.
  };

  uint64_t size() const { return journal_.size(); }
  const std::vector<std::string>& journal() const { return journal_; }
  const std::map<std::string, std::vector<Version>>& movements() const {
    return movements_;
  }

  // What the engine must do with it. Knows nothing of what was refused since
  // the last Absorb (IsUnsure).
  Expectation Expect(const std::string& identity,
                     const std::string& content) const;
  bool IsUnsure(const std::string& identity) const {
    return unsure_.count(identity) > 0;
  }

  // Tells of it, in the order of sending.
  absl::Status Send(Sent sent);
  // An entry that may be written at any time from now on, or never.
  void SendLate(const std::string& token) { late_.insert(token); }
  void ForgetLate() { late_.clear(); }

  // Takes the records behind size(), which are durable. Nothing that was sent
  // before will still come.
  absl::Status Absorb(const std::vector<std::string>& records);

  // The whole journal after a crash: the beginning must be as it was.
  absl::Status CheckAll(const std::vector<std::string>& records);

  // The store was restored to that position.
  void CutAt(uint64_t sequence);

 private:
  absl::Status Explain(const v1::JournalRecord& record, size_t* next);
  bool IsWarmingFor(const std::string& caller) const;
  absl::Status Learn(const v1::JournalRecord& record);
  absl::Status CheckTime(const v1::JournalRecord& record);
  absl::Status CheckThere(const Sent& sent) const;

  std::vector<std::string> journal_;  // By sequence, from 1.
  int64_t last_time_ns_ = 0;
  std::map<std::string, std::vector<Version>> movements_;
  std::vector<Sent> sent_;  // Since the last Absorb.
  std::set<std::string> unsure_;
  std::set<std::string> late_;
};

std::string IdentityText(const v1::Movement& movement);

}  // namespace portrisk::simulation

#endif  // PORTRISK_TESTS_SIMULATION_MODEL_H_
