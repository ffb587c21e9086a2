#include "server/outbound/curl_transfer.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/outbound/address_guard.h"
#include "server/outbound/url.h"

namespace tokenbroker::outbound {
namespace {

constexpr size_t kMaxHeaderBytes = 64 * 1024;

bool IsName(std::string_view name) {
  constexpr std::string_view kSigns = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return absl::ascii_isalnum(c) || kSigns.find(c) != std::string_view::npos;
  });
}

bool IsValue(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) { return absl::ascii_iscntrl(c) && c != '\t'; });
}

bool HasHeader(const HttpHeaders& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
    return absl::EqualsIgnoreCase(header.first, absl::string_view(name.data(), name.size()));
  });
}

}  // namespace

CurlTransfer::CurlTransfer(CURL* handle, const CurlOptions& options, HttpRequest request, HttpClient::Done done)
    : handle_(handle), options_(options), request_(std::move(request)), done_(std::move(done)) {}

bool CurlTransfer::Prepare() {
  const absl::StatusOr<Url> url = ParseUrl(request_.url);
  if (!url.ok()) {
    why_ = std::string(url.status().message());
    return false;
  }
  if (!AddHeaders()) {
    why_ = "a header field has a name or a value that cannot be sent";
    return false;
  }
  SetUp();
  SetMethod();
  return true;
}

bool CurlTransfer::AddLine(const std::string& line) {
  curl_slist* const longer = curl_slist_append(lines_.get(), line.c_str());
  if (longer == nullptr) return false;
  (void)lines_.release();
  lines_.reset(longer);
  return true;
}

bool CurlTransfer::AddHeaders() {
  for (const auto& [name, value] : request_.headers) {
    // Without a value curl wants a semicolon: a colon would take the field out.
    if (!IsName(name) || !IsValue(value) || !AddLine(value.empty() ? name + ";" : name + ": " + value)) return false;
  }
  // What curl would add by itself, and nobody has asked for.
  for (const char* name : {"Accept", "Content-Type", "Expect"}) {
    if (!HasHeader(request_.headers, name) && !AddLine(std::string(name) + ":")) return false;
  }
  return true;
}

void CurlTransfer::SetUp() {
  const auto set = [this](CURLoption option, auto value) { curl_easy_setopt(handle_, option, value); };
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_NOPROGRESS, 1L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
  // Empty: none, whatever the environment says.
  set(CURLOPT_PROXY, request_.guard == nullptr ? options_.proxy.c_str() : "");
  set(CURLOPT_NOPROXY, options_.no_proxy.c_str());
  set(CURLOPT_USERAGENT, options_.user_agent.c_str());
  set(CURLOPT_MAXAGE_CONN, static_cast<long>(options_.idle_time / 1000));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_timeout));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request_.timeout));
  set(CURLOPT_ERRORBUFFER, error_);
  set(CURLOPT_HTTPHEADER, lines_.get());
  set(CURLOPT_WRITEFUNCTION, &OnBody);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &OnHeader);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_OPENSOCKETFUNCTION, &OnSocket);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_PREREQFUNCTION, &OnRequest);
  set(CURLOPT_PREREQDATA, this);
}

void CurlTransfer::SetMethod() {
  const bool has_body = !request_.body.empty() || request_.method == "POST" || request_.method == "PUT";
  if (has_body) {
    curl_easy_setopt(handle_, CURLOPT_POST, 1L);
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, request_.body.data());
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  } else {
    curl_easy_setopt(handle_, CURLOPT_HTTPGET, 1L);
  }
  curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

size_t CurlTransfer::OnBody(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const size_t bytes = size * count;
  transfer.too_large_ = transfer.response_.body.size() + bytes > transfer.request_.max_answer_bytes;
  if (transfer.too_large_) return CURL_WRITEFUNC_ERROR;
  transfer.response_.body.append(data, bytes);
  return bytes;
}

