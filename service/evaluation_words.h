// The words of an evaluation page in English, Spanish and Portuguese.
#ifndef PORTRISK_SERVICE_EVALUATION_WORDS_H_
#define PORTRISK_SERVICE_EVALUATION_WORDS_H_

#include <array>

#include "absl/strings/string_view.h"

namespace portrisk::service {

struct EvaluationWords {
  const char* language;
  char decimal_mark;
  const char* title;
  const char* intro;  // With the numbers $0 to $3.
  const char* no_movements;
  const char* base_rate;
  const char* no_controls;
  const char* totals;             // $0 controlled, $1 with finds.
  const char* controlled_by_box;  // $0.
  const char* unweighted;         // $0.
  const char* variants;
  const char* plot;       // PlotOptions::sentence.
  const char* plot_line;  // PlotOptions::line.
  const char* rules_in_force;
  const char* selected;
  const char* by_rule;
  const char* by_score;
  const char* by_chance;
  const char* finds;
  const char* by_rate;
  const char* by_name;
  const char* by_name_note;
  const char* by_rate_note;
  const char* beyond_note;
  const char* rate;
  const char* precision;
  const char* recall;
  const char* lift;
  const char* change;  // $0 kept, $1 gained, $2 lost.
  const char* gained;
  const char* lost;
  const char* rules;
  const char* rules_note;
  const char* rule;
  const char* hits;
  const char* units;
  const char* alone;
  const char* marginal;
  const char* not_evaluated;
  const char* overlap;
  const char* overlap_note;
  const char* calibration;
  const char* calibration_note;
  const char* score;
  const char* months;
  const char* share_selected;
  const char* workload;
  const char* workload_note;
  const char* facility;
  const char* per_day;
  const char* busiest_day;
  const char* busiest_hour;
  const char* normalised;
  const char* weighted;
  const char* gain;
  const char* gain_note;
  const char* capacity;
  const char* capacity_note;
  const char* by_score_alone;
  const char* as_worklist;
  const char* left_out;  // $0: units.
  const char* a_day_each;
  const char* full_days;
  const char* evaluated;
  const char* cost_share;
  const char* last_find;
  const char* cost_note;
  const char* all_controlled;
  const char* drift;
  const char* drift_note;
  const char* drift_against;  // $0, $1.
  const char* stability;
  const char* burden;
  const char* burden_note;
  const char* country;
  const char* size;
  const char* size_note;
  const char* size_value;  // $0 quarter, $1 units.
  const char* unknown;
  const char* sensitivity;
  const char* sensitivity_note;
  const char* sensitivity_more;  // $0.
  const char* sensitivity_rest;  // $0.
  const char* threshold;
  const char* gained_units;
  const char* lost_units;
  const char* map;
  const char* map_label;  // $0 routes, $1 with finds.
  const char* map_note;
  const char* map_left_out;  // $0.
  const char* route;
  const char* no_finds;
  const char* not_controlled;
  const char* finds_up_to;  // $0.
  const char* no_route_finds;
  const char* in_force;  // The baselines, by name.
  const char* recorded;
  const char* empty;
  const char* nothing_to_plot;
  const char* no_gain;
  const char*
      evaluation;  // $0 number, $1 caller, $2 time, $3 position, $4 hash.
  const char* rule_set;
  const char* revision;
  const char* content_hash;
  const char* never_hit;       // $0: rules.
  const char* undecided;       // $0: rules.
  const char* bar_scale;       // $0.
  const char* more_in_tables;  // $0.
  const char* month_units;
  std::array<const char*, 7> days;
};

// Those of `language`; of English for any other.
const EvaluationWords& WordsOf(absl::string_view language);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EVALUATION_WORDS_H_
