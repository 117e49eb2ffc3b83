#include "service/cli/output_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace portrisk::service::cli {
namespace {

constexpr size_t kStageBytes = size_t{256} << 10;
constexpr int kGzipHeader = 16;  // Asks zlib for one.

}  // namespace

class OutputFile::Coder {
 public:
  virtual ~Coder() = default;
  // Appends what `text` becomes to `out`; at the end all that is held back.
  virtual bool Code(absl::string_view text, bool end, std::string* out) = 0;
};

class OutputFile::Zstd final : public Coder {
 public:
  Zstd() : state_(ZSTD_createCCtx()) {
    // Damage is found when it is read.
    ZSTD_CCtx_setParameter(state_, ZSTD_c_checksumFlag, 1);
  }
  ~Zstd() override { ZSTD_freeCCtx(state_); }

  bool Code(absl::string_view text, bool end, std::string* out) override {
    ZSTD_inBuffer in = {text.data(), text.size(), 0};
    size_t left = 0;
    do {
      ZSTD_outBuffer to = {stage_.data(), stage_.size(), 0};
      left = ZSTD_compressStream2(state_, &to, &in,
                                  end ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left)) return false;
      out->append(stage_.data(), to.pos);
    } while (end ? left > 0 : in.pos < in.size);
    return true;
  }

 private:
  ZSTD_CCtx* const state_;
  std::string stage_ = std::string(kStageBytes, '\0');
};

class OutputFile::Gzip final : public Coder {
 public:
  Gzip() {
    ok_ = deflateInit2(&state_, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                       MAX_WBITS + kGzipHeader, MAX_MEM_LEVEL,
                       Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~Gzip() override {
    if (ok_) deflateEnd(&state_);
  }

  bool Code(absl::string_view text, bool end, std::string* out) override {
    if (!ok_) return false;
    state_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    state_.avail_in = static_cast<uInt>(text.size());
    do {
      state_.next_out = reinterpret_cast<Bytef*>(stage_.data());
      state_.avail_out = static_cast<uInt>(stage_.size());
      if (deflate(&state_, end ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR) {
        return false;
      }
      out->append(stage_.data(), stage_.size() - state_.avail_out);
    } while (state_.avail_out == 0);
    return true;
  }

 private:
  z_stream state_ = {};
  bool ok_ = false;
  std::string stage_ = std::string(kStageBytes, '\0');
};

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Open(
    const std::string& path, const std::string& compression) {
  auto out = std::unique_ptr<OutputFile>(new OutputFile());
  const bool standard = path == "-";
  const auto is = [&](absl::string_view name, absl::string_view ending) {
    return standard ? name == compression : absl::EndsWith(path, ending);
  };
  if (is("zstd", ".zst")) out->coder_ = std::make_unique<Zstd>();
  if (is("gzip", ".gz")) out->coder_ = std::make_unique<Gzip>();
  if (standard) {
    out->file_ = stdout;
    return out;
  }
  const int fd =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot make ", path, ": ", std::strerror(errno)));
  }
  out->path_ = path;
  out->file_ = fdopen(fd, "w");
  return out;
}

OutputFile::~OutputFile() {
  if (file_ == nullptr || file_ == stdout) return;
  std::fclose(file_);
  unlink(path_.c_str());
}

absl::Status OutputFile::Put(absl::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size()) {
    return absl::OkStatus();
  }
  return Failed();
}

absl::Status OutputFile::Failed() const {
  return absl::UnavailableError(absl::StrCat("cannot write",
                                             path_.empty() ? "" : " ", path_,
                                             ": ", std::strerror(errno)));
}

absl::Status OutputFile::Write(absl::string_view text) {
  if (coder_ == nullptr) return Put(text);
  std::string coded;
  if (!coder_->Code(text, /*end=*/false, &coded)) {
    return absl::InternalError("compression failed");
  }
  return Put(coded);
}

absl::Status OutputFile::Close() {
  std::string coded;
  if (coder_ != nullptr && !coder_->Code("", /*end=*/true, &coded)) {
    return absl::InternalError("compression failed");
  }
  absl::Status status = Put(coded);
  if (!status.ok()) return status;
  const bool written =
      file_ == stdout ? std::fflush(file_) == 0 : std::fclose(file_) == 0;
  const int error = errno;
  if (file_ != stdout) {
    file_ = nullptr;
    if (!written) unlink(path_.c_str());
  }
  if (written) return absl::OkStatus();
  errno = error;
  return Failed();
}

}  // namespace portrisk::service::cli
