// Views point into states instead of copying them.
#ifndef PORTRISK_SCORING_BORROW_H_
#define PORTRISK_SCORING_BORROW_H_

namespace portrisk::scoring {

// A message that a view holds for a while and never writes, nor deletes: it is
// given back by release before the view is cleared.
template <typename Message>
Message* Borrow(const Message& message) {
  return const_cast<Message*>(&message);
}

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_BORROW_H_
