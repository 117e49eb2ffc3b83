// A chain of stream buffers, each reading the one before it. The first holds
// the bytes that were looked at to tell what the file is: the stream may be a
// pipe, which cannot be wound back.
#include "service/formats/wrapped_input.h"

#include <iconv.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace portrisk::service {
namespace {

constexpr size_t kStageBytes = 64 * 1024;
constexpr size_t kHeadBytes = 64;

// The head, then what follows it.
class Headed : public std::streambuf {
 public:
  Headed(std::streambuf* rest, size_t head_bytes) : rest_(rest) {
    head_.resize(head_bytes);
    const std::streamsize got =
        rest_->sgetn(head_.data(), static_cast<std::streamsize>(head_bytes));
    head_.resize(static_cast<size_t>(std::max<std::streamsize>(got, 0)));
    setg(head_.data(), head_.data(), head_.data() + head_.size());
  }
  const std::string& head() const { return head_; }

 protected:
  int_type underflow() override {
    if (buffer_.empty()) buffer_.resize(kStageBytes);
    const std::streamsize got = rest_->sgetn(buffer_.data(), kStageBytes);
    if (got <= 0) return traits_type::eof();
    setg(buffer_.data(), buffer_.data(), buffer_.data() + got);
    return traits_type::to_int_type(buffer_[0]);
  }
  // Large reads go past the buffer.
  std::streamsize xsgetn(char* out, std::streamsize size) override {
    const std::streamsize held =
        std::min<std::streamsize>(size, egptr() - gptr());
    std::memcpy(out, gptr(), static_cast<size_t>(held));
    gbump(static_cast<int>(held));
    if (held == size) return held;
    const std::streamsize more = rest_->sgetn(out + held, size - held);
    return held + std::max<std::streamsize>(more, 0);
  }

 private:
  std::streambuf* rest_;
  std::string head_;
  std::string buffer_;
};

class Gzip : public WrappedInput::Stage {
 public:
  explicit Gzip(std::streambuf* source)
      : source_(source), in_(kStageBytes, '\0') {
    open_ = inflateInit2(&state_, 15 + 16) == Z_OK;
    if (!open_) damage_ = "the decompressor could not be started";
  }
  ~Gzip() override {
    if (open_) inflateEnd(&state_);
  }

 protected:
  size_t Produce(char* out, size_t size) override {
    if (!damage_.empty() || ended_) return 0;
    state_.next_out = reinterpret_cast<Bytef*>(out);
    state_.avail_out = static_cast<uInt>(size);
    while (state_.avail_out == size) {
      if (state_.avail_in == 0 && !Refill()) {
        if (inside_) damage_ = "the gzip data ends too early";
        ended_ = true;
        break;
      }
      if (!inside_) SkipPadding();
      if (state_.avail_in == 0) continue;
      const int result = inflate(&state_, Z_NO_FLUSH);
      inside_ = result != Z_STREAM_END;
      if (result == Z_STREAM_END) {
        inflateReset(&state_);  // Another member may follow.
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        damage_ = absl::StrCat("the gzip data is damaged (",
                               state_.msg ? state_.msg : "unknown", ")");
        break;
      }
    }
    return size - state_.avail_out;
  }

 private:
  bool Refill() {
    const std::streamsize got =
        source_->sgetn(in_.data(), static_cast<std::streamsize>(in_.size()));
    if (got <= 0) return false;
    state_.next_in = reinterpret_cast<Bytef*>(in_.data());
    state_.avail_in = static_cast<uInt>(got);
    return true;
  }
  // Tapes and block devices fill up with zeros behind the last member.
  void SkipPadding() {
    while (state_.avail_in > 0 && *state_.next_in == 0) {
      ++state_.next_in;
      --state_.avail_in;
    }
  }

  std::streambuf* source_;
  std::string in_;
  z_stream state_ = {};
  bool open_ = false;
  bool inside_ = false;  // A member has begun and not ended.
  bool ended_ = false;
};

class Zstd : public WrappedInput::Stage {
 public:
  explicit Zstd(std::streambuf* source)
      : source_(source), in_(kStageBytes, '\0'), state_(ZSTD_createDStream()) {
    if (state_ == nullptr) damage_ = "the decompressor could not be started";
  }
  ~Zstd() override { ZSTD_freeDStream(state_); }

 protected:
  size_t Produce(char* out, size_t size) override {
    if (!damage_.empty()) return 0;
    ZSTD_outBuffer to = {out, size, 0};
    while (to.pos == 0) {
      if (from_.pos == from_.size && !Refill()) {
        // Some output may wait inside; a frame that needs more is cut.
        const size_t left = ZSTD_decompressStream(state_, &to, &from_);
        if (inside_ && (ZSTD_isError(left) || (left != 0 && to.pos == 0))) {
          damage_ = "the zstd data ends too early";
        }
        break;
      }
      const size_t left = ZSTD_decompressStream(state_, &to, &from_);
      if (ZSTD_isError(left)) {
        damage_ = absl::StrCat("the zstd data is damaged (",
                               ZSTD_getErrorName(left), ")");
        break;
      }
      inside_ = left != 0;
    }
    return to.pos;
  }

