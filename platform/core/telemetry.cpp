#include "platform/core/telemetry.hpp"

#include <map>
#include <variant>

#include <fmt/core.h>

#include "platform/core/mutex.hpp"
#include "platform/core/text.hpp"

namespace wakeful::core {
namespace {

std::string label_text(std::initializer_list<Label> labels) {
  std::string text;
  for (const Label& label : labels) {
    text += text.empty() ? "" : ",";
    text += label.name;
    text += "=\"";
    for (const char c : label.value) {
      if (c == '\\' || c == '"') text += '\\';
      if (c == '\n')
        text += "\\n";
      else
        text += c;
    }
    text += '"';
  }
  return text;
}

std::string number(double value) {
  const std::string text = format_real(value);
  if (text == "Infinity") return "+Inf";
  return text == "-Infinity" ? "-Inf" : text;
}

using Child = std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>>;

struct Family {
  std::string help;
  std::string_view type;
  std::map<std::string, Child> children;  // by label text
};

void print(std::string& out, const std::string& name, const std::string& labels, const Histogram& histogram) {
  std::uint64_t below = 0;
  const std::string head = labels.empty() ? "" : labels + ",";
  for (std::size_t i = 0; i <= histogram.bounds().size(); ++i) {
    below += histogram.bucket(i);
    const std::string bound = i < histogram.bounds().size() ? number(histogram.bounds()[i]) : "+Inf";
    out += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", name, head, bound, below);
  }
  const std::string braces = labels.empty() ? "" : "{" + labels + "}";
  out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name, braces, number(histogram.sum()), name, braces, below);
}

void print(std::string& out, const std::string& name, const std::string& labels, const Child& child) {
  if (const auto* histogram = std::get_if<std::unique_ptr<Histogram>>(&child)) {
    print(out, name, labels, **histogram);
    return;
  }
  const std::string braces = labels.empty() ? "" : "{" + labels + "}";
  if (const auto* counter = std::get_if<std::unique_ptr<Counter>>(&child))
    out += fmt::format("{}{} {}\n", name, braces, (*counter)->value());
  else
    out += fmt::format("{}{} {}\n", name, braces, number(std::get<std::unique_ptr<Gauge>>(child)->value()));
}

}  // namespace

void Gauge::add(double v) {
  double seen = value_.load(std::memory_order_relaxed);
  while (!value_.compare_exchange_weak(seen, seen + v, std::memory_order_relaxed)) {
  }
}

void Histogram::observe(double value) {
  std::size_t i = 0;
  while (i < bounds_.size() && value > bounds_[i]) ++i;
  buckets_[i].fetch_add(1, std::memory_order_relaxed);
  sum_.add(value);
}

struct Telemetry::State {
  mutable Mutex mutex;
  std::map<std::string, Family, std::less<>> families GUARDED_BY(mutex);

  template <class T, class... Terms>
  T& get(std::string_view name, std::string_view help, std::string_view type, std::initializer_list<Label> labels,
         const Terms&... terms) {
    Lock lock(mutex);
    auto family = families.find(name);
    if (family == families.end()) family = families.emplace(name, Family{std::string(help), type, {}}).first;
    Child& child = family->second.children.try_emplace(label_text(labels), std::unique_ptr<T>()).first->second;
    auto& metric = std::get<std::unique_ptr<T>>(child);
    if (!metric) metric = std::make_unique<T>(terms...);
    return *metric;
  }
};

Telemetry::Telemetry() : state_(std::make_unique<State>()) {}
Telemetry::~Telemetry() = default;

Counter& Telemetry::counter(std::string_view name, std::string_view help, std::initializer_list<Label> labels) {
  return state_->get<Counter>(name, help, "counter", labels);
}
Gauge& Telemetry::gauge(std::string_view name, std::string_view help, std::initializer_list<Label> labels) {
  return state_->get<Gauge>(name, help, "gauge", labels);
}
Histogram& Telemetry::histogram(std::string_view name, std::string_view help, std::initializer_list<Label> labels,
                                std::span<const double> bounds) {
  return state_->get<Histogram>(name, help, "histogram", labels, bounds);
}

std::string Telemetry::prometheus_text() const {
  Lock lock(state_->mutex);
  std::string out;
  for (const auto& [name, family] : state_->families) {
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, family.help, name, family.type);
    for (const auto& [labels, child] : family.children) print(out, name, labels, child);
  }
  return out;
}

}  // namespace wakeful::core
