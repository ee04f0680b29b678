#pragma once
// A library that is loaded when it is first needed, not when the program starts: libcurl and libpq bring some thirty
// others with them (TLS twice, Kerberos, LDAP, SSH), which a server on SQLite that asks nobody would pay for with
// 4 MiB and a quarter of its start.
#include <string>

namespace wakeful::core {

/// Stays loaded for ever, so whoever copies a function out of it owns nothing. Threads: any.
class SharedLibrary {
 public:
  /// A function of unknown type; becomes the pointer that it is assigned to, which must be of its true type.
  struct Symbol {
    void* address;
    template <class Function>
    operator Function*() const {  // NOLINT(google-explicit-constructor): that is what it is for
      return reinterpret_cast<Function*>(address);
    }
  };

  /// `name` as the dynamic linker knows it: "libpq.so.5". Errors: unavailable if it cannot be loaded.
  explicit SharedLibrary(std::string name);

  /// Errors: unavailable if there is no such function.
  Symbol find(const char* function) const;

 private:
  std::string name_;
  void* handle_;
};

}  // namespace wakeful::core
