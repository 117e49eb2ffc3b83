#include "service/formats/segment_tokenizer.h"

#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace portrisk::service {
namespace {

using Token = SegmentTokenizer::Token;

// Every segment as "TAG|element,component|...".
std::vector<std::string> Segments(const std::string& text) {
  std::istringstream in(text);
  SegmentTokenizer tokenizer(in);
  std::vector<std::string> segments;
  for (Token token = tokenizer.Next(); token != Token::kEnd;
       token = tokenizer.Next()) {
    if (token == Token::kServiceString || token == Token::kEmpty) continue;
    if (token == Token::kTruncated) {
      segments.push_back("truncated " + std::string(tokenizer.damage()));
      break;
    }
    if (token == Token::kDamage) {
      segments.push_back("damage " + std::string(tokenizer.damage_reason()));
      tokenizer.Resynchronise();
      continue;
    }
    const Segment& segment = tokenizer.segment();
    std::string shown;
    for (size_t i = 0; i < segment.elements(); ++i) {
      if (i > 0) shown += "|";
      for (size_t j = 0; j < 5; ++j) {
        if (segment.At(i, j).empty()) continue;
        if (j > 0) shown += ",";
        shown += std::string(segment.At(i, j));
      }
    }
    segments.push_back(shown);
  }
  return segments;
}

using List = std::vector<std::string>;

TEST(SegmentTokenizerTest, SplitsElementsAndComponents) {
  EXPECT_EQ(Segments("LOC+9+NLRTM:139:6++X'DTM+7:2026:203'"),
            (List{"LOC|9|NLRTM,139,6||X", "DTM|7,2026,203"}));
}

TEST(SegmentTokenizerTest, AReleasedCharacterIsData) {
  EXPECT_EQ(Segments("FTX+AAA+++A?+B?:C?'D?\?E'UNT+1'"),
            (List{"FTX|AAA|||A+B:C'D?E", "UNT|1"}));
}

TEST(SegmentTokenizerTest, AnEvenNumberOfReleasesEndsTheSegment) {
  EXPECT_EQ(Segments("FTX+A?\?'UNT+1'"), (List{"FTX|A?", "UNT|1"}));
}

TEST(SegmentTokenizerTest, AServiceStringChangesTheCharactersUntilUnz) {
  EXPECT_EQ(Segments("UNA;*.\\ ~UNB*A;B~FTX*a\\*b+c~UNZ*1~UNB+C:D'"),
            (List{"UNB|A,B", "FTX|a*b+c", "UNZ|1", "UNB|C,D"}));
}

TEST(SegmentTokenizerTest, AHeaderWithoutAServiceStringHasTheUsualOnes) {
  EXPECT_EQ(Segments("UNA:|.? ~UNB|A:B~FTX|a~\nUNB+C:D'FTX+b'"),
            (List{"UNB|A,B", "FTX|a", "UNB|C,D", "FTX|b"}));
  EXPECT_EQ(Segments("UNA:|.? ~UNB|A:B~FTX|a\nUNB+C:D'FTX+b'"),
            (List{"UNB|A,B", "damage BAD_SEGMENT", "UNB|C,D", "FTX|b"}));
  EXPECT_EQ(Segments("UNA:+.? ~UNB+A:B~FTX+a'~"), (List{"UNB|A,B", "FTX|a'"}));
}

TEST(SegmentTokenizerTest, ABlankReleaseMeansNone) {
  EXPECT_EQ(Segments("UNA:+.  'FTX+WHAT?'UNT+1'"),
            (List{"FTX|WHAT?", "UNT|1"}));
}

TEST(SegmentTokenizerTest, AnyLineEndMayFollowASegment) {
  EXPECT_EQ(Segments("AAA+1'\nBBB+2'\r\nCCC+3'\r  DDD+4'\n\n"),
            (List{"AAA|1", "BBB|2", "CCC|3", "DDD|4"}));
  EXPECT_EQ(Segments("UNA:+.? \nAAA+1\nBBB+2\r\n"), (List{"AAA|1", "BBB|2"}));
}

TEST(SegmentTokenizerTest, LinesWrappedInsideASegmentAreJoined) {
  EXPECT_EQ(Segments("FTX+AAA+++GEN\r\nERAL?\n+X'"),
            (List{"FTX|AAA|||GENERAL+X"}));
}

TEST(SegmentTokenizerTest, DamageIsFollowedByTheNextMessage) {
  EXPECT_EQ(Segments("lorem ipsum\n'EQD+1'UNH+2'BGM+3'"),
            (List{"damage BAD_SEGMENT", "UNH|2", "BGM|3"}));
}

TEST(SegmentTokenizerTest, AMessageBehindALostTerminatorIsFound) {
  EXPECT_EQ(Segments("UNT+3+1\nUNH+2+X'BGM+3'"),
            (List{"damage BAD_SEGMENT", "UNH|2|X", "BGM|3"}));
  EXPECT_EQ(Segments("some text\nUNB+2+X'"),
            (List{"damage BAD_SEGMENT", "UNB|2|X"}));
}

TEST(SegmentTokenizerTest, AnEndlessSegmentIsDamageAndBounded) {
  const std::string endless = "FTX+" + std::string(1 << 20, 'x');
  EXPECT_EQ(Segments(endless + "'\nUNH+2'"),
            (List{"damage SEGMENT_TOO_LONG", "UNH|2"}));
}

TEST(SegmentTokenizerTest, ASegmentAtTheBoundIsWhole) {
  const std::string text(kSegmentBytesMax - 4, 'x');
  EXPECT_EQ(Segments("FTX+" + text + "'UNT+1'"),
            (List{"FTX|" + text, "UNT|1"}));
}

TEST(SegmentTokenizerTest, AnUnendedSegmentIsTruncated) {
  EXPECT_EQ(Segments("UNH+1'BGM+3"), (List{"UNH|1", "truncated BGM+3"}));
}

TEST(SegmentTokenizerTest, SegmentsAcrossTheBufferAreWhole) {
  std::string text;
  List expected;
  for (int i = 0; i < 60000; ++i) {
    text += "RFF+BN:" + std::to_string(i) + "'";
    expected.push_back("RFF|BN," + std::to_string(i));
  }
  ASSERT_GT(text.size(), 8 * kSegmentBytesMax);
  EXPECT_EQ(Segments(text), expected);
}

}  // namespace
}  // namespace portrisk::service
