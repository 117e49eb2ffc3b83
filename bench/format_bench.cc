// EDIFACT and X12 to movements, one core, beside reading the bytes once (row K:
// 150 MB a second or more, constant memory).
//
// The interchange is made of messages of the shape that terminals send: one
// container a message and many. Before anything is timed, every container must
// have become a movement with nothing rejected or tolerated, and a file four
// times as long must not have needed more memory.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <streambuf>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/compare.h"
#include "service/formats/reader.h"

namespace portrisk::bench {
namespace {

using service::Format;

constexpr size_t kBytes = 4 << 20;  // A turn; far beyond the caches' first two.

// Reads from memory without a copy.
class View : public std::streambuf {
 public:
  explicit View(const std::string& text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

std::string Container(uint64_t number) {
  return absl::StrCat("MSKU", 1000000 + number % 9000000);
}

std::string EdifactContainer(uint64_t number) {
  return absl::StrCat(
      "EQD+CN+", Container(number), "+45G1:102:5++2+5'\nRFF+BN:BK",
      100000 + number % 900000, "'\nRFF+ACA:BK", 100000 + number % 900000,
      "'\nDTM+7:2026", 10 + number % 3, 10 + number % 18, 10 + number % 13,
      10 + number % 49,
      ":203'\nLOC+9+ESHUV:139:6'\nLOC+11+ESFUE:139:6'\n"
      "LOC+165+ESHUV:139:6+CONCHUV:TER:ZZZ'\nMEA+AAE+VGM+KGM:",
      10000 + number % 20000, ".0'\nSEL+", 80000 + number % 9999,
      "+SH'\nTDT+1++3++:172:ZZZ+++", 1000 + number % 8999,
      "NGR:146'\nNAD+CA+ALU:172:166'\nNAD+CF+ALU:172:166'\n");
}

std::string Edifact(size_t bytes, int per_message, uint64_t* containers) {
  std::string text = "UNA:+.? '\nUNB+UNOA:2+ESHUV+PA+260811:1450+174749339'\n";
  uint64_t messages = 0;
  *containers = 0;
  while (text.size() < bytes) {
    absl::StrAppend(&text, "UNH+", ++messages,
                    "+CODECO:D:95B:UN:SMDG16'\nBGM+34++9'\n"
                    "TDT+20+110826CHRIB+1++ALU:172:166:ALUsios+++"
                    "9074729:146::CHRISTIAN'\nRFF+ON:110826CHRIB'\n"
                    "NAD+CF+ALU:172:166'\nNAD+MS+ESSCT:160:ZZZ'\n");
    for (int i = 0; i < per_message; ++i) {
      text += EdifactContainer(++*containers);
    }
    absl::StrAppend(&text, "CNT+16:", per_message, "'\nUNT+",
                    8 + 12 * per_message, "+", messages, "'\n");
  }
  absl::StrAppend(&text, "UNZ+", messages, "+174749339'\n");
  return text;
}

uint64_t Movements(Format format, const std::string& text) {
  service::ReaderOptions options;
  options.format = format;
  options.file = "bench";
  uint64_t movements = 0;
  service::ReaderSink sink;
  sink.movement = [&movements](v1::Movement&& movement) {
    movements += movement.container().number().size() == 11;
    return absl::OkStatus();
  };
  View view(text);
  std::istream in(&view);
  const auto summary = service::ReadMovements(in, options, sink);
  if (!summary.ok() || summary->rejects > 0 || !summary->tolerated.empty()) {
    std::fprintf(stderr, "the reader rejected or tolerated something\n");
    std::abort();
  }
  return movements;
}

// Counts terminators, in pieces of what the reader holds.
uint64_t ReadOnce(const std::string& text) {
  View view(text);
  std::istream in(&view);
  std::vector<char> buffer(256 << 10);
  uint64_t ends = 0;
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())),
         in.gcount() > 0) {
    ends += static_cast<uint64_t>(
        std::count(buffer.data(), buffer.data() + in.gcount(), '\''));
  }
  return ends;
}

size_t HeapBytes() { return mallinfo2().uordblks; }

// The most that the heap grew while `text` was read, seen at each movement.
size_t GrowthBytes(Format format, const std::string& text) {
  service::ReaderOptions options;
  options.format = format;
  const size_t before = HeapBytes();
  size_t most = before;
  uint64_t movements = 0;
  service::ReaderSink sink;
  sink.movement = [&](v1::Movement&& movement) {
    if (++movements % 1024 == 0) most = std::max(most, HeapBytes());
    return absl::OkStatus();
  };
  View view(text);
  std::istream in(&view);
  service::ReadMovements(in, options, sink).IgnoreError();
  return most - before;
}

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void Run(benchmark::State& state, Format format, const std::string& text,
         const std::string& longer, uint64_t containers) {
  Require(Movements(format, text) == containers,
          "every container is a movement");
  Require(GrowthBytes(format, longer) <= GrowthBytes(format, text) + (64 << 10),
          "memory does not grow with the file");
  Compare(state, {.subject = [&] { Movements(format, text); },
                  .limit = [&] { benchmark::DoNotOptimize(ReadOnce(text)); },
                  .items_per_call = static_cast<int64_t>(text.size() >> 20)});
  // A megabyte is an item: 1e6 / p50 in microseconds is MiB a second.
  state.counters["MiB_per_s"] =
      1e6 / static_cast<double>(state.counters["subject_p50_us"]);
  state.counters["bytes_per_movement"] =
      static_cast<double>(text.size()) / static_cast<double>(containers);
}

void BM_Edifact(benchmark::State& state) {
  uint64_t containers = 0;
  const int per_message = static_cast<int>(state.range(0));
  const std::string longer = Edifact(4 * kBytes, per_message, &containers);
  const std::string text = Edifact(kBytes, per_message, &containers);
  Run(state, Format::kEdifact, text, longer, containers);
}
BENCHMARK(BM_Edifact)
    ->ArgName("containers_a_message")
    ->Arg(1)
    ->Arg(50)
    ->UseManualTime();

}  // namespace
}  // namespace portrisk::bench

BENCHMARK_MAIN();
