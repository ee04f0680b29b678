#pragma once
// What MLflow's clients send, as one JSON object: the body of a POST or PATCH, or the query of a GET.
//
// Accepted beyond strict JSON, because clients send it: an empty body, a body that was encoded twice (a JSON text that
// holds JSON), the bare words NaN, Infinity and -Infinity, and fields in lowerCamelCase, which are renamed here, once,
// so that whoever checks a request sees what its handler sees. Source: mlflow-tracking.md §1.2, §1.5.
#include <initializer_list>
#include <string_view>

#include "platform/core/json.hpp"
#include "platform/http/message.hpp"

namespace wakeful::http {

/// Errors: invalid for a POST without `Content-Type: application/json` and for what is no JSON object.
core::JsonDocument read_body(Request& request);

/// `lists` are the fields that may be repeated; all others take their first value. Without a query the body counts.
core::JsonDocument read_query(Request& request, std::initializer_list<std::string_view> lists = {});

/// "true" or "false" in any case; absent is false. Errors: invalid, naming it.
bool read_flag(const Request& request, std::string_view name);

}  // namespace wakeful::http
