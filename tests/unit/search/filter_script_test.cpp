// Runs the cases of tests/data/filters/*.txt. A case is a filter and what becomes of it:
//
//   > metrics.acc > 0.5 and tags.a = 'x'      the filter ("␤" stands for a line break, "␉" for a tab)
//   metric[acc] > 0.5                         one line for each comparison, or
//   ! part of the error's message
//             ^                               and where its caret stands, below the filter
//
// "< clause" is a clause of order_by instead. "grammar NAME" chooses the grammar of the cases below it.
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "platform/search/filter.hpp"
#include "unit/search/grammars.hpp"

namespace wakeful::search {
namespace {

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::string show(const Literal& literal) {
  if (literal.is_integer) return fmt::format("{}", literal.integer);
  if (const auto* real = std::get_if<double>(&literal.value)) return core::format_real(*real);
  if (const auto* text = std::get_if<std::string>(&literal.value)) return fmt::format("«{}»", *text);
  return fmt::format("({})", fmt::join(std::get<std::vector<std::string>>(literal.value), ", "));
}

std::string show(const Comparison& c) {
  std::string line = fmt::format("{}[{}] {}", c.entity, c.key, name_of(c.op));
  if (c.op != Operator::is_null && c.op != Operator::is_not_null) line += " " + show(c.literal);
  return line;
}

struct Outcome {
  std::string lines;  // of the tree, or the error's message
  std::optional<std::size_t> caret;
};

Outcome run(std::string_view kind, const std::string& text, const Grammar& grammar) {
  Outcome outcome;
  try {
    if (kind == "<") {
      const Order order = parse_order(text, grammar);
      outcome.lines = fmt::format("{}[{}] {}\n", order.entity, order.key, order.ascending ? "ASC" : "DESC");
    } else {
      for (const Comparison& c : parse_filter(text, grammar).all) outcome.lines += show(c) + "\n";
    }
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ErrorCode::invalid);
    EXPECT_EQ(error.field(), kind == "<" ? "order_by" : "filter");
    const std::string message = error.what();
    outcome.lines = message.substr(0, message.find('\n'));
    outcome.caret = message.size() - message.rfind('\n') - 4;
  }
  return outcome;
}

struct Case {
  std::string where;
  std::string kind;
  std::string text;
  std::string expected;
  std::optional<std::size_t> caret;
  const Grammar* grammar = nullptr;
  bool refused = false;
};

std::vector<Case> read_cases(const std::filesystem::path& file) {
  std::vector<Case> cases;
  const Grammar* grammar = &testing::kRuns;
  std::ifstream in(file);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.starts_with("grammar ")) {
      grammar = line == "grammar versions" ? &testing::kVersions : &testing::kRuns;
    } else if (line.starts_with("> ") || line.starts_with("< ") || line == ">") {
      std::string text = replace_all(replace_all(line.size() > 2 ? line.substr(2) : "", "␤", "\n"), "␉", "\t");
      cases.push_back({fmt::format("{}:{}", file.filename().string(), number),
                       line.substr(0, 1),
                       std::move(text),
                       "",
                       {},
                       grammar});
    } else if (!line.empty() && line.front() != '#' && !cases.empty()) {
      const std::size_t caret = line.find_first_not_of(' ');
      if (caret != std::string::npos && line[caret] == '^') {
        cases.back().caret = caret - 2;
      } else {
        cases.back().expected += line.starts_with("! ") ? line.substr(2) : line + "\n";
        cases.back().refused = line.starts_with("! ");
      }
    }
  }
  return cases;
}

TEST(FilterScripts, GiveTheTreeOrTheErrorWithItsCaret) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(WAKEFUL_SOURCE_DIR "/tests/data/filters")) {
    for (const Case& c : read_cases(entry.path())) {
      SCOPED_TRACE(c.where + ": " + c.text);
      const Outcome outcome = run(c.kind, c.text, *c.grammar);
      if (c.refused) {
        EXPECT_TRUE(outcome.caret);
        EXPECT_NE(outcome.lines.find(c.expected), std::string::npos) << outcome.lines << "\nexpected " << c.expected;
        if (c.caret) {
          EXPECT_EQ(outcome.caret, c.caret) << outcome.lines;
        }
      } else {
        EXPECT_EQ(outcome.lines, c.expected);
      }
      ++count;
    }
  }
  EXPECT_GE(count, 125U);
}

TEST(Filter, RefusesMoreThanItsLimits) {
  const auto message_of = [](const std::string& text) {
    try {
      parse_filter(text, testing::kRuns);
    } catch (const core::Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  std::string many;
  for (int i = 0; i < 1'000; ++i) many += "status='a' ";
  EXPECT_EQ(message_of(many), "accepted");
  EXPECT_NE(message_of(many + "status='a'").find("more than 1000 comparisons"), std::string::npos);
  EXPECT_NE(message_of("status = '" + std::string(70'000, 'x') + "'").find("longer than 65536 bytes"),
            std::string::npos);
  EXPECT_EQ(message_of("status LIKE '" + std::string(16'384, '!') + "'"), "accepted");
  EXPECT_NE(message_of("status ILIKE '" + std::string(16'385, '!') + "'").find("longer than 16384 bytes"),
            std::string::npos);
  EXPECT_NE(message_of(std::string("status = 'a\0b'", 14)).find("NUL"), std::string::npos);
  EXPECT_NE(message_of("status = '\xff'").find("UTF-8"), std::string::npos);
}

TEST(Filter, KeepsTheCaretLineShortInALongFilter) {
  try {
    parse_filter("status = '" + std::string(5'000, 'x') + "' or status = 'b'", testing::kRuns);
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_LT(std::string(error.what()).size(), 400U);
  }
}

TEST(Filter, ReadsUnclosedQuotesInLinearTime) {
  std::string quotes = "status = '";
  for (int i = 0; i < 20'000; ++i) quotes += "''";
  EXPECT_THROW(parse_filter(quotes + "x", testing::kRuns), core::Error);
}

}  // namespace
}  // namespace wakeful::search
