#include "registry/retention.hpp"

#include <algorithm>

namespace wakeful::registry {

std::vector<std::int64_t> plan_retention(std::span<const VersionFacts> versions, std::size_t keep) {
  std::vector<VersionFacts> sorted(versions.begin(), versions.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const VersionFacts& a, const VersionFacts& b) { return a.version < b.version; });
  std::vector<std::int64_t> gone;
  for (std::size_t i = 0; i + keep < sorted.size(); ++i) {
    const VersionFacts& facts = sorted[i];
    const bool in_use = facts.has_alias || facts.stage == Stage::staging || facts.stage == Stage::production;
    if (!in_use) gone.push_back(facts.version);
  }
  return gone;
}

}  // namespace wakeful::registry
