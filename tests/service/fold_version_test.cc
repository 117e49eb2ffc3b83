// States that another version of the program made are made anew, and a change
// of what the fold makes does not go unnoticed.
#include "service/fold_version.h"

#include "absl/strings/match.h"
#include "service/keys.h"
#include "service/metrics.h"
#include "tests/service/foreign_fold.h"
#include "tests/service/outcome_fixture.h"

namespace portrisk::service {
namespace {

// Of everything that the history below makes. When this differs and nothing but
// the fold or the forms of states and keys has changed, raise kFoldVersion and
// put the new digest here: stores of before are then folded again when they are
// opened.
constexpr uint32_t kDigestOfVersion = 7;
constexpr char kDigest[] =
    "sha256:4cd60208d5ff6b523269c7410c5ba2dd8bcba999eed58cad9808666b1e84b155";

constexpr char kCounts[] =
    "aggregates:\n"
    "  visits: {key: movement.location.locode, count: true, window: 5y}\n"
    "  boxes: {key: movement.haulier.id, distinct: movement.container.number, "
    "window: 7d}\n"
    "  recent: {key: movement.location.locode, count: true, window: 90d, "
    "half_life: 10d}\n"
    "  weight: {key: movement.consignee.id, mean: movement.weights.vgm_kg, "
    "window: 30d}\n";

// What no rule reads is not counted.
constexpr char kReadsAll[] =
    "    when: visits_count + boxes_count + recent_count + weight_count >= 0\n"
    "    score: 10\n";

class FoldVersionTest : public OutcomeTest {
 protected:
  void SetUp() override {
    EngineOptions options = TestOptions(Directory());
    options.checkpoint_records = 40;
    StartWith(options);
  }

