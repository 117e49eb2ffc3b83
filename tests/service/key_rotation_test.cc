// The key of PIN hashes is replaced while rights issued under the old one are
// about: chains hold, repeats stay repeats, nobody becomes new, and what was
// scored comes out again byte for byte.
#include <sys/stat.h>

#include <fstream>

#include "absl/strings/match.h"
#include "service/secrets.h"
#include "tests/service/rule_life_fixture.h"

namespace portrisk::service {
namespace {

constexpr char kBox[] = "MSKU1234565";
// 40 for the PIN that was issued, 20 for another, 0 for neither.
constexpr char kPins[] =
    "    when: right.use.pin_matches\n    score: 40\n"
    "  - id: other\n"
    "    title: {en: T, es: T, pt: T}\n"
    "    explain: {en: E, es: E, pt: E}\n"
    "    when: \"!right.use.pin_matches\"\n    score: 20\n";

v1::Movement WithPin(const std::string& id, v1::Event event, int64_t time,
                     const std::string& pin) {
  v1::Movement m = MakeMovement(id, event, kBox, time);
  m.mutable_pickup_right()->set_id("R1");
  m.mutable_pickup_right()->set_pin(pin);
  m.mutable_haulier()->set_id("H1");
  return m;
}
v1::Movement Issue(const std::string& pin = "904417") {
  return WithPin("issue", v1::PICKUP_RIGHT_ISSUED, 0, pin);
}
v1::Movement Gate(const std::string& pin = "904417") {
  return WithPin("gate", v1::GATE_OUT, 3'600, pin);
}

class KeyRotationTest : public RuleLifeTest {
 protected:
  void SetUp() override {
    // The keys of TestSecrets, in a file as it was before rotation was known.
    std::string pin_key, draw_key;
    for (int i = 0; i < 32; ++i) pin_key += "01", draw_key += "02";
    std::ofstream(path_) << "key_id: test\npin_key: " << pin_key
                         << "\ndraw_key: " << draw_key << "\n";
    chmod(path_.c_str(), 0600);
    first_ = Loaded();
    ASSERT_TRUE(RotateSecrets(path_).ok());
    second_ = Loaded();
    ASSERT_TRUE(DropPreviousKey(path_).ok());
    second_alone_ = Loaded();
    ASSERT_TRUE(RotateSecrets(path_).ok());
    third_ = Loaded();
    With(first_);
    Activate(Document("pins", "common", "", kPins));
  }

  Secrets Loaded() {
    auto secrets = LoadSecrets(path_, MissingSecrets::kRefuse);
    EXPECT_TRUE(secrets.ok()) << secrets.status();
    return secrets.ok() ? *secrets : Secrets{};
  }
  void With(const Secrets& secrets) {
    EngineOptions options = TestOptions(Directory());
    options.secrets = secrets;
    Open(std::move(options));
    rules_ = std::make_unique<RuleApi>(engine_.get(), true);
  }
  // Killed, and started with other keys.
  void CrashAndGoOnWith(const Secrets& secrets) {
    CopyToNextLife();
    With(secrets);
  }
  int ScoreOf(const v1::Movement& movement) {
    const Answer answer = Score(engine_.get(), movement);
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    return answer.assessment().score();
  }
  // Of what comes second, when the first was recorded under another key.
  int ScoreAcross(const Secrets& before, const v1::Movement& one,
                  const Secrets& after, const v1::Movement& other) {
    With(before);
    ScoreOf(one);
    CrashAndGoOnWith(after);
    EXPECT_GT(engine_->open_report().folded_records, 0u);
    return ScoreOf(other);
  }

  const std::string path_ = directory_.path() + "/secrets";
  Secrets first_, second_, second_alone_, third_;
};

TEST_F(KeyRotationTest, ARightIssuedBeforeIsUsedAfter) {
  EXPECT_EQ(ScoreAcross(first_, Issue(), second_, Gate()), 40);
  ExpectVerified();
}

TEST_F(KeyRotationTest, AWrongPinStaysWrong) {
  EXPECT_EQ(ScoreAcross(first_, Issue(), second_, Gate("904418")), 20);
  ExpectVerified();
}

TEST_F(KeyRotationTest, AnIssueThatIsReportedAfterMeetsTheUseOfBefore) {
  EXPECT_EQ(ScoreAcross(first_, Gate(), second_, Issue()), 40);
  ExpectVerified();
}

TEST_F(KeyRotationTest, AWrongPinThatIsReportedFirstStaysWrong) {
  EXPECT_EQ(ScoreAcross(first_, Gate("904418"), second_, Issue()), 20);
  ExpectVerified();
}

TEST_F(KeyRotationTest, GoingBackToTheOldFileBreaksNothing) {
  EXPECT_EQ(ScoreAcross(second_, Issue(), first_, Gate()), 40);
  ExpectVerified();
}

TEST_F(KeyRotationTest, BothUnderTheNewKeyNeedNoOldOne) {
  EXPECT_EQ(ScoreAcross(second_, Issue(), second_alone_, Gate()), 40);
  ExpectVerified();
}

TEST_F(KeyRotationTest, AWrongPinStaysWrongWithoutTheOldKey) {
  EXPECT_EQ(ScoreAcross(second_, Issue(), second_alone_, Gate("904418")), 20);
  ExpectVerified();
}

TEST_F(KeyRotationTest, WhereNoKeyIsCommonItIsUnknownAndNotWrong) {
  EXPECT_EQ(ScoreAcross(first_, Issue(), second_alone_, Gate()), 0);
  ExpectVerified();
}

TEST_F(KeyRotationTest, TwoRotationsLaterItIsUnknown) {
  EXPECT_EQ(ScoreAcross(first_, Issue(), third_, Gate()), 0);
  ExpectVerified();
}

TEST_F(KeyRotationTest, ARepeatStaysARepeat) {
  With(first_);
  const Answer stored = Score(engine_.get(), Gate());
  for (const Secrets* keys : {&second_, &second_alone_, &third_, &first_}) {
    CrashAndGoOnWith(*keys);
    const Answer again = Score(engine_.get(), Gate());
    ASSERT_TRUE(again.status.ok()) << again.status;
    EXPECT_EQ(again.bytes, stored.bytes) << keys->key_id;
  }
  ExpectVerified();
}

TEST_F(KeyRotationTest, OtherContentStaysAConflict) {
  With(first_);
  Score(engine_.get(), Gate());
  CrashAndGoOnWith(second_);
  EXPECT_EQ(ReasonOf(Score(engine_.get(), Gate("904418")).status),
            "MOVEMENT_CONFLICT");
  v1::Movement elsewhere = Gate();
  elsewhere.mutable_location()->set_facility("APMT");
  EXPECT_EQ(ReasonOf(Score(engine_.get(), elsewhere).status),
            "MOVEMENT_CONFLICT");
  v1::Movement without = Gate();
  without.mutable_pickup_right()->clear_pin();
  EXPECT_EQ(ReasonOf(Score(engine_.get(), without).status),
            "MOVEMENT_CONFLICT");
  ExpectVerified();
}

TEST_F(KeyRotationTest, ACorrectionTakesTheOldVersionOut) {
  With(first_);
  ScoreOf(Issue());
  const Answer old = Score(engine_.get(), Gate("904418"));
  EXPECT_EQ(old.assessment().score(), 20);
  CrashAndGoOnWith(second_);
  v1::Movement corrected = Gate();
  corrected.mutable_update_time()->set_seconds(1'790'000'100);
  const Answer now = Score(engine_.get(), corrected);
  EXPECT_EQ(now.assessment().corrects_sequence(), old.assessment().sequence());
  EXPECT_EQ(now.assessment().score(), 40);
  // The version before is still known for a repeat.
  EXPECT_EQ(Score(engine_.get(), Gate("904418")).bytes, old.bytes);
  ExpectVerified();
}

TEST_F(KeyRotationTest, NobodyBecomesNewAndNoDrawAnother) {
  v1::Movement before = Gate(), after = Gate();
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  Admission(first_).Admit(now, &before);
  Admission(third_).Admit(now, &after);
  EXPECT_TRUE(before.pseudonyms().has_haulier());
  EXPECT_EQ(before.pseudonyms().SerializeAsString(),
            after.pseudonyms().SerializeAsString());
  EXPECT_NE(before.pickup_right().pin_hash(), after.pickup_right().pin_hash());
  EXPECT_EQ(DrawKeyOf(first_).id, DrawKeyOf(third_).id);
  EXPECT_EQ(DrawKeyOf(first_).key, DrawKeyOf(third_).key);
}

// --- The file.

class SecretsFileTest : public testing::Test {
 protected:
  std::string Text() const {
    std::ifstream in(path_);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void Write(const std::string& text) {
    std::ofstream(path_) << text;
    chmod(path_.c_str(), 0600);
  }
  mode_t Mode() const {
    struct stat info;
    EXPECT_EQ(stat(path_.c_str(), &info), 0);
    return info.st_mode & 07777;
  }
  absl::Status Load() const {
    return LoadSecrets(path_, MissingSecrets::kRefuse).status();
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/secrets";
  const std::string key_ = std::string(64, 'a');
};

TEST_F(SecretsFileTest, ANewOneIsItsOwnersAloneAndNeverWrittenOver) {
  ASSERT_TRUE(CreateSecrets(path_).ok());
  EXPECT_EQ(Mode(), 0600u);
  const std::string text = Text();
  EXPECT_TRUE(absl::IsAlreadyExists(CreateSecrets(path_)));
  EXPECT_EQ(Text(), text);
  auto secrets = LoadSecrets(path_, MissingSecrets::kRefuse);
  ASSERT_TRUE(secrets.ok()) << secrets.status();
  EXPECT_TRUE(secrets->pseudonym_key && secrets->audit_key);
  EXPECT_NE(secrets->pin_key, secrets->draw_key);
}

TEST_F(SecretsFileTest, MissingKeysAreInNoFileUntilTheyAreKept) {
  auto secrets = LoadSecrets(path_, MissingSecrets::kCreate);
  ASSERT_TRUE(secrets.ok()) << secrets.status();
  EXPECT_FALSE(std::filesystem::exists(path_));
  ASSERT_TRUE(KeepSecrets(path_, *secrets).ok());
  EXPECT_EQ(Mode(), 0600u);
  const auto kept = LoadSecrets(path_, MissingSecrets::kRefuse);
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_EQ(kept->key_id, secrets->key_id);
  EXPECT_EQ(kept->pin_key, secrets->pin_key);
  EXPECT_TRUE(KeepSecrets(path_, *kept).ok()) << "it has its file";
}

TEST_F(SecretsFileTest, RotationKeepsOneOldKeyAndWhatMustStay) {
  ASSERT_TRUE(CreateSecrets(path_).ok());
  const Secrets before = *LoadSecrets(path_, MissingSecrets::kRefuse);
  chmod(path_.c_str(), 0400);
  ASSERT_TRUE(RotateSecrets(path_).ok());
  EXPECT_EQ(Mode(), 0400u);
  const Secrets after = *LoadSecrets(path_, MissingSecrets::kRefuse);
  EXPECT_NE(after.key_id, before.key_id);
  EXPECT_NE(after.pin_key, before.pin_key);
  EXPECT_EQ(after.previous->key_id, before.key_id);
  EXPECT_EQ(after.previous->pin_key, before.pin_key);
  EXPECT_EQ(after.draw_key, before.draw_key);
  EXPECT_EQ(*after.audit_key, *before.audit_key);
  EXPECT_EQ(*after.pseudonym_key, *before.pseudonym_key);
  // Ids are told, keys never.
  EXPECT_EQ(DescribeKeys(after),
            absl::StrCat("PIN key ", after.key_id, ", previous ", before.key_id,
                         ", pseudonym key ", before.key_id, ", draw key ",
                         before.key_id));
  const std::string text = Text();
  EXPECT_TRUE(absl::IsFailedPrecondition(RotateSecrets(path_)));
  EXPECT_EQ(Text(), text);
  ASSERT_TRUE(DropPreviousKey(path_).ok());
  EXPECT_FALSE(LoadSecrets(path_, MissingSecrets::kRefuse)->previous);
  EXPECT_TRUE(absl::IsFailedPrecondition(DropPreviousKey(path_)));
}

TEST_F(SecretsFileTest, WhatWasBrokenOffBeforeIsNoObstacle) {
  ASSERT_TRUE(CreateSecrets(path_).ok());
  std::ofstream(path_ + ".new") << "half of it";
  EXPECT_TRUE(RotateSecrets(path_).ok());
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(SecretsFileTest, ABadFileIsRefusedAndNotShown) {
  const std::string keys =
      absl::StrCat("key_id: k\npin_key: ", key_, "\ndraw_key: ", key_, "\n");
  Write(keys);
  EXPECT_TRUE(Load().ok());
  for (const std::string& bad : {
           std::string("key_id: k\npin_key: ") + key_ + "\n",
           absl::StrCat(keys, "pseudonim_key: ", key_.substr(32), "\n"),
           absl::StrCat(keys, "pseudonym_key: ", key_, "\n"),
           absl::StrCat(keys, "previous: {key_id: k, pin_key: ", key_, "}\n"),
           // Pseudonyms would be made of the new key.
           absl::StrCat(keys, "previous: {key_id: j, pin_key: ", key_, "}\n"),
           absl::StrCat(keys, "audit_key: [", key_, "\n"),
           absl::StrCat("key_id: ", std::string(65, 'k'), keys.substr(9)),
       }) {
    Write(bad);
    const absl::Status status = Load();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << bad;
    EXPECT_FALSE(absl::StrContains(status.message(), key_.substr(0, 16)));
  }
  Write(keys);
  chmod(path_.c_str(), 0644);
  EXPECT_TRUE(absl::IsInvalidArgument(Load()));
}

}  // namespace
}  // namespace portrisk::service
