#include "server/commands.hpp"

int main(int argc, char** argv) { return wakeful::server::run_command_line(argc, argv); }
