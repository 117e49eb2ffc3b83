// Signed heads of the chain.
#include "service/chain_checkpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/service/engine_fixture.h"

namespace portrisk::service {
namespace {

using ::testing::HasSubstr;

class ChainCheckpointsTest : public ::testing::Test {
 protected:
  ChainCheckpointsTest() : path_(directory_.path() + "/checkpoints") {
    seed_.fill(7);
  }
  static store::ChainHead Head(uint64_t sequence) {
    store::ChainHead head;
    head.sequence = sequence;
    head.chain.fill(static_cast<uint8_t>(sequence));
    return head;
  }
  std::string Text() {
    std::ifstream in(path_);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void SetText(const std::string& text) { std::ofstream(path_) << text; }

  TemporaryDirectory directory_;
  const std::string path_;
  std::array<uint8_t, 32> seed_;
  const absl::Time time_ = absl::FromUnixSeconds(1'800'000'000);
};

TEST_F(ChainCheckpointsTest, WhatWasWrittenIsRead) {
  ChainSigner signer(seed_, path_);
  ASSERT_TRUE(signer.Write(Head(3), time_).ok());
  ASSERT_TRUE(signer.Write(Head(3), time_).ok())
      << "No second line of one head";
  ASSERT_TRUE(signer.Write(Head(9), time_).ok());
  const auto key = PublicKeyFromHex(ToHex(signer.public_key()));
  ASSERT_TRUE(key.ok());
  const auto read = ReadCheckpoints(path_, {*key});
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].sequence(), 3u);
  EXPECT_EQ((*read)[1].sequence(), 9u);
  EXPECT_EQ((*read)[1].chain(), std::string(32, 9));
}

TEST_F(ChainCheckpointsTest, NoFieldCanBeChanged) {
  ChainSigner signer(seed_, path_);
  const v1::ChainCheckpoint good = signer.Sign(Head(3), time_);
  ASSERT_TRUE(signer.Write(Head(3), time_).ok());
  const std::string line = Text();
  const std::pair<const char*, const char*> kChanges[] = {
      {"\"sequence\":\"3\"", "\"sequence\":\"4\""},
      {"2027", "2028"},
      {"AwMD", "AwME"},
      {"\"keyId\":\"", "\"keyId\":\"0"},
  };
  for (const auto& [from, to] : kChanges) {
    std::string changed = line;
    const size_t at = changed.find(from);
    ASSERT_NE(at, std::string::npos) << from << " in " << line;
    changed.replace(at, std::string(from).size(), to);
    SetText(changed);
    const auto read = ReadCheckpoints(path_, {signer.public_key()});
    ASSERT_FALSE(read.ok()) << changed;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(":2:"));
  }
  SetText(line + "\n\nnonsense\n");
  EXPECT_THAT(
      std::string(
          ReadCheckpoints(path_, {signer.public_key()}).status().message()),
      HasSubstr(":5: this is no checkpoint"));
}

TEST_F(ChainCheckpointsTest, AFileGoesOnUnderANewKey) {
  ChainSigner signer(seed_, path_);
  ASSERT_TRUE(signer.Write(Head(3), time_).ok());
  seed_.fill(8);
  ChainSigner next(seed_, path_);
  ASSERT_TRUE(next.Write(Head(5), time_).ok());
  const auto read =
      ReadCheckpoints(path_, {next.public_key(), signer.public_key()});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->size(), 2);
  for (const PublicKey& one : {signer.public_key(), next.public_key()}) {
    EXPECT_FALSE(ReadCheckpoints(path_, {one}).ok());
  }
  EXPECT_FALSE(ReadCheckpoints(path_, {}).ok());
}

TEST_F(ChainCheckpointsTest, TheLastWholeLineSaysHowFarItGoes) {
  EXPECT_EQ(LastCheckpointed(path_), 0u) << "no file";
  ChainSigner signer(seed_, path_);
  for (uint64_t at = 3; at < 90; at += 2) {
    ASSERT_TRUE(signer.Write(Head(at), time_).ok());
    EXPECT_EQ(LastCheckpointed(path_), at);
  }
  std::ofstream(path_, std::ios::app) << "{\"sequence\":\"9";
  EXPECT_EQ(LastCheckpointed(path_), 89u);
}

TEST_F(ChainCheckpointsTest, AnotherKeyIsNoProof) {
  ChainSigner signer(seed_, path_);
  ASSERT_TRUE(signer.Write(Head(3), time_).ok());
  seed_.fill(8);
  const ChainSigner other(seed_, path_);
  EXPECT_FALSE(ReadCheckpoints(path_, {other.public_key()}).ok());
  EXPECT_FALSE(PublicKeyFromHex("abc").ok());
  EXPECT_FALSE(PublicKeyFromHex(std::string(64, 'g')).ok());
}

TEST_F(ChainCheckpointsTest, OfAFileNotYetThereItSaysWhenItComes) {
  const std::string said(ReadCheckpoints(path_, {}).status().message());
  EXPECT_THAT(said, testing::HasSubstr(path_ + ": No such file"));
  EXPECT_THAT(said, testing::HasSubstr("--chain-checkpoint-minutes"));
}

}  // namespace
}  // namespace portrisk::service
