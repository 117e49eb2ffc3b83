// One look at /metrics of a server, and what two looks say together.
#ifndef PORTRISK_SERVICE_CLI_SCRAPE_H_
#define PORTRISK_SERVICE_CLI_SCRAPE_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace portrisk::service::cli {

// Samples as Prometheus' text form has them.
class Scrape {
 public:
  using Labels = std::map<std::string, std::string>;
  struct Sample {
    Labels labels;
    double value = 0;
  };

  // INVALID_ARGUMENT with the line that is none.
  static absl::StatusOr<Scrape> Parse(absl::string_view text);

  // Those of a name; empty when there are none.
  const std::vector<Sample>& Of(const std::string& name) const;
  // The sum of those that have all of `labels`; 0 when there are none.
  double Sum(const std::string& name, const Labels& labels = {}) const;

 private:
  std::map<std::string, std::vector<Sample>> samples_;
};

// By how much a counter rose; from zero where the server was started between.
double Rise(const Scrape& before, const Scrape& after, const std::string& name,
            const Scrape::Labels& labels = {});

// The value that a share `quantile` of what a histogram observed between does
// not exceed, interpolated within its bucket. Nothing: it observed nothing.
std::optional<double> QuantileBetween(const Scrape& before, const Scrape& after,
                                      const std::string& name,
                                      const Scrape::Labels& labels,
                                      double quantile);

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_SCRAPE_H_
