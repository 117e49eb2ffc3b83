// States that a bad disk gives back are named, and nothing is computed of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "service/keys.h"
#include "service/roles.h"
#include "service/state_table.h"
#include "service/text_file.h"
#include "tests/service/engine_fixture.h"

namespace portrisk::service {
namespace {

using testing::HasSubstr;

TEST(DamagedStates, AreNamedByTheirKey) {
  StateTable<v1::FindState> table(10);
  std::vector<StateTable<v1::FindState>::Entry*> missing;
  table.Find(EntityKey('N',
                       "\x02"
                       "ECGYE"),
             &missing);
  v1::FindState state;
  state.add_starts(20'454);
  state.add_controls(2);  // And no finds.
  for (const std::string& stored :
       {state.SerializeAsString(), std::string("\xff\xff")}) {
    const absl::Status status = table.Take(missing, {stored}, 0);
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("N\\002ECGYE"));
  }
  state.add_finds(1);
  EXPECT_TRUE(table.Take(missing, {state.SerializeAsString()}, 0).ok());
}

class DamagedStore : public EngineTest {
 protected:
  // Puts an entry beside the states, past every check of the engine.
  void Plant(const std::string& key, const std::string& value) {
    engine_.reset();
    auto store =
        store::Store::Open(TestOptions(directory_.path() + "/store").store);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE(
        (*store)->IngestAside({{store::Table::kStates, {{key, value}}}}).ok());
  }
};

// The index has a place for each part of the journal: one far beyond would
// have memory taken for all before it.
TEST_F(DamagedStore, WithAnIndexOfWhatIsNotThereIsRefused) {
  Open();
  ASSERT_TRUE(
      Score(engine_.get(), MakeMovement("1", v1::GATE_OUT, "MSCU1234566", 1))
          .status.ok());
  std::string key = kOccurrenceKind + store::BigEndian64(uint64_t{1} << 60);
  key.resize(EntityKey::kSize);
  Plant(key, v1::OccurrenceSegment().SerializeAsString());
  const auto engine = Engine::Open(TestOptions(directory_.path() + "/store"));
  EXPECT_TRUE(absl::IsDataLoss(engine.status())) << engine.status();
  EXPECT_THAT(std::string(engine.status().message()),
              HasSubstr("of table states"));
}

TEST(TextFile, IsReadWholeOrSaysWhyNot) {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/file";
  const std::string text = std::string(100'000, 'a') + '\0' + "b";
  std::ofstream(path) << text;
  EXPECT_EQ(*ReadTextFile(path), text);
  EXPECT_TRUE(absl::IsNotFound(ReadTextFile(path + "s").status()));
  const absl::Status status = ReadTextFile(folder.path()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("Is a directory"));
  EXPECT_FALSE(RoleBook::Load(folder.path()).ok());
}

}  // namespace
}  // namespace portrisk::service