size_t CurlTransfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const size_t bytes = size * count;
  transfer.header_bytes_ += bytes;
  transfer.too_large_ = transfer.header_bytes_ > kMaxHeaderBytes;
  if (transfer.too_large_) return CURL_WRITEFUNC_ERROR;
  const absl::string_view line = absl::StripAsciiWhitespace(absl::string_view(data, bytes));
  // Each answer begins with a status line; those of the interim answers (1xx) before it do not count.
  if (absl::StartsWith(line, "HTTP/")) transfer.response_.headers.clear();
  transfer.head_complete_ = line.empty();
  const size_t colon = line.find(':');
  if (colon != absl::string_view::npos && !absl::StartsWith(line, "HTTP/")) {
    transfer.response_.headers.emplace_back(absl::AsciiStrToLower(line.substr(0, colon)),
                                            std::string(absl::StripAsciiWhitespace(line.substr(colon + 1))));
  }
  return bytes;
}

curl_socket_t CurlTransfer::OnSocket(void* self, curlsocktype purpose, curl_sockaddr* address) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (transfer.request_.guard != nullptr && !transfer.request_.guard->Allows(address->addr)) {
    transfer.forbidden_ = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int CurlTransfer::OnRequest(void* self, char* peer_address, char* own_address, int peer_port, int own_port) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  // A kept connection may have been made for a request without a guard.
  if (transfer.request_.guard != nullptr && !transfer.request_.guard->Allows(std::string_view(peer_address))) {
    transfer.forbidden_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  ++transfer.sendings_;
  return CURL_PREREQFUNC_OK;
}

HttpResult::Failure CurlTransfer::FailureOf(CURLcode code) const {
  using Failure = HttpResult::Failure;
  if (code == CURLE_OK) return Failure::kNone;
  if (too_large_) return Failure::kTooLarge;
  if (forbidden_ && !WasSent()) return Failure::kForbiddenAddress;
  switch (code) {
    case CURLE_URL_MALFORMAT:
      return Failure::kBadRequest;
    case CURLE_UNSUPPORTED_PROTOCOL:
      // Also of an answer without a status line.
      return sendings_ > 0 ? Failure::kBadAnswer : Failure::kBadRequest;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Failure::kResolve;
    case CURLE_OPERATION_TIMEDOUT:
      return Failure::kTimeout;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return Failure::kTls;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return Failure::kBadAnswer;
    default:
      return sendings_ > 0 ? Failure::kCut : Failure::kConnect;
  }
}

// A peer cannot act on a request whose end it has not been sent.
bool CurlTransfer::WasSent() const {
  long head = 0;
  curl_off_t body = 0;
  curl_easy_getinfo(handle_, CURLINFO_REQUEST_SIZE, &head);
  curl_easy_getinfo(handle_, CURLINFO_SIZE_UPLOAD_T, &body);
  return sendings_ > 1 || (head > 0 && body >= static_cast<curl_off_t>(request_.body.size()));
}

void CurlTransfer::Finish(CURLcode code) {
  if (code == CURLE_OK && !head_complete_) code = CURLE_GOT_NOTHING;
  HttpResult result;
  result.failure = FailureOf(code);
  result.resent = sendings_ > 1;
  if (result.answered()) {
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    result.response = std::move(response_);
    result.response.status = static_cast<int>(status);
  } else {
    result.may_have_arrived = WasSent();
    result.message = error_[0] != '\0' ? error_ : curl_easy_strerror(code);
  }
  done_(std::move(result));
}

void CurlTransfer::Fail(HttpResult::Failure failure) {
  HttpResult result;
  result.failure = failure;
  result.message = why_.empty() ? std::string(NameOf(failure)) : why_;
  result.may_have_arrived = failure == HttpResult::Failure::kClosed && sendings_ > 0 && WasSent();
  done_(std::move(result));
}

}  // namespace tokenbroker::outbound
