// A child process that does not outlive the program that started it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace tokenbroker::benchmarks {

class Process {
 public:
  // Output of both kinds goes to `log`. `user` of the password file, or empty for one's own.
  Process(const std::vector<std::string>& command, const std::string& log, const std::string& user = "");
  // Asks it to end, waits, and kills it if that takes too long.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t id() const { return id_; }
  bool Running();
  // Sends SIGTERM (or the signal given) and waits for the end. The exit status, -1 if it had to be killed.
  int Stop(int signal = 0);
  // Waits for it to end by itself, within the limit; then as Stop.
  int Wait(double seconds);

 private:
  pid_t id_ = 0;
  bool ended_ = false;
  int status_ = -1;
};

}  // namespace tokenbroker::benchmarks
