#include <iostream>

#include "platform/core/clock.hpp"
#include "server/cli/command_line.hpp"
#include "server/serve.hpp"

namespace wakeful::server {
namespace {

void add_store(CommandLine& line) {
  CLI::App* db = line.root.add_subcommand("db", "Look after the store")->require_subcommand(1);
  line.add(*db, "upgrade", "Bring the schema up to date",
           [&line] { return on_store([&line] { return upgrade_store(line.store, std::cout); }); });
  line.add(*db, "status", "Show which migrations are applied",
           [&line] { return on_store([&line] { return show_store(line.store, std::cout); }); });
  CLI::App* backup = line.add(*db, "backup", "Write a consistent copy into a new file", [&line] {
    return on_store([&line] { return back_up_store(line.store, line.path, std::cout); });
  });
  backup->add_option("file", line.path, "the new file")->required();
  for (CLI::App* command : db->get_subcommands({}))
    command->add_option("--backend-store-uri", line.store, "the store [WAKEFUL_BACKEND_STORE_URI]")->type_name("");
}

void add_gc(CommandLine& line) {
  CLI::App* gc = line.add(line.root, "gc", "Clear away for good what was deleted: rows and files", [&line] {
    return on_store([&line] {
      of_words([&line] { return core::parse_duration(line.gc.older_than); });
      return collect_garbage(line.gc_flags->settings(), line.gc, std::cout);
    });
  });
  gc->set_help_flag("--help", "Show this and end");
  gc->footer("Example: wakeful gc --older-than 7d --dry-run");
  gc->add_option("--older-than", line.gc.older_than, "deleted at least so long ago")->type_name("");
  gc->add_flag("--dry-run", line.gc.dry_run, "count, change nothing");
  line.gc_flags.emplace(*gc);
}

}  // namespace

void add_store_commands(CommandLine& line) {
  add_store(line);
  add_gc(line);
}

}  // namespace wakeful::server
