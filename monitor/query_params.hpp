#pragma once
// The query parameters that this API's endpoints share. Errors: invalid, naming the parameter.
#include <optional>
#include <string>
#include <string_view>

#include "monitor/listing.hpp"
#include "platform/core/clock.hpp"
#include "platform/http/message.hpp"

namespace wakeful::monitor {

/// RFC 3339, or a whole number whose unit ?ts_unit says.
std::optional<core::Timestamp> find_time_param(const http::Request& request, std::string_view name);
/// Within [least, most].
std::optional<std::int64_t> find_integer_param(const http::Request& request, std::string_view name, std::int64_t least,
                                               std::int64_t most);
/// "true" or "false"; absent is false.
bool find_flag_param(const http::Request& request, std::string_view name);
PageTerms page_params(const http::Request& request);
/// Text, "" if absent.
std::string text_param(const http::Request& request, std::string_view name);
/// Errors: invalid also for an absent or empty one.
std::string required_param(const http::Request& request, std::string_view name);

}  // namespace wakeful::monitor
