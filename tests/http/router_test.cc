#include "server/http/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokenbroker::http {
namespace {

using Kind = Router::Match::Kind;

class RouterTest : public testing::Test {
 protected:
  absl::Status Add(Method method, const std::string& path) { return router_.Add({.method = method, .path = path}); }

  // "GET /x/{a} a=1", or what went wrong.
  std::string Find(Method method, std::string_view path) {
    Request request;
    request.method = method;
    request.path = path;
    const Router::Match match = router_.Find(request, scratch_);
    if (match.kind == Kind::kBadPath) return "bad path";
    if (match.kind == Kind::kUnknown) return "unknown";
    if (match.kind == Kind::kOtherMethod) return "allow " + Router::AllowOf(match.methods);
    std::string found = match.route->name;
    for (const PathVariable& each : request.variables)
      found.append(" ").append(each.name).append("=").append(each.value);
    return found;
  }
  std::string Get(std::string_view path) { return Find(Method::kGet, path); }

  Router router_;
  std::string scratch_;
};

TEST_F(RouterTest, FindsLiteralsVariablesAndVerbs) {
  ASSERT_TRUE(Add(Method::kGet, "/v1/namespaces/{ns}/tasks/{id}").ok());
  ASSERT_TRUE(Add(Method::kPost, "/v1/namespaces/{ns}/tasks/{id}:succeed").ok());
  ASSERT_TRUE(Add(Method::kPost, "/v1/namespaces/{ns}/tasks:batch").ok());
  ASSERT_TRUE(Add(Method::kGet, "/").ok());
  EXPECT_EQ(Get("/"), "GET /");
  EXPECT_EQ(Get("/v1/namespaces/a/tasks/b"), "GET /v1/namespaces/{ns}/tasks/{id} ns=a id=b");
  EXPECT_EQ(Find(Method::kPost, "/v1/namespaces/a/tasks/b:succeed"),
            "POST /v1/namespaces/{ns}/tasks/{id}:succeed ns=a id=b");
  EXPECT_EQ(Find(Method::kPost, "/v1/namespaces/a/tasks:batch"), "POST /v1/namespaces/{ns}/tasks:batch ns=a");
  EXPECT_EQ(Find(Method::kHead, "/"), "GET /");
}

TEST_F(RouterTest, TakesTheBetterAlternativeAndTheOtherIfThatLeadsNowhere) {
  for (const char* path : {"/a/b/c", "/a/{x}/d", "/a/{x}:go", "/a/{x}"}) ASSERT_TRUE(Add(Method::kGet, path).ok());
  EXPECT_EQ(Get("/a/b/c"), "GET /a/b/c");
  EXPECT_EQ(Get("/a/b/d"), "GET /a/{x}/d x=b");
  EXPECT_EQ(Get("/a/b"), "GET /a/{x} x=b");
  EXPECT_EQ(Get("/a/b:go"), "GET /a/{x}:go x=b");
  EXPECT_EQ(Get("/a/b:stop"), "GET /a/{x} x=b:stop");
  EXPECT_EQ(Get("/a/:go"), "GET /a/{x} x=:go");
  EXPECT_EQ(Get("/a/b:c:go"), "GET /a/{x}:go x=b:c");
}

TEST_F(RouterTest, SaysWhichMethodsThereAre) {
  ASSERT_TRUE(Add(Method::kGet, "/a/{x}").ok());
  ASSERT_TRUE(Add(Method::kPost, "/a/b").ok());
  EXPECT_EQ(Find(Method::kDelete, "/a/b"), "allow GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(Find(Method::kPost, "/a/c"), "allow GET, HEAD, OPTIONS");
  EXPECT_EQ(Get("/a/b"), "GET /a/{x} x=b") << "the literal has no GET";
}

TEST_F(RouterTest, DecodesOnce) {
  ASSERT_TRUE(Add(Method::kGet, "/a/{x}").ok());
  ASSERT_TRUE(Add(Method::kGet, "/a/{x}:go").ok());
  EXPECT_EQ(Get("/%61/b%20c"), "GET /a/{x} x=b c");
  EXPECT_EQ(Get("/a/b%2Fc"), "GET /a/{x} x=b/c") << "an encoded slash separates nothing";
  EXPECT_EQ(Get("/a/b%252F"), "GET /a/{x} x=b%2F");
  EXPECT_EQ(Get("/a/b%3Ago"), "GET /a/{x} x=b:go") << "nor does an encoded colon";
  EXPECT_EQ(Get("/a/%62%3Ac:go"), "GET /a/{x}:go x=b:c");
  EXPECT_EQ(Get("/a/%2e%2E"), "GET /a/{x} x=..");
  EXPECT_EQ(Get("/a/b+c"), "GET /a/{x} x=b+c");
  for (const char* path : {"/a/%", "/a/%2", "/a/%g0", "/a/%0g", "/a/%00", "/%00/x", "/x/y/z/%zz"}) {
    EXPECT_EQ(Get(path), "bad path") << path;
  }
}

TEST_F(RouterTest, DoesNotTakeEmptySegmentsForVariables) {
  ASSERT_TRUE(Add(Method::kGet, "/a/{x}/b").ok());
  for (const char* path : {"/a//b", "/a/x/b/", "//a/x/b", "/a", "/a/x", "/A/x/b"})
    EXPECT_EQ(Get(path), "unknown") << path;
  EXPECT_EQ(Get(std::string(10'000, '/')), "unknown");
}

TEST_F(RouterTest, RefusesTemplatesThatAreNone) {
  for (const char* path : {"", "a", "/{", "/{}", "/{a b}", "/{a}b", "/{a}:", "/a b", "/{a=**}", "/%41"}) {
    EXPECT_EQ(Add(Method::kGet, path).code(), absl::StatusCode::kInvalidArgument) << path;
  }
  EXPECT_TRUE(Add(Method::kGet, "/{a}").ok());
  EXPECT_EQ(Add(Method::kGet, "/{b}").code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(RouterTest, NamesTheNearest) {
  for (const char* path : {"/v1/namespaces/{ns}/tasks/{id}", "/v1/namespaces/{ns}/tasks/{id}:succeed", "/healthz"}) {
    ASSERT_TRUE(Add(Method::kGet, path).ok());
  }
  EXPECT_EQ(router_.Nearest(Method::kGet, "/v1/namespaces/a/task/b"), "GET /v1/namespaces/{ns}/tasks/{id}");
  EXPECT_EQ(router_.Nearest(Method::kGet, "/v1/namespaces/a/tasks/b:suceed"),
            "GET /v1/namespaces/{ns}/tasks/{id}:succeed");
  EXPECT_EQ(router_.Nearest(Method::kGet, "/namespaces/a/tasks/b"), "GET /v1/namespaces/{ns}/tasks/{id}");
  EXPECT_EQ(router_.Nearest(Method::kGet, "/health"), "GET /healthz");
  ASSERT_TRUE(Add(Method::kPost, "/v1/lists").ok());
  ASSERT_TRUE(Add(Method::kGet, "/v1/lists").ok());
  EXPECT_EQ(router_.Nearest(Method::kGet, "/v1/lits"), "GET /v1/lists");
  EXPECT_EQ(router_.Nearest(Method::kHead, "/v1/lits"), "GET /v1/lists");
  EXPECT_EQ(router_.Nearest(Method::kPost, "/v1/lits"), "POST /v1/lists");
  EXPECT_EQ(router_.Nearest(Method::kDelete, "/v1/lits"), "POST /v1/lists") << "the first of them";
  EXPECT_EQ(router_.Nearest(Method::kGet, "/something/else/altogether/there"), "");
}

TEST_F(RouterTest, TakesTheErrorFormOfTheLongestPrefix) {
  const auto form = [](int status) { return [status](const Failure&) { return Response{.status = status}; }; };
  router_.SetErrorForm("", form(1));
  router_.SetErrorForm("/v1/", form(2));
  router_.SetErrorForm("/v1/x", form(3));
  EXPECT_EQ(router_.ErrorFormOf("/")({}).status, 1);
  EXPECT_EQ(router_.ErrorFormOf("/v1/a")({}).status, 2);
  EXPECT_EQ(router_.ErrorFormOf("/v1/xy")({}).status, 3);
}

}  // namespace
}  // namespace tokenbroker::http
