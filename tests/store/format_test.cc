// Proves the examples of store/FORMAT.md against the bytes on disk.
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "store/store.h"
#include "tests/store/store_fixture.h"

namespace portrisk::store {
namespace {

struct Example {
  std::string key;
  std::string value;
};

// The examples by the heading they stand under.
std::map<std::string, Example> ReadExamples() {
  std::ifstream page(PORTRISK_SOURCE_DIR "/store/FORMAT.md");
  std::map<std::string, Example> examples;
  std::string line, heading;
  std::string* current = nullptr;
  bool inside = false;
  while (std::getline(page, line)) {
    if (line.rfind("## ", 0) == 0) heading = line.substr(3);
    if (line.rfind("```", 0) == 0) {
      inside = !inside;
      continue;
    }
    if (!inside) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      Example& example = examples[heading];
      if (word == "key" || word == "value") {
        current = word == "key" ? &example.key : &example.value;
      } else {
        current->append(absl::HexStringToBytes(word));
      }
    }
  }
  return examples;
}

v1::JournalBlock ExampleBlock() {
  v1::JournalBlock block;
  v1::JournalRecord& movement = *block.add_records();
  movement.set_sequence(300);
  movement.mutable_recorded_time()->set_seconds(1767225600);
  movement.set_caller("terminal-a");
  movement.mutable_movement()->set_movement("M");
  movement.mutable_movement()->set_assessment("A");
  v1::JournalRecord& reference = *block.add_records();
  reference.set_sequence(301);
  reference.mutable_recorded_time()->set_seconds(1767225600);
  reference.set_caller("analyst");
  reference.mutable_reference()->set_content_hash("c0ffee");
  return block;
}

// A profile that came into force and a worklist that was taken.
v1::JournalBlock SelectionBlock() {
  v1::JournalBlock block;
  v1::JournalRecord* record = block.add_records();
  record->set_sequence(302);
  record->mutable_recorded_time()->set_seconds(1767225600);
  record->set_caller("bo");
  v1::ProfileRecord* profile = record->mutable_profile();
  profile->set_version(2);
  v1::RevisionEvent* event = profile->mutable_event();
  event->set_state(v1::ACTIVE);
  event->set_caller("bo");
  event->mutable_time()->set_seconds(1767225600);
  event->set_sequence(302);
  profile->mutable_activated()->set_name("nl");
  profile->mutable_activated()->set_owner("NL");
  profile->mutable_activated()->set_version(2);
  v1::SelectionTerms* terms = profile->mutable_activated()->add_terms();
  terms->set_yellow_score_min(100);
  terms->set_orange_score_min(300);
  terms->set_red_score_min(600);
  terms->set_random_rate_ppm(10'000);
  terms->set_random_lane(v1::ORANGE);
  terms->set_top_up_score_min(1);
  terms->set_top_up_lane(v1::ORANGE);
  record = block.add_records();
  record->set_sequence(303);
  record->mutable_recorded_time()->set_seconds(1767225600);
  record->set_caller("bo");
  v1::WorklistRecord* worklist = record->mutable_worklist();
  worklist->set_locode("NLRTM");
  worklist->set_facility("ECTDELTA");
  worklist->mutable_time()->set_seconds(1767225600);
  worklist->set_hours(24);
  worklist->set_capacity(40);
  worklist->set_profile("nl.2");
  v1::WorklistUnit* unit = worklist->add_units();
  unit->set_unit("u");
  unit->set_rank(1);
  unit->set_channel(v1::CAPACITY);
  unit->set_within_capacity(true);
  unit->set_lane(v1::ORANGE);
  unit->set_score(90);
  unit->set_draw_ppm(500'000);
  unit->set_selection_ppm(1'000'000);
  unit->set_assessment_sequence(300);
  return block;
}

class FormatTest : public StoreTest {
 protected:
  void SetUp() override { examples_ = ReadExamples(); }

  // The value on disk under the example's key.
  std::string OnDisk(const std::string& table, const std::string& key) {
    store_.reset();
    rocksdb::Options options;
    std::vector<std::string> names;
    rocksdb::DB::ListColumnFamilies(options, options_.directory, &names);
    std::vector<rocksdb::ColumnFamilyDescriptor> columns;
    for (const auto& name : names) columns.emplace_back(name, options);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    if (!rocksdb::DB::OpenForReadOnly(options, options_.directory, columns,
                                      &handles, &opened)
             .ok()) {
      return "cannot be opened";
    }
    const std::unique_ptr<rocksdb::DB> db(opened);
    std::string value = "no such table";
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] == table && !db->Get({}, handles[i], key, &value).ok()) {
        value = "absent";
      }
      db->DestroyColumnFamilyHandle(handles[i]);
    }
    return value;
  }
  void ExpectOnDisk(const std::string& table, const std::string& heading) {
    const Example& example = examples_[heading];
    EXPECT_FALSE(example.key.empty()) << "no example under " << heading;
    EXPECT_EQ(absl::BytesToHexString(OnDisk(table, example.key)),
              absl::BytesToHexString(example.value));
  }

