#include "service/simulate/world_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/simulate/fleet.h"
#include "scoring/simulate/simulation.h"
#include "scoring/simulate/trade.h"
#include "service/simulate/day_buckets.h"
#include "service/simulate/json_lines.h"

namespace portrisk::service {
namespace {

namespace sim = scoring::simulate;

constexpr size_t kWriteBuffer = size_t{1} << 20;
constexpr uint64_t kTripsBetweenProgress = 2000;
// Its name is no other program's, and it is there from the start.
constexpr char kTruthFile[] = "truth.jsonl";

// One output file with a buffer of its own. Errors show in Close.
class File {
 public:
  absl::Status Open(const std::string& directory, const char* name) {
    path_ = absl::StrCat(directory, "/", name);
    buffer_.resize(kWriteBuffer);
    file_.rdbuf()->pubsetbuf(buffer_.data(),
                             static_cast<std::streamsize>(buffer_.size()));
    file_.open(path_, std::ios::binary);
    return Check();
  }
  void Write(absl::string_view text) {
    file_.write(text.data(), static_cast<std::streamsize>(text.size()));
    Note();
  }
  absl::Status Check() {
    Note();
    if (file_) return absl::OkStatus();
    return absl::PermissionDeniedError(
        absl::StrCat("cannot write ", path_, ": ", std::strerror(error_)));
  }
  absl::Status Close() {
    file_.close();
    return Check();
  }

 private:
  // Other files may fail before it is asked for.
  void Note() {
    if (!file_ && error_ == 0) error_ = errno;
  }

