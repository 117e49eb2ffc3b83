// portrisk secrets: the file with the keys of a store. None of these commands
// shows a key.
#include "service/secrets.h"

#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "service/chain_checkpoints.h"
#include "service/cli/commands.h"
#include "service/export_pseudonyms.h"
#include "service/hardening.h"

namespace portrisk::service::cli {
namespace {

int Show(const std::string& path) {
  auto secrets = LoadSecrets(path, MissingSecrets::kRefuse);
  if (!secrets.ok()) return Fail(secrets.status());
  std::cout << DescribeKeys(*secrets) << "\n";
  if (secrets->audit_key) {
    std::cout << "public key of the chain's signature: "
              << ToHex(ChainSigner(*secrets->audit_key, "").public_key())
              << "\n";
  } else {
    std::cout << "no audit_key: the chain is not signed\n";
  }
  return kExitOk;
}

int New(const std::string& path) {
  absl::Status status = CreateSecrets(path);
  if (!status.ok()) return Fail(status);
  std::cout << "made " << path << "\n";
  Show(path);
  std::cout << "Next: keep a copy where this machine is not; without it, PINs "
               "and parties of a restored store match no more. Then portriskd "
               "--secrets "
            << path << "\n";
  return kExitOk;
}

int Rotate(const std::string& path) {
  absl::Status status = RotateSecrets(path);
  if (!status.ok()) return Fail(status);
  Show(path);
  std::cout
      << "Pseudonyms and draws stay as they are.\nNext: restart portriskd with "
         "it, and put a copy beside the one kept elsewhere. From then on PINs "
         "are hashed by both keys.\nWhen no right that was issued before is "
         "open any more (as long as the carriers' rights last, commonly 30 to "
         "90 days): portrisk secrets drop-previous "
      << path << "\n";
  return kExitOk;
}

int DropPrevious(const std::string& path) {
  absl::Status status = DropPreviousKey(path);
  if (!status.ok()) return Fail(status);
  Show(path);
  std::cout << "Next: restart portriskd with it. Of rights issued before the "
               "new key, whether the PIN shown is the one issued is unknown "
               "from then on.\n";
  return kExitOk;
}

int NewExportKey(const std::string& path) {
  absl::Status status = CreateExportKey(path);
  if (!status.ok()) return Fail(status);
  std::cout << "made " << path << "\nNext: portrisk export --key " << path
            << " --output movements.jsonl.zst\n";
  return kExitOk;
}

}  // namespace

void AddSecrets(CLI::App& app, Action* action) {
  auto* secrets = app.add_subcommand(
      "secrets",
      "The file with the keys of a store: PIN hashes, pseudonyms, random "
      "draws, signature of the chain");
  secrets->require_subcommand(1);
  const auto add = [&](const char* name, const char* what,
                       int (*run)(const std::string&)) {
    auto* command = secrets->add_subcommand(name, what);
    auto path = std::make_shared<std::string>();
    command->add_option("file", *path, "The secrets file")->required();
    command->callback([=] {
      *action = [=] {
        const absl::Status status = KeepMemoryPrivate();
        return status.ok() ? run(*path) : Fail(status);
      };
    });
  };
  add("new", "Make a file of random keys, mode 0600", New);
  add("rotate",
      "Replace the key of PIN hashes; the present one is kept as `previous`, "
      "so "
      "that no chain of a right breaks. The file is replaced in one step; a "
      "server takes it when it is restarted",
      Rotate);
  add("drop-previous",
      "Take `previous` out, once no right issued under it is open",
      DropPrevious);
  add("export-key",
      "Make a key for `portrisk export`: who has it can make exports that link "
      "with those made before",
      NewExportKey);
  add("show", "Ids of the keys and the public key of the chain; never a secret",
      Show);
}

}  // namespace portrisk::service::cli
