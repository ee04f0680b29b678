#include "platform/http/router.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::http {
namespace {

Response echo(Request& request) {
  std::string text = request.method;
  for (const auto& [name, value] : request.path_params) text += fmt::format(" {}={}", name, value);
  return Response::text(text);
}

Route route(std::string method, std::string pattern, Handler handler = echo, Surface surface = Surface::own) {
  Route made;
  made.method = std::move(method);
  made.pattern = std::move(pattern);
  made.handler = std::move(handler);
  made.surface = surface;
  return made;
}

Request request(std::string method, std::string target, std::string body = {}) {
  Request made;
  made.method = std::move(method);
  made.target = std::move(target);
  if (!body.empty()) {
    made.content_length = body.size();
    made.body = std::make_unique<TextBody>(std::move(body));
  }
  return made;
}

class RouterTest : public testing::Test {
 protected:
  core::Telemetry telemetry_;
  Router router_{telemetry_};

  Response send(std::string method, std::string target, std::string body = {}) {
    return router_.handle(request(std::move(method), std::move(target), std::move(body)));
  }
  std::string get(std::string target) { return send("GET", std::move(target)).read_all(); }
  int status(std::string method, std::string target) { return send(std::move(method), std::move(target)).status; }
};

TEST_F(RouterTest, PrefersTextToASegmentAndASegmentToTheRest) {
  router_.add(route("GET", "/a/{rest...}"));
  router_.add(route("GET", "/a/{name}"));
  router_.add(route("GET", "/a/b"));
  router_.add(route("GET", "/a/b/c"));
  router_.add(route("GET", "/"));
  EXPECT_EQ(get("/a/b"), "GET");
  EXPECT_EQ(get("/a/x"), "GET name=x");
  EXPECT_EQ(get("/a/b/d"), "GET rest=b/d");
  EXPECT_EQ(get("/a/b/c"), "GET");
  EXPECT_EQ(get("/?q=1"), "GET");
}

TEST_F(RouterTest, FallsBackToAWiderPatternThatHasTheMethod) {
  router_.add(route("POST", "/a/b"));
  router_.add(route("GET", "/a/{name}"));
  EXPECT_EQ(get("/a/b"), "GET name=b");
}

TEST_F(RouterTest, KeepsAnEscapedSlashInsideItsSegmentAndDecodesOnce) {
  router_.add(route("GET", "/m/{name}"));
  router_.add(route("GET", "/f/{path...}"));
  EXPECT_EQ(get("/m/a%2Fb%20c"), "GET name=a/b c");
  EXPECT_EQ(get("/m/a%252Fb"), "GET name=a%2Fb");
  EXPECT_EQ(get("/m/a+b"), "GET name=a+b");
  EXPECT_EQ(get("/f/a%2Fb/c%20d"), "GET path=a/b/c d");
  EXPECT_EQ(get("/f/dir/"), "GET path=dir/");
  EXPECT_EQ(status("GET", "/%6D/x"), 200);
}

TEST_F(RouterTest, RefusesPathsThatLieAboutWhereTheyLead) {
  router_.add(route("GET", "/f/{path...}"));
  for (const char* target : {"/f/..", "/f/../x", "/f/./x", "/f/%2e%2e/x", "/f/%2E/x", "/f/a%00b", "/f/%", "/f/%4",
                             "/f/%zz", "/f/%u002f", "f/a", "", "http://h/f/a"})
    EXPECT_EQ(status("GET", target), 400) << target;
}

TEST_F(RouterTest, AnswersUnknownPathsInTheDialectOfTheirSurface) {
  Response mlflow = send("GET", "/api/2.0/mlflow/traces/x");
  EXPECT_EQ(mlflow.status, 404);
  EXPECT_EQ(mlflow.headers.find("Content-Type"), "application/json");
  EXPECT_NE(mlflow.read_all().find(R"("error_code":"ENDPOINT_NOT_FOUND")"), std::string::npos);
  EXPECT_NE(send("GET", "/ajax-api/3.0/mlflow/x").read_all().find("ENDPOINT_NOT_FOUND"), std::string::npos);
  EXPECT_NE(send("GET", "/api/v1/nothing").read_all().find("request_id"), std::string::npos);
  EXPECT_EQ(send("GET", "/favicon.ico").headers.find("Content-Type"), "text/plain; charset=utf-8");
}

TEST_F(RouterTest, AnswersBesideTheFitAndPredictRoutesAsTheyDo) {
  Route fit = route("POST", "/fit/{id}");
  fit.surface = Surface::fit_predict;
  router_.add(std::move(fit));
  for (const auto& [method, target, wanted] : {std::tuple("GET", "/fit/a", 405), std::tuple("POST", "/fit/a/b", 404),
                                               std::tuple("POST", "/fit", 404), std::tuple("POST", "/fit/%zz", 400)}) {
    Response answer = send(method, target);
    EXPECT_EQ(answer.status, wanted) << target;
    EXPECT_EQ(answer.read_all().find(R"({"detail":)"), 0U) << target;
  }
  EXPECT_EQ(send("POST", "/fitting").read_all().find('{'), std::string::npos);
}

TEST_F(RouterTest, ATrailingSlashIsAnotherPath) {
  router_.add(route("GET", "/a/get"));
  EXPECT_EQ(status("GET", "/a/get/"), 404);
}

TEST_F(RouterTest, RedirectsADoubledSlashOnlyToWhereARouteIs) {
  router_.add(route("GET", "/model-versions/get-artifact"));
  Response response = send("GET", "//model-versions//get-artifact?path=a//b");
  EXPECT_EQ(response.status, 308);
  EXPECT_EQ(response.headers.find("Location"), "/model-versions/get-artifact?path=a//b");
  EXPECT_EQ(status("GET", "//evil.example/x"), 404);
}

TEST_F(RouterTest, ARefusedMethodNamesTheAllowedOnes) {
  router_.add(route("GET", "/a/{x}"));
  router_.add(route("DELETE", "/a/b"));
  Response response = send("PUT", "/a/b");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.find("Allow"), "DELETE, GET, HEAD, OPTIONS");
  Response options = send("OPTIONS", "/a/b");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.find("Allow"), "DELETE, GET, HEAD, OPTIONS");
}

