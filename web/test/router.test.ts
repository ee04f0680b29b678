import { describe, expect, test } from 'vitest';
import { fromHash, match } from '../src/lib/router';

describe('match', () => {
  test('takes parameters out of their segments, decoded', () => {
    expect(match('/models/:name', '/models/a%2Fb%20c')).toEqual({ name: 'a/b c' });
    expect(match('/experiments/:id/runs/:run', '/experiments/1/runs/ab')).toEqual({ id: '1', run: 'ab' });
  });
  test('forgives a slash at the end', () => {
    expect(match('/jobs', '/jobs/')).toEqual({});
    expect(match('/', '/')).toEqual({});
  });
  test.each([
    ['/models/:name', '/models'],
    ['/models/:name', '/models/a/b'],
    ['/models/:name', '/models//'],
    ['/models/:name', '/jobs/a'],
    ['/models/:name', '/models/%zz'],
  ])('%s does not match %s', (pattern, path) => {
    expect(match(pattern, path)).toBeNull();
  });
});

describe('fromHash', () => {
  test.each([
    ['#/experiments/1/runs/ab12', '/experiments/1/runs/ab12'],
    ['#/experiments/1/runs/ab12/model-metrics', '/experiments/1/runs/ab12'],
    ['#/experiments/1', '/experiments/1'],
    ['#/experiments/1/models', '/experiments/1'],
    ['#/models/churn/versions/3', '/models/churn?version=3'],
    ['#/models/churn%20eu', '/models/churn%20eu'],
    ['#/experiments/1?searchFilter=x', '/experiments/1?searchFilter=x'],
    ['#/', '/'],
  ])('MLflow’s %s is our %s', (hash, path) => {
    expect(fromHash(hash)).toBe(path);
  });
  test('leaves other anchors alone', () => {
    expect(fromHash('')).toBeNull();
    expect(fromHash('#main')).toBeNull();
  });
});
