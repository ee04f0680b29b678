// Where we are is the URL and nothing else: path and query are signals over history, every filter, range and sort of
// a page is a query parameter. Paths are relative to the page's <base href>, so a static prefix needs no care.
import { batch, signal } from '@preact/signals';

export const path = signal('/');
export const query = signal(new URLSearchParams());

type Params = Record<string, string>;

/** The parameters of `pattern` ("/models/:name") in `actual`, decoded; null if it does not match. */
export function match(pattern: string, actual: string): Params | null {
  const want = pattern.split('/');
  const have = actual.replace(/(.)\/+$/, '$1').split('/');
  if (want.length !== have.length) return null;
  const params: Params = {};
  for (let i = 0; i < want.length; i += 1) {
    const segment = want[i]!;
    const text = have[i]!;
    if (segment.startsWith(':')) {
      if (text === '') return null;
      try {
        params[segment.slice(1)] = decodeURIComponent(text);
      } catch {
        return null;
      }
    } else if (segment !== text) {
      return null;
    }
  }
  return params;
}

/** The path of today's pages for a link printed by MLflow's clients ("#/experiments/1/runs/ab"); null if it is none. */
export function fromHash(hash: string): string | null {
  if (!hash.startsWith('#/')) return null;
  const [route = '/', search] = hash.slice(1).split('?');
  const version = match('/models/:name/versions/:version', route);
  const tab = match('/experiments/:id/:tab', route);
  const runTab = match('/experiments/:id/runs/:run/:tab', route);
  let to = route;
  if (version) to = `/models/${encodeURIComponent(version.name!)}?version=${encodeURIComponent(version.version!)}`;
  else if (runTab) to = `/experiments/${runTab.id}/runs/${runTab.run}`;
  else if (tab) to = `/experiments/${tab.id}`;
  return search && !to.includes('?') ? `${to}?${search}` : to;
}

function base(): string {
  return new URL(document.baseURI).pathname.replace(/\/$/, '');
}

function read(): void {
  const legacy = fromHash(location.hash);
  if (legacy !== null) history.replaceState(null, '', base() + legacy);
  batch(() => {
    path.value = location.pathname.slice(base().length) || '/';
    query.value = new URLSearchParams(location.search);
  });
}

/** An address for href attributes: `path` with the server's prefix. */
export function href(to: string): string {
  return base() + to;
}

export function navigate(to: string, { replace = false } = {}): void {
  const samePage = to.split('?')[0] === path.value;
  if (base() + to === location.pathname + location.search) replace = true;
  history[replace ? 'replaceState' : 'pushState'](null, '', base() + to);
  read();
  if (!samePage) {
    scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  }
}

/** Changes query parameters of this page; null or '' removes one. */
export function setQuery(changes: Record<string, string | null>, { replace = true } = {}): void {
  const next = new URLSearchParams(query.value);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  navigate(path.value + (text ? `?${text}` : ''), { replace });
}

/** Listens to the address and to every click on a link of ours. Call once. */
export function startRouter(): void {
  addEventListener('popstate', read);
  addEventListener('hashchange', read);
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.dataset.native !== undefined || !link.pathname.startsWith(`${base()}/`)) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    navigate(link.pathname.slice(base().length) + link.search);
  });
  read();
}
