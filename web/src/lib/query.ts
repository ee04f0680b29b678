// Answers of the server, kept by key: one request however many ask, the old answer shown while a new one is fetched,
// aborted when nobody waits any more. Pages poll with `every`; hidden tabs do not.
import { useCallback, useEffect, useState } from 'preact/hooks';

interface Entry {
  data?: unknown;
  error?: unknown;
  at: number;
  running: AbortController | null;
  fetcher: (signal: AbortSignal) => Promise<unknown>;
  watchers: Set<() => void>;
}

export interface Answer<T> {
  data: T | undefined;
  /** Of the latest attempt; `data` may still hold the answer before it. */
  error: unknown;
  loading: boolean;
  /** When `data` arrived, ms since the epoch; 0: never. */
  at: number;
  refresh: () => void;
}

/** The frame of the page is on screen first; its questions follow. A tab in the background paints nothing: not waited for. */
const painted = Promise.race([
  new Promise<void>((resolve) => { requestAnimationFrame(() => setTimeout(resolve)); }),
  new Promise<void>((resolve) => { setTimeout(resolve, 250); }),
]);

const entries = new Map<string, Entry>();
const kKept = 64;

function entryOf(key: string, fetcher: Entry['fetcher']): Entry {
  let entry = entries.get(key);
  if (!entry) {
    entry = { at: 0, running: null, fetcher, watchers: new Set() };
    entries.set(key, entry);
    for (const [old, candidate] of entries) {
      if (entries.size <= kKept) break;
      if (candidate.watchers.size === 0 && old !== key) entries.delete(old);
    }
  }
  entry.fetcher = fetcher;
  return entry;
}

async function load(entry: Entry): Promise<void> {
  if (entry.running) return;
  const running = new AbortController();
  entry.running = running;
  try {
    await painted;
    running.signal.throwIfAborted();
    const data = await entry.fetcher(running.signal);
    if (running.signal.aborted) return;
    entry.data = data;
    entry.error = undefined;
    entry.at = Date.now();
  } catch (error) {
    if (running.signal.aborted) return;
    entry.error = error;
  } finally {
    if (entry.running === running) entry.running = null;
  }
  for (const tell of entry.watchers) tell();
}

/** Fetches again whatever is on screen under keys that begin with `prefix`; what is not on screen is forgotten. */
export function invalidate(prefix: string): void {
  for (const [key, entry] of entries) {
    if (!key.startsWith(prefix)) continue;
    entry.running?.abort();
    entry.running = null;
    if (entry.watchers.size > 0) void load(entry);
    else entries.delete(key);
  }
}

/**
 * What `fetcher` answers, under `key`; a null key asks for nothing. `every`: poll, in ms. `keep`: while another key's
 * answer is awaited, go on showing the previous key's.
 */
export function useQuery<T>(
  key: string | null,
  fetcher: (signal: AbortSignal) => Promise<T>,
  { every = 0, keep = false }: { every?: number; keep?: boolean } = {},
): Answer<T> {
  const [, render] = useState(0);
  const [previous] = useState<{ data?: T }>({});

  useEffect(() => {
    if (key === null) return;
    const entry = entryOf(key, fetcher);
    const tell = (): void => render((n) => n + 1);
    entry.watchers.add(tell);
    if (entry.data === undefined || Date.now() - entry.at > 2000) void load(entry).catch(() => undefined);
    tell();
    const timer = every > 0 ? setInterval(() => document.hidden || void load(entry), every) : undefined;
    return () => {
      clearInterval(timer);
      entry.watchers.delete(tell);
      if (entry.watchers.size === 0 && entry.running) {
        entry.running.abort();
        entry.running = null;
      }
    };
  }, [key, every]);

  const entry = key === null ? undefined : entries.get(key);
  if (entry && entry.data !== undefined) previous.data = entry.data as T;
  const refresh = useCallback(() => {
    if (key !== null) invalidate(key);
  }, [key]);
  const data = entry?.data !== undefined ? (entry.data as T) : keep ? previous.data : undefined;
  return {
    data,
    error: entry?.error,
    loading: key !== null && (!entry || (entry.data === undefined && entry.error === undefined) || entry.running !== null),
    at: entry?.at ?? 0,
    refresh,
  };
}
