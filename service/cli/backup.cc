// portrisk backup, portrisk restore.
#include "store/backup.h"

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "portrisk/v1/operator_service.grpc.pb.h"
#include "service/cli/commands.h"
#include "service/cli/progress.h"
#include "service/cli/table.h"
#include "service/restore.h"
#include "service/times.h"
#include "store/chain.h"

namespace portrisk::service::cli {
namespace {

using Stub = v1::OperatorService::Stub;

std::string MegabytesOf(uint64_t bytes) {
  return absl::StrFormat("%.1f MB", static_cast<double>(bytes) / 1e6);
}

int Create(const GlobalFlags& global, int keep) {
  auto connection = Connection::Open(global);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::OperatorService::NewStub((*connection)->channel());
  v1::CreateBackupRequest request;
  request.set_keep(keep);
  v1::Backup backup;
  const absl::Time start = absl::Now();
  absl::Status status =
      (*connection)->Call(*stub, &Stub::CreateBackup, request, &backup);
  if (!status.ok()) return Fail(status);
  std::cout << "backup " << backup.id() << ": journal up to "
            << backup.last_sequence() << ", " << MegabytesOf(backup.bytes())
            << " in " << backup.files() << " files, "
            << MegabytesOf(backup.new_bytes()) << " of them new; verified, "
            << absl::FormatDuration(
                   absl::Trunc(absl::Now() - start, absl::Milliseconds(1)))
            << "\nThe secrets are not in it: keep a copy of their file "
               "elsewhere.\n";
  return kExitOk;
}

absl::Status Damaged(uint32_t id) {
  return absl::DataLossError(absl::StrCat(
      "backup ", id,
      " is damaged: files of it are missing or cannot be read. Look at that "
      "disk, and have a new one made elsewhere"));
}

// Returns the exit code.
int PrintBackups(const v1::ListBackupsResponse& list) {
  int code = kExitOk;
  for (const uint32_t id : list.damaged_ids()) code = Fail(Damaged(id));
  if (list.backups().empty()) {
    std::cout << "no backups\n";
    return code;
  }
  Table table({"BACKUP", "MADE", "JOURNAL UP TO", "SIZE", "NEW", "FILES"});
  for (const v1::Backup& one : list.backups()) {
    table.Add({absl::StrCat(one.id()), FormatTime(one.time()),
               absl::StrCat(one.last_sequence()), MegabytesOf(one.bytes()),
               MegabytesOf(one.new_bytes()), absl::StrCat(one.files())});
  }
  table.Print(std::cout);
  return code;
}

int ListOfServer(const GlobalFlags& global) {
  auto connection = Connection::Open(global);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::OperatorService::NewStub((*connection)->channel());
  v1::ListBackupsResponse response;
  absl::Status status =
      (*connection)->Call(*stub, &Stub::ListBackups, {}, &response);
  if (!status.ok()) return Fail(status);
  return PrintBackups(response);
}

int ListOfDirectory(const std::string& directory) {
  const auto damaged = store::DamagedBackups(directory);
  if (!damaged.ok()) return Fail(damaged.status());
  const auto backups = store::ListBackups(directory);
  if (!backups.ok() && damaged->empty()) return Fail(backups.status());
  v1::ListBackupsResponse list;
  for (const uint32_t id : *damaged) list.add_damaged_ids(id);
  if (!backups.ok()) return PrintBackups(list);
  for (const store::Backup& one : *backups) {
    v1::Backup& shown = *list.add_backups();
    shown.set_id(one.id);
    *shown.mutable_time() = ToProto(one.time);
    shown.set_last_sequence(one.last_sequence);
    shown.set_bytes(one.bytes);
    shown.set_new_bytes(one.new_bytes);
    shown.set_files(one.files);
  }
  return PrintBackups(list);
}

// Checksums of all files, then every block of the journal.
absl::Status VerifyOne(const std::string& directory, uint32_t id) {
  absl::Status status = store::CheckBackup(directory, id);
  if (!status.ok()) return status;
  const auto store = store::OpenBackup(directory, id);
  if (!store.ok()) return store.status();
  const auto chain = store::VerifyChain(**store, nullptr, nullptr);
  if (!chain.ok()) return chain.status();
  std::cout << "backup " << id << ": every checksum is right; journal up to "
            << (*store)->last_sequence_at_open() << " in " << chain->blocks
            << " blocks, without a gap, and its chain holds\n";
  return status;
}

int Verify(const std::string& directory, uint32_t only) {
  const auto damaged = store::DamagedBackups(directory);
  if (!damaged.ok()) return Fail(damaged.status());
  int code = kExitOk;
  bool any = false;
  for (const uint32_t id : *damaged) {
    if (only != 0 && id != only) continue;
    any = true;
    code = Fail(Damaged(id));
  }
  const auto backups = store::ListBackups(directory);
  if (!backups.ok()) return any ? code : Fail(backups.status());
  for (const store::Backup& one : *backups) {
    if (only != 0 && one.id != only) continue;
    any = true;
    const absl::Status status = VerifyOne(directory, one.id);
    if (!status.ok()) code = Fail(status);
  }
  if (any) return code;
  return Fail(absl::NotFoundError(
      absl::StrCat("there is no such verified backup in ", directory)));
}

struct RestoreFlags {
  RestoreOptions options;
  std::string until_time;
};

int RunRestore(RestoreFlags flags) {
  if (flags.options.backups.empty() == flags.options.store.empty()) {
    return Fail(absl::InvalidArgumentError(
        "name what to restore: --backups DIR, or --from-store DIR"));
  }
  if (!flags.until_time.empty()) {
    absl::Time time;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, flags.until_time, &time, &error)) {
      return Fail(absl::InvalidArgumentError(
          absl::StrCat("--until ", flags.until_time, " is no time (", error,
                       "); write it like 2026-11-26T10:00:00Z")));
    }
    flags.options.until_time = time;
  }
  const absl::Time start = absl::Now();
  Progress progress("restore", "records");
  auto report = Restore(flags.options, [&](uint64_t done, uint64_t of) {
    progress.Show(done, of);
  });
  progress.Finish();
  if (!report.ok()) return Fail(report.status());
  std::cout << "restored ";
  if (report->backup > 0) std::cout << "backup " << report->backup << " ";
  std::cout << "into " << flags.options.to << ": journal up to "
            << report->last_sequence << ", all " << report->blocks
            << " blocks parsed, none missing; "
            << absl::FormatDuration(
                   absl::Trunc(absl::Now() - start, absl::Milliseconds(1)))
            << "\n";
  if (report->chain_new_from > 0) {
    std::cout << "From position " << report->chain_new_from
              << " on the chain is another one: names were erased there after "
                 "the point.\nSigned heads of later positions do not match it; "
                 "those of the backup, or of the\nold store, prove what it was "
                 "made of\n";
  }
  if (report->left_out > 0) {
    std::cout << report->left_out << " later records were left out\n";
  }
  std::cout << "Next: put the secrets of the old store at " << flags.options.to
            << ".secrets, then portriskd --store " << flags.options.to << "\n";
  return kExitOk;
}

}  // namespace

