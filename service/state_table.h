// A bounded cache of decoded entity states over one kind of keys of the store.
//
// A changed state stays here until it has been written behind; only clean ones
// are given up, and a state that was given up is read again, so the size of
// the cache never changes an answer.
//
// Snapshots without a pause: Freeze marks the changed states; a background
// thread serialises them (TakeFrozen) while the owner goes on. Whoever comes
// first, the owner wanting to change a marked state or the background thread,
// serialises it; the other finds it done.
//
// Threads: all methods belong to the owner, except TakeFrozen.
#ifndef PORTRISK_SERVICE_STATE_TABLE_H_
#define PORTRISK_SERVICE_STATE_TABLE_H_

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "scoring/state_check.h"
#include "service/entity_key.h"

namespace portrisk::service {

// DATA_LOSS: what the store has under this key is no state of its kind.
absl::Status StateDamaged(const EntityKey& key);

template <typename State>
class StateTable {
 public:
  class Entry {
   public:
    const State& state() const { return state_; }
    // Whether anything was ever folded in.
    bool known() const { return state_.last_sequence() > 0; }

   private:
    friend class StateTable;
    enum Snapshot : uint8_t { kNone, kPending, kBusy, kDone };
    EntityKey key_;
    State state_;
    bool dirty_ = false;
    bool referenced_ = true;
    std::atomic<uint8_t> snapshot_{kNone};
    std::string frozen_;
  };

  // Keeps about `capacity` states, more while they wait to be written.
  explicit StateTable(size_t capacity) : capacity_(capacity) {}

  // Fetches into the processor's cache what Find of that key will look at.
  void Prefetch(const EntityKey& key) const { entries_.prefetch(key); }

  // Finds or makes the entry of `key`. A new one is empty and appended to
  // `missing`, to be read by the owner and filled by Take. Entries stay where
  // they are until the next Trim.
  Entry* Find(const EntityKey& key, std::vector<Entry*>* missing) {
    auto [it, inserted] = entries_.try_emplace(key);
    if (inserted) {
      it->second = std::make_unique<Entry>();
      it->second->key_ = key;
      order_.push_back(it->second.get());
      missing->push_back(it->second.get());
    }
    it->second->referenced_ = true;
    return it->second.get();
  }

  // Appends the keys of entries that Find reported missing.
  static void AppendKeys(const std::vector<Entry*>& missing,
                         std::vector<absl::string_view>* keys) {
    for (const Entry* entry : missing) keys->push_back(entry->key_.view());
  }

  // Takes what the store has under these keys: values[begin], ...
  absl::Status Take(const std::vector<Entry*>& missing,
                    const std::vector<std::optional<std::string>>& values,
                    size_t begin) {
    for (size_t i = 0; i < missing.size(); ++i) {
      const std::optional<std::string>& value = values[begin + i];
      if (!value) continue;
      State& state = missing[i]->state_;
      if (!state.ParseFromString(*value) || !scoring::IsWhole(state)) {
        return StateDamaged(missing[i]->key_);
      }
    }
    return absl::OkStatus();
  }

  // Takes back entries that could not be read: an empty one must not pass for
  // what is stored.
  void Forget(const std::vector<Entry*>& missing) {
    for (Entry* entry : missing) {
      order_.erase(std::find(order_.begin(), order_.end(), entry));
      entries_.erase(EntityKey(entry->key_));
    }
  }

  // The state, to be changed.
  State* Mutable(Entry* entry) {
    if (entry->snapshot_.load(std::memory_order_acquire) != Entry::kNone) {
      Preserve(entry);
    }
    if (!entry->dirty_) {
      entry->dirty_ = true;
      dirty_.push_back(entry);
    }
    return &entry->state_;
  }

  // Gives up clean states that were not used lately. Second chance, a few
  // steps for each state that came since.
  void Trim() {
    size_t steps =
        order_.size() > capacity_ ? 4 * (order_.size() - capacity_) + 16 : 0;
    for (; steps > 0 && order_.size() > capacity_; --steps) {
      Entry* entry = order_.front();
      order_.pop_front();
      const bool pinned =
          entry->dirty_ ||
          entry->snapshot_.load(std::memory_order_acquire) != Entry::kNone;
      if (pinned || entry->referenced_) {
        entry->referenced_ = false;
        order_.push_back(entry);
      } else {
        entries_.erase(entry->key_);
      }
    }
  }

  size_t dirty_count() const { return dirty_.size(); }
  size_t size() const { return entries_.size(); }

  // Marks the changed states for TakeFrozen. The earlier snapshot has thawed.
  void Freeze() {
    frozen_ = std::move(dirty_);
    dirty_.clear();
    for (Entry* entry : frozen_) {
      entry->dirty_ = false;
      entry->snapshot_.store(Entry::kPending, std::memory_order_release);
    }
  }

  // Appends the marked states as they were at Freeze. Background thread.
  void TakeFrozen(KeyValues* out) {
    for (Entry* entry : frozen_) {
      uint8_t expected = Entry::kPending;
      std::string value;
      if (entry->snapshot_.compare_exchange_strong(expected, Entry::kBusy)) {
        entry->state_.SerializeToString(&value);
        entry->snapshot_.store(Entry::kDone, std::memory_order_release);
      } else {
        WaitWhileBusy(entry);
        value = std::move(entry->frozen_);
      }
      out->emplace_back(std::string(entry->key_.view()), std::move(value));
    }
  }

  // After TakeFrozen has returned and its result is in the store.
  void Thaw() {
    for (Entry* entry : frozen_) {
      entry->frozen_.clear();
      entry->snapshot_.store(Entry::kNone, std::memory_order_release);
    }
    frozen_.clear();
  }

  // Every entry; for verification.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (const Entry* entry : order_) visit(entry->key_, entry->state_);
  }

 private:
  static void WaitWhileBusy(Entry* entry) {
    while (entry->snapshot_.load(std::memory_order_acquire) == Entry::kBusy) {
      std::this_thread::yield();
    }
  }

  static void Preserve(Entry* entry) {
    uint8_t expected = Entry::kPending;
    if (entry->snapshot_.compare_exchange_strong(expected, Entry::kBusy)) {
      entry->state_.SerializeToString(&entry->frozen_);
      entry->snapshot_.store(Entry::kDone, std::memory_order_release);
    } else {
      WaitWhileBusy(entry);
    }
  }

  const size_t capacity_;
  absl::flat_hash_map<EntityKey, std::unique_ptr<Entry>> entries_;
  std::deque<Entry*> order_;  // In order of arrival, for Trim.
  std::vector<Entry*> dirty_;
  std::vector<Entry*> frozen_;  // Read by TakeFrozen, changed when thawed.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_STATE_TABLE_H_
