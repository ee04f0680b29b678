// For LD_PRELOAD beside programs of the thread sanitizer. librdkafka begins its threads with C11's thrd_create, which
// the sanitizer does not know: a thread that it has not seen begin dies at its first allocation. Here they begin by
// pthread_create, as C11's threads of glibc do anyway.
#include <pthread.h>
#include <threads.h>

#include <cstdint>
#include <memory>

namespace {

struct Start {
  thrd_start_t run;
  void* argument;
};

void* begin(void* opaque) {
  const Start start = *std::unique_ptr<Start>(static_cast<Start*>(opaque));
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(start.run(start.argument)));
}

}  // namespace

extern "C" int thrd_create(thrd_t* thread, thrd_start_t run, void* argument) noexcept {
  auto start = std::make_unique<Start>(Start{run, argument});
  if (::pthread_create(thread, nullptr, begin, start.get()) != 0) return thrd_nomem;
  start.release();
  return thrd_success;
}

extern "C" int thrd_join(thrd_t thread, int* result) noexcept {
  void* value = nullptr;
  if (::pthread_join(thread, &value) != 0) return thrd_error;
  if (result != nullptr) *result = static_cast<int>(reinterpret_cast<std::intptr_t>(value));
  return thrd_success;
}
