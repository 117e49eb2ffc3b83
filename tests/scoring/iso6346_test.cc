#include "scoring/iso6346.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace portrisk::scoring {
namespace {

bool Passes(absl::string_view number) {
  const v1::NumberStatus status = CheckContainerNumber(number);
  return status == v1::NUMBER_VALID || status == v1::NUMBER_REMAINDER_TEN;
}

// The definition, without the tables of the implementation: letters are
// counted off one by one, weights are powers of two.
int DigitByDefinition(const std::string& ten) {
  long sum = 0, weight = 1;
  for (char c : ten) {
    long value = c - '0';
    if (c >= 'A') {
      value = 10;
      for (char letter = 'A'; letter < c; ++letter) {
        ++value;
        if (value % 11 == 0) ++value;
      }
    }
    sum += value * weight;
    weight *= 2;
  }
  return static_cast<int>(sum % 11 % 10);
}

class RandomNumbers {
 public:
  explicit RandomNumbers(uint32_t seed) : random_(seed) {
    ::testing::Test::RecordProperty("seed", static_cast<int>(seed));
    std::printf("seed %u\n", seed);
  }
  int Below(int limit) { return static_cast<int>(random_() % limit); }
  std::string Ten() {
    std::string ten;
    for (int i = 0; i < 3; ++i) ten += static_cast<char>('A' + Below(26));
    ten += "UJZ"[Below(3)];
    for (int i = 0; i < 6; ++i) ten += static_cast<char>('0' + Below(10));
    return ten;
  }
  std::string Full() {
    std::string number = Ten();
    number += static_cast<char>('0' + CheckDigit(number, nullptr));
    return number;
  }

 private:
  std::mt19937 random_;
};

TEST(Iso6346, NormalFormDropsSeparatorsAndCase) {
  EXPECT_EQ(NormaliseContainerNumber(" csqu 305438-3 "), "CSQU3054383");
  EXPECT_EQ(NormaliseContainerNumber("CSQU.305438/3\t"), "CSQU3054383");
  EXPECT_EQ(NormaliseContainerNumber("CSQU3054383"), "CSQU3054383");
  EXPECT_EQ(NormaliseContainerNumber("- / ."), "");
  // Neither truncated nor judged.
  EXPECT_EQ(NormaliseContainerNumber("shipper's own box 17"),
            "SHIPPER'SOWNBOX17");
}

TEST(Iso6346, StatusNamesWhatIsWrong) {
  const struct {
    const char* number;
    v1::NumberStatus status;
  } cases[] = {
      {"", v1::NUMBER_STATUS_UNSPECIFIED},
      {"CSQU3054383", v1::NUMBER_VALID},
      {"CSQU3054384", v1::NUMBER_BAD_CHECK_DIGIT},
      {"CSQU305438", v1::NUMBER_NO_CHECK_DIGIT},
      {"CSQU30543830", v1::NUMBER_NOT_ISO},
      {"CSQU30543", v1::NUMBER_NOT_ISO},
      {"CSQU305438A", v1::NUMBER_NOT_ISO},
      {"CSQU3O54383", v1::NUMBER_NOT_ISO},  // The letter O for a zero.
      {"CSQA3054383", v1::NUMBER_NOT_ISO},  // No such category.
      {"C5QU3054383", v1::NUMBER_NOT_ISO},
      {"csqu3054383", v1::NUMBER_NOT_ISO},  // Not in normal form.
      {"\xC3\x84QU3054383", v1::NUMBER_NOT_ISO},
      {"XXXU0000000", v1::NUMBER_RESERVED_PREFIX},
      {"BICU123456", v1::NUMBER_RESERVED_PREFIX},
      {"XXXJ0000000", v1::NUMBER_BAD_CHECK_DIGIT},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(CheckContainerNumber(c.number), c.status) << c.number;
  }
}

TEST(Iso6346, RemainderTenIsWrittenZeroAndToldApart) {
  RandomNumbers random(1);
  int tens = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string number = random.Ten();
    bool ten = false;
    const int digit = CheckDigit(number, &ten);
    number += static_cast<char>('0' + digit);
    if (!ten) continue;
    ++tens;
    EXPECT_EQ(digit, 0);
    const v1::NumberStatus status = CheckContainerNumber(number);
    EXPECT_TRUE(status == v1::NUMBER_REMAINDER_TEN ||
                status == v1::NUMBER_RESERVED_PREFIX)
        << number;
  }
  EXPECT_GT(tens, 50);
}

TEST(Iso6346, CheckDigitAgreesWithTheDefinition) {
  RandomNumbers random(2);
  for (int i = 0; i < 100000; ++i) {
    const std::string ten = random.Ten();
    ASSERT_EQ(CheckDigit(ten, nullptr), DigitByDefinition(ten)) << ten;
  }
}

TEST(Iso6346, CheckDigitRefusesAnythingElse) {
  for (const char* bad : {"", "CSQU30543", "CSQU3054383", "CSQ33054383",
                          "CSQU30543A", "csqu305438"}) {
    EXPECT_EQ(CheckDigit(bad, nullptr), -1) << bad;
  }
}

