// HOT PATH. Movements mostly come in order: a bucket is looked for, and what is
// added goes, at the end, where there is room left over. Only when that is used
// up do the rings behind it move, and it then grows by half. Cells are never
// given up: a state that has been full once does not allocate.
#include "scoring/aggregate_cells.h"

#include <algorithm>
#include <cstring>

namespace portrisk::scoring {
namespace {

using Function = AggregateFunction;

int Rings(const Cells& cells) {
  return cells.empty() ? 0 : static_cast<int>(cells.Get(0));
}

int64_t* BeginOf(int ring, Cells* cells) {
  return cells->mutable_data() + 2 + 2 * ring;
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

// The same within a ring: those behind it move.
void InsertCells(int at, int number, int ring, Cells* cells) {
  Widen(at, number, cells);
  const int rings = Rings(*cells);
  for (int i = ring + 1; i < rings; ++i) *BeginOf(i, cells) += number;
}

void EraseCells(int at, int number, int ring, Cells* cells) {
  int64_t* const data = cells->mutable_data();
  const int rings = Rings(*cells);
  for (int i = ring + 1; i < rings; ++i) *BeginOf(i, cells) -= number;
  std::copy(data + at + number, data + cells->size(), data + at);
  cells->Truncate(cells->size() - number);
}

// The first ring of the directory whose id is not below.
int DirectoryPlace(uint64_t id, const Cells& cells) {
  int low = 0;
  int high = Rings(cells);
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (static_cast<uint64_t>(cells.data()[1 + 2 * middle]) < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

RingPlace PlaceOf(int ring, const Cells& cells) {
  const int64_t* const data = cells.data();
  const bool last = ring + 1 == static_cast<int>(data[0]);
  return {ring, static_cast<int>(data[2 + 2 * ring]),
          last ? cells.size() : static_cast<int>(data[4 + 2 * ring])};
}

// Room for more buckets, or more cells of entries.
int Grown(int64_t room) {
  return static_cast<int>(room + std::max<int64_t>(4, room / 2));
}

// The first bucket whose step is not below.
int BucketPlace(const int64_t* ring, int64_t step) {
  auto at = static_cast<int>(ring[1]);
  while (at > 0 && ring[kRingCells + at - 1] >= step) --at;
  return at;
}

bool IsBucketAt(const int64_t* ring, int at, int64_t step) {
  return at < ring[1] && ring[kRingCells + at] == step;
}

// The columns move apart, the last one first.
void GrowColumns(int columns, const RingPlace& place, Cells* cells) {
  const auto room = static_cast<int>(cells->Get(place.begin + 2));
  const int grown = Grown(room);
  InsertCells(place.begin + kRingCells + columns * room,
              columns * (grown - room), place.number, cells);
  int64_t* const ring = cells->mutable_data() + place.begin;
  int64_t* const data = ring + kRingCells;
  for (int column = columns - 1; column >= 0; --column) {
    std::copy_backward(data + column * room, data + (column + 1) * room,
                       data + column * grown + room);
    std::fill_n(data + column * grown + room, grown - room, 0);
  }
  ring[2] = grown;
}

void InsertBucket(int columns, const RingPlace& place, int at, int64_t step,
                  Cells* cells) {
  if (cells->Get(place.begin + 1) == cells->Get(place.begin + 2)) {
    GrowColumns(columns, place, cells);
  }
  int64_t* const ring = cells->mutable_data() + place.begin;
  const int64_t size = ring[1]++;
  for (int column = 0; column < columns; ++column) {
    int64_t* const data = ring + kRingCells + column * ring[2];
    std::copy_backward(data + at, data + size, data + size + 1);
    data[at] = column == 0 ? step : 0;
  }
}

void EraseBuckets(int columns, int at, int number, int64_t* ring) {
  const int64_t size = ring[1];
  for (int column = 0; column < columns; ++column) {
    int64_t* const data = ring + kRingCells + column * ring[2];
    std::copy(data + at + number, data + size, data + at);
    std::fill_n(data + size - number, number, 0);
  }
  ring[1] -= number;
}

int Order(int64_t a, int64_t b) { return a < b ? -1 : a > b ? 1 : 0; }
int OrderTags(uint64_t a, uint64_t b) { return a < b ? -1 : a > b ? 1 : 0; }

}  // namespace

bool FindRing(const AggregateShape& shape, const Cells& cells,
              RingPlace* place) {
  const int rings = Rings(cells);
  const auto id = static_cast<int64_t>(shape.id);
  auto at = static_cast<int>(shape.position);
  if (at >= rings || cells.data()[1 + 2 * at] != id) {
    at = DirectoryPlace(shape.id, cells);
    if (at == rings || cells.data()[1 + 2 * at] != id) return false;
  }
  *place = PlaceOf(at, cells);
  return true;
}

RingPlace ObtainRing(const AggregateShape& shape, Cells* cells) {
  RingPlace place;
  if (FindRing(shape, *cells, &place)) return place;
  if (cells->empty()) cells->Add(0);
  const int at = DirectoryPlace(shape.id, *cells);
  const int begin = at == Rings(*cells) ? cells->size()
                                        : static_cast<int>(*BeginOf(at, cells));
  InsertCells(begin, kRingCells, at - 1, cells);
  // Every ring moves by the entry of the directory.
  for (int i = 0; i < Rings(*cells); ++i) *BeginOf(i, cells) += 2;
  Widen(1 + 2 * at, 2, cells);
  cells->Set(0, cells->Get(0) + 1);
  cells->Set(1 + 2 * at, static_cast<int64_t>(shape.id));
  cells->Set(2 + 2 * at, begin + 2);
  return PlaceOf(at, *cells);
}

void EraseRing(const RingPlace& place, Cells* cells) {
  EraseCells(place.begin, place.end - place.begin, place.number, cells);
  EraseCells(1 + 2 * place.number, 2, -1, cells);
  cells->Set(0, cells->Get(0) - 1);
}

Bucket::Bucket(const AggregateShape& shape, const RingPlace& place, int at,
               Cells* cells)
    : shape_(&shape),
      cells_(cells),
      number_(place.number),
      begin_(place.begin),
      at_(at) {
  if (!HasEntries(shape.function)) return;
  const RingColumns columns(ring(), shape.function);
  entries_ = static_cast<int>(ring()[3]);
  for (int i = columns.size - 1; i >= at; --i) {
    entries_ -= static_cast<int>(columns.third[i]);
  }
}

bool Bucket::Find(const AggregateShape& shape, const RingPlace& place,
                  int64_t step, Cells* cells, Bucket* bucket) {
  const int64_t* const ring = cells->data() + place.begin;
  const int at = BucketPlace(ring, step);
  if (!IsBucketAt(ring, at, step)) return false;
  *bucket = Bucket(shape, place, at, cells);
  return true;
}

Bucket Bucket::Obtain(const AggregateShape& shape, const RingPlace& place,
                      int64_t step, Cells* cells, bool* added) {
  const int64_t* const ring = cells->data() + place.begin;
  const int at = BucketPlace(ring, step);
  *added = !IsBucketAt(ring, at, step);
  if (*added) InsertBucket(Columns(shape.function), place, at, step, cells);
  return Bucket(shape, place, at, cells);
}

void Bucket::InsertEntryCells(int at, int number) {
  const RingPlace place = PlaceOf(number_, *cells_);
  const auto used = static_cast<int>(ring()[3]);
  const int room = place.end - place.begin - EntriesBegin();
  if (used + number > room) {
    const int grown = std::max(used + number, Grown(room));
    InsertCells(place.end, grown - room, number_, cells_);
  }
  int64_t* const entries = ring() + EntriesBegin();
  std::copy_backward(entries + at, entries + used, entries + used + number);
  std::fill_n(entries + at, number, 0);
  ring()[3] += number;
  Column(2) += number;
}

void Bucket::EraseEntryCells(int at, int number) {
  int64_t* const entries = ring() + EntriesBegin();
  const int64_t used = ring()[3];
  std::copy(entries + at + number, entries + used, entries + at);
  std::fill_n(entries + used - number, number, 0);
  ring()[3] -= number;
  Column(2) -= number;
}

int Bucket::Compare(const KeptEntry& entry, int index) const {
  const int64_t* const other = Entry(index);
  switch (shape_->function) {
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
      return shape_->function == Function::kFirst ? order : -order;
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
  if (IsFirstOrLast(shape_->function)) return kept;
  int64_t all = 0;
  for (int i = 0; i < kept; ++i) all += Entry(i)[1];
  return all;
}

void Bucket::Write(const KeptEntry& entry, int64_t* cells) const {
  if (IsFirstOrLast(shape_->function)) {
    cells[0] = entry.time_us;
    cells[1] = static_cast<int64_t>(entry.tag);
    cells[2] = entry.number;
    if (shape_->unit != AggregateUnit::kText) return;
    cells[2] = static_cast<int64_t>(entry.text.size());
    std::memcpy(cells + 3, entry.text.data(), entry.text.size());
    return;
  }
  cells[0] = shape_->function == Function::kDistinct
                 ? static_cast<int64_t>(entry.tag)
                 : entry.number;
  cells[1] = 1;
}

void Bucket::Insert(int index, const KeptEntry& entry) {
  const int cells = EntryCells(*shape_);
  InsertEntryCells(entries_ + index * cells, cells);
  Write(entry, Entry(index));
}

void Bucket::Erase(int index, int number) {
  const int cells = EntryCells(*shape_);
  EraseEntryCells(entries_ + index * cells, number * cells);
}

void Bucket::AddRegisters() {
  Erase(0, kept());
  InsertEntryCells(entries_, kRegisterCells);
}

void Bucket::Clear() {
  Set(0, 0);
  if (HasEntries(shape_->function)) {
    EraseEntryCells(entries_, static_cast<int>(Column(2)));
  } else if (HasSums(shape_->function)) {
    sum() = 0;
  }
}

void Bucket::Remove() {
  Clear();
  EraseBuckets(Columns(shape_->function), at_, 1, ring());
}

void Evict(const AggregateShape& shape, const RingPlace& place, Cells* cells) {
  int64_t* const ring = cells->mutable_data() + place.begin;
  const RingColumns columns(ring, shape.function);
  if (columns.size == 0) return;
  const int64_t oldest = columns.steps[columns.size - 1] - shape.steps_kept + 1;
  if (columns.size <= shape.buckets_max &&
      columns.steps[0] >= oldest - shape.steps_kept / 8) {
    return;
  }
  const auto most = static_cast<int>(shape.buckets_max - shape.steps / 8);
  int gone = std::max(0, columns.size - most);
  while (columns.steps[gone] < oldest) ++gone;
  int64_t entries = 0;
  for (int i = 0; i < gone && HasEntries(shape.function); ++i) {
    entries += columns.third[i];
  }
  ring[0] = columns.steps[gone - 1] + 1;
  int64_t* const first = ring + (columns.entries - ring);
  std::copy(first + entries, first + ring[3], first);
  std::fill_n(first + ring[3] - entries, entries, 0);
  ring[3] -= entries;
  EraseBuckets(Columns(shape.function), 0, gone, ring);
}

}  // namespace portrisk::scoring
