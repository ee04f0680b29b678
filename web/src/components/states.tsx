// What a page shows when there is nothing to show yet: a wait of the same size as the content, an emptiness that says
// what to do, a failure that says what happened and to whom to show it.
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../api/http';
import { Icon } from './icons';

/** Grey bars in the place of `rows` rows. */
export function Waiting({ rows = 6, label = 'Loading' }: { rows?: number; label?: string }): JSX.Element {
  return (
    <div class="waiting" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} class="bar" />
      ))}
    </div>
  );
}

/** A command to copy. `$SERVER` becomes this server's address. */
export function Command({ text }: { text: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  const server = document.baseURI.replace(/\/$/, '');
  const shown = text.replaceAll('$SERVER', server);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(shown);
    } catch {
      return;
    }
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <div class="command">
      <pre tabIndex={0}>{shown}</pre>
      <button type="button" class="ghost icon-only" aria-label={copied ? 'Copied' : 'Copy the command'} title="Copy" onClick={copy}>
        <Icon name={copied ? 'check' : 'copy'} />
      </button>
    </div>
  );
}

export function Empty({ title, children, command }: { title: string; children?: ComponentChildren; command?: string }): JSX.Element {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children && <div class="empty-text">{children}</div>}
      {command && <Command text={command} />}
    </div>
  );
}

export function Failure({ error, retry, title }: { error: unknown; retry?: (() => void) | undefined; title?: string }): JSX.Element {
  const api = error instanceof ApiError ? error : null;
  const missing = api?.status === 404;
  const heading = title ?? (missing ? 'Not here' : api?.status === 0 ? 'No answer from the server' : api && api.status < 500 ? 'The server refused this' : 'This did not work');
  return (
    <div class="failure" role="alert">
      <Icon name="failing" size={20} />
      <div>
        <h2>{heading}</h2>
        <p class="message">{error instanceof Error ? error.message : String(error)}</p>
        <dl class="trail">
          {api?.request && (<><dt>request</dt><dd><code>{api.request}</code></dd></>)}
          {api && api.status > 0 && (<><dt>answer</dt><dd><code>{api.status} {api.code}</code></dd></>)}
          {api?.requestId && (<><dt>request id</dt><dd><code class="request-id">{api.requestId}</code></dd></>)}
        </dl>
        {retry && (
          <button type="button" onClick={retry}>
            <Icon name="refresh" /> Try again
          </button>
        )}
      </div>
    </div>
  );
}

/** A thin line that says what is on screen is older than it should be. */
export function Stale({ error, retry }: { error: unknown; retry: () => void }): JSX.Element | null {
  if (!error) return null;
  const id = error instanceof ApiError && error.requestId ? ` (request ${error.requestId})` : '';
  return (
    <p class="stale" role="status">
      <Icon name="late" /> Shown as of the last answer. {error instanceof Error ? error.message : ''}{id}
      <button type="button" class="link" onClick={retry}>Try again</button>
    </p>
  );
}
