import { expect, test } from 'vitest';
import type { Anomaly } from '../src/api/watch';
import { groupEpisodes } from '../src/lib/episodes';

const row = (time: number, score: number, entity = '', model = 'm'): Anomaly => ({
  time, entity, algorithm: 'a', value: score, expected: 0, lower: null, upper: null, score, anomaly: true, detector: 'd', model,
  channels: [], channelCount: 0, outOfBounds: null,
});

test('points close in time are one episode, told by its worst', () => {
  const episodes = groupEpisodes([row(30, 2), row(20, 9), row(10, 3), row(100, 4)], () => 10);
  expect(episodes.map(({ first, last, points, peak }) => [first, last, points, peak.score])).toEqual([[100, 100, 1, 4], [10, 30, 3, 9]]);
});

test('series do not mix', () => {
  expect(groupEpisodes([row(10, 1, 'eu'), row(11, 1, 'us'), row(12, 1, 'eu'), row(12, 1, 'eu', 'other')], () => 10).map((each) => each.points)).toEqual([2, 1, 1]);
});

test('nothing is nothing', () => {
  expect(groupEpisodes([], () => 1)).toEqual([]);
});
