// Rules of one set that say the same, or of which one contains the other.
#ifndef PORTRISK_SCORING_RULE_SET_OVERLAP_H_
#define PORTRISK_SCORING_RULE_SET_OVERLAP_H_

#include <vector>

#include "scoring/cel/normal_form.h"
#include "scoring/rule_form.h"
#include "scoring/rule_set.h"

namespace portrisk::scoring {

struct Overlap {
  size_t rule = 0;
  size_t other = 0;  // Whose hits include every hit of `rule`.
  bool is_equal = false;
};

// At most one for each rule, in order of the rules. Of equal rules the later
// one is named, beside the first. Rules whose times never meet do not overlap,
// nor do those in force with those on trial. Finds those that share the atom
// that is rarest among the rules, and looks at a bounded number of candidates.
std::vector<Overlap> FindOverlaps(const RuleSet& rule_set,
                                  const cel::Terms& terms,
                                  const std::vector<RuleForm>& forms);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_SET_OVERLAP_H_
