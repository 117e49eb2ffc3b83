// What must hold for any bytes in a file that an operator or an analyst hands
// over: roles, secrets, selection profiles, mappings, reference data, signed
// heads of the chain. Either it is taken, or it is said where it is wrong.
// Used by the fuzzer and, with seeded mutations, by an ordinary test.
#ifndef PORTRISK_TESTS_SERVICE_FUZZ_FILES_H_
#define PORTRISK_TESTS_SERVICE_FUZZ_FILES_H_

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "scoring/selection_profile.h"
#include "scoring/selection_profile_parser.h"
#include "service/chain_checkpoints.h"
#include "service/formats/csv_mapping.h"
#include "service/reference_files.h"
#include "service/roles.h"
#include "service/secrets.h"
#include "tests/formats/fuzz_formats.h"

namespace portrisk::service {

enum class FuzzedFile : uint8_t {
  kRoles,
  kSecrets,
  kProfile,
  kMapping,
  kPlaces,
  kUnlocode,
  kOwners,
  kSources,
  kCheckpoints,
};
inline constexpr int kFuzzedFiles = 9;

// A file that lives in memory, and that only its owner may read.
class MemoryFile {
 public:
  explicit MemoryFile(absl::string_view bytes)
      : fd_(memfd_create("fuzz", MFD_CLOEXEC)) {
    Require(fd_ >= 0 && fchmod(fd_, 0600) == 0 &&
                write(fd_, bytes.data(), bytes.size()) ==
                    static_cast<ssize_t>(bytes.size()),
            "there is memory for a file");
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return absl::StrCat("/proc/self/fd/", fd_); }

