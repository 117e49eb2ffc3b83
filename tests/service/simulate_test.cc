// The world as files: what is written is what portrisk reads.
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "scoring/simulate/fleet.h"
#include "service/admission.h"
#include "service/formats/reader.h"
#include "service/reference_files.h"
#include "service/simulate/day_buckets.h"
#include "service/simulate/json_lines.h"
#include "service/simulate/world_files.h"

namespace portrisk::service {
namespace {

using ::google::protobuf::util::JsonStringToMessage;
using ::testing::ElementsAre;

std::string Slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class SimulateFiles : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = testing::TempDir() + "/simulate_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  scoring::simulate::Counts Write(const std::string& name) {
    scoring::simulate::Options options;
    options.seed = 3;
    options.days = 100;
    options.containers = 300;
    const scoring::simulate::World world(options);
    WorldFilesOptions files;
    files.directory = absl::StrCat(directory_, "/", name);
    files.recorded_times = true;
    const auto counts = WriteWorld(world, files, nullptr);
    EXPECT_TRUE(counts.ok()) << counts.status();
    return counts.value_or(scoring::simulate::Counts());
  }

  std::string directory_;
};

TEST_F(SimulateFiles, EveryMovementIsReadAndAdmitted) {
  const auto counts = Write("w");
  std::ifstream in(directory_ + "/w/movements.jsonl");
  ReaderOptions options;
  options.format = Format::kJsonl;
  options.file = "movements.jsonl";
  const Admission admission{Secrets()};
  std::set<std::pair<std::string, std::string>> seen;
  uint64_t admitted = 0;
  ReaderSink sink;
  sink.movement = [&](v1::Movement&& movement) {
    for (const Violation& v : admission.Admit(absl::Now(), &movement)) {
      ADD_FAILURE() << movement.id() << ": " << v.field << " " << v.description;
    }
    seen.insert({movement.source(), movement.id()});
    ++admitted;
    return absl::OkStatus();
  };
  sink.reject = [](const Reject& reject) { ADD_FAILURE() << reject.message; };
  const auto read = ReadMovements(in, options, sink);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(admitted, counts.movements);
  EXPECT_GT(admitted, 5000u);

  // The truth names movements that are there.
  int cases = 0;
  int named = 0;
  std::istringstream truth(Slurp(directory_ + "/w/truth.jsonl"));
  for (std::string line; std::getline(truth, line); ++cases) {
    google::protobuf::Struct record;
    ASSERT_TRUE(JsonStringToMessage(line, &record).ok()) << line;
    for (const auto& needed :
         record.fields().at("needed").list_value().values()) {
      const auto& fields = needed.struct_value().fields();
      if (!fields.count("recorded")) continue;
      ++named;
      EXPECT_TRUE(seen.count(
          {fields.at("source").string_value(), fields.at("id").string_value()}))
          << line;
    }
  }
  // Some patterns suit few trips: not all of so small a world have one.
  EXPECT_EQ(static_cast<uint64_t>(cases) + counts.cases_left, 33u);
  EXPECT_GE(cases, 31);
  EXPECT_GT(named, 33);
}

TEST_F(SimulateFiles, LinesComeAsTheyAreRecorded) {
  const auto counts = Write("w");
  std::istringstream recorded(Slurp(directory_ + "/w/recorded.txt"));
  int64_t before = 0;
  uint64_t lines = 0;
  for (int64_t time = 0; recorded >> time; ++lines) {
    ASSERT_GE(time, before);
    before = time;
  }
  EXPECT_EQ(lines, counts.movements);
  for (const auto& entry :
       std::filesystem::directory_iterator(directory_ + "/w")) {
    EXPECT_NE(entry.path().filename().string().rfind("spill", 0), 0u);
  }
}

TEST_F(SimulateFiles, TheSameOptionsGiveTheSameFiles) {
  Write("a");
  Write("b");
  for (const char* name :
       {"movements.jsonl", "truth.jsonl", "traps.tsv", "outcomes.csv",
        "sources.json", "sources.csv", "watched-origins.csv", "cover-goods.csv",
        "owners.csv", "services.tsv", "world.json", "recorded.txt"}) {
    const std::string a = Slurp(absl::StrCat(directory_, "/a/", name));
    EXPECT_FALSE(a.empty()) << name;
    EXPECT_EQ(a, Slurp(absl::StrCat(directory_, "/b/", name))) << name;
  }
}

TEST_F(SimulateFiles, RegistersAreOfTheFormThatIsRead) {
  Write("w");
  const auto owners = ReadOwnersCsv(directory_ + "/w/owners.csv");
  ASSERT_TRUE(owners.ok()) << owners.status();
  EXPECT_EQ(owners->owners_size(),
            static_cast<int>(scoring::simulate::Prefixes().size()));
  google::protobuf::ListValue sources;
  ASSERT_TRUE(
      JsonStringToMessage(Slurp(directory_ + "/w/sources.json"), &sources)
          .ok());
  int declared = 0;
  for (const auto& value : sources.values()) {
    const auto& complete =
        value.struct_value().fields().at("complete").list_value();
    declared += complete.values_size() > 0;
    for (const auto& event : complete.values()) {
      v1::Event parsed;
      EXPECT_TRUE(v1::Event_Parse(event.string_value(), &parsed));
    }
  }
  EXPECT_GT(declared, sources.values_size() / 4);
  EXPECT_LT(declared, sources.values_size());
  google::protobuf::Struct world;
  EXPECT_TRUE(
      JsonStringToMessage(Slurp(directory_ + "/w/world.json"), &world).ok());
}

