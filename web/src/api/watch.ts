// Wakeful's own API: detectors, jobs, evaluations, scores, anomalies, sources. Shapes are read here, once: the pages
// see numbers of ms and no optional surprises.
import { readChannels, type Channel } from '../lib/channels';
import { parseSpan, time } from '../lib/format';
import { ask, type Ask } from './http';
import type { Page } from './mlflow';

const kRoot = 'api/v1';

type Json = Record<string, unknown>;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A metric as a detector's file says it. */
export interface Metric {
  name: string;
  source: { observations?: string; sql?: { connection: string }; csv?: { path: string } };
  aggregate: string;
  dimension_groupings?: string[];
  dimension_filters?: string[];
  fill: string;
  /** The one group that a model is about, where every group has a model. */
  group?: string[];
}

/** A detector's file as the server keeps it: every default written out. */
export interface Definition {
  name: string;
  description?: string;
  deployment_mode: string;
  schedule: 'manual' | { every: string } | { cron: string; timezone: string };
  time_spec: { granularity: string; start?: string; end: string; retrain?: string };
  metrics: Metric[];
  algorithms: Record<string, Json>;
  /** The table that verdicts on rows go to. */
  predict?: { output: { connection: string; table: string }; interval: string };
}

/** A model on watch: one for each metric of a trained detector. */
export interface OnlineModel {
  name: string;
  /** As it was trained, whatever the detector's file says by now. */
  metric: Metric;
  version: number;
  /** Start of the last evaluated bucket. */
  mark: number;
  trained: number;
  creationRun: string;
}

export interface Detector {
  name: string;
  description: string;
  mode: string;
  /** As a person says it: "every 5m", a cron line with its zone, "manual". */
  schedule: string;
  /** Distance of two evaluations in ms, where the schedule has one. */
  every: number | null;
  /** Width of a bucket in ms. */
  granularity: number;
  algorithms: string[];
  /** The server's word: untrained, healthy or failing. */
  state: string;
  reason: string;
  /** Data time up to which all its models have evaluated. */
  evaluatedUpTo: number | null;
  /** Wall-clock time of the last evaluation that succeeded. */
  lastEvaluation: number | null;
  nextEvaluation: number | null;
  models: OnlineModel[];
  definition: Definition;
}

export interface Job {
  id: string;
  kind: 'train' | 'evaluate' | 'predict';
  detector: string;
  state: string;
  attempt: number;
  attempts: number;
  from: number | null;
  until: number | null;
  created: number;
  started: number | null;
  finished: number | null;
  error: string;
  result: Record<string, number | string> | null;
  owner: string;
  run: string;
}

export interface Evaluation {
  id: string;
  from: number;
  to: number;
  rows: number;
  anomalies: number;
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
  /** Those that it was, the largest contribution first; none where channels are judged one by one. */
  channels: Channel[];
  /** Of all channels, told or not. */
  channelCount: number;
  /** Of those, outside their bounds; null where the method has none. */
  outOfBounds: number | null;
}

export interface Source {
  name: string;
  rows: number;
  series: number;
  metrics: string[];
  last: number | null;
}

function scheduleWords(schedule: Definition['schedule']): string {
  if (typeof schedule === 'string') return schedule;
  return 'every' in schedule ? `every ${schedule.every}` : `${schedule.cron} ${schedule.timezone}`;
}

const readModel = (row: Json): OnlineModel => ({
  name: text(row.name),
  metric: row.metric as Metric,
  version: row.version as number,
  mark: time(row.last_evaluation_ts)!,
  trained: time(row.trained_at)!,
  creationRun: text(row.creation_run_id),
});

export function readDetector(row: Json): Detector {
  const definition = row.definition as Definition;
  const { schedule } = definition;
  return {
    name: text(row.name),
    description: text(row.description),
    mode: text(row.deployment_mode),
    schedule: scheduleWords(schedule),
    every: typeof schedule === 'object' && 'every' in schedule ? parseSpan(schedule.every) : null,
    granularity: parseSpan(definition.time_spec.granularity)!,
    algorithms: Object.keys(definition.algorithms),
    state: text(row.state),
    reason: text(row.reason),
    evaluatedUpTo: time(row.last_evaluation_ts),
    lastEvaluation: time(row.last_evaluated_at),
    nextEvaluation: time(row.next_evaluation_at),
    models: (row.models as Json[]).map(readModel),
    definition,
  };
}

export function readJob(row: Json): Job {
  const interval = row.interval as Json;
  const times = row.times as Json;
  return {
    id: text(row.id),
    kind: row.kind as Job['kind'],
    detector: text(row.subject),
    state: text(row.state),
    attempt: row.attempt as number,
    attempts: row.max_attempts as number,
    from: time(interval.from),
    until: time(interval.until),
    created: time(times.created)!,
    started: time(times.started),
    finished: time(times.finished),
    error: text(row.error),
    result: row.result as Job['result'],
    owner: text(row.owner),
    run: text(row.run_id),
  };
}

