#include "bench/workload.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "service/reference_files.h"
#include "service/rule_api.h"

namespace portrisk::bench {
namespace {

constexpr int64_t kStart = 1'790'000'000;

// A number between 0 and `range` - 1 that looks random and is always the same.
uint64_t Mix(uint64_t value, uint64_t range) {
  value = (value ^ (value >> 31)) * 0x9E3779B97F4A7C15;
  value = (value ^ (value >> 27)) * 0xBF58476D1CE4E5B9;
  return (value ^ (value >> 31)) % range;
}

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

void FillStep(uint64_t step, uint64_t box, v1::Movement* m) {
  static constexpr v1::Event kSteps[] = {
      v1::DISCHARGE, v1::WEIGHING, v1::PICKUP_RIGHT_NOMINATED,
      v1::GATE_OUT,  v1::GATE_IN,  v1::LOAD};
  m->set_event(kSteps[step % 6]);
  const std::string haulier = absl::StrCat("NLHAUL", Mix(box, 300));
  if (m->event() == v1::PICKUP_RIGHT_NOMINATED) {
    m->mutable_pickup_right()->set_id(absl::StrCat("RT", box));
    m->mutable_pickup_right()->mutable_nominee()->set_id(haulier);
  }
  const bool gate = m->event() == v1::GATE_OUT || m->event() == v1::GATE_IN;
  if (gate) {
    // One box in a hundred leaves with somebody else.
    m->mutable_haulier()->set_id(Mix(box + step, 100) == 0 ? "NLOTHER"
                                                           : haulier);
    m->mutable_haulier()->set_id_scheme("EORI");
    m->mutable_transport()->set_plate(absl::StrCat("BX-", Mix(box, 999)));
  } else {
    m->mutable_transport()->set_vessel_imo("9321483");
    m->mutable_transport()->set_vessel_name("King of the Seas");
    m->mutable_transport()->set_voyage("2103S");
    m->mutable_transport()->set_call_sign("NCVV");
  }
  m->mutable_transport()->set_mode(gate ? v1::ROAD : v1::SEA);
}

}  // namespace

v1::Movement MovementOf(uint64_t number, uint64_t containers) {
  const uint64_t box = number % containers;
  const uint64_t round = number / containers;
  v1::Movement m;
  m.set_source("NLRTM-TERMINAL");
  m.set_id(absl::StrCat("2026-11-", number, "/", box));
  m.mutable_update_time()->set_seconds(kStart + number);
  m.set_classifier(v1::ACTUAL);
  m.mutable_occurrence_time()->set_seconds(
      kStart + static_cast<int64_t>(round) * 86'400 +
      static_cast<int64_t>(box % 3600));
  m.mutable_container()->set_number(absl::StrCat("MSKU", 1'000'000 + box));
  m.mutable_container()->set_type_code("45R1");
  m.mutable_container()->set_load_status(v1::FULL);
  m.mutable_container()->set_operator_code("MAEU");
  m.mutable_location()->set_locode("NLRTM");
  m.mutable_location()->set_facility("ECTDELTA");
  m.mutable_location()->set_facility_code_list("SMDG");
  m.mutable_location()->set_yard_position("0380886");
  m.mutable_transport()->set_carrier_code("MAEU");
  m.mutable_consignment()->set_booking(absl::StrCat("BN", box));
  m.mutable_consignment()->set_bill_of_lading(absl::StrCat("MAEU", box));
  m.mutable_consignment()->set_loading_locode("BRSSZ");
  m.mutable_consignment()->set_discharge_locode("NLRTM");
  m.mutable_consignment()->set_commodity("0803");
  m.mutable_weights()->set_vgm_kg(static_cast<int>(20'000 + Mix(box, 900)));
  m.add_seals()->set_number(absl::StrCat("SL", box));
  m.mutable_carrier()->set_id("MAEU");
  m.mutable_carrier()->set_id_scheme("SCAC");
  m.mutable_terminal()->set_id("ECT");
  FillStep(round, box, &m);
  m.set_origin("interchange 174749339, message 92218, segment 8");
  return m;
}

service::EngineOptions OptionsFor(const std::string& directory,
                                  store::Durability durability) {
  service::EngineOptions options;
  options.store.directory = directory;
  options.store.durability = durability;
  options.secrets.key_id = "bench";
  options.secrets.pin_key.fill(1);
  options.secrets.draw_key.fill(2);
  options.clock = [] { return absl::FromUnixSeconds(kStart + 10'000'000); };
  return options;
}

int LoadCommonRules(service::Engine* engine) {
  int sets = 0;
  const std::filesystem::path deploy =
      std::filesystem::path(PORTRISK_SOURCE_DIR) / "deploy";
  service::RuleApi api(engine, /*development=*/true);
  for (const auto& file :
       std::filesystem::directory_iterator(deploy / "rules")) {
    if (file.path().extension() != ".yaml") continue;
    v1::CreateRevisionRequest create;
    create.set_yaml(ReadFile(file.path()));
    create.set_file(file.path().filename().string());
    auto revision = api.Create(create, service::kDevelopmentCaller);
    Check(revision.status());
    v1::ChangeRevisionRequest change;
    change.set_revision(revision->revision());
    change.set_without_replay("a benchmark");
    Check(api.Approve(change, service::kDevelopmentCaller).status());
    Check(api.Activate(change, service::kDevelopmentCaller).status());
    engine->warming().WaitFor(revision->revision(), absl::Seconds(60));
    ++sets;
  }
  auto places =
      service::ReadPlacesCsv((deploy / "reference" / "places.csv").string());
  Check(places.status());
  v1::LoadReferenceRequest reference;
  *reference.mutable_table() = *std::move(places);
  Check(api.LoadReference(reference, service::kDevelopmentCaller).status());
  return sets;
}

}  // namespace portrisk::bench
