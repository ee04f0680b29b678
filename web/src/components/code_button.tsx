// "</>": the call, the command and the Python that ask what this page asks.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Snippets } from '../lib/snippets';
import { Icon } from './icons';
import { Command } from './states';

export function CodeButton({ snippets }: { snippets: Snippets }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState(false);
  const show = (): void => {
    setOpen(true);
    dialog.current?.showModal();
  };
  const parts: [string, string | undefined][] = [['HTTP', snippets.curl], ['Command line', snippets.cli], ['Python', snippets.python]];
  return (
    <>
      <button type="button" class="icon-only code-button" aria-label="Code for this page" title="Code for this page" onClick={show}><Icon name="code" /></button>
      <dialog ref={dialog} class="panel code" aria-label="Code for this page" onClose={() => setOpen(false)} onClick={(event) => { if (event.target === dialog.current) dialog.current?.close(); }}>
        <header>
          <h2>This page as code</h2>
          <button type="button" class="ghost icon-only" aria-label="Close" onClick={() => dialog.current?.close()}><Icon name="close" /></button>
        </header>
        {open && parts.map(([title, text]) => text && <section key={title}><h3>{title}</h3><Command text={text} /></section>)}
      </dialog>
    </>
  );
}
