#include "platform/parquet/compact.hpp"

#include <utility>

#include "platform/parquet/damage.hpp"

namespace wakeful::parquet {
namespace {

bool is_integer(Wire type) { return type == Wire::byte || type == Wire::i16 || type == Wire::i32 || type == Wire::i64; }

}  // namespace

void Compact::expect(Field field, Wire type) {
  if (field.type != type) throw damaged(fmt::format("field {} is of another type than it must be", field.id));
}

std::uint8_t Compact::take_byte() { return static_cast<std::uint8_t>(take(1).front()); }

std::string_view Compact::take(std::uint64_t size) {
  if (size > rest_.size()) throw damaged("its metadata ends early");
  const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(size));
  rest_.remove_prefix(taken.size());
  return taken;
}

std::uint64_t Compact::take_varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    const std::uint8_t byte = take_byte();
    if (shift == 63 && byte > 1) break;
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  throw damaged("a number in its metadata has no end");
}

std::int64_t Compact::take_zigzag() {
  const std::uint64_t value = take_varint();
  return static_cast<std::int64_t>((value >> 1U) ^ (~(value & 1U) + 1U));
}

std::optional<Field> Compact::next_field(std::int16_t& last) {
  const std::uint8_t head = take_byte();
  if (head == 0) return std::nullopt;
  const std::int64_t id = (head >> 4U) != 0 ? last + (head >> 4U) : take_zigzag();
  if (id < std::numeric_limits<std::int16_t>::min() || id > std::numeric_limits<std::int16_t>::max())
    throw damaged("a field's number is out of range");
  last = static_cast<std::int16_t>(id);
  return Field{last, static_cast<Wire>(head & 0x0FU)};
}

bool Compact::read_boolean(Field field) const {
  if (field.type != Wire::no) expect(field, Wire::yes);
  return field.type == Wire::yes;
}

std::int64_t Compact::read_integer(Field field) {
  if (!is_integer(field.type)) expect(field, Wire::i64);
  return field.type == Wire::byte ? static_cast<std::int8_t>(take_byte()) : take_zigzag();
}

std::int32_t Compact::read_int(Field field) {
  const std::int64_t value = read_integer(field);
  if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max())
    throw damaged(fmt::format("field {} is out of range", field.id));
  return static_cast<std::int32_t>(value);
}

std::string_view Compact::read_text(Field field) {
  expect(field, Wire::binary);
  return take(take_varint());
}

std::pair<std::uint64_t, Wire> Compact::take_list_head() {
  const std::uint8_t head = take_byte();
  const std::uint64_t count = (head >> 4U) == 15 ? take_varint() : head >> 4U;
  if (count > rest_.size()) throw damaged("a list in its metadata is longer than the file");  // an element is a byte
  return {count, static_cast<Wire>(head & 0x0FU)};
}

std::size_t Compact::begin_list(Field field, Wire of, std::size_t most) {
  expect(field, Wire::list);
  const auto [count, type] = take_list_head();
  if (count > 0 && type != of) expect({field.id, type}, of);
  if (count > most)
    throw core::invalid(fmt::format("the Parquet file lists {} parts, more than {}", count, most), "file");
  return static_cast<std::size_t>(count);
}

void Compact::skip(Wire type, int depth) {
  if (depth == 0) throw damaged("its metadata nests too deep");
  switch (type) {
    case Wire::yes:
    case Wire::no:
      return;
    case Wire::byte:
      take(1);
      return;
    case Wire::i16:
    case Wire::i32:
    case Wire::i64:
      take_varint();
      return;
    case Wire::real:
      take(8);
      return;
    case Wire::uuid:
      take(16);
      return;
    case Wire::binary:
      take(take_varint());
      return;
    case Wire::list:
    case Wire::set:
      skip_elements(depth - 1);
      return;
    case Wire::map:
      skip_map(depth - 1);
      return;
    case Wire::structure:
      read_struct([&](Field field) { skip(field.type, depth - 1); });
      return;
  }
  throw damaged("its metadata has a value of unknown type");
}

void Compact::skip_elements(int depth) {
  const auto [count, type] = take_list_head();
  const bool are_flags = type == Wire::yes || type == Wire::no;  // in a list each takes a byte
  for (std::uint64_t i = 0; i < count; ++i) are_flags ? static_cast<void>(take(1)) : skip(type, depth);
}

void Compact::skip_map(int depth) {
  const std::uint64_t count = take_varint();
  if (count == 0) return;
  if (count > rest_.size()) throw damaged("a map in its metadata is longer than the file");
  const std::uint8_t types = take_byte();
  for (std::uint64_t i = 0; i < count; ++i) {
    for (const auto type : {static_cast<Wire>(types >> 4U), static_cast<Wire>(types & 0x0FU)})
      type == Wire::yes || type == Wire::no ? static_cast<void>(take(1)) : skip(type, depth);
  }
}

}  // namespace wakeful::parquet
