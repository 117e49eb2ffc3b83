#include "scoring/simulate/truth.h"

#include <algorithm>

namespace portrisk::scoring::simulate {

bool CaseRecord::arrived() const { return decidable() != nullptr; }

const Needed* CaseRecord::decidable() const {
  std::vector<const Needed*> there;
  for (const Needed& one : needed) {
    if (one.recorded > 0) there.push_back(&one);
  }
  if (enough == 0 || there.size() < enough) return nullptr;
  std::sort(there.begin(), there.end(), [](const Needed* a, const Needed* b) {
    return a->recorded < b->recorded;
  });
  return there[enough - 1];
}

}  // namespace portrisk::scoring::simulate
