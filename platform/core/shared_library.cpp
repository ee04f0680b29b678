#include "platform/core/shared_library.hpp"

#include <dlfcn.h>

#include <utility>

#include <fmt/core.h>

#include "platform/core/error.hpp"

namespace wakeful::core {

SharedLibrary::SharedLibrary(std::string name)
    : name_(std::move(name)), handle_(::dlopen(name_.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) throw unavailable(fmt::format("{} cannot be loaded: is it installed?", name_));
}

SharedLibrary::Symbol SharedLibrary::find(const char* function) const {
  void* address = ::dlsym(handle_, function);
  if (address == nullptr) throw unavailable(fmt::format("{} has no function {}", name_, function));
  return {address};
}

}  // namespace wakeful::core
