// Small words and marks that every page uses.
import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import type { Pair } from '../api/mlflow';
import type { State, StateName } from '../lib/detector_state';
import { ago, stamp } from '../lib/format';
import { href } from '../lib/router';
import type { Snippets } from '../lib/snippets';
import { asYaml } from '../lib/yaml';
import { CodeButton } from './code_button';
import { Icon, type IconName } from './icons';

/** The wall clock, to the second, for every relative time on screen. */
export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1000);

/** "12 s ago", the whole time on hover and for those who listen. */
export function Ago({ at, none = 'never' }: { at: number | null; none?: string }): JSX.Element {
  if (at === null) return <span class="quiet">{none}</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={`${stamp(at)} UTC`}>
      {ago(at, now.value)}
    </time>
  );
}

export function Stamp({ at, seconds = true }: { at: number | null; seconds?: boolean }): JSX.Element {
  if (at === null || Number.isNaN(at)) return <span class="quiet">–</span>;
  return (
    <time class="num" dateTime={new Date(at).toISOString()} title={`UTC · ${ago(at, now.value)}`}>
      {stamp(at, { seconds })}
    </time>
  );
}

const kStateWords: Record<StateName, string> = {
  healthy: 'Healthy',
  anomalous: 'Anomalous',
  late: 'Late',
  failing: 'Failing',
  untrained: 'Not trained',
};

export const stateWord = (name: StateName): string => kStateWords[name];

export function StatePill({ state }: { state: State }): JSX.Element {
  return (
    <span class={`pill state-${state.name}`} title={state.reason}>
      <Icon name={state.name} size={14} /> {kStateWords[state.name]}
    </span>
  );
}

type Look = StateName | 'rest';

const kJobMarks: Record<string, [Look, IconName]> = {
  succeeded: ['healthy', 'healthy'],
  failed: ['failing', 'failing'],
  running: ['untrained', 'untrained'],
  pending: ['rest', 'late'],
  skipped: ['rest', 'paused'],
  cancelled: ['rest', 'close'],
};

const kRunMarks: Record<string, [Look, IconName]> = {
  FINISHED: ['healthy', 'healthy'],
  FAILED: ['failing', 'failing'],
  KILLED: ['failing', 'close'],
  RUNNING: ['untrained', 'untrained'],
  SCHEDULED: ['rest', 'late'],
};

/** The state of a job or of a run. */
export function Outcome({ state }: { state: string }): JSX.Element {
  const [look, icon] = kJobMarks[state] ?? kRunMarks[state] ?? (['rest', 'paused'] as const);
  return (
    <span class={`pill state-${look}`}>
      <Icon name={icon} size={14} /> {state.charAt(0).toUpperCase() + state.slice(1).toLowerCase()}
    </span>
  );
}

export function Tags({ tags, most = 6, empty = '' }: { tags: Pair[]; most?: number; empty?: string }): JSX.Element {
  if (tags.length === 0) return <span class="quiet">{empty}</span>;
  return (
    <span class="tags">
      {tags.slice(0, most).map((pair) => (
        <span class="tag" key={pair.key} title={`${pair.key} = ${pair.value}`}>
          <b>{pair.key}</b> <span>{pair.value}</span>
        </span>
      ))}
      {tags.length > most && <span class="quiet">+{tags.length - most}</span>}
    </span>
  );
}

/** "latency_ms/ar_ridge/scale.eu" may break after its marks rather than within a word. */
export function Key({ text }: { text: string }): JSX.Element {
  return <>{text.split(/(?<=[/._])/).map((part) => <>{part}<wbr /></>)}</>;
}

function asObject(text: string): object | null {
  if (!text.startsWith('{')) return null;
  try {
    return JSON.parse(text) as object;
  } catch {
    return null;
  }
}

/** The value of a tag or parameter: an object of JSON is laid out, the rest is text. */
export function Value({ text, look = '' }: { text: string; look?: string }): JSX.Element {
  const object = asObject(text);
  return object ? <pre class="laid-out" title={text}>{asYaml(object)}</pre> : <span class={`wrap ${look}`}>{text}</span>;
}

const kTail = 14;

/** A name on one line: where it is too long, its middle is left out, for names of one family differ at their ends. */
export function Name({ text }: { text: string }): JSX.Element {
  if (text.length <= 2 * kTail) return <>{text}</>;
  return <span class="middle-cut" title={text}><span>{text.slice(0, -kTail)}</span><span>{text.slice(-kTail)}</span></span>;
}

export function Aliases({ aliases }: { aliases: string[] }): JSX.Element {
  return (
    <>
      {aliases.map((alias) => (
        <span class="alias" key={alias}>@{alias}</span>
      ))}
    </>
  );
}

export interface Crumb {
  text: string;
  to: string;
}

export function PageHead({ title, crumbs = [], mark, lead, code, children }: {
  title: string;
  crumbs?: Crumb[];
  mark?: ComponentChildren;
  lead?: ComponentChildren;
  code?: Snippets;
  children?: ComponentChildren;
}): JSX.Element {
  document.title = `${title} · Wakeful`;
  return (
    <header class="page-head">
      <div class="page-title">
        {crumbs.length > 0 && (
          <nav aria-label="Breadcrumb" class="crumbs">
            {crumbs.map((crumb) => (
              <span key={crumb.to}><a href={href(crumb.to)}>{crumb.text}</a><Icon name="chevron" size={12} /></span>
            ))}
          </nav>
        )}
        <h1><span>{title}</span>{mark}</h1>
        {lead && <p class="lead">{lead}</p>}
      </div>
      {(children || code) && <div class="actions">{children}{code && <CodeButton snippets={code} />}</div>}
    </header>
  );
}

export function Card({ title, note, children, actions, flush = false, look = '' }: {
  title?: string;
  note?: ComponentChildren;
  children: ComponentChildren;
  actions?: ComponentChildren;
  flush?: boolean;
  look?: string;
}): JSX.Element {
  return (
    <section class={`card ${flush ? 'flush' : ''} ${look}`}>
      {title && (
        <header>
          <h2>{title}</h2>
          {note && <span class="note">{note}</span>}
          {actions && <div class="actions">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** Names and values, one a line. Rows without a value are left out. */
export function Facts({ rows }: { rows: [string, ComponentChildren][] }): JSX.Element {
  return (
    <dl class="facts">
      {rows
        .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

export function Choice<T extends string>({ label, value, options, onChange }: {
  label: string;
  value: T;
  options: { value: T; text: string }[];
  onChange: (value: T) => void;
}): JSX.Element {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" aria-pressed={option.value === value} onClick={() => onChange(option.value)}>
          {option.text}
        </button>
      ))}
    </div>
  );
}
