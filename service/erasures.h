// Takes subjects out of the store, and movements of a certain age, one after
// the other, beside live scoring.
//
// A thread of its own reads the journal to its end and names, in entries of the
// journal, the records that hold the subject, each with the digest of what it
// will be; folding such an entry renames in the states. The last one is made on
// the apply thread, so that nothing comes between the end that was searched and
// the entry that says so. Then a checkpoint writes the states behind that
// entry, the named records are rewritten in place, files that held the old
// bytes are written anew, and an entry says that it has ended.
//
// Movements that have passed their age need no search (removal.cc): an entry
// says up to where they are removed. The states as they are behind it are kept
// as the base, where a fold begins from then on, and compaction takes the
// movements out of the journal. What a base holds is as old as the last of
// these, so an erasure that renames in states keeps a new one.
//
// After a crash it goes on by what the journal says: behind what was searched,
// or with rewriting from the first named record on. Rewriting again changes
// nothing.
#ifndef PORTRISK_SERVICE_ERASURES_H_
#define PORTRISK_SERVICE_ERASURES_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "portrisk/v1/journal.pb.h"
#include "service/store_reader.h"
#include "store/store.h"

namespace portrisk::service {

class Core;
class Engine;

struct ErasuresOptions {
  size_t entry_records = 256;
  // Tests only: called after each step by which it may go on after a crash.
  std::function<void()> after_step;
};

class Erasures {
 public:
  // `engine` outlives this.
  Erasures(Engine* engine, ErasuresOptions options)
      : engine_(engine), options_(std::move(options)) {}

  void Start();
  // Its thread; woken when an erasure has begun.
  StoreReader& reader() { return reader_; }
  // Says how far it is, where it runs.
  void ShowProgress(v1::Erasure* erasure) const;

 private:
  struct Job;

  absl::StatusOr<StoreReader::Work> Step();
  // Begins to erase everybody in what is too old, when a day has passed.
  absl::StatusOr<bool> BeginRetention();
  absl::Status Begin(v1::Erasure begun, const v1::Catalogue& seen);
  absl::Status Search(Job* job);
  absl::Status SearchRecord(uint64_t sequence, absl::string_view bytes,
                            Job* job);
  // Journals what was found. `core` is set on the apply thread.
  absl::Status Flush(Job* job);
  absl::Status FinishSearch(Job* job);
  // Waits for a checkpoint that has what is folded at `sequence`.
  absl::Status WriteStates(uint64_t sequence);
  absl::Status Rewrite(Job* job);
  absl::Status RewriteBlock(const std::vector<v1::ErasedRecord>& named,
                            Job* job);
  absl::Status PurgeParts(store::Store& store, Job* job);
  absl::Status Finish(const v1::Erasure& erasure, v1::ErasureStep step);

  // --- Movements of a certain age, in removal.cc.

  // Begins to remove what is too old, when a day has passed.
  absl::StatusOr<bool> BeginRemoval();
  absl::Status Remove(const v1::Erasure& erasure);
  // Has a base that is not older than `sequence`, and no other.
  absl::Status RenewBase(uint64_t erasure, uint64_t sequence);
  absl::StatusOr<v1::Base> KeepBase(const v1::Catalogue& catalogue);
  absl::Status WithStore(
      const std::function<absl::Status(store::Store&)>& work);

  absl::Status Journal(uint64_t erasure, v1::ErasureStep step, Core* core);
  void Stepped() const {
    if (options_.after_step) options_.after_step();
  }
  bool MustLeave() const { return reader_.MustLeave(); }

  Engine* const engine_;
  const ErasuresOptions options_;
  std::atomic<uint64_t> running_{0};
  std::atomic<uint64_t> searched_{0};
  std::atomic<uint64_t> rewritten_{0};

  StoreReader reader_{"erasure"};  // The last: its thread uses the others.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_ERASURES_H_
