#include "server/outbound/curl_transfer.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
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

// "127.0.0.1"; no name is looked up.
std::string TextOf(const curl_sockaddr& address) {
  char text[NI_MAXHOST] = "an address of an unknown kind";
  getnameinfo(&address.addr, address.addrlen, text, sizeof(text), nullptr, 0, NI_NUMERICHOST);
  return text;
}

bool HasHeader(const HttpHeaders& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
    return absl::EqualsIgnoreCase(header.first, absl::string_view(name.data(), name.size()));
  });
}

}  // namespace

CurlTransfer::CurlTransfer(const CurlOptions& options) : handle_(curl_easy_init()), options_(options) {
  if (handle_ != nullptr) SetUpForAll();
}

bool CurlTransfer::Prepare(HttpRequest request, HttpClient::Done done) {
  std::swap(request_, request);
  done_ = std::move(done);
  course_ = {};
  error_[0] = '\0';
  const HttpRequest& before = request;
  // What was set once was looked at then.
  const absl::Status url = set_up_ && request_.url == before.url ? absl::OkStatus() : ParseUrl(request_.url).status();
  if (!url.ok()) {
    course_.why = std::string(url.message());
  } else if (!SetHeaders()) {
    course_.why = "a header field has a name or a value that cannot be sent";
  } else if (handle_ != nullptr) {
    SetUp(before);
    return set_up_ = true;
  }
  return set_up_ = false;
}

void CurlTransfer::AddLine(std::string_view name, std::string_view between, std::string_view value) {
  lines_.append(name).append(between).append(value).push_back('\0');
  list_.emplace_back();
}

bool CurlTransfer::SetHeaders() {
  lines_.clear();
  list_.clear();
  for (const auto& [name, value] : request_.headers) {
    if (!IsName(name) || !IsValue(value)) return false;
    // Without a value curl wants a semicolon: a colon would take the field out.
    AddLine(name, value.empty() ? ";" : ": ", value);
  }
  // What curl would add by itself, and nobody has asked for.
  for (const char* name : {"Accept", "Content-Type", "Expect"}) {
    if (!HasHeader(request_.headers, name)) AddLine(name, ":", "");
  }
  // Now that the lines stay where they are.
  char* line = lines_.data();
  for (size_t i = 0; i < list_.size(); ++i) {
    list_[i] = {line, i + 1 < list_.size() ? &list_[i + 1] : nullptr};
    line += std::strlen(line) + 1;
  }
  return true;
}

void CurlTransfer::SetUpForAll() {
  const auto set = [this](CURLoption option, auto value) { curl_easy_setopt(handle(), option, value); };
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_NOPROGRESS, 1L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
  set(CURLOPT_NOPROXY, options_.no_proxy.c_str());
  set(CURLOPT_USERAGENT, options_.user_agent.c_str());
  set(CURLOPT_MAXAGE_CONN, static_cast<long>(options_.idle_time / 1000));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_ERRORBUFFER, error_);
  set(CURLOPT_WRITEFUNCTION, &OnBody);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &OnHeader);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_OPENSOCKETFUNCTION, &OnSocket);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_PREREQFUNCTION, &OnRequest);
  set(CURLOPT_PREREQDATA, this);
}

// curl copies texts and takes them apart: that is spared where they are the same as before.
void CurlTransfer::SetUp(const HttpRequest& before) {
  const auto set = [this](CURLoption option, auto value) { curl_easy_setopt(handle(), option, value); };
  if (!set_up_ || request_.url != before.url) set(CURLOPT_URL, request_.url.c_str());
  const bool guarded = request_.guard != nullptr;
  // Empty: none, whatever the environment says.
  if (!set_up_ || guarded != (before.guard != nullptr)) set(CURLOPT_PROXY, guarded ? "" : options_.proxy.c_str());
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_timeout));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request_.timeout));
  set(CURLOPT_HTTPHEADER, list_.data());
  if (!request_.body.empty() || request_.method == "POST" || request_.method == "PUT") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDS, request_.body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  } else {
    set(CURLOPT_HTTPGET, 1L);
  }
  if (!set_up_ || request_.method != before.method) set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

size_t CurlTransfer::OnBody(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const size_t bytes = size * count;
  if (transfer.course_.response.body.size() + bytes > transfer.request_.max_answer_bytes) {
    (transfer.request_.body_matters ? transfer.course_.too_large : transfer.course_.heard_enough) = true;
    return CURL_WRITEFUNC_ERROR;
  }
  transfer.course_.response.body.append(data, bytes);
  return bytes;
}

