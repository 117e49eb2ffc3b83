// A hash table from 64-bit keys to small values: built once, looked up often.
// A look-up takes a dozen instructions, mostly without a branch that could be
// guessed wrong, and touches one cache line, which can be asked for ahead.
#ifndef PORTRISK_SCORING_KEY_TABLE_H_
#define PORTRISK_SCORING_KEY_TABLE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace portrisk::scoring {

template <typename Value>
class KeyTable {
 public:
  // The value of `key`, made when it is new. Valid until the next one is made.
  Value& operator[](uint64_t key) {
    if (2 * (size_ + 1) > slots_.size()) Grow();
    Slot& slot = slots_[Position(key)];
    if (!slot.used) {
      slot = {key, true, Value()};
      ++size_;
    }
    return slot.value;
  }

  bool empty() const { return size_ == 0; }

  // A new value when there is none. The table must not be empty.
  const Value& At(uint64_t key) const { return slots_[Position(key)].value; }
  // Fetches what At will look at first.
  void Prefetch(uint64_t key) const { __builtin_prefetch(&slots_[Home(key)]); }

  size_t SpaceUsed() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    uint64_t key = 0;
    bool used = false;
    Value value;
  };

  size_t Home(uint64_t key) const {
    return (key * 0x9E3779B97F4A7C15) >> shift_;
  }

  // Where `key` is or would be: at most half of the slots are used.
  size_t Position(uint64_t key) const {
    const size_t mask = slots_.size() - 1;
    size_t at = Home(key);
    while (slots_[at].used & (slots_[at].key != key)) at = (at + 1) & mask;
    return at;
  }

  void Grow() {
    std::vector<Slot> old(slots_.empty() ? 8 : 2 * slots_.size());
    old.swap(slots_);
    shift_ = 64 - std::bit_width(slots_.size() - 1);
    for (const Slot& slot : old) {
      if (slot.used) slots_[Position(slot.key)] = slot;
    }
  }

  std::vector<Slot> slots_;  // A power of two.
  size_t size_ = 0;
  int shift_ = 0;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_KEY_TABLE_H_
