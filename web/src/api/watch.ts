// Wakeful's own API: detectors, jobs, evaluations, scores, anomalies, sources. Shapes are read here, once: the pages
// see numbers of ms and no optional surprises.
import { parseSpan, time } from '../lib/format';
import { ask, type Ask } from './http';
import type { Page } from './mlflow';

const kRoot = 'api/v1';

type Json = Record<string, unknown>;

const text = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');
const numeric = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const record = (value: unknown): Json => (value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : {});
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.map(record) : []);

export interface Detector {
  name: string;
  description: string;
  mode: string;
  /** As a person says it: "every 5m", a cron line with its zone, "manual", "stream". */
  schedule: string;
  /** Distance of two evaluations in ms, where the schedule has one. */
  every: number | null;
  /** Width of a bucket in ms. */
  granularity: number | null;
  metrics: string[];
  algorithms: string[];
  sources: string[];
  /** The server's own word, if it says one. */
  state: string;
  reason: string;
  enabled: boolean;
  /** Data time up to which it has evaluated. */
  evaluatedUpTo: number | null;
  /** Wall-clock time of the last evaluation that succeeded. */
  lastEvaluation: number | null;
  nextEvaluation: number | null;
  lastTraining: number | null;
  /** The detector file as the server keeps it. */
  definition: unknown;
}

export interface Job {
  id: string;
  kind: string;
  subject: string;
  state: string;
  attempt: number;
  attempts: number | null;
  from: number | null;
  until: number | null;
  created: number | null;
  started: number | null;
  finished: number | null;
  error: string;
  result: unknown;
  owner: string;
}

export interface Evaluation {
  id: string;
  model: string;
  version: string;
  from: number | null;
  to: number | null;
  rows: number;
  anomalies: number;
  run: string;
  at: number | null;
}

export interface Score {
  time: number;
  entity: string;
  algorithm: string;
  value: number | null;
  expected: number | null;
  lower: number | null;
  upper: number | null;
  score: number | null;
  anomaly: boolean;
}

export interface Anomaly extends Score {
  detector: string;
  model: string;
  version: string;
  run: string;
}

export interface Source {
  name: string;
  rows: number;
  series: number;
  first: number | null;
  last: number | null;
}

function readSchedule(value: unknown): { words: string; every: number | null } {
  if (typeof value === 'string') return { words: value, every: parseSpan(value) };
  const schedule = record(value);
  if (schedule.every !== undefined) return { words: `every ${text(schedule.every)}`, every: parseSpan(schedule.every) };
  if (schedule.cron !== undefined) return { words: [text(schedule.cron), text(schedule.timezone)].filter(Boolean).join(' '), every: null };
  return { words: 'manual', every: null };
}

export function readDetector(json: unknown): Detector {
  const row = record(json);
  const definition = record(row.definition ?? row.spec ?? row.config ?? row);
  const pick = (name: string): unknown => row[name] ?? definition[name];
  const { words, every } = readSchedule(pick('schedule'));
  const metrics = list(pick('metrics'));
  const algorithms = pick('algorithms');
  return {
    name: text(pick('name')),
    description: text(pick('description')),
    mode: text(pick('deployment_mode')) || 'prod',
    schedule: words,
    every,
    granularity: parseSpan(record(pick('time_spec')).granularity ?? pick('granularity')),
    metrics: metrics.map((metric) => text(metric.name)),
    algorithms: Array.isArray(algorithms) ? algorithms.map(text) : Object.keys(record(algorithms)),
    sources: metrics.map((metric) => text(record(metric.source).observations)).filter(Boolean),
    state: text(row.state),
    reason: text(row.reason ?? row.state_reason),
    enabled: pick('enabled') !== false && row.paused !== true,
    evaluatedUpTo: time(row.last_evaluation_ts ?? row.evaluated_until),
    lastEvaluation: time(row.last_evaluated_at ?? row.last_evaluation_at),
    nextEvaluation: time(row.next_evaluation_at ?? row.next_run_at ?? row.next_tick),
    lastTraining: time(row.last_trained_at ?? row.last_training_at),
    definition: row.definition ?? row.spec ?? row.config ?? row,
  };
}

export function readJob(json: unknown): Job {
  const row = record(json);
  const interval = record(row.interval);
  const times = record(row.times);
  const at = (name: string): number | null => time(row[`${name}_at`] ?? times[name] ?? times[`${name}_at`] ?? row[name]);
  return {
    id: text(row.id),
    kind: text(row.kind),
    subject: text(row.subject),
    state: text(row.state),
    attempt: numeric(row.attempt) ?? 0,
    attempts: numeric(row.max_attempts),
    from: time(interval.from ?? interval.start),
    until: time(interval.until ?? interval.end ?? interval.to ?? row.until),
    created: at('created') ?? at('scheduled'),
    started: at('started'),
    finished: at('finished'),
    error: typeof row.error === 'string' ? row.error : text(record(row.error).message),
    result: row.result ?? null,
    owner: text(row.owner),
  };
}

function readScore(row: Json): Score {
  return {
    time: time(row.timestamp ?? row.ts) ?? NaN,
    entity: typeof row.entity === 'string' ? row.entity : row.entity ? JSON.stringify(row.entity) : '',
    algorithm: text(row.algorithm),
    value: numeric(row.value),
    expected: numeric(row.expected),
    lower: numeric(row.lower),
    upper: numeric(row.upper),
    score: numeric(row.score),
    anomaly: row.is_anomaly === true || row.is_anomaly === 1,
  };
}

