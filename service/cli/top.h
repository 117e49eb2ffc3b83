// What `portrisk top` shows of two looks at a server.
#ifndef PORTRISK_SERVICE_CLI_TOP_H_
#define PORTRISK_SERVICE_CLI_TOP_H_

#include <ostream>
#include <string>

#include "service/cli/scrape.h"
#include "service/metric_names.h"

namespace portrisk::service::cli {

class TopScreen {
 public:
  // Two looks that lie `seconds` apart, the later one at `now_s`, Unix time;
  // they outlive this. At most so many rows of rules and of sources.
  TopScreen(const Scrape& before, const Scrape& after, double seconds,
            double now_s, size_t rows)
      : before_(before),
        after_(after),
        seconds_(seconds),
        now_s_(now_s),
        rows_(rows) {}

  void Print(std::ostream& out) const;

 private:
  double Rate(const Metric& metric, const Scrape::Labels& labels = {}) const;
  std::string Health() const;
  void PrintHead(std::ostream& out) const;
  void PrintStages(std::ostream& out) const;
  void PrintRules(std::ostream& out, const Metric& metric,
                  const std::string& title) const;
  void PrintSources(std::ostream& out) const;
  void PrintStore(std::ostream& out) const;

  const Scrape& before_;
  const Scrape& after_;
  const double seconds_;
  const double now_s_;
  const size_t rows_;
};

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_TOP_H_
