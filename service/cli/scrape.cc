#include "service/cli/scrape.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace portrisk::service::cli {
namespace {

bool HasAll(const Scrape::Labels& labels, const Scrape::Labels& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& one) {
    const auto found = labels.find(one.first);
    return found != labels.end() && found->second == one.second;
  });
}

// Takes `name="value",...}` off the front of `text`.
bool TakeLabels(absl::string_view* text, Scrape::Labels* labels) {
  while (!absl::ConsumePrefix(text, "}")) {
    const size_t equals = text->find("=\"");
    if (equals == absl::string_view::npos) return false;
    std::string& value = (*labels)[std::string(text->substr(0, equals))];
    text->remove_prefix(equals + 2);
    while (!text->empty() && text->front() != '"') {
      if (text->front() == '\\' && text->size() > 1) {
        text->remove_prefix(1);
        value.push_back(text->front() == 'n' ? '\n' : text->front());
      } else {
        value.push_back(text->front());
      }
      text->remove_prefix(1);
    }
    if (!absl::ConsumePrefix(text, "\"")) return false;
    absl::ConsumePrefix(text, ",");
  }
  return true;
}

double Bound(const std::string& le) {
  double bound = 0;
  if (le == "+Inf" || !absl::SimpleAtod(le, &bound)) {
    return std::numeric_limits<double>::infinity();
  }
  return bound;
}

}  // namespace

absl::StatusOr<Scrape> Scrape::Parse(absl::string_view text) {
  Scrape scrape;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const absl::string_view whole = line;
    if (line.empty() || line.front() == '#') continue;
    Sample sample;
    const size_t end = line.find_first_of("{ ");
    const std::string name(line.substr(0, end));
    bool good = end != absl::string_view::npos;
    if (good) line.remove_prefix(end);
    if (good && absl::ConsumePrefix(&line, "{")) {
      good = TakeLabels(&line, &sample.labels);
    }
    absl::ConsumePrefix(&line, " ");
    // A timestamp may follow.
    const absl::string_view value = line.substr(0, line.find(' '));
    if (!good || !absl::SimpleAtod(value, &sample.value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("this is no metric: ", whole.substr(0, 100)));
    }
    scrape.samples_[name].push_back(std::move(sample));
  }
  return scrape;
}

const std::vector<Scrape::Sample>& Scrape::Of(const std::string& name) const {
  static const auto* none = new std::vector<Sample>();
  const auto found = samples_.find(name);
  return found == samples_.end() ? *none : found->second;
}

double Scrape::Sum(const std::string& name, const Labels& labels) const {
  double sum = 0;
  for (const Sample& sample : Of(name)) {
    if (HasAll(sample.labels, labels)) sum += sample.value;
  }
  return sum;
}

double Rise(const Scrape& before, const Scrape& after, const std::string& name,
            const Scrape::Labels& labels) {
  const double from = before.Sum(name, labels);
  const double to = after.Sum(name, labels);
  return to < from ? to : to - from;
}

std::optional<double> QuantileBetween(const Scrape& before, const Scrape& after,
                                      const std::string& name,
                                      const Scrape::Labels& labels,
                                      double quantile) {
  std::map<double, double> counts;  // By upper bound, cumulative.
  for (const Scrape::Sample& sample : after.Of(name + "_bucket")) {
    const auto le = sample.labels.find("le");
    if (le == sample.labels.end() || !HasAll(sample.labels, labels)) continue;
    counts[Bound(le->second)] +=
        Rise(before, after, name + "_bucket", sample.labels);
  }
  if (counts.empty() || counts.rbegin()->second <= 0) return std::nullopt;
  const double rank = quantile * counts.rbegin()->second;
  double lower = 0;
  double below = 0;
  for (const auto& [upper, count] : counts) {
    if (count >= rank) {
      if (std::isinf(upper)) return lower;
      const double within =
          count > below ? (rank - below) / (count - below) : 1;
      return lower + within * (upper - lower);
    }
    lower = upper;
    below = count;
  }
  return lower;
}

}  // namespace portrisk::service::cli