void AddBackup(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto* backup = app.add_subcommand(
      "backup",
      "Backups of the store that a server has open (portriskd --backups DIR).\n"
      "They hold everything but the secrets: the file STORE.secrets must be "
      "copied to a safe place by itself, once and whenever keys change");
  backup->require_subcommand(1);
  backup->fallthrough();
  auto* create = backup->add_subcommand(
      "create",
      "Add what the last backup does not hold, and read it back; scoring goes "
      "on.\nExample: portrisk backup create --keep 14");
  auto keep = std::make_shared<int>(0);
  create->add_option("--keep", *keep,
                     "Then remove all but the newest so many; 0 keeps all");
  create->callback(
      [=, &flags] { *action = [=, &flags] { return Create(flags, *keep); }; });
  auto directory = std::make_shared<std::string>();
  auto* list = backup->add_subcommand(
      "list", "The verified backups of the server, or of a directory");
  list->add_option("directory", *directory, "Directory of backups");
  list->callback([=, &flags] {
    *action = [=, &flags] {
      return directory->empty() ? ListOfServer(flags)
                                : ListOfDirectory(*directory);
    };
  });
  auto* verify = backup->add_subcommand(
      "verify",
      "Read every file of the backups and compare checksums, then read the "
      "journal of each. Needs no server");
  auto id = std::make_shared<uint32_t>(0);
  verify->add_option("directory", *directory, "Directory of backups")
      ->required();
  verify->add_option("--id", *id, "Only this one");
  verify->callback([=] { *action = [=] { return Verify(*directory, *id); }; });
}

void AddRestore(CLI::App& app, Action* action) {
  auto* restore = app.add_subcommand(
      "restore",
      "Restore a backup into an empty directory, whole or up to a point, and "
      "check all of it.\n"
      "Secrets are not in a backup: put their file beside the new store.\n"
      "Example: portrisk restore --backups /mnt/b --to /var/lib/portrisk/new");
  auto flags = std::make_shared<RestoreFlags>();
  RestoreOptions& options = flags->options;
  restore->add_option("--backups", options.backups, "Directory of backups");
  restore->add_option("--from-store", options.store,
                      "Or the journal of a store that no server has open, for "
                      "one whose states are damaged");
  restore->add_option("--to", options.to, "Directory for the store")
      ->required();
  restore->add_option("--id", options.backup, "Backup [the newest]");
  auto* sequence =
      restore->add_option("--until-sequence", options.until_sequence,
                          "Keep the journal up to this position");
  restore
      ->add_option("--until", flags->until_time,
                   "Keep what was recorded until this time, "
                   "2026-11-26T10:00:00Z")
      ->excludes(sequence);
  restore->callback([=] { *action = [=] { return RunRestore(*flags); }; });
}

}  // namespace portrisk::service::cli
