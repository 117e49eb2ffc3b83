#include "service/exposition.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>

namespace portrisk::service {

prometheus::ClientMetric* Exposition::New(const Metric& metric,
                                          const Labels& labels) {
  // The samples of a name have to stand together.
  auto family =
      std::find_if(families_.rbegin(), families_.rend(),
                   [&](const auto& one) { return one.name == metric.name; });
  if (family == families_.rend()) {
    families_.push_back({metric.name, metric.help, metric.type, {}});
    family = families_.rbegin();
  }
  prometheus::ClientMetric& sample = family->metric.emplace_back();
  for (const auto& [name, value] : labels)
    sample.label.push_back({name, value});
  return &sample;
}

void Exposition::Add(const Metric& metric, double value, const Labels& labels) {
  prometheus::ClientMetric* const sample = New(metric, labels);
  if (metric.type == prometheus::MetricType::Counter) {
    sample->counter.value = value;
  } else {
    sample->gauge.value = value;
  }
}

void Exposition::AddSummary(const Metric& metric, uint64_t count, double sum,
                            const Labels& labels) {
  prometheus::ClientMetric* const sample = New(metric, labels);
  sample->summary.sample_count = count;
  sample->summary.sample_sum = sum;
}

void Exposition::Append(std::vector<prometheus::MetricFamily> families) {
  for (auto& family : families) families_.push_back(std::move(family));
}

std::string Exposition::Text() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families_);
  return out.str();
}

}  // namespace portrisk::service
