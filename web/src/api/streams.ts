// Stream detectors as the server tells them. Shapes are read here, once: the pages see numbers of ms.
import { time } from '../lib/format';
import { ask } from './http';

type Json = Record<string, unknown>;

/** What was done with the events of a lane, or of all of them, over all runs. */
export interface Counts {
  events: number;
  skipped: number;
  refused: number;
  late: number;
  alerts: number;
  lost: number;
}

/** A partition of the topic; 0 of what has none. */
export interface Lane {
  lane: number;
  owner: string;
  next: number;
  lag: number;
  keys: number;
  counts: Counts;
  moved: number | null;
}

export interface Stream {
  name: string;
  description: string;
  /** "kafka://broker/topic" or "push:name". */
  input: string;
  definition: StreamDefinition;
  lanes: Lane[];
  lag: number;
  keys: number;
  counts: Counts;
  /** Wall clock of the last batch; null: nothing was read yet. */
  moved: number | null;
  /** Event time of the newest event. */
  latest: number | null;
  error: string;
  errorTime: number | null;
}

export interface StreamDefinition {
  stream: {
    value: string;
    window: { kind: string; size: string; step?: string; aggregate?: string; emit?: string; grace?: string; min_count?: number };
    alert: { when?: string; algorithm?: Record<string, unknown>; round?: number; cooldown?: string };
    output?: { kafka?: { topic: string; value?: string } };
    dead_letters?: { kafka?: { topic: string } };
  };
}

const readLane = (row: Json): Lane => ({
  lane: row.lane as number,
  owner: row.owner as string,
  next: row.next as number,
  lag: row.lag as number,
  keys: row.keys as number,
  counts: row.counts as Counts,
  moved: time(row.updated),
});

const readStream = (row: Json): Stream => ({
  name: row.name as string,
  description: row.description as string,
  input: row.input as string,
  definition: row.definition as StreamDefinition,
  lanes: (row.lanes as Json[]).map(readLane),
  lag: row.lag as number,
  keys: row.keys as number,
  counts: row.counts as Counts,
  moved: time(row.last_moved),
  latest: time(row.latest_event),
  error: (row.error as string | undefined) ?? '',
  errorTime: time(row.error_time),
});

export async function listStreams(signal?: AbortSignal): Promise<Stream[]> {
  const rows: Stream[] = [];
  let token = '';
  do {
    const answer = await ask<Json>('api/v1/streams', { query: { max_results: 1000, page_token: token }, ...(signal && { signal }) });
    rows.push(...(answer.streams as Json[]).map(readStream));
    token = (answer.next_page_token as string | undefined) ?? '';
  } while (token);
  return rows;
}

export async function getStream(name: string, signal: AbortSignal): Promise<Stream> {
  const answer = await ask<Json>(`api/v1/streams/${encodeURIComponent(name)}`, { signal });
  return readStream(answer.stream as Json);
}