TEST_F(RouterTest, HeadIsAGetWithoutItsBody) {
  router_.add(route("GET", "/a", [](Request&) { return Response::text("12345"); }));
  Response response = send("HEAD", "/a");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_length, 5U);
  EXPECT_EQ(response.read_all(), "");
}

TEST_F(RouterTest, ErrorsOfHandlersBecomeAnswers) {
  router_.add(route("GET", "/conflict", [](Request&) -> Response { throw core::conflict("taken", "name"); }));
  router_.add(route("GET", "/std", [](Request&) -> Response { throw std::runtime_error("table users"); }));
  router_.add(route("GET", "/odd", [](Request&) -> Response { throw 1; }));
  Response conflict = send("GET", "/conflict");
  EXPECT_EQ(conflict.status, 409);
  EXPECT_NE(conflict.read_all().find(R"("field":"name")"), std::string::npos);
  Response broken = send("GET", "/std");
  EXPECT_EQ(broken.status, 500);
  EXPECT_EQ(broken.read_all().find("users"), std::string::npos);
  EXPECT_EQ(status("GET", "/odd"), 500);
}

TEST_F(RouterTest, EveryAnswerCarriesARequestId) {
  router_.add(route("GET", "/a", [](Request& r) { return Response::text(r.request_id); }));
  Request asked = request("GET", "/a");
  asked.headers.add("x-request-id", "abc-1");
  Response response = router_.handle(std::move(asked));
  EXPECT_EQ(response.headers.find("X-Request-Id"), "abc-1");
  EXPECT_EQ(response.read_all(), "abc-1");

  Request hostile = request("GET", "/a");
  hostile.headers.add("x-request-id", "a b\" onload=");
  const std::string first = router_.handle(std::move(hostile)).read_all();
  EXPECT_EQ(first.size(), 16U);
  EXPECT_NE(first, get("/a"));
  EXPECT_TRUE(send("GET", "/nothing").headers.find("X-Request-Id").has_value());
}

