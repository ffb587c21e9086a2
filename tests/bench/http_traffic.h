// The kinds of HTTP requests: the same tasks and outcomes as in traffic.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/bench/token_pool.h"
#include "tests/bench/traffic.h"

namespace tokenbroker::benchmarks {

// How a settlement is written.
enum class Wire : uint8_t { kRest, kAws };

// One kind of request, used by one thread.
class HttpTraffic {
 public:
  virtual ~HttpTraffic() = default;
  // Makes the next request and says what is expected of its answer; false: there is nothing left to ask.
  virtual bool Fill(std::string& request, SettleOrder::Expect& expect) = 0;
  // How many items were answered as they should be; 0: wrong answer.
  virtual size_t Take(SettleOrder::Expect expect, int status, std::string_view body) = 0;
};

// Settles each token of the pool.
class HttpSettleTraffic : public HttpTraffic {
 public:
  HttpSettleTraffic(Wire wire, TokenPool& tokens);

  bool Fill(std::string& request, SettleOrder::Expect& expect) override;
  size_t Take(SettleOrder::Expect expect, int status, std::string_view body) override;

 private:
  const Wire wire_;
  SettleOrder order_;
  std::string token_;
};

// The same requests, one of which is repeated for ever, to a handler that does nothing.
class HttpNullTraffic : public HttpTraffic {
 public:
  explicit HttpNullTraffic(Wire wire);

  bool Fill(std::string& request, SettleOrder::Expect& expect) override;
  size_t Take(SettleOrder::Expect expect, int status, std::string_view body) override;

 private:
  std::string request_;
};

// A hundred settlements in a body.
class HttpBatchTraffic : public HttpTraffic {
 public:
  explicit HttpBatchTraffic(TokenPool& tokens) : order_(tokens) {}

  bool Fill(std::string& request, SettleOrder::Expect& expect) override;
  size_t Take(SettleOrder::Expect expect, int status, std::string_view body) override;

 private:
  SettleOrder order_;
};

// {"items":[...]} with the next hundred settlements; false if none is left.
bool AppendBatch(SettleOrder& order, std::string& out);
// How many items of the answer to such a batch are as they should be: all, or none.
size_t JudgeBatch(std::string_view answer);

}  // namespace tokenbroker::benchmarks
