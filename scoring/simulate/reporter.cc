#include "scoring/simulate/reporter.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "scoring/simulate/times.h"

namespace portrisk::scoring::simulate {
namespace {

constexpr uint32_t kRepeated = 6'000;
constexpr uint32_t kCorrected = 4'000;
constexpr uint32_t kRetracted = 400;
constexpr uint32_t kWithoutFacility = 15'000;
constexpr uint32_t kNumberWithBlanks = 20'000;
constexpr uint32_t kLocodeWithBlank = 15'000;
constexpr uint32_t kLowerCase = 5'000;

}  // namespace

std::string DraftId(uint64_t trip, size_t draft) {
  return absl::StrCat("M", absl::Hex(trip, absl::kZeroPad7), "-", draft);
}

std::string Misspell(const std::string& number, Random* random) {
  std::string wrong = number;
  if (number.size() < 10) return wrong;
  if (random->Chance(300'000)) {
    const size_t i = 4 + random->Below(5);
    if (wrong[i] != wrong[i + 1]) {
      std::swap(wrong[i], wrong[i + 1]);
      return wrong;
    }
  }
  const size_t i = 4 + random->Below(6);
  wrong[i] = static_cast<char>(
      '0' + (wrong[i] - '0' + 1 + static_cast<int>(random->Below(9))) % 10);
  return wrong;
}

void Reporter::Report(uint64_t trip, size_t index, Draft* draft, Random* random,
                      CaseRecord* record) {
  const Source& source = world_.sources[draft->source];
  v1::Movement& m = draft->movement;
  m.set_source(source.name);
  m.set_id(DraftId(trip, index));
  m.set_classifier(v1::ACTUAL);
  const bool complete = source.Declares(m.event());
  ++counts_->happened;
  Needed needed;
  needed.event = m.event();
  needed.happened = draft->time;
  const bool missing =
      !complete && random->Chance(world_.options.missing_percent * 10'000);
  if (missing) {
    ++counts_->missing;
    needed.lost = "missing";
  } else if (!complete && !world_.options.careful_sources &&
             random->Chance(source.typing_errors_ppm) &&
             !m.container().number().empty()) {
    ++counts_->misspelt;
    needed.lost = "misspelt";
    m.mutable_container()->set_number(Misspell(m.container().number(), random));
  }
  Spoil(source, *draft, random, &m);
  const int64_t recorded = RecordedAt(source, draft->time, random);
  if (recorded >= world_.options.end()) {
    needed.lost = "after the end";
  } else if (!missing) {
    const int64_t last = SendVersions(recorded, draft, random);
    if (*needed.lost == '\0') needed.recorded = last;
  }
  if (!draft->needed || record == nullptr) return;
  needed.source = m.source();
  needed.id = m.id();
  record->needed.push_back(std::move(needed));
}

void Reporter::Spoil(const Source& source, const Draft& draft, Random* random,
                     v1::Movement* m) {
  if (world_.options.careful_sources) {
    SetTime(draft.time, m->mutable_occurrence_time());
    return;
  }
  int64_t shown = draft.time + source.skew_s;
  if (draft.time >= source.wrong_from && draft.time < source.wrong_until) {
    shown += source.wrong_by_s;
    ++counts_->an_hour_off;
  }
  SetTime(shown, m->mutable_occurrence_time());
  if (m->has_location()) {
    v1::Location* place = m->mutable_location();
    // Where a case rests on the facility, it is kept: what is to be found
    // must be there to be found.
    if (!draft.needed && !place->facility().empty() &&
        random->Chance(kWithoutFacility)) {
      place->clear_facility();
      place->clear_facility_code_list();
      ++counts_->without_facility;
    }
    if (place->locode().size() == 5) {
      if (random->Chance(kLocodeWithBlank)) {
        place->mutable_locode()->insert(2, " ");
      } else if (random->Chance(kLowerCase)) {
        absl::AsciiStrToLower(place->mutable_locode());
      }
    }
  }
  if (m->container().number().size() == 11 &&
      random->Chance(kNumberWithBlanks)) {
    std::string* number = m->mutable_container()->mutable_number();
    number->insert(10, "-");
    number->insert(4, " ");
  }
}

void Reporter::Send(int64_t recorded, const v1::Movement& movement) {
  if (recorded >= world_.options.end()) return;
  ++counts_->movements;
  if (recorded - movement.occurrence_time().seconds() > kDay) ++counts_->late;
  sink_->OnMovement(recorded, movement);
}

int64_t Reporter::SendVersions(int64_t recorded, Draft* draft, Random* random) {
  v1::Movement& m = draft->movement;
  if (world_.options.careful_sources) {
    Send(recorded, m);
    return recorded;
  }
  if (random->Chance(kCorrected)) {
    // First some minutes wrong, later put right.
    const int64_t shown = m.occurrence_time().seconds();
    SetTime(shown - random->Between(3, 15) * kMinute,
            m.mutable_occurrence_time());
    Send(recorded, m);
    const int64_t again = recorded + random->Between(10 * kMinute, 2 * kDay);
    if (again >= world_.options.end()) return recorded;
    SetTime(shown, m.mutable_occurrence_time());
    SetTime(again, m.mutable_update_time());
    Send(again, m);
    ++counts_->corrected;
    return again;
  }
  Send(recorded, m);
  if (random->Chance(kRetracted)) {
    const int64_t voided = recorded + random->Between(20 * kMinute, kDay);
    const int64_t again = voided + random->Between(1, 30) * kMinute;
    if (again >= world_.options.end()) return recorded;
    v1::Movement retraction;
    retraction.set_source(m.source());
    retraction.set_id(m.id());
    retraction.set_retraction(true);
    *retraction.mutable_occurrence_time() = m.occurrence_time();
    retraction.mutable_container()->set_number(m.container().number());
    SetTime(voided, retraction.mutable_update_time());
    Send(voided, retraction);
    m.set_id(absl::StrCat(m.id(), "r"));
    Send(again, m);
    ++counts_->retracted;
    return again;
  }
  if (random->Chance(kRepeated)) {
    Send(recorded + random->Between(kMinute, 3 * kDay), m);
    ++counts_->repeated;
  }
  return recorded;
}

}  // namespace portrisk::scoring::simulate
