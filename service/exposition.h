// What one scrape shows, collected metric by metric.
#ifndef PORTRISK_SERVICE_EXPOSITION_H_
#define PORTRISK_SERVICE_EXPOSITION_H_

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

#include "service/metric_names.h"

namespace portrisk::service {

class Exposition {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  // A counter or gauge.
  void Add(const Metric& metric, double value, const Labels& labels = {});
  // A summary without quantiles: how many, and their sum.
  void AddSummary(const Metric& metric, uint64_t count, double sum,
                  const Labels& labels);
  void Append(std::vector<prometheus::MetricFamily> families);

  // The text form that Prometheus reads.
  std::string Text() const;

 private:
  prometheus::ClientMetric* New(const Metric& metric, const Labels& labels);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EXPOSITION_H_
