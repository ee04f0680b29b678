// What was pushed to the built-in store for a metric, for charts: also where no detector has looked yet.
import { listPushed, listSources, type Metric, type PushedSeries } from '../api/watch';
import { useQuery } from './query';

const kPixels = 900;

/** The dimensions of an entity of `metric`; null where its name is not one of its groups. */
function dimsOf(metric: Metric, entity: string): Record<string, string> | null {
  const names = metric.dimension_groupings ?? [];
  if (names.length === 0) return {};
  if (names.length === 1) return { [names[0]!]: entity };
  try {
    const values = JSON.parse(entity) as string[];
    return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
  } catch {
    return null;
  }
}

/**
 * undefined: not known yet; null: there is nothing to draw (another kind of source, nothing pushed). `entity` null: of
 * all of them. Aggregates that are no value of the series themselves (sum, count) are not drawn: they would not compare.
 */
export function usePushed(metric: Metric, entity: string | null, range: { from: number; to: number } | null): PushedSeries[] | null | undefined {
  const source = metric.source.observations ?? '';
  const dims = entity === null ? {} : dimsOf(metric, entity);
  const comparable = metric.aggregate !== 'sum' && metric.aggregate !== 'count';
  const ask = { source, metric: metric.name, dims: dims ?? {}, filters: metric.dimension_filters ?? [], from: range?.from ?? null, to: range?.to ?? null, px: kPixels };
  const answer = useQuery(
    `pushed/${JSON.stringify(ask)}`,
    async (signal) => {
      if (!source || !comparable || dims === null) return null;
      // Asked first: a source that nobody pushed to is no error.
      const known = (await listSources(signal)).find((each) => each.name === source);
      return known?.metrics.includes(metric.name) ? listPushed(ask, signal) : null;
    },
    { every: 15_000, keep: true },
  );
  return answer.error ? null : answer.data;
}
