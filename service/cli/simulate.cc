// portrisk simulate.
#include <algorithm>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "service/cli/commands.h"
#include "service/cli/progress.h"
#include "service/simulate/world_files.h"

namespace portrisk::service::cli {
namespace {

struct SimulateFlags {
  scoring::simulate::Options world;
  double cases = 0.002;
  std::string start = "2025-01-01";
  WorldFilesOptions files;
  bool force = false;
};

int Simulate(SimulateFlags flags) {
  absl::Time start;
  std::string why;
  if (!absl::ParseTime("%Y-%m-%d", flags.start, &start, &why)) {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat("--start ", flags.start,
                     " is not a date; send one such as 2025-01-01")));
  }
  flags.world.start = absl::ToUnixSeconds(start);
  flags.world.cases_ppm = static_cast<uint32_t>(flags.cases * 1e6 + 0.5);
  if (!flags.force) {
    const absl::Status status = CheckWorldDirectory(flags.files.directory);
    if (!status.ok()) return Fail(status);
  }
  const scoring::simulate::World world(flags.world);
  Progress progress("simulate", "movements");
  const auto counts =
      WriteWorld(world, flags.files, [&](int64_t now, uint64_t movements) {
        progress.Show([&]() -> ProgressPoint {
          const double days =
              static_cast<double>(now - world.options.start) / 86400;
          return {movements, std::clamp(days / world.options.days, 0.0, 1.0)};
        });
      });
  const double seconds = progress.Finish();
  if (!counts.ok()) return Fail(counts.status());
  std::cerr << absl::StrFormat(
      "%d movements of %d trips in %.1f s (%.0f a second); %d cases, %d traps, "
      "%d outcomes, %d finds; lost %d, repeated %d, corrected %d, retracted "
      "%d\n",
      counts->movements, counts->trips, seconds,
      static_cast<double>(counts->movements) / seconds, counts->cases,
      counts->traps, counts->outcomes, counts->finds, counts->missing,
      counts->repeated, counts->corrected, counts->retracted);
  if (counts->cases_left > 0) {
    std::cerr << counts->cases_left
              << " cases found no trip that suits; a world of more containers "
                 "or days has room for them\n";
  }
  std::cout << flags.files.directory << "/movements.jsonl\n";
  return kExitOk;
}

}  // namespace

void AddSimulate(CLI::App& app, Action* action) {
  auto* command = app.add_subcommand(
      "simulate",
      "Write a believable port world from a seed: what its sources report, and "
      "apart from it what really happened.\n"
      "Example: portrisk simulate --seed 7 --days 120 --containers 2000 --out "
      "world\n"
      "         portrisk --store demo score --format jsonl "
      "world/movements.jsonl\n\n"
      "movements.jsonl  what is reported, in the order it is recorded\n"
      "truth.jsonl      the injected cases: pattern, what they rest on, what "
      "of "
      "it was lost\n"
      "traps.tsv        what is legal and looks like a case\n"
      "outcomes.csv     what controls found\n"
      "sources.json     the systems that report, and what they declare "
      "complete\n"
      "services.tsv     liner services, call by call\n"
      "owners.csv       owner codes, for portrisk reference load --owners\n"
      "sources.csv      what sources declare, for reference load --sources\n"
      "watched-origins.csv, cover-goods.csv  what is watched, for lists load\n"
      "world.json       options and counts\n\n"
      "The same options give the same bytes on every machine. A trip takes two "
      "months; a world of less than 90 days holds few whole ones. "
      "service/simulate/README.md describes the world.");
  auto flags = std::make_shared<SimulateFlags>();
  command
      ->add_option("--out", flags->files.directory,
                   "Folder to write into: an empty one, or that of an earlier "
                   "world, which is replaced")
      ->required();
  command->add_flag("--force", flags->force,
                    "Write into a folder that holds something else, too");
  command->add_option("--seed", flags->world.seed, "Any number")
      ->capture_default_str();
  command->add_option("--days", flags->world.days, "How long it lasts")
      ->check(CLI::Range(1, 3650))
      ->capture_default_str();
  command
      ->add_option("--containers", flags->world.containers,
                   "Each makes five or six trips a year, of some thirty "
                   "movements")
      ->check(CLI::Range(1, 3'000'000))
      ->capture_default_str();
  command->add_option("--start", flags->start, "First day, UTC")
      ->capture_default_str();
  command
      ->add_option("--cases", flags->cases,
                   "Injected cases per container, at least one of each of the "
                   "33 patterns where a trip suits (some 300 containers and "
                   "100 days); 0 is none")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      ->add_option("--missing", flags->world.missing_percent,
                   "Per cent of events lost, where the source does not declare "
                   "itself complete")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  command->add_flag("--careful-sources", flags->world.careful_sources,
                    "Right clocks, no typing errors, repeats or corrections; "
                    "delays and losses stay");
  command->add_flag("--recorded-times", flags->files.recorded_times,
                    "Also write recorded.txt: for each line of "
                    "movements.jsonl the second it was recorded");
  command->callback([=] { *action = [=] { return Simulate(*flags); }; });
}

}  // namespace portrisk::service::cli
