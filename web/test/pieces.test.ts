import { describe, expect, test } from 'vitest';
import type { Run } from '../src/api/mlflow';
import { metricValue, literal } from '../src/api/mlflow';
import { readDetector, readJob } from '../src/api/watch';
import { stateOf, type Facts } from '../src/lib/detector_state';
import { parseCsv, previewKind } from '../src/lib/preview';
import { addKeys, columnsFromText, columnsToText, firstColumns, orderClause } from '../src/lib/run_columns';
import { asYaml } from '../src/lib/yaml';

describe('the state of a detector', () => {
  const now = 1_000_000_000;
  const calm: Facts = {
    said: 'healthy', reason: '', lastEvaluation: now - 60_000, evaluatedUpTo: now - 120_000, every: 300_000,
    granularity: 300_000, lastAnomaly: null, anomaly: '', now,
  };
  test.each<[string, Partial<Facts>]>([
    ['healthy', {}],
    ['late', { lastEvaluation: now - 700_000 }],
    ['healthy', { lastEvaluation: now - 700_000, every: null }],
    ['failing', { said: 'failing', lastAnomaly: now - 120_000 }],
    ['untrained', { said: 'untrained', evaluatedUpTo: null, lastEvaluation: null }],
    ['healthy', { evaluatedUpTo: now, lastEvaluation: null }],
    ['anomalous', { lastAnomaly: now - 120_000 - 3_600_000 }],
    ['healthy', { lastAnomaly: now - 120_000 - 3_900_000 }],
    ['anomalous', { lastAnomaly: now - 120_000 }],
  ])('is %s with %o', (name, facts) => {
    expect(stateOf({ ...calm, ...facts }).name).toBe(name);
  });
  test('says why', () => {
    expect(stateOf({ ...calm, lastEvaluation: now - 700_000 }).reason).toBe('Silent for 11 min; it should evaluate every 5 min.');
    expect(stateOf({ ...calm, said: 'failing', reason: 'The last train job failed: no data' }).reason).toContain('no data');
  });
});

describe('columns of runs', () => {
  const run = (metrics: string[], params: string[]): Run => ({
    info: { run_id: 'a', experiment_id: '1', status: 'FINISHED' },
    data: { metrics: metrics.map((key) => ({ key, value: 1, timestamp: 0, step: 0 })), params: params.map((key) => ({ key, value: '' })) },
  });
  test('are remembered and never lost', () => {
    const one = addKeys({ metrics: [], params: [] }, [run(['b'], ['p'])]);
    const two = addKeys(one, [run(['a'], [])]);
    expect(two).toEqual({ metrics: ['a', 'b'], params: ['p'] });
    expect(addKeys(two, [run(['a'], ['p'])])).toBe(two);
  });
  test('begin with a few', () => {
    const keys = { metrics: ['a', 'b', 'c', 'd', 'e', 'system/cpu'], params: ['p', 'q', 'r', 's'] };
    expect(firstColumns(keys)).toEqual(['metrics.a', 'metrics.b', 'metrics.c', 'metrics.d', 'params.p', 'params.q', 'params.r']);
  });
  test('become order_by clauses, quoted where the grammar needs it', () => {
    expect(orderClause('metrics.rmse', true)).toBe('metrics.rmse DESC');
    expect(orderClause('metrics.val/loss', false)).toBe('metrics.`val/loss` ASC');
    expect(orderClause('start_time', true)).toBe('attributes.start_time DESC');
  });
  test('go into the address and back', () => {
    const columns = ['metrics.a,b', 'params.x y/z'];
    expect(columnsFromText(columnsToText(columns))).toEqual(columns);
  });
});

test('values of metrics may be words', () => {
  expect(metricValue('NaN')).toBeNaN();
  expect(metricValue('-Infinity')).toBe(-Infinity);
  expect(metricValue(0.5)).toBe(0.5);
});

test('a literal takes the quote that is not inside', () => {
  expect(literal('a')).toBe("'a'");
  expect(literal("it's")).toBe('"it\'s"');
});

test('CSV with quotes, separators and line ends inside', () => {
  expect(parseCsv('a,b\r\n"x, ""y""","1\n2"\n', ',', 9)).toEqual([['a', 'b'], ['x, "y"', '1\n2']]);
  expect(parseCsv('a\nb\nc', ',', 2)).toEqual([['a'], ['b']]);
  expect(previewKind('x/plot.PNG')).toBe('image');
  expect(previewKind('MLmodel')).toBe('text');
});

test('a definition reads as a person writes it', () => {
  expect(asYaml({ name: 'a-b', schedule: { every: '5m' }, metrics: [{ name: 'x', filters: ["stage = 'prod'"] }], n: 200, none: {} })).toBe(
    ['name: a-b', 'schedule:', '  every: 5m', 'metrics:', '  - name: x', '    filters:', `      - "stage = 'prod'"`, 'n: 200', 'none: {}'].join('\n'),
  );
});

test('answers of the API are read into times and numbers', () => {
  const metric = { name: 'm', source: { observations: 's' }, aggregate: 'mean', fill: 'gap' };
  const definition = { name: 'd', deployment_mode: 'prod', schedule: { every: '5m' }, metrics: [metric], algorithms: { ewma_residual: {} }, time_spec: { granularity: '1m', end: '0s' } };
  const model = { name: 'd__m___online', metric, version: 7, last_evaluation_ts: '2026-01-01T00:00:00Z', trained_at: '2026-01-01T00:00:01.5Z', creation_run_id: 'r' };
  const row = { name: 'd', description: '', deployment_mode: 'prod', state: 'healthy', reason: null, last_evaluation_ts: '2026-01-01T00:00:00Z', last_evaluated_at: null, next_evaluation_at: null, definition, models: [model] };
  expect(readDetector(row)).toMatchObject({ name: 'd', schedule: 'every 5m', every: 300_000, granularity: 60_000, algorithms: ['ewma_residual'], mode: 'prod', reason: '', lastEvaluation: null });
  expect(readDetector(row).models[0]).toEqual({ name: 'd__m___online', metric, version: 7, mark: 1_767_225_600_000, trained: 1_767_225_601_500, creationRun: 'r' });
  expect(readDetector({ ...row, definition: { ...definition, schedule: { cron: '0 * * * *', timezone: 'UTC' } } })).toMatchObject({ schedule: '0 * * * * UTC', every: null });
  expect(readDetector({ ...row, definition: { ...definition, schedule: 'manual' } })).toMatchObject({ schedule: 'manual', every: null });
  const job = readJob({
    id: 'j', kind: 'train', subject: 'a__b', state: 'running', attempt: 1, max_attempts: 5, interval: { from: '2026-01-01T00:00:00Z', until: '2026-01-02T00:00:00Z' },
    error: null, result: null, owner: null, run_id: 'j', times: { created: '2026-01-02T00:00:00Z', started: '2026-01-02T00:00:01Z', finished: null },
  });
  expect(job).toMatchObject({ detector: 'a__b', error: '', finished: null, attempts: 5 });
  expect(job.until! - job.from!).toBe(86_400_000);
  expect(job.started! - job.created).toBe(1000);
});
