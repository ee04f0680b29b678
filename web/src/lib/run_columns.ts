// The columns of the runs table, named as the search language names them ("metrics.rmse"). Chosen columns live in the
// address; which keys exist is remembered per experiment as pages come by, so a column never vanishes after a sort.
import { tag, type Run } from '../api/mlflow';

export interface Keys {
  metrics: string[];
  params: string[];
}

export const runName = (run: Run): string => run.info.run_name || tag(run.data.tags, 'mlflow.runName') || run.info.run_id.slice(0, 12);

/** `known` with the keys of `runs` added, sorted. The same object when nothing is new. */
export function addKeys(known: Keys, runs: Run[]): Keys {
  const metrics = new Set(known.metrics);
  const params = new Set(known.params);
  for (const run of runs) {
    for (const metric of run.data.metrics ?? []) metrics.add(metric.key);
    for (const param of run.data.params ?? []) params.add(param.key);
  }
  if (metrics.size === known.metrics.length && params.size === known.params.length) return known;
  return { metrics: [...metrics].sort(), params: [...params].sort() };
}

const kFirstMetrics = 4;
const kFirstParams = 3;

/** What to show until someone chooses: a few of each. */
export function firstColumns(keys: Keys): string[] {
  return [
    ...keys.metrics.filter((key) => !key.startsWith('system/')).slice(0, kFirstMetrics).map((key) => `metrics.${key}`),
    ...keys.params.slice(0, kFirstParams).map((key) => `params.${key}`),
  ];
}

export function splitColumn(column: string): { entity: 'metrics' | 'params'; key: string } | null {
  const dot = column.indexOf('.');
  const entity = column.slice(0, dot);
  return entity === 'metrics' || entity === 'params' ? { entity, key: column.slice(dot + 1) } : null;
}

/** A column as an order_by clause; keys that are no bare word are quoted. */
export function orderClause(column: string, descending: boolean): string {
  const parts = splitColumn(column);
  const name = parts ? `${parts.entity}.${/^[A-Za-z_][\w.]*$/.test(parts.key) ? parts.key : `\`${parts.key}\``}` : `attributes.${column}`;
  return `${name} ${descending ? 'DESC' : 'ASC'}`;
}

export function columnsToText(columns: string[]): string {
  return columns.map(encodeURIComponent).join(',');
}

export function columnsFromText(text: string): string[] {
  return text.split(',').filter(Boolean).map(decodeURIComponent);
}
