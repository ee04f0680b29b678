#pragma once
// What names, aliases, tags and texts may be: MLflow's limits with MLflow's words. Pure.
//
// Lengths count code points. Every check throws `invalid` and names the field. Source: mlflow-registry.md §2.5, §2.6.
#include <cstddef>
#include <string_view>
#include <vector>

#include "registry/wire/read.hpp"

namespace wakeful::registry {

inline constexpr std::size_t kMaxName = 256;
inline constexpr std::size_t kMaxDescription = 5'000;
inline constexpr std::size_t kMaxSource = 500;
inline constexpr std::size_t kMaxRunId = 32;
inline constexpr std::size_t kMaxTagKey = 250;
inline constexpr std::size_t kMaxTagValue = 100'000;
inline constexpr std::size_t kMaxAlias = 255;
/// The tag that makes a model a prompt.
inline constexpr std::string_view kPromptTag = "mlflow.prompt.is_prompt";
/// The high-water mark of an online model, on its versions.
inline constexpr std::string_view kMarkTag = "last_evaluation_ts";

void check_model_name(std::string_view name, std::string_view field = "name");
void check_description(std::string_view text);
/// `where` is what messages call the tag ("", or "tags[2]").
void check_tag(const Tag& tag, std::string_view where = {});
void check_tags(const std::vector<Tag>& tags);
void check_alias(std::string_view alias);
/// The alias that means the newest version, in any case of letters. Nobody can set it.
bool is_latest(std::string_view alias);
/// Whether the tags say that their owner is a prompt.
bool is_prompt(const std::vector<Tag>& tags);

}  // namespace wakeful::registry
