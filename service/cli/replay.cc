// portrisk replay.
#include "service/replay.h"

#include <algorithm>
#include <iostream>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "scoring/selection_profile_parser.h"
#include "service/cli/commands.h"
#include "service/cli/evaluation_flags.h"
#include "service/cli/input.h"
#include "service/cli/progress.h"
#include "service/cli/scratch_store.h"
#include "service/cli/stored.h"
#include "service/evaluations.h"
#include "service/secrets.h"

namespace portrisk::service::cli {
namespace {

struct Flags {
  std::vector<std::string> files;
  PlanFlags plan;
  ReportFlags report;
  InputFlags movements;
  std::string outcomes;
  std::string profile;
  bool verify = false;
  std::vector<std::string> beside_verify;  // Names of what else was given.
};

// What is tried, read before files are scored, which may take long.
struct Tried {
  // By file.
  std::map<std::string, std::shared_ptr<const scoring::RuleSet>> rule_sets;
  std::shared_ptr<const scoring::SelectionProfiles> profiles;
};

absl::StatusOr<Tried> ReadTried(const Flags& flags) {
  Tried tried;
  for (const std::string& file : flags.files) {
    auto set = ReadRuleSet(file, nullptr);
    if (!set.ok()) return set.status();
    tried.rule_sets[file] = *std::move(set);
  }
  if (!flags.profile.empty()) {
    auto document = ReadProfile(flags.profile);
    if (!document.ok()) return document.status();
    tried.profiles =
        std::make_shared<const scoring::SelectionProfiles>(document->profile);
  }
  return tried;
}

// Of files that are tried together each has a rule set of its own.
absl::Status CheckApart(const Flags& flags, const Tried& tried) {
  if (flags.plan.separate) return absl::OkStatus();
  std::map<std::string, std::string> file_of;
  for (const std::string& file : flags.files) {
    const std::string name(scoring::RuleSetName(*tried.rule_sets.at(file)));
    const auto [other, is_new] = file_of.try_emplace(name, file);
    if (is_new) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        other->second, " and ", file, " are both rule set ", name,
        ", which cannot be tried twice together; make them two candidates "
        "(--separate)"));
  }
  return absl::OkStatus();
}

// The sets of the files, to be tried together.
ReplayVariant Candidate(const ReplayVariant& in_force, const Tried& tried,
                        const std::vector<std::string>& files) {
  ReplayVariant variant = in_force;
  variant.name = absl::StrJoin(files, " + ");
  std::vector<scoring::Programme::Member> members;
  for (const std::string& file : files) {
    members.push_back(
        {kReplayRevisions + members.size(), tried.rule_sets.at(file)});
  }
  Replace(std::move(members), &variant);
  return variant;
}

