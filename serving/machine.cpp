#include "serving/machine.hpp"

#include <fstream>
#include <sstream>
#include <string>

namespace wakeful::serving {
namespace {

double memory_percent() {
  std::ifstream in("/proc/meminfo");
  std::uint64_t total = 0, available = 0;
  for (std::string name; in >> name;) {
    std::uint64_t kib = 0;
    in >> kib;
    if (name == "MemTotal:") total = kib;
    if (name == "MemAvailable:") available = kib;
    in.ignore(64, '\n');
  }
  return total == 0 ? 0 : 100.0 * static_cast<double>(total - std::min(available, total)) / static_cast<double>(total);
}

}  // namespace

Machine::Machine() : before_(read_ticks()) {}

Machine::Ticks Machine::read_ticks() {
  std::ifstream in("/proc/stat");
  std::string line;
  std::getline(in, line);
  std::istringstream words(line);
  std::string name;
  words >> name;
  // user, nice, system, idle, iowait, …: the fourth and fifth are not busy.
  Ticks ticks;
  std::uint64_t value = 0;
  for (int i = 0; words >> value; ++i) {
    ticks.all += value;
    if (i != 3 && i != 4) ticks.busy += value;
  }
  return ticks;
}

MachineLoad Machine::load() {
  MachineLoad load;
  const Ticks now = read_ticks();
  {
    core::Lock lock(mutex_);
    if (now.all > before_.all) {
      load.cpu_percent =
          100.0 * static_cast<double>(now.busy - before_.busy) / static_cast<double>(now.all - before_.all);
      before_ = now;
    }
  }
  load.memory_percent = memory_percent();
  std::ifstream in("/proc/loadavg");
  for (double& average : load.load_average) in >> average;
  return load;
}

}  // namespace wakeful::serving
