// Each way in which a signature can be wrong, with AWS's name and words for it.
#include "server/aws/verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/aws/signer.h"

namespace tokenbroker::aws {
namespace {

using testing::HasSubstr;

// 2026-11-20T18:16:06Z
constexpr TimeMs kNow = 1'795'198'566'000;
constexpr DurationMs kMinute = 60'000;

class VerifierTest : public testing::Test {
 protected:
  VerifierTest() { keys_.Add({kTestKey, {}, {}, {{"orders", kResolve}}}, kTestSecret); }

  Error Check(SignedRequest& request) {
    const Key* key = nullptr;
    const Error error = Verify(request.View(), keys_, now_, key);
    EXPECT_EQ(key != nullptr, !error);
    if (key != nullptr) principal_ = key->principal();
    return error;
  }

  // "Name: text" of a request that is signed after `before` and changed by `after`.
  std::string Complaint(
      const std::function<void(SignedRequest&)>& before,
      const std::function<void(SignedRequest&)>& after = [](SignedRequest&) {}) {
    SignedRequest request("SendTaskSuccess", kNow);
    before(request);
    request.Sign();
    after(request);
    return Text(Check(request));
  }
  std::string Changed(const std::function<void(SignedRequest&)>& after) {
    return Complaint([](SignedRequest&) {}, after);
  }

  static std::string Text(const Error& error) {
    return error ? std::string(error.kind->name) + ": " + error.message : "OK";
  }