 private:
  bool Refill() {
    const std::streamsize got =
        source_->sgetn(in_.data(), static_cast<std::streamsize>(in_.size()));
    from_ = {in_.data(), static_cast<size_t>(std::max<std::streamsize>(got, 0)),
             0};
    return got > 0;
  }

  std::streambuf* source_;
  std::string in_;
  ZSTD_DStream* state_;
  ZSTD_inBuffer from_ = {nullptr, 0, 0};
  bool inside_ = false;
};

// Characters of another set to UTF-8; what is none of it becomes '?'.
class Transcode : public WrappedInput::Stage {
 public:
  Transcode(std::streambuf* source, const char* charset)
      : source_(source), state_(iconv_open("UTF-8", charset)) {}
  ~Transcode() override {
    if (open()) iconv_close(state_);
  }

 protected:
  size_t Produce(char* out, size_t size) override {
    char* to = out;
    size_t room = size;
    while (room == size) {
      Refill();
      if (in_.empty()) break;
      if (!open()) {  // The platform lacks the set: the bytes as they are.
        const size_t count = std::min(room, in_.size());
        std::memcpy(to, in_.data(), count);
        in_.erase(0, count);
        return count;
      }
      char* from = in_.data();
      size_t left = in_.size();
      const size_t result = iconv(state_, &from, &left, &to, &room);
      in_.erase(0, in_.size() - left);
      if (result != static_cast<size_t>(-1) || room != size) continue;
      // No character here, or half of one at the end.
      in_.erase(0, 1);
      *to++ = '?';
      --room;
    }
    return size - room;
  }

 private:
  bool open() const { return state_ != reinterpret_cast<iconv_t>(-1); }
  void Refill() {
    constexpr size_t kEnough = 16;  // No character has more bytes.
    if (in_.size() >= kEnough) return;
    const size_t held = in_.size();
    in_.resize(held + kStageBytes);
    const std::streamsize got = source_->sgetn(in_.data() + held, kStageBytes);
    in_.resize(held + static_cast<size_t>(std::max<std::streamsize>(got, 0)));
  }

  std::streambuf* source_;
  iconv_t state_;
  std::string in_;
};

// The set a whole file must be read in, or null. In ISO 2022 a character's
// second byte may be a terminator, in UTF-16 every other is NUL.
const char* WholeCharset(absl::string_view head, bool edifact) {
  using absl::StartsWith;
  if (StartsWith(head, "\xFF\xFE")) return "UTF-16LE";
  if (StartsWith(head, "\xFE\xFF")) return "UTF-16BE";
  if (head.size() >= 4) {
    const bool even = head[0] != '\0' && head[2] != '\0';
    const bool odd = head[1] != '\0' && head[3] != '\0';
    if (even && head[1] == '\0' && head[3] == '\0') return "UTF-16LE";
    if (odd && head[0] == '\0' && head[2] == '\0') return "UTF-16BE";
  }
  if (edifact && absl::StrContains(head, "UNB+UNOX")) return "ISO-2022-JP-2";
  return nullptr;
}

}  // namespace

WrappedInput::Stage::int_type WrappedInput::Stage::underflow() {
  if (buffer_.empty()) buffer_.resize(kStageBytes);
  const size_t count = Produce(buffer_.data(), buffer_.size());
  if (count == 0) return traits_type::eof();
  setg(buffer_.data(), buffer_.data(), buffer_.data() + count);
  return traits_type::to_int_type(buffer_[0]);
}

WrappedInput::WrappedInput(std::istream& in, bool edifact) {
  const auto add = [this](auto stage) {
    auto* const added = stage.get();
    stages_.push_back(std::move(stage));
    return added;
  };
  Headed* headed = add(std::make_unique<Headed>(in.rdbuf(), kHeadBytes));
  Stage* stage = nullptr;
  if (absl::StartsWith(headed->head(), "\x1F\x8B")) {
    stage = add(std::make_unique<Gzip>(headed));
  } else if (absl::StartsWith(headed->head(), "\x28\xB5\x2F\xFD")) {
    stage = add(std::make_unique<Zstd>(headed));
  }
  if (stage != nullptr) {
    fallible_.push_back(stage);
    headed = add(std::make_unique<Headed>(stage, kHeadBytes));
  }
  std::streambuf* last = headed;
  if (const char* charset = WholeCharset(headed->head(), edifact)) {
    last = add(std::make_unique<Transcode>(headed, charset));
  }
  stream_ = std::make_unique<std::istream>(last);
}

WrappedInput::~WrappedInput() = default;

std::string WrappedInput::damage() const {
  for (const Stage* stage : fallible_) {
    if (!stage->damage().empty()) return stage->damage();
  }
  return "";
}

}  // namespace portrisk::service
