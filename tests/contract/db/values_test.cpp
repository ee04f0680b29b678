// What goes in comes out the same, whichever database keeps it.
#include <cmath>
#include <limits>

#include "contract/db/fixture.hpp"

namespace wakeful::db {
namespace {

using core::ErrorCode;

class Values : public DatabaseContract {
 protected:
  void SetUp() override {
    DatabaseContract::SetUp();
    if (IsSkipped()) return;
    run(R"(CREATE TABLE items (name TEXT COLLATE "C" NOT NULL PRIMARY KEY, i BIGINT, d DOUBLE PRECISION, t TEXT))");
    db().write([](Tx& tx) { tx.execute(kCreateBlobs); });
  }
  // Differs because there is no name for bytes that both know.
  static constexpr Sql kCreateBlobs{"test.create_blobs", "CREATE TABLE blobs (b BLOB)", "CREATE TABLE blobs (b BYTEA)"};
  static constexpr Sql kInsert{"test.insert", "INSERT INTO items (name, i, d, t) VALUES ($1, $2, $3, $4)"};
  static constexpr Sql kSelect{"test.select", "SELECT i, d, t FROM items WHERE name = $1"};

  std::vector<std::string> names(std::string_view where_order) {
    const std::string text = "SELECT name FROM items " + std::string(where_order);
    return db().read([&](Tx& tx) {
      return tx.list(Sql("test.names", text), {}, [](const Row& row) { return std::string(row.text(0)); });
    });
  }
  void insert_names(std::initializer_list<const char*> names) {
    db().write([&](Tx& tx) {
      for (const char* name : names) tx.execute(kInsert, {name, Null{}, Null{}, Null{}});
    });
  }
};

TEST_P(Values, KeepsIntegersToTheLastOne) {
  for (const std::int64_t value : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, std::int64_t{0},
                                   std::int64_t{1} << 53, std::numeric_limits<std::int64_t>::max()}) {
    const std::string name = std::to_string(value);
    db().write([&](Tx& tx) { tx.execute(kInsert, {name, value, Null{}, Null{}}); });
    EXPECT_EQ(value,
              db().read([&](Tx& tx) { return tx.find(kSelect, {name}, [](const Row& r) { return r.integer(0); }); }));
  }
}

TEST_P(Values, KeepsRealsToTheLastBit) {
  const double infinity = std::numeric_limits<double>::infinity();
  int i = 0;
  for (const double value :
       {0.1, -2.5, 5.0, 1.0 / 3, 1e308, 5e-324, 2.2250738585072014e-308, 1e15 + 0.3, infinity, -infinity}) {
    const std::string name = "d" + std::to_string(i++);
    db().write([&](Tx& tx) { tx.execute(kInsert, {name, Null{}, value, Null{}}); });
    EXPECT_EQ(value,
              db().read([&](Tx& tx) { return tx.find(kSelect, {name}, [](const Row& r) { return r.real(1); }); }));
  }
}

TEST_P(Values, KeepsNotANumberAsNull) {
  db().write([](Tx& tx) { tx.execute(kInsert, {"nan", Null{}, std::nan(""), Null{}}); });
  EXPECT_TRUE(*db().read([](Tx& tx) { return tx.find(kSelect, {"nan"}, [](const Row& r) { return r.is_null(1); }); }));
}

TEST_P(Values, KeepsTextOfEveryLengthAndScript) {
  for (const std::string& value : {std::string(), std::string("'; --"), std::string("\\x00\"$1"),
                                   std::string("é 漢字 😀"), std::string(100'000, 'x')}) {
    db().write([&](Tx& tx) { tx.execute(Sql("test.delete", "DELETE FROM items")); });
    db().write([&](Tx& tx) { tx.execute(kInsert, {"t", Null{}, Null{}, value}); });
    EXPECT_EQ(value,
              db().read([&](Tx& tx) { return tx.find(kSelect, {"t"}, [](const Row& r) { return *r.find_text(2); }); }));
  }
}

TEST_P(Values, KeepsBytesThatAreNoText) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (const std::string& value : {bytes, std::string()}) {
    run("DELETE FROM blobs");
    db().write([&](Tx& tx) { tx.execute(Sql("test.blob", "INSERT INTO blobs (b) VALUES ($1)"), {Blob{value}}); });
    EXPECT_EQ(value, db().read([](Tx& tx) {
      return tx.find(Sql("test.bytes", "SELECT b FROM blobs"), {}, [](const Row& r) { return std::string(r.text(0)); });
    }));
  }
}

TEST_P(Values, TellsNullFromEmpty) {
  db().write([](Tx& tx) {
    tx.execute(kInsert, {"empty", Null{}, Null{}, ""});
    tx.execute(kInsert, {"null", std::optional<std::int64_t>(), std::optional<double>(), std::optional<std::string>()});
  });
  db().read([](Tx& tx) {
    EXPECT_EQ("", tx.find(kSelect, {"empty"}, [](const Row& r) { return r.find_text(2).value_or("null"); }));
    EXPECT_TRUE(*tx.find(kSelect, {"null"}, [](const Row& r) {
      return r.is_null(0) && r.is_null(1) && r.is_null(2) && !r.find_integer(0) && !r.find_real(1) && !r.find_text(2);
    }));
  });
}

TEST_P(Values, RefusesTextThatOnlyOneDatabaseCouldKeep) {
  for (const std::string& bad : {std::string("a\0b", 3), std::string("\xff"), std::string("\xed\xa0\x80")})
    EXPECT_EQ(ErrorCode::invalid, code_of([&] {
                db().write([&](Tx& tx) { tx.execute(kInsert, {"bad", Null{}, Null{}, bad}); });
              }));
  EXPECT_EQ(0, count("items"));
}

TEST_P(Values, ReadsAColumnOnlyAsWhatItIs) {
  db().write([](Tx& tx) { tx.execute(kInsert, {"x", 7, 2.5, "word"}); });
  const auto read = [&](auto take) {
    return code_of([&] {
      db().read([&](Tx& tx) {
        tx.find(kSelect, {"x"}, [&](const Row& r) {
          take(r);
          return 0;
        });
      });
    });
  };
  EXPECT_EQ(ErrorCode::internal, read([](const Row& r) { r.integer(2); }));
  EXPECT_EQ(ErrorCode::internal, read([](const Row& r) { r.integer(1); }));
  EXPECT_EQ(ErrorCode::internal, read([](const Row& r) { r.real(2); }));
  EXPECT_EQ(ErrorCode::internal, read([](const Row& r) { r.integer(3); }));
  EXPECT_EQ(7.0, db().read([](Tx& tx) { return tx.find(kSelect, {"x"}, [](const Row& r) { return r.real(0); }); }));
}

TEST_P(Values, ReadsNullOnlyWhereItIsAskedFor) {
  db().write([](Tx& tx) { tx.execute(kInsert, {"x", Null{}, Null{}, Null{}}); });
  const auto read = [&](auto take) {
    return code_of([&] {
      db().read([&](Tx& tx) {
        tx.find(kSelect, {"x"}, [&](const Row& r) {
          take(r);
          return 0;
        });
      });
    });
  };
  EXPECT_EQ(ErrorCode::internal, read([](const Row& r) { r.integer(0); }));
  EXPECT_EQ(ErrorCode::internal, read([](const Row& r) { r.real(1); }));
  EXPECT_EQ(ErrorCode::internal, read([](const Row& r) { r.text(2); }));
}

TEST_P(Values, CountsAndSumsAreIntegersAndTruthIsOneOrZero) {
  db().write([](Tx& tx) {
    tx.execute(kInsert, {"a", 5, Null{}, Null{}});
    tx.execute(kInsert, {"b", 6, Null{}, Null{}});
  });
  constexpr Sql kSums{"test.sums", "SELECT COUNT(*), SUM(i), MAX(i) > 5, MAX(i) > 6, AVG(i), 1 FROM items"};
  db().read([&](Tx& tx) {
    tx.query(kSums, {}, [](const Row& row) {
      EXPECT_EQ(2, row.integer(0));
      EXPECT_EQ(11, row.integer(1));
      EXPECT_EQ(1, row.integer(2));
      EXPECT_EQ(0, row.integer(3));
      EXPECT_EQ(5.5, row.real(4));
      EXPECT_EQ(1, row.integer(5));
      EXPECT_EQ(6, row.columns());
    });
  });
}

TEST_P(Values, OrdersTextByItsBytes) {
  insert_names({"b", "B", "a", "Z", "_", "é", "z", "a b", "ab", "A"});
  EXPECT_EQ((std::vector<std::string>{"A", "B", "Z", "_", "a", "a b", "ab", "b", "z", "é"}), names("ORDER BY name"));
  EXPECT_EQ((std::vector<std::string>{"b", "z", "é"}), names("WHERE name > 'ab' ORDER BY name"));
}

TEST_P(Values, LikeTellsCasesApart) {
  insert_names({"Loss", "loss", "lo%s"});
  EXPECT_EQ((std::vector<std::string>{"lo%s", "loss"}), names("WHERE name LIKE 'lo%' ESCAPE '\\' ORDER BY name"));
  EXPECT_EQ((std::vector<std::string>{"lo%s"}), names("WHERE name LIKE 'lo\\%_' ESCAPE '\\' ORDER BY name"));
}

TEST_P(Values, ANullParameterComparesWhenItIsCast) {
  db().write([](Tx& tx) { tx.execute(kInsert, {"n", Null{}, Null{}, Null{}}); });
  constexpr Sql kSame{"test.same", "SELECT name FROM items WHERE i IS NOT DISTINCT FROM CAST($1 AS BIGINT)"};
  EXPECT_EQ("n", db().read([&](Tx& tx) {
    return tx.find(kSame, {Null{}}, [](const Row& r) { return std::string(r.text(0)); });
  }));
}

TEST_P(Values, AMistypedColumnInDoubleQuotesIsAnError) {
  EXPECT_EQ(
      ErrorCode::internal, code_of([&] {
        db().read([](Tx& tx) { tx.query(Sql("test.typo", "SELECT \"nosuch\" FROM items"), {}, [](const Row&) {}); });
      }));
}

TEST_P(Values, RefusesTheWrongNumberOfParameters) {
  EXPECT_EQ(ErrorCode::internal, code_of([&] { db().write([](Tx& tx) { tx.execute(kInsert, {"a"}); }); }));
  EXPECT_EQ(ErrorCode::internal, code_of([&] {
              db().write([](Tx& tx) {
                const std::vector<Param> odd(5, Param(1));
                tx.execute_many(kInsert, odd, 4);
              });
            }));
}

TEST_P(Values, BindsParametersByTheirNumberWhereverTheyStand) {
  db().write([](Tx& tx) {
    tx.execute(kInsert, {"a", 1, Null{}, Null{}});
    tx.execute(kInsert, {"b", 2, Null{}, Null{}});
    EXPECT_EQ(1, tx.execute(Sql("test.numbers", "UPDATE items SET i = $2 WHERE name = $1"), {"a", 7}));
    const Sql twice("test.numbers_twice",
                    "SELECT '$3 \"', i FROM items WHERE i = $2 AND (name = $1 OR name = $3) AND i <> $4 AND name = $3");
    EXPECT_EQ(7, tx.find(twice, {"x", 7, "a", 2}, [](const Row& row) { return row.integer(1); }));
  });
}

TEST_P(Values, TakesALongListInNoTime) {
  constexpr int kLength = 32'000;
  std::string text = "SELECT COUNT(*) FROM items WHERE i IN (";
  std::vector<Param> params;
  for (int i = 1; i <= kLength; ++i) {
    text += (i == 1 ? "$" : ", $") + std::to_string(i);
    params.emplace_back(i);
  }
  text += ")";
  db().write([](Tx& tx) { tx.execute(kInsert, {"a", kLength, Null{}, Null{}}); });
  const auto began = std::chrono::steady_clock::now();
  const auto found = db().read([&](Tx& tx) {
    return tx.list(Sql("test.long_list", text), params, [](const Row& row) { return row.integer(0); }).front();
  });
  EXPECT_EQ(1, found);
  // Milliseconds where the work grows with the list; many seconds where it grows with its square.
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(3));
}

TEST_P(Values, CountsTheRowsThatAStatementChanged) {
  db().write([](Tx& tx) {
    EXPECT_EQ(1, tx.execute(kInsert, {"a", 1, Null{}, Null{}}));
    EXPECT_EQ(1, tx.execute(kInsert, {"b", 1, Null{}, Null{}}));
    EXPECT_EQ(2, tx.execute(Sql("test.update", "UPDATE items SET i = 1")));
    EXPECT_EQ(0, tx.execute(Sql("test.update_none", "UPDATE items SET i = 2 WHERE name = 'c'")));
    EXPECT_EQ(0, tx.execute(Sql("test.ddl", "CREATE INDEX items_by_i ON items (i)")));
    EXPECT_EQ(0, tx.execute(Sql("test.ignored", "INSERT INTO items (name) VALUES ('a') ON CONFLICT DO NOTHING")));
  });
}

TEST_P(Values, WritesManyRowsWithOneStatement) {
  std::vector<std::string> names;
  for (int i = 0; i < 2500; ++i) names.push_back("row" + std::to_string(i));
  std::vector<Param> params;
  for (const auto& name : names) params.insert(params.end(), {Param(name), Param(1), Param(0.5), Param(Null{})});
  EXPECT_EQ(2500, db().write([&](Tx& tx) { return tx.execute_many(kInsert, params, 4); }));
  EXPECT_EQ(0, db().write([&](Tx& tx) { return tx.execute_many(kInsert, {}, 4); }));
  EXPECT_EQ(2500, count("items"));
}

TEST_P(Values, ManyRowsAreWrittenAllOrNone) {
  const std::vector<Param> params{"a", 1, 1, "x", "b", 1, 1, "x", "a", 1, 1, "x", "c", 1, 1, "x"};
  EXPECT_EQ(ErrorCode::conflict, code_of([&] { db().write([&](Tx& tx) { tx.execute_many(kInsert, params, 4); }); }));
  EXPECT_EQ(0, count("items"));
  EXPECT_EQ(2, db().write([&](Tx& tx) { return tx.execute_many(kInsert, std::span(params).first(8), 4); }));
}

TEST_P(Values, GivesBackTheRowsThatItWrote) {
  constexpr Sql kUpsert{"test.upsert",
                        "INSERT INTO items (name, i) VALUES ($1, $2) "
                        "ON CONFLICT (name) DO UPDATE SET i = items.i + excluded.i RETURNING i"};
  const auto upsert = [&](int by) {
    return db().write([&](Tx& tx) { return tx.find(kUpsert, {"a", by}, [](const Row& r) { return r.integer(0); }); });
  };
  EXPECT_EQ(3, upsert(3));
  EXPECT_EQ(7, upsert(4));
}

WAKEFUL_ON_EVERY_DATABASE(Values);

}  // namespace
}  // namespace wakeful::db
