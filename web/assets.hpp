#pragma once
// Answers for the pages: the files of web/dist inside the binary.
//
// A file goes out with its type, an ETag and, where the client takes it, as the .gz that the build laid beside it;
// files under assets/ carry their hash in the name and may be kept for a year. An address of a page ("/detectors/x")
// gets index.html, whose <base href> is written to the prefix that the server is reached under, so one build serves
// any. Addresses of APIs are declined. Made once at start, afterwards any number of threads.
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "platform/http/message.hpp"
#include "web_files.hpp"

namespace wakeful::web {

class Assets {
 public:
  /// `prefix`: what all addresses begin with ("/ml"), without a slash at its end; empty: none.
  explicit Assets(std::string prefix = {}, std::span<const EmbeddedFile> pages = files());

  /// The answer for a GET or HEAD of a file or of a page; nothing for everything else: the caller has its own 404.
  /// A browser (Accept names text/html) that asks for an unknown address gets the pages with status 404.
  /// The header X-Forwarded-Prefix wins over the prefix, if it is a plain path.
  std::optional<http::Response> answer(const http::Request& request) const;

 private:
  struct File {
    std::string_view bytes;
    std::string_view gzip;  // empty: none
    std::string_view type;
    std::string etag;
  };
  http::Response file_response(const http::Request& request, std::string_view path, const File& file) const;
  http::Response page_response(const http::Request& request, int status) const;

  std::string prefix_;
  std::map<std::string_view, File, std::less<>> files_;
  std::string_view index_;
};

}  // namespace wakeful::web
