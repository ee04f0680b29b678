#include "platform/http/errors.hpp"

#include <gtest/gtest.h>

namespace wakeful::http {
namespace {

TEST(Errors, EverySurfaceSpeaksItsOwnDialect) {
  const core::Error error = core::invalid("\"name\" is bad", "name");
  EXPECT_EQ(error_response(error, Surface::own, "r1").read_all(),
            R"({"error_code":"INVALID_PARAMETER_VALUE","message":"\"name\" is bad","field":"name","request_id":"r1"})");
  EXPECT_EQ(error_response(error, Surface::mlflow, "r1").read_all(),
            R"({"error_code":"INVALID_PARAMETER_VALUE","message":"\"name\" is bad"})");
  EXPECT_EQ(error_response(error, Surface::fit_predict, "r1").read_all(), R"({"detail":"\"name\" is bad"})");
  EXPECT_EQ(error_response(error, Surface::plain, "r1").read_all(), "\"name\" is bad\n");
}

TEST(Errors, ACodeHasOneStatusAndOneName) {
  struct Row {
    core::Error error;
    int status;
    std::string_view name;
  };
  const Row rows[] = {
      {core::invalid("m"), 400, "INVALID_PARAMETER_VALUE"},  {core::not_found("m"), 404, "RESOURCE_DOES_NOT_EXIST"},
      {core::conflict("m"), 409, "RESOURCE_CONFLICT"},       {core::denied("m"), 403, "PERMISSION_DENIED"},
      {core::exhausted("m"), 429, "REQUEST_LIMIT_EXCEEDED"}, {core::unavailable("m"), 503, "TEMPORARILY_UNAVAILABLE"},
      {core::internal("m"), 500, "INTERNAL_ERROR"},
  };
  for (const Row& row : rows) {
    Response response = error_response(row.error, Surface::mlflow, "r1");
    EXPECT_EQ(response.status, row.status);
    EXPECT_NE(response.read_all().find(row.name), std::string::npos);
    EXPECT_EQ(response.headers.find("Retry-After").has_value(), row.status == 429 || row.status == 503);
  }
}

TEST(Errors, AnErrorsOwnNameAndStatusWin) {
  const core::Error error = core::conflict("taken").with_wire("RESOURCE_ALREADY_EXISTS", 400);
  Response response = error_response(error, Surface::mlflow, "r1");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.read_all(), R"({"error_code":"RESOURCE_ALREADY_EXISTS","message":"taken"})");
}

TEST(Errors, AnInternalMessageIsNeverSent) {
  for (const Surface surface : {Surface::own, Surface::mlflow, Surface::fit_predict, Surface::plain}) {
    const std::string body = error_response(core::internal("secret of the table users"), surface, "r42").read_all();
    EXPECT_EQ(body.find("secret"), std::string::npos) << body;
    EXPECT_NE(body.find("r42"), std::string::npos) << body;
  }
}

TEST(Errors, BytesThatAreNoTextBecomeJsonAllTheSame) {
  const std::string body = error_response(core::invalid("name \xff\x80"), Surface::own, "r1").read_all();
  EXPECT_NE(body.find("name ??"), std::string::npos);
}

TEST(Errors, AreReadBackAsTheyWereSent) {
  const core::Error sent[] = {core::invalid("m", "f"),
                              core::not_found("m"),
                              core::denied("m"),
                              core::unavailable("m"),
                              core::exhausted("m").with_wire("REQUEST_LIMIT_EXCEEDED", 413),
                              core::conflict("m").with_wire("RESOURCE_ALREADY_EXISTS", 400)};
  for (const core::Error& error : sent) {
    Response response = error_response(error, Surface::own, "r1");
    const core::Error read = read_error(response.status, response.read_all());
    EXPECT_EQ(read.code(), error.code());
    EXPECT_STREQ(read.what(), "m");
    EXPECT_EQ(read.field(), error.field());
    EXPECT_EQ(read.wire_name(), error.wire_name());
    EXPECT_EQ(read.wire_status(), error.wire_status());
  }
}

TEST(Errors, AForeignBodyIsReadByItsStatus) {
  EXPECT_EQ(read_error(502, "<html>bad gateway").code(), core::ErrorCode::unavailable);
  EXPECT_EQ(read_error(401, "").code(), core::ErrorCode::denied);
  EXPECT_EQ(read_error(418, "[1]").code(), core::ErrorCode::invalid);
  EXPECT_EQ(read_error(500, R"({"detail":"broken"})").code(), core::ErrorCode::internal);
  EXPECT_STREQ(read_error(500, R"({"detail":"broken"})").what(), "broken");
}

}  // namespace
}  // namespace wakeful::http
