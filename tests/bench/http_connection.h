// One connection to the HTTP door that is kept alive. Throws when it breaks.
#pragma once

#include <string>
#include <string_view>

namespace tokenbroker::benchmarks {

class HttpConnection {
 public:
  explicit HttpConnection(int port);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  int fd() const { return fd_; }

  // Waits for room.
  void Send(std::string_view bytes);
  // Takes what has come; does not wait.
  void Receive();
  void WaitAndReceive();

  struct Answer {
    int status = 0;
    // Until the next call of anything here.
    std::string_view body;
  };
  // The next whole answer with a Content-Length, if it is there.
  bool Take(Answer& answer);

  // For an answer in chunks: its head; then each line of its body, without the line feed.
  bool TakeHead(int& status);
  bool TakeLine(std::string& line);

 private:
  size_t Left() const { return in_.size() - taken_; }
  std::string_view Rest() const { return std::string_view(in_).substr(taken_); }
  void Forget();
  // Moves whole chunks' bytes to `lines_`.
  void TakeChunks();

  int fd_;
  std::string in_;
  size_t taken_ = 0;
  std::string lines_;
  size_t lines_taken_ = 0;
};

}  // namespace tokenbroker::benchmarks
