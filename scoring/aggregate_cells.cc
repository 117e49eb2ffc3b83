// HOT PATH. Movements mostly come in order, so a bucket is looked for from the
// end. Cells are only ever emptied, never given up: a state that has been full
// once does not allocate.
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
  if (number == 0) return;
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
    if (static_cast<uint64_t>(cells.Get(1 + 2 * middle)) < id) {
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

// The first bucket, by number, whose step is not below.
int BucketPlace(const AggregateShape& shape, const RingPlace& place,
                int64_t step, const Cells& cells) {
  const int64_t* const ring = cells.data() + place.begin;
  const int stride = BucketCells(shape.function);
  auto at = static_cast<int>(ring[1]);
  while (at > 0 && ring[kRingCells + (at - 1) * stride] >= step) --at;
  return at;
}

int RowOf(const AggregateShape& shape, const RingPlace& place, int bucket) {
  return place.begin + kRingCells + bucket * BucketCells(shape.function);
}

int Order(int64_t a, int64_t b) { return a < b ? -1 : a > b ? 1 : 0; }
int OrderTags(uint64_t a, uint64_t b) { return a < b ? -1 : a > b ? 1 : 0; }

}  // namespace

bool FindRing(uint64_t id, const Cells& cells, RingPlace* place) {
  const int at = DirectoryPlace(id, cells);
  if (at == Rings(cells) ||
      static_cast<uint64_t>(cells.Get(1 + 2 * at)) != id) {
    return false;
  }
  *place = PlaceOf(at, cells);
  return true;
}

RingPlace ObtainRing(uint64_t id, Cells* cells) {
  RingPlace place;
  if (FindRing(id, *cells, &place)) return place;
  if (cells->empty()) cells->Add(0);
  const int at = DirectoryPlace(id, *cells);
  const int begin = at == Rings(*cells) ? cells->size()
                                        : static_cast<int>(*BeginOf(at, cells));
  InsertCells(begin, kRingCells, at - 1, cells);
  // Every ring moves by the entry of the directory.
  for (int i = 0; i < Rings(*cells); ++i) *BeginOf(i, cells) += 2;
  Widen(1 + 2 * at, 2, cells);
  cells->Set(0, cells->Get(0) + 1);
  cells->Set(1 + 2 * at, static_cast<int64_t>(id));
  cells->Set(2 + 2 * at, begin + 2);
  return PlaceOf(at, *cells);
}

void EraseRing(const RingPlace& place, Cells* cells) {
  EraseCells(place.begin, place.end - place.begin, place.number, cells);
  EraseCells(1 + 2 * place.number, 2, -1, cells);
  cells->Set(0, cells->Get(0) - 1);
}

Bucket::Bucket(const AggregateShape& shape, const RingPlace& place, int row,
               Cells* cells)
    : shape_(&shape), cells_(cells), ring_(place.number), row_(row) {
  if (!HasEntries(shape.function)) return;
  const int64_t* const data = cells->data();
  const int stride = BucketCells(shape.function);
  const int rows_end =
      RowOf(shape, place, static_cast<int>(data[place.begin + 1]));
  entries_ = place.end;
  for (int i = rows_end - stride; i >= row; i -= stride) {
    entries_ -= static_cast<int>(data[i + 2]);
  }
}

bool Bucket::Find(const AggregateShape& shape, int64_t step, Cells* cells,
                  Bucket* bucket) {
  RingPlace place;
  if (!FindRing(shape.id, *cells, &place)) return false;
  const int at = BucketPlace(shape, place, step, *cells);
  const int row = RowOf(shape, place, at);
  if (at == cells->Get(place.begin + 1) || cells->Get(row) != step) {
    return false;
  }
  *bucket = Bucket(shape, place, row, cells);
  return true;
}

Bucket Bucket::Obtain(const AggregateShape& shape, int64_t step, Cells* cells,
                      bool* added) {
  RingPlace place = ObtainRing(shape.id, cells);
  const int at = BucketPlace(shape, place, step, *cells);
  const int row = RowOf(shape, place, at);
  *added = at == cells->Get(place.begin + 1) || cells->Get(row) != step;
  if (*added) {
    const int stride = BucketCells(shape.function);
    InsertCells(row, stride, place.number, cells);
    cells->Set(row, step);
    *cells->Mutable(place.begin + 1) += 1;
    place.end += stride;
  }
  return Bucket(shape, place, row, cells);
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
  InsertCells(entries_ + index * cells, cells, ring_, cells_);
  Write(entry, Entry(index));
  Row(2) += cells;
}

void Bucket::Erase(int index, int number) {
  const int cells = EntryCells(*shape_);
  EraseCells(entries_ + index * cells, number * cells, ring_, cells_);
  Row(2) -= number * cells;
}

void Bucket::AddRegisters() {
  Erase(0, kept());
  InsertCells(entries_, kRegisterCells, ring_, cells_);
  Row(2) = kRegisterCells;
}

void Bucket::Clear() {
  Set(0, 0);
  if (HasEntries(shape_->function)) {
    EraseCells(entries_, static_cast<int>(Row(2)), ring_, cells_);
  }
  if (shape_->function != Function::kCount) Row(2) = 0;
}

void Bucket::Remove() {
  Clear();
  EraseCells(row_, BucketCells(shape_->function), ring_, cells_);
  *cells_->Mutable(static_cast<int>(*BeginOf(ring_, cells_)) + 1) -= 1;
}

void Evict(const AggregateShape& shape, Cells* cells) {
  RingPlace place;
  if (!FindRing(shape.id, *cells, &place)) return;
  int64_t* const ring = cells->mutable_data() + place.begin;
  const auto size = static_cast<int>(ring[1]);
  if (size == 0) return;
  const int stride = BucketCells(shape.function);
  const int64_t* const rows = ring + kRingCells;
  const int64_t oldest = rows[(size - 1) * stride] - shape.steps_kept + 1;
  int gone = std::max(0, size - shape.buckets_max);
  while (rows[gone * stride] < oldest) ++gone;
  if (gone == 0) return;
  int entries = 0;
  for (int i = 0; i < gone && HasEntries(shape.function); ++i) {
    entries += static_cast<int>(rows[i * stride + 2]);
  }
  ring[0] = rows[(gone - 1) * stride] + 1;
  ring[1] -= gone;
  EraseCells(RowOf(shape, place, size), entries, place.number, cells);
  EraseCells(RowOf(shape, place, 0), gone * stride, place.number, cells);
}

}  // namespace portrisk::scoring
