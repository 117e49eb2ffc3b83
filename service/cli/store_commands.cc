// portrisk verify, portrisk reference.
#include <fcntl.h>
#include <unistd.h>

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "portrisk/v1/rule_service.grpc.pb.h"
#include "service/cli/commands.h"
#include "service/cli/progress.h"
#include "service/cli/stored.h"
#include "service/reference_files.h"
#include "service/verify.h"

namespace portrisk::service::cli {
namespace {

// Whether a process holds RocksDB's lock of the store.
bool IsOpenToWrite(const std::string& directory) {
  const int fd = open((directory + "/LOCK").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;  // Nor can it be said of a copy without one.
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool is_held = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  close(fd);
  return is_held;
}

std::string Compared(const VerifyReport& report) {
  if (report.states_compared + report.index_entries_compared == 0 &&
      report.difference_count == 0) {
    return "nothing to compare yet: no states are written; portriskd writes "
           "them at its checkpoints and when it stops";
  }
  return absl::StrCat("compared ", report.states_compared, " states and ",
                      report.index_entries_compared, " index entries: ",
                      report.difference_count == 0
                          ? "all equal"
                          : absl::StrCat(report.difference_count, " differ"));
}

int Verify(const std::string& directory) {
  if (IsOpenToWrite(directory)) {
    return Fail(absl::FailedPreconditionError(absl::StrCat(
        "the store in ", directory, " is open: stop its server first")));
  }
  auto store = OpenToRead(directory);
  if (!store.ok()) return Fail(store.status());
  const absl::Time start = absl::Now();
  Progress progress("verify", "records");
  auto report = VerifyStore(**store, [&](uint64_t folded) {
    progress.Show(folded, (*store)->last_sequence_at_open());
  });
  progress.Finish();
  if (!report.ok()) return Fail(report.status());
  std::cout << "journal: " << report->last_sequence
            << " records, all there; states written up to "
            << report->checkpoint_sequence << "\n";
  if (report->base_sequence > 0) {
    std::cout << "movements were removed by their age: begun with the states "
                 "kept as of position "
              << report->base_sequence << "\n";
  }
  std::cout << "folded " << report->folded_records << " records in "
            << absl::FormatDuration(
                   absl::Trunc(absl::Now() - start, absl::Milliseconds(1)))
            << "\n";
  if (report->is_of_another_fold) {
    std::cout << "states and indexes were NOT compared: another version of the "
                 "program made them. Start this portriskd on the store once, "
                 "which makes them anew, then verify again\n";
  } else if (report->is_being_made_anew) {
    std::cout << "states and indexes were NOT compared: states are being made "
                 "anew by this version of the program, which has not come to "
                 "the end. Start this portriskd on the store, which goes on "
                 "with it; nothing is lost. Then verify again\n";
  } else {
    std::cout << Compared(*report) << "\n";
  }
  for (const std::string& difference : report->differences) {
    std::cout << "  " << difference << "\n";
  }
  if (report->tables_left_out > 0) {
    std::cout
        << report->tables_left_out
        << " tables of aggregates were left out: they look at names letter "
           "by letter and some have been erased, or they came into use after "
           "the states that the fold began with\n";
  }
  return report->difference_count == 0 && !report->is_of_another_fold &&
                 !report->is_being_made_anew
             ? kExitOk
             : kExitFailed;
}

struct ReferenceFlags {
  std::string places;
  std::string unlocode;
  std::string owners;
  std::string sources;
};

absl::StatusOr<v1::ReferenceTable> ReadReference(const ReferenceFlags& flags) {
  v1::ReferenceTable table;
  if (!flags.places.empty()) {
    auto read = ReadPlacesCsv(flags.places);
    if (!read.ok()) return read.status();
    table = *std::move(read);
  }
  if (!flags.unlocode.empty()) {
    auto read = ReadUnlocodeCsv(flags.unlocode);
    if (!read.ok()) return read.status();
    table = MergeReference(table, *read);
  }
  if (!flags.owners.empty()) {
    auto read = ReadOwnersCsv(flags.owners);
    if (!read.ok()) return read.status();
    table = MergeReference(table, *read);
  }
  if (!flags.sources.empty()) {
    auto read = ReadSourcesCsv(flags.sources);
    if (!read.ok()) return read.status();
    table = MergeReference(table, *read);
  }
  return table;
}

int LoadReferenceFiles(const GlobalFlags& global, const ReferenceFlags& flags) {
  auto table = ReadReference(flags);
  if (!table.ok()) return Fail(table.status());
  auto connection = Connection::OpenOrMake(global);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  v1::LoadReferenceRequest request;
  *request.mutable_table() = *std::move(table);
  v1::LoadReferenceResponse response;
  absl::Status status = (*connection)
                            ->Call(*stub, &v1::RuleService::Stub::LoadReference,
                                   request, &response);
  if (!status.ok()) return Fail(status);
  std::cout << "reference data in force: " << response.place_count()
            << " places, " << response.owner_count() << " owner codes, "
            << response.source_count() << " sources, " << response.version()
            << ", journal position " << response.sequence() << "\n";
  return kExitOk;
}

}  // namespace

void AddVerify(CLI::App& app, Action* action) {
  auto* command = app.add_subcommand(
      "verify",
      "Fold the journal of a stopped store from zero and compare every "
      "written state and index entry, byte for byte");
  auto directory = std::make_shared<std::string>();
  command->add_option("store", *directory, "Directory of the store");
  command->callback([=, &app] {
    *directory = StoreOf(*directory, app);
    *action = [=] { return Verify(*directory); };
  });
}

void AddReference(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto* reference = app.add_subcommand(
      "reference", "Places with coordinates, owner codes and sources");
  reference->require_subcommand(1);
  reference->fallthrough();
  auto* load = reference->add_subcommand(
      "load",
      "Put reference data in force: the files' places, owner codes and sources "
      "in place of\nthose there are; a kind that no file has stays as it is.\n"
      "Example: portrisk reference load deploy/reference/places.csv");
  auto files = std::make_shared<ReferenceFlags>();
  load->add_option("places", files->places,
                   "CSV with locode, name, latitude, longitude");
  load->add_option("--unlocode", files->unlocode,
                   "The official UN/LOCODE list as CSV, over the places");
  load->add_option("--owners", files->owners,
                   "An owner-code register as CSV: code and company");
  load->add_option("--sources", files->sources,
                   "What sources report completely, as CSV: source, complete "
                   "(events separated by blanks), since");
  load->callback([=, &flags] {
    *action = [=, &flags] { return LoadReferenceFiles(flags, *files); };
  });
}

}  // namespace portrisk::service::cli
