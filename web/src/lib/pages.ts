// A list that the server answers page by page: the first page is polled, further ones are added when asked for.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Page } from '../api/mlflow';
import { useQuery } from './query';

export interface Pages<T> {
  rows: T[] | undefined;
  error: unknown;
  loading: boolean;
  refresh: () => void;
  /** Absent when there is no more. */
  more: (() => void) | undefined;
}

interface Rest<T> {
  key: string;
  rows: T[];
  next: string;
  after: string;
}

export function usePages<T>(
  key: string,
  fetcher: (token: string, signal?: AbortSignal) => Promise<Page<T>>,
  options: { every?: number; keep?: boolean } = {},
): Pages<T> {
  const first = useQuery<Page<T>>(key, (signal) => fetcher('', signal), options);
  const [rest, setRest] = useState<Rest<T> | null>(null);
  const [error, setError] = useState<unknown>(undefined);
  const running = useRef('');

  // A first page that ends elsewhere than before moved under the pages behind it: those begin anew.
  const mine = rest && rest.key === key && rest.after === first.data?.next ? rest : null;
  const next = mine ? mine.next : (first.data?.next ?? '');
  useEffect(() => setError(undefined), [key]);

  const more = useCallback(() => {
    const mark = `${key}|${next}`;
    if (!next || running.current === mark) return;
    running.current = mark;
    fetcher(next)
      .then((page) => {
        setRest({ key, rows: [...(mine?.rows ?? []), ...page.rows], next: page.next, after: first.data?.next ?? '' });
      })
      .catch((failure: unknown) => {
        running.current = '';
        setError(failure);
      });
  }, [key, next, mine, first.data]);

  return {
    rows: first.data && (mine ? [...first.data.rows, ...mine.rows] : first.data.rows),
    error: first.error ?? error,
    loading: first.loading,
    refresh: first.refresh,
    more: next ? more : undefined,
  };
}
