#include "service/entities.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "service/history_api.h"
#include "service/keys.h"
#include "tests/service/engine_fixture.h"

namespace portrisk::service {
namespace {

constexpr char kBox[] = "MSKU1234565";

class EntitiesTest : public testing::Test {
 protected:
  void Open() {
    engine_.reset();
    engine_ = *Engine::Open(TestOptions(directory_.path() + "/store"));
    history_ = std::make_unique<HistoryApi>(engine_.get());
  }
  Answer Score(const v1::Movement& m) {
    const Answer answer = ScoreAll(engine_.get(), {m})[0];
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    return answer;
  }
  v1::Movement Delivery(const std::string& id, int64_t time) {
    v1::Movement m = MakeMovement(id, v1::GATE_OUT, kBox, time);
    m.mutable_haulier()->set_id("NL-100");
    m.mutable_transport()->set_plate("12-AB-3");
    m.mutable_transport()->set_vessel_imo("9074729");
    m.mutable_consignee()->set_name("Banana Import B.V.");
    m.mutable_consignment()->set_loading_locode("ECGYE");
    m.mutable_consignment()->set_discharge_locode("NLRTM");
    m.mutable_consignment()->set_commodity("08039010");
    return m;
  }
  absl::StatusOr<v1::GetEntityResponse> Party(v1::PartyRole role,
                                              const std::string& id,
                                              const std::string& name = "") {
    v1::GetEntityRequest request;
    request.mutable_party()->set_role(role);
    request.mutable_party()->set_id(id);
    request.mutable_party()->set_name(name);
    return history_->GetEntity(request);
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<HistoryApi> history_;
};

TEST_F(EntitiesTest, EveryKindIsReadByWhatItIsCalled) {
  Open();
  Score(Delivery("1", 0));
  Score(Delivery("2", 3600));
  auto haulier = Party(v1::ROLE_HAULIER, "NL-100");
  ASSERT_TRUE(haulier.ok()) << haulier.status();
  EXPECT_EQ(haulier->profile().count(), 2u);
  EXPECT_EQ(haulier->now().movements(), 2);
  // A role is a history of its own.
  EXPECT_TRUE(absl::IsNotFound(Party(v1::ROLE_CARRIER, "NL-100").status()));
  EXPECT_TRUE(Party(v1::ROLE_CONSIGNEE, "", "BANANA IMPORT BV").ok());
  v1::GetEntityRequest request;
  request.set_vessel_imo("IMO 9074729");
  EXPECT_EQ(history_->GetEntity(request)->vessel().calls_size(), 1);
  request.mutable_facility()->set_locode("nlrtm");
  request.mutable_facility()->set_facility("ECTDELTA");
  EXPECT_EQ(history_->GetEntity(request)->facility().profile().count(), 2u);
  request.mutable_route()->set_from_locode("ECGYE");
  request.mutable_route()->set_to_locode("NLRTM");
  request.mutable_route()->set_commodity("0805");
  EXPECT_EQ(history_->GetEntity(request)->profile().count(), 2u);
  request.mutable_credential()->set_id("NL-100");
  request.mutable_credential()->set_plate("12ab3");
  EXPECT_EQ(history_->GetEntity(request)->profile().count(), 2u);
  request.mutable_right()->set_container_number(kBox);
  EXPECT_EQ(history_->GetEntity(request)->right().chain_size(), 2);
  EXPECT_TRUE(absl::IsInvalidArgument(
      history_->GetEntity(v1::GetEntityRequest()).status()));
}

TEST_F(EntitiesTest, TheStoreHoldsNoNameAndNoIdOfAPartyInAKey) {
  Open();
  Score(Delivery("1", 0));
  engine_.reset();
  store::Options options;
  options.directory = directory_.path() + "/store";
  options.read_only = true;
  auto store = store::Store::Open(options);
  ASSERT_TRUE(store.ok());
  int states = 0;
  ASSERT_TRUE((*store)
                  ->ScanPrefix(
                      store::Table::kStates, "", "",
                      [&](absl::string_view key, absl::string_view value) {
                        ++states;
                        const std::string all = absl::StrCat(key, value);
                        EXPECT_EQ(all.find("Banana"), std::string::npos);
                        EXPECT_EQ(key.find("NL-100"), absl::string_view::npos);
                        EXPECT_EQ(key.find("12-AB-3"), absl::string_view::npos);
                        return true;
                      })
                  .ok());
  EXPECT_EQ(states, 11);
}

TEST_F(EntitiesTest, ACorrectionLeavesWhomItNamedBefore) {
  Open();
  v1::Movement m = Delivery("1", 0);
  Score(m);
  m.mutable_haulier()->set_id("NL-200");
  m.mutable_update_time()->set_seconds(5);
  Score(m);
  EXPECT_EQ(Party(v1::ROLE_HAULIER, "NL-100")->profile().count(), 0u);
  EXPECT_EQ(Party(v1::ROLE_HAULIER, "NL-200")->profile().count(), 1u);
  v1::Movement voided;
  voided.set_source(m.source());
  voided.set_id(m.id());
  voided.set_retraction(true);
  voided.mutable_update_time()->set_seconds(9);
  Score(voided);
  EXPECT_EQ(Party(v1::ROLE_HAULIER, "NL-200")->profile().count(), 0u);
}

TEST_F(EntitiesTest, ARetractedGateOutLeavesTheVisitOpen) {
  Open();
  Score(MakeMovement("in", v1::GATE_IN, kBox, 0));
  v1::Movement out = MakeMovement("out", v1::GATE_OUT, kBox, 100);
  Score(out);
  out.set_retraction(true);
  out.mutable_update_time()->set_seconds(1);
  Score(out);
  v1::GetContainerRequest request;
  request.set_number(kBox);
  EXPECT_TRUE(history_->GetContainer(request)->container().visit().open());
  // So the real departure belongs to the same visit.
  EXPECT_EQ(Score(MakeMovement("out2", v1::GATE_OUT, kBox, 200))
                .assessment()
                .unit()
                .visit_ordinal(),
            1u);
}

TEST_F(EntitiesTest, ACorrectedDepartureStaysInItsVisit) {
  Open();
  Score(MakeMovement("in", v1::GATE_IN, kBox, 0));
  v1::Movement out = MakeMovement("out", v1::GATE_OUT, kBox, 100);
  const std::string unit = Score(out).assessment().unit().id();
  out.mutable_occurrence_time()->set_seconds(1'790'000'000 + 90);
  out.mutable_update_time()->set_seconds(1);
  const v1::Assessment corrected = Score(out).assessment();
  EXPECT_EQ(corrected.unit().id(), unit);
  EXPECT_FALSE(corrected.unit().visit_open());
  // An arrival that is only corrected begins no second visit.
  v1::Movement in = MakeMovement("in", v1::GATE_IN, kBox, 5);
  in.mutable_update_time()->set_seconds(1);
  EXPECT_EQ(Score(in).assessment().unit().id(), unit);
}

TEST_F(EntitiesTest, APseudonymDependsOnTheKeyAndTheKind) {
  const Secrets secrets = TestSecrets();
  const Pseudonyms one(secrets.key_id, secrets.pin_key);
  std::array<uint8_t, 32> other_key{};
  const Pseudonyms other("other", other_key);
  using Kind = Pseudonyms::Kind;
  EXPECT_EQ(one.Of(Kind::kParty, "X"), one.Of(Kind::kParty, "X"));
  EXPECT_NE(one.Of(Kind::kParty, "X"), other.Of(Kind::kParty, "X"));
  EXPECT_NE(one.Of(Kind::kParty, "X"), one.Of(Kind::kAccount, "X"));
  EXPECT_FALSE(one.OfParty("", " .,").has_value());
  EXPECT_EQ(one.OfParty("", "Acme, Inc."), one.OfParty("", "ACME INC"));
  EXPECT_NE(one.OfParty("ACMEINC", ""), one.OfParty("", "ACMEINC"));
}

TEST_F(EntitiesTest, PseudonymsThatSomebodySendsAreReplaced) {
  v1::Movement m = Delivery("1", 0);
  m.mutable_pseudonyms()->set_haulier(7);
  m.mutable_pseudonyms()->set_forwarder(7);
  const Admission admission(TestSecrets());
  ASSERT_TRUE(admission.Admit(absl::Now(), &m).empty());
  EXPECT_NE(m.pseudonyms().haulier(), 7u);
  EXPECT_FALSE(m.pseudonyms().has_forwarder());
  EXPECT_EQ(m.pseudonyms().key_id(), "test");
}

// The bytes under a heading of store/FORMAT.md.
std::string Example(const std::string& heading, const std::string& part) {
  std::ifstream page(PORTRISK_SOURCE_DIR "/store/FORMAT.md");
  std::string line, current, at, bytes;
  bool inside = false;
  while (std::getline(page, line)) {
    if (line.rfind("## ", 0) == 0) at = line.substr(3);
    if (line.rfind("```", 0) == 0) inside = !inside;
    if (!inside || at != heading) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      if (word == "key" || word == "value") {
        current = word;
      } else if (current == part && word != "```") {
        bytes.append(absl::HexStringToBytes(word));
      }
    }
  }
  return bytes;
}

TEST_F(EntitiesTest, TheFormatPageShowsTheseBytes) {
  EXPECT_EQ(Example("states: profile of a haulier", "key"),
            PartyKey(v1::ROLE_HAULIER, 0x0123456789abcdef).view());
  v1::ProfileState profile;
  google::protobuf::Timestamp time;
  time.set_seconds(1767225600);
  scoring::FoldProfile(time, &profile);
  profile.set_last_sequence(300);
  EXPECT_EQ(Example("states: profile of a haulier", "value"),
            profile.SerializeAsString());
  EXPECT_EQ(Example("states: route with a chapter", "key"),
            RouteKey("ECGYE", "", "NLRTM", "08").view());
  EXPECT_EQ(Example("states: facility", "key"),
            FacilityKey("NLRTM", "ECTDELTA").view());
  EXPECT_EQ(Example("states", "key"), ContainerKey("MSCU1234566").view());
  EXPECT_EQ(Example("states: aggregates", "key"),
            AggregateKey(3, "\x01\x02\x03").view());
  EXPECT_EQ(Example("states: how far a table is complete", "key"),
            AggregateProgressKey(3).view());
  v1::AggregateProgress progress;
  progress.set_sequence(300);
  EXPECT_EQ(Example("states: how far a table is complete", "value"),
            progress.SerializeAsString());
  v1::Movement occurred;
  occurred.mutable_occurrence_time()->set_seconds(1767225600);
  OccurrenceIndex occurrences;
  occurrences.Add(300, occurred);
  KeyValues segments;
  occurrences.All(&segments);
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(Example("states: when it occurred", "key"), segments[0].first);
  EXPECT_EQ(Example("states: when it occurred", "value"), segments[0].second);
}

TEST_F(EntitiesTest, TheFormatPageShowsTheseBytesOfControls) {
  v1::OutcomeRecord record;
  v1::OutcomeTie& tie = *record.mutable_tie();
  tie.set_from_locode("ECGYE");
  tie.set_to_locode("NLRTM");
  EXPECT_EQ(
      Example("states: controls and finds of a route", "key"),
      FindKey(scoring::FindSlot::kRoute, scoring::FindNamesOf(tie))->view());
  v1::FindState finds;
  for (const v1::ControlResult result : {v1::FOUND, v1::NOT_FOUND}) {
    v1::Outcome outcome;
    outcome.mutable_time()->set_seconds(1767225600);
    outcome.set_result(result);
    scoring::FoldFind(outcome, &finds);
  }
  finds.set_last_sequence(300);
  EXPECT_EQ(Example("states: controls and finds of a route", "value"),
            finds.SerializeAsString());
  EXPECT_EQ(Example("states: outcomes and decisions of a container", "key"),
            ControlLogKey("MSCU1234566", "")->view());
  v1::ControlLogState log;
  log.add_outcomes(300);
  log.set_last_sequence(300);
  EXPECT_EQ(Example("states: outcomes and decisions of a container", "value"),
            log.SerializeAsString());
  EXPECT_EQ(Example("identity: outcome", "key"),
            KeyView(OutcomeIdentity("nl", "C-1")));
  EXPECT_EQ(Example("identity: outcome", "value"), store::BigEndian64(300));
}

TEST_F(EntitiesTest, AGroupOfControlsNeedsAllItsNames) {
  using scoring::FindNames;
  using scoring::FindSlot;
  FindNames names;
  EXPECT_TRUE(FindKey(FindSlot::kAll, names).has_value());
  for (size_t i = 1; i < scoring::kFindSlots; ++i) {
    EXPECT_FALSE(FindKey(static_cast<FindSlot>(i), names).has_value()) << i;
  }
  names.from = "ECGYE";
  EXPECT_TRUE(FindKey(FindSlot::kOrigin, names).has_value());
  EXPECT_FALSE(FindKey(FindSlot::kRoute, names).has_value());
  EXPECT_FALSE(FindKey(FindSlot::kCommodity, names).has_value());
  names.from = "";
  names.to = "NLRTM";
  EXPECT_FALSE(FindKey(FindSlot::kRoute, names).has_value());
  v1::Declared line;
  names.declared = &line;
  line.set_origin_country("EC");
  for (const FindSlot slot :
       {FindSlot::kCode, FindSlot::kCodeOrigin, FindSlot::kLine}) {
    names.code = "";
    EXPECT_FALSE(FindKey(slot, names).has_value());
    names.code = "080390";
    EXPECT_TRUE(FindKey(slot, names).has_value());
  }
  EXPECT_FALSE(FindKey(FindSlot::kSameGoods, names).has_value());
  line.set_net_kg(1);
  EXPECT_FALSE(FindKey(FindSlot::kSameGoods, names).has_value());
  line.set_value(0);
  EXPECT_TRUE(FindKey(FindSlot::kSameGoods, names).has_value());
  line.clear_origin_country();
  EXPECT_TRUE(FindKey(FindSlot::kCode, names).has_value());
  EXPECT_FALSE(FindKey(FindSlot::kCodeOrigin, names).has_value());
  EXPECT_FALSE(FindKey(FindSlot::kLine, names).has_value());
  EXPECT_FALSE(FindKey(FindSlot::kSameGoods, names).has_value());
  EXPECT_FALSE(ControlLogKey("", "").has_value());
  EXPECT_TRUE(ControlLogKey("", "consignment:BL").has_value());
}

TEST_F(EntitiesTest, LinesOfTradeDifferInWhateverIsDeclared) {
  using scoring::FindSlot;
  v1::Declared line;
  line.set_origin_country("EC");
  line.set_departure_country("EC");
  line.set_duty_type("A");
  line.set_duty_percent(8.1);
  line.set_net_kg(100);
  line.set_value(5000);
  line.set_currency("EUR");
  line.set_procedure("11");
  scoring::FindNames names;
  names.code = "080390";
  names.declared = &line;
  const EntityKey trade = *FindKey(FindSlot::kLine, names);
  const EntityKey goods = *FindKey(FindSlot::kSameGoods, names);
  using Change = void (*)(v1::Declared*);
  for (const Change change : std::initializer_list<Change>{
           [](v1::Declared* d) { d->set_origin_country("CO"); },
           [](v1::Declared* d) { d->clear_departure_country(); },
           [](v1::Declared* d) { d->set_duty_type("B"); },
           [](v1::Declared* d) { d->set_duty_percent(8); },
           [](v1::Declared* d) { d->clear_duty_percent(); }}) {
    const v1::Declared kept = line;
    change(&line);
    EXPECT_FALSE(*FindKey(FindSlot::kLine, names) == trade);
    EXPECT_FALSE(*FindKey(FindSlot::kSameGoods, names) == goods);
    line = kept;
  }
  for (const Change change : std::initializer_list<Change>{
           [](v1::Declared* d) { d->set_net_kg(100.5); },
           [](v1::Declared* d) { d->set_value(0); },
           [](v1::Declared* d) { d->clear_currency(); }}) {
    const v1::Declared kept = line;
    change(&line);
    EXPECT_TRUE(*FindKey(FindSlot::kLine, names) == trade);
    EXPECT_FALSE(*FindKey(FindSlot::kSameGoods, names) == goods);
    line = kept;
  }
  line.clear_procedure();
  line.set_duty_percent(8.1 + 1e-9);
  EXPECT_TRUE(*FindKey(FindSlot::kLine, names) == trade)
      << "a number counts to the millionth";
  line.set_duty_percent(0);
  const EntityKey free = *FindKey(FindSlot::kLine, names);
  line.clear_duty_percent();
  EXPECT_FALSE(*FindKey(FindSlot::kLine, names) == free)
      << "no duty is not a duty that nobody told";
}

TEST_F(EntitiesTest, KeysOfDifferentNamesDiffer) {
  std::vector<EntityKey> keys = {
      PartyKey(1, 7),
      PartyKey(2, 7),
      AccountKey(7),
      DeviceKey(7),
      CredentialKey(7, 8),
      CredentialKey(8, 7),
      PlateKey(7, 8),
      TradeKey(7, 8, "0803"),
      TradeKey(8, 7, "0803"),
      TradeKey(7, 8, "0804"),
      PortUseKey(2, 7, "NLRTM"),
      PortUseKey(4, 7, "NLRTM"),
      RouteKey("ECGYE", "", "NLRTM", ""),
      RouteKey("ECGYE", "PABLB", "NLRTM", ""),
      RouteKey("ECGYE", "", "NLRTM", "08"),
      FacilityKey("NLRTM", ""),
      FacilityKey("NLRTM", "ECTDELTA"),
      FacilityKey("NLRTM", "A-FACILITY-WITH-A-LONG-CODE-1"),
      FacilityKey("NLRTM", "A-FACILITY-WITH-A-LONG-CODE-2"),
      VesselKey("9074729"),
      ContainerKey("9074729"),
      AggregateKey(1, "7"),
      AggregateKey(2, "7"),
      AggregateKey(1, "8"),
      AggregateProgressKey(1),
      OccurrenceKey(1),
      *ControlLogKey("9074729", ""),
      *ControlLogKey("", "9074729"),
  };
  v1::Declared line;
  line.set_origin_country("EC");
  line.set_net_kg(1);
  line.set_value(2);
  scoring::FindNames names{"NLRTM", "ECTDELTA", "ECGYE", "NLRTM",  "08",
                           7,       7,          7,       "080390", &line};
  for (const char* facility :
       {"ECTDELTA", "", "ECTDELTA-12", "ECTDELTA-123", "ECTDELTA-124"}) {
    names.facility = facility;
    keys.push_back(*FindKey(scoring::FindSlot::kFacility, names));
  }
  for (size_t i = 0; i < scoring::kFindSlots; ++i) {
    const auto slot = static_cast<scoring::FindSlot>(i);
    if (slot == scoring::FindSlot::kFacility) continue;
    keys.push_back(*FindKey(slot, names));
  }
  const auto less = [](const EntityKey& a, const EntityKey& b) {
    return a.view() < b.view();
  };
  std::sort(keys.begin(), keys.end(), less);
  EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
  // Four digits of the commodity make the trade.
  EXPECT_EQ(TradeKey(7, 8, "080390"), TradeKey(7, 8, "0803"));
}

}  // namespace
}  // namespace portrisk::service
