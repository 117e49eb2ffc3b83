// By what movements are assessed in a replay: several programmes beside one
// another, with one history.
#ifndef PORTRISK_SERVICE_RULING_H_
#define PORTRISK_SERVICE_RULING_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "portrisk/v1/assessment.pb.h"
#include "scoring/decision.h"
#include "scoring/programme.h"

namespace portrisk::service {

// A programme and terms of selection beside the core's own, with which it was
// compiled together.
struct Ruling {
  std::shared_ptr<const scoring::Programme> programme;
  std::shared_ptr<const scoring::SelectionProfiles> profiles;
  std::vector<scoring::Programme::Override> overrides;
};

// Who wants journaled movements assessed anew while they are folded in. `by`:
// 0 is the core's own programme, others are rulings in their order.
class Rescoring {
 public:
  virtual ~Rescoring() = default;
  // Where the answer to movement `i` goes.
  virtual v1::Assessment* AnswerTo(size_t i, size_t by) = 0;
  // It is there.
  virtual void Assessed(size_t i, size_t by,
                        const scoring::EvalScratch& evaluation) = 0;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_RULING_H_
