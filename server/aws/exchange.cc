#include "server/aws/exchange.h"

#include <utility>

#include "server/aws/content_type.h"

namespace tokenbroker::aws {
namespace {

// google.rpc.Code, as far as the status tells it.
int CodeOf(int status) {
  if (status < 400) return 0;
  return status < 500 ? 9 : 14;
}

}  // namespace

Exchange::Exchange(const Request& request, Home& home, Done done)
    : home_(home), done_(std::move(done)), body_(request.body) {
  answer_.content_type = ContentTypeOfAnswer(request.Find("content-type"));
  answer_.headers.emplace_back("x-amzn-RequestId", request.request_id);
}

Exchange::~Exchange() {
  if (done_) Refuse({&kInternalFailure, "The call was not answered."});
}

void Exchange::AddHeader(std::string_view name, std::string value) {
  answer_.headers.emplace_back(name, std::move(value));
}

void Exchange::Answer(std::string body) {
  answer_.body = std::move(body);
  Send();
}

void Exchange::Refuse(const Error& error) {
  answer_.status = error.kind->status;
  answer_.error = error.kind->name;
  answer_.code = error.kind->code;
  answer_.body = BodyOf(error);
  // AWS has it in this protocol's body alone; SDKs that look for it in both places look here first.
  AddHeader("x-amzn-ErrorType", std::string(error.kind->name));
  Send();
}

void Exchange::AnswerAs(Relayed relayed) {
  answer_.status = relayed.status;
  // A text of theirs: answers' own content types are literals.
  answer_.content_type = {};
  answer_.headers = std::move(relayed.headers);
  AddHeader("Content-Type", std::move(relayed.content_type));
  answer_.body = std::move(relayed.body);
  answer_.code = CodeOf(answer_.status);
  Send();
}

void Exchange::Send() { std::exchange(done_, nullptr)(std::move(answer_)); }

}  // namespace tokenbroker::aws
