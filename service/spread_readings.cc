#include "service/spread_readings.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "scoring/spread.h"
#include "scoring/usual_view.h"
#include "service/keys.h"

namespace portrisk::service {
namespace {

using scoring::SpreadFamily;
using scoring::SpreadName;

class Reader {
 public:
  Reader(const google::protobuf::Timestamp& now, Entities* entities,
         google::protobuf::RepeatedPtrField<v1::SpreadReading>* out)
      : period_(scoring::SpreadPeriodOf(now)), entities_(entities), out_(out) {}

  const absl::Status& status() const { return status_; }

  // Null when nothing is there.
  v1::SpreadReading* Read(const SpreadName& name, std::string called) {
    const v1::SpreadState state = StateOf(name);
    v1::Spread spread;
    scoring::DeriveSpread(&state, period_, std::nullopt, &spread);
    if (spread.count() == 0) return nullptr;
    v1::SpreadReading* const reading = out_->Add();
    reading->set_name(std::move(called));
    *reading->mutable_spread() = std::move(spread);
    return reading;
  }

  void ReadDwells(SpreadName name) {
    name.family = SpreadFamily::kDwell;
    for (const v1::Event arrival : {v1::DISCHARGE, v1::GATE_IN}) {
      for (const v1::Event departure : {v1::GATE_OUT, v1::LOAD}) {
        for (const v1::LoadStatus status :
             {v1::FULL, v1::EMPTY, v1::LOAD_STATUS_UNSPECIFIED}) {
          for (const bool cooled : {false, true}) {
            name.detail =
                scoring::DwellDetail(arrival, departure, status, cooled);
            Read(name, absl::StrCat("dwell, ", v1::Event_Name(arrival), " to ",
                                    v1::Event_Name(departure), Called(status),
                                    cooled ? ", cooled" : ""));
          }
        }
      }
    }
  }

  void ReadWay(SpreadName name) {
    name.family = SpreadFamily::kTravel;
    for (int mode = 0; mode <= v1::Mode_MAX; ++mode) {
      if (!v1::Mode_IsValid(mode)) continue;
      name.detail = static_cast<uint8_t>(mode);
      Read(name,
           mode == v1::MODE_UNSPECIFIED
               ? "travel, mode not said"
               : absl::StrCat("travel, ",
                              v1::Mode_Name(static_cast<v1::Mode>(mode))));
    }
    for (const bool declared : {false, true}) {
      ReadStep(name.locode, name.to_locode, declared);
    }
  }

 private:
  static std::string Called(v1::LoadStatus status) {
    return status == v1::LOAD_STATUS_UNSPECIFIED
               ? ", load not said"
               : absl::StrCat(
                     ", ", absl::AsciiStrToLower(v1::LoadStatus_Name(status)));
  }

  void ReadStep(absl::string_view from, absl::string_view to, bool declared) {
    const auto name = [&](SpreadFamily family, bool by_from, bool by_to) {
      SpreadName name;
      name.family = family;
      name.detail = scoring::StepDetail(declared);
      if (by_from) name.locode = from;
      if (by_to) name.to_locode = to;
      return name;
    };
    v1::SpreadReading* const reading =
        Read(name(SpreadFamily::kStep, true, true),
             declared ? "step from port to port, by papers"
                      : "step from port to port, by ship");
    if (reading == nullptr) return;
    const auto weight = [&](const SpreadName& of) {
      return scoring::CountSpread(StateOf(of), period_).weight;
    };
    const auto probability = scoring::StepProbability(
        weight(name(SpreadFamily::kStep, true, true)),
        weight(name(SpreadFamily::kStepFrom, true, false)),
        weight(name(SpreadFamily::kStepTo, false, true)),
        weight(name(SpreadFamily::kSteps, false, false)));
    if (probability) reading->set_probability(*probability);
  }

  v1::SpreadState StateOf(const SpreadName& name) {
    auto state = entities_->ReadSpread(SpreadKey(name));
    status_.Update(state.status());
    return state.ok() ? *std::move(state) : v1::SpreadState();
  }

  const uint32_t period_;
  Entities* const entities_;
  google::protobuf::RepeatedPtrField<v1::SpreadReading>* const out_;
  absl::Status status_;
};

}  // namespace

absl::Status ReadSpreads(
    const v1::GetEntityRequest& request, const google::protobuf::Timestamp& now,
    Entities* entities,
    google::protobuf::RepeatedPtrField<v1::SpreadReading>* out) {
  Reader reader(now, entities, out);
  SpreadName name;
  if (request.has_facility()) {
    name.locode = request.facility().locode();
    name.facility = request.facility().facility();
    reader.ReadDwells(name);
    const std::pair<SpreadFamily, const char*> families[] = {
        {SpreadFamily::kCollection, "issue of the right to gate-out"},
        {SpreadFamily::kLookUp, "last look-up to gate-out"},
        {SpreadFamily::kAbsence, "full gate-out to the next report"}};
    for (const auto& [family, called] : families) {
      name.family = family;
      reader.Read(name, called);
    }
  } else if (request.has_route() && request.route().via_locode().empty() &&
             request.route().commodity().empty()) {
    name.locode = request.route().from_locode();
    name.to_locode = request.route().to_locode();
    reader.ReadWay(name);
  }
  return reader.status();
}

}  // namespace portrisk::service
