// Compression and encodings around a file, and strict reading of any.
#include "service/formats/wrapped_input.h"

#include <iconv.h>
#include <zlib.h>
#include <zstd.h>

#include <iostream>
#include <random>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/formats/fuzz_formats.h"
#include "tests/formats/message_samples.h"
#include "tests/formats/reading.h"
#include "tests/formats/samples.h"

namespace portrisk::service {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Gzip(const std::string& text) {
  z_stream state = {};
  deflateInit2(&state, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&state, text.size()) + 64, '\0');
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  state.avail_in = static_cast<uInt>(text.size());
  state.next_out = reinterpret_cast<Bytef*>(packed.data());
  state.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&state, Z_FINISH), Z_STREAM_END);
  packed.resize(state.total_out);
  deflateEnd(&state);
  return packed;
}

std::string Zstd(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(
      ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

std::string Recode(const std::string& text, const char* charset) {
  iconv_t converter = iconv_open(charset, "UTF-8");
  std::string out(text.size() * 4, '\0');
  char* from = const_cast<char*>(text.data());
  size_t from_left = text.size();
  char* to = out.data();
  size_t to_left = out.size();
  EXPECT_NE(iconv(converter, &from, &from_left, &to, &to_left),
            static_cast<size_t>(-1));
  iconv(converter, nullptr, nullptr, &to, &to_left);
  iconv_close(converter);
  out.resize(out.size() - to_left);
  return out;
}

// Many times what a stage of the chain holds.
std::string Long() {
  std::string text;
  while (text.size() < 500'000) text += kCodeco;
  return text;
}

TEST(WrappedInputTest, CompressedFilesAreReadAsWhatTheyHold) {
  const std::string text = Long();
  const Reading plain = Read(Format::kEdifact, text);
  EXPECT_GT(plain.movements.size(), 1000);
  for (const std::string& packed : {Gzip(text), Zstd(text)}) {
    EXPECT_LT(packed.size(), text.size() / 10);
    const Reading reading = Read(Format::kEdifact, packed);
    EXPECT_THAT(reading.reasons(), IsEmpty());
    EXPECT_EQ(reading.ids(), plain.ids());
  }
  EXPECT_EQ(Read(Format::kDcsa, Gzip(kDcsa)).ids(),
            Read(Format::kDcsa, kDcsa).ids());
  EXPECT_EQ(Read(Format::kCsv, Zstd(kCsv)).ids(),
            Read(Format::kCsv, kCsv).ids());
  EXPECT_EQ(Read(Format::kX12, Gzip(kX315)).ids(),
            Read(Format::kX12, kX315).ids());
}

TEST(WrappedInputTest, SeveralMembersAreOneText) {
  const std::string text = kCodeco;
  const std::string a = text.substr(0, 300);
  const std::string b = text.substr(300);
  for (const std::string& packed : {Gzip(a) + Gzip(b), Zstd(a) + Zstd(b)}) {
    const Reading reading = Read(Format::kEdifact, packed);
    EXPECT_THAT(reading.reasons(), IsEmpty());
    EXPECT_EQ(reading.movements.size(), 4);
  }
}

TEST(WrappedInputTest, ZerosMayFillAGzipFileUp) {
  const std::string padded = Gzip(kCodeco) + std::string(200'000, '\0');
  const Reading reading = Read(Format::kEdifact, padded);
  EXPECT_THAT(reading.reasons(), IsEmpty());
  EXPECT_EQ(reading.movements.size(), 4);
  EXPECT_THAT(Read(Format::kEdifact, padded + "more").reasons(),
              Contains("BAD_COMPRESSION"));
}

TEST(WrappedInputTest, ACutFileGivesWhatStoodBeforeTheCut) {
  const std::string text = Long();
  for (const std::string& packed : {Gzip(text), Zstd(text)}) {
    const Reading reading =
        Read(Format::kEdifact, packed.substr(0, packed.size() - 40));
    EXPECT_THAT(reading.reasons(), Contains("BAD_COMPRESSION"));
  }
  const std::string cut = Gzip(text).substr(0, Gzip(text).size() / 2);
  EXPECT_GT(Read(Format::kEdifact, cut).movements.size(), 100);
}

TEST(WrappedInputTest, DamagedOnesBreakNothing) {
  const uint32_t seed = std::random_device()();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  for (const std::string& packed : {Gzip(kCodeco), Zstd(kCodeco)}) {
    for (int round = 0; round < 2000; ++round) {
      std::string damaged = packed;
      damaged[random() % damaged.size()] = static_cast<char>(random());
      std::istringstream in(damaged);
      WrappedInput input(in, true);
      std::ostringstream out;
      out << input.stream().rdbuf();
      EXPECT_LT(out.str().size(), 1u << 20);
    }
  }
}

TEST(WrappedInputTest, WholeFilesInOtherEncodingsAreRead) {
  const std::string text =
      Replace(Replace(kCodeco, "UNA:+.? '\n", ""), "FROZEN FISH", "РЫБА 魚");
  for (const char* charset : {"UTF-16LE", "UTF-16BE", "UTF-16"}) {
    const Reading reading = Read(Format::kEdifact, Recode(text, charset));
    EXPECT_THAT(reading.reasons(), IsEmpty()) << charset;
    ASSERT_EQ(reading.movements.size(), 4) << charset;
    EXPECT_EQ(reading.movements[0].consignment().goods(), "РЫБА 魚 IN BOXES");
  }
  // The second byte of a character is a terminator's or a separator's here.
  const std::string japanese =
      Replace(Replace(text, "РЫБА 魚", "冷凍魚ァЧ"), "UNB+UNOC", "UNB+UNOX");
  const Reading reading =
      Read(Format::kEdifact, Recode(japanese, "ISO-2022-JP-2"));
  EXPECT_THAT(reading.reasons(), IsEmpty());
  ASSERT_EQ(reading.movements.size(), 4);
  EXPECT_EQ(reading.movements[0].consignment().goods(), "冷凍魚ァЧ IN BOXES");
}

TEST(WrappedInputTest, EveryLevelOfTheSyntaxHasItsCharacters) {
  struct Case {
    const char* level;
    const char* charset;
    const char* text;
  };
  const Case cases[] = {
      {"UNOC", "ISO-8859-1", "PEÑA"},   {"UNOD", "ISO-8859-2", "ŁÓDŹ"},
      {"UNOE", "ISO-8859-5", "РЫБА"},   {"UNOF", "ISO-8859-7", "ΨΑΡΙ"},
      {"UNOG", "ISO-8859-3", "ĦUT"},    {"UNOH", "ISO-8859-4", "ŽUVIS"},
      {"UNOI", "ISO-8859-6", "سمك"},    {"UNOJ", "ISO-8859-8", "דג"},
      {"UNOK", "ISO-8859-9", "BALIĞI"}, {"UNOL", "ISO-8859-15", "POISSON Œ"},
      {"UNOW", "UTF-8", "魚"},          {"UNOY", "UTF-8", "魚"},
  };
  for (const Case& test : cases) {
    const std::string text =
        Replace(Replace(kCodeco, "UNB+UNOC", std::string("UNB+") + test.level),
                "FROZEN FISH", Recode(test.text, test.charset));
    const Reading reading = Read(Format::kEdifact, text);
    EXPECT_EQ(reading.movements[0].consignment().goods(),
              std::string(test.text) + " IN BOXES")
        << test.level;
  }
}

Reading Strict(Format format, const std::string& text) {
  ReaderOptions options;
  options.format = format;
  options.file = "test";
  options.strict = true;
  return ReadWith(options, text);
}

TEST(StrictTest, WhatIsAsItShouldBeIsReadAlike) {
  for (const char* text : {kCodeco, kCoarri, kCoparn, kCoreor, kIftmin}) {
    EXPECT_EQ(Strict(Format::kEdifact, text).ids(),
              Read(Format::kEdifact, text).ids());
  }
}

TEST(StrictTest, WhatWouldBeToleratedIsRejected) {
  const Reading reading =
      Strict(Format::kEdifact, Replace(kCodeco, "KGM:27000.4", "KGM:27000,4"));
  EXPECT_THAT(reading.reasons(), ElementsAre("DECIMAL_COMMA"));
  EXPECT_EQ(reading.rejects[0].position,
            "interchange CTRL7, message M1, segment 13");
  EXPECT_THAT(reading.rejects[0].excerpt, testing::HasSubstr("27000,4"));
  EXPECT_THAT(reading.summary.tolerated, IsEmpty());
  // The rest of its message is not taken, the next message is.
  ASSERT_EQ(reading.movements.size(), 2);
  EXPECT_EQ(reading.movements[0].event(), v1::GATE_OUT);
}

TEST(StrictTest, CountsAreRejectedWhereTheyStand) {
  const Reading reading =
      Strict(Format::kEdifact, Replace(kCodeco, "UNT+23+M1", "UNT+24+M1"));
  EXPECT_THAT(reading.reasons(), ElementsAre("UNT_COUNT"));
  // Known only when what came before has been handed over.
  EXPECT_EQ(reading.movements.size(), 4);
}

TEST(StrictTest, EveryFormatKnowsIt) {
  const Reading reading =
      Strict(Format::kDcsa, Replace(kDcsa, "07:44:00+01:00", "07:44:00"));
  EXPECT_THAT(reading.reasons(), ElementsAre("TIME_WITHOUT_ZONE"));
  EXPECT_EQ(reading.rejects[0].position, "/0");
  EXPECT_EQ(reading.movements.size(), 3);
}

}  // namespace
}  // namespace portrisk::service
