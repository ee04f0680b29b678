// Our own line icons on a 16 px grid; they take the colour of the text.
import type { JSX } from 'preact';

const kPaths = {
  overview: 'M2.500 9.500a5.500 5.500 0 0 1 11 0M8 9.500l2.600-3M2.500 12.500h11',
  eye: 'M1.500 8C3.300 5 5.500 3.500 8 3.500S12.700 5 14.500 8C12.700 11 10.500 12.500 8 12.500S3.300 11 1.500 8ZM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
  waves: 'M1.500 5.500c2.200-2 4.300-2 6.500 0s4.300 2 6.500 0M1.500 10.500c2.200-2 4.300-2 6.500 0s4.300 2 6.500 0',
  spike: 'M1.500 11h3l2-8 3 10.500 2-5 1 2.500h2',
  jobs: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.500V8l2.500 1.500',
  flask: 'M6 2h4M6.500 2v4L3 12.200A1.200 1.200 0 0 0 4 14h8a1.200 1.200 0 0 0 1-1.800L9.500 6V2M4.500 10h7',
  box: 'M8 1.800 13.500 4.800v6.400L8 14.200l-5.500-3V4.800L8 1.800ZM2.700 4.900 8 7.900l5.300-3M8 8v6',
  sun: 'M8 10.800a2.800 2.800 0 1 0 0-5.600 2.800 2.800 0 0 0 0 5.600ZM8 1.500v1M8 13.500v1M1.500 8h1M13.500 8h1M3.400 3.400l.7.7M11.900 11.900l.7.700M3.400 12.600l.7-.7M11.900 4.100l.7-.7',
  moon: 'M13.500 9.600A5.800 5.800 0 0 1 6.400 2.500a5.800 5.800 0 1 0 7.100 7.100Z',
  auto: 'M2 3.500h12v7.500H2ZM6 13.500h4M8 11v2.500',
  search: 'M7 11.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9ZM10.300 10.300l3.200 3.200',
  play: 'M4.500 3v10l8-5-8-5Z',
  train: 'M2.500 12.500 6 8.500l2.500 2 5-6.500M13.500 7.500V4H10',
  refresh: 'M13.500 8a5.500 5.500 0 1 1-1.700-4M13.500 2v3h-3',
  copy: 'M5.500 5.500h8v8h-8ZM3.500 10.500h-1v-8h8v1',
  check: 'm3 8.500 3.200 3.200L13 4.800',
  chevron: 'm6 3.500 4.500 4.500L6 12.500',
  left: 'M10 3.500 5.500 8l4.500 4.500',
  close: 'm4 4 8 8M12 4l-8 8',
  code: 'M5.500 4.500 2 8l3.500 3.500M10.500 4.500 14 8l-3.500 3.500',
  columns: 'M2.500 3h11v10h-11ZM6.200 3v10M9.800 3v10',
  download: 'M8 2.500v7.500M4.800 7 8 10.200 11.200 7M3 13.500h10',
  file: 'M4 1.800h5L12.500 5v9.200H4ZM9 1.800V5h3.500',
  folder: 'M1.800 4v8.500h12.400V5.500H8L6.500 3.500H1.800Z',
  keyboard: 'M1.500 4h13v8h-13ZM4 6.500h.01M6.700 6.500h.01M9.300 6.500h.01M12 6.500h.01M4.500 9.500h7',
  link: 'M6.500 3.500h-4v10h10v-4M9 2.500h4.500V7M13.300 2.700 7.500 8.500',
  zoomOut: 'M7 11.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9ZM10.300 10.300l3.200 3.200M5 7h4',
  // State marks: a shape each, so that colour is never alone.
  healthy: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM5.300 8.200l1.900 1.900 3.500-3.900',
  anomalous: 'M8 1.600 14.400 8 8 14.400 1.600 8 8 1.600ZM8 5v3.600M8 10.900v.1',
  late: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.800V8.200l2.300 1.300',
  failing: 'M5.500 2h5L14 5.500v5L10.500 14h-5L2 10.500v-5L5.500 2ZM5.900 5.900l4.200 4.200M10.100 5.900l-4.200 4.200',
  untrained: 'M8 2a6 6 0 0 1 5.200 3M14 8a6 6 0 0 1-3 5.200M8 14a6 6 0 0 1-5.200-3M2 8a6 6 0 0 1 3-5.200',
  paused: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.300 5.800v4.400M9.700 5.800v4.400',
} as const;

export type IconName = keyof typeof kPaths;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={kPaths[name]} />
    </svg>
  );
}

export function Logo(): JSX.Element {
  return (
    <svg class="logo" width="26" height="26" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M4.500 16C8 10 12 7.500 16 7.500S24 10 27.500 16C24 22 20 24.500 16 24.500S8 22 4.500 16Z" />
      <path d="M8.500 16.500h3.500l2-4.500 3.500 8 2-3.500h4" />
    </svg>
  );
}