TEST_F(SimulateFiles, AFolderThatCannotBeMadeIsAnError) {
  std::ofstream(directory_ + "/file") << "x";
  const scoring::simulate::World world{scoring::simulate::Options()};
  WorldFilesOptions files;
  files.directory = directory_ + "/file/below";
  EXPECT_EQ(WriteWorld(world, files, nullptr).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(SimulateFiles, AFullDiskIsSaidOfTheFile) {
  scoring::simulate::Options options;
  options.days = 1;
  options.containers = 10;
  WorldFilesOptions files;
  files.directory = directory_;
  for (const std::string name : {"sources.json", "traps.tsv"}) {
    const std::string path = absl::StrCat(directory_, "/", name);
    std::filesystem::remove(path);
    std::filesystem::create_symlink("/dev/full", path);
    const auto counts =
        WriteWorld(scoring::simulate::World(options), files, nullptr);
    std::filesystem::remove(path);
    EXPECT_EQ(std::string(counts.status().message()),
              absl::StrCat("cannot write ", path, ": No space left on device"));
  }
}

TEST_F(SimulateFiles, OnlyAnEarlierWorldIsReplaced) {
  EXPECT_TRUE(CheckWorldDirectory(directory_ + "/new").ok());
  EXPECT_TRUE(CheckWorldDirectory(directory_).ok()) << "It is empty.";
  Write("w");
  EXPECT_TRUE(CheckWorldDirectory(directory_ + "/w").ok());
  std::ofstream(directory_ + "/movements.jsonl") << "of somebody\n";
  const absl::Status status = CheckWorldDirectory(directory_);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              testing::AllOf(testing::HasSubstr(directory_),
                             testing::HasSubstr("--force")));
}

TEST_F(SimulateFiles, BucketsPutLinesInOrderOfTime) {
  std::vector<std::string> taken;
  DayBuckets buckets(directory_, [&](int64_t time, absl::string_view line) {
    taken.push_back(absl::StrCat(time, std::string(line).substr(0, 1)));
    return absl::OkStatus();
  });
  ASSERT_TRUE(buckets.Add(200'000, "a").ok());
  ASSERT_TRUE(buckets.Add(100'000, "b").ok());
  // Long enough to go through a file.
  ASSERT_TRUE(buckets.Add(100'001, "c" + std::string(600'000, '.')).ok());
  ASSERT_TRUE(buckets.Add(90'000, "d").ok());
  ASSERT_TRUE(buckets.Add(100'000, "e").ok());
  EXPECT_TRUE(std::filesystem::exists(directory_ + "/spill-1"));
  ASSERT_TRUE(buckets.Release(150'000).ok());
  EXPECT_TRUE(taken.empty());  // The day of 150,000 may still grow.
  ASSERT_TRUE(buckets.Release(172'800).ok());
  EXPECT_THAT(taken, ElementsAre("90000d", "100000b", "100000e", "100001c"));
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/spill-1"));
  ASSERT_TRUE(buckets.Finish().ok());
  EXPECT_THAT(taken.back(), "200000a");
}

// A movement with every field set.
v1::Movement Full() {
  v1::Movement m;
  std::function<void(google::protobuf::Message*)> fill =
      [&fill](google::protobuf::Message* message) {
        const auto* d = message->GetDescriptor();
        const auto* r = message->GetReflection();
        using F = google::protobuf::FieldDescriptor;
        if (d->full_name() == "google.protobuf.Timestamp") {
          r->SetInt64(message, d->FindFieldByName("seconds"), 951'782'399);
          r->SetInt32(message, d->FindFieldByName("nanos"), 5'000'000);
          return;
        }
        for (int i = 0; i < d->field_count(); ++i) {
          const F* f = d->field(i);
          // Admission makes them; a world has none.
          if (f->name() == "pseudonyms") continue;
          if (f->cpp_type() == F::CPPTYPE_MESSAGE) {
            fill(f->is_repeated() ? r->AddMessage(message, f)
                                  : r->MutableMessage(message, f));
          } else if (f->cpp_type() == F::CPPTYPE_STRING) {
            r->SetString(message, f, "a\"b\\c\n\x01 \xC3\xA9");
          } else if (f->cpp_type() == F::CPPTYPE_BOOL) {
            r->SetBool(message, f, true);
          } else if (f->cpp_type() == F::CPPTYPE_INT32) {
            r->SetInt32(message, f, -7);
          } else if (f->cpp_type() == F::CPPTYPE_DOUBLE) {
            r->SetDouble(message, f, -12.345678901234567);
          } else if (f->cpp_type() == F::CPPTYPE_ENUM) {
            r->SetEnum(message, f, f->enum_type()->value(1));
          } else {
            ADD_FAILURE() << "the test knows no " << f->cpp_type_name();
          }
        }
      };
  fill(&m);
  return m;
}

TEST(JsonPrinter, ProtobufReadsEverythingBack) {
  const JsonPrinter printer(v1::Movement::descriptor());
  for (const v1::Movement& sent : {v1::Movement(), Full()}) {
    std::string json;
    printer.Append(sent, &json);
    v1::Movement back;
    const auto parsed = JsonStringToMessage(json, &back);
    ASSERT_TRUE(parsed.ok()) << json;
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(sent, back))
        << json;
  }
}

TEST(JsonPrinter, TimesAreRightThroughLeapYears) {
  for (const auto& [seconds, text] : std::map<int64_t, std::string>{
           {0, "\"1970-01-01T00:00:00Z\""},
           {951'782'400, "\"2000-02-29T00:00:00Z\""},
           {1'735'689'599, "\"2024-12-31T23:59:59Z\""}}) {
    std::string out;
    AppendJsonTime(seconds, &out);
    EXPECT_EQ(out, text);
  }
}

}  // namespace
}  // namespace portrisk::service