size_t CurlTransfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const size_t bytes = size * count;
  transfer.course_.header_bytes += bytes;
  transfer.course_.too_large = transfer.course_.header_bytes > kMaxHeaderBytes;
  if (transfer.course_.too_large) return CURL_WRITEFUNC_ERROR;
  transfer.course_.TakeHeaderLine(absl::StripAsciiWhitespace(absl::string_view(data, bytes)));
  return bytes;
}

void CurlTransfer::Course::TakeHeaderLine(absl::string_view line) {
  // Each answer begins with a status line; those of the interim answers (1xx) before it do not count.
  if (absl::StartsWith(line, "HTTP/")) {
    response.headers.clear();
    head_complete = false;
    return;
  }
  // A trailer comes behind the body, and ends without an empty line.
  if (head_complete) return;
  head_complete = line.empty();
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) return;
  response.headers.emplace_back(absl::AsciiStrToLower(line.substr(0, colon)),
                                std::string(absl::StripAsciiWhitespace(line.substr(colon + 1))));
}

curl_socket_t CurlTransfer::OnSocket(void* self, curlsocktype purpose, curl_sockaddr* address) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (transfer.request_.guard != nullptr && !transfer.request_.guard->Allows(address->addr)) {
    transfer.course_.forbidden = TextOf(*address);
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int CurlTransfer::OnRequest(void* self, char* peer_address, char* own_address, int peer_port, int own_port) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  // A kept connection may have been made for a request without a guard.
  if (transfer.request_.guard != nullptr && !transfer.request_.guard->Allows(std::string_view(peer_address))) {
    transfer.course_.forbidden = peer_address;
    return CURL_PREREQFUNC_ABORT;
  }
  ++transfer.course_.sendings;
  return CURL_PREREQFUNC_OK;
}

HttpResult::Failure CurlTransfer::FailureOf(CURLcode code) const {
  using Failure = HttpResult::Failure;
  if (code == CURLE_OK) return Failure::kNone;
  if (course_.too_large) return Failure::kTooLarge;
  if (!course_.forbidden.empty() && !WasSent()) return Failure::kForbiddenAddress;
  switch (code) {
    case CURLE_URL_MALFORMAT:
      return Failure::kBadRequest;
    case CURLE_UNSUPPORTED_PROTOCOL:
      // Also of an answer without a status line.
      return course_.sendings > 0 ? Failure::kBadAnswer : Failure::kBadRequest;
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
      return course_.sendings > 0 ? Failure::kCut : Failure::kConnect;
  }
}

// A peer cannot act on a request whose end it has not been sent.
bool CurlTransfer::WasSent() const {
  long head = 0;
  curl_off_t body = 0;
  curl_easy_getinfo(handle(), CURLINFO_REQUEST_SIZE, &head);
  curl_easy_getinfo(handle(), CURLINFO_SIZE_UPLOAD_T, &body);
  return course_.sendings > 1 || (head > 0 && body >= static_cast<curl_off_t>(request_.body.size()));
}

CurlTransfer::Ended CurlTransfer::Finish(CURLcode code) {
  if (course_.heard_enough) code = CURLE_OK;
  if (code == CURLE_OK && !course_.head_complete) code = CURLE_GOT_NOTHING;
  HttpResult result;
  result.failure = FailureOf(code);
  result.resent = course_.sendings > 1;
  if (result.answered()) {
    long status = 0;
    curl_easy_getinfo(handle(), CURLINFO_RESPONSE_CODE, &status);
    result.response = std::move(course_.response);
    result.response.status = static_cast<int>(status);
  } else {
    result.may_have_arrived = WasSent();
    result.message = error_[0] != '\0' ? error_ : curl_easy_strerror(code);
    if (result.failure == HttpResult::Failure::kForbiddenAddress) {
      result.message = absl::StrCat("the address guard does not allow ", course_.forbidden);
    }
  }
  return End(std::move(result));
}

CurlTransfer::Ended CurlTransfer::Fail(HttpResult::Failure failure) {
  HttpResult result;
  result.failure = failure;
  result.message = course_.why.empty() ? std::string(NameOf(failure)) : course_.why;
  result.may_have_arrived = failure == HttpResult::Failure::kClosed && course_.sendings > 0 && WasSent();
  return End(std::move(result));
}

CurlTransfer::Ended CurlTransfer::End(HttpResult result) {
  request_.body = {};
  request_.headers = {};
  return {std::exchange(done_, nullptr), std::move(result)};
}

}  // namespace tokenbroker::outbound
