#include "bench/child.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

namespace portrisk::bench {

Child::Child(const std::string& directory, std::vector<std::string> words) {
  std::filesystem::create_directories(directory);
  const std::string port_file = directory + "/port";
  words.insert(words.end(), {"--port-file", port_file});
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // However this program ends.
    if (!freopen((directory + "/log").c_str(), "w", stderr)) _exit(126);
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  for (int i = 0; i < 2000 && address_.empty(); ++i) {
    std::ifstream in(port_file);
    std::string line;
    if (std::getline(in, line) && !in.eof()) address_ = line;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (address_.empty()) {
    std::fprintf(stderr, "%s did not start\n", words[0].c_str());
    std::exit(1);
  }
}

Child::~Child() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

double Child::CpuSeconds() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/stat");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  std::istringstream rest(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) rest >> skipped;
  double user = 0;
  double system = 0;
  rest >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double Child::Megabytes() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/statm");
  double all = 0;
  double resident = 0;
  in >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

void StayOn(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  if (sched_setaffinity(0, sizeof(set), &set) != 0) {
    std::fprintf(stderr, "processor %d is not there\n", processor);
    std::exit(1);
  }
}

void LoadRules(const std::string& address,
               const std::vector<std::string>& more) {
  const std::string deploy = std::string(PORTRISK_SOURCE_DIR) + "/deploy/";
  const std::string command =
      std::string(PORTRISK_BINARY_DIR) + "/portrisk --server " + address;
  std::string rules =
      command + " rules load --activate " + deploy + "rules/*.yaml";
  for (const std::string& file : more) rules += " " + file;
  rules += " >/dev/null";
  const std::string places =
      command + " reference load " + deploy + "reference/places.csv >/dev/null";
  if (std::system(rules.c_str()) != 0 || std::system(places.c_str()) != 0) {
    std::fprintf(stderr, "the rule sets do not load\n");
    std::exit(1);
  }
}

}  // namespace portrisk::bench