  std::map<std::string, Example> examples_;
};

TEST_F(FormatTest, TheExamplesAreWhatIsOnDisk) {
  const v1::JournalBlock block = ExampleBlock();
  Open();
  Append(1, 299);
  ASSERT_TRUE(store_->AppendBlock(300, block.SerializeAsString(), {}).ok());
  ASSERT_TRUE(
      store_->AppendBlock(302, SelectionBlock().SerializeAsString(), {}).ok());
  const std::string number = "MSCU1234566";
  v1::Checkpoint checkpoint;
  v1::ListChunk chunk;
  v1::ListEntry* entry = chunk.add_entries();
  entry->set_value(number);
  entry->set_reason("seen");
  entry->mutable_expire_time()->set_seconds(1798761600);
  ASSERT_TRUE(store_
                  ->PutContent(Table::kReference,
                               std::string("c0ffee") + '\0' + number,
                               chunk.SerializeAsString())
                  .ok());
  v1::RuleTallies tallies;
  v1::RevisionTally* tally = tallies.add_revisions();
  tally->set_revision(7);
  tally->add_seen(0);
  tally->add_seen(12);
  v1::RuleTally* rule = tally->add_rules();
  rule->set_rule("r");
  rule->set_hits(3);
  v1::SuppressionTally* suppressed = tally->add_suppressed();
  suppressed->set_rule_set("c");
  suppressed->set_rule("r");
  suppressed->set_count(2);
  checkpoint.set_sequence(301);
  *checkpoint.mutable_last_recorded_time() = block.records(1).recorded_time();
  checkpoint.set_fold_version(1);
  ASSERT_TRUE(
      store_
          ->Ingest({{Table::kStates,
                     {{examples_["states: counts"].key,
                       tallies.SerializeAsString()}}},
                    {Table::kIdentity,
                     {{examples_["identity"].key, BigEndian64(300)}}},
                    {Table::kContainerIndex,
                     {{number + std::string(1, '\0') + BigEndian64(300), ""}}}},
                   checkpoint)
          .ok());
  ExpectOnDisk("meta", "meta: format");
  ExpectOnDisk("journal", "journal");
  ExpectOnDisk("journal", "journal: profiles and worklists");
  ExpectOnDisk("reference", "reference: lists");
  ExpectOnDisk("states", "states: counts");
  ExpectOnDisk("identity", "identity");
  ExpectOnDisk("container_index", "container_index");
  ExpectOnDisk("meta", "meta: checkpoint");
  EXPECT_EQ(examples_["identity"].key.size(), 16u);
  EXPECT_EQ(examples_["states"].key,
            "C" + number + std::string(18 - 1 - number.size(), '\0'));
  v1::JournalRecord erased = block.records(0);
  erased.mutable_movement()->set_movement("E");
  Open();
  const Replacement one{300, erased.SerializeAsString()};
  ASSERT_TRUE(store_->ReplaceRecords({&one, 1}).ok());
  ExpectOnDisk("journal", "journal: what was erased");
  Open();
  ASSERT_TRUE(store_->KeepBase([](absl::string_view) { return true; }).ok());
  ASSERT_TRUE(store_->RemoveMovements(1, 300).ok());
  ExpectOnDisk("journal", "journal: what was removed");
  ExpectOnDisk("default", "base");
}

}  // namespace
}  // namespace portrisk::store
