#pragma once
// Thrift's compact protocol, as far as Parquet's footer and page headers use it: a cursor that reads structs field by
// field and passes over what nobody asks for. Texts are views into the bytes. Nothing is allocated here; every length
// is checked against the bytes that are left, and what is passed over nests at most kDeepest levels.
// Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md. Threads: one owner.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace wakeful::parquet {

enum class Wire : std::uint8_t {
  yes = 1,
  no = 2,
  byte = 3,
  i16 = 4,
  i32 = 5,
  i64 = 6,
  real = 7,
  binary = 8,
  list = 9,
  set = 10,
  map = 11,
  structure = 12,
  uuid = 13,
};

struct Field {
  std::int16_t id = 0;
  Wire type = Wire::yes;
};

/// Errors of every member: invalid, field "file", for bytes that end early or are of another type than asked for.
class Compact {
 public:
  explicit Compact(std::string_view bytes) : rest_(bytes), size_(bytes.size()) {}

  std::size_t position() const { return size_ - rest_.size(); }

  /// Calls `on_field` for each field of the struct that begins here; it must read or skip the field.
  template <class OnField>
  void read_struct(OnField on_field) {
    std::int16_t last = 0;
    while (const auto field = next_field(last)) on_field(*field);
  }
  template <class OnField>
  void read_struct(Field field, OnField on_field) {
    expect(field, Wire::structure);
    read_struct(on_field);
  }
  /// Calls `on_element` at the beginning of each element, which it must read; there are at most `most`.
  template <class OnElement>
  void read_list(Field field, Wire of, std::size_t most, OnElement on_element) {
    for (std::size_t left = begin_list(field, of, most); left > 0; --left) on_element();
  }

  bool read_boolean(Field field) const;
  std::int64_t read_integer(Field field);
  /// As read_integer, and refuses what an int cannot hold.
  std::int32_t read_int(Field field);
  std::string_view read_text(Field field);
  void skip(Field field) { skip(field.type, kDeepest); }

 private:
  static constexpr int kDeepest = 24;

  static void expect(Field field, Wire type);
  std::optional<Field> next_field(std::int16_t& last);
  std::size_t begin_list(Field field, Wire of, std::size_t most);
  void skip(Wire type, int depth);
  void skip_elements(int depth);
  void skip_map(int depth);
  std::uint8_t take_byte();
  std::string_view take(std::uint64_t size);
  std::uint64_t take_varint();
  std::int64_t take_zigzag();
  std::pair<std::uint64_t, Wire> take_list_head();

  std::string_view rest_;
  std::size_t size_;
};

}  // namespace wakeful::parquet