function readAnomaly(row: Json): Anomaly {
  return {
    ...readScore(row),
    anomaly: true,
    detector: text(row.detector),
    model: text(row.model ?? row.model_name),
    version: text(row.model_version ?? row.version),
    run: text(row.run_id),
  };
}

async function page<T>(path: string, noun: string, read: (row: Json) => T, options: Ask): Promise<Page<T>> {
  const answer = await ask<Json>(`${kRoot}/${path}`, options);
  return { rows: list(answer[noun]).map(read), next: text(answer.next_page_token) };
}

async function everything<T>(path: string, noun: string, read: (row: Json) => T, options: Ask, limit: number): Promise<T[]> {
  const rows: T[] = [];
  let token = '';
  do {
    const next = await page(path, noun, read, { ...options, query: { ...options.query, page_token: token } });
    rows.push(...next.rows);
    token = next.next;
  } while (token && rows.length < limit);
  return rows;
}

export const listDetectors = (signal?: AbortSignal): Promise<Detector[]> =>
  everything('detectors', 'detectors', readDetector, { query: { max_results: 1000 }, ...(signal && { signal }) }, 20_000);

export async function getDetector(name: string, signal: AbortSignal): Promise<Detector> {
  const answer = await ask<Json>(`${kRoot}/detectors/${encodeURIComponent(name)}`, { signal });
  return readDetector(answer.detector ?? answer);
}

export async function runDetector(name: string, kind: 'train' | 'evaluate'): Promise<Job> {
  const answer = await ask<Json>(`${kRoot}/detectors/${encodeURIComponent(name)}/run`, { body: { kind } });
  return readJob(answer.job ?? answer);
}

export interface JobSearch {
  state?: string;
  kind?: string;
  detector?: string;
  token?: string;
  limit?: number;
}

export const listJobs = (search: JobSearch, signal?: AbortSignal): Promise<Page<Job>> =>
  page('jobs', 'jobs', readJob, {
    query: { state: search.state, kind: search.kind, detector: search.detector, page_token: search.token, max_results: search.limit ?? 200 },
    ...(signal && { signal }),
  });

export async function getJob(id: string, signal: AbortSignal): Promise<Job> {
  const answer = await ask<Json>(`${kRoot}/jobs/${encodeURIComponent(id)}`, { signal });
  return readJob(answer.job ?? answer);
}

export async function cancelJob(id: string): Promise<void> {
  await ask(`${kRoot}/jobs/${encodeURIComponent(id)}/cancel`, { body: {} });
}

export const listEvaluations = (model: string, signal: AbortSignal, limit = 500): Promise<Evaluation[]> =>
  everything(
    'evaluations',
    'evaluations',
    (row) => ({
      id: text(row.id ?? row.evaluation_id),
      model: text(row.model),
      version: text(row.model_version ?? row.version),
      from: time(row.from),
      to: time(row.to),
      rows: numeric(row.rows) ?? 0,
      anomalies: numeric(row.anomalies) ?? 0,
      run: text(row.run_id),
      at: time(row.created_at ?? row.evaluated_at ?? row.at),
    }),
    { query: { model, max_results: limit }, signal },
    limit,
  );

/** Scores are read until there are this many: that there are more is said on screen. */
export const kMostScores = 60_000;

export const listScores = (model: string, range: { from: number | null; to: number | null }, signal: AbortSignal): Promise<Score[]> =>
  everything('scores', 'scores', readScore, { query: { model, ...rangeQuery(range), max_results: 10_000 }, signal }, kMostScores);

function rangeQuery({ from, to }: { from: number | null; to: number | null }): Record<string, string | undefined> {
  return {
    from: from === null ? undefined : new Date(from).toISOString(),
    to: to === null ? undefined : new Date(to).toISOString(),
  };
}

export interface AnomalySearch {
  detector?: string;
  model?: string;
  from?: number | null;
  to?: number | null;
  token?: string;
  limit?: number;
}

export const listAnomalies = (search: AnomalySearch, signal?: AbortSignal): Promise<Page<Anomaly>> =>
  page('anomalies', 'anomalies', readAnomaly, {
    query: {
      detector: search.detector,
      model: search.model,
      ...rangeQuery({ from: search.from ?? null, to: search.to ?? null }),
      page_token: search.token,
      max_results: search.limit ?? 100,
    },
    ...(signal && { signal }),
  });

export const listSources = (signal?: AbortSignal): Promise<Source[]> =>
  everything(
    'sources',
    'sources',
    (row) => ({
      name: text(row.name ?? row.source),
      rows: numeric(row.rows) ?? 0,
      series: numeric(row.series) ?? 0,
      first: time(row.first ?? row.first_ts ?? row.first_time),
      last: time(row.last ?? row.last_ts ?? row.last_time),
    }),
    { query: { max_results: 1000 }, ...(signal && { signal }) },
    10_000,
  );

export interface ServerInfo {
  version: string;
  store: string;
}

export async function serverInfo(signal: AbortSignal): Promise<ServerInfo> {
  const answer = await ask<Json>(`${kRoot}/server-info`, { signal });
  return { version: text(answer.version ?? answer.wakeful_version), store: text(answer.store_type ?? answer.store ?? answer.database) };
}
