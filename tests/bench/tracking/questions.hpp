#pragma once
// What the load generator is told, and the requests it writes. Questions are templates, one per line of a file:
// "METHOD PATH[ BODY]", taken in turn, in which
//   @seq@         counts the requests, from --first-seq
//   @run@         a line of --runs, by connection
//   @rows@        --row, --rows times, with commas between
//   @point@       @seq@ * rows + number of the row: differs for every row sent
//   @key@         number of the row modulo --keys
//   @time@        milliseconds that grow with @point@
// are filled in. It knows no MLflow.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wakeful::bench {

struct Options {
  std::uint64_t port = 0;
  std::uint64_t connections = 1;
  double seconds = 1;
  double warmup = 0;
  std::uint64_t requests = 0;  // 0: no bound but the time
  std::uint64_t first_seq = 0;
  std::uint64_t rows = 1;
  std::uint64_t keys = 1;
  bool quickack = false;
  bool same = false;  // answers to one template must be equal, byte for byte
  std::string templates_file;
  std::string row;
  std::string runs_file;
  std::string acknowledged_file;  // "CONNECTION SEQ" per answered request
  std::string answers_folder;     // the first answer to template i becomes the file i
};

[[noreturn]] void stop_with(const std::string& message);
std::string file_text(const std::string& path);
/// The lines that are not empty; ends the program where there are none.
std::vector<std::string> lines_of(const std::string& path);

/// A text with places to fill in, cut into pieces once.
class Template {
 public:
  struct Values {
    std::uint64_t seq = 0;
    std::uint64_t point = 0;
    std::uint64_t key = 0;
    std::string_view run;
    std::string_view rows;
  };

  explicit Template(std::string_view text);
  void append_to(std::string& out, const Values& values) const;

 private:
  enum class Kind { text, seq, run, rows, point, key, time };
  struct Piece {
    Kind kind;
    std::string text;
  };
  std::vector<Piece> pieces_;
};

struct Question {
  std::string head;  // up to the value of Content-Length
  Template path;
  Template body;
  bool has_body;
};

class Questions {
 public:
  explicit Questions(const Options& options);

  std::size_t which(std::uint64_t seq) const { return seq % questions_.size(); }
  /// Replaces `out` by the request number `seq`, sent over `connection`.
  void write(std::string& out, std::size_t connection, std::uint64_t seq);

 private:
  const Options& options_;
  std::vector<Question> questions_;
  Template row_;
  std::vector<std::string> runs_;
  std::string rows_;
  std::string body_;
};

}  // namespace wakeful::bench
