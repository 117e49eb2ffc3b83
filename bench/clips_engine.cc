#include "bench/clips_engine.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#ifdef PORTRISK_HAS_CLIPS
extern "C" {
#include <clips/clips.h>
}
#endif

namespace portrisk::bench {

#ifdef PORTRISK_HAS_CLIPS
namespace {

class Clips : public ClipsEngine {
 public:
  explicit Clips(const std::vector<BenchRule>& rules)
      : environment_(CreateEnvironment()) {
    Build("(defglobal ?*hits* = (create$))");
    const std::string text = ToClips(rules);
    for (const absl::string_view construct :
         absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      Build(std::string(construct));
    }
  }
  ~Clips() override { DestroyEnvironment(environment_); }

  void Match(const BenchEvent& event, std::vector<uint32_t>* hits) override {
    void* fact = EnvAssertString(environment_, ToClipsFact(event).c_str());
    EnvRun(environment_, -1);
    DATA_OBJECT value;
    EnvGetDefglobalValue(environment_, "hits", &value);
    hits->clear();
    void* const list = DOToPointer(value);
    for (long i = GetDOBegin(value); i <= GetDOEnd(value); ++i) {
      hits->push_back(static_cast<uint32_t>(ValueToLong(GetMFValue(list, i))));
    }
    std::sort(hits->begin(), hits->end());
    EnvRetract(environment_, fact);
    Eval("(bind ?*hits* (create$))");
  }

 private:
  void Build(const std::string& construct) {
    if (EnvBuild(environment_, construct.c_str()) == 0) {
      std::fprintf(stderr, "CLIPS refuses %s\n", construct.c_str());
      std::exit(1);
    }
  }
  void Eval(const char* text) {
    DATA_OBJECT ignored;
    EnvEval(environment_, text, &ignored);
  }

  void* const environment_;
};

}  // namespace

std::unique_ptr<ClipsEngine> MakeClipsEngine(
    const std::vector<BenchRule>& rules) {
  return std::make_unique<Clips>(rules);
}
#else
std::unique_ptr<ClipsEngine> MakeClipsEngine(const std::vector<BenchRule>&) {
  return nullptr;
}
#endif

}  // namespace portrisk::bench
