#include "detectors/model_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"

namespace wakeful::detectors {
namespace {

static_assert(std::endian::native == std::endian::little, "sections are little-endian as they lie in memory");

constexpr std::string_view kMagic = "WAKEFUL\n";
constexpr std::size_t kDigestAt = 24;
constexpr std::size_t kDigested = 56;
constexpr std::size_t kHead = 64;
constexpr std::size_t kEntry = 96;
constexpr std::size_t kNameSize = 64;
constexpr std::size_t kAlignment = 64;
constexpr std::uint64_t kMaxSections = 4096;

core::Error refuse(const std::string& why) { return core::invalid("model file: " + why, "model"); }

template <class T>
void put(std::string& out, std::size_t at, T value) {
  std::memcpy(out.data() + at, &value, sizeof value);
}

template <class T>
T get_number(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::size_t round_up(std::size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

/// The digest's 32 bytes: of the file without the place where they stand.
std::string digest_of(std::string_view file) {
  core::Sha256 digest;
  digest.update(file.substr(0, kDigestAt));
  digest.update(file.substr(kDigested));
  const std::string hex = digest.hex();
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return out;
}

std::size_t element_size(SectionKind kind) {
  return kind == SectionKind::integers || kind == SectionKind::reals ? 8 : 1;
}

}  // namespace

void ModelWriter::add(std::string_view name, SectionKind kind, std::uint64_t elements, const void* data,
                      std::size_t size) {
  if (name.empty() || name.size() >= kNameSize) throw core::internal("model file: bad section name");
  for (const Section& s : sections_) {
    if (s.name == name) throw core::internal("model file: section '" + s.name + "' comes twice");
  }
  Section section{std::string(name), kind, elements, std::string(size, '\0')};
  if (size > 0) std::memcpy(section.data.data(), data, size);
  sections_.push_back(std::move(section));
}

void ModelWriter::add_text(std::string_view name, std::string_view text) {
  add(name, SectionKind::text, text.size(), text.data(), text.size());
}
void ModelWriter::add_integers(std::string_view name, std::span<const std::int64_t> values) {
  add(name, SectionKind::integers, values.size(), values.data(), values.size_bytes());
}
void ModelWriter::add_reals(std::string_view name, std::span<const double> values) {
  add(name, SectionKind::reals, values.size(), values.data(), values.size_bytes());
}
void ModelWriter::add_bytes(std::string_view name, std::span<const std::byte> bytes) {
  add(name, SectionKind::bytes, bytes.size(), bytes.data(), bytes.size());
}

std::string ModelWriter::bytes() const {
  std::size_t size = round_up(kHead + kEntry * sections_.size());
  for (const Section& s : sections_) size += round_up(s.data.size());
  std::string out(size, '\0');
  std::memcpy(out.data(), kMagic.data(), kMagic.size());
  put(out, 8, kModelFormat);
  put(out, 12, static_cast<std::uint32_t>(sections_.size()));
  put(out, 16, std::uint64_t{size});
  std::size_t entry = kHead;
  std::size_t offset = round_up(kHead + kEntry * sections_.size());
  for (const Section& s : sections_) {
    std::memcpy(out.data() + entry, s.name.data(), s.name.size());
    put(out, entry + kNameSize, static_cast<std::uint64_t>(s.kind));
    put(out, entry + kNameSize + 8, std::uint64_t{offset});
    put(out, entry + kNameSize + 16, s.elements);
    std::memcpy(out.data() + offset, s.data.data(), s.data.size());
    entry += kEntry;
    offset += round_up(s.data.size());
  }
  const std::string digest = digest_of(out);
  std::memcpy(out.data() + kDigestAt, digest.data(), digest.size());
  return out;
}

ModelReader::ModelReader(std::string_view bytes) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 != 0) throw core::internal("model file: bytes not aligned");
  check_head(bytes);
  read_sections(bytes);
}

void ModelReader::check_head(std::string_view bytes) const {
  if (bytes.size() < kHead || bytes.substr(0, kMagic.size()) != kMagic) throw refuse("not a model of this program");
  const auto format = get_number<std::uint32_t>(bytes, 8);
  if (format > kModelFormat) {
    throw refuse(fmt::format("written in format {}, this program reads up to {}: it needs a newer version", format,
                             kModelFormat));
  }
  if (format == 0) throw refuse("has no format version");
  const auto size = get_number<std::uint64_t>(bytes, 16);
  if (size != bytes.size()) throw refuse(fmt::format("cut or padded: {} bytes, {} expected", bytes.size(), size));
  if (digest_of(bytes) != bytes.substr(kDigestAt, 32)) {
    throw refuse("altered since it was written: its checksum does not fit");
  }
}

// The checksum proves accidents, not malice: whoever writes the file writes its checksum too. So every bound is
// checked.
void ModelReader::read_sections(std::string_view bytes) {
  const auto count = get_number<std::uint32_t>(bytes, 12);
  if (count > kMaxSections || kHead + kEntry * std::size_t{count} > bytes.size()) throw refuse("bad section table");
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view entry = bytes.substr(kHead + kEntry * i, kEntry);
    const std::string_view name = entry.substr(0, entry.substr(0, kNameSize).find('\0'));
    const auto kind = static_cast<SectionKind>(get_number<std::uint64_t>(entry, kNameSize));
    const auto offset = get_number<std::uint64_t>(entry, kNameSize + 8);
    const auto elements = get_number<std::uint64_t>(entry, kNameSize + 16);
    const bool known = kind >= SectionKind::text && kind <= SectionKind::bytes;
    if (name.empty() || name.size() >= kNameSize || !known || offset % kAlignment != 0 || offset > bytes.size() ||
        elements > (bytes.size() - offset) / element_size(kind)) {
      throw refuse(fmt::format("section {} of the table is not sound", i));
    }
    sections_.push_back({name, kind, elements, bytes.substr(offset, elements * element_size(kind))});
  }
}

