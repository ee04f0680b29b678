#include "platform/http/body_filters.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "platform/core/error.hpp"

namespace wakeful::http {
namespace {

class LimitedBody final : public BodyReader {
 public:
  LimitedBody(std::unique_ptr<BodyReader> body, std::uint64_t limit, core::Deadline deadline)
      : body_(std::move(body)), limit_(limit), left_(limit), deadline_(deadline) {}

  std::size_t read(std::span<char> out) override {
    if (deadline_.expired()) throw core::unavailable("the request took longer than it may");
    const std::size_t n = body_->read(out);
    if (n > left_)
      throw core::exhausted(fmt::format("The request's body is larger than {} bytes.", limit_))
          .with_wire("REQUEST_LIMIT_EXCEEDED", 413);
    left_ -= n;
    return n;
  }

 private:
  std::unique_ptr<BodyReader> body_;
  std::uint64_t limit_;
  std::uint64_t left_;
  core::Deadline deadline_;
};

class GunzipBody final : public BodyReader {
 public:
  explicit GunzipBody(std::unique_ptr<BodyReader> body) : body_(std::move(body)) {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw core::internal("zlib does not start");
  }
  ~GunzipBody() override { inflateEnd(&stream_); }
  GunzipBody(const GunzipBody&) = delete;
  GunzipBody& operator=(const GunzipBody&) = delete;

  std::size_t read(std::span<char> out) override {
    if (out.empty()) return 0;
    const auto room = static_cast<uInt>(std::min<std::size_t>(out.size(), std::numeric_limits<uInt>::max()));
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = room;
    while (stream_.avail_out == room) {
      if (stream_.avail_in == 0 && !refill()) {
        if (!between_members_) throw core::invalid("the gzip body is cut");
        return 0;
      }
      step();
    }
    return room - stream_.avail_out;
  }

 private:
  bool refill() {
    const std::size_t n = body_->read(buffer_);
    stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_in = static_cast<uInt>(n);
    return n != 0;
  }

  void step() {
    if (between_members_) inflateReset(&stream_);
    between_members_ = false;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status == Z_STREAM_END)
      between_members_ = true;
    else if (status != Z_OK)
      throw core::invalid("the body is not gzip, though Content-Encoding says so", "Content-Encoding");
  }

  std::unique_ptr<BodyReader> body_;
  z_stream stream_{};
  std::array<char, 16U << 10U> buffer_{};
  bool between_members_ = true;
};

}  // namespace

std::unique_ptr<BodyReader> limit_body(std::unique_ptr<BodyReader> body, std::uint64_t limit, core::Deadline deadline) {
  return std::make_unique<LimitedBody>(std::move(body), limit, deadline);
}

std::unique_ptr<BodyReader> gunzip_body(std::unique_ptr<BodyReader> body) {
  return std::make_unique<GunzipBody>(std::move(body));
}

}  // namespace wakeful::http
