import { expect, test } from 'vitest';
import { readAnomaly } from '../src/api/watch';
import { channelWords, numbersOf, readChannels } from '../src/lib/channels';

const row = {
  timestamp: '2026-03-27T05:00:00Z', entity: '', algorithm: 'by_share', value: null, expected: null, lower: null, upper: null, score: 1.25, is_anomaly: true, detector: 'd', model: 'm',
  metadata: {
    channels: {
      s1: { contribution: 0.005, value: 50, expected: 50, lower: 49, upper: 51 },
      s2: { contribution: 0.245, value: 60, expected: 55, lower: null, upper: 61 },
      s4: { contribution: 1, value: 90, expected: 70, lower: 65, upper: 75 },
    },
    channel_count: 6,
    out_of_bounds: 1,
  },
};

test('the channels of an anomaly are read, the largest share first', () => {
  const anomaly = readAnomaly(row);
  expect(anomaly.channels.map((each) => each.name)).toEqual(['s4', 's2', 's1']);
  expect([anomaly.channelCount, anomaly.outOfBounds]).toEqual([6, 1]);
  expect(channelWords(anomaly)).toBe('s4 80 %, s2 20 % and 1 more');
  expect(channelWords(anomaly, 3)).toBe('s4 80 %, s2 20 %, s1 <1 %');
  expect(numbersOf(anomaly)).toMatchObject({ value: 90, expected: 70, lower: 65, upper: 75 });
});

test('other anomalies have none, and their own numbers', () => {
  const anomaly = readAnomaly({ ...row, entity: 'eu', value: 7, expected: 5, metadata: {} });
  expect(anomaly.channels).toEqual([]);
  expect(channelWords(anomaly)).toBe('');
  expect(numbersOf(anomaly)).toMatchObject({ value: 7, expected: 5, lower: null });
  expect(readAnomaly({ ...row, metadata: undefined }).outOfBounds).toBeNull();
});

test('what another runner put there is passed over', () => {
  expect(readChannels({ channels: 'cpu' })).toEqual([]);
  expect(readChannels({ channels: { a: 1, b: { contribution: 'much' }, c: { contribution: 2 } } })).toEqual([{ name: 'c', contribution: 2, value: null, expected: null, lower: null, upper: null }]);
});
