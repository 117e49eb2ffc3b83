// Counts what is allocated. It replaces the global operators: one source of a
// program includes it. A sanitizer has operators of its own, and calls us.
#ifndef PORTRISK_TESTS_SCORING_ALLOCATION_COUNT_H_
#define PORTRISK_TESTS_SCORING_ALLOCATION_COUNT_H_

#include <cstdint>
#include <cstdlib>
#include <new>

namespace portrisk::scoring {

// Of the calling thread, while it counts.
inline thread_local bool counting = false;
inline thread_local int64_t allocations = 0;

inline void* CountAndAllocate(size_t size) {
  if (counting) ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}

}  // namespace portrisk::scoring

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PORTRISK_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PORTRISK_SANITIZED
#endif

#ifdef PORTRISK_SANITIZED
extern "C" void __sanitizer_malloc_hook(const volatile void*, size_t) {
  if (portrisk::scoring::counting) ++portrisk::scoring::allocations;
}
extern "C" void __sanitizer_free_hook(const volatile void*) {}
#else
void* operator new(size_t size) {
  void* memory = portrisk::scoring::CountAndAllocate(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new[](size_t size) { return operator new(size); }
// What the standard library's sorting asks for; freed by those below.
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return portrisk::scoring::CountAndAllocate(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
#endif

#endif  // PORTRISK_TESTS_SCORING_ALLOCATION_COUNT_H_
