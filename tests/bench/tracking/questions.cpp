#include "bench/tracking/questions.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

namespace wakeful::bench {
namespace {

constexpr std::uint64_t kFirstTimeMs = 1'700'000'000'000;

void append_number(std::string& out, std::uint64_t value) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

std::vector<Question> questions_of(const Options& options) {
  std::vector<Question> questions;
  for (const std::string& line : lines_of(options.templates_file)) {
    const std::size_t path = line.find(' ');
    if (path == std::string::npos) stop_with("no path in: " + line);
    const std::size_t body = line.find(' ', path + 1);
    const bool has_body = body != std::string::npos;
    questions.push_back({line.substr(0, path + 1), Template(std::string_view(line).substr(path + 1, body - path - 1)),
                         Template(has_body ? std::string_view(line).substr(body + 1) : std::string_view()), has_body});
  }
  return questions;
}

}  // namespace

void stop_with(const std::string& message) {
  std::fprintf(stderr, "load: %s\n", message.c_str());
  std::exit(2);
}

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) stop_with("cannot read " + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  if (!in) stop_with("cannot read " + path);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines.push_back(line);
  if (lines.empty()) stop_with("nothing in " + path);
  return lines;
}

Template::Template(std::string_view text) {
  static constexpr std::pair<std::string_view, Kind> kPlaces[] = {
      {"@seq@", Kind::seq},     {"@run@", Kind::run}, {"@rows@", Kind::rows},
      {"@point@", Kind::point}, {"@key@", Kind::key}, {"@time@", Kind::time},
  };
  std::string literal;
  for (std::size_t at = 0; at < text.size();) {
    const auto* const place = std::find_if(std::begin(kPlaces), std::end(kPlaces), [&](const auto& candidate) {
      return text.substr(at).starts_with(candidate.first);
    });
    if (place == std::end(kPlaces)) {
      literal += text[at++];
      continue;
    }
    pieces_.push_back({Kind::text, std::exchange(literal, {})});
    pieces_.push_back({place->second, {}});
    at += place->first.size();
  }
  pieces_.push_back({Kind::text, literal});
}

void Template::append_to(std::string& out, const Values& values) const {
  for (const Piece& piece : pieces_) {
    switch (piece.kind) {
      case Kind::text:
        out += piece.text;
        break;
      case Kind::seq:
        append_number(out, values.seq);
        break;
      case Kind::run:
        out += values.run;
        break;
      case Kind::rows:
        out += values.rows;
        break;
      case Kind::point:
        append_number(out, values.point);
        break;
      case Kind::key:
        append_number(out, values.key);
        break;
      case Kind::time:
        append_number(out, kFirstTimeMs + values.point);
        break;
    }
  }
}

Questions::Questions(const Options& options) : options_(options), questions_(questions_of(options)), row_(options.row) {
  if (!options.runs_file.empty()) runs_ = lines_of(options.runs_file);
}

void Questions::write(std::string& out, std::size_t connection, std::uint64_t seq) {
  const Question& question = questions_[which(seq)];
  Template::Values values;
  values.seq = seq;
  values.point = seq * options_.rows;
  if (!runs_.empty()) values.run = runs_[connection % runs_.size()];
  rows_.clear();
  for (std::size_t row = 0; row < options_.rows && !options_.row.empty(); ++row) {
    if (row > 0) rows_ += ',';
    values.key = row % options_.keys;
    values.point = seq * options_.rows + row;
    row_.append_to(rows_, values);
  }
  values.rows = rows_;
  out = question.head;
  question.path.append_to(out, values);
  out += " HTTP/1.1\r\nHost: 127.0.0.1:";
  append_number(out, options_.port);
  out += "\r\nAccept: */*\r\n";
  if (question.has_body) {
    body_.clear();
    question.body.append_to(body_, values);
    out += "Content-Type: application/json\r\nContent-Length: ";
    append_number(out, body_.size());
    out += "\r\n";
  }
  out += "\r\n";
  if (question.has_body) out += body_;
}

}  // namespace wakeful::bench
