// What libraries write to standard error by themselves. Whoever sends bad bytes
// makes them write: as often as he likes, in a form that is none of ours.
#ifndef PORTRISK_SERVICE_LIBRARY_LOGS_H_
#define PORTRISK_SERVICE_LIBRARY_LOGS_H_

#include <string>

namespace portrisk::service {

// From now on protobuf writes nothing (callers are told what does not parse),
// and errors of gRPC become entries of our log, ten a second at most. For the
// whole process; any number of times.
void TameLibraryLogs();

// Keeps errors of gRPC to itself as long as it lives, for a step whose caller
// says in one line what went wrong. One at a time.
class HeldLibraryLogs {
 public:
  HeldLibraryLogs();
  ~HeldLibraryLogs();

  // "Address already in use"; "" where the system did not fail.
  static std::string SystemError();
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_LIBRARY_LOGS_H_
