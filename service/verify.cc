#include "service/verify.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "service/aggregate_tables.h"
#include "service/catalogue.h"
#include "service/core.h"
#include "service/errors.h"
#include "service/fold_version.h"
#include "service/keys.h"
#include "service/list_store.h"
#include "service/rule_sets.h"
#include "store/base.h"

namespace portrisk::service {
namespace {

constexpr size_t kDifferencesKept = 100;
constexpr uint64_t kProgressEvery = 50'000;

using Expected = std::map<std::string, std::string>;

using KeyFilter = std::function<bool(absl::string_view)>;
using EntryFilter = std::function<bool(absl::string_view, absl::string_view)>;

void Differ(absl::string_view table, absl::string_view key,
            absl::string_view what, VerifyReport* report) {
  ++report->difference_count;
  if (report->differences.size() < kDifferencesKept) {
    report->differences.push_back(
        absl::StrCat(table, " ", absl::CHexEscape(key), ": ", what));
  }
}

// Walks a table beside what it should hold.
absl::Status Compare(const store::Store& store, store::Table table,
                     absl::string_view name, const Expected& expected,
                     uint64_t* compared, VerifyReport* report,
                     const EntryFilter& leave_out) {
  auto next = expected.begin();
  absl::Status status = store.ScanPrefix(
      table, "", "", [&](absl::string_view key, absl::string_view value) {
        if (leave_out(key, value)) return true;
        ++*compared;
        const std::string found(key);
        for (; next != expected.end() && next->first < found; ++next) {
          Differ(name, next->first, "missing in the store", report);
        }
        if (next == expected.end() || next->first != found) {
          Differ(name, found, "not in the journal", report);
          return true;
        }
        if (absl::string_view(next->second) != value) {
          Differ(name, found, "differs from the fold of the journal", report);
        }
        ++next;
        return true;
      });
  for (; status.ok() && next != expected.end(); ++next) {
    Differ(name, next->first, "missing in the store", report);
  }
  return status;
}

// What was folded, over the states of the base.
Expected ExpectedStates(const Core& core, Expected base,
                        const KeyFilter& leave_out) {
  Expected expected = std::move(base);
  const auto add = [&](const EntityKey& key, const auto& state) {
    if (state.last_sequence() > 0) {
      expected[std::string(key.view())] = state.SerializeAsString();
    }
  };
  core.entities().ForEach(add);
  const std::string tallies = core.tallies().State().SerializeAsString();
  if (!tallies.empty()) expected[std::string(TalliesKey().view())] = tallies;
  KeyValues occurrences;
  core.occurrences().All(&occurrences);
  for (auto& [key, value] : occurrences) expected[key] = std::move(value);
  for (auto it = expected.begin(); it != expected.end();) {
    it = leave_out(it->first) ? expected.erase(it) : std::next(it);
  }
  return expected;
}

// Aggregates that are being filled, or were dropped and are not removed yet, or
// came into use after the checkpoint; and how far each was written.
KeyFilter LeftOut(const Core& core, bool has_erasures, VerifyReport* report) {
  std::set<std::string> in_use;
  const Aggregates& aggregates = core.entities().aggregates();
  for (const auto& table : aggregates.tables()) {
    if (has_erasures && LooksAtNames(*aggregates.plan(), table->group)) {
      ++report->tables_left_out;
      continue;
    }
    in_use.insert(AggregatePrefix(table->number));
  }
  return [in_use](absl::string_view key) {
    const char kind = key.empty() ? '\0' : key[0];
    if (kind == kAggregateProgressKind) return true;
    return kind == kAggregateKind &&
           in_use.count(std::string(key.substr(0, kAggregatePrefixBytes))) == 0;
  };
}

bool IsUpTo(uint64_t last, absl::string_view position) {
  return position.size() == 8 && store::FromBigEndian64(position) <= last;
}

// Whether indexes know positions that states are not written up to: they were
// written before the states were to be made anew.
absl::StatusOr<bool> HasLaterEntries(const store::Store& store,
                                     uint64_t checkpoint) {
  bool has = false;
  absl::Status status =
      store.ScanPrefix(store::Table::kIdentity, "", "",
                       [&](absl::string_view, absl::string_view value) {
                         has = !IsUpTo(checkpoint, value) &&
                               IsUpTo(store.last_sequence_at_open(), value);
                         return !has;
                       });
  if (!status.ok()) return status;
  return has;
}

bool HasErasedNames(const v1::Catalogue& catalogue) {
  return std::any_of(catalogue.erasures().begin(), catalogue.erasures().end(),
                     [](const v1::Erasure& one) {
                       return one.kind() != v1::SUBJECT_MOVEMENTS;
                     });
}

Expected ExpectedIdentities(const Core& core) {
  Expected expected;
  for (const auto& [digest, sequence] : core.pending().identity) {
    expected[std::string(KeyView(digest))] = store::BigEndian64(sequence);
  }
  return expected;
}

Expected ExpectedContainerIndex(const Core& core) {
  Expected expected;
  for (const auto& [key, sequence] : core.pending().containers) {
    expected[ContainerIndexKey(NameOf(key), sequence)] = "";
  }
  return expected;
}

// The states of the base, proven to be those that the journal names.
absl::StatusOr<Expected> ReadBase(const store::Store& store,
                                  const v1::Base& base, VerifyReport* report) {
  Expected states;
  store::StatesDigest digest;
  const std::string prefix = store::BigEndian64(base.sequence());
  absl::Status status =
      store.ScanPrefix(store::Table::kBase, prefix, "",
                       [&](absl::string_view key, absl::string_view value) {
                         key.remove_prefix(prefix.size());
                         digest.Add(key, value);
                         states.emplace(key, value);
                         return true;
                       });
  if (!status.ok()) return status;
  if (digest.states() != base.states() || digest.Finish() != base.digest()) {
    Differ("base", prefix, "is not what the journal has the digest of", report);
  }
  return states;
}

// States and indexes, with what was folded over the states of the base.
absl::Status CompareWritten(const store::Store& store, const Core& core,
                            const v1::Catalogue& catalogue, Expected kept,
                            VerifyReport* report) {
  const uint64_t base = catalogue.base().sequence();
  const KeyFilter left_out = LeftOut(core, HasErasedNames(catalogue), report);
  absl::Status status = Compare(
      store, store::Table::kStates, "state",
      ExpectedStates(core, std::move(kept), left_out), &report->states_compared,
      report,
      [&](absl::string_view key, absl::string_view) { return left_out(key); });
  if (!status.ok()) return status;
  const Expected identities = ExpectedIdentities(core);
  // What was last named before the base is not folded again.
  status = Compare(store, store::Table::kIdentity, "identity", identities,
                   &report->index_entries_compared, report,
                   [&](absl::string_view key, absl::string_view value) {
                     return IsUpTo(base, value) &&
                            identities.count(std::string(key)) == 0;
                   });
  if (!status.ok()) return status;
  return Compare(store, store::Table::kContainerIndex, "container index",
                 ExpectedContainerIndex(core), &report->index_entries_compared,
                 report, [&](absl::string_view key, absl::string_view) {
                   return key.size() >= 8 &&
                          IsUpTo(base, key.substr(key.size() - 8));
                 });
}

// The catalogue is written with the blocks that change it, so it is that of
// the journal's end; the documents and lists it names must be there, and be
// those that the journal has the hashes of.
absl::Status CompareCatalogue(const store::Store& store,
                              const v1::Catalogue& folded,
                              VerifyReport* report) {
  auto stored = store.Get(store::Table::kRuleSets, kCatalogueKey);
  if (!stored.ok()) return stored.status();
  const std::string expected = folded.SerializeAsString();
  if (stored->value_or("") != expected) {
    Differ("rule_sets", kCatalogueKey, "differs from the fold of the journal",
           report);
  }
  for (const v1::Revision& revision : folded.revisions()) {
    const auto document = ReadRevision(store, revision.revision());
    if (!document.ok() || document->content_hash() != revision.content_hash()) {
      Differ("rule_sets", store::BigEndian64(revision.revision()),
             "is not the document that the journal has the hash of", report);
    }
  }
  for (const v1::Evaluation& one : folded.evaluations()) {
    if (one.state() != v1::EVALUATION_FINISHED) continue;
    const std::string key = ReportKey(one.evaluation());
    const auto made = store.Get(store::Table::kRuleSets, key);
    if (!made.ok()) return made.status();
    if (ContentHash(made->value_or("")) != one.report_hash()) {
      Differ("rule_sets", key,
             "is not the report that the journal has the hash of", report);
    }
  }
  for (const v1::ListVersion& list : folded.lists()) {
    absl::Status status = CheckList(store, list);
    if (!status.ok()) {
      Differ("reference", list.content_hash(), status.message(), report);
    }
  }
  return absl::OkStatus();
}

// Reference data that the journal has the hash of, in force or not any more:
// assessments name it.
void CheckReferenceBytes(const store::Store& store, const std::string& version,
                         VerifyReport* report) {
  const auto reference = store.Get(store::Table::kReference, version);
  if (!reference.ok()) {
    Differ("reference", version, reference.status().message(), report);
  } else if (ContentHash(reference->value_or("")) != version) {
    Differ("reference", version,
           "is not the table of places that the journal has the hash of",
           report);
  }
}

}  // namespace

absl::StatusOr<VerifyReport> VerifyStore(
    const store::Store& store, const std::function<void(uint64_t)>& progress) {
  VerifyReport report;
  report.last_sequence = store.last_sequence_at_open();
  auto checkpoint = store.ReadCheckpoint();
  if (!checkpoint.ok()) return checkpoint.status();
  report.checkpoint_sequence = checkpoint->sequence();
  const RuleSets rule_sets;
  CoreOptions options;
  options.rule_sets = &rule_sets;
  options.cache_states_max = std::numeric_limits<size_t>::max();
  options.from_zero = true;
  auto stored = ReadCatalogue(store);
  if (!stored.ok()) return stored.status();
  const uint64_t base = stored->base().sequence();
  options.base = base;
  report.base_sequence = base;
  // Before the first opening there are no states at all.
  report.is_of_another_fold =
      !IsOfThisFold(*checkpoint) && (checkpoint->sequence() > 0 || base > 0);
  if (checkpoint->sequence() < report.last_sequence) {
    auto later = HasLaterEntries(store, checkpoint->sequence());
    if (!later.ok()) return later.status();
    report.is_being_made_anew = *later;
  }
  Expected kept;
  if (base > 0) {
    auto read = ReadBase(store, stored->base(), &report);
    if (!read.ok()) return read.status();
    kept = *std::move(read);
  }
  // The caller's store outlives the core.
  Core core(options, std::shared_ptr<const store::Store>(
                         &store, [](const store::Store*) {}));
  // Which tables there are is compared below; what is in them needs no more
  // than the journal.
  absl::Status tables = core.VerifyAggregates(*stored, checkpoint->sequence());
  if (!tables.ok()) return tables;
  for (const v1::AggregateTable& table : TablesInUse(*stored)) {
    report.tables_left_out +=
        table.ready_sequence() <= checkpoint->sequence() &&
        !IsInBase(*stored, table.number());
  }
  uint64_t expected_sequence = 1;
  std::vector<v1::JournalRecord> later_rules;
  std::set<std::string> references;
  absl::Status status = store.ScanJournal(1, [&](const store::Block& block) {
    v1::JournalBlock parsed;
    if (!parsed.ParseFromString(block.bytes)) {
      return absl::DataLossError(absl::StrCat(
          "journal block ", block.first_sequence, " does not parse"));
    }
    for (const v1::JournalRecord& record : parsed.records()) {
      if (record.sequence() != expected_sequence++) {
        return absl::DataLossError(absl::StrCat(
            "journal record ", expected_sequence - 1, " is missing"));
      }
      if (record.has_reference()) {
        references.insert(record.reference().content_hash());
      }
      // Written states are complete up to the checkpoint, no further.
      if (record.sequence() > checkpoint->sequence()) {
        if (record.has_rule() || record.has_list() || record.has_reference() ||
            record.has_profile() || record.has_evaluation() ||
            record.audit().has_erasure() || record.audit().has_retention()) {
          later_rules.push_back(record);
        }
        continue;
      }
      absl::Status folded;
      if (record.sequence() > base) {
        folded = core.Fold(record);
        ++report.folded_records;
      } else if (!record.has_movement() && !record.has_outcome() &&
                 !record.has_decision() && !record.has_worklist()) {
        core.FoldRules(record);
      }
      if (record.sequence() == base) folded = core.RecoverBase();
      if (!folded.ok()) return folded;
      if (record.sequence() % kProgressEvery == 0) progress(record.sequence());
    }
    return absl::OkStatus();
  });
  if (status.ok() && !report.is_of_another_fold && !report.is_being_made_anew) {
    status = CompareWritten(store, core, *stored, std::move(kept), &report);
  }
  for (const v1::JournalRecord& record : later_rules) core.FoldRules(record);
  if (status.ok()) status = CompareCatalogue(store, core.catalogue(), &report);
  if (!status.ok()) return status;
  for (const std::string& version : references) {
    CheckReferenceBytes(store, version, &report);
  }
  return report;
}

}  // namespace portrisk::service
