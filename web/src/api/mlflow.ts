// The calls of MLflow's API that the pages make, with the shapes they read. Its metric values may be the strings "NaN",
// "Infinity", "-Infinity": `metricValue` reads both.
import { ask } from './http';

const kRoot = 'ajax-api/2.0/mlflow';

export interface Pair {
  key: string;
  value: string;
}

export interface Experiment {
  experiment_id: string;
  name: string;
  artifact_location: string;
  lifecycle_stage: string;
  creation_time?: number;
  last_update_time?: number;
  tags?: Pair[];
}

export interface Metric {
  key: string;
  value: number | string;
  timestamp: number | string;
  step: number | string;
}

export interface Run {
  info: {
    run_id: string;
    run_name?: string;
    experiment_id: string;
    user_id?: string;
    status: string;
    start_time?: number | string;
    end_time?: number | string;
    artifact_uri?: string;
    lifecycle_stage?: string;
  };
  data: { metrics?: Metric[]; params?: Pair[]; tags?: Pair[] };
  inputs?: {
    dataset_inputs?: { tags?: Pair[]; dataset: { name: string; digest: string; source_type: string; source: string; schema?: string } }[];
    model_inputs?: { model_id: string }[];
  };
  outputs?: { model_outputs?: { model_id: string; step?: number }[] };
}

export interface ModelVersion {
  name: string;
  version: string;
  creation_timestamp: number | string;
  last_updated_timestamp?: number | string;
  current_stage?: string;
  description?: string;
  source?: string;
  run_id?: string;
  run_link?: string;
  status?: string;
  tags?: Pair[];
  aliases?: string[];
}

export interface RegisteredModel {
  name: string;
  creation_timestamp: number | string;
  last_updated_timestamp: number | string;
  description?: string;
  latest_versions?: ModelVersion[];
  tags?: Pair[];
  aliases?: { alias: string; version: string }[];
}

export interface FileInfo {
  path: string;
  is_dir: boolean;
  file_size?: number | string;
}

export interface Page<T> {
  rows: T[];
  next: string;
}

export function metricValue(value: number | string): number {
  return typeof value === 'number' ? value : value === 'Infinity' ? Infinity : value === '-Infinity' ? -Infinity : Number(value);
}

export function tag(tags: Pair[] | undefined, key: string): string | undefined {
  return tags?.find((pair) => pair.key === key)?.value;
}

/** Tags a person set: without MLflow's own. */
export function ownTags(tags: Pair[] | undefined): Pair[] {
  return (tags ?? []).filter((pair) => !pair.key.startsWith('mlflow.'));
}

export async function searchExperiments(signal?: AbortSignal): Promise<Experiment[]> {
  const all: Experiment[] = [];
  let token = '';
  do {
    const page: { experiments?: Experiment[]; next_page_token?: string } = await ask(`${kRoot}/experiments/search`, {
      body: { max_results: 1000, page_token: token, order_by: ['last_update_time DESC'] },
      ...(signal && { signal }),
    });
    all.push(...(page.experiments ?? []));
    token = page.next_page_token ?? '';
  } while (token && all.length < 10_000);
  return all;
}

export async function getExperiment(id: string, signal: AbortSignal): Promise<Experiment> {
  const answer = await ask<{ experiment: Experiment }>(`${kRoot}/experiments/get`, { query: { experiment_id: id }, signal });
  return answer.experiment;
}

export interface RunSearch {
  experiment: string;
  filter: string;
  orderBy: string[];
  deleted: boolean;
  token?: string;
  limit?: number;
}

export async function searchRuns(search: RunSearch, signal?: AbortSignal): Promise<Page<Run>> {
  const answer = await ask<{ runs?: Run[]; next_page_token?: string }>(`${kRoot}/runs/search`, {
    body: {
      experiment_ids: [search.experiment],
      filter: search.filter,
      order_by: search.orderBy,
      run_view_type: search.deleted ? 'DELETED_ONLY' : 'ACTIVE_ONLY',
      max_results: search.limit ?? 100,
      ...(search.token && { page_token: search.token }),
    },
    ...(signal && { signal }),
  });
  return { rows: answer.runs ?? [], next: answer.next_page_token ?? '' };
}

export async function getRun(id: string, signal: AbortSignal): Promise<Run> {
  const answer = await ask<{ run: Run }>(`${kRoot}/runs/get`, { query: { run_id: id }, signal });
  return answer.run;
}

export interface History {
  time: number[];
  step: number[];
  value: number[];
  /** False when the history is longer than what was fetched. */
  whole: boolean;
}

const kHistoryPage = 25_000;
const kHistoryPages = 8;

export async function getHistory(run: string, key: string, signal: AbortSignal): Promise<History> {
  const points: Metric[] = [];
  let token = '';
  for (let page = 0; page < kHistoryPages; page += 1) {
    const answer: { metrics?: Metric[]; next_page_token?: string } = await ask(`${kRoot}/metrics/get-history`, {
      query: { run_id: run, metric_key: key, max_results: kHistoryPage, page_token: token },
      signal,
    });
    points.push(...(answer.metrics ?? []));
    token = answer.next_page_token ?? '';
    if (!token) break;
  }
  points.sort((a, b) => Number(a.step) - Number(b.step) || Number(a.timestamp) - Number(b.timestamp));
  return {
    time: points.map((point) => Number(point.timestamp)),
    step: points.map((point) => Number(point.step)),
    value: points.map((point) => metricValue(point.value)),
    whole: token === '',
  };
}

export async function searchModels(filter: string, token = '', signal?: AbortSignal): Promise<Page<RegisteredModel>> {
  const answer = await ask<{ registered_models?: RegisteredModel[]; next_page_token?: string }>(`${kRoot}/registered-models/search`, {
    query: { filter, max_results: 200, page_token: token },
    ...(signal && { signal }),
  });
  return { rows: answer.registered_models ?? [], next: answer.next_page_token ?? '' };
}

export async function getModel(name: string, signal: AbortSignal): Promise<RegisteredModel> {
  const answer = await ask<{ registered_model: RegisteredModel }>(`${kRoot}/registered-models/get`, { query: { name }, signal });
  return answer.registered_model;
}

/** A text as a literal of the filter language, which knows no escapes: the other quote when one is inside. */
export function literal(text: string): string {
  return text.includes("'") ? `"${text}"` : `'${text}'`;
}

export async function searchVersions(filter: string, signal: AbortSignal, limit = 1000): Promise<Page<ModelVersion>> {
  const answer = await ask<{ model_versions?: ModelVersion[]; next_page_token?: string }>(`${kRoot}/model-versions/search`, {
    query: { filter, max_results: limit, order_by: 'version_number DESC' },
    signal,
  });
  return { rows: answer.model_versions ?? [], next: answer.next_page_token ?? '' };
}

export async function listArtifacts(run: string, path: string, signal: AbortSignal): Promise<{ root: string; files: FileInfo[] }> {
  const answer = await ask<{ root_uri?: string; files?: FileInfo[] }>(`${kRoot}/artifacts/list`, { query: { run_id: run, path }, signal });
  return { root: answer.root_uri ?? '', files: answer.files ?? [] };
}
