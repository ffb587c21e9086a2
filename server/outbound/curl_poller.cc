#include "server/outbound/curl_poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "base/system_clock.h"

namespace tokenbroker::outbound {
namespace {

constexpr int64_t kNever = INT64_MAX;

uint32_t EventsOf(int what) {
  return ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u);
}

// An error is told as both: libcurl finds out when it reads or writes.
int SelectedBy(uint32_t events) {
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  return (broken || (events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
         (broken || (events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0);
}

}  // namespace

std::unique_ptr<CurlPoller> CurlPoller::Make(CURLM* multi) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::unique_ptr<CurlPoller> poller(new CurlPoller(multi, epoll, wake));
  // Edge-triggered: each write wakes once, and nothing has to be read.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.fd = wake;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event) == 0 ? std::move(poller) : nullptr;
}

CurlPoller::CurlPoller(CURLM* multi, int epoll, int wake) : multi_(multi), epoll_(epoll), wake_(wake), due_at_(kNever) {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

CurlPoller::~CurlPoller() {
  for (const int descriptor : {epoll_, wake_}) {
    if (descriptor >= 0) close(descriptor);
  }
}

int CurlPoller::OnTimer(CURLM* multi, long timeout_ms, void* self) {
  static_cast<CurlPoller*>(self)->due_at_ = timeout_ms < 0 ? kNever : ElapsedMicros() + int64_t{timeout_ms} * 1000;
  return 0;
}

int CurlPoller::OnSocket(CURL* handle, curl_socket_t socket, int what, void* self, void* unused) {
  auto& poller = *static_cast<CurlPoller*>(self);
  if (poller.wanted_.size() <= static_cast<size_t>(socket)) poller.wanted_.resize(socket + 1);
  poller.wanted_[socket] = what != CURL_POLL_REMOVE;
  if (what != CURL_POLL_REMOVE) poller.Watch(socket, EventsOf(what));
  return 0;
}

// Whether epoll has the socket is asked of epoll: it forgets what is closed, and the number may be another's since.
void CurlPoller::Watch(curl_socket_t socket, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = socket;
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event) == 0 || errno != ENOENT) return;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
}

void CurlPoller::RunDue() {
  if (due_at_ > ElapsedMicros()) return;
  due_at_ = kNever;  // libcurl sets it anew if there is more
  int running = 0;
  curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
}

void CurlPoller::Await(int64_t at_most_ms) {
  if (due_at_ != kNever)
    at_most_ms = std::min(at_most_ms, std::max<int64_t>(due_at_ - ElapsedMicros() + 999, 0) / 1000);
  epoll_event events[256];
  const int count = epoll_wait(epoll_, events, std::size(events), static_cast<int>(at_most_ms));
  for (int i = 0; i < count; ++i) {
    if (events[i].data.fd != wake_) Happened(events[i].data.fd, events[i].events);
  }
}

void CurlPoller::Happened(curl_socket_t socket, uint32_t events) {
  if (!wanted_[socket]) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
    return;
  }
  int running = 0;
  curl_multi_socket_action(multi_, socket, SelectedBy(events), &running);
}

void CurlPoller::Wake() { eventfd_write(wake_, 1); }

}  // namespace tokenbroker::outbound
