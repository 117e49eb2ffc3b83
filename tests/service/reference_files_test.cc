#include "service/reference_files.h"

#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace portrisk::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

// A folder of this process alone: the same test may run beside it.
class Scratch {
 public:
  Scratch()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                ("portrisk-reference-" + std::to_string(::getpid()))) {
    std::filesystem::create_directory(folder_);
  }
  ~Scratch() { std::filesystem::remove_all(folder_); }
  std::string File(const std::string& name) const { return folder_ / name; }

 private:
  const std::filesystem::path folder_;
};

std::string Write(const std::string& name, const std::string& content) {
  static const Scratch scratch;
  const std::string path = scratch.File(name);
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::map<std::string, std::string> Positions(const v1::ReferenceTable& table) {
  std::map<std::string, std::string> positions;
  for (const v1::Place& place : table.places()) {
    char text[64];
    std::snprintf(text, sizeof(text), "%.4f %.4f", place.latitude(),
                  place.longitude());
    positions[place.locode()] = text;
  }
  return positions;
}

TEST(PlacesCsv, ReadsItsColumnsInAnyOrder) {
  const auto table = ReadPlacesCsv(
      Write("places.csv",
            "\xEF\xBB\xBFname,LOCODE,longitude,latitude\r\n"
            "\"Port, of X\",NLRTM,4.5,51.92\r\nSantos,BRSSZ,-46.33,-23.95\n"));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(Positions(*table), ElementsAre(Pair("BRSSZ", "-23.9500 -46.3300"),
                                             Pair("NLRTM", "51.9200 4.5000")));
  EXPECT_EQ(table->places(1).name(), "Port, of X");
  EXPECT_THAT(table->origins(), ElementsAre("places.csv"));
}

TEST(PlacesCsv, BadRowIsNamedByFileAndRow) {
  const std::string header = "locode,name,latitude,longitude\n";
  for (const char* bad :
       {"NLRT,x,1,2", "nlrtm,x,1,2", "NLRTM,x,,2", "NLRTM,x,NaN,2",
        "NLRTM,x,91,2", "NLRTM,x,1,181", "NLRTM,x,1", "NLRTM,x,1N,2"}) {
    const auto table =
        ReadPlacesCsv(Write("bad.csv", header + "BRSSZ,Santos,1,2\n" + bad));
    EXPECT_EQ(table.status().code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(table.status().message()), HasSubstr("line 3"))
        << bad;
  }
  EXPECT_EQ(ReadPlacesCsv(Write("bad.csv", "a,b\n1,2\n")).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadPlacesCsv(Write("bad.csv", header)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadPlacesCsv(Write("bad.csv", "")).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadPlacesCsv("/nowhere.csv").status().code(),
            absl::StatusCode::kNotFound);
}

TEST(UnlocodeCsv, ReadsTheReleaseAsPublished) {
  const auto table = ReadUnlocodeCsv(Write(
      "part.csv",
      ",\"NL\",,\".NETHERLANDS\",,,,,,,,\n"
      "\"+\",\"NL\",\"RTM\",\"Rotterdam\",\"Rotterdam\",\"ZH\",\"12345---\","
      "\"AF\",\"0401\",,\"5155N 00430E\",\n"
      ",\"BR\",\"SSZ\",\"Santos\",\"Santos\",\"SP\",\"1-------\",\"AI\","
      "\"0401\",,\"2357S 04619W\",\"remark\"\n"
      ",\"NL\",\"XXX\",\"No place\",\"No place\",,,,,,,\n"
      "\"=\",\"NL\",,\"Alias = Rotterdam\",,,,,,,,\n"
      ",\"NL\",\"BAD\",\"b\",\"b\",,,,,,\"5160N 00430E\",\n"
      ",\"NL\",\"BD2\",\"b\",\"b\",,,,,,\"9155N 00430E\",\n"
      ",\"NL\",\"BD3\",\"b\",\"b\",,,,,,\"5155X 00430E\",\n"
      ",\"NL\",\"BD4\",\"b\",\"b\",,,,,,\"515N 00430E\",\n"
      ",\"NL\",\"BD5\",\"b\",\"b\",,,,,,\"5155N\",\n"
      ",\"NL\",\"BD6\",\"b\",\"b\",,,,,,\"+155N 00430E\",\n"));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(Positions(*table), ElementsAre(Pair("BRSSZ", "-23.9500 -46.3167"),
                                             Pair("NLRTM", "51.9167 4.5000")));
}

TEST(UnlocodeCsv, NaNAndGeocodedCoordinatesAreNotUsed) {
  const auto table = ReadUnlocodeCsv(
      Write("decimal.csv",
            "country,location,name,nameWoDiacritics,lat,lon,geocoded\n"
            "AD,ALV,Andorra,Andorra la Vella,42.5,1.5166,\n"
            "IS,ESK,Eski,Eski,64.2530,-15.2052,true\n"
            "BT,CCS,Chuchungsa,Chuchungsa,NaN,27.4666,\n"
            "BT,CC2,Chuchungsa,Chuchungsa,,,\n"));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(Positions(*table), ElementsAre(Pair("ADALV", "42.5000 1.5166")));
}

TEST(UnlocodeCsv, NamesAreUtf8WhateverTheFileWas) {
  const auto table =
      ReadUnlocodeCsv(Write("latin1.csv",
                            "Country,Location,Name,Coordinates\n"
                            "IS,ESK,Eskifj\xF6r\xF0ur,6504N 01401W\n"
                            "SE,GOT,G\xC3\xB6teborg,5743N 01158E\n"));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->places(0).name(), "Eskifj\xC3\xB6r\xC3\xB0ur");
  EXPECT_EQ(table->places(1).name(), "G\xC3\xB6teborg");
}

TEST(OwnersCsv, ThreeLettersStandForFreightContainers) {
  const auto table = ReadOwnersCsv(
      Write("owners.csv",
            "QAA;HOLDER A, LTD;WAN CHAI;Hong Kong\nQABZ;HOLDER B;X;Y\n"));
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_EQ(table->owners_size(), 2);
  EXPECT_EQ(table->owners(0).prefix(), "QAAU");
  EXPECT_EQ(table->owners(0).name(), "HOLDER A, LTD");
  EXPECT_EQ(table->owners(1).prefix(), "QABZ");
  const auto by_header =
      ReadOwnersCsv(Write("owners.csv", "name,prefix\nHolder C,QACU\n"));
  ASSERT_TRUE(by_header.ok()) << by_header.status();
  EXPECT_EQ(by_header->owners(0).prefix(), "QACU");
  EXPECT_EQ(ReadOwnersCsv(Write("owners.csv", "Qaa;x\n")).status().code(),
            absl::StatusCode::kInvalidArgument);
}

v1::ReferenceTable Table(
    const std::map<std::string, double>& latitude_by_locode) {
  v1::ReferenceTable table;
  for (const auto& [locode, latitude] : latitude_by_locode) {
    v1::Place* place = table.add_places();
    place->set_locode(locode);
    place->set_latitude(latitude);
  }
  return table;
}

TEST(MergeReference, TheUpperOneWinsAndNothingIsLost) {
  v1::ReferenceTable base = Table({{"AAAAA", 1}, {"CCCCC", 3}});
  base.add_owners()->set_prefix("QAAU");
  base.add_origins("base");
  v1::ReferenceTable over = Table({{"BBBBB", 2}, {"CCCCC", 4}});
  over.add_origins("over");
  const v1::ReferenceTable merged = MergeReference(base, over);
  EXPECT_THAT(Positions(merged), ElementsAre(Pair("AAAAA", "1.0000 0.0000"),
                                             Pair("BBBBB", "2.0000 0.0000"),
                                             Pair("CCCCC", "4.0000 0.0000")));
  EXPECT_EQ(merged.owners_size(), 1);
  EXPECT_THAT(merged.origins(), ElementsAre("base", "over"));
}

TEST(SerialiseReference, OrderDoesNotChangeTheHashAndContentDoes) {
  v1::ReferenceTable forward = Table({{"AAAAA", 1}, {"BBBBB", 2}});
  v1::ReferenceTable backward;
  for (int i = forward.places_size(); i-- > 0;) {
    *backward.add_places() = forward.places(i);
  }
  const SerialisedReference a = SerialiseReference(forward);
  const SerialisedReference b = SerialiseReference(backward);
  EXPECT_EQ(a.bytes, b.bytes);
  EXPECT_EQ(a.content_hash, b.content_hash);
  EXPECT_EQ(a.content_hash.size(), 7u + 64u);
  v1::ReferenceTable read;
  ASSERT_TRUE(read.ParseFromString(a.bytes));
  EXPECT_EQ(SerialiseReference(read).content_hash, a.content_hash);
  forward.mutable_places(0)->set_latitude(1.0001);
  EXPECT_NE(SerialiseReference(forward).content_hash, a.content_hash);
  // The hash of nothing is the published one, so this is really SHA-256.
  EXPECT_EQ(SerialiseReference({}).content_hash,
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b785"
            "2b855");
}

TEST(DeployedPlaces, AreReadableAndHoldThePortsThatRulesName) {
  const auto table =
      ReadPlacesCsv(PORTRISK_SOURCE_DIR "/deploy/reference/places.csv");
  ASSERT_TRUE(table.ok()) << table.status();
  const auto positions = Positions(*table);
  EXPECT_GT(positions.size(), 1500u);
  for (const char* port : {"NLRTM", "BEANR", "DEHAM", "ESALG", "ECGYE", "ECPBO",
                           "ECPSJ", "BRSSZ", "COTRB", "PAMIT", "PECLL"}) {
    EXPECT_TRUE(positions.count(port)) << port;
  }
  for (const auto& [locode, position] : positions) {
    EXPECT_NE(position, "0.0000 0.0000") << locode;
  }
}

TEST(RealReferenceData, IsReadWhole) {
  const char* data = std::getenv("PORTRISK_REAL_DATA");
  if (data == nullptr) {
    GTEST_SKIP() << "PORTRISK_REAL_DATA is not set: no published lists to read";
  }
  const std::string folder = std::string(data) + "/reference/";
  const auto places = ReadUnlocodeCsv(folder + "unlocode_geoapify.csv");
  ASSERT_TRUE(places.ok()) << places.status();
  EXPECT_GT(places->places_size(), 50000);
  for (const v1::Place& place : places->places()) {
    ASSERT_TRUE(std::isfinite(place.latitude())) << place.locode();
    ASSERT_NE(place.locode(), "ISESK");  // Geocoded, and to the wrong place.
  }
  const auto owners = ReadOwnersCsv(folder + "bic_owner_codes_2023-02.csv");
  ASSERT_TRUE(owners.ok()) << owners.status();
  EXPECT_GT(owners->owners_size(), 3000);
}

TEST(SourcesCsv, ReadsWhatASourceDeclares) {
  const auto table = ReadSourcesCsv(Write(
      "sources.csv",
      "source,complete,since\nB,GATE_OUT  DISCHARGE,2026-01-01T00:00:00Z\n"
      "A,,\n"));
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_EQ(table->sources_size(), 2);
  EXPECT_EQ(table->sources(0).id(), "A");
  EXPECT_EQ(table->sources(0).complete_size(), 0);
  EXPECT_THAT(table->sources(1).complete(),
              ElementsAre(v1::GATE_OUT, v1::DISCHARGE));
  EXPECT_EQ(table->sources(1).complete_since().seconds(), 1767225600);
}

TEST(SourcesCsv, RefusesWhatIsNoEventAndNoTime) {
  for (const char* row : {"A,GATEOUT,\n", "A,GATE_OUT,yesterday\n", ",,\n"}) {
    const auto table = ReadSourcesCsv(
        Write("bad.csv", std::string("source,complete,since\n") + row));
    ASSERT_FALSE(table.ok()) << row;
    EXPECT_THAT(std::string(table.status().message()),
                HasSubstr("bad.csv, line 2"));
  }
}

}  // namespace
}  // namespace portrisk::service
