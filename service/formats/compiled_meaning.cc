#include "service/formats/compiled_meaning.h"

#include <cassert>

#include "absl/strings/str_split.h"

namespace portrisk::service {

CodeSet::CodeSet(absl::string_view codes) {
  if (codes.empty()) return;
  for (const absl::string_view code : absl::StrSplit(codes, '|')) {
    assert(count_ < codes_.size());
    codes_[count_++] = code == "-" ? 0 : PackCode(code);
  }
}

void TagMeaning::IndexByCode() {
  size_t codes = 0;
  for (const Step& step : steps) {
    if (!step.of_first || step.codes.any()) return;
    codes += step.codes.codes().size();
  }
  if (codes == 0 || codes > kBuckets / 2) return;
  buckets.resize(kBuckets);
  for (const Step& step : steps) {
    for (const uint32_t code : step.codes.codes()) {
      size_t at = HashOf(code);
      while (buckets[at].code != kNoCode && buckets[at].code != code) {
        at = (at + 1) % kBuckets;
      }
      buckets[at].code = code;
      buckets[at].steps.push_back(step);
    }
  }
}

CompiledMeaning::CompiledMeaning(MessageType type)
    : definition_(DefinitionOf(type)) {
  for (const auto groups : {EdifactGroups(), X12Groups()}) {
    for (const Group& group : groups) {
      if ((group.in & In(type)) == 0) continue;
      At(group.tag)->openings.push_back({CodeSet(group.codes), &group});
    }
  }
  for (const auto rules : {EdifactRules(), X12Rules()}) {
    for (const Rule& rule : rules) {
      if ((rule.in & In(type)) == 0) continue;
      At(rule.tag)->steps.push_back(
          {rule.at, rule.leg, rule.key.element == 1 && rule.key.component == 0,
           rule.codes2.empty() && rule.only == v1::EVENT_UNSPECIFIED,
           CodeSet(rule.codes), CodeSet(rule.codes2), &rule});
    }
  }
  for (const auto& tag : tags_) tag->IndexByCode();
}

TagMeaning* CompiledMeaning::At(absl::string_view tag) {
  const uint32_t packed = PackCode(tag);
  size_t at = SlotOf(packed);
  while (slots_[at] != nullptr && slots_[at]->tag != packed) {
    at = (at + 1) % kSlots;
  }
  if (slots_[at] == nullptr) {
    tags_.push_back(std::make_unique<TagMeaning>());
    tags_.back()->tag = packed;
    slots_[at] = tags_.back().get();
  }
  return slots_[at];
}

const CompiledMeaning& MeaningOf(MessageType type) {
  static const std::vector<CompiledMeaning>* const kAll = [] {
    auto* all = new std::vector<CompiledMeaning>();
    for (size_t i = 0; i <= kMessageTypes; ++i) {
      all->emplace_back(static_cast<MessageType>(i));
    }
    return all;
  }();
  return (*kAll)[static_cast<size_t>(type)];
}

}  // namespace portrisk::service
