// Rights that somebody is nominated for and collects with, on an engine whose
// time can be moved on; and what a store holds of whom.
#ifndef PORTRISK_TESTS_SERVICE_ERASURE_FIXTURE_H_
#define PORTRISK_TESTS_SERVICE_ERASURE_FIXTURE_H_

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "service/operator_api.h"
#include "service/restore.h"
#include "store/chain.h"
#include "tests/service/gate.h"
#include "tests/service/rule_life_fixture.h"

namespace portrisk::service {

// Long, so that no compression hides all of it.
inline constexpr char kId[] = "NL-SOMEBODY-0815-WHO-ASKED";
inline constexpr char kName[] = "Erika Vergessen Transporte";
inline constexpr char kAccount[] = "erika@vergessen.example";
inline constexpr char kDevice[] = "device-of-erika-4711";
inline constexpr char kPlate[] = "VERGESSEN-77";
inline constexpr char kOther[] = "NL-OTHER-2000";

// 40 where who comes is not who was nominated last, 20 where he is: both show
// the names as evidence.
inline constexpr char kRules[] =
    "    when: movement.haulier.id != right.nominated.id\n    score: 40\n"
    "  - id: same\n"
    "    title: {en: T, es: T, pt: T}\n"
    "    explain: {en: E, es: E, pt: E}\n"
    "    when: movement.haulier.id == right.nominated.id && "
    "movement.transport.plate != ''\n    score: 20\n"
    "  - id: asked\n"
    "    title: {en: T, es: T, pt: T}\n"
    "    explain: {en: E, es: E, pt: E}\n"
    "    when: movement.pickup_right.actor.id != right.nominated.id\n"
    "    score: 5\n";

inline v1::Movement Nominated(int i, const std::string& by = kId) {
  v1::Movement m = MakeMovement(absl::StrCat("nominate", i),
                                v1::PICKUP_RIGHT_NOMINATED, Number(i), i * 600);
  m.mutable_pickup_right()->set_id(absl::StrCat("R", i));
  v1::Party* const actor = m.mutable_pickup_right()->mutable_actor();
  actor->set_id("FORWARDER-1");
  actor->set_account("forwarder");
  v1::Party* const nominee = m.mutable_pickup_right()->mutable_nominee();
  nominee->set_id(by);
  nominee->set_name(by == kId ? kName : "Other");
  return m;
}
inline v1::Movement Collected(int i, const std::string& by = kId) {
  v1::Movement m = MakeMovement(absl::StrCat("gate", i), v1::GATE_OUT,
                                Number(i), i * 600 + 300);
  m.mutable_pickup_right()->set_id(absl::StrCat("R", i));
  v1::Party* const haulier = m.mutable_haulier();
  haulier->set_id(by);
  haulier->set_country("NL");
  if (by == kId) {
    haulier->set_name(kName);
    haulier->set_account(kAccount);
    haulier->set_device(kDevice);
    m.mutable_transport()->set_plate(kPlate);
  }
  return m;
}
// Names nobody but who looks; evidence may show who is nominated.
inline v1::Movement Queried(int i) {
  v1::Movement m =
      MakeMovement(absl::StrCat("query", i), v1::PICKUP_RIGHT_QUERIED,
                   Number(i), i * 600 + 100);
  m.mutable_pickup_right()->set_id(absl::StrCat("R", i));
  m.mutable_pickup_right()->mutable_actor()->set_id("CURIOUS");
  return m;
}

class ErasureTest : public RuleLifeTest {
 protected:
  void SetUp() override {
    Start();
    Activate(Document("names", "common", "", kRules));
  }
  // Before now_s_ goes, which its clock reads.
  void TearDown() override { engine_.reset(); }
  void Serve(StepGate* gate = nullptr, size_t entry_records = 4) {
    EngineOptions options = TestOptions(Directory());
    options.erasure_entry_records = entry_records;
    options.backups = directory_.path() + "/backups";
    options.clock = [this] { return absl::FromUnixSeconds(now_s_.load()); };
    if (gate != nullptr) {
      options.after_erasure_step = [gate] { gate->AfterStep(); };
    }
    Open(std::move(options));
    rules_ = std::make_unique<RuleApi>(engine_.get(), true);
    lists_ = std::make_unique<ListApi>(engine_.get());
  }
  void ScoreThem(const std::vector<v1::Movement>& movements) {
    for (const Answer& answer : ScoreAll(engine_.get(), movements)) {
      ASSERT_TRUE(answer.status.ok()) << answer.status;
    }
  }
  // Rights of containers from `from` on: of every other one the subject is who
  // was nominated and who comes.
  void Live(int from, int to) {
    for (int i = from; i < to; ++i) {
      const std::string by = i % 2 == 0 ? kId : kOther;
      ScoreThem({Nominated(i, by), Queried(i)});
      ScoreThem({Collected(i, by)});
    }
  }
  static v1::EraseSubjectRequest Party() {
    v1::EraseSubjectRequest request;
    request.mutable_subject()->set_party(kId);
    request.set_reason("request under article 17");
    request.set_reference("CASE-7");
    return request;
  }
  absl::StatusOr<v1::EraseSubjectResponse> Ask(
      const v1::EraseSubjectRequest& request) {
    return OperatorApi(engine_.get()).Erase(request, kCaller);
  }
  v1::Erasure Latest() {
    auto list = OperatorApi(engine_.get()).ListErasures({});
    EXPECT_TRUE(list.ok()) << list.status();
    return list.ok() && list->erasures_size() > 0 ? list->erasures(0)
                                                  : v1::Erasure();
  }
  // Waits until the gate is met; false when it all has ended before, with an
  // erasure of that kind, so that there is no such step.
  bool Arrives(StepGate* gate, int step, v1::SubjectKind last) {
    while (gate->steps() < step) {
      const v1::Erasure latest = Latest();
      if (latest.kind() == last && latest.state() == v1::ERASURE_FINISHED &&
          gate->steps() < step) {
        gate->Open();  // It may have ended just before this step.
        engine_.reset();
        return false;
      }
      absl::SleepFor(absl::Milliseconds(1));
    }
    gate->WaitUntilArrived();
    return true;
  }
  v1::Erasure Ended() {
    while (Latest().state() != v1::ERASURE_FINISHED) {
      absl::SleepFor(absl::Milliseconds(2));
    }
    return Latest();
  }
  v1::Erasure Erase(const v1::EraseSubjectRequest& request) {
    auto begun = Ask(request);
    EXPECT_TRUE(begun.ok()) << begun.status();
    return begun.ok() ? Ended() : v1::Erasure();
  }
  // The store of the next life is a copy as of that position.
  void GoBackTo(uint64_t sequence) {
    Drained();
    RestoreOptions options;
    options.store = Directory();
    ++lives_;
    options.to = Directory();
    options.until_sequence = sequence;
    const auto restored = Restore(options, [](uint64_t, uint64_t) {});
    ASSERT_TRUE(restored.ok()) << restored.status();
  }
  // Files of the store that hold one of these texts as it is.
  std::vector<std::string> FilesWith(const std::vector<std::string>& texts) {
    std::vector<std::string> found;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(Directory())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes(std::istreambuf_iterator<char>(in), {});
      for (const std::string& text : texts) {
        if (absl::StrContains(bytes, text)) {
          found.push_back(absl::StrCat(entry.path().string(), ": ", text));
        }
      }
    }
    return found;
  }
  // All that the journal and the states hold, as they are read.
  std::vector<std::string> PlacesWith(const std::string& text) {
    std::vector<std::string> found;
    const auto store = Drained();
    const absl::Status scanned =
        store->ScanJournal(1, [&](const store::Block& block) {
          if (absl::StrContains(block.bytes, text)) {
            found.push_back(absl::StrCat("block ", block.first_sequence));
          }
          return absl::OkStatus();
        });
    EXPECT_TRUE(scanned.ok()) << scanned;
    for (const auto table : {store::Table::kStates, store::Table::kRuleSets,
                             store::Table::kBase}) {
      const absl::Status status = store->ScanPrefix(
          table, "", "", [&](absl::string_view key, absl::string_view value) {
            if (absl::StrContains(value, text)) {
              found.push_back(absl::StrCat("state ", key));
            }
            return true;
          });
      EXPECT_TRUE(status.ok()) << status;
    }
    return found;
  }
  void ExpectChain(uint64_t erased) {
    const auto store = Drained();
    const auto report = store::VerifyChain(*store, nullptr, nullptr);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->erased, erased);
    EXPECT_EQ(report->to_erase, 0u);
  }
  void ExpectGone() {
    for (const char* text : {kId, kName, kAccount, kDevice}) {
      EXPECT_THAT(PlacesWith(text), testing::IsEmpty()) << text;
    }
  }

  std::atomic<int64_t> now_s_{1'800'000'000};
};

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_ERASURE_FIXTURE_H_
