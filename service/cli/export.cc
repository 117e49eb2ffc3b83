// portrisk export: movements and outcomes of a store under other names.
#include "service/export.h"

#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "portrisk/v1/history_service.grpc.pb.h"
#include "service/cli/commands.h"
#include "service/cli/figures.h"
#include "service/cli/output_file.h"
#include "service/cli/progress.h"
#include "service/cli/stored.h"
#include "service/hardening.h"
#include "service/simulate/json_lines.h"
#include "service/times.h"

namespace portrisk::service::cli {
namespace {

struct Flags {
  std::string key;
  std::string from;
  std::string until;
  std::string output = "-";
  std::string compress = "none";
  std::string outcomes;
  bool containers = false;
};

// A cell of a CSV file.
std::string Cell(absl::string_view text) {
  if (text.find_first_of(",\"\r\n") == absl::string_view::npos) {
    return std::string(text);
  }
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

constexpr char kOutcomeColumns[] =
    "container,time,found,locode,facility,control,kind,quantity,quantity_unit,"
    "id,updated,retracted,movement_source,movement_id\n";

std::string FoundOf(v1::ControlResult result) {
  switch (result) {
    case v1::FOUND:
      return "yes";
    case v1::NOT_FOUND:
      return "no";
    case v1::INCONCLUSIVE:
      return "inconclusive";
    default:
      return "";
  }
}

std::string RowOf(const v1::Outcome& o) {
  const std::string cells[] = {
      o.container_number(),
      o.has_time() ? FormatTime(o.time()) : "",
      FoundOf(o.result()),
      o.locode(),
      o.facility(),
      o.control() == 0 ? "" : v1::Control_Name(o.control()),
      !o.kind_code().empty() ? o.kind_code()
      : o.kind() == 0        ? ""
                             : v1::FindKind_Name(o.kind()),
      o.has_quantity() ? absl::StrCat(o.quantity()) : "",
      o.quantity_unit(),
      o.id(),
      o.has_update_time() ? FormatTime(o.update_time()) : "",
      o.retraction() ? "yes" : "",
      o.assessment().source(),
      o.assessment().movement_id(),
  };
  return absl::StrCat(
      absl::StrJoin(cells, ",",
                    [](std::string* out, const std::string& cell) {
                      out->append(Cell(cell));
                    }),
      "\n");
}

// Where the chunks of an export go.
class Files {
 public:
  Files() : json_(v1::Movement::descriptor()) {}

  absl::Status Open(const Flags& flags) {
    auto movements = OutputFile::Open(flags.output, flags.compress);
    if (!movements.ok()) return movements.status();
    movements_ = *std::move(movements);
    if (flags.outcomes.empty()) return absl::OkStatus();
    auto outcomes = OutputFile::Open(flags.outcomes, "none");
    if (!outcomes.ok()) return outcomes.status();
    outcomes_ = *std::move(outcomes);
    return outcomes_->Write(kOutcomeColumns);
  }

  absl::Status Write(const v1::ExportChunk& chunk) {
    absl::Status status;
    for (const v1::Movement& movement : chunk.movements()) {
      line_.clear();
      json_.Append(movement, &line_);
      line_.push_back('\n');
      if (status.ok()) status = movements_->Write(line_);
    }
    for (const v1::Outcome& outcome : chunk.outcomes()) {
      if (status.ok()) status = outcomes_->Write(RowOf(outcome));
    }
    movement_count_ += static_cast<uint64_t>(chunk.movements_size());
    outcome_count_ += static_cast<uint64_t>(chunk.outcomes_size());
    left_out_ += chunk.left_out();
    progress_.Show(chunk.read_sequence(), chunk.last_sequence());
    return status;
  }

  void FinishProgress() { progress_.Finish(); }
  absl::Status Close() {
    absl::Status status = movements_->Close();
    if (status.ok() && outcomes_ != nullptr) status = outcomes_->Close();
    return status;
  }

  void Tell() const {
    std::cerr << movement_count_ << " movements";
    if (outcomes_ != nullptr)
      std::cerr << ", " << outcome_count_ << " outcomes";
    if (left_out_ > 0) {
      std::cerr << " (" << left_out_
                << " of consignments left out, which have other names "
                   "elsewhere)";
    }
    std::cerr << "\n";
  }

 private:
  const JsonPrinter json_;
  Progress progress_{"export", "records"};
  std::unique_ptr<OutputFile> movements_;
  std::unique_ptr<OutputFile> outcomes_;  // Null: not wanted.
  std::string line_;
  uint64_t movement_count_ = 0;
  uint64_t outcome_count_ = 0;
  uint64_t left_out_ = 0;
};

absl::StatusOr<v1::ExportRequest> RequestOf(const Flags& flags) {
  v1::ExportRequest request;
  auto key = LoadExportKey(flags.key);
  if (!key.ok()) return key.status();
  request.set_key(key->data(), key->size());
  if (!flags.from.empty()) {
    auto day = ParseDay(flags.from);
    if (!day.ok()) return day.status();
    request.mutable_from_time()->set_seconds(*day);
  }
  if (!flags.until.empty()) {
    auto day = ParseDay(flags.until);
    if (!day.ok()) return day.status();
    request.mutable_until_time()->set_seconds(*day);
  }
  request.set_containers(flags.containers);
  request.set_outcomes(!flags.outcomes.empty());
  return request;
}

absl::Status FromFiles(const GlobalFlags& global,
                       const v1::ExportRequest& request, Files* files) {
  auto store = OpenToRead(global.store);
  if (!store.ok()) return store.status();
  const auto options = ExportOptionsOf(request);
  if (!options.ok()) return options.status();
  const uint64_t last = (*store)->last_sequence_at_open();
  Exporter exporter(*options);
  v1::ExportChunk chunk;
  absl::Status status;
  do {
    status = ReadChunk(**store, chunk.read_sequence(), last, &exporter, &chunk);
    if (status.ok()) status = files->Write(chunk);
  } while (status.ok() && chunk.read_sequence() < last);
  return status;
}

absl::Status FromServer(const GlobalFlags& global,
                        const v1::ExportRequest& request, Files* files) {
  auto connection = Connection::Open(global);
  if (!connection.ok()) return connection.status();
  auto stub = v1::HistoryService::NewStub((*connection)->channel());
  grpc::ClientContext context;
  (*connection)->Identify(&context);
  auto reader = stub->Export(&context, request);
  absl::Status status;
  v1::ExportChunk chunk;
  while (status.ok() && reader->Read(&chunk)) status = files->Write(chunk);
  if (!status.ok()) context.TryCancel();
  const grpc::Status ended = reader->Finish();
  return status.ok() ? (*connection)->Explain(ended) : status;
}

int Export(const GlobalFlags& global, const Flags& flags) {
  absl::Status status = KeepMemoryPrivate();
  if (!status.ok()) return Fail(status);
  auto request = RequestOf(flags);
  if (!request.ok()) return Fail(request.status());
  Files files;
  status = files.Open(flags);
  if (!status.ok()) return Fail(status);
  status = global.store.empty() ? FromServer(global, *request, &files)
                                : FromFiles(global, *request, &files);
  files.FinishProgress();
  // What is not whole is removed again.
  if (status.ok()) status = files.Close();
  if (!status.ok()) return Fail(status);
  files.Tell();
  if (!global.store.empty()) {
    std::cerr << "This left no entry in the audit log: note who has it, and "
                 "what for\n";
  }
  return kExitOk;
}

constexpr char kHelp[] =
    "Movements for replay elsewhere, under other names, as JSON lines; needs "
    "the role operator\n"
    "Example: portrisk secrets export-key lab.key\n"
    "         portrisk export --key lab.key --from 2026-01-01 "
    "--output movements.jsonl.zst --outcomes outcomes.csv\n"
    "  there: portrisk replay my-port.yaml --movements movements.jsonl.zst "
    "--format jsonl --outcomes outcomes.csv\n"
    "Replaced, by names that are the same in every export with this key and "
    "that nobody can link without it: parties (id, name, account, device), "
    "plates, ids and codes of pick-up rights, ids of movements and outcomes, "
    "bookings, bills, declarations, work orders. Left out: where a record "
    "stood in what was sent; reference and note of outcomes. All else is as "
    "recorded: times, places, vessels, weights, and DESCRIPTIONS OF GOODS, "
    "which are free text. Whoever has both the export and the ships' lists can "
    "still recognise a box by when it was where: it is personal data.\n"
    "The server keeps in its audit log who asked for what, and nowhere the "
    "key. With --store DIR the files of a store are read instead, while a "
    "server may have them open; then the audit log has NO entry of it: whoever "
    "can read the files can export.";

}  // namespace

void AddExport(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto own = std::make_shared<Flags>();
  auto* command = app.add_subcommand("export", kHelp);
  command
      ->add_option("--key", own->key,
                   "File with the key of the names; its owner's alone")
      ->required();
  command->add_option("--from", own->from,
                      "First day on which it was recorded (UTC), 2026-03-01");
  command->add_option("--until", own->until, "The day after the last");
  command
      ->add_option("--output", own->output,
                   "A new file, compressed where it is named .zst or .gz; - is "
                   "standard output")
      ->capture_default_str();
  command
      ->add_option("--compress", own->compress,
                   "Of standard output: zstd, gzip or none")
      ->check(CLI::IsMember({"zstd", "gzip", "none"}))
      ->capture_default_str();
  command->add_option("--outcomes", own->outcomes,
                      "A new CSV file with what controls found in that time");
  command->add_flag("--containers", own->containers,
                    "Replace container numbers, too, by others of the same "
                    "owner whose check digit is right where theirs was; and "
                    "seals and reefer units");
  command->callback(
      [=, &flags] { *action = [=, &flags] { return Export(flags, *own); }; });
}

}  // namespace portrisk::service::cli
