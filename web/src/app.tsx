// The frame around every page: navigation, theme, keys, messages. Which page it is, the address says.
import type { JSX } from 'preact';
import { useEffect, useErrorBoundary, useRef } from 'preact/hooks';
import { serverVersion } from './api/watch';
import { Choice, PageHead } from './components/bits';
import { Icon, Logo, type IconName } from './components/icons';
import { Empty, Failure } from './components/states';
import { Toasts } from './components/toast';
import { helpOpen, kPlaces } from './lib/keys';
import { useQuery } from './lib/query';
import { lazy } from './lib/lazy';
import { href, match, path } from './lib/router';
import { setTheme, theme, type Theme } from './lib/theme';
import { Anomalies } from './pages/anomalies';
import { Detectors } from './pages/detectors';
import { Experiments } from './pages/experiments';
import { JobPage, Jobs } from './pages/jobs';
import { ModelPage, Models } from './pages/models';
import { Overview } from './pages/overview';
import { RunRedirect } from './pages/run_redirect';
import { Runs } from './pages/runs';

type Params = Record<string, string>;

const DetectorPage = lazy(async () => (await import('./pages/detector')).DetectorPage);
const StreamPage = lazy(async () => (await import('./pages/streams')).StreamPage);
const Streams = lazy(async () => (await import('./pages/streams')).Streams);
const RunPage = lazy(async () => (await import('./pages/run')).RunPage);

const kPages: [string, (params: Params) => JSX.Element][] = [
  ['/', () => <Overview />],
  ['/detectors', () => <Detectors />],
  ['/detectors/:name', ({ name }) => <DetectorPage key={name} name={name!} />],
  ['/streams', () => <Streams />],
  ['/streams/:name', ({ name }) => <StreamPage key={name} name={name!} />],
  ['/anomalies', () => <Anomalies />],
  ['/jobs', () => <Jobs />],
  ['/jobs/:id', ({ id }) => <JobPage key={id} id={id!} />],
  ['/experiments', () => <Experiments />],
  ['/experiments/:id', ({ id }) => <Runs key={id} experiment={id!} />],
  ['/experiments/:id/runs/:run', ({ id, run }) => <RunPage key={run} experiment={id!} id={run!} />],
  ['/runs/:run', ({ run }) => <RunRedirect key={run} id={run!} />],
  ['/models', () => <Models />],
  ['/models/:name', ({ name }) => <ModelPage key={name} name={name!} />],
];

const kIcons: Record<string, IconName> = {
  '/': 'overview',
  '/detectors': 'eye',
  '/streams': 'waves',
  '/anomalies': 'spike',
  '/jobs': 'jobs',
  '/experiments': 'flask',
  '/models': 'box',
};

function Page(): JSX.Element {
  const here = path.value;
  const [failed, forget] = useErrorBoundary((error) => console.error(error));
  useEffect(forget, [here]);
  if (failed) return <><PageHead title="Something broke" /><Failure error={failed} retry={forget} title="This page has a defect" /></>;
  for (const [pattern, page] of kPages) {
    const params = match(pattern, here);
    if (params) return page(params);
  }
  return (
    <>
      <PageHead title="No such page" />
      <Empty title={`Nothing lives at ${here}`}><a href={href('/')}>Go to the overview</a></Empty>
    </>
  );
}

function isHere(to: string): boolean {
  if (to === '/') return path.value === '/';
  return path.value === to || path.value.startsWith(`${to}/`) || (to === '/experiments' && path.value.startsWith('/runs/'));
}

function Navigation(): JSX.Element {
  const link = (place: (typeof kPlaces)[number]): JSX.Element => (
    <li key={place.to}>
      <a href={href(place.to)} title={`g ${place.key}`} {...(isHere(place.to) && { 'aria-current': 'page' as const })}>
        <Icon name={kIcons[place.to]!} size={18} />
        <span>{place.text}</span>
      </a>
    </li>
  );
  return (
    <nav class="places" aria-label="Main">
      <ul>{kPlaces.slice(0, 5).map(link)}</ul>
      <p class="group" aria-hidden="true">Track</p>
      <ul>{kPlaces.slice(5).map(link)}</ul>
    </nav>
  );
}

const kNextTheme: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const kThemeIcons: Record<Theme, IconName> = { system: 'auto', light: 'sun', dark: 'moon' };

function ThemeButton(): JSX.Element {
  const name = theme.value;
  return (
    <button type="button" class="ghost icon-only" data-theme-button aria-label={`Theme: ${name}. Change`} title={`Theme: ${name}`} onClick={() => setTheme(kNextTheme[name])}>
      <Icon name={kThemeIcons[name]} />
    </button>
  );
}

function Help(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (helpOpen.value) dialog.current?.showModal();
  }, [helpOpen.value]);
  const rows: [string, string][] = [
    ...kPlaces.map((place): [string, string] => [`g ${place.key}`, place.text]),
    ['/', 'Search or filter'],
    ['j k', 'Next and previous row of a table in focus'],
    ['Enter', 'Open the row'],
    ['[ ]', 'Earlier and later on a detector’s page'],
    ['?', 'This help'],
  ];
  return (
    <dialog ref={dialog} class="panel help" aria-label="Keys and theme" onClose={() => { helpOpen.value = false; }} onClick={(event) => { if (event.target === dialog.current) dialog.current?.close(); }}>
      <header>
        <h2>Keys</h2>
        <button type="button" class="ghost icon-only" aria-label="Close" onClick={() => dialog.current?.close()}><Icon name="close" /></button>
      </header>
      <dl>
        {rows.map(([keys, says]) => (
          <div key={keys}>
            <dt>{keys.split(' ').map((key) => <kbd key={key}>{key}</kbd>)}</dt>
            <dd>{says}</dd>
          </div>
        ))}
      </dl>
      <footer>
        <Choice<Theme> label="Theme" value={theme.value} options={[{ value: 'system', text: 'System' }, { value: 'light', text: 'Light' }, { value: 'dark', text: 'Dark' }]} onChange={setTheme} />
      </footer>
    </dialog>
  );
}

export function App(): JSX.Element {
  const version = useQuery('server-version', serverVersion);
  return (
    <>
      <a class="skip" href="#main" data-native onClick={(event) => { event.preventDefault(); document.getElementById('main')?.focus(); }}>Skip to the page</a>
      <header class="side">
        <a class="brand" href={href('/')} aria-label="Wakeful, overview"><Logo /><span>Wakeful</span></a>
        <Navigation />
        <div class="side-foot">
          <ThemeButton />
          <button type="button" class="ghost icon-only" aria-label="Keys" title="Keys ( ? )" onClick={() => { helpOpen.value = true; }}><Icon name="keyboard" /></button>
          <span class="version num">{version.data ? `v${version.data}` : ''}</span>
        </div>
      </header>
      <main id="main" tabIndex={-1}><Page /></main>
      <Help />
      <Toasts />
    </>
  );
}