// The rate at which an invented number passes is what makes the check digit a
// weak signal; rules weigh it so.
TEST(Iso6346, ExactlyOneInventedNumberInTenPasses) {
  int passed = 0;
  for (int serial = 0; serial < 1000000; ++serial) {
    char ten[11];
    std::snprintf(ten, sizeof(ten), "MSKU%06d", serial);
    std::string number(ten, 10);
    number += '0';
    for (char digit = '0'; digit <= '9'; ++digit) {
      number.back() = digit;
      passed += Passes(number) ? 1 : 0;
    }
  }
  EXPECT_EQ(passed, 1000000);  // Of ten million.
}

// A wrong digit goes unnoticed only between remainder 0 and 10, which are
// both written 0: two of the 11 * 10 changes of remainder, one in 55 (1.8 %).
TEST(Iso6346, OneWrongSerialDigitIn55GoesUnnoticed) {
  RandomNumbers random(3);
  long changes = 0, missed = 0;
  for (int i = 0; i < 100000; ++i) {
    const std::string number = random.Full();
    for (size_t place = 4; place < 10; ++place) {
      for (char digit = '0'; digit <= '9'; ++digit) {
        if (digit == number[place]) continue;
        std::string wrong = number;
        wrong[place] = digit;
        ++changes;
        missed +=
            CheckDigit(wrong.substr(0, 10), nullptr) == number.back() - '0';
      }
    }
  }
  EXPECT_NEAR(double(missed) / double(changes), 1.0 / 55.0, 0.0003);
}

TEST(Iso6346, AWrongCheckDigitNeverGoesUnnoticed) {
  RandomNumbers random(4);
  for (int i = 0; i < 10000; ++i) {
    std::string number = random.Full();
    if (CheckContainerNumber(number) == v1::NUMBER_RESERVED_PREFIX) continue;
    const char right = number.back();
    for (char digit = '0'; digit <= '9'; ++digit) {
      number.back() = digit;
      ASSERT_EQ(Passes(number), digit == right) << number;
    }
  }
}

TEST(Iso6346, AMissingCheckDigitIsAddedAndSaid) {
  v1::NumberStatus status = v1::NUMBER_STATUS_UNSPECIFIED;
  EXPECT_EQ(NormaliseContainerNumber("csqu 305438", &status), "CSQU3054383");
  EXPECT_EQ(status, v1::NUMBER_NO_CHECK_DIGIT);
  EXPECT_EQ(NormaliseContainerNumber("CSQU305438-4", &status), "CSQU3054384");
  EXPECT_EQ(status, v1::NUMBER_BAD_CHECK_DIGIT) << "it has one, if a wrong one";
  EXPECT_EQ(NormaliseContainerNumber("CSQU30543", &status), "CSQU30543");
  EXPECT_EQ(status, v1::NUMBER_NOT_ISO);
}

TEST(Iso6346, AnyBytesAreJudgedWithoutHarm) {
  RandomNumbers random(5);
  for (int i = 0; i < 50000; ++i) {
    std::string text = random.Full();
    for (int k = random.Below(4); k >= 0; --k) {
      text[random.Below(static_cast<int>(text.size()))] =
          static_cast<char>(random.Below(256));
    }
    text.resize(random.Below(14), 'U');
    const std::string normal = NormaliseContainerNumber(text);
    EXPECT_LE(normal.size(), text.size() + 1);
    EXPECT_EQ(NormaliseContainerNumber(normal), normal);
    EXPECT_EQ(IsNormalContainerNumber(text), text == normal);
    EXPECT_TRUE(v1::NumberStatus_IsValid(CheckContainerNumber(normal)));
  }
}

// Verdicts of independent validators, where the data is at hand. They judge
// the writing too (lower case, blanks); we judge the normal form.
TEST(Iso6346, AgreesWithIndependentValidators) {
  const char* data = std::getenv("PORTRISK_REAL_DATA");
  if (data == nullptr) {
    GTEST_SKIP() << "PORTRISK_REAL_DATA is not set: no vectors to compare with";
  }
  std::ifstream in(std::string(data) + "/iso6346/vectors_handout.tsv");
  ASSERT_TRUE(in) << "iso6346/vectors_handout.tsv is missing in " << data;
  int compared = 0;
  for (std::string line; std::getline(in, line);) {
    const std::vector<std::string> columns = absl::StrSplit(line, '\t');
    if (columns.size() < 2) continue;
    const std::string normal = NormaliseContainerNumber(columns[0]);
    if (columns[1] == "valid") {
      EXPECT_TRUE(Passes(normal)) << line;
    } else if (normal == columns[0]) {
      EXPECT_FALSE(Passes(normal)) << line;
    }
    ++compared;
  }
  EXPECT_GE(compared, 40);
}

}  // namespace
}  // namespace portrisk::scoring