const readScore = (row: Json): Score => ({
  time: time(row.timestamp)!,
  entity: text(row.entity),
  algorithm: text(row.algorithm),
  value: row.value as number | null,
  expected: row.expected as number | null,
  lower: row.lower as number | null,
  upper: row.upper as number | null,
  score: row.score as number | null,
  anomaly: row.is_anomaly as boolean,
});

export function readAnomaly(row: Json): Anomaly {
  const channels = readChannels(row.metadata);
  const { channel_count: all, out_of_bounds: out } = (row.metadata ?? {}) as Json;
  return {
    ...readScore(row),
    detector: text(row.detector),
    model: text(row.model),
    channels,
    channelCount: typeof all === 'number' ? all : channels.length,
    outOfBounds: typeof out === 'number' ? out : null,
  };
}

async function page<T>(path: string, noun: string, read: (row: Json) => T, options: Ask): Promise<Page<T>> {
  const answer = await ask<Json>(`${kRoot}/${path}`, options);
  return { rows: (answer[noun] as Json[]).map(read), next: text(answer.next_page_token) };
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
  return readDetector(answer.detector as Json);
}

export async function runDetector(name: string, kind: 'train' | 'evaluate'): Promise<Job> {
  const answer = await ask<Json>(`${kRoot}/detectors/${encodeURIComponent(name)}/run`, { body: { kind } });
  return readJob(answer.job as Json);
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
  return readJob(answer.job as Json);
}

export async function cancelJob(id: string): Promise<void> {
  await ask(`${kRoot}/jobs/${encodeURIComponent(id)}/cancel`, { body: {} });
}

export const listEvaluations = (model: string, signal: AbortSignal, limit = 500): Promise<Evaluation[]> =>
  everything(
    'evaluations',
    'evaluations',
    (row) => ({
      id: text(row.id),
      from: time(row.from)!,
      to: time(row.to)!,
      rows: row.rows as number,
      anomalies: row.anomalies as number,
    }),
    { query: { model, max_results: limit }, signal },
    limit,
  );

/** Scores are read until there are this many: that there are more is said on screen. */
export const kMostScores = 60_000;

export const listScores = (model: string, range: { from: number | null; to: number | null }, signal: AbortSignal): Promise<Score[]> =>
  everything('scores', 'scores', readScore, { query: { model, ...rangeQuery(range), max_results: 10_000 }, signal }, kMostScores);

/** One page of what was scored from `from` on, for a look at the newest; of very many series only the first buckets. */
export async function listNewestScores(model: string, from: number, signal: AbortSignal): Promise<Score[]> {
  return (await page('scores', 'scores', readScore, { query: { model, ...rangeQuery({ from, to: null }), max_results: 1000 }, signal })).rows;
}

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
      name: text(row.name),
      rows: row.rows as number,
      series: row.series as number,
      metrics: row.metrics as string[],
      last: time(row.last),
    }),
    { query: { max_results: 1000 }, ...(signal && { signal }) },
    10_000,
  );

/** One line of a chart: of each pixel the least and the greatest value. */
export interface PushedSeries {
  times: number[];
  values: number[];
}

export interface PushedSearch {
  source: string;
  metric: string;
  /** Dimensions that all of them carry. */
  dims: Record<string, string>;
  filters: string[];
  from: number | null;
  to: number | null;
  px: number;
}

/** What was pushed to a source, whether a detector looked at it or not; one series for each set of dimensions. */
export async function listPushed({ source, metric, dims, filters, from, to, px }: PushedSearch, signal: AbortSignal): Promise<PushedSeries[]> {
  const answer = await ask<{ series: { ts_ms: number[]; value: number[] }[] }>(`${kRoot}/series`, {
    query: { source, metric, filters, px, ...(Object.keys(dims).length > 0 && { dims: JSON.stringify(dims) }), ...rangeQuery({ from, to }) },
    signal,
  });
  return answer.series.map((row) => ({ times: row.ts_ms, values: row.value }));
}

/** The server's version. */
export async function serverVersion(signal: AbortSignal): Promise<string> {
  return text((await ask<Json>(`${kRoot}/server-info`, { signal })).version);
}

/** A process that serves a model at the moment, as it said itself. */
export interface ModelServer {
  address: string;
  model: string;
  version: number;
  /** Requests of the last sixty seconds. */
  lastMinute: number;
  averageMs: number;
  p95Ms: number;
}

export async function listModelServers(signal?: AbortSignal): Promise<ModelServer[]> {
  const answer = await ask<Json>(`${kRoot}/model-servers`, { ...(signal && { signal }) });
  return (answer.model_servers as Json[]).map((row) => ({
    address: text(row.address),
    model: text(row.model),
    version: row.version as number,
    lastMinute: row.last_minute as number,
    averageMs: row.average_ms as number,
    p95Ms: row.p95_ms as number,
  }));
}
