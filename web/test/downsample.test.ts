import { describe, expect, test } from 'vitest';
import { breakGaps, episodes, pickRows, smooth, take } from '../src/lib/downsample';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('pickRows', () => {
  test('keeps a single spike among a million points, up or down', () => {
    const n = 1_000_000;
    const value = new Float64Array(n);
    value[613_577] = 9;
    value[20_001] = -9;
    const rows = pickRows(range(n), [value], 800);
    expect(rows.length).toBeLessThanOrEqual(4 * 800);
    expect(rows).toContain(613_577);
    expect(rows).toContain(20_001);
  });
  test('keeps the extremes of every column, and first and last', () => {
    const n = 10_000;
    const a = range(n).map((i) => Math.sin(i / 50));
    const b = range(n).map((i) => (i === 4321 ? -5 : 0));
    const rows = pickRows(range(n), [a, b], 100);
    expect(rows[0]).toBe(0);
    expect(rows.at(-1)).toBe(n - 1);
    expect(rows).toContain(4321);
    expect(Math.max(...take(a, rows).map(Number))).toBe(Math.max(...a));
    expect(rows).toEqual([...rows].sort((x, y) => x - y));
  });
  test('keeps what it is told to, and everything when little', () => {
    expect(pickRows(range(10_000), [new Float64Array(10_000)], 10, [777])).toContain(777);
    expect(pickRows([5, 6, 7], [[1, 2, 3]], 100)).toEqual([0, 1, 2]);
    expect(pickRows([], [[]], 100)).toEqual([]);
  });
  test('lives with missing values and with one moment for all', () => {
    const value = range(1000).map((i) => (i === 500 ? 3 : null));
    expect(pickRows(range(1000), [value], 10)).toContain(500);
    expect(pickRows(new Float64Array(1000), [value], 10)).toContain(500);
  });
});

test('take turns NaN and undefined into gaps', () => {
  expect(take([1, NaN, undefined, null, 0], [0, 1, 2, 3, 4])).toEqual([1, null, null, null, 0]);
});

test('breakGaps puts one empty row into every hole', () => {
  const broken = breakGaps([0, 1, 2, 10, 11], [[1, 2, 3, 4, 5]], 3);
  expect(broken.time).toEqual([0, 1, 2, 5, 10, 11]);
  expect(broken.columns).toEqual([[1, 2, 3, null, 4, 5]]);
  expect(broken.rows).toEqual([0, 1, 2, -1, 3, 4]);
});

describe('smooth', () => {
  test('leaves a constant a constant, from the first point on', () => {
    expect(smooth([2, 2, 2, 2], 0.9)).toEqual([2, 2, 2, 2]);
  });
  test('is the corrected moving average', () => {
    // Hand: weights 0.5, then 0.25 and 0.5: 1 and (0.25 + 1.5) / 0.75.
    const [first, second] = smooth([1, 3], 0.5);
    expect(first).toBeCloseTo(1, 12);
    expect(second).toBeCloseTo(1.75 / 0.75, 12);
  });
  test('steps over what is missing', () => {
    expect(smooth([2, NaN, null, 2], 0.6)).toEqual([2, null, null, 2]);
    expect(smooth([4, 8], 0)).toEqual([4, 8]);
  });
});

test('episodes join neighbours and part what lies far', () => {
  expect(episodes([0, 1, 2, 3, 10, 11], [true, true, false, true, true, false], 2)).toEqual([[0, 3], [4, 4]]);
  expect(episodes([], [], 1)).toEqual([]);
});
