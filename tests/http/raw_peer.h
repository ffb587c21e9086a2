// A client that says exactly what a test wants it to say, and reads what comes, byte for byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tokenbroker::http {

// One answer, taken apart.
struct RawAnswer {
  int status = 0;
  std::string head;
  std::string body;

  // Value of the first field of that name; empty if there is none.
  std::string Field(std::string_view name) const;
};

class RawPeer {
 public:
  // `receive_buffer`: bytes that the machine holds for us at most, roughly; 0 for its default.
  explicit RawPeer(uint16_t port, int receive_buffer = 0);
  ~RawPeer();
  RawPeer(RawPeer&& other) noexcept;
  RawPeer(const RawPeer&) = delete;

  bool connected() const { return connected_; }
  int fd() const { return fd_; }
  // False if the server has closed.
  bool Send(std::string_view text);
  void EndSending();
  // As much as the machine takes without waiting; false if nothing.
  bool SendSome(std::string_view text);

  // The next answer, with its body by Content-Length or chunks. Status 0: the connection ended first, or ten seconds
  // did.
  RawAnswer ReadAnswer(bool head_only = false);
  // The next line, without CRLF.
  std::string ReadLine();
  std::string ReadBytes(size_t count);
  // Until the server closes.
  std::string ReadAll();
  // Waits for the end of the connection and says whether it came, without anything before it.
  bool IsClosed();

 private:
  bool More();

  int fd_;
  bool connected_ = false;
  std::string buffer_;
};

}  // namespace tokenbroker::http
