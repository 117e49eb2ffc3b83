// What a file is wrapped in: compression (gzip, zstd, several members in a
// row) and encodings whose bytes a tokenizer could not cut safely (UTF-16, ISO
// 2022). Unwraps as it reads, in constant memory.
#ifndef PORTRISK_SERVICE_FORMATS_WRAPPED_INPUT_H_
#define PORTRISK_SERVICE_FORMATS_WRAPPED_INPUT_H_

#include <istream>
#include <memory>
#include <streambuf>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace portrisk::service {

// Not thread safe. The stream outlives the object.
class WrappedInput {
 public:
  // `edifact`: an interchange of level X or Y may be in an encoding of its own.
  WrappedInput(std::istream& in, bool edifact);
  ~WrappedInput();

  // The plain text. Its bytes are those of `in` when that is not wrapped.
  std::istream& stream() { return *stream_; }

  // What is wrong with the compressed data, or empty. Whole only when the
  // stream has been read to its end.
  std::string damage() const;

  // A stage between the file and the reader.
  class Stage : public std::streambuf {
   public:
    const std::string& damage() const { return damage_; }

   protected:
    int_type underflow() override;
    // Fills `out` with at most `size` bytes; 0 at the end.
    virtual size_t Produce(char* out, size_t size) = 0;
    std::string damage_;

   private:
    std::string buffer_;
  };

 private:
  std::vector<std::unique_ptr<std::streambuf>> stages_;
  std::vector<const Stage*> fallible_;
  std::unique_ptr<std::istream> stream_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_WRAPPED_INPUT_H_
