// What clients and MLflow's own pages ask of the server as such. It is no GenAI server: traces, scorers, prompts,
// assistants have no routes here, and the clients that know them take the 404 for an answer (mlflow-3.18.md §6).
#include "platform/core/json.hpp"
#include "tracker/endpoints.hpp"

namespace wakeful::tracker {
namespace {

http::Response server_info(const Api& api, http::Request&) {
  core::JsonWriter json;
  json.begin_object().member("store_type", "SqlStore").member("workspaces_enabled", false);
  json.member("trace_archival_enabled", false);
  json.member("multipart_uploads_enabled", false).member("multipart_downloads_enabled", false);
  json.member("artifact_serving_enabled", api.settings.serve_artifacts);
  json.member("presigned_upload_run_id_supported", false).member("presigned_upload_model_id_supported", false);
  json.member("model_artifact_presigned_downloads_supported", false);
  json.key("features_enabled").begin_object();
  json.member("gateway", false).member("scheduled_issue_detection", false).end_object();
  json.member("tracking_auth", "").member("artifacts_presigned_only", false);
  return http::Response::json(json.end_object().take());
}

http::Response ui_telemetry(const Api&, http::Request&) {
  return http::Response::json(R"({"disable_ui_telemetry":true,"disable_ui_events":[],"ui_rollout_percentage":0})");
}

http::Response no_endpoints(const Api&, http::Request&) { return http::Response::json(R"({"endpoints":[]})"); }

http::Response accept(const Api&, http::Request&) { return nothing(); }

}  // namespace

void add_server_endpoints(Endpoints& endpoints) {
  endpoints.add("GET", "/server-info", server_info, "What this server can do.", Under::both_3);
  endpoints.add("GET", "/ui-telemetry", ui_telemetry, "Tells MLflow's pages to send no telemetry.", Under::ajax_3);
  endpoints.add("POST", "/ui-telemetry", accept, "Drops the telemetry of MLflow's pages.", Under::ajax_3);
  endpoints.add("GET", "/gateway-proxy", no_endpoints, "No model gateway is behind this server.", Under::ajax);
  endpoints.add("POST", "/gateway-proxy", no_endpoints, "No model gateway is behind this server.", Under::ajax);
}

}  // namespace wakeful::tracker
