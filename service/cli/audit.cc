// portrisk audit: what was done, and the proof that nothing of it was changed.
#include <algorithm>
#include <iostream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "google/protobuf/util/json_util.h"
#include "portrisk/v1/audit_service.grpc.pb.h"
#include "service/chain_checkpoints.h"
#include "service/cli/commands.h"
#include "service/cli/figures.h"
#include "service/cli/progress.h"
#include "service/cli/stored.h"
#include "service/cli/table.h"
#include "service/times.h"
#include "store/chain.h"

namespace portrisk::service::cli {
namespace {

std::string KindNames() {
  const auto* const all = v1::AuditKind_descriptor();
  std::vector<std::string> names;
  for (int i = 1; i < all->value_count(); ++i) {
    names.push_back(all->value(i)->name());
  }
  return absl::StrJoin(names, ", ");
}

struct ListFlags {
  std::string from;
  std::string until;
  std::vector<std::string> kinds;
  std::string who;
  std::string output = "table";
};

struct VerifyFlags {
  std::string store;
  std::string checkpoints;
  std::vector<std::string> public_keys;
};

// Of rule sets, lists, profiles; outcomes, decisions, worklists.
constexpr char kChange[] = "CHANGE";

std::string KindOf(const v1::AuditRecord& record) {
  return record.has_entry() ? v1::AuditKind_Name(record.entry().kind())
                            : kChange;
}

bool AsksForChanges(const ListFlags& flags) {
  return std::count(flags.kinds.begin(), flags.kinds.end(), kChange) > 0;
}

absl::StatusOr<v1::ListAuditRecordsRequest> RequestOf(const ListFlags& flags) {
  v1::ListAuditRecordsRequest request;
  for (const auto& [text, stamp] :
       {std::pair(&flags.from, request.mutable_from()),
        std::pair(&flags.until, request.mutable_until())}) {
    if (text->empty()) continue;
    auto day = ParseDay(*text);
    if (!day.ok()) return day.status();
    stamp->set_seconds(*day);
  }
  if (flags.from.empty()) request.clear_from();
  if (flags.until.empty()) request.clear_until();
  for (const std::string& name : flags.kinds) {
    v1::AuditKind kind;
    if (name == kChange) continue;
    if (!v1::AuditKind_Parse(name, &kind)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "no kind ", name, "; there are ", KindNames(), ", ", kChange));
    }
    request.add_kinds(kind);
  }
  // A change is no entry, so all are asked for.
  if (AsksForChanges(flags)) request.clear_kinds();
  request.set_caller(flags.who);
  request.set_page_size(1000);
  return request;
}

std::string WhatOf(const v1::AuditRecord& record) {
  if (!record.has_entry()) return record.summary();
  const v1::AuditEntry& entry = record.entry();
  const size_t slash = entry.method().rfind('/');
  return absl::StrCat(
      slash == std::string::npos ? "" : entry.method().substr(slash + 1), " ",
      entry.subject(), entry.detail().empty() ? "" : " ", entry.detail());
}

int List(const GlobalFlags& global, const ListFlags& flags) {
  auto request = RequestOf(flags);
  if (!request.ok()) return Fail(request.status());
  auto connection = Connection::Open(global);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::AuditService::NewStub((*connection)->channel());
  Table table(
      {"SEQUENCE", "RECORDED", "CALLER", "PURPOSE", "KIND", "RESULT", "WHAT"});
  v1::ListAuditRecordsResponse response;
  do {
    const absl::Status status =
        (*connection)
            ->Call(*stub, &v1::AuditService::Stub::ListAuditRecords, *request,
                   &response);
    if (!status.ok()) return Fail(status);
    for (const v1::AuditRecord& record : response.records()) {
      if (AsksForChanges(flags) &&
          std::count(flags.kinds.begin(), flags.kinds.end(), KindOf(record)) ==
              0) {
        continue;
      }
      if (flags.output == "json") {
        std::string line;
        if (!google::protobuf::util::MessageToJsonString(record, &line).ok()) {
          return Fail(
              absl::InternalError("a record cannot be written as JSON"));
        }
        std::cout << line << "\n";
        continue;
      }
      table.Add({absl::StrCat(record.sequence()),
                 FormatTime(record.recorded_time()), record.caller(),
                 record.purpose(), KindOf(record), record.entry().result(),
                 WhatOf(record)});
    }
    request->set_page_token(response.next_page_token());
  } while (!response.next_page_token().empty());
  if (flags.output != "json") table.Print(std::cout);
  return kExitOk;
}

// Compares heads on the way with the signed ones, which are in order.
class Comparison {
 public:
  explicit Comparison(std::vector<v1::ChainCheckpoint> checkpoints)
      : checkpoints_(std::move(checkpoints)) {}

  absl::Status Meet(const store::ChainHead& head) {
    while (next_ < checkpoints_.size() &&
           checkpoints_[next_].sequence() <= head.sequence) {
      const v1::ChainCheckpoint& one = checkpoints_[next_];
      const absl::string_view chain(
          reinterpret_cast<const char*>(head.chain.data()), head.chain.size());
      if (one.sequence() != head.sequence || one.chain() != chain) {
        return absl::DataLossError(absl::StrCat(
            "the journal up to sequence ", one.sequence(),
            " is not the one that was signed on ", FormatTime(one.time()),
            ": records were rewritten. Compare with a backup"));
      }
      ++next_;
    }
    return absl::OkStatus();
  }
  absl::Status End(uint64_t last) const {
    if (next_ == checkpoints_.size()) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat(
        "the journal ends at sequence ", last, ", but on ",
        FormatTime(checkpoints_[next_].time()), " sequence ",
        checkpoints_[next_].sequence(), " was signed: its end is missing"));
  }
  size_t met() const { return next_; }

 private:
  std::vector<v1::ChainCheckpoint> checkpoints_;
  size_t next_ = 0;
};

