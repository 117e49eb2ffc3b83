#include "tests/simulation/world.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "service/errors.h"
#include "service/replay.h"
#include "service/secrets.h"
#include "service/times.h"
#include "service/verify.h"
#include "store/chain.h"
#include "tests/simulation/wrong.h"

namespace portrisk::simulation {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);

absl::Status ReadRecords(const store::Store& store, uint64_t after,
                         uint64_t until, std::vector<std::string>* records) {
  return store.ScanJournal(after + 1, [&](const store::Block& block) {
    v1::JournalBlock parsed;
    if (!parsed.ParseFromString(block.bytes)) {
      return Wrong("a block does not parse");
    }
    for (const v1::JournalRecord& record : parsed.records()) {
      if (record.sequence() <= after || record.sequence() > until) continue;
      records->push_back(record.SerializeAsString());
    }
    return absl::OkStatus();
  });
}

absl::Status ProveStates(const store::Store& store) {
  const auto report = service::VerifyStore(store, [](uint64_t) {});
  if (!report.ok()) return report.status();
  if (report->difference_count > 0) {
    return Wrong(absl::StrCat(report->difference_count,
                              " states differ from a fold: ",
                              absl::StrJoin(report->differences, "; ")));
  }
  return absl::OkStatus();
}

absl::Status ProveAssessments(const store::Store& store) {
  service::ReplayOptions options;
  options.draw_key = DrawKeyOf(service::TestSecrets());
  const auto report = service::VerifyAssessments(store, options);
  if (service::ErrorReason(report.status()) == "PAST_REMOVED") {
    return absl::OkStatus();
  }
  if (!report.ok()) return report.status();
  // A rule that looked for a name that was erased cannot answer again.
  if (report->differences.empty()) return absl::OkStatus();
  return Wrong(absl::StrCat(report->movements - report->equal,
                            " assessments differ when they are made again: ",
                            report->differences[0]));
}

}  // namespace

World::World(uint64_t seed, Dice* dice) {
  disk_ = std::make_shared<store::FaultFileSystem>(
      directory_.path() + "/graves", static_cast<uint32_t>(seed));
  options_ = service::TestOptions(NewDirectory("store"));
  options_.backups = NewDirectory("backups");
  options_.store.environment = store::FaultFileSystem::In(disk_);
  options_.store.block_cache_bytes = 1 << 20;
  options_.clock = [this] { return now(); };
  options_.reopen_after_min = absl::Milliseconds(2);
  options_.reopen_after_max = absl::Milliseconds(20);
  options_.checkpoint_records = static_cast<uint64_t>(10 + dice->Below(80));
  options_.batch_max = static_cast<size_t>(1 + dice->Below(12));
  options_.cache_states_max = dice->OneIn(2) ? 1 : 1'000;
  options_.fill_flush_states = static_cast<size_t>(1 + dice->Below(40));
  options_.evaluation_chunk_records = static_cast<size_t>(1 + dice->Below(30));
  Advance(absl::ZeroDuration());
}

absl::Status World::Open() {
  server_.reset();
  auto engine = service::Engine::Open(options_);
  if (!engine.ok()) return engine.status();
  server_ = std::make_unique<Server>(*std::move(engine));
  return absl::OkStatus();
}

void World::LosePower() {
  disk_->end_at_step = disk_->steps + 1;  // Nothing of an orderly end.
  Close();
  disk_->PowerLoss();
}

void World::Die() {
  disk_->end_at_step = disk_->steps + 1;
  Close();
  disk_->ProcessDeath();
}

void World::Advance(absl::Duration by) {
  now_us_ += absl::ToInt64Microseconds(by);
  latest_us_ = std::max(latest_us_, now_us_.load());
}

// A look wakes the engine, which then tries to open its store.
absl::Status World::Resume() {
  const absl::Time until = absl::Now() + kPatience;
  while (absl::Now() < until) {
    // Its status is that of the moment; what counts is write_status.
    engine()
        .Look([](service::Core&) { return absl::OkStatus(); })
        .IgnoreError();
    if (engine().write_status().ok() || disk_->power_is_off()) {
      return absl::OkStatus();
    }
    absl::SleepFor(absl::Milliseconds(1));
  }
  return Wrong(absl::StrCat("writes are not taken again: ",
                            engine().write_status().ToString()));
}

absl::Status World::WaitForQuiet() {
  const absl::Time until = absl::Now() + kPatience;
  while (absl::Now() < until) {
    bool is_quiet = true;
    uint64_t frozen = 0;
    const absl::Status looked = engine().Look([&](service::Core& core) {
      for (const auto& one : core.catalogue().revisions()) {
        is_quiet &= one.state() != v1::WARMING;
      }
      for (const auto& one : core.catalogue().evaluations()) {
        is_quiet &= one.state() != v1::EVALUATION_WAITING;
      }
      frozen = core.last_sequence() - core.records_since_freeze();
      return absl::OkStatus();
    });
    // Nothing goes on while the store cannot be written.
    if (!looked.ok() || !engine().write_status().ok()) return absl::OkStatus();
    if (is_quiet && engine().checkpoint_sequence() >= frozen) {
      return absl::OkStatus();
    }
    absl::SleepFor(absl::Microseconds(200));
  }
  return Wrong("a checkpoint, a warming or an evaluation does not end");
}

