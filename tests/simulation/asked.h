// A wish as the broker sees it: the operation that is made of it, and the reply that is read from it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/broker/broker.h"
#include "tests/simulation/model.h"

namespace tokenbroker::broker {

// A call on its way. Owns what the operation's views point to.
class Asked : public Submission {
 public:
  // `on_answer` is called once, from within the broker, and outlives this.
  Asked(Wish wish, const std::function<void(Asked&)>& on_answer)
      : Submission(1), wish(std::move(wish)), on_answer_(on_answer) {}

  // Makes the operation.
  void Prepare(const Broker& broker);
  // What the answered operation says.
  Reply ToReply() const;

  const Wish wish;
  // Destroys the kind of operation that it was made with.
  std::shared_ptr<Operation> operation;
  Moment asked;
  // Of an await: when it began to wait; 0 if it does not.
  TimeMs waits_since = 0;
  bool answered = false;

 private:
  void Done() override { on_answer_(*this); }
  // Makes an operation of the kind, and names its task where it has to name one.
  template <typename Op>
  Op& Make();
  template <typename Op>
  Op& MakeFor(const Broker& broker);
  TaskAddress Address(const Broker& broker);

  std::string token_;
  const std::function<void(Asked&)>& on_answer_;
};

}  // namespace tokenbroker::broker
