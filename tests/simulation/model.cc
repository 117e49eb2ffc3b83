#include "tests/simulation/model.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "portrisk/v1/assessment.pb.h"
#include "service/core_options.h"
#include "store/chain.h"
#include "tests/simulation/wrong.h"

namespace portrisk::simulation {
namespace {

int64_t Nanoseconds(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1'000'000'000 + time.nanos();
}

// An absent time is older than any.
bool Newer(const v1::Movement& a, const v1::Movement& b) {
  if (!a.has_update_time()) return false;
  return !b.has_update_time() ||
         Nanoseconds(a.update_time()) > Nanoseconds(b.update_time());
}

// What an erasure leaves as it is.
std::string WithoutNames(const std::string& content) {
  v1::Movement movement;
  movement.ParseFromString(content);
  movement.clear_haulier();
  movement.clear_carrier();
  movement.clear_consignee();
  movement.clear_shipper();
  movement.mutable_transport()->clear_plate();
  movement.mutable_pickup_right()->clear_actor();
  movement.mutable_pickup_right()->clear_recipient();
  movement.mutable_pickup_right()->clear_nominee();
  return movement.SerializeAsString();
}

// What the record says is removed; 0: nothing.
uint64_t RemovedTo(const v1::JournalRecord& record) {
  return record.audit().erasure().begun().removed_sequence();
}

std::string Named(const v1::JournalRecord& record) {
  return absl::StrCat("record ", record.sequence(), " of ", record.caller(),
                      " for ", record.purpose());
}

}  // namespace

bool Model::Fits(const Sent& sent, const v1::JournalRecord& record) const {
  if (sent.token != record.purpose() || sent.found >= sent.records_max) {
    return false;
  }
  if (sent.identity.empty()) {
    return !record.has_movement() &&
           (sent.holds.empty() ||
            record.SerializeAsString().find(sent.holds) != std::string::npos);
  }
  if (!record.has_movement()) return false;
  const std::string& stored = record.movement().movement();
  return stored == sent.content ||
         (erased_.count(record.sequence()) > 0 &&
          WithoutNames(stored) == WithoutNames(sent.content));
}

std::string IdentityText(const v1::Movement& movement) {
  return absl::StrCat(movement.source(), "/", movement.id());
}

Model::Expectation Model::Expect(const std::string& identity,
                                 const std::string& content,
                                 uint64_t removed_to) const {
  const auto known = movements_.find(identity);
  if (known == movements_.end() || known->second.empty()) return {};
  v1::Movement movement;
  movement.ParseFromString(content);
  const std::vector<Version>& versions = known->second;
  for (auto version = versions.rbegin(); version != versions.rend();
       ++version) {
    if (version->sequence <= removed_to) return {Fate::kRemoved, ""};
    if (version->content == content) return {Fate::kRepeat, version->answer};
    if (!Newer(movement, version->movement)) continue;
    return {version == versions.rbegin() ? Fate::kNew : Fate::kConflict, ""};
  }
  return {Fate::kConflict, ""};
}

absl::Status Model::Send(Sent sent) {
  if (!sent.identity.empty()) {
    if (!sent.acknowledged) {
      unsure_.insert(sent.identity);
    } else if (!IsUnsure(sent.identity)) {
      const Expectation expected = Expect(sent.identity, sent.content);
      if (expected.fate == Fate::kConflict) {
        return Wrong(
            absl::StrCat(sent.identity, " was taken beside other content"));
      }
      if (expected.fate == Fate::kRemoved) {
        return Wrong(
            absl::StrCat(sent.identity, " was taken though it is removed"));
      }
      if (expected.fate == Fate::kRepeat) {
        if (expected.answer == sent.answer || doubts_answers_) {
          return absl::OkStatus();
        }
        return Wrong(
            absl::StrCat(sent.identity, " came again and got another answer"));
      }
      Version& version = movements_[sent.identity].emplace_back();
      version.movement.ParseFromString(sent.content);
      version.content = sent.content;
      version.stored = sent.content;
      version.answer = sent.answer;
      version.sequence = sent.sequence;
    }
  }
  sent_.push_back(std::move(sent));
  return absl::OkStatus();
}

// Who began to warm a revision that has not come into force yet: the steps it
// was meant for are taken in that name when it is warm.
bool Model::IsWarmingFor(const std::string& caller) const {
  std::map<uint64_t, std::string> warming;
  for (const std::string& bytes : journal_) {
    v1::JournalRecord record;
    record.ParseFromString(bytes);
    if (!record.has_rule()) continue;
    const bool begins = record.rule().event().state() == v1::WARMING;
    warming[record.rule().revision()] = begins ? record.caller() : "";
  }
  return std::any_of(warming.begin(), warming.end(),
                     [&](const auto& one) { return one.second == caller; });
}

// `next` is the first that this record may be: what came before is over.
absl::Status Model::Explain(const v1::JournalRecord& record, size_t* next,
                            const Sent** sent) {
  if (record.caller() == service::kEngineCaller) return absl::OkStatus();
  if (record.removed() && record.sequence() <= removed_to_) {
    return absl::OkStatus();  // Before it was seen.
  }
  if (record.has_rule() && record.purpose().empty() &&
      IsWarmingFor(record.caller())) {
    return absl::OkStatus();
  }
  if (late_.count(record.purpose()) > 0) {
    late_.erase(record.purpose());
    return absl::OkStatus();
  }
  for (size_t i = *next; i < sent_.size(); ++i) {
    if (!Fits(sent_[i], record)) continue;
    ++sent_[i].found;
    *next = i;
    *sent = &sent_[i];
    return absl::OkStatus();
  }
  return Wrong(absl::StrCat(Named(record), " was not sent, or not then: ",
                            record.ShortDebugString().substr(0, 400)));
}

absl::Status Model::CheckTime(const v1::JournalRecord& record) {
  const int64_t time_ns = Nanoseconds(record.recorded_time());
  if (time_ns < last_time_ns_) {
    return Wrong(absl::StrCat(Named(record), ": recorded time went back by ",
                              last_time_ns_ - time_ns, " ns"));
  }
  last_time_ns_ = time_ns;
  return absl::OkStatus();
}

// A version that was acknowledged is known already; then it must be the same.
absl::Status Model::Learn(const v1::JournalRecord& record, const Sent* sent) {
  if (!record.has_movement()) return absl::OkStatus();
  Version version;
  version.stored = record.movement().movement();
  version.content = sent == nullptr ? version.stored : sent->content;
  version.answer = record.movement().assessment();
  version.sequence = record.sequence();
  version.movement.ParseFromString(version.content);
  const std::string identity = IdentityText(version.movement);
  std::vector<Version>& versions = movements_[identity];
  for (Version& known : versions) {
    if (known.sequence != version.sequence) continue;
    if (known.stored == version.stored && known.answer == version.answer) {
      return absl::OkStatus();
    }
    if (erased_.count(version.sequence) > 0) {
      known.stored = version.stored;
      known.answer = version.answer;
      return absl::OkStatus();
    }
    return Wrong(absl::StrCat(Named(record), ": ", identity,
                              " is not stored as it was answered"));
  }
  if (Expect(identity, version.content, removed_then_).fate != Fate::kNew) {
    return Wrong(absl::StrCat(
        Named(record), ": ", identity, " is there twice, or beside other ",
        "content: ", version.movement.ShortDebugString(), " behind ",
        versions.back().movement.ShortDebugString()));
  }
  versions.push_back(std::move(version));
  return absl::OkStatus();
}

// What was acknowledged.
absl::Status Model::CheckThere(const Sent& sent) const {
  if (!sent.acknowledged) return absl::OkStatus();
  bool is_there = sent.found >= sent.records_min;
  if (sent.sequence != 0) {
    is_there = sent.sequence <= size();
    if (sent.sequence <= removed_to_) return absl::OkStatus();
    const bool is_erased = erased_.count(sent.sequence) > 0;
    for (const std::string& part : {sent.holds, sent.content, sent.answer}) {
      if (is_erased && &part != &sent.holds) continue;
      is_there = is_there &&
                 journal_[sent.sequence - 1].find(part) != std::string::npos;
    }
  }
  if (is_there) return absl::OkStatus();
  return Wrong(absl::StrCat(
      sent.token, " ", sent.identity, " was acknowledged at ", sent.sequence,
      " and is not in the journal, which ends at ", size()));
}

// A record is named behind itself, and may be rewritten before it is seen.
void Model::LearnErased(const v1::JournalRecord& record) {
  for (const auto& one : record.audit().erasure().records()) {
    erased_[one.sequence()].insert(one.digest());
  }
  removed_to_ = std::max(removed_to_, RemovedTo(record));
}

bool Model::IsRemoval(const v1::JournalRecord& before,
                      const v1::JournalRecord& now) const {
  v1::JournalRecord left;
  left.set_sequence(before.sequence());
  *left.mutable_recorded_time() = before.recorded_time();
  left.set_removed(true);
  return before.has_movement() && before.sequence() <= removed_to_ &&
         now.SerializeAsString() == left.SerializeAsString();
}

absl::Status Model::Absorb(const std::vector<std::string>& records) {
  for (const std::string& bytes : records) {
    v1::JournalRecord record;
    if (record.ParseFromString(bytes)) LearnErased(record);
  }
  size_t next = 0;
  for (const std::string& bytes : records) {
    v1::JournalRecord record;
    if (!record.ParseFromString(bytes)) return Wrong("a record does not parse");
    if (record.sequence() != size() + 1) {
      return Wrong(absl::StrCat(Named(record), " follows ", size()));
    }
    absl::Status status = CheckTime(record);
    const Sent* sent = nullptr;
    if (status.ok()) status = Explain(record, &next, &sent);
    if (status.ok()) status = Learn(record, sent);
    if (!status.ok()) return status;
    removed_then_ = std::max(removed_then_, RemovedTo(record));
    journal_.push_back(bytes);
  }
  for (const Sent& sent : sent_) {
    absl::Status status = CheckThere(sent);
    if (!status.ok()) return status;
  }
  sent_.clear();
  unsure_.clear();
  return absl::OkStatus();
}

// The same record with other bytes.
absl::Status Model::Adopt(uint64_t sequence, const std::string& bytes) {
  const store::Chain digest = store::DigestOf(bytes);
  const auto named = erased_.find(sequence);
  const auto before = before_.find(sequence);
  const bool is_erased =
      named != erased_.end() &&
      named->second.count(std::string(digest.begin(), digest.end())) > 0;
  const bool is_of_before = is_restored_ && before != before_.end() &&
                            before->second.count(bytes) > 0;
  std::string& known = journal_[sequence - 1];
  v1::JournalRecord was, record;
  if (!was.ParseFromString(known) || !record.ParseFromString(bytes)) {
    return Wrong("a record does not parse");
  }
  if (!is_erased && !is_of_before && !IsRemoval(was, record)) {
    return Wrong(
        absl::StrCat("record ", sequence, " has other bytes than before"));
  }
  before_[sequence].insert(known);
  known = bytes;
  if (!record.has_movement()) return absl::OkStatus();
  v1::Movement movement;
  movement.ParseFromString(record.movement().movement());
  for (Version& version : movements_[IdentityText(movement)]) {
    if (version.sequence != sequence) continue;
    version.stored = record.movement().movement();
    version.answer = record.movement().assessment();
  }
  return absl::OkStatus();
}

absl::Status Model::CheckAll(const std::vector<std::string>& records) {
  if (records.size() < size()) {
    return Wrong(absl::StrCat("the journal ends at ", records.size(),
                              "; it was durable up to ", size()));
  }
  for (size_t i = size(); i < records.size(); ++i) {
    v1::JournalRecord record;
    if (record.ParseFromString(records[i])) LearnErased(record);
  }
  for (size_t i = 0; i < size(); ++i) {
    if (records[i] == journal_[i]) continue;
    absl::Status status = Adopt(i + 1, records[i]);
    if (!status.ok()) return status;
  }
  is_restored_ = false;
  return Absorb(
      {records.begin() + static_cast<int64_t>(size()), records.end()});
}

void Model::CutAt(uint64_t sequence) {
  journal_.resize(sequence);
  removed_to_ = 0;
  for (const std::string& bytes : journal_) {
    v1::JournalRecord record;
    if (record.ParseFromString(bytes)) LearnErased(record);
  }
  removed_then_ = removed_to_;
  last_time_ns_ = 0;
  if (sequence > 0) {
    v1::JournalRecord last;
    last.ParseFromString(journal_.back());
    last_time_ns_ = Nanoseconds(last.recorded_time());
  }
  for (auto one = movements_.begin(); one != movements_.end();) {
    std::vector<Version>& versions = one->second;
    while (!versions.empty() && versions.back().sequence > sequence) {
      versions.pop_back();
    }
    one = versions.empty() ? movements_.erase(one) : std::next(one);
  }
  sent_.clear();
  unsure_.clear();
  late_.clear();
  is_restored_ = true;
}

}  // namespace portrisk::simulation
