#include "platform/db/open.hpp"

#include <filesystem>

#include <fmt/core.h>

#include "platform/core/error.hpp"
#include "platform/db/postgres.hpp"
#include "platform/db/sqlite.hpp"

namespace wakeful::db {
namespace {

constexpr std::string_view kForms =
    "use sqlite:///FILE, sqlite:////ABSOLUTE/FILE, sqlite:// (in memory) or postgresql://USER@HOST/DATABASE";

struct Parts {
  bool is_sqlite = false;
  std::string_view rest;  // behind "://"
};

Parts parse(std::string_view uri) {
  const std::size_t colon = uri.find("://");
  if (colon == std::string_view::npos)
    throw core::invalid(fmt::format("{} is no URI; {}", uri, kForms), "backend-store-uri");
  const std::string_view scheme = uri.substr(0, colon);
  // SQLAlchemy names its driver after a plus: postgresql+psycopg2://
  const std::string_view plain = scheme.substr(0, scheme.find('+'));
  const bool is_sqlite = scheme == "sqlite";
  if (!is_sqlite && plain != "postgresql" && plain != "postgres")
    throw core::invalid(fmt::format("{}:// is no database that is known; {}", scheme, kForms), "backend-store-uri");
  return {is_sqlite, uri.substr(colon + 3)};
}

/// The file that a SQLite URI names; empty for a store in memory.
std::string sqlite_path(std::string_view rest) {
  if (rest.empty() || rest == "/" || rest == "/:memory:") return {};
  if (rest.front() != '/')
    throw core::invalid(fmt::format("sqlite://{} names a host; a file takes three slashes: sqlite:///{}", rest, rest),
                        "backend-store-uri");
  if (rest.find('?') != std::string_view::npos)
    throw core::invalid(fmt::format("sqlite://{}: options after ? are not known", rest), "backend-store-uri");
  return std::string(rest.substr(1));
}

}  // namespace

std::unique_ptr<Database> open(const std::string& uri, const OpenOptions& options) {
  const Parts parts = parse(uri);
  if (parts.is_sqlite) return open_sqlite(sqlite_path(parts.rest), options);
  return open_postgres(fmt::format("postgresql://{}", parts.rest), options);
}

bool exists(const std::string& uri) {
  const Parts parts = parse(uri);
  return !parts.is_sqlite || std::filesystem::exists(sqlite_path(parts.rest));
}

}  // namespace wakeful::db