// As it says itself (service/removal.cc): once a day, when there is something
// old behind what is removed in which everybody is erased, and no table of
// aggregates that still reads it.
absl::StatusOr<bool> World::WantsToRemove(const v1::Catalogue& catalogue) {
  const uint32_t days = catalogue.retention().movement_days();
  if (days == 0) return false;
  const absl::Time until = now() - absl::Hours(24) * days;
  uint64_t erased = 0;
  for (const v1::Erasure& one : catalogue.erasures()) {
    if (one.kind() == v1::SUBJECT_EVERYBODY) erased = one.searched_sequence();
    if (one.kind() == v1::SUBJECT_MOVEMENTS &&
        service::FromProto(one.until_time()) + absl::Hours(24) > until) {
      return false;
    }
  }
  for (const v1::AggregateTable& table : catalogue.tables()) {
    if (table.ready_sequence() == 0 ||
        table.ready_sequence() > engine().checkpoint_sequence()) {
      return false;
    }
  }
  const auto behind = ReadJournal(catalogue.removed_sequence());
  if (!behind.ok()) return behind.status();
  for (const std::string& bytes : *behind) {
    v1::JournalRecord record;
    if (!record.ParseFromString(bytes) || record.sequence() > erased ||
        record.recorded_time().seconds() >= absl::ToUnixSeconds(until)) {
      return false;
    }
    if (record.has_movement()) return true;
  }
  return false;
}

// As it says itself (service/erasures.cc): once a day, when there is something
// old behind what the one before has searched.
absl::StatusOr<bool> World::WantsToErase() {
  v1::Catalogue catalogue;
  absl::Status status = engine().Look([&](service::Core& core) {
    catalogue = core.catalogue();
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  const auto removes = WantsToRemove(catalogue);
  if (!removes.ok() || *removes) return removes;
  uint64_t searched = 0;
  absl::Time last = absl::InfinitePast();
  for (const v1::Erasure& one : catalogue.erasures()) {
    if (one.state() != v1::ERASURE_FINISHED) return true;
    if (one.kind() != v1::SUBJECT_EVERYBODY) continue;
    searched = one.searched_sequence();
    last = service::FromProto(one.until_time());
  }
  const v1::Retention& retention = catalogue.retention();
  const uint32_t days = retention.party_days() > 0 ? retention.party_days()
                                                   : retention.movement_days();
  if (days == 0) return false;
  const absl::Time until = now() - absl::Hours(24) * days;
  if (last + absl::Hours(24) > until) return false;
  const auto behind = ReadJournal(searched);
  if (!behind.ok()) return behind.status();
  v1::JournalRecord next;
  return !behind->empty() && next.ParseFromString(behind->front()) &&
         service::FromProto(next.recorded_time()) < until;
}

absl::Status World::WaitForErasures() {
  const absl::Time until = absl::Now() + kPatience;
  while (absl::Now() < until) {
    engine().erasures().reader().Wake();
    const auto wants = WantsToErase();
    if (wants.ok() && !*wants) return absl::OkStatus();
    if (disk_->power_is_off()) return absl::OkStatus();
    // What an erasure began beside a fault may fail behind its end.
    if (!wants.ok()) {
      const absl::Status resumed = Resume();
      if (!resumed.ok()) return resumed;
    }
    absl::SleepFor(absl::Milliseconds(1));
  }
  return Wrong("an erasure does not end");
}

absl::StatusOr<std::vector<std::string>> World::ReadJournal(uint64_t after) {
  auto store = engine().store();
  if (!store.ok()) return store.status();
  std::vector<std::string> records;
  absl::Status status =
      ReadRecords(**store, after, engine().durable_sequence(), &records);
  if (!status.ok()) return status;
  return records;
}

absl::StatusOr<Observed> World::Observe() {
  Observed seen;
  absl::Status status = engine().Look([&](service::Core& core) {
    seen.sequence = core.last_sequence();
    seen.values.push_back(core.catalogue().SerializeAsString());
    for (int box = 0; box < kBoxes; ++box) {
      const auto container = core.ReadContainer(BoxNumber(box));
      const auto right = core.ReadRight(BoxNumber(box));
      if (!container.ok()) return container.status();
      if (!right.ok()) return right.status();
      seen.values.push_back(container->SerializeAsString());
      seen.values.push_back(right->SerializeAsString());
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return seen;
}

absl::Status World::CloseAndProve() {
  Close();
  store::Options reading = options_.store;
  reading.read_only = true;
  auto store = store::Store::Open(reading);
  if (!store.ok()) return store.status();
  const auto chain = store::VerifyChain(**store, nullptr, nullptr);
  if (!chain.ok()) return chain.status();
  const auto checkpoint = (*store)->ReadCheckpoint();
  if (!checkpoint.ok()) return checkpoint.status();
  if (checkpoint->sequence() != chain->head.sequence) {
    return Wrong("an orderly end left something without a checkpoint");
  }
  absl::Status status = ProveStates(**store);
  if (status.ok()) status = ProveAssessments(**store);
  return status;
}

void World::MoveTo(const std::string& store) {
  Close();
  options_.store.directory = store;
  options_.backups = NewDirectory("backups");
}

std::string World::NewDirectory(const std::string& name) {
  return absl::StrCat(directory_.path(), "/", name, ++directories_);
}

}  // namespace portrisk::simulation
