import { expect, test } from 'vitest';
import type { Stream, StreamDefinition } from '../src/api/streams';
import { outputWords, ruleWords, stateOf, troubleWords, windowWords } from '../src/lib/stream_words';

const definition = (parts: Partial<StreamDefinition['stream']> = {}): StreamDefinition => ({
  stream: { value: 't', window: { kind: 'hopping', size: '5s', step: '1s' }, alert: { when: '>= 90' }, ...parts },
});

const counts = { events: 9, skipped: 0, refused: 0, late: 0, alerts: 2, lost: 0 };
const stream = (parts: Partial<Stream> = {}): Stream => ({
  name: 'hot', description: '', input: 'push:r', definition: definition(), lanes: [], lag: 0, keys: 1, counts, moved: 1000, latest: 900, error: '', errorTime: null, ...parts,
});

test('a window is said in words', () => {
  expect(windowWords(definition())).toBe('mean of t over 5s, every 1s');
  expect(windowWords(definition({ window: { kind: 'tumbling', size: '1m', aggregate: 'max' } }))).toBe('max of t over 1m');
  expect(windowWords(definition({ window: { kind: 'sliding', size: '5s' } }))).toBe('mean of t over the 5s before each event');
});

test('a rule says when it alerts, and of how many events', () => {
  expect(ruleWords(definition())).toBe('>= 90, each update');
  expect(ruleWords(definition({ window: { kind: 'hopping', size: '5s', step: '1s', emit: 'final', min_count: 3 }, alert: { when: '< 2', cooldown: '10m' } }))).toBe('< 2, once it closes, of at least 3 events, then quiet for 10m');
  expect(ruleWords(definition({ window: { kind: 'tumbling', size: '5s', emit: 'final' }, alert: { algorithm: { ewma_residual: {} } } }))).toBe('ewma_residual for each key, once it closes');
  expect(outputWords(definition({ output: { kafka: { topic: 'alerts' } } }))).toBe('anomalies, and topic alerts');
});

test('what was not used is counted, nothing else', () => {
  expect(troubleWords(counts)).toBe('');
  expect(troubleWords({ ...counts, late: 1200, refused: 3 })).toBe('1,200 late, 3 refused');
});

test('a failure counts until a batch came after it', () => {
  expect(stateOf(stream())).toBe('running');
  expect(stateOf(stream({ lag: 5 }))).toBe('behind');
  expect(stateOf(stream({ moved: null }))).toBe('waiting');
  expect(stateOf(stream({ error: 'no broker', errorTime: 2000 }))).toBe('failing');
  expect(stateOf(stream({ error: 'no broker', errorTime: 2000, moved: 3000 }))).toBe('running');
});