  int error_ = 0;
  std::string path_;
  std::string buffer_;
  std::ofstream file_;
};

std::string Quoted(absl::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

std::string Time(int64_t seconds) {
  std::string out;
  AppendJsonTime(seconds, &out);
  return out;
}

std::string NeededToJson(const sim::Needed& needed) {
  std::string out = absl::StrCat(
      "{\"source\":", Quoted(needed.source), ",\"id\":", Quoted(needed.id),
      ",\"event\":", Quoted(v1::Event_Name(needed.event)),
      ",\"happened\":", Time(needed.happened));
  if (needed.recorded > 0) {
    absl::StrAppend(&out, ",\"recorded\":", Time(needed.recorded), "}");
  } else {
    absl::StrAppend(&out, ",\"lost\":", Quoted(needed.lost), "}");
  }
  return out;
}

std::string CaseToJson(const sim::CaseRecord& record) {
  std::string out =
      absl::StrCat("{\"case\":", record.number, ",\"pattern\":", record.pattern,
                   ",\"variant\":", Quoted(record.variant),
                   ",\"container\":", Quoted(record.container),
                   ",\"locode\":", Quoted(record.locode),
                   ",\"facility\":", Quoted(record.facility), ",\"needed\":[");
  absl::StrAppend(&out,
                  absl::StrJoin(record.needed, ",",
                                [](std::string* text, const sim::Needed& one) {
                                  text->append(NeededToJson(one));
                                }),
                  "],\"enough\":", record.enough);
  const sim::Needed* decidable = record.decidable();
  absl::StrAppend(&out, ",\"arrived\":", decidable ? "true" : "false");
  if (decidable != nullptr) {
    absl::StrAppend(&out,
                    ",\"decidable\":{\"source\":", Quoted(decidable->source),
                    ",\"id\":", Quoted(decidable->id),
                    ",\"recorded\":", Time(decidable->recorded), "}");
  }
  if (record.absent_until > 0) {
    absl::StrAppend(&out, ",\"absentUntil\":", Time(record.absent_until));
  }
  out.append("}\n");
  return out;
}

std::string SourceToJson(const sim::Source& source, const sim::World& world) {
  static constexpr const char* kKinds[] = {"terminal", "depot",   "community",
                                           "customs",  "carrier", "tracker"};
  std::string out =
      absl::StrCat("{\"source\":", Quoted(source.name), ",\"kind\":\"",
                   kKinds[static_cast<int>(source.outlet)], "\"");
  if (source.port >= 0) {
    absl::StrAppend(
        &out, ",\"locode\":", Quoted(world.geography.port(source.port).locode));
  }
  std::vector<std::string> complete;
  for (size_t event = 0; event < source.complete.size(); ++event) {
    if (!source.complete.test(event)) continue;
    complete.push_back(Quoted(v1::Event_Name(static_cast<v1::Event>(event))));
  }
  absl::StrAppend(&out, ",\"complete\":[", absl::StrJoin(complete, ","), "]",
                  ",\"clockAheadSeconds\":", source.skew_s);
  if (source.wrong_by_s != 0) {
    absl::StrAppend(&out, ",\"clockWrong\":{\"from\":", Time(source.wrong_from),
                    ",\"until\":", Time(source.wrong_until),
                    ",\"seconds\":", source.wrong_by_s, "}");
  }
  out.append("}");
  return out;
}

std::string WorldToJson(const sim::World& world, const sim::Counts& counts) {
  const sim::Options& o = world.options;
  std::string out = absl::StrCat(
      "{\"seed\":", o.seed, ",\"start\":", Time(o.start),
      ",\"end\":", Time(o.end()), ",\"days\":", o.days,
      ",\"containers\":", o.containers, ",\"casesPerMillion\":", o.cases_ppm,
      ",\"missingPercent\":", o.missing_percent);
  absl::StrAppend(&out, ",\"ports\":", world.geography.ports().size(),
                  ",\"services\":", world.liner.services().size(),
                  ",\"vessels\":", world.liner.vessels().size(),
                  ",\"sources\":", world.sources.all().size());
  const std::initializer_list<std::pair<const char*, uint64_t>> figures = {
      {"trips", counts.trips},
      {"emptyTrips", counts.empty_trips},
      {"transhippedTrips", counts.transhipped_trips},
      {"joinedTrips", counts.joined_trips},
      {"consolidatedTrips", counts.consolidated_trips},
      {"happened", counts.happened},
      {"movements", counts.movements},
      {"missing", counts.missing},
      {"misspelt", counts.misspelt},
      {"repeated", counts.repeated},
      {"corrected", counts.corrected},
      {"retracted", counts.retracted},
      {"anHourOff", counts.an_hour_off},
      {"withoutFacility", counts.without_facility},
      {"late", counts.late},
      {"cases", counts.cases},
      {"casesLeft", counts.cases_left},
      {"traps", counts.traps},
      {"outcomes", counts.outcomes},
      {"finds", counts.finds}};
  for (const auto& [name, value] : figures) {
    absl::StrAppend(&out, ",\"", name, "\":", value);
  }
  out.append("}\n");
  return out;
}

// A line a call, in the order of the rotation.
std::string ServicesToTsv(const sim::World& world) {
  std::string out =
      "service\tcarrier\tvessels\tspeed_kmh\tlocode\tfacility\tarrive_h\t"
      "depart_h\tnext_km\n";
  for (const sim::Service& service : world.liner.services()) {
    for (size_t i = 0; i < service.calls.size(); ++i) {
      const sim::Call& call = service.calls[i];
      const sim::Port& port = world.geography.port(call.port);
      const int next = service.calls[(i + 1) % service.calls.size()].port;
      absl::StrAppend(&out, service.code, "\t",
                      sim::Carriers()[service.carrier].code, "\t",
                      service.weeks, "\t", service.speed_kmh, "\t");
      absl::StrAppend(&out, port.locode, "\t", port.terminals[call.terminal],
                      "\t", call.arrive / 3600, "\t", call.depart / 3600, "\t",
                      world.geography.SeaKm(call.port, next), "\n");
    }
  }
  return out;
}

// What the simulation yields, straight into the files.
class FileSink : public sim::Sink {
 public:
  explicit FileSink(const WorldFilesOptions& options)
      : printer_(v1::Movement::descriptor()),
        recorded_times_(options.recorded_times),
        buckets_(options.directory, [this](int64_t time, absl::string_view l) {
          return Take(time, l);
        }) {}

  absl::Status Open(const std::string& directory) {
    absl::Status status = movements_.Open(directory, "movements.jsonl");
    if (status.ok()) status = truth_.Open(directory, kTruthFile);
    if (status.ok()) status = traps_.Open(directory, "traps.tsv");
    if (status.ok()) status = outcomes_.Open(directory, "outcomes.csv");
    if (status.ok() && recorded_times_) {
      status = recorded_.Open(directory, "recorded.txt");
    }
    traps_.Write("trap\tcontainer\tsource\tid\n");
    outcomes_.Write("container,locode,facility,time,control,found,kind\n");
    return status;
  }

  void OnMovement(int64_t recorded, const v1::Movement& movement) override {
    line_.clear();
    printer_.Append(movement, &line_);
    Keep(buckets_.Add(recorded, line_));
  }
  void OnWatermark(int64_t time) override { Keep(buckets_.Release(time)); }
  void OnCase(const sim::CaseRecord& record) override {
    truth_.Write(CaseToJson(record));
  }
  void OnTrap(const sim::TrapRecord& trap) override {
    traps_.Write(absl::StrCat(trap.name, "\t", trap.container, "\t",
                              trap.source, "\t", trap.id, "\n"));
  }
  void OnOutcome(const sim::OutcomeRecord& o) override {
    std::string time = Time(o.time);
    outcomes_.Write(absl::StrCat(o.container, ",", o.locode, ",", o.facility,
                                 ",", time.substr(1, time.size() - 2), ",",
                                 o.control, ",", o.found ? "yes" : "no", ",",
                                 o.kind, "\n"));
  }

  const absl::Status& status() const { return status_; }
  absl::Status Close() {
    Keep(buckets_.Finish());
    Keep(movements_.Close());
    Keep(truth_.Close());
    Keep(traps_.Close());
    Keep(outcomes_.Close());
    if (recorded_times_) Keep(recorded_.Close());
    return status_;
  }

 private:
  // The first fault stays.
  void Keep(const absl::Status& status) {
    if (status_.ok()) status_ = status;
  }
  absl::Status Take(int64_t time, absl::string_view line) {
    movements_.Write(line);
    movements_.Write("\n");
    if (recorded_times_) recorded_.Write(absl::StrCat(time, "\n"));
    return movements_.Check();
  }

  const JsonPrinter printer_;
  const bool recorded_times_;
  DayBuckets buckets_;
  File movements_;
  File recorded_;
  File truth_;
  File traps_;
  File outcomes_;
  std::string line_;
  absl::Status status_;
};

absl::Status WriteWhole(const std::string& directory, const char* name,
                        const std::string& text) {
  File file;
  absl::Status status = file.Open(directory, name);
  if (!status.ok()) return status;
  file.Write(text);
  return file.Close();
}

// What the authorities of this world watch, for lists that rules read, and what
// its sources declare in the form that the command line reads.
absl::Status WriteLists(const sim::World& world, const std::string& directory) {
  std::string sources = "source,complete\n";
  for (const sim::Source& source : world.sources.all()) {
    absl::StrAppend(&sources, source.name, ",");
    const char* separator = "";
    for (int event = 0; event <= v1::Event_MAX; ++event) {
      if (!v1::Event_IsValid(event) ||
          !source.Declares(static_cast<v1::Event>(event))) {
        continue;
      }
      absl::StrAppend(&sources, separator,
                      v1::Event_Name(static_cast<v1::Event>(event)));
      separator = " ";
    }
    sources.append("\n");
  }
  absl::Status status = WriteWhole(directory, "sources.csv", sources);
  if (!status.ok()) return status;
  std::string origins = "value,reason\n";
  for (const sim::Port& port : world.geography.ports()) {
    if (!port.risky_origin) continue;
    absl::StrAppend(&origins, port.locode, ",finds in this made-up world\n");
  }
  status = WriteWhole(directory, "watched-origins.csv", origins);
  if (!status.ok()) return status;
  std::string goods = "value,reason\n";
  for (const sim::Commodity& commodity : sim::Commodities()) {
    if (!commodity.risky) continue;
    absl::StrAppend(&goods, commodity.hs, ",a usual cover in this world\n");
  }
  return WriteWhole(directory, "cover-goods.csv", goods);
}

// What does not change while the world runs.
absl::Status WriteRegisters(const sim::World& world,
                            const std::string& directory) {
  std::string sources = "[";
  for (const sim::Source& source : world.sources.all()) {
    absl::StrAppend(&sources, sources.size() > 1 ? ",\n" : "\n",
                    SourceToJson(source, world));
  }
  sources.append("\n]\n");
  absl::Status status = WriteWhole(directory, "sources.json", sources);
  if (!status.ok()) return status;
  std::string owners = "code,name\n";
  for (const sim::Prefix& prefix : sim::Prefixes()) {
    absl::StrAppend(&owners, prefix.letters, ",", prefix.owner, "\n");
  }
  status = WriteWhole(directory, "owners.csv", owners);
  if (!status.ok()) return status;
  status = WriteLists(world, directory);
  if (!status.ok()) return status;
  return WriteWhole(directory, "services.tsv", ServicesToTsv(world));
}

}  // namespace

absl::Status CheckWorldDirectory(const std::string& directory) {
  std::error_code ignored;  // What cannot be read cannot be written either.
  const std::filesystem::path path = directory;
  if (!std::filesystem::exists(path, ignored) ||
      std::filesystem::is_empty(path, ignored) ||
      std::filesystem::exists(path / kTruthFile, ignored)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      directory,
      " is not empty, and holds no simulated world that could be replaced; "
      "name another folder, or say --force"));
}

absl::StatusOr<sim::Counts> WriteWorld(const sim::World& world,
                                       const WorldFilesOptions& options,
                                       const Progress& progress) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (error) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot make ", options.directory, ": ", error.message()));
  }
  absl::Status status = WriteRegisters(world, options.directory);
  if (!status.ok()) return status;
  FileSink sink(options);
  status = sink.Open(options.directory);
  if (!status.ok()) return status;
  sim::Simulation simulation(world, &sink);
  while (simulation.RunOne()) {
    if (!sink.status().ok()) return sink.status();
    if (progress && simulation.counts().trips % kTripsBetweenProgress == 0) {
      progress(simulation.now(), simulation.counts().movements);
    }
  }
  status = sink.Close();
  if (!status.ok()) return status;
  status = WriteWhole(options.directory, "world.json",
                      WorldToJson(world, simulation.counts()));
  if (!status.ok()) return status;
  return simulation.counts();
}

}  // namespace portrisk::service
