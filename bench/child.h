// Servers that are measured, as processes of their own.
#ifndef PORTRISK_BENCH_CHILD_H_
#define PORTRISK_BENCH_CHILD_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace portrisk::bench {

// A server of ours or an echo: killed with this object. Ends this process with
// a message when it does not start.
class Child {
 public:
  // `words` are its command; its log and its port file lie in `directory`.
  Child(const std::string& directory, std::vector<std::string> words);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  const std::string& address() const { return address_; }
  // Seconds of CPU used so far.
  double CpuSeconds() const;
  // Resident memory.
  double Megabytes() const;

 private:
  pid_t pid_;
  std::string address_;
};

// What the calling thread starts from here on, processes too, runs on this
// processor only. Ends the process with a message where it is not there.
void StayOn(int processor);

// Puts deploy/rules and deploy/reference in force, and rule sets of these
// files. Ends the process with a message when that fails.
void LoadRules(const std::string& address,
               const std::vector<std::string>& more = {});

}  // namespace portrisk::bench

#endif  // PORTRISK_BENCH_CHILD_H_
