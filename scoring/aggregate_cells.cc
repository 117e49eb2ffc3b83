// HOT PATH. Movements mostly come in order: a bucket is looked for, and what is
// added goes, at the end, where there is room left over. Only when that is used
// up do the rings behind it move, and it then grows by half. Cells are never
// given up: a state that has been full once does not allocate.
#include "scoring/aggregate_cells.h"

#include <algorithm>
#include <cstring>

#include "scoring/aggregate_window.h"

namespace portrisk::scoring {
namespace {

using Function = AggregateFunction;

int64_t& BeginOf(int ring, Cells* cells) {
  return cells->mutable_data()[HeadAt(ring, *cells) + kBegin];
}

// Makes `number` cells, all zero, at `at`.
void Widen(int at, int number, Cells* cells) {
  const int size = cells->size();
  cells->Reserve(size + number);
  cells->AddNAlreadyReserved(number);
  int64_t* const data = cells->mutable_data();
  std::copy_backward(data + at, data + size, data + size + number);
  std::fill_n(data + at, number, 0);
}

void Narrow(int at, int number, Cells* cells) {
  int64_t* const data = cells->mutable_data();
  std::copy(data + at + number, data + cells->size(), data + at);
  cells->Truncate(cells->size() - number);
}

// The bodies of rings from `ring` on move.
void MoveBodies(int ring, int by, Cells* cells) {
  const int rings = Rings(*cells);
  for (int i = ring; i < rings; ++i) BeginOf(i, cells) += by;
}

// The first ring of the directory whose id is not below.
int DirectoryPlace(uint64_t id, const Cells& cells) {
  int low = 0;
  int high = Rings(cells);
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (static_cast<uint64_t>(cells.data()[1 + middle]) < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// Room for more buckets, or more cells of entries.
int Grown(int64_t room) {
  return static_cast<int>(room + std::max<int64_t>(4, room / 2));
}

// The first bucket whose step is not below.
int BucketPlace(const Ring& ring, int64_t step) {
  int at = ring.size();
  if (at == 0 || ring.head()[kNewest] < step) return at;
  for (--at; at > 0 && ring.step(at - 1) >= step;) --at;
  return at;
}

bool IsBucketAt(const Ring& ring, int at, int64_t step) {
  return at < ring.size() && ring.step(at) == step;
}

int Order(int64_t a, int64_t b) { return a < b ? -1 : a > b ? 1 : 0; }
int OrderTags(uint64_t a, uint64_t b) { return a < b ? -1 : a > b ? 1 : 0; }

}  // namespace

int SearchRing(uint64_t id, const Cells& cells) {
  const int at = DirectoryPlace(id, cells);
  const bool there =
      at < Rings(cells) && cells.data()[1 + at] == static_cast<int64_t>(id);
  return there ? at : -1;
}

int ObtainRing(const AggregateShape& shape, Cells* cells) {
  const int found = FindRing(shape, *cells);
  if (found >= 0) return found;
  if (cells->empty()) cells->Add(0);
  const int at = DirectoryPlace(shape.id, *cells);
  const int begin = at == Rings(*cells) ? cells->size()
                                        : static_cast<int>(BeginOf(at, cells));
  // Every body moves by an id and a head.
  MoveBodies(0, 1 + kHeadCells, cells);
  Widen(HeadAt(at, *cells), kHeadCells, cells);
  Widen(1 + at, 1, cells);
  cells->Set(0, cells->Get(0) + 1);
  cells->Set(1 + at, static_cast<int64_t>(shape.id));
  BeginOf(at, cells) = begin + 1 + kHeadCells;
  return at;
}

void EraseRing(int ring, Cells* cells) {
  const auto begin = static_cast<int>(BeginOf(ring, cells));
  const int end = EndOfRing(ring, *cells);
  MoveBodies(ring + 1, begin - end, cells);
  MoveBodies(0, -1 - kHeadCells, cells);
  Narrow(begin, end - begin, cells);
  Narrow(HeadAt(ring, *cells), kHeadCells, cells);
  Narrow(1 + ring, 1, cells);
  cells->Set(0, cells->Get(0) - 1);
}

void Ring::Grow() const {
  const auto room = static_cast<int>(head()[kRoom]);
  const int more = Grown(room) - room;
  Widen(static_cast<int>(head()[kBegin]) + columns_ * room, columns_ * more,
        cells_);
  MoveBodies(number_ + 1, columns_ * more, cells_);
  head()[kRoom] += more;
}

void Ring::InsertRow(int at, int64_t step) const {
  if (head()[kSize] == head()[kRoom]) Grow();
  int64_t* const place = row(at);
  int64_t* const end = row(size());
  std::copy_backward(place, end, end + columns_);
  std::fill_n(place, columns_, 0);
  place[0] = step;
  ++head()[kSize];
  head()[kOldestKept] = this->step(0);
}

void Ring::EraseRows(int at, int number) const {
  int64_t* const end = row(size());
  std::copy(row(at + number), end, row(at));
  std::fill(row(size() - number), end, 0);
  head()[kSize] -= number;
  head()[kOldestKept] = size() > 0 ? step(0) : 0;
}

void Ring::InsertEntryCells(int at, int number) const {
  const auto used = static_cast<int>(head()[kEntriesUsed]);
  const int end = EndOfRing(number_, *cells_);
  const auto room = end - static_cast<int>(entries() - cells_->mutable_data());
  if (used + number > room) {
    const int more = std::max(used + number, Grown(room)) - room;
    Widen(end, more, cells_);
    MoveBodies(number_ + 1, more, cells_);
  }
  int64_t* const place = entries() + at;
  int64_t* const taken = entries() + used;
  std::copy_backward(place, taken, taken + number);
  std::fill_n(place, number, 0);
  head()[kEntriesUsed] += number;
}

void Ring::EraseEntryCells(int at, int number) const {
  int64_t* const end = entries() + head()[kEntriesUsed];
  std::copy(entries() + at + number, end, entries() + at);
  std::fill(end - number, end, 0);
  head()[kEntriesUsed] -= number;
}

Bucket::Bucket(const Ring& ring, int at) : ring_(ring), at_(at) {
  if (!HasEntries(ring.shape().function)) return;
  entries_ = static_cast<int>(ring.head()[kEntriesUsed]);
  for (int i = ring.size() - 1; i >= at; --i) {
    entries_ -= static_cast<int>(ring.row(i)[2]);
  }
}

bool Bucket::Find(const Ring& ring, int64_t step, Bucket* bucket) {
  const int at = BucketPlace(ring, step);
  if (!IsBucketAt(ring, at, step)) return false;
  *bucket = Bucket(ring, at);
  return true;
}

Bucket Bucket::Obtain(const Ring& ring, int64_t step, bool* added) {
  const int at = BucketPlace(ring, step);
  *added = !IsBucketAt(ring, at, step);
  if (*added) {
    ring.InsertRow(at, step);
    if (at + 1 == ring.size()) {
      SlideWindow(ring.shape(), StillRing(ring));
    } else {
      NoteInserted(ring, at);
    }
  }
  return Bucket(ring, at);
}

// In the window, of the bucket's step.
uint64_t Bucket::Decay() const {
  const AggregateShape& shape = ring_.shape();
  const int64_t base = DecayBase(shape, ring_.head()[kNewest]);
  return WeightAt(shape, base - ring_.step(at_));
}

void Bucket::Set(int64_t count, int64_t mark) {
  int64_t* const head = ring_.head();
  int64_t& cell = ring_.row(at_)[1];
  const int64_t more = count - (cell >> kCountShift);
  head[kMarked] += (mark != 0 ? 1 : 0) - ((cell & kMarkMask) != 0 ? 1 : 0);
  cell = count << kCountShift | mark;
  if (!InWindow()) return;
  head[kInWindow] += more;
  if (!ring_.shape().decay.empty()) {
    AddWide(static_cast<Int128>(more) * static_cast<Int128>(Decay()),
            head + kDecayedCount);
  }
}

void Bucket::SetSum(int64_t sum) {
  int64_t* const head = ring_.head();
  int64_t& cell = ring_.row(at_)[2];
  const Int128 more = static_cast<Int128>(sum) - cell;
  cell = sum;
  if (!InWindow()) return;
  if (ring_.shape().decay.empty()) {
    AddWide(more, head + kWindowSum);
  } else {
    AddWide(more * static_cast<Int128>(Decay()), head + kDecayedSum);
  }
}

void Bucket::InsertEntryCells(int at, int number) {
  ring_.InsertEntryCells(at, number);
  ring_.row(at_)[2] += number;
  if (!InWindow()) ring_.head()[kEntriesBefore] += number;
}

void Bucket::EraseEntryCells(int at, int number) {
  ring_.EraseEntryCells(at, number);
  ring_.row(at_)[2] -= number;
  if (!InWindow()) ring_.head()[kEntriesBefore] -= number;
}

int Bucket::Compare(const KeptEntry& entry, int index) const {
  const int64_t* const other = Entry(index);
  switch (ring_.shape().function) {
    case Function::kMax:
    case Function::kTimeSince:
      return Order(other[0], entry.number);
    case Function::kDistinct:
      return OrderTags(entry.tag, static_cast<uint64_t>(other[0]));
    case Function::kFirst:
    case Function::kLast: {
      int order = Order(entry.time_us, other[0]);
      if (order == 0) {
        order = OrderTags(entry.tag, static_cast<uint64_t>(other[1]));
      }
      return ring_.shape().function == Function::kFirst ? order : -order;
    }
    default:
      return Order(entry.number, other[0]);
  }
}

int Bucket::Seek(const KeptEntry& entry) const {
  int low = 0;
  int high = kept();
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (Compare(entry, middle) > 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

int64_t Bucket::KeptWeight() const {
  const int kept = this->kept();
  if (IsFirstOrLast(ring_.shape().function)) return kept;
  int64_t all = 0;
  for (int i = 0; i < kept; ++i) all += weight(i);
  return all;
}

void Bucket::Write(const KeptEntry& entry, int64_t* cells) const {
  if (IsFirstOrLast(ring_.shape().function)) {
    cells[0] = entry.time_us;
    cells[1] = static_cast<int64_t>(entry.tag);
    cells[2] = entry.number;
    if (ring_.shape().unit != AggregateUnit::kText) return;
    cells[2] = static_cast<int64_t>(entry.text.size());
    std::memcpy(cells + 3, entry.text.data(), entry.text.size());
    return;
  }
  cells[0] = ring_.shape().function == Function::kDistinct
                 ? static_cast<int64_t>(entry.tag)
                 : entry.number;
  cells[1] = 2;  // Once.
}

void Bucket::Insert(int index, const KeptEntry& entry) {
  const int cells = EntryCells(ring_.shape());
  InsertEntryCells(entries_ + index * cells, cells);
  Write(entry, Entry(index));
}

void Bucket::Erase(int index, int number) {
  const int cells = EntryCells(ring_.shape());
  EraseEntryCells(entries_ + index * cells, number * cells);
}

void Bucket::ImproveAnswer() {
  int64_t* const head = ring_.head();
  if (!InWindow()) return;
  if (head[kMarked] != 0) return RefreshWindow(ring_);
  const int64_t own = *Entry(0);
  int64_t& answer = head[kAnswer];
  if (head[kInWindow] == 0) {
    answer = own;
  } else if (ring_.shape().function == Function::kMin) {
    answer = std::min(answer, own);
  } else {
    answer = std::max(answer, own);
  }
}

void Bucket::MarkLast(int index) {
  int64_t* const head = ring_.head();
  if (head[kMarked] != 0 || !InWindow()) return;
  int64_t* const own = Entry(index);
  int64_t* const end = ring_.entries() + head[kEntriesUsed];
  if (head[kAnswer] > 0) {
    for (int64_t* other = ring_.entries() + head[kEntriesBefore]; other < end;
         other += 2) {
      if (*other != *own || (other[1] & 1) == 0) continue;
      if (other > own) return;
      other[1] &= ~int64_t{1};
      own[1] |= 1;
      return;
    }
  }
  own[1] |= 1;
  ++head[kAnswer];
}

void Bucket::AddRegisters() {
  Erase(0, kept());
  InsertEntryCells(entries_, kRegisterCells);
}

void Bucket::Clear() {
  int64_t* const row = ring_.row(at_);
  row[1] = 0;
  if (HasEntries(ring_.shape().function)) {
    EraseEntryCells(entries_, static_cast<int>(row[2]));
  } else if (HasSums(ring_.shape().function)) {
    row[2] = 0;
  }
}

void Bucket::Remove() {
  Clear();
  ring_.EraseRows(at_, 1);
}

}  // namespace portrisk::scoring
