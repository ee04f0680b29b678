// Keys that work on every page: g + letter goes somewhere, / searches, [ and ] shift a range, ? tells them all.
import { signal } from '@preact/signals';
import { navigate } from './router';

export const helpOpen = signal(false);

export const kPlaces: { key: string; to: string; text: string }[] = [
  { key: 'o', to: '/', text: 'Overview' },
  { key: 'd', to: '/detectors', text: 'Detectors' },
  { key: 's', to: '/streams', text: 'Streams' },
  { key: 'a', to: '/anomalies', text: 'Anomalies' },
  { key: 'j', to: '/jobs', text: 'Jobs' },
  { key: 'e', to: '/experiments', text: 'Experiments' },
  { key: 'm', to: '/models', text: 'Models' },
];

const kChordMs = 1200;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
}

export function startKeys(): void {
  let chordUntil = 0;
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const place = event.timeStamp < chordUntil ? kPlaces.find((each) => each.key === event.key) : undefined;
    chordUntil = 0;
    if (place) {
      event.preventDefault();
      navigate(place.to);
    } else if (event.key === 'g') {
      chordUntil = event.timeStamp + kChordMs;
    } else if (event.key === '/') {
      const search = document.querySelector<HTMLInputElement>('[data-search]');
      if (search) event.preventDefault();
      search?.focus();
    } else if (event.key === '?') {
      helpOpen.value = true;
    } else if (event.key === '[' || event.key === ']') {
      document.querySelector<HTMLButtonElement>(`[data-key="${event.key}"]`)?.click();
    }
  });
}
