// How a Server is set up. Sizes are in bytes, times in milliseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/tls/tls_files.h"

namespace tokenbroker::http {

class Observer;

struct Limits {
  // A request's head, from its first byte to the empty line: beyond it 431, for the target alone 414.
  size_t header_bytes = 16 * 1024;
  size_t header_count = 100;
  size_t target_bytes = 8 * 1024;
  // One request's body, as sent and as inflated, unless its route says otherwise: 413.
  int64_t body_bytes = 8 * 1024 * 1024;
  // All bodies that are being gathered, and what inflates bodies, together: 503.
  int64_t gathered_bytes = 256 * 1024 * 1024;
  // Memory of all answers that wait for their readers, together; what the machine takes at once does not count. Who
  // adds to it beyond that is hung up on: an answer that has been decided cannot become a refusal.
  int64_t unsent_bytes = 256 * 1024 * 1024;
  // What may wait for a slow reader of a streamed answer when one more piece is written; beyond it the connection
  // ends. One piece may be larger: it is sent as fast as it is read.
  size_t stream_backlog_bytes = 1024 * 1024;
  // The rest of a body that nobody wants is read up to here, to keep the connection; else it closes.
  int64_t discard_bytes = 64 * 1024;

  DurationMs handshake_time = 10'000;
  // From the first byte of a head to its last: 408. What is sent before the last answer has been taken waits as long
  // as that does.
  DurationMs header_time = 10'000;
  // A gathered body may take body_grace and a second for each body_rate bytes: 408. Any body may stand still for
  // stream_idle_time; a streamed one, while it is being read.
  DurationMs body_grace = 10'000;
  int64_t body_rate = 1'024;
  DurationMs stream_idle_time = 60'000;
  // From an answer's last byte to the next request, and before the first.
  DurationMs idle_time = 75'000;
  // A peer that takes no byte of its answer for so long is let go; so is one that takes longer for what waits than this
  // and a second for each write_rate bytes. The machine's buffers count as taken.
  DurationMs write_stall_time = 30'000;
  int64_t write_rate = 1'024;
  // How often it is looked whether a peer has left that has sent more requests behind the one that is worked on.
  DurationMs probe_time = 5'000;
  // How long a peer may go on sending what nobody reads when it has taken its answer, so that it gets to see it.
  DurationMs linger_time = 2'000;

  // The next one closes the longest idle one; if none is idle it is told 503, or just closed under TLS. Only the first
  // thread's are looked at: the others' belong to their threads.
  int connections = 15'000;
  // Then the connection closes.
  int64_t requests_per_connection = 1'000'000;

  friend bool operator==(const Limits&, const Limits&) = default;
};

// Cross-origin requests by browsers. Without origins there is no CORS header in any answer.
struct CorsOptions {
  // "https://console.example.com", or "*" for all.
  std::vector<std::string> allowed_origins;
  std::string allowed_headers = "Authorization, Content-Type, Idempotency-Key, X-Request-Id";
  std::string exposed_headers = "X-Request-Id, Retry-After, ETag";
  DurationMs max_age = 600'000;
};

struct ServerOptions {
  // HOST:PORT; port 0 lets the machine choose.
  std::string listen = "127.0.0.1:0";
  int threads = 1;
  // What tools show for them; a literal of at most 15 characters.
  const char* thread_name = "http";
  Limits limits;
  tls::Files tls;
  CorsOptions cors;
  // Must outlive the server. nullptr: nobody is told.
  Observer* observer = nullptr;
  // Deadlines go by it; must outlive the server. nullptr: elapsed time.
  const Clock* clock = nullptr;
};

}  // namespace tokenbroker::http
