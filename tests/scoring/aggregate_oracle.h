// Aggregates by brute force, straight from scoring/AGGREGATES.md: for every
// question the whole journal is walked again and every raw value is kept. It
// shares no code with the implementation: what to count is a C++ function, not
// an expression.
#ifndef PORTRISK_TESTS_SCORING_AGGREGATE_ORACLE_H_
#define PORTRISK_TESTS_SCORING_AGGREGATE_ORACLE_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "portrisk/v1/movement.pb.h"

namespace portrisk::scoring::oracle {

// A version of a movement, in journal order.
struct Version {
  v1::Movement movement;
  uint64_t key = 0;  // Of the movement, the same for all its versions.
};

// What is counted: its number, text or neither, as the aggregate wants it.
struct Fact {
  int64_t time_us = 0;
  uint64_t movement = 0;
  double number = 0;
  std::string text;
};

struct Question {
  std::string name;
  std::string function;
  // nullopt: the movement has no key, or is not counted.
  std::function<std::optional<std::string>(const v1::Movement&)> key;
  std::function<std::optional<Fact>(const v1::Movement&)> fact;
  int64_t window_s = 0;
  int64_t resolution_s = 0;
  double half_life_s = 0;
  double q = 0;
  // Numbers are kept to the millionth.
  bool decimal = false;
};

struct Answer {
  bool forgotten = false;
  bool known = false;
  int64_t count = 0;
  double number = 0;  // Seconds, of time_since.
  std::string text;
};

inline int64_t Micros(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1'000'000 + time.nanos() / 1000;
}

class Oracle {
 public:
  // As of `asked`, which may be in the journal in an earlier version.
  static Answer Ask(const Question& question, const std::string& key,
                    const std::vector<Version>& journal, const Version& asked) {
    Oracle oracle(question);
    for (const Version& version : journal) oracle.Take(version, key);
    oracle.Remove(asked.key);
    return oracle.Compute(Micros(asked.movement.occurrence_time()));
  }

 private:
  explicit Oracle(const Question& question) : question_(question) {
    steps_ = Up(question.window_s, question.resolution_s);
    kept_ = steps_ + Up(std::max<int64_t>(8 * 86400, question.window_s / 4),
                        question.resolution_s);
    most_ = static_cast<size_t>(steps_ + steps_ / 4 + 16);
  }

  static int64_t Up(int64_t a, int64_t b) { return a / b + (a % b > 0); }

  void Take(const Version& version, const std::string& key) {
    Remove(version.key);
    const v1::Movement& m = version.movement;
    if (m.retraction() || m.classifier() == v1::PLANNED ||
        m.classifier() == v1::ESTIMATED || question_.key(m) != key) {
      return;
    }
    std::optional<Fact> fact = question_.fact(m);
    if (!fact.has_value()) return;
    fact->time_us = Micros(m.occurrence_time());
    fact->movement = version.key;
    const int64_t step = fact->time_us / (question_.resolution_s * 1'000'000);
    if (step < forgotten_) return;
    facts_[step].push_back(*fact);
    const int64_t newest = facts_.rbegin()->first;
    if (facts_.size() <= most_ &&
        facts_.begin()->first > newest - kept_ - kept_ / 8) {
      return;
    }
    while (facts_.size() > most_ - static_cast<size_t>(steps_ / 8) ||
           facts_.begin()->first <= newest - kept_) {
      forgotten_ = facts_.begin()->first + 1;
      facts_.erase(facts_.begin());
    }
  }

  void Remove(uint64_t movement) {
    for (auto it = facts_.begin(); it != facts_.end();) {
      std::vector<Fact>& of_step = it->second;
      of_step.erase(
          std::remove_if(of_step.begin(), of_step.end(),
                         [&](const Fact& f) { return f.movement == movement; }),
          of_step.end());
      it = of_step.empty() ? facts_.erase(it) : std::next(it);
    }
  }

  Answer Compute(int64_t time_us) const {
    const int64_t last = time_us / (question_.resolution_s * 1'000'000);
    Answer answer;
    if (forgotten_ > 0 && last - steps_ + 1 < forgotten_) {
      answer.forgotten = true;
      return answer;
    }
    std::vector<Fact> facts;
    std::vector<double> weights;
    for (const auto& [step, of_step] : facts_) {
      if (step > last || step <= last - steps_) continue;
      for (const Fact& fact : of_step) {
        facts.push_back(fact);
        weights.push_back(
            question_.half_life_s == 0
                ? 1
                : std::exp2(-static_cast<double>(last - step) *
                            static_cast<double>(question_.resolution_s) /
                            question_.half_life_s));
      }
    }
    answer.count = static_cast<int64_t>(facts.size());
    answer.known = !facts.empty() || question_.function == "count" ||
                   question_.function == "sum" ||
                   question_.function == "distinct";
    if (answer.known) Apply(facts, weights, time_us, &answer);
    return answer;
  }

  double Rounded(double number) const {
    return question_.decimal ? std::round(number * 1e6) / 1e6 : number;
  }

  void Apply(std::vector<Fact> facts, const std::vector<double>& weights,
             int64_t time_us, Answer* out) const {
    const std::string& f = question_.function;
    if (f == "count" || f == "sum" || f == "mean") {
      double sum = 0;
      double weight = 0;
      for (size_t i = 0; i < facts.size(); ++i) {
        sum += Rounded(facts[i].number) * weights[i];
        weight += weights[i];
      }
      out->number = f == "count" ? weight : f == "sum" ? sum : sum / weight;
      return;
    }
    if (f == "distinct") {
      std::set<std::string> texts;
      for (const Fact& fact : facts) texts.insert(fact.text);
      out->number = static_cast<double>(texts.size());
      return;
    }
    if (f == "min" || f == "max" || f == "quantile") {
      std::vector<double> numbers;
      for (const Fact& fact : facts) numbers.push_back(Rounded(fact.number));
      std::sort(numbers.begin(), numbers.end());
      // Nearest rank.
      const double rank = std::ceil(std::round(question_.q * 1e6) *
                                    static_cast<double>(numbers.size()) / 1e6);
      const auto at = static_cast<size_t>(std::max(1.0, rank)) - 1;
      out->number = f == "min"   ? numbers.front()
                    : f == "max" ? numbers.back()
                                 : numbers[at];
      return;
    }
    std::sort(facts.begin(), facts.end(), [](const Fact& a, const Fact& b) {
      return std::make_pair(a.time_us, a.movement) <
             std::make_pair(b.time_us, b.movement);
    });
    if (f == "time_since") {
      const int64_t since = time_us - facts.back().time_us;
      out->number = static_cast<double>(std::max<int64_t>(0, since)) / 1e6;
      return;
    }
    const Fact& fact = f == "first" ? facts.front() : facts.back();
    out->number = Rounded(fact.number);
    out->text = fact.text;
  }

  const Question& question_;
  int64_t steps_;
  int64_t kept_;
  size_t most_;
  std::map<int64_t, std::vector<Fact>> facts_;
  int64_t forgotten_ = 0;
};

}  // namespace portrisk::scoring::oracle

#endif  // PORTRISK_TESTS_SCORING_AGGREGATE_ORACLE_H_
