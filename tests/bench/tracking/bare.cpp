// The least that a cpp-httplib server can do: one 2-byte answer, set up for speed (a thread per connection, no delay on
// its sockets). What Wakeful's /health is measured against. Usage: bare PORT
#include <httplib.h>

#include <cstdlib>

int main(int argc, char** argv) {
  constexpr std::size_t kThreads = 64;  // the most connections that it is asked over
  httplib::Server server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(1'000'000'000);
  server.set_keep_alive_timeout(60);
  server.Get("/health",
             [](const httplib::Request&, httplib::Response& response) { response.set_content("OK", "text/plain"); });
  return server.listen("127.0.0.1", argc > 1 ? std::atoi(argv[1]) : 8080) ? 0 : 1;
}
