// What a replay notes of each answer beside it: which conditions it came to,
// and what variants of its rules would have hit. The variants are rules in
// shadow in the same programme; every trace of them is taken out before an
// answer is seen.
#ifndef PORTRISK_SERVICE_REPLAY_NOTES_H_
#define PORTRISK_SERVICE_REPLAY_NOTES_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "portrisk/v1/evaluation.pb.h"
#include "scoring/measures.h"
#include "scoring/programme.h"
#include "scoring/sensitivity.h"

namespace portrisk::service {

// The variants of the first set have this revision, of the second the next.
inline constexpr uint64_t kVariantRevisions = uint64_t{1} << 41;
// Thresholds that are tried in one pass, about four variants each.
inline constexpr size_t kThresholdsMax = 100;

// By variant, of one answer: which of its points hit.
using SensitivityPoints = std::vector<std::vector<uint32_t>>;

// Two threads: one assesses (AddVariants, Take, Settle), the other measures
// answers that have been handed to it (Count); the rest when both have ended.
class ReplayNotes {
 public:
  // Adds variants of the members with these revisions, as members in shadow;
  // once, before anything is noted.
  void AddVariants(const std::vector<uint64_t>& revisions,
                   std::vector<scoring::Programme::Member>* members);
  // Of an answer, which the last evaluation gave, if any did.
  void Take(const scoring::EvalScratch& evaluation, v1::Assessment* assessment,
            SensitivityPoints* points);
  // Before `programme` is replaced, and at the end.
  void Settle(const scoring::Programme& programme);
  // That an answer with these points is measured, as one of `unit`.
  void Count(const SensitivityPoints& points, uint32_t unit);

  // Before the selection reports.
  void AddCosts(scoring::Selection* selection) const;
  // After it has.
  void Report(const scoring::UnitTable& table,
              const scoring::Selection& selection, v1::VariantReport* out);

 private:
  struct Cost {
    uint64_t evaluated = 0;
    uint64_t operations = 0;
  };

  std::vector<scoring::Sensitivity> variants_;
  uint32_t left_out_ = 0;
  uint64_t assessed_ = 0;
  std::vector<uint64_t> evaluated_;  // By rule of the programme.
  std::map<std::pair<std::string, std::string>, Cost> costs_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_REPLAY_NOTES_H_
