import { describe, expect, test } from 'vitest';
import { ago, bytes, number, parseSpan, plural, span, stamp, time } from '../src/lib/format';

test.each([
  [0, '0'],
  [null, '–'],
  [NaN, 'NaN'],
  [Infinity, '∞'],
  [-Infinity, '−∞'],
  [0.123456789, '0.12346'],
  [12.3456, '12.346'],
  [1234567, '1,234,567'],
  [-4.5, '−4.5'],
  [1.5e-7, '1.5e−7'],
  [1e12, '1e12'],
  [2.5e9, '2.5e9'],
])('number(%s) is %s', (value, text) => {
  expect(number(value)).toBe(text);
});

test.each([
  [0, '0 ms'],
  [850, '850 ms'],
  [1500, '1.5 s'],
  [12_000, '12 s'],
  [200_000, '3 min 20 s'],
  [4 * 3_600_000, '4 h'],
  [51 * 3_600_000, '2 d 3 h'],
  [40 * 86_400_000, '40 d'],
])('span(%d) is %s', (ms, text) => {
  expect(span(ms)).toBe(text);
});

describe('times', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');
  test('are told by distance, both ways', () => {
    expect(ago(now - 500, now)).toBe('just now');
    expect(ago(now - 12_000, now)).toBe('12 s ago');
    expect(ago(now + 180_000, now)).toBe('in 3 min');
    expect(ago(now - 800 * 86_400_000, now)).toBe('2 y ago');
  });
  test('are stamped in UTC', () => {
    expect(stamp(now)).toBe('2026-03-01 12:00:00');
    expect(stamp(now, { seconds: false })).toBe('2026-03-01 12:00');
    expect(stamp(NaN)).toBe('–');
  });
  test('are read from what the API sends', () => {
    expect(time('2026-03-01T12:00:00.123456Z')).toBe(now + 123);
    expect(time('1772366400000')).toBe(1772366400000);
    expect(time(5)).toBe(5);
    expect(time('')).toBeNull();
    expect(time('soon')).toBeNull();
    expect(time(undefined)).toBeNull();
  });
});

test.each([
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['90s', 90_000],
  ['250ms', 250],
  ['30d', 30 * 86_400_000],
  ['0s', 0],
  [60, 60_000],
  ['five', null],
  ['5m later', null],
  [null, null],
])('parseSpan(%s) is %s', (text, ms) => {
  expect(parseSpan(text)).toBe(ms);
});

test('sizes and counts', () => {
  expect(bytes(900)).toBe('900 B');
  expect(bytes(1500)).toBe('1.5 kB');
  expect(bytes(262_144)).toBe('262 kB');
  expect(plural(1, 'model')).toBe('1 model');
  expect(plural(2400, 'anomaly', 'anomalies')).toBe('2,400 anomalies');
});