  KeySet keys_;
  TimeMs now_ = kNow;
  broker::Principal principal_;
};

const char kMismatch[] =
    "InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check "
    "your AWS Secret Access Key and signing method. Consult the service documentation for details.";

TEST_F(VerifierTest, AGoodSignatureNamesItsPrincipal) {
  EXPECT_EQ(Changed([](SignedRequest&) {}), "OK");
  EXPECT_EQ(principal_.id, "aws:AKIDEXAMPLE");
  EXPECT_TRUE(principal_.May(broker::kResolve, "orders"));
  EXPECT_FALSE(principal_.May(broker::kResolve, "billing"));
}

TEST_F(VerifierTest, WithoutASignatureItIsMissing) {
  const char missing[] = "MissingAuthenticationTokenException: Missing Authentication Token";
  EXPECT_EQ(Changed([](SignedRequest& r) { r.Remove("authorization"); }), missing);
  EXPECT_EQ(Changed([](SignedRequest& r) { r.Set("Authorization", "Bearer secret-of-another-door"); }), missing);
  EXPECT_EQ(Changed([](SignedRequest& r) { r.Set("Authorization", ""); }), missing);
}

TEST_F(VerifierTest, WithPartsMissingItIsIncomplete) {
  EXPECT_EQ(Changed([](SignedRequest& r) {
              r.Set("Authorization", "AWS4-HMAC-SHA256");
              r.Remove("x-amz-date");
            }),
            "IncompleteSignatureException: Authorization header requires 'Credential' parameter. Authorization header "
            "requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization "
            "header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded "
            "with Base64) Authorization=YI2YWea8FSxnksZL2ETHbs5elHm9HQufxTLK0W0ffV0=");
  EXPECT_THAT(Changed([](SignedRequest& r) { r.Set("Authorization", "AWS4-HMAC-SHA256 Credential, x=y"); }),
              testing::StartsWith("IncompleteSignatureException: Invalid key=value pair (missing equal-sign) in "
                                  "Authorization header (hashed with SHA-256 and encoded with Base64): '"));
  EXPECT_EQ(Complaint([](SignedRequest& r) { r.credential = "AKIDEXAMPLE/20261120/us-east-1/states"; }),
            "IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, e.g. "
            "keyid/date/region/service/term, got 'AKIDEXAMPLE/20261120/us-east-1/states'");
  EXPECT_EQ(Changed([](SignedRequest& r) { r.Find("authorization")->replace(0, 16, "AWS4-HMAC-SHA512"); }),
            "IncompleteSignatureException: Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'.");
}

TEST_F(VerifierTest, PartsMayBeSeparatedByBlanksOrCommasAlone) {
  for (const char* separator : {",", " ", " ,\t "}) {
    EXPECT_EQ(Changed([&](SignedRequest& r) {
                std::string& text = *r.Find("authorization");
                for (size_t at = 0; (at = text.find(", ", at)) != std::string::npos;) text.replace(at, 2, separator);
              }),
              "OK")
        << separator;
  }
}

TEST_F(VerifierTest, TheTimeMustBeOneAndNearOurs) {
  for (const char* text : {"2026-11-20T18:16:06Z", "20261320T181606Z", "20261120T181660Z", "20261120T181606", "x"}) {
    EXPECT_EQ(Complaint([&](SignedRequest& r) { r.Set("X-Amz-Date", text); }),
              std::string("IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got '") + text +
                  "'. See http://en.wikipedia.org/wiki/ISO_8601");
  }
  now_ = kNow + 15 * kMinute;
  EXPECT_EQ(Changed([](SignedRequest&) {}), "OK");
  now_ += 1000;
  EXPECT_EQ(Changed([](SignedRequest&) {}),
            "InvalidSignatureException: Signature expired: 20261120T181606Z is now earlier than 20261120T181607Z "
            "(20261120T183107Z - 15 min.)");
  now_ = kNow - 15 * kMinute;
  EXPECT_EQ(Changed([](SignedRequest&) {}), "OK");
  now_ -= 1000;
  EXPECT_EQ(Changed([](SignedRequest&) {}),
            "InvalidSignatureException: Signature not yet current: 20261120T181606Z is still later than "
            "20261120T181605Z (20261120T180105Z + 15 min.)");
}

TEST_F(VerifierTest, DateStandsInForXAmzDate) {
  SignedRequest request("SendTaskSuccess", kNow);
  request.Set("Date", request.timestamp);
  request.signed_headers = "content-type;date;host;x-amz-target";
  request.Sign();
  request.Remove("x-amz-date");
  EXPECT_EQ(Text(Check(request)), "OK");
}

TEST_F(VerifierTest, WhatDecidesMustBeSigned) {
  const auto without = [&](const std::string& names) {
    return Complaint([&](SignedRequest& r) {
      r.Set("X-Amz-Security-Token", "t");
      r.signed_headers = names;
    });
  };
  EXPECT_EQ(without("content-type;x-amz-date;x-amz-security-token;x-amz-target"),
            "InvalidSignatureException: 'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  EXPECT_EQ(without("host;x-amz-security-token;x-amz-target"),
            "InvalidSignatureException: 'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization.");
  EXPECT_EQ(without("host;x-amz-date;x-amz-target"),
            "InvalidSignatureException: 'X-Amz-Security-Token' must be a 'SignedHeader' in the AWS Authorization.");
  EXPECT_EQ(without("host;x-amz-date;x-amz-security-token"),
            "InvalidSignatureException: 'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
}

TEST_F(VerifierTest, TheScopeMustBeOurs) {
  EXPECT_EQ(Complaint([](SignedRequest& r) { r.credential = "AKIDEXAMPLE/20261121//dynamodb/aws5_request"; }),
            "InvalidSignatureException: Credential should be scoped to a valid region, not ''. Credential should be "
            "scoped to correct service: 'states'. Credential should be scoped with a valid terminator: "
            "'aws4_request', not 'aws5_request'. Date in Credential scope does not match YYYYMMDD from ISO-8601 "
            "version of date from HTTP: '20261121' != '20261120', from '20261120T181606Z'.");
  EXPECT_EQ(Complaint([](SignedRequest& r) { r.scope.region = "mars-north-7"; }), "OK") << "a broker is in no region";
}

TEST_F(VerifierTest, AnUnknownKeyIsUnrecognized) {
  EXPECT_EQ(Complaint([](SignedRequest& r) { r.credential = "AKIDOTHER/20261120/us-east-1/states/aws4_request"; }),
            "UnrecognizedClientException: The security token included in the request is invalid.");
}

TEST_F(VerifierTest, AnotherSecretOrAnotherRequestDoesNotMatch) {
  EXPECT_EQ(Complaint([](SignedRequest& r) { r.secret += "x"; }), kMismatch);
  EXPECT_EQ(Changed([](SignedRequest& r) { r.body = "{ }"; }), kMismatch);
  EXPECT_EQ(Changed([](SignedRequest& r) { r.method = "PUT"; }), kMismatch);
  EXPECT_EQ(Changed([](SignedRequest& r) { *r.Find("x-amz-target") = "AWSStepFunctions.SendTaskFailure"; }), kMismatch);
  EXPECT_EQ(Changed([](SignedRequest& r) { r.headers.emplace_back("X-Amz-Target", "again"); }), kMismatch);
  EXPECT_EQ(Changed([](SignedRequest& r) { r.Find("authorization")->pop_back(); }), kMismatch);
  EXPECT_EQ(Changed([](SignedRequest& r) { r.Remove("content-type"); }), kMismatch) << "signed, and gone";
  EXPECT_EQ(Changed([](SignedRequest& r) { r.Set("X-Added", "by a proxy"); }), "OK") << "not signed";
}

TEST_F(VerifierTest, TheWholeBodyMustBeSigned) {
  const auto with = [&](const char* claimed) {
    return Complaint([&](SignedRequest& r) { r.Set("X-Amz-Content-Sha256", claimed); });
  };
  EXPECT_EQ(with("UNSIGNED-PAYLOAD"),
            "InvalidSignatureException: x-amz-content-sha256 must be the SHA-256 of the payload: 'UNSIGNED-PAYLOAD' is "
            "an unsigned payload, which this service does not accept.");
  for (const char* chunked : {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}) {
    EXPECT_THAT(with(chunked), HasSubstr(std::string("'") + chunked + "' is a chunked payload"));
  }
}

TEST_F(VerifierTest, ASessionTokenMustBeTheKeysOwn) {
  const auto with = [&](const char* token) {
    return Complaint([&](SignedRequest& r) {
      if (*token != '\0') r.Set("X-Amz-Security-Token", token);
    });
  };
  const char unrecognized[] = "UnrecognizedClientException: The security token included in the request is invalid.";
  EXPECT_EQ(with("any"), unrecognized) << "the key has none";
  keys_.Add({kTestKey, {}, {}, {}}, kTestSecret, "the-session-token");
  EXPECT_EQ(with("the-session-token"), "OK");
  EXPECT_EQ(with("another"), unrecognized);
  EXPECT_EQ(with(""), unrecognized);
}

TEST_F(VerifierTest, PresignedRequestsHoldUntilTheyExpire) {
  const auto check = [&](const std::string& expires, const std::function<void(SignedRequest&)>& after) {
    SignedRequest request("SendTaskSuccess", kNow);
    request.Presign(expires);
    after(request);
    return Text(Check(request));
  };
  const auto as_it_is = [](SignedRequest&) {};
  EXPECT_EQ(check("60", as_it_is), "OK");
  EXPECT_EQ(check("60", [](SignedRequest& r) { r.body = "x"; }), kMismatch);
  EXPECT_EQ(check("60", [](SignedRequest& r) { r.query += "&x=1"; }), kMismatch);
  EXPECT_THAT(check("60", [](SignedRequest& r) { r.query.erase(0, r.query.find("&X-Amz-Signature") + 1); }),
              HasSubstr("AWS query-string parameters must include 'X-Amz-Algorithm'. AWS query-string parameters must "
                        "include 'X-Amz-Credential'."));
  for (const char* expires : {"0", "604801", "-1", "x"}) {
    EXPECT_EQ(check(expires, as_it_is),
              "IncompleteSignatureException: X-Amz-Expires must be a number of seconds from 1 to 604800.");
  }
  now_ = kNow + 24 * 60 * kMinute;
  EXPECT_EQ(check("86400", as_it_is), "OK");
  EXPECT_EQ(check("86399", as_it_is),
            "InvalidSignatureException: Signature expired: 20261121T181605Z is now earlier than 20261121T181606Z "
            "(20261120T181606Z + 86399 s)");
  now_ = kNow - 16 * kMinute;
  EXPECT_THAT(check("86400", as_it_is), HasSubstr("Signature not yet current"));
}

TEST_F(VerifierTest, ErrorsQuoteNoAuthorization) {
  const std::string secret = "do-not-quote-me";
  for (const std::string& header : {"Bearer " + secret, "AWS4-HMAC-SHA256 " + secret, "AWS4-HMAC-SHA256 x=" + secret,
                                    "AWS4-HMAC-SHA256 Signature=" + secret}) {
    EXPECT_THAT(Changed([&](SignedRequest& r) { r.Set("Authorization", header); }), testing::Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace tokenbroker::aws
