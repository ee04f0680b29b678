// Light, dark or the system's; remembered. `themeEpoch` moves when the colours on screen change, so that canvases,
// which no stylesheet reaches, draw again.
import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const kKey = 'wakeful.theme';

function remembered(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

export const theme = signal<Theme>('system');
export const themeEpoch = signal(0);

export function setTheme(next: Theme): void {
  theme.value = next;
  if (next === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (next === 'system') localStorage.removeItem(kKey);
    else localStorage.setItem(kKey, next);
  } catch {
    // Not remembered, then.
  }
  themeEpoch.value += 1;
}

export function startTheme(): void {
  theme.value = remembered();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    themeEpoch.value += 1;
  });
}

let probe: HTMLElement | null = null;

/** The colour behind a token ("--fg") as the browser resolves it now, for canvases. */
export function colour(token: string): string {
  if (!probe) {
    probe = document.createElement('i');
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(${token})`;
  return getComputedStyle(probe).color;
}

/** The same colour at an opacity of `alpha`. */
export function faded(token: string, alpha: number): string {
  const parts = colour(token).match(/[\d.]+/g) ?? ['0', '0', '0'];
  return `rgba(${parts[0]}, ${parts[1]}, ${parts[2]}, ${alpha})`;
}