// Tries the profile with every candidate, or alone.
absl::Status AddProfile(const store::Store& store, const Flags& flags,
                        const Tried& tried,
                        std::vector<ReplayVariant>* variants) {
  if (tried.profiles == nullptr) return absl::OkStatus();
  if (variants->size() == 1) {
    auto in_force = InForce(store, "");
    if (!in_force.ok()) return in_force.status();
    variants->push_back(*std::move(in_force));
  }
  for (size_t i = 1; i < variants->size(); ++i) {
    ReplayVariant& variant = (*variants)[i];
    absl::StrAppend(&variant.name, variant.name.empty() ? "" : " + ",
                    flags.profile);
    variant.profiles = tried.profiles;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ReplayVariant>> VariantsOf(const store::Store& store,
                                                      const Flags& flags,
                                                      const Tried& tried) {
  auto in_force = InForce(store, flags.plan.baseline);
  if (!in_force.ok()) return in_force.status();
  std::vector<ReplayVariant> variants;
  ReplayVariant& baseline = variants.emplace_back();
  baseline.name = flags.plan.baseline;
  baseline.as_recorded = flags.plan.baseline == "recorded";
  if (flags.plan.baseline == "in-force") baseline = *in_force;
  std::vector<std::vector<std::string>> candidates;
  for (const std::string& file : flags.files) {
    if (candidates.empty() || flags.plan.separate) candidates.emplace_back();
    candidates.back().push_back(file);
  }
  for (const auto& files : candidates) {
    variants.push_back(Candidate(*in_force, tried, files));
  }
  absl::Status status = AddProfile(store, flags, tried, &variants);
  if (!status.ok()) return status;
  return variants;
}

int Verify(const store::Store& store, const ReplayOptions& options) {
  const auto result = VerifyAssessments(store, options);
  if (!result.ok()) return Fail(result.status());
  const uint64_t comparable = result->movements - result->erased;
  std::cout << "assessed " << result->movements << " movements again: "
            << (result->equal == comparable
                    ? "all equal, byte for byte"
                    : absl::StrCat(comparable - result->equal, " differ"))
            << "\n";
  if (result->erased > 0) {
    std::cout << result->erased
              << " of them were left as they are: a rule had looked for a name "
                 "that has been erased since\n";
  }
  for (const std::string& difference : result->differences) {
    std::cout << "  " << difference << "\n";
  }
  return result->equal == comparable ? kExitOk : kExitFailed;
}

absl::StatusOr<ReplayOptions> OptionsOf(const GlobalFlags& global,
                                        const Flags& flags) {
  auto plan = PlanOf(flags.plan);
  if (!plan.ok()) return plan.status();
  ReplayOptions options = ReplayOptionsOf(*plan);
  auto secrets =
      LoadSecrets(global.secrets.empty() ? DefaultSecretsPath(global.store)
                                         : global.secrets,
                  MissingSecrets::kRefuse);
  if (!secrets.ok()) return secrets.status();
  options.draw_key = DrawKeyOf(*secrets);
  return options;
}

absl::Status CheckFlags(const GlobalFlags& global, const Flags& flags) {
  const InputFlags& movements = flags.movements;
  if (flags.verify && !flags.beside_verify.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--verify assesses all that is stored, by the rules of then, and "
        "answers in words: leave out ",
        absl::StrJoin(flags.beside_verify, ", ")));
  }
  if (!movements.files.empty()) {
    if (!movements.format.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("say what the files are: --format");
  }
  if (!flags.outcomes.empty() || !movements.format.empty() ||
      !movements.mapping.empty() || !movements.source.empty() ||
      !movements.rejects.empty() || movements.strict) {
    return absl::InvalidArgumentError(
        "--outcomes, --format and what else is said of files go with "
        "--movements; outcomes for a store are recorded by `portrisk outcomes "
        "import`");
  }
  if (!global.store.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "name the store, which is only read: portrisk --store DIR replay ...; "
      "or files: portrisk replay my-port.yaml --movements gate.edi --format "
      "edifact");
}

// A store of its own with the movements and outcomes of files, behind the
// history of the store where one is given. `code` becomes kExitRejects when
// some of the files was rejected.
absl::StatusOr<std::unique_ptr<ScratchStore>> TakeFiles(GlobalFlags global,
                                                        const Flags& flags,
                                                        int* code) {
  std::unique_ptr<store::Store> history;
  if (!global.store.empty()) {
    auto opened = OpenToRead(global.store);
    if (!opened.ok()) return opened.status();
    history = *std::move(opened);
    if (global.secrets.empty()) {
      global.secrets = DefaultSecretsPath(global.store);
    }
  }
  auto scratch = ScratchStore::Make(history.get());
  if (!scratch.ok()) return scratch.status();
  global.store = (*scratch)->directory();
  if (global.secrets.empty()) {
    // Whoever tries the same files again is to see the same chance draws.
    absl::Status made = CreateKnownSecrets(DefaultSecretsPath(global.store));
    if (!made.ok()) return made;
  }
  std::vector<int> codes = {ScoreQuietly(flags.movements, global)};
  if (!flags.outcomes.empty() && codes[0] != kExitFailed) {
    codes.push_back(ImportOutcomes(global, {flags.outcomes}, std::cerr));
  }
  for (const int one : codes) {
    if (one == kExitFailed) {
      return absl::InvalidArgumentError("the files could not be read");
    }
    if (one != kExitOk) *code = one;
  }
  return scratch;
}

int Replay(GlobalFlags global, const Flags& flags) {
  // What is wrong with these is said before anything takes long.
  absl::Status status = CheckFlags(global, flags);
  status.Update(PlanOf(flags.plan).status());
  status.Update(CheckReport(flags.report));
  if (!status.ok()) return Fail(status);
  const auto tried = ReadTried(flags);
  if (!tried.ok()) return Fail(tried.status());
  status = CheckApart(flags, *tried);
  if (!status.ok()) return Fail(status);
  int code = kExitOk;
  std::unique_ptr<ScratchStore> scratch;
  if (!flags.movements.files.empty()) {
    auto taken = TakeFiles(global, flags, &code);
    if (!taken.ok()) return Fail(taken.status());
    scratch = *std::move(taken);
    if (global.secrets.empty() && !global.store.empty()) {
      global.secrets = DefaultSecretsPath(global.store);
    }
    global.store = scratch->directory();
  }
  auto store = OpenToRead(global.store);
  if (!store.ok()) return Fail(store.status());
  auto options = OptionsOf(global, flags);
  if (!options.ok()) return Fail(options.status());
  options->leaves_memory = true;
  const uint64_t last = (*store)->last_sequence_at_open();
  Progress progress("replay", "records");
  options->progress = [&](uint64_t at) {
    progress.Show(at, last);
    return absl::OkStatus();
  };
  if (flags.verify) {
    const int verified = Verify(**store, *options);
    progress.Finish();
    return verified;
  }
  auto variants = VariantsOf(**store, flags, *tried);
  if (!variants.ok()) return Fail(variants.status());
  auto report = ReplayHistory(**store, *variants, *options);
  progress.Finish();
  if (!report.ok()) return Fail(report.status());
  const int shown = ShowReport(*report, nullptr, flags.report, global.language);
  return shown == kExitOk ? code : shown;
}

}  // namespace

void AddReplay(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto own = std::make_shared<Flags>();
  auto* command = app.add_subcommand(
      "replay",
      "What rule sets would have selected of stored history, beside those in "
      "force\n"
      "Example: portrisk --store DIR replay my-port.yaml --from 2026-01-01\n"
      "Reads the store, which a server may have open, or files (--movements), "
      "or both,\nthe files behind the store; chance draws from files alone "
      "with a key that is\nalways the same. Everything is met in the "
      "order\nin which it was recorded, with the lists, outcomes and history "
      "known by then.");
  command->add_option("files", own->files,
                      "Rule sets to try, in place of those with their names");
  command->add_option("--profile", own->profile,
                      "A selection profile to try, with the files or alone");
  DeclareInput(*command, "--movements", &own->movements);
  command->add_option("--outcomes", own->outcomes,
                      "CSV file of what controls found, recorded behind "
                      "--movements");
  AddPlanFlags(command, "file", &own->plan);
  AddReportFlags(command, &own->report);
  command->add_flag("--verify", own->verify,
                    "Assess everything again as it was, and compare with the "
                    "stored answers byte for byte");
  command->callback([=, &flags] {
    for (const CLI::Option* option : command->get_options()) {
      if (option->count() == 0 || option->get_single_name() == "verify") {
        continue;
      }
      own->beside_verify.push_back(
          option->get_positional() ? "rule sets" : option->get_name());
    }
    *action = [=, &flags] { return Replay(flags, *own); };
  });
}

}  // namespace portrisk::service::cli
