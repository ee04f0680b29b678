// A stream detector in a person's words. Pure.
import type { Counts, Stream, StreamDefinition } from '../api/streams';
import { count, plural } from './format';

/** "mean of Temperature_C over 5s, every 1s". */
export function windowWords({ stream }: StreamDefinition): string {
  const { kind, size, step, aggregate = 'mean' } = stream.window;
  const what = `${aggregate} of ${stream.value}`;
  if (kind === 'sliding') return `${what} over the ${size} before each event`;
  return kind === 'hopping' ? `${what} over ${size}, every ${step ?? size}` : `${what} over ${size}`;
}

/** ">= 90, each update, of at least 3 events". */
export function ruleWords({ stream }: StreamDefinition): string {
  const { emit = 'updates', min_count: least = 1 } = stream.window;
  const when = { updates: 'each update', oldest: 'the oldest window', final: 'once it closes' }[emit] ?? emit;
  const parts = stream.alert.algorithm ? [`${Object.keys(stream.alert.algorithm).join()} for each key`, when] : [stream.alert.when ?? '', when];
  if (least > 1) parts.push(`of at least ${plural(least, 'event')}`);
  if (stream.alert.cooldown) parts.push(`then quiet for ${stream.alert.cooldown}`);
  return parts.join(', ');
}

/** Where alerts go beside the store. */
export const outputWords = ({ stream }: StreamDefinition): string =>
  stream.output?.kafka ? `anomalies, and topic ${stream.output.kafka.topic}` : 'anomalies';

/** "12 late, 3 refused"; '' if all was well. */
export function troubleWords(counts: Counts): string {
  const parts: string[] = [];
  for (const name of ['late', 'refused', 'lost'] as const) if (counts[name] > 0) parts.push(`${count(counts[name])} ${name}`);
  return parts.join(', ');
}

export type StreamState = 'failing' | 'behind' | 'running' | 'waiting';

/** An error counts until a batch came after it. */
export function stateOf(stream: Stream): StreamState {
  if (stream.error && (stream.moved === null || (stream.errorTime ?? 0) >= stream.moved)) return 'failing';
  if (stream.moved === null) return 'waiting';
  return stream.lag > 0 ? 'behind' : 'running';
}
