// portrisk export: movements and outcomes of a store under other names.
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "portrisk/v1/journal.pb.h"
#include "service/cli/commands.h"
#include "service/cli/figures.h"
#include "service/cli/output_file.h"
#include "service/cli/progress.h"
#include "service/cli/stored.h"
#include "service/export_pseudonyms.h"
#include "service/hardening.h"
#include "service/journal_walk.h"
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

struct Window {
  int64_t from_s = std::numeric_limits<int64_t>::min();
  int64_t until_s = std::numeric_limits<int64_t>::max();

  bool Holds(int64_t seconds) const {
    return from_s <= seconds && seconds < until_s;
  }
};

absl::StatusOr<Window> WindowOf(const Flags& flags) {
  Window window;
  for (const auto& [text, seconds] :
       {std::pair(&flags.from, &window.from_s),
        std::pair(&flags.until, &window.until_s)}) {
    if (text->empty()) continue;
    auto day = ParseDay(*text);
    if (!day.ok()) return day.status();
    *seconds = *day;
  }
  return window;
}

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

// What a unit's name says stands in what the outcome was tied to; its ordinal
// would be another one where the period begins later than the store.
void NameByContainer(v1::OutcomeRecord* record) {
  v1::Outcome* outcome = record->mutable_outcome();
  const v1::OutcomeTie& tie = record->tie();
  if (outcome->container_number().empty()) {
    outcome->set_container_number(tie.container_number());
  }
  if (outcome->locode().empty()) {
    outcome->set_locode(tie.locode());
    outcome->set_facility(tie.facility());
  }
  if (!outcome->container_number().empty()) outcome->clear_unit();
}

class Exporter {
 public:
  Exporter(const ExportKey& key, const Flags& flags, Window window)
      : names_(key, flags.containers ? ExportPseudonyms::Containers::kReplace
                                     : ExportPseudonyms::Containers::kKeep),
        window_(window),
        json_(v1::Movement::descriptor()) {}

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

  absl::Status Take(const StoredRecord& record) {
    google::protobuf::Timestamp recorded;
    if (!ParseView(record.recorded_time, &recorded)) {
      return RecordDamaged(record.sequence);
    }
    const bool wanted = window_.Holds(recorded.seconds());
    if (record.is_movement) return TakeMovement(record, wanted);
    return wanted && outcomes_ != nullptr ? TakeOther(record)
                                          : absl::OkStatus();
  }

  absl::Status Close() {
    absl::Status status = movements_->Close();
    if (status.ok() && outcomes_ != nullptr) status = outcomes_->Close();
    return status;
  }

  uint64_t movement_count() const { return movement_count_; }
  uint64_t outcome_count() const { return outcome_count_; }
  uint64_t left_out() const { return left_out_; }

 private:
  absl::Status TakeMovement(const StoredRecord& record, bool wanted) {
    if (!ParseView(record.movement.movement, &movement_)) {
      return RecordDamaged(record.sequence);
    }
    names_.Learn(movement_);
    if (!wanted) return absl::OkStatus();
    names_.Replace(&movement_);
    line_.clear();
    json_.Append(movement_, &line_);
    line_.push_back('\n');
    ++movement_count_;
    return movements_->Write(line_);
  }

  absl::Status TakeOther(const StoredRecord& stored) {
    v1::JournalRecord record;
    if (!ParseView(stored.bytes, &record)) {
      return RecordDamaged(stored.sequence);
    }
    if (!record.has_outcome()) return absl::OkStatus();
    NameByContainer(record.mutable_outcome());
    v1::Outcome* outcome = record.mutable_outcome()->mutable_outcome();
    names_.Replace(outcome);
    if (!outcome->retraction() && outcome->container_number().empty() &&
        !outcome->has_assessment()) {
      ++left_out_;  // Of a consignment, which has another name elsewhere.
      return absl::OkStatus();
    }
    ++outcome_count_;
    return outcomes_->Write(RowOf(*outcome));
  }

  ExportPseudonyms names_;
  const Window window_;
  const JsonPrinter json_;
  std::unique_ptr<OutputFile> movements_;
  std::unique_ptr<OutputFile> outcomes_;  // Null: not wanted.
  v1::Movement movement_;
  std::string line_;
  uint64_t movement_count_ = 0;
  uint64_t outcome_count_ = 0;
  uint64_t left_out_ = 0;
};

int Export(const GlobalFlags& global, const Flags& flags) {
  if (global.store.empty()) {
    return Fail(absl::InvalidArgumentError(
        "name the store, which is only read: portrisk --store DIR export "
        "--key FILE > movements.jsonl"));
  }
  absl::Status status = KeepMemoryPrivate();
  if (!status.ok()) return Fail(status);
  auto key = LoadExportKey(flags.key);
  if (!key.ok()) return Fail(key.status());
  auto window = WindowOf(flags);
  if (!window.ok()) return Fail(window.status());
  auto store = OpenToRead(global.store);
  if (!store.ok()) return Fail(store.status());
  Exporter exporter(*key, flags, *window);
  status = exporter.Open(flags);
  if (!status.ok()) return Fail(status);
  const uint64_t last = (*store)->last_sequence_at_open();
  Progress progress("export", "records");
  status = (*store)->ScanJournal(1, [&](const store::Block& block) {
    return WalkRecords(block, [&](const StoredRecord& record) {
      progress.Show(record.sequence, last);
      return exporter.Take(record);
    });
  });
  progress.Finish();
  if (status.ok()) status = exporter.Close();
  if (!status.ok()) return Fail(status);
  std::cerr << exporter.movement_count() << " movements";
  if (!flags.outcomes.empty()) {
    std::cerr << ", " << exporter.outcome_count() << " outcomes";
  }
  if (exporter.left_out() > 0) {
    std::cerr << " (" << exporter.left_out()
              << " of consignments left out, which have other names elsewhere)";
  }
  std::cerr << "\nThis left no entry in the audit log: note who has it, and "
               "what for\n";
  return kExitOk;
}

constexpr char kHelp[] =
    "Movements of a store for replay elsewhere, under other names, as JSON "
    "lines\n"
    "Example: portrisk secrets export-key lab.key\n"
    "         portrisk --store DIR export --key lab.key --from 2026-01-01 "
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
    "The store is only read, from its files, while a server may have it open. "
    "No server takes part, so that the audit log has NO entry of it: whoever "
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
