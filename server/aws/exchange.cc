#include "server/aws/exchange.h"

#include <utility>

#include "server/aws/content_type.h"

namespace tokenbroker::aws {

Exchange::Exchange(const Request& request, Home& home, Done done) : home_(home), done_(std::move(done)) {
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

void Exchange::Send() { std::exchange(done_, nullptr)(std::move(answer_)); }

}  // namespace tokenbroker::aws
