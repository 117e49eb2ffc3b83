// What the thread sanitizer cannot see: gRPC's own synchronisation, which is in
// a library that is not instrumented, while its templates are, with us. Nothing
// in other builds.
#ifndef PORTRISK_SERVICE_THREAD_SANITIZER_H_
#define PORTRISK_SERVICE_THREAD_SANITIZER_H_

#if defined(__SANITIZE_THREAD__)
#define PORTRISK_THREAD_SANITIZER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PORTRISK_THREAD_SANITIZER
#endif
#endif

#ifdef PORTRISK_THREAD_SANITIZER
extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

namespace portrisk::service::thread_sanitizer {

#ifdef PORTRISK_THREAD_SANITIZER
// What happened before a release happened before what follows an acquire of
// the same address.
inline void Release(void* address) { __tsan_release(address); }
inline void Acquire(void* address) { __tsan_acquire(address); }

// While one lives, what the thread does to memory is not looked at.
class Unseen {
 public:
  Unseen() {
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  }
  ~Unseen() {
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
};
#else
inline void Release(void*) {}
inline void Acquire(void*) {}
class Unseen {
 public:
  Unseen() {}
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
};
#endif

}  // namespace portrisk::service::thread_sanitizer

#endif  // PORTRISK_SERVICE_THREAD_SANITIZER_H_
