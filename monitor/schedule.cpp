#include "monitor/schedule.hpp"

#include <array>
#include <bitset>
#include <stdexcept>
#include <string>
#include <vector>

#include <date/tz.h>
#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::monitor {
namespace {

using std::chrono::seconds;
using Seconds = std::chrono::sys_time<seconds>;

/// A cron line waits at most for 29 February across a century's end.
constexpr auto kLongestWait = std::chrono::hours(24 * 366 * 9);
constexpr auto kCountedAbsence = std::chrono::hours(24 * 30);

struct FieldShape {
  std::string_view name;
  int least;
  int most;
  std::span<const std::string_view> words{};  // words[i] is least + i
};
constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 8> kDays{"sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::array<FieldShape, 5> kFields{{{"minute", 0, 59},
                                             {"hour", 0, 23},
                                             {"day of month", 1, 31},
                                             {"month", 1, 12, kMonths},
                                             {"day of week", 0, 7, kDays}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNicknames{{{"@yearly", "0 0 1 1 *"},
                                                                                   {"@annually", "0 0 1 1 *"},
                                                                                   {"@monthly", "0 0 1 * *"},
                                                                                   {"@weekly", "0 0 * * 0"},
                                                                                   {"@daily", "0 0 * * *"},
                                                                                   {"@midnight", "0 0 * * *"},
                                                                                   {"@hourly", "0 * * * *"}}};

struct FieldSet {
  std::bitset<60> values;
  bool restricted = true;  // not "*" alone
  bool wild = false;       // begins with "*"
};

[[noreturn]] void refuse(const std::string& field, std::string_view line, std::string_view why) {
  throw core::invalid(fmt::format("'{}': cron line '{}': {}", field, line.substr(0, 120), why), field);
}

class LineParser {
 public:
  LineParser(std::string_view line, std::string field) : line_(line), field_(std::move(field)) {}

  std::array<FieldSet, 5> parse(std::string_view text) const {
    std::vector<std::string_view> words;
    for (const std::string_view word : core::split(text, ' ')) {
      for (const std::string_view part : core::split(word, '\t')) {
        if (!part.empty()) words.push_back(part);
      }
    }
    if (words.size() != kFields.size())
      refuse(field_, line_, fmt::format("{} fields instead of 5: minute hour day month weekday", words.size()));
    std::array<FieldSet, 5> fields;
    for (std::size_t i = 0; i < fields.size(); ++i) fields[i] = read_field(words[i], kFields[i]);
    if (fields[4].values[7]) fields[4].values.set(0);
    return fields;
  }

 private:
  FieldSet read_field(std::string_view text, const FieldShape& shape) const {
    FieldSet set;
    set.wild = text.starts_with('*');
    set.restricted = text != "*";
    for (const std::string_view part : core::split(text, ',')) add_part(part, shape, set);
    return set;
  }

  void add_part(std::string_view part, const FieldShape& shape, FieldSet& set) const {
    const auto slash = part.find('/');
    const std::string_view range = part.substr(0, slash);
    int step = 1;
    if (slash != std::string_view::npos) {
      const auto number = core::to_integer(part.substr(slash + 1));
      if (!number || *number < 1 || *number > shape.most)
        refuse(field_, line_, fmt::format("'{}' is no step for the {}", part, shape.name));
      step = static_cast<int>(*number);
    }
    int first = shape.least;
    int last = shape.most;
    if (range != "*") {
      const auto dash = range.find('-');
      first = read_value(range.substr(0, dash), shape, part);
      // "5/15" is from 5 on, as in the other crons.
      last = dash != std::string_view::npos ? read_value(range.substr(dash + 1), shape, part)
                                            : (slash != std::string_view::npos ? shape.most : first);
      if (last < first) refuse(field_, line_, fmt::format("'{}' ends before it begins", part));
    } else if (shape.most == 7) {
      last = 6;  // 7 is Sunday once more
    }
    for (int value = first; value <= last; value += step) set.values.set(static_cast<std::size_t>(value));
  }

  int read_value(std::string_view text, const FieldShape& shape, std::string_view part) const {
    const std::string word = core::to_lower(text);
    for (std::size_t i = 0; i < shape.words.size(); ++i) {
      if (word == shape.words[i]) return shape.least + static_cast<int>(i);
    }
    const auto number = core::to_integer(text);
    const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
    if (!number || !digits || *number < shape.least || *number > shape.most) {
      refuse(
          field_, line_,
          fmt::format("'{}' is no {}: {} to {}, lists, ranges and steps", part, shape.name, shape.least, shape.most));
    }
    return static_cast<int>(*number);
  }

  std::string_view line_;
  std::string field_;
};

const date::time_zone* find_zone(std::string_view name, const std::string& field) {
  try {
    return date::locate_zone(std::string(name));
  } catch (const std::runtime_error&) {
    std::vector<std::string_view> known;
    for (const auto& zone : date::get_tzdb().zones) known.push_back(zone.name());
    const auto near = core::did_you_mean(name, known);
    throw core::invalid(fmt::format("'{}': unknown time zone '{}'{}", field, name.substr(0, 80),
                                    near ? fmt::format("; did you mean '{}'?", *near) : ""),
                        field);
  }
}

}  // namespace

struct Timetable::CronLine {
  std::array<FieldSet, 5> fields;
  const date::time_zone* zone = nullptr;

  bool is_fixed() const { return !fields[0].wild && !fields[1].wild; }

