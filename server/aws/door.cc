#include "server/aws/door.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/suggestion.h"
#include "server/aws/content_type.h"
#include "server/aws/verifier.h"

namespace tokenbroker::aws {
namespace {

Error UnknownOperation(std::string message) { return {&kUnknownOperation, std::move(message)}; }

Error FindOperation(const Request& request, const OperationTable& operations, OperationTable::Operation& out) {
  if (request.method != "POST") return UnknownOperation("The method must be POST.");
  if (!IsAwsJson(request.Find("content-type"))) {
    return UnknownOperation("The content type must be application/x-amz-json-1.0.");
  }
  const std::string_view target = request.Find("x-amz-target");
  if (target.empty()) return UnknownOperation("The header X-Amz-Target is missing.");
  const bool ours = target.substr(0, kTargetPrefix.size()) == kTargetPrefix;
  if (ours) out = operations.Find(target.substr(kTargetPrefix.size()));
  if (out.handler != nullptr) return {};
  const std::string name(target.substr(ours ? kTargetPrefix.size() : 0));
  return UnknownOperation(
      absl::StrCat("There is no operation '", Shown(target), "' here", Suggestion(name, operations.Names()), "."));
}

const ErrorKind& KindOf(int status) {
  switch (status) {
    case 404:
    case 405:
    case 415:
      return kUnknownOperation;
    case 408:
      return kRequestTimeout;
    case 413:
      return kRequestTooLarge;
    case 429:
      return kThrottling;
    case 503:
      return kServiceUnavailable;
    default:
      return status < 500 ? kSerialization : kInternalFailure;
  }
}

}  // namespace

void Door::Serve(const Request& request, Home& home, Done done) const {
  auto exchange = std::make_unique<Exchange>(request, home, std::move(done));
  OperationTable::Operation operation;
  if (Error error = FindOperation(request, operations_, operation)) return exchange->Refuse(error);
  exchange->answer_.operation = operation.name;
  if (Error error = Identify(request, exchange->principal_)) return exchange->Refuse(error);
  if (Error error = exchange->input_.Parse(request.body)) return exchange->Refuse(error);
  (*operation.handler)(std::move(exchange));
}

Error Door::Identify(const Request& request, const broker::Principal*& out) const {
  if (!calls_.authenticator.wants_key()) {
    out = calls_.authenticator.Identify({}, {});
    return {};
  }
  const DurationMs offset = calls_.clock_offset ? calls_.clock_offset() : 0;
  const Key* key = nullptr;
  Error error = Verify(request, keys_, calls_.broker.clock().Now() + offset, key);
  if (!error) out = &key->principal();
  return error;
}

Answer FailureAnswer(int status, std::string_view message, std::string_view request_id) {
  const ErrorKind& kind = KindOf(status);
  return {.status = status,
          .content_type = kJson10,
          .headers = {{"x-amzn-RequestId", std::string(request_id)}, {"x-amzn-ErrorType", std::string(kind.name)}},
          .body = BodyOf({&kind, std::string(message)}),
          .error = kind.name,
          .code = kind.code};
}

}  // namespace tokenbroker::aws
