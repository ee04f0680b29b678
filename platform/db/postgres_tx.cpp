#include "platform/db/postgres_tx.hpp"

#include <map>

#include <fmt/core.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "platform/db/postgres_library.hpp"

namespace wakeful::db {
namespace {

// Object identifiers of types; the server's catalogue never changes them.
constexpr Oid kBool = 16;
constexpr Oid kBytea = 17;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kFloat4 = 700;
constexpr Oid kFloat8 = 701;
constexpr Oid kNumeric = 1700;

int hex_digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

/// "\x0aff" as bytes.
std::string from_bytea(std::string_view hex) {
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 2; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(hex_digit(hex[i]) * 16 + hex_digit(hex[i + 1]));
  return bytes;
}

class PostgresRow final : public Row {
 public:
  PostgresRow(const pg_result* result, int row, std::string_view name) : result_(result), row_(row), name_(name) {}

  int columns() const override { return pq().nfields(result_); }
  bool is_null(int column) const override {
    if (column < 0 || column >= columns())
      throw core::internal(fmt::format("{}: column {} of {}", name_, column, columns()));
    return pq().getisnull(result_, row_, column) != 0;
  }
  std::int64_t integer(int column) const override {
    if (!is_null(column)) {
      const Oid type = pq().ftype(result_, column);
      if (type == kBool) return raw(column) == "t" ? 1 : 0;
      // Sums of integers are numeric; the text says whether one is still whole.
      if (type == kInt8 || type == kInt4 || type == kInt2 || type == kNumeric)
        if (const auto value = core::to_integer(raw(column))) return *value;
    }
    throw mismatch(column, "an integer");
  }
  double real(int column) const override {
    if (!is_null(column)) {
      const Oid type = pq().ftype(result_, column);
      if (type == kFloat8 || type == kFloat4 || type == kNumeric || type == kInt8 || type == kInt4 || type == kInt2)
        if (const auto value = core::to_real(raw(column))) return *value;
    }
    throw mismatch(column, "a number");
  }
  std::string_view text(int column) const override {
    if (is_null(column)) throw mismatch(column, "text");
    const Oid type = pq().ftype(result_, column);
    if (type == kBool) return raw(column) == "t" ? "1" : "0";
    if (type != kBytea) return raw(column);
    return bytes_.try_emplace(column, from_bytea(raw(column))).first->second;
  }

 private:
  std::string_view raw(int column) const {
    return {pq().getvalue(result_, row_, column), static_cast<std::size_t>(pq().getlength(result_, row_, column))};
  }
  core::Error mismatch(int column, std::string_view wanted) const {
    return core::internal(fmt::format("{}: column {} is not {}", name_, column, wanted));
  }

  const pg_result* result_;
  const int row_;
  std::string_view name_;
  mutable std::map<int, std::string> bytes_;  // decoded on first use
};

std::int64_t rows_changed(pg_result* result) {
  // A SELECT reports its rows there, too.
  if (std::string_view(pq().cmd_status(result)).starts_with("SELECT")) return 0;
  return core::to_integer(pq().cmd_tuples(result)).value_or(0);
}

}  // namespace

void PostgresTx::note(bool fresh, const Sql& sql) {
  if (fresh && record_ != nullptr) record_->add(Dialect::postgres, sql.name);
}

std::int64_t PostgresTx::execute(const Sql& sql, std::span<const Param> params) {
  return order_.statement(sql.name, [&] {
    bool fresh = false;
    const PostgresResult result = connection_.run(sql, params, &fresh);
    note(fresh, sql);
    return rows_changed(result.get());
  });
}

void PostgresTx::query(const Sql& sql, std::span<const Param> params, RowCallback each) {
  order_.statement(sql.name, [&] {
    bool fresh = false;
    const PostgresResult result = connection_.run(sql, params, &fresh);
    note(fresh, sql);
    const int rows = pq().ntuples(result.get());
    for (int i = 0; i < rows; ++i) {
      const PostgresRow row(result.get(), i, sql.name);
      order_.row([&] { each(row); });
    }
    return true;
  });
}

std::int64_t PostgresTx::execute_many(const Sql& sql, std::span<const Param> params, std::size_t width) {
  if (params.empty()) return 0;
  return order_.statement(sql.name, [&] {
    bool fresh = false;
    const std::int64_t changed = connection_.run_many(sql, params, width, &fresh);
    note(fresh, sql);
    return changed;
  });
}

}  // namespace wakeful::db
