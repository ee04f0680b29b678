// Short messages about what was just asked for: a polite live region in the corner.
import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { ApiError } from '../api/http';
import { Icon } from './icons';

interface Toast {
  id: number;
  look: 'good' | 'bad' | 'plain';
  body: ComponentChildren;
}

const toasts = signal<Toast[]>([]);
let next = 1;

export function say(body: ComponentChildren, look: Toast['look'] = 'plain'): void {
  const toast = { id: next, look, body };
  next += 1;
  toasts.value = [...toasts.value.slice(-2), toast];
  setTimeout(() => dismiss(toast.id), look === 'bad' ? 15_000 : 6000);
}

export function sayError(error: unknown): void {
  const id = error instanceof ApiError && error.requestId ? <small class="quiet">request {error.requestId}</small> : null;
  say(<>{error instanceof Error ? error.message : String(error)} {id}</>, 'bad');
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <div key={toast.id} class={`toast ${toast.look}`}>
          {toast.look !== 'plain' && <Icon name={toast.look === 'good' ? 'healthy' : 'failing'} />}
          <span>{toast.body}</span>
          <button type="button" class="ghost icon-only" aria-label="Dismiss" onClick={() => dismiss(toast.id)}><Icon name="close" /></button>
        </div>
      ))}
    </div>
  );
}