bool ModelReader::has(std::string_view name) const {
  for (const Section& s : sections_) {
    if (s.name == name) return true;
  }
  return false;
}

const ModelReader::Section& ModelReader::get(std::string_view name, SectionKind kind) const {
  for (const Section& s : sections_) {
    if (s.name != name) continue;
    if (s.kind != kind) throw refuse(fmt::format("section '{}' is of another kind", name));
    return s;
  }
  throw refuse(fmt::format("section '{}' is missing", name));
}

std::string_view ModelReader::text(std::string_view name) const { return get(name, SectionKind::text).data; }

std::span<const std::int64_t> ModelReader::integers(std::string_view name) const {
  const Section& s = get(name, SectionKind::integers);
  return {reinterpret_cast<const std::int64_t*>(s.data.data()), s.elements};
}

std::span<const double> ModelReader::reals(std::string_view name) const {
  const Section& s = get(name, SectionKind::reals);
  return {reinterpret_cast<const double*>(s.data.data()), s.elements};
}

std::span<const std::byte> ModelReader::bytes(std::string_view name) const {
  const Section& s = get(name, SectionKind::bytes);
  return {reinterpret_cast<const std::byte*>(s.data.data()), s.elements};
}

std::span<const std::int64_t> ModelReader::integers(std::string_view name, std::size_t count) const {
  const auto values = integers(name);
  if (values.size() != count)
    throw refuse(fmt::format("section '{}' has {} numbers, not {}", name, values.size(), count));
  return values;
}

std::span<const double> ModelReader::reals(std::string_view name, std::size_t count) const {
  const auto values = reals(name);
  if (values.size() != count)
    throw refuse(fmt::format("section '{}' has {} numbers, not {}", name, values.size(), count));
  return values;
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw core::not_found("model file '" + path.string() + "' cannot be opened", "model");
  struct stat facts {};
  const bool regular = ::fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0;
  void* memory =
      regular ? ::mmap(nullptr, static_cast<std::size_t>(facts.st_size), PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
  ::close(fd);
  if (!regular) throw refuse("'" + path.string() + "' is empty or no regular file");
  if (memory == MAP_FAILED) throw core::unavailable("model file '" + path.string() + "' cannot be mapped");
  bytes_ = {static_cast<const char*>(memory), static_cast<std::size_t>(facts.st_size)};
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace wakeful::detectors
