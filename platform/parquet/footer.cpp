#include "platform/parquet/footer.hpp"

#include <algorithm>

#include "platform/parquet/compact.hpp"
#include "platform/parquet/damage.hpp"
#include "platform/parquet/fields.hpp"
#include "platform/parquet/schema.hpp"

namespace wakeful::parquet {
namespace {

constexpr std::string_view kMagic = "PAR1";
constexpr std::string_view kMagicOfSecrets = "PARE";
constexpr std::size_t kMostSchemaElements = 65'536;
constexpr std::size_t kMostGroups = 65'536;
constexpr std::size_t kMostChunks = 262'144;  // of all row groups
constexpr std::size_t kMostNotes = 1'024;

/// A list may be bounded only where it comes once.
template <class T>
void expect_first(const std::vector<T>& list) {
  if (!list.empty()) throw damaged("a part of its metadata comes twice");
}

void read_chunk_metadata(Compact& in, Field field, Chunk& out) {
  std::uint64_t dictionary = 0;
  in.read_struct(field, [&](Field f) {
    switch (f.id) {
      case 1:
        out.physical = read_enum<Physical>(in, f, 7);
        return;
      case 4:
        out.codec = read_enum<Codec>(in, f, 7);
        return;
      case 5:
        out.values = read_size<std::uint64_t>(in, f);
        return;
      case 7:
        out.bytes = read_size<std::uint64_t>(in, f);
        return;
      case 9:
        out.first_byte = read_size<std::uint64_t>(in, f);
        return;
      case 11:
        dictionary = read_size<std::uint64_t>(in, f);
        return;
      default:
        in.skip(f);
    }
  });
  if (dictionary > 0) out.first_byte = std::min(dictionary, out.first_byte);
}

Chunk read_chunk(Compact& in) {
  Chunk out;
  bool is_described = false;
  in.read_struct([&](Field field) {
    if (field.id == 3) {
      read_chunk_metadata(in, field, out);
      is_described = true;
    } else if (field.id == 8) {
      throw unread("encryption");
    } else if (field.id == 1 && !in.read_text(field).empty()) {
      throw unread("columns in other files");
    } else if (field.id != 1) {
      in.skip(field);
    }
  });
  if (!is_described) throw damaged("it does not say where a column lies");
  return out;
}

RowGroup read_group(Compact& in, std::size_t& chunks_left) {
  RowGroup out;
  in.read_struct([&](Field field) {
    if (field.id == 1) {
      expect_first(out.chunks);
      in.read_list(field, Wire::structure, chunks_left, [&] { out.chunks.push_back(read_chunk(in)); });
    } else if (field.id == 3) {
      out.rows = read_size<std::uint64_t>(in, field);
    } else {
      in.skip(field);
    }
  });
  chunks_left -= out.chunks.size();
  return out;
}

std::pair<std::string_view, std::string_view> read_note(Compact& in) {
  std::pair<std::string_view, std::string_view> out;
  in.read_struct([&](Field field) {
    if (field.id == 1)
      out.first = in.read_text(field);
    else if (field.id == 2)
      out.second = in.read_text(field);
    else
      in.skip(field);
  });
  return out;
}

std::string_view find_footer(std::string_view file) {
  if (file.ends_with(kMagicOfSecrets) && file.starts_with(kMagicOfSecrets)) throw unread("encryption");
  if (file.size() < 12 || !file.starts_with(kMagic) || !file.ends_with(kMagic))
    throw core::invalid("this is no Parquet file: one begins and ends with PAR1", "file");
  std::uint32_t size = 0;
  for (unsigned i = 0; i < 4; ++i)
    size |= std::uint32_t{static_cast<unsigned char>(file[file.size() - 8 + i])} << (8 * i);
  if (size > file.size() - 12) throw damaged("its footer is longer than the file");
  return file.substr(file.size() - 8 - size, size);
}

void check(const Footer& footer, std::size_t leaves) {
  std::uint64_t left = footer.rows;
  for (const RowGroup& group : footer.groups) {
    if (group.chunks.size() != leaves) throw damaged("a row group has another number of columns than the schema");
    if (group.rows > left) throw damaged("its row groups have more rows than it says");
    left -= group.rows;
  }
  if (left != 0) throw damaged("its row groups have fewer rows than it says");
}

}  // namespace

Footer read_footer(std::string_view file) {
  Compact in(find_footer(file));
  Footer out;
  std::vector<Element> schema;
  std::size_t chunks_left = kMostChunks;
  in.read_struct([&](Field field) {
    switch (field.id) {
      case 2:
        expect_first(schema);
        in.read_list(field, Wire::structure, kMostSchemaElements, [&] { schema.push_back(read_element(in)); });
        return;
      case 3:
        out.rows = read_size<std::uint64_t>(in, field);
        return;
      case 4:
        expect_first(out.groups);
        in.read_list(field, Wire::structure, kMostGroups, [&] { out.groups.push_back(read_group(in, chunks_left)); });
        return;
      case 5:
        expect_first(out.notes);
        in.read_list(field, Wire::structure, kMostNotes, [&] { out.notes.push_back(read_note(in)); });
        return;
      case 8:
        throw unread("encryption");
      default:
        in.skip(field);
    }
  });
  check(out, describe_columns(schema, out.columns));
  return out;
}

namespace {

void read_page_kind(Compact& in, Field field, PageHeader& out) {
  const bool is_v2 = field.id == 8;
  in.read_struct(field, [&](Field f) {
    if (f.id == 1) {
      out.values = read_size<std::size_t>(in, f);
    } else if (f.id == (is_v2 ? 4 : 2)) {
      out.encoding = read_enum<Encoding>(in, f, 9);
    } else if (field.id == 5 && f.id == 3) {
      out.level_encoding = read_enum<Encoding>(in, f, 9);
    } else if (is_v2 && f.id == 5) {
      out.definition_bytes = read_size<std::size_t>(in, f);
    } else if (is_v2 && f.id == 6) {
      out.repetition_bytes = read_size<std::size_t>(in, f);
    } else if (is_v2 && f.id == 7) {
      out.is_packed = in.read_boolean(f);
    } else {
      in.skip(f);
    }
  });
}

}  // namespace

PageHeader read_page_header(std::string_view bytes) {
  Compact in(bytes);
  PageHeader out;
  std::int16_t described = 0;
  in.read_struct([&](Field field) {
    switch (field.id) {
      case 1:
        out.type = read_enum<PageType>(in, field, 3);
        return;
      case 2:
        out.unpacked_bytes = read_size<std::size_t>(in, field);
        return;
      case 3:
        out.bytes = read_size<std::size_t>(in, field);
        return;
      case 4:
        out.checksum = static_cast<std::uint32_t>(in.read_int(field));
        return;
      case 5:
      case 7:
      case 8:
        described = field.id;
        read_page_kind(in, field, out);
        return;
      default:
        in.skip(field);
    }
  });
  constexpr std::int16_t kDescribedBy[] = {5, 6, 7, 8};
  if (out.type != PageType::index && described != kDescribedBy[static_cast<std::size_t>(out.type)])
    throw damaged("a page's header does not describe it");
  out.header_bytes = in.position();
  return out;
}

}  // namespace wakeful::parquet
