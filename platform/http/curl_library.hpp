#pragma once
// The functions of libcurl that the client uses, under their names without "curl_". Loaded with the first client.
#include <curl/curl.h>

#include "platform/core/shared_library.hpp"

namespace wakeful::http {

struct CurlLibrary {
  core::SharedLibrary library{"libcurl.so.4"};
  decltype(&::curl_global_init) global_init = library.find("curl_global_init");
  decltype(&::curl_easy_init) easy_init = library.find("curl_easy_init");
  decltype(&::curl_easy_cleanup) easy_cleanup = library.find("curl_easy_cleanup");
  decltype(&::curl_easy_reset) easy_reset = library.find("curl_easy_reset");
  decltype(&::curl_easy_setopt) easy_setopt = library.find("curl_easy_setopt");
  decltype(&::curl_easy_pause) easy_pause = library.find("curl_easy_pause");
  decltype(&::curl_easy_strerror) easy_strerror = library.find("curl_easy_strerror");
  decltype(&::curl_multi_init) multi_init = library.find("curl_multi_init");
  decltype(&::curl_multi_cleanup) multi_cleanup = library.find("curl_multi_cleanup");
  decltype(&::curl_multi_add_handle) multi_add_handle = library.find("curl_multi_add_handle");
  decltype(&::curl_multi_remove_handle) multi_remove_handle = library.find("curl_multi_remove_handle");
  decltype(&::curl_multi_perform) multi_perform = library.find("curl_multi_perform");
  decltype(&::curl_multi_poll) multi_poll = library.find("curl_multi_poll");
  decltype(&::curl_multi_info_read) multi_info_read = library.find("curl_multi_info_read");
  decltype(&::curl_slist_append) slist_append = library.find("curl_slist_append");
  decltype(&::curl_slist_free_all) slist_free_all = library.find("curl_slist_free_all");
};

/// Errors: unavailable where it is not installed.
inline const CurlLibrary& curl() {
  static const CurlLibrary library;
  return library;
}

}  // namespace wakeful::http
