#include "server/outbound/aws/credentials_text.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"

namespace tokenbroker::outbound::aws {
namespace {

using Json = nlohmann::json;

absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

Json ObjectOf(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_object() ? json : Json::object();
}

std::string Member(const Json& object, std::string_view name) {
  const auto found = object.find(std::string(name));
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// RFC 3339. INVALID if it is none.
absl::StatusOr<TimeMs> TimeOf(const std::string& text) {
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) {
    return absl::UnavailableError("the credentials' expiration is no time");
  }
  return absl::ToUnixMillis(time);
}

absl::StatusOr<Credentials> Checked(Credentials credentials) {
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return absl::UnavailableError("the answer has no credentials");
  }
  return credentials;
}

absl::StatusOr<Credentials> WithExpiration(Credentials credentials, const std::string& expiration) {
  if (expiration.empty()) return Checked(std::move(credentials));
  const absl::StatusOr<TimeMs> time = TimeOf(expiration);
  if (!time.ok()) return time.status();
  credentials.expires_at = *time;
  return Checked(std::move(credentials));
}

}  // namespace

absl::StatusOr<Credentials> ReadContainerCredentials(std::string_view json) {
  const Json object = ObjectOf(json);
  return WithExpiration({Member(object, "AccessKeyId"), Member(object, "SecretAccessKey"), Member(object, "Token")},
                        Member(object, "Expiration"));
}

absl::StatusOr<Credentials> ReadSsoCredentials(std::string_view json) {
  const Json object = ObjectOf(json);
  const auto found = object.find("roleCredentials");
  if (found == object.end() || !found->is_object()) return absl::UnavailableError("the answer has no credentials");
  const auto expiration = found->find("expiration");
  return Checked({Member(*found, "accessKeyId"), Member(*found, "secretAccessKey"), Member(*found, "sessionToken"),
                  expiration != found->end() && expiration->is_number_integer() ? expiration->get<TimeMs>() : 0});
}

absl::StatusOr<Credentials> ReadStsCredentials(std::string_view xml) {
  return WithExpiration({XmlText(xml, "AccessKeyId"), XmlText(xml, "SecretAccessKey"), XmlText(xml, "SessionToken")},
                        XmlText(xml, "Expiration"));
}

std::string XmlText(std::string_view xml, std::string_view tag) {
  const std::string open = absl::StrCat("<", Text(tag), ">");
  const size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return "";
  const size_t end = xml.find(absl::StrCat("</", Text(tag), ">"), begin);
  if (end == std::string_view::npos) return "";
  const std::string_view text = xml.substr(begin + open.size(), end - begin - open.size());
  return absl::StrReplaceAll(
      Text(text), {{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&#39;", "'"}, {"&amp;", "&"}});
}

std::string JsonText(std::string_view json, std::string_view name) { return Member(ObjectOf(json), name); }

absl::Status EndpointError(std::string_view what, const HttpResult& result, std::string_view reason) {
  if (!result.answered()) return absl::UnavailableError(absl::StrCat(Text(what), ": ", result.message));
  const int status = result.response.status;
  const std::string message = absl::StrCat(Text(what), ": HTTP ", status, reason.empty() ? "" : ", ", Text(reason));
  const bool passes =
      status >= 500 || status == 429 || status == 408 || reason.find("Throttl") != std::string_view::npos;
  return passes ? absl::UnavailableError(message) : absl::FailedPreconditionError(message);
}

}  // namespace tokenbroker::outbound::aws
