// Damaged files: cut at every byte, and changed at random from a seed that is
// printed. What came before the damage must be there, nothing may crash, and
// what must hold for any bytes must hold.
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "tests/formats/fuzz_formats.h"
#include "tests/formats/message_samples.h"
#include "tests/formats/reading.h"
#include "tests/formats/samples.h"

namespace portrisk::service {
namespace {

struct Sample {
  Format format;
  std::string text;
};

std::vector<Sample> Samples() {
  return {{Format::kEdifact, kCodeco}, {Format::kEdifact, kCoarri},
          {Format::kEdifact, kCoparn}, {Format::kEdifact, kCoreor},
          {Format::kEdifact, kCopino}, {Format::kEdifact, kIftsta},
          {Format::kEdifact, kIftmin}, {Format::kEdifact, kCusrep},
          {Format::kEdifact, kBaplie}, {Format::kX12, kX315},
          {Format::kX12, kX322},       {Format::kX12, kX309},
          {Format::kEpcis, kEpcis},    {Format::kDcsa, kDcsa},
          {Format::kCsv, kCsv},        {Format::kJsonl, kJsonl}};
}

bool Same(const v1::Movement& a, const v1::Movement& b) {
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

// Those that hold boxes until a consignment names them: cut, they lose all.
std::vector<Sample> HoldingSamples() {
  return {{Format::kEdifact, kCostco}, {Format::kEdifact, kCuscar}};
}

TEST(DamageTest, ACutFileGivesWhatStoodBeforeTheCut) {
  for (const Sample& sample : Samples()) {
    const Reading whole = Read(sample.format, sample.text);
    size_t most = 0;
    for (size_t cut = 0; cut < sample.text.size(); ++cut) {
      const Reading part = Read(sample.format, sample.text.substr(0, cut));
      size_t kept = part.movements.size();
      // A cut row may pass for a whole one; the reader says that it was the
      // last and had no line end.
      if (kept > 0 && part.tolerated("LAST_ROW_UNTERMINATED") > 0) --kept;
      ASSERT_LE(kept, whole.movements.size());
      ASSERT_GE(kept + 1, most) << "lost by a later cut, at " << cut;
      most = std::max(most, kept);
      for (size_t i = 0; i < kept; ++i) {
        ASSERT_TRUE(Same(part.movements[i], whole.movements[i]))
            << "cut at " << cut;
      }
    }
    EXPECT_GE(most + 1, whole.movements.size());
  }
}

TEST(DamageTest, DamageInTheSecondMessageLeavesTheFirst) {
  const std::string text = kCodeco;
  const Reading whole = Read(Format::kEdifact, text);
  const size_t second = text.find("UNH+M2");
  const std::string bytes("\0'+:?\nxU\xFF", 9);
  for (size_t at = second; at < text.size(); ++at) {
    for (const char byte : bytes) {
      std::string damaged = text;
      damaged[at] = byte;
      const Reading reading = Read(Format::kEdifact, damaged);
      ASSERT_GE(reading.movements.size(), 2) << at;
      ASSERT_TRUE(Same(reading.movements[0], whole.movements[0]));
      ASSERT_TRUE(Same(reading.movements[1], whole.movements[1]));
    }
  }
}

TEST(DamageTest, AMessageBehindDamageIsReadAgain) {
  const std::string text = kCodeco;
  const size_t body = text.find("EQD+CN+MSKU");
  const size_t second = text.find("UNH+M2");
  for (size_t at = body; at + 12 < second; ++at) {
    std::string damaged = text;
    damaged.replace(at, 1, "'&%$'");
    const Reading reading = Read(Format::kEdifact, damaged);
    const std::vector<std::string> ids = reading.ids();
    EXPECT_NE(
        std::find(ids.begin(), ids.end(), "GATE20260131B/GATE_OUT/HLXU8099273"),
        ids.end())
        << at;
    EXPECT_FALSE(reading.rejects.empty()) << at;
  }
}

std::string Mutate(std::string text, std::mt19937* random) {
  const auto pick = [random](size_t below) {
    return std::uniform_int_distribution<size_t>(0, below - 1)(*random);
  };
  for (size_t changes = 1 + pick(4); changes > 0; --changes) {
    if (text.empty()) return text;
    const size_t at = pick(text.size());
    switch (pick(5)) {
      case 0:
        text[at] = static_cast<char>(pick(256));
        break;
      case 1:
        text.erase(at, 1 + pick(20));
        break;
      case 2:
        text.insert(at, text.substr(pick(text.size()), pick(60)));
        break;
      case 3:
        text[at] = "'+:?\"{}[],\n\r"[pick(12)];
        break;
      default:
        text.resize(at);
    }
  }
  return text;
}

TEST(DamageTest, WhatHoldsForAnyBytesHoldsForMutatedOnes) {
  const uint32_t seed = std::random_device()();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  std::vector<Sample> samples = Samples();
  for (Sample& sample : HoldingSamples()) samples.push_back(std::move(sample));
  for (const Sample& sample : samples) {
    for (int round = 0; round < 1500; ++round) {
      const std::string text = Mutate(sample.text, &random);
      FuzzFormat(sample.format, reinterpret_cast<const uint8_t*>(text.data()),
                 text.size());
    }
  }
}

TEST(DamageTest, EveryFormatSurvivesTheFilesOfTheOthers) {
  for (const Sample& sample : Samples()) {
    for (const Format format : {Format::kEdifact, Format::kX12, Format::kDcsa,
                                Format::kEpcis, Format::kCsv, Format::kJsonl}) {
      FuzzFormat(format, reinterpret_cast<const uint8_t*>(sample.text.data()),
                 sample.text.size());
    }
  }
}

}  // namespace
}  // namespace portrisk::service
