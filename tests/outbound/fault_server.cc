#include "tests/outbound/fault_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tokenbroker::outbound {
namespace {

SSL_CTX* MakeTls(const std::string& certificate_pem, const std::string& key_pem) {
  SSL_CTX* const tls = SSL_CTX_new(TLS_server_method());
  BIO* const certificate_text = BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size()));
  BIO* const key_text = BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size()));
  X509* const certificate = PEM_read_bio_X509(certificate_text, nullptr, nullptr, nullptr);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_text, nullptr, nullptr, nullptr);
  SSL_CTX_use_certificate(tls, certificate);
  SSL_CTX_use_PrivateKey(tls, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  BIO_free(certificate_text);
  BIO_free(key_text);
  return tls;
}

}  // namespace

// A connection, with TLS or without.
class FaultServer::Peer {
 public:
  // `tls` is this one's from now on.
  Peer(int fd, SSL* tls) : fd_(fd), tls_(tls) {
    if (tls == nullptr) return;
    SSL_set_fd(tls_, fd);
    ready_ = SSL_accept(tls_) == 1;
  }
  ~Peer() { SSL_free(tls_); }

  bool ready() const { return ready_; }
  int fd() const { return fd_; }

  // At least one byte more; false at the end.
  bool Read(std::string& out, size_t at_most = 65536) {
    std::string piece(at_most, '\0');
    const ssize_t got = tls_ != nullptr ? SSL_read(tls_, piece.data(), static_cast<int>(piece.size()))
                                        : recv(fd_, piece.data(), piece.size(), 0);
    if (got > 0) out.append(piece, 0, static_cast<size_t>(got));
    return got > 0;
  }

  void Write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t put = tls_ != nullptr ? SSL_write(tls_, text.data(), static_cast<int>(text.size()))
                                          : send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (put <= 0) return;
      text.remove_prefix(static_cast<size_t>(put));
    }
  }

  // What was read beyond one request.
  std::string buffer;

 private:
  const int fd_;
  SSL* const tls_;
  bool ready_ = true;
};

Step Step::Answer(int status, std::string_view body, std::string_view headers) {
  Step step;
  step.answer = absl::StrCat("HTTP/1.1 ", status, " Status\r\nContent-Length: ", body.size(), "\r\n",
                             absl::string_view(headers.data(), headers.size()), "\r\n",
                             absl::string_view(body.data(), body.size()));
  return step;
}

std::string SeenRequest::Field(std::string_view name) const {
  for (absl::string_view line : absl::StrSplit(head, "\r\n")) {
    const size_t colon = line.find(':');
    if (colon != absl::string_view::npos &&
        absl::EqualsIgnoreCase(line.substr(0, colon), absl::string_view(name.data(), name.size()))) {
      return std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
    }
  }
  return "";
}

FaultServer::FaultServer(std::vector<Step> script, const std::string& certificate_pem, const std::string& key_pem)
    : FaultServer([this] { return NextOfScript(); }, certificate_pem, key_pem) {
  const std::lock_guard<std::mutex> lock(mutex_);
  script_.assign(script.begin(), script.end());
}

FaultServer::FaultServer(Next next, const std::string& certificate_pem, const std::string& key_pem)
    : next_(std::move(next)), secure_(!certificate_pem.empty()) {
  if (secure_) tls_ = MakeTls(certificate_pem, key_pem);
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 128) != 0) std::abort();
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

FaultServer::~FaultServer() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  for (auto& [id, peer] : peers_) peer.join();
  SSL_CTX_free(tls_);
}

void FaultServer::Show(const std::string& certificate_pem, const std::string& key_pem) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // Connections that have the old one keep it alive.
  SSL_CTX_free(std::exchange(tls_, MakeTls(certificate_pem, key_pem)));
}

std::string FaultServer::url() const {
  return secure_ ? absl::StrCat("https://localhost:", port_) : absl::StrCat("http://127.0.0.1:", port_);
}

void FaultServer::Accept() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    JoinEnded();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (fd < 0 || stopping_) {
      if (fd >= 0) close(fd);
      return;
    }
    ++connections_;
    open_.push_back(fd);
    std::thread peer([this, fd] { Serve(fd); });
    peers_.emplace(peer.get_id(), std::move(peer));
  }
}

void FaultServer::JoinEnded() {
  std::vector<std::thread::id> ended;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended.swap(ended_);
  }
  for (const std::thread::id& id : ended) {
    peers_.at(id).join();
    peers_.erase(id);
  }
}

void FaultServer::Serve(int fd) {
  // OpenSSL raises SIGPIPE. Only here: the client has to do without.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  SSL* tls = nullptr;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (tls_ != nullptr) tls = SSL_new(tls_);
  }
  {
    Peer peer(fd, tls);
    while (peer.ready() && ServeOne(peer)) {
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  open_.erase(std::find(open_.begin(), open_.end(), fd));
  ended_.push_back(std::this_thread::get_id());
  close(fd);
}

Step FaultServer::NextOfScript() {
  const std::lock_guard<std::mutex> lock(mutex_);
  Step step = script_.front();
  if (script_.size() > 1) script_.pop_front();
  return step;
}

bool FaultServer::ServeOne(Peer& peer) {
  std::string& buffer = peer.buffer;
  // A kept connection that nobody uses again takes no step of the script.
  if (buffer.empty() && !peer.Read(buffer, 1)) return false;
  Step step = next_();
  if (step.cut == Step::When::kBeforeRequest) return false;
  size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!peer.Read(buffer)) return false;
    if (step.cut == Step::When::kDuringRequest) return false;
  }
  SeenRequest request{buffer.substr(0, end + 2), ""};
  buffer.erase(0, end + 4);
  const size_t length = std::strtoul(request.Field("content-length").c_str(), nullptr, 10);
  while (buffer.size() < length) {
    if (!peer.Read(buffer)) return false;
  }
  request.body = buffer.substr(0, length);
  buffer.erase(0, length);
  if (step.decide) {
    step = std::function(std::move(step.decide))(request);
    const std::lock_guard<std::mutex> lock(mutex_);
    ++requests_;
  } else {
    const std::lock_guard<std::mutex> lock(mutex_);
    seen_.push_back(std::move(request));
    ++requests_;
    some_.notify_all();
  }
  if (step.cut == Step::When::kAfterRequest) return false;
  peer.Write(step.answer);
  std::string rest;
  if (step.answer.empty()) {
    while (peer.Read(rest)) {
    }
    return false;
  }
  return !step.close;
}

SeenRequest FaultServer::TakeRequest() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!some_.wait_for(lock, std::chrono::seconds(10), [this] { return !seen_.empty(); })) return {};
  SeenRequest request = std::move(seen_.front());
  seen_.pop_front();
  return request;
}

size_t FaultServer::requests() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

size_t FaultServer::connections() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return connections_;
}

}  // namespace tokenbroker::outbound
