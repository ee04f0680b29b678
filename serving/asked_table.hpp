#pragma once
// Rows that come cell by cell, by the names of their columns: what the forms of a scoring request have in common.
//
// Every row has every column, in the order in which they are first met; a cell that does not come is missing. A model
// that was trained with features says beforehand which columns it takes; what else comes is passed over, unread.
// Threads: one owner.
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "serving/asked_rows.hpp"

namespace wakeful::serving {

class AskedTable {
 public:
  enum class Role { number, text, time, other_time, none };
  struct Place {
    Role role = Role::none;
    std::size_t at = 0;  // among the numbers, or the texts
    bool operator==(const Place&) const = default;
  };

  /// Borrows `wanted`.
  explicit AskedTable(const Wanted& wanted);

  /// Where cells of that name go. `other_time` counts where there is no column that the model calls its time.
  Place place_of(const std::string& name);
  /// Errors: invalid beyond kMostCells.
  void begin_row();
  void set_number(Place place, double value);
  void set_text(Place place, std::string value);
  void set_time(Place place, std::string json);
  /// Errors: invalid, naming a column that the model takes and no row has.
  AskedRows take();

 private:
  /// Names that come once each would need memory by the square.
  void grow(std::size_t cells);

  const Wanted& wanted_;
  AskedRows out_;
  std::map<std::string, Place> wanted_places_;
  std::map<std::string, Place> places_;  // those that were met
  std::size_t text_width_ = 0;
  std::size_t cell_count_ = 0;
  std::vector<std::vector<double>> cells_;
  std::vector<std::string> times_;
  std::vector<std::string> other_times_;
};

}  // namespace wakeful::serving
