import { describe, expect, test } from 'vitest';
import { readDetector, readJob, type Job } from '../src/api/watch';
import { outcomeWords, writtenIntervals } from '../src/lib/jobs';

const job = (over: Partial<Record<string, unknown>>, interval: Record<string, string> = {}, times: Record<string, string> = {}): Job =>
  readJob({
    id: 'j', kind: 'predict', subject: 'installs', state: 'succeeded', attempt: 1, max_attempts: 5, error: '', owner: '', run_id: 'r',
    interval: { from: '2026-06-24T00:00:00Z', until: '2026-06-25T00:00:00Z', ...interval },
    times: { created: '2026-07-01T00:00:00Z', started: '2026-07-01T00:00:01Z', finished: '2026-07-01T00:00:02Z', ...times },
    result: { rows: 27, outliers: 3, models: 1, model_versions: '4', output: 'w:predictions' },
    ...over,
  });

describe('what a job left', () => {
  test('is said in the words of its kind', () => {
    expect(outcomeWords(job({}))).toBe('27 rows written, 3 outliers');
    expect(outcomeWords(job({ kind: 'train', result: { rows: 1 } }))).toBe('1 row learnt');
    expect(outcomeWords(job({ kind: 'evaluate', result: { rows: 9, anomalies: 1 } }))).toBe('9 rows, 1 anomaly');
    expect(outcomeWords(job({ result: null }))).toBe('');
  });
});

describe('the intervals of a table', () => {
  test('are those that were written, each as its newest run left it', () => {
    const again = job({ id: 'again', run_id: 'second', result: { rows: 26, outliers: 2, model_versions: '5' } }, {}, { finished: '2026-07-02T00:00:00Z' });
    const later = job({ id: 'later' }, { from: '2026-06-25T00:00:00Z', until: '2026-06-26T00:00:00Z' });
    const failed = job({ id: 'failed', state: 'failed', result: null }, {}, { finished: '2026-07-03T00:00:00Z' });
    const found = writtenIntervals([failed, again, later, job({}), job({ kind: 'evaluate' })]);
    expect(found.map((each) => each.job)).toEqual(['later', 'again']);
    expect(found[1]).toMatchObject({ rows: 26, outliers: 2, versions: '5', run: 'second' });
  });
});

test('a detector says where its predictions go', () => {
  const definition = {
    name: 'installs', deployment_mode: 'prod', schedule: 'manual', time_spec: { granularity: '1d', end: '0s' }, metrics: [], algorithms: {},
    predict: { output: { connection: 'w', table: 'predictions' }, interval: '1d' },
  };
  expect(readDetector({ name: 'installs', definition, models: [] }).definition.predict?.output.table).toBe('predictions');
});
