// portrisk: the command line.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <streambuf>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "service/cli/commands.h"
#include "service/cli/formats.h"
#include "service/fold_version.h"
#include "service/wrong_usage.h"
#include "store/store.h"

// jemalloc reads it. What a replay keeps is many small states, read in no
// order: in pages of 4 KiB a fifth of its time goes into finding the pages.
// Only here: a server would have its callers wait while a large page is
// cleared.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "thp:always";
}

namespace {

// Where std::cout goes. A command whose output cannot be written ends there,
// as it does of Ctrl-C: it would lose it in silence, and score or watch for
// hours. A reader that has gone (`| head`) wants no more, which is no error.
class Output : public std::streambuf {
 protected:
  int_type overflow(int_type one) override {
    if (!traits_type::eq_int_type(one, traits_type::eof())) {
      const char text = traits_type::to_char_type(one);
      xsputn(&text, 1);
    }
    return traits_type::not_eof(one);
  }
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    const auto bytes = static_cast<size_t>(size);
    if (std::fwrite(text, 1, bytes, stdout) != bytes) Failed();
    return size;
  }
  int sync() override {
    if (std::fflush(stdout) != 0) Failed();
    return 0;
  }

 private:
  // Any thread; what else runs may still hold anything.
  static void Failed() {
    if (errno == EPIPE) return;
    std::fprintf(stderr, "portrisk: cannot write: %s\n", std::strerror(errno));
    std::quick_exit(portrisk::service::cli::kExitFailed);
  }
};

int Run(int argc, char** argv) {
  namespace cli = portrisk::service::cli;
  CLI::App app(
      "portrisk scores movements of shipping containers against targeting "
      "criteria.\n"
      "Exit code: 0 done, 1 failed, 2 done but some records were rejected.");
  app.set_version_flag(
      "--version", absl::StrCat("portrisk " PORTRISK_VERSION ", store format ",
                                portrisk::store::kNewestFormatVersion,
                                ", fold ", portrisk::service::kFoldVersion));
  app.require_subcommand(1);
  cli::GlobalFlags flags;
  app.add_option("--server", flags.server, "Address of portriskd")
      ->envname("PORTRISK_SERVER")
      ->capture_default_str();
  app.add_option("--store", flags.store,
                 "Use this store in process, without a server");
  app.add_option("--secrets", flags.secrets,
                 "Secrets of that store [STORE.secrets]");
  app.add_option("--caller", flags.caller,
                 "Who you are, where no certificate says so")
      ->envname("PORTRISK_CALLER")
      ->capture_default_str();
  app.add_option("--purpose", flags.purpose,
                 "What you look something up for; the audit log keeps it")
      ->envname("PORTRISK_PURPOSE");
  app.add_option("--tls-ca", flags.tls_ca,
                 "PEM of who signed the server's certificate: turns TLS on")
      ->envname("PORTRISK_TLS_CA");
  app.add_option("--tls-cert", flags.tls_cert, "PEM of your certificate")
      ->envname("PORTRISK_TLS_CERT");
  app.add_option("--tls-key", flags.tls_key, "PEM of its key")
      ->envname("PORTRISK_TLS_KEY");
  app.add_option("--language", flags.language,
                 "Of titles and explanations: en, es, pt")
      ->envname("PORTRISK_LANGUAGE")
      ->check(CLI::IsMember({"en", "es", "pt"}))
      ->capture_default_str();
  app.fallthrough();  // Global flags may follow the command.
  cli::Action action;
  cli::AddScore(app, flags, &action);
  cli::AddConvert(app, flags, &action);
  cli::AddFormats(app, &action);
  cli::AddSurvey(app, &action);
  cli::AddRules(app, flags, &action);
  cli::AddLists(app, flags, &action);
  cli::AddExplain(app, flags, &action);
  cli::AddContainer(app, flags, &action);
  cli::AddEntities(app, flags, &action);
  cli::AddAssessment(app, flags, &action);
  cli::AddOutcomes(app, flags, &action);
  cli::AddDecisions(app, flags, &action);
  cli::AddEvaluations(app, flags, &action);
  cli::AddProfiles(app, flags, &action);
  cli::AddWorklist(app, flags, &action);
  cli::AddWatch(app, flags, &action);
  cli::AddReplay(app, flags, &action);
  cli::AddReport(app, flags, &action);
  cli::AddReference(app, flags, &action);
  cli::AddVerify(app, &action);
  cli::AddAudit(app, flags, &action);
  cli::AddBackup(app, flags, &action);
  cli::AddErasures(app, flags, &action);
  cli::AddRestore(app, &action);
  cli::AddSecrets(app, &action);
  cli::AddExport(app, flags, &action);
  cli::AddExpr(app, &action);
  cli::AddSimulate(app, &action);
  cli::AddTop(app, &action);
  portrisk::service::RefuseNegative(&app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return portrisk::service::EndUsage(app, wrong);
  }
  return action();
}

}  // namespace

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  Output output;
  std::streambuf* const before = std::cout.rdbuf(&output);
  const int code = Run(argc, argv);
  std::cout.flush();
  std::cout.rdbuf(before);
  return code;
}