TEST_F(RouterTest, EveryAnswerForbidsSniffingAndForeignFrames) {
  router_.add(route("GET", "/a", [](Request&) {
    Response response = Response::text("");
    response.headers.set("X-Frame-Options", "DENY");
    return response;
  }));
  Response response = send("GET", "/a");
  EXPECT_EQ(response.headers.find("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(response.headers.find("X-Frame-Options"), "DENY");
  EXPECT_EQ(send("GET", "/x").headers.find("X-Frame-Options"), "SAMEORIGIN");
}

TEST_F(RouterTest, ABodyAboveTheRoutesLimitIsRefusedWhateverItDeclares) {
  Route limited = route("POST", "/a", [](Request& r) { return Response::text(r.read_body()); });
  limited.max_body_bytes = 10;
  router_.add(limited);
  limited.pattern = "/s";
  limited.streams_body = true;
  router_.add(limited);
  for (const char* target : {"/a", "/s"}) {
    EXPECT_EQ(send("POST", target, "0123456789").read_all(), "0123456789");
    EXPECT_EQ(send("POST", target, "0123456789x").status, 413);
    Request chunked = request("POST", target, "0123456789x");
    chunked.content_length.reset();
    EXPECT_EQ(router_.handle(std::move(chunked)).status, 413);
  }
}

TEST_F(RouterTest, AnUnknownContentEncodingIsRefused) {
  router_.add(route("POST", "/a"));
  Request brotli = request("POST", "/a", "x");
  brotli.headers.add("Content-Encoding", "br");
  EXPECT_EQ(router_.handle(std::move(brotli)).status, 415);
  Request broken = request("POST", "/a", "not gzip");
  broken.headers.add("Content-Encoding", "gzip");
  EXPECT_EQ(router_.handle(std::move(broken)).status, 400);
}

TEST_F(RouterTest, GzipThatHoldsNothingIsCountedAsItArrives) {
  // The empty text, as gzip writes it: any number of members make one empty body.
  const std::string nothing("\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0", 20);
  Route limited = route("POST", "/a", [](Request& r) { return Response::text(r.read_body()); });
  limited.max_body_bytes = 50;
  router_.add(limited);
  const auto send_members = [&](int count) {
    std::string body;
    for (int i = 0; i < count; ++i) body += nothing;
    Request chunked = request("POST", "/a", body);
    chunked.content_length.reset();
    chunked.headers.add("Content-Encoding", "gzip");
    return router_.handle(std::move(chunked)).status;
  };
  EXPECT_EQ(send_members(2), 200);
  EXPECT_EQ(send_members(3), 413);
}

TEST_F(RouterTest, AFilterMayEndARequestAndSeesItsRoute) {
  router_.add(route("GET", "/secret/{name}"));
  Route open = route("GET", "/open");
  open.open = true;
  router_.add(open);
  router_.add_filter([](Request& r, const Route& to) -> std::optional<Response> {
    if (to.open) return std::nullopt;
    return Response::text("who are you, reader of " + r.path_param("name"), 401);
  });
  Response refused = send("GET", "/secret/x");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.read_all(), "who are you, reader of x");
  EXPECT_EQ(status("GET", "/open"), 200);
  EXPECT_EQ(status("GET", "/nothing"), 404);
}

TEST_F(RouterTest, TheFallbackAnswersWhatNoRouteDoesUnlessItDeclines) {
  router_.add(route("GET", "/a"));
  router_.set_fallback([](Request& r) -> std::optional<Response> {
    if (r.target == "/page") return Response::text("page");
    return std::nullopt;
  });
  EXPECT_EQ(get("/page"), "page");
  EXPECT_EQ(status("GET", "/other"), 404);
  EXPECT_EQ(status("POST", "/a"), 405);
}

TEST_F(RouterTest, TheEarlierDeadlineHolds) {
  using std::chrono::milliseconds;
  Route timed =
      route("GET", "/a", [](Request& r) { return Response::text(std::to_string(r.deadline.remaining().count())); });
  timed.deadline = milliseconds(5'000);
  router_.add(timed);
  EXPECT_LE(std::stol(get("/a")), 5'000);
  Request hurried = request("GET", "/a");
  hurried.deadline = core::Deadline::after(milliseconds(0));
  EXPECT_EQ(router_.handle(std::move(hurried)).read_all(), "0");
}

TEST_F(RouterTest, CountsRequestsByRouteMethodAndStatus) {
  router_.add(route("GET", "/a/{x}"));
  get("/a/1");
  get("/a/2");
  send("GET", "/unknown/path");
  const std::string text = telemetry_.prometheus_text();
  EXPECT_NE(text.find(R"(wakeful_http_requests_total{route="/a/{x}",method="GET",code="200"} 2)"), std::string::npos)
      << text;
  EXPECT_NE(text.find(R"(wakeful_http_requests_total{route="none",method="any",code="404"} 1)"), std::string::npos);
  EXPECT_NE(text.find(R"(wakeful_http_request_duration_seconds_count{route="/a/{x}"} 2)"), std::string::npos);
  EXPECT_NE(text.find("wakeful_http_in_flight 0"), std::string::npos);
}

TEST_F(RouterTest, TwoRoutesForTheSameRequestsAreADefect) {
  router_.add(route("GET", "/a/{x}"));
  EXPECT_THROW(router_.add(route("GET", "/a/{y}")), core::Error);
  EXPECT_NO_THROW(router_.add(route("PUT", "/a/{y}")));
  for (const char* bad : {"a", "/a/{x...}/b", "/a//b", ""})
    EXPECT_THROW(router_.add(route("GET", bad)), core::Error) << bad;
}

}  // namespace
}  // namespace wakeful::http
