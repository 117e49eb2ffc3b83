// portriskd as a child process.
#ifndef PORTRISK_TESTS_SYSTEM_SERVER_PROCESS_H_
#define PORTRISK_TESTS_SYSTEM_SERVER_PROCESS_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace portrisk::service {

class ServerProcess {
 public:
  // Everything it writes goes to `directory`.
  explicit ServerProcess(std::string directory)
      : directory_(std::move(directory)) {}
  ~ServerProcess() { Stop(SIGKILL); }

  // Starts and waits until it takes calls. False when it does not.
  bool Start(std::vector<std::string> more = {}) {
    StartWithoutWaiting(std::move(more));
    for (int i = 0; i < 3000; ++i) {
      std::ifstream in(port_file());
      if (std::getline(in, address_) && !in.eof()) return true;
      if (waitpid(pid_, &status_, WNOHANG) == pid_) {
        pid_ = -1;
        return false;
      }
      absl::SleepFor(absl::Milliseconds(10));
    }
    return false;
  }

  void StartWithoutWaiting(std::vector<std::string> more = {}) {
    std::filesystem::remove(port_file());
    std::vector<std::string> words = {PORTRISK_BINARY_DIR "/portriskd",
                                      "--store",
                                      store(),
                                      "--listen",
                                      "127.0.0.1:0",
                                      "--port-file",
                                      port_file(),
                                      "--development"};
    words.insert(words.end(), more.begin(), more.end());
    pid_ = fork();
    if (pid_ == 0) {
      const int log = open((directory_ + "/log").c_str(),
                           O_WRONLY | O_CREAT | O_APPEND, 0600);
      dup2(log, STDERR_FILENO);
      std::vector<char*> argv;
      for (std::string& word : words) argv.push_back(word.data());
      argv.push_back(nullptr);
      execv(argv[0], argv.data());
      _exit(127);
    }
  }

  // Sends `signal` and waits for the end. Returns the wait status.
  int Stop(int signal) {
    if (pid_ > 0) {
      kill(pid_, signal);
      waitpid(pid_, &status_, 0);
      pid_ = -1;
    }
    return status_;
  }

  pid_t pid() const { return pid_; }
  std::string store() const { return directory_ + "/store"; }
  const std::string& address() const { return address_; }
  std::string Log() const {
    std::ifstream in(directory_ + "/log");
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::string port_file() const { return directory_ + "/port"; }

  const std::string directory_;
  std::string address_;
  pid_t pid_ = -1;
  int status_ = 0;
};

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SYSTEM_SERVER_PROCESS_H_
