// The box for the filter language: colours its words, asks on Enter, underlines the token the server complains about.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/http';
import { faultIn, plainMessage, tokens } from '../lib/filter';
import { Icon } from './icons';

/** The error of a filter, if `error` is one. */
export function filterError(error: unknown): ApiError | null {
  return error instanceof ApiError && error.status === 400 ? error : null;
}

export function FilterBox({ label, value, error, examples, onSubmit }: {
  label: string;
  value: string;
  error: unknown;
  examples: { text: string; says: string }[];
  onSubmit: (value: string) => void;
}): JSX.Element {
  const [text, setText] = useState(value);
  const [scrolled, setScrolled] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(value), [value]);

  const refused = filterError(error);
  const fault = refused && text === value ? faultIn(text, refused.message) : null;

  return (
    <form class="filter" role="search" onSubmit={(event) => { event.preventDefault(); onSubmit(text); }}>
      <div class={refused ? 'filter-box bad' : 'filter-box'}>
        <Icon name="search" />
        <div class="filter-text">
          <div class="mirror" aria-hidden="true" style={{ transform: `translateX(${-scrolled}px)` }}>
            <Coloured text={text} fault={fault} />
          </div>
          <input
            ref={input}
            data-search
            type="text"
            aria-label={label}
            aria-invalid={refused ? 'true' : 'false'}
            {...(refused && { 'aria-describedby': 'filter-error' })}
            placeholder={examples[0]?.text ?? ''}
            spellcheck={false}
            autocomplete="off"
            autocapitalize="off"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            onScroll={(event) => setScrolled(event.currentTarget.scrollLeft)}
            onKeyDown={(event) => { if (event.key === 'Escape' && text) { event.preventDefault(); setText(''); onSubmit(''); } }}
          />
        </div>
        {text && <button type="button" class="ghost icon-only" aria-label="Clear the filter" onClick={() => { setText(''); onSubmit(''); input.current?.focus(); }}><Icon name="close" /></button>}
        <button type="submit" class="ghost">Search</button>
      </div>
      {refused ? (
        <p class="filter-error" id="filter-error" role="alert">
          {plainMessage(refused.message)}
          {refused.requestId && <span class="quiet"> · request <code class="request-id">{refused.requestId}</code></span>}
        </p>
      ) : null}
      <p class="filter-hints">
        {examples.map((example) => (
          <button key={example.text} type="button" class="hint" title={example.says} onClick={() => { setText(example.text); onSubmit(example.text); }}>
            {example.text}
          </button>
        ))}
      </p>
    </form>
  );
}

function Coloured({ text, fault }: { text: string; fault: { start: number; end: number } | null }): JSX.Element {
  return (
    <>
      {tokens(text).map((token) => {
        const bad = fault && fault.start < token.start + token.text.length && token.start < fault.end;
        return <span key={token.start} class={`t-${token.kind}${bad ? ' fault' : ''}`}>{token.text}</span>;
      })}
      {fault && fault.start >= text.length && <span class="fault">&nbsp;&nbsp;</span>}
    </>
  );
}