 private:
  const int fd_;
};

// Whoever wrote it finds the file in the message, and mostly the line.
inline bool RequireToldWhy(const absl::Status& status, const std::string& file,
                           bool with_line) {
  if (status.ok()) return true;
  const std::string message(status.message());
  Require(absl::IsInvalidArgument(status) || absl::IsDataLoss(status),
          "a bad file is INVALID_ARGUMENT");
  Require(absl::StrContains(message, file), "the file is named");
  Require(!with_line || absl::StrContains(message, file + ":"),
          "the line is named");
  return false;
}

inline bool FuzzProfile(absl::string_view bytes) {
  const scoring::ParsedProfile parsed =
      scoring::ParseSelectionProfile(bytes, "fuzz.yaml");
  bool errors = false;
  for (const v1::Issue& issue : parsed.issues) {
    errors |= issue.severity() == v1::ERROR;
    v1::Issue copy;
    Require(!issue.message().empty() && !issue.code().empty(),
            "every issue says what");
    Require(copy.ParseFromString(issue.SerializeAsString()),
            "every issue is UTF-8");
  }
  Require(errors == !parsed.profile.has_value(), "errors, or a profile");
  if (!parsed.profile) return false;
  v1::SelectionProfile copy;
  Require(copy.ParseFromString(parsed.profile->SerializeAsString()),
          "a profile is UTF-8");
  const scoring::SelectionProfiles terms(copy);
  for (const char* locode : {"", "NLRTM"}) {
    for (const char* facility : {"", "ECTDELTA"}) {
      const auto& at = terms.At(locode, facility);
      Require(at.random_rate_ppm <= 1'000'000, "a rate is a share");
    }
  }
  return true;
}

inline bool FuzzReference(FuzzedFile kind, const std::string& path) {
  const auto table = kind == FuzzedFile::kPlaces     ? ReadPlacesCsv(path)
                     : kind == FuzzedFile::kUnlocode ? ReadUnlocodeCsv(path)
                     : kind == FuzzedFile::kOwners   ? ReadOwnersCsv(path)
                                                     : ReadSourcesCsv(path);
  if (!RequireToldWhy(table.status(), path, false)) return false;
  const SerialisedReference serialised = SerialiseReference(*table);
  v1::ReferenceTable again;
  Require(again.ParseFromString(serialised.bytes), "reference data is UTF-8");
  Require(SerialiseReference(again).content_hash == serialised.content_hash,
          "what is stored has one form");
  Require(SerialiseReference(MergeReference(again, again)).content_hash ==
              serialised.content_hash,
          "what is merged with itself stays");
  return true;
}

inline bool FuzzSecrets(const std::string& path) {
  const auto secrets = LoadSecrets(path, MissingSecrets::kRefuse);
  if (!RequireToldWhy(secrets.status(), path, false)) return false;
  Require(!secrets->key_id.empty() && !DescribeKeys(*secrets).empty(),
          "keys have ids");
  return true;
}

// The first byte chooses the kind. Returns whether the file was taken.
inline bool FuzzFile(absl::string_view bytes) {
  if (bytes.empty()) return false;
  const auto kind =
      static_cast<FuzzedFile>(static_cast<uint8_t>(bytes[0]) % kFuzzedFiles);
  bytes.remove_prefix(1);
  const std::string text(bytes);
  if (kind == FuzzedFile::kRoles) {
    const auto book = RoleBook::Parse(text, "roles.yaml");
    return RequireToldWhy(book.status(), "roles.yaml", true);
  }
  if (kind == FuzzedFile::kMapping) {
    const auto mapping = ParseCsvMapping(text, "mapping.yaml");
    return RequireToldWhy(mapping.status(), "mapping.yaml", true);
  }
  if (kind == FuzzedFile::kProfile) return FuzzProfile(text);
  const MemoryFile file(text);
  if (kind == FuzzedFile::kSecrets) return FuzzSecrets(file.path());
  if (kind != FuzzedFile::kCheckpoints) {
    return FuzzReference(kind, file.path());
  }
  const std::array<uint8_t, 32> seed = {7};
  const auto heads = ReadCheckpoints(
      file.path(), {ChainSigner(seed, file.path()).public_key()});
  return RequireToldWhy(heads.status(), file.path(), true);
}

inline std::vector<std::string> FileSeeds() {
  const auto seed = [](FuzzedFile kind, const std::string& text) {
    return std::string(1, static_cast<char>(kind)) + text;
  };
  const std::string key(64, 'a');
  const MemoryFile heads("");
  ChainSigner signer({7}, heads.path());
  for (uint64_t sequence : {10u, 20u}) {
    Require(
        signer.Write({sequence, {}}, absl::FromUnixSeconds(1'790'000'000)).ok(),
        "a line is written");
  }
  std::string lines(4096, '\0');
  const int fd = open(heads.path().c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t size = read(fd, lines.data(), lines.size());
  close(fd);
  lines.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return {
      seed(FuzzedFile::kRoles,
           "callers:\n"
           "  - {name: gate.terminal-1, roles: [scorer], sources: [t-1]}\n"
           "  - name: ana.customs\n    roles: [analyst, officer]\n"
           "    layers: [national, port]\n"),
      seed(FuzzedFile::kSecrets,
           "key_id: k2\npin_key: " + key + "\ndraw_key: " + key +
               "\ndraw_key_id: k1\npseudonym_key_id: k1\npseudonym_key: " +
               std::string(32, 'b') + "\naudit_key: " + key +
               "\nprevious: {key_id: k1, pin_key: " + key + "}\n"),
      seed(FuzzedFile::kProfile,
           "profile: nl\nowner: NL Customs\n"
           "scores: {yellow: 100, orange: 300, red: 600}\n"
           "random: {rate: 1%, lane: ORANGE}\ncapacity: 40\n"
           "top_up: {score_min: 50, lane: ORANGE}\nplaces:\n"
           "  - place: NLRTM/ECTDELTA\n    random: {rate: 2%}\n"
           "    capacity: {saturday: 20, sunday: 0, other: 60}\n"),
      seed(FuzzedFile::kMapping,
           "delimiter: \";\"\nutc_offset_min: 60\nencoding: latin1\n"
           "carry:\n  sent: {where: {kind: H1}, column: day}\nmovements:\n"
           "  - where: {kind: C1}\n    id: [box, day]\n    columns:\n"
           "      container.number: box\n      event: move\n"
           "      occurrence_time: {column: sent, format: \"%E4Y%m%d\"}\n"
           "    values: {event: {OUT: GATE_OUT, \"*\": \"\"}}\n"
           "    constants: {location.locode: NLRTM}\n"),
      seed(FuzzedFile::kPlaces,
           "locode,name,latitude,longitude\nNLRTM,Rotterdam,51.92,4.48\n"
           "ECGYE,Guayaquil,-2.2,-79.9\n"),
      seed(FuzzedFile::kUnlocode,
           ",\"NL\",\"RTM\",\"Rotterdam\",\"Rotterdam\",\"ZH\",\"12345---\","
           "\"AF\",\"0401\",,\"5155N 00430E\",\n"),
      seed(FuzzedFile::kOwners, "MSC;MSC Mediterranean\nMSK;Maersk\n"),
      seed(FuzzedFile::kSources,
           "source,complete,since\nterminal-1,GATE_IN GATE_OUT,2026-01-01T00:"
           "00:00Z\ncsp,,\n"),
      seed(FuzzedFile::kCheckpoints, lines)};
}

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_FUZZ_FILES_H_
