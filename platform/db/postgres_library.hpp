#pragma once
// The functions of libpq that are used, under their names without "PQ", in snake_case. Loaded with the first PostgreSQL
// store.
#include <libpq-fe.h>

#include "platform/core/shared_library.hpp"

namespace wakeful::db {

struct PostgresLibrary {
  core::SharedLibrary library{"libpq.so.5"};
  decltype(&::PQclear) clear = library.find("PQclear");
  decltype(&::PQcmdStatus) cmd_status = library.find("PQcmdStatus");
  decltype(&::PQcmdTuples) cmd_tuples = library.find("PQcmdTuples");
  decltype(&::PQconnectPoll) connect_poll = library.find("PQconnectPoll");
  decltype(&::PQconnectStartParams) connect_start_params = library.find("PQconnectStartParams");
  decltype(&::PQconsumeInput) consume_input = library.find("PQconsumeInput");
  decltype(&::PQenterPipelineMode) enter_pipeline_mode = library.find("PQenterPipelineMode");
  decltype(&::PQerrorMessage) error_message = library.find("PQerrorMessage");
  decltype(&::PQexitPipelineMode) exit_pipeline_mode = library.find("PQexitPipelineMode");
  decltype(&::PQfinish) finish = library.find("PQfinish");
  decltype(&::PQflush) flush = library.find("PQflush");
  decltype(&::PQftype) ftype = library.find("PQftype");
  decltype(&::PQgetResult) get_result = library.find("PQgetResult");
  decltype(&::PQgetisnull) getisnull = library.find("PQgetisnull");
  decltype(&::PQgetlength) getlength = library.find("PQgetlength");
  decltype(&::PQgetvalue) getvalue = library.find("PQgetvalue");
  decltype(&::PQisBusy) is_busy = library.find("PQisBusy");
  decltype(&::PQnfields) nfields = library.find("PQnfields");
  decltype(&::PQntuples) ntuples = library.find("PQntuples");
  decltype(&::PQparameterStatus) parameter_status = library.find("PQparameterStatus");
  decltype(&::PQpipelineSync) pipeline_sync = library.find("PQpipelineSync");
  decltype(&::PQresultErrorField) result_error_field = library.find("PQresultErrorField");
  decltype(&::PQresultStatus) result_status = library.find("PQresultStatus");
  decltype(&::PQsendPrepare) send_prepare = library.find("PQsendPrepare");
  decltype(&::PQsendQuery) send_query = library.find("PQsendQuery");
  decltype(&::PQsendQueryPrepared) send_query_prepared = library.find("PQsendQueryPrepared");
  decltype(&::PQserverVersion) server_version = library.find("PQserverVersion");
  decltype(&::PQsetNoticeProcessor) set_notice_processor = library.find("PQsetNoticeProcessor");
  decltype(&::PQsetnonblocking) setnonblocking = library.find("PQsetnonblocking");
  decltype(&::PQsocket) socket = library.find("PQsocket");
  decltype(&::PQstatus) status = library.find("PQstatus");
};

/// Errors: unavailable where it is not installed.
inline const PostgresLibrary& pq() {
  static const PostgresLibrary library;
  return library;
}

}  // namespace wakeful::db