  // A box is announced, called, discharged, nominated for and collected.
  static std::vector<v1::Movement> Visit(int box, int visit) {
    const int64_t at = visit * 20 * kDaySeconds + box * 3600;
    const v1::Event events[] = {v1::DISCHARGE, v1::PICKUP_RIGHT_ISSUED,
                                v1::PICKUP_RIGHT_NOMINATED,
                                v1::PICKUP_RIGHT_QUERIED, v1::GATE_OUT};
    std::vector<v1::Movement> movements;
    for (int i = 0; i < 5; ++i) {
      v1::Movement m = MakeMovement(absl::StrCat(box, "-", visit, "-", i),
                                    events[i], Number(box), at + i * 7200);
      m.mutable_consignee()->set_id(absl::StrCat("EORI", box % 4));
      m.mutable_weights()->set_vgm_kg(10'000 + 500 * box);
      if (i == 0) {
        m.mutable_transport()->set_mode(v1::SEA);
        m.mutable_transport()->set_vessel_imo("9074729");
        m.mutable_carrier()->set_id("MAEU");
        m.add_seals()->set_number(absl::StrCat("S", visit));
        m.mutable_seals(0)->set_source("CAR");
        m.mutable_shipper()->set_id(absl::StrCat("SHIPPER", visit));
      } else if (i < 4) {
        m.mutable_pickup_right()->set_id(absl::StrCat("R", box, "-", visit));
        m.mutable_pickup_right()->mutable_actor()->set_id("FORWARDER-1");
        m.mutable_pickup_right()->mutable_actor()->set_account("desk");
        m.mutable_pickup_right()->mutable_nominee()->set_id("NL-1");
      } else {
        m.mutable_haulier()->set_id(absl::StrCat("NL-", box % 3));
        m.mutable_haulier()->set_device("device");
        m.mutable_transport()->set_mode(v1::ROAD);
        m.mutable_transport()->set_plate(absl::StrCat("PLATE-", box % 3));
      }
      movements.push_back(std::move(m));
    }
    return movements;
  }
  void Send(const v1::Movement& movement) {
    const Answer answer = Score(engine_.get(), movement);
    ASSERT_TRUE(answer.status.ok()) << answer.status;
  }
  // Visits, one of which begins by mistake; controls; late events, corrections
  // and retractions.
  void Live() {
    const uint64_t counts = Activate(Document("s", "port", kCounts, kReadsAll));
    while (Get(counts).state() == v1::WARMING) {
      absl::SleepFor(absl::Milliseconds(2));
    }
    for (int visit = 0; visit < 3; ++visit) {
      for (int box = 0; box < 12; ++box) {
        std::vector<v1::Movement> movements = Visit(box, visit);
        if (box % 4 == 1) std::swap(movements[3], movements[4]);
        for (const v1::Movement& m : movements) Send(m);
        v1::Movement again = movements[box % 5];
        again.mutable_update_time()->set_seconds(kMovementsBegin + 1);
        again.mutable_container()->set_number(Number(box % 5 + box));
        if (box % 3 == 0) again.set_retraction(true);
        if (box % 2 == 0) Send(again);
        const auto told =
            Record(MakeOutcome(absl::StrCat("C-", box, "-", visit), Number(box),
                               visit * 20 * kDaySeconds + 50'000,
                               box % 2 == 0 ? v1::FOUND : v1::NOT_FOUND));
        ASSERT_TRUE(told.ok()) << told.status();
      }
    }
    // One leaves for another place, which is told late; one tells where it is
    // until its past is forgotten; one is scanned elsewhere and comes back, and
    // its terminal has two codes.
    Send(MakeMovement("in", v1::GATE_IN, Number(20), 0));
    v1::Movement elsewhere =
        MakeMovement("elsewhere", v1::GATE_IN, Number(20), 2 * kDaySeconds);
    elsewhere.mutable_location()->set_locode("BEANR");
    Send(elsewhere);
    Send(MakeMovement("out", v1::GATE_OUT, Number(20), kDaySeconds));
    for (int hour = 0; hour < 40; ++hour) {
      Send(MakeMovement(absl::StrCat("position", hour), v1::POSITION,
                        Number(21), hour * 3600));
    }
    for (const char* facility : {"ECTDELTA", "NLRTMECTD", "SCANNER"}) {
      const bool scanned = facility[0] == 'S';
      v1::Movement m =
          MakeMovement(facility, scanned ? v1::SCAN : v1::DISCHARGE, Number(22),
                       scanned ? 7200 : 0);
      m.mutable_location()->set_facility(facility);
      Send(m);
    }
    Send(MakeMovement("back", v1::YARD_MOVE, Number(22), 9000));
  }

  // What all tables behind the journal hold, but how far aggregates were.
  std::string DigestOfStates() {
    const auto store = Drained();
    std::string all;
    for (const auto table : {store::Table::kStates, store::Table::kIdentity,
                             store::Table::kContainerIndex}) {
      const absl::Status status = store->ScanPrefix(
          table, "", "", [&](absl::string_view key, absl::string_view value) {
            if (table != store::Table::kStates ||
                key[0] != kAggregateProgressKind) {
              absl::StrAppend(&all, key.size(), ":", key, value.size(), ":",
                              value);
            }
            return true;
          });
      EXPECT_TRUE(status.ok()) << status;
    }
    EXPECT_TRUE(absl::StrContains(all, std::string(":G\0\0\0", 5)));
    EXPECT_GT(all.size(), 20'000u);
    return ContentHash(all);
  }

  // The states and the checkpoint as another fold might have left them: one of
  // each kind is what that of another key should be.
  void MakeForeign() {
    store::Options options;
    options.directory = Directory();
    auto store = store::Store::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    store::SortedEntries wrong{store::Table::kStates, {}};
    std::string last;
    const absl::Status status = (*store)->ScanPrefix(
        store::Table::kStates, "", "",
        [&](absl::string_view key, absl::string_view value) {
          if (!last.empty() && last[0] == key[0] &&
              (wrong.entries.empty() ||
               wrong.entries.back().first[0] != key[0])) {
            wrong.entries.emplace_back(last, value);
          }
          last = std::string(key);
          return true;
        });
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_GT(wrong.entries.size(), 8u);
    auto checkpoint = (*store)->ReadCheckpoint();
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    EXPECT_EQ(checkpoint->fold_version(), kFoldVersion);
    checkpoint->clear_fold_version();
    std::vector<store::SortedEntries> tables;
    tables.push_back(std::move(wrong));
    ASSERT_TRUE((*store)->Ingest(std::move(tables), *checkpoint).ok());
  }
};

TEST_F(FoldVersionTest, AChangeOfWhatTheFoldMakesIsNoticed) {
  Live();
  const std::string digest = DigestOfStates();
  EXPECT_EQ(kDigestOfVersion, kFoldVersion);
  EXPECT_EQ(digest, kDigest) << "raise kFoldVersion; see above";
}

TEST_F(FoldVersionTest, StatesOfAnotherFoldAreMadeAnew) {
  Live();
  const std::string digest = DigestOfStates();
  MakeForeign();
  EXPECT_NE(DigestOfStates(), digest);
  const auto foreign = VerifyStore(*Drained(), [](uint64_t) {});
  ASSERT_TRUE(foreign.ok()) << foreign.status();
  EXPECT_TRUE(foreign->is_of_another_fold);
  EXPECT_EQ(foreign->difference_count, 0u);
  EXPECT_EQ(foreign->states_compared + foreign->index_entries_compared, 0u);

  // As a crash leaves it that comes as soon as the others are taken away.
  store::Options options;
  options.directory = Directory();
  auto interrupted = store::Store::Open(options);
  ASSERT_TRUE(interrupted.ok()) << interrupted.status();
  ASSERT_TRUE(ForgetForeignStates(interrupted->get()).ok());
  interrupted->reset();
  const auto half = VerifyStore(*Drained(), [](uint64_t) {});
  ASSERT_TRUE(half.ok()) << half.status();
  EXPECT_FALSE(half->is_of_another_fold);
  EXPECT_TRUE(half->is_being_made_anew);
  EXPECT_EQ(half->difference_count, 0u);

  SetUp();
  EXPECT_EQ(engine_->open_report().folded_records, foreign->last_sequence);
  EXPECT_EQ(DigestOfStates(), digest);
  ExpectVerified();
  Reopen();
}

TEST_F(FoldVersionTest, WhoeverWaitsForStatesToBeMadeAnewSeesHowFarTheyAre) {
  Send(MakeMovement("1", v1::GATE_IN, Number(1), 0));
  Send(MakeMovement("2", v1::GATE_OUT, Number(1), 3600));
  engine_.reset();
  store::Options stored;
  stored.directory = Directory();
  ASSERT_EQ(ForgetFold(stored), absl::OkStatus());
  Metrics metrics;
  EngineOptions options = TestOptions(Directory());
  options.metrics = &metrics;
  StartWith(options);
  const OpeningProgress opening = metrics.opening();
  EXPECT_TRUE(opening.is_renewed);
  EXPECT_EQ(opening.folded_to, opening.last);
  EXPECT_EQ(opening.last, 2u);
  engine_.reset();
}

}  // namespace
}  // namespace portrisk::service
