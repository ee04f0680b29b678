#include "tracker/random_name.hpp"

#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "platform/core/random.hpp"

namespace wakeful::tracker {
namespace {

// At most 7 characters each, so that a name is at most 20 long.
constexpr std::array<std::string_view, 64> kAdjectives = {
    "able",    "amber",  "awake",  "bold",   "brave", "bright", "brisk",  "calm",  "candid", "clear",  "clever",
    "cosmic",  "crisp",  "deft",   "eager",  "early", "fair",   "fleet",  "fond",  "frank",  "fresh",  "gentle",
    "glad",    "golden", "grand",  "happy",  "hardy", "honest", "humble", "jolly", "keen",   "kind",   "lively",
    "loyal",   "lucid",  "lucky",  "mellow", "merry", "mild",   "modest", "neat",  "nimble", "noble",  "open",
    "patient", "plucky", "polite", "proud",  "quick", "quiet",  "rapid",  "ready", "sharp",  "silent", "smooth",
    "solid",   "spry",   "steady", "sunny",  "swift", "tidy",   "vivid",  "warm",  "wise"};
constexpr std::array<std::string_view, 64> kNouns = {
    "auk",   "badger", "bat",   "bear",  "bee",    "bison", "carp", "cat",   "cod",    "colt",  "crab",
    "crane", "crow",   "deer",  "dove",  "duck",   "eagle", "eel",  "elk",   "falcon", "finch", "fox",
    "frog",  "gnu",    "goat",  "goose", "grouse", "gull",  "hare", "hawk",  "heron",  "horse", "ibis",
    "jay",   "kite",   "koi",   "lark",  "lion",   "loon",  "lynx", "mole",  "moth",   "mouse", "newt",
    "otter", "owl",    "panda", "perch", "pike",   "quail", "ram",  "raven", "robin",  "seal",  "shrew",
    "skate", "snail",  "sole",  "stork", "swan",   "tern",  "toad", "trout", "wren"};

}  // namespace

std::string random_name(std::string_view id) {
  std::uint64_t seed = 0xcbf29ce484222325ULL;
  for (const char c : id) seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  core::Random random(seed);
  const auto adjective = kAdjectives[random.below(kAdjectives.size())];
  const auto noun = kNouns[random.below(kNouns.size())];
  return fmt::format("{}-{}-{}", adjective, noun, random.below(1001));
}

}  // namespace wakeful::tracker
