#include "scoring/reference.h"

#include <cmath>
#include <cstdio>
#include <limits>
#include <random>

#include "gtest/gtest.h"

namespace portrisk::scoring {
namespace {

constexpr Coordinates kRotterdam = {51.9167, 4.5};
constexpr Coordinates kSingapore = {1.2833, 103.85};

double LibraryDistanceKm(const Coordinates& a, const Coordinates& b) {
  const double radians = std::acos(-1.0) / 180.0;
  const double u = std::sin((b.latitude - a.latitude) * radians / 2);
  const double v = std::sin((b.longitude - a.longitude) * radians / 2);
  const double h = u * u + std::cos(a.latitude * radians) *
                               std::cos(b.latitude * radians) * v * v;
  return 2 * 6371.0088 * std::asin(std::min(1.0, std::sqrt(h)));
}

v1::ReferenceTable Table() {
  v1::ReferenceTable table;
  v1::Place* place = table.add_places();
  place->set_locode("NLRTM");
  place->set_latitude(kRotterdam.latitude);
  place->set_longitude(kRotterdam.longitude);
  return table;
}

TEST(Distance, KnownGreatCircles) {
  EXPECT_EQ(DistanceKm(kRotterdam, kRotterdam), 0.0);
  // A quarter of the mean meridian, and half of it.
  EXPECT_NEAR(DistanceKm({0, 0}, {90, 0}), 10007.557, 0.001);
  EXPECT_NEAR(DistanceKm({0, 0}, {0, 180}), 20015.115, 0.001);
  EXPECT_NEAR(DistanceKm({45, 10}, {-45, -170}), 20015.115, 0.001);
  // Over the date line and over the pole, not around.
  EXPECT_NEAR(DistanceKm({0, 179.5}, {0, -179.5}), 111.195, 0.001);
  EXPECT_NEAR(DistanceKm({89.5, 0}, {89.5, 180}), 111.195, 0.001);
}

TEST(Distance, AgreesWithTheLibraryEverywhere) {
  std::mt19937 random(7);
  std::printf("seed 7\n");
  std::uniform_real_distribution<double> latitude(-90, 90);
  std::uniform_real_distribution<double> longitude(-180, 180);
  for (int i = 0; i < 100000; ++i) {
    const Coordinates a = {latitude(random), longitude(random)};
    const Coordinates b = {latitude(random), longitude(random)};
    const double expected = LibraryDistanceKm(a, b);
    // The library's own formula loses digits near the antipode.
    ASSERT_NEAR(DistanceKm(a, b), expected, expected > 19900 ? 1e-3 : 1e-7)
        << a.latitude << "," << a.longitude << " " << b.latitude << ","
        << b.longitude;
    ASSERT_EQ(DistanceKm(a, b), DistanceKm(b, a));
  }
}

// Exact bits: any change of the arithmetic, the compiler's flags included,
// shows here before it shows as a replay that differs.
TEST(Distance, SameBitsOnEveryMachine) {
  EXPECT_EQ(DistanceKm(kRotterdam, kSingapore), 0x1.4930fa864aef8p+13);
  EXPECT_EQ(DistanceKm({-33.05, -71.6167}, {35.1, 129.0333}),
            0x1.1adc2b9ad8e8dp+14);
}

TEST(Reference, UnknownPlaceIsUnknownAndNeverZero) {
  const Reference reference(Table(), "sha256:1");
  ASSERT_TRUE(reference.Find("NLRTM").has_value());
  EXPECT_EQ(reference.Find("NLRTM")->latitude, kRotterdam.latitude);
  EXPECT_EQ(reference.Find("NLRTM")->longitude, kRotterdam.longitude);
  for (const char* unknown : {"", "NLRT", "NLRTMX", "NLAMS", "nlrtm"}) {
    EXPECT_FALSE(reference.Find(unknown).has_value()) << unknown;
  }
  EXPECT_EQ(reference.version(), "sha256:1");
}

TEST(Reference, PlacesOffTheEarthAreLeftOut) {
  v1::ReferenceTable table = Table();
  const double bad[][2] = {{std::nan(""), 4},
                           {4, std::nan("")},
                           {91, 0},
                           {0, -181},
                           {std::numeric_limits<double>::infinity(), 0}};
  char name = 'A';
  for (const auto& [latitude, longitude] : bad) {
    v1::Place* place = table.add_places();
    place->set_locode(std::string("XXAA") + name++);
    place->set_latitude(latitude);
    place->set_longitude(longitude);
  }
  table.add_places()->set_locode("");
  const Reference reference(table, "");
  for (char c = 'A'; c < name; ++c) {
    EXPECT_FALSE(reference.Find(std::string("XXAA") + c).has_value()) << c;
  }
  EXPECT_FALSE(reference.Find("").has_value());
  EXPECT_TRUE(reference.Find("NLRTM").has_value());
}

TEST(Reference, OwnersAreUnknownUntilARegisterIsLoaded) {
  v1::ReferenceTable table = Table();
  EXPECT_FALSE(Reference(table, "").KnowsOwner("MSKU").has_value());
  table.add_owners()->set_prefix("MSKU");
  const Reference reference(table, "");
  EXPECT_EQ(reference.KnowsOwner("MSKU"), true);
  EXPECT_EQ(reference.KnowsOwner("MSKZ"), true);  // Same owner, a chassis.
  EXPECT_EQ(reference.KnowsOwner("QQQU"), false);
  EXPECT_EQ(reference.KnowsOwner("MSK"), false);
  EXPECT_EQ(reference.KnowsOwner(""), false);
}

}  // namespace
}  // namespace portrisk::scoring
