#pragma once
// The files of tests/data/fuzz/parquet_fuzz, which tests/data/fuzz/make_parquet.py wrote with pyarrow.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace wakeful::parquet {

inline std::filesystem::path seed_folder() {
  return std::filesystem::path(WAKEFUL_SOURCE_DIR) / "tests/data/fuzz/parquet_fuzz";
}

inline std::string read_seed(const std::string& name) {
  std::ifstream in(seed_folder() / (name + ".parquet"), std::ios::binary);
  if (!in) throw std::runtime_error("there is no " + name);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline std::vector<std::string> seed_names() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(seed_folder()))
    if (entry.path().extension() == ".parquet") out.push_back(entry.path().stem());
  return out;
}

}  // namespace wakeful::parquet
