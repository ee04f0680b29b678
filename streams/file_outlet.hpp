#pragma once
// Alerts and dead letters as lines of files, or alerts on standard output. Files are cut at the start to the length
// that the state counts, so a batch that was under way at a kill is written once; what was printed cannot be taken
// back.
#include <optional>
#include <ostream>
#include <string>

#include "streams/counted_file.hpp"
#include "streams/outlet.hpp"
#include "streams/state.hpp"

namespace wakeful::streams {

class FileOutlet final : public Outlet {
 public:
  /// `counts`: the lengths that the state knows. Errors: as CountedFile, fields "stream.output.file" and
  /// "stream.dead_letters.file".
  FileOutlet(const StreamDefinition& definition, const Counts& counts, std::ostream& out);

  static OutputFiles files_of(const StreamDefinition& definition);
  /// Of files that a state has not written yet, and would cut to nothing. Errors: invalid, with those fields, if
  /// somebody's lines stand in one.
  static void require_empty(const OutputFiles& fresh);

  void alert(const Alert& alert) override;
  void bury(const DeadLetter& letter) override;
  bool decides() const override { return false; }
  Lengths prepare() override;
  void commit(std::span<const LaneMove>) override {}

 private:
  const StreamDefinition& definition_;
  std::ostream& out_;
  std::optional<CountedFile> alerts_, dead_;
  std::string printed_;
};

}  // namespace wakeful::streams
