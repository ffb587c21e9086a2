#include "server/http/response.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tokenbroker::http {
namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

void Response::AddHeader(std::string_view name, std::string_view value) {
  headers.append(name).append(": ");
  const size_t begin = headers.size();
  headers.append(value);
  std::replace_if(headers.begin() + begin, headers.end(), IsControl, ' ');
  headers.append("\r\n");
}

Response PlainErrorForm(const Failure& failure) {
  Response response;
  response.status = failure.status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = absl::StrCat(failure.status, " ", failure.reason, ": ", failure.message, "\n");
  if (!failure.hint.empty()) absl::StrAppend(&response.body, "nearest: ", failure.hint, "\n");
  return response;
}

Response FormFailure(const ErrorForm& form, Failure failure, std::string_view request_id) {
  failure.request_id = request_id;
  Response response = form ? form(failure) : PlainErrorForm(failure);
  if (!failure.allow.empty()) response.AddHeader("Allow", failure.allow);
  if (failure.status == 415) response.AddHeader("Accept-Encoding", "gzip");
  if (failure.retry_after_seconds > 0) response.AddHeader("Retry-After", std::to_string(failure.retry_after_seconds));
  return response;
}

std::string_view PhraseOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

}  // namespace tokenbroker::http
