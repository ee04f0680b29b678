#pragma once
// The container of a trained detector: named sections in one little-endian file that can be mapped into memory.
//
//   0   8 bytes  "WAKEFUL\n"
//   8   u32      format version (1)
//   12  u32      number of sections
//   16  u64      size of the whole file
//   24  32 bytes SHA-256 of all bytes but these
//   56  u64      zero
//   64           one entry of 96 bytes per section: name (64 bytes, zero-padded), u64 kind, u64 offset, u64 elements,
//   u64 0 …            the sections, each at a multiple of 64, zero-padded between
//
// A file that is cut, altered, of another kind or of a newer format is refused with a message that says which. Sections
// hold numbers or text, never code. A detector never trusts a section's length: it checks it against its own shape.
// Threads: a writer has one owner, a reader is read-only.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wakeful::detectors {

inline constexpr std::uint32_t kModelFormat = 1;

enum class SectionKind : std::uint64_t { text = 1, integers = 2, reals = 3, bytes = 4 };

class ModelWriter {
 public:
  /// Errors: internal for a name that is empty, longer than 63 bytes, or comes twice.
  void add_text(std::string_view name, std::string_view text);
  void add_integers(std::string_view name, std::span<const std::int64_t> values);
  void add_reals(std::string_view name, std::span<const double> values);
  void add_bytes(std::string_view name, std::span<const std::byte> bytes);

  /// The whole file. The same sections in the same order give the same bytes.
  std::string bytes() const;

 private:
  struct Section {
    std::string name;
    SectionKind kind;
    std::uint64_t elements;
    std::string data;
  };
  void add(std::string_view name, SectionKind kind, std::uint64_t elements, const void* data, std::size_t size);
  std::vector<Section> sections_;
};

/// Borrows the bytes it reads; they must be aligned to 8 (a std::string's and a mapping's are).
class ModelReader {
 public:
  /// Errors: invalid, field "model", for anything that ModelWriter did not write.
  explicit ModelReader(std::string_view bytes);

  bool has(std::string_view name) const;
  /// Errors: invalid if there is no such section, or one of another kind.
  std::string_view text(std::string_view name) const;
  std::span<const std::int64_t> integers(std::string_view name) const;
  std::span<const double> reals(std::string_view name) const;
  std::span<const std::byte> bytes(std::string_view name) const;

  /// The twins that also refuse a section of another length.
  std::span<const std::int64_t> integers(std::string_view name, std::size_t count) const;
  std::span<const double> reals(std::string_view name, std::size_t count) const;

 private:
  struct Section {
    std::string_view name;
    SectionKind kind;
    std::uint64_t elements;
    std::string_view data;
  };
  void check_head(std::string_view bytes) const;
  void read_sections(std::string_view bytes);
  const Section& get(std::string_view name, SectionKind kind) const;
  std::vector<Section> sections_;
};

/// A model file mapped read-only; pages are read when they are used.
class MappedFile {
 public:
  /// Errors: not_found; invalid if it is no regular file; unavailable if it cannot be mapped.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  std::string_view bytes() const { return bytes_; }

 private:
  std::string_view bytes_;
};

}  // namespace wakeful::detectors
