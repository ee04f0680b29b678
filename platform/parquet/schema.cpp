#include "platform/parquet/schema.hpp"

#include "platform/core/text.hpp"
#include "platform/parquet/damage.hpp"
#include "platform/parquet/fields.hpp"

namespace wakeful::parquet {
namespace {

void read_timestamp(Compact& in, Field field, Element& element) {
  in.read_struct(field, [&](Field f) {
    if (f.id == 1) {
      element.is_utc = in.read_boolean(f);
    } else if (f.id == 2) {
      in.read_struct(f, [&](Field unit) {
        if (unit.id < 1 || unit.id > 3) throw damaged("a time is of an unknown unit");
        element.unit = static_cast<Unit>(unit.id - 1);
        in.skip(unit);
      });
    } else {
      in.skip(f);
    }
  });
}

void read_logical(Compact& in, Field field, Element& element) {
  in.read_struct(field, [&](Field f) {
    element.logical = static_cast<Logical>(f.id);
    if (element.logical == Logical::timestamp) return read_timestamp(in, f, element);
    if (element.logical != Logical::integer) return in.skip(f);
    in.read_struct(f, [&](Field of) { of.id == 2 ? void(element.is_signed = in.read_boolean(of)) : in.skip(of); });
  });
}

bool is_decimal(const Element& e) { return e.logical == Logical::decimal || e.converted == Converted::decimal; }

void describe_integers(const Element& e, Column& out) {
  const bool is_date = *e.physical == Physical::int32 && (e.logical == Logical::date || e.converted == Converted::date);
  const bool is_old_time = e.converted == Converted::timestamp_ms || e.converted == Converted::timestamp_us;
  if (is_decimal(e)) {
    out.holds = "decimals";
  } else if (e.logical == Logical::time || e.converted == Converted::time_ms || e.converted == Converted::time_us) {
    out.holds = "times of day";
  } else if (is_date) {
    out.kind = Kind::date;
    out.holds = "dates";
  } else if (*e.physical == Physical::int64 && (e.logical == Logical::timestamp || is_old_time)) {
    out.kind = e.logical == Logical::timestamp && e.is_utc ? Kind::instant : Kind::local_time;  // as Arrow reads it
    out.unit = e.unit;
    if (e.logical != Logical::timestamp)
      out.unit = e.converted == Converted::timestamp_ms ? Unit::milliseconds : Unit::microseconds;
    out.holds = "times";
  } else {
    out.kind = Kind::number;
    out.holds = "numbers";
    out.is_unsigned = e.logical == Logical::integer
                          ? !e.is_signed
                          : e.converted >= Converted::uint8 && e.converted <= Converted::uint64;
  }
}

void describe_bytes(const Element& e, Column& out) {
  const bool is_half = *e.physical == Physical::fixed_bytes && e.length == 2 && e.logical == Logical::float16;
  const bool is_text = e.logical == Logical::string || e.logical == Logical::enumeration ||
                       e.logical == Logical::json || e.converted == Converted::utf8 ||
                       e.converted == Converted::enumeration || e.converted == Converted::json;
  if (is_half) out.kind = Kind::number;
  if (is_text && *e.physical == Physical::bytes) out.kind = Kind::text;
  out.holds = is_half ? "numbers" : is_decimal(e) ? "decimals" : is_text ? "text" : "bytes";
}

/// A column that is no group.
Column describe(const Element& e, std::size_t leaf) {
  if (!e.physical) throw damaged(fmt::format("the column '{}' is of no type", e.name));
  Column out{.name = std::string(e.name),
             .kind = Kind::other,
             .holds = "lists",
             .unit = {},
             .physical = *e.physical,
             .length = e.length,
             .is_optional = e.repetition == Repetition::optional,
             .is_unsigned = false,
             .leaf = leaf};
  if (e.repetition == Repetition::repeated) return out;
  switch (*e.physical) {
    case Physical::int32:
    case Physical::int64:
      describe_integers(e, out);
      break;
    case Physical::int96:  // never anything else, and of no zone: https://github.com/apache/parquet-format/pull/86
      out.kind = Kind::local_time;
      out.unit = Unit::nanoseconds;
      out.holds = "times";
      break;
    case Physical::boolean:
    case Physical::real32:
    case Physical::real64:
      out.kind = Kind::number;
      out.holds = "numbers";
      break;
    case Physical::bytes:
    case Physical::fixed_bytes:
      describe_bytes(e, out);
      break;
  }
  return out;
}

}  // namespace

Element read_element(Compact& in) {
  Element out;
  in.read_struct([&](Field field) {
    switch (field.id) {
      case 1:
        out.physical = read_enum<Physical>(in, field, 7);
        return;
      case 2:
        out.length = in.read_int(field);
        return;
      case 3:
        out.repetition = read_enum<Repetition>(in, field, 2);
        return;
      case 4:
        out.name = in.read_text(field);
        return;
      case 5:
        out.children = in.read_int(field);
        return;
      case 6:
        out.converted = static_cast<Converted>(in.read_int(field));
        return;
      case 10:
        read_logical(in, field, out);
        return;
      default:
        in.skip(field);
    }
  });
  if (!core::is_utf8(out.name)) throw damaged("a column's name is not UTF-8");
  return out;
}

std::size_t describe_columns(const std::vector<Element>& schema, std::vector<Column>& out) {
  if (schema.empty()) throw damaged("it has no schema");
  std::size_t leaves = 0;
  std::size_t at = 1;
  for (std::int32_t i = 0; i < schema.front().children; ++i) {
    if (at >= schema.size()) throw damaged("its schema ends early");
    const Element& child = schema[at++];
    if (child.children <= 0) {
      out.push_back(describe(child, leaves++));
      continue;
    }
    out.push_back({.name = std::string(child.name), .kind = Kind::other, .holds = "nested values", .leaf = leaves});
    for (std::int64_t pending = child.children; pending > 0; --pending, ++at) {
      if (at >= schema.size()) throw damaged("its schema ends early");
      if (schema[at].children > 0)
        pending += schema[at].children;
      else
        ++leaves;
    }
  }
  if (at != schema.size()) throw damaged("its schema goes on behind its last column");
  return leaves;
}

bool holds_reals(const Column& column) {
  return column.physical == Physical::real32 || column.physical == Physical::real64 ||
         column.physical == Physical::fixed_bytes;
}

}  // namespace wakeful::parquet
