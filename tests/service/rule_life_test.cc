// The life of rules and lists through the real engine and store: every change
// takes effect at one journal position, survives a restart and is what a fold
// of the journal gives.
#include <gmock/gmock.h>

#include <limits>
#include <thread>

#include "absl/strings/str_replace.h"
#include "service/keys.h"
#include "service/rule_sets.h"
#include "store/store.h"
#include "tests/service/rule_life_fixture.h"

namespace portrisk::service {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(RuleLifeTest, AListTakesEffectAtOnePositionAndSurvivesARestart) {
  Activate(Document("s", "port", kWatched, kOnList));
  const v1::Assessment before = Assess(Number(1));
  ASSERT_THAT(before.not_evaluated(), SizeIs(1));
  EXPECT_EQ(before.not_evaluated(0).missing_field(), "watched");
  auto one = Load("value,reason\nmsku 1000001,seen\nMSKU1000002,seen\n");
  ASSERT_TRUE(one.ok()) << one.status();
  // Their check digits are wrong, which is worth a word and no more.
  ASSERT_THAT(one->issues(), SizeIs(2)) << one->DebugString();
  EXPECT_EQ(one->issues(0).severity(), v1::WARNING);
  ASSERT_TRUE(one->has_list());
  const v1::Assessment hit = Assess(Number(1));
  EXPECT_EQ(hit.score(), 40);
  ASSERT_THAT(hit.lists(), SizeIs(1));
  EXPECT_EQ(hit.lists(0).version(), 1u);
  EXPECT_EQ(hit.sequence(), one->list().sequence() + 1);
  // The same again is no new version; another owner or entry is.
  auto again = Load("reason,value\nseen,MSKU1000002\nseen,MSKU1000001\n");
  EXPECT_TRUE(again->unchanged());
  EXPECT_EQ(again->list().version(), 1u);
  auto two = Load("value,reason\nMSKU1000002,seen\n");
  EXPECT_EQ(two->list().version(), 2u);
  EXPECT_EQ(Assess(Number(1)).score(), 0);
  Restart();
  const v1::Assessment after = Assess(Number(2));
  EXPECT_EQ(after.score(), 40);
  EXPECT_EQ(after.lists(0).version(), 2u);
  ExpectVerified();
}

TEST_F(RuleLifeTest, VerificationFindsAListThatWasChangedOnDisk) {
  Assess(Number(1));
  const std::string hash =
      Load("value,reason\nMSKU1000001,seen\n")->list().content_hash();
  ExpectVerified();
  store::Options options;
  options.directory = Directory();
  {
    auto store = store::Store::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    v1::ListChunk chunk;
    chunk.add_entries()->set_value(Number(1));
    ASSERT_TRUE((*store)
                    ->PutContent(store::Table::kReference,
                                 hash + '\0' + Number(1),
                                 chunk.SerializeAsString())
                    .ok());
  }
  ExpectVerified(/*differences=*/1);
}

TEST_F(RuleLifeTest, VerificationFindsReferenceDataThatWereChangedOnDisk) {
  v1::LoadReferenceRequest request;
  request.mutable_table()->add_places()->set_locode("NLRTM");
  const auto loaded = rules_->LoadReference(request, kCaller);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  Assess(Number(1));
  // What an assessment names is looked at when others are in force, too.
  request.mutable_table()->add_places()->set_locode("NLAMS");
  ASSERT_TRUE(rules_->LoadReference(request, kCaller).ok());
  ExpectVerified();
  store::Options options;
  options.directory = Directory();
  {
    auto store = store::Store::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    request.mutable_table()->add_places()->set_locode("BEANR");
    ASSERT_TRUE((*store)
                    ->PutContent(store::Table::kReference, loaded->version(),
                                 request.table().SerializeAsString())
                    .ok());
  }
  ExpectVerified(/*differences=*/1);
}

TEST_F(RuleLifeTest, WrongReferenceDataAreRefusedFieldByField) {
  const auto refused = [&](const v1::LoadReferenceRequest& request) {
    const absl::Status status =
        rules_->LoadReference(request, kCaller).status();
    EXPECT_EQ(ReasonOf(status), "BAD_REFERENCE") << status;
    return Describe(ToRpcStatus(status));
  };
  EXPECT_THAT(refused({}), HasSubstr("table: holds nothing"));
  v1::LoadReferenceRequest request;
  v1::ReferenceTable& table = *request.mutable_table();
  v1::Place* place = table.add_places();
  place->set_locode("ROTT");
  place->set_latitude(512);
  place->set_longitude(std::numeric_limits<double>::quiet_NaN());
  *table.add_places() = *place;
  table.add_owners()->set_prefix("MSK");
  v1::Source* source = table.add_sources();
  source->add_complete(static_cast<v1::Event>(999));
  const std::string text = refused(request);
  for (const char* part :
       {"table.places[0].locode", "table.places[0].latitude",
        "table.places[0].longitude", "table.places[1].locode: stands there",
        "table.owners[0].prefix", "table.sources[0].id",
        "table.sources[0].complete: 999"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST_F(RuleLifeTest, ReferenceDataOfAKindThatIsNotSentStay) {
  v1::LoadReferenceRequest places, owners;
  places.mutable_table()->add_places()->set_locode("NLRTM");
  owners.mutable_table()->add_owners()->set_prefix("MSKU");
  ASSERT_TRUE(rules_->LoadReference(places, kCaller).ok());
  const auto both = rules_->LoadReference(owners, kCaller);
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->place_count(), 1u);
  EXPECT_EQ(both->owner_count(), 1u);
  places.mutable_table()->mutable_places(0)->set_locode("BEANR");
  const auto replaced = rules_->LoadReference(places, kCaller);
  ASSERT_TRUE(replaced.ok()) << replaced.status();
  EXPECT_EQ(replaced->place_count(), 1u);
  EXPECT_EQ(replaced->owner_count(), 1u);
}

TEST_F(RuleLifeTest, AShareOfMoreThanAllAndABlankReasonAreRefused) {
  const uint64_t approved = Approve(Document("s", "port", "", kAnyBox));
  for (const uint32_t share : {1'000'001u, 4'294'967'295u}) {
    EXPECT_EQ(
        ReasonOf(rules_->Activate(Change(approved, share), kCaller).status()),
        "BAD_SHARE");
  }
  EXPECT_EQ(Get(approved).state(), v1::APPROVED);
  v1::CreateRevisionRequest create;
  create.set_yaml(Document("t", "port", "", kAnyBox));
  v1::ChangeRevisionRequest change =
      Change(rules_->Create(create, kCaller)->revision());
  change.set_without_replay(" ");
  EXPECT_EQ(ReasonOf(rules_->Approve(change, kCaller).status()),
            "NOTE_MISSING");
}

TEST_F(RuleLifeTest, ABadRowLoadsNothingAndSaysWhere) {
  auto bad = Load(
      "value,expires,reason\n"
      "MSKU1000001,,\"two\nlines, one comma\"\n"
      "MSKU1000002,soon,seen\n"
      "MSKU1000001,2026-12-31,again\n"
      "MSKU1000003,\n");
  ASSERT_TRUE(bad.ok()) << bad.status();
  EXPECT_FALSE(bad->has_list());
  ASSERT_EQ(bad->issues_size(), 3) << bad->DebugString();
  EXPECT_EQ(bad->issues(0).line(), 4);
  EXPECT_EQ(bad->issues(0).column(), 13);
  EXPECT_EQ(bad->issues(0).code(), "BAD_VALUE");
  v1::ListListsRequest all;
  EXPECT_THAT(lists_->List(all)->lists(), IsEmpty());
  EXPECT_THAT(Load("value,nationality,reason\nX,NL,r\n")->issues(0).code(),
              "NATIONALITY");
  EXPECT_EQ(ReasonOf(Load("value,reason\n", "crew-citizenship").status()),
            "NATIONALITY");
  EXPECT_EQ(Load("value\nX\n")->issues(0).code(), "MISSING_COLUMN");
  EXPECT_EQ(Load("")->issues(0).code(), "NO_HEADER");
}

TEST_F(RuleLifeTest, DoubledEntriesAreNamedWithBothLines) {
  auto bad =
      Load("value,reason\nMSKU1000001,a\nMSKU1000002,b\nmsku1000001,c\n");
  ASSERT_THAT(bad->issues(), SizeIs(1));
  EXPECT_EQ(bad->issues(0).line(), 4);
  EXPECT_THAT(bad->issues(0).message(), HasSubstr("line 2"));
}

TEST_F(RuleLifeTest, EntriesArePagedAndLookedUpInAllVersions) {
  std::string csv = "value,reason,owner,expires\n";
  for (int i = 0; i < 3000; ++i) {
    absl::StrAppend(&csv, Number(i), ",reason ", i, ",,2026-12-31\n");
  }
  ASSERT_EQ(Load(csv)->list().entry_count(), 3000u);
  ASSERT_TRUE(Load("value,reason\nMSKU1000005,new\n").ok());
  ASSERT_TRUE(
      Load("value,reason\n08.03,bananas\n", "goods", v1::LIST_HS_PREFIX).ok());
  v1::GetListRequest request;
  request.set_name("watched");
  request.set_version(1);
  request.set_page_size(1000);
  std::vector<std::string> values;
  do {
    auto page = lists_->Get(request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const auto& entry : page->entries()) values.push_back(entry.value());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  ASSERT_THAT(values, SizeIs(3000));
  request.set_page_size(-1);
  EXPECT_EQ(ReasonOf(lists_->Get(request).status()), "BAD_PAGE_SIZE");
  EXPECT_EQ(values[2047], Number(2047));
  v1::LookUpListValueRequest ask;
  ask.set_value("MSKU 100000-5");
  auto found = lists_->LookUp(ask);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_THAT(found->holdings(), SizeIs(2));
  EXPECT_TRUE(found->holdings(0).in_force());
  EXPECT_EQ(found->holdings(0).entry().reason(), "new");
  EXPECT_EQ(found->holdings(1).entry().reason(), "reason 5");
  EXPECT_EQ(found->holdings(1).entry().expire_time().seconds(), 1'798'761'600);
  ask.set_value("0803901000");
  EXPECT_EQ(lists_->LookUp(ask)->holdings(0).entry().value(), "0803");
}

TEST_F(RuleLifeTest, AListKeepsTheTypeThatRulesInForceTakeItFor) {
  Activate(Document("s", "port", kWatched, kOnList));
  EXPECT_EQ(
      ReasonOf(Load("value,reason\nX,r\n", "watched", v1::LIST_TEXT).status()),
      "LIST_OF_OTHER_TYPE");
}

// Which of the two comes last is refused.
TEST_F(RuleLifeTest, AListAndRulesThatComeTogetherAgreeOnItsType) {
  const uint64_t revision = Approve(Document("s", "port", kWatched, kOnList));
  std::string csv = "value,reason\n";
  for (int i = 0; i < 200'000; ++i) absl::StrAppend(&csv, "X", i, ",r\n");
  absl::Status loaded;
  std::thread loads(
      [&] { loaded = Load(csv, "watched", v1::LIST_TEXT).status(); });
  absl::SleepFor(absl::Milliseconds(20));
  const absl::Status activated =
      rules_->Activate(Change(revision), kCaller).status();
  loads.join();
  EXPECT_NE(loaded.ok(), activated.ok()) << loaded << activated;
  EXPECT_EQ(ReasonOf(loaded.ok() ? activated : loaded), "LIST_OF_OTHER_TYPE");
}

TEST_F(RuleLifeTest, RollbackGoesBackStepByStep) {
  std::vector<uint64_t> revisions;
  for (int score = 1; score <= 3; ++score) {
    revisions.push_back(Activate(Document(
        "s", "port", "",
        absl::StrReplaceAll(kAnyBox,
                            {{"score: 10", absl::StrCat("score: ", score)}}))));
  }
  EXPECT_EQ(Assess(Number(1)).score(), 3);
  auto back = Rollback();
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->revision(), revisions[1]);
  EXPECT_EQ(Assess(Number(1)).score(), 2);
  EXPECT_EQ(Rollback()->revision(), revisions[0]);
  EXPECT_EQ(ReasonOf(Rollback().status()), "NOTHING_TO_ROLL_BACK");
  EXPECT_EQ(Get(revisions[2]).state(), v1::RETIRED);
  Restart();
  EXPECT_EQ(Assess(Number(1)).score(), 1);
  ExpectVerified();
}

TEST_F(RuleLifeTest, ARolloutConcernsAStablePartOfTheUnits) {
  const uint64_t before = Activate(Document("s", "port", "", kAnyBox));
  const uint64_t after = Activate(
      Document("s", "port", "", absl::StrReplaceAll(kAnyBox, {{"10", "20"}})),
      300'000);
  EXPECT_EQ(Get(before).state(), v1::ACTIVE);
  EXPECT_EQ(Get(after).share_ppm(), 300'000u);
  const auto in_share = [&](int i) {
    const v1::Assessment a = Assess(Number(i));
    EXPECT_TRUE(a.unit().has_rollout_ppm());
    EXPECT_EQ(a.revisions_size(), 1);
    EXPECT_EQ(a.revisions(0).revision(), a.score() == 20 ? after : before);
    return a.score() == 20;
  };
  std::vector<bool> first;
  for (int i = 0; i < 200; ++i) first.push_back(in_share(i));
  const auto count = std::count(first.begin(), first.end(), true);
  EXPECT_NEAR(count, 60, 25);
  auto wider = rules_->Share(Change(after, 600'000), kCaller);
  ASSERT_TRUE(wider.ok()) << wider.status();
  Restart();
  int kept = 0, now = 0;
  for (int i = 0; i < 200; ++i) {
    const bool in = in_share(i);
    now += in;
    kept += first[i] && in;
  }
  EXPECT_EQ(kept, count) << "who was in the share stays in it";
  EXPECT_GT(now, count);
  EXPECT_EQ(ReasonOf(rules_
                         ->Activate(
                             Change(Approve(Document("s", "port", "", kAnyBox)),
                                    10'000),
                             kCaller)
                         .status()),
            "ROLLOUT_UNDERWAY");
  ASSERT_TRUE(rules_->Share(Change(after, 1'000'000), kCaller).ok());
  EXPECT_EQ(Get(before).state(), v1::RETIRED);
  EXPECT_EQ(Get(after).share_ppm(), 0u);
  EXPECT_EQ(Assess(Number(500)).score(), 20);
  EXPECT_EQ(Rollback()->revision(), before);
  EXPECT_EQ(Assess(Number(501)).score(), 10);
  ExpectVerified();
}

TEST_F(RuleLifeTest, RollingBackARolloutLeavesTheOldRevisionForAll) {
  const uint64_t before = Activate(Document("s", "port", "", kAnyBox));
  const uint64_t after = Activate(
      Document("s", "port", "", absl::StrReplaceAll(kAnyBox, {{"10", "20"}})),
      999'999);
  EXPECT_EQ(Assess(Number(1)).score(), 20);
  EXPECT_EQ(Rollback()->revision(), before);
  EXPECT_EQ(Get(after).state(), v1::RETIRED);
  EXPECT_EQ(Assess(Number(1)).score(), 10);
}

// It never was in force for all, and is not put there by going back.
TEST_F(RuleLifeTest, ABrokenOffRolloutIsNotGoneBackTo) {
  const auto scoring = [](const char* score) {
    return Document("s", "port", "",
                    absl::StrReplaceAll(kAnyBox, {{"10", score}}));
  };
  const uint64_t before = Activate(Document("s", "port", "", kAnyBox));
  const uint64_t tried = Activate(scoring("20"), 100'000);
  Activate(scoring("30"));
  EXPECT_EQ(Get(tried).state(), v1::RETIRED);
  EXPECT_EQ(Rollback()->revision(), before);
  EXPECT_EQ(Assess(Number(1)).score(), 10);
  EXPECT_EQ(ReasonOf(Rollback().status()), "NOTHING_TO_ROLL_BACK");
  // Nor by retiring it while it is rolled out.
  ASSERT_TRUE(
      rules_->Retire(Change(Activate(scoring("40"), 100'000)), kCaller).ok());
  EXPECT_EQ(Assess(Number(2)).score(), 10);
  EXPECT_EQ(ReasonOf(Rollback().status()), "NOTHING_TO_ROLL_BACK");
}

TEST_F(RuleLifeTest, AShadowRevisionIsRecordedAndAddsNothing) {
  Activate(Document("s", "port", "", kAnyBox));
  const uint64_t shadow = Approve(
      Document("s", "port", "", absl::StrReplaceAll(kAnyBox, {{"10", "500"}})));
  auto state = rules_->Shadow(Change(shadow), kCaller);
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->state(), v1::SHADOW);
  Restart();
  const v1::Assessment a = Assess(Number(1));
  EXPECT_EQ(a.score(), 10);
  ASSERT_THAT(a.hits(), SizeIs(2));
  EXPECT_TRUE(a.hits(0).shadow() != a.hits(1).shadow());
  ASSERT_TRUE(rules_->Activate(Change(shadow), kCaller).ok());
  EXPECT_EQ(Assess(Number(2)).score(), 500);
  ExpectVerified();
}

constexpr char kBreaker[] = "    breaker: {share: 0.1, window: 100}\n";

TEST_F(RuleLifeTest, ABreakerTripsIsKeptAndIsResetByAPerson) {
  const uint64_t revision =
      Activate(Document("s", "port", "", absl::StrCat(kAnyBox, kBreaker)));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(Assess(Number(i)).score(), 10);
  // The counts are a fold of the journal: a restart forgets nothing.
  Restart();
  for (int i = 6; i < 9; ++i) EXPECT_EQ(Assess(Number(i)).score(), 10);
  Reopen();
  for (int i = 9; i < 11; ++i) EXPECT_EQ(Assess(Number(i)).score(), 10);
  // The eleventh hit was more than a tenth of the window.
  EXPECT_EQ(engine_->breaker_trips(), 1u);
  const v1::Assessment after = Assess(Number(11));
  EXPECT_EQ(after.score(), 0);
  ASSERT_THAT(after.hits(), SizeIs(1));
  EXPECT_TRUE(after.hits(0).shadow());
  v1::Revision shown = Get(revision);
  ASSERT_THAT(shown.overrides(), SizeIs(1));
  EXPECT_EQ(shown.overrides(0).rule(), "r");
  EXPECT_EQ(shown.overrides(0).sequence(), after.sequence() - 1);
  EXPECT_EQ(shown.events(shown.events_size() - 1).caller(), "engine");
  EXPECT_EQ(shown.state(), v1::ACTIVE);
  Restart();
  EXPECT_EQ(Assess(Number(12)).score(), 0);
  v1::ResetBreakerRequest reset;
  reset.set_revision(revision);
  reset.set_rule("r");
  EXPECT_EQ(ReasonOf(rules_->ResetBreaker(reset, kCaller).status()),
            "NOTE_MISSING");
  reset.set_note("a ship of full boxes");
  ASSERT_TRUE(rules_->ResetBreaker(reset, kCaller).ok());
  EXPECT_EQ(ReasonOf(rules_->ResetBreaker(reset, kCaller).status()),
            "NOT_TRIPPED");
  EXPECT_EQ(Assess(Number(13)).score(), 10);
  ExpectVerified();
}

TEST_F(RuleLifeTest, ABreakerTripsInsideABatchAtOnePosition) {
  Activate(Document("s", "port", "", absl::StrCat(kAnyBox, kBreaker)));
  std::vector<v1::Movement> movements;
  for (int i = 0; i < 40; ++i) {
    movements.push_back(
        MakeMovement(absl::StrCat("b", i), v1::GATE_IN, Number(i), i));
  }
  const auto answers = ScoreAll(engine_.get(), movements);
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(answers[i].status.ok()) << answers[i].status;
    EXPECT_EQ(answers[i].assessment().score(), i < 11 ? 10 : 0) << i;
  }
  // One position lies between: the trip.
  EXPECT_EQ(answers[11].assessment().sequence(),
            answers[10].assessment().sequence() + 2);
  ExpectVerified();
}

TEST_F(RuleLifeTest, AnUnlikelyRuleNeverTripsOverManyWindows) {
  Activate(Document(
      "s", "port", "",
      absl::StrCat("    when: movement.container.number == '", Number(7),
                   "'\n    score: 10\n    breaker: {share: "
                   "0.1, window: 20}\n")));
  for (int i = 0; i < 200; ++i) {
    const bool hit = i % 10 == 7;
    EXPECT_EQ(Assess(hit ? Number(7) : Number(1000 + i)).score(), hit ? 10 : 0);
  }
  EXPECT_EQ(engine_->breaker_trips(), 0u);
  ExpectVerified();
}

constexpr char kSuppressing[] =
    "suppressions: [{rule_set: c, rule: r, reason: shuttle, until: "
    "2030-01-01}]\n";

TEST_F(RuleLifeTest, ASuppressionIsCountedAndCheckedAtActivation) {
  const std::string port = Document("p", "port", kSuppressing, kAnyBox);
  const uint64_t early = Approve(port);
  EXPECT_EQ(ReasonOf(rules_->Activate(Change(early), kCaller).status()),
            "SUPPRESSION_NOT_ALLOWED");
  Activate(Document("c", "common", "", kAnyBox));
  EXPECT_EQ(ReasonOf(rules_->Activate(Change(early), kCaller).status()),
            "SUPPRESSION_NOT_ALLOWED");
  Activate(Document("c", "common", "",
                    absl::StrCat(kAnyBox, "    suppressible: true\n")));
  ASSERT_TRUE(rules_->Activate(Change(early), kCaller).ok());
  EXPECT_EQ(Assess(Number(1)).score(), 10);
  Restart();
  EXPECT_EQ(Assess(Number(2)).score(), 10);
  const v1::Revision shown = Get(early);
  ASSERT_THAT(shown.suppressed(), SizeIs(1));
  EXPECT_EQ(shown.suppressed(0).rule_set(), "c");
  EXPECT_EQ(shown.suppressed(0).count(), 2u);
  ExpectVerified();
}

constexpr char kOnceMore[] =
    "    when: movement.container.load_status == EMPTY\n    score: 10\n";

// A document that is well formed and not the one that was approved.
TEST_F(RuleLifeTest, AnotherDocumentThanTheJournalHasTheHashOfIsNoticed) {
  const uint64_t revision = Activate(Document("c", "common", "", kAnyBox));
  Assess(Number(1));
  ExpectVerified();
  store::Options options;
  options.directory = Directory();
  v1::Revision other;
  for (const bool with_its_hash : {false, true}) {
    auto store = store::Store::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    if (!with_its_hash) other = *ReadRevision(**store, revision);
    other.set_yaml(Document("c", "common", "", kOnceMore));
    if (with_its_hash) other.set_content_hash(ContentHash(other.yaml()));
    ASSERT_TRUE((*store)
                    ->IngestAside({{store::Table::kRuleSets,
                                    {{store::BigEndian64(revision),
                                      other.SerializeAsString()}}}})
                    .ok());
    EXPECT_EQ(ReasonOf(ReadRevision(**store, revision).status()),
              with_its_hash ? "" : "STORE_DAMAGED");
    store->reset();
    ExpectVerified(1);
  }
}

}  // namespace
}  // namespace portrisk::service