  bool matches_day(date::local_days day) const {
    const date::year_month_day ymd(day);
    if (!fields[3].values[static_cast<unsigned>(ymd.month())]) return false;
    const bool by_month = fields[2].values[static_cast<unsigned>(ymd.day())];
    const bool by_week = fields[4].values[date::weekday(day).c_encoding()];
    if (fields[2].restricted && fields[4].restricted) return by_month || by_week;
    return by_month && by_week;
  }

  bool matches(date::local_seconds local) const {
    const auto day = date::floor<date::days>(local);
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(local - day).count();
    return fields[1].values[static_cast<std::size_t>(minutes / 60)] &&
           fields[0].values[static_cast<std::size_t>(minutes % 60)] && matches_day(day);
  }

  bool any_between(date::local_seconds first, date::local_seconds last) const {
    for (auto at = date::ceil<std::chrono::minutes>(first); at < last; at += std::chrono::minutes(1)) {
      if (matches(at)) return true;
    }
    return false;
  }

  /// The first match at or after `from` in the stretch of one offset [from, until); `until` if there is none.
  Seconds first_match(Seconds from, Seconds until, seconds offset) const {
    date::local_seconds local{from.time_since_epoch() + offset};
    local = date::ceil<std::chrono::minutes>(local);
    const date::local_seconds end{until.time_since_epoch() + offset};
    while (local < end) {
      const auto day = date::floor<date::days>(local);
      const auto of_day = local - day;
      const auto hour = std::chrono::floor<std::chrono::hours>(of_day);
      if (!matches_day(day))
        local = day + date::days(1);
      else if (!fields[1].values[static_cast<std::size_t>(hour.count())])
        local = day + hour + std::chrono::hours(1);
      else if (!matches(local))
        local += std::chrono::minutes(1);
      else
        return Seconds{local.time_since_epoch() - offset};
    }
    return until;
  }

  std::optional<Seconds> next_after(Seconds after) const;
};

std::optional<Seconds> Timetable::CronLine::next_after(Seconds after) const {
  const Seconds limit = after + kLongestWait;
  Seconds from = after + seconds(1);
  while (from < limit) {
    const date::sys_info here = zone->get_info(from);
    const Seconds end = std::min(Seconds{here.end.time_since_epoch()}, limit);
    const Seconds begin{here.begin.time_since_epoch()};
    Seconds start = from;
    if (is_fixed()) {
      const date::sys_info before = zone->get_info(here.begin - seconds(1));
      const date::local_seconds old_end{begin.time_since_epoch() + before.offset};
      const date::local_seconds new_begin{begin.time_since_epoch() + here.offset};
      if (from == begin && any_between(old_end, new_begin)) return begin;
      // What the clock shows a second time has had its turn.
      if (old_end > new_begin) start = std::max(start, Seconds{old_end.time_since_epoch() - here.offset});
    }
    if (start < end) {
      const Seconds found = first_match(start, end, here.offset);
      if (found < end) return found;
    }
    from = end;
  }
  return std::nullopt;
}

Timetable Timetable::parse(const Schedule& schedule, std::string_view field) {
  Timetable table;
  if (const auto* every = std::get_if<Every>(&schedule)) {
    table.period_ = every->period;
    return table;
  }
  const auto* cron = std::get_if<Cron>(&schedule);
  if (!cron) return table;
  const std::string path = fmt::format("{}.cron", field);
  std::string_view line = core::trim(cron->expression);
  std::string zone = cron->timezone;
  if (line.starts_with("CRON_TZ=")) {
    const auto space = std::min(line.find(' '), line.size());
    zone = std::string(line.substr(8, space - 8));
    line = core::trim(line.substr(space));
  }
  if (line.starts_with("@every ")) {
    try {
      table.period_ = core::parse_duration(core::trim(line.substr(7)));
    } catch (const core::Error& e) {
      refuse(path, cron->expression, e.what());
    }
    if (table.period_ < seconds(1)) refuse(path, cron->expression, "less than a second");
    return table;
  }
  for (const auto& [name, meaning] : kNicknames) {
    if (line == name) line = meaning;
  }
  if (line.starts_with('@'))
    refuse(path, cron->expression, "known are @hourly, @daily, @weekly, @monthly, @yearly, @every");
  auto parsed = std::make_shared<CronLine>();
  parsed->fields = LineParser(cron->expression, path).parse(line);
  parsed->zone = find_zone(zone, fmt::format("{}.timezone", field));
  // From a leap year's first day every date comes within the longest wait, if it comes at all.
  if (!parsed->next_after(Seconds{seconds(946'684'800)})) refuse(path, cron->expression, "such a day never comes");
  table.cron_ = std::move(parsed);
  return table;
}

std::optional<core::Timestamp> Timetable::next_after(core::Timestamp time) const {
  if (cron_) {
    const auto next = cron_->next_after(std::chrono::floor<seconds>(time));
    if (!next) return std::nullopt;
    return core::Timestamp{*next};
  }
  if (period_ == core::Duration{}) return std::nullopt;
  const auto since = time.time_since_epoch();
  const auto behind = ((since % period_) + period_) % period_;
  return time - behind + period_;
}

Timetable::Due Timetable::due(core::Timestamp first, core::Timestamp now) const {
  Due due{.latest = first, .missed = 0, .next = first};
  if (!cron_) {
    due.missed = (now - first) / period_;
    due.latest = first + due.missed * period_;
    due.next = *next_after(now);
    return due;
  }
  // After a long absence the older ticks are not worth counting one by one.
  core::Timestamp at = std::max(first, now - kCountedAbsence);
  for (;;) {
    const auto next = next_after(at);
    due.next = next.value_or(now + kLongestWait);
    if (due.next > now) break;
    due.latest = at = due.next;
    ++due.missed;
  }
  return due;
}

}  // namespace wakeful::monitor
