// Something that asks for work again and again. On the intakes' thread.
#pragma once

namespace tokenbroker::intake {

class Poller {
 public:
  virtual ~Poller() = default;
  // The first question is asked now.
  virtual void Start() = 0;
  // Asks no more; what is in hand is finished.
  virtual void Stop() = 0;
  // Takes nothing more in hand, whatever answers may still come.
  virtual void Close() = 0;
};

}  // namespace tokenbroker::intake
