#pragma once
// Alerts and dead letters as lines of files, or alerts on standard output. Files are cut at the start to the length
// that the state counts, so a batch that was under way at a kill is written once; what was printed cannot be taken
// back.
#include <optional>
#include <ostream>
#include <string>

#include "streams/counted_file.hpp"
#include "streams/outlet.hpp"

namespace wakeful::streams {

class FileOutlet final : public Outlet {
 public:
  /// `counts`: the lengths that the state knows. Errors: as CountedFile, fields "stream.output.file" and
  /// "stream.dead_letters.file".
  FileOutlet(const StreamDefinition& definition, const Counts& counts, std::ostream& out);

  void alert(const Alert& alert) override;
  void bury(const DeadLetter& letter) override;
  bool decides() const override { return false; }
  void prepare(Counts& counts) override;
  void commit(std::span<const LaneMove>) override {}

 private:
  const StreamDefinition& definition_;
  std::ostream& out_;
  std::optional<CountedFile> alerts_, dead_;
  std::string printed_;
};

}  // namespace wakeful::streams
