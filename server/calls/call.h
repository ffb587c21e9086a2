// One call of the contract, whichever door it came through. Each method is a class derived from UnaryCall:
//
//   class SucceedCall : public UnaryCall<pb::SucceedRequest, pb::SucceedResponse> {
//     void Begin() override;    // validate, act
//     void Decided() override;  // the broker has answered: answer the caller
//   };
//
// Begin and Decided end with Answer or Refuse, exactly once between them, or with handing an operation to the broker.
// After that the call may be gone: touch nothing of it.
//
// The door finds out who calls, fills the request, says on which thread the call lives (its home), and takes the
// answer: as messages, or both in protobuf's encoding.
#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "base/home.h"
#include "server/broker/operation.h"
#include "server/calls/door.h"
#include "server/calls/errors.h"

namespace tokenbroker::calls {

// Where a call's answer goes. One of these is called, once, on any thread; the call may be destroyed in it.
class Reply {
 public:
  virtual void OnAnswered() = 0;
  virtual void OnRefused(const Refused& refused) = 0;
  // After Cancel only: nobody listens any more.
  virtual void OnAbandoned() = 0;

 protected:
  ~Reply() = default;
};

class Call : protected broker::Submission, private Visit {
 public:
  struct Parts {
    const Door& door;
    const broker::Principal& principal;
    Home& home;
    Reply& reply;
    // Of the call's messages.
    google::protobuf::Arena& arena;
  };

  virtual ~Call() = default;

  // To be called once, at home, with the request filled or read.
  virtual void Begin() = 0;
  // The caller has gone away: a call that would wait ends now. At home.
  virtual void Cancel() {}

  google::protobuf::Message& request_message() { return request_; }
  const google::protobuf::Message& response_message() const { return response_; }

  // Instead of filling request_message(): refuses bytes that are no such message. They are not needed any longer then.
  virtual broker::Refusal ReadRequest(std::string_view bytes) {
    if (request_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return {};
    return MessageMalformed(request_.GetTypeName());
  }
  // Instead of looking at response_message(), if the request was read: appends the answer. Once, within OnAnswered.
  virtual void WriteResponse(std::string& bytes) { response_.AppendToString(&bytes); }

 protected:
  Call(const Parts& parts, google::protobuf::Message& request, google::protobuf::Message& response)
      : Submission(1), parts_(parts), request_(request), response_(response) {}

  // At home: the operations that were handed over are answered. For calls that hand over none, never called.
  virtual void Decided() {}

  const Door& door() const { return parts_.door; }
  broker::Broker& broker() const { return parts_.door.broker; }
  const broker::Principal& principal() const { return parts_.principal; }
  Home& home() const { return parts_.home; }
  google::protobuf::Arena& arena() const { return parts_.arena; }

  // Makes the operation this call's own. Its answer leads to Decided.
  template <typename Op>
  Op& Own(Op& operation) {
    operation.submission = this;
    operation.principal = &parts_.principal;
    return operation;
  }

  // The same of several, of which there is at least one: Decided follows when all are answered.
  template <typename Op>
  void SubmitAll(absl::Span<Op> operations) {
    std::vector<broker::Operation*> all;
    for (Op& operation : operations) all.push_back(&Own(operation));
    Reset(all.size());
    broker().Submit(all);
  }

  // Goes on with `read` where it may block; refuses if too many wait for that.
  void Read(std::function<void()> read) {
    if (!broker().TryRead(std::move(read))) Refuse(TooManyReads());
  }

  void Answer() { parts_.reply.OnAnswered(); }
  void Refuse(const broker::Refusal& refusal) { Refuse(Refused{refusal}); }
  void Refuse(const Refused& refused) { parts_.reply.OnRefused(refused); }
  void Abandon() { parts_.reply.OnAbandoned(); }

 private:
  void Done() final { parts_.home.Here() ? Decided() : parts_.home.Post(*this); }
  void Resume() final { Decided(); }

  const Parts parts_;
  google::protobuf::Message& request_;
  google::protobuf::Message& response_;
};

template <typename RequestT, typename ResponseT>
class UnaryCall : public Call {
 public:
  using Request = RequestT;
  using Response = ResponseT;

  // Whether Cancel does anything: finding out that a caller has gone costs a little.
  static constexpr bool kMayWait = false;

  explicit UnaryCall(const Parts& parts)
      : UnaryCall(parts, *google::protobuf::Arena::CreateMessage<Request>(&parts.arena),
                  *google::protobuf::Arena::CreateMessage<Response>(&parts.arena)) {}

 protected:
  const Request& request() const { return request_; }
  Response& response() { return response_; }

 private:
  UnaryCall(const Parts& parts, Request& request, Response& response)
      : Call(parts, request, response), request_(request), response_(response) {}

  Request& request_;
  Response& response_;
};

}  // namespace tokenbroker::calls