int Verify(const VerifyFlags& flags) {
  std::vector<v1::ChainCheckpoint> checkpoints;
  if (!flags.checkpoints.empty()) {
    if (flags.public_keys.empty()) {
      return Fail(absl::InvalidArgumentError(
          "--checkpoints needs the public key that signed them: --public-key, "
          "from where nobody who can write the store can write"));
    }
    std::vector<PublicKey> keys;
    for (const std::string& hex : flags.public_keys) {
      const auto key = PublicKeyFromHex(hex);
      if (!key.ok()) return Fail(key.status());
      keys.push_back(*key);
    }
    bool torn = false;
    auto read = ReadCheckpoints(flags.checkpoints, keys, &torn);
    if (!read.ok()) return Fail(read.status());
    if (torn) {
      std::cerr << flags.checkpoints
                << ": the last line breaks off, as after a crash of the "
                   "server, and does not count\n";
    }
    checkpoints = *std::move(read);
    if (checkpoints.empty()) {
      return Fail(absl::InvalidArgumentError(absl::StrCat(
          flags.checkpoints,
          " holds no signed checkpoint, so it proves nothing; is it the file "
          "that portriskd --chain-checkpoints wrote?")));
    }
  }
  const uint64_t signed_to =
      checkpoints.empty() ? 0 : checkpoints.back().sequence();
  const size_t signed_count = checkpoints.size();
  auto store = OpenToRead(flags.store);
  if (!store.ok()) return Fail(store.status());
  Comparison comparison(std::move(checkpoints));
  Progress progress("audit verify", "records");
  const auto report = store::VerifyChain(
      **store,
      [&](uint64_t done) {
        progress.Show(done, (*store)->last_sequence_at_open());
      },
      [&](const store::ChainHead& head) { return comparison.Meet(head); });
  progress.Finish();
  if (!report.ok()) return Fail(report.status());
  const absl::Status end = comparison.End(report->head.sequence);
  if (!end.ok()) return Fail(end);
  std::cout << "chain of " << report->records << " records in "
            << report->blocks << " commits: whole\nhead at sequence "
            << report->head.sequence << ": "
            << absl::BytesToHexString(
                   {reinterpret_cast<const char*>(report->head.chain.data()),
                    report->head.chain.size()})
            << "\n";
  if (report->erased + report->to_erase > 0) {
    std::cout
        << report->erased
        << " records were rewritten by erasures, each to what the journal "
           "says";
    if (report->to_erase > 0) {
      std::cout << "; " << report->to_erase
                << " more will be when the server runs";
    }
    std::cout << "\n";
  }
  if (report->removed > 0) {
    std::cout << report->removed
              << " movements were removed by their age, as the journal says\n";
  }
  if (report->unsealed_to > 0) {
    std::cout << "up to sequence " << report->unsealed_to
              << " it is proven since the store was upgraded, not before\n";
  }
  if (signed_count > 0) {
    std::cout << signed_count
              << " signed checkpoints: all match, up to sequence " << signed_to
              << " of " << report->head.sequence << "\n";
  } else {
    std::cout
        << "without --checkpoints this proves that nothing was changed by "
           "accident; whoever can write the store can also make a new "
           "chain\n";
  }
  return kExitOk;
}

}  // namespace

void AddAudit(CLI::App& app, const GlobalFlags& global, Action* action) {
  CLI::App* audit =
      app.add_subcommand("audit", "Who did what, and the proof of it");
  audit->require_subcommand(1);
  auto list = std::make_shared<ListFlags>();
  CLI::App* show = audit->add_subcommand(
      "list",
      "Lists decisions, changes of rules, consultations, refused calls; needs "
      "the role auditor.\nFor a file: portrisk audit list --from 2026-01-01 "
      "--until 2026-02-01 --output json > january.jsonl");
  show->add_option("--from", list->from, "Recorded then or later: 2026-01-31");
  show->add_option("--until", list->until, "Recorded before");
  show->add_option("--kind", list->kinds,
                   "CONSULTATION, EXPORT, LOGIN_FAILURE, ACCESS_DENIED, "
                   "BACKUP, CONFIGURATION ..., CHANGE");
  show->add_option("--of", list->who, "What this caller did");
  show->add_option("--output", list->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  show->callback([&global, list, action] {
    *action = [&global, list] { return List(global, *list); };
  });
  auto verify = std::make_shared<VerifyFlags>();
  CLI::App* prove = audit->add_subcommand(
      "verify",
      "Proves without a server that no record of the journal was changed, "
      "removed or moved.\nThe signed checkpoints and the public key must come "
      "from where nobody who can write the store can write.");
  prove->add_option("store", verify->store, "Directory of the store");
  prove->add_option("--checkpoints", verify->checkpoints,
                    "File that portriskd --chain-checkpoints wrote");
  prove
      ->add_option("--public-key", verify->public_keys,
                   "64 hexadecimal digits; portriskd logs its own at start. "
                   "Once for each key that signed, when it was replaced")
      ->allow_extra_args(false);
  prove->callback([&app, verify, action] {
    verify->store = StoreOf(verify->store, app);
    *action = [verify] { return Verify(*verify); };
  });
}

}  // namespace portrisk::service::cli
